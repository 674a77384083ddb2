"""Values of conditions: those that a key never has, and those that let in more than they seem to."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from iamdsl.aws.key_values import FORMS
from iamdsl.diagnostics import Fix, Severity, codes
from iamdsl.diagnostics.nearest import nearest
from iamdsl.iam import NEGATED, globs_meet, split_operator, variables
from iamdsl.lint.conditions import TO_FILL_IN, Found, about_entries, conditioned, holds_without_key
from iamdsl.lint.placing import place

if TYPE_CHECKING:
    from collections.abc import Iterator
    from ipaddress import IPv4Network, IPv6Network

    from iamdsl.aws import Catalogue
    from iamdsl.aws.key_values import Form
    from iamdsl.diagnostics import Report
    from iamdsl.iam import Entry, Statement
    from iamdsl.lint.items import World

_WILD = re.compile(r"[*?]")
_PATTERNS = frozenset({"StringLike", "StringNotLike", "ArnEquals", "ArnLike", "ArnNotEquals",
                       "ArnNotLike"})  # fmt: skip
"""Operators under which `*` and `?` match anything."""
_CIDR = re.compile(r"(?<![\w.:])(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9a-fA-F]*:[0-9a-fA-F:.]*)/\d{1,3}\b",
                   re.ASCII)  # fmt: skip

_PRIVATE = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "127.0.0.0/8",
            "fc00::/7", "fe80::/10", "::1/128")  # fmt: skip
"""Networks that no request comes from over the internet (RFC 1918, 3927, 1122, 4193, 4291)."""


def check(world: World, report: Report) -> None:
    """Report addresses, impossible values, host bits and loose values of condition keys."""
    written = any(item.written for item in world.items)
    about_entries(
        world,
        report,
        lambda entry, effect: _look(entry, effect, world.catalogue, written=written),
    )
    if world.on(codes.HOST_BITS):
        for item, statement in conditioned(world):
            if item.written:
                _host_bits_of_source(statement, report)


def _look(entry: Entry, effect: str, catalogue: Catalogue, *, written: bool) -> Iterator[Found]:
    base = split_operator(entry.operator)[1]
    if base == "Null":
        return
    if base in {"IpAddress", "NotIpAddress"}:
        yield from _host_bits(entry)
        if entry.key.lower() == "aws:sourceip":
            yield from _private(entry, base)
        return
    if base.startswith(("String", "Arn")):
        if not (written and base.startswith("String") and entry.key.lower().endswith("arn")):
            yield from _impossible(entry, base)  # of text for an ARN the compiler has spoken
        if (effect == "Allow") != (base in NEGATED):
            yield from _loose(entry, base, catalogue)


# Addresses


@lru_cache(maxsize=4096)
def _network(text: str) -> IPv4Network | IPv6Network | None:
    from ipaddress import ip_network  # noqa: PLC0415  # few policies hold addresses

    try:
        return ip_network(text, strict=False)
    except ValueError:
        return None


def is_private(text: str) -> bool:
    """Tell whether an address or network is private as a whole."""
    network = _network(text)
    return network is not None and any(
        network.version == private.version and network.subnet_of(private)  # type: ignore[arg-type]
        for private in map(_network, _PRIVATE)
        if private is not None
    )


def _private(entry: Entry, base: str) -> Iterator[Found]:
    """Yield private addresses for `aws:SourceIp`, which holds public ones only.

    AWS "reference_policies_condition-keys"; PRIVATE_IP_ADDRESS, PRIVATE_NOT_IP_ADDRESS, and
    …_SUBSET where public ones stand beside, which is a note.
    """
    private = [value for value in entry.values if is_private(value)]
    if not private:
        return
    whole = len(private) == len(entry.values)
    shown = ", ".join(f"`{value}`" for value in private[:3]) + (" …" if len(private) > 3 else "")
    several = len(private) > 1
    if not whole:
        then = "never match" if several else "never matches"
    elif base in NEGATED:
        then = "so every request meets this"
    elif holds_without_key(entry):
        then = "so only requests without an address meet this"
    else:
        then = "so no request meets this"
    yield Found(
        codes.PRIVATE_ADDRESS,
        f"{shown} {'are' if several else 'is'} private, and `{entry.key}` is a public address",
        then,
        "test `aws:VpcSourceIp`, with `aws:SourceVpc`, for requests through a VPC endpoint",
        private[0],
        None if whole else Severity.NOTE,
    )


def _host_bits(entry: Entry) -> Iterator[Found]:
    """Yield networks with bits behind their mask, which AWS passes over (IMPROVE_IP_RANGE)."""
    for value in entry.values:
        meant = _masked(value)
        if meant:
            yield Found(
                codes.HOST_BITS,
                f"`{value}` has bits set behind its mask",
                f"AWS reads `{meant}`",
                f"write `{meant}`",
                value,
                instead=meant,
                safe=True,
            )


@lru_cache(maxsize=4096)
def _masked(text: str) -> str:
    """Return the network that a text with host bits means, "" where it has none."""
    from ipaddress import ip_interface  # noqa: PLC0415  # few policies hold addresses

    try:
        written = ip_interface(text)
    except ValueError:
        return ""
    return "" if written.ip == written.network.network_address else str(written.network)


def _host_bits_of_source(statement: Statement, report: Report) -> None:
    """Report networks in a sentence: the compiler has masked those of the condition already."""
    if not any(split_operator(e.operator)[1].endswith("IpAddress") for e in statement.condition):
        return
    whole = place(statement)
    if whole is None:
        return
    for found in _CIDR.finditer(whole.text):
        meant = _masked(found.group())
        if meant:
            span = whole.part(whole.start + found.start(), whole.start + found.end())
            report.add(
                codes.HOST_BITS,
                span,
                f"`{found.group()}` has bits set behind its mask",
                label=f"AWS reads `{meant}`",
                hint=f"write `{meant}`",
                fix=Fix.writing(meant, span),
            )


# Forms


def _impossible(entry: Entry, base: str) -> Iterator[Found]:
    """Yield values of a form that the key never has."""
    lowered = entry.key.lower()
    form = FORMS.get(lowered)
    if form is None:
        return
    wild, ignoring_case = base in _PATTERNS, base.endswith("IgnoreCase")
    for value in entry.values:
        if not _can_be(value, form, wild=wild, ignoring_case=ignoring_case):
            meant = _meant(lowered, value, form)
            yield Found(
                codes.IMPOSSIBLE_VALUE,
                f"`{entry.key}` is never `{value}`",
                f"it is {form.words}",
                f"did you mean `{meant}`?" if meant else f"write one, such as `{form.example}`",
                value,
                instead=meant,
            )


def _can_be(value: str, form: Form, *, wild: bool, ignoring_case: bool) -> bool:
    """Tell whether a key of that form may have a value, or one that a pattern matches.

    What holds a variable, or is to be filled in, is left alone; so is a wildcard under an operator
    that takes it for a character, of which more is said elsewhere.
    """
    if "$" in value or TO_FILL_IN.search(value):
        return True
    if _WILD.search(value):
        return not wild or any(globs_meet(value, glob) for glob in form.globs)
    if form.exact.fullmatch(value):
        return True
    return ignoring_case and re.fullmatch(form.exact.pattern, value, re.IGNORECASE) is not None


def _meant(key: str, value: str, form: Form) -> str:
    """Return the value that was meant, where the form leaves one only; "" otherwise."""
    if _WILD.search(value):
        return ""
    if not any("*" in glob for glob in form.globs) and "?" not in form.globs[0]:
        words = {word.lower(): word for word in form.globs}
        if value.lower() in words:
            return words[value.lower()]
        near = nearest(value.lower(), words, 1)
        return words[near[0]] if near else ""
    lowered = value.lower()
    for text in (lowered, f"{value}/", value.strip()):
        if form.exact.fullmatch(text):
            return text
    if key == "iam:passedtoservice" and re.fullmatch(r"[a-z0-9-]+", value):
        return f"{value}.amazonaws.com"
    return ""


# Loose values


def _loose(entry: Entry, base: str, catalogue: Catalogue) -> Iterator[Found]:
    """Yield wildcards and variables that let in more than one party.

    Only where a match lets somebody in: an `Allow`, or a negated test of a `Deny`. Access
    Analyzer's WILDCARD_USAGE_TOO_PERMISSIVE and VARIABLE_USAGE_TOO_PERMISSIVE. A variable that is
    itself an account, organization or network, as in `${aws:PrincipalAccount}`, says "the same".
    """
    lowered = entry.key.lower()
    if lowered == "aws:userid":
        yield from _loose_user(entry, base)
        return
    key = catalogue.condition_key(entry.key)
    if key is None or not key.exact_only:
        return
    for value in entry.values:
        bare = re.sub(r"\$\{[^}]*\}", "", value)
        if base in _PATTERNS and _WILD.search(bare):
            yield Found(
                codes.LOOSE_VALUE,
                f"`{value}` lets in whoever happens to match it",
                f"`{entry.key}` is to be compared with whole values",
                "write each of them out",
                value,
            )
        elif any(_chosen(name, catalogue) for name in variables(value)):
            yield Found(
                codes.LOOSE_VALUE,
                f"`{value}` is whatever the tag or session of the caller says",
                f"`{entry.key}` is to be compared with whole values",
                "write each of them out",
                value,
            )


def _chosen(name: str, catalogue: Catalogue) -> bool:
    """Tell whether a variable is filled with what somebody chose, and no identity of AWS's."""
    key = catalogue.condition_key(name)
    return key is not None and ("tag/" in key.name.lower() or key.name == "aws:SourceIdentity")


def _loose_user(entry: Entry, base: str) -> Iterator[Found]:
    """Yield ids of users without the role: what follows the colon, the caller chooses."""
    for value in entry.values:
        if base in _PATTERNS and re.match(r"[*?]+:", value) and value.strip("*?:"):
            yield Found(
                codes.LOOSE_VALUE,
                f"`{value}` lets in sessions of every role, by a name that the caller chooses",
                "only the part before the colon is AWS's",
                "write the role's unique id before the colon: `AROA…:*`",
                value,
            )

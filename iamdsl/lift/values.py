"""Values of conditions as they are written: what makes the language choose the same operator.

The operator family of a comparison is that of the value as written (language reference,
"Conditions"), so each family has its literals, and a conversion for texts that are none.
"""

from __future__ import annotations

import datetime as dt
import ipaddress
import re
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

from iamdsl.lift import nodes, principals
from iamdsl.lift.writing import NotSayableError
from iamdsl.syntax import read_literal, tree

if TYPE_CHECKING:
    from iamdsl.lift.writing import Facts

_ACCOUNT = re.compile(r"(?a)\d{12}")
_VARIABLE = re.compile(r"\$\{([^${}*?,\s]+:[^{},\s]+)\}")
_OF_SERVICES = frozenset(
    "iam:passedtoservice iam:awsservicename aws:principalservicename aws:principalservicenameslist"
    " aws:calledvia aws:calledviafirst aws:calledvialast".split()
)
"""Keys whose values are service principals (AWS "reference_policies_condition-keys")."""
_IN_SECONDS = frozenset({"aws:multifactorauthage"})
"""Keys whose numbers are seconds (AWS "reference_policies_condition-keys")."""
_ESCAPED = {"${*}": "*", "${?}": "?", "${$}": "$"}


def value(family: str, text: str, key: str, facts: Facts) -> tree.Expression:
    """Return a value of an operator family (`String`, `Numeric` …) as an expression.

    Raises `NotSayableError` for what the family does not hold.
    """
    if nodes.has_mark(text) and family not in {"String", "Arn"}:
        if nodes.only_mark(text) is None:
            raise NotSayableError(text, "is known at deployment only", "write the value out")
        return nodes.call({"IpAddress": "Network"}.get(family, family), nodes.text(text))
    written = _WRITERS[family](text, key, facts)
    if family == "String" or facts.catalogue.condition_key(key) is not None:
        return written
    # The catalogue does not say the type of the key: a conversion does, where a value would guess.
    return written if isinstance(written, tree.Call) else nodes.call(_CONVERSIONS[family], written)


_CONVERSIONS = {
    "Arn": "Arn", "Numeric": "Numeric", "Date": "Date", "Bool": "Bool", "IpAddress": "Network",
    "Binary": "Binary",
}  # fmt: skip


def has_wildcard(text: str) -> bool:
    """Tell whether a pattern holds a `*` or `?` that matches anything."""
    bare = re.sub(r"\$\{[^}]*\}", "", text)
    return "*" in bare or "?" in bare


def has_variable(text: str) -> bool:
    """Tell whether a text holds a policy variable, or a character written as one."""
    return "${" in text


def without_escapes(text: str) -> str:
    """Return a pattern that has neither wildcards nor variables as the text that it matches."""
    return re.sub(r"\$\{[*?$]\}", lambda m: _ESCAPED[m.group()], text)


def _string(text: str, key: str, facts: Facts) -> tree.Expression:
    if key.lower() in _OF_SERVICES and (service := principals.service(text, facts)) is not None:
        return service
    variable = _VARIABLE.fullmatch(text)
    if variable is not None and _is_single(variable.group(1), facts):
        return nodes.qualified(variable.group(1))
    if _ACCOUNT.fullmatch(text):
        return nodes.literal("account", text)
    return nodes.text(text)


def _is_single(key: str, facts: Facts) -> bool:
    """Tell whether a key can stand bare on the right: the catalogue has it, with one value."""
    known = facts.catalogue.condition_key(key)
    return known is not None and not known.multivalued and nodes.is_qualified(key)


def _arn(text: str, key: str, facts: Facts) -> tree.Expression:
    del key
    name = nodes.only_mark(text)
    if name is not None and (name.startswith("entity ") or name in facts.arns):
        return nodes.reference(name)
    if text in facts.own:
        return nodes.name_or_text(facts.own[text])
    if nodes.is_bare_arn(text) and name is None:
        return nodes.arn(text)
    return nodes.call("Arn", nodes.text(text))


def _numeric(text: str, key: str, facts: Facts) -> tree.Expression:
    del facts
    try:
        number = Decimal(text)
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite():
        raise NotSayableError(text, "is no number", "IAM never matches it: correct the policy")
    plain = f"{number:f}"
    if "." in plain:
        plain = plain.rstrip("0").rstrip(".")
    if plain in {"-0", ""}:
        plain = "0"
    if key.lower() in _IN_SECONDS and plain.isdecimal() and plain != "0":
        return nodes.duration(int(plain))
    kind, problem = read_literal(plain)
    if problem:
        raise NotSayableError(text, problem, "round it: IAM compares no more digits")
    if kind == "account":
        return nodes.call("Numeric", nodes.string(plain))
    return nodes.literal(kind, plain)


_DAY = re.compile(r"(?a)\d{4}-\d\d-\d\d")
_MOMENT = re.compile(r"(?a)\d{4}-\d\d-\d\d[Tt]\d\d:\d\d(:\d\d(\.0+)?)?([Zz]|[+-]\d\d:\d\d)")
_EPOCH = re.compile(r"(?a)\d{5,11}")


def _date(text: str, key: str, facts: Facts) -> tree.Expression:
    del key, facts
    moment: dt.datetime | None = None
    try:
        if _DAY.fullmatch(text):
            dt.date.fromisoformat(text)
            return nodes.literal("date", f"{text}T00:00Z")
        if _MOMENT.fullmatch(text):
            moment = dt.datetime.fromisoformat(text.upper()).astimezone(dt.UTC)
        elif _EPOCH.fullmatch(text):
            moment = dt.datetime.fromtimestamp(int(text), dt.UTC)
    except (ValueError, OverflowError):
        moment = None
    if moment is None:
        raise NotSayableError(
            text,
            "is no moment that all of IAM reads alike",
            "write it as `2026-12-31T00:00:00Z`",
        )
    seconds = f":{moment:%S}" if moment.second else ""
    return nodes.literal("date", f"{moment:%Y-%m-%dT%H:%M}{seconds}Z")


def _bool(text: str, key: str, facts: Facts) -> tree.Expression:
    del key, facts
    if text.lower() not in {"true", "false"}:
        raise NotSayableError(text, "is no truth value", "IAM never matches it: correct the policy")
    return nodes.literal("bool", text.lower())


def _network(text: str, key: str, facts: Facts) -> tree.Expression:
    del key, facts
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise NotSayableError(
            text, "is no address or network", "IAM never matches it: correct the policy"
        ) from None
    plain = text if "/" in text or network.version == 4 else str(network)
    kind, problem = read_literal(plain)
    if kind != "network" or problem or ("." in plain and ":" in plain):
        plain = str(network)
    return nodes.literal("network", plain)


def _binary(text: str, key: str, facts: Facts) -> tree.Expression:
    del key, facts
    return nodes.call("Binary", nodes.string(text))


_WRITERS = {
    "String": _string,
    "Arn": _arn,
    "Numeric": _numeric,
    "Date": _date,
    "Bool": _bool,
    "IpAddress": _network,
    "Binary": _binary,
}

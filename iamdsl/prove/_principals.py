"""The classes of callers that `Principal` elements, and keys about the caller, tell apart.

The forms that an element may take are few (AWS "reference_policies_elements_principal"), and each
is about one caller, the sessions of one role, one account, one kind, or everyone. What keys such
as `aws:PrincipalArn` hold follows from the caller: where elements and such keys occur together,
they are decided together, so that no counterexample has a caller with the ARN of another.
"""

from __future__ import annotations

import re
from itertools import count, product
from typing import TYPE_CHECKING, Final, NamedTuple

from iamdsl.iam import Elements, Entry, Principals, Statement
from iamdsl.prove._automata import Pattern
from iamdsl.prove._texts import Classes, Domain
from iamdsl.prove._values import KeyType, family, key_classes, pattern_of
from iamdsl.simulate import Request, applies, filled, holds

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from iamdsl.simulate import Context

FACTS: Final = frozenset(
    {
        "aws:principalarn",
        "aws:principalaccount",
        "aws:principaltype",
        "aws:principalisawsservice",
        "aws:principalservicename",
    }
)
"""Keys whose values follow from the caller."""

_TYPES: Final = {"aws:principalarn": "ARN", "aws:principalisawsservice": "Bool"}

_ACCOUNT = re.compile(r"(?:arn:([^:]*):iam::)?(\d{12})(?::root)?", re.ASCII)
_ROLE = re.compile(r"arn:([^:]*):iam::(\d{12}):role/(?:.*/)?([^/]+)", re.ASCII | re.DOTALL)
_ARN = re.compile(r"arn:([a-z-]+|\*):(?:iam|sts|\*):\*?:(\d{12}|\*?):[^$]*", re.ASCII | re.DOTALL)
_PLAIN = re.compile(r"[^*?$]*")
_PREFIXES = {"Service": "service:", "Federated": "federated:", "CanonicalUser": "canonical:"}


def linked_keys(principals: bool, entries: Iterable[Entry]) -> frozenset[str]:
    """Return the keys that are decided together with the caller.

    None where no statement has principals, or where the entries are such that callers of one
    class would not have one value for each: with wildcards within an account's id.

    Args:
        principals: whether some statement says to whom it applies.
    """
    about = [e for e in entries if e.key.lower() in FACTS]
    if not principals or not all(map(_is_plain, about)):
        return frozenset()
    return frozenset(e.key.lower() for e in about)


def _is_plain(entry: Entry) -> bool:
    kind, key = family(entry.operator), entry.key.lower()
    if key != "aws:principalarn":
        return kind in ("", "Bool") or all(_PLAIN.fullmatch(v) for v in entry.values)
    return not kind or (
        kind in ("String", "Arn") and all(_ARN.fullmatch(v) or v == "*" for v in entry.values)
    )


class Whom(NamedTuple):
    """A caller, what the keys that are asked about hold, and which elements and entries apply."""

    caller: str
    context: Context
    truths: tuple[bool, ...]


def principal_classes(among: Sequence[Principals | Entry]) -> list[Whom]:
    """Return callers that elements and entries tell apart, one of each class.

    Raises:
        TooLargeError: there are too many classes.
    """
    found: dict[tuple[bool, ...], Whom] = {}
    entries = [a for a in among if isinstance(a, Entry)]
    asked = [
        Statement("Allow", Elements(("*",)), principals=a) if isinstance(a, Principals) else a
        for a in among
    ]
    for caller in dict.fromkeys(_callers(among)):
        request = Request(caller, "other:Action", "*")
        for context in _contexts(caller, entries):
            truths = tuple(
                holds(a, context) if isinstance(a, Entry) else applies(a, request) for a in asked
            )
            found.setdefault(truths, Whom(caller, context, truths))
    return list(found.values())


def _contexts(caller: str, entries: Sequence[Entry]) -> Iterator[Context]:
    """Yield what the keys of entries can hold for a caller: mostly one thing each.

    AWS does not say of services, anonymous and federated callers what all of them hold.
    """
    keys = dict.fromkeys(e.key for e in entries)
    facts = filled(Request(caller, "other:Action", "*")).context
    choices = []
    for key in keys:
        if key in facts or "aws:principalarn" in facts:
            choices.append([facts.get(key, ())])
        else:
            about = [e for e in entries if e.key == key]
            found = key_classes(key, about, KeyType(many=False, type=_TYPES.get(key, "")))
            choices.append([one.values for one in found])
    for values in product(*choices):
        yield dict(zip(keys, values, strict=True))


def _callers(among: Sequence[Principals | Entry]) -> Iterator[str]:
    listed = [
        (kind, value)
        for who in among
        if isinstance(who, Principals)
        for kind, values in who.by_type
        for value in values
    ]
    entries = [e for e in among if isinstance(e, Entry)]
    said = [*(value for _, value in listed), *(v for e in entries for v in e.values)]
    text = " ".join(said)
    word = next(w for n in count() if (w := f"other{n or ''}") not in text)
    account = next(a for n in count() if (a := str(999_999_999_999 - n)) not in text)
    for kind, value in listed:
        if kind in _PREFIXES:
            yield value if value.startswith("arn:") else _PREFIXES[kind] + value
        elif value != "*":
            yield from _of_aws(value, word)
    yield f"arn:aws:iam::{account}:role/{word}"
    yield f"service:{word}.amazonaws.com"
    yield f"federated:{word}.example.com"
    yield f"canonical:{word}"
    yield "anonymous"
    yield from _of_entries(entries, [v for kind, v in listed if kind == "AWS"], account, word)


def _of_aws(value: str, word: str) -> Iterator[str]:
    """Yield callers that a value of the type AWS is about, and their neighbours in the account."""
    account = _ACCOUNT.fullmatch(value)
    if account is None:
        yield value
    if role := _ROLE.fullmatch(value):
        yield f"arn:{role[1]}:sts::{role[2]}:assumed-role/{role[3]}/{word}"
    fields = value.split(":")
    if account is not None:
        fields = ["arn", account[1], "iam", "", account[2], ""]
    if len(fields) > 5 and fields[4]:
        yield from _in_account(fields[1] or "aws", fields[4], word)


def _in_account(partition: str, account: str, word: str) -> Iterator[str]:
    yield f"arn:{partition}:iam::{account}:role/{word}"
    yield f"arn:{partition}:iam::{account}:user/{word}"
    yield f"arn:{partition}:iam::{account}:root"
    yield f"arn:{partition}:sts::{account}:federated-user/{word}"


def _of_entries(
    entries: Sequence[Entry], named: Sequence[str], fresh: str, word: str
) -> Iterator[str]:
    """Yield callers that the entries tell apart, among those that the elements do."""
    if not entries:
        return
    arns = [e for e in entries if e.key == "aws:principalarn" and family(e.operator)]
    texts = [*named, *(v for e in arns for v in e.values)]
    fields = [text.split(":") for text in texts if text.startswith("arn:")]
    partitions = {f[1] for f in fields if len(f) > 5 and f[1] != "*"} | {"aws"}
    accounts = {f[4] for f in fields if len(f) > 5} | {
        m[2] for t in named if (m := _ACCOUNT.fullmatch(t))
    }
    for entry in entries:
        if entry.key == "aws:principalaccount":
            accounts.update(entry.values)
        if entry.key == "aws:principalservicename":
            yield from (f"service:{value}" for value in entry.values)
    patterns = [pattern_of(e.operator, value) for e in arns for value in e.values]
    patterns += [Pattern("exact", text) for text in named if not _ACCOUNT.fullmatch(text)]
    patterns = list(dict.fromkeys(patterns))
    for partition in sorted(partitions):
        for account in sorted(a for a in accounts | {fresh} if _ACCOUNT.fullmatch(a)):
            yield from _in_account(partition, account, word)
            for kind in ("role", "user"):
                domain = Domain(Pattern("glob", f"arn:{partition}:iam::{account}:{kind}/?*"))
                for _, text in Classes(patterns, domain).all():
                    if text is not None:
                        yield text
                        if role := _ROLE.fullmatch(text):
                            yield f"arn:{partition}:sts::{account}:assumed-role/{role[3]}/{word}"

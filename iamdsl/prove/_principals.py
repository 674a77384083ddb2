"""The classes of callers that `Principal` elements tell apart, each with one caller.

The forms that an element may take are few (AWS "reference_policies_elements_principal"), and each
is about one caller, the sessions of one role, one account, one kind, or everyone.
"""

from __future__ import annotations

import re
from itertools import count
from typing import TYPE_CHECKING

from iamdsl.iam import Elements, Statement
from iamdsl.simulate import Request, applies

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from iamdsl.iam import Principals

_ACCOUNT = re.compile(r"(?:arn:([^:]*):iam::)?(\d{12})(?::root)?")
_ROLE = re.compile(r"arn:([^:]*):iam::(\d{12}):role/(?:.*/)?([^/]+)")
_PREFIXES = {"Service": "service:", "Federated": "federated:", "CanonicalUser": "canonical:"}


def principal_classes(among: Sequence[Principals]) -> list[tuple[str, tuple[bool, ...]]]:
    """Return callers that the elements tell apart, with which elements speak of each."""
    found: dict[tuple[bool, ...], str] = {}
    statements = [Statement("Allow", Elements(("*",)), principals=who) for who in among]
    for caller in dict.fromkeys(_callers(among)):
        request = Request(caller, "other:Action", "*")
        found.setdefault(tuple(applies(s, request) for s in statements), caller)
    return [(caller, truths) for truths, caller in found.items()]


def _callers(among: Sequence[Principals]) -> Iterator[str]:
    listed = [(k, v) for who in among for k, values in who.by_type for v in values]
    text = " ".join(value for _, value in listed)
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
        partition, number = fields[1] or "aws", fields[4]
        yield f"arn:{partition}:iam::{number}:role/{word}"
        yield f"arn:{partition}:iam::{number}:user/{word}"
        yield f"arn:{partition}:iam::{number}:root"

"""Conditions that no request meets, and tests that every request meets, as far as that is proved.

Access Analyzer's REDUNDANT_STATEMENT_DUE_TO_WILDCARD_IN_CONDITION and
REDUNDANT_KEY_DUE_TO_WILDCARD_IN_CONDITION. What it guesses from single values is asked of `prove`
here, about all tests of a key together; requests without a key that every request carries do not
count.

Of sources the compiler has folded what it can (IAM217, IAM220): what is left of it comes here.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal, NamedTuple

from iamdsl.diagnostics import codes
from iamdsl.iam import NEGATED, Elements, Entry, Statement, split_operator
from iamdsl.lint.conditions import Found, conditioned, holds_without_key, say
from iamdsl.simulate import holds

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from iamdsl.aws import Catalogue, Key
    from iamdsl.diagnostics import Report
    from iamdsl.iam import Condition
    from iamdsl.lint.items import World
    from iamdsl.simulate import Context

_ANYTHING = re.compile(r"\*+")
_EVERY_ADDRESS = {"0.0.0.0/0": "IPv4", "::/0": "IPv6"}
_ELSEWHERE = "192.0.2.1"
"""An address that nobody has (RFC 5737)."""
_ALL = Elements(("*",))


class _Verdict(NamedTuple):
    """What is proved of the tests of one key.

    Attributes:
        what: `never` of all of them together; of one `always`, or that it takes every address.
        entry: where it is shown.
    """

    what: Literal["never", "always", "every-address"]
    entry: Entry


def check(world: World, report: Report) -> None:
    """Report conditions that are never met, and tests that are always met."""
    seen: dict[tuple[tuple[str, str, tuple[str, ...]], ...], tuple[_Verdict, ...]] = {}
    for item, statement in conditioned(world):
        for tests in _by_key(statement.condition):
            known = tuple((e.operator, e.key, e.values) for e in tests)
            verdicts = seen.get(known)
            if verdicts is None:
                verdicts = seen[known] = tuple(_verdicts(tests, world.catalogue))
            for verdict in verdicts:
                if verdict.what == "every-address" and statement.effect == "Deny":
                    continue
                found = _found(verdict, tests, statement.effect)
                say(item, statement, verdict.entry, found, report)


def _by_key(condition: Condition) -> Iterator[tuple[Entry, ...]]:
    """Yield the tests of each key together, keys without case."""
    if len(condition) == 1:
        yield condition
        return
    tests: dict[str, list[Entry]] = {}
    for entry in condition:
        tests.setdefault(entry.key.lower(), []).append(entry)
    for group in tests.values():
        yield tuple(group)


def _verdicts(tests: tuple[Entry, ...], catalogue: Catalogue) -> Iterator[_Verdict]:
    suspects = [entry for entry in tests if _is_suspect(entry, catalogue)]
    if len(tests) == 1 and not suspects:
        return
    key = catalogue.condition_key(tests[0].key)
    there = key is not None and key.always
    samples = _samples(tests, key)
    met = any(all(holds(entry, sample) for entry in tests) for sample in samples)
    if not met and _never(tests, catalogue, there=there):
        yield _Verdict("never", tests[-1])
        return
    for entry in suspects:
        base = split_operator(entry.operator)[1]
        failed = any(not holds(entry, sample) for sample in samples)
        if not failed and _always(entry, catalogue, there=there):
            yield _Verdict("always", entry)
        elif base == "IpAddress" and entry.key.lower() == "aws:sourceip":
            yield _Verdict("every-address", entry)


def _is_suspect(entry: Entry, catalogue: Catalogue) -> bool:
    """Tell whether one test by itself could be met always, or never: whether it is worth a proof."""
    base = split_operator(entry.operator)[1]
    if base == "Null":
        key = catalogue.condition_key(entry.key)
        return (key is not None and key.always) or len(set(map(str.lower, entry.values))) > 1
    if base.endswith("IpAddress"):
        return any(value in _EVERY_ADDRESS for value in entry.values)
    return base.endswith("Like") and any(_ANYTHING.fullmatch(value) for value in entry.values)


# Proofs


def _samples(tests: Sequence[Entry], known: Key | None) -> tuple[Context, ...]:
    """Return requests that settle nearly all without a proof.

    One without the key, where there may be such, one with each value, one with a value that nobody
    names, and, for sets, one with all of them.
    """
    key = tests[0].key.lower()
    texts = {v.replace("*", "").replace("?", "x") for e in tests for v in e.values}
    other = "x"
    if any(split_operator(e.operator)[1].endswith("IpAddress") for e in tests):
        texts, other = {text.partition("/")[0] for text in texts}, _ELSEWHERE
    values = sorted(texts)
    alone: list[Context] = [{key: (value,)} for value in (*values, other)]
    if known is None or not known.always:
        alone.append({})
    if known is None or known.multivalued:
        alone.append({key: tuple(values)})
    return tuple(alone)


def _never(tests: Sequence[Entry], catalogue: Catalogue, *, there: bool) -> bool:
    from iamdsl.prove import Permissions, never  # noqa: PLC0415  # few policies need a proof

    box = _statement(_present(tests[0]) if there else ())
    return bool(never(Permissions(((_statement(tests),),)), (box,), catalogue))


def _always(entry: Entry, catalogue: Catalogue, *, there: bool) -> bool:
    from iamdsl.prove import Permissions, always  # noqa: PLC0415  # as above

    box = _statement(_present(entry) if there else ())
    return bool(always(Permissions(((_statement((entry,)),),)), (box,), catalogue))


def _statement(condition: Sequence[Entry]) -> Statement:
    return Statement("Allow", _ALL, _ALL, None, tuple(condition))


def _present(entry: Entry) -> tuple[Entry, ...]:
    return (Entry("Null", entry.key, ("false",)),)


# Words


def _found(verdict: _Verdict, tests: tuple[Entry, ...], effect: str) -> Found:
    entry = verdict.entry
    match verdict.what:
        case "never":
            return _never_true(entry, tests, effect)
        case "always":
            null = split_operator(entry.operator)[1] == "Null" and len(entry.values) == 1
            return Found(
                codes.ALWAYS_TRUE,
                f"every request carries `{entry.key}`"
                if null
                else f"every request meets `{entry.operator}` of `{entry.key}`",
                "keeps nothing out" if effect == "Allow" else "spares nobody",
                "leave it out, or write what is meant",
            )
        case "every-address":
            value = next(value for value in entry.values if value in _EVERY_ADDRESS)
            return Found(
                codes.ALWAYS_TRUE,
                f"`{value}` is every {_EVERY_ADDRESS[value]} address",
                "the whole internet",
                "write the networks that are meant, or leave the test out",
                value,
            )


def _never_true(entry: Entry, tests: tuple[Entry, ...], effect: str) -> Found:
    what = "allows" if effect == "Allow" else "denies"
    if len(tests) > 1:
        operators = " and ".join(f"`{e.operator}`" for e in tests)
        message = f"no request meets {operators} of `{entry.key}` together"
    elif split_operator(entry.operator)[1] == "Null":
        message = f"no request lacks `{entry.key}`"
    else:
        message = f"no request meets `{entry.operator}` of `{entry.key}`"
    missing = any(
        split_operator(e.operator)[1] == "Null" and holds_without_key(e) for e in tests
    ) and any(split_operator(e.operator)[1] not in NEGATED | {"Null"} for e in tests)
    return Found(
        codes.NEVER_TRUE,
        message,
        f"the statement {what} nothing",
        f"without `{entry.key}` there is no value to compare: leave one of them out"
        if missing
        else "correct one of the tests, or leave the statement out",
    )

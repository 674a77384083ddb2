"""Whether the entries of a condition hold for a request's context.

Sources: AWS "reference_policies_elements_condition_operators" and
"reference_policies_condition-single-vs-multi-valued-context-keys". Where those leave something
open, one reading is taken: `ForAnyValue:…IfExists` holds on a missing key (the page's text), and an
operator without a set prefix on several values holds for any of them, a negated one for all.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from iamdsl.iam import NEGATED, split_operator
from iamdsl.simulate import _texts
from iamdsl.simulate._kept import kept
from iamdsl.simulate._kinds import KIND_TESTS
from iamdsl.simulate._texts import Variable, filled, is_closed, parts

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from iamdsl.iam import Entry
    from iamdsl.simulate._request import Context
    from iamdsl.simulate._texts import Closed, Part, Test

Holds: TypeAlias = "Callable[[Context], bool]"
_Fits: TypeAlias = "Callable[[str, Context], bool]"

_POSITIVE: Final = {
    name: "IpAddress" if name == "NotIpAddress" else name.replace("Not", "") for name in NEGATED
}
"""The operators that negated ones are the opposite of."""
_TEXT_TESTS: Final[dict[str, Callable[[Closed], Test]]] = {
    "StringEquals": _texts.exact_test,
    "StringEqualsIgnoreCase": _texts.exact_ignoring_case_test,
    "StringLike": _texts.glob_test,
    "ArnEquals": _texts.arn_test,
    "ArnLike": _texts.arn_test,
}
_WITHOUT_WILDCARDS = ("StringEquals", "StringEqualsIgnoreCase")


class CompiledEntry(NamedTuple):
    """An entry as it is asked.

    Attributes:
        keys: the condition key and those of its variables, as the policy writes them.
        lowered: `keys` in lower case.
    """

    holds: Holds
    keys: tuple[str, ...]
    lowered: tuple[str, ...]


def holds(entry: Entry, context: Context) -> bool:
    """Tell whether an entry of a condition holds; nothing is filled into the context.

    Raises `KeyError` for an operator that AWS does not have.
    """
    return compiled_entry(entry).holds(context)


def fits(base_operator: str, value_of_policy: str, value_of_request: str, context: Context) -> bool:
    """Tell whether one value of a request fits one value of a policy.

    Of a negated operator it is asked whether the value does not fit. The context is for the
    variables of the policy's value. Raises `KeyError` for an operator that has no such question:
    `Null`, or one that AWS does not have.
    """
    positive = _POSITIVE.get(base_operator, base_operator)
    found = _among(positive, (value_of_policy,))(value_of_request, context)
    return found != (base_operator in NEGATED)


def _compiled_entry(entry: Entry) -> CompiledEntry:
    variables = [
        part.written
        for text in entry.values
        if "${" in text
        for part in parts(text)
        if isinstance(part, Variable) and part.default is None
    ]
    keys = tuple(dict.fromkeys((entry.key, *variables)))
    lowered = tuple(key.lower() for key in keys)
    prefix, base, optional = split_operator(entry.operator)
    if base == "Null":
        return CompiledEntry(_null(lowered[0], entry.values), keys, lowered)
    negated = base in NEGATED
    fit = _among(_POSITIVE.get(base, base), entry.values)
    match prefix:
        case "ForAllValues":
            made = _for_all(lowered[0], fit, negated=negated)
        case "ForAnyValue":
            made = _for_any(lowered[0], fit, negated=negated, missing=optional)
        case _ if negated:
            made = _for_all(lowered[0], fit, negated=True)
        case _:
            made = _for_any(lowered[0], fit, negated=False, missing=optional)
    return CompiledEntry(made, keys, lowered)


compiled_entry = kept(_compiled_entry)


def _null(key: str, values: Sequence[str]) -> Holds:
    wanted = frozenset(text.lower() == "true" for text in values)
    return lambda context: (not context.get(key)) in wanted


def _for_all(key: str, fit: _Fits, *, negated: bool) -> Holds:
    """Return the test that each value fits, or, negated, that none does; a missing key passes."""

    def test(context: Context) -> bool:
        return all(fit(value, context) != negated for value in context.get(key, ()))

    return test


def _for_any(key: str, fit: _Fits, *, negated: bool, missing: bool) -> Holds:
    """Return the test that some value fits, or, negated, that some does not."""

    def test(context: Context) -> bool:
        values = context.get(key)
        if not values:
            return missing
        return any(fit(value, context) != negated for value in values)

    return test


@lru_cache(maxsize=4096)
def _among(positive: str, texts: tuple[str, ...]) -> _Fits:
    """Return the test whether a value fits some text under a positive operator."""
    if positive not in _TEXT_TESTS:
        test = KIND_TESTS[positive](texts)
        return lambda value, _: test(value)
    if not any("${" in text for text in texts):
        plain_test = _plain_test(positive, texts)
        return lambda value, _: plain_test(value)
    patterns = [parts(text, wild=positive not in _WITHOUT_WILDCARDS) for text in texts]
    closed = [pattern for pattern in patterns if is_closed(pattern)]
    closed_test = _closed_test(positive, [p for c in closed if (p := filled(c, {})) is not None])
    opened = [pattern for pattern in patterns if not is_closed(pattern)]
    return _open_test(closed_test, opened, _TEXT_TESTS[positive])


def _plain_test(positive: str, texts: tuple[str, ...]) -> Test:
    """Return the test for texts without variables and escapes."""
    match positive:
        case "StringEquals":
            return frozenset(texts).__contains__
        case "StringLike":
            return _texts.any_text(texts)
        case _:
            wild = positive not in _WITHOUT_WILDCARDS
            patterns = [parts(text, wild=wild) for text in texts]
            return _closed_test(
                positive, [made for p in patterns if (made := filled(p, {})) is not None]
            )


def _open_test(
    closed: Test, opened: Sequence[tuple[Part, ...]], of_pattern: Callable[[Closed], Test]
) -> _Fits:
    if not opened:
        return lambda value, _: closed(value)

    def fit(value: str, context: Context) -> bool:
        return closed(value) or any(
            (pattern := filled(p, context)) is not None and of_pattern(pattern)(value)
            for p in opened
        )

    return fit


def _closed_test(positive: str, patterns: Sequence[Closed]) -> Test:
    match positive:
        case "StringEquals":
            return frozenset(map(_texts.plain, patterns)).__contains__
        case "StringEqualsIgnoreCase":
            wanted = frozenset(_texts.plain(p).lower() for p in patterns)
            return lambda value: value.lower() in wanted
        case "StringLike":
            return _texts.any_glob(patterns)
        case _:
            tests = [_texts.arn_test(p) for p in patterns]
            return lambda value: any(test(value) for test in tests)

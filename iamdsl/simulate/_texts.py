"""Texts of policies as patterns: wildcards, escapes and variables.

Sources: AWS "reference_policies_variables" (values are literal, `${*}` is a star, a default follows
a comma) and "reference_policies_elements_condition_operators" (ARNs are matched field by field).
"""

from __future__ import annotations

import re
from enum import Enum
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from iamdsl.simulate._request import Context

Test: TypeAlias = "Callable[[str], bool]"

_SPECIAL = re.compile(r"\$\{([^}]*)\}|[*?]")
_ONLY_VARIABLES = re.compile(r"\$\{([^}]*)\}")
FIELDS = 6
"""`arn:partition:service:region:account:resource`; the last runs to the end."""


class Wild(Enum):
    """A wildcard."""

    ANY = "*"
    ONE = "?"


class Variable(NamedTuple):
    """A variable: its key in lower case, and what stands for it when the key has no one value."""

    written: str
    key: str
    default: str | None


Part: TypeAlias = str | Wild | Variable
Closed: TypeAlias = "tuple[str | Wild, ...]"
"""A pattern without variables: plain texts and wildcards."""


def parts(text: str, *, wild: bool = True) -> tuple[Part, ...]:
    """Return the parts of a text; without `wild`, `*` and `?` are plain characters."""
    found: list[Part] = []
    at = 0
    for special in (_SPECIAL if wild else _ONLY_VARIABLES).finditer(text):
        found.append(text[at : special.start()])
        found.append(Wild(special[0]) if special[1] is None else _variable(special[1]))
        at = special.end()
    found.append(text[at:])
    return _joined(found)


def _variable(name: str) -> str | Variable:
    if name in {"*", "?", "$"}:
        return name
    key, comma, default = name.partition(",")
    written = key.strip()
    return Variable(written, written.lower(), default.strip().strip("'") if comma else None)


def _joined(found: Iterable[Part]) -> tuple[Part, ...]:
    """Return parts with neighbouring texts as one and without empty ones."""
    made: list[Part] = []
    for part in found:
        if isinstance(part, str) and made and isinstance(made[-1], str):
            made[-1] += part
        elif part != "":
            made.append(part)
    return tuple(made)


def value_of(variable: Variable, context: Context) -> str | None:
    """Return what a variable stands for in a request; None when that is nothing.

    A key with several values has none that could be taken.
    """
    values = context.get(variable.key, ())
    return values[0] if len(values) == 1 else variable.default


def filled(pattern: tuple[Part, ...], context: Context) -> Closed | None:
    """Return a pattern with its variables filled in; None when one stands for nothing."""
    made: list[str | Wild] = []
    for part in pattern:
        if isinstance(part, Variable):
            value = value_of(part, context)
            if value is None:
                return None
            made.append(value)
        else:
            made.append(part)
    return tuple(made)


def is_closed(pattern: tuple[Part, ...]) -> bool:
    """Tell whether a pattern has no variables."""
    return not any(isinstance(part, Variable) for part in pattern)


def plain(pattern: Closed) -> str:
    """Return the text of a pattern, its wildcards as they are written."""
    return "".join(part if isinstance(part, str) else part.value for part in pattern)


def escaped(text: str) -> str:
    """Return a text as a policy writes it where it stands for nothing but itself."""
    return _SPECIAL_CHARACTERS.sub(r"${\g<0>}", text)


_SPECIAL_CHARACTERS = re.compile(r"[*?$]")


# Matching


def exact_test(pattern: Closed) -> Test:
    """Return the test for a text, wildcards plain."""
    return plain(pattern).__eq__


def exact_ignoring_case_test(pattern: Closed) -> Test:
    """Return the test for a text in any case."""
    wanted = plain(pattern).lower()
    return lambda text: text.lower() == wanted


@lru_cache(maxsize=4096)
def glob_test(pattern: Closed) -> Test:
    """Return the test for a pattern, whose `*` matches any characters."""
    return any_glob([_closed(pattern)])


def _closed(pattern: Iterable[str | Wild]) -> Closed:
    """Return a pattern with neighbouring texts as one: filling in leaves them apart."""
    return tuple(part for part in _joined(pattern) if not isinstance(part, Variable))


def any_glob(patterns: Iterable[Closed]) -> Test:
    """Return the test for texts that some pattern matches."""
    exact: list[str] = []
    prefixes: list[str] = []
    others: list[Closed] = []
    for pattern in patterns:
        match pattern:
            case ():
                exact.append("")
            case (str(text),):
                exact.append(text)
            case (Wild.ANY,):
                prefixes.append("")
            case (str(text), Wild.ANY):
                prefixes.append(text)
            case _:
                others.append(pattern)
    return _test(frozenset(exact), tuple(prefixes), [_pattern_test(p) for p in others])


def any_text(texts: Sequence[str]) -> Test:
    """Return the test for texts that some pattern without variables and escapes matches."""
    wild = [text for text in texts if "*" in text or "?" in text]
    prefixes: list[str] = []
    others: list[Test] = []
    for text in wild:
        start = text[:-1]
        if text[-1] == "*" and "*" not in start and "?" not in start:
            prefixes.append(start)
        else:
            others.append(_pattern_test(_closed(Wild(c) if c in {"*", "?"} else c for c in text)))
    return _test(frozenset(texts).difference(wild), tuple(prefixes), others)


def _test(exact: frozenset[str], prefixes: tuple[str, ...], others: list[Test]) -> Test:
    if "" in prefixes:
        return lambda _: True
    if others:
        return lambda text: (
            text in exact or text.startswith(prefixes) or any(test(text) for test in others)
        )
    if not prefixes:
        return exact.__contains__
    if not exact:
        return lambda text: text.startswith(prefixes)
    return lambda text: text in exact or text.startswith(prefixes)


def _pattern_test(pattern: Closed) -> Test:
    """Return the test for one pattern."""
    if Wild.ONE in pattern:
        return _regex_test(pattern)
    start, *inner = _runs(pattern)
    if not inner:
        return exact_test(pattern)
    *middle, end = inner
    least = len(start) + len(end)
    if not any(middle):
        return lambda text: len(text) >= least and text.startswith(start) and text.endswith(end)
    return _in_order(start, tuple(filter(None, middle)), end)


def _in_order(start: str, middle: tuple[str, ...], end: str) -> Test:
    """Return the test for a text with pieces in it in this order, each as early as it can be."""

    def test(text: str) -> bool:
        if not (text.startswith(start) and text.endswith(end)):
            return False
        at = len(start)
        for piece in middle:
            found = text.find(piece, at)
            if found < 0:
                return False
            at = found + len(piece)
        return at <= len(text) - len(end)

    return test


def _runs(pattern: Iterable[str | Wild]) -> list[str]:
    """Return what stands before the first `*`, and after each."""
    runs = [""]
    for part in pattern:
        if part is Wild.ANY:
            runs.append("")
        else:
            runs[-1] += str(part)
    return runs


def _regex_test(pattern: Closed) -> Test:
    return _lazy(lambda: _source(pattern, "."))


def _lazy(source: Callable[[], str]) -> Test:
    """Return the test of a regular expression that is compiled when it is first needed.

    Compiling one takes longer than a hundred answers, and most are never needed.
    """
    matches: list[Callable[[str], object]] = []

    def test(text: str) -> bool:
        if not matches:
            matches.append(re.compile(source(), re.DOTALL).fullmatch)
        return matches[0](text) is not None

    return test


@lru_cache(maxsize=4096)
def arn_test(pattern: Closed) -> Test:
    """Return the test for a pattern of an ARN: in its first five fields `*` stays inside.

    What has not six fields is matched as a text.
    """
    fields = _fields(pattern)
    if fields is None:
        return any_glob([pattern])
    return _lazy(
        lambda: ":".join(
            [*(_source(field, "[^:]") for field in fields[:-1]), _source(fields[-1], ".")]
        )
    )


def _fields(pattern: Closed) -> list[list[str | Wild]] | None:
    """Return the six fields of an ARN's pattern; None when it has fewer."""
    fields: list[list[str | Wild]] = [[]]
    for part in pattern:
        if isinstance(part, Wild):
            fields[-1].append(part)
            continue
        first, *more = part.split(":", FIELDS - len(fields))
        fields[-1].append(first)
        fields.extend([text] for text in more)
    return fields if len(fields) == FIELDS else None


def _source(pattern: Iterable[str | Wild], character: str) -> str:
    """Return a regular expression for a pattern whose wildcards match `character`.

    A `*` that is followed by a text takes the first place where that text matches, and never
    tries another: only the last one needs to, so that no pattern takes more than square time.
    """
    start, *inner = _runs(
        character if part is Wild.ONE else re.escape(part) if isinstance(part, str) else part
        for part in pattern
    )
    if not inner:
        return start
    *middle, end = inner
    return start + "".join(f"(?>{character}*?{run})" for run in middle) + f"{character}*{end}"

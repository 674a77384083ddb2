"""Texts of policies as patterns: wildcards, escapes and variables.

Sources: AWS "reference_policies_variables" (values are literal, `${*}` is a star, a default follows
a comma) and "reference_policies_elements_condition_operators" (ARNs are matched field by field).
"""

from __future__ import annotations

import re
from enum import Enum
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from iamdsl.simulate._request import Context

Test: TypeAlias = "Callable[[str], bool]"

_SPECIAL = re.compile(r"\$\{([^}]*)\}|[*?]")
_ONLY_VARIABLES = re.compile(r"\$\{([^}]*)\}")
_FIELDS = 6
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


def glob_test(pattern: Closed) -> Test:
    """Return the test for a pattern, whose `*` matches any characters."""
    return _glob_test(pattern)


@lru_cache(maxsize=4096)
def _glob_test(pattern: Closed) -> Test:
    return any_glob([pattern])


@lru_cache(maxsize=4096)
def arn_test(pattern: Closed) -> Test:
    """Return the test for a pattern of an ARN: in its first five fields `*` stays inside.

    What has not six fields is matched as a text.
    """
    source = arn_source(pattern)
    if source is None:
        return _glob_test(pattern)
    match = re.compile(source, re.DOTALL).fullmatch
    return lambda text: match(text) is not None


def arn_source(pattern: Closed) -> str | None:
    """Return a regular expression for a pattern of six fields; None when it has fewer."""
    fields: list[list[str | Wild]] = [[]]
    for part in pattern:
        if isinstance(part, Wild):
            fields[-1].append(part)
            continue
        first, *more = part.split(":", _FIELDS - len(fields))
        fields[-1].append(first)
        fields.extend([text] for text in more)
    if len(fields) < _FIELDS:
        return None
    return ":".join(
        [*(_source(field, "[^:]") for field in fields[:-1]), _source(fields[-1], ".")],
    )


def any_glob(patterns: Iterable[Closed]) -> Test:
    """Return the test for texts that some pattern matches."""
    exact: set[str] = set()
    prefixes: list[str] = []
    others: list[str] = []
    for pattern in patterns:
        if not any(isinstance(part, Wild) for part in pattern):
            exact.add(plain(pattern))
        elif pattern[-1] is Wild.ANY and all(isinstance(part, str) for part in pattern[:-1]):
            prefixes.append("".join(map(str, pattern[:-1])))
        else:
            others.append(_source(pattern, "."))
    return _test(frozenset(exact), tuple(prefixes), others)


def _test(exact: frozenset[str], prefixes: tuple[str, ...], others: list[str]) -> Test:
    if "" in prefixes:
        return lambda _: True
    if others:
        match = re.compile("|".join(others), re.DOTALL).fullmatch
        return lambda text: text in exact or text.startswith(prefixes) or match(text) is not None
    if not prefixes:
        return exact.__contains__
    if not exact:
        return lambda text: text.startswith(prefixes)
    return lambda text: text in exact or text.startswith(prefixes)


def _source(pattern: Iterable[str | Wild], character: str) -> str:
    """Return a regular expression for a pattern whose wildcards match `character`.

    A `*` that is followed by a text takes the first place where that text matches, and never
    tries another: only the last one needs to, so that no pattern takes more than square time.
    """
    runs: list[tuple[bool, str]] = [(False, "")]  # whether a `*` comes before, and what follows it
    for part in pattern:
        if part is Wild.ANY:
            if not runs[-1][0] or runs[-1][1]:
                runs.append((True, ""))
        else:
            after, source = runs[-1]
            runs[-1] = (after, source + (character if part is Wild.ONE else re.escape(str(part))))
    last = len(runs) - 1
    made = runs[0][1]
    for i, (_, source) in enumerate(runs[1:], 1):
        if i < last:
            made += f"(?>{character}*?{source})"
        else:
            made += f"{character}*{source}"
    return made


MATCHES_NOTHING: Final[Test] = frozenset[str]().__contains__

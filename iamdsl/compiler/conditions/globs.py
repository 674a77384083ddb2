"""Patterns with `*` and `?`: matching, inclusion and intersection, decided exactly.

A glob is a tuple of tokens: a character, a pair of letters `xX` (for comparisons ignoring case),
`ONE` (`?`) or `MANY` (`*`). Invariant: in a run of wildcards every ONE comes before the single
MANY, so that equal runs are equal tuples. A pattern is a tuple of globs, one for each field: one
for text, six for an ARN, where a `*` stays inside its field (the sixth runs to the end).
"""

from __future__ import annotations

from functools import lru_cache
from itertools import product
from typing import TYPE_CHECKING, TypeAlias

from iamdsl.compiler.conditions import texts

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

MANY = 0
ONE = 1
Token: TypeAlias = str | int
Glob: TypeAlias = tuple[Token, ...]
Pattern: TypeAlias = tuple[Glob, ...]

_OTHER = "\x00other"
_LIMIT = 32


def parse(text: str) -> Glob:
    """Return the glob of a `like` text without variables."""
    wildcards: dict[str, Token] = {"*": MANY, "?": ONE}
    return tidy([wildcards.get(p, p if len(p) == 1 else p[2]) for p in texts.pieces(text)])


def pattern(text: str, arn: bool) -> Pattern:
    """Return the pattern of a `like` text without variables."""
    return tuple(map(parse, texts.fields(text))) if arn else (parse(text),)


def ignoring_case(text: str) -> Glob:
    """Return the glob of an ASCII text compared ignoring case."""
    return tuple(c if c.lower() == c.upper() else c.lower() + c.upper() for c in text)


def write(glob: Glob) -> str | None:
    """Return the text of `glob` as a pattern; None when it holds a pair of letters."""
    out: list[str] = []
    literal = ""
    for token in (*glob, None):
        if isinstance(token, str):
            if len(token) > 1:
                return None
            literal += token
            continue
        out.append(texts.escape(literal))
        literal = ""
        if token is not None:
            out.append("*" if token == MANY else "?")
    return "".join(out)


def tidy(tokens: Iterable[Token]) -> Glob:
    """Return `tokens` with every run of wildcards in its one form."""
    out: list[Token] = []
    many = False
    for token in tokens:
        if token == MANY:
            many = True
            continue
        if many and token != ONE:
            out.append(MANY)
            many = False
        out.append(token)
    return tuple([*out, MANY] if many else out)


def literal(glob: Glob) -> str | None:
    """Return the one text that `glob` matches, or None when there are several."""
    if all(isinstance(t, str) and len(t) == 1 for t in glob):
        return "".join(t for t in glob if isinstance(t, str))
    return None


class _Machine:
    """The automaton of one glob; its states are bits: how many single tokens are consumed."""

    __slots__ = ("accept", "letters", "ones", "stays")

    def __init__(self, glob: Glob) -> None:
        self.letters: dict[str, int] = {}
        self.ones = self.stays = 0
        bit = 1
        for token in glob:
            if token == MANY:
                self.stays |= bit
                continue
            if isinstance(token, str):
                for letter in token:
                    self.letters[letter] = self.letters.get(letter, 0) | bit
            else:
                self.ones |= bit
            bit <<= 1
        self.accept = bit

    def step(self, states: int, letter: str) -> int:
        """Return the states after one more letter."""
        moved = states & (self.ones | self.letters.get(letter, 0))
        return (moved << 1) | (states & self.stays)


_machine = lru_cache(maxsize=4096)(_Machine)


def _matches(glob: Glob, text: str) -> bool:
    machine = _machine(glob)
    states = 1
    for letter in text:
        states = machine.step(states, letter)
        if not states:
            return False
    return bool(states & machine.accept)


@lru_cache(maxsize=65536)
def _covers(wide: Glob, narrow: Glob) -> bool:
    """Tell whether `wide` matches everything that `narrow` does.

    Walks `narrow` with all states of `wide` at once. Where `narrow` leaves a letter open, a letter
    that stands in no pattern is the hardest case: it moves only ONE and MANY.
    """
    machine = _machine(wide)
    todo, seen = [(0, 1)], {(0, 1)}
    while todo:
        at, states = todo.pop()
        if at == len(narrow):
            if not states & machine.accept:
                return False
            continue
        if not states:
            return False
        token = narrow[at]
        if token == MANY:
            following = [(at + 1, states), (at, machine.step(states, _OTHER))]
        elif isinstance(token, str):
            following = [(at + 1, machine.step(states, letter)) for letter in token]
        else:
            following = [(at + 1, machine.step(states, _OTHER))]
        for new in following:
            if new not in seen:
                seen.add(new)
                todo.append(new)
    return True


def matches(pattern: Pattern, parts: Sequence[str]) -> bool:
    """Tell whether `pattern` matches the value with these fields."""
    return len(pattern) == len(parts) and all(map(_matches, pattern, parts))


def covers(wide: Pattern, narrow: Pattern) -> bool:
    """Tell whether `wide` matches everything that `narrow` matches."""
    return len(wide) == len(narrow) and all(map(_covers, wide, narrow))


@lru_cache(maxsize=4096)
def meet(one: Pattern, other: Pattern) -> tuple[Pattern, ...] | None:
    """Return patterns that together match what both match; None past the limit of 32."""
    if covers(one, other):
        return (other,)
    if covers(other, one):
        return (one,)
    by_field = []
    for a, b in zip(one, other, strict=True):
        met = _meet(a, b)
        if met is None:
            return None
        by_field.append(met)
    patterns = list(product(*by_field))
    return None if len(patterns) > _LIMIT else tuple(patterns)


def _meet(one: Glob, other: Glob) -> list[Glob] | None:
    """Return the intersection of two globs as a finite union of globs."""
    memo: dict[tuple[int, int], dict[Glob, None]] = {}
    try:
        found = _meet_from(one, other, 0, 0, memo)
    except OverflowError:
        return None
    kept = undominated(sorted({(tidy(g),) for g in found}, key=_by_length))
    return None if len(kept) > _LIMIT else [pattern[0] for pattern in kept]


def _by_length(pattern: Pattern) -> tuple[int, str]:
    return len(pattern[0]), repr(pattern[0])


def _meet_from(
    one: Glob, other: Glob, i: int, j: int, memo: dict[tuple[int, int], dict[Glob, None]]
) -> dict[Glob, None]:
    """Return the intersection of the rests of two globs; dicts keep the order of discovery."""
    if (i, j) in memo:
        return memo[i, j]
    a = one[i] if i < len(one) else None
    b = other[j] if j < len(other) else None
    out: dict[Glob, None] = {}
    if a is None and b is None:
        out[()] = None
    elif a == MANY and b == MANY:
        for rest in (
            *_meet_from(one, other, i + 1, j, memo),
            *_meet_from(one, other, i, j + 1, memo),
        ):
            out[rest if rest[:1] == (MANY,) else (MANY, *rest)] = None
    elif MANY in (a, b):
        skip = (i + 1, j) if a == MANY else (i, j + 1)
        take = (i, j + 1) if a == MANY else (i + 1, j)
        token = b if a == MANY else a
        out.update(_meet_from(one, other, *skip, memo))
        if token is not None:
            for rest in _meet_from(one, other, *take, memo):
                out[token, *rest] = None
    else:
        both = _unify(a, b)
        if both is not None:
            for rest in _meet_from(one, other, i + 1, j + 1, memo):
                out[both, *rest] = None
    if len(out) > 8 * _LIMIT:
        raise OverflowError
    memo[i, j] = out
    return out


def _unify(a: Token | None, b: Token | None) -> Token | None:
    """Return the token for what two single tokens both match; None for nothing."""
    if a is None or b is None:
        return None
    if a == ONE:
        return b
    if b in (ONE, a):
        return a
    common = [letter for letter in str(a) if letter in str(b)]
    return common[0] if len(common) == 1 else None


def undominated(patterns: Iterable[Pattern]) -> list[Pattern]:
    """Return `patterns` without those that another one covers, in the same order."""
    kept: list[Pattern] = []
    for pattern in patterns:
        if any(covers(other, pattern) for other in kept):
            continue
        kept = [other for other in kept if not covers(pattern, other)]
        kept.append(pattern)
    return kept

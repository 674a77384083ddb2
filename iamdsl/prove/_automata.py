"""Which combinations of patterns some text matches, each with a text that shows it.

The patterns of a question become one nondeterministic automaton, whose set of states is a single
integer (bit-parallel simulation: Baeza-Yates and Gonnet, "A new approach to text searching",
1992). A breadth-first walk of the sets that can be reached meets every combination of patterns
that any text realizes, and its first text is a shortest one.
"""

from __future__ import annotations

import re
from collections import deque
from functools import lru_cache
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Sequence

Mode: TypeAlias = Literal["exact", "nocase", "glob", "arn"]
"""How a pattern is read: as it is, without case, with wildcards, or field by field of an ARN."""

MOST_STATES = 50_000
"""States of one walk; past them the question is not decided."""


class TooLargeError(Exception):
    """A walk has too many states."""


class Pattern(NamedTuple):
    """A pattern without variables; `${*}`, `${?}` and `${$}` are the characters themselves.

    Under `nocase` it is of ASCII: beyond it, cases of a letter differ in length, and by place.
    """

    mode: Mode
    text: str


class _Token(NamedTuple):
    """One step: a character, or one of any; `star` steps stay where they are.

    Attributes:
        text: the character, both cases of it under `nocase`; "" is any.
        inside: whether a colon ends it, as in the first five fields of an ARN.
    """

    text: str
    star: bool = False
    inside: bool = False


_ALSO = {"k": "\N{KELVIN SIGN}", "K": "\N{KELVIN SIGN}"}
"""Letters beyond ASCII whose lower case is within."""

_PIECES = re.compile(r"\$\{([*?$])\}|(.)", re.DOTALL)


@lru_cache(maxsize=1 << 15)
def tokens(pattern: Pattern) -> tuple[_Token, ...]:
    """Return the steps of a pattern."""
    mode, text = pattern
    if mode == "exact":
        return tuple(_Token(c) for c in text)
    if mode == "nocase":
        return tuple(
            _Token("".join(sorted({c.lower(), c.upper(), *_ALSO.get(c, "")}))) for c in text
        )
    made: list[_Token] = []
    colons = 0
    for found in _PIECES.finditer(text):
        escaped, plain = found[1], found[2]
        if escaped:
            made.append(_Token(escaped))
        elif plain in "*?":
            inside = mode == "arn" and colons < 5
            if not (plain == "*" and made and made[-1] == _Token("", star=True, inside=inside)):
                made.append(_Token("", plain == "*", inside))
        else:
            colons += plain == ":"
            made.append(_Token(plain))
    return tuple(made)


@lru_cache(maxsize=1 << 15)
def literal(pattern: Pattern) -> str | None:
    """Return the one text that a pattern matches, None when there are several."""
    steps = tokens(pattern)
    if any(len(t.text) != 1 for t in steps):
        return None
    return "".join(t.text for t in steps)


@lru_cache(maxsize=1 << 15)
def ends(pattern: Pattern) -> tuple[str, str]:
    """Return the fixed text before the first and after the last step that is not one character."""
    steps = tokens(pattern)
    fixed = [len(t.text) == 1 for t in steps]
    if all(fixed):
        text = "".join(t.text for t in steps)
        return text, text
    first, last = fixed.index(False), len(fixed) - fixed[::-1].index(False)
    return "".join(t.text for t in steps[:first]), "".join(t.text for t in steps[last:])


@lru_cache(maxsize=1 << 15)
def regex(pattern: Pattern) -> re.Pattern[str]:
    """Return the regular expression of a pattern, for `fullmatch`."""
    made = []
    for token in tokens(pattern):
        if token.text:
            made.append(re.escape(token.text) if len(token.text) == 1 else f"[{token.text}]")
        else:
            made.append(("[^:]" if token.inside else ".") + ("*" if token.star else ""))
    return re.compile("".join(made), re.DOTALL)


def matches(pattern: Pattern, text: str) -> bool:
    """Tell whether a text is one of a pattern's."""
    one = literal(pattern)
    return one == text if one is not None else regex(pattern).fullmatch(text) is not None


class Product:
    """Several patterns read at once."""

    def __init__(self, patterns: Sequence[Pattern]) -> None:
        self._by_text: dict[str, int] = {}
        self._any = self._any_inside = self._star = self._star_inside = 0
        self._start = self._accepting = 0
        self._owner: dict[int, int] = {}
        self._own: list[int] = []
        at = 0
        for number, pattern in enumerate(patterns):
            first = at
            self._start |= 1 << at
            for token in tokens(pattern):
                if token.star:
                    self._loop(at, inside=token.inside)
                    continue
                self._step(at, token)
                at += 1
            self._accepting |= 1 << at
            self._owner[at] = number
            at += 1
            self._own.append((1 << at) - (1 << first))
        self._alphabet = sorted(self._by_text)
        if (self._any_inside or self._star_inside) and ":" not in self._by_text:
            self._by_text[":"] = 0
            self._alphabet = sorted(self._by_text)
        self._other = next(c for c in _others() if c not in self._by_text)
        self._accepted: dict[int, frozenset[int]] = {}

    def _loop(self, at: int, *, inside: bool) -> None:
        if inside:
            self._star_inside |= 1 << at
        else:
            self._star |= 1 << at

    def _step(self, at: int, token: _Token) -> None:
        for character in token.text:
            self._by_text[character] = self._by_text.get(character, 0) | 1 << at
        if not token.text and token.inside:
            self._any_inside |= 1 << at
        elif not token.text:
            self._any |= 1 << at

    def _next(self, state: int, character: str) -> int:
        moving = self._by_text.get(character, 0) | self._any
        staying = self._star
        if character != ":":
            moving |= self._any_inside
            staying |= self._star_inside
        return ((state & moving) << 1) | (state & staying)

    def _which(self, state: int) -> frozenset[int]:
        bits = state & self._accepting
        found = self._accepted.get(bits)
        if found is None:
            numbers, left = [], bits
            while left:
                low = left & -left
                numbers.append(self._owner[low.bit_length() - 1])
                left ^= low
            found = self._accepted[bits] = frozenset(numbers)
        return found

    def combinations(
        self,
        avoid: frozenset[str] = frozenset(),
        must: Sequence[int] = (),
        kinds: Sequence[Hashable] = (),
    ) -> dict[frozenset[int], str | None]:
        """Return every set of patterns that some text matches, with such a text.

        A set whose texts that were met are all in `avoid` has None.

        Args:
            must: patterns that are in every set that is asked for.
            kinds: of each pattern; of sets with the same kinds one is enough.

        Raises:
            TooLargeError: the walk has too many states.
        """
        found: dict[frozenset[int], str | None] = {}
        best: dict[frozenset[Hashable], frozenset[int]] = {}
        # With all combinations of kinds at hand there is no need to walk on.
        most = 2 ** len(set(kinds) - {kinds[n] for n in must}) if kinds else 0
        alive = [self._own[number] for number in must]
        wanted = frozenset(must)
        seen = {self._start}
        waiting = deque([(self._start, "")])
        while waiting:
            state, text = waiting.popleft()
            which = self._which(state)
            if wanted <= which:
                alike = frozenset(kinds[n] for n in which) if kinds else which
                known = best.setdefault(alike, which)
                if found.get(known) is None:
                    found.pop(known, None)
                    best[alike] = which
                    found[which] = None if text in avoid else text
                    if len(found) == most and None not in found.values():
                        return found
            if not state:
                continue
            for character in (self._other, *self._alphabet):
                if character != self._other and not (
                    state & self._by_text[character] or character == ":"
                ):
                    continue
                following = self._next(state, character)
                if following not in seen and all(following & own for own in alive):
                    seen.add(following)
                    if len(seen) > MOST_STATES:
                        raise TooLargeError
                    waiting.append((following, text + character))
        return found


def _others() -> Iterable[str]:
    """Yield characters that may stand for any that no pattern names, those of words first."""
    yield from "xyzwvqjkXYZ0123456789"
    yield from map(chr, range(0x100, 0x800))

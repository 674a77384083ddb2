"""The classes into which patterns cut all texts: texts of one class match the same patterns.

Literal texts are classes of their own. What else a wildcard pattern matches is cut by those that
overlap it, which are mostly few or all wider, so that most classes need no walk of automata.
"""

from __future__ import annotations

from bisect import bisect_left
from itertools import combinations
from typing import TYPE_CHECKING, NamedTuple

from iamdsl.iam import glob_covers, resource_covers
from iamdsl.prove._automata import Pattern, Product, TooLargeError, ends, literal, matches, tokens

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence

MOST_CLASSES = 20_000
"""Classes of one dimension; past them the question is not decided."""
MOST_KINDS = 10
"""Kinds of patterns of which every combination is imagined, where a walk would be too long."""


class Domain(NamedTuple):
    """What texts there are: those of a pattern, and some more.

    Attributes:
        pattern: None for all texts.
        more: texts that the pattern does not match.
        usual: texts that are looked at first when one is wanted that no pattern matches.
    """

    pattern: Pattern | None = None
    more: tuple[str, ...] = ()
    usual: tuple[str, ...] = ()


class Roles(NamedTuple):
    """What the patterns are there for.

    Attributes:
        decides: of each pattern, what is so where it matches, whatever else does.
        opaque: patterns of texts of which not all that match are meant.
    """

    decides: Sequence[frozenset[Hashable]]
    opaque: frozenset[int] = frozenset()

    def matters(self, one: int, other: int) -> bool:
        """Tell whether it makes a difference, where one matches, that the other does too."""
        return one in self.opaque or not self.decides[other] <= self.decides[one]

    def kind(self, number: int) -> Hashable:
        """Return what patterns have in common of which one is as good as another."""
        return (self.decides[number], number if number in self.opaque else None)


class Classes:
    """The classes that patterns cut out, found as they are asked for.

    Each is the set of patterns (by their numbers) that a text matches, with such a text.
    """

    def __init__(
        self,
        patterns: Sequence[Pattern],
        domain: Domain,
        *,
        focus: frozenset[int] | None = None,
        taken: frozenset[str] = frozenset(),
        roles: Roles | None = None,
    ) -> None:
        """Prepare the classes.

        Args:
            focus: only texts that match one of these patterns are asked for.
            taken: texts that are not asked for.
            roles: what the patterns decide; of sets that decide the same one is enough.
        """
        self.patterns, self.domain, self.roles = patterns, domain, roles
        self.focus, self.taken = focus, taken
        self.literals: dict[str, list[int]] = {}
        self.wild: list[int] = []
        for number, pattern in enumerate(patterns):
            one = literal(pattern)
            if one is None:
                self.wild.append(number)
            else:
                self.literals.setdefault(one, []).append(number)
        self.avoid = taken.union(self.literals)
        self.near = Neighbours([(n, patterns[n]) for n in self.wild])
        self.found: dict[frozenset[int], str | None] = {}

    def usual(self) -> Iterator[tuple[frozenset[int], str]]:
        """Yield classes that cost little: of literals, and of a simple text of each pattern."""
        for text in (*self.literals, *self.domain.more):
            if self._exists(text) and text not in self.taken:
                which = self._which(text)
                if self.focus is None or which & self.focus:
                    yield which, text
        for number in self._focused():
            simple = self._example(self.patterns[number])
            if simple is not None:
                yield self._which(simple), simple

    def all(self) -> Iterator[tuple[frozenset[int], str | None]]:
        """Yield every class; without a text those that may be of no text at all.

        Such are given only with `roles`, where a walk would be too long.

        Raises:
            TooLargeError: there are too many classes, or a walk has too many states.
        """
        for which, text in self._each():
            if which not in self.found:
                self.found[which] = text
                if len(self.found) > MOST_CLASSES:
                    raise TooLargeError
                yield which, text

    def _each(self) -> Iterator[tuple[frozenset[int], str | None]]:
        yield from self.usual()
        for number in self._focused():
            yield from self._within(number)
        if self.focus is None:
            yield from self._outside()

    def _focused(self) -> list[int]:
        return [n for n in self.wild if self.focus is None or n in self.focus]

    def _exists(self, text: str) -> bool:
        pattern = self.domain.pattern
        return pattern is None or matches(pattern, text) or text in self.domain.more

    def _which(self, text: str) -> frozenset[int]:
        """Return the patterns that a text matches."""
        near = (n for n in self.near.around(text, text) if matches(self.patterns[n], text))
        return frozenset((*self.literals.get(text, ()), *near))

    def _within(self, number: int) -> Iterator[tuple[frozenset[int], str | None]]:
        """Yield the classes of what a wildcard pattern matches, literals apart."""
        pattern = self.patterns[number]
        around = self.near.around(*ends(pattern))
        if self.roles is not None:
            around = [n for n in around if n == number or self.roles.matters(number, n)]
        narrower = [n for n in around if not covers(self.patterns[n], pattern)]
        if not narrower and self._example(pattern) is not None:
            return  # it is among the usual ones
        always = [n for n in around if n != number and n not in narrower]
        among = [number, *(n for n in narrower if n != number)]
        try:
            yield from self._walk(among, always)
        except TooLargeError:
            if self.roles is None:
                raise
            yield from self._imagined(among, always)

    def _imagined(
        self, among: Sequence[int], always: Sequence[int]
    ) -> Iterator[tuple[frozenset[int], None]]:
        """Yield every combination of what the others decide: more than there may be."""
        assert self.roles is not None  # noqa: S101  # asked for only then
        first = among[0]
        kinds = {self.roles.kind(n): n for n in among if n != first}
        if len(kinds) > MOST_KINDS:
            raise TooLargeError
        numbers = sorted(kinds.values())
        for size in range(len(numbers) + 1):
            for some in combinations(numbers, size):
                yield frozenset((first, *some, *always)), None

    def _example(self, pattern: Pattern) -> str | None:
        """Return a text of a pattern that is no literal, if one is easily found."""
        for stars in ("x", "", "xx", "zq", "x/y"):
            text = sample(pattern, stars)
            if self._exists(text) and text not in self.avoid and matches(pattern, text):
                return text
        return None

    def _walk(
        self, among: Sequence[int], always: Sequence[int]
    ) -> Iterator[tuple[frozenset[int], str]]:
        """Yield the classes that the others cut out of what the first pattern matches.

        Args:
            always: patterns that match all that the first one does.
        """
        patterns = [self.patterns[n] for n in among]
        if self.domain.pattern is not None:
            patterns.append(self.domain.pattern)
        last = len(among)
        must = [0] if self.domain.pattern is None else [0, last]
        kinds = [self.roles.kind(n) for n in among] if self.roles is not None else []
        if kinds and self.domain.pattern is not None:
            kinds.append(None)
        combined = Product(patterns).combinations(self.avoid, must, kinds)
        missing = [c for c, text in combined.items() if text is None]
        if missing:
            first = patterns[0]
            literals = [Pattern("exact", t) for t in sorted(self.avoid) if matches(first, t)]
            exact = Product([*patterns, *literals]).combinations(must=must)
            most = len(patterns)
            combined = {c: text for c, text in exact.items() if all(n < most for n in c)}
        for combination, text in combined.items():
            if text is not None:
                some = (among[n] for n in combination if n != last)
                yield frozenset((*some, *always)), text

    def _outside(self) -> Iterator[tuple[frozenset[int], str]]:
        """Yield the class of texts that only the widest patterns match, or none."""
        always = [n for n in self.wild if self._is_all(self.patterns[n])]
        rest = frozenset(always)
        if rest in self.found:
            return
        for text in self.domain.usual:
            if text not in self.avoid and self._exists(text) and self._which(text) == rest:
                yield rest, text
                return
        among = self._widest([n for n in self.wild if n not in rest])
        patterns = [self.patterns[n] for n in among]
        literals = [Pattern("exact", text) for text in sorted(self.avoid)]
        domain = [] if self.domain.pattern is None else [self.domain.pattern]
        combined = Product([*domain, *patterns, *literals]).combinations()
        found = combined.get(frozenset(range(len(domain))))
        if found is not None:
            yield rest, found

    def _is_all(self, pattern: Pattern) -> bool:
        if pattern == Pattern("glob", "*"):
            return True
        domain = self.domain.pattern
        return domain is not None and not self.domain.more and covers(pattern, domain)

    def _widest(self, numbers: list[int]) -> list[int]:
        """Return those patterns that no other one covers."""
        kept: list[int] = []
        for number in sorted(numbers, key=lambda n: len(self.patterns[n].text)):
            pattern = self.patterns[number]
            if not any(covers(self.patterns[n], pattern) for n in kept):
                kept.append(number)
        return kept


class Neighbours:
    """Finds the patterns that may have texts in common with one, by their fixed ends."""

    def __init__(self, patterns: Iterable[tuple[int, Pattern]]) -> None:
        self._sorted = sorted((*ends(p), n) for n, p in patterns)
        self._starts = [start for start, _, _ in self._sorted]
        self._by_start: Mapping[str, list[tuple[str, int]]] = {}
        by_start: dict[str, list[tuple[str, int]]] = {}
        for start, end, number in self._sorted:
            by_start.setdefault(start, []).append((end, number))
        self._by_start = by_start
        self._lengths = sorted({len(start) for start in by_start})

    def around(self, start: str, end: str) -> list[int]:
        """Return the numbers of patterns whose ends agree with these, in order."""
        found: list[int] = []
        for length in self._lengths:
            if length >= len(start):
                break
            for other, number in self._by_start.get(start[:length], ()):
                if other.endswith(end) or end.endswith(other):
                    found.append(number)
        for at in range(bisect_left(self._starts, start), len(self._sorted)):
            other_start, other, number = self._sorted[at]
            if not other_start.startswith(start):
                break
            if other.endswith(end) or end.endswith(other):
                found.append(number)
        return sorted(found)


def covers(wide: Pattern, narrow: Pattern) -> bool:
    """Tell whether a pattern surely matches all that another one does; a no may be wrong."""
    if wide == narrow or wide == Pattern("glob", "*"):
        return True
    if wide.mode != narrow.mode or "nocase" in (wide.mode, narrow.mode):
        return False
    if "${" in wide.text or "${" in narrow.text:
        return False
    if wide.mode == "arn":
        return resource_covers(wide.text, narrow.text)
    return glob_covers(wide.text, narrow.text)


def sample(pattern: Pattern, stars: str) -> str:
    """Return a text of a pattern, with `stars` for each `*` and an `x` for each `?`."""
    return "".join((t.text[0] if t.text else stars if t.star else "x") for t in tokens(pattern))

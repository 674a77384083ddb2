"""Patterns that could stand for actions of one service, and which names each one matches.

Sets of names are bits of an integer, one for each name of the service in sorted order, so that
asking whether a pattern matches what it may not is one AND. Only patterns are made that no other
one betters: of those that match a wanted name and nothing that is not allowed, the ones that
cannot be made shorter at any of their ends.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from functools import lru_cache
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

from iamdsl.aws._patterns import matcher

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from iamdsl.aws import Catalogue

Reach: TypeAlias = Literal["words", "max"]
# Cuts between words, with the number of words before each; the best patterns by what they match.
_Words: TypeAlias = "dict[int, int]"
_Best: TypeAlias = "dict[int, Pattern]"

_WORD = re.compile(
    r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|(?<=[A-Za-z0-9])(?=[^A-Za-z0-9])"
    r"|(?<=[^A-Za-z0-9])(?=[A-Za-z0-9])"
)
# Characters of a text by which the names that may hold it are looked up.
_SEED = 3
_AFTER_ALL = "\U0010ffff"


class Style(NamedTuple):
    """Which patterns may be written.

    Attributes:
        reach: cut between the words of a name ("words"), or anywhere ("max").
        trailing: the only wildcard is a `*` at the end.
        words: how many whole words a pattern has at least; only for "words".
    """

    reach: Reach
    trailing: bool = False
    words: int = 0

    @property
    def least(self) -> int:
        """Return how many listed actions a pattern stands for at least.

        A pattern for one alone saves little for what it may come to match; only "max" writes it.
        """
        return 1 if self.reach == "max" else 2


class Pattern(NamedTuple):
    """A pattern for names of one service.

    Attributes:
        text: without the service, in the catalogue's spelling, `Get*`.
        matched: the bits of the names it matches.
        shape: 0 for a `*` at the end only, 1 for one inside, 2 at the start, 3 for several.
        aligned: it is cut between words only.
    """

    text: str
    matched: int
    shape: int
    aligned: bool

    @property
    def rank(self) -> tuple[int, bool, int, str]:
        """Return the key by which the better of two that match the same comes first."""
        return len(self.text), not self.aligned, self.shape, self.text


class Names:
    """The names of a service's actions, and the sets of them that texts match.

    Args:
        service: the prefix, lower case.
        spelled: the names in the catalogue's spelling by their lower-case form.
        extra: names in lower case that the catalogue does not have, but that exist.
        levels: the access level of each name of the catalogue.
    """

    def __init__(
        self,
        service: str,
        spelled: Mapping[str, str],
        extra: frozenset[str],
        levels: Mapping[str, str],
    ) -> None:
        self.service = service
        self.names = sorted(spelled.keys() | extra)
        self.index = {name: i for i, name in enumerate(self.names)}
        self.spelled = {name: spelled.get(name, name) for name in self.names}
        self.all = (1 << len(self.names)) - 1
        self.known = self._bits(spelled)
        self.levels = {
            level: self._bits(name for name in spelled if levels[name] == level)
            for level in sorted(set(levels.values()))
        }
        self.reading = self.levels.get("list", 0) | self.levels.get("read", 0)
        self.writing = self.levels.get("write", 0)
        self._reversed = sorted((name[::-1], i) for i, name in enumerate(self.names))
        self._starting: dict[str, int] = {"": self.all}
        self._ending: dict[str, int] = {"": self.all}
        self._flags = [1 << i for i in range(len(self.names))]
        self.holding: dict[str, int] = {"": self.all}
        self._holders: dict[str, list[int]] = {"": list(range(len(self.names)))}
        self._longer: dict[int, int] = {}
        self._cuts: dict[tuple[str, Reach], _Cuts] = {}

    def _bits(self, names: Iterable[str]) -> int:
        return sum(1 << self.index[name] for name in names)

    def starting(self, text: str) -> int:
        """Return the names that start with a lower-case text."""
        found = self._starting.get(text)
        if found is None:
            low = bisect_left(self.names, text)
            high = bisect_left(self.names, text + _AFTER_ALL, low)
            found = self._starting[text] = (1 << high) - (1 << low)
        return found

    def ending(self, text: str) -> int:
        """Return the names that end with a lower-case text."""
        found = self._ending.get(text)
        if found is None:
            turned = text[::-1]
            low = bisect_left(self._reversed, (turned, -1))
            high = bisect_left(self._reversed, (turned + _AFTER_ALL, -1), low)
            found = self._ending[text] = sum(1 << i for _, i in self._reversed[low:high])
        return found

    def within(self, text: str) -> int:
        """Return the names that hold a lower-case text."""
        found = self.holding.get(text)
        if found is None:
            names, flags = self.names, self._flags
            among = self._holders.get(text[:-1])
            if among is None:
                self.within(text[: min(_SEED, len(text) - 1)])
                among = self._holders[text[: min(_SEED, len(text) - 1)]]
            holding = self._holders[text] = [i for i in among if text in names[i]]
            found = self.holding[text] = sum([flags[i] for i in holding])
        return found

    def longer(self, least: int) -> int:
        """Return the names of at least so many characters."""
        found = self._longer.get(least)
        if found is None:
            found = sum(1 << i for i, name in enumerate(self.names) if len(name) >= least)
            self._longer[least] = found
        return found

    def matching(self, pattern: str) -> int:
        """Return the names that a pattern in lower case matches."""
        if "*" not in pattern and "?" not in pattern:
            return 1 << self.index[pattern] if pattern in self.index else 0
        if "?" not in pattern and pattern.count("*") == 1:
            head, _, tail = pattern.partition("*")
            return self.starting(head) & self.ending(tail) & self.longer(len(head + tail))
        fits = matcher(pattern)
        return sum(1 << i for i, name in enumerate(self.names) if fits(name))

    def cuts(self, text: str, reach: Reach) -> _Cuts:
        """Return where a name, or a pattern, in the catalogue's spelling can be cut."""
        found = self._cuts.get((text, reach))
        if found is None:
            found = self._cuts[text, reach] = self._cut(text, reach)
        return found

    def _cut(self, text: str, reach: Reach) -> _Cuts:
        lower = text.lower()
        wild = [i for i, c in enumerate(text) if c in "*?"]
        words = [0, *(m.start() for m in _WORD.finditer(text)), len(text)]
        places = words if reach == "words" else range(len(text) + 1)
        first, last = (wild[0], wild[-1] + 1) if wild else (len(text), 0)
        heads = [i for i in places if i <= first]
        tails = [i for i in places if i >= last]
        if reach == "max":
            # A cut that rejects no more names than the shorter one before it is never better.
            heads = self._telling(heads, lambda i: self.starting(lower[:i]))
            tails = self._telling(tails[::-1], lambda i: self.ending(lower[i:]))[::-1]
        runs, at = [], 0
        for end in [*wild, len(text)]:
            runs.append([i for i in places if at <= i <= end])
            at = end + 1
        return _Cuts(text, lower, heads, tails, runs, {i: n for n, i in enumerate(words)})

    @staticmethod
    def _telling(cuts: Sequence[int], matched: Callable[[int], int]) -> list[int]:
        found, before = [], -1
        for cut in cuts:
            now = matched(cut)
            if now != before:
                found.append(cut)
                before = now
                if not now & (now - 1):
                    break
        return found


class _Cuts(NamedTuple):
    """Where a text can be cut, ascending.

    Attributes:
        text: in the catalogue's spelling.
        lower: in lower case.
        heads, tails: where its beginning may end and its end begin.
        runs: the cuts of each piece without wildcards.
        words: the cuts between words, with the number of words before each.
    """

    text: str
    lower: str
    heads: list[int]
    tails: list[int]
    runs: list[list[int]]
    words: _Words


@lru_cache(maxsize=512)
def names_of(catalogue: Catalogue, service: str, extra: frozenset[str]) -> Names:
    """Return the names of a service of the catalogue, with further lower-case ones that exist."""
    spelled = dict(catalogue.names(service))
    levels = {name: catalogue.level(f"{service}:{name}") or "" for name in spelled}
    return Names(service, spelled, extra - spelled.keys(), levels)


def bits(among: int) -> Iterator[int]:
    """Yield the numbers of the bits that are set, ascending."""
    while among:
        lowest = among & -among
        yield lowest.bit_length() - 1
        among ^= lowest


def with_ends(names: Names, texts: Sequence[str], allowed: int, style: Style) -> list[Pattern]:
    """Return patterns `Head*`, `*Tail` and `Head*Tail`, each of which matches one of `texts`.

    `texts` are names and patterns in the catalogue's spelling. No name is matched that is not
    `allowed`. Of several patterns that match the same names only the best is returned; none
    matches nothing that the catalogue knows.
    """
    refused = names.all & ~allowed
    best: _Best = {}
    for text in texts:
        cuts = names.cuts(text, style.reach)
        if style.trailing:
            cuts = cuts._replace(tails=[len(text)])
        _find_ends(names, cuts, refused, style, best)
    return list(best.values())


def with_middles(names: Names, texts: Sequence[str], allowed: int, style: Style) -> list[Pattern]:
    """Return patterns `*Middle*` as `with_ends` does others; there are many more of them."""
    refused = names.all & ~allowed
    best: _Best = {}
    for text in () if style.trailing else texts:
        _find_middles(names, names.cuts(text, style.reach), refused, style, best)
    return list(best.values())


def _put(
    names: Names,
    matched: int,
    pieces: tuple[str, ...],
    cuts: Iterable[int],
    words: _Words,
    best: _Best,
) -> None:
    """Keep the pattern of these pieces, with a `*` between each two, if it is the best so far."""
    other = best.get(matched)
    length = sum(map(len, pieces)) + len(pieces) - 1
    if (other is not None and len(other.text) < length) or not matched & names.known:
        return
    shape = 3 if len(pieces) > 2 else 0 if not pieces[1] else 1 if pieces[0] else 2
    pattern = Pattern("*".join(pieces), matched, shape, all(cut in words for cut in cuts))
    if other is None or pattern.rank < other.rank:
        best[matched] = pattern


def _find_ends(names: Names, cuts: _Cuts, refused: int, style: Style, best: _Best) -> None:
    """Find `Head*`, `*Tail`, `Head*Tail`: for each head the shortest tail that is safe."""
    text, lower, heads, tails, _, words = cuts
    end, count, n = len(text), len(tails), 0
    for i in heads:
        starting = names.starting(lower[:i])
        if (starting & ~refused).bit_count() < style.least:
            return
        while n < count and tails[n] < i:
            n += 1
        found = None
        while n < count:
            j = tails[n]
            if style.words and words[i] + words[end] - words[j] < style.words:
                break
            matched = starting & names.ending(lower[j:])
            if matched & refused:
                matched &= names.longer(i + end - j)
                if matched & refused:
                    break
            found = j, matched
            n += 1
        if found is not None and i < end:
            j, matched = found
            matched &= names.longer(i + end - j)
            _put(names, matched, (text[:i], text[j:]), (i, j), words, best)
        if n == count:
            return


def _find_middles(names: Names, cuts: _Cuts, refused: int, style: Style, best: _Best) -> None:
    """Find the pieces of a text that no refused name holds, and that no such piece is within."""
    text, lower, words, least = cuts.text, cuts.lower, cuts.words, max(style.words, 1)
    known = names.holding
    for run in cuts.runs:
        count, e = len(run), least
        for a in range(count - least):
            e = max(e, a + least)
            while e < count:
                piece = lower[run[a] : run[e]]
                held = known[piece] if piece in known else names.within(piece)
                if not held & refused:
                    break
                e += 1
            else:
                break
            i, j = run[a], run[e]
            if e == a + least or names.within(lower[run[a + 1] : j]) & refused:
                _put(names, held, ("", text[i:j], ""), (i, j), words, best)

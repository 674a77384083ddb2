"""Fewer characters by patterns that match, by today's catalogue, just what was granted.

Part by part, a part being the actions of one service in one statement: patterns that could stand
there are made (`_candidates`), and the cheapest set of them that covers the part is chosen
(`_set_cover`). A name may be matched where it is granted, by the statement or anyway
(`_granted`).

Invariants: every pattern that came in is covered by the text of one that goes out, so that
nothing is lost of what AWS adds; no name that exists today is matched where it was not granted;
what the catalogue does not know is never a reason for a pattern; the result is never larger.
Lists of `NotAction` stay as they are. `?` is not written, nor a wildcard for a service.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from functools import lru_cache, reduce
from operator import or_
from typing import TYPE_CHECKING, NamedTuple

import attrs

from iamdsl.fit._candidates import (
    Names,
    Pattern,
    Reach,
    Style,
    bits,
    names_of,
    with_ends,
    with_middles,
)
from iamdsl.fit._granted import Granted
from iamdsl.fit._set_cover import Choice, cover
from iamdsl.fit.minimize import minimize
from iamdsl.fit.today import unlisted
from iamdsl.iam import Elements, Policy, action_covers, size, statement_size

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from iamdsl.aws import Catalogue
    from iamdsl.iam import Statement

_NO_LENGTHS: Mapping[str, int] = {}
# What of a pattern counts where characters are equal is added to characters times this.
_CHARACTER = 1024
# The level that all actions are of at most, and whole words of a pattern that still count.
_EVERY_LEVEL = 2
_MOST_WORDS = 3
# Quotes and comma of a value in a list, and the colon after the service.
_AROUND = len('"",') + len(":")
_LEVELS = {
    "list": "List",
    "read": "Read",
    "write": "Write",
    "permissions": "Permissions management",
    "tagging": "Tagging",
}


class Wildcard(NamedTuple):
    """A pattern that `shrink` wrote.

    Attributes:
        pattern: `s3:Get*`.
        matched: the catalogue's actions that it matches, in its spelling, sorted without case.
        levels: the access levels of those, in AWS's words, each once: "List", "Read", "Write",
            "Permissions management", "Tagging".
        saved: *characters of minified text*, in all statements together.
    """

    pattern: str
    matched: tuple[str, ...]
    levels: tuple[str, ...]
    saved: int


class Shrunk(NamedTuple):
    """A policy and the patterns that were written into it, sorted."""

    policy: Policy
    wildcards: tuple[Wildcard, ...] = ()


class _Risk(NamedTuple):
    """Which patterns may be written: of a style, over names of at most a level (see `_may`)."""

    level: int
    style: Style


class _Part(NamedTuple):
    """The actions of one service in one statement.

    An element is a name or pattern that is listed: the bit of the name, or the bit of the
    pattern's number beyond those of all names.

    Attributes:
        literals: the names that are listed.
        sources: the patterns that are listed, in lower case and without the service.
        allowed: the names that a pattern may match here.
    """

    names: Names
    literals: int
    sources: tuple[str, ...]
    allowed: int

    def elements(self) -> dict[int, str]:
        """Return the text of each element, in lower case, by its bit."""
        names, first = self.names, len(self.names.names)
        found = {1 << i: names.names[i] for i in bits(self.literals)}
        return found | {1 << first + n: text for n, text in enumerate(self.sources)}

    def cost(self, text: str) -> int:
        """Return the characters of an action in a list, comma included."""
        return len(self.names.service) + len(text) + _AROUND


class _Place(NamedTuple):
    """A part, the number of its statement, and how its actions are spelled there."""

    number: int
    part: _Part
    spelled: Mapping[str, str]


class _Token(NamedTuple):
    """What is written for elements of a part.

    Attributes:
        text: without the service; in lower case when it was listed.
        holds: the elements that it covers.
        risk: the number of the risk that allowed the pattern; -1 for what was listed.
        matched: the names that the pattern matches; 0 for what was listed.
    """

    text: str
    holds: int
    risk: int = -1
    matched: int = 0


def shrink(
    policy: Policy,
    catalogue: Catalogue,
    reach: Reach,
    *,
    lengths: Mapping[str, int] = _NO_LENGTHS,
    denies: bool = False,
    target: int | None = None,
    known: Iterable[str] = (),
    trailing: bool = False,
) -> Shrunk:
    """Return a policy that is no larger and grants the same actions of today.

    Args:
        policy: minimized already.
        catalogue: says which actions there are. Services that it does not have are left alone.
        reach: patterns cut between the words of names ("words"), or anywhere ("max").
        lengths: the greatest lengths of placeholders, by name.
        denies: whether patterns are written into Deny statements too.
        target: when given, no more is written than makes the policy that many characters: over
            List and Read actions first, then Write, then Permissions management and Tagging;
            more whole words first; words before other cuts. If that is not to be had, the
            smallest that was found comes back.
        known: further actions that exist although the catalogue does not know them. Those that
            the policy itself names count as existing in any case.
        trailing: write only patterns that end with their one `*`, as is certain to be taken in
            an SCP (AWS "access-analyzer-reference-policy-checks": "Action wildcard").
    """
    places = _places(policy, catalogue, known, denies)
    whole = (_Risk(_EVERY_LEVEL, Style(reach, trailing)),)
    if target is not None and size(policy, lengths) <= target:
        return Shrunk(policy)
    chosen = [_solved(place.part, whole) for place in places]
    if target is not None:
        tight = _tight(policy, places, _risks(reach, trailing), target, lengths)
        chosen = tight or chosen
    written = _written(policy, places, chosen)
    ways = (policy, written, minimize(written, lengths=lengths))
    smallest = min(ways, key=lambda p: size(p, lengths))
    return Shrunk(smallest, _wildcards(smallest, places, chosen))


# Parts ------------------------------------------------------------------------------------


def _places(
    policy: Policy, catalogue: Catalogue, known: Iterable[str], denies: bool
) -> list[_Place]:
    """Return the parts of a policy, one for each service of a statement."""
    extra = _unknown(policy, catalogue, known)
    granted = Granted(policy.statements)
    places = []
    for number, statement in enumerate(policy.statements):
        allows = statement.effect == "Allow"
        if statement.actions.negated or not (denies or allows):
            continue
        for service, spelled in _by_service(statement.actions.values).items():
            if not catalogue.has_service(service):
                continue
            more = extra.get(service, frozenset()).union(unlisted(catalogue, service))
            names = names_of(catalogue, service, more)
            listed = sum(names.matching(n) for n in spelled if not _is_wild(n))
            sources = (n for n in spelled if _is_wild(n) and names.matching(n) & names.known)
            allowed = (granted.anyway if allows else granted.own)(number, names)
            part = _Part(names, listed & names.known, tuple(sorted(sources)), allowed)
            places.append(_Place(number, part, spelled))
    return places


def _unknown(
    policy: Policy, catalogue: Catalogue, known: Iterable[str]
) -> dict[str, frozenset[str]]:
    """Return the names that exist although the catalogue lacks them, by service, lower case."""
    listed = {v for s in policy.statements for v in s.actions.values}
    found: dict[str, set[str]] = defaultdict(set)
    for service, names in _by_service([*listed, *known]).items():
        found[service].update(
            n for n in names if not _is_wild(n) and not catalogue.has_action(f"{service}:{n}")
        )
    return {service: frozenset(names) for service, names in found.items()}


def _by_service(actions: Iterable[str]) -> dict[str, dict[str, str]]:
    """Return actions as written, by service and lower-case name, without wild services."""
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for action in actions:
        service, colon, name = action.lower().partition(":")
        if colon and not _is_wild(service):
            found[service][name] = action
    return found


def _is_wild(text: str) -> bool:
    return "*" in text or "?" in text


# Patterns for a part ----------------------------------------------------------------------


@lru_cache(maxsize=4096)
def _solved(part: _Part, risks: tuple[_Risk, ...]) -> tuple[_Token, ...]:
    """Return what to write for a part at the least cost, with patterns of any of the risks."""
    elements = part.elements()
    if part.sources == ("*",) or len(elements) < risks[-1].style.least:
        return _listed(part)
    tokens = {text: _Token(text, bit) for bit, text in elements.items()}
    choices = [Choice(bit, part.cost(text) * _CHARACTER, text) for bit, text in elements.items()]
    wanted = sum(elements)

    def add(patterns: Iterable[Pattern], risk: int) -> None:
        for pattern in patterns:
            text, holds = pattern.text, _held(part, pattern)
            if text not in tokens and holds.bit_count() >= risks[risk].style.least:
                tokens[text] = _Token(text, holds, risk, pattern.matched)
                cost = part.cost(text) * _CHARACTER + _dislike(part.names, pattern)
                choices.append(Choice(holds, cost, text))

    texts = [_text(part, bit) for bit in elements]
    for number, risk in enumerate(risks):
        add(with_ends(part.names, texts, _allowed(part, risk), risk.style), number)
    # Patterns with two wildcards, cut anywhere, only for what shares no pattern without them.
    together = reduce(or_, (c.holds for c in choices if c.holds.bit_count() > 1), 0)
    alone = [_text(part, bit) for bit in elements if not bit & together]
    for number, risk in enumerate(risks):
        among = texts if risk.style.reach == "words" else alone
        add(with_middles(part.names, among, _allowed(part, risk), risk.style), number)
    return tuple(tokens[c.name] for c in cover(wanted, choices))


def _listed(part: _Part) -> tuple[_Token, ...]:
    """Return what is there."""
    return tuple(_Token(text, bit) for bit, text in part.elements().items())


def _allowed(part: _Part, risk: _Risk) -> int:
    return part.allowed & _may(part.names, risk.level)


def _text(part: _Part, bit: int) -> str:
    """Return the text of an element, a name in the catalogue's spelling."""
    number, names = bit.bit_length() - 1, part.names.names
    if number < len(names):
        return part.names.spelled[names[number]]
    return part.sources[number - len(names)]


def _held(part: _Part, pattern: Pattern) -> int:
    """Return the elements that a pattern covers."""
    names, first = part.names, len(part.names.names)
    text, held = pattern.text.lower(), pattern.matched & part.literals
    for number, source in enumerate(part.sources):
        if not names.matching(source) & ~pattern.matched and action_covers(text, source):
            held |= 1 << first + number
    return held


def _may(names: Names, level: int) -> int:
    """Return the names of a level at most: read and list, write as well, or all."""
    return (names.reading, names.reading | names.writing, names.all)[level]


def _dislike(names: Names, pattern: Pattern) -> int:
    """Return how far a pattern is from the best of its length: much less than a character."""
    level = next(level for level in range(3) if not pattern.matched & ~_may(names, level))
    return 16 * level + (0 if pattern.aligned else 8) + pattern.shape


# From tokens to a policy ------------------------------------------------------------------


def _written(
    policy: Policy, places: Sequence[_Place], chosen: Sequence[Sequence[_Token]]
) -> Policy:
    """Return the policy with what was chosen in place of each part."""
    by_number: dict[int, list[tuple[_Place, Sequence[_Token]]]] = defaultdict(list)
    for place, tokens in zip(places, chosen, strict=True):
        by_number[place.number].append((place, tokens))
    statements = list(policy.statements)
    for number, parts in by_number.items():
        statements[number] = _with_tokens(statements[number], parts)
    return attrs.evolve(policy, statements=tuple(statements))


def _with_tokens(
    statement: Statement, parts: Iterable[tuple[_Place, Sequence[_Token]]]
) -> Statement:
    values = set(statement.actions.values)
    for place, tokens in parts:
        service = place.part.names.service
        values -= {place.spelled[text] for text in place.part.elements().values()}
        values |= {place.spelled.get(t.text, f"{service}:{t.text}") for t in tokens}
    if values == set(statement.actions.values):
        return statement
    ordered = sorted(values, key=lambda v: (v.lower(), v))
    return attrs.evolve(statement, actions=Elements(tuple(ordered)))


def _wildcards(
    policy: Policy,
    places: Sequence[_Place],
    chosen: Sequence[Sequence[_Token]],
) -> tuple[Wildcard, ...]:
    """Return the patterns that were written and are in the policy still."""
    saved: dict[str, int] = defaultdict(int)
    matched: dict[str, tuple[Names, int]] = {}
    for place, tokens in zip(places, chosen, strict=True):
        names = place.part.names
        for token, gain in _gains(place.part, tokens):
            if token.risk >= 0:
                pattern = f"{names.service}:{token.text}"
                saved[pattern] += gain
                matched[pattern] = names, token.matched & names.known
    there = {v for s in policy.statements for v in s.actions.values}
    found = []
    for pattern in sorted(saved.keys() & there):
        names, among = matched[pattern]
        actions = tuple(f"{names.service}:{names.spelled[names.names[i]]}" for i in bits(among))
        words = tuple(w for level, w in _LEVELS.items() if names.levels.get(level, 0) & among)
        found.append(Wildcard(pattern, actions, words, saved[pattern]))
    return tuple(found)


def _gains(part: _Part, tokens: Sequence[_Token]) -> Iterator[tuple[_Token, int]]:
    """Yield each pattern with the characters of the elements that no token before it covers."""
    elements = part.elements()
    left = sum(elements)
    for token in tokens:
        mine = token.holds & left
        left &= ~mine
        cost = sum(part.cost(elements[1 << i]) for i in bits(mine))
        yield token, cost - part.cost(token.text)


# No more than is needed -------------------------------------------------------------------


def _risks(reach: Reach, trailing: bool) -> tuple[_Risk, ...]:
    """Return what may be written, the least risk first."""
    styles = [Style("words", trailing, words) for words in range(_MOST_WORDS, -1, -1)]
    if reach == "max":
        styles.append(Style("max", trailing))
    return tuple(_Risk(level, style) for level in range(_EVERY_LEVEL + 1) for style in styles)


def _tight(
    policy: Policy,
    places: Sequence[_Place],
    risks: tuple[_Risk, ...],
    target: int,
    lengths: Mapping[str, int],
) -> list[tuple[_Token, ...]] | None:
    """Return what to write for each part so that the policy just fits; None if it never does."""

    def at(count: int) -> list[tuple[_Token, ...]]:
        return [_solved(place.part, risks[:count]) for place in places]

    def fits(count: int) -> bool:
        return size(_written(policy, places, at(count)), lengths) <= target

    # More risks make it no larger, but for what an inexact cover misses.
    if not fits(len(risks)):
        return None
    least = bisect_left(range(1, len(risks)), True, key=fits) + 1
    before = at(least - 1) if least > 1 else [_listed(place.part) for place in places]
    chosen = at(least)
    return _stopped(policy, places, (before, chosen), target, lengths) or chosen


def _stopped(
    policy: Policy,
    places: Sequence[_Place],
    steps: tuple[list[tuple[_Token, ...]], list[tuple[_Token, ...]]],
    target: int,
    lengths: Mapping[str, int],
) -> list[tuple[_Token, ...]] | None:
    """Go from one choice towards the next, pattern by pattern, and stop as soon as it fits."""
    current, goal = list(steps[0]), steps[1]
    todo = sorted(
        (token.risk, -gain, number, token)
        for number, place in enumerate(places)
        for token, gain in _gains(place.part, goal[number])
        if token.risk >= 0 and token not in current[number]
    )
    together: dict[int, list[int]] = defaultdict(list)
    for number, place in enumerate(places):
        together[place.number].append(number)

    def weight(at: int) -> int:
        parts = [(places[n], current[n]) for n in together[at]]
        return statement_size(_with_tokens(policy.statements[at], parts), lengths)

    weights = {at: weight(at) for at in together}
    total = size(_written(policy, places, current), lengths)
    for _, _, number, token in todo:
        was, at = current[number], places[number].number
        current[number] = _joined((*was, token))
        change = weight(at) - weights[at]
        if change >= 0:
            current[number] = was
            continue
        weights[at] += change
        total += change
        if total <= target:
            return current
    return None


def _joined(tokens: Sequence[_Token]) -> tuple[_Token, ...]:
    """Return the tokens without those whose elements the others hold, the riskiest first."""
    kept = sorted(tokens, key=lambda t: (t.risk, t.text))
    # What was listed goes as soon as a pattern holds it; then patterns that others make needless.
    for token in sorted(kept, key=lambda t: (t.risk >= 0, -t.risk, t.text)):
        others = 0
        for other in kept:
            others |= other.holds if other is not token else 0
        if not token.holds & ~others:
            kept.remove(token)
    return tuple(kept)

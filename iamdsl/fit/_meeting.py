"""Whether statements may speak of the same request.

Never a false no: where it is not known, they may. What is opaque, a policy variable or a text
that only a deployment knows, may be any text here.
"""

from __future__ import annotations

import re
from collections import defaultdict
from functools import lru_cache
from typing import TYPE_CHECKING, TypeAlias

from iamdsl.iam import fixed_ends, glob_covers

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from iamdsl.fit._coverage import Demand, Part
    from iamdsl.iam.covering import Atom

_TOKEN = re.compile(r"\$\{[*?$]\}|\$\{[^}]*\}|\ue000.*?\ue001|.", re.DOTALL)
_FIELDS_OF_AN_ARN = 6

_Tokens: TypeAlias = tuple[str, ...]


class Meetings:
    """Statements, to be asked which of them may meet another one."""

    def __init__(self, parts: Iterable[Part]) -> None:
        self._parts = list(parts)
        self._by_action: dict[Atom, list[int]] = defaultdict(list)
        for i, one in enumerate(self._parts):
            for action in one.actions:
                self._by_action[action].append(i)
        self._by_service: dict[str, list[Atom]] = defaultdict(list)
        for action in self._by_action:
            self._by_service[_service(action)].append(action)
        self._known: dict[Atom, frozenset[int]] = {}

    def of(self, one: Part) -> list[int]:
        """Return the numbers of those that may speak of a request that a statement speaks of."""
        near = frozenset().union(*(self._near(a) for a in one.actions))
        return [i for i in sorted(near) if _meet(one, self._parts[i])]

    def _near(self, action: Atom) -> frozenset[int]:
        if action not in self._known:
            service = _service(action)
            services = self._by_service if not service else {service, ""}
            self._known[action] = frozenset(
                i
                for name in services
                for other in self._by_service.get(name, ())
                if _atoms_meet(action, other)
                for i in self._by_action[other]
            )
        return self._known[action]


def _service(action: Atom) -> str:
    """Return the service of an action pattern; "" when it may be several."""
    if not isinstance(action, str):
        return ""
    service = action.partition(":")[0]
    return "" if "*" in service or "?" in service else service


def _meet(one: Part, other: Part) -> bool:
    """Tell whether two parts, whose actions meet, may speak of one request; effects do not count."""
    if _exclude(one.demand, other.demand):
        return False
    return any(_atoms_meet(r, s) for r in one.resources for s in other.resources)


def _exclude(one: Demand, other: Demand) -> bool:
    """Tell whether some key would need two values at once."""
    there = dict(other.values)
    return any(
        pair[0] == "StringEquals"
        and (values := there.get(pair)) is not None
        and values.isdisjoint(some)
        and not any("${" in v or "\ue000" in v for v in values | some)
        for pair, some in one.values
    )


@lru_cache(maxsize=65536)
def _atoms_meet(one: Atom, other: Atom) -> bool:
    if one is None or other is None or one == other:
        return True
    if isinstance(one, str) and isinstance(other, str):
        return _patterns_meet(_padded(one), _padded(other))
    if isinstance(one, frozenset) and isinstance(other, frozenset):
        return True
    excepted, pattern = (one, other) if isinstance(one, frozenset) else (other, one)
    return not any(glob_covers(e, str(pattern)) for e in excepted or ())


def _padded(pattern: str) -> str:
    """Return an ARN of too few fields with `*` at its end, as AWS may read it."""
    if pattern.startswith("arn:") and pattern.count(":") < _FIELDS_OF_AN_ARN - 1:
        return pattern + "*"
    return pattern


def _patterns_meet(one: str, other: str) -> bool:
    """Tell whether some text may match both patterns."""
    (head, tail), (start, end) = fixed_ends(one), fixed_ends(other)
    shorter = min(len(head), len(start))
    if head[:shorter] != start[:shorter]:
        return False
    shorter = min(len(tail), len(end))
    if shorter and tail[-shorter:] != end[-shorter:]:
        return False
    return _tokens_meet(_tokens(one), _tokens(other))


@lru_cache(maxsize=4096)
def _tokens(pattern: str) -> _Tokens:
    """Return a pattern as characters, `*` and `?`; a plain `*` or `?` as two characters."""
    found = []
    for text in _TOKEN.findall(pattern):
        if len(text) == 1:
            found.append(text)
        elif text in {"${*}", "${?}"}:
            found.append("\\" + text[2])
        else:
            found.append("$" if text == "${$}" else "*")
    return tuple(found)


def _tokens_meet(one: _Tokens, other: _Tokens) -> bool:
    """Walk along `one`, with all places of `other` that some common text may have come to."""
    reached = _skipped({0}, other)
    for sign in one:
        if sign == "*":
            reached = set(range(min(reached, default=len(other) + 1), len(other) + 1))
        else:
            after = set()
            for at in reached:
                if at < len(other):
                    if other[at] == "*":
                        after.add(at)
                    elif "?" in {sign, other[at]} or sign == other[at]:
                        after.add(at + 1)
            reached = _skipped(after, other)
        if not reached:
            return False
    return len(other) in reached


def _skipped(places: set[int], tokens: _Tokens) -> set[int]:
    """Return the places, and those behind a `*` that stands there, which may be empty."""
    found = set(places)
    for at in places:
        end = at
        while end < len(tokens) and tokens[end] == "*":
            end += 1
            found.add(end)
    return found


def meeting(firsts: Sequence[Part], seconds: Meetings) -> Iterable[tuple[int, int]]:
    """Yield the numbers of two statements that may meet."""
    for i, one in enumerate(firsts):
        for j in seconds.of(one):
            yield i, j

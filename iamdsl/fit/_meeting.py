"""Whether statements may speak of the same request.

Never a false no: where it is not known, they may. What is opaque, a policy variable or a text
that only a deployment knows, may be any text here.
"""

from __future__ import annotations

from collections import defaultdict
from functools import lru_cache
from typing import TYPE_CHECKING

from iamdsl.iam import glob_covers, resources_meet

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from iamdsl.fit._coverage import Demand, Part
    from iamdsl.iam.covering import Atom


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
        return resources_meet(one, other)
    if isinstance(one, frozenset) and isinstance(other, frozenset):
        return True
    excepted, pattern = (one, other) if isinstance(one, frozenset) else (other, one)
    return not any(glob_covers(e, str(pattern)) for e in excepted or ())


def meeting(firsts: Sequence[Part], seconds: Meetings) -> Iterable[tuple[int, int]]:
    """Yield the numbers of two statements that may meet."""
    for i, one in enumerate(firsts):
        for j in seconds.of(one):
            yield i, j

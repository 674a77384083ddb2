"""Steps in an order in which nothing is missing in between."""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

    from iamdsl.deploy._terms import Step

    Key = tuple[str, ...]  # what is done, to what kind, by name, and what of it
    Rank = tuple[int, ...]


class Turns(NamedTuple):
    """The steps that give an identity something new, and those that take something away."""

    gives: frozenset[Key] = frozenset()
    takes: frozenset[Key] = frozenset()


class _Node(NamedTuple):
    step: Step
    rank: Rank
    needs: set[Key]
    wants: set[Key]
    hints: set[Key]


class Draft:
    """Steps as they come about, and what has to be done before each.

    What a step `needs` was done before it, or it fails. What it `wants` before it keeps access;
    where steps want each other in a circle, one goes first and a note tells. A `hint` is followed
    where nothing speaks against it.
    """

    def __init__(self) -> None:
        self._nodes: dict[Key, _Node] = {}

    def __contains__(self, key: Key) -> bool:
        return key in self._nodes

    def add(self, key: Key, step: Step, rank: Iterable[int], needs: Iterable[Key] = ()) -> None:
        """Take a step; of two that could be next, the one of the lower rank is."""
        self._nodes[key] = _Node(step, tuple(rank), set(needs), set(), set())

    def need(self, key: Key, earlier: Iterable[Key]) -> None:
        """Say what a step cannot be without; what is no step of the plan is there already."""
        if key in self._nodes:
            self._nodes[key].needs.update(earlier)

    def want(self, key: Key, earlier: Iterable[Key]) -> None:
        """Say what has to be before a step so that nobody loses or gains what they should not."""
        if key in self._nodes:
            self._nodes[key].wants.update(earlier)

    def unwant(self, key: Key) -> None:
        """Forget what a step wants before it."""
        if key in self._nodes:
            self._nodes[key].wants.clear()

    def hint(self, key: Key, earlier: Iterable[Key]) -> None:
        """Say what would better be before a step."""
        if key in self._nodes:
            self._nodes[key].hints.update(earlier)

    def ordered(self) -> tuple[list[Step], list[str]]:
        """Return the steps in their order, and notes where that could not be kept safe."""
        nodes = self._nodes
        earlier = {key: self._earlier(key) for key in nodes}
        later: dict[Key, list[Key]] = {}
        for key, before in earlier.items():
            for one in before:
                later.setdefault(one, []).append(key)
        ready = [(nodes[key].rank, key) for key, before in earlier.items() if not before]
        heapq.heapify(ready)
        steps: list[Step] = []
        notes: list[str] = []
        while len(steps) < len(nodes):
            if not ready:
                key = self._forced(earlier)
                if nodes[key].wants & earlier[key]:
                    notes.append(_unsafe(nodes[key].step))
                earlier[key] = set()
                ready = [(nodes[key].rank, key)]
            _, key = heapq.heappop(ready)
            steps.append(nodes[key].step)
            del earlier[key]
            for one in later.get(key, ()):
                if one in earlier and key in earlier[one]:
                    earlier[one].discard(key)
                    if not earlier[one]:
                        heapq.heappush(ready, (nodes[one].rank, one))
        return steps, notes

    def _earlier(self, key: Key) -> set[Key]:
        node = self._nodes[key]
        return {one for one in node.needs | node.wants | node.hints if one in self._nodes} - {key}

    def _forced(self, earlier: dict[Key, set[Key]]) -> Key:
        """Return the step that has to go first of those that wait for each other."""
        nodes = self._nodes
        return min(
            earlier,
            key=lambda k: (
                bool(nodes[k].needs & earlier[k]),
                bool(nodes[k].wants & earlier[k]),
                nodes[k].rank,
                k,
            ),
        )


def _unsafe(step: Step) -> str:
    what = f"{step.kind} `{step.name}`" + (f" ({step.detail})" if step.detail else "")
    return (
        f"{what} changes together with others that exchange permissions with it:"
        " for a moment, some of that may be missing, or too much"
    )

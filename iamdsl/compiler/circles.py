"""Circles in what leads to what: imports to modules, templates to templates."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator, Mapping, Sequence

K = TypeVar("K", bound="Hashable")
M = TypeVar("M")


def circles(edges: Mapping[K, Sequence[tuple[K, M]]]) -> Iterator[tuple[list[K], M]]:
    """Yield each circle with the mark of the edge that closes it, every such edge once.

    Args:
        edges: by node, where it leads and a mark of that edge, such as its place.
    """
    done: set[K] = set()
    for first in edges:
        path: list[K] = []
        pending = [(first, iter(edges[first]))] if first not in done else []
        while pending:
            node, targets = pending[-1]
            if len(path) < len(pending):
                path.append(node)
            for target, mark in targets:
                if target in path:
                    yield [*path[path.index(target) :], target], mark
                elif target not in done:
                    pending.append((target, iter(edges.get(target, ()))))
                    break
            else:
                done.add(node)
                path.pop()
                pending.pop()

"""What the tables of `fit.py` share: the policies that are measured, and how a table is printed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from reexpansion import Universe, differences, listed

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from fit_fetch import Fetched, NotFetchedError
    from fit_ours import Wildcards

Json: TypeAlias = "dict[str, Any]"
OURS: dict[str, Wildcards] = {"lossless": "never", "words": "words", "max": "max"}
UNKNOWN = " (not in the catalogue)"


class Bench(NamedTuple):
    """What all tables need.

    Attributes:
        given: the policies as published; `documents`: without Sids.
        every: actions of the catalogue, and those that any policy names.
        peers: None where they are not asked for.
    """

    given: dict[str, Json]
    documents: dict[str, Json]
    catalogued: Universe
    every: Universe
    fetched: Fetched
    peers: bool
    seconds: float


def table(title: str, head: str, rows: Iterable[Sequence[str]]) -> None:
    """Print a table of Markdown; `head` has the names of the columns, with `|` between."""
    names = [name.strip() for name in head.split("|")]
    print(f"\n## {title}\n\n| {' | '.join(names)} |")
    print("|---" + "|---:" * (len(names) - 1) + "|")
    for row in rows:
        cells = [*row, *[""] * (len(names) - len(row))]
        print(f"| {' | '.join(cells)} |", flush=True)


def without_sids(document: Json) -> Json:
    """Return the document with its statements as a list, without their names."""
    statements = [{k: v for k, v in s.items() if k != "Sid"} for s in listed(document["Statement"])]
    return {**document, "Statement": statements}


def not_fetched(what: str, why: NotFetchedError) -> list[str]:
    """Return the row of a peer that is not there."""
    return [f"{what}: **not fetched** ({why})"]


def inexact(bench: Bench, before: Json, after: Sequence[Json]) -> str:
    """Return what documents grant otherwise than one before, "" for nothing.

    It says so where it is no action of the catalogue's or of the document's own.
    """
    found = next(differences([before], after, bench.every), None)
    if found is None:
        return ""
    own = next(differences([before], after, bench.catalogued), None)
    return str(found) + ("" if own else UNKNOWN)


def counted(faults: Iterable[str]) -> str:
    """Return how many there are, and how many of them by unknown actions alone."""
    listed_ = list(faults)
    unknown = sum(1 for fault in listed_ if fault.endswith(UNKNOWN))
    note = f" ({unknown} by actions that the catalogue has not)" if unknown else ""
    return f"{len(listed_)}{note}"

"""The second table of `fit.py`: unions of managed policies, as policies of a role."""

from __future__ import annotations

import json
import random
import statistics
import time
from typing import TYPE_CHECKING, NamedTuple

import fit_ours
import fit_packing
from fit_fetch import CDK, PIP, SHRINK, NotFetchedError
from fit_packing import ATTACHED, INLINE, MANAGED, text
from fit_tables import OURS, Bench, counted, inexact, not_fetched, table
from reexpansion import listed

from iamdsl.iam import from_json

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from fit_tables import Json


A_UNION = 100


class Made(NamedTuple):
    """What became of one union: documents, the fewest there can be, and how many are inline."""

    managed: list[Json]
    fewest: int
    inline: list[Json]


def unions(bench: Bench, number: int, size: int = A_UNION) -> dict[str, Json]:
    """Return the statements of so many policies each that customers could have, by name."""
    names = sorted(
        name
        for name, document in bench.given.items()
        if len(text(document)) <= MANAGED and not _grants_all(document)
    )
    chosen = [random.Random(seed).sample(names, size) for seed in range(number)]  # noqa: S311
    return {
        f"union {seed}": fit_packing.document(
            [s for name in some for s in bench.documents[name]["Statement"]]
        )
        for seed, some in enumerate(chosen)
    }


def _grants_all(document: Json) -> bool:
    return any(
        s["Effect"] == "Allow"
        and "Condition" not in s
        and all(s.get(element) in ("*", ["*"]) for element in ("Action", "Resource"))
        for s in listed(document["Statement"])
    )


def first_fit(documents: Mapping[str, Json]) -> dict[str, Made]:
    """Return documents packed by first fit."""
    return {
        name: Made(fit_packing.first_fit(d["Statement"]), fit_packing.bound(d["Statement"]), [])
        for name, d in documents.items()
    }


def union_row(
    bench: Bench, what: str, given: Mapping[str, Json], made: Mapping[str, Made], seconds: float
) -> tuple[list[str], list[str]]:
    """Return a row, and the names of unions that are not exact."""
    bad, over, largest, sizes = [], 0, 0, []
    for name, one in made.items():
        both = [*one.managed, *one.inline]
        if found := inexact(bench, given[name], both):
            bad.append(f"{what}: {name}: {found}")
        managed = [len(text(d)) for d in one.managed]
        inline = sum(len(text(d)) for d in one.inline)
        over += sum(1 for size in managed if size > MANAGED) + (inline > INLINE)
        largest = max([largest, *managed])
        sizes.append(len(text(fit_packing.document([s for d in both for s in d["Statement"]]))))
    part = "" if len(made) == len(given) else f" (of {len(made)} unions)"
    within = sum(1 for one in made.values() if len(one.managed) <= ATTACHED)
    return [
        what,
        f"{sum(len(one.managed) for one in made.values())}{part}",
        str(sum(one.fewest for one in made.values())),
        f"{within} of {len(made)}",
        f"{over} (largest {largest:,})" if over else "0",
        f"{statistics.median(sizes):,.0f}" if sizes else "",
        counted(bad),
        f"{seconds:.2f}",
    ], bad


def all_unions(bench: Bench, number: int) -> None:
    """Print the second table."""
    given = unions(bench, number)
    began = time.process_time()
    made = first_fit(given)
    naive, _ = union_row(bench, "as they are, first fit", given, made, time.process_time() - began)
    rows = [naive, *(_unions_of_peers(bench, given) if bench.peers else [])]
    faults = []
    for kind in OURS:
        made, seconds, unproved = _unions_of_ours(given, kind)
        made_of, bad = union_row(bench, f"**iamdsl, {kind}**", given, made, seconds)
        rows.append(made_of)
        faults += [*bad, *unproved]
    made, seconds, unproved = _roles_of_ours(given)
    row_of, bad = union_row(
        bench, "**iamdsl, role** (lossless; + 1 inline each)", given, made, seconds
    )
    rows.append(row_of)
    head = "policies of a role | managed policies | at least | within 10 | over a limit | characters (median) | not exact | CPU s"
    table(f"2  {number} unions of {A_UNION} policies", head, rows)
    for line in [*faults, *bad, *unproved]:
        print(f"! {line}")


def _unions_of_peers(bench: Bench, given: Mapping[str, Json]) -> list[list[str]]:
    rows: list[list[str]] = []

    def add(what: str, ask: Callable[[], tuple[dict[str, Made], float, int]]) -> None:
        try:
            made, seconds, refused = ask()
            what += f" ({refused} refused)" if refused else ""
            rows.append(union_row(bench, what, given, made, seconds)[0])
        except NotFetchedError as why:
            rows.append(not_fetched(what, why))

    def minimized() -> tuple[dict[str, Made], float, int]:
        answer = bench.fetched.minimized_by_cdk(given)
        return first_fit(answer.documents), answer.seconds, 0

    def roles() -> tuple[dict[str, Made], float, int]:
        answer = bench.fetched.cdk("roles", given)
        made = {name: _of_role(found) for name, found in answer["roles"].items()}
        return made, answer["seconds"], 0

    def shrunk(peer: str) -> tuple[dict[str, Made], float, int]:
        of = bench.fetched.minimized_by(
            peer, list(given.items()), fit_ours.actions(), bench.seconds
        )
        return first_fit(of.documents), of.seconds, len(of.raised)

    add(f"{CDK}, minimize, first fit", minimized)
    add(f"{CDK}, Role (+ 1 inline each)", roles)
    try:
        bench.fetched.modules(SHRINK)
    except NotFetchedError as why:
        rows.append(not_fetched(f"CDK + {SHRINK} + CDK", why))
    for peer, version in PIP.items():
        add(f"{version}, first fit", lambda peer=peer: shrunk(peer))  # type: ignore[misc]
    return rows


def _of_role(found: Mapping[str, Mapping[str, Json]]) -> Made:
    inline, managed = list(found["inline"].values()), list(found["managed"].values())
    statements = [s for d in (*inline, *managed) for s in listed(d["Statement"])]
    return Made(managed, fit_packing.bound(statements, INLINE), inline)


def _unions_of_ours(
    given: Mapping[str, Json], kind: str
) -> tuple[dict[str, Made], float, list[str]]:
    made, seconds, unproved = {}, 0.0, []
    for name, document in given.items():
        policy = from_json(document)
        began = time.process_time()
        documents, fewest = fit_ours.packed(fit_ours.smaller(policy, OURS[kind]).statements)
        seconds += time.process_time() - began
        made[name] = Made(documents, fewest, [])
        after = [s for d in documents for s in from_json(d).statements]
        if kind == "lossless" and not fit_ours.is_proved(policy, after):
            unproved.append(f"not proved: {name}")
    return made, seconds, unproved


def _roles_of_ours(given: Mapping[str, Json]) -> tuple[dict[str, Made], float, list[str]]:
    """Return what `fit` makes of a role with a union's statements, the proof included."""
    made, seconds, said = {}, 0.0, []
    for name, document in given.items():
        policy = from_json(document)
        began = time.process_time()
        found = fit_ours.role(policy.statements)
        seconds += time.process_time() - began
        inline, managed = ([json.loads(t) for t in some.values()] for some in found[:2])
        statements = [s for d in (*inline, *managed) for s in d["Statement"]]
        made[name] = Made(managed, fit_packing.bound(statements, INLINE), inline)
        said += [f"{name}: reported {number}" for number in found.said]
    return made, seconds, said

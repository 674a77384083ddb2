"""The first table of `fit.py`: all AWS managed policies, each by itself."""

from __future__ import annotations

import random
import re
import time
from typing import TYPE_CHECKING, NamedTuple

import fit_ours
from fit_fetch import CDK, PIP, SHRINK, Answer, NotFetchedError
from fit_packing import MANAGED, text
from fit_tables import OURS, Bench, counted, inexact, not_fetched, table

from iamdsl.iam import from_json, to_json

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from fit_tables import Json

_BARE = re.compile(r"(?<=[:\[,])(true|false)(?=[,\]}])")


class Judged(NamedTuple):
    """What is wrong with what was made of documents, by name."""

    inexact: dict[str, str]
    unproved: list[str]
    larger: dict[str, int]


def judged(bench: Bench, made: Mapping[str, Json]) -> Judged:
    """Compare with what was given, written out to all actions."""
    wrong, larger = {}, {}
    for name, document in made.items():
        before = bench.documents[name]
        if found := inexact(bench, before, [document]):
            wrong[name] = found
        if (more := _quoted(document) - _quoted(before)) > 0:
            larger[name] = more
    return Judged(wrong, [], larger)


def row(bench: Bench, what: str, answer: Answer, known: Judged) -> list[str]:
    """Return the row of one that made something of documents; what it refused stays as it was."""
    came_to = [*answer.documents, *answer.raised]
    all_of = {n: answer.documents.get(n, bench.documents[n]) for n in came_to}
    sizes = {name: len(text(d)) for name, d in all_of.items()}
    whole = sum(len(text(bench.given[name])) for name in came_to)
    share = f"{sum(sizes.values()) / whole:.2%}"
    if part := len(came_to) < len(bench.given):
        share += f" (of the first {len(came_to):,} that it came to)"
    return [
        what,
        "" if part else f"{sum(sizes.values()):,}",
        share,
        "" if part else str(sum(1 for s in sizes.values() if s > MANAGED)),
        str(len(known.larger)),
        counted(known.inexact.values()),
        str(len(answer.raised)),
        f"{answer.seconds:.2f}",
        f"{answer.slowest[0] * 1e3:,.0f} ms ({answer.slowest[1]})" if answer.slowest[1] else "",
    ]


def each_of_ours(bench: Bench, kind: str) -> tuple[Answer, Judged, float]:
    """Return what iamdsl makes of all documents, and the seconds that proving it takes."""
    slowest, proving, total = (0.0, ""), 0.0, 0.0
    made, unproved = {}, []
    for name, document in bench.documents.items():
        began = time.process_time()
        policy = from_json(document)
        small = fit_ours.smaller(policy, OURS[kind])
        made[name] = to_json(small)
        took = time.process_time() - began
        slowest = max(slowest, (took, name))
        total += took
        if kind == "lossless":
            if not fit_ours.is_proved(policy, small.statements):
                unproved.append(name)
            proving += time.process_time() - began - took
    answer = Answer(made, total, slowest, {})
    return answer, judged(bench, made)._replace(unproved=unproved), proving


def corpus(bench: Bench, larger_than_cdk: Path | None) -> None:
    """Print the first table, and what of ours is wrong."""
    rows, faults, cdk = [], [], None
    for what, made in (("as published", bench.given), ("without Sids", bench.documents)):
        rows.append(row(bench, what, Answer(dict(made), 0, (0, ""), {}), Judged({}, [], {}))[:4])
    if bench.peers:
        try:
            cdk = bench.fetched.minimized_by_cdk(bench.documents)
            rows.append(row(bench, f"{CDK}, minimize", cdk, judged(bench, cdk.documents)))
        except NotFetchedError as why:
            rows.append(not_fetched(CDK, why))
        rows += _shrunk_by_npm(bench)
        mixed = list(bench.documents.items())
        random.Random(0).shuffle(mixed)  # noqa: S311
        for peer, version in PIP.items():
            try:
                found = bench.fetched.minimized_by(peer, mixed, fit_ours.actions(), bench.seconds)
                rows.append(row(bench, version, found, judged(bench, found.documents)))
            except NotFetchedError as why:
                rows.append(not_fetched(version, why))
    for kind in OURS:
        answer, known, proving = each_of_ours(bench, kind)
        rows.append(row(bench, f"**iamdsl, {kind}**", answer, known))
        faults += [f"{kind}: {name}: {found}" for name, found in known.inexact.items()]
        faults += [f"{kind}: {name} is larger by {more}" for name, more in known.larger.items()]
        if kind == "lossless":
            faults += [f"not proved: {name}" for name in known.unproved]
            rows.append(["- its proof", "", "", "", "", "", "", f"{proving:.2f}"])
            if cdk is not None:
                faults += _larger_than(cdk, answer, larger_than_cdk)
    head = "all AWS managed policies | characters | share | over 6,144 | larger than given | not exact | refused | CPU s | slowest"
    table(f"1  {len(bench.given):,} policies, each by itself", head, rows)
    for line in faults:
        print(f"! {line}")


def _shrunk_by_npm(bench: Bench) -> list[list[str]]:
    """Return the rows of the shrinker that is not published as a package (2026-11)."""
    try:
        bench.fetched.modules(SHRINK)
        return [
            [f"{what}: **fetched, but not driven here**"] for what in (SHRINK, f"CDK + {SHRINK}")
        ]
    except NotFetchedError as why:
        return [not_fetched(what, why) for what in (SHRINK, f"CDK + {SHRINK} + CDK")]


def _larger_than(cdk: Answer, ours: Answer, file: Path | None) -> list[str]:
    """Return a line on where the CDK does better; write those documents to a file."""
    sizes = {n: (_quoted(ours.documents[n]), _quoted(d)) for n, d in cdk.documents.items()}
    worse = sorted(((us - cdk, n) for n, (us, cdk) in sizes.items() if us > cdk), reverse=True)
    if file is not None:
        lines = [f"{more}\t{sizes[n][0]}\t{sizes[n][1]}\t{n}\n" for more, n in worse]
        file.write_text("more\tiamdsl\tcdk\tdocument\n" + "".join(lines), encoding="utf-8")
    return [f"{len(worse)} documents larger than the CDK's, by {sum(w for w, _ in worse):,}"]


def _quoted(document: Json) -> int:
    """Return the characters with quotes around the booleans; some of AWS's have none there."""
    return len(_BARE.sub(r'"\1"', text(document)))

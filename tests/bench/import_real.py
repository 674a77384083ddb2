"""Imports whole collections of policies: `python tests/bench/import_real.py [--jobs N] [FILE.json…]`.

Always all AWS managed policies that moto has; besides them files of JSON that are objects of
documents by name. Each document is imported, its source is compared with what `iamdsl fmt` makes
of it, built, and what was built is compared with the document, by sampling.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

sys.path.insert(0, str(Path(__file__).parent.parent))

from real_policies import Real, asked_for, managed_policies
from round_trip import round_trip

from iamdsl.diagnostics import Code, codes

if TYPE_CHECKING:
    from collections.abc import Sequence


class Outcome(NamedTuple):
    """What became of one document, in what can be sent from process to process.

    Attributes:
        difference: a sentence with the request, "" for none.
        seconds: of CPU, the comparison included.
        source, minified, pretty: characters, of documents that were not refused.
    """

    name: str
    refusal: str
    laid_out: bool
    too_large: bool
    difference: str
    seconds: float
    source: int
    minified: int
    pretty: int
    codes: tuple[str, ...]


def outcome(real: Real) -> Outcome:
    """Take one document through."""
    began = time.process_time()
    asked = asked_for(real.name, real.document)
    trip = round_trip(real.document, kind=asked.kind, target=asked.target)
    return Outcome(
        real.name,
        trip.refusal,
        trip.laid_out,
        trip.too_large,
        "" if trip.difference is None else str(trip.difference),
        time.process_time() - began,
        len(trip.source),
        len(json.dumps(real.document, separators=(",", ":"))),
        len(json.dumps(real.document, indent=2)),
        trip.codes,
    )


def rows(outcomes: Sequence[Outcome]) -> list[tuple[str, str]]:
    """Return the lines of a collection's table."""
    made = [o for o in outcomes if o.source]
    source = sum(o.source for o in made)
    return [
        ("documents", f"{len(outcomes):,}"),
        ("refused", f"{sum(1 for o in outcomes if o.refusal):,}"),
        ("differing", f"{sum(1 for o in outcomes if o.difference):,}"),
        ("changed by fmt", f"{sum(1 for o in outcomes if not o.laid_out):,}"),
        ("larger than a customer's may be", f"{sum(1 for o in outcomes if o.too_large):,}"),
        ("seconds of CPU", f"{sum(o.seconds for o in outcomes):,.1f}"),
        ("seconds of the slowest", f"{max(o.seconds for o in outcomes):,.1f}"),
        ("characters of source", f"{source:,}"),
        ("per character of minified JSON", f"{source / sum(o.minified for o in made):.3f}"),
        ("per character of JSON, indent 2", f"{source / sum(o.pretty for o in made):.3f}"),
    ]


def show(title: str, outcomes: Sequence[Outcome]) -> None:
    """Print a collection's table, and what was refused, differs or was warned of."""
    print(f"\n{title}")
    for name, figure in rows(outcomes):
        print(f"  {name:<40}{figure:>12}")
    reasons: dict[str, list[str]] = {}
    for o in outcomes:
        if o.refusal:
            reasons.setdefault(o.refusal, []).append(o.name)
    for refusal, names in sorted(reasons.items()):
        print(f"  refused: {refusal}\n    {', '.join(names[:3])}" + f" ({len(names)})")
    for o in outcomes:
        if o.difference:
            print(f"  differs: {o.name}\n    {o.difference}")
        if not o.laid_out:
            print(f"  not as fmt writes it: {o.name}")
    found = Counter(code for o in outcomes for code in o.codes)
    known = {c.number: c.name for c in vars(codes).values() if isinstance(c, Code)}
    for code, count in found.most_common():
        having = sum(1 for o in outcomes if code in o.codes)
        print(f"  warned: {code} {known[code]}, {count:,} times in {having:,} documents")


def main() -> None:
    """Run all of it and print the tables; exit with 1 where anything differs."""
    reader = argparse.ArgumentParser(description=__doc__)
    reader.add_argument("files", nargs="*", type=Path, metavar="FILE.json")
    reader.add_argument("--jobs", type=int, default=1, help="processes")
    reader.add_argument("--only-files", action="store_true", help="no AWS managed policies")
    reader.add_argument("--most", type=int, help="documents of each collection, for a first look")
    arguments = reader.parse_args()
    most: int | None = arguments.most
    collections = {} if arguments.only_files else {"AWS managed policies": managed_policies()}
    for path in arguments.files:
        collections[path.stem] = json.loads(path.read_text(encoding="utf-8"))
    every: list[Outcome] = []
    with ProcessPoolExecutor(arguments.jobs) as pool:
        for title, documents in collections.items():
            reals = [Real(*pair) for pair in sorted(documents.items())][:most]
            outcomes = list(pool.map(outcome, reals, chunksize=8))
            show(title, outcomes)
            every += outcomes
    if len(collections) > 1:
        print("\nAll")
        for name, figure in rows(every):
            print(f"  {name:<40}{figure:>12}")
    if any(o.difference or not o.laid_out for o in every):
        sys.exit(1)


if __name__ == "__main__":
    main()

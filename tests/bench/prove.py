"""How fast policies are compared: `python tests/bench/prove.py [--quick] [--wheels DIR] [--only abcde]`.

  a  each AWS managed policy that moto has with what `fit.minimize` makes of it
  b  consecutive versions of AWS managed policies, from wheels of moto that pip fetches
  c  unions of a hundred policies with what `fit.minimize` makes of them
  d  the share of a build's time that proving takes
  e  policyglass 0.8.0 on the questions of b, where pip can fetch it

Times are of CPU, on one core. Those of a machine say little elsewhere, so that what can be is a
ratio within one run, of things that took turns.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile
from collections import Counter, defaultdict
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

sys.path.insert(0, str(Path(__file__).parent.parent))

import attrs
from real_policies import managed_policies
from sources import project

from iamdsl import prove
from iamdsl.aws import Catalogue
from iamdsl.fit import minimize
from iamdsl.iam import Policy, from_json
from iamdsl.prove import Permissions, _verbs
from iamdsl.resources import open_catalogue

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from iamdsl.iam import Statement
    from iamdsl.prove import Answer

ROOT = Path(__file__).parent.parent.parent
RELEASES = "2.3.2 3.1.19 4.0.13 4.1.15 4.2.14 5.0.9 5.0.18 5.0.28 5.1.4 5.1.11 5.1.22 5.2.5"
MEDIAN = 10.0
"""Milliseconds that the median of a and b should be below."""
SLOW = 5.0
"""Seconds that no answer should take."""
SHARE = 0.5
"""The part of a build that proving should be below."""
PEER = ["policyglass==0.8.0", "pydantic<2"]
PEER_RUNNER = """
import json, signal, sys, time
from policyglass import Policy, policy_shards_effect
class Late(Exception): pass
def late(*_): raise Late
signal.signal(signal.SIGALRM, late)
def allowed(document): return policy_shards_effect(Policy(**document).policy_shards)
def within(some, others): return all(any(a.issubset(b) for b in others) for a in some)
for line in open(sys.argv[1], encoding="utf-8"):
    one, other = json.loads(line)
    began = time.process_time()
    signal.alarm(20)
    try:
        first, second = allowed(one), allowed(other)
        said = [within(first, second), within(second, first)]
    except Late:
        said = "over 20 s"
    except Exception as why:
        said = type(why).__name__
    signal.alarm(0)
    print(json.dumps([time.process_time() - began, said]), flush=True)
"""

catalogue = Catalogue(open_catalogue())


class Pair(NamedTuple):
    """Two versions of a policy, as documents."""

    name: str
    before: dict[str, Any]
    after: dict[str, Any]


class Table:
    """Answers with their times; what is unknown or slow is told by name."""

    def __init__(self, what: str, *, wanted: str | None = None) -> None:
        self.what, self.wanted = what, wanted
        self.times: list[float] = []
        self.verdicts: Counter[str] = Counter()
        self.slowest = (0.0, "")
        self.odd: list[str] = []

    def ask(self, name: str, verb: Callable[[Any, Any, Catalogue], Answer], *sides: Any) -> None:
        """Ask a question about two sides, and note what came of it."""
        first, second = sides
        began = time.process_time()
        answer = verb(first, second, catalogue)
        took = time.process_time() - began
        self.times.append(took)
        self.slowest = max(self.slowest, (took, name))
        self.verdicts[answer.verdict] += 1
        if (
            answer.verdict == "unknown"
            or took > SLOW
            or answer.verdict not in (self.wanted or answer.verdict)
        ):
            self.odd.append(f"{name}: {answer.verdict} in {took:.2f} s {answer.reason}")

    def show(self) -> None:
        """Print a line of figures, and what was odd."""
        if not self.times:
            return
        ordered = sorted(self.times)
        near = ordered[min(len(ordered) - 1, len(ordered) * 99 // 100)]
        print(
            f"  {self.what:<44} median {statistics.median(ordered) * 1e3:7.2f} ms"
            f"  p99 {near * 1e3:8.1f} ms  max {ordered[-1] * 1e3:8.1f} ms ({self.slowest[1]})"
            f"  {dict(sorted(self.verdicts.items()))}"
        )
        for line in self.odd:
            print(f"    ! {line}")


def minimized(most: int | None) -> None:
    """Compare managed policies with what `minimize` makes of them, with and without the rows."""
    quick = Table(f"equivalent  (wanted: median under {MEDIAN:g} ms)", wanted="yes")
    cells = Table("by the cells alone", wanted="yes")
    fitting = 0.0
    for name, document in list(managed_policies().items())[:most]:
        given = from_json(document)
        began = time.process_time()
        made = minimize(given, sids="drop").statements
        fitting += time.process_time() - began
        sides = given.statements, made
        quick.ask(name, prove.equivalent, *sides)
        cells.ask(name, _by_cells, *sides)
    print(f"\na  {len(quick.times):,} AWS managed policies, with what `fit.minimize` makes of them")
    quick.show()
    cells.show()
    print(
        f"  proving takes {sum(quick.times) / fitting:.2f} of the time of minimizing,"
        f" the cells alone {sum(cells.times) / fitting:.2f}"
    )


def _by_cells(first: Sequence[Statement], second: Sequence[Statement], known: Catalogue) -> Answer:
    one, other = (Permissions((tuple(statements),)) for statements in (first, second))
    return _verbs._answer("equivalent", one, other, known)


def versions(wheels: Path) -> list[Pair]:
    """Return each managed policy of releases of moto with the version that comes after it."""
    history: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for version in RELEASES.split():
        if not list(wheels.glob(f"moto-{version}-*.whl")):
            command = [
                sys.executable,
                "-m",
                "pip",
                "download",
                "-q",
                "--no-deps",
                f"moto=={version}",
            ]
            subprocess.run(command, check=True, cwd=wheels, stderr=subprocess.DEVNULL)
        for name, document in _documents(next(wheels.glob(f"moto-{version}-*.whl"))):
            if not history[name] or history[name][-1] != document:
                history[name].append(document)
    return [
        Pair(name, before, after)
        for name, documents in history.items()
        for before, after in pairwise(documents)
    ]


def _documents(wheel: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    with zipfile.ZipFile(wheel) as packed:
        text = packed.read("moto/iam/aws_managed_policies.py").decode()
    # The module is one long text: that of a JSON object.
    found = re.search(r'aws_managed_policies_data = """\n?(.*)"""', text, re.DOTALL)
    assert found, wheel
    for name, policy in json.loads(found[1]).items():
        yield name, policy["Document"]


def compared(pairs: Sequence[Pair]) -> None:
    """Compare versions: are they the same, and does either allow no more than the other."""
    table = Table(f"equivalent  (wanted: median under {MEDIAN:g} ms)")
    forth, back = Table("the older allows no more: implies"), Table("the newer allows no more")
    unread = 0
    for name, before, after in pairs:
        try:
            one, other = from_json(before).statements, from_json(after).statements
        except ValueError:
            unread += 1
            continue
        left, right = Permissions((one,)), Permissions((other,))
        table.ask(name, prove.equivalent, one, other)
        forth.ask(name, prove.implies, left, right)
        back.ask(name, prove.implies, right, left)
    print(
        f"\nb  {len(table.times):,} pairs of versions of managed policies ({unread} are no policies)"
    )
    for each in (table, forth, back):
        each.show()


def unions(number: int) -> None:
    """Compare unions of a hundred policies with what `minimize` makes of them."""
    documents = managed_policies()
    texts = {name: json.dumps(document) for name, document in documents.items()}
    # A deny of all but a few actions hides whatever else there is.
    small = [n for n, t in sorted(texts.items()) if len(t) <= 6144 and "NotAction" not in t]
    table = Table("equivalent", wanted="yes")
    cells = Table("by the cells alone", wanted="yes")
    lost = Table("one statement less, noticed", wanted="no")
    fitting = 0.0
    for seed in range(number):
        choice = random.Random(seed)  # noqa: S311
        names = choice.sample(small, 100)
        given = tuple(
            attrs.evolve(s, sid=None) for n in names for s in from_json(documents[n]).statements
        )
        began = time.process_time()
        made = minimize(Policy(given), sids="drop").statements
        fitting += time.process_time() - began
        less = choice.sample(made, len(made) - 1)
        name = f"union {seed} of {len(given)} statements"
        table.ask(name, prove.equivalent, given, made)
        cells.ask(name, _by_cells, given, made)
        lost.ask(name, prove.equivalent, given, less)
    print(f"\nc  {number} unions of 100 policies, with what `fit.minimize` makes of them")
    for each in (table, cells, lost):
        each.show()
    print(f"  proving takes {sum(table.times) / fitting:.2f} of the time of minimizing")


def builds(folder: Path, rounds: int) -> None:
    """Measure whole builds with the proof and without it."""
    cases = sorted(path.parent for path in (ROOT / "examples").glob("*/iamdsl.toml"))
    made = folder / "generated"
    project(made, 10, 100)
    print(f"\nd  `iamdsl build`, cold: the part of it that is proving  (wanted: under {SHARE:g})")
    for case in [*cases, made]:
        there = case if case == made else folder / case.name
        if case != made:
            shutil.copytree(case, there, ignore=shutil.ignore_patterns("build"))
        with_proof: list[float] = []
        without: list[float] = []
        failed = ""
        for turn in range(rounds + 1):
            for options, times in (([], with_proof), (["--no-prove"], without)):
                seconds, message = _build(there, folder / "cache", options)
                failed = failed or message
                if turn:  # the first turn fills the caches of the disk
                    times.append(seconds)
        if failed:
            print(f"  {case.name:<24} skipped: {failed}")
            continue
        proved, plain = statistics.median(with_proof), statistics.median(without)
        print(
            f"  {case.name:<24} {max(0.0, 1 - plain / proved):6.1%}"
            f"   ({proved * 1e3:6.0f} ms with, {plain * 1e3:6.0f} ms without)"
        )


def _build(folder: Path, cache: Path, options: list[str]) -> tuple[float, str]:
    """Return CPU seconds of a build from nothing but tables, and what it says if it fails."""
    shutil.rmtree(folder / "build", ignore_errors=True)
    for record in (cache / "iamdsl").glob("build-*"):
        record.unlink()
    with tempfile.TemporaryFile() as messages:
        process = subprocess.Popen(
            [sys.executable, "-m", "iamdsl", "build", str(folder), *options],
            env={**os.environ, "XDG_CACHE_HOME": str(cache), "PYTHONPATH": str(ROOT)},
            stdout=messages,
            stderr=messages,
        )
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        messages.seek(0)
        said = messages.read().decode().strip().splitlines()
    return usage.ru_utime + usage.ru_stime, (said or ["?"])[0] if process.returncode else ""


def peer(pairs: Sequence[Pair], folder: Path) -> None:
    """Let policyglass say of versions whether either allows no more, as `implies` does."""
    print(f"\ne  {PEER[0]}: whether either version allows no more than the other")
    site = folder / "site"
    command = [sys.executable, "-m", "pip", "install", "-q", "--target", str(site), *PEER]
    if subprocess.run(command, check=False, capture_output=True).returncode:
        print("  NOT COMPARED: pip cannot fetch it here")
        return
    (folder / "run.py").write_text(PEER_RUNNER)
    lines = "".join(json.dumps([pair.before, pair.after]) + "\n" for pair in pairs)
    (folder / "pairs.jsonl").write_text(lines)
    done = subprocess.run(
        [sys.executable, str(folder / "run.py"), str(folder / "pairs.jsonl")],
        env={**os.environ, "PYTHONPATH": str(site)},
        capture_output=True,
        check=True,
        encoding="utf-8",
    )
    theirs, ours, said = [], [], Counter[str]()
    for pair, line in zip(pairs, done.stdout.splitlines(), strict=True):
        seconds, answers = json.loads(line)
        one, other = (Permissions((from_json(d).statements,)) for d in pair[1:])
        began = time.process_time()
        found = [prove.implies(*sides, catalogue).verdict for sides in ((one, other), (other, one))]
        if isinstance(answers, str):
            said[answers] += 1
            continue
        ours.append(time.process_time() - began)
        theirs.append(seconds)
        for wanted, answer in zip(found, answers, strict=True):
            said[f"{'yes' if answer else 'no'} where iamdsl says {wanted}"] += 1
    if theirs:
        print(
            f"  median {statistics.median(theirs) * 1e3:.1f} ms, iamdsl {statistics.median(ours) * 1e3:.1f} ms;"
            f" together {sum(theirs) / sum(ours):.1f} times the time of iamdsl"
        )
    print(f"  {dict(sorted(said.items()))}")


def main() -> None:
    """Run what is asked for and print the tables."""
    reader = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "")
    reader.add_argument("--quick", action="store_true", help="fewer policies and turns")
    reader.add_argument("--wheels", type=Path, help="a folder that keeps the wheels of moto")
    reader.add_argument("--only", default="abcde", help="letters of the tables")
    given = reader.parse_args()
    quick: bool = given.quick
    with tempfile.TemporaryDirectory(prefix="iamdsl-bench-") as name:
        folder = Path(name)
        wheels = folder if given.wheels is None else given.wheels
        pairs = versions(wheels) if set(given.only) & {"b", "e"} else []
        if "a" in given.only:
            minimized(200 if quick else None)
        if "b" in given.only:
            compared(pairs[:300] if quick else pairs)
        if "c" in given.only:
            unions(2 if quick else 6)
        if "d" in given.only:
            builds(folder, 1 if quick else 5)
        if "e" in given.only:
            peer(random.Random(0).sample(pairs, 30 if quick else 200), folder)  # noqa: S311


if __name__ == "__main__":
    main()

"""How fast policies are reviewed, and what is said of them: `python tests/bench/review.py [FOLDER...]`.

All AWS managed policies that moto has are written to a folder, a file each, and reviewed by one
`iamdsl check` with every rule on (`--preset strict`), and by parliament 1.6.4 with the same JSON in
one process. The two take turns; what counts is the median of their CPU time, start-up included.
Below that: how many findings there are of each code, for these and for each FOLDER of documents.
Last, the same review in this process, rule by rule.
"""

from __future__ import annotations

import gc
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

from importlib import import_module

from real_policies import managed_policies
from reviews import CATALOGUE

from iamdsl import iam, lint
from iamdsl.aws.limits import LIMITS
from iamdsl.diagnostics import Report
from iamdsl.lift import Estate, formats
from iamdsl.source import Source

ROUNDS = 3
AIM = 1 / 3
"""The part of parliament's time that a review should take at most."""
MOST_ERRORS = 100
"""The most errors on AWS's own policies, but for sizes."""
PARLIAMENT = """
import json, sys, pathlib, warnings
warnings.simplefilter("ignore")
import parliament
found = 0
for path in sorted(pathlib.Path(sys.argv[1]).glob("*.json")):
    try:
        policy = parliament.analyze_policy_string(path.read_text())
    except Exception:
        continue
    found += len(policy.findings)
print(found)
"""


def written(folder: Path) -> Path:
    """Write each managed policy to a file; return the folder."""
    for name, document in managed_policies().items():
        path = folder / f"{name.replace('/', '_')}.json"
        path.write_text(json.dumps(document, indent=2), encoding="utf-8")
    return folder


BYTECODE = tempfile.TemporaryDirectory()
"""Where Python keeps its byte code, as it does for what is installed."""
ENVIRONMENT = {n: v for n, v in os.environ.items() if n != "PYTHONDONTWRITEBYTECODE"} | {
    "PYTHONPYCACHEPREFIX": BYTECODE.name
}


def cpu(command: list[str]) -> tuple[float, str]:
    """Return CPU seconds of a command, and what it printed."""
    with tempfile.TemporaryFile() as out:
        process = subprocess.Popen(command, env=ENVIRONMENT, stdout=out, stderr=subprocess.DEVNULL)
        _, _, usage = os.wait4(process.pid, 0)
        process.returncode = 0
        out.seek(0)
        return usage.ru_utime + usage.ru_stime, out.read().decode()


def ours(folder: Path) -> list[str]:
    """Return the command that reviews a folder with every rule on."""
    program = "import sys; sys.argv[0] = 'iamdsl'; from iamdsl.cli import main; main()"
    check = ["check", str(folder), "--preset", "strict", "--output-format", "json"]
    return [sys.executable, "-c", program, *check]


def count(folder: Path) -> tuple[Counter[str], Counter[str]]:
    """Return how many findings there are by code, and how many by severity but for sizes."""
    found: list[dict[str, Any]] = json.loads(cpu(ours(folder))[1])["diagnostics"]
    levels = Counter(d["severity"] for d in found if d["code"] != "IAM301")
    return Counter(f"{d['code']} {d['name']}" for d in found), levels


def rules(folder: Path) -> None:
    """Print the milliseconds of each rule over all documents of a folder."""
    gc.disable()  # as the command line does
    report, builds = Report(), []
    for path in sorted(folder.rglob("*.json")):
        source = Source(path.name, path.read_text(encoding="utf-8"))
        found = formats.read_loose(source, path.stem, Report())
        if isinstance(found, Estate):
            builds.append(found.build)
    whole = lint.settled(
        iam.Build(
            tuple(d for b in builds for d in b.documents),
            tuple(i for b in builds for i in b.identities),
        )
    )
    items = lint.items_of(whole, written=False)
    world = lint.World(items, whole, CATALOGUE, LIMITS, {}, lambda _: True, whole=False)
    for rule in lint.RULES:
        check = import_module(f"iamdsl.lint.{rule.module}").check
        before, began = len(report.diagnostics), time.process_time()
        check(world, report)
        took = (time.process_time() - began) * 1000
        print(f"  {rule.module:24} {took:8.0f} ms {len(report.diagnostics) - before:6} findings")


def main() -> None:
    """Measure, and print."""
    with tempfile.TemporaryDirectory() as place:
        folder = written(Path(place))
        times: dict[str, list[float]] = {"iamdsl": [], "parliament": []}
        theirs = [sys.executable, "-c", PARLIAMENT, str(folder)]
        cpu(ours(folder))  # this writes the byte code
        for _ in range(ROUNDS):
            times["iamdsl"].append(cpu(ours(folder))[0])
            seconds, said = cpu(theirs)
            times["parliament"].append(seconds)
        mine, peer = (statistics.median(times[who]) for who in ("iamdsl", "parliament"))
        number = len(list(folder.iterdir()))
        print(f"{number} AWS managed policies, CPU seconds of one process")
        print(f"  iamdsl check --preset strict  {mine:6.2f}")
        print(f"  parliament                    {peer:6.2f}  ({said.strip()} findings)")
        print(f"  ratio {mine / peer:.2f}, aim {AIM:.2f}")
        for name, where in [
            ("AWS managed policies", folder),
            *((p, Path(p)) for p in sys.argv[1:]),
        ]:
            found, levels = count(where)
            print(
                f"\n{name}: {dict(levels)} but for sizes (aim for errors on AWS's: {MOST_ERRORS})"
            )
            for code, times_found in sorted(found.items()):
                print(f"  {times_found:6}  {code}")
        print("\nrule by rule, in one process")
        rules(folder)


if __name__ == "__main__":
    main()

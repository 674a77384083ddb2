"""Measures iamdsl: `python tests/bench/run.py [--quick] [--python VENV/bin/python]`.

Machines differ and are shared, so that every figure is a ratio within one run: the things compared
take turns, each is run several times in a process of its own, and what counts is the median of its
CPU time, user and system. The unit is `python -c 'import json'` by the same interpreter: with
`--python`, that of a clean environment, since a crowded one (the extra `dev`) costs each import.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from sources import project

ROOT = Path(__file__).parent.parent.parent
EXAMPLE = ROOT / "examples" / "one-table"
MAX_START = 7.0
MAX_SLOPE = 1.3
MAX_MEMORY_MB = 400.0
# Lark imports the packages `regex` and `interegular` where they are installed. Users of iamdsl do not
# have them; here the extra `dev` brings them along, so that they are hidden.
_HIDE = "import sys; sys.modules['regex'] = sys.modules['interegular'] = None; "


class Bench:
    """Runs commands in a world of their own: a cache folder, byte code kept, no colours."""

    def __init__(self, folder: Path, python: str) -> None:
        self.folder, self.python = folder, python
        self.iamdsl = [python, "-c", _HIDE + "from iamdsl.cli import main; main()"]
        self.cache = folder / "cache"
        self.environment = {
            name: value
            for name, value in os.environ.items()
            if name not in {"PYTHONDONTWRITEBYTECODE", "PYTHONPATH"}
        } | {"XDG_CACHE_HOME": str(self.cache), "PYTHONPYCACHEPREFIX": str(folder / "bytecode")}

    def run(self, command: list[str]) -> tuple[float, float]:
        """Return CPU seconds and peak memory in MB of a command."""
        with open(os.devnull, "wb") as null:  # a device
            process = subprocess.Popen(
                command, env=self.environment, cwd=self.folder, stdout=null, stderr=subprocess.PIPE
            )
            assert process.stderr is not None
            messages = process.stderr.read()
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            process.stderr.close()
        if process.returncode:
            sys.exit(f"{' '.join(command)} failed:\n{messages.decode()}")
        scale = 1 if sys.platform == "darwin" else 1024
        return usage.ru_utime + usage.ru_stime, usage.ru_maxrss * scale / 1e6

    def forget_builds(self) -> None:
        """Remove the records of builds, so that the next one compiles; tables stay."""
        for record in (self.cache / "iamdsl").glob("build-*"):
            record.unlink()


def start_up(bench: Bench, rounds: int) -> None:
    """Print the CPU of short commands as multiples of `import json`."""
    example = bench.folder / "one-table"
    shutil.copytree(EXAMPLE, example, ignore=shutil.ignore_patterns("build"))
    build = [*bench.iamdsl, "build", str(example)]

    def cold() -> None:
        bench.forget_builds()
        shutil.rmtree(example / "build", ignore_errors=True)

    def first() -> None:
        cold()
        shutil.rmtree(bench.cache, ignore_errors=True)

    cases: dict[str, tuple[list[str], Any]] = {
        "python -c 'import json'": ([bench.python, "-c", "import json"], None),
        "python -c 'import attrs, click, lark'": (
            [bench.python, "-c", _HIDE + "import attrs, click, lark"], None),
        "iamdsl --version": ([*bench.iamdsl, "--version"], None),
        "iamdsl explain IAM201": ([*bench.iamdsl, "explain", "IAM201"], None),
        "iamdsl build, first run ever": (build, first),
        "iamdsl build, cold": (build, cold),
        "iamdsl build, unchanged": (build, None),
        "iamdsl check": ([*bench.iamdsl, "check", str(example)], None),
    }  # fmt: skip
    times: dict[str, list[float]] = {name: [] for name in cases}
    memory: dict[str, float] = dict.fromkeys(cases, 0.0)
    for turn in range(rounds + 1):
        for name, (command, prepare) in cases.items():
            if prepare is not None:
                prepare()
            seconds, peak = bench.run(command)
            if turn:  # the first turn fills the disk's cache and the byte code
                times[name].append(seconds)
                memory[name] = max(memory[name], peak)
    unit = statistics.median(times["python -c 'import json'"])
    print(f"\nOne table, median of {rounds} turns; 1 = {unit * 1000:.1f} ms of CPU")
    for name, found in times.items():
        middle = statistics.median(found)
        low, high = min(found) / unit, max(found) / unit
        note = f"  (wanted: at most {MAX_START:g})" if name == "iamdsl build, cold" else ""
        print(
            f"  {name:<40}{middle / unit:7.2f}   {low:5.2f}-{high:5.2f}  {memory[name]:5.0f} MB{note}"
        )


def size(bench: Bench, rounds: int) -> None:
    """Print what a statement costs in a large project as a multiple of that in a small one."""
    shapes = {"1,000 statements in 10 files": 10, "10,000 statements in 100 files": 100}
    times: dict[str, list[float]] = {name: [] for name in shapes}
    peaks: dict[str, float] = dict.fromkeys(shapes, 0.0)
    folders = {}
    for name, files in shapes.items():
        folders[name] = bench.folder / f"files-{files}"
        project(folders[name], files, 100)
    for _ in range(rounds):
        for name in shapes:
            bench.forget_builds()
            shutil.rmtree(folders[name] / "build", ignore_errors=True)
            seconds, peak = bench.run([*bench.iamdsl, "build", str(folders[name])])
            times[name].append(seconds)
            peaks[name] = max(peaks[name], peak)
    each = {name: statistics.median(found) / (shapes[name] * 100) for name, found in times.items()}
    print(f"\nSize, median of {rounds} turns")
    for name, cost in each.items():
        print(f"  {name:<40}{cost * 1e6:7.0f} µs a statement  {peaks[name]:5.0f} MB")
    small, large = each.values()
    print(f"  {'a statement costs':<40}{large / small:7.2f} times  (wanted: at most {MAX_SLOPE:g})")
    print(f"  {'peak memory':<40}{max(peaks.values()):7.0f} MB  (wanted: under {MAX_MEMORY_MB:g})")


def stages(folder: Path) -> None:
    """Print what each pass takes of a project of 1,000 statements, and the parser's speed."""
    from iamdsl import compiler, emit
    from iamdsl.diagnostics import Report
    from iamdsl.project import Options, load_project, making
    from iamdsl.source import Source
    from iamdsl.syntax import parse, parser

    spent: dict[str, float] = {}

    def timed(name: str, function: Any) -> Any:
        def call(*arguments: Any, **more: Any) -> Any:
            began = time.process_time()
            try:
                return function(*arguments, **more)
            finally:
                spent[name] = spent.get(name, 0.0) + time.process_time() - began

        return call

    texts = [path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.iam"))]
    parse(Source("warm.iam", texts[0]), Report())
    assert parser._engines  # warm
    speeds = []
    for _ in range(3):
        began = time.process_time()
        for text in texts:
            parse(Source("bench.iam", text), Report())
        speeds.append(time.process_time() - began)
    characters = sum(map(len, texts))

    kept: list[tuple[Any, str, Any]] = []
    passes = (
        "load resolve check_params expand check_grants assemble check_resolved fit check_references"
    )
    for name in passes.split():
        if hasattr(compiler, name):
            kept.append((compiler, name, getattr(compiler, name)))
            setattr(compiler, name, timed(name, getattr(compiler, name)))
    kept.append((emit, "emit", emit.emit))
    emit.emit = timed("emit", emit.emit)
    began = time.process_time()
    outcome = making.make(load_project([str(folder)], Options()), "", write=False)
    total = time.process_time() - began
    assert not outcome.failed
    for module, name, function in kept:
        setattr(module, name, function)

    print(f"\nStages, {len(texts) * 100:,} statements in {len(texts)} files, in process")
    for name, seconds in spent.items():
        print(f"  {name:<40}{seconds / total:7.1%}  {seconds * 1000:7.0f} ms")
    rest = total - sum(spent.values())
    print(f"  {'the rest':<40}{rest / total:7.1%}  {rest * 1000:7.0f} ms")
    speed = characters / statistics.median(speeds) / 1e6
    print(f"  {'parser alone':<40}{speed:7.2f} MB/s of {characters / 1e6:.2f} MB")


def main() -> None:
    """Run all of it and print the tables."""
    reader = argparse.ArgumentParser(description=__doc__)
    reader.add_argument("--quick", action="store_true", help="fewer turns")
    reader.add_argument(
        "--python",
        default=sys.executable,
        help="of an environment that has iamdsl as users have it",
    )
    arguments = reader.parse_args()
    quick: bool = arguments.quick
    with tempfile.TemporaryDirectory(prefix="iamdsl-bench-") as name:
        bench = Bench(Path(name), arguments.python)
        start_up(bench, 3 if quick else 9)
        size(bench, 1 if quick else 3)
        os.environ["XDG_CACHE_HOME"] = str(bench.cache)
        stages(bench.folder / "files-10")


if __name__ == "__main__":
    main()

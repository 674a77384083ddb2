"""What import is to read: files, the files of folders, stdin; each with a name for what it holds."""

from __future__ import annotations

import os
import re
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from iamdsl.project import loading
from iamdsl.project.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Sequence

    from iamdsl.diagnostics import Report
    from iamdsl.source import Source

SUFFIXES = (".json", ".yaml", ".yml", ".template", ".tf")
"""How the names of files end that are looked at in a folder."""

MAX_BYTES = 64 * 1024 * 1024
"""The largest file that is read: `get-account-authorization-details` of large accounts."""


class Input(NamedTuple):
    """Sources that are read together: one file, or the `.tf` files of a folder."""

    name: str
    sources: tuple[Source, ...]
    named: bool


def gather(
    paths: Sequence[str], stdin: bytes | None, report: Report
) -> tuple[list[Input], list[str]]:
    """Return what the paths name, read; and the files of folders that were left aside."""
    named: list[tuple[str, bool]] = []
    for path in paths:
        if path == "-" or not os.path.isdir(path):
            named.append((path, True))
        else:
            named += [(inner, False) for inner in _inside(path)]
    ignored: list[str] = []
    inputs: list[Input] = []
    modules: dict[str, list[Source]] = {}
    for path, explicit in dict(named).items():
        source = _source(path, stdin)
        if isinstance(source, Problem):
            if explicit:
                report.extend([source.diagnostic()])
            else:
                ignored.append(path)
        elif path.endswith(".tf"):
            modules.setdefault(os.path.dirname(path), []).append(source)
        else:
            inputs.append(Input(_stem(path), (source,), explicit))
    for folder, sources in modules.items():
        explicit = any(dict(named).get(s.name, True) for s in sources)
        whole = os.path.basename(os.path.abspath(folder or "."))
        name = _stem(sources[0].name) if len(sources) == 1 else word(whole)
        inputs.append(Input(name, tuple(sources), explicit))
    return _told_apart(inputs), ignored


def _told_apart(inputs: list[Input]) -> list[Input]:
    """Return the inputs, those of one name called by their folders too."""
    names = Counter(given.name.lower() for given in inputs)
    made = []
    for given in inputs:
        first = given.sources[0].name
        folder = "" if first.endswith(".tf") else os.path.basename(os.path.dirname(first))
        alone = names[given.name.lower()] == 1 or not folder
        made.append(given if alone else given._replace(name=word(f"{folder}-{given.name}")))
    return made


def _inside(folder: str) -> list[str]:
    """Return the files of a folder and those below it that may hold something of IAM's."""
    found = []
    for here, folders, files in os.walk(folder):
        folders[:] = sorted(f for f in folders if f[0] != "." and f != "node_modules")
        # Readers of SARIF and annotations of GitHub do not look for a file that begins with `./`.
        found += [
            os.path.join(here, f).removeprefix(f".{os.sep}")
            for f in sorted(files)
            if f.endswith(SUFFIXES) and f[0] != "."
        ]
    return found


def _source(path: str, stdin: bytes | None) -> Source | Problem:
    if path == "-":
        file: loading.File | Problem = loading.piped(stdin or b"", MAX_BYTES)
    else:
        file = loading.read(path, path.replace(os.sep, "/"), MAX_BYTES)
    return file if isinstance(file, Problem) else loading.decode(file)


def _stem(path: str) -> str:
    """Return a name for what a file holds: its own, without its ending."""
    base = "imported" if path == "-" else os.path.basename(path)
    return word(base.split(".", maxsplit=1)[0])


def word(text: str) -> str:
    """Return a text as a name of the language, as near to it as can be."""
    name = re.sub(r"[^A-Za-z0-9_-]+", "-", text).strip("-")
    return name if name[:1].isalpha() else f"policy-{name}".rstrip("-")

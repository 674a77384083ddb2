"""All targets of a build together: a folder each where there are several, and the manifest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from iamdsl.emit import json
from iamdsl.emit._manifest import MANIFEST, entry, manifest
from iamdsl.emit._resource_ids import refuse_doubles
from iamdsl.emit._targets import TARGETS, Emission, made_by

if TYPE_CHECKING:
    from collections.abc import Sequence

    from iamdsl.diagnostics import Report
    from iamdsl.emit._targets import Data, Facts
    from iamdsl.iam import Build


def emit(targets: Sequence[str], build: Build, facts: Facts, report: Report) -> Emission:
    """Return the files of a build for its targets; `manifest.json` is the last.

    One target is written at the top, of several each into a folder of its name.

    Args:
        targets: `json`, or of `TARGETS`; each once.
    """
    for target in targets:
        if target != "json" and target not in TARGETS:
            raise ValueError(f"no target {target!r}")
    deploys = any(target != "json" for target in targets)
    if deploys and refuse_doubles(build, facts.pseudo, report):
        targets = [target for target in targets if target == "json"]
    documents = json.emit(build, facts)
    files: dict[str, bytes] = {}
    entries: list[Data] = []
    orders: list[Data] = []
    for target in targets:
        folder = f"{target}/" if len(targets) > 1 else ""
        if target == "json":
            files |= {f"{folder}{name}": data for name, data in documents.files.items()}
            entries += [json.below(found, folder) for found in documents.entries]
            orders = [json.below(found, folder) for found in documents.orders]
            continue
        for file in made_by(target, build, facts, report):
            placed = file._replace(path=f"{folder}{file.path}")
            files[placed.path] = data = placed.text.encode("utf-8")
            entries.append(entry(placed, data, facts))
    files[MANIFEST] = manifest(targets, entries, orders, facts)
    return Emission(files, documents.artifacts)

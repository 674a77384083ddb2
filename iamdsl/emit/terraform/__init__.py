"""The target `terraform`: a module for each place, in HCL or JSON.

```
main.tf  variables.tf  outputs.tf  versions.tf      main.tf.json, as one file, of the form `json`
prod/main.tf …                                      for each account, by its name in the source
```
A module has no provider of its own: it is used as it is, or called by another one. Names of blocks
are made of names in AWS (`labels`), so that a build that changes nothing plans nothing.

`tree` is what is said, `hcl` and `tf_json` are how; all other files make the tree.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from iamdsl.emit._manifest import written as written_json
from iamdsl.emit._places import places
from iamdsl.emit._targets import File
from iamdsl.emit.terraform import hcl, tf_json
from iamdsl.emit.terraform.module import module

if TYPE_CHECKING:
    from iamdsl.diagnostics import Report
    from iamdsl.emit._targets import Facts
    from iamdsl.iam import Build

_HEADER = "Written by iamdsl: change its sources and build again, what is changed here gets lost."
_FILES = ("main", "variables", "outputs", "versions")
_RESERVED = frozenset(f"{name}.tf" for name in _FILES) | {"main.tf.json", "manifest.json"}


def emit(build: Build, facts: Facts, report: Report, form: str) -> list[File]:
    """Return the files of all places that have something in them.

    Args:
        form: `hcl`, `json`, or `documents` for HCL with policies as data sources.
    """
    files: list[File] = []
    for place in places(build, facts.pseudo, _RESERVED):
        made = module(place, facts, report, as_data=form == "documents")
        if not made:
            continue
        if form == "json":
            blocks = [block for name in _FILES for block in made[name]]
            text = written_json(tf_json.document(blocks, _HEADER), minify=facts.minify)
            path = f"{place.folder}main.tf.json"
            files.append(File(path, text.decode("ascii"), "module", place.account, place.build))
            continue
        for name in _FILES:
            if made[name]:
                held = place.build if name == "main" else None
                text_ = hcl.written(made[name], _HEADER)
                path = f"{place.folder}{name}.tf"
                files.append(File(path, text_, "module", place.account, held))
    return files

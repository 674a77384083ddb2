"""The targets `cdk` and `cdk-python`: a construct for each place, which an app of CDK makes.

One file holds a class; everything of the place is made by its constructor, in TypeScript or in
Python. CDK's own classes of the second level are used where they say exactly what was built;
where they would add, merge, sort or refuse something, the resource itself is told.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from iamdsl.emit._places import places
from iamdsl.emit._targets import File
from iamdsl.emit.cdk import _python, _typescript
from iamdsl.emit.cdk._resources import construct

if TYPE_CHECKING:
    from iamdsl.diagnostics import Report
    from iamdsl.emit._targets import Facts
    from iamdsl.iam import Build


def emit(build: Build, facts: Facts, report: Report, form: str) -> list[File]:
    """Return a file for each place with something in it.

    Args:
        form: `typescript` or `python`.
    """
    language, suffix = (_python, "py") if form == "python" else (_typescript, "ts")
    files = []
    for place in places(build, facts.pseudo):
        made = construct(place, facts, report)
        if made.steps:
            path = f"{place.folder}{language.file_stem(made)}.{suffix}"
            files.append(File(path, language.program(made), "module", place.account, place.build))
    return files

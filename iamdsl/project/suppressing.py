"""What is passed over of the findings of a run: by comments, by the configuration, by a baseline.

```
 findings ──comments──▶ ──[[lint.ignore]]──▶ ──baseline──▶ what is told, and what was in vain
```

What passes nothing over is told itself, but only by a run that would have found it: one that saw
all the files in question, looked for the codes, and came to its end.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from iamdsl.diagnostics import Report, Severity, codes
from iamdsl.project import discovery, loading
from iamdsl.project.config import FILE, Ignored, locate_entry
from iamdsl.project.inputs import SUFFIXES
from iamdsl.source import Source, Span

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from iamdsl.diagnostics import Code, Diagnostic
    from iamdsl.lint.suppressions import Allowance
    from iamdsl.project.config import Config

_NOT_LOOKED_FOR = ("IAM4", "IAM5", "IAM6")
"""Codes of guards and tests, of files, of imports: whether they come hangs on more than a check."""

_SOMETIMES = {
    codes.PINNED,
    codes.PLACED_ANEW,
    codes.DEPLOYMENT_GAP,
    codes.WILDCARD_GREW,
    codes.NOT_DEPLOYED,
}
"""Codes that hang on the lock file, on what was built before, and on what is built."""

_FOR_GOOD = ("IAM0", "IAM5", "IAM6", "IAM88", "IAM9")
"""Errors of these are about files and the run, not about policies."""

_MOST_FILES = 100_000

MARK = b"allow:"
"""What every text has that asks to pass something over."""


class Seen(NamedTuple):
    """What a run has looked at.

    Attributes:
        files: their names, as `name` makes them.
        name: leads from the name of a source in messages to one relative to the folder of the
            configuration; empty for what is no file of the project's.
        looked: whether a code was looked for.
        wanted: whether a code is to be told.
        documents: whether they are documents, and not sources with what they import.
        named: whether the command line named paths.
        complete: whether nothing has kept the run from finding all that there is.
    """

    files: frozenset[str]
    name: Callable[[str], str]
    looked: Callable[[Code], bool]
    wanted: Callable[[Code], bool]
    documents: bool = False
    named: bool = False
    complete: bool = True


def wanted(settings: Config) -> Callable[[Code], bool]:
    """Return what tells whether a code of the review is wanted, by preset and levels."""
    levels = dict(settings.levels)

    def on(code: Code) -> bool:
        level = levels.get(code.number)
        if level is not None:
            return level != "off"
        if not code.number.startswith("IAM8") or code.severity is Severity.ERROR:
            return True
        return settings.preset == "strict" or (settings.preset != "off" and not code.strict)

    return on


def looked_for(settings: Config, *, reviewed: bool) -> Callable[[Code], bool]:
    """Return what tells whether a run finds a code wherever it is to be found."""
    on = wanted(settings)
    skipped = _NOT_LOOKED_FOR if reviewed else (*_NOT_LOOKED_FOR, "IAM8")

    def looked(code: Code) -> bool:
        return on(code) and not code.number.startswith(skipped) and code not in _SOMETIMES

    return looked


def source_name(name: str) -> str:
    """Return the name of a project's source as paths have it; empty for a library's, and stdin."""
    return "" if name.startswith(("<", "@", "std/")) else name.removeprefix("./")


def heed_comments(
    found: Iterable[Diagnostic], own: Sequence[Source], imported: Iterable[loading.File], seen: Seen
) -> list[Diagnostic]:
    """Return findings without those that comments pass over, with remarks on the comments.

    Args:
        own: the sources of the project, whose comments have to be of use.
        imported: other files that may be sources, whose comments count as well.
    """
    from iamdsl.lint import suppressions  # noqa: PLC0415 (documents have no such comments)

    ours = tuple(_allowances(own))
    others = filter(None, (_source(file) for file in imported))
    kept, used = suppressions.heed(found, (*ours, *_allowances(others)))
    looked = seen.looked if seen.complete else _nothing
    remarks = [r for r in suppressions.remarks(ours, used, looked) if seen.wanted(r.code)]
    # A remark can itself be passed over, by a comment at the line of its comment.
    return kept + suppressions.heed(remarks, ours)[0]


def heed_settings(found: Iterable[Diagnostic], settings: Config, seen: Seen) -> list[Diagnostic]:
    """Return findings without those that `[[lint.ignore]]` passes over, with remarks on that."""
    if not settings.ignored:
        return list(found)
    kept, used = [], set()
    for diagnostic in found:
        hits = [e for e in settings.ignored if _is_ignored(diagnostic, e, seen)]
        used.update(hits)
        if not hits:
            kept.append(diagnostic)
    idle = [e for e in settings.ignored if e not in used and _looked_for(e, seen)]
    if idle and seen.wanted(codes.NEEDLESS_SUPPRESSION):
        files = sorted(_on_disk(settings.root) | seen.files)
        report = Report()
        for entry in idle:
            _judge(entry, files, settings, seen, report)
        kept += report.diagnostics
    return kept


def can_be_passed_over(code: Code, *, documents: bool) -> bool:
    """Tell whether settings and baselines may pass over a code: in documents errors as well.

    There an error can be that AWS has a name which our catalogue does not know yet.
    """
    if code.severity is not Severity.ERROR:
        return True
    return documents and not code.number.startswith(_FOR_GOOD)


def _allowances(sources: Iterable[Source]) -> Iterator[Allowance]:
    from iamdsl.lint import suppressions  # noqa: PLC0415 (see above)
    from iamdsl.syntax import parse  # noqa: PLC0415

    for source in sources:
        if suppressions.MARK.search(source.text):
            yield from suppressions.read(parse(source, Report()))


def _source(file: loading.File) -> Source | None:
    if MARK not in file.data or not file.name.endswith(discovery.SUFFIX):
        return None
    source = loading.decode(file)
    return source if isinstance(source, Source) else None


def _nothing(_: Code) -> bool:
    return False


def _is_ignored(diagnostic: Diagnostic, entry: Ignored, seen: Seen) -> bool:
    if diagnostic.code.number not in entry.codes or diagnostic.span is None:
        return False
    name = seen.name(diagnostic.span.source.name)
    return can_be_passed_over(diagnostic.code, documents=seen.documents) and _names(entry, name)


def _names(entry: Ignored, file: str) -> bool:
    """Tell whether an entry is about a file: by its path, by a folder of it, or by a pattern."""
    parts = file.split("/")
    return bool(file) and any(
        discovery.matches([p for p in path.split("/") if p not in {"", "."}], parts[:end])
        for path in entry.paths
        for end in range(1, len(parts) + 1)
    )


def _looked_for(entry: Ignored, seen: Seen) -> bool:
    """Tell whether a run would have found all that an entry is about."""
    named = [code for number in entry.codes if (code := codes.find(number)) is not None]
    return seen.complete and all(
        seen.looked(code) and can_be_passed_over(code, documents=seen.documents) for code in named
    )


def _judge(
    entry: Ignored, files: Sequence[str], settings: Config, seen: Seen, report: Report
) -> None:
    """Report an entry that passed nothing over, if the run saw every file that it is about."""
    about = {file for file in files if _names(entry, file)}
    if not about <= seen.files or (seen.named and not about):
        return
    names = " or ".join(f"`{code.name}`" for n in entry.codes if (code := codes.find(n)))
    message = f"there is no {names} in these files to pass over"
    if not about:
        message = f"there is no file {' or '.join(f'`{path}`' for path in entry.paths)}"
    number = settings.ignored.index(entry) + 1
    report.add(
        codes.NEEDLESS_SUPPRESSION,
        _entry_place(settings, number, seen),
        message,
        hint="remove the entry" if about else "mend `paths`, or remove the entry",
    )


def _entry_place(settings: Config, number: int, seen: Seen) -> Span | None:
    """Return where an entry of `[[lint.ignore]]` begins, from 1."""
    name = os.path.basename(settings.file)
    if seen.documents:  # whose names are relative to the current folder
        name = os.path.relpath(settings.file).replace(os.sep, "/")
    file = loading.read(settings.file, name)
    source = loading.decode(file) if isinstance(file, loading.File) else None
    if not isinstance(source, Source):
        return None
    prefix = "" if os.path.basename(settings.file) == FILE else "tool.iamdsl."
    return Span(source, *locate_entry(source.text, f"{prefix}lint.ignore", number))


def _on_disk(root: str) -> set[str]:
    """Return the sources and documents beneath a folder, relative to it."""
    found: set[str] = set()
    for here, folders, files in os.walk(root):
        folders[:] = [f for f in folders if f[0] != "." and f != "node_modules"]
        relative = os.path.relpath(here, root)
        base = "" if relative == "." else relative.replace(os.sep, "/") + "/"
        found |= {base + f for f in files if f.endswith((discovery.SUFFIX, *SUFFIXES))}
        if len(found) > _MOST_FILES:
            break
    return found

"""Making the fixes of diagnostics in the files that they are about.

```
 texts ──check──▶ fixes that do not overlap ──▶ new texts ──check──▶ … until none is left ──▶ files
```

**Invariants:** only texts that were given are changed, never what they import; a project without
errors has none after; files are written all or none, as they were read, with their modes.
"""

from __future__ import annotations

import json
import os
import stat
from typing import TYPE_CHECKING, NamedTuple

from iamdsl.diagnostics import Report, Severity, codes
from iamdsl.lint.surroundings import is_language
from iamdsl.project import check, reviewing
from iamdsl.project.loading import decode
from iamdsl.project.problem import Problem, reason
from iamdsl.project.writer import stage
from iamdsl.source import Source
from iamdsl.syntax import parse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from iamdsl.diagnostics import Diagnostic, Edit
    from iamdsl.project import Outcome, Project
    from iamdsl.project.reviewing import Documents
    from iamdsl.source import Span

ROUNDS = 10
"""After so many what is left is told: fixes that undo each other have no end."""

_MARK = b"\xef\xbb\xbf"


class Editable(NamedTuple):
    """A file that may be changed: its path, its bytes and its text."""

    path: str
    data: bytes
    text: str


class Subject(NamedTuple):
    """What is checked and mended.

    Attributes:
        files: by the names that messages have for them.
        check: checks them with other texts in their places.
    """

    files: Mapping[str, Editable]
    check: Callable[[Mapping[str, str]], Outcome]


class Change(NamedTuple):
    """A file with its text before and after."""

    name: str
    file: Editable
    after: str


class Mended(NamedTuple):
    """What mending came to.

    Attributes:
        outcome: of the check of the texts as they are then.
        changes: the files that are different, by name.
        fixed: how many findings were mended.
        taken_back: findings whose fix would have broken what was right.
    """

    outcome: Outcome
    changes: tuple[Change, ...]
    fixed: int
    taken_back: tuple[Diagnostic, ...]


def sources(project: Project) -> Subject:
    """Return the sources of a project as what can be mended; what came by stdin cannot."""
    files = {}
    for file in project.files:
        source = decode(file)
        if isinstance(source, Source) and file.path:
            files[file.name] = Editable(file.path, file.data, source.text)

    def again(texts: Mapping[str, str]) -> Outcome:
        changed = tuple(
            file._replace(data=texts[file.name].encode()) if file.name in texts else file
            for file in project.files
        )
        return check(project._replace(files=changed))

    return Subject(files, again)


def documents(loaded: Documents) -> Subject:
    """Return documents as what can be mended: those in JSON, which fixes are written for.

    A link in a folder leads to a file that nobody has named, and stays as it is.
    """
    files = {}
    for given in loaded.inputs:
        for source in given.sources:
            is_json = source.text.lstrip()[:1] in {"{", "["} and not source.name.startswith("<")
            if is_json and (given.named or not os.path.islink(source.name)):
                read = _read(source.name)
                if read is not None and read.text == source.text:
                    files[source.name] = read

    def again(texts: Mapping[str, str]) -> Outcome:
        inputs = tuple(
            given._replace(
                sources=tuple(Source(s.name, texts.get(s.name, s.text)) for s in given.sources)
            )
            for given in loaded.inputs
        )
        return reviewing.review_loaded(loaded._replace(inputs=inputs))

    return Subject(files, again)


def mend(subject: Subject, *, unsafe: bool = False) -> Mended:
    """Make the fixes of all that is found, and of what is found then; nothing is written.

    Args:
        unsafe: whether fixes that are guesses are made too.
    """
    texts = {name: file.text for name, file in subject.files.items()}
    outcome = subject.check({})
    seen = [texts]
    refused: dict[tuple[str, ...], Diagnostic] = {}
    fixed = 0
    for _ in range(ROUNDS):
        open_ = [
            d
            for d in outcome.diagnostics
            if d.fix is not None and (d.fix.safe or unsafe) and _key(d) not in refused
        ]
        chosen = _apart(open_, texts)
        made = _applied(texts, chosen)
        if not chosen or made in seen:
            break
        after = subject.check(made)
        if _is_broken(texts, outcome, made, after):
            chosen, made, after = _one_by_one(subject, texts, outcome, chosen)
            refused |= {_key(d): d for d in _apart(open_, texts) if d not in chosen}
        fixed += len(chosen)
        texts, outcome = made, after
        seen.append(texts)
    changes = tuple(
        Change(name, file, texts[name])
        for name, file in sorted(subject.files.items())
        if texts[name] != file.text
    )
    return Mended(outcome, changes, fixed, tuple(refused.values()))


def write(changes: Sequence[Change]) -> list[Problem]:
    """Put changed texts in the places of their files, all or none; return what went wrong."""
    for change in changes:
        now = _read(change.file.path)
        if now is None or now.data != change.file.data:
            return [_unwritable(change.name, "it was changed meanwhile")]
        if not os.access(os.path.realpath(change.file.path), os.W_OK):
            return [_unwritable(change.name, "permission denied")]
    targets = [os.path.realpath(change.file.path) for change in changes]
    try:
        staged = stage(zip(targets, map(_bytes, changes), strict=True))
        try:
            for temporary, target in staged.files:
                os.chmod(temporary, stat.S_IMODE(os.stat(target).st_mode))
            for temporary, target in staged.files:
                os.replace(temporary, target)
        except OSError:
            staged.take_away()
            raise
    except OSError as error:
        return [_unwritable(changes[0].name, reason(error))]
    return []


def is_readable(name: str, text: str) -> bool:
    """Tell whether a source parses, or a document is JSON."""
    if is_language(Source(name, "")):
        report = Report()
        parse(Source(name, text), report)
        return not report.failed
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _read(path: str) -> Editable | None:
    try:
        with open(path, "rb") as stream:
            data = stream.read()
        return Editable(path, data, data.removeprefix(_MARK).decode())
    except (OSError, UnicodeDecodeError):
        return None


def _bytes(change: Change) -> bytes:
    mark = _MARK if change.file.data.startswith(_MARK) else b""
    return mark + change.after.encode()


def _apart(diagnostics: Iterable[Diagnostic], texts: Mapping[str, str]) -> list[Diagnostic]:
    """Return the diagnostics whose fixes can be made together: of those that meet, the first.

    What is taken out because of something else waits where that changes as well: of two statements
    that each say what the other does, one has to stay.
    """
    taken: list[Edit] = []
    needed: list[Span] = []
    chosen = []
    for diagnostic in diagnostics:
        edits = diagnostic.fix.edits if diagnostic.fix is not None else ()
        if not edits or not all(texts.get(e.span.source.name) == e.span.source.text for e in edits):
            continue
        reasons = [note.span for note in diagnostic.notes] if _takes_out(edits) else []
        new = [edit for edit in edits if edit not in taken]
        if any(_meet(edit.span, other.span) for edit in new for other in taken) or any(
            edit.span.overlaps(span)
            for some, spans in ((edits, needed), (taken, reasons))
            for edit in some
            for span in spans
        ):
            continue
        chosen.append(diagnostic)
        taken += new
        needed += reasons
    return chosen


def _takes_out(edits: Sequence[Edit]) -> bool:
    return not any(edit.text.strip(" \t\r\n,") for edit in edits)


def _meet(one: Span, other: Span) -> bool:
    """Tell whether two edits cannot be made in any order: they overlap, or one is put in beside."""
    if one.source is not other.source:
        return False
    if one.start == one.end or other.start == other.end:
        return one.start <= other.end and other.start <= one.end
    return one.overlaps(other)


def _applied(texts: Mapping[str, str], chosen: Iterable[Diagnostic]) -> dict[str, str]:
    """Return the texts with the edits of fixes that can be made together."""
    made = dict(texts)
    edits = {
        (edit.span.source.name, edit.span.start, edit.span.end, edit.text)
        for diagnostic in chosen
        if diagnostic.fix is not None
        for edit in diagnostic.fix.edits
    }
    for name, start, end, text in sorted(edits, reverse=True):
        made[name] = made[name][:start] + text + made[name][end:]
    return made


def _is_broken(
    before: Mapping[str, str], was: Outcome, texts: Mapping[str, str], outcome: Outcome
) -> bool:
    """Tell whether edits have made an error of what was right.

    Where there were errors already, others can come to light: then it is only asked whether what
    could be read still can.
    """
    if not _has_errors(was) and _has_errors(outcome):
        return True
    changed = [name for name, text in texts.items() if text != before[name]]
    return any(
        is_readable(name, before[name]) and not is_readable(name, texts[name]) for name in changed
    )


def _has_errors(outcome: Outcome) -> bool:
    return any(d.code.severity is Severity.ERROR for d in outcome.diagnostics)


def _one_by_one(
    subject: Subject, texts: dict[str, str], outcome: Outcome, chosen: Sequence[Diagnostic]
) -> tuple[list[Diagnostic], dict[str, str], Outcome]:
    """Return the fixes that break nothing, one after the other, and what comes of them."""
    kept: list[Diagnostic] = []
    made, after = texts, outcome
    for diagnostic in chosen:
        trial = _applied(texts, [*kept, diagnostic])
        said = subject.check(trial)
        if not _is_broken(texts, outcome, trial, said):
            kept.append(diagnostic)
            made, after = trial, said
    return kept, made, after


def _key(diagnostic: Diagnostic) -> tuple[str, ...]:
    """Return what a finding is known by from round to round, wherever its lines go."""
    span = diagnostic.span
    place = (span.source.name, span.text) if span is not None else ("", "")
    fix = diagnostic.fix
    edits = tuple(edit.text for edit in fix.edits) if fix is not None else ()
    return (diagnostic.code.number, diagnostic.message, *place, *edits)


def _unwritable(name: str, why: str) -> Problem:
    message = f"`{name}` cannot be written: {why}"
    return Problem(codes.UNWRITABLE_OUTPUT, message, "nothing was changed: see who may write to it")

"""The review of what was compiled, and of documents that no source was written for.

```
 sources ──compile──▶ build ──────────────┐
 paths ──gather──▶ inputs ──lift──▶ build ─┴─▶ lint ──▶ diagnostics with their levels
```
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, NamedTuple

from iamdsl import iam, lint
from iamdsl.aws.limits import LIMITS
from iamdsl.diagnostics import Diagnostic, Label, Report, Severity, codes
from iamdsl.lint.repeated import told_once
from iamdsl.lint.wording import listed
from iamdsl.project import Outcome, config, inputs
from iamdsl.project.catalogue import open_catalogue
from iamdsl.project.levels import with_levels
from iamdsl.project.problem import Problem
from iamdsl.project.suppressing import Seen, heed_settings, looked_for, wanted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from iamdsl.compiler import Environment
    from iamdsl.diagnostics import Code
    from iamdsl.iam import Build
    from iamdsl.project import Config


class DocumentOptions(NamedTuple):
    """What the command line says of documents.

    Attributes:
        kind, target: of policy documents, see `lift.loose.read`.
        preset: instead of the configuration's.
        pseudo: `partition`, `account`, `region` where they are known.
        baseline: whether what is in the baseline is passed over.
    """

    kind: str = "auto"
    target: str | None = None
    preset: str | None = None
    pseudo: tuple[tuple[str, str], ...] = ()
    baseline: bool = True


_POLICY = re.compile(r"""["']?(?:Statement|AssumeRolePolicyDocument)["']?\s*[:=]""")
"""How a file of a folder shows that it was to be IAM's, where nothing of it can be read."""


_SHOWN = 3

_ABOUT_SOURCES = {
    codes.KEPT_VERBATIM,
    codes.MADE_BY_AWS,
    codes.LEFT_OUT,
    codes.OPEN_BLANK,
    codes.CONDITIONAL_RESOURCE,
    codes.NAME_NOT_KEPT,
    codes.NOT_PLACED,
}
"""Remarks on what is missing, or another, in a source that import makes: none is made here."""


class _Read(NamedTuple):
    """What one input holds, or several that have nothing to do with one another.

    Attributes:
        whole: whether it is all of an account or stack.
        shared: whether others may have what is attached to nothing in it.
        unread: whether a part of it is known to a deployment alone.
        alone: whether what it names means nothing to other inputs.
    """

    build: Build
    pseudo: Mapping[str, str]
    whole: bool
    alone: bool
    shared: bool = False
    unread: bool = False


def review_build(
    build: Build, environment: Environment, settings: Config
) -> tuple[Diagnostic, ...]:
    """Return what is to be said of a build that was compiled and not made to fit yet."""
    report = Report()
    whole = lint.settled(build)
    on = wanted(settings)
    world = lint.World(
        lint.items_of(whole, written=True),
        whole,
        environment.catalogue,
        environment.limits,
        environment.pseudo,
        on,
    )
    lint.review(world, report)
    return tuple(told_once(d for d in report.diagnostics if on(d.code)))


class Documents(NamedTuple):
    """Documents that were read, and what they are reviewed by.

    Attributes:
        inputs: files that are read together.
        settings: the configuration with the command line over it.
        problems: diagnostics of what could not be read.
        asked: the paths as they were given.
    """

    inputs: tuple[inputs.Input, ...]
    settings: Config
    problems: tuple[Diagnostic, ...]
    options: DocumentOptions
    asked: tuple[str, ...]


def load_documents(
    paths: Sequence[str], options: DocumentOptions, stdin: bytes | None = None
) -> Documents:
    """Read what paths name, with the configuration that is nearest to the first of them.

    Args:
        paths: files and folders; `-` stands for `stdin`.
    """
    report = Report()
    settings, problems = config.load(_folder(paths))
    if options.preset is not None:
        settings = settings._replace(preset=options.preset)
    given, _ = inputs.gather(paths, stdin, report)
    report.extend(problem.diagnostic() for problem in problems)
    if problems:
        given = []
    return Documents(tuple(given), settings, report.diagnostics, options, tuple(paths))


def review_documents(
    paths: Sequence[str], options: DocumentOptions, stdin: bytes | None = None
) -> Outcome:
    """Review policy documents, and what import reads; nothing is written."""
    return review_loaded(load_documents(paths, options, stdin))


def review_loaded(documents: Documents) -> Outcome:
    """Review documents that were read."""
    report = Report()
    settings, options, given = documents.settings, documents.options, documents.inputs
    report.extend(documents.problems)
    catalogue = open_catalogue(settings.catalogue, settings.root)
    if isinstance(catalogue, Problem):
        report.extend([catalogue.diagnostic()])
    if isinstance(catalogue, Problem) or (report.failed and not given):
        return Outcome(report.diagnostics, failed=True)
    found = [made for one in given if (made := _read(one, options, report)) is not None]
    if not found and not report.failed:
        _nothing(documents.asked, report)
    known = {n: v for n in config.PSEUDO if (v := getattr(settings, n)) is not None}
    limits = LIMITS.with_overrides(dict(settings.limits))
    on = wanted(settings)
    complete, count = not (report.failed or any(one.unread for one in found)), 0
    for one in _apart(found):
        build = lint.settled(one.build)
        items = lint.items_of(build, written=False)
        pseudo = {**known, **one.pseudo, **dict(options.pseudo)}
        sure = _but_attachments(on) if one.shared else on
        lint.review(lint.World(items, build, catalogue, limits, pseudo, sure, one.whole), report)
        count += len(items)
    wished = told_once(d for d in report.diagnostics if on(d.code))
    outcome = _told(wished, documents, complete=complete)
    return outcome._replace(counts=(("document", count),))


def _but_attachments(on: Callable[[Code], bool]) -> Callable[[Code], bool]:
    return lambda code: code is not codes.UNATTACHED_POLICY and on(code)


def _told(wished: list[Diagnostic], documents: Documents, *, complete: bool) -> Outcome:
    """Return findings with their levels, but for those that are to be passed over.

    Args:
        complete: whether everything could be read.
    """
    settings = documents.settings
    folder = settings.root if settings.file else os.getcwd()

    def name(written: str) -> str:
        if written.startswith("<"):
            return ""
        return os.path.relpath(os.path.abspath(written), folder).replace(os.sep, "/")

    files = {name(source.name) for one in documents.inputs for source in one.sources}
    looked = looked_for(settings, reviewed=True)
    seen = Seen(
        frozenset(files - {""}),
        name,
        looked,
        wanted(settings),
        documents=True,
        named=True,
        complete=complete,
    )
    found, passed = heed_settings(wished, settings, seen), 0
    path = config.baseline_path(settings)
    if documents.options.baseline and (settings.baseline or os.path.exists(path)):
        from iamdsl.project import baseline  # noqa: PLC0415 (few have one)

        known = baseline.load(settings, os.path.relpath(path).replace(os.sep, "/"))
        if isinstance(known, Problem):
            found.append(known.diagnostic())
        elif known is not None:
            found, passed = baseline.heed(found, known, seen)
    report = Report()
    report.extend(with_levels(found, settings))
    return Outcome(report.diagnostics, failed=report.failed, passed=passed, seen=seen)


def _folder(paths: Sequence[str]) -> str:
    """Return the folder whose configuration holds: the first path's."""
    first = next((os.path.abspath(path) for path in paths if path != "-"), os.getcwd())
    return first if os.path.isdir(first) else os.path.dirname(first)


def _read(given: inputs.Input, options: DocumentOptions, report: Report) -> _Read | None:
    """Return what an input holds; None where that is nothing of IAM's, or was reported."""
    from iamdsl.lift import formats, loose  # noqa: PLC0415 (sources need no reader of documents)
    from iamdsl.lift.reading import OPEN, Lenient  # noqa: PLC0415

    own = Lenient()
    source = given.sources[0]
    terraform = source.name.endswith(".tf")
    found = (
        formats.read_module(given.sources, own)
        if terraform
        else formats.read_loose(source, given.name, own, kind=options.kind, target=options.target)
    )
    if isinstance(found, str):
        if given.named:
            formats.nothing(source, report)
        return None
    told = [d for d in own.diagnostics if d.code not in _ABOUT_SOURCES]
    unread = [d for d in told if d.code in OPEN]
    if unread:
        told = [d for d in told if d.code not in OPEN]
        told.append(_unread(unread, found.refused if found is not None else ()))
    if found is not None or given.named or terraform or _POLICY.search(source.text):
        report.extend(told)
    if found is None:
        failed = any(d.severity is Severity.ERROR for d in told)
        nothing = _Read(iam.Build(), {}, whole=False, alone=True, unread=True)
        return None if failed or not unread else nothing
    said = {d.code for d in own.diagnostics}
    return _Read(
        found.build,
        found.pseudo,
        whole=found.whole and not unread and codes.ONE_PAGE not in said,
        alone=not isinstance(found, loose.Loose),
        shared=found.shared or not {codes.LEFT_OUT, codes.NOT_PLACED}.isdisjoint(said),
        unread=bool(unread),
    )


def _unread(unread: Sequence[Diagnostic], names: Sequence[str]) -> Diagnostic:
    """Return the note about parts of a file that a deployment alone knows, and nobody reviews."""
    first, *others = unread
    if first.code is not codes.INEXACT_INTRINSIC:  # whose messages begin with what is open
        names = [d.message.partition("`")[2].partition("`")[0] for d in unread]
    shown = listed(names)
    message = f"{shown or 'a part of this file'} {'are' if len(names) > 1 else 'is'} not reviewed"
    return Diagnostic(
        first.code,
        Severity.NOTE,
        message,
        first.span,
        _reason(first),
        tuple(Label(d.span, _reason(d)) for d in others[:_SHOWN] if d.span is not None),
    )


def _reason(diagnostic: Diagnostic) -> str:
    return re.sub(r"^`[^`]*`(?: has no exact form in a source)?:? ", "", diagnostic.message)


def _apart(found: Iterable[_Read]) -> list[_Read]:
    """Return what is reviewed together: policies alone, but for those of one name."""
    apart: list[_Read] = []
    loose: list[list[_Read]] = []
    names: list[set[tuple[str, str]]] = []
    for one in found:
        if one.alone:
            apart.append(one)
            continue
        own = {("", d.name) for d in one.build.documents}
        own |= {(i.kind, i.name) for i in one.build.identities}
        free = next((n for n, taken in enumerate(names) if taken.isdisjoint(own)), len(names))
        if free == len(names):
            names.append(set())
            loose.append([])
        names[free] |= own
        loose[free].append(one)
    return apart + [
        _Read(
            iam.Build(
                tuple(d for one in some for d in one.build.documents),
                tuple(i for one in some for i in one.build.identities),
            ),
            {},
            whole=False,
            alone=False,
        )
        for some in loose
    ]


def _nothing(paths: Sequence[str], report: Report) -> None:
    from iamdsl.lift import formats  # noqa: PLC0415 (see `_read`)

    report.add(
        codes.NOTHING_TO_IMPORT,
        None,
        f"there is nothing of IAM's in {', '.join(f'`{p}`' for p in paths)}",
        hint=f"check {formats.KNOWN}",
    )

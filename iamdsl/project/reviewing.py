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
from iamdsl.diagnostics import Report, codes
from iamdsl.project import Outcome, config, inputs
from iamdsl.project.catalogue import open_catalogue
from iamdsl.project.making import with_levels
from iamdsl.project.problem import Problem
from iamdsl.project.suppressing import Seen, heed_settings, looked_for, wanted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from iamdsl.compiler import Environment
    from iamdsl.diagnostics import Diagnostic
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


class _Read(NamedTuple):
    """What one input holds: a build, and whether it is all of an account or stack."""

    build: Build
    pseudo: Mapping[str, str]
    whole: bool


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
    return tuple(d for d in report.diagnostics if on(d.code))


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
    build = iam.Build(
        tuple(d for one in found for d in one.build.documents),
        tuple(i for one in found for i in one.build.identities),
    )
    whole = lint.settled(build)
    pseudo = {name: value for one in found for name, value in one.pseudo.items()}
    pseudo |= {n: v for n in config.PSEUDO if (v := getattr(settings, n)) is not None}
    on = wanted(settings)
    world = lint.World(
        lint.items_of(whole, written=False),
        whole,
        catalogue,
        LIMITS.with_overrides(dict(settings.limits)),
        pseudo | dict(options.pseudo),
        on,
        bool(found) and all(one.whole for one in found),
    )
    complete = not report.failed
    lint.review(world, report)
    wished = [d for d in report.diagnostics if on(d.code)]
    outcome = _told(wished, documents, complete=complete)
    return outcome._replace(counts=(("document", len(world.items)),))


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

    if given.sources[0].name.endswith(".tf"):
        estate = formats.read_module(given.sources, report)
        return None if estate is None else _Read(estate.build, estate.pseudo, whole=True)
    (source,) = given.sources
    own = Report()
    found = formats.read_loose(source, given.name, own, kind=options.kind, target=options.target)
    if given.named or (found != "other" if found is not None else _POLICY.search(source.text)):
        report.extend(own.diagnostics)
    if found == "other":
        if given.named:
            formats.nothing(source, report)
        return None
    if found is None or isinstance(found, str):
        return None
    return _Read(found.build, found.pseudo, not isinstance(found, loose.Loose))


def _nothing(paths: Sequence[str], report: Report) -> None:
    from iamdsl.lift import formats  # noqa: PLC0415 (see `_read`)

    report.add(
        codes.NOTHING_TO_IMPORT,
        None,
        f"there is nothing of IAM's in {', '.join(f'`{p}`' for p in paths)}",
        hint=f"check {formats.KNOWN}",
    )

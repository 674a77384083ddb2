"""A build that has something to do: compile, emit, write, and remember it."""

from __future__ import annotations

import os
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from iamdsl import emit
from iamdsl.aws.limits import LIMITS
from iamdsl.compiler import Environment, compile  # noqa: A004 (the verb of the compiler)
from iamdsl.compiler.pins import Pins
from iamdsl.diagnostics import Report, Severity
from iamdsl.fit.settings import Settings
from iamdsl.project import Compiled, Outcome, cache, fingerprint, lock, writer
from iamdsl.project.catalogue import open_catalogue
from iamdsl.project.config import PSEUDO, baseline_path, sampled
from iamdsl.project.levels import levels_of, with_levels
from iamdsl.project.loading import File, Loader, decode
from iamdsl.project.problem import Problem
from iamdsl.project.recall import as_data

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from iamdsl.analysis.answering import World
    from iamdsl.analysis.promises import Test
    from iamdsl.aws import Catalogue
    from iamdsl.diagnostics import Diagnostic
    from iamdsl.fit.settings import Fitted
    from iamdsl.iam import Build, Extern
    from iamdsl.project import Project
    from iamdsl.project.suppressing import Seen
    from iamdsl.source import Source

_NOUNS = {
    "managed": "policy",
    "boundary": "boundary",
    "scp": "SCP",
    "rcp": "RCP",
    "session": "session policy",
    "resource": "resource policy",
    "role": "role",
    "user": "user",
    "group": "group",
    "permission_set": "permission set",
    "account": "account",
}


def make(project: Project, key: str, *, write: bool, reviewed: bool = False) -> Outcome:
    """Compile a project; write its files, or give back their texts.

    Args:
        key: what the record of the build is kept under; empty to keep none.
        reviewed: whether what the sources say is reviewed as well.
    """
    config = project.config
    work = _work(project, reviewed=reviewed, targets=config.targets)
    report, emission = work.report, work.emission
    if report.failed or work.build is None or work.environment is None or emission is None:
        return Outcome(
            report.diagnostics,
            failed=True,
            fitted=work.fitted,
            passed=work.passed,
            seen=work.seen,
        )
    environment, pinned = work.environment, work.pinned

    locked = _locked(project, work)
    if problem := _frozen(project, pinned, locked):
        report.extend([problem.diagnostic()])
        return Outcome(report.diagnostics, failed=True)
    outcome = Outcome(
        report.diagnostics,
        summary=_summary(emission.artifacts),
        counts=_counts(work.build),
        fitted=work.fitted,
        passed=work.passed,
        seen=work.seen,
        imports=tuple(file.path for file in work.imports),
    )
    if not write:
        texts = ((name, data.decode()) for name, data in emission.files.items())
        return outcome._replace(texts=tuple(texts))
    written = writer.write(project.out, emission.files, project.shown_out)
    kept = written if isinstance(written, Problem) else _keep(project, locked)
    if isinstance(written, Problem) or isinstance(kept, Problem):
        report.extend(p.diagnostic() for p in (written, kept) if isinstance(p, Problem))
        return Outcome(report.diagnostics, failed=True)
    # What was said of another lock file is not said again.
    if key and (kept is project or not outcome.diagnostics):
        mark = fingerprint(kept)
        cache.keep(_record(key, mark, work.imports, emission.files, outcome))
    new = environment.pins.used.keys() - pinned.actions.keys()
    return outcome._replace(**written._asdict(), pinned=len(new) if kept.lock else 0)


def compiled(project: Project) -> Compiled:
    """Compile a project and give back the fitted build itself; nothing is written."""
    work = _work(project)
    if work.report.failed or work.environment is None:
        return Compiled(diagnostics=work.report.diagnostics, fitted=work.fitted)
    environment = work.environment
    return Compiled(
        work.build,
        environment.pseudo,
        environment.catalogue,
        work.report.diagnostics,
        work.fitted,
    )


def emitted(project: Project) -> Emitted:
    """Compile a project, emit it, and read back what a deployment would get; nothing is written.

    What only a deployment knows is as the samples of the configuration say.
    """
    project = project._replace(config=sampled(project.config))
    work = _work(project)
    if work.report.failed or work.environment is None or work.build is None:
        return Emitted(diagnostics=work.report.diagnostics)
    from iamdsl.analysis.testing import with_sources  # noqa: PLC0415 (for tests only)
    from iamdsl.emit.reading import read  # noqa: PLC0415 (likewise)

    environment = work.environment
    facts = _facts(project, environment, work.fitted, work.externs)
    emission = emit.emit(("json",), work.build, facts, work.report)
    back = read(emission.files, work.report)
    if back is None:
        return Emitted(diagnostics=work.report.diagnostics)
    build = with_sources(back.build, work.build)
    from iamdsl.analysis.answering import World  # noqa: PLC0415 (likewise)

    world = World(build, environment.pseudo, environment.catalogue)
    return Emitted(world, work.tests, work.assembled, work.report.diagnostics)


def build_and_facts(project: Project, report: Report) -> tuple[Build, emit.Facts] | None:
    """Compile a project to what a target takes; None, and the reasons in the report, if it fails.

    What else there is to say of it is in the report as well.
    """
    made = deployable(project, report)
    return None if made is None else (made.build, made.facts)


class Deployable(NamedTuple):
    """What a deployment without files needs of a project.

    Attributes:
        locked: what the lock file is to hold once it is deployed (`keep_lock`).
    """

    build: Build
    facts: emit.Facts
    locked: lock.Locked


def deployable(project: Project, report: Report) -> Deployable | None:
    """Compile a project for what deploys it; None, and the reasons in the report, if it fails.

    A lock file that would have to change is a reason where it is frozen.
    """
    report.extend(problem.diagnostic() for problem in project.problems)
    if report.failed:
        return None
    work = _work(project)
    report.extend(work.report.diagnostics)
    if work.report.failed or work.build is None:
        return None
    assert work.environment is not None  # noqa: S101  # there is none only after errors
    locked = _locked(project, work)
    if problem := _frozen(project, work.pinned, locked):
        report.extend([problem.diagnostic()])
        return None
    facts = _facts(project, work.environment, work.fitted, work.externs)
    return Deployable(work.build, facts, locked)


def keep_lock(project: Project, locked: lock.Locked) -> Problem | None:
    """Write the lock file where it is not so already; return what is in the way of that."""
    kept = _keep(project, locked)
    return kept if isinstance(kept, Problem) else None


def _frozen(project: Project, pinned: lock.Locked, locked: lock.Locked) -> Problem | None:
    """Return the problem of a lock file that would have to change, and may not."""
    if project.options.lock != "frozen":
        return None
    differing = lock.differing(pinned, locked)
    return lock.outdated(differing) if differing else None


def _facts(
    project: Project, environment: Environment, fitted: Fitted | None, externs: tuple[Extern, ...]
) -> emit.Facts:
    return emit.Facts(
        environment.catalogue.version,
        environment.catalogue.sha256,
        project.config.params,
        tuple(sorted(environment.pseudo.items())),
        environment.limits,
        project.config.minify,
        fitted.placed if fitted is not None else {},
        externs,
        project.config.name or "iamdsl",
    )


class Emitted(NamedTuple):
    """What running the tests of a project needs.

    Attributes:
        world: what was emitted, read again; None when there were errors.
        assembled: the build before it was made to fit.
    """

    world: World | None = None
    tests: tuple[Test, ...] = ()
    assembled: Build | None = None
    diagnostics: tuple[Diagnostic, ...] = ()


class _Work(NamedTuple):
    """What compiling a project came to.

    Attributes:
        environment: None when the project could not be compiled at all.
        imports: the files that were read besides the project's own.
        passed: how many findings the baseline has passed over.
        seen: what a review has looked at.
        emission: the files of the targets that were asked for; None after errors of sources.
    """

    report: Report
    build: Build | None = None
    environment: Environment | None = None
    imports: Sequence[File] = ()
    pinned: lock.Locked = lock.Locked()
    tests: tuple[Test, ...] = ()
    assembled: Build | None = None
    fitted: Fitted | None = None
    passed: int = 0
    seen: Seen | None = None
    externs: tuple[Extern, ...] = ()
    emission: emit.Emission | None = None


def _work(project: Project, *, reviewed: bool = False, targets: Sequence[str] = ()) -> _Work:
    config = project.config
    report = Report()
    catalogue = open_catalogue(config.catalogue, config.root)
    entries, problems = _decode(project.files)
    if isinstance(catalogue, Problem):
        problems.append(catalogue)
    pinned = _pinned(project)
    if isinstance(pinned, Problem):
        problems.append(pinned)
        pinned = lock.Locked()
    report.extend(problem.diagnostic() for problem in problems)
    if problems or isinstance(catalogue, Problem):
        return _Work(report)

    loader = Loader(config.root, entries)
    environment = _environment(project, catalogue, loader, pinned)
    compilation = compile([source for _, source in entries], environment)
    grown = [p.diagnostic() for p in lock.grown(pinned, project.stage, catalogue)]
    found = (*compilation.diagnostics, *grown)
    if reviewed and compilation.assembled is not None:
        from iamdsl.project.reviewing import review_build  # noqa: PLC0415 (for checks only)

        found += review_build(compilation.assembled, environment, config)
    complete = compilation.build is not None
    emission = None
    if targets and compilation.build is not None and not _has_errors(found):
        facts = _facts(project, environment, compilation.fitted, compilation.externs)
        told = Report()
        emission = emit.emit(targets, compilation.build, facts, told)
        found += told.diagnostics  # which comments and settings pass over like any other
    heeded = _heed(found, project, entries, loader, complete=complete, reviewed=reviewed)
    report.extend(with_levels(heeded.found, config))
    made = (compilation.tests, compilation.assembled, compilation.fitted)
    more = (heeded.passed, heeded.seen, compilation.externs)
    return _Work(
        report, compilation.build, environment, loader.files, pinned, *made, *more, emission
    )


def _has_errors(found: Iterable[Diagnostic]) -> bool:
    return any(diagnostic.severity is Severity.ERROR for diagnostic in found)


class _Heeded(NamedTuple):
    """What is left of findings, how many a baseline passed over, and what was looked at."""

    found: Sequence[Diagnostic]
    passed: int = 0
    seen: Seen | None = None


def _heed(
    found: Sequence[Diagnostic],
    project: Project,
    entries: Sequence[tuple[File, Source]],
    loader: Loader,
    *,
    complete: bool,
    reviewed: bool,
) -> _Heeded:
    """Return findings without those that comments, settings and the baseline pass over.

    A build that nothing asks for that reads nothing for it.
    """
    config, files = project.config, (*project.files, *loader.files)
    marked = any(b"allow:" in file.data for file in files)
    if not (marked or config.ignored or reviewed):
        return _Heeded(found)
    from iamdsl.project import suppressing  # noqa: PLC0415 (few builds, and every check)

    name = suppressing.source_name
    seen = suppressing.Seen(
        frozenset(name(file.name) for file in files) - {""},
        name,
        suppressing.looked_for(config, reviewed=reviewed),
        suppressing.wanted(config),
        named=project.named,
        complete=complete,
    )
    if marked:
        found = suppressing.heed_comments(found, [s for _, s in entries], loader.files, seen)
    if config.ignored:
        # What is in vain here is for checks to tell, which look for all that there is.
        settled = seen if reviewed else seen._replace(complete=False)
        found = suppressing.heed_settings(found, config, settled)
    if not reviewed:
        return _Heeded(found)
    return _past_baseline(found, project, seen)


def _past_baseline(found: Sequence[Diagnostic], project: Project, seen: Seen) -> _Heeded:
    path = baseline_path(project.config)
    if not project.options.baseline or not (project.config.baseline or os.path.exists(path)):
        return _Heeded(found, seen=seen)
    from iamdsl.project import baseline  # noqa: PLC0415 (few projects have one)

    known = baseline.load(project.config)
    if not isinstance(known, baseline.Baseline):
        more = [known.diagnostic()] if known is not None else []
        return _Heeded([*found, *more], seen=seen)
    return _Heeded(*baseline.heed(found, known, seen), seen)


def _pinned(project: Project) -> lock.Locked | Problem:
    """Return what the lock file holds, as far as the build is to keep to it."""
    if project.lock is None:
        return lock.Locked()
    found = lock.parse(project.lock)
    if project.options.lock != "upgrade":
        return found
    # What nobody can read is written anew; and where things are has nothing to do with a catalogue.
    return lock.Locked() if isinstance(found, Problem) else lock.Locked(placed=found.placed)


def _locked(project: Project, work: _Work) -> lock.Locked:
    """Return what the lock file is to hold after a build.

    What other stages have, and things that this build knows nothing of, stay.
    """
    pinned, fitted, environment = work.pinned, work.fitted, work.environment
    if environment is None or fitted is None:
        return pinned
    stage = project.stage
    asked = {saving.of for saving in fitted.savings}
    placed = {k: p for k, p in pinned.placed.items() if k[1] != stage or k[0] not in asked}
    wildcards = {k: w for k, w in pinned.wildcards.items() if k[1] != stage}
    version = environment.catalogue.version
    for _, wildcard in fitted.wildcards:
        key = wildcard.pattern, stage
        before = pinned.wildcards.get(key)
        if before is None or before.are != tuple(sorted(wildcard.matched)):
            before = lock.Wildcard(wildcard.matched, version)
        # What matches the same by a newer catalogue stays as it was.
        wildcards[key] = before
    return lock.Locked(
        {**pinned.actions, **environment.pins.used},
        {**placed, **{(of, stage): p for of, p in fitted.placed.items()}},
        wildcards,
    )


def _keep(project: Project, locked: lock.Locked) -> Project | Problem:
    """Return the project with the lock file as it is now, after what is new was added to it."""
    path = lock.path_of(project.config)
    if not path or (locked == lock.Locked() and project.lock is None):
        return project
    data = lock.text(locked).encode("ascii")
    if project.lock is not None and project.lock.data == data:
        return project
    problem = lock.write(project.config, data)
    return problem or project._replace(lock=File(lock.FILE, path, data))


def _environment(
    project: Project, catalogue: Catalogue, loader: Loader, pinned: lock.Locked
) -> Environment:
    """Return the world that the compiler may know."""
    config = project.config
    pseudo = {name: getattr(config, name) for name in PSEUDO}
    limits = LIMITS.with_overrides(dict(config.limits))
    return Environment(
        catalogue=catalogue,
        loader=loader,
        limits=limits,
        params=dict(config.params),
        pseudo={name: value for name, value in pseudo.items() if value is not None},
        pins=Pins(pinned.actions),
        # What a deployment knows is left open where each target can.
        defers="json" not in config.targets,
        sampled=config.sampled,
        levels=levels_of(config),
        shared_params=frozenset(project.shared_params),
        fitting=Settings(
            limits,
            "drop" if config.sids == "drop" else "keep",
            wildcards=config.wildcards,
            cross_service=config.cross_service,
            share=config.share,
            catalogue=catalogue,
            proves=project.options.prove,
            placed={of: p for (of, stage), p in pinned.placed.items() if stage == project.stage},
            repack=project.options.repack,
        ),
    )


def _decode(files: Sequence[File]) -> tuple[list[tuple[File, Source]], list[Problem]]:
    entries, problems = [], []
    for file in files:
        source = decode(file)
        if isinstance(source, Problem):
            problems.append(source)
        else:
            entries.append((file, source))
    return entries, problems


def _record(
    key: str, mark: str, imports: Sequence[File], files: Mapping[str, bytes], outcome: Outcome
) -> cache.Record:
    return cache.Record(
        key,
        mark,
        {file.path: cache.digest(file.data) for file in imports},
        {file.name: file.path for file in imports},
        {name: cache.digest(data) for name, data in files.items()},
        outcome.summary,
        outcome.counts,
        as_data(outcome.diagnostics),
    )


def _summary(artifacts: Iterable[emit.Artifact]) -> tuple[str, ...]:
    """Return a line for each artifact that has a policy, with the sizes that AWS counts.

    `roles/orders-function: trust 95 of 2,048, inline 310 of 10,240 characters`
    """
    lines: dict[str, list[str]] = {}
    for artifact in artifacts:
        if artifact.characters is None:
            continue
        size = f"{artifact.characters:,}"
        if artifact.limit is not None:
            size += f" of {artifact.limit:,}"
        if artifact.owner:
            lines.setdefault(artifact.owner, []).append(f"{artifact.kind} {size}")
        else:
            lines.setdefault(artifact.file.removesuffix(".json"), []).append(size)
    return tuple(f"{name}: {', '.join(sizes)} characters" for name, sizes in lines.items())


def _counts(build: Build) -> tuple[tuple[str, int], ...]:
    """Return how many artifacts there are of each kind, in words: `(("policy", 3), …)`."""
    kinds: Counter[str] = Counter()
    for _, part in build.each():
        kinds.update(d.kind for d in part.documents)
        kinds.update(i.kind for i in part.identities)
    kinds["account"] = len(build.accounts)
    return tuple((noun, kinds[kind]) for kind, noun in _NOUNS.items() if kinds[kind])

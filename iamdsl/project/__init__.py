"""The user's files: settings, sources, imports, outputs. The only room that reads and writes them.

```
paths, options ──load_project──▶ Project ──build──▶ Outcome
                                    │  cache: nothing changed? then done, without the compiler
                                    └─ making: decode ─▶ compile ─▶ emit ─▶ write
```

**Invariants:** nothing here raises for a user's mistake, it is a diagnostic of the outcome. A
build that has nothing to do imports neither the compiler nor attrs (start-up is a feature).
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from iamdsl.project import cache, catalogue, config, discovery, loading, lock
from iamdsl.project.config import Config
from iamdsl.project.problem import Problem, reason

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from iamdsl.aws import Catalogue
    from iamdsl.diagnostics import Diagnostic
    from iamdsl.fit.settings import Fitted, Wildcards
    from iamdsl.iam import Build
    from iamdsl.project.suppressing import Seen

__all__ = [
    "Compiled",
    "Config",
    "Options",
    "Outcome",
    "Problem",
    "Project",
    "build",
    "check",
    "compiled",
    "load_project",
]


class Options(NamedTuple):
    """What a command line says over the configuration; None where it says nothing.

    Attributes:
        out: relative to the current folder.
        targets: what to write, each once; none for those of the configuration.
        params: pairs of `--set`; those of `aws.` are pseudo parameters and must fit
            (`config.PSEUDO`, `config.fits`).
        stdin: the bytes to take for the path `-`.
        use_cache: whether an unchanged project may be left as it is.
        lock: "keep" what `iamdsl.lock` holds and add to it, "upgrade" to write it anew, or
            "frozen" to fail where it would change, or "unread" where nothing is built.
        prove: whether what is built is proved to mean what the sources say.
        repack: whether statements may go to other documents than in earlier builds.
        preset: of the review, see `config.PRESETS`.
        baseline: whether a check passes over what is in the baseline.
        depfile: where to write what a build depends on, relative to the current folder; see
            `depfile.py`.
        strict: whether warnings count as a failure of the command.
    """

    out: str | None = None
    targets: tuple[str, ...] = ()
    params: tuple[tuple[str, str], ...] = ()
    minify: bool | None = None
    sids: str | None = None
    stdin: bytes | None = None
    use_cache: bool = True
    lock: str = "keep"
    prove: bool = True
    wildcards: Wildcards | None = None
    repack: bool = False
    preset: str | None = None
    baseline: bool = True
    depfile: str = ""
    strict: bool = False


_NO_OPTIONS = Options()


class Project(NamedTuple):
    """All that a compilation depends on, but for what it imports.

    Attributes:
        config: the configuration with the options over it.
        out: the absolute output folder.
        shown_out: what messages call it: relative to the current folder if it is below.
        files: the sources with their bytes, sorted by name.
        shared_params: params of the configuration that sources not named here may declare.
        lock: the lock file, if there is one.
        options: what the command line said.
        prefix: what leads from the current folder to the project's root, for messages.
        named: whether the sources were named, so that there can be others.
    """

    config: Config
    out: str
    shown_out: str
    files: tuple[loading.File, ...]
    problems: tuple[Problem, ...] = ()
    use_cache: bool = True
    prefix: str = ""
    shared_params: tuple[str, ...] = ()
    lock: loading.File | None = None
    options: Options = _NO_OPTIONS
    named: bool = False

    @property
    def stage(self) -> str:
        """Return what `--set` says, in words that the lock file can hold.

        Builds of a project with other values place their statements apart.
        """
        return ", ".join(f"{name}={value}" for name, value in sorted(self.options.params))


class Outcome(NamedTuple):
    """What a build or a check came to.

    Attributes:
        diagnostics: sorted; the levels of the configuration are applied.
        summary: a line for each artifact.
        counts: pairs of a kind of artifact and how many there are.
        written, unchanged, removed: numbers of files.
        texts: the files by name, where they were asked for instead of being written.
        up_to_date: whether the compiler was not asked at all.
        pinned: how many expansions were added to the lock file.
        fitted: what making it fit came to; None where the compiler was not asked.
        passed: how many findings the baseline has passed over.
        seen: what a check has looked at; None where it could not begin.
        imports: the paths of the files that sources import.
    """

    diagnostics: tuple[Diagnostic, ...] = ()
    failed: bool = False
    summary: tuple[str, ...] = ()
    counts: tuple[tuple[str, int], ...] = ()
    written: int = 0
    unchanged: int = 0
    removed: int = 0
    texts: tuple[tuple[str, str], ...] = ()
    up_to_date: bool = False
    pinned: int = 0
    fitted: Fitted | None = None
    passed: int = 0
    seen: Seen | None = None
    imports: tuple[str, ...] = ()


class Compiled(NamedTuple):
    """What asking questions of a project needs.

    Attributes:
        build: as it would be written, after fit; None when there were errors.
        pseudo: the `partition`, `account` and `region` that are known.
        catalogue: that it was compiled with; None when there were errors.
        fitted: what making it fit came to, also where something did not fit; None when it did not
            come to that.
    """

    build: Build | None = None
    pseudo: Mapping[str, str] = {}
    catalogue: Catalogue | None = None
    diagnostics: tuple[Diagnostic, ...] = ()
    fitted: Fitted | None = None


def load_project(
    paths: Sequence[str] = (),
    options: Options = _NO_OPTIONS,
    *,
    start: str = "",
    settings: tuple[Config, list[Problem]] | None = None,
) -> Project:
    """Return the project of the nearest configuration, with its sources read.

    With `paths` these are the sources: files, folders and `-` for `options.stdin`; the
    configuration is then the one nearest to the first of them.

    Args:
        start: the folder to look for a configuration from, the current one if empty.
        settings: the configuration and what is wrong with it, where it is not to be looked for.
    """
    try:
        here = os.getcwd()
    except OSError as error:
        return Project(Config(""), "", "", (), (_no_folder(error),))
    start = start or here
    named = [path for path in paths if path != "-"]
    if named:
        first = os.path.abspath(named[0])
        start = first if os.path.isdir(first) else os.path.dirname(first)
    chosen, problems = settings or config.load(start)
    if not chosen.file and settings is None:
        chosen = chosen._replace(root=here)
    problems = list(problems)
    shared = tuple(name for name, _ in chosen.params) if paths else ()
    chosen = _with_options(chosen, options)
    root = chosen.root
    out = os.path.abspath(options.out) if options.out else os.path.join(root, chosen.out)
    out = os.path.normpath(out)

    files: list[loading.File] = []
    if not problems:
        files, more = _sources(paths, options, chosen, out)
        problems += more
    if not files and not problems:
        problems.append(_no_sources(root, chosen))
    locked = _lock(chosen, options)
    if isinstance(locked, Problem):
        problems.append(locked)
    return Project(
        chosen,
        out,
        _below(out, here) or out,
        tuple(sorted(files)),
        tuple(problems),
        options.use_cache and options.prove and "-" not in paths,
        _prefix(root),
        shared,
        None if isinstance(locked, Problem) else locked,
        options,
        bool(paths),
    )


def _lock(chosen: Config, options: Options) -> loading.File | Problem | None:
    """Return the lock file; one that cannot be read does not matter where it is written anew."""
    locked = lock.read(chosen) if options.lock != "unread" else None
    return None if isinstance(locked, Problem) and options.lock == "upgrade" else locked


def _sources(
    paths: Sequence[str], options: Options, chosen: Config, out: str
) -> tuple[list[loading.File], list[Problem]]:
    """Return the sources that are named, or those of the configuration, and what cannot be read."""
    files: list[loading.File] = []
    if paths:
        found, problems = discovery.given([path for path in paths if path != "-"], out)
    else:
        found, problems = discovery.find(chosen.root, chosen.sources, out)
    problems = list(problems)
    if "-" in paths:
        piped = loading.piped(options.stdin or b"")
        if isinstance(piped, loading.File):
            files.append(piped)
        else:
            problems.append(piped)
    problems += _read_all(found, chosen.root, files)
    return files, problems


def build(project: Project, *, print_only: bool = False) -> Outcome:
    """Compile a project and write its files (or give them back with `print_only`)."""
    if project.problems:
        return _failure(project.problems)
    if print_only:
        return _make(project, write=False)
    outcome = _built(project)
    if not project.options.depfile or outcome.failed:
        return outcome
    from iamdsl.project import depfile  # noqa: PLC0415 (only for build systems)

    strict = project.options.strict
    fails = strict and any(d.severity.value == "warning" for d in outcome.diagnostics)
    problem = depfile.keep(project, outcome.imports, fails=fails)
    return outcome if problem is None else _failure([problem])


def _built(project: Project) -> Outcome:
    """Write the files of a project, unless nothing has changed."""
    if not project.use_cache:
        return _make(project)
    key = f"{project.config.root}\n{project.out}\n{[f.path for f in project.files]}"
    mark = fingerprint(project)
    anew = project.options.repack or project.options.lock == "upgrade"
    record = None if anew else cache.unchanged(key, mark, project.out)
    if record is None:
        return _make(project, key)
    diagnostics: tuple[Diagnostic, ...] = ()
    if record.diagnostics:
        from iamdsl.project import recall  # noqa: PLC0415 (attrs, only where there were warnings)

        again = recall.from_data(record.diagnostics, project.files, record.names)
        if again is None:
            return _make(project, key)
        diagnostics = again
    return Outcome(
        diagnostics,
        summary=record.summary,
        counts=record.counts,
        unchanged=len(record.outputs),
        up_to_date=True,
        imports=tuple(record.imports),
    )


def fingerprint(project: Project) -> str:
    """Return the digest of all that is known of a project before it is compiled."""
    return cache.fingerprint(
        (project.config, project.out),
        (*project.files, *([project.lock] if project.lock else [])),
        catalogue.path_of(project.config.catalogue, project.config.root),
    )


def check(project: Project) -> Outcome:
    """Compile a project, review what it says, and write nothing."""
    if project.problems:
        return _failure(project.problems)
    return _make(project, write=False, reviewed=True)


def compiled(project: Project, *, sampled: bool = False) -> Compiled:
    """Compile a project and give back what it means, for questions; nothing is written.

    Args:
        sampled: whether samples of the configuration are taken for what only a deployment knows.
    """
    if project.problems:
        return Compiled(diagnostics=_failure(project.problems).diagnostics)
    if sampled:
        project = project._replace(config=config.sampled(project.config))
    from iamdsl.project import making  # noqa: PLC0415 (the compiler, only when there is work)

    return making.compiled(project)


def _make(
    project: Project, key: str = "", *, write: bool = True, reviewed: bool = False
) -> Outcome:
    from iamdsl.project import making  # noqa: PLC0415 (the compiler, only when there is work)

    return making.make(project, key, write=write, reviewed=reviewed)


def _failure(problems: Sequence[Problem]) -> Outcome:
    from iamdsl.diagnostics import Report  # noqa: PLC0415 (only on mistakes)

    report = Report()
    report.extend(problem.diagnostic() for problem in problems)
    return Outcome(report.diagnostics, failed=True)


def _with_options(settings: Config, options: Options) -> Config:
    params = dict(settings.params)
    pseudo: dict[str, str] = {}
    for name, value in options.params:
        if name.startswith("aws."):
            pseudo[name.removeprefix("aws.")] = value
        else:
            params[name] = value
    settings = settings._replace(params=tuple(sorted(params.items())))
    settings = settings._replace(**pseudo)  # type: ignore[arg-type]
    if options.minify is not None:
        settings = settings._replace(minify=options.minify)
    if options.sids is not None:
        settings = settings._replace(sids=options.sids)
    if options.wildcards is not None:
        settings = settings._replace(wildcards=options.wildcards)
    if options.preset is not None:
        settings = settings._replace(preset=options.preset)
    if options.targets:
        settings = settings._replace(targets=options.targets)
    return settings


def _read_all(paths: Sequence[str], root: str, files: list[loading.File]) -> list[Problem]:
    """Read the sources; one that a link inside the project names must lie inside it as well."""
    problems = []
    for path in paths:
        name = loading.project_name(os.path.relpath(path, root))
        if os.path.islink(path) and loading.leaves(path, root):
            problems.append(loading.leaving_link(name))
            continue
        file = loading.read(path, name)
        if isinstance(file, Problem):
            problems.append(file)
        else:
            files.append(file)
    return problems


def _no_sources(root: str, settings: Config) -> Problem:
    from iamdsl.diagnostics import codes  # noqa: PLC0415 (only on mistakes)

    message = f"there is no `*{discovery.SUFFIX}` file in `{root}`"
    hint = "name a file or a folder, or begin a project with `iamdsl init`"
    if settings.sources:
        hint = "mend `sources` in the configuration"
    return Problem(codes.NO_SOURCES, message, hint)


def _no_folder(error: OSError) -> Problem:
    from iamdsl.diagnostics import codes  # noqa: PLC0415 (only on mistakes)

    message = f"the current folder cannot be read: {reason(error)}"
    return Problem(codes.UNREADABLE_FILE, message, "change to another folder")


def _below(path: str, folder: str) -> str:
    """Return `path` relative to `folder` if it lies in it, else an empty string."""
    relative = os.path.relpath(path, folder)
    return "" if relative.startswith("..") or os.path.isabs(relative) else relative


def _prefix(root: str) -> str:
    here = os.path.relpath(root, os.getcwd())
    return "" if here == "." else here.replace(os.sep, "/") + "/"

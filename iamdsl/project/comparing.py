"""The two sides of a comparison: what a path holds, or held at a commit, as a build.

```
 path ──▶ a project's sources ──compiled──▶ Loaded
          what a build wrote ──emit.reading──▶
          documents, answers, templates ──lift──▶
```
"""

from __future__ import annotations

import json
import os
import tempfile
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

import attrs

from iamdsl import iam
from iamdsl.analysis.difference import Side
from iamdsl.diagnostics import Report, Severity, codes
from iamdsl.lift import Estate, formats
from iamdsl.lift.reading import read_json, read_policy
from iamdsl.project import compiled, config, discovery, git, inputs, load_project
from iamdsl.project.config import FILE
from iamdsl.project.manifest import FILE as MANIFEST
from iamdsl.project.problem import Problem, reason
from iamdsl.source import Source, Span

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from iamdsl.aws import Catalogue
    from iamdsl.diagnostics import Diagnostic
    from iamdsl.project import Options, Project

Holds: TypeAlias = Literal["project", "sources", "build", "documents"]

_MAX_FILE = 64 * 1024 * 1024
"""The largest file of a build that is read."""


class Loaded(NamedTuple):
    """One side, or why there is none.

    Attributes:
        side: None after an error.
        catalogue: the one that the project asks for; None where no project does.
        diagnostics: errors only: `check` says the rest.
        prefix: what comes before the names of files in messages.
    """

    side: Side | None = None
    catalogue: Catalogue | None = None
    diagnostics: tuple[Diagnostic, ...] = ()
    prefix: str = ""


def load(path: str, options: Options) -> Loaded:
    """Return what a path holds: a project, a source, a build, or documents; `-` is stdin.

    Args:
        options: of a project; `stdin` is what `-` stands for.
    """
    if path == "-":
        return _piped(options)
    kind = holds(path)
    if isinstance(kind, Problem):
        return _failed(kind)
    match kind:
        case "project":
            return _project(load_project([], options._replace(stdin=None), start=path))
        case "sources":
            return _project(load_project([path], options._replace(stdin=None)))
        case "build":
            return _built(path if os.path.isdir(path) else os.path.dirname(path) or ".")
        case "documents":
            return _documents(path, options)


def load_against(ref: str, paths: Sequence[str], options: Options) -> tuple[Loaded, Loaded]:
    """Return what the paths held at a commit, and what they hold now.

    Without `paths` it is the project of the current folder. Documents and builds that are under
    version control are compared as they are, sources by what they compile to; the settings are
    those that the commit has, and the ones of today where it has none.
    """
    kind = holds(paths[0]) if len(paths) == 1 else "sources"
    if isinstance(kind, Problem):
        return Loaded(), _failed(kind)
    if kind in {"build", "documents"}:
        return _documents_against(ref, paths[0], options)
    now = load_project(paths, options)
    if now.problems:
        return Loaded(), _project(now)
    base = _base(now.config.root, paths)
    found = git.commit(ref, base)
    if isinstance(found, Problem):
        return _failed(found), Loaded()
    with _temporary() as folder:
        problem = git.extract(found, folder)
        then = problem or _as_it_was(now, paths, options, found, folder)
        before = _failed(then) if isinstance(then, Problem) else _project(then)
    return before, _project(now)


def _temporary() -> tempfile.TemporaryDirectory[str]:
    place = os.path.realpath(tempfile.gettempdir())
    return tempfile.TemporaryDirectory(prefix="iamdsl-", dir=place, ignore_cleanup_errors=True)


def _base(root: str, paths: Sequence[str]) -> str:
    """Return the folder that the project and all paths are in."""
    named = [os.path.abspath(path) for path in paths]
    folders = [path if os.path.isdir(path) else os.path.dirname(path) for path in named]
    return os.path.commonpath([root, *folders])


def _as_it_was(
    now: Project, paths: Sequence[str], options: Options, found: git.Commit, folder: str
) -> Project | Problem:
    """Return the project that a commit has, which was written to a folder."""

    def there(path: str) -> str:
        inside = os.path.relpath(os.path.abspath(path), found.folder)
        return os.path.normpath(os.path.join(folder, inside))

    root = there(now.config.root)
    named = [path for path in map(there, paths) if os.path.lexists(path)]
    settings, problems = config.load(root)
    if os.path.dirname(settings.file) != root:  # further up are folders of this machine
        settings, problems = config.load(now.config.root)
        settings = settings._replace(root=root, file=settings.file and os.path.join(root, FILE))
    project = load_project(named, options, settings=(settings, problems))
    if (paths and not named) or any(p.code is codes.NO_SOURCES for p in project.problems):
        missing = os.path.relpath(os.path.abspath(paths[0]), found.folder) if paths else ""
        return git.nothing(found, missing.replace(os.sep, "/") if len(paths) == 1 else "")
    inside = os.path.relpath(root, folder).replace(os.sep, "/")
    below = "" if inside == "." else f"{inside}/"
    return project._replace(prefix=f"{found.ref}:{found.inside}{below}")


def _documents_against(ref: str, path: str, options: Options) -> tuple[Loaded, Loaded]:
    """Return documents or a build that are under version control, then and now."""
    absolute = os.path.abspath(path)
    base = absolute if os.path.isdir(absolute) else os.path.dirname(absolute)
    found = git.commit(ref, base)
    if isinstance(found, Problem):
        return _failed(found), Loaded()
    with _temporary() as folder:
        problem = git.extract(found, folder)
        there = os.path.normpath(os.path.join(folder, os.path.relpath(absolute, base)))
        if problem is not None or not os.path.lexists(there):
            before = _failed(problem or git.nothing(found, os.path.basename(absolute)))
        else:
            before = load(there, options)
            shown = _shown_at(before.diagnostics, f"{folder}{os.sep}", f"{ref}:{found.inside}")
            before = before._replace(diagnostics=tuple(shown))
    return before, load(path, options)


def _shown_at(diagnostics: Iterable[Diagnostic], was: str, now: str) -> Iterator[Diagnostic]:
    """Yield diagnostics with files of a temporary folder called by where they were taken from."""
    for d in diagnostics:
        span = d.span
        if span is not None:
            source = Source(span.source.name.replace(was, now), span.source.text)
            span = Span(source, span.start, span.end)
        yield d._replace(message=d.message.replace(was, now), span=span)


# -- what a path holds


def holds(path: str) -> Holds | Problem:
    """Return what a path holds, by its name and what stands in the folder."""
    try:
        if not os.path.isdir(path):
            os.stat(path)
            base = os.path.basename(path)
            if base == FILE:
                return Problem(
                    codes.NOTHING_TO_COMPARE,
                    f"`{path}` is the settings of a project",
                    "name the project's folder",
                )
            if base == MANIFEST and _is_manifest(path):
                return "build"
            return "sources" if path.endswith(discovery.SUFFIX) else "documents"
    except (OSError, ValueError) as error:
        why = reason(error) if isinstance(error, OSError) else str(error)
        return Problem(codes.UNREADABLE_FILE, f"`{path}` cannot be read: {why}")
    if _is_manifest(os.path.join(path, MANIFEST)):
        return "build"
    folder = os.path.abspath(path)
    settings, _, _ = config.find(folder)
    if settings and os.path.dirname(settings) == folder:
        return "project"
    found, _ = discovery.find(folder, (), "")
    return "sources" if found else "documents"


def _is_manifest(path: str) -> bool:
    """Tell whether a file is the manifest of a build of ours."""
    try:
        with open(path, "rb") as stream:
            document = json.loads(stream.read(_MAX_FILE))
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(document, dict) and "iamdsl" in document and "artifacts" in document


def _piped(options: Options) -> Loaded:
    """Return what came by stdin: JSON, or else a source."""
    data = options.stdin or b""
    if data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith((b"{", b"[")):
        return _documents("-", options)
    return _project(load_project(["-"], options))


# -- sources


def _project(project: Project) -> Loaded:
    # What has no sample is left open where the project leaves it open.
    settings = config.sampled(project.config)._replace(targets=project.config.targets)
    made = compiled(project._replace(config=settings))
    errors = _errors(made.diagnostics)
    if made.build is None or errors:
        return Loaded(diagnostics=errors, prefix=project.prefix)
    return Loaded(Side(made.build, made.pseudo), made.catalogue, prefix=project.prefix)


def _errors(diagnostics: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    return tuple(d for d in diagnostics if d.severity is Severity.ERROR)


def _failed(problem: Problem) -> Loaded:
    return Loaded(diagnostics=(problem.diagnostic(),))


# -- what a build wrote


def _built(folder: str) -> Loaded:
    """Return the build that a folder holds, as `iamdsl build` wrote it."""
    from iamdsl.project.built import read_build  # noqa: PLC0415 (few comparisons have a build)

    made = read_build(folder)
    errors = _errors(made.diagnostics)
    if made.build is None or errors:
        return Loaded(diagnostics=errors)
    return Loaded(Side(made.build, made.pseudo), made.catalogue)


# -- documents


def _documents(path: str, options: Options) -> Loaded:
    """Return the documents that a file, a folder or stdin holds: policies, or what import reads."""
    report = Report()
    given, _ = inputs.gather([path], options.stdin if path == "-" else None, report)
    aws = {n.removeprefix("aws."): v for n, v in options.params if n.startswith("aws.")}
    found: list[_Found] = []
    for one in given:
        made = _read(one, _name_of(one, path), aws, report)
        if made is not None:
            found.append(made)
    if report.failed:
        return Loaded(diagnostics=_errors(report.diagnostics))
    if not found:
        shown = "stdin" if path == "-" else f"`{path}`"
        message = f"there is nothing of IAM's in {shown}"
        hint = "name a project, a build, or policy documents"
        return _failed(Problem(codes.NOTHING_TO_COMPARE, message, hint))
    whole = iam.Build(
        tuple(d for one in found for d in one.build.documents),
        tuple(i for one in found for i in one.build.identities),
    )
    pseudo = {name: value for one in found for name, value in one.pseudo.items()}
    return Loaded(Side(whole, pseudo, all(one.has_kinds for one in found)))


class _Found(NamedTuple):
    """What one file holds."""

    build: iam.Build
    pseudo: Mapping[str, str] = {}
    has_kinds: bool = True


def _name_of(given: inputs.Input, path: str) -> str:
    """Return what a document is called: its file's name; in a folder, the way to it."""
    name = given.sources[0].name
    if not os.path.isdir(path) or len(given.sources) > 1:
        return given.name
    inside = os.path.relpath(name, path).replace(os.sep, "/")
    return os.path.splitext(inside)[0]


def _read(given: inputs.Input, name: str, aws: Mapping[str, str], report: Report) -> _Found | None:
    """Return what a file holds; None where that is nothing of IAM's, or was reported.

    Args:
        aws: `partition`, `account`, `region` as the command line says them, for what is open.
    """
    own = Report()
    found = _read_one(given, name, own)
    report.extend(_about_iam(given, own))
    if found is None:
        return None
    pseudo = {**found.pseudo, **aws}
    found = found._replace(build=_filled(found.build, pseudo), pseudo=pseudo)
    if opened := next(_marks(found.build), ""):
        is_place = opened.removeprefix("aws.") in config.PSEUDO
        report.add(
            codes.OPEN_DOCUMENT,
            None,
            f"`{given.sources[0].name}` leaves `{opened}` open",
            hint=f"say it: `--set {opened}=…`"
            if is_place
            else "compare what was deployed: `aws iam get-account-authorization-details`",
        )
    return found


def _about_iam(given: inputs.Input, own: Report) -> Iterator[Diagnostic]:
    """Yield what is to be said of a file: in a folder, files of other tools may stand beside."""
    others = {codes.NOTHING_TO_IMPORT}
    if "AWS::" not in given.sources[0].text:
        others |= {codes.BAD_YAML, codes.NEEDS_EXTRA}
    for diagnostic in own.diagnostics:
        if given.named or diagnostic.code not in others:
            yield diagnostic


def _read_one(given: inputs.Input, name: str, report: Report) -> _Found | None:
    source = given.sources[0]
    if source.name.endswith(".tf"):
        estate = formats.read_module(given.sources, report)
        return _of_estate(estate) if estate is not None else None
    if source.text.lstrip("\ufeff \t\r\n").startswith("{"):
        tree = read_json(source, report)
        if tree is None:
            return None
        if isinstance(tree.value, dict) and "Statement" in tree.value:
            policy = read_policy(tree, report)
            return _alone(policy, name) if policy is not None else None
    found = formats.read(source, name, report)
    return _of_estate(found) if isinstance(found, Estate) else None


def _alone(policy: iam.Policy, name: str) -> _Found:
    """Return a lone document; which kind it is of matters to the meaning no more than this."""
    to_anyone = any(s.principals is not None for s in policy.statements)
    document = iam.Document("resource" if to_anyone else "managed", name, policy)
    return _Found(iam.Build((document,)), has_kinds=False)


def _of_estate(estate: Estate) -> _Found:
    """Return what a reader of import found, each statement where AWS would have it."""
    identities = tuple(
        attrs.evolve(i, own=None, inline=((i.name, i.own), *i.inline)) if i.own is not None else i
        for i in estate.build.identities
    )
    return _Found(attrs.evolve(estate.build, identities=identities), estate.pseudo)


def _filled(build: iam.Build, pseudo: Mapping[str, str]) -> iam.Build:
    """Return a build with what is known of its place where its policies leave that open."""
    known = {iam.placeholder(f"aws.{name}"): value for name, value in pseudo.items()}
    if next(_marks(build), None) is None:
        return build

    def filled(policy: iam.Policy) -> iam.Policy:
        text = json.dumps(iam.to_json(policy), ensure_ascii=False)
        for mark, value in known.items():
            text = text.replace(mark, value)
        return iam.from_text(text)

    return attrs.evolve(
        build,
        documents=tuple(attrs.evolve(d, policy=filled(d.policy)) for d in build.documents),
        identities=tuple(
            attrs.evolve(
                i,
                trust=filled(i.trust) if i.trust is not None else None,
                inline=tuple((name, filled(policy)) for name, policy in i.inline),
            )
            for i in build.identities
        ),
    )


def _marks(build: iam.Build) -> Iterator[str]:
    """Yield the marks in policies that stand for what only a deployment knows."""
    policies = [d.policy for d in build.documents]
    for identity in build.identities:
        own = (identity.trust, *(policy for _, policy in identity.inline))
        policies += [policy for policy in own if policy is not None]
    for policy in policies:
        yield from iam.placeholders(json.dumps(iam.to_json(policy), ensure_ascii=False))

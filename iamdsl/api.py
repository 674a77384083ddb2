"""The Python API: compile texts, get texts; no file of the caller's is read or written."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, Any

import attrs

from iamdsl import emit, resources
from iamdsl.aws import Catalogue
from iamdsl.aws.limits import LIMITS
from iamdsl.compiler import Environment
from iamdsl.compiler import compile as compile_sources
from iamdsl.diagnostics import Code, Diagnostic, Report, Severity, codes
from iamdsl.project import loading
from iamdsl.project.config import PSEUDO, TARGETS, Config, fits
from iamdsl.project.loading import File
from iamdsl.source import Source

if TYPE_CHECKING:
    from collections.abc import Mapping

    from iamdsl.project.problem import Problem

_MAIN = "main.iam"


@attrs.frozen
class Result:
    """What a compilation came to.

    Attributes:
        ok: whether there was no error.
        files: what `iamdsl build` would write, text by path (`policies/orders.json`); empty
            after an error.
        diagnostics: errors and warnings, sorted by place.
    """

    ok: bool
    files: dict[str, str]
    diagnostics: tuple[Diagnostic, ...]

    def __str__(self) -> str:
        """Return the diagnostics as `iamdsl check` prints them."""
        from iamdsl.diagnostics.render import text  # noqa: PLC0415  # often there are none

        return text.render(self.diagnostics)

    def document(self, path: str) -> dict[str, Any]:
        """Return the JSON of a file as a dict, e.g. `document("policies/orders.json")`.

        Raises:
            KeyError: no such file was built.
        """
        import json  # noqa: PLC0415

        made: dict[str, Any] = json.loads(self.files[path])
        return made


def compile(  # noqa: A001  # the verb
    sources: str | Mapping[str, str],
    *,
    files: Mapping[str, str] | None = None,
    params: Mapping[str, str] | None = None,
    partition: str | None = None,
    account: str | None = None,
    region: str | None = None,
    limits: Mapping[str, int] | None = None,
    catalogue: Catalogue | None = None,
    minify: bool = False,
    target: str = "json",
) -> Result:
    """Compile `.iam` sources given as text.

    Args:
        sources: the text of one source, or several by name; names may hold folders.
        files: what the sources import by path: modules, JSON and TOML data, by name.
        params: values of params and externs, as text.
        partition, account, region: of the place; what is not given must not be needed.
        limits: quotas that AWS has raised, e.g. `{"managed-policies-per-role": 25}`.
        catalogue: another catalogue than the one that ships with the package.
        minify: emit JSON without white space.
        target: what to write, as for `iamdsl build --target`; all but `json` leave open what was
            not given, for a deployment to fill in.

    Raises:
        LimitError: a limit has no such name, or AWS does not raise it that far.
        ValueError: a partition, account or region has not the form of one: it would stand in ARNs;
            or there is no such target.
    """
    texts = {_MAIN: sources} if isinstance(sources, str) else dict(sources)
    entries = [Source(name, text) for name, text in sorted(texts.items())]
    known = catalogue or Catalogue(resources.open_catalogue())
    pseudo = {"partition": partition, "account": account, "region": region}
    given = {name: value for name, value in pseudo.items() if value is not None}
    for name, value in given.items():
        if not fits(name, value):
            raise ValueError(f"{name} {value!r} is not {PSEUDO[name][1]}")
    if target not in TARGETS:
        raise ValueError(f"there is no target {target!r}, but {', '.join(TARGETS)}")
    table = LIMITS.with_overrides(limits or {})
    loader = _Loader({**texts, **(files or {})}, entries)
    environment = Environment(
        known,
        loader,
        table,
        params or {},
        given,
        defers=target != "json",
    )
    compilation = compile_sources(entries, environment)
    facts = emit.Facts(
        known.version,
        known.sha256,
        tuple(sorted((params or {}).items())),
        tuple(sorted(given.items())),
        table,
        minify,
        compilation.fitted.placed if compilation.fitted is not None else {},
        compilation.externs,
    )
    told = Report()
    told.extend(compilation.diagnostics)
    made = None
    if compilation.build is not None and not told.failed:
        made = emit.emit((target,), compilation.build, facts, told)
    complete = compilation.build is not None
    # The library's own comments are of no use where nothing was found.
    imported = {**(loader.library if told.diagnostics else {}), **(files or {})}
    found = _heeded(told.diagnostics, entries, imported, complete=complete)
    if made is None or any(d.severity is Severity.ERROR for d in found):
        return Result(False, {}, found)
    return Result(True, {name: data.decode() for name, data in made.files.items()}, found)


def _heeded(
    found: tuple[Diagnostic, ...],
    entries: list[Source],
    files: Mapping[str, str],
    *,
    complete: bool,
) -> tuple[Diagnostic, ...]:
    """Return what is left of diagnostics when comments pass some over; see `suppressing`."""
    texts = (*(source.text for source in entries), *files.values())
    if not any("allow:" in text for text in texts):
        return found
    from iamdsl.project import suppressing  # noqa: PLC0415  # few sources have such comments

    settings = Config("")
    seen = suppressing.Seen(
        frozenset(),
        suppressing.source_name,
        suppressing.looked_for(settings, reviewed=False),
        suppressing.wanted(settings),
        complete=complete,
    )
    others = [File(name, "", text.encode()) for name, text in files.items()]
    report = Report()
    report.extend(suppressing.heed_comments(found, entries, others, seen))
    return report.diagnostics


@attrs.frozen
class _Problem:
    code: Code
    message: str
    hint: str


class _Loader:
    """Finds imports among texts; the standard library is there as everywhere."""

    def __init__(self, files: Mapping[str, str], entries: list[Source]) -> None:
        self._files = files
        self._read = {source.name: source for source in entries}
        self.library: dict[str, str] = {}
        """What was read of the standard library: its comments count as those of `files` do."""

    def module(self, importer: str, dotted: tuple[str, ...]) -> Source | Problem | None:
        """Return a module of the standard library."""
        del importer
        if len(dotted) != 2 or dotted[0] != "std" or not dotted[1].isidentifier():
            return None
        try:
            text = resources.read_text(resources.path("stdlib", f"{dotted[1]}.iam"))
        except OSError:
            return loading.no_standard_module(".".join(dotted))
        name = f"std/{dotted[1]}.iam"
        self.library[name] = text
        return self._source(name, text)

    def file(self, importer: str, path: str) -> Source | _Problem:
        """Return a text that was given under the path, relative to the importing source."""
        name = posixpath.normpath(posixpath.join(posixpath.dirname(importer), path))
        if name.startswith(("../", "/")) or name == "..":
            return _Problem(
                codes.IMPORT_OUTSIDE,
                f"`{path}` leaves the sources that were given",
                "give the file by a name without `..` at its beginning",
            )
        if name not in self._files:
            return _Problem(
                codes.IMPORT_NOT_FOUND,
                f"no file `{name}` was given",
                "pass it in `files`",
            )
        return self._source(name, self._files[name])

    def _source(self, name: str, text: str) -> Source:
        return self._read.setdefault(name, Source(name, text))

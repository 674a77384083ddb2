"""References of modules: of the standard library, of installed packages, and of the project."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from iamdsl import resources
from iamdsl.aws.limits import LIMITS
from iamdsl.compiler import Environment
from iamdsl.diagnostics import Report, codes
from iamdsl.doc import markdown, page
from iamdsl.doc.markdown import MARK, file_name
from iamdsl.project import catalogue, loading, packages, writer
from iamdsl.project.config import PSEUDO
from iamdsl.project.problem import Problem, nearest
from iamdsl.source import Source
from iamdsl.syntax import parse, tree

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from iamdsl.diagnostics import Diagnostic
    from iamdsl.doc import Entry, Page
    from iamdsl.project import Project
    from iamdsl.project.writer import Written

STANDARD = "std"
_TESTS = "tests"
_PLACE = {"partition": "aws", "account": "111122223333", "region": "eu-west-1"}
"""Where examples are compiled for, where the project does not say."""


class Documented(NamedTuple):
    """What is documented.

    Attributes:
        entries: those that were asked for by their names, each with its page.
    """

    pages: tuple[Page, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    entries: tuple[tuple[Page, Entry], ...] = ()


class _Module(NamedTuple):
    """A module: its source, what it is called, and the line that imports it."""

    source: Source
    dotted: str
    importing: str


def document(names: Sequence[str], project: Project) -> Documented:
    """Return the pages of modules.

    Args:
        names: dotted ones, of a library (`std`), a module (`std.lambda`) or an entry of one
            (`std.lambda.sqs_trigger`); none for the modules of the project.
    """
    report = Report()
    report.extend(problem.diagnostic() for problem in project.problems)
    known = catalogue.open_catalogue(project.config.catalogue, project.config.root)
    if isinstance(known, Problem):
        report.extend([known.diagnostic()])
        return Documented(diagnostics=report.diagnostics)
    if report.failed:
        return Documented(diagnostics=report.diagnostics)
    own = _entries(project, report)
    loader = loading.Loader(project.config.root, own)
    pseudo = {name: getattr(project.config, name) or _PLACE[name] for name in PSEUDO}
    environment = Environment(known, loader, LIMITS, pseudo=pseudo)
    asked = [found for name in names for found in _named(name, loader, report)]
    asked += ((module, "") for module in _own(own))
    modules = {module.importing: module for module, _ in asked}  # once, however often asked for
    made = {line: page(*module, environment=environment) for line, module in modules.items()}
    pages = tuple(one for one in made.values() if one.entries)
    entries = tuple(
        (made[module.importing], entry)
        for module, wanted in asked
        for entry in made[module.importing].entries
        if entry.name == wanted
    )
    for one in pages:
        _complain(one, [entry for _, entry in entries], report)
    _told_nothing(pages, report)
    return Documented(pages, report.diagnostics, entries)


def _told_nothing(pages: Sequence[Page], report: Report) -> None:
    if not report.failed and not pages:
        message = "there is no template, guard or value for others in these sources"
        report.add(codes.NO_SOURCES, None, message, hint="name a module: `iamdsl doc std.lambda`")


def write(pages: Sequence[Page], title: str, out: str, *, html: bool) -> Written | Problem:
    """Make a folder hold a page for each module and the list of them.

    What an earlier run wrote there and is no page any more is removed; other files are not touched.

    Raises:
        ImportError: HTML was asked for, and the extra `doc` is not installed.
    """
    if html:
        from iamdsl.doc.html import render  # noqa: PLC0415  # of an extra

        files = render(pages, title)
    else:
        files = {f"{file_name(one)}.md": f"{MARK}\n\n{markdown.render(one)}" for one in pages}
        files["README.md"] = f"{MARK}\n\n{markdown.index(pages, title)}"
    data = {name: text.encode() for name, text in files.items()}
    return writer.write(os.path.abspath(out), data, out, frozenset(_written_before(out)))


def _written_before(out: str) -> Iterator[str]:
    """Yield the names of the files of a folder that say that they were made here."""
    try:
        names = os.listdir(out)
    except OSError:
        return
    for name in names:
        if name.endswith((".md", ".html")):
            file = loading.read(os.path.join(out, name), name)
            if isinstance(file, loading.File) and MARK.encode() in file.data[:1000]:
                yield name


def _complain(one: Page, entries: Sequence[Entry], report: Report) -> None:
    """Tell which examples do not compile, once for those that fail for the same reason."""
    by_problem: dict[str, list[str]] = {}
    for entry in one.entries:
        if entry.problem and (not entries or entry in entries):
            by_problem.setdefault(entry.problem, []).append(f"`{one.dotted}.{entry.name}`")
    for problem, names in by_problem.items():
        more = f" and {len(names) - 1} more" if len(names) > 1 else ""
        verb = "do" if more else "does"
        report.add(
            codes.BROKEN_EXAMPLE,
            None,
            f"the example of {names[0]}{more} {verb} not compile: {problem}",
            hint="an example is a use with the values behind `e.g.` in the comment",
        )


def _named(name: str, loader: loading.Loader, report: Report) -> list[tuple[_Module, str]]:
    """Return the modules of a dotted name, each with the name of the entry that it asks for."""
    parts = tuple(name.split("."))
    modules = list(_library(parts, loader))
    if modules:
        return [(module, "") for module in modules]
    found = loader.module("", parts)
    if isinstance(found, Source):
        return [(_Module(found, name, f"import {name}"), "")]
    if len(parts) > 2:  # a library, a module, a name in it
        dotted = ".".join(parts[:-1])
        whole = loader.module("", parts[:-1])
        if isinstance(whole, Source):
            module = _Module(whole, dotted, f"import {dotted}")
            return [(module, parts[-1])] if _has(module, parts[-1], report) else []
    report.extend([(found or loading.no_standard_module(name)).diagnostic()])
    return []


def _has(module: _Module, name: str, report: Report) -> bool:
    known = [
        m.name.text
        for m in parse(module.source, Report()).members
        if isinstance(m, tree.Template | tree.Let | tree.Declaration)
        and isinstance(m.name, tree.Name)
        and not m.name.text.startswith("_")
    ]
    if name in known:
        return True
    message = f"`{module.dotted}` has no `{name}`"
    hint = nearest(name, known) or f"`iamdsl doc {module.dotted}` shows what it has"
    report.add(codes.IMPORT_NOT_FOUND, None, message, hint=hint)
    return False


def _library(parts: tuple[str, ...], loader: loading.Loader) -> Iterator[_Module]:
    """Yield all modules of a library, or of a folder in it."""
    if not all(part.isidentifier() for part in parts):
        return
    folder = ""
    if parts[0] == STANDARD:
        folder = resources.path("stdlib", *parts[1:])
    else:
        package = packages.find(parts[0])
        if isinstance(package, packages.Package):
            folder = os.path.join(package.folder, *parts[1:])
    if not os.path.isdir(folder):
        return
    for at, folders, files in os.walk(folder):
        folders[:] = sorted(f for f in folders if f.isidentifier() and f != _TESTS)
        beneath = os.path.relpath(at, folder)
        inner = () if beneath == os.curdir else tuple(beneath.split(os.sep))
        for file in sorted(files):
            dotted = (*parts, *inner, file.removesuffix(".iam"))
            source = loader.module("", dotted) if file.endswith(".iam") else None
            if source is not None and not isinstance(source, Problem):
                name = ".".join(dotted)
                yield _Module(source, name, f"import {name}")


def _entries(project: Project, report: Report) -> list[tuple[loading.File, Source]]:
    found = []
    for file in project.files:
        source = loading.decode(file)
        if isinstance(source, Problem):
            report.extend([source.diagnostic()])
        else:
            found.append((file, source))
    return found


def _own(sources: Sequence[tuple[loading.File, Source]]) -> Iterator[_Module]:
    """Yield the sources of the project that others may import: what declares something is for itself."""
    for file, source in sources:
        if not any(map(_declares, parse(source, Report()).members)):
            name = os.path.basename(file.name).removesuffix(".iam")
            yield _Module(source, name, f'import "./{file.name}" as {name.replace("-", "_")}')


def _declares(member: tree.Member) -> bool:
    if isinstance(member, tree.Declaration):
        return member.kind not in {"guard", "test"}
    return isinstance(member, tree.Use | tree.For | tree.If)

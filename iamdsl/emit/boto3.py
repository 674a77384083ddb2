"""Target `boto3`: a Python program for each place, which makes an account as it is to be.

`deploy.py` holds the runtime of `iamdsl.deploy` word for word and the place as data, so that it needs
nothing but boto3. It reads what is live, and does what is missing: run twice, it does nothing.
"""

from __future__ import annotations

import ast
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from iamdsl.emit._desired import desired, left_out
from iamdsl.emit._places import places
from iamdsl.emit._targets import File
from iamdsl.emit._templates import rendered
from iamdsl.resources import package_path, read_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from iamdsl.diagnostics import Report
    from iamdsl.emit._places import Place
    from iamdsl.emit._targets import Facts
    from iamdsl.iam import Build

FILE = "deploy.py"

RUNTIME = (
    "_terms",
    "_documents",
    "_calling",
    "_ordering",
    "_resources",
    "_making",
    "_limiting",
    "_identities",
    "_above",
    "_removing",
    "_planning",
    "_reading",
    "_performing",
    "_program",
)
"""The modules of `iamdsl.deploy` that a program holds, each behind those that it imports."""


class Module(NamedTuple):
    """A module as it stands in a program: without its imports."""

    title: str
    text: str


class Runtime(NamedTuple):
    """What a program holds besides its data.

    Attributes:
        aliases: names of types, which annotations speak of.
    """

    imports: list[str]
    aliases: list[str]
    modules: list[Module]


def emit(build: Build, facts: Facts, report: Report, form: str) -> list[File]:
    """Return a program for each place that has something in it."""
    del form
    return [
        _program(place, facts, report)
        for place in places(build, facts.pseudo, {FILE})
        if _has_something(place)
    ]


def _has_something(place: Place) -> bool:
    build = place.build
    above = any(target.kind != "account" or target.attached for target in build.targets)
    return above or bool(build.documents or build.identities)


def _program(place: Place, facts: Facts, report: Report) -> File:
    for found in left_out(place, facts):
        origin = found.origin[0] if found.origin else None
        report.add(found.code, origin, found.message, hint=found.hint)
    data = desired(place, facts)
    where = "the account of the credentials that it is run with"
    if place.account is not None:
        where = f"account {place.account.name} ({place.account.id})"
    elif data["account"]:
        where = f"account {data['account']}"
    runtime = _runtime()
    text = rendered(
        "boto3.py.j2",
        {"plain": plain},
        project=facts.project,
        where=where,
        file=FILE,
        options="".join(f" --set {extern['name']}=…" for extern in data["externs"]),
        runtime=runtime,
        desired=literal(data),
    )
    return File(f"{place.folder}{FILE}", text, "program", place.account, place.build)


def literal(value: object, indent: int = 0) -> str:
    """Return JSON values as Python writes them, in ASCII, a member to a line."""
    inner, end = " " * (indent + 4), f"\n{' ' * indent}"
    if isinstance(value, dict) and value:
        lines = [f"{inner}{k!a}: {literal(v, indent + 4)}," for k, v in value.items()]
        return "\n".join(("{", *lines)) + end + "}"
    if isinstance(value, list) and value:
        if all(not isinstance(item, (dict, list)) for item in value) and len(value) == 1:
            return f"[{value[0]!a}]"
        lines = [f"{inner}{literal(item, indent + 4)}," for item in value]
        return "\n".join(("[", *lines)) + end + "]"
    return ascii(value)


def plain(text: str) -> str:
    """Return a text for a docstring: what could end it, or mean something in it, is left out."""
    return "".join(c if c.isascii() and c.isprintable() and c not in '"\\' else "?" for c in text)


@cache
def _runtime() -> Runtime:
    """Return the modules of the runtime, and all that they import, together."""
    imports: set[str] = set()
    names: dict[str, set[str]] = {}
    aliases: list[str] = []
    modules = []
    for name in RUNTIME:
        text = read_text(package_path("deploy", f"{name}.py"))
        tree = ast.parse(text)
        for node in _top(tree):
            if isinstance(node, ast.Import):
                imports.update(f"import {alias.name}" for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                found = names.setdefault(node.module or "", set())
                found.update(alias.name for alias in node.names)
            elif isinstance(node, ast.Assign) and node.col_offset:  # in `if TYPE_CHECKING`
                aliases.append(ast.unparse(node))
        modules.append(_module(text, tree))
    froms = [
        f"from {module} import {', '.join(sorted(found - {'TYPE_CHECKING'}))}"
        for module, found in sorted(names.items())
        if not module.startswith(("iamdsl.", "__future__"))
    ]
    return Runtime([*sorted(imports), *froms], list(dict.fromkeys(aliases)), modules)


def _top(tree: ast.Module) -> Iterator[ast.stmt]:
    for node in tree.body:
        yield from node.body if isinstance(node, ast.If) else [node]


def _module(text: str, tree: ast.Module) -> Module:
    """Return a module without docstring and imports; its docstring's first line is the title."""
    gone: set[int] = set()
    for node in tree.body:
        if isinstance(node, (ast.Import, ast.ImportFrom, ast.If)) or node is tree.body[0]:
            gone.update(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    lines = [line for n, line in enumerate(text.splitlines(), 1) if n not in gone]
    title = (ast.get_docstring(tree) or "").splitlines()[0]
    return Module(title, "\n".join(lines).strip())

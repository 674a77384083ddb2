"""A use of each template, from the values that its comment names, and what that compiles to."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from iamdsl import compiler, emit, iam
from iamdsl.diagnostics import Report, Severity
from iamdsl.fmt import format as formatted
from iamdsl.lift.templates import NOBODY, is_real
from iamdsl.source import Source
from iamdsl.syntax import tree

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from iamdsl.compiler import Environment
    from iamdsl.doc.comments import Comment
    from iamdsl.iam import Build, Policy

WIDTH = 88
"""Columns of what is shown of sources and JSON."""

_TOP = "the top level"
_NAME = "example"
_SOME_TRUST = "trust service ec2 "  # for the reader's own: no role is without
_TRUST = "trust policy"
# A condition of its own keeps it from being joined with a trust of the template's.
_NO_TRUST = f'trust service {NOBODY} when aws:userid == "{NOBODY}" '


class Made(NamedTuple):
    """A part of what an example compiles to: what it is, and its JSON."""

    title: str
    text: str


class Example(NamedTuple):
    """A use to compile.

    Attributes:
        name: of the template.
        kind: where it stands: "" for a role or policy, `scp`, `policy for …`, or at the top level.
    """

    name: str
    kind: str
    use: str


class Result(NamedTuple):
    """An example as a source without imports, and what came of it."""

    source: str
    made: tuple[Made, ...] = ()
    problem: str = ""


def kind_of(node: object, comment: Comment) -> str:
    """Return where a template, or a guard, is used."""
    if comment.used_in:
        return "" if comment.used_in == "policy" else comment.used_in
    if isinstance(node, tree.Template) and not any(map(_declares, node.body)):
        return ""
    return _TOP


def _declares(member: object) -> bool:
    """Tell whether a member of a template declares something, rather than being part of it."""
    match member:
        case tree.Declaration():
            return True
        case tree.For() | tree.If():
            return any(_declares(inner) for inner in tree.children(member))
        case _:
            return False


def compiled(
    asked: Sequence[Example], importing: str, environment: Environment
) -> dict[str, Result]:
    """Return what each example comes to, by the name of its template.

    Those that do not stand at the top level are compiled as one source, which is quicker by far;
    where that fails, each by itself, to find which of them it is.
    """
    apart = [example for example in asked if example.kind == _TOP]
    together = [example for example in asked if example.kind != _TOP]
    found = _built(together, importing, environment)
    results: dict[str, Result] = {}
    for group in [together] if not found.problem else [[example] for example in together]:
        built = found if not found.problem else _built(group, importing, environment)
        for number, example in enumerate(group):
            results[example.name] = _result(example, number, built)
    for example in apart:
        results[example.name] = _alone(example, importing, environment)
    return results


class _Built(NamedTuple):
    build: Build | None
    problem: str


def _built(asked: Sequence[Example], importing: str, environment: Environment) -> _Built:
    lines = [f"{importing}\n"]
    for number, example in enumerate(asked):
        opening = _opening(example.kind or "role", f"e{number}")
        trust = _NO_TRUST if example.kind in {"", "role"} else ""
        lines.append(f"{opening} {{ {trust}{example.use} }}\n")
    made = compiler.compile([Source("example.iam", "".join(lines))], environment)
    wrong = next((d for d in made.diagnostics if d.severity is Severity.ERROR), None)
    return _Built(made.build, f"{wrong.code.number}: {wrong.message}" if wrong else "")


def _opening(kind: str, name: str) -> str:
    """Return how a declaration begins: `policy for s3:bucket("x")` has its name in between."""
    word, _, rest = kind.partition(" ")
    return f"{word} {name} {rest}".rstrip()


def _result(example: Example, number: int, built: _Built) -> Result:
    """Return what one example of a build came to."""
    made = tuple(_parts(f"e{number}", built.build)) if built.build is not None else ()
    trusts = any(m.title == _TRUST for m in made)
    kind = example.kind or ("role" if trusts else "policy")
    inner = example.use if kind != "role" or trusts else f"{_SOME_TRUST}{example.use}"
    source = pretty(f"{_opening(kind, _NAME)} {{ {inner} }}\n")
    return Result(source, made, built.problem)


def _parts(name: str, build: Build) -> Iterator[Made]:
    for document in build.documents:
        if name in (document.name, document.split_from):
            yield _made("", document.policy)
    for identity in build.identities:
        if identity.name == name:
            for _, policy in identity.inline:
                yield _made("", policy)
            trust = [s for s in (identity.trust.statements if identity.trust else ()) if is_real(s)]
            if trust:
                yield _made(_TRUST, iam.Policy(tuple(trust)))
            if identity.managed:
                attached = [attachment.policy for attachment in identity.managed]
                yield Made("attached policies", compact(attached))


def _made(title: str, policy: Policy) -> Made:
    return Made(title, compact(_without_version(iam.to_json(policy))))


def _alone(example: Example, importing: str, environment: Environment) -> Result:
    """Return what an example at the top level came to: every file that is built."""
    source = pretty(f"{example.use}\n")
    text = f"{importing}\n{example.use}\n"
    made = compiler.compile([Source("example.iam", text)], environment)
    wrong = next((d for d in made.diagnostics if d.severity is Severity.ERROR), None)
    if made.build is None or wrong is not None:
        return Result(source, (), f"{wrong.code.number}: {wrong.message}" if wrong else "")
    facts = emit.Facts(
        environment.catalogue.version,
        environment.catalogue.sha256,
        (),
        tuple(sorted(environment.pseudo.items())),
        environment.limits,
    )
    files = emit.emit(("json",), made.build, facts, Report()).files
    parts = (
        Made(name, compact(_without_version(json.loads(data))))
        for name, data in files.items()
        if name != "manifest.json"
    )
    return Result(source, tuple(parts))


def _without_version(document: Any) -> Any:
    """Return the statements of a document; what else a file holds as it is."""
    found = document.get("Statement") if isinstance(document, dict) else None
    if found is None:
        return document
    return found[0] if isinstance(found, list) and len(found) == 1 else found


def pretty(text: str) -> str:
    """Return a source in the one layout, and what is none as it is."""
    return (formatted(Source("example.iam", text), Report()) or text).rstrip("\n")


def compact(value: object, indent: int = 0) -> str:
    """Return JSON in which what fits into a line stands in one."""
    line = json.dumps(value, ensure_ascii=False)
    if len(line) + indent <= WIDTH or not isinstance(value, dict | list) or not value:
        return line
    inner = " " * (indent + 2)
    parts: Iterable[str]
    if isinstance(value, dict):
        opened, closed = "{", "}"
        parts = _members(value, indent + 2)
    else:
        opened, closed = "[", "]"
        parts = (compact(item, indent + 2) for item in value)
    lines = ",\n".join(f"{inner}{part}" for part in parts)
    return f"{opened}\n{lines}\n{' ' * indent}{closed}"


def _members(value: Mapping[str, object], indent: int) -> Iterator[str]:
    for name, item in value.items():
        yield f"{json.dumps(name, ensure_ascii=False)}: {compact(item, indent)}"

"""Second pass: give every name its meaning and every expression its type.

After it each module's names are bound, the project's entities are known, and whatever would go
wrong for its type in any expansion has been reported, used or not. Expressions stay the tree's;
`expand` reads them with the bindings made here.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from iamdsl.compiler import checks, places
from iamdsl.compiler.bodies import BODIES
from iamdsl.compiler.circles import circles
from iamdsl.compiler.loops import alternatives_in_a_loop
from iamdsl.compiler.scope import Scope, check_shadow, check_word
from iamdsl.compiler.statements import Checker
from iamdsl.diagnostics import Label, codes
from iamdsl.model import Binding, Module, Program, types
from iamdsl.model.program import ENTITY_KINDS, with_article
from iamdsl.syntax import tree
from iamdsl.syntax.words import HEADS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from iamdsl.compiler.environment import Environment
    from iamdsl.diagnostics import Report
    from iamdsl.source import Span

_KINDS = {tree.Let: "let", tree.Template: "template", tree.Extern: "extern", tree.Param: "param"}


def resolve(modules: tuple[Module, ...], environment: Environment, report: Report) -> Program:
    """Bind names, infer types, report what does not fit."""
    entities: dict[str, list[tree.Declaration]] = {}
    computed = False
    for module in modules:
        _bind(module, report)
        for node in _declarations(module.file.members):
            if node.kind not in ENTITY_KINDS:
                continue
            name = node.name.text if isinstance(node.name, tree.Name) else node.name.plain
            if name is None:
                computed = True
            else:
                entities.setdefault(name.lower(), []).append(node)
        if module.library:
            _only_definitions(module, report)
    program = Program(modules, {n: _spoken_of(d) for n, d in entities.items()}, computed)
    checker = Checker(program, environment, report)
    for module in modules:
        scope = Scope(module)
        for binding in list(module.names.values()):
            checker.type_of(binding)
        _members(module.file.members, scope, checker, "file", report)
    _template_cycles(checker, report)
    if not report.failed:
        _unused(modules, checker.locals, report)
    return program


def _spoken_of(nodes: list[tree.Declaration]) -> tuple[tree.Declaration, ...]:
    """Return those of some declarations of one name that the name stands for."""
    inner = [n for n in nodes if n.kind not in {"organization", "ou"}]
    return tuple(inner or nodes)


def _template_cycles(checker: Checker, report: Report) -> None:
    """Report each `use` that closes a circle of templates, used or not."""
    for circle, span in circles(checker.uses):
        report.add(
            codes.CYCLIC_DEFINITION,
            span,
            f"the template `{circle[-1].name}` uses itself",
            label=" uses ".join(f"`{binding.name}`" for binding in circle[-5:]),
            hint="loop over a list with `for` instead",
        )


def _bind(module: Module, report: Report) -> None:
    for member in module.file.members:
        if isinstance(member, tree.Import):
            name = member.name
            bound = module.names.get(name.text)
            if bound is not None and bound.node is not member:
                _duplicate(name, bound, report)
            if not module.foreign:
                check_shadow(name, None, report)
            continue
        guard = isinstance(member, tree.Declaration) and member.kind == "guard"
        kind = "guard" if guard else _KINDS.get(type(member))
        declared = member.parameter.name if isinstance(member, tree.Param) else _name_of(member)
        if kind is None or declared is None:
            continue
        name = declared
        if kind not in {"template", "guard"}:
            check_word(name, report)
            if not module.foreign:
                check_shadow(name, None, report)
        if name.text in module.names:
            _duplicate(name, module.names[name.text], report)
        else:
            module.names[name.text] = Binding(kind, name.text, member, module, name.span)


def _name_of(member: tree.Member) -> tree.Name | None:
    """Return the name that a member declares; None if it has none, or a computed one."""
    name = getattr(member, "name", None)
    return name if isinstance(name, tree.Name) else None


def _duplicate(name: tree.Name, bound: Binding, report: Report) -> None:
    report.add(
        codes.DUPLICATE_NAME,
        name.span,
        f"`{name.text}` is declared twice in this module",
        notes=[Label(bound.span, "first declared here")],
        hint="give one of them another name",
    )


def _declarations(members: tuple[tree.Member, ...]) -> Iterator[tree.Declaration]:
    for member in members:
        if isinstance(member, tree.Declaration):
            yield member
            yield from _declarations(member.body)
        elif isinstance(member, tree.Template | tree.For):
            yield from _declarations(member.body)
        elif isinstance(member, tree.If):
            yield from _declarations(member.body + member.otherwise)


def _only_definitions(module: Module, report: Report) -> None:
    for member in module.file.members:
        if isinstance(member, tree.Declaration) and member.kind not in {"test", "guard"}:
            what = with_article(member.kind)
        elif isinstance(member, tree.Param):
            what = "a param"
        elif isinstance(member, tree.Use | tree.For | tree.If):
            what = "statements"
        else:
            continue
        report.add(
            codes.MISPLACED,
            member.span,
            f"an imported module declares {what}",
            label="a module that is imported builds nothing by itself",
            hint="put it into a `template`, and `use` that where it is wanted",
        )


def _members(
    members: tuple[tree.Member, ...], scope: Scope, checker: Checker, place: str, report: Report
) -> None:
    """Check the members of a body; `place` is the kind of body, "file" or "template"."""
    seen: dict[str, Span] = {}
    headless = False
    for member in members:
        if isinstance(member, tree.Broken):
            headless = _after_broken(member, scope) or headless
        if headless and place == "file" and isinstance(member, tree.Statement | tree.Setting):
            continue  # of the declaration whose head could not be read
        if isinstance(member, tree.Setting) and place != "template":
            if member.name in seen:
                report.add(
                    codes.REPEATED_CLAUSE,
                    member.span,
                    f"a second `{member.name}`",
                    notes=[Label(seen[member.name], "the first is here")],
                    hint="keep one of them",
                )
            seen[member.name] = member.span
        _member(member, scope, checker, place, report)


def _after_broken(member: tree.Broken, scope: Scope) -> bool:
    """Bind the name that a broken `for` or `let` gives; tell whether a body is left without head."""
    text = member.span.text
    if found := re.match(r"(?:for|let)\s+([A-Za-z_][\w-]*)", text):
        scope.bind(tree.Name(found.group(1), span=member.span), types.UNKNOWN, member)
    return "{" not in text and bool(HEADS.intersection(text.split(None, 1)[:1]))


def _member(
    member: tree.Member, scope: Scope, checker: Checker, place: str, report: Report
) -> None:
    match member:
        case tree.Declaration():
            _declaration(member, scope, checker, place, report)
        case tree.Template():
            _top_only(member, place, "template", report)
            inner = scope.inner()
            # Whether there is one shows where the template is used.
            inner.bind(tree.Name("self", span=member.name.span), types.ARN, None)
            for parameter in member.parameters:
                kind = checker.read_type(parameter.type, scope)
                checker.bind(parameter.name, kind, parameter, inner)
            checker.inside = scope.module.names.get(member.name.text)
            _members(member.body, inner, checker, "template", report)
            checker.inside = None
        case tree.Statement():
            _allowed(member, member.verb, place, report)
            checker.statement(member, scope)
        case tree.Attach():
            _allowed(member, "attach", place, report)
            for item in member.items:
                checker.attachment(item, scope, place)
        case tree.Setting():
            _allowed(member, member.name, place, report)
            checker.setting(member, scope)
        case tree.Use():
            checker.use(member, scope)
        case tree.For():
            inner = checker.loop(member, scope)
            alternatives_in_a_loop(member, report)
            _members(member.body, inner, checker, place, report)
        case tree.If():
            checker.compile_time(member.condition, scope, "`if`")
            _members(member.body, scope, checker, place, report)
            _members(member.otherwise, scope, checker, place, report)
        case tree.Let() | tree.Param() | tree.Extern() | tree.Import():
            word = type(member).__name__.lower()
            _top_only(member, place, word, report)
            if place != "file" and isinstance(member, tree.Let):
                scope.bind(member.name, checker.infer(member.value, scope), member)
        case tree.Broken():
            pass


def _declaration(
    node: tree.Declaration, scope: Scope, checker: Checker, place: str, report: Report
) -> None:
    problem, hint = "", ""
    if place in places.PLACES | {"file"}:
        problem, hint = places.misplaced(node.kind, "" if place == "file" else place)
    elif place != "template":
        problem = f"{with_article(node.kind)} cannot be declared in {with_article(place)}"
        hint = "declare it at the top level, and refer to it by its name"
    if problem:
        span = node.span if not node.body else node.name.span
        report.add(codes.MISPLACED, span, problem, hint=hint)
    if isinstance(node.name, tree.Text):
        checker.infer(node.name, scope)
    body = node.kind
    inner = scope
    if node.header is not None and node.kind in places.PLACES:
        wanted = types.ACCOUNT if node.kind == "account" else types.STRING
        if not (isinstance(node.header, tree.Literal) and node.header.kind == "int"):
            checker.expect(node.header, scope, wanted, f"the id of {with_article(node.kind)}")
    elif node.kind == "test":
        inner = checks.subject(checker, node, scope)
    elif node.header is not None:
        checker.infer(node.header, scope)
    if node.kind == "policy" and node.header is not None:
        body = "resource policy"
        inner = scope.inner()
        inner.bind(tree.Name("self", span=node.header.span), types.ARN, None)
    if node.kind == "guard":
        checks.exceptions(checker, node, scope)
    _members(node.body, inner, checker, body, report)


def _allowed(member: tree.Member, word: str, place: str, report: Report) -> None:
    if place == "template":
        return
    if place == "file":
        message = f"`{word}` stands outside any declaration"
        hint = "put it into the body of a `policy` or `role`"
    else:
        body = BODIES[place]
        if word in body:
            return
        message = f"`{word}` has no place in {with_article(place)}"
        hint = with_article(place) + " may hold " + ", ".join(f"`{w}`" for w in sorted(body))
        if word == "trust":
            hint = "put it into a `role`; the policy of a resource says `allow … to …`"
        elif word == "attach":
            hint = "attach it in a `role`, `user`, `group` or `permission_set`"
    report.add(codes.MISPLACED, member.span, message, hint=hint)


def _top_only(member: tree.Member, place: str, word: str, report: Report) -> None:
    if place != "file":
        report.add(
            codes.MISPLACED,
            member.span,
            f"`{word}` stands inside {with_article(place)}",
            hint=f"move it to the top level of the file{_let_hint(word)}",
        )


def _let_hint(word: str) -> str:
    return "; a value used in one place only may stand there itself" if word == "let" else ""


_CALLED = {"module": "import", "data": "import"}


def _unused(modules: tuple[Module, ...], locals_: list[Binding], report: Report) -> None:
    """Warn of names of the project's own sources that nothing refers to.

    What an imported module gives to others may be for another project's sources; its imports and
    private names are for itself. A parameter or a loop's variable may be there for its place
    only: `_` at its beginning says so. Sources that build nothing by themselves are such modules,
    compiled alone.
    """
    alone = _is_library(
        [m for module in modules if not module.library for m in module.file.members]
    )
    for module in modules:
        for binding in () if module.foreign else module.names.values():
            inner = binding.kind in _CALLED or binding.name.startswith("_")
            # A guard of a project's own binds it; that of a module, where it is switched on.
            needless = inner if alone or module.library else binding.kind != "guard"
            if needless and not binding.used and binding.kind != "broken":
                _never_used(binding, _CALLED.get(binding.kind, binding.kind), "remove it", report)
    for binding in locals_:
        if binding.used or binding.module.foreign or binding.name.startswith("_"):
            continue
        parameter = isinstance(binding.node, tree.Parameter)
        hint = f"remove it{'' if parameter else ' with its loop'}, or call it `_{binding.name}`"
        _never_used(binding, "parameter" if parameter else "loop variable", hint, report)


def _is_library(members: list[tree.Member]) -> bool:
    """Tell whether sources hold templates or guards for others, and nothing that is built."""
    given = [
        isinstance(m, tree.Template) or (isinstance(m, tree.Declaration) and m.kind == "guard")
        for m in members
        if not isinstance(m, tree.Import | tree.Let)
    ]
    return bool(given) and all(given)


def _never_used(binding: Binding, what: str, hint: str, report: Report) -> None:
    message = f"the {what} `{binding.name}` is never used"
    report.add(codes.UNUSED_NAME, binding.span, message, hint=hint)

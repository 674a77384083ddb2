"""Third pass: run templates, loops and conditionals until only flat sentences are left.

After it every entity of the build is known by name, each with its grants, settings and
attachments as values. Nothing is compiled to IAM yet.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from iamdsl.compiler import builders
from iamdsl.compiler.bodies import BODIES
from iamdsl.compiler.builders import text_of
from iamdsl.compiler.evaluate import Evaluator, Frame, joined, negate
from iamdsl.compiler.resource_policies import may_be_pattern, service_of
from iamdsl.diagnostics import Label, codes
from iamdsl.model import NEVER, Entity, Formula, Grant, Module, Program, Value, types
from iamdsl.model.program import ENTITY_KINDS, with_article
from iamdsl.model.values import leaves
from iamdsl.syntax import tree

if TYPE_CHECKING:
    from iamdsl.compiler.environment import Environment
    from iamdsl.diagnostics import Report
    from iamdsl.model import Binding
    from iamdsl.source import Span

MAX_STATEMENTS = 100_000
MAX_DEPTH = 64
_CHECKS = {"allows", "denies", "never", "always"}


def expand(program: Program, environment: Environment, report: Report) -> tuple[Entity, ...]:
    """Return the entities of the project's own modules, in the order of declaration."""
    expansion = _Expansion(Evaluator(program, environment, report), report)
    for module in program.modules:
        if module.library:
            continue
        frame = Frame(module, {})
        for binding in module.names.values():
            if binding.kind == "param":
                expansion.evaluator.binding(binding)
        expansion.members(module.file.members, frame, None)
    _report_clashes(expansion.entities, report)
    return tuple(expansion.entities)


class _Expansion:
    """What has been made so far, and the `use`s that led to the present place."""

    def __init__(self, evaluator: Evaluator, report: Report) -> None:
        self.evaluator, self.report = evaluator, report
        self.entities: list[Entity] = []
        self.uses: list[tuple[Binding, Span]] = []
        self.statements = 0
        self.stopped = False

    def members(
        self, members: tuple[tree.Member, ...], frame: Frame, entity: Entity | None
    ) -> None:
        for member in members:
            if self.stopped:
                return
            self._member(member, frame, entity)

    def _member(self, member: tree.Member, frame: Frame, entity: Entity | None) -> None:
        match member:
            case tree.Declaration() if entity is None:
                self._declaration(member, frame)
            case tree.Statement() | tree.Attach() | tree.Setting() | tree.Declaration() if (
                entity is not None and self._foreign(member, entity)
            ):
                self._misplaced(member, entity)
            case tree.Statement(verb=verb) if entity is not None and verb not in _CHECKS:
                self._statement(member, frame, entity)
            case tree.Attach(items=items) if entity is not None:
                for item in items:
                    found = self.evaluator.value(item, frame)
                    entity.attachments += leaves(found) if found else ()
            case tree.Setting() if entity is not None:
                self._setting(member, frame, entity)
            case tree.Use():
                self._use(member, frame, entity)
            case tree.For(body=body):
                for inner in self.evaluator.each(member, frame):
                    self._count(member.span)
                    self.members(body, inner, entity)
            case tree.If(condition=condition, body=body, otherwise=otherwise):
                truth = self.evaluator.truth(condition, frame)
                self.members(body if truth else otherwise, frame, entity)
            case tree.Statement() | tree.Attach() | tree.Setting():
                self._misplaced(member, None)
            case _:
                return

    def _foreign(
        self,
        member: tree.Statement | tree.Attach | tree.Setting | tree.Declaration,
        entity: Entity,
    ) -> bool:
        """Tell whether a template brings to an entity what its kind has no place for."""
        if isinstance(member, tree.Statement):
            word = member.verb
        elif isinstance(member, tree.Setting):
            word = member.name
        else:
            word = "attach" if isinstance(member, tree.Attach) else "declaration"
        return word not in BODIES["resource policy" if entity.target else entity.kind]

    def _misplaced(
        self,
        member: tree.Statement | tree.Attach | tree.Setting | tree.Declaration,
        entity: Entity | None,
    ) -> None:
        """Report what a template brings to a place that cannot hold it."""
        if entity is None:
            message = "this brings statements to a place that holds declarations only"
            hint = "`use` it inside the body of a policy or role"
        else:
            message = f"this brings {with_article(entity.kind)} what it cannot hold"
            hint = "`use` it where all that the template holds has a place"
        self.report.add(
            codes.MISPLACED,
            self.uses[-1][1] if self.uses else member.span,
            message,
            notes=[Label(_head(member), "this has no place there")] if self.uses else (),
            hint=hint,
        )

    def _count(self, span: Span) -> None:
        self.statements += 1
        if self.statements > MAX_STATEMENTS and not self.stopped:
            self.stopped = True
            self.report.add(
                codes.EXPANSION_LIMIT,
                span,
                f"loops and templates make more than {MAX_STATEMENTS:,} statements",
                hint="a loop over lists in a statement's own list makes one statement",
            )

    def _declaration(self, node: tree.Declaration, frame: Frame) -> None:
        if node.kind in {"test", "guard", "organization", "ou", "account"}:
            self._not_yet(node)
            return
        name = self._entity_name(node, frame)
        if name is None:
            return
        entity = Entity(node.kind, name, node.name.span, node.span, node.doc)
        if node.header is not None and node.kind == "policy":
            entity.target = self._target(node.header, frame)
            if entity.target is None:
                return
            frame = frame.inner({"self": Value(types.ARN, text_of(entity.target))})
        self.entities.append(entity)
        self.members(node.body, frame, entity)

    def _target(self, node: tree.Expression, frame: Frame) -> Value | None:
        """Return the one resource that a resource policy is for."""
        found = self.evaluator.value(node, frame)
        if found is None:
            return None
        problem, hint = "", 'write a builder such as `s3:bucket("name")`, or an ARN'
        text = text_of(found)
        if found.type.name == "List":
            problem = "a list of resources"
            hint = "declare one policy for each: `for b in buckets { policy … for b { … } }`"
        elif found.type.name == "Entity":
            problem = f"{with_article(found.type.options[0])}, which has no resource policy here"
            hint = "who may assume a role is said by `trust` in the role"
        elif found.type.name not in {"Resource", "Arn", "String"} or text == "*":
            problem = "no resource"
        elif service_of(found, text) == "iam":
            problem = "of IAM, where only roles have a policy, said by `trust` in the role"
        elif set("*?") & set(text) and not may_be_pattern(found, text):
            problem = "a pattern, and a resource policy belongs to one resource"
        if not problem:
            return found
        self.report.add(codes.BAD_ARN, node.span, f"`{node.span.text}` is {problem}", hint=hint)
        return None

    def _not_yet(self, node: tree.Declaration) -> None:
        if node.kind == "test":
            self.report.add(
                codes.UNCHECKED,
                node.name.span,
                "this version of iamdsl does not run tests",
                hint="do not count on it yet",
            )
            return
        self.report.add(
            codes.NOT_SUPPORTED,
            node.name.span,
            f"this version of iamdsl does not build {with_article(node.kind)}",
            hint="prove the property in review"
            if node.kind == "guard"
            else "give the account by `[aws] account` in `iamdsl.toml`, one project each",
        )

    def _entity_name(self, node: tree.Declaration, frame: Frame) -> str | None:
        if isinstance(node.name, tree.Name):
            return node.name.text
        found = self.evaluator.value(node.name, frame)
        if found is not None and found.type.name == "List":
            self.report.add(
                codes.WRONG_TYPE,
                node.name.span,
                "a list in a declaration's name",
                hint="declare one for each item: `for x in xs { … }`",
            )
            return None
        return None if found is None else str(found.data)

    def _setting(self, node: tree.Setting, frame: Frame, entity: Entity) -> None:
        if node.name in entity.settings:
            self.report.add(
                codes.REPEATED_CLAUSE,
                node.span,
                f"a second `{node.name}` in `{entity.name}`",
                notes=[Label(entity.settings[node.name][1], "the first is here")],
                hint="keep one of them",
            )
            return
        if node.name == "place":
            value = node.values[0]
            text = value.text if isinstance(value, tree.Name) else ""
            if text not in {"inline", "managed", "auto"}:
                self.report.add(
                    codes.WRONG_TYPE,
                    value.span,
                    f"`{value.span.text}` is no place for statements",
                    hint="write `place inline`, `place managed` or `place auto`",
                )
                return
            entity.settings["place"] = ((Value(types.STRING, text),), node.span)
            return
        values = [self.evaluator.value(v, frame) for v in node.values]
        if node.name == "path" and any(
            v is not None and builders.widens(v, self.report, node.span) for v in values
        ):
            return
        found = tuple(leaf for v in values if v is not None for leaf in leaves(v))
        if found:
            entity.settings[node.name] = (found, node.span)

    def _use(self, node: tree.Use, frame: Frame, entity: Entity | None) -> None:
        call = node.template
        function = call.function if isinstance(call, tree.Call) else call
        binding = self._find_template(function, frame.module)
        if binding is None:
            return
        if binding in [b for b, _ in self.uses]:
            return  # a circle, which `resolve` has reported
        if len(self.uses) >= MAX_DEPTH:
            self.report.add(
                codes.EXPANSION_LIMIT,
                node.span,
                f"templates use each other more than {MAX_DEPTH} deep",
                label=" uses ".join(f"`{b.name}`" for b, _ in self.uses[-5:]),
                hint="loop over a list with `for` instead",
            )
            return
        values = self._arguments(call, binding, frame)
        if values is None:
            return
        self._count(node.span)
        self.uses.append((binding, node.span))
        self.members(binding.node.body, Frame(binding.module, values), entity)
        self.uses.pop()

    def _find_template(self, node: tree.Expression, module: Module) -> Binding | None:
        if isinstance(node, tree.Name):
            found = module.names.get(node.text)
        elif isinstance(node, tree.Field) and isinstance(node.base, tree.Name):
            base = module.names.get(node.base.text)
            target = base.target if base else None
            found = target.names.get(node.name.text) if isinstance(target, Module) else None
        else:
            return None
        return found if found is not None and found.kind == "template" else None

    def _arguments(
        self, call: tree.Expression, binding: Binding, frame: Frame
    ) -> dict[str, Value] | None:
        """Return the values of a template's parameters, the defaults read in its own module."""
        template: tree.Template = binding.node
        order = [p.name.text for p in template.parameters]
        given: dict[str, Value] = {}
        if isinstance(call, tree.Call):
            for index, (written, node) in enumerate(call.arguments):
                value = self.evaluator.value(node, frame)
                text = written.text if written else order[index] if index < len(order) else ""
                if value is None or text not in order:
                    return None
                given[text] = value
        own = Frame(binding.module, given)
        for parameter in template.parameters:
            name = parameter.name.text
            if name not in given:
                default = (
                    self.evaluator.value(parameter.default, own) if parameter.default else None
                )
                if default is None:
                    return None
                given[name] = default
            kind = parameter.type
            if (
                isinstance(kind, tree.TypeName)
                and kind.text == "Pattern"
                and not given[name].outside
            ):
                given[name] = attrs.evolve(given[name], type=types.PATTERN)
        return given

    # Statements

    def _statement(self, node: tree.Statement, frame: Frame, entity: Entity) -> None:
        self._count(node.span)
        clauses = dict(node.clauses)
        self.evaluator.emptied = False
        condition = self._condition(clauses, frame)
        emptied = self.evaluator.emptied
        actions = self._values(node.actions.items, frame)
        if condition is None or actions is None:
            return
        principals, principals_except = self._clause(clauses.get("to"), frame)
        resources, resources_except = self._clause(clauses.get("on"), frame)
        if node.verb == "trust" and "to" not in clauses:
            actions, principals = (), actions
            principals_except = self._values(node.actions.exceptions, frame) or ()
            actions_except: tuple[Value, ...] | None = ()
        else:
            actions_except = self._values(node.actions.exceptions, frame)
        if None in (principals_except, resources_except, actions_except):
            return
        if ("to" in clauses and principals is None) or ("on" in clauses and resources is None):
            return
        lists = (
            (principals, resources) if node.verb == "trust" else (actions, principals, resources)
        )
        empty = () in lists
        if node.verb == "allow" and node.actions.exceptions and actions_except == ():
            self.report.add(
                codes.ALWAYS_MET,
                node.actions.exceptions[0].span,
                "this `except` takes nothing away in this build",
                label="a list is empty",
                hint="if that is meant, put it into an `if`, where it can be seen",
            )
        if condition == NEVER or empty:
            if node.verb == "deny":
                self.report.add(
                    codes.FOLDED_AWAY,
                    node.span,
                    "this `deny` says nothing in this build",
                    label="a list is empty" if empty else "its condition is never true",
                    hint="if that is meant, put it into an `if`, where it can be seen",
                )
            return
        entity.grants.append(
            Grant(
                node.verb,
                actions,
                actions_except or (),
                principals,
                principals_except or (),
                resources,
                resources_except or (),
                condition,
                self._sid(clauses.get("as"), frame),
                node.span,
                (node.span, *(span for _, span in reversed(self.uses))),
                emptied,
            )
        )

    def _condition(
        self, clauses: dict[str, tree.Selection | tree.Expression], frame: Frame
    ) -> Formula | None:
        parts: list[Formula] = []
        for word in ("when", "unless"):
            clause = clauses.get(word)
            if clause is None or isinstance(clause, tree.Selection):
                continue
            found = self.evaluator.formula(clause, frame)
            if found is None:
                return None
            parts.append(found if word == "when" else negate(found))
        return joined("and", parts)

    def _clause(
        self, node: tree.Selection | tree.Expression | None, frame: Frame
    ) -> tuple[tuple[Value, ...] | None, tuple[Value, ...] | None]:
        if not isinstance(node, tree.Selection):
            return None, ()
        return self._values(node.items, frame), self._values(node.exceptions, frame)

    def _values(self, nodes: tuple[tree.Expression, ...], frame: Frame) -> tuple[Value, ...] | None:
        """Return the values of a list, flat; None when one could not be read."""
        found: list[Value] = []
        for node in nodes:
            value = self.evaluator.value(node, frame)
            if value is None:
                return None
            quoted = isinstance(node, tree.Text) and node.kind == "string"
            found += (attrs.evolve(v, verbatim=True) if quoted else v for v in leaves(value))
        return tuple(found)

    def _sid(self, node: tree.Selection | tree.Expression | None, frame: Frame) -> str | None:
        if node is None or isinstance(node, tree.Selection):
            return None
        if isinstance(node, tree.Name):
            return node.text
        found = self.evaluator.value(node, frame)
        return None if found is None else str(found.data)


def _report_clashes(entities: list[Entity], report: Report) -> None:
    """Report names that one account cannot hold together: IAM compares them without case."""
    first: dict[str, Entity] = {}
    for entity in entities:
        if entity.kind not in ENTITY_KINDS:
            continue
        key = entity.name.lower()
        other = first.setdefault(key, entity)
        if other is entity:
            continue
        same = other.name == entity.name
        report.add(
            codes.DUPLICATE_NAME,
            entity.span,
            f"`{entity.name}` is declared twice"
            if same
            else f"`{entity.name}` and `{other.name}` differ only in case",
            notes=[Label(other.span, f"the {other.kind} `{other.name}` is declared here")],
            hint="names are unique in a project, and IAM compares them without case: rename one",
        )


def _head(member: tree.Statement | tree.Attach | tree.Setting | tree.Declaration) -> Span:
    """Return the place by which to show a member: of a declaration, its name."""
    return member.name.span if isinstance(member, tree.Declaration) else member.span

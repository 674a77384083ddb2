"""Third pass: run templates, loops and conditionals until only flat sentences are left.

After it every place and entity of the build is known by name, each entity with its grants,
settings and attachments as values. Nothing is compiled to IAM yet.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import attrs

from iamdsl.compiler import builders, places
from iamdsl.compiler.bodies import BODIES
from iamdsl.compiler.builders import text_of
from iamdsl.compiler.evaluate import Evaluator, Frame, joined, negate
from iamdsl.diagnostics import Label, codes
from iamdsl.model import NEVER, Entity, Formula, Grant, Module, Place, Program, Value, types
from iamdsl.model.program import namespace, with_article
from iamdsl.model.values import leaves
from iamdsl.source import Borrowed, moved
from iamdsl.syntax import tree

if TYPE_CHECKING:
    from iamdsl.compiler.environment import Environment
    from iamdsl.diagnostics import Report
    from iamdsl.model import Binding
    from iamdsl.model.promises import Promise
    from iamdsl.source import Span

MAX_STATEMENTS = 100_000
MAX_DEPTH = 64


class Promised(NamedTuple):
    """A test or guard that was met on the way: what it says is read when all names are known.

    Attributes:
        place: the name in its declaration, or the `use` that switches a library's guard on.
        uses: what led to it.
    """

    node: tree.Declaration
    frame: Frame
    place: Span
    uses: tuple[tuple[Binding, Span], ...]


class Expansion(NamedTuple):
    """Places, the nameless one first, entities and promises, in the order of declaration."""

    places: tuple[Place, ...]
    entities: tuple[Entity, ...]
    promises: tuple[Promise, ...] = ()


def expand(program: Program, environment: Environment, report: Report) -> Expansion:
    """Return the places and entities of the project's own modules."""
    expansion = Expanding(Evaluator(program, environment, report), report)
    for module in program.modules:
        if module.library:
            continue
        frame = Frame(module, {})
        for binding in module.names.values():
            if binding.kind == "param":
                expansion.evaluator.binding(binding)
        expansion.members(module.file.members, frame, None)
    _report_clashes(expansion.entities, report)
    places.report_clashes(expansion.places, report)
    made = Expansion(tuple(expansion.places), tuple(expansion.entities))
    if expansion.promised:
        from iamdsl.compiler.promises import expand_promises  # noqa: PLC0415  # many have none

        made = made._replace(promises=expand_promises(expansion, made))
    expansion.report_homeless("a template", None)
    return made


class Expanding:
    """What has been made so far, and the place and the `use`s that led to where we are."""

    def __init__(self, evaluator: Evaluator, report: Report) -> None:
        self.evaluator, self.report = evaluator, report
        self.place = Place()
        self.places = [self.place]
        self.entities: list[Entity] = []
        self.promised: list[Promised] = []
        self.uses: list[tuple[Binding, Span]] = []
        self.statements = 0
        self.stopped = False

    def members(
        self, members: tuple[tree.Member, ...], frame: Frame, entity: Entity | Promise | None
    ) -> None:
        """Expand the members of a body: of an entity, a test or guard, or a place (None)."""
        for member in members:
            if self.stopped:
                return
            self._member(member, frame, entity)

    def _member(self, member: tree.Member, frame: Frame, entity: Entity | Promise | None) -> None:
        match member:
            case tree.Declaration() if entity is None:
                self._declaration(member, frame)
            case tree.Statement() | tree.Attach() | tree.Setting() | tree.Declaration() if (
                entity is not None and self._foreign(member, entity)
            ):
                self._misplaced(member, entity)
            case tree.Statement() if entity is not None:
                self._statement(member, frame, entity)
            case tree.Attach(items=items) if isinstance(entity, Entity) or self.place.kind:
                holder = entity if isinstance(entity, Entity) else self.place
                for item in items:
                    found = self.evaluator.value(item, frame)
                    holder.attachments += leaves(found) if found else ()
            case tree.Setting() if isinstance(entity, Entity):
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
        entity: Entity | Promise,
    ) -> bool:
        """Tell whether a template brings to an entity what its kind has no place for."""
        if isinstance(member, tree.Statement):
            word = member.verb
        elif isinstance(member, tree.Setting):
            word = member.name
        else:
            word = "attach" if isinstance(member, tree.Attach) else "declaration"
        target = entity.target if isinstance(entity, Entity) else None
        return word not in BODIES["resource policy" if target else entity.kind]

    def _misplaced(
        self,
        member: tree.Statement | tree.Attach | tree.Setting | tree.Declaration,
        entity: Entity | Promise | None,
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
        problem, hint = places.misplaced(node.kind, self.place.kind)
        if problem:
            span = self.uses[-1][1] if self.uses else node.name.span
            notes = [Label(node.name.span, "declared here")] if self.uses else ()
            self.report.add(codes.MISPLACED, span, problem, notes=notes, hint=hint)
            return
        if node.kind in {"test", "guard"}:
            self.promised.append(Promised(node, frame, node.name.span, tuple(self.uses)))
            return
        name = self.entity_name(node, frame)
        if name is None:
            return
        if node.kind in places.PLACES:
            self._place(node, name, frame)
            return
        span = moved(node.name.span, name.span)
        entity = Entity(node.kind, str(name.data), span, node.span, self.place, node.doc)
        if node.header is not None and node.kind == "policy":
            entity.target = self._target(node.header, frame)
            if entity.target is None:
                return
            frame = frame.inner({"self": Value(types.ARN, text_of(entity.target))})
        self.entities.append(entity)
        self.members(node.body, frame, entity)

    def _target(self, node: tree.Expression, frame: Frame) -> Value | None:
        """Return the one resource that a resource policy is for."""
        from iamdsl.compiler.resource_policies import (  # noqa: PLC0415  # only they need it
            may_be_pattern,
            service_of,
        )

        found = self.evaluator.value(node, frame)
        if found is None or builders.widens(found, self.report, found.span or node.span):
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

    def _place(self, node: tree.Declaration, name: Value, frame: Frame) -> None:
        """Open an organization, ou or account, and expand what stands in it."""
        place = places.open_place(self.evaluator, node, name, frame, self.place)
        if place is None:
            return
        self.places.append(place)
        outer, self.place = self.place, place
        if place.kind == "account":
            with self.evaluator.inside(place.id):
                self.members(node.body, frame, None)
        else:
            self.members(node.body, frame, None)
        self.place = outer

    def entity_name(self, node: tree.Declaration, frame: Frame) -> Value | None:
        """Return the name of a declaration, None after a mistake."""
        if isinstance(node.name, tree.Name):
            return Value(types.STRING, node.name.text, span=node.name.span)
        found = self.evaluator.value(node.name, frame)
        if found is not None and found.type.name == "List":
            self.report.add(
                codes.WRONG_TYPE,
                node.name.span,
                "a list in a declaration's name",
                hint="declare one for each item: `for x in xs { … }`",
            )
            return None
        return found

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
        if node.name != "groups" and any(v is not None and v.type.name == "List" for v in values):
            self._list_refused(f"`{node.name}`", node.values[0].span)
        elif found:
            place = moved(node.span, found[0].span) if len(found) == 1 else node.span
            entity.settings[node.name] = (found, place)

    def _use(self, node: tree.Use, frame: Frame, entity: Entity | Promise | None) -> None:
        call = node.template
        function = call.function if isinstance(call, tree.Call) else call
        binding = self._find_template(function, frame.module)
        if binding is None:
            return
        if binding.kind == "guard":
            self._guard(node, binding, entity)
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
        if (own := frame.find("self")) is not None:
            values = {"self": own, **values}
        self.members(binding.node.body, Frame(binding.module, values), entity)
        self.uses.pop()
        if not self.uses:
            self.report_homeless(f"`{binding.name}`", node.span)

    def report_homeless(self, template: str, use: Span | None) -> None:
        """Report a `self` that was met where there is none, at the use that led there."""
        found, self.evaluator.homeless = self.evaluator.homeless, None
        if found is not None:
            self.report.add(
                codes.MISPLACED,
                use or found,
                f"{template} is for the policy of a resource",
                notes=[Label(found, "`self` is that resource")] if use else (),
                hint="use it in a `policy … for …`",
            )

    def _find_template(self, node: tree.Expression, module: Module) -> Binding | None:
        if isinstance(node, tree.Name):
            found = module.names.get(node.text)
        elif isinstance(node, tree.Field) and isinstance(node.base, tree.Name):
            base = module.names.get(node.base.text)
            target = base.target if base else None
            found = target.names.get(node.name.text) if isinstance(target, Module) else None
        else:
            return None
        return found if found is not None and found.kind in {"template", "guard"} else None

    def _guard(self, node: tree.Use, binding: Binding, entity: Entity | Promise | None) -> None:
        """Switch on the guard of a library, which binds the whole project."""
        if entity is not None or self.place.kind:
            self.report.add(
                codes.MISPLACED,
                node.span,
                "a guard binds every role of the project, and stands at the top level",
                hint="move this `use` out of the block",
            )
        elif binding.module.library:
            guard: tree.Declaration = binding.node
            place = node.template.span
            frame = Frame(binding.module, {})
            if all(p.node is not guard for p in self.promised):
                self.promised.append(Promised(guard, frame, place, ((binding, place),)))

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
        own = Frame(binding.module, {})
        for parameter in template.parameters:
            name = parameter.name.text
            if name not in given:
                default = (
                    self.evaluator.value(parameter.default, own) if parameter.default else None
                )
                if default is None:
                    return None
                given[name] = default
            given[name] = self.evaluator.shaped(given[name], parameter.type, own)
        return given

    # Statements

    def _statement(self, node: tree.Statement, frame: Frame, entity: Entity | Promise) -> None:
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
        self._told(node, actions_except, empty=empty, never=condition == NEVER)
        if condition == NEVER or empty:
            return
        grant = Grant(
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
        if isinstance(entity, Entity):
            entity.grants.append(grant)
            return
        from iamdsl.compiler.promises import add_check  # noqa: PLC0415  # many projects have none

        add_check(self.evaluator, grant, clauses.get("given"), frame, entity)

    def _told(
        self,
        node: tree.Statement,
        actions_except: tuple[Value, ...] | None,
        *,
        empty: bool,
        never: bool,
    ) -> None:
        """Tell of a statement that says less in this build than is written.

        Args:
            empty: whether one of its lists is empty; never, whether its condition is never true.
        """
        hint = "if that is meant, put it into an `if`, where it can be seen"
        if node.verb == "allow" and node.actions.exceptions and actions_except == ():
            self.report.add(
                codes.ALWAYS_MET,
                node.actions.exceptions[0].span,
                "this `except` takes nothing away in this build",
                label="a list is empty",
                hint=hint,
            )
        if (never or empty) and node.verb not in {"allow", "trust"}:
            self.report.add(
                codes.FOLDED_AWAY,
                node.span,
                f"this `{node.verb}` says nothing in this build",
                label="a list is empty" if empty else "its condition is never true",
                hint=hint,
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
        if found is not None and found.type.name == "List":
            self._list_refused("a Sid", node.span)
            return None
        return None if found is None else str(found.data)

    def _list_refused(self, what: str, span: Span) -> None:
        """Report a list where one text is wanted: a hole that holds a list makes a list."""
        self.report.add(
            codes.WRONG_TYPE,
            span,
            f"{what} takes one text, and this is a list",
            hint="a list in `{…}` gives a list: name one of its items",
        )


def _report_clashes(entities: list[Entity], report: Report) -> None:
    """Report names that one account cannot hold together: IAM compares them without case."""
    first: dict[tuple[int, str, str], Entity] = {}
    for entity in entities:
        kind = "resource policy" if entity.target is not None else namespace(entity.kind)
        key = id(entity.home), kind, entity.name.lower()
        other = first.setdefault(key, entity)
        if other is entity:
            continue
        message = f"`{entity.name}` is declared twice"
        if other.name != entity.name:
            message = f"`{entity.name}` and `{other.name}` differ only in case"
        again = other.place == entity.place and not isinstance(other.span, Borrowed)
        note = Label(other.span, f"the {other.kind} `{other.name}` is declared here")
        report.add(
            codes.DUPLICATE_NAME,
            entity.span,
            message,
            label="by this declaration, which is expanded more than once" if again else "",
            notes=() if again else (note,),
            hint="names of one kind are unique in an account, and IAM compares them without case:"
            " rename one",
        )


def _head(member: tree.Statement | tree.Attach | tree.Setting | tree.Declaration) -> Span:
    """Return the place by which to show a member: of a declaration, its name."""
    return member.name.span if isinstance(member, tree.Declaration) else member.span

"""Values of expressions, once params and arguments are known.

`resolve` has checked names and types, so what goes wrong here hangs on the values themselves:
text from outside in a pattern, an entity that no expansion declared.
"""

from __future__ import annotations

from contextlib import contextmanager
from itertools import product
from math import prod
from typing import TYPE_CHECKING, assert_never

import attrs

from iamdsl.compiler import (
    builders,
    conversions,
    externs,
    formulas,
    outside,
    places,
    principals,
    records,
)
from iamdsl.compiler.builders import text_of
from iamdsl.compiler.infer import LITERALS, NO_VALUES, PSEUDO
from iamdsl.diagnostics import codes
from iamdsl.diagnostics.nearest import did_you_mean
from iamdsl.iam import placeholder
from iamdsl.model import ALWAYS, NEVER, And, Formula, Module, Not, Or, Program, Type, Value, types
from iamdsl.model.values import leaves
from iamdsl.source import Borrowed, moved
from iamdsl.syntax import tree

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from iamdsl.compiler.environment import Environment
    from iamdsl.diagnostics import Report
    from iamdsl.model import Binding
    from iamdsl.source import Span

MAX_WORK = 2_000_000
"""Values (or hundreds of characters) that one compilation makes at the most."""

_NOT_IN_KEYS = frozenset("*?$,'\"{}")


class Frame:
    """The values visible at one place of an expansion."""

    __slots__ = ("locals", "module", "outer")

    def __init__(
        self, module: Module, values: Mapping[str, Value], outer: Frame | None = None
    ) -> None:
        self.module, self.locals, self.outer = module, values, outer

    def inner(self, values: Mapping[str, Value]) -> Frame:
        """Return a frame inside this one."""
        return Frame(self.module, values, self)

    def find(self, name: str) -> Value | None:
        """Return the value of a local name."""
        frame: Frame | None = self
        while frame is not None:
            if name in frame.locals:
                return frame.locals[name]
            frame = frame.outer
        return None


class Evaluator:
    """Evaluates expressions; None stands for what was complained about.

    Attributes:
        emptied: set when a fold has no items: a condition of data may say nothing then.
        homeless: where a template speaks of `self` that is used where there is none.
    """

    def __init__(self, program: Program, environment: Environment, report: Report) -> None:
        self.program, self.environment, self.report = program, environment, report
        self._known: dict[Binding, Value | None] = {}
        self._lets: dict[Binding, Value | None] = {}
        self._work = 0
        self.emptied = False
        self.homeless: Span | None = None

    @contextmanager
    def inside(self, account: str) -> Iterator[None]:
        """Evaluate for an account: `aws.account` is its id, and what hangs on it follows."""
        environment, lets = self.environment, self._lets
        self.environment, self._lets = environment.inside(account), {}
        yield
        self.environment, self._lets = environment, lets

    def afford(self, work: int, span: Span) -> bool:
        """Count work, in values or hundreds of characters; past the bound report it, once."""
        spent = self._work <= MAX_WORK
        self._work += work
        if self._work <= MAX_WORK:
            return True
        if spent:
            self.report.add(
                codes.EXPANSION_LIMIT,
                span,
                f"values grow past {MAX_WORK:,} items",
                label="at this one",
                hint="lists of lists and loops in loops multiply: make the inner ones smaller",
            )
        return False

    # Names

    def binding(self, binding: Binding) -> Value | None:
        """Return the value of a `let`, `param`, `extern` or imported data.

        It is computed once; what holds expressions of the source (lets and defaults) once for
        each account, since builders ask for it.
        """
        own = isinstance(binding.node, tree.Let | tree.Param)
        own |= binding.kind == "data" and types.has_defaults(binding.type or types.UNKNOWN)
        known = self._lets if own else self._known
        if binding not in known:
            known[binding] = None
            known[binding] = self._binding(binding)
        return known[binding]

    def _binding(self, binding: Binding) -> Value | None:
        frame = Frame(binding.module, {})
        kind = binding.type or types.UNKNOWN
        match binding.node:
            case tree.Let(type=written, value=value):
                return self._typed(value, written, frame)
            case tree.Param(parameter=parameter):
                given = self.environment.params.get(binding.name)
                if given is not None:
                    return self._given(given, kind, parameter.span)
                if parameter.default is not None:
                    return self._typed(parameter.default, parameter.type, frame)
                self.report.add(
                    codes.MISSING_PARAM,
                    parameter.span,
                    f"the param `{binding.name}` has no value",
                    hint=f"build with `--set {binding.name}=…`, or set it under `[params]` in"
                    " `iamdsl.toml`",
                )
                return None
            case tree.Extern(name=name):
                given = self.environment.params.get(binding.name)
                if given is None:
                    return Value(kind, placeholder(binding.name), span=name.span)
                most = externs.length(binding.node, kind)
                if most is not None and len(given) > most:
                    self.report.add(
                        codes.WRONG_TYPE,
                        name.span,
                        f"the value given here has {len(given)} characters, and `max` is {most}",
                        hint="raise `max`, or give another value",
                    )
                return self._given(given, kind, name.span)
            case tree.Import() if binding.kind == "data" and binding.target is not None:
                from iamdsl.compiler import data  # noqa: PLC0415  # few projects import data

                catalogue = self.environment.catalogue
                return data.Conversion(
                    binding.target,
                    binding.name,
                    lambda default, written: self._typed(default, written, frame),
                    catalogue,
                    self.report,
                ).value(kind)
            case _:
                return None

    def _typed(
        self, node: tree.Expression, written: tree.Type | None, frame: Frame
    ) -> Value | None:
        found = self.value(node, frame)
        return found if found is None or written is None else self.shaped(found, written, frame)

    def shaped(self, value: Value, written: tree.Type, frame: Frame) -> Value:
        """Return a value as the type that is written for it: fields left out get their defaults.

        Args:
            frame: where the defaults are read, of the module that the type stands in.
        """
        match written:
            case tree.TypeName(kind="name", text="Pattern") if not value.outside:
                return attrs.evolve(value, type=types.PATTERN)
            case tree.TypeList(item=item) if value.type.name == "List":
                while isinstance(item, tree.TypeList):  # the values of lists are flat
                    item = item.item
                if isinstance(item, tree.TypeRecord):
                    items = tuple(self.shaped(v, item, frame) for v in leaves(value))
                    return attrs.evolve(value, data=items)
            case tree.TypeRecord(fields=fields) if isinstance(value.data, dict):
                made = dict(value.data)
                for field in fields:
                    name, own = field.name.text, made.get(field.name.text)
                    if own is not None:
                        made[name] = self.shaped(own, field.type, frame)
                    elif field.default is not None:
                        made[name] = self._typed(field.default, field.type, frame)
                return attrs.evolve(value, data=made)
            case _:
                pass
        return value

    def _given(self, text: str, kind: Type, span: Span) -> Value | None:
        """Return a value given from outside as text."""
        problem = outside.problem(text, kind, self.environment.catalogue)
        if problem:
            self.report.add(
                codes.WRONG_TYPE,
                span,
                f"`{text}`, the value given here, is not {problem}",
                hint=f"set a value of type {kind}",
            )
            return None
        return outside.value(text, kind, span)

    # Expressions

    def value(self, node: tree.Expression, frame: Frame) -> Value | None:
        """Return what an expression is worth."""
        match node:
            case tree.Name():
                return self._name(node, frame)
            case tree.Text():
                return self._text(node, frame)
            case tree.Literal():
                return self._literal(node)
            case tree.ListOf(items=items):
                values = [self.value(i, frame) for i in items]
                return self.list_of([v for v in values if v is not None], node.span)
            case tree.Comprehension(item=item):
                found = [self.value(item, inner) for inner in self.each(node, frame)]
                return self.list_of([v for v in found if v is not None], node.span)
            case tree.Record(entries=entries):
                made = {records.name_of(k): self.value(v, frame) for k, v in entries}
                return None if None in made.values() else Value(types.RECORD, made, span=node.span)
            case tree.Field():
                return self._field(node, frame)
            case tree.Call():
                return self._call(node, frame)
            case tree.ActionSet(service=service, items=items):
                return self.list_of(list(self._actions(service.text, items, frame)), node.span)
            case tree.Principal():
                return principals.evaluate(self, node, frame)
            case tree.Optional(base=base):
                action = self.value(base, frame)
                return action and Value(types.ACTION, f"{action.data}?", span=node.span)
            case tree.Group(base=base):
                return self.value(base, frame)
            case tree.Compare() | tree.Fold() | tree.Logic() | tree.Not():
                formula = self.formula(node, frame)
                return None if formula is None else _condition(formula, node.span)
            case tree.Broken():
                return None
            case _:
                assert_never(node)

    def _name(self, node: tree.Name, frame: Frame) -> Value | None:
        local = frame.find(node.text)
        if local is not None:
            return _used(local, node.span)
        binding = frame.module.names.get(node.text)
        entity = self.program.entity_type(node.text)
        if binding is not None and binding.kind not in NO_VALUES:
            found = self.binding(binding)
            span = moved(node.span, found.span) if found else None
            return found and Value(found.type, found.data, found.outside, found.verbatim, span=span)
        if entity is None and node.text == "self":
            self.homeless = node.span
        return None if entity is None else Value(entity, node.text, span=node.span)

    def _literal(self, node: tree.Literal) -> Value:
        found: object = node.text
        if node.kind == "bool":
            found = node.text == "true"
        elif node.kind == "duration":
            found = outside.seconds(node.text)
        return Value(LITERALS[node.kind], found, span=node.span)

    def list_of(self, items: list[Value], span: Span) -> Value | None:
        """Return a list of values, flat."""
        size = sum(len(i.data) if i.type.name == "List" else 1 for i in items)
        if not self.afford(size, span):
            return None
        flat = tuple(leaf for item in items for leaf in leaves(item))
        kinds = {i.type for i in flat}
        item = kinds.pop() if len(kinds) == 1 else types.ANY
        return Value(types.list_of(item), flat, span=span)

    def _actions(
        self, service: str, items: tuple[tree.Literal | tree.Text, ...], frame: Frame
    ) -> Iterator[Value]:
        for item in items:
            if isinstance(item, tree.Literal):
                yield Value(types.ACTION, f"{service}:{item.text}", span=item.span)
                continue
            found = self._text(item, frame)
            for leaf in leaves(found) if found else ():
                yield Value(
                    types.ACTION,
                    f"{service}:{leaf.data}",
                    leaf.outside,
                    verbatim=True,
                    span=moved(item.span, leaf.span, None),
                )

    def each(self, node: tree.For | tree.Comprehension, frame: Frame) -> Iterator[Frame]:
        """Yield a frame for each item of a loop that its condition lets through."""
        source = self.value(node.source, frame)
        for item in leaves(source) if source else ():
            if not self.afford(1, node.span):
                return
            inner = frame.inner({node.name.text: item})
            if node.condition is None or self.truth(node.condition, inner):
                yield inner

    def truth(self, node: tree.Expression, frame: Frame) -> bool:
        """Return the value of a compile-time condition."""
        return self.formula(node, frame) == ALWAYS

    # Text

    def _text(self, node: tree.Text, frame: Frame) -> Value | None:
        choices: list[list[Value]] = []
        for part in node.parts:
            if isinstance(part, str):
                choices.append([Value(types.STRING, part)])
                continue
            found = self.value(part, frame)
            if found is None:
                return None
            if node.kind != "string" and any(
                [builders.widens(v, self.report, moved(part.span, v.span)) for v in leaves(found)]  # noqa: C419  # report each
            ):
                return None
            choices.append(list(leaves(found)))
        kind = {"arn": types.ARN, "string": types.STRING}.get(node.kind, types.QUALIFIED)
        if not self._affordable(choices, node):
            return None
        made = [
            Value(
                kind,
                "".join(text_of(v) for v in chosen),
                outside=next((v.outside for v in chosen if v.outside), ""),
                span=moved(node.span, *(v.span for v in chosen)),
            )
            for chosen in product(*choices)
        ]
        if len(made) == 1 and all(len(c) == 1 for c in choices):
            return made[0]
        return self.list_of(made, node.span)

    def _affordable(self, choices: list[list[Value]], node: tree.Text) -> bool:
        """Tell whether all pairs of a text's lists may be made; and whether a key's parts may."""
        if len(choices) < 2:
            return True
        for chosen in choices if node.kind == "qualified" else ():
            for value in chosen:
                if isinstance(value.data, str) and (bad := _NOT_IN_KEYS & set(value.data)):
                    self.report.add(
                        codes.WIDENING_DATA if value.outside else codes.WRONG_TYPE,
                        node.span,
                        f"`{value.data}` cannot be part of a condition key",
                        label=f"`{min(bad)}` would change what the key means",
                        hint="a tag's name holds letters, digits, blanks and `_.:/=+-@`",
                    )
                    return False
        count = prod(map(len, choices))
        longest = sum(max((len(str(v.data)) for v in c), default=0) for c in choices)
        return self.afford(count * (1 + longest // 100), node.span)

    # Records, calls

    def _field(self, node: tree.Field, frame: Frame) -> Value | None:
        name = node.name.text
        if isinstance(node.base, tree.Name):
            binding = None
            if frame.find(node.base.text) is None:
                binding = frame.module.names.get(node.base.text)
                if binding is None and node.base.text == "aws" and name in PSEUDO:
                    text = builders.pseudo(name, self.environment)
                    return Value(PSEUDO[name], text, span=node.span)
            if binding is not None and isinstance(binding.target, Module):
                member = binding.target.names.get(name)
                return self.binding(member) if member else None
        base = self.value(node.base, frame)
        if base is not None and base.type.name == "Entity":
            return places.member(base, node)
        if base is None or not isinstance(base.data, dict):
            return None
        found: Value | None = base.data.get(name)
        return found and _used(found, node.span)

    def _call(self, node: tree.Call, frame: Frame) -> Value | None:
        arguments = [(n, self.value(v, frame)) for n, v in node.arguments]
        if any(v is None for _, v in arguments):
            return None
        positional = [v for n, v in arguments if n is None and v is not None]
        if isinstance(node.function, tree.Text):
            places = {n.text: v for n, v in arguments if n is not None and v is not None}
            return self._build(node, node.function, positional, places)
        name = node.function.text if isinstance(node.function, tree.Name) else ""
        if not positional:
            return None
        only = positional[0]
        if name == "key":
            return self._key(only, node.span)
        if name == "aws_managed":
            return self._managed(only, node.span)
        if name in types.CONVERSIONS:
            return conversions.convert(self, name, only, node.span)
        return None

    def _build(
        self,
        node: tree.Call,
        function: tree.Text,
        positional: list[Value],
        places: dict[str, Value],
    ) -> Value | None:
        if not builders.places_fit(places, self.report):
            return None
        kind = builders.find_type(
            function.plain or "", function.span, self.environment, self.report
        )
        everything = [*positional, *places.values()]
        if kind is None or any(
            [builders.widens(v, self.report, v.span) for e in everything for v in leaves(e)]  # noqa: C419
        ):
            return None
        if not builders.of_texts(everything, self.report):
            return None
        resource = Type("Resource", options=(f"{kind.service}:{kind.name}",))
        if not self.afford(prod(sum(1 for _ in leaves(e)) for e in everything), node.span):
            return None
        made = [
            Value(resource, text, span=moved(node.span, None, *(v.span for v in parts)))
            for text, parts in builders.build(kind, positional, places, self.environment)
        ]
        if len(made) == 1 and all(v.type.name != "List" for v in everything):
            return made[0]
        return self.list_of(made, node.span)

    def _key(self, value: Value, span: Span) -> Value | None:
        """Return keys written as text: `key("…")`."""
        made: list[Value] = []
        for leaf in leaves(value):
            text = str(leaf.data)
            if _NOT_IN_KEYS & set(text) or ":" not in text:
                self.report.add(
                    codes.UNKNOWN_KEY,
                    value.span or span,
                    f"`{text}` has not the form of a condition key",
                    hint="a key is `service:name`, without `*`, `?`, `$`, quotes, commas or braces",
                )
                return None
            made.append(Value(types.KEY, text, verbatim=True, span=span))
        return made[0] if value.type.name != "List" else self.list_of(made, span)

    def _managed(self, names: Value, span: Span) -> Value | None:
        """Return the ARNs of policies of AWS: `aws_managed("…")`."""
        catalogue = self.environment.catalogue
        partition = builders.pseudo("partition", self.environment)
        made: list[Value] = []
        for name in leaves(names):
            found = catalogue.managed_policy(str(name.data))
            if found is not None:
                arn = f"arn:{partition}:iam::aws:policy/{found}"
                made.append(Value(types.ARN, arn, span=moved(span, name.span)))
                continue
            near = catalogue.suggest_managed_policy(str(name.data))
            self.report.add(
                codes.UNKNOWN_MANAGED_POLICY,
                name.span or span,
                f"AWS has no managed policy `{name.data}`",
                hint=did_you_mean(near, "if it is newer than the catalogue, attach its ARN"),
            )
        if names.type.name == "List":
            return self.list_of(made, span)
        return made[0] if made else None

    # Conditions

    def formula(self, node: tree.Expression, frame: Frame) -> Formula | None:
        """Return the formula of a condition; compile-time parts are folded away."""
        match node:
            case tree.Group(base=base):
                return self.formula(base, frame)
            case tree.Not(base=base):
                inner = self.formula(base, frame)
                return None if inner is None else negate(inner)
            case tree.Logic(operator=operator, parts=parts):
                found = [self.formula(p, frame) for p in parts]
                return joined(operator, found)
            case tree.Fold(kind=kind, base=base):
                items = self.value(base, frame)
                if items is None:
                    return None
                found = [self._as_formula(v, node.span) for v in leaves(items)]
                self.emptied |= not found
                return joined("and" if kind == "all" else "or", found)
            case tree.Compare():
                return self._compare(node, frame)
            case _:
                value = self.value(node, frame)
                return None if value is None else self._as_formula(value, node.span)

    def _as_formula(self, value: Value, span: Span) -> Formula | None:
        if value.type.name == "Condition":
            found: Formula = value.data
            return found
        if value.type.name == "Bool":
            return ALWAYS if value.data else NEVER
        if value.type.name in {"Key", "action or key"}:
            return formulas.flag(value, span, self.environment, self.report)
        self.report.add(
            codes.WRONG_TYPE,
            value.span or span,
            f"a condition is needed here, and this is {value.type}",
            hint="compare a condition key with a value",
        )
        return None

    def _compare(self, node: tree.Compare, frame: Frame) -> Formula | None:
        left = self.value(
            node.left.base if isinstance(node.left, tree.Optional) else node.left, frame
        )
        right = self.value(node.right, frame) if node.right is not None else None
        if left is None or (node.right is not None and right is None):
            return None
        values = list(leaves(right)) if right is not None else []
        if left.type.name not in {"Key", "action or key"}:
            if right is None:
                return None
            from iamdsl.compiler.decide import decide  # noqa: PLC0415  # few sources compare values

            found = decide(node, left, right, self.report)
            return found if found is None else ALWAYS if found else NEVER
        if any([self._variable_widens(v, node) for v in values]):  # noqa: C419  # report each
            return None
        return formulas.comparison(node, left, values, self.environment, self.report)

    def _variable_widens(self, value: Value, node: tree.Compare) -> bool:
        """Tell whether text from outside would become a pattern or a variable."""
        if node.operator in {"like", "not like"} or "${" in str(value.data):
            return builders.widens(value, self.report, value.span)
        return False


def _used(value: Value, place: Span) -> Value:
    """Return a value; one from data knows by its span where it is used."""
    if not isinstance(value.span, Borrowed):
        return value
    span = moved(place, value.span)
    return Value(value.type, value.data, value.outside, value.verbatim, span=span)


def negate(formula: Formula) -> Formula:
    """Return the opposite; the constants swap."""
    if formula == ALWAYS:
        return NEVER
    if formula == NEVER:
        return ALWAYS
    return formula.part if isinstance(formula, Not) else Not(formula)


def joined(operator: str, found: Sequence[Formula | None]) -> Formula | None:
    """Return the `and` or `or` of formulas, simplified; None if one of them could not be made."""
    parts = [f for f in found if f is not None]
    if len(parts) < len(found):
        return None
    neutral, absorbing = (ALWAYS, NEVER) if operator == "and" else (NEVER, ALWAYS)
    if absorbing in parts:
        return absorbing
    parts = [p for p in parts if p != neutral]
    if len(parts) == 1:
        return parts[0]
    return And(tuple(parts)) if operator == "and" else Or(tuple(parts))


def _condition(formula: Formula, span: Span) -> Value:
    if formula in (ALWAYS, NEVER):
        return Value(types.BOOL, formula == ALWAYS, span=span)
    return Value(types.CONDITION, formula, span=span)

"""Types of expressions: what `resolve` asks about every one of them.

One mistake gives one message: what was complained about has the type Unknown, which fits
everywhere.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from iamdsl.compiler import builders, externs, formulas, places, records
from iamdsl.compiler.scope import Scope, check_shadow, check_word
from iamdsl.diagnostics import Fix, Label, codes
from iamdsl.diagnostics.nearest import did_you_mean, nearest
from iamdsl.model import Binding, Module, Program, Type, Value, types
from iamdsl.syntax import tree

if TYPE_CHECKING:
    from iamdsl.compiler.environment import Environment
    from iamdsl.compiler.unknown import Unknown
    from iamdsl.diagnostics import Report
    from iamdsl.source import Span

NO_VALUES = frozenset({"guard", "module", "template"})
"""What is called so is no value: where one is asked for, an entity of that name is meant."""

PSEUDO = {
    "partition": types.STRING,
    "account": types.ACCOUNT,
    "region": types.REGION,
    "url_suffix": types.STRING,
}
_FUNCTIONS = {"key": types.KEY, "aws_managed": types.ARN}
LITERALS = {
    "int": types.INT, "decimal": types.DECIMAL, "account": types.ACCOUNT,
    "duration": types.DURATION, "date": types.DATE, "network": types.NETWORK,
    "bool": types.BOOL, "star": types.STAR, "action": types.ACTION, "level": types.ACTION,
}  # fmt: skip
_IN_TEXT = {
    "String", "Pattern", "Int", "Decimal", "AccountId", "Region", "Choice", "Arn", "Resource",
    "Entity", "Any", "Unknown", "Bool", "Network", "Date", "Converted",
}  # fmt: skip
MAX_CHAIN = 60
"""Definitions that lead from one to the next; each costs levels of Python's own stack."""

_ORDERED = {"<", "<=", ">", ">="}
_TURNED = {"==": "==", "!=": "!=", "in": "==", "<": ">", "<=": ">=", ">": "<", ">=": "<="}


class Inference:
    """Infers types, and reports what does not fit."""

    def __init__(self, program: Program, environment: Environment, report: Report) -> None:
        self.program, self.environment, self.report = program, environment, report
        self._inferring: list[Binding] = []
        self._circular: set[Binding] = set()
        self._strangers: Unknown | None = None
        self.locals: list[Binding] = []
        self.inside: Binding | None = None
        self.uses: dict[Binding, list[tuple[Binding, Span]]] = {}

    # Bindings

    def type_of(self, binding: Binding) -> Type:
        """Return the type of what a name stands for; values that need themselves are reported."""
        if binding.type is not None:
            return binding.type
        if binding in self._inferring:
            circle = self._inferring[self._inferring.index(binding) :]
            self._circular.update(circle)
            self.report.add(
                codes.CYCLIC_DEFINITION,
                binding.span,
                f"`{binding.name}` is defined by itself",
                notes=[Label(b.span, f"by way of `{b.name}`") for b in circle[1:]],
                hint="write one of them without the other",
            )
            return types.UNKNOWN
        self._inferring.append(binding)
        if len(self._inferring) > MAX_CHAIN:
            if not self.report.count(codes.NESTED_TOO_DEEP):
                self._too_long(binding)
            binding.type = types.UNKNOWN
        else:
            binding.type = self._binding_type(binding)
        if binding.kind == "broken" or binding in self._circular:
            binding.type = types.UNKNOWN
        self._inferring.pop()
        return binding.type

    def _too_long(self, binding: Binding) -> None:
        self.report.add(
            codes.NESTED_TOO_DEEP,
            binding.span,
            f"more than {MAX_CHAIN} names that are each defined by the next",
            hint="write some of the values out",
        )

    def _binding_type(self, binding: Binding) -> Type:
        scope = Scope(binding.module)
        match binding.node:
            case tree.Let(type=written, value=value):
                actual = self.infer(value, scope)
                if written is None:
                    return actual
                expected = self.read_type(written, scope)
                self.fit(actual, expected, value, f"`{binding.name}`")
                return expected
            case tree.Param(parameter=parameter):
                return self.parameter(parameter, scope)
            case tree.Extern(type=written):
                kind = self.read_type(written, scope)
                externs.check(binding.node, kind, self.report)
                return kind
            case tree.Template():
                for parameter in binding.node.parameters:
                    self.parameter(parameter, scope)
                return types.TEMPLATE
            case tree.Import(type=written) if binding.kind == "data":
                if written is None:
                    self.report.add(
                        codes.BAD_DATA,
                        binding.node.place,
                        "imported data needs a type",
                        hint=f"write `as {binding.name}: List[{{ id: AccountId }}]`, as the data is",
                    )
                    return types.UNKNOWN
                kind = self.read_type(written, scope)
                from iamdsl.compiler import data  # noqa: PLC0415  # few projects import data

                return types.UNKNOWN if data.refused(written, self.report) else kind
            case tree.Declaration():
                return types.GUARD
            case _:
                return types.MODULE

    def parameter(self, node: tree.Parameter, scope: Scope) -> Type:
        """Return the type of a parameter, its default checked against it."""
        kind = self.read_type(node.type, scope)
        if node.default is not None:
            actual = self.infer(node.default, scope)
            self.fit(actual, kind, node.default, f"the default of `{node.name.text}`")
        return kind

    def read_type(self, node: tree.Type, scope: Scope) -> Type:
        """Return the type that is written."""
        match node:
            case tree.TypeName(kind="name", text=name):
                if name in types.NAMED:
                    return types.NAMED[name]
                self._unknown_type(node, name)
                return types.UNKNOWN
            case tree.TypeName(kind="text", text=text):
                return Type("Choice", options=(text,))
            case tree.TypeName(text=text):
                builders.find_type(text, node.span, self.environment, self.report)
                return Type("Resource", options=(text,))
            case tree.TypeList(name=name, item=item):
                if name != "List":
                    self.report.add(
                        codes.UNKNOWN_NAME,
                        node.span,
                        f"no type `{name}[…]`",
                        hint="write `List[…]`",
                    )
                return types.list_of(self.read_type(item, scope))
            case tree.TypeRecord(fields=fields):
                made = tuple((f.name.text, self.parameter(f, scope), f.default) for f in fields)
                return Type("Record", fields=made)
            case tree.TypeUnion(options=options):
                parts = [self.read_type(o, scope) for o in options]
                if all(p.name in {"Choice", "Unknown"} for p in parts):
                    return Type("Choice", options=tuple(o for p in parts for o in p.options))
                self.report.add(
                    codes.WRONG_TYPE,
                    node.span,
                    "a union may hold strings only",
                    hint='write `"dev" | "prod"`',
                )
                return types.UNKNOWN
            case _:
                assert_never(node)

    def _unknown_type(self, node: tree.TypeName, name: str) -> None:
        from iamdsl.syntax.habits import foreign  # noqa: PLC0415  # most sources know their types

        elsewhere = foreign.TYPES.get(name.lower())
        near = (elsewhere,) if elsewhere else nearest(name, types.NAMED, 1)
        known = "the types are " + ", ".join(f"`{t}`" for t in types.NAMED)
        safe = bool(near) and near[0].lower() == name.lower()
        fix = Fix.writing(near[0], node.span, safe=safe) if near else None
        hint = did_you_mean(near, known)
        self.report.add(codes.UNKNOWN_NAME, node.span, f"no type `{name}`", hint=hint, fix=fix)

    # Names

    def template(self, node: tree.Expression, scope: Scope) -> Binding | None:
        """Return the template or guard that is meant; anything else is reported."""
        binding = self.lookup(node, scope)
        if binding is None:
            return None
        if binding.kind in {"template", "guard"}:
            return binding
        if binding.kind != "broken":
            self.report.add(
                codes.WRONG_TYPE,
                node.span,
                f"`{node.span.text}` is no template",
                notes=[Label(binding.span, "declared here")],
                hint="`use` takes a `template`, or a `guard`",
            )
        return None

    def lookup(self, node: tree.Expression, scope: Scope) -> Binding | None:
        """Return the binding of a name or of `module.name`; unknown ones are reported."""
        if isinstance(node, tree.Name):
            found = scope.find(node.text)
            if found is None:
                self.strangers.name(node, scope)
                return None
            found.used = True
            return found
        if isinstance(node, tree.Field):
            base = self.lookup(node.base, scope)
            if base is None or base.kind == "broken":
                return base
            if isinstance(base.target, Module):
                return self.member(base.target, node)
        self.report.add(
            codes.WRONG_TYPE,
            node.span,
            f"`{node.span.text}` is no template",
            hint="`use` takes the name of a `template`, such as `lambda.sqs_trigger`",
        )
        return None

    def member(self, module: Module, node: tree.Field) -> Binding | None:
        """Return what `module.name` stands for."""
        name = node.name.text
        found = module.names.get(name)
        if found is None:
            near = nearest(name, [n for n in module.names if n[0] != "_"], 1)
            self.report.add(
                codes.UNKNOWN_NAME,
                node.name.span,
                f"`{node.base.span.text}` has no `{name}`",
                hint=did_you_mean(near, "see what the module declares"),
            )
        elif name.startswith("_"):
            self.report.add(
                codes.PRIVATE_NAME,
                node.name.span,
                f"`{name}` is private to `{module.source.name}`",
                notes=[Label(found.span, "declared here")],
                hint="use one of the module's public names",
            )
        else:
            found.used = True
        return found

    def loop(self, node: tree.For | tree.Comprehension, scope: Scope) -> Scope:
        """Return the scope inside a loop, its variable bound."""
        source = self.infer(node.source, scope)
        inner = scope.inner()
        if source.name not in {"List", "Unknown", "Any"}:
            self.mismatch(node.source, source, "a list", "`for`")
            source = types.UNKNOWN
        self.bind(node.name, types.leaf(source), node, inner)
        if node.condition is not None:
            self.compile_time(node.condition, inner, "`if`")
        return inner

    def bind(self, name: tree.Name, kind: Type, node: object, scope: Scope) -> None:
        """Add a local name; one that cannot be said, or hides another, is reported."""
        check_word(name, self.report)
        if not scope.module.foreign:
            check_shadow(name, scope.find(name.text), self.report)
        self.locals.append(scope.bind(name, kind, node))

    def compile_time(self, node: tree.Expression, scope: Scope, what: str) -> None:
        """Check that a condition is decided when the source is compiled."""
        actual = self.infer(node, scope)
        if actual.name in {"Condition", "Key", "action or key"}:
            self.report.add(
                codes.WRONG_TYPE,
                node.span,
                f"{what} needs a value known at compile time, and this is known per request",
                hint="move the condition to `when` or `unless` of the statements",
            )
        elif not types.fits(actual, types.BOOL):
            self.mismatch(node, actual, "Bool", what)

    def expect(self, node: tree.Expression, scope: Scope, kind: Type, what: str) -> None:
        """Check that an expression, or each item of its list, is of a type."""
        actual = types.leaf(self.infer(node, scope))
        if kind is types.ARN and actual.name in {"String", "Choice", "*", "Pattern"}:
            return
        if kind is types.ACTION and actual.name in {"String", "Choice", "Pattern"}:
            return
        if not types.fits(actual, kind):
            self.mismatch(node, actual, str(kind), what)

    def fit(self, actual: Type, expected: Type, node: tree.Expression, what: str) -> None:
        """Report a value that does not fit the type its place declares."""
        if isinstance(node, tree.Text) and expected.name == "Choice":
            if node.plain is not None and node.plain not in expected.options:
                self.report.add(
                    codes.WRONG_TYPE,
                    node.span,
                    f"{what} takes {expected}, and this is `{node.span.text}`",
                    hint="write one of them",
                )
            return
        if not types.fits(actual, expected):
            self.mismatch(node, actual, str(expected), what)

    def mismatch(self, node: tree.Expression, actual: Type, wanted: str, what: str) -> None:
        """Report a value of the wrong type, with what would be right."""
        from iamdsl.compiler import mismatch  # noqa: PLC0415  # most sources have none

        mismatch.report(node, actual, wanted, what, self.report)

    # Expressions

    def infer(self, node: tree.Expression, scope: Scope) -> Type:
        """Return the type of an expression, reporting what is wrong inside it."""
        match node:
            case tree.Name():
                return self._name(node, scope)
            case tree.Text():
                return self._text(node, scope)
            case tree.Literal(kind=kind):
                return LITERALS[kind]
            case tree.ListOf(items=items):
                return self._list(items, scope)
            case tree.Comprehension(item=item):
                return types.list_of(self.infer(item, self.loop(node, scope)))
            case tree.Record(entries=entries):
                records.check_names(entries, self.report)
                found = [(records.name_of(k), self.infer(v, scope), None) for k, v in entries]
                return Type("Record", fields=tuple(f for f in found if f[0]))
            case tree.Field():
                return self._field(node, scope)
            case tree.Call():
                return self._call(node, scope)
            case tree.ActionSet(items=items):
                for item in items:
                    if isinstance(item, tree.Text):
                        self.infer(item, scope)
                return types.list_of(types.ACTION)
            case tree.Principal(kind=kind, value=value):
                if kind == "service" and isinstance(value, tree.Text):
                    self._service_name(value, scope)
                inner = types.STRING if value is None else self.infer(value, scope)
                many = inner.name == "List"
                return types.list_of(types.PRINCIPAL) if many else types.PRINCIPAL
            case tree.Optional(base=base):
                self.infer(base, scope)
                return types.ACTION
            case tree.Compare():
                return self._compare(node, scope)
            case tree.Fold(base=base):
                return self._fold(base, scope)
            case tree.Logic(parts=parts):
                return self._logic(parts, scope)
            case tree.Not(base=base):
                return self._logic((base,), scope)
            case tree.Group(base=base):
                return self.infer(base, scope)
            case tree.Broken():
                return types.UNKNOWN
            case _:
                assert_never(node)

    def _service_name(self, node: tree.Text, scope: Scope) -> None:
        """Report a bare service name that is surely meant for a value: `service x.name`."""
        written = node.span.text
        first = written.partition(".")[0]
        found = scope.find(first) if written[0] != '"' else None
        if (
            found is None
            or found.kind in NO_VALUES
            or self.environment.catalogue.has_service(first)
        ):
            return
        self.report.add(
            codes.WRONG_TYPE,
            node.span,
            f"`service {written}` is the service of that name, not the value of `{first}`",
            hint=f'write `service "{{{written}}}"` for the value',
            fix=Fix.writing(f'"{{{written}}}"', node.span, safe=False),
        )

    def _name(self, node: tree.Name, scope: Scope) -> Type:
        found = scope.find(node.text)
        entity = self.program.entity_type(node.text)
        if found is not None and (found.kind not in NO_VALUES or entity is None):
            found.used = True
            return self.type_of(found)
        if entity is not None:
            return entity
        self.strangers.name(node, scope)
        return types.UNKNOWN

    @property
    def strangers(self) -> Unknown:
        """What knows of names that nobody declares."""
        from iamdsl.compiler.unknown import Unknown  # noqa: PLC0415  # most sources have none

        if self._strangers is None:
            self._strangers = Unknown(self.program, self.environment, self.report)
        return self._strangers

    def _text(self, node: tree.Text, scope: Scope) -> Type:
        lists = False
        for part in node.parts:
            if isinstance(part, str):
                if "${" in part and node.kind != "qualified":
                    formulas.check_variables(part, node.span, self.environment, self.report)
                continue
            kind = self.infer(part, scope)
            lists |= kind.name == "List"
            if types.leaf(kind).name not in _IN_TEXT:
                self.mismatch(part, kind, "String", "`{…}`")
        if node.kind == "qualified":
            kind = types.QUALIFIED if node.plain is not None else types.KEY
        else:
            kind = types.ARN if node.kind == "arn" else types.STRING
        return types.list_of(kind) if lists else kind

    def _list(self, items: tuple[tree.Expression, ...], scope: Scope) -> Type:
        kind: Type | None = None
        for item in items:
            actual = types.leaf(self.infer(item, scope))
            kind = actual if kind is None else types.join(kind, actual)
        return types.list_of(kind or types.ANY)

    def _field(self, node: tree.Field, scope: Scope) -> Type:
        base, name = node.base, node.name.text
        if isinstance(base, tree.Name):
            found = scope.find(base.text)
            if found is None and base.text == "aws":
                if name in PSEUDO:
                    return PSEUDO[name]
                self.report.add(
                    codes.UNKNOWN_NAME,
                    node.name.span,
                    f"`aws` has no `{name}`",
                    hint="it has `partition`, `account`, `region` and `url_suffix`",
                )
                return types.UNKNOWN
            if found is not None and isinstance(found.target, Module):
                found.used = True
                member = self.member(found.target, node)
                return self.type_of(member) if member else types.UNKNOWN
            if found is None and self.program.entity_type(base.text) is None:
                if not self.strangers.field(node, scope):
                    self.strangers.name(base, scope, whole=node)
                return types.UNKNOWN
        kind = self.infer(base, scope)
        if kind.name in {"Unknown", "Any"}:
            return types.UNKNOWN
        for field, of, _ in kind.fields:
            if field == name:
                return of
        if kind.name == "Entity" and (of_place := places.member_type(kind, name)) is not None:
            return of_place
        records.unknown_field(node, kind, self.report)
        return types.UNKNOWN

    def _call(self, node: tree.Call, scope: Scope) -> Type:
        kinds = [(n, v, self.infer(v, scope)) for n, v in node.arguments]
        function = node.function
        if isinstance(function, tree.Text):
            if not builders.check(node, kinds, self.environment, self.report):
                return types.UNKNOWN
            return Type("Resource", options=(function.plain or "",))
        name = function.text if isinstance(function, tree.Name) else ""
        if name in {"exists", "missing"} and self.strangers.exists(node, scope):
            return types.UNKNOWN
        if name in _FUNCTIONS or name in types.CONVERSIONS:
            if len(kinds) != 1 or kinds[0][0] is not None:
                self.report.add(
                    codes.WRONG_ARGUMENTS,
                    node.span,
                    f"`{name}` takes one argument",
                    hint=f'write `{name}("…")`',
                )
            made = _FUNCTIONS.get(name, Type("Converted", options=(name,)))
            return types.list_of(made) if kinds and kinds[0][2].name == "List" else made
        binding = self.lookup(function, scope) if isinstance(function, tree.Name) else None
        if isinstance(function, tree.Name) and (
            binding is None or self.type_of(binding) is types.UNKNOWN
        ):
            return types.UNKNOWN
        template = binding is not None and binding.kind == "template"
        value = binding is not None and not template and not node.arguments
        self.report.add(
            codes.WRONG_TYPE,
            node.span if value else function.span,
            f"`{function.span.text}` cannot be called here",
            hint="a template is used as a statement: `use name(…)`"
            if template
            else f"it is a value: write `{name}`"
            if value
            else "builders are written `service:type(…)`",
            fix=Fix.writing(name, node.span) if value else None,
        )
        return types.UNKNOWN

    def _compare(self, node: tree.Compare, scope: Scope) -> Type:
        left_node = node.left.base if isinstance(node.left, tree.Optional) else node.left
        if self._quoted(left_node) or self._absent(node, scope):
            return types.UNKNOWN
        left = self.infer(left_node, scope)
        right = self.infer(node.right, scope) if node.right is not None else types.UNKNOWN
        if isinstance(left_node, tree.Text) and left.name == "action or key":
            key = Value(types.KEY, left_node.plain, span=left_node.span)
            formulas.known_key(key, left_node.span, self.environment, self.report)
        if left.name in {"Key", "action or key"} and node.right is not None:
            self._right_side(node.right, types.leaf(right))
        if left.name in {"Key", "action or key", "Unknown", "Any"}:
            return types.CONDITION if left.name in {"Key", "action or key"} else types.UNKNOWN
        if node.right is None or node.quantifier or isinstance(node.left, tree.Optional):
            self.mismatch(left_node, left, "a condition key", f"`{node.operator}`")
            return types.UNKNOWN
        if right.name in {"Key", "action or key"}:
            turned = _TURNED.get(node.operator, node.operator)
            written = f"{node.right.span.text} {turned} {left_node.span.text}"
            known = self.environment.catalogue.condition_key(node.right.span.text)
            if node.operator in _TURNED and known is not None and known.multivalued:
                written = f"any {written}"
            self.report.add(
                codes.WRONG_TYPE,
                node.span,
                "the condition key stands on the left",
                hint=f"write `{written}`",
                fix=Fix.writing(written, node.span) if node.operator in _TURNED else None,
            )
            return types.UNKNOWN
        self._compare_values(node, left, right)
        return types.BOOL

    def _quoted(self, node: tree.Expression) -> bool:
        """Report `"aws:SourceIp" == …`."""
        colon = isinstance(node, tree.Text) and node.kind == "string" and ":" in (node.plain or "")
        return colon and self.strangers.quoted_key(node)

    def _absent(self, node: tree.Compare, scope: Scope) -> bool:
        """Report `key == null`."""
        named = isinstance(node.right, tree.Name) and scope.find(node.right.text) is None
        return named and self.strangers.absent(node, scope)

    def _right_side(self, node: tree.Expression, kind: Type) -> None:
        """Check that a request's key is compared with a value that a request can hold."""
        if isinstance(node, tree.Optional):
            self.report.add(
                codes.WRONG_TYPE,
                node.span,
                "`?` belongs to the key on the left",
                hint="write `key? == other`: true also when `key` is missing",
            )
        elif kind.name in {"Action", "*", "Condition", "Record", "Module", "Template"}:
            hint = '`like "*"` is written `exists`' if kind.name == "*" else "write text or a key"
            self.report.add(
                codes.WRONG_TYPE,
                node.span,
                f"a condition key cannot be compared with {_described(kind)}",
                hint=hint,
            )

    def _compare_values(self, node: tree.Compare, left: Type, right: Type) -> None:
        """Check a comparison that is decided when the source is compiled."""
        assert node.right is not None  # noqa: S101  # `exists` and `missing` never come here
        item = types.leaf(right) if node.operator in {"in", "not in", "like", "not like"} else right
        if not (types.fits(left, item) or types.fits(item, left)):
            self.mismatch(node.right, right, str(left), f"`{node.operator}`")
        elif node.operator in _ORDERED and left.name not in {"Int", "Decimal", "Duration", "Date"}:
            self.mismatch(node.left, left, "a number", f"`{node.operator}`")

    def _fold(self, node: tree.Expression, scope: Scope) -> Type:
        kind = self.infer(node, scope)
        if kind.name not in {"List", "Unknown"}:
            self.mismatch(node, kind, "a list of conditions", "the fold")
            return types.UNKNOWN
        item = types.leaf(kind)
        if not types.fits(item, types.CONDITION):
            self.mismatch(node, kind, "a list of conditions", "the fold")
        return types.BOOL if item.name == "Bool" else types.CONDITION

    def _logic(self, parts: tuple[tree.Expression, ...], scope: Scope) -> Type:
        kinds = [self.infer(p, scope) for p in parts]
        for part, kind in zip(parts, kinds, strict=True):
            if not types.fits(kind, types.CONDITION):
                self.mismatch(part, kind, "a condition", "`and`, `or` and `not`")
        return types.BOOL if all(k.name == "Bool" for k in kinds) else types.CONDITION


def _described(kind: Type) -> str:
    return "`*`" if kind.name == "*" else f"a value of type {kind}"

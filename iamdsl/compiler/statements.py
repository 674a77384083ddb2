"""Types in statements, settings and uses: what `resolve` asks about the members of a body."""

from __future__ import annotations

from typing import TYPE_CHECKING

from iamdsl.compiler import actions, checks
from iamdsl.compiler.bodies import CHECKS
from iamdsl.compiler.infer import Inference
from iamdsl.compiler.places import PLACES
from iamdsl.compiler.scope import Scope
from iamdsl.diagnostics import Fix, Label, codes
from iamdsl.diagnostics.nearest import did_you_mean, nearest
from iamdsl.model import Value, types
from iamdsl.model.grants import ORGANIZATION_POLICIES
from iamdsl.model.program import with_article
from iamdsl.syntax import tree

if TYPE_CHECKING:
    from iamdsl.model import Type

_SETTINGS: dict[str, Type] = {
    "path": types.STRING,
    "description": types.STRING,
    "id": types.STRING,
    "max_session": types.DURATION,
    "boundary": types.ARN,
    "instance_profile": types.STRING,
}


class Checker(Inference):
    """Checks the members of bodies, on top of the types of expressions."""

    def statement(self, node: tree.Statement, scope: Scope) -> None:
        """Check the parts of a statement or check."""
        clauses = dict(node.clauses)
        trust_shorthand = node.verb == "trust" and "to" not in clauses
        kind = types.PRINCIPAL if trust_shorthand else types.ACTION
        self._selection(
            node.actions, scope, kind, "a principal" if trust_shorthand else "an action"
        )
        if not trust_shorthand:
            self._action_names(node.actions)
        for word, clause in node.clauses:
            if isinstance(clause, tree.Selection):
                wanted = types.PRINCIPAL if word == "to" else types.ARN
                self._selection(clause, scope, wanted, f"`{word}`")
            elif word in {"when", "unless"}:
                self.expect(clause, scope, types.CONDITION, f"`{word}`")
            elif word == "as" and isinstance(clause, tree.Text):
                self.infer(clause, scope)
        if node.verb in CHECKS or "given" in clauses:
            checks.check(self, node, scope)

    def _action_names(self, node: tree.Selection) -> None:
        """Check names that are written out, whether or not the statement is ever expanded."""
        for item in node.items + node.exceptions:
            if isinstance(item, tree.Text) and item.kind == "qualified" and item.plain:
                written = [Value(types.ACTION, item.plain, span=item.span)]
            elif isinstance(item, tree.ActionSet):
                if actions.unknown_service(item, self.environment, self.report):
                    continue
                written = [
                    Value(types.ACTION, f"{item.service.text}:{one.text}", span=one.span)
                    for one in item.items
                    if isinstance(one, tree.Literal) and one.kind == "action"
                ]
            else:
                continue
            for value in written:
                actions.check_name(value, self.environment, self.report)

    def _bare_action(self, node: tree.Expression, scope: Scope) -> bool:
        """Report `GetObject` where `s3:GetObject` is meant, and a list of such names once."""
        listed = isinstance(node, tree.ListOf)
        names = node.items if isinstance(node, tree.ListOf) else (node,)
        words = [n.text for n in names if isinstance(n, tree.Name) and not self._known(n, scope)]
        if not words or len(words) < len(names):
            return False
        catalogue = self.environment.catalogue
        found = [
            service
            for service in sorted(catalogue.services(), key=len)  # those known best are short
            if all(word.lower() in catalogue.names(service) for word in words)
        ]
        if not found:
            return False
        written = f"[{', '.join(words)}]" if listed else words[0]
        shown = ", ".join(f"`{s}:{written}`" for s in found[:3])
        one = f"{found[0]}:{written}" if len(found) == 1 else ""
        self.report.add(
            codes.UNKNOWN_NAME,
            node.span,
            f"nothing is named `{words[0]}`",
            hint=f"an action has its service before it: {shown}",
            fix=Fix.writing(one, node.span, safe=False) if one else None,
        )
        return True

    def _selection(self, node: tree.Selection, scope: Scope, kind: Type, what: str) -> None:
        for item in node.items + node.exceptions:
            if kind is types.ACTION and self._bare_action(item, scope):
                continue
            if isinstance(item, tree.Name) and not self._known(item, scope):
                self.strangers.name(item, scope, kind)
            elif kind is not types.PRINCIPAL or not self._bare_service(item, scope):
                self.expect(item, scope, kind, what)

    def _known(self, node: tree.Name, scope: Scope) -> bool:
        return scope.find(node.text) is not None or self.program.entity_type(node.text) is not None

    def _bare_service(self, node: tree.Expression, scope: Scope) -> bool:
        """Report `lambda.amazonaws.com` where `service lambda` is meant."""
        return isinstance(node, tree.Field) and self.strangers.service(node, scope)

    def attachment(self, node: tree.Expression, scope: Scope, place: str) -> None:
        """Check what is attached: organization policies in places, managed ones elsewhere."""
        actual = types.leaf(self.infer(node, scope))
        kinds = ORGANIZATION_POLICIES.intersection(actual.options)
        if actual.name == "Entity" and kinds and place in PLACES | {"template"}:
            return
        if kinds:
            self.report.add(
                codes.WRONG_TYPE,
                node.span,
                f"`{node.span.text}` is an {actual}, which goes to an organization",
                hint="attach it in an `organization`, `ou` or `account`",
            )
        elif place in PLACES and actual.name == "Entity":
            self.mismatch(node, actual, "an `scp` or `rcp`", f"`attach` in {with_article(place)}")
        elif actual.name not in {"String", "Choice", "Pattern"} and not types.fits(
            actual, types.ARN
        ):
            self.mismatch(node, actual, "Arn", "an attachment")

    def setting(self, node: tree.Setting, scope: Scope) -> None:
        """Check the value of a setting."""
        if node.name == "place":
            return  # a bare word, read by `expand`
        if node.name == "groups":
            for value in node.values:
                self.expect(value, scope, types.ARN, "a group")
            return
        if len(node.values) > 1:
            self.report.add(
                codes.REPEATED_CLAUSE,
                node.values[1].span,
                f"`{node.name}` takes one value",
                hint="keep one of them",
            )
        if node.name == "tags":
            self._tags(node.values[0], scope)
            return
        self.expect(node.values[0], scope, _SETTINGS[node.name], f"`{node.name}`")

    def _tags(self, node: tree.Expression, scope: Scope) -> None:
        actual = self.infer(node, scope)
        if actual.name not in {"Record", "Unknown"}:
            self.mismatch(node, actual, 'a record `{ team = "orders" }`', "`tags`")
            return
        for name, kind, _ in actual.fields:
            if not types.fits(kind, types.STRING):
                self.mismatch(node, kind, "String", f"the tag `{name}`")

    def use(self, node: tree.Use, scope: Scope) -> None:
        """Check that a template is used with the arguments that it takes, or a guard with none."""
        call = node.template
        if not isinstance(call, tree.Call):
            call = tree.Call(call, (), span=node.span)
        binding = self.template(call.function, scope)
        if binding is not None and binding.kind == "guard" and call.arguments:
            self.report.add(
                codes.WRONG_ARGUMENTS,
                call.span,
                f"the guard `{binding.name}` takes no arguments",
                hint=f"write `use {call.function.span.text}`",
            )
        if binding is None or not isinstance(binding.node, tree.Template):
            return
        if self.inside is not None:
            self.uses.setdefault(self.inside, []).append((binding, node.span))
        inner = Scope(binding.module)
        expected = {
            p.name.text: (self.read_type(p.type, inner), p) for p in binding.node.parameters
        }
        for name, value, parameter in self.match_arguments(call, binding.node):
            if parameter is None:
                self.infer(value, scope)
                continue
            actual = self.infer(value, scope)
            self.fit(actual, expected[parameter.name.text][0], value, f"`{name}`")

    def match_arguments(
        self, call: tree.Call, template: tree.Template
    ) -> list[tuple[str, tree.Expression, tree.Parameter | None]]:
        """Pair arguments with parameters, reporting unknown, repeated and missing ones."""
        parameters = {p.name.text: p for p in template.parameters}
        order = list(parameters)
        seen: set[str] = set()
        pairs: list[tuple[str, tree.Expression, tree.Parameter | None]] = []
        for index, (name, value) in enumerate(call.arguments):
            text = name.text if name else order[index] if index < len(order) else ""
            problem, hint = "", f"`{template.name.text}` takes {_signature(template)}"
            if not text:
                problem = f"`{template.name.text}` takes {_count(len(order))}"
            elif text not in parameters:
                problem = f"`{template.name.text}` has no parameter `{text}`"
                near = nearest(text, order, 1)
                hint = did_you_mean(near, hint)
            elif text in seen:
                problem = f"`{text}` is given twice"
            if problem:
                span = name.span if name else value.span
                self.report.add(codes.WRONG_ARGUMENTS, span, problem, hint=hint)
            seen.add(text)
            pairs.append((text, value, parameters.get(text)))
        if any(name not in parameters for name in seen):
            return pairs  # a misspelt one would be reported as missing as well
        missing = [p for p in template.parameters if p.default is None and p.name.text not in seen]
        if missing:
            self.report.add(
                codes.WRONG_ARGUMENTS,
                call.span,
                f"`{template.name.text}` needs " + ", ".join(f"`{p.name.text}`" for p in missing),
                notes=[Label(missing[0].span, "declared here")],
                hint=f"add `{missing[0].name.text} = …`",
            )
        return pairs


def _count(number: int) -> str:
    return f"{number or 'no'} argument{'s' * (number != 1)}"


def _signature(template: tree.Template) -> str:
    parts = [p.span.text for p in template.parameters]
    return f"`({', '.join(parts)})`" if parts else "no arguments"

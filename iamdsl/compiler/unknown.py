"""Names that nobody declares: what each was probably meant to be.

Only looked at after a mistake; a name that a broken part of the source may declare says nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from iamdsl.diagnostics import Edit, Fix, codes
from iamdsl.diagnostics.nearest import did_you_mean, nearest
from iamdsl.model import types
from iamdsl.syntax import tree
from iamdsl.syntax.habits import foreign

if TYPE_CHECKING:
    from collections.abc import Iterator

    from iamdsl.compiler.environment import Environment
    from iamdsl.compiler.scope import Scope
    from iamdsl.diagnostics import Report
    from iamdsl.model import Program, Type

MAX_COMPARED = 50
"""Unknown names that are compared with all known ones, to say what was meant."""

_PREFIXED = {"var", "local", "locals", "each"}
_ABSENT = {"null", "none", "nil", "undefined"}


class Unknown:
    """Reports unknown names of a program."""

    def __init__(self, program: Program, environment: Environment, report: Report) -> None:
        self.program, self.environment, self.report = program, environment, report
        self._count = 0

    def name(
        self,
        node: tree.Name,
        scope: Scope,
        wanted: Type | None = None,
        whole: tree.Field | None = None,
    ) -> None:
        """Report a name of nothing.

        Args:
            wanted: the type that its place takes, if one is known.
            whole: what the name is the beginning of, `audit.reader`.
        """
        if any(isinstance(m, tree.Broken) for m in scope.module.file.members):
            return  # it may be what the broken part declares
        names = scope.names() | {declared(d) for d, *_ in self.program.entities.values()}
        self._count += 1
        near = nearest(node.text, sorted(names), 1) if self._count <= MAX_COMPARED else ()
        hint, fix = self._meant(node, scope, wanted, near=bool(near), whole=whole or node)
        if not hint:
            hint = did_you_mean(near, "declare it with `let`, or write text as a string")
            fix = Fix.writing(near[0], node.span, safe=False) if near else None
        self.report.add(
            codes.UNKNOWN_NAME, node.span, f"nothing is named `{node.text}`", hint=hint, fix=fix
        )

    def _meant(
        self,
        node: tree.Name,
        scope: Scope,
        wanted: Type | None,
        *,
        near: bool,
        whole: tree.Expression,
    ) -> tuple[str, Fix | None]:
        """Return hint and fix of a name that is known elsewhere; "" when it is not."""
        name, catalogue = node.text, self.environment.catalogue
        for hint, fix in self._everywhere(node, scope):
            return hint, fix
        if near:
            return "", None
        if wanted is types.PRINCIPAL and catalogue.has_service(name):
            written = f"service {name}"
            return f"a service is written `{written}`", Fix.writing(written, node.span)
        if self.program.computed:
            text = whole.span.text
            return (
                f'a declaration whose name is computed is referred to by a string: `"{text}"`',
                None,
            )
        if wanted is types.ARN:
            return f'declare it with `let`, or build an ARN by `service:type("{name}")`', None
        if wanted is None and (key := catalogue.condition_key(f"aws:{name}")) is not None:
            fix = Fix.writing(key.name, node.span, safe=False)
            return f"a condition key has a prefix: `{key.name}`", fix
        return "", None

    def _everywhere(self, node: tree.Name, scope: Scope) -> Iterator[tuple[str, Fix | None]]:
        name, lowered = node.text, node.text.lower()
        if self.environment.catalogue.managed_policy(name) is not None:
            written = f'aws_managed("{name}")'
            yield f"for the policy of AWS write `{written}`", Fix.writing(written, node.span)
        if foreign.of_iam_operator(name) is not None:
            yield foreign.iam_operator_hint(name), None
        if name in {"self", "aws"}:
            yield (
                "`self` is the resource of a `policy … for …`; `aws` has partition, account, region",
                None,
            )
        if lowered in {"true", "false"}:
            yield f"write `{lowered}`", Fix.writing(lowered, node.span)
        if (other := self._elsewhere(name)) is not None:
            hint = "another file declares it: write `{}`, and here `{}`".format(*other)
            if scope.module.library:
                hint = "a module sees its own names only: make it a parameter of the template"
            yield hint, None
        if lowered in foreign.FUNCTIONS:
            yield foreign.FUNCTIONS[lowered], None

    def _elsewhere(self, name: str) -> tuple[str, str] | None:
        """Return the import that would bring in a name which another module declares."""
        for module in self.program.modules:
            if name in module.names:
                file = module.source.name.rsplit("/", 1)[-1]
                alias = file.split(".")[0].replace("-", "_")
                return f'import "./{file}" as {alias}', f"{alias}.{name}"
        return None

    def field(self, node: tree.Field, scope: Scope) -> bool:
        """Report `var.env` as Terraform writes it; False when it is something else."""
        base, name = node.base, node.name.text
        if not isinstance(base, tree.Name) or base.text not in _PREFIXED:
            return False
        known = scope.find(name) is not None
        self.report.add(
            codes.UNKNOWN_NAME,
            node.span,
            f"nothing is named `{base.text}`",
            hint=f"a value is written by its name alone: `{name}`",
            fix=Fix.writing(name, node.span) if known else None,
        )
        return True

    def absent(self, node: tree.Compare, scope: Scope) -> bool:
        """Report a comparison with `null`; False when it is none."""
        right = node.right
        if not isinstance(right, tree.Name) or right.text.lower() not in _ABSENT:
            return False
        if node.operator not in {"==", "!="} or scope.find(right.text) is not None:
            return False
        operator = "missing" if node.operator == "==" else "exists"
        rest = node.span.part(node.left.span.end, right.span.end)
        self.report.add(
            codes.UNKNOWN_NAME,
            right.span,
            f"nothing is named `{right.text}`",
            hint=f"whether a key is there is asked by `{node.left.span.text} {operator}`",
            fix=Fix(f"write `{operator}`", (Edit(rest, f" {operator}"),)),
        )
        return True

    def exists(self, node: tree.Call, scope: Scope) -> bool:
        """Report `exists(key)`; False when a name of the source is called."""
        name = node.function.span.text
        if scope.find(name) is not None:
            return False
        one = len(node.arguments) == 1
        written = f"{node.arguments[0][1].span.text if one else 'key'} {name}"
        self.report.add(
            codes.UNKNOWN_NAME,
            node.span,
            f"`{name}` is no function",
            hint=f"it stands after the key: `{written}`",
            fix=Fix.writing(written, node.span) if one else None,
        )
        return True

    def quoted_key(self, node: tree.Expression) -> bool:
        """Report a condition key between quotes; False when the text is none."""
        name = node.plain if isinstance(node, tree.Text) else None
        if name is None or self.environment.catalogue.condition_key(name) is None:
            return False
        self.report.add(
            codes.WRONG_TYPE,
            node.span,
            f"`{node.span.text}` is text, not the condition key",
            label="compared when the source is compiled",
            hint=f"a condition key stands without quotes: `{name}`",
            fix=Fix.writing(name, node.span),
        )
        return True

    def service(self, node: tree.Expression, scope: Scope) -> bool:
        """Report `lambda.amazonaws.com` without `service`; False when it is something else."""
        text = node.span.text
        root = node
        while isinstance(root, tree.Field):
            root = root.base
        if not isinstance(root, tree.Name) or not text.endswith(".amazonaws.com"):
            return False
        if scope.find(root.text) is not None:
            return False
        written = f"service {text.removesuffix('.amazonaws.com')}"
        self.report.add(
            codes.UNKNOWN_NAME,
            node.span,
            f"nothing is named `{root.text}`",
            hint=f"a service is written `{written}`",
            fix=Fix.writing(written, node.span),
        )
        return True


def declared(node: tree.Declaration) -> str:
    """Return the name of a declaration, "" for one that is computed."""
    return node.name.text if isinstance(node.name, tree.Name) else node.name.plain or ""

"""Values of the wrong type: what would be right in their place, and how they are mended."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from iamdsl.diagnostics import Fix, codes
from iamdsl.syntax import tree

if TYPE_CHECKING:
    from iamdsl.diagnostics import Report
    from iamdsl.model import Type
    from iamdsl.source import Span

_RESOURCE = r"(?:List\[)?(?P<type>[a-z0-9-]+:[^\s\[\]|]+)\]?"
_DURATION = r"(?a)\d+[smhd]"
_LITERALS = {
    "Numeric": r"(?a)-?\d{1,15}(\.\d+)?", "Bool": r"true|false",
    "Date": r"(?a)\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d)?(Z|[+-]\d\d:\d\d))?",
}  # fmt: skip


def report(node: tree.Expression, actual: Type, wanted: str, what: str, report: Report) -> None:
    """Report a value of the wrong type, with what would be right."""
    hint, fix = _meant(node, actual, wanted)
    report.add(
        codes.WRONG_TYPE,
        node.span,
        f"{what} takes {wanted}, and this is {actual}",
        hint=hint,
        fix=fix,
    )


def _meant(node: tree.Expression, actual: Type, wanted: str) -> tuple[str, Fix | None]:
    if wanted == "Duration":
        written = _duration(node)
        if written:
            return f"write `{written}`", Fix.writing(written, node.span)
        return "write a duration: `1h`, `30m`", None
    if wanted == "Principal":
        if actual.name == "*":
            hint = "write `anyone`, or `account *` for every principal of every account"
            return hint, Fix.writing("anyone", node.span, safe=False)
        return "write a role, `account 111122223333`, `service lambda`, `anyone` or an ARN", None
    if wanted.startswith(("a ", "an ")):
        return f"write {wanted}", None
    if wanted == f"List[{actual}]":
        listed = f"[{node.span.text}]"
        return f"write a list: `{listed}`", Fix.writing(listed, node.span)
    resource = re.fullmatch(_RESOURCE, wanted)
    if resource and actual.name in {"String", "Pattern"}:
        return _resource(node.span, resource["type"], listed=wanted.startswith("List["))
    if isinstance(node, tree.Text) and node.kind == "qualified" and wanted == "Arn":
        return "resources are ARNs, or built by `service:type(…)`", None
    return f"write a value of type {wanted}", None


def _resource(span: Span, wanted: str, *, listed: bool) -> tuple[str, Fix | None]:
    """Return the resource that a text was meant to be: its ARN, or the name that a builder takes."""
    bare = unquoted(span.text, "Arn")
    built = bare or f"{wanted}({span.text})"
    built = f"[{built}]" if listed else built
    hint = f"write `{built}`" if not bare else f"an ARN has no quotes: `{built}`"
    return hint, Fix.writing(built, span, safe=bool(bare))


def _duration(node: tree.Expression) -> str:
    """Return the duration that a text or a number of seconds was meant to be, "" for none."""
    if isinstance(node, tree.Text) and node.plain and re.fullmatch(_DURATION, node.plain):
        return node.plain
    if isinstance(node, tree.Literal) and node.kind == "int" and node.text.isdigit():
        seconds = int(node.text)
        whole, rest = divmod(seconds, 3600)
        return f"{seconds}s" if rest or not whole else f"{whole}h"
    return ""


def unquoted(text: str, family: str) -> str:
    """Return a quoted text as the literal of an operator family that it holds, "" for none."""
    if len(text) < 3 or text[0] != '"' or text[-1] != '"':
        return ""
    inner = text[1:-1]
    if family == "Arn":
        bare = inner.startswith("arn:") and not re.search(r"[\s,)\]};#\"\\]", inner)
        return (
            inner
            if bare
            or re.fullmatch(r"arn:[^\s,)\]};#\"\\{]*(\$\{[^}\s]*\}[^\s,)\]};#\"\\{]*)+", inner)
            else ""
        )
    if family == "IpAddress":
        from iamdsl.syntax.text import network_problem  # noqa: PLC0415  # few sources hold any

        shaped = re.fullmatch(
            r"(?a)\d+\.\d+\.\d+\.\d+(/\d+)?|[0-9A-Fa-f]*:[0-9A-Fa-f:.]*(/\d+)?", inner
        )
        return inner if shaped and not network_problem(inner) else ""
    pattern = _LITERALS.get(family)
    return inner if pattern and re.fullmatch(pattern, inner) else ""

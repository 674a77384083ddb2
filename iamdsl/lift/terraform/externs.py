"""Names, types and lengths for what a module leaves open."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import attrs

from iamdsl.lift.estate import Extern
from iamdsl.lift.terraform.blocks import Call, Literal, Reference, Template
from iamdsl.syntax.words import IN_EXPRESSIONS, RESERVED

if TYPE_CHECKING:
    from iamdsl.lift.terraform.blocks import Block, Expression
    from iamdsl.source import Span

_LONGEST = {
    "dynamodb_table": 320,
    "ecr_repository": 320,
    "iam_openid_connect_provider": 320,
    "kinesis_stream": 200,
    "kms_key": 120,
    "lambda_function": 140,
    "s3_bucket": 90,
    "secretsmanager_secret": 600,
    "sns_topic": 320,
    "sqs_queue": 140,
}
"""Characters of the longest ARN of a resource: the longest name that its service takes, in the
longest region; AWS "Service Authorization Reference" and the API's models."""


def legal(name: str) -> str:
    """Return a name of the language that says the same."""
    word = re.sub(r"\W+", "_", name.replace("-", "_"), flags=re.ASCII).strip("_").lower() or "value"
    if word[0].isdigit():
        word = f"n{word}"
    return f"{word}_value" if word in RESERVED | IN_EXPRESSIONS or word == "aws" else word


def type_named(name: str) -> str:
    """Return the type of a value that is one text, by the name that people gave it."""
    if re.search(r"(?:^|_)arn$", name):
        return "Arn"
    if re.search(r"(?:^|_)account(?:_id|_number)?$", name):
        return "AccountId"
    return "Region" if re.search(r"(?:^|_)region(?:_name)?$", name) else "String"


def longest(kind: str, resource: str = "") -> int:
    """Return the most characters of a value of a type; of ARNs, by the type of the resource."""
    return _LONGEST.get(resource, 512) if kind == "Arn" else 128


def renamed(extern: Extern, name: str) -> Extern:
    """Return an extern by another name."""
    return extern if extern.name == name else attrs.evolve(extern, name=name)


def type_of(variable: Block | None) -> str:
    """Return what a variable holds: "text", "list" (or anything with parts), or "unknown"."""
    declared = variable.attributes.get("type") if variable is not None else None
    default = variable.attributes.get("default") if variable is not None else None
    match declared:
        case Reference(("string",)) | Template(("string",)):
            return "text"
        case Reference(("number" | "bool",)):
            return "unknown"
        case Call() | Reference(("list" | "map",)) | Template(("list" | "map",)):
            return "list"
        case _:
            pass
    if isinstance(default, Template):
        return "text"
    return "unknown" if default is None or isinstance(default, Literal) else "list"


def may_be_nothing(variable: Block | None) -> bool:
    """Tell whether a variable's default is null or empty: what takes it may then be left out."""
    match variable.attributes.get("default") if variable is not None else None:
        case Literal(None) | Template(()) | Template(("",)):
            return True
        case _:
            return False


def of_variable(name: str, block: Block | None, span: Span) -> Extern:
    """Return the extern that a variable is."""
    doc = f"the variable `{name}`"
    kind = type_named(name)
    if block is not None:
        description, default = (_text(block.attributes.get(n)) for n in ("description", "default"))
        doc += f": {' '.join(description.split())}" if description else ""
        doc += f" (by default `{default}`)" if default else ""
        if _is_account(block, default):
            kind = "AccountId"
        elif default is not None and default.startswith("arn:"):
            kind = "Arn"
        elif kind == "AccountId" and default is not None:
            kind = "String"  # named like an account, and holds something else
        span = block.span
    most = None if kind in {"AccountId", "Region"} else longest(kind)
    return Extern(legal(name), kind, most, doc, (span,))


def _is_account(block: Block, default: str | None) -> bool:
    if default is not None and re.fullmatch(r"\d{12}", default):
        return True
    rules = [v.attributes["condition"].span for v in block.all("validation") if v.attributes]
    texts = [span.source.line(span.source.position(span.start)[0]) for span in rules]
    return any(re.search(r"(?:\[0-9\]|\\d)\{12\}|\b12\b.*length|length.*\b12\b", t) for t in texts)


def _text(node: Expression | None) -> str | None:
    match node:
        case Template(parts) if all(isinstance(part, str) for part in parts):
            return "".join(str(part) for part in parts)
        case _:
            return None

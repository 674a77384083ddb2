"""Variables for what is left open; a value that is not as it was declared stops every plan."""

from __future__ import annotations

from typing import TYPE_CHECKING

from iamdsl.emit._marks import words
from iamdsl.emit.terraform.hcl import quoted
from iamdsl.emit.terraform.texts import variable
from iamdsl.emit.terraform.tree import Argument, Block, Raw, block, literal

if TYPE_CHECKING:
    from collections.abc import Iterable

    from iamdsl.iam import Extern


def variables(externs: Iterable[Extern], *, documents: bool) -> list[Block]:
    """Return a variable for each extern.

    Args:
        documents: whether texts go through `aws_iam_policy_document`, which reads `&{` as IAM's
            `${`: no value may hold that then.
    """
    return [_variable(extern, documents=documents) for extern in externs]


def _variable(extern: Extern, *, documents: bool) -> Block:
    name = variable(extern.name)
    described = words(extern.doc) or f"Fills in `{extern.name}`, of the type {extern.type}."
    rules: list[Argument | Block] = []
    if extern.options:
        allowed = ", ".join(quoted(literal(option)) for option in extern.options)
        said = f"`{name}` has to be one of: {', '.join(extern.options)}."
        rules.append(_rule(f"contains([{allowed}], var.{name})", said))
    else:
        pattern = quoted(literal(extern.pattern))
        said = f"`{name}` is no {extern.type}, or holds what could change the meaning of a policy."
        rules.append(_rule(f"can(regex({pattern}, var.{name}))", said))
        said = f"`{name}` has more than the {extern.longest} characters that were declared."
        rules.append(_rule(f"length(var.{name}) <= {extern.longest}", said))
        if documents:
            said = f"`{name}` holds `&{{`, which the AWS provider takes for a variable of IAM's."
            # Written apart, since `&{` is nothing to Terraform itself.
            rules.append(_rule(f'!strcontains(var.{name}, "&{{")', said))
    return block(
        "variable",
        (name,),
        [
            Argument("description", literal(described)),
            Argument("type", Raw("string")),
            Argument("nullable", False),  # an argument of the block's
        ],
        rules,
    )


def _rule(condition: str, message: str) -> Block:
    return block(
        "validation",
        (),
        [Argument("condition", Raw(condition)), Argument("error_message", literal(message))],
    )

"""Policy documents as `data "aws_iam_policy_document"`, where that says them exactly.

The provider sorts what is a set, makes `${` of `&{` in some places, keeps one statement of a Sid
and takes letters and digits only in it. Whatever it would say in another way stays with
`jsonencode`. Looked up in July 2026, version 5.100:
https://registry.terraform.io/providers/hashicorp/aws/latest/docs/data-sources/iam_policy_document
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

from iamdsl.emit._marks import Mark, parts
from iamdsl.emit.terraform.texts import Documents, text_of
from iamdsl.emit.terraform.tree import Argument, Block, Items, Raw, Text, Value, block, literal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from iamdsl import iam

_SID = re.compile(r"[A-Za-z0-9]*")


def document(policy: iam.Policy, label: str, documents: Documents) -> Block:
    """Return the data source that says a policy."""
    head: list[Argument | Block] = []
    if policy.id is not None:
        head.append(Argument("policy_id", literal(policy.id)))
    statements: list[Argument | Block] = [_statement(s, documents) for s in policy.statements]
    return block("data", ("aws_iam_policy_document", label), head, statements)


def can_say(policy: iam.Policy) -> bool:
    """Tell whether the data source says exactly what a policy says."""
    sids = [s.sid for s in policy.statements if s.sid]
    return (
        bool(policy.statements)
        and len(set(sids)) == len(sids)
        and all(_SID.fullmatch(sid) for sid in sids)
        and policy.id != ""
        and all(_keeps(text) for s in policy.statements for text in _rewritten(s))
        and all(_has_all(s) for s in policy.statements)
    )


def _has_all(statement: iam.Statement) -> bool:
    """Tell whether no list of a statement is empty: the provider would leave that out."""
    lists = [statement.actions.values]
    if statement.resources is not None:
        lists.append(statement.resources.values)
    if statement.principals is not None:
        lists += [values for _, values in statement.principals.by_type]
    lists += [entry.values for entry in statement.condition]
    return all(some and all(some) for some in lists)


def _keeps(text: str) -> bool:
    """Tell whether `&{` comes into a text by `${` alone, whatever its marks stand for."""
    if "&{" in text:
        return False
    found = parts(text)
    for one, other in pairwise(found):
        ends = isinstance(one, Mark) or one.endswith("&")
        begins = isinstance(other, Mark) or other.startswith("{")
        if ends and begins:
            return False
    return True


def _rewritten(statement: iam.Statement) -> Iterator[str]:
    """Yield the texts in which the provider makes `${` of `&{`."""
    if statement.resources is not None:
        yield from statement.resources.values
    if statement.principals is not None:
        for _, values in statement.principals.by_type:
            yield from values
    for entry in statement.condition:
        yield from entry.values


def _statement(statement: iam.Statement, documents: Documents) -> Block:
    what = statement.actions
    head: list[Argument | Block] = []
    if statement.sid is not None:
        head.append(Argument("sid", literal(statement.sid)))
    head.append(Argument("effect", literal(statement.effect)))
    name = "not_actions" if what.negated else "actions"
    head.append(Argument(name, Items(tuple(text_of(value) for value in what.values))))
    where = statement.resources
    if where is not None:
        name = "not_resources" if where.negated else "resources"
        head.append(Argument(name, Items(tuple(map(_spelled, where.values)))))
    who: list[Argument | Block] = []
    if statement.principals is not None:
        kind = "not_principals" if statement.principals.negated else "principals"
        for of, values in statement.principals.by_type:
            principals = tuple(_who(value, documents) for value in values)
            who.append(
                block(
                    kind,
                    (),
                    [Argument("type", literal(of)), Argument("identifiers", Items(principals))],
                )
            )
    conditions: list[Argument | Block] = [
        block(
            "condition",
            (),
            [
                Argument("test", literal(entry.operator)),
                Argument("variable", text_of(entry.key)),
                Argument("values", Items(tuple(map(_spelled, entry.values)))),
            ],
        )
        for entry in statement.condition
    ]
    return block("statement", (), head, who, conditions)


def _who(text: str, documents: Documents) -> Value:
    found = documents.principal(text)
    return found if isinstance(found, Raw) else _spelled(text)


def _spelled(text: str) -> Text:
    """Return a text with IAM's variables as the provider's page writes them."""
    found = text_of(text)
    return Text(tuple(p if isinstance(p, Raw) else p.replace("${", "&{") for p in found.parts))

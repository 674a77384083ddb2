"""One statement of IAM's as one sentence, which compiles to that statement again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from iamdsl.aws.names import name_problem
from iamdsl.aws.principals import trust_actions
from iamdsl.aws.resource_policies import UNLISTED, of_service
from iamdsl.iam import ANYONE
from iamdsl.lift import actions, conditions, nodes, principals, resources
from iamdsl.lift.writing import NotSayableError
from iamdsl.syntax import tree

if TYPE_CHECKING:
    from iamdsl import iam
    from iamdsl.lift.writing import Facts


@attrs.frozen(repr=False, eq=False)
class Where:
    """What kind of policy a statement stands in.

    Attributes:
        kind: of the document, or "trust", or "inline" for what an identity may do.
        target, service: of a resource policy.
    """

    kind: str
    target: str | None = None
    service: str | None = None


def sentence(statement: iam.Statement, where: Where, facts: Facts, doc: str = "") -> tree.Statement:
    """Return the sentence that says a statement. Raises `NotSayableError`."""
    clauses: list[tuple[str, tree.Selection | tree.Expression]] = []
    if where.kind == "trust":
        verb, first, clauses = _trust(statement, facts)
    else:
        verb, first = statement.effect.lower(), actions.selection(statement.actions, facts)
        if (who := _to(statement, where, facts)) is not None:
            clauses.append(("to", who))
        if (what := _on(statement, where, facts)) is not None:
            clauses.append(("on", what))
    when, unless = conditions.clauses(statement.condition, statement.effect, facts)
    if when is not None:
        clauses.append(("when", when))
    if unless is not None:
        clauses.append(("unless", unless))
    if statement.sid is not None:
        if _sid_problem(statement.sid, where):
            doc = "\n".join(filter(None, [doc, f'The Sid was "{statement.sid}".']))
        else:
            clauses.append(("as", nodes.name_or_text(statement.sid)))
    return tree.Statement(verb, first, tuple(clauses), doc, span=nodes.NOWHERE)


def _trust(
    statement: iam.Statement, facts: Facts
) -> tuple[str, tree.Selection, list[tuple[str, tree.Selection | tree.Expression]]]:
    """Return verb, what follows it, and `to`: the actions are said where they do not follow."""
    who = statement.principals
    if who is None:
        raise NotSayableError("Statement", "of a trust policy names no principal", "name one")
    if statement.resources is not None:
        raise NotSayableError("Resource", "has no place in a trust policy", "take it out")
    if who.negated or statement.actions.negated:
        raise NotSayableError(
            "NotPrincipal" if who.negated else "NotAction",
            "has no place in a trust policy",
            "say by conditions who may assume the role",
        )
    selected = principals.selection(who, facts)
    pairs = [(kind, value) for kind, values in who.by_type for value in values]
    implied = {tuple(a.lower() for a in trust_actions(*pair)) for pair in pairs}
    written = tuple(sorted({a.lower() for a in statement.actions.values}))
    if statement.effect == "Deny":
        return "deny", actions.selection(statement.actions, facts), [("to", selected)]
    if implied == {written}:
        return "trust", selected, []
    return "trust", actions.selection(statement.actions, facts), [("to", selected)]


def _to(statement: iam.Statement, where: Where, facts: Facts) -> tree.Selection | None:
    who = statement.principals
    if where.kind == "resource":
        if who is None:
            raise NotSayableError(
                "Statement", "of a resource's policy names no principal", 'add `"Principal"`'
            )
        return principals.selection(who, facts)
    if where.kind == "rcp":
        if who is not None and who.by_type == ANYONE.by_type and not who.negated:
            return None
        raise NotSayableError(
            "Principal", "is `*` in every resource control policy", 'write `"Principal": "*"`'
        )
    if who is not None:
        raise NotSayableError(
            "NotPrincipal" if who.negated else "Principal",
            "has no place in a policy of this kind",
            "import it as what it is: a resource's policy, `--kind resource`, or a trust policy",
        )
    return None


def _on(statement: iam.Statement, where: Where, facts: Facts) -> tree.Selection | None:
    what = statement.resources
    if where.kind != "resource":
        if what is None:
            raise NotSayableError("Statement", "names no resource", 'add `"Resource"`')
        return resources.selection(what, facts)
    rule = of_service(where.service or "") or UNLISTED
    own = where.target if rule.own == "arn" else rule.own
    if what is None:
        if rule.own == "none":
            return None
        raise NotSayableError("Statement", "names no resource", 'add `"Resource"`')
    if not what.negated and what.values == (own,):
        return None
    target = where.target if rule.own == "arn" else None
    return resources.selection(what, facts, target)


def _sid_problem(sid: str, where: Where) -> str:
    if where.kind != "resource":
        return name_problem("sid", sid)
    return name_problem((of_service(where.service or "") or UNLISTED).sid, sid)

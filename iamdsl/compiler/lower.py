"""Fourth pass: grants become IAM statements, entities become documents and identities.

After it nothing of the language is left but `origin` spans. A grant is one statement for each
block that its condition compiles to; what IAM cannot say exactly is reported, never bent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

import attrs

from iamdsl.analysis import overlap
from iamdsl.analysis.arns import AS_WRITTEN, arn_problem, meant_arn
from iamdsl.aws.principals import only_elsewhere, trust_actions, trust_mismatch
from iamdsl.compiler import actions, applies, builders, check, principals
from iamdsl.compiler.conditions import Refused, compile_formula, doubts
from iamdsl.compiler.conditions.leaves import tests_of
from iamdsl.diagnostics import Fix, Label, codes
from iamdsl.iam import (
    ANYONE,
    PLACEHOLDER_OPEN,
    Elements,
    Policy,
    Principals,
    Statement,
    resource_covers,
)
from iamdsl.model import ALWAYS, Value, types
from iamdsl.model.program import with_article

if TYPE_CHECKING:
    from collections.abc import Iterable

    from iamdsl.compiler.entities import Entities
    from iamdsl.compiler.environment import Environment
    from iamdsl.compiler.resource_policies import Target
    from iamdsl.diagnostics import Report
    from iamdsl.iam import Condition
    from iamdsl.model import Entity, Formula, Grant
    from iamdsl.source import Span

_TRUSTED = (
    "sts:AssumeRole",
    "sts:AssumeRoleWithSAML",
    "sts:AssumeRoleWithWebIdentity",
    "sts:TagSession",
    "sts:SetSourceIdentity",
    "sts:SetContext",
)
"""What AWS takes in a trust policy ("Trust Policy statement actions can only be …")."""

MAX_BLOCKS = 16
MAX_TESTS = 256


class Lowering(NamedTuple):
    """Turns the grants of entities into statements."""

    entities: Entities
    environment: Environment
    report: Report

    def policy(self, entity: Entity) -> Policy:
        """Return the statements of an entity's `allow`s and `deny`s."""
        statements: list[Statement] = []
        target = self._target(entity)
        if target is not None and not target.exists(
            (entity.target and entity.target.span) or entity.span, self.environment, self.report
        ):
            return Policy(())
        for grant in entity.grants:
            if not _is_of_trust(entity, grant):
                statements += self._statements(entity, grant, target)
        values = entity.settings.get("id")
        identifier = str(values[0][0].data) if values else None
        rule = target.rule.sid if target is not None else "sid"
        return Policy(self._with_sids(tuple(statements), entity, rule), identifier)

    def _target(self, entity: Entity) -> Target | None:
        """Return what a resource policy is for, None for any other kind."""
        if entity.target is None:
            return None
        from iamdsl.compiler.resource_policies import Target  # noqa: PLC0415  # only they need it

        arn = self.entities.resolve_value(entity.target)
        return Target(entity.target, arn, self.environment.catalogue)

    def trust(self, entity: Entity) -> Policy | None:
        """Return the trust policy of a role, None when it has none."""
        statements: list[Statement] = []
        for grant in entity.grants:
            if _is_of_trust(entity, grant):
                statements += self._trust(grant)
        return Policy(self._with_sids(tuple(statements), entity, "sid")) if statements else None

    # Statements

    def _statements(self, entity: Entity, grant: Grant, target: Target | None) -> list[Statement]:
        who = self._principals(entity, grant, target)
        if who is False:
            return []
        resources = self._resources(grant, target)
        if resources is False:
            return []
        named = self._named(entity, grant, target)
        verbs = actions.of_grant(grant, named, self.environment, self.report)
        if verbs is not None and resources is not None and not resources.negated:
            applies.check(grant, named, self.environment, self.report)
        blocks = self._blocks(grant.condition, grant)
        if verbs is None or blocks is None or not self._takes(verbs, grant, target):
            return []
        if not verbs.values:
            blocks = ()  # everything is taken away again
        if (resources is not None and not resources.values) or (
            target is not None and who is not None and not who.by_type
        ):
            self._nothing(grant, "nothing is left of a list")
            return []
        if not blocks:
            self._nothing(grant, "no action is left" if not verbs.values else "")
        return [
            self._statement(grant, verbs, some, who, block)
            for block, some in self._certain(blocks, resources, grant)
        ]

    def _named(self, entity: Entity, grant: Grant, target: Target | None) -> tuple[Value, ...]:
        """Return the resources of a grant as the catalogue's actions are held against them."""
        if grant.resources is None and (target is None or entity.target is None):
            return ()
        written = grant.resources or ((entity.target,) if entity.target is not None else ())
        known = tuple(self.entities.resolved(self.entities.named(v)) for v in written)
        open_ended = target is not None and (
            (grant.resources is None and target.is_open)
            or any(target.is_short(str(v.data)) for v in known)
        )
        return (Value(types.STAR, "*"),) if open_ended else known

    def _takes(self, verbs: Elements, grant: Grant, target: Target | None) -> bool:
        """Report `NotAction` where the service of a resource takes none."""
        if not verbs.negated or target is None or "NotAction" not in target.rule.refused:
            return True
        self.report.add(
            codes.ELEMENT_NOT_ALLOWED,
            grant.actions_except[0].span or grant.span,
            f"a policy of {target.service} takes no exceptions from actions",
            label="AWS refuses this",
            hint="name the actions",
        )
        return False

    def _always(self, grant: Grant) -> None:
        """Note a condition that was written and says nothing: every request meets it."""
        self.report.add(
            codes.ALWAYS_MET,
            grant.span,
            f"the condition of this `{grant.verb}` is always true in this build",
            label="no request is refused by it",
            hint="if that is meant, put the condition into an `if`, where it can be seen",
        )

    def _nothing(self, grant: Grant, why: str) -> None:
        """Note a statement that is about no request at all."""
        self.report.add(
            codes.FOLDED_AWAY,
            grant.span,
            f"this `{grant.verb}` says nothing in this build",
            label=why or "no request meets its condition",
            hint="if that is meant, put it into an `if`, where it can be seen",
        )

    def _statement(
        self,
        grant: Grant,
        verbs: Elements,
        resources: Elements | None,
        who: Principals | None,
        block: Condition,
    ) -> Statement:
        effect: Literal["Allow", "Deny"] = "Deny" if grant.verb == "deny" else "Allow"
        return Statement(effect, verbs, resources, who, block, grant.sid, grant.origin)

    def _blocks(self, formula: Formula, grant: Grant) -> tuple[Condition, ...] | None:
        """Return the blocks of a grant's condition; what it says to people's surprise is told."""
        found = self._compiled(formula, grant)
        if found is None or grant.verb == "deny":
            return found
        if found == ((),) and (grant.emptied or formula != ALWAYS):
            self._always(grant)
        if formula != ALWAYS:
            formula = self.entities.resolve_formula(formula)
            check.warn_of_widening(formula, doubts.widening(found, self._present), self.report)
        return found

    def _compiled(self, formula: Formula, grant: Grant) -> tuple[Condition, ...] | None:
        """Return the blocks that mean a formula; one that has no exact form is reported."""
        if formula == ALWAYS:
            return ((),)
        size = len(tests_of(formula))
        if size > MAX_TESTS:
            self.report.add(
                codes.TOO_MANY_STATEMENTS,
                grant.span,
                f"this condition has {size:,} tests, at most {MAX_TESTS} are compiled",
                hint="compare a key with a list (`in […]`) instead of with each value in turn",
            )
            return None
        found = compile_formula(self.entities.resolve_formula(formula), statements=MAX_BLOCKS)
        if not isinstance(found, Refused):
            return found
        spans = found.spans
        self.report.add(
            codes.TOO_MANY_STATEMENTS
            if found.kind == "too-many"
            else codes.INEXPRESSIBLE_CONDITION,
            spans[0] if spans else grant.span,
            found.reason,
            notes=[Label(s, "together with this") for s in spans[1:4]],
            hint=found.hint,
        )
        return None

    def _present(self, key: str) -> bool:
        """Tell whether every request carries a key."""
        known = self.environment.catalogue.condition_key(key)
        return known is not None and known.always

    def _certain(
        self, blocks: tuple[Condition, ...], resources: Elements | None, grant: Grant
    ) -> Iterable[tuple[Condition, Elements | None]]:
        """Return the blocks of a grant with their resources; a deny holds whatever is missing."""
        if grant.verb != "deny":
            return [(block, resources) for block in blocks]
        made = doubts.certain(blocks, resources, self._present)
        if len(made) <= doubts.MOST:
            return made
        self.report.add(
            codes.TOO_MANY_STATEMENTS,
            grant.span,
            f"this `deny` needs more than {doubts.MOST} statements",
            label=f"{len(blocks)}, and the rest for requests that lack a key of its variables",
            hint="give the variables in it a default (`${key, 'text'}`), or ask for their keys by"
            " `exists`",
        )
        return ()

    def _resources(self, grant: Grant, target: Target | None) -> Elements | Literal[False] | None:
        """Return `Resource` or `NotResource`; None where the kind has none, False on mistakes."""
        if grant.resources is None:
            if target is not None and target.rule.own != "said":
                own = target.own()
                return Elements((own,)) if own is not None else None
            self.report.add(
                codes.MISSING_CLAUSE,
                grant.span,
                f"this `{grant.verb}` has no `on`",
                label="which resources?",
                hint="add `on` with ARNs or builders; `on *` is every resource",
            )
            return False
        found = [self._resource(v, grant, target) for v in grant.resources]
        excepted = [self._resource(v, grant, target) for v in grant.resources_except]
        texts = tuple(dict.fromkeys(t for t in found if t is not None))
        others = tuple(dict.fromkeys(t for t in excepted if t is not None))
        if None in found or None in excepted:
            return False
        if target is not None:
            refusal = target.refusal(texts, others)
            if refusal is not None:
                values = (*grant.resources, *grant.resources_except)
                span = values[[*found, *excepted].index(refusal.text)].span or grant.span
                _, problem, label, hint = refusal
                self.report.add(codes.ELEMENT_NOT_ALLOWED, span, problem, label=label, hint=hint)
                return False
            if target.rule.own == "none":
                return None
        if "*" in others or (target is not None and target.is_covered(others)):
            return Elements(())
        if not others:
            return Elements(("*",) if "*" in texts else texts)
        if "*" in texts:
            return Elements(others, negated=True)
        left = overlap.left_of(texts, others, resource_covers)
        if left.partly:
            self.report.add(
                codes.INEXACT_SET,
                grant.resources_except[0].span or grant.span,
                f"IAM cannot take a part of `{left.partly[0]}` away",
                hint="take it away from `*`: `on * except …`"
                + (", or `deny` it in a statement" if grant.verb != "deny" else ""),
            )
            return False
        return Elements(left.kept)

    def _resource(self, value: Value, grant: Grant, target: Target | None) -> str | None:
        value = self.entities.named(value)
        text = self.entities.resolve_value(value)
        span = value.span or grant.span
        if builders.widens(value, self.report, span):
            return None
        if text == "*":
            return text
        if target is not None and text == target.arn and (own := target.own()) is not None:
            return own
        if text.startswith(PLACEHOLDER_OPEN) or (target is not None and target.is_short(text)):
            return text  # an extern: what it is, its type has said
        problem, hint = arn_problem(text)
        if problem in AS_WRITTEN and span.text.startswith('"'):
            self.report.add(
                codes.KEPT_AS_WRITTEN,
                span,
                f"`{text}` {problem}",
                label="kept as written: it may match nothing",
                hint=hint,
            )
        elif problem:
            shown = text if len(text) < 200 else f"{text[:60]}…"
            meant = meant_arn(text, in_resource_policy=target is not None)
            literal = meant and span.text in {text, f'"{text}"'}
            self.report.add(
                codes.BAD_ARN,
                span,
                f"`{shown}` {problem}",
                hint=f"write `{meant}`" if meant else hint,
                fix=Fix.writing(meant, span, safe=False) if literal else None,
            )
            return None
        return text

    # Principals

    def _principals(
        self, entity: Entity, grant: Grant, target: Target | None
    ) -> Principals | Literal[False] | None:
        """Return `Principal` or `NotPrincipal`; None where the kind has none, False on mistakes."""
        if entity.kind == "rcp":
            if grant.principals is not None:
                return self._no_principals(entity, grant)
            return ANYONE
        if target is None or "Principal" in target.rule.refused:
            return None if grant.principals is None else self._no_principals(entity, grant)
        if grant.principals is None:
            self.report.add(
                codes.MISSING_CLAUSE,
                grant.span,
                f"this `{grant.verb}` has no `to`",
                label="who?",
                hint="add `to`: a role, `account 111122223333`, `service lambda`, or `anyone`",
            )
            return False
        return self._who(grant, target)

    def _no_principals(self, entity: Entity, grant: Grant) -> Literal[False]:
        values = grant.principals or ()
        hint = "remove `to`: the policy speaks for whoever it is attached to"
        if entity.kind == "role":
            hint = "who may assume the role is said by `trust`: `trust service lambda`"
        if entity.kind == "rcp":
            hint = "remove `to`: a resource control policy is about everyone"
        self.report.add(
            codes.ELEMENT_NOT_ALLOWED,
            values[0].span if values else grant.span,
            f"{with_article(entity.kind)} takes no principal",
            hint=hint,
        )
        return False

    def _who(self, grant: Grant, target: Target) -> Principals | Literal[False]:
        pairs = self._pairs(grant.principals or (), grant)
        excepted = self._pairs(grant.principals_except, grant)
        if pairs is None or excepted is None:
            return False
        where = f"a policy of {target.service}"
        values = (*(grant.principals or ()), *grant.principals_except)
        for value, (kind, text) in zip(values, (*pairs, *excepted), strict=True):
            what = only_elsewhere(kind, text, s3=target.rule.canonical)
            if what:
                return self._no_such_principal(value.span or grant.span, what, where)
        if ("*", "*") in excepted:
            return Principals(())
        if ("AWS", "*") in excepted:
            span = grant.principals_except[0].span or grant.span
            return self._no_such_principal(span, "`account *`", "an exception")
        if not excepted:
            return grouped(pairs)
        if grant.verb == "deny" and pairs == [("*", "*")]:
            from iamdsl.compiler import not_principal  # noqa: PLC0415  # rare

            if not not_principal.accepted(grant, excepted, target, self.report):
                return False
            return attrs.evolve(grouped(excepted), negated=True)
        left = [pair for pair in pairs if pair not in excepted]
        if all(principals.apart(pair, other) for pair in left for other in excepted):
            return grouped(left)
        self.report.add(
            codes.INEXACT_SET,
            grant.principals_except[0].span or grant.span,
            "`except` takes principals away from `anyone` in a `deny`, or whole ones from a list",
            hint="name who is meant, or add `unless aws:PrincipalArn like …`",
        )
        return False

    def _no_such_principal(self, span: Span, what: str, where: str) -> Literal[False]:
        self.report.add(
            codes.BAD_PRINCIPAL,
            span,
            f"{what} is no principal of {where}",
            label="AWS refuses this",
            hint="name a role, a user, an account or a service",
        )
        return False

    def _pairs(self, values: tuple[Value, ...], grant: Grant) -> list[tuple[str, str]] | None:
        known = [self.entities.named(v) for v in values]
        found = [principals.of_value(v, self.report, v.span or grant.span) for v in known]
        if None in found:
            return None
        return [(kind, self.entities.resolve(text)) for kind, text in filter(None, found)]

    # Trust

    def _trust(self, grant: Grant) -> list[Statement]:
        if grant.resources is not None:
            self.report.add(
                codes.ELEMENT_NOT_ALLOWED,
                grant.span,
                "a trust policy takes no resource",
                hint="remove `on`: the role itself is what is trusted with",
            )
            return []
        if grant.principals_except:
            self.report.add(
                codes.ELEMENT_NOT_ALLOWED,
                grant.principals_except[0].span or grant.span,
                "a trust policy takes no exceptions",
                hint="name who is trusted",
            )
            return []
        pairs = self._pairs(grant.principals or (), grant)
        blocks = self._blocks(grant.condition, grant)
        if pairs is None or blocks is None or self._anyone(pairs, grant):
            return []
        denied = grant.verb == "deny"
        for value, (kind, text) in zip(grant.principals or (), pairs, strict=True):
            what = only_elsewhere(kind, text, trust=True)
            if what:
                self._no_such_principal(value.span or grant.span, what, "a trust policy")
                return []
        if ("AWS", "*") in pairs and blocks == ((),) and not denied:
            self.report.add(
                codes.OPEN_TRUST,
                grant.span,
                "everyone in AWS may assume this role",
                label="no condition says who",
                hint='add `when aws:PrincipalOrgID == "o-…"`, or name the account',
            )
        made: list[Statement] = []
        for verbs, group in self._trust_groups(grant, pairs).items():
            who = grouped(group)
            made += (
                self._statement(grant, Elements(verbs), None, who, block)
                for block, _ in self._certain(blocks, None, grant)
            )
        if not denied and any(kind == "Federated" for kind, _ in pairs):
            from iamdsl.compiler.oidc import check_claims  # noqa: PLC0415  # only providers have claims

            check_claims(grant, made, self.report)
        return made

    def _trust_groups(
        self, grant: Grant, pairs: list[tuple[str, str]]
    ) -> dict[tuple[str, ...], list[tuple[str, str]]]:
        """Return the principals by the sts actions that trusting them takes."""
        if grant.actions:
            if not self._assumes(grant):
                return {}
            found = actions.of_grant(grant, (), self.environment, self.report)
            if found is None or not found.values:
                return {}
            problem = trust_mismatch(found.values, pairs)
            if problem:
                span = (grant.principals or ())[0].span or grant.span
                label = "AWS's validator refuses this"
                hint = "leave the actions out: they follow from the principal"
                self.report.add(codes.BAD_PRINCIPAL, span, problem, label=label, hint=hint)
                return {}
            return {found.values: pairs}
        groups: dict[tuple[str, ...], list[tuple[str, str]]] = {}
        for kind, text in pairs:
            groups.setdefault(trust_actions(kind, text), []).append((kind, text))
        return groups

    def _assumes(self, grant: Grant) -> bool:
        """Tell whether all actions of a trust are ones that AWS takes there, written out."""
        known = {name.lower() for name in _TRUSTED}
        for value in (*grant.actions, *grant.actions_except):
            if str(value.data).lower() in known and not grant.actions_except:
                continue
            self.report.add(
                codes.ELEMENT_NOT_ALLOWED,
                value.span or grant.span,
                f"`{value.data}` has no place in a trust policy",
                label="AWS refuses this",
                hint="write "
                + ", ".join(f"`{name}`" for name in _TRUSTED[:5])
                + ", or leave the actions out: they follow from the principal",
            )
            return False
        return True

    def _anyone(self, pairs: list[tuple[str, str]], grant: Grant) -> bool:
        if ("*", "*") not in pairs:
            return False
        self.report.add(
            codes.BAD_PRINCIPAL,
            grant.span,
            "a role cannot trust `anyone`",
            label="AWS refuses this",
            hint="write `account *` with a condition such as `when aws:PrincipalOrgID == …`",
        )
        return True

    # Sids

    def _with_sids(
        self, statements: tuple[Statement, ...], entity: Entity, kind: str
    ) -> tuple[Statement, ...]:
        """Return the statements with the author's Sids, numbered where one grant made several.

        Args:
            kind: the rule of the names, in `aws.names`.
        """
        from iamdsl.aws.names import RULES, name_problem  # noqa: PLC0415

        if all(s.sid is None for s in statements):
            return statements
        owners: dict[str, Span] = {}
        used = {s.sid for s in statements if s.sid is not None}
        first_of: set[str] = set()
        made: list[Statement] = []
        for statement in statements:
            sid = statement.sid
            if sid is None:
                made.append(statement)
                continue
            place = statement.origin[0]
            problem = name_problem(kind, sid)
            first = owners.setdefault(sid, place)
            if problem:
                hint = "use letters and digits only" if kind == "sid" else "shorten or respell it"
                self.report.add(codes.BAD_SID, place, f"the Sid `{sid}` {problem}", hint=hint)
            elif first != place:
                self.report.add(
                    codes.BAD_SID,
                    place,
                    f"the Sid `{sid}` is used twice in `{entity.name}`",
                    notes=[Label(first, "first used here")],
                    hint="give one of them another name",
                )
            number, name = 1, sid
            while sid in first_of and name in used:
                number += 1
                name = f"{sid[: RULES[kind].longest - len(str(number))]}{number}"
            first_of.add(sid)
            used.add(name)
            made.append(attrs.evolve(statement, sid=name))
        return tuple(made)


def _is_of_trust(entity: Entity, grant: Grant) -> bool:
    """Tell whether a grant says who may assume a role: a `trust`, or a `deny … to …` in the role."""
    return grant.verb == "trust" or (
        entity.kind == "role" and grant.verb == "deny" and grant.principals is not None
    )


def grouped(pairs: list[tuple[str, str]]) -> Principals:
    """Return pairs of type and text as the element of a statement."""
    by_type: dict[str, dict[str, None]] = {}
    for kind, text in pairs:
        by_type.setdefault(kind, {})[text] = None
    if "*" in by_type:
        return ANYONE
    return Principals(tuple((kind, tuple(by_type[kind])) for kind in sorted(by_type)))

"""Documents of one owner from build to build: their names, and when there is but one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs
from comparator import catalogue

from iamdsl.aws.limits import LIMITS, Limits
from iamdsl.diagnostics import Report
from iamdsl.fit import Settings, fit
from iamdsl.iam import Attachment, Build, Document, Elements, Entry, Identity, Policy, Statement

if TYPE_CHECKING:
    from iamdsl.fit.settings import Fitted


def statement(number: int, *, actions: tuple[str, ...] = ("s3:GetObject",)) -> Statement:
    """Return a statement that joins with no other number's."""
    return Statement(
        "Allow",
        Elements(actions),
        Elements((f"arn:aws:s3:::bucket-{number:04}/*",)),
        condition=(Entry("StringEquals", "aws:PrincipalTag/team", (f"team-{number:04}",)),),
    )


def some(*numbers: int) -> Policy:
    return Policy(tuple(map(statement, numbers)))


def fitted(build: Build, before: Fitted | None = None, **more: Any) -> tuple[Fitted, Report]:
    table = {n: LIMITS[n] for n in LIMITS.names()}
    for name, value in (("managed-policy-size", 700), ("managed-policies-per-role", 2)):
        table[name] = table[name]._replace(value=value)
    report = Report()
    placed = before.placed if before is not None else {}
    settings = Settings(Limits(table), catalogue=catalogue(), placed=placed, **more)
    return fit(build, settings, report), report


def policy(own: Policy, *, whole: bool = False) -> Build:
    """Return a build with a policy that a role has."""
    role = Identity("role", "r", managed=(Attachment("big", True),))
    return Build((Document("managed", "big", own, whole=whole),), (role,))


def names(found: Fitted) -> list[str]:
    """Return the names of the policies, which are those that the role has."""
    (role,) = found.build.identities
    made = [d.name for d in found.build.documents if d.split_from is not None or d.name == "big"]
    assert [a.policy for a in role.managed] == made
    return made


def test_a_policy_that_is_left_in_one_document_has_its_own_name() -> None:
    """What is attached would not exist, if only its second document were left."""
    first, _ = fitted(policy(some(*range(8))))
    assert names(first) == ["big", "big-2"]
    kept = first.build.documents[1].policy
    second, report = fitted(policy(Policy(kept.statements)), first)
    assert names(second) == ["big"]
    assert second.build.documents[0].split_from is None
    assert second.placed["policy big"].order == ("big", "big-2")
    third, late = fitted(policy(Policy(kept.statements)), second)
    assert third.placed == second.placed
    assert third.build.documents[0].policy == second.build.documents[0].policy
    assert not (*report.diagnostics, *late.diagnostics)


def test_what_is_spoken_of_by_its_arn_is_one_document_as_soon_as_it_can_be() -> None:
    """A policy that was split could not be named by an ARN ever again."""
    first, _ = fitted(policy(some(*range(8))))
    fewer = Policy(tuple(d.policy.statements[0] for d in first.build.documents))
    assert names(fitted(policy(fewer), first)[0]) == names(first) == ["big", "big-2"]
    second, _ = fitted(policy(fewer, whole=True), first)
    assert names(second) == ["big"]
    assert second.placed["policy big"].order == ("big", "big-2")


def test_a_name_that_the_source_takes_goes_after_the_piece_has_another() -> None:
    """Deployed the other way round, the statements of the piece would be missing for a while."""
    build = policy(some(*range(8)))
    first, _ = fitted(build)
    declared = Document("managed", "BIG-2", some(99))
    second, report = fitted(attrs.evolve(build, documents=(*build.documents, declared)), first)
    assert names(second) == ["big", "big-3"]
    assert second.placed["policy big"].order == ("big-3", "big-2")
    assert not report.diagnostics


def test_tries_with_wildcards_use_up_no_names() -> None:
    """A role whose policies begin at the twentieth looks as if others had gone."""
    reads = catalogue().match("s3:GetBucket*")
    own = Policy(tuple(statement(i, actions=reads) for i in range(5)))
    build = Build((), (Identity("role", "big", own=own, place="managed"),))
    assert fitted(build)[1].failed
    found, report = fitted(build, wildcards="tight")
    assert names(found) == ["big-1", "big-2"]
    assert {of for of, _ in found.wildcards} == {"role big"}
    assert len({w.pattern for _, w in found.wildcards}) == len(found.wildcards)
    again, late = fitted(build, found, wildcards="tight")
    assert again.placed == found.placed
    assert not (*report.diagnostics, *late.diagnostics)


def test_a_role_that_shares_keeps_the_policy_when_the_other_goes() -> None:
    """The name of a policy is no reason to deploy another one."""
    own = some(0, 1)
    web, api = (Identity("role", n, own=own, place="managed") for n in ("web", "api"))
    first, _ = fitted(Build((), (web, api)), share=True)
    assert [d.name for d in first.build.documents] == ["api-1"]
    second, _ = fitted(Build((), (web,)), first, share=True)
    assert [d.name for d in second.build.documents] == ["api-1"]
    assert second.placed["role web"] == first.placed["role web"]
    third, _ = fitted(Build((), (web, api)), second, share=True)
    assert third.placed == first.placed

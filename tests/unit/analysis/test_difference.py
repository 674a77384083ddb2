"""What changed from one build to another: in meaning, in form, and what nobody can tell."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import attrs
import pytest

from iamdsl import iam, simulate
from iamdsl.analysis.difference import Changed, Difference, Side, difference

if TYPE_CHECKING:
    from iamdsl.aws import Catalogue

PHOTOS = "arn:aws:s3:::photos/*"
ARN = "arn:aws:iam::111122223333:policy/audit"
PSEUDO = {"partition": "aws", "account": "111122223333"}
TLS = {"Bool": {"aws:SecureTransport": "true"}}


def policy(*statements: dict[str, Any]) -> iam.Policy:
    """Return a policy of statements, of which `Allow` on the photos goes without saying."""
    full = [{"Effect": "Allow", "Resource": PHOTOS, **s} for s in statements]
    return iam.from_json({"Version": iam.VERSION, "Statement": full})


def trust(principal: Any, **more: Any) -> iam.Policy:
    statement = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole", **more}
    return iam.from_json({"Version": iam.VERSION, "Statement": [statement]})


def role(inline: iam.Policy | None = None, **more: Any) -> iam.Identity:
    own = (("own", inline),) if inline is not None else ()
    return iam.Identity("role", "reader", inline=own, **more)


def document(made: iam.Policy, kind: iam.DocumentKind = "managed", **more: Any) -> iam.Document:
    return iam.Document(kind, more.pop("name", "photos"), made, **more)


def build(*parts: iam.Document | iam.Identity) -> iam.Build:
    documents = tuple(p for p in parts if isinstance(p, iam.Document))
    identities = tuple(p for p in parts if isinstance(p, iam.Identity))
    return iam.Build(documents, identities)


@pytest.fixture
def compare(catalogue: Catalogue) -> Any:
    """Return what compares two builds."""

    def run(before: iam.Build, after: iam.Build, **more: Any) -> Difference:
        return difference(Side(before, PSEUDO, **more), Side(after, PSEUDO, **more), catalogue)

    return run


def only(found: Difference) -> Changed:
    (changed,) = found.subjects
    return changed


READ = policy({"Action": "s3:GetObject"})
MORE = policy({"Action": ["s3:GetObject", "s3:PutObject"]})


def test_more_actions_are_gained_and_fewer_lost(compare: Any) -> None:
    """Gained and lost are never mixed up, and each has a request that shows it."""
    changed = only(compare(build(role(READ)), build(role(MORE))))
    (aspect,) = changed.aspects
    (group,) = aspect.gained
    assert (aspect.topic, group.actions, group.resources) == (
        "access",
        ("s3:PutObject",),
        (PHOTOS,),
    )
    assert simulate.effect(MORE.statements, group.witness) == "Allow"
    assert simulate.effect(READ.statements, group.witness) is None
    assert (changed.gains, changed.loses) == (True, False)
    changed = only(compare(build(role(MORE)), build(role(READ))))
    assert (changed.gains, changed.loses) == (False, True)


def test_another_order_other_sids_and_more_documents_change_the_form_only(compare: Any) -> None:
    """A statement may stand in any document of its identity, in any piece, under any name."""
    split = policy({"Action": "s3:PutObject"}, {"Action": "s3:GetObject", "Sid": "Read"})
    changed = only(compare(build(role(MORE)), build(role(split))))
    assert not changed.in_meaning
    assert [(r.name, r.state) for r in changed.reshaped] == [
        ("inline policy of role reader", "kept")
    ]

    attached = role(READ, managed=(iam.Attachment("photos", ours=True),))
    write = document(policy({"Action": "s3:PutObject"}))
    changed = only(compare(build(role(MORE)), build(write, attached)))
    assert not changed.in_meaning
    assert [(r.name, r.state) for r in changed.reshaped] == [
        ("inline policy of role reader", "kept"),
        ("policy photos", "added"),
    ]


def test_what_is_the_same_is_not_mentioned(compare: Any) -> None:
    """A subject without any difference is counted, and that is all."""
    found = compare(build(role(READ), document(MORE)), build(role(READ), document(MORE)))
    assert (found.subjects, found.same, found.have_common) == ((), 2, True)


def test_trust_tells_who_may_assume_the_role(compare: Any) -> None:
    """Who was let in is named with the conditions of their own statement, not of another's."""
    before = role(trust=trust({"Service": "lambda.amazonaws.com"}))
    both = trust({"AWS": "222233334444"}, Condition={"StringEquals": {"sts:ExternalId": "x"}})
    statements = (*trust({"Service": "lambda.amazonaws.com"}).statements, *both.statements)
    changed = only(compare(build(before), build(role(trust=iam.Policy(statements)))))
    (aspect,) = changed.aspects
    (group,) = aspect.gained
    assert aspect.topic == "trust"
    assert group.who == (("AWS", "222233334444"),)
    assert json.loads(group.when[0]) == {"StringEquals": {"sts:ExternalId": "x"}}
    assert simulate.effect(both.statements, group.witness) == "Allow"


def test_a_lost_principal_is_lost(compare: Any) -> None:
    """Trusting fewer is a loss for those who are trusted no more, and no gain for anybody."""
    before = trust({"Service": ["ec2.amazonaws.com", "lambda.amazonaws.com"]})
    after = trust({"Service": "lambda.amazonaws.com"})
    changed = only(compare(build(role(trust=before)), build(role(trust=after))))
    (aspect,) = changed.aspects
    assert [g.who for g in aspect.lost] == [(("Service", "ec2.amazonaws.com"),)]
    assert (changed.gains, changed.loses) == (False, True)


def test_a_deny_that_goes_counts_though_nothing_is_allowed(compare: Any) -> None:
    """A policy alone may allow nothing; what it denies counts where it is attached beside others."""
    deny = {"Effect": "Deny", "Action": "s3:DeleteObject"}
    before, after = policy(deny, {"Action": "s3:GetObject"}), READ
    changed = only(compare(build(document(before)), build(document(after))))
    (aspect,) = changed.aspects
    assert (aspect.topic, [g.actions for g in aspect.gained]) == ("denies", [("s3:DeleteObject",)])
    assert changed.gains
    changed = only(compare(build(document(after)), build(document(before))))
    assert [a.topic for a in changed.aspects] == ["denies"]
    assert (changed.gains, changed.loses) == (False, True)


def test_an_scp_that_denies_less_gains(compare: Any) -> None:
    """A guardrail that was weakened never passes for no change."""
    strict = policy({"Effect": "Deny", "Action": "*", "Resource": "*"})
    loose = policy({"Effect": "Deny", "NotAction": "s3:*", "Resource": "*"})
    changed = only(compare(build(document(strict, "scp")), build(document(loose, "scp"))))
    assert changed.title == "scp photos"
    assert (changed.gains, changed.loses) == (True, False)
    removed = only(compare(build(document(strict, "scp")), build()))
    assert (removed.state, removed.gains, removed.loses) == ("removed", True, False)


def test_a_boundary_that_stops_more_is_told_as_without_effect(compare: Any) -> None:
    """Policies that grew under a boundary mean something else, and nobody may do more today."""
    bounds = document(READ, "boundary", name="bounds")
    attached = iam.Attachment("bounds", ours=True)
    changed = only(
        compare(
            build(bounds, role(READ, boundary=attached)),
            build(bounds, role(MORE, boundary=attached)),
        )
    )
    (aspect,) = changed.aspects
    assert (aspect.topic, aspect.has_effect) == ("policies", False)
    assert changed.in_meaning
    assert not changed.gains


def test_setting_and_removing_a_boundary_shows_what_it_does(compare: Any) -> None:
    """The boundary is a setting, and what comes of it is access."""
    bounds = document(READ, "boundary", name="bounds")
    bounded = build(bounds, role(MORE, boundary=iam.Attachment("bounds", ours=True)))
    changed = next(c for c in compare(bounded, build(bounds, role(MORE))).subjects if c.aspects)
    assert [(s.name, s.before, s.after) for s in changed.settings] == [("boundary", "bounds", "")]
    assert changed.gains
    assert not any(s.may_gain for s in changed.settings)


@pytest.mark.parametrize(
    ("before", "after", "gains", "loses"),
    [
        (role(READ), role(READ, managed=(iam.Attachment(ARN + "2"),)), True, False),
        (role(READ, managed=(iam.Attachment(ARN),)), role(READ), False, True),
        (role(READ), role(READ, boundary=iam.Attachment(ARN)), False, True),
        (role(READ, boundary=iam.Attachment(ARN)), role(READ), True, False),
        (
            role(READ, boundary=iam.Attachment(ARN)),
            role(READ, boundary=iam.Attachment(ARN + "2")),
            True,
            True,
        ),
    ],
    ids=["attached", "detached", "bounded", "unbounded", "bounded otherwise"],
)
def test_what_is_not_at_hand_counts_as_the_worst(
    compare: Any, before: iam.Identity, after: iam.Identity, gains: bool, loses: bool
) -> None:
    """An attachment that nobody can read is unknown access, in the direction that it can have."""
    changed = only(compare(build(before), build(after)))
    assert (changed.gains, changed.loses) == (gains, loses)
    assert any(s.may_gain or s.may_lose for s in changed.settings)


def test_what_is_not_at_hand_on_both_sides_is_named(compare: Any) -> None:
    """It may have allowed already what was gained: readers have to know."""
    beside = (iam.Attachment(ARN),)
    changed = only(compare(build(role(READ, managed=beside)), build(role(MORE, managed=beside))))
    assert changed.beside == (ARN,)
    assert changed.gains


def test_settings_that_matter_are_listed_and_others_are_not(compare: Any) -> None:
    """A tag decides where a condition asks for it; one that none asks for is no news."""
    team = {"StringEquals": {"s3:ExistingObjectTag/team": "${aws:PrincipalTag/team}"}}
    asking = policy({"Action": "s3:GetObject", "Condition": team})
    before = role(asking, max_session=3600, tags=(("team", "a"), ("cost", "1")))
    after = role(asking, max_session=5400, tags=(("team", "b"), ("cost", "2")))
    changed = only(compare(build(before), build(after)))
    assert [tuple(s[:3]) for s in changed.settings] == [
        ("max_session", "1h", "90m"),
        ("tag team", "a", "b"),
    ]
    assert changed.in_meaning


def test_added_and_removed_have_all_their_access(compare: Any) -> None:
    """Who is new has gained what it may do, and who is gone has lost it."""
    found = compare(build(), build(role(READ)))
    assert (only(found).state, only(found).gains, found.have_common) == ("added", True, True)
    changed = only(compare(build(role(READ)), build()))
    assert (changed.state, changed.gains, changed.loses) == ("removed", False, True)


def test_a_foreign_boundary_of_who_is_new_takes_nothing_from_anybody(compare: Any) -> None:
    """It is named, since less may be allowed than is shown, and nobody has lost anything."""
    changed = only(compare(build(), build(role(READ, boundary=iam.Attachment(ARN)))))
    assert [tuple(s) for s in changed.settings] == [("boundary", "", ARN, False, False)]
    assert (changed.gains, changed.loses) == (True, False)


def test_two_sides_of_other_names_are_told_to_have_nothing_in_common(compare: Any) -> None:
    """All removed and all added is rarely what was asked."""
    sides = (build(document(READ, name="a"), role()), build(document(READ, name="b")))
    assert not compare(*sides).have_common


def test_a_policy_that_a_role_has_is_part_of_the_role(compare: Any) -> None:
    """It is not reported twice; by itself it counts where no identity of the build has it."""
    has = role(managed=(iam.Attachment("photos", ours=True),))
    found = compare(build(document(READ), has), build(document(MORE), has))
    assert [c.title for c in found.subjects] == ["role reader"]
    found = compare(build(document(READ), has), build(document(MORE), role()))
    assert [c.title for c in found.subjects] == ["policy photos", "role reader"]


def test_documents_without_a_kind_are_paired_by_name_or_as_the_only_ones(compare: Any) -> None:
    """A file does not say whether it is an SCP: it is compared with what has its name."""
    lone = compare(
        build(document(READ, name="old")), build(document(MORE, name="new")), has_kinds=False
    )
    assert [(c.title, c.state) for c in lone.subjects] == [("policy new", "kept")]
    other = document(READ, name="other")
    found = compare(
        build(document(READ), other), build(document(MORE, "scp"), other), has_kinds=False
    )
    assert [(c.title, c.state) for c in found.subjects] == [("scp photos", "kept")]


def test_what_says_whom_it_is_about_is_no_pair_with_what_does_not(compare: Any) -> None:
    """A bucket's policy and a user's are no two states of one policy: neither gains or loses."""
    own = policy({"Action": "s3:GetObject", "Principal": {"AWS": "111122223333"}})
    bucket = document(own, "resource", name="bucket")
    found = compare(build(bucket), build(document(READ, name="mine")), has_kinds=False)
    assert [(c.title, c.state) for c in found.subjects] == [
        ("policy mine", "added"),
        ("policy bucket", "removed"),
    ]
    assert found.unlike == (("bucket", "mine", True),)
    found = compare(build(document(READ)), build(document(own, "resource")), has_kinds=False)
    assert found.unlike == (("photos", "photos", False),)


def test_a_deny_that_moves_is_in_effect_all_the_same(compare: Any) -> None:
    """It stops as much from a policy, a boundary or an SCP; moved, it denies no less and no more."""
    deny = policy({"Effect": "Deny", "Action": "s3:DeleteObject"})
    both = iam.Policy((*READ.statements, *deny.statements))
    apart = role(READ, managed=(iam.Attachment("photos", ours=True),))
    above = iam.Account("prod", "222233334444", iam.Build((), (role(READ),)))
    inside = attrs.evolve(above, build=iam.Build((), (role(both),)))
    target = iam.Target("account", "prod", "222233334444", ("prod",))
    holds = attrs.evolve(target, attached=(iam.Attachment("photos", ours=True),))
    scp = document(deny, "scp")
    below = iam.Build((scp,), accounts=(inside,), targets=(target,))
    raised = iam.Build((scp,), accounts=(above,), targets=(holds,))
    for before, after in (
        (build(role(both)), build(document(deny), apart)),
        (below, raised),
        (raised, below),
    ):
        found = [c for c in compare(before, after).subjects if c.key.kind == "role"]
        assert [c.aspects for c in found if any(a.has_effect for a in c.aspects)] == []
    gone = iam.Build((scp,), accounts=(above,), targets=(target,))
    (lost,) = [c for c in compare(below, gone).subjects if c.key.kind == "role"]
    assert [a.topic for a in lost.aspects if a.gained] == ["denies"]


def test_whole_services_are_told_from_actions_that_come(compare: Any) -> None:
    """What `prove` writes as `service:*` has all actions of today; the witness is one of them."""
    deny = policy({"Effect": "Deny", "NotAction": "iam:*", "Resource": "*"})
    changed = only(compare(build(document(deny, "scp")), build()))
    (group,) = changed.aspects[0].gained
    assert "s3:*" in group.actions
    assert "iam:*" not in group.actions
    assert group.new_actions == ("*",)
    assert group.witness.action == "s3:AbortMultipartUpload"


def test_patterns_are_spelt_as_the_policies_write_them(compare: Any) -> None:
    """`s3:Get*` is not told as `s3:get*`."""
    changed = only(compare(build(), build(role(policy({"Action": "s3:Get*"})))))
    assert changed.aspects[0].gained[0].new_actions == ("s3:Get*",)


def test_attaching_an_scp_elsewhere_is_unknown_access(compare: Any) -> None:
    """Accounts of the organization hold more than the build: what they lose, nobody here knows."""
    scp = document(policy({"Effect": "Deny", "Action": "s3:*", "Resource": "*"}), "scp")
    root = iam.Target("organization", "acme", "o-abc1234567", ("acme",))
    held = attrs.evolve(root, attached=(iam.Attachment("photos", ours=True),))
    before = attrs.evolve(build(scp), targets=(root,))
    after = attrs.evolve(build(scp), targets=(held,))
    changed = only(compare(before, after))
    assert (changed.title, changed.gains, changed.loses) == ("organization acme", False, True)
    changed = only(compare(after, before))
    assert (changed.gains, changed.loses) == (True, False)


def test_an_account_of_the_organization_has_its_own_subjects(compare: Any) -> None:
    """Roles of one name in two accounts are two, and the title says which is meant."""

    def of(made: iam.Policy) -> iam.Build:
        accounts = (
            iam.Account("dev", "111122223333", build(role(READ))),
            iam.Account("prod", "222233334444", build(role(made))),
        )
        return iam.Build(accounts=accounts)

    found = compare(of(READ), of(MORE))
    assert [c.title for c in found.subjects] == ["role prod.reader"]
    assert found.same == 1

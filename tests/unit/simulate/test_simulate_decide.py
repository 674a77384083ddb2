"""The tables of AWS's "reference_policies_evaluation-logic" and its pages, row by row."""

from __future__ import annotations

from typing import Any

import pytest

from iamdsl.iam import from_json
from iamdsl.simulate import Decision, Named, Policies, Request, decide, filled

A, B = "111122223333", "999988887777"
USER = f"arn:aws:iam::{A}:user/alice"
ROLE = f"arn:aws:iam::{A}:role/deployer"
SESSION = f"arn:aws:sts::{A}:assumed-role/deployer/run-1"
FEDERATED = f"arn:aws:sts::{A}:federated-user/bob"
ROOT = f"arn:aws:iam::{A}:root"
OBJECT = "arn:aws:s3:::bucket/key"
KEY = f"arn:aws:kms:eu-west-1:{A}:key/1234"
EVERYTHING: dict[str, Any] = {"Effect": "Allow", "Action": "*", "Resource": "*"}
NOTHING: dict[str, Any] = {"Effect": "Allow", "Action": "none:None", "Resource": "*"}


def policy(name: str, *statements: dict[str, Any]) -> Named:
    """Return a policy of statements, written without version."""
    return Named(name, from_json({"Version": "2012-10-17", "Statement": list(statements)}))


def of_resource(principal: Any, **members: Any) -> Named:
    """Return a resource policy that allows a principal everything but for what is said."""
    return policy("own", {**EVERYTHING, "Principal": principal, **members})


ALLOWS, SILENT = (policy("all", EVERYTHING),), (policy("none", NOTHING),)


def asked(principal: str, **more: Any) -> Request:
    """Return a request for an object in the caller's account."""
    return Request(principal, "s3:GetObject", OBJECT, **more)


PRINCIPAL_ARN = {"ArnEquals": {"aws:PrincipalArn": ROLE}}
ONE_ACCOUNT = [
    # principal of the resource policy, its condition, caller, whether it is enough by itself, and
    # whether boundary and session policies that say nothing stop it
    ({"AWS": USER}, {}, USER, True, False, None),
    ({"AWS": ROLE}, {}, SESSION, True, True, True),
    ({"AWS": ROLE}, {}, ROLE, True, True, True),
    ({"AWS": A}, PRINCIPAL_ARN, SESSION, True, True, True),
    ({"AWS": SESSION}, {}, SESSION, True, False, False),
    ("*", PRINCIPAL_ARN, SESSION, True, False, False),
    ({"AWS": "*"}, PRINCIPAL_ARN, SESSION, True, False, False),
    ({"AWS": FEDERATED}, {}, FEDERATED, True, None, False),
    ({"AWS": A}, {}, USER, False, True, None),
    ({"AWS": A}, {}, SESSION, False, True, True),
    ({"AWS": ROOT}, {}, SESSION, False, True, True),
    ("*", {}, USER, True, False, None),
    ("*", {}, SESSION, True, False, False),
]


@pytest.mark.parametrize(
    ("principal", "condition", "caller", "enough", "bounded", "session"), ONE_ACCOUNT
)
def test_a_resource_policy_in_one_account(
    principal: Any,
    condition: Any,
    caller: str,
    enough: bool,
    bounded: bool | None,
    session: bool | None,
) -> None:
    """How a resource policy names its caller decides what else still limits them."""
    own = of_resource(principal, **({"Condition": condition} if condition else {}))
    inside = ALLOWS if caller == FEDERATED else ()  # without, it has no identity permissions
    alone = decide(asked(caller), Policies(resource=own, sessions=inside))
    assert (alone.verdict == "allowed") is enough
    assert alone.layer == (None if enough else "identity")
    both = Policies(identity=ALLOWS, resource=own, sessions=inside)
    assert decide(asked(caller), both).verdict == "allowed"
    if bounded is not None:
        found = decide(asked(caller), both._replace(boundaries=SILENT))
        assert (found.layer == "boundary") is bounded
        assert (found.verdict == "implicitDeny") is bounded
    if session is not None:
        found = decide(asked(caller), both._replace(sessions=SILENT))
        assert (found.layer == "session") is session
        assert (found.verdict == "implicitDeny") is session


def test_identity_policies_need_every_limit() -> None:
    """Identity, boundary and session policies intersect; several session policies are a union."""
    full = Policies(identity=ALLOWS, boundaries=ALLOWS, sessions=(*SILENT, *ALLOWS))
    assert decide(asked(SESSION), full).verdict == "allowed"
    for layer, less in (
        ("identity", full._replace(identity=SILENT)),
        ("identity", full._replace(identity=())),
        ("boundary", full._replace(boundaries=SILENT)),
        ("boundary", full._replace(boundaries=(*ALLOWS, *SILENT))),
        ("session", full._replace(sessions=SILENT)),
    ):
        found = decide(asked(SESSION), less)
        assert (found.verdict, found.layer) == ("implicitDeny", layer)


DENY: dict[str, Any] = {"Sid": "Never", "Effect": "Deny", "Action": "s3:Get*", "Resource": "*"}


@pytest.mark.parametrize(
    ("layer", "policies"),
    [
        ("identity", Policies(identity=(policy("no", DENY),))),
        ("resource", Policies(resource=policy("no", {**DENY, "Principal": "*"}))),
        ("boundary", Policies(boundaries=(*ALLOWS, policy("no", DENY)))),
        ("session", Policies(sessions=(*ALLOWS, policy("no", DENY)))),
        ("scp", Policies(scps=(ALLOWS, (*ALLOWS, policy("no", DENY))))),
        ("rcp", Policies(rcps=((policy("no", {**DENY, "Principal": "*"}),),))),
        ("endpoint", Policies(endpoint=(*ALLOWS, policy("no", {**DENY, "Principal": "*"})))),
    ],
)
def test_a_deny_wins_in_every_layer(layer: str, policies: Policies) -> None:
    """No allow of any layer saves what one denies, and the answer says which statement it was."""
    allowing = policies._replace(identity=(*ALLOWS, *policies.identity))
    found = decide(asked(SESSION), allowing)
    assert (found.verdict, found.layer) == ("explicitDeny", layer)
    assert [(m.layer, m.policy, m.number) for m in found.matched] == [(layer, "no", 0)]
    assert "statement `Never` of the " in found.reason
    assert "`no`" in found.reason


def test_every_level_of_scps_has_to_allow() -> None:
    """An account without SCPs is free, and one level that is silent stops everything."""
    everyone = Policies(identity=ALLOWS)
    for levels, stopped in (
        ((), False),
        ((ALLOWS, ALLOWS), False),
        ((ALLOWS, SILENT, ALLOWS), True),
        (((*SILENT, *ALLOWS),), False),
        ((ALLOWS, ()), True),
    ):
        for caller in (SESSION, USER, ROOT):
            found = decide(asked(caller), everyone._replace(scps=levels))
            assert (found.layer == "scp") is stopped
    own = of_resource("*")
    for outside in ("anonymous", "service:sns.amazonaws.com"):
        assert decide(asked(outside), Policies(resource=own, scps=(SILENT,))).verdict == "allowed"
    assert decide(asked(USER), Policies(resource=own, scps=(SILENT,))).layer == "scp"


def test_scps_and_rcps_leave_service_linked_roles_alone() -> None:
    """AWS's own roles work under every organization."""
    linked = f"arn:aws:iam::{A}:role/aws-service-role/x.amazonaws.com/AWSServiceRoleForX"
    denying = ((policy("no", DENY),),)
    everything = Policies(identity=ALLOWS, scps=denying, rcps=denying)
    assert decide(asked(linked), everything).verdict == "allowed"
    session = asked(f"arn:aws:sts::{A}:assumed-role/AWSServiceRoleForX/s")
    assert decide(session, everything).verdict == "explicitDeny"
    told = session._replace(context={"aws:principalarn": (linked,)})
    assert decide(told, everything).verdict == "allowed"


def test_rcps_take_away_from_everyone_and_grant_nothing() -> None:
    """`RCPFullAWSAccess` is always attached: a level that only denies is no obstacle."""
    deny = policy("no", {**DENY, "Principal": "*"})
    other = policy("other", {**DENY, "Principal": "*", "Action": "sqs:*"})
    for caller in ("anonymous", "service:sns.amazonaws.com", SESSION, ROOT):
        own = Policies(identity=ALLOWS, resource=of_resource("*"))
        assert decide(asked(caller), own._replace(rcps=((deny,),))).layer == "rcp"
        assert decide(asked(caller), own._replace(rcps=((other,),))).verdict == "allowed"
    assert decide(asked("anonymous"), Policies(rcps=((of_resource("*"),),))).layer == "resource"
    grant = Request(ROLE, "kms:RetireGrant", KEY)
    everything = policy("no", {**DENY, "Principal": "*", "Action": "kms:*"})
    policies = Policies(identity=ALLOWS, resource=of_resource({"AWS": A}), rcps=((everything,),))
    assert decide(grant, policies).verdict == "allowed"
    assert decide(grant._replace(action="kms:Decrypt"), policies).layer == "rcp"


@pytest.mark.parametrize("principal", ["*", {"AWS": A}, {"AWS": ROLE}, {"AWS": SESSION}])
def test_both_accounts_have_to_allow(principal: Any) -> None:
    """Across accounts no way of naming the caller makes up for their own policies."""
    request = asked(SESSION, resource_account=B)
    own = of_resource(principal)
    both = Policies(identity=ALLOWS, resource=own)
    assert decide(request, both).verdict == "allowed"
    for layer, less in (
        ("identity", Policies(resource=own)),
        ("resource", Policies(identity=ALLOWS)),
        ("resource", both._replace(resource=of_resource({"AWS": B}))),
        ("boundary", both._replace(boundaries=SILENT)),
        ("session", both._replace(sessions=SILENT)),
        ("scp", both._replace(scps=(SILENT,))),
    ):
        found = decide(request, less)
        assert (found.verdict, found.layer) == ("implicitDeny", layer)


def test_the_account_of_an_arn_tells_whose_a_resource_is() -> None:
    """A queue's ARN says its account; a bucket's does not, and AWS's own are everyone's."""
    queue = Request(USER, "sqs:SendMessage", f"arn:aws:sqs:eu-west-1:{B}:q")
    assert decide(queue, Policies(identity=ALLOWS)).layer == "resource"
    here = queue._replace(resource=f"arn:aws:sqs:eu-west-1:{A}:q")
    assert decide(here, Policies(identity=ALLOWS)).verdict == "allowed"
    managed = Request(USER, "iam:GetPolicy", "arn:aws:iam::aws:policy/ReadOnlyAccess")
    assert decide(managed, Policies(identity=ALLOWS)).verdict == "allowed"


ROLE_B = f"arn:aws:iam::{B}:role/target"
ROLE_A = f"arn:aws:iam::{A}:role/target"


def trust(principal: Any, *actions: str, **members: Any) -> Named:
    """Return a trust policy."""
    listed = list(actions) or "sts:AssumeRole"
    who = {"Effect": "Allow", "Principal": principal, "Action": listed, **members}
    return policy("trust", who)


@pytest.mark.parametrize(
    ("role", "principal", "identity", "layer"),
    [
        (ROLE_A, {"AWS": USER}, (), None),
        (ROLE_A, {"AWS": A}, (), "identity"),
        (ROLE_A, {"AWS": A}, ALLOWS, None),
        (ROLE_A, {"AWS": B}, ALLOWS, "trust"),
        (ROLE_B, {"AWS": USER}, (), "identity"),
        (ROLE_B, {"AWS": USER}, ALLOWS, None),
        (ROLE_B, {"AWS": A}, ALLOWS, None),
        (ROLE_B, {"AWS": B}, ALLOWS, "trust"),
    ],
)
def test_assuming_a_role(role: str, principal: Any, identity: Any, layer: str | None) -> None:
    """A role is assumed by whom it trusts, across accounts with the caller's own allow."""
    request = Request(USER, "sts:AssumeRole", role)
    assert decide(request, Policies(identity, trust(principal))).layer == layer
    assert decide(request, Policies(ALLOWS)).layer == "trust"


def test_who_assumes_roles_without_identity_policies() -> None:
    """Services and web identities need the trust policy alone; root users assume nothing."""
    service = Request("service:lambda.amazonaws.com", "sts:AssumeRole", ROLE_A)
    assert decide(service, Policies(resource=trust({"Service": "lambda.amazonaws.com"}))).reason
    for principal, verdict in (("lambda", "allowed"), ("ec2", "implicitDeny")):
        policies = Policies(resource=trust({"Service": f"{principal}.amazonaws.com"}))
        assert decide(service, policies).verdict == verdict
    provider = f"arn:aws:iam::{A}:oidc-provider/example.com"
    web = Request(provider, "sts:AssumeRoleWithWebIdentity", ROLE_A)
    trusting = trust({"Federated": provider}, "sts:AssumeRoleWithWebIdentity")
    assert decide(web, Policies(resource=trusting)).verdict == "allowed"
    assert decide(web._replace(principal=provider + "x"), Policies(resource=trusting)).layer
    root = Request(ROOT, "sts:AssumeRole", ROLE_A)
    assert decide(root, Policies(ALLOWS, trust({"AWS": A}))).layer == "trust"
    assert decide(Request(SESSION, "sts:AssumeRole", ROLE), Policies(ALLOWS)).layer == "trust"


@pytest.mark.parametrize(
    ("key", "also"),
    [
        ("aws:requesttag/team", "sts:TagSession"),
        ("aws:tagkeys", "sts:TagSession"),
        ("sts:sourceidentity", "sts:SetSourceIdentity"),
        ("sts:requestcontextproviders", "sts:SetContext"),
    ],
)
def test_what_a_session_carries_is_an_action_of_its_own(key: str, also: str) -> None:
    """A trust policy without `sts:TagSession` refuses a call with tags as a whole."""
    request = Request(USER, "sts:AssumeRole", ROLE_B, {key: ("x",)})
    found = decide(request, Policies(ALLOWS, trust({"AWS": USER})))
    assert (found.verdict, found.layer) == ("implicitDeny", "trust")
    assert found.reason.startswith(f"the call needs `{also}` as well: ")
    both = Policies(ALLOWS, trust({"AWS": USER}, "sts:AssumeRole", also))
    assert decide(request, both).verdict == "allowed"
    empty = request._replace(context={key: ()})
    assert decide(empty, Policies(ALLOWS, trust({"AWS": USER}))).verdict == "allowed"


@pytest.mark.parametrize(
    ("principal", "caller", "identity", "layer"),
    [
        (None, USER, ALLOWS, "resource"),
        (None, ROOT, (), "resource"),
        ({"AWS": B}, USER, ALLOWS, "resource"),
        ({"AWS": B}, ROOT, (), "resource"),
        ({"AWS": ROOT}, USER, ALLOWS, None),
        ({"AWS": A}, USER, ALLOWS, None),
        ({"AWS": A}, USER, (), "identity"),
        ({"AWS": A}, ROOT, (), None),
        ({"AWS": USER}, USER, (), None),
        ({"AWS": ROLE}, SESSION, (), None),
        ({"AWS": ROLE}, USER, ALLOWS, "resource"),
    ],
)
def test_keys_of_kms(principal: Any, caller: str, identity: Any, layer: str | None) -> None:
    """Identity policies have effect on a key only where its own policy leaves it to them."""
    own = None if principal is None else of_resource(principal)
    request = Request(caller, "kms:Decrypt", KEY)
    assert decide(request, Policies(identity, own)).layer == layer


def test_kms_without_a_key() -> None:
    """Aliases and calls without a resource are decided like everywhere."""
    for resource in ("*", f"arn:aws:kms:eu-west-1:{A}:alias/x"):
        request = Request(USER, "kms:DescribeKey", resource)
        assert decide(request, Policies(ALLOWS)).verdict == "allowed"


def test_callers_without_an_account() -> None:
    """Only a resource policy speaks for the anonymous and for services."""
    for caller, principal in (
        ("anonymous", "*"),
        ("anonymous", {"AWS": "*"}),
        ("service:sns.amazonaws.com", {"Service": "sns.amazonaws.com"}),
        ("canonical:" + "f" * 64, {"CanonicalUser": "f" * 64}),
    ):
        own = Policies(identity=ALLOWS, resource=of_resource(principal), boundaries=SILENT)
        assert decide(asked(caller), own).verdict == "allowed"
        found = decide(asked(caller), Policies(identity=ALLOWS))
        assert (found.verdict, found.layer) == ("implicitDeny", "resource")


def test_the_root_user() -> None:
    """No identity policy and no boundary touches it; SCPs and resource policies do."""
    none = Policies(identity=(policy("no", DENY),), boundaries=SILENT)
    assert decide(asked(ROOT), none).verdict == "allowed"
    assert decide(asked(ROOT), none._replace(scps=(SILENT,))).layer == "scp"
    deny = none._replace(resource=policy("no", {**DENY, "Principal": {"AWS": A}}))
    assert decide(asked(ROOT), deny).layer == "resource"
    across = asked(ROOT, resource_account=B)
    assert decide(across, none).layer == "resource"
    assert decide(across, Policies(resource=of_resource({"AWS": A}))).verdict == "allowed"


def test_a_federated_user_needs_a_session_policy() -> None:
    """`GetFederationToken` without a policy gives a session that may do nothing by identity."""
    assert decide(asked(FEDERATED), Policies(ALLOWS)).layer == "session"
    assert decide(asked(FEDERATED), Policies(ALLOWS, sessions=ALLOWS)).verdict == "allowed"
    named = Policies(ALLOWS, of_resource({"AWS": FEDERATED}))
    assert decide(asked(FEDERATED), named).verdict == "allowed"


def test_who_one_is_cannot_be_denied() -> None:
    """`sts:GetCallerIdentity` works always."""
    deny = policy("no", {**DENY, "Action": "*"})
    request = Request(USER, "STS:getCallerIdentity", "*")
    assert decide(request, Policies((deny,), scps=((deny,),))).verdict == "allowed"
    assert decide(request, Policies((deny,))).verdict == "allowed"


def test_an_endpoint_policy_is_one_more_filter() -> None:
    """A request through a VPC endpoint has to be allowed there as well, whoever asks."""
    narrow = (policy("vpce", {**NOTHING, "Principal": "*"}),)
    for caller in (USER, "anonymous"):
        policies = Policies(ALLOWS, of_resource("*"), endpoint=narrow)
        assert decide(asked(caller), policies).layer == "endpoint"
        wide = policies._replace(endpoint=(*narrow, of_resource("*")))
        assert decide(asked(caller), wide).verdict == "allowed"


def test_a_deny_with_not_principal_bites_everyone_with_a_boundary() -> None:
    """AWS denies them whomever `NotPrincipal` lists, so that exceptions do not work there."""
    own = policy("own", {**DENY, "NotPrincipal": {"AWS": [USER, A]}})
    assert decide(asked(USER), Policies(ALLOWS, own)).verdict == "allowed"
    bounded = Policies(ALLOWS, own, boundaries=ALLOWS)
    assert decide(asked(USER), bounded).verdict == "explicitDeny"


def test_facts_follow_from_who_asks_and_for_what() -> None:
    """Conditions on the caller work without anybody writing the caller down twice."""
    path_user = f"arn:aws:iam::{A}:user/team/alice"
    assert filled(asked(path_user)).context == {
        "aws:principalarn": (path_user,),
        "aws:principalaccount": (A,),
        "aws:principaltype": ("User",),
        "aws:principalisawsservice": ("false",),
        "aws:username": ("alice",),
        "aws:resourceaccount": (A,),
    }
    session = filled(asked(SESSION, resource_account=B)).context
    assert session["aws:principalarn"] == (ROLE,)
    assert session["aws:principaltype"] == ("AssumedRole",)
    assert session["aws:resourceaccount"] == (B,)
    assert filled(asked("service:sns.amazonaws.com")).context == {
        "aws:principalisawsservice": ("true",),
        "aws:principalservicename": ("sns.amazonaws.com",),
    }
    assert filled(asked("anonymous")).context == {"aws:principaltype": ("Anonymous",)}
    assert filled(asked(ROOT)).context["aws:principaltype"] == ("Account",)
    assert filled(asked(FEDERATED)).context["aws:principaltype"] == ("FederatedUser",)
    assert "aws:resourceaccount" not in filled(Request(USER, "s3:ListAllMyBuckets", "*")).context


def test_what_the_context_says_wins() -> None:
    """Who knows better, or wants a key to be missing, says so."""
    given = {"aws:principalarn": ("arn:aws:iam::1:role/p/x",), "aws:username": ()}
    context = filled(asked(USER, context=given)).context
    assert {k: context[k] for k in given} == given


def needing(effect: str, condition: dict[str, Any], **members: Any) -> Named:
    """Return a policy of one statement with a condition."""
    return policy("p", {**EVERYTHING, "Effect": effect, "Condition": condition, **members})


@pytest.mark.parametrize(
    ("policies", "verdict", "missing"),
    [
        ((needing("Allow", {"Bool": {"aws:Mfa": "true"}}),), "implicitDeny", ("aws:Mfa",)),
        ((needing("Allow", {"Bool": {"aws:Mfa": "true", "here": "no"}}),), "implicitDeny", ()),
        (
            (needing("Allow", {"Bool": {"aws:Mfa": "true", "here": "yes"}}),),
            "implicitDeny",
            ("aws:Mfa",),
        ),
        ((needing("Deny", {"StringNotEquals": {"vpc": "x"}}),), "explicitDeny", ("vpc",)),
        ((*ALLOWS, needing("Deny", {"StringEquals": {"vpc": "x"}})), "allowed", ("vpc",)),
        ((needing("Allow", {"StringNotEquals": {"vpc": "x"}}),), "allowed", ("vpc",)),
        ((needing("Allow", {"Bool": {"b": "true"}}, Action="ec2:*"),), "implicitDeny", ()),
        ((needing("Allow", {"StringEquals": {"here": "${U}"}}),), "implicitDeny", ("U",)),
        ((policy("p", {**EVERYTHING, "Resource": "arn:aws:s3:::${U}/*"}),), "implicitDeny", ("U",)),
        ((policy("p", {**EVERYTHING, "Resource": "arn:aws:s3:::${U}/x"}),), "implicitDeny", ()),
        (
            (
                needing("Allow", {"Bool": {"Mfa": "true"}}),
                needing("Allow", {"Bool": {"mfa": "true", "a": "true"}}),
            ),
            "implicitDeny",
            ("a", "Mfa"),
        ),
    ],
)
def test_missing_keys_are_those_that_could_turn_the_verdict(
    policies: tuple[Named, ...], verdict: str, missing: tuple[str, ...]
) -> None:
    """Who asks learns which facts would change the answer, and no others."""
    found = decide(asked(USER, context={"here": ("yes",)}), Policies(policies))
    assert (found.verdict, found.missing_keys) == (verdict, missing)


def test_a_reason_names_the_statement_that_settles_it() -> None:
    """Beside a statement that names the role, one that only delegates to the account says nothing."""
    account = {**EVERYTHING, "Principal": {"AWS": A}}
    role = {**EVERYTHING, "Principal": {"AWS": ROLE}, "Sid": "Role"}
    own = policy("own", account, role)
    settled = "allowed by statement `Role` of the resource policy `own`"
    decrypt = Request(SESSION, "kms:Decrypt", KEY)
    both = (
        "allowed by statement 1 of the resource policy `own` and statement 1 of the identity policy"
    )
    for identity in ((), ALLOWS):
        assert decide(decrypt, Policies(identity, own)).reason == settled
    assert decide(Request(USER, "kms:Decrypt", KEY), Policies(ALLOWS, own)).reason.startswith(both)
    assert decide(asked(SESSION), Policies(resource=own)).reason == settled
    # What a boundary stops in identity policies, it lets pass where the user is named.
    user = policy("own", account, {**EVERYTHING, "Principal": {"AWS": USER}})
    bounded = decide(asked(USER), Policies(ALLOWS, user, SILENT))
    assert bounded.reason == "allowed by statement 2 of the resource policy `own`"
    # A key in another account needs both, and there to delegate is to allow.
    across = decide(asked(SESSION, resource_account=B), Policies(ALLOWS, own))
    assert across.reason.startswith(both)


def test_a_reason_says_what_kind_of_policy_it_is_once() -> None:
    """The names of a build's policies begin with their kind, and so does the reason's own word."""

    def denied(layer: str, name: str) -> str:
        statement = (
            DENY if layer in {"identity", "boundaries", "scps"} else {**DENY, "Principal": "*"}
        )
        own: Any = policy(name, {k: v for k, v in statement.items() if k != "Sid"})
        value = {"identity": (own,), "boundaries": (own,), "resource": own}.get(layer, ((own,),))
        return decide(asked(USER), Policies()._replace(**{layer: value})).reason

    assert (
        denied("scps", "scp eu-only")
        == "denied by statement 1 of the service control policy `eu-only`"
    )
    assert denied("boundaries", "boundary b").endswith(" 1 of the permissions boundary `b`")
    assert denied("identity", "policy orders").endswith(" 1 of the identity policy `orders`")
    assert denied("resource", "policy photos").endswith(" 1 of the resource policy `photos`")
    assert denied("identity", "reader.json").endswith(" 1 of the identity policy `reader.json`")
    inline = "inline policy of permission set admin"
    assert denied("identity", inline).endswith(" 1 of the inline policy of permission set `admin`")
    role = Request(USER, "sts:AssumeRole", ROLE_B)
    silent = policy("trust policy of role prod.app", {**NOTHING, "Principal": "*"})
    assert decide(role, Policies(ALLOWS, silent)).reason == (
        "the trust policy of the role has to allow it, and the trust policy of role `prod.app` does not"
    )


def reasons(request: Request, policies: Policies) -> str:
    """Return a decision as a line."""
    found: Decision = decide(request, policies)
    return f"{found.verdict}: {found.reason}"


def test_reasons_are_sentences() -> None:
    """The reason names the layer, the policy and the way out."""
    across = asked(USER, resource_account=B)
    key = Request(USER, "kms:Decrypt", KEY)
    role = Request(USER, "sts:AssumeRole", ROLE_B)
    found = [
        reasons(asked(USER), Policies(ALLOWS)),
        reasons(asked(USER), Policies(SILENT)),
        reasons(asked(USER), Policies()),
        reasons(asked(USER), Policies(resource=of_resource({"AWS": A}))),
        reasons(asked(USER), Policies(ALLOWS, boundaries=SILENT)),
        reasons(asked(SESSION), Policies(ALLOWS, sessions=SILENT)),
        reasons(asked(FEDERATED), Policies(ALLOWS)),
        reasons(asked(USER), Policies(ALLOWS, scps=(ALLOWS, SILENT))),
        reasons(asked(USER), Policies(ALLOWS, endpoint=SILENT)),
        reasons(asked("anonymous"), Policies()),
        reasons(asked("service:sns.amazonaws.com"), Policies(resource=of_resource({"AWS": A}))),
        reasons(across, Policies(ALLOWS)),
        reasons(across, Policies(ALLOWS, of_resource({"AWS": B}))),
        reasons(across, Policies(resource=of_resource({"AWS": A}))),
        reasons(across, Policies(ALLOWS, of_resource({"AWS": A}))),
        reasons(key, Policies(ALLOWS)),
        reasons(key, Policies(ALLOWS, of_resource({"AWS": A}))),
        reasons(role, Policies(ALLOWS, trust({"AWS": B}))),
        reasons(asked(ROOT), Policies()),
    ]
    assert found == REASONS


REASONS = [
    "allowed: allowed by statement 1 of the identity policy `all`",
    "implicitDeny: no identity policy allows it",
    "implicitDeny: no policy allows it",
    (
        "implicitDeny: the resource policy `own` leaves it to the identity policies of the account, "
        "and none allows it"
    ),
    "implicitDeny: the permissions boundary `none` does not allow it",
    "implicitDeny: no session policy allows it",
    "implicitDeny: a federated user has no identity permissions without a session policy",
    "implicitDeny: no service control policy at level 2 of 2 allows it",
    "implicitDeny: the VPC endpoint policy does not allow it",
    (
        "implicitDeny: only a resource policy can allow it to anonymous callers, and the resource has "
        "no resource policy"
    ),
    (
        "implicitDeny: only a resource policy can allow it to the service `sns.amazonaws.com`, and the "
        "resource policy `own` does not"
    ),
    (
        "implicitDeny: the resource is of another account (999988887777), whose resource policy has to "
        "allow it, and the resource has no resource policy"
    ),
    (
        "implicitDeny: the resource is of another account (999988887777), whose resource policy has to "
        "allow it, and the resource policy `own` does not"
    ),
    "implicitDeny: the resource is of another account, which allows it, but no policy allows it",
    (
        "allowed: allowed by statement 1 of the resource policy `own` and statement 1 of the identity "
        "policy `all`"
    ),
    (
        "implicitDeny: the policy of a KMS key has to allow it, or leave it to the account, and the "
        "resource has no resource policy"
    ),
    (
        "allowed: allowed by statement 1 of the resource policy `own` and statement 1 of the identity "
        "policy `all`"
    ),
    (
        "implicitDeny: the trust policy of the role has to allow it, and the trust policy `trust` does "
        "not"
    ),
    "allowed: a root user may do what nothing denies",
]

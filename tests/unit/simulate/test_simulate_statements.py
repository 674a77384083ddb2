from __future__ import annotations

import gc
from typing import Any

import pytest

from iamdsl.iam import Elements, Entry, Principals, Statement, from_json
from iamdsl.simulate import Request, applies, effect, under

USER = "arn:aws:iam::111122223333:user/team/alice"
SESSION = "arn:aws:sts::111122223333:assumed-role/deployer/run-1"


def statement(**members: Any) -> Statement:
    """Return a statement that allows everything but for what is said."""
    written = {"Effect": "Allow", "Action": "*", "Resource": "*", **members}
    written = {name: value for name, value in written.items() if value is not None}
    return from_json({"Version": "2012-10-17", "Statement": written}).statements[0]


@pytest.mark.parametrize(
    ("element", "values", "action", "expected"),
    [
        ("Action", "s3:GetObject", "S3:getobject", True),
        ("Action", "S3:GET*", "s3:GetObject", True),
        ("Action", "s3:Get?bject", "s3:GetObject", True),
        ("Action", "s3:Get?bject", "s3:Getbject", False),
        ("Action", ["ec2:*", "s3:*Object"], "s3:GetObject", True),
        ("Action", "*", "a:B", True),
        ("NotAction", ["s3:*", "ec2:*"], "s3:GetObject", False),
        ("NotAction", ["s3:*", "ec2:*"], "new:Thing", True),
    ],
)
def test_actions(element: str, values: Any, action: str, expected: bool) -> None:
    """Case does not count in actions, wildcards do."""
    written = statement(**{"Action": None, element: values})
    assert applies(written, Request(USER, action, "*")) is expected


@pytest.mark.parametrize(
    ("element", "values", "resource", "expected"),
    [
        ("Resource", "arn:aws:s3:::b/*", "arn:aws:s3:::b/x/y:z", True),
        ("Resource", "arn:aws:s3:::b/*", "arn:aws:s3:::B/x", False),
        ("Resource", "arn:aws:s3:::b/?", "arn:aws:s3:::b/xy", False),
        ("Resource", "arn:aws:s3*", "arn:aws:s3:::b/x", True),
        ("Resource", "arn:aws:s3", "arn:aws:s3:::b", True),
        ("Resource", "arn:aws:sns:*:x", "arn:aws:sns:eu:x:t", True),
        ("Resource", "*", "*", True),
        ("Resource", ["a", "arn:aws:s3:::${u}"], "arn:aws:s3:::b", True),
        ("Resource", "arn:aws:s3:::${none}", "arn:aws:s3:::b", False),
        ("Resource", "arn:aws:s3:::${none, 'b'}", "arn:aws:s3:::b", True),
        ("Resource", "arn:aws:s3:::${star}", "arn:aws:s3:::b", False),
        ("NotResource", "arn:aws:s3:::${u}", "arn:aws:s3:::b", False),
        ("NotResource", "arn:aws:s3:::${none}", "arn:aws:s3:::b", True),
        ("NotResource", ["x", "arn:aws:s3:::b"], "arn:aws:s3:::b", False),
    ],
)
def test_resources(element: str, values: Any, resource: str, expected: bool) -> None:
    """Case counts in resources, `*` crosses everything, and short ARNs go on."""
    context = {"u": ("b",), "star": ("*",)}
    written = statement(**{"Resource": None, element: values})
    request = Request(USER, "s3:GetObject", resource, context)
    assert applies(written, request) is expected
    # With the context fixed, the statement says the same of every resource.
    fixed = under([written], context)
    assert (effect(fixed, request._replace(context={})) == "Allow") is expected


def test_no_resource_is_every_resource() -> None:
    """Trust policies and those of ECR have no resource: they are about what they stand on."""
    assert applies(statement(Resource=None), Request(USER, "sts:AssumeRole", "arn:any"))


OTHER = "arn:aws:iam::999988887777:user/alice"
ROLE = "arn:aws:iam::111122223333:role/teams/a/deployer"


@pytest.mark.parametrize(
    ("principal", "caller", "expected"),
    [
        ("*", "anonymous", True),
        ("*", "service:sns.amazonaws.com", True),
        ("*", "federated:accounts.google.com", True),
        ({"AWS": "*"}, "anonymous", True),
        ({"AWS": "*"}, OTHER, True),
        ({"AWS": "*"}, "service:sns.amazonaws.com", False),
        ({"AWS": "*"}, "federated:accounts.google.com", False),
        ({"AWS": "111122223333"}, USER, True),
        ({"AWS": "111122223333"}, SESSION, True),
        ({"AWS": "111122223333"}, "arn:aws:iam::111122223333:root", True),
        ({"AWS": "111122223333"}, "111122223333", True),
        ({"AWS": "arn:aws:iam::111122223333:root"}, USER, True),
        ({"AWS": "arn:aws:iam::111122223333:root"}, OTHER, False),
        ({"AWS": "111122223333"}, "anonymous", False),
        ({"AWS": USER}, USER, True),
        ({"AWS": USER}, USER.replace("alice", "ALICE"), False),
        ({"AWS": ROLE}, SESSION, True),
        ({"AWS": ROLE}, ROLE, True),
        ({"AWS": ROLE.replace("deployer", "deploy")}, SESSION, False),
        ({"AWS": ROLE.replace("1111", "9999")}, SESSION, False),
        ({"AWS": SESSION}, SESSION, True),
        ({"AWS": SESSION}, SESSION + "0", False),
        ({"AWS": SESSION}, ROLE, False),
        ({"Service": ["a.amazonaws.com", "b.amazonaws.com"]}, "service:b.amazonaws.com", True),
        ({"Service": "a.amazonaws.com"}, "service:b.amazonaws.com", False),
        ({"Federated": "accounts.google.com"}, "federated:accounts.google.com", True),
        (
            {"Federated": "arn:aws:iam::111122223333:saml-provider/idp"},
            "arn:aws:iam::111122223333:saml-provider/idp",
            True,
        ),
        ({"AWS": "111122223333"}, "arn:aws:iam::111122223333:saml-provider/idp", False),
        ({"CanonicalUser": "f" * 64}, "canonical:" + "f" * 64, True),
        ({"CanonicalUser": "f" * 64}, "canonical:" + "e" * 64, False),
    ],
)
def test_principals(principal: Any, caller: str, expected: bool) -> None:
    """Who is meant by each form of a principal, and by the same form after `NotPrincipal`."""
    request = Request(caller, "s3:GetObject", "*")
    assert applies(statement(Principal=principal), request) is expected
    assert applies(statement(NotPrincipal=principal), request) is not expected


def test_a_deny_wins_and_nothing_said_is_none() -> None:
    """The order of statements never counts."""
    allow, deny = statement(), statement(Effect="Deny", Action="s3:*")
    asked = Request(USER, "s3:GetObject", "*")
    assert effect([allow, deny], asked) == effect([deny, allow], asked) == "Deny"
    assert effect([deny, allow], asked._replace(action="ec2:Run")) == "Allow"
    assert effect([deny], asked._replace(action="ec2:Run")) is None


def test_a_fixed_context_decides_conditions() -> None:
    """What is left has no condition and no variable, and cannot turn a value into a pattern."""
    fits = statement(Condition={"StringEquals": {"K": "a"}}, Resource="arn:aws:s3:::${u}/*")
    fails = statement(Condition={"StringEquals": {"K": "b"}})
    gone = statement(Resource="arn:aws:s3:::${none}")
    everywhere = statement(Resource=None, NotResource="arn:aws:s3:::${none}")
    made = under([fits, fails, gone, everywhere], {"k": ("a",), "u": ("x*${v}",)})
    assert [s.condition for s in made] == [(), ()]
    assert made[0].resources == Elements(("arn:aws:s3:::x${*}${$}{v}/*",))
    assert made[1].resources == Elements(("*",))
    asked = Request(USER, "s3:GetObject", "arn:aws:s3:::x*${v}/key")
    assert applies(made[0], asked)
    assert not applies(made[0], asked._replace(resource="arn:aws:s3:::xy${v}/key"))


def test_statements_that_are_gone_are_forgotten() -> None:
    """Answers are kept by identity: a new statement at an old one's place has its own."""
    for number in range(2000):
        action = f"s3:Get{number}"
        made = Statement("Allow", Elements((action,)), condition=(Entry("Bool", "k", ("true",)),))
        assert applies(made, Request(USER, action, "*", {"k": ("true",)}))
        del made
    gc.collect()
    who = Statement("Allow", Elements(("a:B",)), principals=Principals((("AWS", (USER,)),)))
    assert applies(who, Request(USER, "a:B", "*"))

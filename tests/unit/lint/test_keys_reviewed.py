"""Condition keys: unknown, replaced, open to everyone, unpaired, and those that actions lack."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from reviews import allow, review_document, review_source, said

from iamdsl.diagnostics import Severity, codes

if TYPE_CHECKING:
    from pathlib import Path

_LIST = ("s3:ListBucket", "arn:aws:s3:::photos")


def _tested(operator: str, key: str, value: Any = "a", *, action: Any = "s3:ListBucket") -> Any:
    return review_document(allow(action, Condition={operator: {key: value}}))


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ("userid", "`userid` is no condition key: it has no service before a colon"),
        ("aws:ARN", "`aws:ARN` is no condition key that AWS supports"),
        ("aws:ResourceTag", "`aws:ResourceTag` does not say which tag is meant"),
        ("ec2:ResourceTag/", "`ec2:ResourceTag/` does not say which tag is meant"),
        ("aws:PrincipalOrgIdent", "`aws:PrincipalOrgIdent` is no condition key that AWS has"),
        ("s3:prefixes", "`s3:prefixes` is no condition key that AWS has"),
        ("s4:prefix", "`s4:prefix` is a key of no service: nothing is called `s4`"),
        (
            "gitlab.com:project_path",
            "AWS lists no claim `project_path` of `gitlab.com`",
        ),
    ],
)
def test_keys_that_aws_does_not_have_are_told(key: str, message: str) -> None:
    """Protects documents from tests of nothing, each told by what is wrong with its name."""
    assert said(_tested("StringEquals", key), codes.UNKNOWN_KEY) == [(f'"{key}"', message)]


@pytest.mark.parametrize(
    "key",
    [
        "aws:SourceIp",
        "AWS:sourceip",
        "s3:ExistingObjectTag/team",
        "oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLE:sub",
        "gitlab.com:project_id",
        "aws:PrincipalOrgMasterAccountId",
        "<provider>:sub",
    ],
)
def test_keys_of_any_spelling_pass(key: str) -> None:
    """Protects keys in any case, of any provider, of AWS's own policies, and blanks to fill in."""
    assert said(_tested("StringEquals", key), codes.UNKNOWN_KEY) == []


def test_an_issuer_alone_wants_a_claim() -> None:
    """A key that is an identity provider is told with a claim of that."""
    found = _tested("StringEquals", "accounts.google.com")
    (one,) = (d for d in found if d.code is codes.UNKNOWN_KEY)
    assert one.hint == "write the whole key, such as `accounts.google.com:sub`"


def test_a_slip_in_a_key_has_a_fix() -> None:
    """Protects the fix: only the key is written anew, in its quotes."""
    (found,) = [
        d for d in _tested("StringEquals", "aws:PrincipalOrgId2") if d.code is codes.UNKNOWN_KEY
    ]
    assert found.fix is not None
    assert [edit.text for edit in found.fix.edits] == ['"aws:PrincipalOrgID"']


def test_unknown_claims_are_warnings_and_unknown_keys_are_errors() -> None:
    """Protects builds from errors where only AWS's list of claims speaks against a test."""
    (claim,) = _of(_tested("StringEquals", "gitlab.com:project_path"), codes.UNKNOWN_KEY)
    (key,) = _of(_tested("StringEquals", "aws:Nothing"), codes.UNKNOWN_KEY)
    assert (claim.severity, key.severity) == (Severity.WARNING, Severity.ERROR)


def _of(found: Any, code: Any) -> list[Any]:
    return [d for d in found if d.code is code]


def test_replaced_keys_are_told() -> None:
    """Protects policies from a key that AWS keeps for old ones only."""
    found = _tested("StringEquals", "AWS:SourceOwner", "111122223333")
    assert said(found, codes.DEPRECATED_KEY) == [
        ('"AWS:SourceOwner"', "`AWS:SourceOwner` is deprecated")
    ]


@pytest.mark.parametrize("key", ["aws:Referer", "aws:UserAgent"])
def test_what_callers_write_themselves_is_told(key: str) -> None:
    """Protects from tests of headers; whether they are there at all is another question."""
    found = _tested("StringLike", key, "Mozilla*")
    assert said(found, codes.UNTRUSTWORTHY_KEY) == [
        (f'"{key}"', f"whoever asks can write into `{key}` what they like")
    ]
    assert said(_tested("Null", key, "true"), codes.UNTRUSTWORTHY_KEY) == []


def test_private_addresses_need_their_vpc() -> None:
    """Protects from addresses that every VPC can have, and accepts those with the VPC beside."""
    address = {"IpAddress": {"aws:VpcSourceIp": "10.0.0.0/8"}}
    beside = {**address, "StringEquals": {"aws:SourceVpc": "vpc-1234abcd"}}
    assert said(review_document(allow(*_LIST, Condition=address)), codes.UNPAIRED_KEY) == [
        (
            '"aws:VpcSourceIp"',
            "`aws:VpcSourceIp` says nothing of the VPC that the address is in",
        )
    ]
    assert said(review_document(allow(*_LIST, Condition=beside)), codes.UNPAIRED_KEY) == []


def test_attributes_need_their_selection() -> None:
    """Protects tables: a query that lists no attributes get all, whatever the list allows."""
    attributes = {
        "ForAllValues:StringEquals": {"dynamodb:Attributes": ["id"]},
        "Null": {"dynamodb:Attributes": "false"},
    }
    table = "arn:aws:dynamodb:eu-west-1:111122223333:table/t"
    both = allow(["dynamodb:Query", "dynamodb:Scan"], table, Condition=attributes)
    assert said(review_document(both), codes.UNPAIRED_KEY) == [
        (
            '"dynamodb:Attributes"',
            "`dynamodb:Query` and `dynamodb:Scan` without a list of attributes get all of them",
        )
    ]
    select = {"StringEquals": {"dynamodb:Select": "SPECIFIC_ATTRIBUTES"}}
    passed = allow("dynamodb:Query", table, Condition={**attributes, **select})
    assert said(review_document(passed), codes.UNPAIRED_KEY) == []
    item = allow("dynamodb:GetItem", table, Condition=attributes)
    assert said(review_document(item), codes.UNPAIRED_KEY) == []


def test_sources_are_told_of_keys_too(tmp_path: Path) -> None:
    """Protects sources from keys that are known, and no good."""
    found = review_source(
        tmp_path,
        "policy p {\n"
        '  allow s3:GetObject on s3:object() when aws:UserAgent like "x*"\n'
        "  allow s3:PutObject on s3:object() when aws:VpcSourceIp in 10.0.0.0/8\n"
        "  allow s3:GetObjectAcl on s3:object() when aws:SourceOwner == 111122223333\n"
        "}\n",
    )
    assert said(found, codes.UNTRUSTWORTHY_KEY)[0][0] == "aws:UserAgent"
    assert said(found, codes.UNPAIRED_KEY)[0][0] == "aws:VpcSourceIp"
    (old,) = _of(found, codes.DEPRECATED_KEY)
    assert old.span.text == "aws:SourceOwner"
    assert old.fix.edits[0].text == "aws:SourceAccount"


def test_keys_that_an_action_never_carries_are_told() -> None:
    """Protects from statements that can never match, by AWS's reference."""
    (found,) = _of(
        _tested("StringEquals", "s3:prefix", action="s3:GetObject"), codes.UNSUPPORTED_KEY
    )
    assert found.message == "AWS lists no `s3:prefix` for `s3:GetObject`"
    assert found.label == "without it never met, so that nothing is allowed by it"
    assert found.severity is Severity.WARNING


def test_actions_beside_others_that_carry_the_key_are_a_note() -> None:
    """Protects from noise: where the test is for other actions of the statement it may be meant."""
    found = _of(
        _tested("StringEquals", "s3:prefix", action=["s3:ListBucket", "s3:GetObject"]),
        codes.UNSUPPORTED_KEY,
    )
    assert [(d.message, d.severity) for d in found] == [
        ("AWS lists no `s3:prefix` for `s3:GetObject`", Severity.NOTE)
    ]
    optional = _tested(
        "StringEqualsIfExists", "s3:prefix", action=["s3:ListBucket", "s3:GetObject"]
    )
    assert _of(optional, codes.UNSUPPORTED_KEY) == []


@pytest.mark.parametrize(
    ("action", "operator", "key"),
    [
        ("ec2:StopInstances", "StringEquals", "aws:ResourceTag/team"),
        ("ec2:StopInstances", "StringEquals", "ec2:ResourceTag/team"),
        ("secretsmanager:GetSecretValue", "StringEquals", "secretsmanager:ResourceTag/team"),
        ("ssm:DeregisterManagedInstance", "StringEquals", "ssm:resourceTag/team"),
        ("aws-marketplace:Subscribe", "ForAnyValue:StringEquals", "aws-marketplace:ProductId"),
        ("s3:*", "StringEquals", "s3:prefix"),
        ("*", "StringEquals", "s3:prefix"),
        ("s3:GetObject", "StringEquals", "aws:PrincipalTag/team"),
        ("s3:NoSuchAction", "StringEquals", "s3:prefix"),
        ("sts:TagSession", "StringEquals", "sts:ExternalId"),
    ],
)
def test_keys_that_may_be_carried_pass(action: str, operator: str, key: str) -> None:
    """Protects from the gaps of the reference: in doubt an action carries a key."""
    assert _of(_tested(operator, key, action=action), codes.UNSUPPORTED_KEY) == []


def test_gaps_of_the_reference_are_not_told() -> None:
    """An action that the reference limits to no resource at all may have the tags of one."""
    tagged = {"StringEquals": {"aws:ResourceTag/team": "a"}}
    actions = ["bedrock:CreateSession", "bedrock:TagResource"]
    named = allow(actions, "arn:aws:bedrock:*:*:session/*", Condition=tagged)
    assert not said(review_document(named), codes.UNSUPPORTED_KEY)
    whole = allow(actions, Condition=tagged)
    assert [text for _, text in said(review_document(whole), codes.UNSUPPORTED_KEY)] == [
        "AWS lists no `aws:ResourceTag/team` for `bedrock:CreateSession`"
    ]


def test_patterns_none_of_whose_actions_carries_a_key_are_told() -> None:
    """Protects from patterns as from names, where the whole pattern lacks the key."""
    found = _of(
        _tested("StringNotEquals", "ec2:InstanceType", action=["s3:Get*", "s3:PutObject"]),
        codes.UNSUPPORTED_KEY,
    )
    assert [(d.message, d.label) for d in found] == [
        (
            "AWS lists no `ec2:InstanceType` for `s3:Get*`, `s3:PutObject`",
            "without it always met, so that it keeps nothing out",
        )
    ]


def test_sources_are_told_of_keys_that_an_action_lacks(tmp_path: Path) -> None:
    """Protects sources: a deny by such a key denies nothing."""
    found = review_source(
        tmp_path, 'policy p { deny sts:GetCallerIdentity on * when aws:ResourceTag/team == "a" }'
    )
    (said_of,) = _of(found, codes.UNSUPPORTED_KEY)
    assert said_of.span.text == "aws:ResourceTag/team"
    assert said_of.label == "without it never met, so that nothing is denied by it"

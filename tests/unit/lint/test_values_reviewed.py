"""Values of conditions: addresses, networks, forms that a key never has, and loose ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from reviews import allow, review_document, review_source, said

from iamdsl.diagnostics import Severity, codes

if TYPE_CHECKING:
    from pathlib import Path

    from iamdsl.diagnostics import Code, Diagnostic

_PRIVATE = "`10.0.0.0/8` is private, and `aws:SourceIp` is a public address"


def _tested(operator: str, key: str, value: Any, effect: str = "Allow") -> tuple[Diagnostic, ...]:
    return review_document(allow("s3:GetObject", Effect=effect, Condition={operator: {key: value}}))


def _of(found: tuple[Diagnostic, ...], code: Code) -> list[Diagnostic]:
    return [d for d in found if d.code is code]


@pytest.mark.parametrize(
    ("operator", "value", "label", "severity"),
    [
        ("IpAddress", "10.0.0.0/8", "so no request meets this", Severity.WARNING),
        ("NotIpAddress", "10.0.0.0/8", "so every request meets this", Severity.WARNING),
        ("IpAddressIfExists", "10.0.0.0/8", "so only requests without an address meet this",
         Severity.WARNING),
        ("IpAddress", ["203.0.113.0/24", "10.0.0.0/8"], "never matches", Severity.NOTE),
    ],
)  # fmt: skip
def test_private_addresses_of_callers_are_told(
    operator: str, value: Any, label: str, severity: Severity
) -> None:
    """Protects from private networks where AWS sees public addresses, by what follows from it."""
    found = _of(_tested(operator, "aws:SourceIp", value), codes.PRIVATE_ADDRESS)
    assert [(d.message, d.label, d.severity) for d in found] == [(_PRIVATE, label, severity)]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("aws:SourceIp", "203.0.113.0/24"),
        ("aws:SourceIp", "0.0.0.0/0"),
        ("aws:VpcSourceIp", "10.0.0.0/8"),
        ("aws:SourceIp", "<my-corporate-cidr>"),
        ("aws:SourceIp", "2001:db8::/32"),
    ],
)
def test_other_addresses_pass(key: str, value: str) -> None:
    """Protects public networks, private ones of VPCs, and what is to be filled in."""
    assert _of(_tested("IpAddress", key, value), codes.PRIVATE_ADDRESS) == []


def test_bits_behind_the_mask_are_mended() -> None:
    """Protects readers from a network that is not the one that AWS reads; the fix is safe."""
    (found,) = _of(_tested("IpAddress", "aws:SourceIp", "203.0.113.7/24"), codes.HOST_BITS)
    assert found.message == "`203.0.113.7/24` has bits set behind its mask"
    assert found.fix is not None
    assert found.fix.safe
    assert found.fix.edits[0].text == '"203.0.113.0/24"'
    for right in ("203.0.113.0/24", "203.0.113.7", "203.0.113.7/32", "none"):
        assert _of(_tested("IpAddress", "aws:SourceIp", right), codes.HOST_BITS) == []


@pytest.mark.parametrize(
    ("operator", "key", "value"),
    [
        ("StringEquals", "aws:SourceVpc", "vpc-12"),
        ("StringLike", "aws:SourceVpc", "subnet-*"),
        ("StringEquals", "aws:SourceVpce", "vpc-1234abcd"),
        ("StringEquals", "aws:SourceAccount", "1234"),
        ("StringEquals", "aws:PrincipalOrgID", "r-ab12"),
        ("ForAnyValue:StringEquals", "aws:PrincipalOrgPaths", "o-a1b2c3d4e5/r-ab12"),
        ("StringEquals", "kms:ViaService", "s3"),
        ("StringEquals", "kms:ViaService", "s3.amazonaws.com"),
        ("StringEquals", "iam:PassedToService", "lambda"),
        ("StringEquals", "aws:RequestedRegion", "eu-vest-1"),
        ("StringEquals", "aws:RequestedRegion", "EU-WEST-1"),
        ("StringLike", "aws:RequestedRegion", "europe-*"),
        ("ArnEquals", "aws:PrincipalArn", "arn:aws:sts::111122223333:assumed-role/a/b"),
        ("StringEquals", "aws:PrincipalType", "Role"),
        ("StringEquals", "s3:x-amz-acl", "public"),
        ("StringEquals", "s3:x-amz-server-side-encryption", "AES-256"),
        ("StringNotEquals", "aws:username", "arn:aws:iam::111122223333:user/alice"),
    ],
)
def test_values_that_a_key_never_has_are_told(operator: str, key: str, value: str) -> None:
    """Protects from tests of another kind of name than the key holds."""
    assert said(_tested(operator, key, value), codes.IMPOSSIBLE_VALUE) == [
        (f'"{value}"', f"`{key}` is never `{value}`")
    ]


@pytest.mark.parametrize(
    ("operator", "key", "value"),
    [
        ("StringEquals", "aws:RequestedRegion", "unspecified"),
        ("StringEquals", "aws:SourceVpc", "vpc-0123456789abcdef0"),
        ("StringLike", "aws:SourceVpc", "*"),
        ("StringEquals", "aws:SourceVpc", "<my-vpc>"),
        ("StringEquals", "aws:PrincipalAccount", "anonymous"),
        ("StringEquals", "aws:ResourceAccount", "${aws:PrincipalAccount}"),
        ("ForAnyValue:StringLike", "aws:PrincipalOrgPaths", "o-a1b2c3d4e5/*/ou-ab12-*"),
        ("StringLike", "kms:ViaService", "s3.*.amazonaws.com"),
        ("StringEquals", "kms:ViaService", "rds.cn-north-1.amazonaws.com.cn"),
        ("StringLike", "iam:PassedToService", "ec2.*"),
        ("StringEquals", "iam:PassedToService", "pods.eks.amazonaws.com"),
        ("StringEquals", "aws:RequestedRegion", "xx-central-7"),
        ("StringLike", "aws:RequestedRegion", "eu-*"),
        ("StringEqualsIgnoreCase", "aws:PrincipalType", "assumedrole"),
        ("ArnLike", "aws:PrincipalArn", "arn:aws:iam::*:role/aws:ec2-infrastructure"),
        ("ArnLike", "aws:PrincipalArn", "arn:aws:iam::111122223333:root"),
        ("StringEquals", "aws:FederatedProvider", "anything"),
        ("Null", "aws:SourceVpc", "true"),
    ],
)
def test_values_that_a_key_may_have_pass(operator: str, key: str, value: str) -> None:
    """Protects every form that AWS's pages show, patterns of them, and new Regions."""
    assert _of(_tested(operator, key, value), codes.IMPOSSIBLE_VALUE) == []


@pytest.mark.parametrize(
    ("key", "value", "meant"),
    [
        ("aws:RequestedRegion", "EU-WEST-1", "eu-west-1"),
        ("iam:PassedToService", "lambda", "lambda.amazonaws.com"),
        ("s3:x-amz-acl", "bucket-owner-fullcontrol", "bucket-owner-full-control"),
        ("aws:SourceVpc", "vpc-12", ""),
    ],
)
def test_what_was_meant_is_a_fix(key: str, value: str, meant: str) -> None:
    """Protects the fix: it is there where one value only can be meant."""
    (found,) = _of(_tested("StringEquals", key, value), codes.IMPOSSIBLE_VALUE)
    assert (found.fix.edits[0].text if found.fix else "") == (f'"{meant}"' if meant else "")


@pytest.mark.parametrize(
    ("operator", "key", "value", "effect", "message"),
    [
        ("StringLike", "aws:PrincipalOrgID", "o-*", "Allow",
         "`o-*` lets in whoever happens to match it"),
        ("StringNotLike", "aws:SourceVpce", "vpce-*", "Deny",
         "`vpce-*` lets in whoever happens to match it"),
        ("StringEquals", "aws:PrincipalOrgID", "${aws:PrincipalTag/org}", "Allow",
         "`${aws:PrincipalTag/org}` is whatever the tag or session of the caller says"),
        ("StringLike", "aws:userid", "*:alice", "Allow",
         "`*:alice` lets in sessions of every role, by a name that the caller chooses"),
    ],
)  # fmt: skip
def test_loose_values_are_told(
    operator: str, key: str, value: str, effect: str, message: str
) -> None:
    """Protects from patterns and variables that let in others than those that are meant."""
    assert said(_tested(operator, key, value, effect), codes.LOOSE_VALUE) == [
        (f'"{value}"', message)
    ]


@pytest.mark.parametrize(
    ("operator", "key", "value", "effect"),
    [
        ("StringLike", "aws:PrincipalOrgID", "o-*", "Deny"),
        ("StringNotLike", "aws:SourceVpce", "vpce-*", "Allow"),
        ("StringEquals", "aws:ResourceAccount", "${aws:PrincipalAccount}", "Allow"),
        ("StringLike", "aws:PrincipalTag/team", "a*", "Allow"),
        ("StringLike", "aws:userid", "AROAEXAMPLEID:*", "Allow"),
        ("StringEquals", "aws:PrincipalOrgID", "o-a1b2c3d4e5", "Allow"),
    ],
)
def test_values_that_let_nobody_else_in_pass(
    operator: str, key: str, value: str, effect: str
) -> None:
    """Protects patterns that keep more out, and AWS's own way to say "the same account"."""
    assert _of(_tested(operator, key, value, effect), codes.LOOSE_VALUE) == []


def test_sources_are_told_of_values_too(tmp_path: Path) -> None:
    """Protects sources, also where the compiler has masked a network already."""
    found = review_source(
        tmp_path,
        "policy p {\n"
        "  allow s3:GetObject on s3:object() when aws:SourceIp in 10.0.0.0/8\n"
        "  allow s3:PutObject on s3:object() when aws:SourceIp in [203.0.113.7/24]\n"
        '  allow s3:GetObjectAcl on s3:object() when aws:SourceVpc == "vpc-12"\n'
        '  allow s3:PutObjectAcl on s3:object() when aws:PrincipalOrgID like "o-*"\n'
        "}\n",
    )
    assert said(found, codes.PRIVATE_ADDRESS) == [("10.0.0.0/8", _PRIVATE)]
    assert said(found, codes.HOST_BITS)[0][0] == "203.0.113.7/24"
    assert said(found, codes.IMPOSSIBLE_VALUE)[0][0] == "vpc-12"
    assert said(found, codes.LOOSE_VALUE)[0][0] == "o-*"

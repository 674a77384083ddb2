"""IAM821 and IAM822: roles that can be handed to any service, and made for any."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from reviews import allow, review_document, review_source, said

from iamdsl.diagnostics import codes

if TYPE_CHECKING:
    from pathlib import Path

PASS, MAKE = "iam:PassRole", "iam:CreateServiceLinkedRole"


def not_named(element: str, value: Any) -> dict[str, Any]:
    """Return a document that allows what it does not name."""
    statement = {"Effect": "Allow", "Action": PASS, "Resource": "*", element: value}
    del statement[element.removeprefix("Not")]
    return {"Version": "2012-10-17", "Statement": [statement]}


def test_any_role_to_any_service() -> None:
    """A document is told where the action stands."""
    assert said(review_document(allow(["s3:*", PASS])), codes.OPEN_PASS_ROLE) == [
        ('"iam:PassRole"', "any role can be passed to any service")
    ]


@pytest.mark.parametrize(
    "document",
    [
        allow("iam:Pass*"),
        allow("iam:*"),
        not_named("NotAction", "s3:*"),
        not_named("NotResource", "arn:aws:iam::*:role/admin"),
        allow(PASS, "arn:aws:iam::111122223333:role/*"),
        allow(PASS, Condition={"StringNotEquals": {"iam:PassedToService": "ec2.amazonaws.com"}}),
    ],
)
def test_however_it_is_written(document: dict[str, Any]) -> None:
    """Wildcards, what is not named, and all roles of the account come to the same."""
    assert said(review_document(document), codes.OPEN_PASS_ROLE)


@pytest.mark.parametrize(
    "document",
    [
        allow(PASS, "arn:aws:iam::111122223333:role/web"),
        allow(PASS, "arn:aws:iam::*:role/service-role/*"),
        allow(PASS, Condition={"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}}),
        allow(PASS, Condition={"StringLike": {"iam:PassedToService": ["ec2.*", "lambda.*"]}}),
        allow(
            PASS,
            Condition={"ArnLike": {"iam:AssociatedResourceARN": "arn:aws:ec2:*:*:instance/*"}},
        ),
        allow(PASS, Condition={"StringEquals": {"iam:ResourceTag/team": "web"}}),
        allow("*"),
        allow("iam:Get*"),
    ],
)
def test_what_is_limited_is_passed_over(document: dict[str, Any]) -> None:
    """A name, a path, a service or a tag is a limit; an administrator has been told already."""
    assert not said(review_document(document), codes.OPEN_PASS_ROLE)


def test_a_boundary_is_no_grant() -> None:
    """What only limits passes no role."""
    assert not said(review_document(allow(PASS), kind="boundary"), codes.OPEN_PASS_ROLE)


def test_sources(tmp_path: Path) -> None:
    """A policy of several roles is told once, and a deny beside it closes it."""
    roles = "".join(f"role {name} {{ trust service ec2 attach deploy }}\n" for name in "ab")
    text = f"policy deploy {{ allow {PASS}, {MAKE} on * }}\n{roles}"
    diagnostics = review_source(tmp_path, text)
    assert said(diagnostics, codes.OPEN_PASS_ROLE) == [
        (PASS, "any role can be passed to any service")
    ]
    assert said(diagnostics, codes.OPEN_SERVICE_LINKED_ROLE) == [
        (MAKE, "the service-linked role of any service can be made")
    ]
    closed = text.replace("{ allow", f"{{ deny {PASS}, {MAKE} on * allow", 1)
    diagnostics = review_source(tmp_path, closed)
    assert not said(diagnostics, codes.OPEN_PASS_ROLE)
    assert not said(diagnostics, codes.OPEN_SERVICE_LINKED_ROLE)


@pytest.mark.parametrize(
    ("document", "silent"),
    [
        (allow(MAKE), False),
        (allow(MAKE, "arn:aws:iam::*:role/aws-service-role/*"), False),
        (allow(MAKE, "arn:aws:iam::*:role/aws-service-role/es.amazonaws.com/*"), True),
        (allow(MAKE, Condition={"StringLike": {"iam:AWSServiceName": "es.amazonaws.com"}}), True),
        (allow("*"), True),
    ],
)
def test_service_linked_roles(document: dict[str, Any], silent: bool) -> None:
    """The service may be named by the key or by the path."""
    assert (not said(review_document(document), codes.OPEN_SERVICE_LINKED_ROLE)) is silent

from __future__ import annotations

from typing import Any

import pytest
from comparator import catalogue

from iamdsl.fit import minimize, verify
from iamdsl.fit._crossing import Meeting, possible
from iamdsl.iam import Policy, from_json, placeholder, to_json

QUEUE, BUCKET = "arn:aws:sqs:eu-west-1:111122223333:q", "arn:aws:s3:::b"
OBJECTS = "arn:aws:s3:::b/*"


@pytest.fixture(scope="module")
def meeting() -> Meeting:
    return Meeting(catalogue())


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("s3:GetObject", QUEUE),
        ("sqs:sendmessage", OBJECTS),
        ("dynamodb:GetItem", "arn:aws:dynamodb:*:*:stream/x"),
        ("ec2:DescribeInstances", "arn:aws:ec2:*:*:instance/*"),
        ("lambda:InvokeFunction", "arn:aws:lambda:*:*:layer:*"),
        ("iam:PassRole", "arn:aws:iam::*:policy/${aws:username}"),
    ],
)
def test_what_never_meets(meeting: Meeting, action: str, resource: str) -> None:
    """Another service, another type, or none at all: no request has such a pair."""
    assert meeting.never(action, resource)


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("s3:GetObject", "*"),
        ("s3:GetObject", OBJECTS),
        ("s3:GetObject", "arn:aws:s3:::*"),
        ("s3:GetObject", "arn:aws:*:::b/x"),
        ("s3:GetObject", "arn:aws:s3:eu-west-1:1:b/x"),
        ("s3:GetObject", "arn:aws:s*:*:*:?/x"),
        # Not known, or not surely one thing.
        ("s3:Get*", QUEUE),
        ("*", QUEUE),
        ("s3:GetObjekt", QUEUE),
        ("nothing:GetObject", QUEUE),
        ("s3:GetObject", "arn:aws:sqs*"),
        ("s3:GetObject", "queue"),
        ("s3:GetObject", f"arn:aws:sqs:{placeholder('aws.region')}:1:q"),
        ("s3:GetObject", placeholder("queue")),
        ("lambda:InvokeFunction", "arn:aws:lambda:*:*:${aws:PrincipalTag/x}"),
        # A backup's recovery point may be of any service.
        ("backup:DeleteRecoveryPoint", "arn:aws:rds:*:*:snapshot:awsbackup:x"),
    ],
)
def test_what_may_meet(meeting: Meeting, action: str, resource: str) -> None:
    """In doubt a pair meets, so that no join adds a permission."""
    assert not meeting.never(action, resource)


def _statement(action: Any, resource: Any, effect: str = "Allow", **more: Any) -> dict[str, Any]:
    return {"Effect": effect, "Action": action, "Resource": resource, **more}


def _joined(*statements: dict[str, Any]) -> list[dict[str, Any]]:
    given = from_json({"Version": "2012-10-17", "Statement": list(statements)})
    asked = Meeting(catalogue())
    small = minimize(given, meeting=asked)
    narrowed = possible(small.statements, asked)
    verify(given.statements, small.statements, catalogue(), narrowed=narrowed)
    made: list[dict[str, Any]] = to_json(small)["Statement"]
    return made


SEND, READ = _statement("sqs:SendMessage", QUEUE), _statement("s3:GetObject", OBJECTS)


def test_statements_join_where_no_added_pair_meets() -> None:
    """One frame is saved for each service, and nothing more can be asked for."""
    assert _joined(SEND, READ) == [
        _statement(["s3:GetObject", "sqs:SendMessage"], [OBJECTS, QUEUE])
    ]
    assert to_json(minimize(_policy(SEND, READ)))["Statement"] == [SEND, READ]


@pytest.mark.parametrize(
    "other",
    [
        _statement("s3:GetObject", "*"),
        _statement("s3:Get*", OBJECTS),
        _statement("s3:PutObject", "arn:aws:s3:::c/*"),
        _statement("s3:GetObject", OBJECTS, Condition={"Bool": {"aws:SecureTransport": "true"}}),
        _statement("s3:GetObject", OBJECTS, Principal="*"),
        _statement("s3:GetObject", OBJECTS, Effect="Deny"),
        {"Effect": "Allow", "NotAction": "s3:GetObject", "Resource": OBJECTS},
        {"Effect": "Allow", "Action": "s3:GetObject", "NotResource": OBJECTS},
    ],
)
def test_what_may_not_join_stays(other: dict[str, Any]) -> None:
    """Wildcards, denials, `Not…` lists, other conditions: too much would be said."""
    assert len(_joined(READ if "PutObject" in str(other) else SEND, other)) == 2


def test_denials_do_not_join_across_services() -> None:
    """A denial that is too wide breaks what works."""
    denials = [{**SEND, "Effect": "Deny"}, {**READ, "Effect": "Deny"}]
    assert _joined(*denials) == denials


def test_what_never_meets_is_cut_out_again(meeting: Meeting) -> None:
    """The proof looks at what can be asked for, and only at that."""
    actions = ["s3:GetObject", "s3:ListBucket", "sqs:SendMessage", "ec2:DescribeVpcs"]
    wide = _policy(_statement(actions, [OBJECTS, QUEUE]), {**SEND, "Action": "s3:GetObject"})
    cut = possible(wide.statements, meeting)
    assert [(s.actions.values, s.resources and s.resources.values) for s in cut] == [
        (("s3:GetObject", "s3:ListBucket"), (OBJECTS,)),
        (("sqs:SendMessage",), (QUEUE,)),
    ]
    assert possible(_policy(SEND).statements, meeting) == _policy(SEND).statements


def _policy(*statements: dict[str, Any]) -> Policy:
    return from_json({"Version": "2012-10-17", "Statement": list(statements)})

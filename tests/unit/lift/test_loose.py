"""Documents with mistakes: each is told, and the rest is read."""

from __future__ import annotations

import json
from typing import Any

import pytest

from iamdsl.diagnostics import Report, codes
from iamdsl.lift import formats
from iamdsl.lift.loose import Loose
from iamdsl.source import Source

READ = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}
ROOT = {"AWS": "arn:aws:iam::111122223333:root"}


def document(*statements: Any, **more: Any) -> dict[str, Any]:
    return {"Version": "2012-10-17", **more, "Statement": list(statements)}


def read(made: Any, **options: Any) -> tuple[Any, Report]:
    """Return what is read of a document, the one artifact, and what was said."""
    report = Report()
    text = made if isinstance(made, str) else json.dumps(made)
    found = formats.read_loose(Source("p.json", text), "p", report, **options)
    if not isinstance(found, Loose):
        return None, report
    artifacts: list[Any] = [*found.build.documents, *found.build.identities]
    (one,) = artifacts
    return one, report


def told(made: Any) -> list[tuple[str, str]]:
    """Return what is underlined, and the message of each mistake."""
    _, report = read(made)
    assert {d.code for d in report.diagnostics} <= {codes.NOT_A_POLICY}
    return [(d.span.text if d.span else "", d.message) for d in report.diagnostics]


def mended(made: dict[str, Any]) -> str:
    """Return a document with all fixes applied."""
    _, report = read(made)
    edits = [e for d in report.diagnostics if d.fix is not None for e in d.fix.edits]
    text = json.dumps(made)
    for edit in sorted(edits, key=lambda e: -e.span.start):
        text = text[: edit.span.start] + edit.text + text[edit.span.end :]
    return text


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ({**READ, "Effect": "allow"}, ('"allow"', "`allow` is no effect")),
        (
            {"Effect": "Allow", "Actions": "s3:GetObject", "Resource": "*"},
            ('"Actions"', "a statement has no element `Actions`"),
        ),
        ({**READ, "Comment": "x"}, ('"Comment"', "a statement has no element `Comment`")),
        (
            {**READ, "Principal": {"aws": "111122223333"}},
            ('"aws"', "`Principal` has no type `aws`"),
        ),
        (
            {**READ, "Principal": "111122223333"},
            ('"111122223333"', "`Principal` is an object of types, or `*`"),
        ),
        (
            {**READ, "Principal": {"AWS": 111122223333}},
            ("111122223333", "an account id is a text here"),
        ),
        ({**READ, "Sid": 7}, ("7", "a `Sid` is a text")),
        (
            {**READ, "Condition": {"StringEquals": {}}},
            ('"StringEquals"', "`StringEquals` has no keys"),
        ),
    ],
)
def test_what_was_meant_is_read_on(statement: dict[str, Any], found: tuple[str, str]) -> None:
    """A slip is told where it stands, and the statement is reviewed as it was surely meant."""
    assert told(document(statement)) == [found]
    one, _ = read(document(statement))
    policy = one.trust if hasattr(one, "trust") else one.policy
    (made,) = policy.statements
    assert made.effect == "Allow"
    assert made.actions.values == ("s3:GetObject",)


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        (
            {**READ, "NotAction": "s3:*"},
            ('"NotAction"', "a statement has `Action` or `NotAction`, not both"),
        ),
        ({"Effect": "Allow", "Resource": "*"}, (None, "a statement has no `Action`")),
        ({"Action": "s3:*", "Resource": "*"}, (None, "a statement has no `Effect`")),
        ({**READ, "Effect": "Permit"}, ('"Permit"', "`Permit` is no effect")),
        ({**READ, "Action": []}, ("[]", "`Action` is an empty list")),
        ({**READ, "Resource": []}, ("[]", "`Resource` is an empty list")),
        ({**READ, "Resource": ["*", 5]}, ("5", "`Resource` is a list of texts")),
        ({**READ, "Principal": {}}, ("{}", "`Principal` is an empty object")),
        ({**READ, "Principal": {"AWS": []}}, ("[]", "`AWS` is an empty list")),
        ("x", ('"x"', "a statement is a JSON object")),
        (
            {**READ, "Condition": {"StringEqual": {"aws:userid": "a"}}},
            ('"StringEqual"', "`StringEqual` is no operator"),
        ),
        (
            {**READ, "Condition": {"NullIfExists": {"aws:userid": "true"}}},
            ('"NullIfExists"', "`Null` takes no `IfExists`: it asks just that"),
        ),
        (
            {**READ, "Condition": {"StringEquals": {"aws:userid": []}}},
            ('"aws:userid"', "nothing can be compared with an empty list for `aws:userid`"),
        ),
        (
            {**READ, "Condition": {"StringEquals": {"aws:userid": "a", "aws:UserId": "b"}}},
            ('"aws:UserId"', "`aws:UserId` is the key `aws:userid` once more"),
        ),
        (
            {**READ, "Condition": {"Bool": {"aws:SecureTransport": None}}},
            ("null", "a value of a condition is a text, a number, `true` or `false`"),
        ),
    ],
)
def test_what_says_nothing_certain_is_set_aside(
    statement: Any, found: tuple[str | None, str]
) -> None:
    """Its mistake is told, and the statements around it are read, with their own places."""
    place, message = found
    made = document(READ, statement, {**READ, "Sid": "Last"})
    shown = json.dumps(statement) if place is None else place
    assert told(made) == [(shown, message)]
    one, _ = read(made)
    policy = one.trust if hasattr(one, "trust") else one.policy
    assert [s.sid for s in policy.statements] == [None, "Last"]
    (origin,) = policy.statements[1].origin
    assert '"Last"' in origin.origins[0]().text


def test_every_mistake_is_told() -> None:
    """Three statements with a mistake each, and two in the document itself."""
    made = {
        "version": "2012-10-17",
        "Id": 5,
        "Statement": [{**READ, "Effect": "ALLOW"}, {**READ, "Actoin": 1}, {"Effect": "Deny"}],
    }
    assert [message for _, message in told(made)] == [
        "a policy has no element `version`",
        "the `Id` of a policy is a text",
        "`ALLOW` is no effect",
        "a statement has no element `Actoin`",
        "a statement has no `Action`",
    ]


@pytest.mark.parametrize(
    "made",
    [
        document({"effect": "allow", "actions": "s3:GetObject", "resource": "*"}),
        document({**READ, "Condition": {"StringEqual": {"aws:userid": "a"}}}),
        document({**READ, "Condition": {"ForAllValue:StringLike": {"aws:TagKeys": "a"}}}),
        document({**READ, "Principal": ["lambda.amazonaws.com"], "Sid": 3}),
        document({**READ, "Principal": {"aws": 111122223333}}),
        document(READ, Version="2012-10-07"),
    ],
)
def test_fixes_make_it_sound(made: dict[str, Any]) -> None:
    """What the fixes write is a document without mistakes."""
    assert told(made)
    assert told(mended(made)) == []


@pytest.mark.parametrize(
    "statement",
    [
        {**READ, "Condition": {"NumericLessThan": {"s3:max-keys": 10}, "Bool": {"a:b": [True]}}},
        {**READ, "Condition": {}},
        {**READ, "Condition": {"stringlike": {"aws:userid": "a"}}},
    ],
)
def test_what_aws_takes_is_taken(statement: dict[str, Any]) -> None:
    """Numbers and truth values, operators in any case, an empty condition."""
    assert told(document(statement)) == []
    assert told({"Version": "2012-10-17", "Statement": statement}) == []


def test_what_is_sound_and_says_nothing() -> None:
    """Empty Sids are noted once a document; values of two kinds are what a validator refuses."""
    _, report = read(document({**READ, "Sid": ""}, {**READ, "Sid": ""}))
    (note,) = report.diagnostics
    assert (note.code, note.severity.value) == (codes.BAD_SID, "note")
    assert note.message == "2 statements have an empty `Sid`"
    mixed = {**READ, "Condition": {"StringEquals": {"aws:userid": ["a", 5]}}}
    assert told(document(mixed)) == [
        ('"aws:userid"', "the values of `aws:userid` are texts and others")
    ]


def test_null_with_a_set_operator() -> None:
    """AWS takes it; it asks no more than `Null`."""
    made = document(READ, {**READ, "Condition": {"ForAllValues:Null": {"aws:TagKeys": "true"}}})
    _, report = read(made)
    (found,) = report.diagnostics
    assert (found.code, found.severity.value) == (codes.QUANTIFIER_MISMATCH, "note")
    assert found.message == "`Null` under `ForAllValues` asks for the key all the same"


@pytest.mark.parametrize(
    ("statements", "kind"),
    [
        ([READ], "managed"),
        ([{"Effect": "Allow", "Principal": ROOT, "Action": "sts:AssumeRole"}], "trust"),
        (
            [{**READ, "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}],
            "trust",
        ),
        ([{**READ, "Principal": "*", "Action": "sts:AssumeRole"}], "resource"),
        ([{**READ, "Principal": ROOT}], "resource"),
        ([{**READ, "Effect": "Deny", "Principal": "*", "Action": ["s3:*", "sqs:*"]}], "rcp"),
        ([{**READ, "Effect": "Deny", "Principal": "*", "Action": "*"}], "resource"),
        ([{**READ, "Principal": ROOT}, READ], "resource"),
    ],
)
def test_what_a_document_looks_like(statements: list[dict[str, Any]], kind: str) -> None:
    """Without `--kind` it is told by what stands in it; in doubt it is some resource's policy."""
    made, report = read(document(*statements))
    assert report.diagnostics == ()
    assert (made.kind if hasattr(made, "policy") else "trust") == kind


@pytest.mark.parametrize(
    ("resource", "action", "service", "target"),
    [
        ("arn:aws:s3:::photos/*", "s3:GetObject", "s3", "arn:aws:s3:::photos"),
        ("*", "kms:*", "kms", "arn:aws:kms:*:*:key/*"),
        ("*", "s3:*", None, None),
        (["arn:aws:s3:::a/*", "arn:aws:s3:::b/*"], "s3:*", None, None),
    ],
)
def test_whose_policy_it_is(
    resource: Any, action: str, service: str | None, target: str | None
) -> None:
    """A resource is known where the document names just one; several, or none, are no mistake."""
    made, report = read(
        document({**READ, "Principal": ROOT, "Action": action, "Resource": resource})
    )
    assert report.diagnostics == ()
    assert (made.service, made.target) == (service, target)


def test_statements_alone_are_no_document() -> None:
    """A list of statements gets the message that import gives."""
    made, report = read([READ])
    assert made is None
    assert [d.message for d in report.diagnostics] == [
        "this is no policy: statements stand in a document"
    ]

from __future__ import annotations

import json
from typing import Any

import pytest

from iamdsl.iam import (
    ANYONE,
    Elements,
    Entry,
    Policy,
    PolicyError,
    Principals,
    Statement,
    from_json,
    from_text,
    minified,
    pretty,
    to_json,
)


def test_members_stand_in_the_order_of_the_grammar() -> None:
    """Files that always look alike can be compared by eye and by diff."""
    statement = Statement(
        "Deny",
        Elements(("s3:*",), negated=True),
        Elements(("a", "b"), negated=True),
        Principals((("AWS", ("1",)), ("Service", ("x", "y")))),
        (Entry("Bool", "aws:SecureTransport", ("false",)), Entry("Null", "k:k", ("true",))),
        "Name",
    )
    assert minified(to_json(Policy((statement,), "id"))) == (
        '{"Version":"2012-10-17","Id":"id","Statement":[{"Sid":"Name","Effect":"Deny",'
        '"Principal":{"AWS":"1","Service":["x","y"]},"NotAction":"s3:*",'
        '"NotResource":["a","b"],"Condition":{"Bool":{"aws:SecureTransport":"false"},'
        '"Null":{"k:k":"true"}}}]}'
    )


def test_anyone_is_a_bare_star() -> None:
    """AWS treats `"*"` and `{"AWS": "*"}` differently in trust policies."""
    who = [ANYONE, Principals((("AWS", ("*",)),)), Principals(ANYONE.by_type, negated=True)]
    made = [to_json(Policy((Statement("Allow", Elements(("*",)), None, w),))) for w in who]
    assert [m["Statement"][0].get("Principal") for m in made] == ["*", {"AWS": "*"}, None]
    assert made[2]["Statement"][0]["NotPrincipal"] == "*"


def test_a_doubled_condition_is_never_overwritten() -> None:
    """Losing one of two conditions would widen an Allow."""
    twice = (Entry("StringEquals", "k:k", ("1",)), Entry("StringEquals", "k:k", ("2",)))
    with pytest.raises(ValueError, match="twice"):
        to_json(Policy((Statement("Allow", Elements(("*",)), None, None, twice),)))


def test_text_is_ascii() -> None:
    """Characters and bytes are one number only in ASCII."""
    document = to_json(Policy((Statement("Allow", Elements(("é",))),)))
    assert minified(document).isascii()
    assert pretty(document).isascii()
    assert pretty(document).endswith("}\n")


def test_what_aws_forgives_is_read() -> None:
    """Real policies have lone statements, bare numbers and operators in odd case."""
    policy = from_json(
        {
            "Version": "2012-10-17",
            "Statement": {
                "Effect": "Allow",
                "Action": "a:B",
                "Resource": ["*"],
                "Condition": {"Stringlike": {"k:k": ["x", 3, True]}},
            },
        }
    )
    assert policy.statements[0].condition == (Entry("StringLike", "k:k", ("x", "3", "true")),)


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ('{"Statement": []}', "Statement: empty list"),
        ('{"Statement": [{"Effect": "Allow"}]}', "Statement\\[0\\]: member `Action`"),
        ('{"Statement": {"Effect": "allow", "Action": "*"}}', "Effect"),
        ('{"Statement": {"Effect": "Allow", "Action": []}}', "Action: empty list"),
        ('{"Statement": {"Effect": "Allow", "Action": "*", "NotAction": "*"}}', "both `Action`"),
        ('{"Statement": {"Effect": "Allow", "Action": "*", "Acton": "*"}}', "member `Acton`"),
        ('{"Statement": {"Effect": "Allow", "Effect": "Deny", "Action": "*"}}', "'Effect' is wr"),
        ('{"Statement": {"Effect": "Allow", "Action": 1}}', "Action: a string"),
        ('{"Statement": {"Effect": "Allow", "Action": "*", "Principal": {"X": "*"}}}', "`X`"),
        (
            '{"Statement": {"Effect": "Allow", "Action": "*", "Condition": {"Eq": {"k": "v"}}}}',
            "unknown operator `Eq`",
        ),
        (
            '{"Statement": {"Effect": "Allow", "Action": "*", "Condition": {"StringEquals": {"k": "v", "K": "w"}}}}',
            "different case",
        ),
        ('{"Version": "2013", "Statement": []}', "unknown version"),
        ('{"Statement": 1, "Id": 2}', "Statement: an object"),
        ('{"Version": ["2012-10-17"], "Statement": []}', "Version: unknown version"),
        ('{"Version": null, "Statement": []}', "Version: unknown version"),
        ('{"Statement": {"Effect": ["Allow"], "Action": "*"}}', "Effect: `Allow` or `Deny`"),
        ('{"Statement": {"Effect": "Allow", "Action": "*", "Sid": null}}', "Sid: a string"),
        ('{"Id": 1, "Statement": {"Effect": "Allow", "Action": "*"}}', "Id: a string"),
        (
            '{"Statement": {"Effect": "Allow", "Action": "*", "Condition": {"Bool": {"k": Infinity}}}}',
            "Condition.Bool.k: a string",
        ),
    ],
)
def test_what_is_no_policy_is_refused_with_its_path(text: str, path: str) -> None:
    """What is read wrongly would be written back wrongly."""
    with pytest.raises(ValueError, match=path):
        from_text(text)


def test_an_old_policy_without_variables_is_read() -> None:
    """Most of them mean the same in both versions."""
    old = {"Version": "2008-10-17", "Statement": {"Effect": "Allow", "Action": "*"}}
    assert to_json(from_text(json.dumps(old)))["Version"] == "2012-10-17"


def test_an_empty_sid_or_id_is_none() -> None:
    """Terraform writes both for statements and documents that have none."""
    statement = {"Sid": "", "Effect": "Allow", "Action": "*"}
    policy = from_json({"Id": "", "Statement": [statement, {**statement, "Sid": "A"}]})
    assert (policy.id, [s.sid for s in policy.statements]) == (None, [None, "A"])


@pytest.mark.parametrize(
    "document",
    [
        {"Statement": []},
        {"Statement": [{"Effect": "Allow"}]},
        {"Statement": [{"Effect": "Allow", "Action": {"a": 1}}]},
        {"Statement": [{"Effect": "Allow", "Action": ["a", ["b"]]}]},
        {"Statement": [{"Effect": "Allow", "Action": "*", "Condition": {"Bool": {"k": [{}]}}}]},
        {"Statement": [{"Effect": "Allow", "Action": "*", "Principal": {"AWS": [1]}}]},
    ],
)
def test_the_path_to_a_mistake_leads_to_something(document: Any) -> None:
    """A message shows the value at the path, so that it has to be there."""
    with pytest.raises(PolicyError) as caught:
        from_json(document)
    value = document
    for part in caught.value.path:
        value = value[part]


def test_the_text_of_an_old_policy_does_not_become_a_variable() -> None:
    """`${` is plain text before version 2012-10-17, and stays what it was."""
    old = {
        "Statement": {
            "Effect": "Allow",
            "Action": "*",
            "Resource": "arn:aws:s3:::b/${aws:username}",
            "Condition": {"StringLike": {"s3:prefix": "${aws:username}/*"}},
        }
    }
    (made,) = to_json(from_text(json.dumps(old)))["Statement"]
    assert made["Resource"] == "arn:aws:s3:::b/${$}{aws:username}"
    assert made["Condition"] == {"StringLike": {"s3:prefix": "${$}{aws:username}/*"}}

"""Intrinsic functions: marks filled in afterwards give what a deployment would have given.

The functions are carried out here a second time, naively and with all values at hand, as a stack
would; nothing of the reader's is used for that.
"""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from estates import said, template
from hypothesis import given
from hypothesis import strategies as st

from iamdsl import iam

VALUES = {
    "One": "alpha",
    "Two": "b-2",
    "AWS::AccountId": "111122223333",
    "AWS::Region": "eu-west-1",
    "AWS::Partition": "aws-cn",
    "AWS::StackName": "stack",
    "AWS::URLSuffix": "amazonaws.com.cn",
    "Bucket": "bucket-x1",
    "Queue.QueueName": "queue-x1",
    "Bucket.Arn": "arn:aws-cn:s3:::bucket-x1",
    "Queue.Arn": "arn:aws-cn:sqs:eu-west-1:111122223333:queue-x1",
    "Table": "table-eu-west-1",
    "Table.Arn": "arn:aws-cn:dynamodb:eu-west-1:111122223333:table/table-eu-west-1",
    "Table.StreamArn": "arn:aws-cn:dynamodb:eu-west-1:111122223333:table/t/stream/1",
    "Role": "Role",
    "Role.Arn": "arn:aws-cn:iam::111122223333:role/Role",
}
"""What a stack would put in, by the name that `Fn::Sub` has for it."""

MARKS = {
    "one": "One", "two": "Two", "aws.account": "AWS::AccountId", "aws.region": "AWS::Region",
    "aws.partition": "AWS::Partition", "stack_name": "AWS::StackName",
    "url_suffix": "AWS::URLSuffix", "bucket": "Bucket", "queue": "Queue.QueueName",
    "table_stream_arn": "Table.StreamArn", "entity Role": "Role.Arn",
}  # fmt: skip
"""Which of these values a mark stands for."""

MAPPING = {"first": {"a": "m1", "b": 7}, "second": {"a": "m1", "b": 8}}
TRUST = {
    "Version": "2012-10-17",
    "Statement": {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"},
}
SECTIONS: dict[str, Any] = {
    "Parameters": {"One": {"Type": "String"}, "Two": {"Type": "String"}},
    "Mappings": {"Map": MAPPING},
}
RESOURCES: dict[str, Any] = {
    "Bucket": {"Type": "AWS::S3::Bucket"},
    "Queue": {"Type": "AWS::SQS::Queue"},
    "Table": {
        "Type": "AWS::DynamoDB::Table",
        "Properties": {"TableName": {"Fn::Sub": "table-${AWS::Region}"}},
    },
    "Role": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": TRUST}},
}


def carried_out(value: Any) -> Any:
    """Return what a stack with these values makes of a value."""
    if isinstance(value, list):
        return [carried_out(item) for item in value]
    if not isinstance(value, dict):
        return value if isinstance(value, str) else json.dumps(value)
    ((name, argument),) = value.items()
    match name:
        case "Ref":
            return VALUES[argument]
        case "Fn::GetAtt":
            return VALUES[argument if isinstance(argument, str) else ".".join(argument)]
        case "Fn::Join":
            return carried_out(argument[0]).join(carried_out(argument[1]))
        case "Fn::Select":
            return carried_out(argument[1])[int(argument[0])]
        case "Fn::Split":
            return carried_out(argument[1]).split(argument[0])
        case "Fn::If":
            return carried_out(argument[2])
        case "Fn::FindInMap":
            found: Any = MAPPING[argument[1]][argument[2]]
            return carried_out(found)
        case "Fn::Sub":
            text, local = (argument, {}) if isinstance(argument, str) else argument
            known = VALUES | {k: carried_out(v) for k, v in local.items()}
            return re.sub(
                r"\$\{(!?)([^}]*)\}", lambda m: f"${{{m[2]}}}" if m[1] else known[m[2]], text
            )
        case _:
            raise AssertionError(name)


def filled(text: str) -> str:
    """Return a text of an estate with the values that its marks stand for."""
    mark = f"{iam.PLACEHOLDER_OPEN}([^{iam.PLACEHOLDER_CLOSE}]*){iam.PLACEHOLDER_CLOSE}"
    return re.sub(mark, lambda found: VALUES[MARKS[found[1]]], text)


def read(value: Any) -> str:
    """Return what the reader makes of a value in a tag of a policy, which takes any text."""
    document = {
        "Version": "2012-10-17",
        "Statement": {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"},
    }
    properties = {"PolicyDocument": document, "Tags": [{"Key": "t", "Value": value}]}
    policy = {"Type": "AWS::IAM::ManagedPolicy", "Properties": properties}
    made = {**SECTIONS, "Resources": {**RESOURCES, "Policy": policy}}
    estate, report = template(json.dumps(made), "template.json")
    assert not report.diagnostics, said(report)
    assert estate is not None
    return estate.build.documents[0].tags[0][1]


_PIECES = st.text("abc:/-*._ $", max_size=6).filter(lambda t: not t.endswith("$"))
_NAMES = st.sampled_from([name for name in VALUES if "." not in name])
_ATTRIBUTES = st.sampled_from([name for name in VALUES if "." in name])
_LITERALS = st.one_of(_PIECES, st.integers(0, 99), st.booleans())
_REFERENCES = st.one_of(
    st.builds(lambda n: {"Ref": n}, _NAMES),
    st.builds(lambda n: {"Fn::GetAtt": n.split(".")}, _ATTRIBUTES),
    st.builds(
        lambda a, b: {"Fn::FindInMap": ["Map", a, b]},
        st.sampled_from(["first", "second"]),
        st.sampled_from("ab"),
    ),
)


def _subs(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    holes = st.sampled_from([f"${{{name}}}" for name in VALUES] + ["${!aws:username}", "${!a}"])
    texts = st.lists(st.one_of(_PIECES, holes), max_size=5).map("".join)
    local = st.builds(lambda t, v: [t + "${local}", {"local": v}], texts, inner)
    return st.one_of(texts, local).map(lambda argument: {"Fn::Sub": argument})


def _calls(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    items = st.lists(inner, min_size=1, max_size=4)
    return st.one_of(
        _subs(inner),
        st.builds(lambda d, i: {"Fn::Join": [d, i]}, _PIECES, items),
        st.builds(lambda i, n: {"Fn::Select": [n % len(i), i]}, items, st.integers(0, 3)),
        st.builds(lambda i, n: {"Fn::Select": [str(n % len(i)), i]}, items, st.integers(0, 3)),
        st.builds(lambda v: {"Fn::If": ["Condition", v, v]}, inner),
        st.builds(
            lambda d, parts, e: {"Fn::Join": [e, {"Fn::Split": [d, d.join(parts)]}]},
            st.sampled_from([",", "::", "/"]),
            st.lists(st.text("abc-", max_size=3), min_size=1, max_size=3),
            _PIECES,
        ),
    )


EXPRESSIONS = st.recursive(st.one_of(_LITERALS, _REFERENCES), _calls, max_leaves=8)


@given(EXPRESSIONS)
def test_what_is_read_is_what_a_stack_would_have(value: Any) -> None:
    """Whatever is nested in what: marks filled in give the text of the deployment."""
    meant = carried_out(value)
    if meant:  # an empty tag is one as well
        assert filled(read(value)) == meant


@pytest.mark.parametrize(
    ("index", "meant"),
    [
        (0, "arn"),
        (1, "aws-cn"),
        (3, "eu-west-1"),
        (4, "111122223333"),
        (5, "table/table-eu-west-1"),
    ],
)
def test_fields_of_an_arn(index: int, meant: str) -> None:
    """A field of an ARN is itself, where nothing that is open can hold the delimiter."""
    value = {"Fn::Select": [index, {"Fn::Split": [":", {"Fn::GetAtt": "Table.Arn"}]}]}
    made = read(value)
    assert not any(name.endswith(f"part_{index}") for name in iam.placeholders(made))
    assert filled(made) == meant


def test_a_part_of_what_is_open_is_open() -> None:
    """A text that a deployment gives may hold the delimiter: its parts are externs of their own."""
    value = {"Fn::Select": [1, {"Fn::Split": ["-", {"Ref": "Two"}]}]}
    assert iam.placeholders(read(value)) == ("two_part_1",)


def test_a_delimiter_that_a_region_holds_does_not_split_it() -> None:
    """`-` is in the names of Regions: what is between is known to the deployment alone."""
    value = {"Fn::Select": [0, {"Fn::Split": ["-", {"Ref": "AWS::Region"}]}]}
    assert iam.placeholders(read(value)) == ("aws_region_part_0",)

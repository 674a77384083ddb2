"""What is said of ARNs of documents that AWS refuses, or that no resource has."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from reviews import allow, review_document, review_source, said

from iamdsl.diagnostics import codes

if TYPE_CHECKING:
    from pathlib import Path

LAMBDA = "arn:aws:lambda:eu-west-1:111122223333:function:f"


def told(*resources: str, **more: object) -> list[str]:
    """Return the messages on the ARNs of a statement."""
    found = review_document(allow("s3:*", list(resources), **more))
    both = (*said(found, codes.BAD_ARN), *said(found, codes.RESOURCE_MISMATCH))
    return [message for _, message in both]


@pytest.mark.parametrize(
    ("arn", "message"),
    [
        ("photos", "is no ARN"),
        ("s3://photos/*", "is no ARN"),
        ("arn:aws:s3:photos", "has too few fields"),
        ("arn:aws:S3:::photos", "has a service with capitals"),
        ("arn:aws:s3:eu-west-1::photos", "has a region"),
        ("arn:aws:s3::111122223333:photos", "has an account"),
        ("arn:aws:iam:us-east-1:111122223333:role/a", "has a region"),
        ("arn:aws:iam:::role/a", "lacks its account"),
        ("arn:aws:lambda:::function:f", "lacks its region and account"),
        ("arn:aws:iam::1111:role/a", "names no account: `1111`"),
        ("arn:aws:sqs:us-east1:111122223333:q", "names no Region of AWS: `us-east1`"),
        ("arn:aws:sqs:us-esat-1:111122223333:q", "names no Region of AWS: `us-esat-1`"),
        ("arn:aw:sqs:us-east-1:111122223333:q", "is of no partition of AWS: `aw`"),
        ("arn:aws:*:us-east-1:111122223333:q", "has no exact service"),
        ("arn:aws:organizations::111122223333:", "names no resource"),
        (
            "arn:aws:ssm:eu-west-1:111122223333:parameter//shop/*",
            "names a parameter with two slashes",
        ),
    ],
)
def test_each_mistake_of_an_arn_has_its_words(arn: str, message: str) -> None:
    """Protects what each of Access Analyzer's checks of ARNs finds, and IAM214's words."""
    assert told(arn) == [f"`{arn}` {message}"]


def test_a_colon_in_the_stead_of_an_account_goes_with_it() -> None:
    """AmazonBedrockFullAccess has one colon too many: what is to be written has to be an ARN."""
    found = review_document(allow("kms:DescribeKey", "arn:aws:kms:*:::*"))
    assert [d.hint for d in found if d.code is codes.RESOURCE_MISMATCH] == [
        "write all fields, such as `arn:aws:kms:*:111122223333:*`"
    ]


@pytest.mark.parametrize(
    "arn",
    [
        "*",
        "arn:aws:s3:::photos/*",
        "arn:*:s3:::photos/${aws:username}/*",
        "arn:aws:s3:eu-west-1:111122223333:accesspoint/a/object/*",
        "arn:aws:s3::111122223333:accesspoint/a.mrap",
        "arn:aws:iam::aws:policy/ReadOnlyAccess",
        "arn:aws:iam::cloudfront:user/x",
        "arn:aws:iam::*:role/a",
        "arn:aws:ssm:eu-west-1::document/AWS-RunShellScript",
        "arn:aws:ec2:*::image/ami-1",
        "arn:aws:ec2:us-*:111122223333:instance/*",
        "arn:aws:kms:*:${aws:PrincipalAccount}:key/*",
        "arn:aws:sqs:ap-southeast-9:111122223333:q",
        "arn:aws-iso-b:sqs:us-isob-east-1:111122223333:q",
        "arn:aws-eusc:sqs:eusc-de-east-1:111122223333:q",
        "arn:aws:catalog:*:*:product/*",
        "arn:aws:bedrock:us-east-1::foundation-model/x",
        "execute-api:/prod/GET/*",
    ],
)
def test_what_aws_takes_is_not_told(arn: str) -> None:
    """Protects against findings on rare forms that match resources all the same."""
    assert told(arn) == []


@pytest.mark.parametrize(
    ("arn", "right"),
    [
        ("s3://photos/*", "arn:aws:s3:::photos/*"),
        ("arn:aws:S3:::photos", "arn:aws:s3:::photos"),
        ("arn:aws:s3:eu-west-1:111122223333:photos", "arn:aws:s3::111122223333:photos"),
        ("arn:aws:s3::111122223333:photos", "arn:aws:s3:::photos"),
        ("arn:aws:iam::1111-2222-3333:role/a", "arn:aws:iam::111122223333:role/a"),
        (
            "arn:aws:sqs:us-east-1a:111122223333:q",
            "arn:aws:sqs:us-east-1:111122223333:q",
        ),
        ("arn:aw:s3:::photos", "arn:aws:s3:::photos"),
    ],
)
def test_the_right_arn_is_written_where_it_is_known(arn: str, right: str) -> None:
    """Protects the fixes of IAM214."""
    (one,) = (d for d in review_document(allow("s3:GetObject", arn)) if d.code is codes.BAD_ARN)
    assert one.fix is not None
    assert [e.text for e in one.fix.edits] == [f'"{right}"']


@pytest.mark.parametrize(
    "arn",
    [
        "arn:aws:iam::${Account}:role/a",
        "arn:aws:iam::<account>:role/a",
        "arn:aws:s3:::[BUCKET_NAME]",
        "arn:${PARTITION}:s3:::photos",
        "arn:aws:s3:::{{ bucket }}/*",
        "<resource>",
    ],
)
def test_the_blanks_of_a_template_are_one_finding(arn: str) -> None:
    """Protects templates from a finding for each of their blanks, and from being misread."""
    (message,) = told(arn, "arn:aws:s3:::<other>")
    assert "has a blank" in message


def test_a_partition_that_there_is_not_is_told_once_for_a_document() -> None:
    """Protects against a finding for every ARN of a document that was made for a test."""
    arns = [f"arn:aws-test:s3:::bucket-{n}/*" for n in range(5)]
    assert told(*arns) == ["`arn:aws-test:s3:::bucket-0/*` is of no partition of AWS: `aws-test`"]
    made_up = "arn:aws-test:sqs:us-test-1:111122223333:q"
    assert told(made_up) == [f"`{made_up}` is of no partition of AWS: `aws-test`"]


def test_arns_with_the_same_mistake_are_one_finding() -> None:
    """Protects against a message for each of many ARNs."""
    arns = [f"arn:aws:iam:::role/r{n}" for n in range(3)]
    assert told(*arns) == ["`arn:aws:iam:::role/r0` and `arn:aws:iam:::role/r1` … lack its account"]


def test_arns_of_conditions_are_read_too() -> None:
    """Protects IAM214 for what a condition compares, which AWS never refuses."""
    source = "arn:aws:sns:useast1:111122223333:t"
    found = review_document(
        allow("s3:GetObject", LAMBDA, Condition={"ArnLike": {"aws:SourceArn": source}})
    )
    assert said(found, codes.BAD_ARN) == [
        (f'"{source}"', f"`{source}` names no Region of AWS: `useast1`")
    ]
    assert not told(LAMBDA, Condition={"ArnLike": {"aws:SourceArn": "arn:aws:sns:*:*:t"}})


@pytest.mark.parametrize(
    "arn",
    [
        "arn:aws:s3::111122223333:photos/*",
        "arn:aws:sqs:eu-vest-1:111122223333:q",
        "arn:aws:sqs:eu-west-1:1234:q",
        "arn:amazon:sqs:eu-west-1:111122223333:q",
    ],
)
def test_fields_of_arns_in_sources_are_read_too(tmp_path: Path, arn: str) -> None:
    """Protects what the compiler leaves to the review: what stands in the fields."""
    found = review_source(tmp_path, f"policy p {{ allow s3:*, sqs:* on {arn} }}\n")
    assert [text for text, _ in said(found, codes.BAD_ARN)] == [arn]


def test_forms_of_arns_in_sources_are_left_to_the_compiler(tmp_path: Path) -> None:
    """Protects against a second message on an ARN of which the compiler has said all."""
    for arn in ("arn:aws:s3:eu-west-1::b/*", "arn:aws:sqs:eu-west-1::q"):
        found = review_source(tmp_path, f'policy p {{ allow s3:*, sqs:* on "{arn}" }}\n')
        assert not said(found, codes.BAD_ARN)

"""What is said of ARNs and principals of another partition than all around them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reviews import allow, review_document, review_source, said, trust

from iamdsl.diagnostics import codes

if TYPE_CHECKING:
    from pathlib import Path

US, CHINA = "arn:aws:s3:::photos/*", "arn:aws-cn:s3:::films/*"
ROLE = "arn:aws:iam::111122223333:role/r"


def told(document: dict[str, Any]) -> list[tuple[str, str]]:
    """Return what is underlined, and the message, of each finding."""
    return said(review_document(document), codes.WRONG_PARTITION)


def test_an_arn_of_another_partition_than_the_others_is_told() -> None:
    """Protects IAM805, its words and its fix."""
    document = allow("s3:GetObject", [US, "arn:aws:s3:::letters/*", CHINA])
    assert told(document) == [
        (
            f'"{CHINA}"',
            f"`{CHINA}` of policy `document` is of the partition `aws-cn`, not `aws`",
        )
    ]
    (one,) = (d for d in review_document(document) if d.code is codes.WRONG_PARTITION)
    assert one.fix is not None
    assert one.fix.edits[0].text == '"arn:aws:s3:::films/*"'


def test_partitions_side_by_side_are_meant() -> None:
    """Protects documents that are one text for every partition."""
    both = [US, US.replace("aws", "aws-cn"), "arn:aws:s3:::letters/*"]
    assert not told(allow("s3:GetObject", both))
    assert not told(allow("s3:GetObject", [US, CHINA]))  # which of them is wrong, nobody knows
    assert not told(allow("s3:GetObject", [US, "arn:*:s3:::films/*"]))
    assert not told(allow("s3:GetObject", [US, "arn:${Partition}:s3:::films/*"]))


def test_a_region_of_another_partition_is_told() -> None:
    """Protects ARNs that were copied with one of the two changed."""
    arn = "arn:aws:sqs:cn-north-1:111122223333:q"
    assert told(allow("sqs:SendMessage", arn)) == [
        (f'"{arn}"', f"`{arn}` of policy `document` has a Region of the partition `aws-cn`")
    ]
    assert not told(allow("sqs:SendMessage", "arn:aws-us-gov:sqs:us-gov-west-1:111122223333:q"))


def test_principals_of_services_are_read_by_their_ending() -> None:
    """Protects China's endings: right there, side by side with others, and wrong elsewhere."""
    assert told(trust({"AWS": ROLE, "Service": "ec2.amazonaws.com.cn"})) == [
        (
            '"ec2.amazonaws.com.cn"',
            "`ec2.amazonaws.com.cn` is no service principal of the partition `aws`",
        )
    ]
    china = ROLE.replace("arn:aws:", "arn:aws-cn:")
    assert not told(trust({"AWS": china, "Service": "ec2.amazonaws.com.cn"}))
    assert not told(trust({"AWS": china, "Service": "lambda.amazonaws.com"}))
    assert told(trust({"AWS": china, "Service": "elasticmapreduce.amazonaws.com"}))
    both = ["ec2.amazonaws.com", "ec2.amazonaws.com.cn"]
    assert not told(trust({"AWS": ROLE, "Service": both}))
    assert not told(trust({"Service": "ec2.amazonaws.com.cn"}))


def test_the_settings_say_which_partition_a_source_is_for(tmp_path: Path) -> None:
    """Protects sources against ARNs that were copied from elsewhere."""
    found = review_source(tmp_path, f"policy p {{ allow s3:GetObject on {CHINA} }}\n")
    assert said(found, codes.WRONG_PARTITION) == [
        (CHINA, f"`{CHINA}` of policy `p` is of the partition `aws-cn`, not `aws`")
    ]
    assert not said(
        review_source(tmp_path, 'policy p { allow s3:GetObject on s3:object("a") }\n'),
        codes.WRONG_PARTITION,
    )

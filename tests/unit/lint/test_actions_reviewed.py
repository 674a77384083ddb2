"""What is said of actions of documents that AWS's reference does not have."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from reviews import CATALOGUE, allow, review_document, review_source, said

from iamdsl.diagnostics import codes

if TYPE_CHECKING:
    from pathlib import Path


def statement(**more: object) -> dict[str, object]:
    """Return a document with one statement of the given elements, on everything."""
    body = {"Effect": "Allow", "Resource": "*", **more}
    return {"Version": "2012-10-17", "Statement": [body]}


def test_a_misspelt_action_is_told_with_what_was_meant() -> None:
    """Protects IAM201 in documents, its words and its fix."""
    found = review_document(allow("s3:GetObjekt"))
    assert said(found, codes.UNKNOWN_ACTION) == [
        ('"s3:GetObjekt"', "`s3:GetObjekt` is not an IAM action")
    ]
    (one,) = (d for d in found if d.code is codes.UNKNOWN_ACTION)
    assert one.hint == "did you mean `s3:GetObject`?"
    assert one.fix is not None
    assert not one.fix.safe
    assert one.fix.edits[0].text == '"s3:GetObject"'


def test_the_name_of_an_operation_is_mended_safely() -> None:
    """Protects the one case where the right action is certain: AWS says which it is."""
    found = review_document(allow(["s3:PutBucketEncryption", "s3:GetObject"]))
    (one,) = (d for d in found if d.code is codes.UNKNOWN_ACTION)
    assert one.hint.startswith("the API operation `PutBucketEncryption` is allowed by")
    assert one.fix is not None
    assert one.fix.safe


def test_a_guess_that_is_there_already_is_none() -> None:
    """Protects against the advice to name once more what the statement names."""
    found = review_document(allow(["s3:GetObjekt", "s3:GetObject"]))
    (one,) = (d for d in found if d.code is codes.UNKNOWN_ACTION)
    assert one.hint == "see `iamdsl actions s3`"
    assert one.fix is None


def test_several_mistakes_of_a_statement_are_one_finding() -> None:
    """Protects against a message for each of many names."""
    found = review_document(allow(["s3:GetObjekt", "s3:PutObjekt", "lambda:Invoke", "iam:Zork"]))
    ((_, message),) = said(found, codes.UNKNOWN_ACTION)
    assert message == "`s3:GetObjekt`, `s3:PutObjekt`, `lambda:Invoke` … are not IAM actions"


@pytest.mark.parametrize("action", ["S3:getobject", "*", "*:*", "s3:Get*", "s3:*", "ec2:Descr*"])
def test_what_iam_matches_is_not_told(action: str) -> None:
    """Protects against findings on other capitals, and on patterns that match something."""
    found = review_document(allow(action))
    told = {
        codes.UNKNOWN_ACTION,
        codes.UNKNOWN_SERVICE,
        codes.EMPTY_WILDCARD,
        codes.SERVICE_PATTERN,
    }
    assert not [d for d in found if d.code in told]


def test_in_not_action_a_mistake_gives_what_was_left_out() -> None:
    """Protects the word on the worst of misspellings: nothing is left out."""
    found = review_document(statement(NotAction="iam:PasRole"))
    (one,) = (d for d in found if d.code is codes.UNKNOWN_ACTION)
    assert one.label == "so this leaves nothing out: what was meant is allowed"
    found = review_document(statement(NotAction="iam:PasRole", Effect="Deny"))
    (one,) = (d for d in found if d.code is codes.UNKNOWN_ACTION)
    assert one.label == "so this leaves nothing out: what was meant is denied"


def test_a_service_is_told_once_for_its_actions() -> None:
    """Protects IAM202 and its grouping."""
    found = review_document(allow(["dynamo:GetItem", "dynamo:PutItem", "s3:GetObject"]))
    assert said(found, codes.UNKNOWN_SERVICE) == [
        ('"dynamo:GetItem"', "`dynamo` is no service that AWS has")
    ]
    (one,) = (d for d in found if d.code is codes.UNKNOWN_SERVICE)
    assert one.hint == "did you mean `dynamodb`?"
    assert one.fix is not None
    assert [e.text for e in one.fix.edits] == ['"dynamodb:GetItem"', '"dynamodb:PutItem"']


def test_what_aws_has_removed_is_told_and_taken_out() -> None:
    """Protects IAM203 for names and patterns, former prefixes among them."""
    found = review_document(allow(["deeplens:*", "s3:GetObject"]))
    assert said(found, codes.RETIRED_ACTION) == [
        ('"deeplens:*"', "AWS has removed what `deeplens:*` matches")
    ]
    (one,) = (d for d in found if d.code is codes.RETIRED_ACTION)
    assert one.fix is not None
    found = review_document(allow("zocalo:*"))
    (one,) = (d for d in found if d.code is codes.RETIRED_ACTION)
    assert one.hint == "the actions of this service begin with `workdocs:` today"


def test_a_pattern_that_matches_nothing_is_told() -> None:
    """Protects IAM204."""
    found = review_document(allow("s3:Zork*"))
    assert said(found, codes.EMPTY_WILDCARD) == [
        ('"s3:Zork*"', "`s3:Zork*` matches no action of s3")
    ]


@pytest.mark.parametrize(
    "action", ["GetObject", "s3:Get:Object", "s3/GetObject", "s3:${aws:username}"]
)
def test_what_is_no_action_by_its_form_is_told(action: str) -> None:
    """Protects against documents that AWS refuses."""
    ((_, message),) = said(review_document(allow(action)), codes.UNKNOWN_ACTION)
    assert message == f"`{action}` has not the form of an action"


def test_a_wildcard_in_the_service_is_told() -> None:
    """Protects IAM808, and that everything is left to other rules."""
    assert said(review_document(allow(["s3*:Get*", "*:List*"])), codes.SERVICE_PATTERN) == [
        ('"s3*:Get*"', "`s3*:Get*` and `*:List*` have a wildcard in the service")
    ]


def test_a_blank_of_a_template_is_told_once_for_a_document() -> None:
    """Protects templates from a finding for each blank."""
    one = {"Effect": "Deny", "Action": "<action>", "Resource": "*"}
    found = review_document({"Version": "2012-10-17", "Statement": [one, {**one, "Sid": "B"}]})
    ((text, message),) = said(found, codes.UNKNOWN_ACTION)
    assert (text, message) == (
        '"<action>"',
        "policy `document` has a blank for an action: `<action>`",
    )


def test_what_aws_names_in_its_own_policies_is_not_told() -> None:
    """Protects against findings where the reference lags behind AWS itself."""
    service, name = next(
        (service, names[0])
        for service in CATALOGUE.services()
        if (names := list(CATALOGUE.named(service).values()))
    )
    assert not said(review_document(allow(f"{service}:{name}")), codes.UNKNOWN_ACTION)


def test_sources_are_left_to_the_compiler(tmp_path: Path) -> None:
    """Protects against a second message on what the compiler took as it was quoted."""
    found = review_source(tmp_path, 'policy p { allow "s3:GetObjectTomorrow" on * }\n')
    assert not said(found, codes.UNKNOWN_ACTION)

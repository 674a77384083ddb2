"""What is said of actions that are allowed without what each of their calls needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reviews import CATALOGUE, allow, review_document, review_source, said

from iamdsl.aws.needed import PASSED_TO, PASSING
from iamdsl.diagnostics import codes

if TYPE_CHECKING:
    from pathlib import Path

    from iamdsl.diagnostics import Diagnostic

ROLE = "role worker { trust service lambda }\n"
POLICY = "policy deploy {\n  allow lambda:CreateFunction on *\n}\n"


def of(found: tuple[Diagnostic, ...]) -> list[Diagnostic]:
    """Return the findings of the rule."""
    return [d for d in found if d.code is codes.MISSING_DEPENDENT]


def test_a_document_that_passes_no_role_is_told() -> None:
    """Protects IAM803's words, and the statement that it offers."""
    found = review_document(allow(["lambda:CreateFunction", "lambda:GetFunction"]))
    assert said(found, codes.MISSING_DEPENDENT) == [
        (
            '"lambda:CreateFunction"',
            "`lambda:CreateFunction` is allowed without `iam:PassRole`, which each call needs",
        )
    ]
    (one,) = of(found)
    assert one.hint == (
        'add `{"Effect":"Allow","Action":"iam:PassRole",'
        '"Resource":"arn:aws:iam::111122223333:role/NAME",'
        '"Condition":{"StringEquals":{"iam:PassedToService":"lambda.amazonaws.com"}}}`'
    )


def test_what_is_allowed_anywhere_in_the_document_is_not_missing() -> None:
    """Protects against findings on what another statement says."""
    passing = {"Effect": "Allow", "Action": "iam:Pass*", "Resource": "*"}
    document = allow("lambda:CreateFunction")
    document["Statement"].append(passing)
    assert not of(review_document(document))
    assert not of(review_document(allow("lambda:*")))
    assert not of(review_document(allow("ec2:RunInstances")))  # only some calls pass a role


def test_several_actions_are_one_finding() -> None:
    """Protects against a message for each of many actions."""
    found = of(review_document(allow(["lambda:CreateFunction", "states:CreateStateMachine"])))
    (one,) = found
    assert one.message == (
        "`lambda:CreateFunction`, `states:CreateStateMachine` are allowed without `iam:PassRole`,"
        " which each call needs"
    )


def test_other_needs_are_known_too() -> None:
    """Protects what is needed besides roles."""
    found = of(review_document(allow("kafka-cluster:ReadData")))
    assert [d.hint for d in found] == ["allow `kafka-cluster:Connect` as well"]


def test_limits_and_denials_need_nothing() -> None:
    """Protects SCPs and boundaries, which grant nothing by themselves."""
    assert not of(review_document(allow("lambda:CreateFunction"), kind="scp"))
    document = allow("lambda:CreateFunction")
    document["Statement"][0]["Effect"] = "Deny"
    assert not of(review_document(document))


def test_a_source_is_offered_the_role_that_trusts_the_service(tmp_path: Path) -> None:
    """Protects the fix: the sentence names the role, and stands behind the one that needs it."""
    (one,) = of(review_source(tmp_path, ROLE + POLICY))
    assert one.fix is not None
    assert not one.fix.safe
    assert one.fix.edits[0].text == (
        "\n  allow iam:PassRole on worker when iam:PassedToService == service lambda"
    )
    (one,) = of(review_source(tmp_path, POLICY))
    assert one.fix is None
    assert 'on iam:role("NAME") when' in one.hint


def test_an_identity_has_what_any_of_its_policies_allows(tmp_path: Path) -> None:
    """Protects against findings on what is allowed beside a policy."""
    also = (
        'role ci { trust service codebuild\n  attach deploy\n  allow iam:PassRole on iam:role("x")}'
    )
    assert not of(review_source(tmp_path, POLICY + also))
    unknown = 'role ci { trust service codebuild\n  attach deploy\n  attach aws_managed("ReadOnlyAccess")}'
    assert not of(review_source(tmp_path, POLICY + unknown))
    assert of(
        review_source(tmp_path, POLICY + "role ci { trust service codebuild\n attach deploy}")
    )


def test_the_table_says_what_the_reference_says() -> None:
    """Protects the table against actions that are not, or that AWS says need no role."""
    for action in PASSED_TO:
        found = CATALOGUE.action(action)
        assert found is not None, action
        assert PASSING in found.dependents, action

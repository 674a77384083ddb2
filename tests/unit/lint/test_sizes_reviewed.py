"""Documents that are too large (IAM301), with names that AWS refuses (IAM307), or old (IAM809)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from reviews import allow, review_document, review_source, said, trust

from iamdsl.diagnostics import codes

if TYPE_CHECKING:
    from pathlib import Path

    from iamdsl.diagnostics import Code, Diagnostic

ROOT = {"AWS": "arn:aws:iam::111122223333:root"}


def names(count: int, length: int = 100) -> list[str]:
    return [f"arn:aws:s3:::{n:0{length}}" for n in range(count)]


def one(made: Any, code: Code, **options: Any) -> Diagnostic:
    (found,) = [d for d in review_document(made, **options) if d.code is code]
    return found


# Sizes


def test_a_managed_policy_is_too_large() -> None:
    """White space does not count; as a role's own policy it would fit, which is a warning only."""
    found = one(allow("s3:GetObject", names(60)), codes.TOO_LARGE)
    assert found.message == (
        "policy `document` has 7,054 characters, 910 more than the 6,144 that a managed policy"
        " may have"
    )
    assert found.hint == (
        "write it as several policies; a role's own policies may have 10,240 together"
    )
    assert found.severity.value == "warning"
    assert one(allow("s3:GetObject", names(120)), codes.TOO_LARGE).severity.value == "error"
    spread = json.dumps(allow("s3:GetObject", names(50)), indent=60)
    assert len(spread) > 6144
    assert said(review_document(spread), codes.TOO_LARGE) == []


def test_the_policies_of_aws_have_no_limit() -> None:
    """A document with the name of one of AWS's own is not told of a limit that is ours."""
    made = allow("s3:GetObject", names(120))
    found = review_document(made, name="AWSElasticBeanstalkServiceRolePolicy")
    assert said(found, codes.TOO_LARGE) == []
    assert said(review_document(made, name="Elastic"), codes.TOO_LARGE)


@pytest.mark.parametrize(
    ("kind", "limit"), [("scp", "10,240"), ("boundary", "6,144"), ("session", "2,048")]
)
def test_each_kind_has_its_limit(kind: str, limit: str) -> None:
    """What other kinds may have is told of them."""
    found = one(allow("s3:GetObject", names(100)), codes.TOO_LARGE, kind=kind)
    assert f"more than the {limit} that AWS takes" in found.message
    assert said(review_document(allow("s3:GetObject"), kind=kind), codes.TOO_LARGE) == []


def test_a_trust_policy_may_be_raised() -> None:
    """AWS grants more where somebody asks, to a bound."""
    people = [f"arn:aws:iam::111122223333:role/{n:0100}" for n in range(18)]
    found = one(trust({"AWS": people}), codes.TOO_LARGE)
    assert found.hint.endswith("or ask AWS for more: it grants up to 8,192")


def test_what_a_queue_counts() -> None:
    """SQS takes seven actions a statement."""
    queue = "arn:aws:sqs:eu-west-1:111122223333:jobs"
    actions = "Send Receive Delete Purge GetQueue SetQueue ListQueue Change".split()
    made = allow([f"sqs:{a}*" for a in actions], queue, Principal=ROOT)
    assert one(made, codes.TOO_LARGE).message == (
        "a statement of policy `document` has 8 actions, 1 more than the 7 that SQS takes"
    )
    made = allow([f"sqs:{a}*" for a in actions[:7]], queue, Principal=ROOT)
    assert said(review_document(made), codes.TOO_LARGE) == []


# Sids


def test_sids_are_letters_and_digits() -> None:
    """IAM refuses others in its own documents; the fix leaves them out."""
    found = one(allow("s3:GetObject", Sid="read it"), codes.BAD_SID)
    assert found.message == "the Sid `read it` is not made of letters and digits"
    assert found.span is not None
    assert found.span.text == '"read it"'
    assert found.fix is not None
    assert [edit.text for edit in found.fix.edits] == ['"readit"']
    key = allow("kms:*", Principal=ROOT, Sid="Enable IAM User Permissions")
    assert said(review_document(key), codes.BAD_SID) == []


def test_sids_stand_once() -> None:
    """Of identities' policies AWS refuses two of a name, elsewhere it recommends against."""
    (statement,) = allow("s3:GetObject", Sid="Read")["Statement"]
    twice = {"Version": "2012-10-17", "Statement": [statement, statement]}
    found = one(twice, codes.BAD_SID)
    assert found.message == "the Sid `Read` is used twice in `document`"
    assert found.severity.value == "error"
    assert found.notes[0].text == "first used here"
    shared = [{**statement, "Principal": ROOT}] * 2
    found = one({"Version": "2012-10-17", "Statement": shared}, codes.BAD_SID)
    assert found.severity.value == "warning"
    unnamed = [{k: v for k, v in statement.items() if k != "Sid"}] * 2
    made = {"Version": "2012-10-17", "Statement": unnamed}
    assert said(review_document(made), codes.BAD_SID) == []


# Versions


def test_a_document_without_version() -> None:
    """It is of the language of 2008; where nothing in it changes, the fix is safe."""
    made = {"Statement": allow("s3:GetObject")["Statement"]}
    found = one(made, codes.OLD_LANGUAGE)
    assert found.message == (
        "policy `document` does not say its `Version`, which is then 2008-10-17"
    )
    assert found.fix is not None
    assert found.fix.safe
    (edit,) = found.fix.edits
    text = edit.span.source.text
    mended = text[: edit.span.start] + edit.text + text[edit.span.end :]
    assert said(review_document(mended), codes.OLD_LANGUAGE) == []


def test_the_language_of_2008() -> None:
    """Its only difference are variables, which are plain text there."""
    made = {**allow("s3:GetObject"), "Version": "2008-10-17"}
    assert said(review_document(made), codes.OLD_LANGUAGE) == [
        ('"2008-10-17"', "policy `document` is of the version 2008-10-17")
    ]
    home = allow("s3:GetObject", "arn:aws:s3:::home/${aws:username}/*")
    found = one({**home, "Version": "2008-10-17"}, codes.OLD_LANGUAGE)
    assert found.message == (
        "`${aws:username}` is plain text in policy `document`, of the version 2008-10-17"
    )
    assert [note.span.text for note in found.notes] == ['"arn:aws:s3:::home/${aws:username}/*"']
    assert found.fix is not None
    assert not found.fix.safe
    assert said(review_document(home), codes.OLD_LANGUAGE) == []


def test_sources_are_measured_when_they_are_made_to_fit(tmp_path: Path) -> None:
    """The review says nothing of sizes, names and versions of what the compiler writes."""
    source = 'policy p { allow s3:GetObject on arn:aws:s3:::photos/* as "a b" }'
    found = review_source(tmp_path, source)
    assert len(said(found, codes.BAD_SID)) == 1
    assert said(found, codes.OLD_LANGUAGE) == said(found, codes.TOO_LARGE) == []

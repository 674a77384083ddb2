"""The comparator of documents: its evaluator by AWS's rules, and how seldom it misses a change."""

from __future__ import annotations

import json
import random
from collections import Counter
from typing import Any

import pytest
from comparator import compare
from decisions import ANONYMOUS, Request, decide, statements
from mutants import CHANGES, equivalents, mutants
from real_policies import sample_of_managed, sample_of_published

ROLE = ("AWS", "arn:aws:iam::111122223333:role/team/app")
MUTANTS_OF_EACH = 3
MOST_MISSED = 0.02


def decides(statement: dict[str, Any], version: str | None = "2012-10-17", **request: Any) -> bool:
    """Tell whether a statement of some actions and resources speaks of a request."""
    whole = {"Effect": "Allow", "Action": "*", **statement}
    document = {"Version": version, "Statement": whole} if version else {"Statement": [whole]}
    asked = Request("s3:GetObject", "arn:aws:s3:::b/k", ROLE, {})._replace(**request)
    return decide(statements([document]), asked) == "Allow"


@pytest.mark.parametrize(
    ("actions", "action", "expected"),
    [
        ("s3:GetObject", "S3:getobject", True),
        ("s3:Get*", "s3:GetObjectAcl", True),
        ("s3:Get?bject", "s3:GetObject", True),
        (["s3:Put*", "s3:Get"], "s3:GetObject", False),
        ("*", "zz:Any", True),
    ],
)
def test_actions(actions: Any, action: str, expected: bool) -> None:
    """Actions match without case; NotAction is everything else."""
    assert decides({"Action": actions}, action=action) is expected
    negated = {"Effect": "Allow", "NotAction": actions, "Resource": "*"}
    document = {"Version": "2012-10-17", "Statement": negated}
    asked = Request(action, "*", ROLE, {})
    assert (decide(statements([document]), asked) == "Allow") is not expected


@pytest.mark.parametrize(
    ("pattern", "resource", "context", "expected"),
    [
        ("arn:aws:s3:::b/*", "arn:aws:s3:::b/x/y:z", {}, True),
        ("arn:aws:s3:::b/*", "arn:aws:s3:::B/x", {}, False),
        ("arn:aws:sqs", "arn:aws:sqs:eu-west-1:1:q", {}, True),
        ("arn:aws:s3:::b/${aws:username}", "arn:aws:s3:::b/ann", {"aws:username": "ann"}, True),
        ("arn:aws:s3:::b/${aws:username}", "arn:aws:s3:::b/ann", {"aws:username": "*"}, False),
        ("arn:aws:s3:::b/${aws:username}", "arn:aws:s3:::b/", {}, False),
        ("arn:aws:s3:::b/${aws:username, 'all'}", "arn:aws:s3:::b/all", {}, True),
        ("arn:aws:s3:::b/${*}", "arn:aws:s3:::b/*", {}, True),
        ("arn:aws:s3:::b/${*}", "arn:aws:s3:::b/x", {}, False),
        ("arn:aws:s3:::b/${$}{x}", "arn:aws:s3:::b/${x}", {}, True),
    ],
)
def test_resources(pattern: str, resource: str, context: dict[str, str], expected: bool) -> None:
    """A `*` runs over `/` and `:`; what a variable holds is no pattern; case counts."""
    assert decides({"Resource": pattern}, resource=resource, context=context) is expected
    negated = decides({"NotResource": pattern}, resource=resource, context=context)
    assert negated is not expected


def test_variables_before_2012() -> None:
    """In an older document, or one without a version, `${` is text."""
    named = {"Resource": "arn:aws:s3:::b/${aws:username}"}
    literal, context = "arn:aws:s3:::b/${aws:username}", {"aws:username": "ann"}
    for version in ("2008-10-17", None):
        assert decides(named, version, resource=literal, context=context)
        assert not decides(named, version, resource="arn:aws:s3:::b/ann", context=context)


@pytest.mark.parametrize(
    ("principal", "request_of", "expected"),
    [
        ("*", ANONYMOUS, True),
        ({"AWS": "*"}, ROLE, True),
        ({"AWS": "*"}, ("Service", "ec2.amazonaws.com"), False),
        ({"AWS": "111122223333"}, ROLE, True),
        ({"AWS": "arn:aws:iam::111122223333:root"}, ROLE, True),
        ({"AWS": "arn:aws-cn:iam::444455556666:root"}, ROLE, False),
        ({"AWS": "arn:aws:iam::444455556666:root"}, ROLE, False),
        ({"AWS": [ROLE[1], "444455556666"]}, ROLE, True),
        ({"AWS": ROLE[1] + "x"}, ROLE, False),
        ({"Service": ["ec2.amazonaws.com"]}, ("Service", "ec2.amazonaws.com"), True),
        ({"Service": "ec2.amazonaws.com"}, ROLE, False),
        ({"Federated": "cognito-identity.amazonaws.com"},
         ("Federated", "cognito-identity.amazonaws.com"), True),
    ],
)  # fmt: skip
def test_principals(principal: Any, request_of: tuple[str, str], expected: bool) -> None:
    """An account stands for all that is in it, by its id as by its root ARN."""
    assert decides({"Principal": principal}, principal=request_of) is expected
    assert decides({"NotPrincipal": principal}, principal=request_of) is not expected


def test_an_account_is_its_root() -> None:
    """Two spellings of an account are no difference."""
    one = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "111122223333"}}
    other = {**one, "Principal": {"AWS": ["arn:aws:iam::111122223333:root"]}}
    assert compare([{"Statement": one}], [{"Statement": [other]}]) is None


N, D, P, A = "aws:MultiFactorAuthAge", "aws:CurrentTime", "aws:SourceIp", "aws:SourceArn"
S, M = "aws:username", "aws:TagKeys"
CONDITIONS: list[tuple[str, str, Any, Any, bool]] = [
    ("StringEquals", S, "a", None, False), ("StringNotEquals", S, "a", None, True),
    ("StringEqualsIfExists", S, "a", None, True), ("StringEquals", S, ["b", "a"], "a", True),
    ("StringNotEquals", S, ["b", "a"], "a", False), ("StringEquals", S, "a*", "ab", False),
    ("StringEquals", S, "a", "A", False), ("StringEqualsIgnoreCase", S, "a", "A", True),
    ("StringLike", S, "a*", "ab", True), ("StringNotLike", S, "a?", "ab", False),
    ("stringlike", S, "a*", "ab", True), ("StringLike", S, "*", "", True),
    ("StringEquals", S, "", "", True), ("StringEquals", S, "", None, False),
    ("Null", S, "true", None, True), ("Null", S, "false", None, False),
    ("Null", S, True, "", False), ("Null", S, "false", "", True),
    ("NumericLessThan", N, "5", "5", False), ("NumericLessThanEquals", N, 5, "5.0", True),
    ("NumericGreaterThanIfExists", N, "5", None, True), ("NumericNotEquals", N, "5", None, True),
    ("NumericEquals", N, "5", "abc", False), ("NumericLessThan", N, ["1", "9"], "5", True),
    ("DateLessThan", D, "2026-01-01T00:00:00Z", "2025-12-31T23:59:59Z", True),
    ("DateEquals", D, "2026-01-01T01:00:00+01:00", "2026-01-01T00:00:00Z", True),
    ("DateGreaterThan", D, "2026-01-01", "1798761600", True),
    ("Bool", S, "true", "TRUE", True), ("Bool", S, False, None, False),
    ("BoolIfExists", S, "false", None, True),
    ("IpAddress", P, "10.1.2.3/8", "10.9.9.9", True), ("IpAddress", P, "10.0.0.1", "10.0.0.2", False),
    ("NotIpAddress", P, "10.0.0.0/8", "2001:db8::1", True), ("NotIpAddress", P, "10.0.0.0/8", None, True),
    ("BinaryEquals", S, "QUJD", "QUJD", True), ("BinaryEquals", S, "QUJD", "QUJE", False),
    ("ArnEquals", A, "arn:aws:s3:::b*", "arn:aws:s3:::bc", True),
    ("ArnLike", A, "arn:aws:iam::1*:role/x", "arn:aws:iam::12:role/x", True),
    ("ArnLike", A, "arn:aws:iam::*:role/x", "arn:aws:iam::1:2:role/x", False),
    ("ArnLike", A, "arn:aws:iam::1:*", "arn:aws:iam::1:role/x:y", True),
    ("ArnNotLike", A, "arn:aws:iam::1:*", None, True),
    ("ForAllValues:StringEquals", M, ["a", "b"], ("a", "b"), True),
    ("ForAllValues:StringEquals", M, ["a", "b"], ("a", "c"), False),
    ("ForAllValues:StringEquals", M, "a", None, True), ("ForAllValues:StringEquals", M, "a", (), True),
    ("ForAllValues:StringNotEquals", M, "a", ("b", "a"), False),
    ("ForAnyValue:StringEquals", M, "a", ("b", "a"), True), ("ForAnyValue:StringEquals", M, "a", None, False),
    ("ForAnyValue:StringNotEquals", M, "a", ("a",), False), ("ForAnyValue:StringNotEquals", M, "a", ("a", "b"), True),
    ("ForAnyValue:StringNotEquals", M, "a", None, False), ("ForAnyValue:StringLikeIfExists", M, "a", None, True),
    ("StringEquals", S, "${aws:userid}", "u", True), ("StringEquals", S, "${aws:referer}", "u", False),
    ("StringNotEquals", S, "${aws:referer}", "u", True), ("StringEquals", S, "${aws:referer, 'u'}", "u", True),
    ("StringLike", S, "${*}b", "*b", True), ("StringLike", S, "${*}b", "ab", False),
]  # fmt: skip


@pytest.mark.parametrize(("operator", "key", "listed", "value", "expected"), CONDITIONS)
def test_conditions(operator: str, key: str, listed: Any, value: Any, expected: bool) -> None:
    """Each operator on a missing key, on values, on sets, with variables: AWS's operator page."""
    context = {"aws:userid": "u"} | ({} if value is None else {key.lower(): value})
    statement = {"Resource": "*", "Condition": {operator: {key.swapcase(): listed}}}
    assert decides(statement, context=context) is expected


def test_all_entries_have_to_hold() -> None:
    """Operators and keys are joined by and; statements by or, and a Deny wins."""
    block = {"StringEquals": {S: "a", "aws:userid": "u"}, "Bool": {"aws:SecureTransport": "true"}}
    whole = {S.lower(): "a", "aws:userid": "u", "aws:securetransport": "true"}
    assert decides({"Condition": block}, context=whole)
    for key in whole:
        rest = {k: v for k, v in whole.items() if k != key}
        assert not decides({"Condition": block}, context=rest)
    allow = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}
    both = {"Version": "2012-10-17", "Statement": [{**allow, "Effect": "Deny"}, allow]}
    assert decide(statements([both]), Request("s3:X", "*", ROLE, {})) == "Deny"
    assert decide(statements([both]), Request("ec2:X", "*", ROLE, {})) is None


@pytest.mark.parametrize("operator", ["StringEqual", "NullLike", "ForSomeValues:StringEquals"])
def test_what_is_no_operator(operator: str) -> None:
    """What no reader of policies would take is no input of a comparison."""
    statement = {"Effect": "Allow", "Action": "*", "Condition": {operator: {S: "a"}}}
    with pytest.raises(ValueError, match="no operator"):
        statements([{"Statement": [statement]}])


# How much is noticed


def seeded(name: str) -> random.Random:
    """Return choices that are the same on every run."""
    return random.Random(name)  # noqa: S311


COVERED = "another pattern of its list matches all that it does"
SETTLED = "another statement allows, or denies, what it is about in any case"
_METHODS = "arn:aws:apigateway:*::/restapis/*/resources/*/methods/*/"
EQUAL = {
    ("allowlist-account-principals.md#0", "action wider: sts:AssumeRole -> sts:AssumeRole* [0]"):
        SETTLED,
    ("S3-Prevent-long-term-presigned-url.json",
     "operator opposite: NumericGreaterThan s3:signatureAge [0]"): "its value is no number",
    ("aws_iam_role_policy_masters.minimal.example.com_policy",
     "resource less: arn:aws-test:ec2:*:*:snapshot/* [10]"): SETTLED,
    ("AIOpsAssistantPolicy",
     f"resource other: {_METHODS}integrations -> {_METHODS}integration [2]"): COVERED,
    ("AWSBackupServiceRolePolicyForRestores",
     "operator set: ForAllValues:StringEquals aws:TagKeys [26]"): SETTLED,
    ("AWSBackupServiceRolePolicyForRestores", "resource less: arn:aws:ec2:*:*:volume/* [45]"):
        SETTLED,
    ("AWSCertificateManagerPrivateCAPrivilegedUser", "entry less: ArnLike acm-pca:TemplateArn [0]"):
        SETTLED,
    ("AWSCertificateManagerPrivateCAUser", "operator IfExists: ArnLike acm-pca:TemplateArn [0]"):
        SETTLED,
    ("AWSConfigServiceRolePolicy",
     f"resource wider: {_METHODS}integration -> {_METHODS}integration* [4]"): COVERED,
    ("AWSConfigServiceRolePolicy",
     "resource less: arn:aws:apigateway:*::/restapis/*/resources/* [4]"): COVERED,
    ("AWSDeepLensLambdaFunctionAccessPolicy", "resource less: arn:aws:s3:::deeplens*/* [0]"):
        COVERED,
    ("AWSLakeFormationCrossAccountManager", "operator family: ArnLike ram:PermissionArn [2]"):
        "its `*` is in the last field, which colons do not end",
    ("AWSPrivateCAPrivilegedUser", "operator IfExists: ArnLike acm-pca:TemplateArn [0]"): SETTLED,
    ("AWSResourceExplorerServiceRolePolicy",
     "resource less: arn:aws:apigateway:*::/apis/*/integrations/* [2]"): COVERED,
    ("AWSSupportServiceRolePolicy",
     "resource less: arn:aws:apigateway:*::/apis/*/routes/*/routeresponses [0]"): COVERED,
}  # fmt: skip
"""Changes that change no decision, by the end of the document's name, and why."""


def test_changes_are_noticed() -> None:
    """Of the changes that change a decision of 200 real documents, 98 % are noticed.

    Each document has three of the kinds that it can have, those that were rare so far.
    """
    made: Counter[str] = Counter()
    missed: list[tuple[str, str]] = []
    total = 0
    for real in (*sample_of_published(), *sample_of_managed()[:140]):
        found = mutants(real.document, seeded(real.name))
        found.sort(key=lambda m: made[m.change.partition(":")[0]])
        for mutant in found[:MUTANTS_OF_EACH]:
            made[mutant.change.partition(":")[0]] += 1
            total += 1
            if compare([real.document], [mutant.document]) is None:
                missed.append((real.name, mutant.change))
    assert set(made) == set(CHANGES)
    print(f"{total} changes, {len(missed)} not noticed: {made}")
    unexplained = [(name, change) for name, change in missed if not _is_equal(name, change)]
    assert len(unexplained) <= MOST_MISSED * (total - len(missed)), unexplained
    published = {real.name for real in sample_of_published()}
    assert not [pair for pair in unexplained if pair[0] in published]


def _is_equal(name: str, change: str) -> bool:
    return any(name.endswith(end) and change == known for end, known in EQUAL)


def test_other_spellings_are_no_difference() -> None:
    """Order, statements apart, case of actions and keys, IfExists with Null: the same meaning."""
    small = [r for r in sample_of_published() if len(json.dumps(r.document)) < 1000]
    for real in (*small, *sample_of_managed()[::25]):
        for other in equivalents(real.document, seeded(real.name)):
            found = compare([real.document], [other.document], rounds=20)
            assert found is None, (real.name, other.change, str(found))

"""Random policies in every legal spelling: imported, built, compared; and then imported again.

`IMPORT_ROUNDS=2000 pytest tests/properties/test_import.py -s` looks at more of them.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from round_trip import round_trip

if TYPE_CHECKING:
    from collections.abc import Sequence

ROUNDS = int(os.environ.get("IMPORT_ROUNDS", "25"))
BUCKET = "arn:aws:s3:::bucket"
MOST_REFUSED = 0.1

REFUSALS = ("has no statement", "trusts nobody")
"""What may be said of the policies that the strategies below make: nothing in them can apply."""

rounds = settings(
    max_examples=ROUNDS,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)

ACTIONS = (
    "s3:GetObject", "S3:putobject", "s3:Get*", "s3:*Object", "s3:?etObject", "s3:*", "*", "s3:Lis*t",
    "sqs:SendMessage", "sqs:Receive*", "dynamodb:GetItem", "ec2:RunInstances", "iam:passrole",
    "newservice:DoIt", "s3:NotYetThere",
)  # fmt: skip
RESOURCES = (
    "*", "arn:aws:s3:::bucket", "arn:aws:s3:::bucket/*", "arn:aws:s3:::b?cket/${aws:username}/*",
    "arn:aws:s3:::*/${aws:PrincipalTag/team, 'none'}/x", "arn:aws:sqs:*:111122223333:q*",
    "arn:*:sqs:eu-west-1:*:queue", "arn:aws:s3:::bucket/${*}x${?}", 'arn:aws:s3:::bucket/a b"{c}',
    "arn:aws:dynamodb:eu-west-1:111122223333:table/t/index/*", "arn:aws:s3:::bucket/é",
    "arn:aws:iam::111122223333:role/r-${$}x", "arn:aws:ec2:*:*:instance/*", "arn:aws:s3:::bucket/#;",
)  # fmt: skip
OWN = (BUCKET, f"{BUCKET}/*", f"{BUCKET}/${{aws:username}}/*", f"{BUCKET}/in/*", f"{BUCKET}/a?")
TEXTS = (
    "a", "A", "ab", "a*", "?b", "*", "", "a b", "x,y", "é", "${aws:username}", "${aws:userid}-x",
    "${aws:PrincipalTag/team, 'none'}", "a${*}", "${$}{x}", "{a}", "}", 'quote"d', "back\\slash",
    "o-abc1234567", "111122223333", "true", "12", "2026-01-01", "10.0.0.0/8", "lambda.amazonaws.com",
    "arn:aws:iam::111122223333:role/x", "arn:aws:iam::*:role/x*",
)  # fmt: skip
WITHOUT_VARIABLES = tuple(text for text in TEXTS if "${" not in text)
"""A literal `${` cannot be compared ignoring case: `${$}` is for patterns."""
ARNS = (
    "arn:aws:iam::111122223333:role/x", "arn:aws:iam::*:role/x*", "arn:aws:s3:::a?b",
    "arn:*:*:*:*:*", "arn:aws:iam::111122223333:role/${aws:username}", "arn:aws:sns:*:*:t:s",
)  # fmt: skip
NUMBERS: tuple[Any, ...] = ("5", 5, "2.5", 2.5, "-3", 0, "300", "5.0", "007")
DATES = (
    "2026-01-01T00:00:00Z", "2026-01-01", "2025-06-30T12:30:00+02:00",
)  # fmt: skip
NETWORKS = ("10.0.0.0/8", "10.1.2.3/8", "203.0.113.9", "2001:db8::/32", "2001:db8::1", "0.0.0.0/0")
BOOLS: tuple[Any, ...] = ("true", "false", True, False, "True", "FALSE")
BINARIES = ("QUJD", "QUJE")

SINGLE = (
    "aws:username", "aws:PrincipalTag/team", "aws:RequestTag/cost center", "AWS:userid",
    "aws:PrincipalArn", "s3:prefix", "newservice:Thing", "aws:PrincipalOrgID", "aws:SourceVpce",
    "ec2:InstanceType", "aws:requestTAG/Team", "kms:EncryptionContext:a/b",
)  # fmt: skip
ARN_SETS = ("sts:RequestContextProviders",)
SETS = (
    "aws:TagKeys",
    "aws:CalledVia",
    "AWS:TAGKEYS",
    "dynamodb:LeadingKeys",
    "aws:PrincipalOrgPaths",
)
KEYS: dict[str, Sequence[str]] = {
    "String": SINGLE,
    "Numeric": ("aws:MultiFactorAuthAge", "s3:max-keys", "aws:EpochTime"),
    "Date": ("aws:CurrentTime", "aws:TokenIssueTime", "aws:EpochTime"),
    "Bool": ("aws:SecureTransport", "aws:ViaAWSService", "aws:MultiFactorAuthPresent"),
    "IpAddress": ("aws:SourceIp", "aws:VpcSourceIp"),
    "Arn": ("aws:PrincipalArn", "aws:SourceArn", "iam:PolicyARN"),
    "Binary": ("newservice:Blob",),
}
VALUES: dict[str, Sequence[Any]] = {
    "String": TEXTS, "Numeric": NUMBERS, "Date": DATES, "Bool": BOOLS, "IpAddress": NETWORKS,
    "Arn": ARNS, "Binary": BINARIES,
}  # fmt: skip
_ORDERED = "Equals NotEquals LessThan LessThanEquals GreaterThan GreaterThanEquals".split()
OPERATORS: dict[str, Sequence[str]] = {
    "String": [f"String{test}" for test in (
        "Equals", "NotEquals", "EqualsIgnoreCase", "NotEqualsIgnoreCase", "Like", "NotLike")],
    "Numeric": [f"Numeric{test}" for test in _ORDERED],
    "Date": [f"Date{test}" for test in _ORDERED],
    "Bool": ["Bool"],
    "IpAddress": ["IpAddress", "NotIpAddress"],
    "Arn": ["ArnEquals", "ArnLike", "ArnNotEquals", "ArnNotLike"],
    "Binary": ["BinaryEquals"],
}  # fmt: skip
PRINCIPALS: dict[str, Sequence[str]] = {
    "AWS": (
        "111122223333", "arn:aws:iam::444455556666:root", "arn:aws:iam::111122223333:role/p/x",
        "arn:aws:iam::111122223333:user/ann", "*", "arn:aws:sts::111122223333:assumed-role/r/s",
    ),
    "Service": ("lambda.amazonaws.com", "ec2.amazonaws.com", "logs.eu-west-1.amazonaws.com"),
    "CanonicalUser": ("79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be",),
    "Federated": (
        "cognito-identity.amazonaws.com", "arn:aws:iam::111122223333:saml-provider/okta",
        "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com",
    ),
}  # fmt: skip


def listed(values: Sequence[Any], most: int = 3) -> st.SearchStrategy[Any]:
    """Return one value, bare or in a list, or several, the same one twice among them."""
    one = st.sampled_from(values)
    return st.one_of(one, st.lists(one, min_size=1, max_size=most))


@st.composite
def conditions(draw: st.DrawFn) -> dict[str, dict[str, Any]]:
    """Return a condition block: any operator, with keys and values of its kind, mostly."""
    block: dict[str, dict[str, Any]] = {}
    taken = set()
    for _ in range(draw(st.integers(1, 3))):
        if draw(st.integers(0, 7)) == 0:
            name, key = "Null", draw(st.sampled_from((*SINGLE, *SETS)))
            values: Any = draw(st.sampled_from(BOOLS))
        else:
            family = draw(st.sampled_from((*OPERATORS, "String", "String", "Arn")))
            name = draw(st.sampled_from(OPERATORS[family]))
            name += draw(st.sampled_from(("", "", "IfExists")))
            several = family in ("String", "Arn") and draw(st.integers(0, 3)) == 0
            if several:
                name = draw(st.sampled_from(("ForAllValues:", "ForAnyValue:"))) + name
            sets = ARN_SETS if family == "Arn" else SETS
            key = draw(st.sampled_from(sets if several else KEYS[family]))
            texts = WITHOUT_VARIABLES if "IgnoreCase" in name else VALUES[family]
            values = draw(st.sampled_from(BOOLS) if family == "Bool" else listed(texts))
        if (name, key.lower()) not in taken:
            taken.add((name, key.lower()))
            block.setdefault(name, {})[key] = values
    if draw(st.integers(0, 5)) == 0:
        return {operator.lower(): keys for operator, keys in block.items()}
    return block


@st.composite
def statements(draw: st.DrawFn, kind: str, number: int) -> dict[str, Any]:
    """Return a statement that a policy of a kind can have."""
    made: dict[str, Any] = {"Effect": draw(st.sampled_from(("Allow", "Allow", "Deny")))}
    if kind == "rcp":
        made["Effect"] = "Deny"
    if draw(st.integers(0, 3)) == 0:
        made["Sid"] = f"S{number}"
    actions: Sequence[str] = ACTIONS
    if kind in ("rcp", "resource"):
        actions = tuple(a for a in ACTIONS if a[:3].lower() == "s3:")
    if kind == "trust":
        actions = ("sts:AssumeRole", "sts:assumerole", "sts:TagSession")
    negated = kind == "policy" and draw(st.integers(0, 7)) == 0
    named = tuple(a for a in actions if a != "*") if negated else actions
    made["NotAction" if negated else "Action"] = draw(listed(named, 4))
    if kind != "trust":
        own = OWN if kind == "resource" else RESOURCES
        negated = kind == "policy" and draw(st.integers(0, 7)) == 0
        named = tuple(r for r in own if r != "*") if negated else own
        made["NotResource" if negated else "Resource"] = draw(listed(named))
    if kind == "rcp":
        made["Principal"] = "*"
    elif kind != "policy":
        made["Principal"] = draw(principals(kind))
    if draw(st.integers(0, 2)):
        made["Condition"] = draw(conditions())
    return made


@st.composite
def principals(draw: st.DrawFn, kind: str) -> Any:
    """Return what stands below `Principal`: all forms that a kind of policy takes."""
    if kind == "resource" and draw(st.integers(0, 4)) == 0:
        return "*"
    kinds = ("AWS", "Service", "CanonicalUser") if kind == "resource" else ("AWS", "Service")
    chosen = draw(st.lists(st.sampled_from(kinds), min_size=1, max_size=2, unique=True))
    return {t: draw(listed(PRINCIPALS[t])) for t in chosen}


@st.composite
def documents(draw: st.DrawFn, kind: str) -> dict[str, Any]:
    """Return a document: of both versions or without one, a lone statement or several."""
    count = draw(st.integers(1, 3))
    made = [draw(statements(kind, number)) for number in range(count)]
    version = draw(st.sampled_from(("2012-10-17", "2012-10-17", "2012-10-17", "2008-10-17", None)))
    document: dict[str, Any] = {} if version is None else {"Version": version}
    if kind == "resource" and draw(st.integers(0, 3)) == 0:
        document["Id"] = draw(st.sampled_from(("Id1", "an id")))
    return {**document, "Statement": made[0] if count == 1 and draw(st.booleans()) else made}


@pytest.mark.parametrize("kind", ["policy", "trust", "resource", "rcp"])
def test_imported_policies_decide_alike(kind: str) -> None:
    """Whatever is imported decides as it did, is laid out, and is imported again as it is."""
    refused: Counter[str] = Counter()

    @rounds
    @given(documents(kind))
    def check(document: dict[str, Any]) -> None:
        target = BUCKET if kind == "resource" else None
        trip = round_trip(document, kind=kind, target=target, rounds=40)
        if trip.refusal:
            refused[trip.refusal] += 1
            assert any(said in trip.refusal for said in REFUSALS), (
                f"{trip.refusal}\n{json.dumps(document)}"
            )
            return
        assert trip.laid_out, trip.source
        assert trip.difference is None, f"{json.dumps(document)}\n{trip.source}\n{trip.difference}"
        if len(trip.built) == 1:
            after = round_trip(trip.built[0], kind=kind, target=target, rounds=0)
            assert after.built == trip.built, f"{json.dumps(document)}\n{trip.source}"

    check()
    print(f"{sum(refused.values())} of {ROUNDS} refused")
    assert sum(refused.values()) <= MOST_REFUSED * ROUNDS, refused

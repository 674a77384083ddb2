"""Random statements and requests: `simulate` and the naive oracle agree on each."""

from __future__ import annotations

from typing import Any

import decisions
from hypothesis import given, settings
from hypothesis import strategies as st

from iamdsl.iam import from_json
from iamdsl.simulate import Named, Policies, Request, decide, effect, filled, under

A, B = "111122223333", "999988887777"
_PIECES = (
    "a",
    "b",
    "A",
    "*",
    "?",
    ":",
    "/",
    "${v}",
    "${W}",
    "${v, 'a'}",
    "${*}",
    "${?}",
    "${$}",
    "$",
)
_TEXTS = st.lists(st.sampled_from(_PIECES), max_size=4).map("".join)
_VALUES = st.text("abA*?:/$", max_size=4) | st.just("${v}")
_ARN_FIELDS = st.lists(st.sampled_from(("a", "*", "b?", "", "${v}")), min_size=5, max_size=6)
_ARNS = _ARN_FIELDS.map(lambda f: ":".join(("arn", *f)))
_NUMBERS = st.sampled_from(("1", "1.0", "-2", "3.5", "10", "abc", "1e1", ""))
_DATES = st.sampled_from(
    (
        *("2026-01-01", "2026-01-01T00:00:00Z", "2026-01-01T01:00:00+01:00", "1767225600"),
        *("2025-12-31T23:59:59Z", "2026", "2026-01", "soon", "1767225600.5"),
    )
)
_TRUTHS = st.sampled_from(("true", "false", "TRUE", "x"))
_ADDRESSES = st.sampled_from(
    (
        "10.0.0.0/8",
        "10.1.2.3",
        "11.0.0.1",
        "10.1.2.3/8",
        "2001:db8::/32",
        "2001:db8::1",
        "x",
        "::/0",
    )
)
_BINARY = st.sampled_from(("QUJD", "QUJE", "x", ""))
_OPERATORS = {
    "String": (
        _TEXTS,
        _VALUES,
        (
            "StringEquals StringNotEquals StringEqualsIgnoreCase StringNotEqualsIgnoreCase StringLike "
            "StringNotLike"
        ),
    ),
    "Arn": (_ARNS | _TEXTS, _ARNS | _VALUES, "ArnEquals ArnNotEquals ArnLike ArnNotLike"),
    "Numeric": (
        _NUMBERS,
        _NUMBERS,
        (
            "NumericEquals NumericNotEquals NumericLessThan NumericLessThanEquals NumericGreaterThan "
            "NumericGreaterThanEquals"
        ),
    ),
    "Date": (
        _DATES,
        _DATES,
        (
            "DateEquals DateNotEquals DateLessThan DateLessThanEquals DateGreaterThan "
            "DateGreaterThanEquals"
        ),
    ),
    "Bool": (_TRUTHS, _TRUTHS, "Bool"),
    "Ip": (_ADDRESSES, _ADDRESSES, "IpAddress NotIpAddress"),
    "Binary": (_BINARY, _BINARY, "BinaryEquals"),
}


@st.composite
def conditions(draw: st.DrawFn) -> tuple[dict[str, Any], dict[str, tuple[str, ...]]]:
    """Draw a condition block, and a context in which some of it holds."""
    block: dict[str, dict[str, Any]] = {}
    context: dict[str, tuple[str, ...]] = {}
    for key in draw(st.lists(st.sampled_from(("K", "v", "W", "x:Y")), unique=True, max_size=3)):
        texts, values, operators = _OPERATORS[draw(st.sampled_from(sorted(_OPERATORS)))]
        operator = draw(st.sampled_from(operators.split()))
        name = (
            draw(st.sampled_from(("", "", "ForAllValues:", "ForAnyValue:")))
            + operator
            + draw(st.sampled_from(("", "IfExists")))
        )
        block.setdefault(name, {})[key] = draw(st.lists(texts, min_size=1, max_size=3))
        if draw(st.integers(0, 5)) == 0:
            block.setdefault("Null", {})[key] = draw(st.sampled_from(("true", "false")))
        context[key.lower()] = tuple(draw(st.lists(values, max_size=3, unique=True)))
    for variable in ("v", "w"):
        context.setdefault(variable, tuple(draw(st.lists(_VALUES, max_size=2, unique=True))))
    return block, context


_ACTIONS = st.lists(
    st.sampled_from(("s3:Get*", "S3:getObject", "*", "s3:?et*t", "ec2:*")), min_size=1
)
_RESOURCES = st.lists(
    st.sampled_from(
        (
            *("*", "arn:aws:s3:::${v}/*", "arn:aws:s3:::b/*", "arn:aws:s3:::b/k", "arn:aws:s3"),
            *(
                "arn:aws:s3:::b/?",
                "arn:*:b/k",
                "arn:aws:s3:::${W, 'b'}/k",
                "arn:aws:s3:::${*}",
                "b",
            ),
        )
    ),
    min_size=1,
    max_size=3,
)
_USER, _SESSION = f"arn:aws:iam::{A}:user/u", f"arn:aws:sts::{A}:assumed-role/r/s"
_PRINCIPALS = st.sampled_from(
    (
        *("*", {"AWS": "*"}, {"AWS": A}, {"AWS": f"arn:aws:iam::{A}:root"}, {"AWS": [B, _USER]}),
        *({"AWS": _SESSION}, {"Service": "sns.amazonaws.com"}, {"AWS": B, "Service": ["x", "y"]}),
        *({"Federated": "accounts.google.com"}, {"CanonicalUser": "c"}),
    )
)
_CALLERS = {
    _USER: ("AWS", _USER),
    _SESSION: ("AWS", _SESSION),
    f"arn:aws:iam::{B}:root": ("AWS", f"arn:aws:iam::{B}:root"),
    "service:sns.amazonaws.com": ("Service", "sns.amazonaws.com"),
    "federated:accounts.google.com": ("Federated", "accounts.google.com"),
    "canonical:c": ("CanonicalUser", "c"),
    "anonymous": decisions.ANONYMOUS,
}


@st.composite
def statements(draw: st.DrawFn) -> tuple[dict[str, Any], dict[str, tuple[str, ...]]]:
    """Draw a statement and a context for its condition."""
    block, context = draw(conditions())
    written: dict[str, Any] = {"Effect": draw(st.sampled_from(("Allow", "Allow", "Deny")))}
    written[draw(st.sampled_from(("Action", "Action", "NotAction")))] = draw(_ACTIONS)
    element = draw(st.sampled_from(("Resource", "Resource", "NotResource", "")))
    if element:
        written[element] = draw(_RESOURCES)
    element = draw(st.sampled_from(("", "Principal", "NotPrincipal")))
    if element:
        written[element] = draw(_PRINCIPALS)
    if block:
        written["Condition"] = block
    return written, context


_ASKED = st.tuples(
    st.sampled_from(sorted(_CALLERS)),
    st.sampled_from(("s3:GetObject", "S3:GETOBJECT", "ec2:Run", "s3:Put")),
    st.sampled_from(("*", "arn:aws:s3:::b/k", "arn:aws:s3:::b/kk", "arn:aws:s3:::*", "b", "a:b/k")),
)


@settings(max_examples=1000, deadline=None, derandomize=True, database=None)
@given(
    st.lists(statements(), min_size=1, max_size=3), _ASKED, st.sampled_from(("2012-10-17", None))
)
def test_simulate_and_the_oracle_agree(
    drawn: list[tuple[dict[str, Any], dict[str, tuple[str, ...]]]],
    asked: tuple[str, str, str],
    version: str | None,
) -> None:
    """Two readings of AWS's pages, written apart from one another, decide alike."""
    document = {"Statement": [s for s, _ in drawn]} | ({"Version": version} if version else {})
    context = {key: values for _, c in drawn for key, values in c.items()}
    caller, action, resource = asked
    found = from_json(document).statements
    request = Request(caller, action, resource, context)
    expected = decisions.decide(
        decisions.statements([document]),
        decisions.Request(action, resource, _CALLERS[caller], context),
    )
    assert effect(found, request) == expected
    # With the context fixed, the same is said without one.
    assert effect(under(found, context), request._replace(context={})) == expected


@settings(max_examples=200, deadline=None, derandomize=True, database=None)
@given(st.lists(statements(), min_size=1, max_size=3), _ASKED)
def test_identity_policies_alone_are_their_statements(
    drawn: list[tuple[dict[str, Any], dict[str, tuple[str, ...]]]], asked: tuple[str, str, str]
) -> None:
    """The whole logic adds nothing where there is nothing but identity policies."""
    written = [{k: v for k, v in s.items() if "Principal" not in k} for s, _ in drawn]
    policy = from_json({"Version": "2012-10-17", "Statement": written})
    context = {key: values for _, c in drawn for key, values in c.items()}
    request = Request(_USER, asked[1], asked[2], context)
    policies = Policies((Named("p", policy),))
    # A level of SCPs that allows everything changes nothing, but goes the long way.
    everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    full = Named("all", from_json({"Statement": everything}))
    decision = decide(request, policies)
    longer = decide(request, policies._replace(scps=((full,),)))
    own = tuple(m for m in longer.matched if m.layer != "scp")
    assert longer._replace(matched=own) == decision
    verdict = decision.verdict
    said = effect(policy.statements, filled(request))
    assert verdict == {"Allow": "allowed", "Deny": "explicitDeny", None: "implicitDeny"}[said]

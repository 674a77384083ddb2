"""Builds whose texts try to break out of whatever they are written into.

Only what IAM itself takes: names are narrow, but descriptions, tags and the values of policies
hold nearly anything (AWS "reference_iam-quotas").
"""

from __future__ import annotations

from hypothesis import strategies as st

from iamdsl import iam

PIECES = (
    "'", '"', "`", "$", "${", "}", "$(", ")", "$(id)", "`id`", "${x}", "$${", "%{", "%%{", "{{", "}}",
    "{%", "{#", "\\", "\\n", "\n", "\t", "\r", "#", "//", "/*", "*/", "<<EOF", "EOF", "END", "---", "...",
    "- ", ": ", "!", "!Sub", "&a", "*a", "|", ">", "yes", "no", "on", "off", "null", "~", "true", "NaN",
    "0123", "0x1F", "1e3", "2012-10-17", "12:30:45", "=", "@", "<script>", "&amp;", "é", "ÿ", "\u00a0",
    " ", "a", "b", "-", "_", "${aws:username}", "${!x}", "${AWS::Region}", ";", "&&", "||", "!!",
    'f"', '"""', "'''", "\u2028", "😀",
)  # fmt: skip
"""What has a meaning to some shell, language or format that we write."""

anything = st.lists(st.sampled_from(PIECES), min_size=1, max_size=6).map("".join)
"""What a condition's value can be."""

_DESCRIPTION = frozenset(map(chr, [9, 10, 13, *range(0x20, 0x7F), *range(0xA1, 0x100)]))
descriptions = anything.map(lambda t: "".join(c for c in t if c in _DESCRIPTION)).filter(bool)
"""What IAM takes as a description: Latin 1 without its blanks."""

_TAG = frozenset(" _.:/=+-@")
tag_values = anything.map(lambda t: "".join(c for c in t if c.isalnum() or c in _TAG).strip())
tag_keys = tag_values.filter(lambda t: bool(t) and not t.lower().startswith("aws:"))

_NAME = "abAB09_+=,.@-"
names = st.text(_NAME, min_size=1, max_size=12)
paths = st.text("!\"#$%&'()+,-.:;<=>@AZ[\\]^_`az{|}~", min_size=1, max_size=6).map(
    lambda t: f"/{t}/"
)


@st.composite
def policies(draw: st.DrawFn) -> iam.Policy:
    """Draw an identity policy with odd texts in every place that takes them."""
    resource = draw(anything.map(lambda t: f"arn:aws:s3:::bucket/{t}"))
    entry = iam.Entry("StringEquals", "aws:PrincipalTag/team", (draw(anything), draw(anything)))
    statement = iam.Statement(
        "Allow", iam.Elements(("s3:GetObject",)), iam.Elements((resource,)),
        condition=(entry,),
    )  # fmt: skip
    return iam.Policy((statement,))


TRUST = iam.Policy(
    (
        iam.Statement(
            "Allow",
            iam.Elements(("sts:AssumeRole",)),
            None,
            principals=iam.Principals((("Service", ("lambda.amazonaws.com",)),)),
        ),
    )
)


@st.composite
def builds(draw: st.DrawFn) -> iam.Build:
    """Draw a build of one policy, one role that has it attached and holds one of its own."""
    name = draw(names)
    document = iam.Document(
        "managed", name, draw(policies()), draw(paths), draw(descriptions),
        ((draw(tag_keys), draw(tag_values)),),
    )  # fmt: skip
    role = iam.Identity(
        "role", draw(names), draw(paths), draw(descriptions), TRUST,
        inline=((draw(names), draw(policies())),),
        managed=(iam.Attachment(name, ours=True),),
        tags=((draw(tag_keys), draw(tag_values)),),
    )  # fmt: skip
    return iam.Build((document,), (role,))

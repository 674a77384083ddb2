"""Pairs of policies that look alike and are not, or look different and are alike.

Each row is a question, the answer that AWS's pages give, and a sentence that says why.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from judged import allow, ask, deny

from iamdsl.iam import placeholder

if TYPE_CHECKING:
    from judged import Side, Verb

S, T, V = "aws:PrincipalTag/s", "aws:PrincipalTag/t", "aws:PrincipalTag/v"
MANY, NUMBER, DATE, SECURE = (
    "aws:TagKeys",
    "aws:MultiFactorAuthAge",
    "aws:CurrentTime",
    "aws:SecureTransport",
)
FROM, ARN = "aws:SourceIp", "aws:SourceArn"


class Trap(NamedTuple):
    """A question with its answer."""

    why: str
    first: Side
    verdict: str
    second: Side
    verb: Verb = "equivalent"


def when(*blocks: dict[str, dict[str, Any]], effect: str = "Allow") -> Side:
    """Return a statement for each condition block."""
    return tuple({**allow("s3:GetObject", when=block), "Effect": effect} for block in blocks)


def one(operator: str, key: str, values: Any, **more: dict[str, Any]) -> dict[str, Any]:
    """Return a block of one entry, and of more operators."""
    return {operator: {key: values}, **more}


def on(*resources: Any, **more: Any) -> Side:
    return tuple(allow("s3:GetObject", each, **more) for each in resources)


def did(*actions: Any) -> Side:
    return tuple(allow(each) for each in actions)


NEVER = when(one("StringEquals", S, "a", StringNotEquals={S: "a"}))
EXISTS = when(one("Null", S, "false"))
ALWAYS: Side = (allow("s3:GetObject"),)

CONDITIONS = [
    Trap("a key may be missing", when(one("StringEquals", S, "x")), "no",
         when(one("StringEqualsIfExists", S, "x"))),
    Trap("negated operators hold of a missing key anyway", when(one("StringNotEquals", S, "x")),
         "yes", when(one("StringNotEqualsIfExists", S, "x"))),
    Trap("so that one of them is not the other with `Null`", when(one("StringNotEquals", S, "x")),
         "no", when(one("StringNotEquals", S, "x", Null={S: "false"}))),
    Trap("`Null` has two sides", when(one("Null", S, "true")), "no", EXISTS),
    Trap("`Null` with both is always so", when(one("Null", S, ["true", "false"])), "yes", ALWAYS),
    Trap("a negated list is a NOR", when(one("StringNotEquals", S, ["x", "y"])), "no",
         when(one("StringNotEquals", S, "x"), one("StringNotEquals", S, "y"))),
    Trap("two statements that exclude different values exclude none",
         when(one("StringNotEquals", S, "x"), one("StringNotEquals", S, "y")), "yes", ALWAYS),
    Trap("a positive list is an OR", when(one("StringEquals", S, ["x", "y"])), "yes",
         when(one("StringEquals", S, "x"), one("StringEquals", S, "y"))),
    Trap("values have no order and no number", when(one("StringEquals", S, ["x", "y", "x"])), "yes",
         when(one("StringEquals", S, ["y", "x"]))),
    Trap("keys are read without case", when(one("StringEquals", S, "x")), "yes",
         when(one("StringEquals", S.upper(), "x"))),
    Trap("two spellings of a key are one key, with two tests",
         when({"StringEquals": {S: "x"}, "StringLike": {S.upper(): "y"}}), "yes", NEVER),
    Trap("different keys are independent", when({"StringEquals": {S: "x", T: "x"}}), "no",
         when(one("StringEquals", S, "x"))),
    Trap("a condition split over a key of two values",
         when(one("Bool", SECURE, "true", StringEquals={S: "x"}),
              one("Bool", SECURE, "false", StringEquals={S: "x"})), "no",
         when(one("StringEquals", S, "x"))),
    Trap("and with the missing key as well",
         when(one("Bool", SECURE, "true"), one("BoolIfExists", SECURE, "false")), "yes", ALWAYS),
    # Sets of values.
    Trap("`ForAllValues` holds of a missing key", when(one("ForAllValues:StringEquals", MANY, "x")),
         "no", when(one("ForAllValues:StringEquals", MANY, "x", Null={MANY: "false"}))),
    Trap("`ForAnyValue` does not", when(one("ForAnyValue:StringEquals", MANY, "x")), "yes",
         when(one("ForAnyValue:StringEquals", MANY, "x", Null={MANY: "false"}))),
    Trap("one of several values is not all of them", when(one("ForAnyValue:StringEquals", MANY, "x")),
         "no", when(one("ForAllValues:StringEquals", MANY, "x", Null={MANY: "false"}))),
    Trap("IfExists says nothing under `ForAllValues`",
         when(one("ForAllValues:StringLikeIfExists", MANY, "x*")), "yes",
         when(one("ForAllValues:StringLike", MANY, "x*"))),
    Trap("`ForAnyValue:…IfExists` holds of a missing key",
         when(one("ForAnyValue:StringEqualsIfExists", MANY, "x")), "yes",
         when(one("Null", MANY, "true"), one("ForAnyValue:StringEquals", MANY, "x"))),
    Trap("`ForAnyValue:…IfExists` is not `ForAnyValue`",
         when(one("ForAnyValue:StringEqualsIfExists", MANY, "x")), "no",
         when(one("ForAnyValue:StringEquals", MANY, "x"))),
    Trap("some value differs: not the same as none is it",
         when(one("ForAnyValue:StringNotEquals", MANY, "x")), "no",
         when(one("ForAllValues:StringNotEquals", MANY, "x", Null={MANY: "false"}))),
    Trap("two values may meet what one cannot",
         when({"ForAnyValue:StringEquals": {MANY: "x"}, "ForAnyValue:StringLike": {MANY: "y*"}}),
         "no", NEVER),
    Trap("a value of a set is like one pattern and another is not",
         when({"ForAnyValue:StringLike": {MANY: "a*"}, "ForAnyValue:StringNotLike": {MANY: "a*"}}),
         "no", NEVER),
    Trap("all of the set are x, and one is not",
         when({"ForAllValues:StringEquals": {MANY: "x"}, "ForAnyValue:StringNotEquals": {MANY: "x"}}),
         "yes", NEVER),
    Trap("the lists of `ForAllValues` do not join",
         when(one("ForAllValues:StringEquals", MANY, "x"), one("ForAllValues:StringEquals", MANY, "y")),
         "no", when(one("ForAllValues:StringEquals", MANY, ["x", "y"]))),
    Trap("three values are needed to tell these apart",
         when({"ForAnyValue:StringEquals": {MANY: "x"}, "ForAnyValue:StringLike": {MANY: "y"},
               "ForAnyValue:StringEqualsIfExists": {MANY: "z"}}), "no",
         when({"ForAnyValue:StringEquals": {MANY: "x"}, "ForAnyValue:StringLike": {MANY: "y"}})),
    # Truth, numbers, instants, networks.
    Trap("truth has no case", when(one("Bool", SECURE, "TRUE")), "yes",
         when(one("Bool", SECURE, "true"))),
    Trap("true and false together", when(one("Bool", SECURE, "true", BoolIfExists={SECURE: "false"})),
         "yes", NEVER),
    Trap("both truths are any value", when(one("Bool", SECURE, "true"), one("Bool", SECURE, "false")),
         "yes", when(one("Null", SECURE, "false"))),
    Trap("numbers have several spellings", when(one("NumericEquals", NUMBER, "5")), "yes",
         when(one("NumericEquals", NUMBER, "5.00"))),
    Trap("numbers may be close", when(one("NumericLessThan", NUMBER, "5")), "no",
         when(one("NumericLessThan", NUMBER, "5.0000001"))),
    Trap("numbers may be larger than a float", when(one("NumericEquals", NUMBER, "9007199254740993")),
         "no", when(one("NumericEquals", NUMBER, "9007199254740992"))),
    Trap("there are numbers between 4 and 5", when(one("NumericLessThan", NUMBER, "5")), "no",
         when(one("NumericLessThanEquals", NUMBER, "4"))),
    Trap("a list of bounds is the loosest one", when(one("NumericLessThan", NUMBER, ["5", "7"])),
         "yes", when(one("NumericLessThan", NUMBER, "7"))),
    Trap("not less is at least, or missing",
         when(one("NumericLessThan", NUMBER, "5"),
              one("NumericGreaterThanEqualsIfExists", NUMBER, "5")), "yes", ALWAYS),
    Trap("less and more are not all: the number itself",
         when(one("NumericLessThan", NUMBER, "5"), one("NumericGreaterThan", NUMBER, "5")), "no",
         when(one("Null", NUMBER, "false"))),
    Trap("there is a number between any two",
         when(one("NumericGreaterThan", NUMBER, f"0.{'0' * 40}1", NumericLessThan={NUMBER: f"0.{'0' * 40}2"})),
         "no", NEVER),
    Trap("however large they are",
         when(one("NumericGreaterThan", NUMBER, f"1{'0' * 40}1", NumericLessThan={NUMBER: f"1{'0' * 40}3"})),
         "no", NEVER),
    Trap("within reason", when(one("NumericLessThan", NUMBER, "1e99999")), "unknown",
         when(one("NumericLessThan", NUMBER, "1e999999"))),
    Trap("what is no number is itself", when(one("NumericEquals", NUMBER, ["NaN", "5"])), "no",
         when(one("NumericEquals", NUMBER, "NaN"))),
    Trap("below zero", when(one("NumericLessThan", NUMBER, "0")), "no", NEVER),
    Trap("an instant has several spellings", when(one("DateEquals", DATE, "2026-01-01T00:00:00Z")),
         "yes", when(one("DateEquals", DATE, "2026-01-01T01:00:00+01:00"))),
    Trap("a day is its first instant", when(one("DateLessThan", DATE, "2026-01-01")), "yes",
         when(one("DateLessThan", DATE, "2026-01-01T00:00:00Z"))),
    Trap("seconds since 1970 are an instant", when(one("DateLessThan", DATE, "1767225600")), "yes",
         when(one("DateLessThan", DATE, "2026-01-01T00:00:00Z"))),
    Trap("a second lies between", when(one("DateLessThan", DATE, "2026-01-01T00:00:00Z")), "no",
         when(one("DateLessThanEquals", DATE, "2025-12-31T23:59:59Z"))),
    Trap("instants may be a millionth of a second apart",
         when(one("DateEquals", DATE, "9000-01-01T00:00:00.000001Z")), "no",
         when(one("DateEquals", DATE, "9000-01-01T00:00:00.000002Z"))),
    Trap("the last second of the calendar", when(one("DateLessThan", DATE, "9999-12-31T23:59:59Z")), "no",
         when(one("Null", DATE, "false"))),
    Trap("the first one", when(one("DateGreaterThanEquals", DATE, "0001-01-01T00:00:00Z")), "no",
         when(one("Null", DATE, "false"))),
    Trap("bytes that are not listed", when(one("BinaryEquals", "acme:b", "b3RoZXI=")), "no",
         when(one("Null", "acme:b", "false"))),
    Trap("host bits say nothing", when(one("IpAddress", FROM, "10.1.2.3/8")), "yes",
         when(one("IpAddress", FROM, "10.0.0.0/8"))),
    Trap("an address is a network of one", when(one("IpAddress", FROM, "10.1.2.3")), "yes",
         when(one("IpAddress", FROM, "10.1.2.3/32"))),
    Trap("two halves are a whole", when(one("IpAddress", FROM, ["10.0.0.0/9", "10.128.0.0/9"])), "yes",
         when(one("IpAddress", FROM, "10.0.0.0/8"))),
    Trap("one address is left out", when(one("IpAddress", FROM, ["10.0.0.0/9", "10.128.0.0/10",
                                                                  "10.192.0.0/11", "10.224.0.0/12"])),
         "no", when(one("IpAddress", FROM, "10.0.0.0/8"))),
    Trap("an address of six is in no network of four",
         when(one("NotIpAddress", FROM, "0.0.0.0/0", Null={FROM: "false"})), "no", NEVER),
    Trap("all of both are any address", when(one("IpAddress", FROM, ["0.0.0.0/0", "::/0"])), "yes",
         when(one("Null", FROM, "false"))),
    Trap("a hole in a network", when(one("IpAddress", FROM, "10.0.0.0/8", NotIpAddress={FROM: "10.255.255.255"})),
         "no", when(one("IpAddress", FROM, "10.0.0.0/8"))),
    # Texts.
    Trap("a star is a star under Equals", when(one("StringEquals", S, "a*")), "no",
         when(one("StringLike", S, "a*"))),
    Trap("and an escaped one under Like", when(one("StringEquals", S, "a*")), "yes",
         when(one("StringLike", S, "a${*}"))),
    Trap("a question mark is one character", when(one("StringLike", S, "a?")), "no",
         when(one("StringLike", S, "a*"))),
    Trap("an escaped question mark is itself", when(one("StringLike", S, "a${?}")), "no",
         when(one("StringLike", S, "a?"))),
    Trap("an escaped dollar begins no variable", when(one("StringLike", S, "${$}{x}")), "no", NEVER),
    Trap("order of wildcards says nothing", when(one("StringLike", S, "a?*")), "yes",
         when(one("StringLike", S, "a*?"))),
    Trap("two stars are one", when(one("StringLike", S, "a**b")), "yes",
         when(one("StringLike", S, "a*b"))),
    Trap("the empty text is a value", when(one("StringLike", S, "?*")), "no", EXISTS),
    Trap("a star matches the empty text", when(one("StringLike", S, "*")), "yes", EXISTS),
    Trap("the empty text is not missing", when(one("StringEquals", S, "")), "no",
         when(one("Null", S, "true"))),
    Trap("all but the empty text", when(one("StringNotEquals", S, "", Null={S: "false"})), "yes",
         when(one("StringLike", S, "?*"))),
    Trap("texts have a case", when(one("StringEquals", S, "x")), "no", when(one("StringEquals", S, "X"))),
    Trap("without case there are all spellings", when(one("StringEqualsIgnoreCase", S, "xy")), "yes",
         when(one("StringEquals", S, ["xy", "xY", "Xy", "XY"]))),
    Trap("and one is not all", when(one("StringEqualsIgnoreCase", S, "xy")), "no",
         when(one("StringEquals", S, ["xy", "xY", "XY"]))),
    Trap("the Kelvin sign is a k without case", when(one("StringEqualsIgnoreCase", S, "k")), "no",
         when(one("StringEquals", S, ["k", "K"]))),
    Trap("letters beyond ASCII have cases that are longer", when(one("StringEqualsIgnoreCase", S, "ß")),
         "unknown", NEVER),
    Trap("or depend on where they stand", when(one("StringEqualsIgnoreCase", S, "\u0391\u03a3")),
         "unknown", when(one("StringEqualsIgnoreCase", S, "\u0391\u03a3"), one("StringEquals", S, "\u03b1\u03c3"))),
    Trap("the same text beyond ASCII is the same", when(one("StringEqualsIgnoreCase", S, "ß")), "yes",
         when(one("StringEqualsIgnoreCase", S.lower(), ["ß", "ß"]))),
    Trap("texts beyond ASCII match themselves", when(one("StringLike", S, "ß*é")), "no",
         when(one("StringLike", S, "ß*è"))),
    Trap("what matches both patterns", when(one("StringLike", S, "ab*", StringLikeIfExists={S: "*bc"})),
         "yes", when(one("StringLike", S, ["abc", "ab*bc"]))),
    Trap("a pattern that ends as it begins needs no second copy",
         when(one("StringLike", S, "a*", StringLikeIfExists={S: "*a"})), "yes",
         when(one("StringLike", S, ["a", "a*a"]))),
    Trap("patterns that nearly cover all", when(one("StringLike", S, ["a*", "?*"])), "no", EXISTS),
    # ARNs.
    Trap("a star stays in its field of an ARN",
         when(one("ArnLike", ARN, "arn:aws:s3:::*")), "no", when(one("ArnLike", ARN, "arn:aws:*"))),
    Trap("but crosses fields of a text", when(one("ArnLike", ARN, "arn:aws:*:*::role/x")), "no",
         when(one("StringLike", ARN, "arn:aws:*:*::role/x"))),
    Trap("what has fewer fields is a text", when(one("ArnLike", ARN, "arn:aws:*:role/x")), "yes",
         when(one("StringLike", ARN, "arn:aws:*:role/x"))),
    Trap("the sixth field has colons of its own", when(one("ArnLike", ARN, "arn:aws:s3:::a*")), "yes",
         when(one("StringLike", ARN, "arn:aws:s3:::a*"))),
    Trap("ArnEquals has wildcards too", when(one("ArnEquals", ARN, "arn:aws:s3:::a*")), "yes",
         when(one("ArnLike", ARN, "arn:aws:s3:::a*"))),
    Trap("ArnEquals with wildcards is not one text", when(one("ArnEquals", ARN, "arn:aws:s3:::a*")),
         "no", when(one("StringEquals", ARN, "arn:aws:s3:::a*"))),
    Trap("an escaped star of an ARN", when(one("ArnEquals", ARN, "arn:aws:s3:::a${*}")), "yes",
         when(one("StringEquals", ARN, "arn:aws:s3:::a*"))),
    Trap("ARN fields one by one", when(one("ArnLike", ARN, "arn:*:s3:*:*:*")), "no",
         when(one("ArnLike", ARN, "arn:*:s3:*::*"))),
    # Denies.
    Trap("a negated deny leaves no one out that has no key",
         (allow("s3:GetObject"), *when(one("StringNotEquals", S, "x"), effect="Deny")), "no",
         (allow("s3:GetObject"),
          *when(one("StringNotEquals", S, "x", Null={S: "false"}), effect="Deny"))),
    Trap("allow and deny, or allow what is left: nothing is not deny",
         (allow("s3:GetObject"), *when(one("StringEquals", S, "x"), effect="Deny")), "no",
         when(one("StringNotEquals", S, "x"))),
    Trap("but the same is allowed",
         [(allow("s3:GetObject"), *when(one("StringEquals", S, "x"), effect="Deny"))], "yes",
         when(one("StringNotEquals", S, "x")), "implies"),
    Trap("also the other way", when(one("StringNotEquals", S, "x")), "yes",
         [(allow("s3:GetObject"), *when(one("StringEquals", S, "x"), effect="Deny"))], "implies"),
    Trap("a deny hides an allow", (deny("s3:*"), allow("s3:GetObject")), "yes", (deny("s3:*"),)),
    Trap("a narrower deny is not hidden", (allow("s3:*"), deny("s3:GetObject")), "no", (allow("s3:*"),)),
    Trap("a deny under a test and its negation is a plain one",
         when(one("Bool", SECURE, "true"), one("BoolIfExists", SECURE, "false"), effect="Deny"), "yes",
         (deny("s3:GetObject"),)),
    Trap("denying nothing is not saying nothing", (deny("s3:GetObject"),), "no",
         (deny("s3:PutObject"),)),
]  # fmt: skip

ELEMENTS = [
    Trap("actions have no case", did("S3:getobject"), "yes", did("s3:GetObject")),
    Trap("a wildcard is more than what there is today", did("s3:GetBucket*"), "no",
         did(["s3:GetBucketAcl", "s3:GetBucketLocation"])),
    Trap("a question mark stands for a letter", did(["s3:GetObject", "s3:G?tObject"]), "yes",
         did("s3:G?tObject")),
    Trap("which may be another one", did("s3:G?tObject"), "no", did("s3:GetObject")),
    Trap("a wildcard in the service", did("s*:Get*"), "no", did(["s3:Get*", "sqs:Get*", "sns:Get*"])),
    Trap("all actions have a service", did("*"), "yes", did("*:*")),
    Trap("actions that nobody knows", did("s3:ANewThing"), "no", did("s3:ANewOther")),
    Trap("and patterns of them", did(["s3:ANew*"]), "no", did("s3:ANewThing")),
    Trap("a list and all but the list", (allow("s3:*"), allow(None, NotAction="s3:*")), "yes", did("*")),
    Trap("all but one, and all but another", (allow(None, NotAction="s3:*"), allow(None, NotAction="sqs:*")),
         "yes", did("*")),
    Trap("all but one and its part", (allow(None, NotAction="s3:*"), allow(None, NotAction="s3:Get*")),
         "yes", (allow(None, NotAction="s3:Get*"),)),
    Trap("all but two is less than all but one", (allow(None, NotAction=["s3:*", "sqs:*"]),), "no",
         (allow(None, NotAction="s3:*"),)),
    Trap("all but one leaves services of next week", (deny(None, NotAction="s3:*"),), "no",
         (deny(["ec2:*", "sqs:*", "iam:*"]),)),
    Trap("two patterns that meet", did(["s3:Get*", "s3:*Acl"]), "no",
         did(["s3:Get*", "s3:Put*Acl"])),
    Trap("resources have a case", on("arn:aws:s3:::a"), "no", on("arn:aws:s3:::A")),
    Trap("a star crosses slashes and colons", on("arn:aws:s3:::a*"), "yes",
         on(["arn:aws:s3:::a*", "arn:aws:s3:::a/b:c*"])),
    Trap("a star crosses fields", on("arn:aws:sqs:*:q"), "no", on("arn:aws:sqs:*:*:q")),
    Trap("a short ARN goes on", on("arn:aws:s3"), "yes", on("arn:aws:s3:*:*:*")),
    Trap("a star is all resources, also no resource", on("*"), "no", on("arn:*")),
    Trap("all ARNs in two ways", on("arn:*"), "yes", on("arn:*:*:*:*:*")),
    Trap("a folder and what is in it", on("arn:aws:s3:::a/*"), "no", on("arn:aws:s3:::a/?*")),
    Trap("a folder does not hold its bucket", on("arn:aws:s3:::a*"), "no",
         on("arn:aws:s3:::a/*", "arn:aws:s3:::a")),
    Trap("an escaped star is a name", on("arn:aws:s3:::${*}"), "no", on("arn:aws:s3:::*")),
    Trap("resources and all others", (*on("arn:aws:s3:::a*"), *on(None, NotResource="arn:aws:s3:::a*")),
         "yes", on("*")),
    Trap("all but one, and all but another",
         (*on(None, NotResource="arn:aws:s3:::a"), *on(None, NotResource="arn:aws:s3:::b")), "yes", on("*")),
    Trap("all but lists that meet leave what they share",
         (*on(None, NotResource=["arn:aws:s3:::a", "arn:aws:s3:::b"]),
          *on(None, NotResource=["arn:aws:s3:::b", "arn:aws:s3:::c"])), "yes",
         on(None, NotResource="arn:aws:s3:::b")),
    Trap("patterns of them too",
         (*on(None, NotResource="arn:aws:s3:::a*"), *on(None, NotResource="arn:aws:s3:::*b")), "no", on("*")),
    Trap("what they share is a pattern itself",
         (*on(None, NotResource="arn:aws:s3:::a*"), *on(None, NotResource="arn:aws:s3:::*b")), "yes",
         on(None, NotResource="arn:aws:s3:::a*b")),
    Trap("a resource under another action", (allow("s3:GetObject", "arn:aws:s3:::a"), allow("s3:PutObject", "*")),
         "no", (allow("s3:GetObject", "*"), allow("s3:PutObject", "arn:aws:s3:::a"))),
    Trap("lists do not pair", (allow("s3:GetObject", "arn:aws:s3:::a"), allow("s3:PutObject", "arn:aws:s3:::b")),
         "no", (allow(["s3:GetObject", "s3:PutObject"], ["arn:aws:s3:::a", "arn:aws:s3:::b"]),)),
    Trap("patterns of which each covers a part", on(["arn:aws:s3:::a*b", "arn:aws:s3:::a*c"]), "no",
         on("arn:aws:s3:::a*")),
    Trap("conditions of resources that overlap",
         (*on("arn:aws:s3:::a*", when=one("Bool", SECURE, "true")),
          *on("arn:aws:s3:::*b", when=one("BoolIfExists", SECURE, "false"))), "no",
         (*on("arn:aws:s3:::a*", when=one("Bool", SECURE, "true")),
          *on("arn:aws:s3:::*b", when=one("BoolIfExists", SECURE, "false")),
          *on("arn:aws:s3:::ab"),
          *on("arn:aws:s3:::ac"))),
    Trap("where they overlap, all is allowed",
         (*on("arn:aws:s3:::a*", when=one("Bool", SECURE, "true")),
          *on("arn:aws:s3:::*b", when=one("BoolIfExists", SECURE, "false"))), "yes",
         (*on("arn:aws:s3:::a*", when=one("Bool", SECURE, "true")),
          *on("arn:aws:s3:::*b", when=one("BoolIfExists", SECURE, "false")),
          *on("arn:aws:s3:::ab"))),
]  # fmt: skip

VAR = f"${{{V}}}"
OPEN = [
    Trap("a variable is a text", when(one("StringEquals", S, VAR)), "no", EXISTS),
    Trap("without its value it matches nothing", when(one("StringEquals", S, VAR)), "yes",
         when(one("StringEquals", S, VAR, Null={V: "false"}))),
    Trap("negated, that is all", when(one("StringNotEquals", S, VAR)), "no",
         when(one("StringNotEquals", S, VAR, Null={V: "false"}))),
    Trap("the negation of a variable", when(one("StringEquals", S, VAR), one("StringNotEquals", S, VAR)),
         "yes", ALWAYS),
    Trap("variables of two keys", when(one("StringEquals", S, VAR)), "no",
         when(one("StringEquals", S, f"${{{T}}}"))),
    Trap("a list with a variable is an OR", when(one("StringEquals", S, ["x", VAR])), "yes",
         when(one("StringEquals", S, "x"), one("StringEquals", S, VAR))),
    Trap("a negated list with a variable is a NOR", when(one("StringNotEquals", S, ["x", VAR])), "no",
         when(one("StringNotEquals", S, "x"))),
    Trap("what is before a variable is said", when(one("StringLike", S, f"h/{VAR}*")), "yes",
         when(one("StringLike", S, "h/*")), "implies"),
    Trap("but not what it holds", when(one("StringLike", S, "h/*")), "no",
         when(one("StringLike", S, f"h/{VAR}*")), "implies"),
    Trap("two readings of one value", when(one("StringEquals", S, VAR, StringLike={S: "a*"})), "yes",
         when(one("StringLike", S, "a*")), "implies"),
    Trap("a variable and a text that it cannot be", when(one("StringLike", S, f"h/{VAR}", StringEqualsIfExists={S: "x"})),
         "yes", NEVER),
    Trap("a resource with a variable is one with a star", on(f"arn:aws:s3:::{VAR}/*"), "yes",
         on("arn:aws:s3:::*/*"), "implies"),
    Trap("not the other way", on("arn:aws:s3:::*/*"), "no", on(f"arn:aws:s3:::{VAR}/*"), "implies"),
    Trap("without its value there is no resource", on(f"arn:aws:s3:::{VAR}/*"), "yes",
         on(f"arn:aws:s3:::{VAR}/*", when=one("Null", V, "false"))),
    Trap("a default is a value", on(f"arn:aws:s3:::${{{V}, 'dd'}}/*"), "no",
         on(f"arn:aws:s3:::{VAR}/*")),
    Trap("the default's own resource", on("arn:aws:s3:::dd/x", when=one("Null", V, "true")), "yes",
         on(f"arn:aws:s3:::${{{V}, 'dd'}}/*"), "implies"),
    Trap("all but a variable's resource", on(None, NotResource=f"arn:aws:s3:::{VAR}"), "no", on("*")),
    Trap("a resource and all others, with a variable",
         (*on(None, NotResource=f"arn:aws:s3:::{VAR}"), *on(f"arn:aws:s3:::{VAR}")), "yes", on("*")),
    Trap("a deny with a variable", (allow("s3:GetObject"), deny("s3:GetObject", f"arn:aws:s3:::{VAR}")), "no",
         (allow("s3:GetObject"),)),
    # Not followed, and said so: what a condition says of a variable's key, for all resources.
    Trap("one value of a variable, by a condition",
         on(f"arn:aws:s3:::{VAR}", when=one("StringEquals", V, "a")), "unknown",
         on("arn:aws:s3:::a"), "implies"),
    Trap("some value is a variable's", when(one("ForAnyValue:StringEquals", MANY, VAR)), "yes",
         when(one("ForAnyValue:StringEquals", MANY, VAR, Null={MANY: "false"}))),
    Trap("all values are, or there are none", when(one("ForAllValues:StringEquals", MANY, VAR)), "no",
         when(one("ForAllValues:StringEquals", MANY, VAR, Null={MANY: "false"}))),
    # Likewise: that one of these entries is the other's negation.
    Trap("all are, and some is not", when({"ForAllValues:StringEquals": {MANY: VAR},
                                            "ForAnyValue:StringNotEquals": {MANY: VAR}}), "unknown", NEVER),
    Trap("what only a deployment knows is itself", on(f"arn:aws:s3:::{placeholder('bucket.name')}/*"), "yes",
         (*on(f"arn:aws:s3:::{placeholder('bucket.name')}/*"),
          *on(f"arn:aws:s3:::{placeholder('bucket.name')}/x"))),
    Trap("it is not all", on(f"arn:aws:s3:::{placeholder('bucket.name')}"), "no", on("arn:aws:s3:::*")),
    Trap("but part of all", on(f"arn:aws:s3:::{placeholder('bucket.name')}"), "yes",
         on("arn:aws:s3:::*"), "implies"),
    Trap("two of them may differ", on(f"arn:aws:s3:::{placeholder('one')}"), "no",
         on(f"arn:aws:s3:::{placeholder('other')}")),
    Trap("in a condition too", when(one("StringEquals", S, placeholder("team"))), "no",
         when(one("StringEquals", S, ["x", placeholder("team")]))),
]  # fmt: skip

EVERY = [*CONDITIONS, *ELEMENTS, *OPEN]


@pytest.mark.parametrize("trap", EVERY, ids=lambda trap: f"{trap.verb}: {trap.why}")
def test_trap(trap: Trap) -> None:
    """The answer is the right one, and a no is confirmed by another evaluator."""
    answer = ask(trap.verb, trap.first, trap.second)
    assert answer.verdict == trap.verdict, answer


@pytest.mark.parametrize(
    "trap", [t for t in EVERY if t.verb == "equivalent"], ids=lambda trap: trap.why
)
def test_trap_the_other_way(trap: Trap) -> None:
    """Which side comes first makes no difference, and equivalent sides allow the same."""
    assert ask("equivalent", trap.second, trap.first).verdict == trap.verdict
    if trap.verdict == "yes":
        assert ask("implies", trap.first, trap.second)
        assert ask("implies", trap.second, trap.first)


@pytest.mark.parametrize("trap", EVERY, ids=lambda trap: trap.why)
def test_trap_beside_others(trap: Trap) -> None:
    """Statements about something else on both sides change no answer."""
    if isinstance(trap.first, list) or isinstance(trap.second, list):
        return
    more = (allow("sqs:SendMessage"), deny("sqs:DeleteQueue", when=one("Null", S, "true")))
    answer = ask(trap.verb, (*trap.first, *more), (*trap.second, *more))
    assert answer.verdict == trap.verdict, answer

"""Small random policies that are close to each other, and requests that tell them apart."""

from __future__ import annotations

import copy
import itertools
from functools import cache
from typing import TYPE_CHECKING, Any

import decisions
from decisions import Request

from iamdsl.aws import Catalogue
from iamdsl.aws.container import decode, encode
from iamdsl.resources import open_catalogue

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator

ACTIONS = (
    "s3:GetObject", "s3:Get*", "s3:*Object", "s3:PutObject", "*", "s3:*", "S3:getobject",
    "sqs:SendMessage", "s3:NewThing", "s3:New*", "s3:G?tObject", "s*:Get*",
)  # fmt: skip
RESOURCES = (
    "*", "arn:aws:s3:::a", "arn:aws:s3:::a/*", "arn:aws:s3:::*/x", "arn:aws:s3:::a/x",
    "arn:aws:s3:::?", "arn:aws:s3:::${aws:PrincipalTag/v}/*", "arn:aws:s3", "arn:aws:s3:::A",
    "arn:aws:s3:::a/${aws:PrincipalTag/v, 'dd'}", "arn:aws:s3:::*a*", "arn:aws:s3:::${*}",
)  # fmt: skip
STRINGS = ("r", "R", "q", "x*", "*x", "x?", "${aws:PrincipalTag/v}", "x${aws:PrincipalTag/v}*", "")
KEYS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "aws:PrincipalTag/s": (
        ("StringEquals", "StringNotEquals", "StringLike", "StringNotLike",
         "StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase"),
        STRINGS,
    ),
    "aws:PrincipalTag/v": (("StringEquals", "StringNotEquals", "StringLike"), ("r", "q", "x*")),
    "aws:TagKeys": (
        ("ForAnyValue:StringEquals", "ForAllValues:StringEquals", "ForAnyValue:StringNotEquals",
         "ForAllValues:StringNotEquals", "ForAnyValue:StringLike", "ForAllValues:StringLike"),
        ("r", "q", "x*", "${aws:PrincipalTag/v}"),
    ),
    "aws:MultiFactorAuthAge": (
        ("NumericEquals", "NumericNotEquals", "NumericLessThan", "NumericLessThanEquals",
         "NumericGreaterThan", "NumericGreaterThanEquals"),
        ("1", "5", "5.0", "2.5"),
    ),
    "aws:CurrentTime": (
        ("DateEquals", "DateNotEquals", "DateLessThan", "DateGreaterThanEquals"),
        ("2026-01-01T00:00:00Z", "2026-01-01", "2027-06-30T12:00:00+01:00"),
    ),
    "aws:SecureTransport": (("Bool",), ("true", "false")),
    "aws:SourceIp": (
        ("IpAddress", "NotIpAddress"),
        ("10.0.0.0/8", "10.1.0.0/16", "10.1.2.3", "2001:db8::/32"),
    ),
    "aws:SourceArn": (
        ("ArnEquals", "ArnLike", "ArnNotLike", "StringLike"),
        ("arn:aws:s3:::a", "arn:aws:s3:::*", "arn:*:s3:::a*", "arn:aws:*:::a:b"),
    ),
}  # fmt: skip
VALUES: dict[str, tuple[tuple[str, ...], ...]] = {
    "aws:principaltag/s": ((), ("r",), ("R",), ("q",), ("x",), ("xx",), ("yx",), ("xr",), ("z",), ("",)),
    "aws:principaltag/v": ((), ("r",), ("q",), ("x",), ("a",), ("xy",), ("*",)),
    "aws:tagkeys": ((), ("r",), ("q",), ("xx",), ("r", "q"), ("r", "z"), ("z",), ("xx", "z"), ("r", "xx")),
    "aws:multifactorauthage": ((), ("0",), ("1",), ("2",), ("2.5",), ("3",), ("5",), ("9",)),
    "aws:currenttime": (
        (), ("2025-01-01T00:00:00Z",), ("2026-01-01T00:00:00Z",), ("2026-06-01T00:00:00Z",),
        ("2027-06-30T11:00:00Z",), ("2028-01-01T00:00:00Z",),
    ),
    "aws:securetransport": ((), ("true",), ("false",)),
    "aws:sourceip": ((), ("10.1.2.3",), ("10.1.2.4",), ("10.9.0.1",), ("8.8.8.8",), ("2001:db8::1",), ("::1",)),
    "aws:sourcearn": (
        (), ("arn:aws:s3:::a",), ("arn:aws:s3:::b",), ("arn:aws-cn:s3:::ab",), ("arn:aws:s3:::a:b",),
        ("arn:aws:sqs:::a:b",), ("arn:aws:sqs:eu::x",),
    ),
}  # fmt: skip


@cache
def some_services() -> Catalogue:
    """Return a catalogue of the services that the policies name and of every twelfth other.

    A pattern such as `s*:Get*` is held against each service of a catalogue, one like the other.
    """
    content = decode(open_catalogue())
    named = {"s3", "sqs", "sts"}
    every = sorted(content["services"])
    content["services"] = {n: content["services"][n] for n in sorted({*every[::12], *named})}
    data = encode(content)
    return Catalogue(lambda offset, size: data[offset : offset + size])


def document(choice: random.Random, statements: int) -> dict[str, Any]:
    """Return a random document."""
    made = [statement(choice) for _ in range(choice.randint(1, statements))]
    return {"Version": "2012-10-17", "Statement": made}


PRINCIPALS: tuple[Any, ...] = (
    "*",
    {"AWS": "111122223333"},
    {"AWS": ["arn:aws:iam::111122223333:role/a", "444455556666"]},
    {"Service": "lambda.amazonaws.com"},
    {"AWS": "*"},
)
CALLERS = (
    ("AWS", "arn:aws:iam::111122223333:role/a"),
    ("AWS", "arn:aws:iam::111122223333:role/b"),
    ("AWS", "arn:aws:iam::444455556666:user/u"),
    ("AWS", "arn:aws:iam::777755556666:user/u"),
    ("Service", "lambda.amazonaws.com"),
    ("Service", "ec2.amazonaws.com"),
    decisions.ANONYMOUS,
)


def layers(choice: random.Random, most: int) -> list[dict[str, Any]]:
    """Return documents of which each must allow, some with principals."""
    made = [document(choice, 2) for _ in range(choice.randint(1, most))]
    for each in made:
        if choice.random() < 0.3:
            for one in each["Statement"]:
                who = choice.choice(PRINCIPALS)
                negated = one["Effect"] == "Deny" and who != "*" and choice.random() < 0.4
                one["NotPrincipal" if negated else "Principal"] = who
    return made


_ABOUT_CALLERS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "aws:PrincipalArn": (
        ("ArnLike", "ArnNotLike", "StringEquals", "StringNotEqualsIfExists"),
        ("arn:aws:iam::111122223333:role/a", "arn:aws:iam::*:role/*", "arn:*:iam::444455556666:user/*"),
    ),
    "aws:PrincipalAccount": (
        ("StringEquals", "StringNotEquals"),
        ("111122223333", "777755556666"),
    ),
    "aws:PrincipalIsAWSService": (("Bool", "BoolIfExists"), ("true", "false")),
    "aws:PrincipalType": (("StringEquals", "StringNotEquals"), ("User", "AssumedRole")),
}  # fmt: skip


def about_callers(choice: random.Random) -> dict[str, Any]:
    """Return a document whose statements have principals, and conditions on who they are."""
    made = []
    for _ in range(choice.randint(1, 2)):
        one: dict[str, Any] = {"Effect": choice.choice(("Allow", "Allow", "Deny"))}
        one |= {"Principal": choice.choice(PRINCIPALS), "Action": "s3:Get*", "Resource": "*"}
        condition: dict[str, dict[str, Any]] = {}
        for key in choice.sample(list(_ABOUT_CALLERS), choice.choice((0, 1, 1, 2))):
            operators, values = _ABOUT_CALLERS[key]
            operator = choice.choice((*operators, "Null"))
            listed = ["true", "false"] if operator == "Null" else values
            condition.setdefault(operator, {})[key] = [choice.choice(listed)]
        made.append({**one, "Condition": condition} if condition else one)
    return {"Version": "2012-10-17", "Statement": made}


def as_caller(kind: str, who: str) -> dict[str, tuple[str, ...]]:
    """Return what keys about the caller hold, as AWS fills them in."""
    if kind == "Service":
        return {"aws:principalisawsservice": ("true",)}
    if kind != "AWS":
        return {"aws:principaltype": ("Anonymous",)}
    return {
        "aws:principalarn": (who,),
        "aws:principalaccount": (who.split(":")[4],),
        "aws:principaltype": ("User" if ":user/" in who else "AssumedRole",),
        "aws:principalisawsservice": ("false",),
    }


def near(choice: random.Random, first: dict[str, Any]) -> dict[str, Any]:
    """Return a document like another one, with one part of one statement changed, or regrouped."""
    made: list[dict[str, Any]] = copy.deepcopy(first["Statement"])
    match choice.choice(("part", "twice", "apart")):
        case "part":
            changed, other = choice.choice(made), statement(choice)
            member = choice.choice(("Action", "Resource", "Condition", "Effect"))
            for name in (member, f"Not{member}"):
                changed.pop(name, None)
                if name in other:
                    changed[name] = other[name]
        case "twice":
            made.append(copy.deepcopy(choice.choice(made)))
        case _:
            made = [
                {**s, "Action": [action]} if "Action" in s else s
                for s in made
                for action in s.get("Action", [None])
            ]
            choice.shuffle(made)
    return {**first, "Statement": made}


def statement(choice: random.Random) -> dict[str, Any]:
    """Return a random statement."""
    made: dict[str, Any] = {"Effect": choice.choice(("Allow", "Allow", "Deny"))}
    negated = "Not" if choice.random() < 0.1 else ""
    made[f"{negated}Action"] = choice.sample(ACTIONS, choice.randint(1, 2))
    negated = "Not" if choice.random() < 0.1 else ""
    made[f"{negated}Resource"] = choice.sample(RESOURCES, choice.randint(1, 2))
    condition: dict[str, dict[str, Any]] = {}
    for key in choice.sample(list(KEYS), choice.choice((0, 0, 1, 1, 2))):
        operators, values = KEYS[key]
        operator = choice.choice((*operators, "Null"))
        if operator == "Null":
            listed = [choice.choice(("true", "false"))]
        else:
            operator += choice.choice(("", "", "IfExists"))
            most = 1 if operator.startswith("Bool") else 2
            listed = choice.sample(values, choice.randint(1, min(most, len(values))))
        condition.setdefault(operator, {})[key] = listed
    if condition:
        made["Condition"] = condition
    return made


_ASKED = (
    "s3:GetObject", "s3:GetBucketAcl", "s3:PutObject", "s3:DeleteObject", "s3:NewThing", "s3:NewOther",
    "sqs:SendMessage", "ec2:RunInstances", "ses:GetX", "zz:New", "s3:GetNewObject", "s3:NewObject",
)  # fmt: skip
_ON = (
    "*", "arn:aws:s3:::a", "arn:aws:s3:::a/x", "arn:aws:s3:::a/y", "arn:aws:s3:::b/x", "arn:aws:s3:::A",
    "arn:aws:s3:::b", "arn:aws:s3:::r/x", "arn:aws:s3:::r/y", "arn:aws:s3:::q/y", "arn:aws:s3:::a/dd",
    "arn:aws:s3:::a/r", "arn:aws:sqs:eu:1:x", "arn:aws:s3:::*", "arn:aws:s3:::*/x", "arn:aws:s3:::cab",
)  # fmt: skip


def requests(choice: random.Random, contexts: int) -> Iterator[Request]:
    """Yield requests with every action and resource, each under some random contexts."""
    for action, resource in itertools.product(_ASKED, _ON):
        for _ in range(contexts):
            context = {
                key: choice.choice(values)
                for key, values in VALUES.items()
                if choice.random() < 0.7
            }
            yield Request(action, resource, choice.choice(CALLERS), context)

"""The prover against z3, on the part of IAM that z3 can say exactly.

Documents are told to z3 from their JSON, by code that shares nothing with iamdsl: a satisfiable
difference has to be a no, an unsatisfiable one a yes, and none may be unknown.
"""

from __future__ import annotations

import copy
import os
import random
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
import z3  # type: ignore[import-untyped]
from comparator import catalogue

from iamdsl import prove
from iamdsl.iam import from_json
from iamdsl.prove import Permissions

if TYPE_CHECKING:
    from collections.abc import Sequence

MANY = int(os.environ.get("IAMDSL_PROVE_EXAMPLES", "60"))
"""Pairs of policies for each of the tests."""

ACTIONS = (
    *("s3:GetObject", "s3:Get*", "s3:Put*", "s3:PutObject", "s3:GetObjectNew"),
    *("s3:*", "*", "sqs:*", "sqs:SendMessage", "sqs:Send*"),
)
ASKED = (
    *("s3:GetObject", "s3:GetBucketAcl", "s3:GetObjectNew", "s3:PutObject", "s3:PutBucketAcl"),
    *("s3:DeleteObject", "sqs:SendMessage", "sqs:SendMessageBatch", "sqs:ReceiveMessage"),
    *("s3:GetNew", "s3:PutNew", "s3:New", "sqs:SendNew", "sqs:New", "ec2:RunInstances", "new:New"),
)
"""One action for each set of `ACTIONS` that can match one; also of services nobody knows."""
RESOURCES = (
    *("*", "arn:aws:s3:::a", "arn:aws:s3:::a/*", "arn:aws:s3:::ab*", "arn:aws:s3:::a*"),
    *("arn:aws:s3:::b/x", "arn:aws:s3:::b/*"),
)
TEXTS = ("r", "rr", "r*", "q", "*", "", "rq*")
KEYS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    **dict.fromkeys(
        ("aws:PrincipalTag/s", "aws:PrincipalTag/t"),
        (("StringEquals", "StringNotEquals", "StringLike", "StringNotLike"), TEXTS),
    ),
    "aws:SecureTransport": (("Bool",), ("true", "false")),
    "aws:ViaAWSService": (("Bool",), ("true", "false")),
    "aws:MultiFactorAuthAge": (
        tuple(
            f"Numeric{test}"
            for test in ("Equals", "NotEquals", "LessThan", "LessThanEquals", "GreaterThan",
                         "GreaterThanEquals")
        ),
        ("1", "5", "5.0", "2.5", "-1"),
    ),
}  # fmt: skip


class World:
    """One request as z3 knows it: an action by its number, a resource, keys with their values."""

    def __init__(self) -> None:
        self.action = z3.Int("action")
        self.resource = z3.String("resource")
        self.there = {key: z3.Bool(f"{key} is there") for key in KEYS}
        self.values: dict[str, Any] = {}
        for key, (operators, _) in KEYS.items():
            make = {"S": z3.String, "B": z3.Bool, "N": z3.Real}[operators[0][0]]
            self.values[key] = make(key)
        self.rules = [
            self.action >= 0,
            self.action < len(ASKED),
            z3.PrefixOf(z3.StringVal("arn:aws:s3:::"), self.resource),
        ]

    def effect(self, document: dict[str, Any]) -> tuple[Any, Any]:
        """Return when a document denies, and when one of its statements allows."""
        made: dict[str, list[Any]] = {"Deny": [], "Allow": []}
        for statement in document["Statement"]:
            made[statement["Effect"]].append(self._matches(statement))
        return z3.Or(made["Deny"]), z3.Or(made["Allow"])

    def allowed(self, documents: Sequence[dict[str, Any]]) -> Any:
        """Return when each of some documents allows, and none denies."""
        effects = [self.effect(document) for document in documents]
        return z3.And([z3.And(allow, z3.Not(deny)) for deny, allow in effects])

    def _matches(self, statement: dict[str, Any]) -> Any:
        listed = statement.get("Action") or statement["NotAction"]
        spoken = [n for n, name in enumerate(ASKED) if any(_is(text, name) for text in listed)]
        on_action = z3.Or([self.action == n for n in spoken])
        where = statement.get("Resource") or statement["NotResource"]
        on_resource = z3.Or([_like(self.resource, text) for text in where])
        tests = [
            self._holds(operator, key, values)
            for operator, by_key in statement.get("Condition", {}).items()
            for key, values in by_key.items()
        ]
        return z3.And(
            z3.Not(on_action) if "NotAction" in statement else on_action,
            z3.Not(on_resource) if "NotResource" in statement else on_resource,
            *tests,
        )

    def _holds(self, operator: str, key: str, values: Sequence[str]) -> Any:
        there = self.there[key]
        if operator == "Null":
            return z3.Or([z3.Not(there) if v == "true" else there for v in values])
        base = operator.removesuffix("IfExists")
        negated = "Not" in base
        fits = z3.Or([_fits(base.replace("Not", ""), self.values[key], v) for v in values])
        if negated:
            return z3.Or(z3.Not(there), z3.Not(fits))
        if base != operator:
            return z3.Or(z3.Not(there), fits)
        return z3.And(there, fits)


def _is(pattern: str, name: str) -> bool:
    pattern, name = pattern.lower(), name.lower()
    return name.startswith(pattern[:-1]) if pattern.endswith("*") else name == pattern


def _like(text: Any, pattern: str) -> Any:
    if pattern.endswith("*"):
        return z3.PrefixOf(z3.StringVal(pattern[:-1]), text)
    return text == z3.StringVal(pattern)


def _fits(base: str, value: Any, listed: str) -> Any:
    if base == "StringEquals":
        return value == z3.StringVal(listed)
    if base == "StringLike":
        return _like(value, listed)
    if base == "Bool":
        return value == z3.BoolVal(listed == "true")
    number = z3.RealVal(listed)
    return {
        "NumericEquals": value == number,
        "NumericLessThan": value < number,
        "NumericLessThanEquals": value <= number,
        "NumericGreaterThan": value > number,
        "NumericGreaterThanEquals": value >= number,
    }[base]


def is_possible(world: World, wanted: Any) -> bool:
    """Tell whether there is a request of which something is so."""
    solver = z3.Solver()
    solver.set("timeout", 20_000)
    solver.add(*world.rules, wanted)
    found = solver.check()
    assert found != z3.unknown, solver.reason_unknown()
    return bool(found == z3.sat)


def statement(choice: random.Random) -> dict[str, Any]:
    """Return a random statement."""
    made: dict[str, Any] = {"Effect": choice.choice(("Allow", "Allow", "Deny"))}
    negated = "Not" if choice.random() < 0.2 else ""
    made[f"{negated}Action"] = choice.sample(ACTIONS, choice.randint(1, 2))
    negated = "Not" if choice.random() < 0.15 else ""
    made[f"{negated}Resource"] = choice.sample(RESOURCES, choice.randint(1, 2))
    condition: dict[str, dict[str, Any]] = {}
    for key in choice.choices(list(KEYS), k=choice.choice((0, 1, 1, 2, 3))):
        operators, values = KEYS[key]
        operator = choice.choice((*operators, "Null"))
        if operator == "Null":
            listed = [choice.choice(("true", "false"))]
        else:
            operator += choice.choice(("", "IfExists"))
            most = 1 if operator.startswith("Bool") else 3
            listed = choice.sample(values, choice.randint(1, min(most, len(values))))
        condition.setdefault(operator, {})[key] = listed
    if condition:
        made["Condition"] = condition
    return made


def document(choice: random.Random, most: int) -> dict[str, Any]:
    made = [statement(choice) for _ in range(choice.randint(1, most))]
    return {"Version": "2012-10-17", "Statement": made}


def split(choice: random.Random, given: dict[str, Any]) -> dict[str, Any]:
    """Return a document that says the same in another way, or, half of the time, nearly the same."""
    made = []
    for one in given["Statement"]:
        key = choice.choice(("aws:SecureTransport", "aws:ViaAWSService", "aws:MultiFactorAuthAge"))
        first, second = copy.deepcopy(one), copy.deepcopy(one)
        halves = [("Bool", "true"), ("BoolIfExists", "false")]
        if key == "aws:MultiFactorAuthAge":
            halves = [("NumericLessThan", "3"), ("NumericGreaterThanEqualsIfExists", "3")]
        used = any(operator in one.get("Condition", {}) for operator, _ in halves)
        if used or choice.random() < 0.4:
            made.append(first)
            continue
        for half, (operator, value) in zip((first, second), halves, strict=True):
            named = operator if choice.random() < 0.85 else operator.removesuffix("IfExists")
            half.setdefault("Condition", {}).setdefault(named, {})[key] = [value]
            made.append(half)
    choice.shuffle(made)
    return {**given, "Statement": made}


def _permissions(documents: Sequence[dict[str, Any]]) -> Permissions:
    return Permissions(tuple(from_json(each).statements for each in documents))


@pytest.mark.parametrize("part", range(2))
def test_equivalent_agrees_with_z3(part: int) -> None:
    """Two documents are equivalent where z3 finds no request that they decide differently."""
    said: Counter[str] = Counter()
    for seed in range(part, MANY * 2, 2):
        choice = random.Random(seed)  # noqa: S311
        first = document(choice, 3)
        second = document(choice, 3) if choice.random() < 0.2 else split(choice, first)
        world = World()
        (deny, allow), (other_deny, other_allow) = world.effect(first), world.effect(second)
        differs = z3.Or(deny != other_deny, z3.And(z3.Not(deny), allow != other_allow))
        sides = from_json(first).statements, from_json(second).statements
        answer = prove.equivalent(*sides, catalogue())
        wanted = "no" if is_possible(world, differs) else "yes"
        assert answer.verdict == wanted, (first, second, answer)
        said[wanted] += 1
    assert min(said["yes"], said["no"]) > MANY // 8, said


@pytest.mark.parametrize("part", range(2))
def test_implies_and_disjoint_agree_with_z3(part: int) -> None:
    """Layers imply each other, and have nothing in common, where z3 finds no request against it."""
    said: Counter[str] = Counter()
    for seed in range(part, MANY * 2, 2):
        choice = random.Random(f"layers {seed}")  # noqa: S311
        first = [document(choice, 2) for _ in range(choice.randint(1, 2))]
        second = [document(choice, 2) for _ in range(choice.randint(1, 2))]
        if choice.random() < 0.6:
            second = [split(choice, each) for each in choice.sample(first, 1)]
        if choice.random() < 0.3:
            first, second = second, first
        world = World()
        one, other = world.allowed(first), world.allowed(second)
        for verb, against in (
            (prove.implies, z3.And(one, z3.Not(other))),
            (prove.disjoint, z3.And(one, other)),
        ):
            answer = verb(_permissions(first), _permissions(second), catalogue())
            wanted = "no" if is_possible(world, against) else "yes"
            assert answer.verdict == wanted, (verb.__name__, first, second, answer)
            said[f"{verb.__name__} {wanted}"] += 1
    assert min(said.values()) > MANY // 16, said
    assert len(said) == 4

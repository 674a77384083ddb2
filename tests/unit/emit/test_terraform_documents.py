"""Documents as data sources: what the provider makes of them is what was meant, or they stay JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import nasty
from hypothesis import given, settings

from iamdsl import iam
from iamdsl.diagnostics import Report
from iamdsl.emit.terraform.documents import can_say, document
from iamdsl.emit.terraform.texts import Documents
from iamdsl.emit.terraform.tree import Argument, Block, Items, Text
from iamdsl.iam import placeholder

if TYPE_CHECKING:
    from collections.abc import Iterator

LISTS = {
    "actions": "Action",
    "not_actions": "NotAction",
    "resources": "Resource",
    "not_resources": "NotResource",
}
REWRITTEN = {"Resource", "NotResource"}
"""Where the provider makes `${` of `&{`; also in principals, and in the values of conditions."""


def rendered(source: Block) -> dict[str, Any]:
    """Return what the provider's page says that a data source comes to, without sorting."""
    said: dict[str, Any] = {"Version": "2012-10-17"}
    for item in items(source):
        if isinstance(item, Argument):
            said["Id"] = plain(item.value)
        else:
            said.setdefault("Statement", []).append(statement(item))
    return said


def statement(source: Block) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for item in items(source):
        if isinstance(item, Block):
            inner = {a.name: plain(a.value) for a in items(item) if isinstance(a, Argument)}
            if item.kind == "condition":
                keys = made.setdefault("Condition", {}).setdefault(inner["test"], {})
                assert inner["variable"] not in keys
                keys[inner["variable"]] = one(rewritten(inner["values"]))
            else:
                member = {"principals": "Principal", "not_principals": "NotPrincipal"}[item.kind]
                named = one(rewritten(inner["identifiers"]))
                if inner["type"] == "*":
                    made[member] = named
                else:
                    made.setdefault(member, {})[inner["type"]] = named
        elif item.name in LISTS:
            member = LISTS[item.name]
            values = plain(item.value)
            made[member] = one(rewritten(values) if member in REWRITTEN else values)
        else:
            made[item.name.capitalize()] = plain(item.value)
    return made


def items(source: Block) -> Iterator[Argument | Block]:
    for group in source.groups:
        yield from group


def plain(value: object) -> Any:
    if isinstance(value, Items):
        return [plain(item) for item in value.values]
    assert isinstance(value, Text)
    return "".join(str(part) for part in value.parts)


def rewritten(values: list[str]) -> list[str]:
    return [value.replace("&{", "${") for value in values]


def one(values: list[str]) -> str | list[str]:
    return values[0] if len(values) == 1 else values


def made(policy: iam.Policy) -> dict[str, Any]:
    return rendered(document(policy, "x", Documents({}, {}, Report())))


@settings(max_examples=150, database=None, derandomize=True, deadline=None)
@given(nasty.policies())
def test_a_data_source_comes_to_what_was_meant(policy: iam.Policy) -> None:
    """Whatever stands in a policy: where a data source is written, it says just that."""
    if can_say(policy):
        assert made(policy) == iam.to_json(policy)


def policy(
    resource: str = "*", key: str = "aws:SourceArn", value: str = "x", sid: str | None = None
) -> iam.Policy:
    entry = iam.Entry("StringEquals", key, (value,))
    return iam.Policy(
        (
            iam.Statement(
                "Allow",
                iam.Elements(("s3:GetObject",)),
                iam.Elements((resource,)),
                condition=(entry,),
                sid=sid,
            ),
        )
    )


def test_every_element_has_its_block() -> None:
    """What is negated, who it is for and each condition come to the members of IAM's JSON."""
    entries = (
        iam.Entry("StringLike", "aws:PrincipalArn", ("${aws:username}", "*")),
        iam.Entry("Bool", "aws:SecureTransport", ("true",)),
    )
    said = iam.Policy(
        (
            iam.Statement(
                "Deny",
                iam.Elements(("s3:Get*",), negated=True),
                iam.Elements(("arn:aws:s3:::${aws:username}",), negated=True),
                principals=iam.Principals((("AWS", ("111122223333", "222233334444")),)),
                condition=entries,
                sid="One",
            ),
            iam.Statement("Allow", iam.Elements(("s3:PutObject",)), None, principals=iam.ANYONE),
        ),
        id="both",
    )
    assert can_say(said)
    assert made(said) == iam.to_json(said)


def test_what_the_provider_says_in_another_way_stays_as_it_is() -> None:
    """`&{` that is no variable, odd or doubled Sids and empty documents are no data sources."""
    assert can_say(policy("arn:aws:s3:::${aws:username}/*"))
    assert not can_say(policy("arn:aws:s3:::&{aws:username}"))
    assert not can_say(policy(value="a&{b"))
    assert not can_say(policy(value=""))
    assert not can_say(policy(sid="with-dash"))
    assert not can_say(iam.Policy((*policy(sid="A").statements, *policy(sid="A").statements)))
    assert not can_say(iam.Policy(()))


def test_marks_cannot_make_a_variable_with_what_stands_beside_them() -> None:
    """A value that begins with a brace would, behind `&`, be a variable for the provider."""
    mark = placeholder("x")
    assert can_say(policy(value=f"a{mark}b"))
    assert not can_say(policy(value=f"a&{mark}"))
    assert not can_say(policy(value=f"{mark}{{a"))
    assert not can_say(policy(value=f"{mark}{mark}"))

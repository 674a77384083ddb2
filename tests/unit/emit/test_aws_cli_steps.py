"""What the scripts of the target `aws-cli` call, in which order, and how it is written."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from botocore import xform_name
from clouds import compiled
from hypothesis import given, settings
from nasty import anything, policies

from iamdsl import iam
from iamdsl.aws.policy_operations import POLICY_OPERATIONS
from iamdsl.diagnostics import Report
from iamdsl.emit import Facts
from iamdsl.emit._places import places
from iamdsl.emit.aws_cli import emit
from iamdsl.emit.aws_cli._resources import command
from iamdsl.emit.aws_cli._role_order import role_order
from iamdsl.emit.aws_cli._shell import POLICIES, Quoting, to_json
from iamdsl.emit.aws_cli._steps import Steps
from iamdsl.fit.steady import Piece, Placed

if TYPE_CHECKING:
    from pathlib import Path

ACCOUNT = iam.placeholder("aws.account")


def role(name: str, *trusted: str) -> iam.Identity:
    """Return a role that trusts roles of its account, or ARNs."""
    arns = tuple(t if ":" in t else f"arn:aws:iam::{ACCOUNT}:role/x/{t}" for t in trusted)
    statement = iam.Statement(
        "Allow",
        iam.Elements(("sts:AssumeRole",)),
        principals=iam.Principals((("AWS", arns),)),
    )
    return iam.Identity("role", name, "/x/", trust=iam.Policy((statement,)))


@pytest.mark.parametrize(
    ("roles", "order", "closed"),
    [
        ((role("a", "b"), role("b", "c"), role("c")), "c b a", ""),
        ((role("a", "b"), role("b", "a")), "b a", "a"),
        ((role("a", "a"), role("b")), "a b", "a"),
        ((role("a", "b"), role("b", "c"), role("c", "b")), "c b a", "b"),
        ((role("a", "nobody"),), "a", ""),
        ((role("a", "arn:aws:iam::111122223333:role/far"),), "a", "a"),
        ((role("a", "arn:aws:iam::111122223333:role/other"),), "a", ""),
        ((role("a", f"arn:aws:sts::{ACCOUNT}:assumed-role/b/me"), role("b")), "b a", ""),
        ((role("a", "arn:aws:iam::999988887777:role/x/b"), role("b")), "a b", ""),
    ],
)
def test_roles_are_there_before_they_are_named(
    roles: tuple[iam.Identity, ...], order: str, closed: str
) -> None:
    """AWS refuses a trust that names a role which does not exist."""
    found = role_order(roles, "123456789012", frozenset({("111122223333", "far")}))

    assert " ".join(r.name for r in found.roles) == order
    assert " ".join(r.name for r in found.closed) == closed


def test_commands_have_the_names_of_the_cli() -> None:
    """The CLI makes its commands of the operations' names by a rule of its own."""
    names = {
        name
        for rows in POLICY_OPERATIONS.values()
        for row in rows
        for name in (row.put, row.get, row.delete, row.lookup.operation if row.lookup else "")
    }

    assert {n: command(n) for n in names} == {n: xform_name(n, "-") for n in names}


@settings(max_examples=50, deadline=None)
@given(policies(), anything)
def test_lines_are_taken_out_without_loss(policy: iam.Policy, text: str) -> None:
    """A script takes line breaks and indentation out of documents, by what lines begin with."""
    data = {"Policy": iam.to_json(policy), text: [{text: iam.placeholder("lake")}]}
    lines = to_json(data, lines=True)

    assert "".join(re.sub("^ *", "", line) for line in lines.split("\n")) == to_json(data)


def test_only_variables_stand_in_double_quotes() -> None:
    """In double quotes bash would read `$`, backticks and backslashes of a text."""
    lake = iam.placeholder("lake")
    quoting = Quoting({"lake": "IAMDSL_LAKE"})

    assert quoting.word("") == "''"
    assert quoting.word("it's $(a)`b`") == """'it'\\''s $(a)`b`'"""
    assert quoting.word(f"{lake}/${{x}}{ACCOUNT}") == '''"$IAMDSL_LAKE"'/${x}'"$account"'''


def words(build: iam.Build, **placed: Placed) -> list[str]:
    """Return the calls that give or take something, without their documents."""
    facts = Facts(placed={owner.replace("_", " ", 1): p for owner, p in placed.items()})
    steps = Steps(places(build, ())[0], facts, Report())
    found = [s for section in steps.sections(frozenset()) for s in section.steps]
    return [
        " ".join((s.word, *s.values[: 3 if s.word.endswith("now") else 1])).replace(POLICIES, "")
        for s in found
        if s.word in {"managed_policy", "attach", "inline", "detach", "delete_inline", "tidy"}
        or s.word.endswith("_now")
    ]


def placed(order: str, *names: str) -> Placed:
    """Return the documents of those names, deployed in that order; `-` is the inline policy."""
    pieces = tuple(Piece(name.strip("-"), ()) for name in names)
    return Placed(pieces, tuple(name.strip("-") for name in order.split()))


POLICY = iam.Policy((iam.Statement("Allow", iam.Elements(("s3:*",)), iam.Elements(("*",))),))


def managed(*names: str, split_from: str | None = None) -> tuple[iam.Document, ...]:
    return tuple(iam.Document("managed", n, POLICY, split_from=split_from) for n in names)


def attached(*names: str) -> tuple[iam.Attachment, ...]:
    return tuple(iam.Attachment(n, ours=True) for n in names)


def test_what_moves_is_given_before_it_is_taken() -> None:
    """A role's own documents change in the order that the build says, and what went goes then."""
    web = iam.Identity(
        "role", "web", inline=(("web", POLICY),), managed=attached("web-1", "web-2", "big")
    )
    build = iam.Build(managed("web-1", "web-2", "big"), (web,))

    assert words(build, role_web=placed("web-2 - web-7 web-1", "-", "web-1", "web-2")) == [
        "managed_policy big",
        "managed_policy web-2",
        "attach /web-2",
        "inline web",
        "detach /web-7",
        "managed_policy web-1",
        "attach /web-1",
        "attach /big",
        "tidy",
    ]
    assert words(build, role_web=placed("web-2 -", "web-1", "web-2"))[2:5] == [
        "managed_policy web-2",
        "attach /web-2",
        "delete_inline web",
    ]


def test_what_others_keep_is_detached_before_it_changes() -> None:
    """Else an identity would have for a moment what was never meant for it."""
    web = iam.Identity("role", "web", managed=attached("web-1"))
    db = iam.Identity("role", "db", managed=attached("db-1"))
    build = iam.Build(managed("web-1", "db-1"), (web, db))
    found = words(build, role_web=placed("web-1 db-1", "web-1"), role_db=placed("db-1", "db-1"))

    assert found[:4] == [
        "managed_policy web-1",
        "attach /web-1",
        "detach /db-1",
        "managed_policy db-1",
    ]


def test_pieces_of_a_policy_are_attached_to_all_before_the_next_changes() -> None:
    """A policy that was split is held by several: none of them may miss what moves."""
    holders = (
        iam.Identity("role", "a", managed=attached("big-1", "big-2")),
        iam.Identity("group", "g", managed=attached("big-1", "big-2")),
    )
    build = iam.Build(managed("big-1", "big-2", split_from="big"), holders)

    assert words(build, policy_big=placed("big-2 big-1 big-3", "big-1", "big-2"))[:8] == [
        "managed_policy big-2",
        "attach_now group GroupName g",
        "attach_now role RoleName a",
        "managed_policy big-1",
        "attach_now group GroupName g",
        "attach_now role RoleName a",
        "detach_now group GroupName g",
        "detach_now role RoleName a",
    ]


def test_what_has_no_operation_is_told(tmp_path: Path) -> None:
    """A policy that is left out without a word would be taken for deployed."""
    build, facts = compiled(
        tmp_path,
        "policy p for arn:aws:s3tables:eu-west-1:123456789012:bucket/b/table/t { allow s3tables:GetTable to account 222233334444 }\n",
    )
    report = Report()
    emit(build, facts, report, "")

    (found,) = report.diagnostics
    assert (found.code.number, found.message) == (
        "IAM703",
        "the script does not set the policy `p` of its resource",
    )


def test_options_and_variables_do_not_meet(tmp_path: Path) -> None:
    """An extern may have the name of an option that every script has."""
    source = "extern help: String max 9\nextern a-b: String max 9\nextern A_b: String max 9\n"
    source += 'policy p { allow s3:GetObject on "arn:aws:s3:::{help}/{a-b}/{A_b}" }\n'
    build, facts = compiled(tmp_path, source)
    (file,) = emit(build, facts, Report(), "")

    assert "--extern-help)" in file.text
    assert """'"$IAMDSL_HELP"'/'"$IAMDSL_A_B_"'/'"$IAMDSL_A_B"'""" in file.text


def test_places_with_nothing_in_them_have_no_script() -> None:
    """A script that does nothing would ask for credentials for nothing."""
    inner = iam.Build(managed("p"))
    build = iam.Build(accounts=(iam.Account("prod", "123456789012", inner),))
    files = emit(build, Facts(), Report(), "")

    assert [(f.path, f.kind, f.build) for f in files] == [("prod/deploy.sh", "script", inner)]

"""Tests of the language's `test` blocks: what is in effect, what is filled in, what is noticed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from iamdsl.project import load_project, testing

if TYPE_CHECKING:
    from pathlib import Path

SETTINGS = '[aws]\npartition = "aws"\naccount = "111122223333"\nregion = "eu-west-1"\n'
READER = 'role reader { trust service lambda  allow s3:GetObject on s3:object("photos") }\n'
PHOTO = 's3:object("photos", "1.jpg")'
ORGANIZATION = """
scp eu { deny * except sts:* on * unless aws:RequestedRegion == "eu-west-1" }
rcp tls { deny s3:* on * unless aws:SecureTransport }
organization acme "o-abc1234567" {
  attach tls
  ou work "ou-ab12-11111111" {
    attach eu
    account prod 222233334444 {
      role reader {
        path "/service/"
        tags { team = "photos" }
        trust "test.caller"
        trust account 999988887777 when aws:PrincipalOrgID == "o-abc1234567"
        allow s3:GetObject on s3:object("photos")
        allow dynamodb:* on dynamodb:table("*") when %s
      }
      policy photos for s3:bucket("photos") {
        allow s3:GetObject to test.caller, reader on "{self}/*"
      }
    }
    account test 333344445555 {
      role caller { trust service ec2  allow sts:AssumeRole on *  allow s3:GetObject on * }
      role silent { trust service ec2  allow s3:GetObject on s3:object("other") }
    }
  }
}
"""


def came_of(folder: Path, source: str, *, settings: str = SETTINGS, **ask: bool) -> testing.Tested:
    """Return what the tests of a source come to."""
    (folder / "main.iam").write_text(source, encoding="utf-8")
    (folder / "iamdsl.toml").write_text(settings, encoding="utf-8")
    project = load_project([str(folder / "main.iam")])
    return testing.run(project, testing.Ask(lambda _: True, **ask))


def outcomes(folder: Path, source: str) -> list[str]:
    """Return the outcome of each check, in the order of the source; every test has to run."""
    done = came_of(folder, source)
    assert done.ran, [d.message for d in done.diagnostics]
    return [result.finding.outcome for result in done.results]


def outcome(folder: Path, source: str, of: str, check: str) -> str:
    """Return the outcome of one check of one subject."""
    (found,) = outcomes(folder, f'{source}\ntest "it" of {of} {{ {check} }}\n')
    return found


IDENTITIES = [
    ("its own policy allows", READER, "reader", f"allows s3:GetObject on {PHOTO}"),
    ("nothing allows", READER, "reader", f"denies s3:PutObject on {PHOTO}"),
    (
        "a boundary stops it",
        (
            "boundary fence { allow dynamodb:* on * }\n"
            "role fenced { trust service lambda  boundary fence  allow s3:* on * }"
        ),
        "fenced",
        f"denies s3:GetObject on {PHOTO}",
    ),
    (
        "a group gives it to its users",
        "group staff { allow s3:GetObject on * }\nuser ada { groups staff }",
        "ada",
        f"allows s3:GetObject on {PHOTO}",
    ),
    (
        "a group, as a user who is in it alone",
        "group staff { allow s3:GetObject on * }",
        "staff",
        f"allows s3:GetObject on {PHOTO}",
    ),
    (
        "a policy, as if it alone were attached",
        "policy p { allow s3:GetObject on * when aws:SecureTransport }",
        "p",
        f"allows s3:GetObject on {PHOTO} given {{ aws:SecureTransport = true }}",
    ),
    (
        "a permission set",
        "permission_set analyst { allow s3:GetObject on * }",
        "analyst",
        f"allows s3:GetObject on {PHOTO}",
    ),
    (
        "an scp allows what it does not stop",
        "scp s { deny s3:* on * }",
        "s",
        'allows dynamodb:GetItem on dynamodb:table("t")',
    ),
    (
        "an scp of allows stops the rest",
        "scp s { allow s3:* on * }",
        "s",
        'denies dynamodb:GetItem on dynamodb:table("t")',
    ),
    (
        "an rcp allows what it does not stop",
        "rcp r { deny s3:* on * unless aws:SecureTransport }",
        "r",
        f"denies s3:GetObject on {PHOTO}",
    ),
    ("a boundary", "boundary b { allow s3:* on * }", "b", f"allows s3:GetObject on {PHOTO}"),
    ("a session", "session s { allow s3:* on * }", "s", f"allows s3:GetObject on {PHOTO}"),
    (
        "a service assumes a role that trusts it",
        READER,
        "reader",
        "allows sts:AssumeRole to service lambda",
    ),
    ("and no other does", READER, "reader", "denies sts:AssumeRole to service ec2"),
    ("nobody else does", READER, "reader", "never sts:AssumeRole to account *"),
    (
        "a bucket's policy alone lets a role of the account in",
        READER
        + 'policy other for s3:bucket("other") { allow s3:GetObject to reader on "{self}/*" }',
        "other",
        'allows s3:GetObject to reader on "{self}/x"',
    ),
    (
        "anybody is denied by what denies everybody",
        (
            'policy b for s3:bucket("b") {\n  allow s3:GetObject to anyone on "{self}/*"\n'
            '  deny s3:* to anyone on self, "{self}/*" unless aws:SecureTransport\n}'
        ),
        "b",
        'never s3:* to anyone on self, "{self}/*" unless aws:SecureTransport',
    ),
]


@pytest.mark.parametrize(
    ("source", "of", "check"), [c[1:] for c in IDENTITIES], ids=[c[0] for c in IDENTITIES]
)
def test_what_is_in_effect(source: str, of: str, check: str, tmp_path: Path) -> None:
    """Protects each kind of subject and layer: the check holds, and its opposite does not."""
    assert outcome(tmp_path, source, of, check) == "holds"
    for one, other in (("allows", "denies"), ("never", "always")):
        if check.startswith((one, other)):
            turned = other if check.startswith(one) else one
            opposite = turned + check[len(check.split(maxsplit=1)[0]) :]
            assert outcome(tmp_path, source, of, opposite) == "broken"


TAGS = "aws:ResourceTag/team == aws:PrincipalTag/team"
PLACES = [
    ("the role's tags", TAGS, 'allows dynamodb:GetItem on dynamodb:table("t") given { aws:ResourceTag/team = "photos" }'),
    ("what is given wins", TAGS, 'denies dynamodb:GetItem on dynamodb:table("t") given { aws:ResourceTag/team = "photos", aws:PrincipalTag/team = "x" }'),
    ("the organization", 'aws:PrincipalOrgID == "o-abc1234567"', 'allows dynamodb:GetItem on dynamodb:table("t")'),
    ("the way in it", 'any aws:PrincipalOrgPaths like "o-abc1234567/r-ab12/ou-ab12-11111111/*"', 'allows dynamodb:GetItem on dynamodb:table("t")'),
    ("the resource's organization", "aws:ResourceOrgID == aws:PrincipalOrgID", 'allows dynamodb:GetItem on dynamodb:table("t")'),
    ("the ARN with its path", "aws:PrincipalArn == arn:aws:iam::222233334444:role/service/reader", 'allows dynamodb:GetItem on dynamodb:table("t")'),
    ("the accounts", "aws:ResourceAccount == aws:PrincipalAccount", 'allows dynamodb:GetItem on dynamodb:table("t")'),
    ("the ARN's Region, which an SCP denies", "aws:PrincipalIsAWSService == false", 'denies dynamodb:GetItem on dynamodb:table("t", region = "us-east-1")'),
    ("no key that nobody gave", "aws:MultiFactorAuthPresent", 'denies dynamodb:GetItem on dynamodb:table("t")'),
    ("an RCP of the resource's account", TAGS, 'denies s3:GetObject on s3:object("photos", "1")'),
    ("an RCP, met", TAGS, 'allows s3:GetObject on s3:object("photos", "1") given { aws:SecureTransport = true }'),
    ("a trusted role that may ask", TAGS, 'allows sts:AssumeRole to "test.caller"'),
    ("a role that is not trusted", TAGS, 'denies sts:AssumeRole to "test.silent"'),
    ("an account that is trusted, in the organization", TAGS, 'allows sts:AssumeRole to account 999988887777 given { aws:PrincipalOrgID = "o-abc1234567" }'),
    ("and outside of it", TAGS, "denies sts:AssumeRole to account 999988887777"),
    ("tags are free in a proof", TAGS, "never dynamodb:GetItem on * unless aws:ResourceTag/team exists"),
    ("who asks is not", "aws:PrincipalArn like arn:aws:iam::*:role/other", "never dynamodb:* on *"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("condition", "check"), [c[1:] for c in PLACES], ids=[c[0] for c in PLACES]
)
def test_what_is_filled_in(condition: str, check: str, tmp_path: Path) -> None:
    """Protects the keys that follow from caller, resource and place, and what is over a place."""
    assert outcome(tmp_path, ORGANIZATION % condition, '"prod.reader"', check) == "holds"


CROSS = [
    ('"test.caller"', "holds"),
    ('"test.silent"', "broken"),
    ('"prod.reader"', "holds"),
    ("arn:aws:iam::999988887777:role/x", "broken"),
]


@pytest.mark.parametrize(("caller", "expected"), CROSS)
def test_a_resource_policy_and_its_callers(caller: str, expected: str, tmp_path: Path) -> None:
    """Protects the two halves of access across accounts: the caller's policies and the resource's."""
    check = (
        f'allows s3:GetObject to {caller} on "{{self}}/1" given {{ aws:SecureTransport = true }}'
    )
    assert outcome(tmp_path, ORGANIZATION % TAGS, '"prod.photos"', check) == expected


QUANTIFIED = [
    ('allows s3:Get* on s3:object("photos")', "broken"),
    ('allows s3:GetObject on s3:object("photos")', "holds"),
    ('allows s3:GetObject on s3:object("photos"), s3:object("x", "1")', "broken"),
    ("denies s3:Put* on *", "holds"),
    ("denies s3:* on *", "broken"),
    ("denies s3:* except s3:GetObject on *", "holds"),
    ('denies s3:* on * except s3:object("photos")', "holds"),
    ("denies * except s3:GetObject on *", "holds"),
    ("never s3:@write on *", "holds"),
    ('always s3:GetObject on s3:object("photos")', "holds"),
    ("always s3:GetObject on *", "broken"),
    ("denies sts:* to account 999988887777", "holds"),
]  # fmt: skip


@pytest.mark.parametrize(("check", "expected"), QUANTIFIED)
def test_wildcards_mean_all_that_they_match(check: str, expected: str, tmp_path: Path) -> None:
    """Protects quantification: one request of the pattern that comes out otherwise breaks it."""
    assert outcome(tmp_path, READER, "reader", check) == expected


AUDITOR = """
boundary fence { allow s3:*, iam:* on * }
role auditor {
  trust service lambda
  boundary fence
  attach aws_managed("SecurityAudit")
  allow s3:GetObject on *
  deny iam:* on *
}
"""
AUDITED = [
    (f"allows s3:GetObject on {PHOTO}", "unknown"),
    (f"denies s3:PutObject on {PHOTO}", "unknown"),
    ('denies iam:GetUser on iam:user("x")', "holds"),
    ('denies dynamodb:GetItem on dynamodb:table("t")', "holds"),
    ("never iam:* on *", "holds"),
    ("never dynamodb:* on *", "holds"),
    ("never s3:PutObject on *", "unknown"),
    ("always s3:GetObject on *", "unknown"),
    ("allows sts:AssumeRole to service lambda", "holds"),
]


@pytest.mark.parametrize(("check", "expected"), AUDITED)
def test_policies_that_are_not_at_hand(check: str, expected: str, tmp_path: Path) -> None:
    """Protects against guesses: what hangs on an unknown policy fails, what does not is decided."""
    assert outcome(tmp_path, AUDITOR, "auditor", check) == expected


def test_unknown_policies_are_named(tmp_path: Path) -> None:
    """Protects the reader of such a failure: it says which policy is not at hand."""
    source = f'{AUDITOR}test "it" of auditor {{ allows s3:GetObject on {PHOTO} }}'
    (said,) = came_of(tmp_path, source).diagnostics
    assert said.code.number == "IAM403"
    assert "arn:aws:iam::aws:policy/SecurityAudit" in said.message


def test_a_split_policy_is_tested_whole(tmp_path: Path) -> None:
    """Protects what is emitted: all pieces of a policy that did not fit one are in effect."""
    names = [f"bucket-with-a-rather-long-name-{n:03}" for n in range(200)]
    allows = "\n".join(f'allow s3:[GetObject, PutObject] on s3:object("{n}")' for n in names)
    source = f"policy lake {{\n{allows}\n}}\nrole reader {{ trust service lambda  attach lake }}\n"
    checks = " ".join(f'allows s3:GetObject on s3:object("{n}", "1")' for n in names)
    checks += ' denies s3:GetObject on s3:object("other", "1")'
    both = f'test "role" of reader {{ {checks} }}\ntest "policy" of lake {{ {checks} }}'
    assert set(outcomes(tmp_path, source + both)) == {"holds"}


def test_a_failure_shows_where_it_was_decided(tmp_path: Path) -> None:
    """Protects the way back: statements of the emitted JSON are known by their source lines."""
    source = (
        READER + "policy wide { deny s3:* on * when aws:SourceVpc missing }\n"
        "role denied { trust service lambda  attach wide  allow s3:* on * }\n"
        f'test "it" of denied {{ allows s3:GetObject on {PHOTO} }}'
    )
    (said,) = came_of(tmp_path, source).diagnostics
    assert said.code.number == "IAM401"
    assert said.span is not None
    assert said.span.text == f"allows s3:GetObject on {PHOTO}"
    assert [note.span.text for note in said.notes] == ["deny s3:* on * when aws:SourceVpc missing"]
    assert "policy `wide`" in said.label


def test_keys_of_a_kms_policy_whose_id_is_not_known(tmp_path: Path) -> None:
    """Protects tests of one of several keys: the policy that is tested is that of its key."""
    source = (
        "policy one for kms:key() { allow kms:* to account aws.account }\n"
        "policy two for kms:key() { allow kms:DescribeKey to account aws.account }\n"
        "role reader { trust service lambda  allow kms:Decrypt on kms:key() }\n"
        'test "one" of one { allows kms:Decrypt to reader }\n'
        'test "two" of two { denies kms:Decrypt to reader }\n'
    )
    assert outcomes(tmp_path, source) == ["holds", "holds"]


def test_the_policy_of_an_api_is_about_its_methods(tmp_path: Path) -> None:
    """Protects tests of an API's policy, which names methods in a short form that is no ARN."""
    source = (
        'policy api for execute-api:execute-api-general("a1") {\n'
        "  allow execute-api:Invoke to account 222233334444\n"
        "}\n"
        'test "t" of api {\n'
        "  allows execute-api:Invoke to account 222233334444\n"
        '    on execute-api:execute-api-general("a1", "prod", "GET", "x")\n'
        "  denies execute-api:Invoke to account 222233334444\n"
        '    on execute-api:execute-api-general("b2", "prod", "GET", "x")\n'
        "  never execute-api:InvalidateCache to account 222233334444 on *\n"
        "}\n"
    )
    assert outcomes(tmp_path, source) == ["holds"] * 3


def test_which_policy_is_meant_is_not_guessed(tmp_path: Path) -> None:
    """Protects against an answer about the wrong key."""
    source = (
        "policy one for kms:key() { allow kms:* to account aws.account }\n"
        "policy two for kms:key() { allow kms:DescribeKey to account aws.account }\n"
        'role reader { trust service lambda  allow kms:Decrypt on kms:key("1") }'
    )
    check = 'allows kms:Decrypt on kms:key("1")'
    assert outcome(tmp_path, source, "reader", check) == "undecided"


COVERED = """
policy p {
  allow s3:GetObject on s3:object("photos")
  allow s3:PutObject on s3:object("photos")
  deny s3:* on s3:object("photos", "payroll/*")
}
"""


@pytest.mark.parametrize(
    ("checks", "missed"),
    [
        ("", ["allow s3:PutObject", "deny s3:*"]),
        ('denies s3:GetObject on s3:object("photos", "payroll/1")', ["allow s3:PutObject"]),
        ('never s3:* on s3:object("photos", "payroll/*")', ["allow s3:PutObject"]),
        ('always s3:PutObject on s3:object("photos", "a/*")', ["deny s3:*"]),
    ],
)
def test_coverage(checks: str, missed: list[str], tmp_path: Path) -> None:
    """Protects coverage: a sentence counts when some check is decided by what it became."""
    first = 'allows s3:GetObject on s3:object("photos", "1")'
    done = came_of(tmp_path, f'{COVERED}test "it" of p {{ {first} {checks} }}', coverage=True)
    assert done.coverage is not None
    assert [" ".join(s.text.split()[:2]) for s in done.coverage.missed] == missed
    assert len(done.coverage.covered) == 3 - len(missed)


def test_sentences_of_one_statement_are_covered_one_by_one(tmp_path: Path) -> None:
    """Protects the count where sentences became one statement: each counts for what it grants."""
    source = """
policy p {{ allow s3:GetObject on s3:object("a")  allow s3:GetObject on s3:object("b") }}
test "it" of p {{ {} s3:GetObject on s3:object("a"{}) }}
"""
    for check in (("allows", ', "1"'), ("allows", ""), ("always", "")):
        done = came_of(tmp_path, source.format(*check), coverage=True)
        assert done.coverage is not None
        assert [s.text[-4:] for s in done.coverage.covered] == ['"a")']
        assert [s.text[-4:] for s in done.coverage.missed] == ['"b")']


def test_mutants_without_checks_survive_and_are_killed_by_proofs(tmp_path: Path) -> None:
    """Protects `--mutate`: each damage is noticed by a test that says what is not allowed."""
    weak = came_of(
        tmp_path, f'{READER}test "it" of reader {{ allows s3:GetObject on {PHOTO} }}', mutate=True
    )
    assert weak.mutation is not None
    assert {m.damage for m in weak.mutation.survivors} >= {"on every resource", "with `s3:*` too"}
    strong = f"""{READER}test "it" of reader {{
      allows s3:GetObject on {PHOTO}
      allows sts:AssumeRole to service lambda
      denies sts:TagSession to service lambda
      never * except s3:GetObject on *
      never * on * except s3:object("photos")
    }}"""
    done = came_of(tmp_path, strong, mutate=True)
    assert done.mutation is not None
    assert [m.damage for m in done.mutation.survivors] == []
    assert done.mutation.made >= 4


FENCED = """
scp fence {{ deny iam:* on * }}
organization acme "o-abc1234567" {{
  account prod 222233334444 {{
    attach fence
    role admin {{ trust service ec2  {role} }}
    policy part {{ {part} }}
  }}
}}
test "of admin" of prod.admin {{ {checks} }}
test "of part" of prod.part {{ denies sqs:SendMessage on * }}
"""


def survivors(folder: Path, role: str, part: str, checks: str) -> set[tuple[str, str]]:
    """Return the mutants that no test notices: whose they are and what was done."""
    source = FENCED.format(role=role, part=part, checks=checks)
    made = came_of(folder, source, mutate=True).mutation
    assert made is not None
    own = (m for m in made.survivors if m.before.principals is None)  # but the trust
    return {(m.subject.name, f"{m.before.effect} {m.damage}") for m in own}


def test_what_changes_nothing_in_effect_is_no_mutant(tmp_path: Path) -> None:
    """What an SCP denies anyway no test can notice: it would be asked for in vain."""
    idle, acting = "allow iam:ListRoles on *", "allow s3:GetObject on arn:aws:s3:::photos/*"
    checks = "allows s3:GetObject on arn:aws:s3:::photos/1  denies sqs:SendMessage on *"
    found = survivors(tmp_path, f"{idle}  {acting}", f"{idle}  {acting}", checks)
    assert {damage for name, damage in found if name == "admin"} == {
        "Allow on every resource",
        "Allow with `s3:*` too",
    }
    # Nobody knows what a policy is attached beside: its deny stops something all the same.
    assert survivors(tmp_path, acting, "deny s3:* on *", checks) >= {("part", "Deny left out")}
    # The deny of a role that has no more is idle, unless a policy of hers is not at hand.
    both = f"{acting}  deny sns:Publish on *"
    assert ("admin", "Deny left out") not in survivors(tmp_path, both, acting, checks)
    foreign = f'{both}  attach aws_managed("ReadOnlyAccess")'
    more = "denies iam:GetRole on *"
    assert ("admin", "Deny left out") in survivors(tmp_path, foreign, acting, more)


def test_mutants_are_the_same_each_time(tmp_path: Path) -> None:
    """Protects runs that are compared: the same damage in the same order."""
    source = f'{COVERED}test "it" of p {{ allows s3:GetObject on {PHOTO} }}'
    first, second = (came_of(tmp_path, source, mutate=True).mutation for _ in range(2))
    assert first is not None
    assert second is not None
    assert [m.damage for m in first.survivors] == [m.damage for m in second.survivors]


def test_checks_of_loops_are_told_apart(tmp_path: Path) -> None:
    """Protects the count: each check that a loop makes is one, failing or not."""
    source = """
policy p { allow s3:GetObject on s3:object("a"), s3:object("b") }
test "it" of p { for b in ["a", "b", "c"] { allows s3:GetObject on s3:object(b, "1") } }
"""
    assert outcomes(tmp_path, source) == ["holds", "holds", "broken"]


def test_an_account_that_nobody_knows_is_somebody_there(tmp_path: Path) -> None:
    """Protects `to account`: no condition knows who it is unless it is given."""
    source = """
role r {
  trust account 999988887777 when aws:PrincipalArn like arn:aws:iam::999988887777:role/ci/*
}
"""
    arn = "given { aws:PrincipalArn = arn:aws:iam::999988887777:role/ci/x }"
    assert (
        outcome(tmp_path, source, "r", "denies sts:AssumeRole to account 999988887777") == "holds"
    )
    assert (
        outcome(tmp_path, source, "r", f"allows sts:AssumeRole to account 999988887777 {arn}")
        == "holds"
    )


def test_a_proof_of_access_says_no_more_than_it_knows(tmp_path: Path) -> None:
    """Protects against a wrong yes: where a resource policy has no exact form, `always` is open."""
    source = """
policy key for kms:key() { allow kms:* to account aws.account }
policy lake for s3:bucket("lake") { deny s3:* to anyone on * except "{self}/open/*" }
role reader { trust service lambda  allow kms:Decrypt on *  allow s3:GetObject on * }
"""
    for check, expected in (
        ("always kms:Decrypt on *", "undecided"),
        ('always s3:GetObject on s3:object("lake", "open/*")', "undecided"),
        ('always s3:GetObject on s3:object("other")', "holds"),
        ("never s3:PutObject on *", "holds"),
    ):
        assert outcome(tmp_path, source, "reader", check) == expected

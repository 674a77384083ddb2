"""The whole compiler against the meaning of random programs, decided request by request."""

from __future__ import annotations

import json
import os
import random
import re
import subprocess
import sys
from collections import Counter
from itertools import permutations
from typing import TYPE_CHECKING, Any, NamedTuple

import program_meaning as meaning
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from iam_documents import Request, decision, documents_of
from program_meaning import ACCOUNT, REGION, Program, Sentence

import iamdsl
from iamdsl.diagnostics import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

quick = settings(
    max_examples=100,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
randoms = st.randoms(use_true_random=False)

REFUSALS = {"too-large", "too-many-attachments", "inexpressible-condition", "too-many-statements",
            "empty-document"}  # fmt: skip
"""What IAM cannot hold, or cannot say: the only reasons to refuse a program of the generator."""


def build(
    source: str, files: Mapping[str, str] | None = None, params: Mapping[str, str] | None = None
) -> iamdsl.Result:
    """Compile a program for one account and region."""
    return iamdsl.compile(
        source, files=files, params=params, partition="aws", account=ACCOUNT, region=REGION
    )


def of(program: Program) -> iamdsl.Result:
    """Compile a program; a refusal must be for what IAM cannot do."""
    result = build(program.source, program.files, program.params)
    assert refused(result) <= REFUSALS, f"{program.source}\n{result}"
    return result


def refused(result: iamdsl.Result) -> set[str]:
    """Return the names of a result's errors."""
    return {d.code.name for d in result.diagnostics if d.code.severity is Severity.ERROR}


def chance(seed: int) -> random.Random:
    """Return a source of chance that is the same in every run."""
    return random.Random(seed)  # noqa: S311  # no secret hangs on it


class Pair(NamedTuple):
    """What is said, and the documents that have to say it."""

    name: str
    says: list[Sentence]
    documents: list[dict[str, Any]]


def pairs(program: Program, files: Mapping[str, str]) -> Iterator[Pair]:
    """Yield what each entity says with what was emitted for it, its trust apart."""
    for entity in program.entities:
        kind = "managed" if entity.kind == "policy" else entity.kind
        documents = documents_of(files, kind, entity.name)
        yield Pair(entity.name, program.sentences(entity), documents)
        if entity.kind == "role":
            trust = json.loads(files[f"roles/{entity.name}/trust.json"])
            yield Pair(f"trust of {entity.name}", entity.trusts, [trust])


def wrong(pair: Pair, request: Request) -> str:
    """Return how the documents decide otherwise than what is said, "" if they do not."""
    allowed, denied = decision(pair.documents, request)
    most = meaning.decision(pair.says, request, most=True)
    least = meaning.decision(pair.says, request, most=False)
    if least[0] <= allowed <= most[0] and denied == most[1]:
        return ""
    return f"{pair.name}: (allow, deny) is {(allowed, denied)}, was to be {most} for {request}"


def check(program: Program, result: iamdsl.Result, draw: random.Random, number: int) -> None:
    """Compare what was emitted with what is said, on requests near to it."""
    for pair in pairs(program, result.files):
        for request in meaning.requests(draw, pair.says, number):
            problem = wrong(pair, request)
            assert not problem, f"{problem}\n{program.source}"


# The meaning


@quick
@given(randoms)
def test_what_is_emitted_decides_as_the_source_says(draw: random.Random) -> None:
    """Nothing is widened, narrowed or dropped on the way from text to JSON."""
    program = meaning.program(draw)
    result = of(program)
    if result.ok:
        check(program, result, chance(draw.getrandbits(32)), 15)


@pytest.mark.parametrize("block", range(4))
def test_programs_by_the_dozen(block: int) -> None:
    """As above with plain chance, which makes larger programs; few may be refused."""
    count: Counter[bool] = Counter()
    decided: Counter[tuple[bool, bool]] = Counter()
    for seed in range(block * 150, block * 150 + 150):
        program = meaning.program(chance(seed))
        result = of(program)
        count[result.ok] += 1
        if not result.ok:
            continue
        draw = chance(seed)
        check(program, result, draw, 15)
        for pair in pairs(program, result.files):
            decided.update(
                decision(pair.documents, r) for r in meaning.requests(draw, pair.says, 2)
            )
    assert count[False] <= 15, "ordinary programs must be compiled"
    assert decided[True, False] > 80, "requests must meet statements"
    assert decided[False, True] > 50, "requests must meet statements"


@pytest.mark.parametrize("kind", ["policy", "role", "user", "group", "permission_set", "scp"])
def test_split_programs_say_the_same_in_documents_that_fit(kind: str) -> None:
    """A policy too large for AWS is split; a part lost there would go unnoticed."""
    split = 0
    for seed in range(12):
        program = meaning.large_program(chance(seed), kind)
        result = of(program)
        if not result.ok:
            continue
        check(program, result, chance(seed), 12)
        split += (
            len(documents_of(result.files, "managed" if kind == "policy" else kind, "large")) > 1
        )
        assert not list(too_large(result.files))
    assert split >= 2 or kind in ("scp", "permission_set", "user")


_MOST = {"managed": 6_144, "boundary": 6_144, "trust": 2_048, "session": 2_048, "scp": 10_240,
         "rcp": 5_120}  # fmt: skip
_INLINE = {"role": 10_240, "user": 2_048, "group": 5_120, "permission_set": 10_240}


def too_large(files: Mapping[str, str]) -> Iterator[str]:
    """Yield what is larger than AWS takes (AWS "reference_iam-quotas"), counted anew."""

    def length(file: str) -> int:
        return len(json.dumps(json.loads(files[file]), separators=(",", ":")))

    for artifact in json.loads(files["manifest.json"])["artifacts"]:
        kind, file = artifact["kind"], artifact["file"]
        if kind in _MOST and length(file) > _MOST[kind]:
            yield file
        if kind in _INLINE:
            inline = [p["File"] for p in json.loads(files[file])["InlinePolicies"]]
            if sum(map(length, inline)) > _INLINE[kind]:
                yield file


def test_a_dropped_condition_would_be_found() -> None:
    """The requests above would not be worth much if they never met what matters."""
    found = tried = 0
    for seed in range(60):
        program = meaning.program(chance(seed))
        result = of(program)
        for pair in pairs(program, result.files) if result.ok else ():
            held = [s for d in pair.documents for s in d["Statement"] if "Condition" in s]
            if not held:
                continue
            chance(seed).choice(held).pop("Condition")
            tried += 1
            requests = meaning.requests(chance(seed), pair.says, 150)
            found += any(wrong(pair, r) for r in requests)
    assert tried > 20
    assert found > tried * 0.6, (found, tried)


# What must not matter


@quick
@given(randoms)
def test_order_of_declarations_and_statements_does_not_matter(draw: random.Random) -> None:
    """People move sentences about, and expect nothing of it."""
    program = meaning.program(draw)
    result = build(program.shuffled(draw), program.files, program.params)
    assert result.ok == of(program).ok
    if result.ok:
        check(program, result, chance(draw.getrandbits(32)), 8)


_LISTS = (
    ("s3:GetObject", "s3:Put*", '"s3:NewThing"', "sqs:*"),
    ('s3:object("b1")', "arn:aws:s3:::b2/${aws:username}", 'sqs:queue("b1")'),
    ('"x"', "aws:PrincipalTag/b", '"${aws:username}-x"'),
)


def test_order_of_items_in_lists_does_not_matter() -> None:
    """Lists of actions, resources and values are sets."""
    made = set()
    for actions in permutations(_LISTS[0]):
        for resources, values in zip(permutations(_LISTS[1]), permutations(_LISTS[2]), strict=True):
            result = build(
                f"policy p {{ allow {', '.join(actions)} on [{', '.join(resources)}]"
                f" when aws:PrincipalTag/team in [{', '.join(values)}] }}"
            )
            document = result.document("policies/p.json")
            statements = document["Statement"]
            for statement in statements:
                values_of = statement["Condition"]["StringEquals"]
                values_of["aws:PrincipalTag/team"].sort()
                statement["Action"].sort()
                statement["Resource"].sort()
            made.add(json.dumps(document, sort_keys=True))
    assert len(made) == 1


@quick
@given(randoms)
def test_names_of_values_do_not_matter(draw: random.Random) -> None:
    """A `let`, loop name or template may be renamed without a change in any file."""
    program = meaning.program(draw)
    names = r"(?<![./\w-])(acts|cond|data|list|res|t|texts|x)_(\d+)\b"
    renamed = re.sub(names, lambda m: f"{m[2].translate(_LETTERS)}_{m[1][::-1]}", program.source)
    files = {k: v for k, v in of(program).files.items() if k != "manifest.json"}
    again = build(renamed, program.files, program.params).files
    assert files == {k: v for k, v in again.items() if k != "manifest.json"}


_LETTERS = str.maketrans("0123456789", "zyxwvutsrq")

_HASHED = """
import hashlib, random, sys
sys.path.insert(0, sys.argv[1])
import program_meaning, test_compile
for seed in range(40):
    result = test_compile.of(program_meaning.program(random.Random(seed)))
    text = repr(sorted(result.files.items())) + str(result)
    print(hashlib.sha256(text.encode()).hexdigest())
"""


def test_the_same_sources_give_the_same_bytes() -> None:
    """A build that changes by itself cannot be reviewed."""
    made = [
        subprocess.run(
            [sys.executable, "-c", _HASHED, os.path.dirname(__file__)],
            env={**os.environ, "PYTHONHASHSEED": number},
            capture_output=True, text=True, check=True,
        ).stdout
        for number in ("1", "2")
    ]  # fmt: skip
    assert made[0] == made[1]
    assert len(set(made[0].split())) == 40


# What attacks and slips came to: each was once compiled to something else


@pytest.mark.parametrize(
    "body",
    [
        "allow s3:* on given",
        'allow s3:* on "{given}"',
        "allow given on *",
        'allow "s3:{given}" on *',
        'allow s3:["{given}"] on *',
        'allow * except "s3:{given}" on *',
        "allow s3:* on s3:bucket(given)",
        "allow s3:* on arn:aws:s3:::{given}/*",
        "allow s3:* on * when aws:PrincipalTag/a like given",
        'allow s3:* on * when aws:PrincipalTag/a like "x{given}"',
        "deny s3:* on * when aws:PrincipalTag/a != aws:PrincipalTag/{given}",
    ],
)
@pytest.mark.parametrize(
    "text", ["*", "?", "${aws:username}", "a, 'admin'", "\ue000aws.account\ue001"]
)
def test_text_from_outside_is_no_pattern(body: str, text: str) -> None:
    """Who may set a param or edit data must not be able to widen a policy with it."""
    result = build(f"param given: String\npolicy p {{ {body} }}", params={"given": text})
    if result.ok:
        assert text == "a, 'admin'", str(result)
        assert "'admin'}" not in result.files["policies/p.json"]
        return
    assert refused(result) & {"widening-data", "wrong-type", "unknown-action", "bad-arn"}


@pytest.mark.parametrize(
    "statement",
    [
        "deny s3:GetObject on * when aws:PrincipalTag/a? exists",
        "deny s3:GetObject on * when aws:PrincipalTag/a == aws:PrincipalTag/b?",
        "deny s3:GetObject on * when aws:PrincipalTag/a != aws:PrincipalTagg/b",
        "deny s3:GetObject on * when aws:PrincipalTag/a == aws:TagKeys",
        "deny s3:GetObject on * when aws:PrincipalTag/a in s3:[GetObject]",
        "deny s3:GetObject on * when aws:PrincipalTag/a like *",
        "deny s3:GetObject on * when aws:PrincipalTag/a like anyone",
        "deny s3:GetObject on * when aws:CurrentTime < 9999-12-31T23:59-12:00",
        "deny s3:GetObject on * when s3:max-keys == aws:EpochTime",
        'deny s3:GetObject on * when aws:PrincipalTag/a == "${$}{{v}}" ignoring case',
        "deny s3:* except s3:GetObject on *",
        "deny s3:@read on *",
        "allow s3:GetObject on s3:object() except arn:aws:s3:::x/*",
        'allow s3:GetObject on "arn:aws:s3"',
        "allow s3:GetObject on arn:aws:s3:::b/${aws:TagKeys}",
        "allow s3:GetObject on arn:aws:s3:::b/${aws:usernme}",
    ],
)  # fmt: skip
def test_what_iam_cannot_say_is_refused(statement: str) -> None:
    """None of these has a form in IAM, so that each would have to be bent."""
    result = build(f"policy p {{ {statement} allow sqs:SendMessage on * }}")
    assert not result.ok
    assert not result.files


@pytest.mark.parametrize(
    ("selection", "emitted"),
    [
        ('"s3:PutNewThing", sqs:SendMessage except s3:Put*', ["sqs:SendMessage"]),
        ('"s3:NewThing", sqs:SendMessage except "S3:NEW*"', ["sqs:SendMessage"]),
        ("sqs:*Message except sqs:SendMessage", ["sqs:DeleteMessage", "sqs:ReceiveMessage"]),
        ('"S3:getobject" except sqs:*', ["s3:GetObject"]),
    ],
)  # fmt: skip
def test_except_takes_away_all_that_it_names(selection: str, emitted: list[str]) -> None:
    """What `except` leaves must not match what it names, in the catalogue or not."""
    result = build(f"policy p {{ allow {selection} on * }}")
    found = result.document("policies/p.json")["Statement"][0]["Action"]
    assert ([found] if isinstance(found, str) else found) == emitted


@pytest.mark.parametrize("name", ["s3:GetNewThing", "s3:GetNew*", "S3:getnewt?ing"])
def test_except_of_an_action_yet_to_come_leaves_no_pattern(name: str) -> None:
    """`s3:Get*` would match the very action that was excepted."""
    result = build(f'policy p {{ allow s3:Get* except "{name}" on * }}')
    document = result.document("policies/p.json")
    request = Request("s3:GetNewThing", "arn:aws:s3:::b", ("*", ""), {})
    assert decision([document], request) == (False, False)
    assert decision([document], request._replace(action="s3:GetObject")) == (True, False)


@pytest.mark.parametrize(
    "statement",
    [
        "deny s3:* on * when aws:PrincipalTag/a in []",
        "deny s3:* on * when aws:SecureTransport and not aws:SecureTransport",
        "deny s3:* on * unless all([])",
        "deny s3:* on []",
        "deny * except * on *",
    ],
)
def test_a_deny_that_says_nothing_is_noted(statement: str) -> None:
    """A guard that has gone must be seen to have gone."""
    result = build(f"policy p {{ {statement} allow sqs:SendMessage on * }}")
    assert "folded-away" in {d.code.name for d in result.diagnostics}


@pytest.mark.parametrize(
    "source",
    [
        "role r { trust * except sts:AssumeRole to service lambda }",
        "role r { trust s3:GetObject to service lambda }",
        'policy p for ecr:repository("x") { allow ecr:* to anyone on ecr:repository("y") }',
        'policy p for s3:bucket("b") { allow s3:* to oidc "accounts.google.com" }',
        "policy p for s3:bucket() { allow s3:* to anyone }",
        "role r { trust service lambda } policy p for r { allow sts:AssumeRole to anyone }",
        "scp s { deny s3:* on * } policy p { allow iam:* on s }",
        'role r { path "/*/" trust service lambda } policy p { allow iam:PassRole on r }',
        "rcp r { deny ec2:* on * }",
    ],
)
def test_what_would_be_about_something_else_is_refused(source: str) -> None:
    """Each of these once spoke of more, or of another thing, than it says."""
    assert not build(source).ok


@pytest.mark.parametrize(
    "use",
    [
        "role r { trust service lambda boundary p }",
        "policy q { allow iam:AttachRolePolicy on * when iam:PolicyARN == p }",
        'policy q { deny iam:DetachRolePolicy on * when iam:PolicyARN == iam:policy("p") }',
    ],
)
def test_a_piece_does_not_stand_for_the_whole(use: str) -> None:
    """A boundary of one piece of four would lack the denies of the others."""
    names = ", ".join(f'"n{i}"' for i in range(120))
    long = "x" * 40
    large = f"""policy p {{ for n in [{names}] {{
        allow s3:ListBucket on s3:bucket("{{n}}-{long}") when aws:PrincipalTag/x == n
    }} }}"""
    assert len(build(large).files) > 3
    assert refused(build(f"{large}\n{use}")) == {"too-large"}


def test_written_sids_are_kept() -> None:
    """Sids are looked up in logs and by other tools."""
    result = build(
        """policy p {
            for x in ["a", "b"] { allow s3:ListBucket on s3:bucket(x) as A }
            deny s3:PutObject on * as A2
        }"""
    )
    statements = result.document("policies/p.json")["Statement"]
    assert [s["Sid"] for s in statements if s["Effect"] == "Deny"] == ["A2"]
    assert len({s["Sid"] for s in statements}) == 3

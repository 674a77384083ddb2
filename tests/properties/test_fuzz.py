"""Whatever is typed: an answer in bounded time, the same each time, and valid JSON or a message.

Sources are the examples, the standard library and the cases with random edits, programs written
at random by rules that keep them mostly right, programs that the grammar itself writes, and random
command lines. What compiles is held to the schemas that cfn-lint has of policies.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from contextlib import chdir
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, TypeAlias

import grammar_programs
import policy_schemas
import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from source_classes import LIBRARY

import iamdsl
from iamdsl.cli import main
from iamdsl.diagnostics import Report
from iamdsl.diagnostics.render import render
from iamdsl.iam import OPERATORS
from iamdsl.source import Source
from iamdsl.syntax import parse, tree

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT = Path(__file__).parent.parent.parent
MAX_SECONDS = 15.0
SCHEMAS = policy_schemas.installed()  # in CI they have to be: `tests/e2e/test_schemas.py`
SLOW = {"more-statements-than-the-bound"}  # seconds, as it should; its own test has it
FILES = {
    path.relative_to(ROOT / "examples").as_posix(): path.read_text(encoding="utf-8")
    for path in sorted((ROOT / "examples").rglob("*"))
    if path.suffix in {".iam", ".json", ".toml"} and "build" not in path.parts
}
SEEDS = [
    *(text for name, text in FILES.items() if name.endswith(".iam")),
    *((ROOT / "stdlib" / f"{name}.iam").read_text(encoding="utf-8") for name in LIBRARY),
    *(
        path.read_bytes().decode("utf-8", "replace")
        for path in sorted((ROOT / "tests" / "cases").rglob("input.iam"))
        if path.stat().st_size < 4000 and path.parent.name not in SLOW
    ),
    (ROOT / "tests" / "unit" / "syntax" / "every_construct.iam").read_text(encoding="utf-8"),
]
FUZZ = settings(
    max_examples=150,
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],  # shrinking what is slow takes for ever
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)

Run: TypeAlias = tuple[bool, dict[str, str], list[str]]


def run(text: str) -> Run:
    """Compile a text, check what holds of every compilation, and return what it came to."""
    began = time.process_time()
    result = iamdsl.compile(
        {"one-table/fuzzed.iam": text},
        files=FILES,
        partition="aws",
        account="111122223333",
        region="eu-west-1",
    )
    spent = time.process_time() - began
    assert spent < MAX_SECONDS, f"{spent:.1f} s"
    for diagnostic in result.diagnostics:
        for span in [diagnostic.span, *(note.span for note in diagnostic.notes)]:
            if span is not None:
                assert 0 <= span.start <= span.end <= len(span.source.text), diagnostic
        for edit in diagnostic.fix.edits if diagnostic.fix else ():
            assert 0 <= edit.span.start <= edit.span.end <= len(edit.span.source.text), diagnostic
    for style in ("full", "concise", "json", "sarif", "github", "junit"):
        assert render(style, result.diagnostics) or not result.diagnostics
    if result.ok:
        documents = {name: json.loads(text) for name, text in result.files.items()}
        for name, document in documents.items():
            check_document(name, document)
        if SCHEMAS:
            assert policy_schemas.problems(documents) == []
    else:
        assert result.diagnostics
        assert not result.files
    return result.ok, dict(result.files), [str(d.message) for d in result.diagnostics]


# What IAM takes, as strictly as a document can be looked at without its service


ELEMENTS = {
    "Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource",
    "Condition",
}  # fmt: skip


def texts(value: Any) -> list[str]:
    """Return a value that is a text or a list of texts, not empty, as a list."""
    found = value if isinstance(value, list) else [value]
    assert found
    assert all(isinstance(item, str) for item in found), value
    assert len(set(found)) == len(found), value
    return found


def check_document(name: str, document: Any) -> None:
    """Check a file of a build: a policy document, or what stands beside one."""
    assert "\ue000" not in json.dumps(document, ensure_ascii=False)
    assert "\ue001" not in json.dumps(document, ensure_ascii=False)
    if "Statement" not in document:
        assert name.rpartition("/")[2] in {"manifest.json", "role.json", "user.json"} or (
            name.split("/")[-3:-2] != ["policies"]
        )
        return
    assert document["Version"] == "2012-10-17"
    assert set(document) <= {"Version", "Id", "Statement"}
    statements = document["Statement"]
    assert isinstance(statements, list)
    assert statements
    sids = [s["Sid"] for s in statements if "Sid" in s]
    assert len(sids) == len(set(sids))
    for statement in statements:
        check_statement(name, statement)


def check_statement(name: str, statement: dict[str, Any]) -> None:
    """Check a statement's elements, and that it has those that its kind of document needs."""
    assert set(statement) <= ELEMENTS
    assert statement["Effect"] in {"Allow", "Deny"}
    assert ("Action" in statement) != ("NotAction" in statement)
    for action in texts(statement.get("Action", statement.get("NotAction"))):
        assert re.fullmatch(r"\*|[A-Za-z0-9-]+:[A-Za-z0-9*?_-]+", action), action
    named = "Principal" in statement or "NotPrincipal" in statement
    folder = name.split("/")[-2]
    if name.endswith("/trust.json") or folder == "resources":
        assert named
    else:
        assert not named or folder == "rcps"
        assert ("Resource" in statement) != ("NotResource" in statement)
    for element in ("Resource", "NotResource"):
        for resource in texts(statement[element]) if element in statement else ():
            assert resource == "*" or resource.startswith("arn:") or '"' not in resource
    assert not ("NotPrincipal" in statement and statement["Effect"] == "Allow")
    for operator, keys in statement.get("Condition", {}).items():
        plain = operator.rpartition(":")[2].removesuffix("IfExists")
        assert plain in OPERATORS or plain == "Null", operator
        assert keys
        for key, values in keys.items():
            assert ":" in key
            texts(values)


# Edits


TOKEN = re.compile(
    r'"(?:\\.|[^"\\\n])*"|#[^\n]*|arn:[^\s,)\]};#]+|[A-Za-z_][\w:./*-]*|\d[\w.:/-]*|==|!=|<=|>=|\s+|.',
    re.DOTALL,
)
MARKS = '\x00\t\n\r"{}[]()$\\:;*?@#aé\u202e\u2028😀_-1/.,=<>!\ue000\ufeff'
ODD = [
    '""', '"*"', "9" * 30, "9" * 5000, "1.5", "-1", "0", "[]", "{}", "()", "aws.account", "self",
    "*", "?", "${aws:username}", '"${aws:username}"', '"{x}"', '"{"', '"{{"', "true", "2026-12-31",
    "::1", "10.0.0.0/8", "999.0.0.0/99", "4h", "99999h", "x", "a:b", "not", "not " * 300, "any",
    "all", "exists", "if", "for", "in", "@read", "@list", "service lambda", "anyone", "account *",
    "arn:aws:s3:::x", "arn:*", "arn:", "s3:*", '"{', 'key("a b")', 'Binary("aa")', 'Arn("*")',
    "Pattern", "1e5", "0x10", '"\\u{0}"', '"\\u{d800}"', '"\\q"', "[" * 70, "a.b.c", "x" * 2000,
    '"' + "y" * 7000 + '"', "use", "template", "import", "- ", "é", "\u200b", "{" * 40 + "}" * 40,
]  # fmt: skip
EDITS = [
    "delete",
    "twice",
    "swap",
    "foreign",
    "character",
    "bracket",
    "cut",
    "splice",
    "odd",
    "drop",
]


def edited(text: str, edits: Sequence[tuple[str, int, int]]) -> str:
    """Return a text with some of its tokens changed; numbers are taken modulo what there is."""
    tokens = TOKEN.findall(text)
    for kind, first, second in edits:
        if not tokens:
            break
        here = first % len(tokens)
        length = {"cut": len(tokens), "drop": 1 + second % 10, "bracket": 0}.get(kind, 1)
        tokens[here : here + length] = replacement(kind, tokens, here, second)
    return "".join(tokens)


def replacement(kind: str, tokens: list[str], here: int, number: int) -> list[str]:
    """Return what an edit puts in the place of the token at `here`."""
    token, other = tokens[here], TOKEN.findall(SEEDS[number % len(SEEDS)])
    match kind:
        case "twice":
            return [token, token]
        case "swap":
            return [tokens[number % len(tokens)]]
        case "foreign":
            return [other[here % len(other)]]
        case "character":
            at = number % len(token)
            return [token[:at] + MARKS[number % len(MARKS)] + token[at + number % 2 :]]
        case "bracket":
            return ["[](){}"[number % 6]]
        case "splice":
            start = here % len(other)
            return [token, *other[start : start + 12]]
        case "odd":
            return [ODD[number % len(ODD)]]
        case _:
            return []


numbers = st.integers(0, 100_000)
some_edits = st.lists(st.tuples(st.sampled_from(EDITS), numbers, numbers), min_size=1, max_size=5)
mutants = st.builds(edited, st.sampled_from(SEEDS), some_edits)


@FUZZ
@given(mutants)
def test_edited_sources_compile_or_say_why(text: str) -> None:
    """No edit of a source makes the compiler raise, hang, or write what IAM refuses."""
    run(text)


@FUZZ
@given(st.one_of(mutants, st.text(max_size=300)))
def test_any_text_parses_to_a_tree(text: str) -> None:
    """The parser takes any text; all spans lie inside it, and reading it again says the same."""
    source = Source("fuzzed.iam", text)
    first, second = Report(), Report()
    found = parse(source, first)
    assert tree.show(parse(Source("fuzzed.iam", text), second)) == tree.show(found)
    assert [d.message for d in first.diagnostics] == [d.message for d in second.diagnostics]
    for diagnostic in first.diagnostics:
        if diagnostic.span is not None:
            assert 0 <= diagnostic.span.start <= diagnostic.span.end <= len(text)
    for comment in found.comments:
        assert comment.span.text == comment.text


# Programs that are mostly right


PREAMBLE = """param env: "dev" | "prod" = "dev"
let t = "team"
let xs = ["a", "b"]
let n = 3
let b = true
let rec = { a = "x", c = false }
let bkt = s3:bucket("lake")
let orders = dynamodb:table("orders")
let acts = [s3:GetObject, sqs:SendMessage]
let near = aws:SourceIp in [10.0.0.0/8]
template tpl(q: String) {
  allow s3:GetObject on "arn:aws:s3:::{q}/x" when aws:PrincipalTag/{q} == q
}
policy p1 { allow s3:GetObject on * }
boundary edge { allow * on * }
role r1 { trust service ec2 allow s3:GetObject on * }
"""
STRINGS = [
    '"a"', '"b*c"', "xs", '"{t}"', '["a", "b"]', '["x", "{t}y"]', '"${aws:username}"', "rec.a",
    "111122223333",
]  # fmt: skip
EQUALITY = ["==", "!=", "in", "not in", "like", "not like"]
ORDER = ["<", "<=", ">", ">="]
KEYS: dict[str, tuple[list[str], list[str]]] = {
    "aws:SourceIp": (["in", "not in"], ["10.0.0.0/8", "[10.1.0.0/16, 1.2.3.4]", "2001:db8::/32"]),
    "aws:SecureTransport": (["==", "!="], ["true", "false"]),
    "aws:CurrentTime": ([*ORDER, "=="], ["2026-12-31", "2026-12-31T12:00Z"]),
    "s3:max-keys": ([*ORDER, "==", "!="], ["1", "10"]),
    "aws:MultiFactorAuthAge": (["<", ">="], ["1h", "30m"]),
    "aws:PrincipalArn": (EQUALITY, ["arn:aws:iam::111122223333:role/x", "arn:*:iam::*:role/y*"]),
    "aws:SourceArn": (["like", "not like"], ["arn:aws:sns:*:*:x"]),
    **dict.fromkeys(
        ["aws:PrincipalOrgID", "s3:prefix", "aws:RequestTag/team", "aws:ResourceTag/{t}"],
        (EQUALITY, STRINGS),
    ),
}
MANY = ["aws:TagKeys", "dynamodb:LeadingKeys", "aws:CalledVia"]
ACTIONS = [
    "s3:GetObject", "s3:Get*", "s3:*", "s3:[GetObject, PutObject]", "s3:@read", "acts", "sqs:*",
    "s3:* except s3:Delete*", "dynamodb:[GetItem, Query]", "s3:*Object",
]  # fmt: skip
RESOURCES = [
    "*", "bkt", '"{bkt}/*"', "arn:aws:s3:::b/*", 's3:object("b", "k/*")', "orders", "[bkt, orders]",
    "[s3:bucket(x) for x in xs]", "arn:aws:s3:::{xs}", '"arn:aws:s3:::${aws:username}/*"',
]  # fmt: skip
PRINCIPALS = [
    "anyone", "account 111122223333", "account *", "service lambda", "r1",
    "account [111122223333, 222233334444]", "arn:aws:iam::111122223333:role/x",
]  # fmt: skip
HEADS = [
    "policy z", "boundary z", "scp z", "session z", "policy z for bkt", "role z", "group z",
    "permission_set z", "user z",
]  # fmt: skip


def listed(items: list[str]) -> st.SearchStrategy[str]:
    """Return a strategy for one to three of some items, with commas."""
    return st.lists(st.sampled_from(items), min_size=1, max_size=3).map(", ".join)


@st.composite
def atoms(draw: st.DrawFn) -> str:
    """Return a condition on one key, nearly always of the key's type."""
    shape = draw(st.integers(0, 9))
    if shape == 0:
        return draw(st.sampled_from(["near", "b", 'env == "dev"', "aws:SecureTransport"]))
    if shape == 1:
        key = draw(st.sampled_from([*KEYS, *MANY]))
        return f"{key} {draw(st.sampled_from(['exists', 'missing']))}"
    may = draw(st.sampled_from(["", "", "?"]))
    if shape in {2, 3}:
        quantifier, key = draw(st.sampled_from(["any", "all"])), draw(st.sampled_from(MANY))
        operator, value = draw(st.sampled_from(EQUALITY)), draw(st.sampled_from(STRINGS))
        return f"{quantifier} {key}{may} {operator} {value}"
    key = draw(st.sampled_from(list(KEYS)))
    operators, values = KEYS[key]
    return f"{key}{may} {draw(st.sampled_from(operators))} {draw(st.sampled_from(values))}"


def joined(parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Return a strategy for formulas over smaller ones."""
    several = st.lists(parts, min_size=2, max_size=3)
    return st.one_of(
        parts.map(lambda p: f"not ({p})"),
        several.map(lambda ps: f"({' and '.join(ps)})"),
        several.map(lambda ps: f"({' or '.join(ps)})"),
        several.map(lambda ps: f"any([{', '.join(ps)}])"),
    )


formulas = st.recursive(atoms(), joined, max_leaves=6)


@st.composite
def statements(draw: st.DrawFn, *, resource: bool) -> str:
    """Return a statement of a policy, or of a resource policy."""
    text = f"{draw(st.sampled_from(['allow', 'allow', 'deny']))} {draw(listed(ACTIONS))}"
    if resource:
        whole = draw(st.sampled_from(["self", '"{self}/*"']))
        text += f" to {draw(listed(PRINCIPALS))} on {whole}"
    else:
        text += f" on {draw(listed(RESOURCES))}"
    if draw(st.booleans()):
        text += f" when {draw(formulas)}"
    if draw(st.integers(0, 3)) == 0:
        text += f" unless {draw(formulas)}"
    wrapped = draw(st.integers(0, 7))
    if wrapped == 0:
        return f"for t in xs {{ {text} }}"
    if wrapped == 1:
        return f"if n == 3 and b {{ {text} }} else {{ deny sqs:* on * }}"
    return text


@st.composite
def programs(draw: st.DrawFn) -> str:
    """Return a whole program with one declaration of interest."""
    head = draw(st.sampled_from(HEADS))
    inner = draw(st.lists(statements(resource=" for " in head), min_size=1, max_size=3))
    if head == "role z":
        inner.append(f"trust {draw(listed(PRINCIPALS))} when {draw(formulas)}")
        inner.append(draw(st.sampled_from(["place auto", "max_session 4h", "boundary edge", ""])))
    if " for " not in head:
        inner.append(draw(st.sampled_from(["", 'use tpl(q = "x")'])))
    return f"{PREAMBLE}{head} {{\n" + "\n".join(inner) + "\n}\n"


@FUZZ
@given(programs())
def test_likely_programs_compile_or_say_why(text: str) -> None:
    """Programs that get as far as fit never fail as a bug of ours."""
    ok, _, messages = run(text)
    assert ok or messages


@settings(FUZZ, max_examples=40)
@given(programs())
def test_the_same_source_gives_the_same_bytes(text: str) -> None:
    """Nothing left by one compilation shows in the next."""
    assert run(text) == run(text)


def test_most_likely_programs_compile() -> None:
    """The programs above would test little if they all failed at the first pass."""
    outcomes: list[bool] = []

    @settings(FUZZ, max_examples=60)
    @given(programs())
    def collect(text: str) -> None:
        outcomes.append(run(text)[0])

    collect()
    assert sum(outcomes) > len(outcomes) / 4


# Programs of the grammar


@FUZZ
@given(grammar_programs.programs())
def test_programs_of_the_grammar_compile_or_say_why(text: str) -> None:
    """Any construct beside any other is compiled, or refused with a message."""
    run(text)


def test_many_programs_of_the_grammar_parse_and_some_compile() -> None:
    """They would test little of what comes after the parser if it refused them all."""
    outcomes: list[tuple[bool, bool]] = []

    @settings(FUZZ, max_examples=80)
    @given(grammar_programs.programs())
    def collect(text: str) -> None:
        report = Report()
        parse(Source("fuzzed.iam", text), report)
        outcomes.append((not report.diagnostics, run(text)[0]))

    collect()
    assert sum(parsed for parsed, _ in outcomes) > len(outcomes) / 3
    assert sum(compiled for _, compiled in outcomes) > len(outcomes) / 10


def test_programs_of_the_grammar_hold_every_construct() -> None:
    """Each alternative of each rule is written, so that one that is added is tried at once."""
    rules = grammar_programs.grammar()[0]
    wanted = {(name, index) for name, found in rules.items() for index in range(len(found))}
    for number in range(2000):
        wanted -= grammar_programs.walked(Random(number), likely=0.2 * (number % 4)).used  # noqa: S311
        if not wanted:
            break
    assert not wanted


def test_a_block_of_programs_stays_within_memory() -> None:
    """A hundred compilations, one after the other, take 60 s and 1 GB at the very most."""
    resource = pytest.importorskip("resource", reason="only POSIX can limit a process")

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_CPU, (60, 60))
        resource.setrlimit(resource.RLIMIT_AS, (2**30, 2**30))

    code = "import gc, test_fuzz; gc.enable(); test_fuzz.run_block(100)"
    folders = [str(ROOT), str(ROOT / "tests"), str(ROOT / "tests" / "properties")]
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(folders)},
        preexec_fn=limit,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]


def run_block(count: int) -> None:
    """Compile programs of the grammar and edited sources; for a process that is limited."""
    random = Random(1)  # noqa: S311
    for number in range(count):
        run(grammar_programs.written(random, likely=0.33 * (number % 4)))
        edit = (random.choice(EDITS), random.randrange(10**5), random.randrange(10**5))
        run(edited(random.choice(SEEDS), [edit]))


# Command lines


WORDS = [
    "build", "check", "explain", "actions", "catalogue", "init", "--help", "-h", "--version", "-",
    "--", "-o", "out", "--set", "a=b", "=", "aws.account=1", "--target", "json", "--minify",
    "--print", "--no-cache", "--output-format", "sarif", "--color", "always", "--error-on-warning",
    "main.iam", "missing.iam", ".", "..", "", " ", "\x00", "é", "a" * 300, "IAM001", "nothing",
    "s3:*", "s3:GetObject", "[", "*", "info", "diff", "--sids", "drop", "--wat", "/dev/null", "x\ny",
]  # fmt: skip


@settings(FUZZ, max_examples=80)
@given(
    st.lists(st.sampled_from([w for w in WORDS if w != "init"]), max_size=5),
    st.binary(max_size=40),
)
def test_command_lines_end_with_a_code(arguments: list[str], stdin: bytes) -> None:
    """Any command line ends with 0, 1 or 2, never with a traceback."""
    with TemporaryDirectory() as folder, chdir(folder):
        Path("main.iam").write_text("policy p { allow s3:GetObject on * }", encoding="utf-8")
        result = CliRunner().invoke(main, arguments, input=stdin)
        assert result.exit_code in {0, 1, 2}, result.output
        assert result.exception is None or isinstance(result.exception, SystemExit)
        assert "IAM901" not in result.stderr, result.stderr
        assert "Traceback" not in result.output


@pytest.mark.parametrize(
    "junk", [b"\xff\xfe\x00", b"\x00" * 1000, b"\x89PNG\r\n\x1a\n", b"PK\x03\x04"]
)
def test_binary_on_stdin(junk: bytes) -> None:
    """Binary junk is refused with a code, nothing printed to stdout."""
    result = CliRunner().invoke(main, ["build", "-"], input=junk)
    assert result.exit_code == 1
    assert result.stdout == ""
    assert "error[IAM0" in result.stderr

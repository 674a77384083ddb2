"""The grammar: free of conflicts, known to the recovery, read the same by our engine and Lark's.

Protects the parser's two shortcuts (a lexer of our own, tables kept in a cache) against ever
meaning something else than `grammar/iamdsl.lark` says.
"""

from __future__ import annotations

import marshal
import os
import re
import subprocess
import sys
from contextlib import suppress
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import lark
import pytest
from lark.exceptions import UnexpectedInput
from lark.lexer import PatternStr
from lark.parsers.lalr_parser import _Parser
from source_classes import LIBRARY

from iamdsl import resources
from iamdsl.diagnostics import Report
from iamdsl.source import Source
from iamdsl.syntax import parse, parser, tree, words
from iamdsl.syntax import tables as parse_tables

ROOT = Path(__file__).parent.parent
GRAMMAR = (ROOT / "grammar" / "iamdsl.lark").read_text(encoding="utf-8")
REFERENCE = ROOT / "grammar" / "README.md"
SAMPLE = ROOT / "tests" / "unit" / "syntax" / "every_construct.iam"
CORPUS = sorted(
    {
        SAMPLE,
        *(ROOT / "examples").rglob("*.iam"),
        *(ROOT / "stdlib" / f"{name}.iam" for name in LIBRARY),
        *(ROOT / "tests" / "cases").rglob("*.iam"),
    }
)
IDS = [path.relative_to(ROOT).as_posix() for path in CORPUS]


@cache
def stock(**options: Any) -> lark.Lark:
    """Return Lark's own parser of the grammar, nothing of ours in it."""
    return lark.Lark(
        GRAMMAR,
        parser="lalr",
        lexer="contextual",
        start=parse_tables.STARTS,
        maybe_placeholders=False,
        propagate_positions=True,
        **options,
    )


class Trees:
    """Makes Lark's trees where the builder makes ours, so that the two can be compared."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return lambda children: lark.Tree(name, children)


@cache
def ours() -> parser.Engine:
    """Return our engine with Lark's trees in the place of ours."""
    engine = parser.Engine()
    packed = parse_tables.unpack(parse_tables.pack(parse_tables.compute(GRAMMAR)))
    assert packed is not None
    table = parse_tables.parse_table(packed, Trees())
    reductions: Any = parse_tables.Reductions()
    engine._parser = _Parser(table, reductions)
    return engine


def keywords() -> set[str]:
    """Return the words that the grammar spells out."""
    terminals = stock().terminals
    values = {t.pattern.value for t in terminals if isinstance(t.pattern, PatternStr)}
    return {value for value in values if value[0].isalpha()}


def accepted(rule: str) -> set[str]:
    """Return the keywords that a `rule` of the grammar may begin with."""
    patterns = {
        t.name: t.pattern.value for t in stock().terminals if isinstance(t.pattern, PatternStr)
    }
    rules: dict[str, list[list[Any]]] = {}
    for made in stock().rules:
        rules.setdefault(made.origin.name, []).append(list(made.expansion))
    found: set[str] = set()
    seen: set[str] = set()

    def visit(name: str) -> None:
        if name in seen:
            return
        seen.add(name)
        for expansion in rules[name]:
            first = expansion[0] if expansion else None
            if first is not None and first.is_term:
                found.add(patterns.get(first.name, ""))
            elif first is not None:
                visit(first.name)

    visit(rule)
    return {word for word in found if word[:1].isalpha()}


def plain(node: Any) -> Any:
    """Return a Lark tree as tuples: rule, children; a token's terminal, text and place."""
    if isinstance(node, lark.Tree):
        return (str(node.data), *map(plain, node.children))
    return (node.type, str(node), node.start_pos, node.end_pos)


def test_the_grammar_has_no_hidden_conflict() -> None:
    """Strict mode finds the conflicts, and the terminals that overlap, which Lark passes over."""
    if os.environ.get("CI") != "true":  # there it has to be
        pytest.importorskip("interegular", reason="interegular is in the extra `dev`")
    lark.Lark(GRAMMAR, parser="lalr", lexer="contextual", start=parse_tables.STARTS, strict=True)


def test_reserved_words_are_keywords() -> None:
    """A word that is reserved but not in the grammar could stand nowhere at all."""
    assert keywords() >= words.RESERVED


def test_every_member_s_keyword_cuts_islands() -> None:
    """A keyword that recovery does not know would swallow the members below it after a mistake."""
    known = words.VERBS | words.NOUNS
    assert accepted("member") == known
    assert not words.VERBS & words.NOUNS


def test_every_member_s_keyword_is_suggested() -> None:
    """A misspelt keyword is mended only if the list for suggestions has it."""
    assert accepted("member") == words.MEMBERS


def test_joining_words_begin_nothing() -> None:
    """A word that goes on with a statement in the first column must not begin an island."""
    assert not words.JOINING & accepted("member")
    assert keywords() >= words.JOINING


def test_verbs_of_islands_are_no_names_in_the_middle_of_a_member() -> None:
    """A word that cuts islands anywhere must be one that the grammar has only at the front."""
    unreserved = words.VERBS - words.RESERVED
    assert unreserved == {"allows", "denies", "never"}


def rules_unused(texts: list[str]) -> set[str]:
    """Return the alternatives of the grammar's rules that no text is written by."""
    made = lark.Lark(
        GRAMMAR,
        parser="lalr",
        lexer="contextual",
        start=parse_tables.STARTS,
        maybe_placeholders=False,
    )
    callbacks = made.parser.parser.parser.callbacks
    used: set[Any] = set()

    def recording(rule: Any, callback: Any) -> Any:
        def record(children: Any) -> Any:
            used.add(rule)
            return callback(children)

        return record

    callbacks.update({rule: recording(rule, callback) for rule, callback in callbacks.items()})
    for text in texts:
        with suppress(UnexpectedInput):
            made.parse(text, start="file")
    unused = {str(rule) for rule in made.rules if rule not in used}
    return {rule for rule in unused if not rule.startswith("<__")} - {"<file : >"}


def test_the_sample_holds_every_construct() -> None:
    """Each alternative of each rule of the grammar is written at least once in the sample."""
    assert rules_unused([SAMPLE.read_text(encoding="utf-8")]) == set()


NOT_SHOWN = {
    # names of arguments that no builder has: they parse so that a message can say so
    *(f"<argument_name : {word}>" for word in ("ALL", "ANY", "ANYONE", "CANONICAL", "OIDC")),
    "<argument_name : __ANON_4>",
    # data is imported by its path; the message says so
    "<import_ : IMPORT dotted AS NAME COLON type_>",
    "<import_ : IMPORT dotted COLON type_>",
}


def test_the_reference_shows_every_construct() -> None:
    """So it is in the language reference, where each block is run as well."""
    text = REFERENCE.read_text(encoding="utf-8")
    blocks = re.findall(r"^```iam.*\n((?:(?!```).*\n)*)```$", text, re.MULTILINE)
    atoms = re.findall(r"^\| `([^`]+)` \| `[^`]+` \| (?:true|false) \|$", text, re.MULTILINE)
    assert len(blocks) > 50
    assert len(atoms) > 30
    unused = rules_unused([*blocks, *(f"policy p {{ deny s3:* on * when {a} }}" for a in atoms)])
    trailing = {rule for rule in unused if re.search(r"COMMA(?: RSQB| RBRACE)?>$", rule)}
    assert unused - trailing == NOT_SHOWN


def test_the_sample_parses_without_a_word() -> None:
    """What the grammar holds gives no diagnostic, whole or by islands."""
    report = Report()
    source = Source("sample.iam", SAMPLE.read_text(encoding="utf-8"))
    parse(source, report)
    assert [d.message for d in report.diagnostics] == []


@pytest.mark.parametrize("path", CORPUS, ids=IDS)
def test_our_engine_reads_as_lark_does(path: Path) -> None:
    """Three scanners and lazy tables give token for token the trees of Lark's own lexer."""
    text = path.read_bytes().decode()
    try:
        found = plain(ours().parse_text("file", text, 0, len(text)))
    except UnexpectedInput:
        found = None
    try:
        wanted = plain(stock().parse(text, start="file"))
    except UnexpectedInput:
        wanted = None
    if found is None and wanted is not None:  # only ours refuses reserved words as names
        assert re.search(rf"'NAME', '(?:{'|'.join(words.RESERVED)})'", repr(wanted))
    else:
        assert found == wanted


@pytest.mark.parametrize("path", CORPUS, ids=IDS)
def test_every_comment_is_kept(path: Path) -> None:
    """A formatter can only keep the comments that the tree holds, each once and in order."""
    source = Source("x.iam", path.read_bytes().decode())
    report = Report()
    found = parse(source, report)
    if any(d.code.number < "IAM004" or d.code.number in _UNREAD for d in report.diagnostics):
        return  # what cannot be read is not formatted
    strings_or_comments = re.compile(r'"(?:\\.|[^"\\\n])*"|#[^\n]*')
    wanted = [m.group() for m in strings_or_comments.finditer(source.text)]
    wanted = [text for text in wanted if text.startswith("#")]
    assert [comment.text for comment in found.comments] == wanted
    assert all(comment.span.text == comment.text for comment in found.comments)


_UNREAD = {"IAM006", "IAM011", "IAM013"}


# The cache of tables


TEXT = 'policy p { allow s3:GetObject on "arn:aws:s3:::b" }'


def read_anew() -> str:
    """Return the tree that a new engine makes of a text."""
    parser._engines.clear()
    report = Report()
    found = tree.show(parse(Source("x.iam", TEXT), report))
    assert not report.diagnostics
    return found


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return our folder of a fresh cache, with the tables in it."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(parser, "_engines", [])
    read_anew()
    return tmp_path / "iamdsl"


def tables(folder: Path) -> Path:
    """Return the one file of tables in a cache."""
    (only,) = folder.glob("grammar-*.tables")
    return only


def computing(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return a list that grows whenever tables are computed."""
    calls: list[str] = []
    compute = parse_tables.compute

    def counted(grammar: str) -> dict[str, Any]:
        calls.append("computed")
        return compute(grammar)

    monkeypatch.setattr(parse_tables, "compute", counted)
    return calls


def test_tables_are_computed_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second run reads what the first one made."""
    calls = computing(monkeypatch)
    before = tables(folder).stat().st_mtime_ns
    read_anew()
    assert not calls
    assert tables(folder).stat().st_mtime_ns == before


def test_tables_hold_plain_data_only(folder: Path) -> None:
    """Reading the cache runs no code: marshal's plain values, and their hash before them."""
    data = tables(folder).read_bytes()
    assert sha256(data[32:]).digest() == data[:32]
    seen: set[str] = set()

    def visit(value: Any) -> None:
        seen.add(type(value).__name__)
        for inner in [*value, *value.values()] if isinstance(value, dict) else value:
            if isinstance(inner, bytes):
                inner = marshal.loads(inner)  # noqa: S302, PLW2901  # a state of the parser
            if not isinstance(inner, str | int | float | bool | None):
                visit(inner)

    visit(marshal.loads(data[32:]))  # noqa: S302  # made by this test
    assert seen <= {"dict", "list", "tuple", "set", "frozenset"}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"junk",
        b"\0" * 4096,
        parse_tables.pack({"data": {}, "memo": {}}),
        parse_tables.pack({}),
        sha256(marshal.dumps([1])).digest() + marshal.dumps([1]),
        sha256(b"\xff\xfe").digest() + b"\xff\xfe",
    ],
    ids=["empty", "junk", "zeros", "no tables", "empty dict", "a list", "no marshal"],
)
def test_a_damaged_cache_is_made_anew(
    folder: Path, monkeypatch: pytest.MonkeyPatch, content: bytes
) -> None:
    """Whatever lies in the cache, a source parses; the file is mended on the way."""
    wanted = read_anew()
    tables(folder).write_bytes(content)
    calls = computing(monkeypatch)
    assert read_anew() == wanted
    assert read_anew() == wanted
    assert len(calls) == 1


def test_a_cut_off_cache_is_made_anew(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that a full disk cut off is not trusted."""
    whole = tables(folder).read_bytes()
    tables(folder).write_bytes(whole[: len(whole) // 2])
    calls = computing(monkeypatch)
    read_anew()
    assert calls


def test_another_grammar_has_other_tables(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tables of yesterday's grammar are never used for today's."""
    changed = GRAMMAR.replace('"policy"', '"politics"')
    monkeypatch.setattr(resources, "read_text", lambda _: changed)
    parser._engines.clear()
    report = Report()
    parse(Source("x.iam", TEXT.replace("policy", "politics")), report)
    assert not report.diagnostics
    assert len(list(folder.glob("grammar-*.tables"))) == 2


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="files have POSIX owners")
@pytest.mark.parametrize("mode", [0o666, 0o620])
def test_tables_that_others_may_write_are_not_trusted(
    folder: Path, monkeypatch: pytest.MonkeyPatch, mode: int
) -> None:
    """Another user could have made them to mislead us."""
    tables(folder).chmod(mode)
    calls = computing(monkeypatch)
    read_anew()
    assert calls


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="files have POSIX owners")
def test_a_folder_that_others_may_write_is_not_trusted(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever may write to the folder may put tables there; nor do we leave ours in it."""
    tables(folder).unlink()
    folder.chmod(0o777)
    calls = computing(monkeypatch)
    read_anew()
    assert calls
    assert not list(folder.iterdir())


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="files have POSIX owners")
def test_another_user_s_folder_is_not_trusted(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A cache below a shared folder may belong to someone else."""
    assert tables(folder).is_file()
    monkeypatch.setattr(os, "geteuid", lambda: 4242)
    calls = computing(monkeypatch)
    read_anew()
    assert calls


def test_no_cache_folder_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nothing can be written (a file is in the way), parsing is slower and that is all."""
    (tmp_path / "iamdsl").write_text("in the way", encoding="utf-8")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(parser, "_engines", [])
    calls = computing(monkeypatch)
    read_anew()
    assert calls
    assert (tmp_path / "iamdsl").read_text(encoding="utf-8") == "in the way"


def test_a_full_disk_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cache that cannot be written whole is not written at all."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(parser, "_engines", [])

    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", refuse)
    read_anew()
    assert not list((tmp_path / "iamdsl").iterdir())


def test_processes_at_once(tmp_path: Path) -> None:
    """Several first runs at the same time all parse, and leave one whole file."""
    code = (
        "from iamdsl.diagnostics import Report\nfrom iamdsl.source import Source\n"
        f"from iamdsl.syntax import parse\nr = Report()\nparse(Source('x', {TEXT!r}), r)\n"
        "assert not r.diagnostics"
    )
    environment = os.environ | {"XDG_CACHE_HOME": str(tmp_path)}
    running = [subprocess.Popen([sys.executable, "-c", code], env=environment) for _ in range(3)]
    assert [process.wait(60) for process in running] == [0, 0, 0]
    names = [path.name for path in (tmp_path / "iamdsl").iterdir()]
    assert len(names) == 1
    assert names[0].startswith("grammar-")

"""Every block of the language reference, of the tour and of the page of checks is true.

Sources become what stands below them.

An `iam` block is compiled, and the next block says what comes of it: `json` the one document (or
its statements, without the frame around them; or the file named after `json`), `text` the messages,
`text test` what its tests come to, `console` what commands say of it as `main.iam`.
Words after `iam` give params; a block with `file=NAME` is a file that the sources after it may
import, until the next heading. With `IAMDSL_ACCEPT=1` the blocks are rewritten; read the
difference.
"""

from __future__ import annotations

import json
import os
import re
import shlex
from contextlib import chdir, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from click.testing import CliRunner

import iamdsl
from iamdsl.cli import main
from iamdsl.diagnostics.render import render
from iamdsl.project import importing

if TYPE_CHECKING:
    from collections.abc import Iterator

REFERENCE = Path(__file__).parent.parent / "grammar" / "README.md"
TOUR = REFERENCE.with_name("TOUR.md")
GRAMMAR = REFERENCE.with_name("iamdsl.lark").read_text(encoding="utf-8")
TEXT = REFERENCE.read_text(encoding="utf-8")
FENCE = re.compile(r"^```(\w+)(.*)\n((?:(?!```).*\n)*)```$|^(##+ .*)$", re.MULTILINE)
ROW = re.compile(r"^\| `([^`]+)` \| `([^`]+)` \| (true|false) \|$", re.MULTILINE)
LIMIT = 96


class Example(NamedTuple):
    """A source with what comes of it, and where they stand in the text.

    Attributes:
        line, page: of the source, for the name of the test.
        files: what it may import.
        results: kind, word after it, content, start and end of the content, of each result.
    """

    line: int
    page: Path
    source: str
    params: dict[str, str]
    files: dict[str, str]
    results: tuple[tuple[str, str, str, int, int], ...]


def examples(page: Path) -> list[Example]:
    """Return the examples of a page."""
    made: list[Example] = []
    files: dict[str, str] = {}
    text = page.read_text(encoding="utf-8")
    for found in FENCE.finditer(text):
        kind, words, content, heading = found.groups()
        if heading:
            files = {}
            continue
        words = words.strip()
        if words.startswith("file="):
            files = {**files, words.removeprefix("file="): content}
        elif kind == "iam":
            params = dict(word.split("=", 1) for word in words.split())
            line = text.count("\n", 0, found.start()) + 2
            made.append(Example(line, page, content, params, files, ()))
        else:
            result = (kind, words, content, found.start(3), found.end(3))
            made[-1] = made[-1]._replace(results=(*made[-1].results, result), files=files)
    return made


CHECKS = REFERENCE.with_name("CHECKS.md")
EXAMPLES = [*examples(REFERENCE), *examples(TOUR), *examples(CHECKS)]


def compiled(example: Example) -> iamdsl.Result:
    """Return what comes of an example, in an account that the reference names."""
    return iamdsl.compile(
        example.source,
        params=example.params,
        files=example.files,
        partition="aws",
        account="111122223333",
        region="eu-west-1",
    )


@contextmanager
def project_of(example: Example) -> Iterator[None]:
    """Stand in a folder with an example, in the account that the reference names."""
    settings = (
        'sources = ["main.iam"]\n'
        '[aws]\npartition = "aws"\naccount = "111122223333"\nregion = "eu-west-1"\n'
    )
    with TemporaryDirectory() as folder, chdir(folder):
        for name, text in {
            **example.files,
            "main.iam": example.source,
            "iamdsl.toml": settings,
        }.items():
            Path(name).write_text(text, encoding="utf-8")
        yield


def run_by_test(example: Example) -> str:
    """Return what `iamdsl test` says of an example."""
    with project_of(example):
        return CliRunner().invoke(main, ["test", "--output-format", "concise"]).stdout


def run_commands(example: Example, content: str) -> str:
    """Return a block of commands with what each prints, its messages first as a terminal shows."""
    with project_of(example):
        made = []
        for command in re.findall(r"^\$ iamdsl (.*)$", content, re.MULTILINE):
            result = CliRunner().invoke(main, shlex.split(command))
            made.append(f"$ iamdsl {command}\n{result.stderr}{result.stdout}")
        return "".join(made)


def result_of(example: Example, kind: str, words: str, content: str) -> tuple[Any, Any]:
    """Return what is expected and what came."""
    if words == "test":
        return content, run_by_test(example)
    if kind == "console":
        return content, run_commands(example, content)
    made = compiled(example)
    if kind == "text":
        return content, render("concise", made.diagnostics)
    assert made.ok, str(made)
    if not any(other[0] == "text" for other in example.results):
        assert not made.diagnostics, str(made)
    expected = json.loads(content or "null")
    if words:
        return expected, made.document(words)
    documents = [made.document(name) for name in made.files if name != "manifest.json"]
    policies = [document for document in documents if "Statement" in document]
    if len(policies) == 2 and any("trust.json" in name for name in made.files):
        policies = [made.document(name) for name in made.files if name.endswith("inline.json")]
    assert len(policies) == 1, list(made.files)
    (document,) = policies
    if isinstance(expected, dict) and "Version" in expected:
        return expected, document
    statements = document["Statement"]
    return expected, statements[0] if len(statements) == 1 else statements


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda e: f"{e.page.stem} line {e.line}")
def test_example(example: Example) -> None:
    """A source of the reference becomes what stands below it."""
    assert example.results, "nothing stands below it"
    for kind, words, content, _, _ in example.results:
        expected, got = result_of(example, kind, words, content)
        if not os.environ.get("IAMDSL_ACCEPT"):
            assert got == expected


def test_import_makes_the_source_that_is_shown(tmp_path: Path) -> None:
    """What the chapter on import shows below a source becomes that source, and nothing is said."""
    chapter = TEXT.index("\n## Import\n")
    (example,) = (
        e for e in examples(REFERENCE) if e.line > TEXT.count("\n", 0, chapter) and e.results
    )
    document = tmp_path / "photos.json"
    statements = json.loads(example.results[0][2])
    text = json.dumps({"Version": "2012-10-17", "Statement": statements})
    document.write_text(text, encoding="utf-8")
    made = importing.run([str(document)], importing.Options())
    assert [source.text for source in made.sources] == [example.source]
    assert not made.diagnostics


def test_accept() -> None:
    """With IAMDSL_ACCEPT=1 the blocks are written anew; else this test does nothing."""
    if not os.environ.get("IAMDSL_ACCEPT"):
        return
    for page in (REFERENCE, TOUR, CHECKS):
        text = page.read_text(encoding="utf-8")
        for example in reversed(examples(page)):
            for kind, words, content, start, end in reversed(example.results):
                _, got = result_of(example, kind, words, content)
                written = got if kind in {"text", "console"} else pretty(got) + "\n"
                text = text[:start] + written + text[end:]
        page.write_text(text, encoding="utf-8")


@pytest.mark.parametrize("row", ROW.findall(TEXT), ids=lambda row: row[0])
def test_atom(row: tuple[str, str, str]) -> None:
    """A comparison of the table becomes the condition beside it, with that truth when missing."""
    atom, condition, missing = row
    result = iamdsl.compile(f"policy p {{ deny s3:* on * when {atom} }}")
    assert result.ok, str(result)
    statements = result.document("policies/p.json")["Statement"]

    found = [statement["Condition"] for statement in statements]
    assert found == json.loads(f"[{condition}]")
    assert any(all(map(true_when_missing, block.items())) for block in found) == (missing == "true")


def true_when_missing(entry: tuple[str, dict[str, Any]]) -> bool:
    """Return the truth of one operator on a request without the key (IAM user guide)."""
    operator, keys = entry
    if operator == "Null":
        return set(keys.values()) == {"true"}
    if operator.startswith("ForAnyValue:"):
        return False
    negated = "Not" in operator
    return negated or operator.startswith("ForAllValues:") or operator.endswith("IfExists")


def test_table_of_atoms_is_there() -> None:
    """The rows of the table are found, so that a change of its form cannot hide them."""
    assert len(ROW.findall(TEXT)) > 30
    assert len(EXAMPLES) > 50


def test_every_keyword_is_explained() -> None:
    """Each word of the grammar is in the reference."""
    for word in set(re.findall(r'"([a-z_]{2,})"', GRAMMAR)):
        assert re.search(rf"(?<![\w-]){word}(?![\w-])", TEXT), word


def pretty(value: Any, indent: str = "") -> str:
    """Return JSON as the reference prints it: what fits a line is on one."""
    line = json.dumps(value, ensure_ascii=False)
    if len(indent) + len(line) <= LIMIT and not _has_objects(value):
        return line
    inner = indent + "  "
    if isinstance(value, dict):
        parts = [f"{inner}{json.dumps(k)}: {pretty(v, inner)}" for k, v in value.items()]
        return "{\n" + ",\n".join(parts) + f"\n{indent}}}"
    parts = [f"{inner}{pretty(item, inner)}" for item in value]
    return "[\n" + ",\n".join(parts) + f"\n{indent}]"


def _has_objects(value: Any) -> bool:
    """Tell whether a value is a list of objects, or an object with more than short ones."""
    if isinstance(value, list):
        return any(isinstance(item, dict) for item in value)
    return isinstance(value, dict) and ("Effect" in value or "Version" in value)

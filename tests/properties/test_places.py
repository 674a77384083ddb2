"""An account is the nameless place with another id: what is moved into one comes out the same.

Every case and example that compiles is compiled again with all that it declares inside an
`account` of the same id; lets, params, imports and templates stay outside. Tests and guards are
left away: they build nothing, stand at the top level, and name their subjects by their place.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import iamdsl
from iamdsl.diagnostics import Report
from iamdsl.source import Source
from iamdsl.syntax import parse, tree

ROOT = Path(__file__).parent.parent.parent
ID = "111122223333"
NAME = "moved"
OUTSIDE = (tree.Import, tree.Let, tree.Param, tree.Extern, tree.Template)
CHECKS = {"test", "guard"}
PLACES = {"organization", "ou", "account"}
SOURCES = [
    path
    for path in sorted((ROOT / "tests" / "cases").rglob("input.iam"))
    if (path.parent / "expected" / "built.json").exists()
    and not (path.parent / "iamdsl.toml").exists()
]


def moved(text: str) -> str | None:
    """Return a source with what it declares inside an account.

    None if it has accounts itself, or makes tests by templates.
    """
    file = parse(Source("main.iam", text), Report())
    outside, inside = [], []
    for member in file.members:
        if isinstance(member, tree.Template) and any(map(_is_check, member.body)):
            return None
        if _is_check(member):
            continue
        if isinstance(member, OUTSIDE):
            outside.append(member.span.text)
        elif isinstance(member, tree.Declaration) and member.kind in PLACES:
            return None
        else:
            inside.append(member.span.text)
    return "\n".join([*outside, f"account {NAME} {ID} {{", *inside, "}"])


def _is_check(member: tree.Member) -> bool:
    return isinstance(member, tree.Declaration) and member.kind in CHECKS


def compiled(path: Path, text: str, account: str | None = None) -> iamdsl.Result:
    """Compile a case's source with the files beside it."""
    files = {
        p.relative_to(path.parent).as_posix(): p.read_text(encoding="utf-8", errors="replace")
        for p in path.parent.rglob("*")
        if p.is_file() and p != path and "expected" not in p.parts
    }
    return iamdsl.compile(
        {"input.iam": text}, files=files, partition="aws", account=account, region="eu-west-1"
    )


def documents(result: iamdsl.Result) -> dict[str, Any]:
    """Return all that was built but the manifest, as if it stood in no account."""
    texts = {
        name.removeprefix(f"{NAME}/"): text.replace(f'"{NAME}/', '"')
        for name, text in result.files.items()
        if name not in {"manifest.json", "organization.json"}
    }
    return {name: json.loads(text) for name, text in texts.items()}


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: f"{p.parent.parent.name}/{p.parent.name}")
def test_what_is_moved_into_an_account_comes_out_the_same(path: Path) -> None:
    """Names, ARNs, boundaries and sizes follow the account, and nothing is left behind."""
    text = path.read_bytes().decode()
    inside = moved(text)
    if inside is None:
        return
    here, there = compiled(path, text, account=ID), compiled(path, inside)
    if not here.ok:  # a param without a value: the case has it from elsewhere
        assert not there.ok
        return
    assert there.ok, str(there)
    assert documents(there) == documents(here)


def test_there_is_something_to_move() -> None:
    """The cases are found, and most of them can be moved."""
    texts = [moved(path.read_bytes().decode()) for path in SOURCES]
    assert sum(text is not None for text in texts) > 150

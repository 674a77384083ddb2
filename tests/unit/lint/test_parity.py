"""Parity: what other reviewers find is found here, each by a document and a source of its own.

Run with IAMDSL_ACCEPT=1 to write the tables of `grammar/CHECKS.md` anew.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

import parity_access_analyzer as analyzer
import parity_linters as linters
import pytest
from reviews import review_document, review_source

from iamdsl.diagnostics import Severity, codes

if TYPE_CHECKING:
    from parity import Row

TABLES: dict[str, tuple[Row, ...]] = {
    "Access Analyzer, errors": analyzer.ERRORS,
    "Access Analyzer, warnings": analyzer.WARNINGS,
    "Access Analyzer, security warnings": analyzer.SECURITY_WARNINGS,
    "Access Analyzer, suggestions": analyzer.SUGGESTIONS,
    "parliament": linters.PARLIAMENT,
    "iam-policy-validator": linters.VALIDATOR,
    "cfn-lint": linters.CFN_LINT,
}
ROWS = [
    pytest.param(row, id=f"{table.split(',')[0]}-{row.name}")
    for table, rows in TABLES.items()
    for row in rows
    if row.code
]
SOURCES = [param for param in ROWS if param.values[0].source]  # type: ignore[union-attr]
PAGE = Path(__file__).parents[3] / "grammar" / "CHECKS.md"


def _codes(row: Row, *, passes: bool) -> set[str]:
    document = row.passes if passes else row.fails
    return {d.code.number for d in review_document(document, kind=row.kind, target=row.target)}


@pytest.mark.parametrize("row", ROWS)
def test_what_another_reviewer_finds_is_found_here(row: Row) -> None:
    """Protects each row of the tables: the document that others complain of raises our code."""
    assert row.code in _codes(row, passes=False)


@pytest.mark.parametrize("row", ROWS)
def test_what_is_right_passes(row: Row) -> None:
    """Protects users from false alarms: the document mended does not raise the code."""
    assert row.code not in _codes(row, passes=True)


@pytest.mark.parametrize("row", SOURCES)
def test_the_language_finds_it_too(row: Row, tmp_path: Path) -> None:
    """Protects the column for sources: what can be written in the language raises the code."""
    assert (row.own or row.code) in {d.code.number for d in review_source(tmp_path, row.source)}


def _table(rows: tuple[Row, ...]) -> str:
    lines = ["| finding | here | in the language |", "|---|---|---|"]
    for row in rows:
        code = codes.find(row.code) if row.code else None
        here = f"{code.number} {code.name}" if code is not None else "-"
        own = codes.find(row.own) if row.own else None
        source = f"{own.number} {own.name}" if own is not None else row.why or "the same"
        lines.append(f"| {row.name} | {here} | {source} |")
    return "\n".join(lines) + "\n"


def _codes_table() -> str:
    lines = ["| code | level | preset | |", "|---|---|---|---|"]
    lines += [
        f"| {c.number} {c.name} | {_LEVELS[c.severity]} | {'strict' if c.strict else 'recommended'}"
        f" | {c.summary} |"
        for c in codes.ALL
        if c.number.startswith("IAM8")
    ]
    return "\n".join(lines) + "\n"


_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warn", Severity.NOTE: "info"}


def test_the_page_has_every_row() -> None:
    """Protects the page: its tables say what is tested, and nothing else."""
    page = PAGE.read_text(encoding="utf-8")
    made = page
    tables = {"Codes": _codes_table()} | {title: _table(rows) for title, rows in TABLES.items()}
    for title, table in tables.items():
        found = re.search(rf"### {re.escape(title)}\n\n((?:\|.*\n)*)", made)
        assert found is not None, title
        made = made[: found.start(1)] + table + made[found.end(1) :]
    if os.environ.get("IAMDSL_ACCEPT"):
        PAGE.write_text(made, encoding="utf-8")
    assert os.environ.get("IAMDSL_ACCEPT") or made == page

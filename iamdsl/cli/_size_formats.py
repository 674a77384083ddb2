"""How full everything is, for people and for programs."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from iamdsl.aws.limits import LIMITS
from iamdsl.diagnostics.render.json import as_data
from iamdsl.fit.table import Table, table

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from iamdsl.diagnostics import Diagnostic
    from iamdsl.fit.settings import Fitted, Saving
    from iamdsl.fit.shrink import Wildcard
    from iamdsl.fit.table import Row, Split
    from iamdsl.project import Config

VERSION = 1
"""Raised when a field changes its meaning or goes away; new fields may come at any time."""

_BAR = 20
# Patterns that a table for people names.
_PATTERNS = 20
_WORD = re.compile(r"(\D*)(\d*)", re.ASCII)


def report(fitted: Fitted, config: Config) -> str:
    """Return what `iamdsl size` prints of a build, fullest first."""
    return as_text(chosen(made(fitted, config), "fill", None))


def made(fitted: Fitted | None, config: Config) -> Table:
    """Return the table of a build; an empty one where there is none."""
    if fitted is None:
        return Table((), (), ())
    return table(fitted, LIMITS.with_overrides(dict(config.limits)))


def chosen(table: Table, sort: str, over: float | None) -> Table:
    """Return a table with the rows that are asked for, in order.

    Args:
        sort: `fill`, fullest first, or `name`.
        over: only what is fuller than so many per cent.
    """
    rows = list(table.rows)
    if over is not None:
        rows = [row for row in rows if row.percent is not None and row.percent > over]
    rows.sort(key=lambda row: _natural(_called(row)))
    if sort == "fill":
        rows.sort(key=lambda row: -1 if row.percent is None else row.percent, reverse=True)
    return table._replace(rows=tuple(rows))


def as_text(table: Table, *, rows_only: bool = False) -> str:
    """Return a table for people; what was split and what was saved follow after blank lines."""
    blocks = [_sizes(table.rows)]
    if not rows_only:
        blocks += [_splits(table.splits), _wildcards(table.wildcards), _savings(table.savings)]
    return "\n".join("".join(f"{line}\n" for line in block) for block in blocks if block)


def as_json(table: Table, diagnostics: Sequence[Diagnostic], prefix: str) -> str:
    """Return a table for programs, as one JSON object."""
    data: dict[str, Any] = {
        "version": VERSION,
        "sizes": [
            row._asdict() | {"percent": row.percent and round(row.percent, 1)} for row in table.rows
        ],
        "splits": [split._asdict() for split in table.splits],
        "wildcards": [wildcard._asdict() for wildcard in table.wildcards],
        "savings": [saving._asdict() for saving in table.savings],
        "total": dict(zip(("written", "minimized", "shrunk"), _total(table.savings), strict=True)),
        "diagnostics": [as_data(d, prefix) for d in diagnostics],
    }
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"


def _called(row: Row | Split) -> str:
    return row.of if row.account is None else f"{row.account}/{row.of}"


def _natural(text: str) -> list[tuple[str, int]]:
    """Return a key that sorts `films-2` before `films-10`."""
    return [(word, int(digits or 0)) for word, digits in _WORD.findall(text)]


def _sizes(rows: Sequence[Row]) -> list[str]:
    used = [f"{row.used:,}" for row in rows]
    limits = ["-" if row.limit is None else f"{row.limit:,}" for row in rows]
    name, left, right = (_width(map(_called, rows)), _width(used), _width(limits))
    return [
        f"{_called(row):<{name}}  {u:>{left}} / {most:>{right}}  {_bar(row)}"
        for row, u, most in zip(rows, used, limits, strict=True)
    ]


def _bar(row: Row) -> str:
    if row.percent is None:
        return "no limit is published"
    full = min(_BAR, int(row.percent * _BAR / 100))
    over = "  over the limit" if row.percent > 100 else ""
    return f"{'#' * full}{'.' * (_BAR - full)} {int(row.percent):>4} %{over}"


def _splits(splits: Iterable[Split]) -> list[str]:
    lines = []
    for split in splits:
        count = len(split.pieces)
        bound = (
            "fewer is impossible"
            if count <= split.fewest
            else f"at least {split.fewest} are needed"
        )
        if split.anew < count:
            bound = f"{split.anew} would do, with --repack"
        policies = "managed policy" if count == 1 else "managed policies"
        lines.append(f"{_called(split)} fills {count} {policies} ({bound})")
    return lines


def _wildcards(wildcards: Sequence[Wildcard]) -> list[str]:
    """Return the patterns that were written: what they match today, and what they saved.

    What AWS adds under such a name is granted as well, until the next build.
    """
    if not wildcards:
        return []
    lines = [("pattern", "matches today", "saved")]
    lines += [
        (w.pattern, f"{len(w.matched):,} ({', '.join(w.levels)})", f"{w.saved:,}")
        for w in wildcards[:_PATTERNS]
    ]
    names, matches, saved = (_width(column) for column in zip(*lines, strict=True))
    rows = [f"{n:<{names}}  {m:<{matches}}  {s:>{saved}}" for n, m, s in lines]
    if len(wildcards) > _PATTERNS:
        rest = sum(w.saved for w in wildcards[_PATTERNS:])
        more = len(wildcards) - _PATTERNS
        rows.append(f"and {more:,} more, which saved {rest:,}; `--output-format json` has all")
    return rows


def _savings(savings: Sequence[Saving]) -> list[str]:
    """Return what each step saved where one did, and the total of all."""
    if not savings:
        return []
    told = [s for s in savings if s.shrunk < s.written]
    told.sort(key=lambda s: (s.shrunk - s.written, s.of))
    total = _total(savings)
    lines = [("characters", "as written", "joined", "wildcards", "saved")]
    for of, *sizes in [*told, ("total", *total)]:
        written, minimized, shrunk = sizes
        wild = f"{shrunk:,}" if shrunk < minimized else "-"
        part = 100 * (written - shrunk) // written if written else 0
        lines.append((of, f"{written:,}", f"{minimized:,}", wild, f"{part} %"))
    widths = [_width(column) for column in zip(*lines, strict=True)]
    return [
        "  ".join(
            f"{cell:<{width}}" if i == 0 else f"{cell:>{width}}"
            for i, (cell, width) in enumerate(zip(line, widths, strict=True))
        )
        for line in lines
    ]


def _total(savings: Iterable[Saving]) -> tuple[int, int, int]:
    columns = [(s.written, s.minimized, s.shrunk) for s in savings] or [(0, 0, 0)]
    written, minimized, shrunk = map(sum, zip(*columns, strict=True))
    return written, minimized, shrunk


def _width(texts: Iterable[str]) -> int:
    return max(map(len, texts), default=0)

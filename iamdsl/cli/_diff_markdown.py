"""A difference as Markdown for a comment of a pull request.

GitHub takes 65,536 characters of a comment: what is longer here is cut, and says how much. What
comes from policies stands in code spans and escaped HTML only, so that it cannot be anything else.
"""

from __future__ import annotations

import re
from html import escape
from typing import TYPE_CHECKING

from iamdsl.analysis.writing import parted
from iamdsl.cli._diff_words import HEADINGS, Words, form, plain, setting, state, tally

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from iamdsl.analysis.changes import Aspect, Group
    from iamdsl.analysis.difference import Changed, Difference
    from iamdsl.aws import Catalogue

_COLUMNS = ("actions", "callers", "resources", "when", "such as")
LIMIT = 60_000
"""Characters of the whole text."""
_ROWS = (50, 20, 8, 3, 1)
"""Rows of one table; the first number that keeps a subject in its part."""
_PART = 15_000
"""Characters of one subject."""
_CELL = 600
"""Characters of a cell."""
_RESERVED = 400
"""Characters that are kept for the lines that say what was cut."""


def text(difference: Difference, catalogue: Catalogue) -> str:
    """Return a difference as Markdown of less than `LIMIT` characters."""
    words = Words(catalogue)
    head = f"**iamdsl diff**: {tally(difference).headline}\n"
    parts, left = [head], LIMIT - len(head) - _RESERVED
    in_meaning = [c for c in difference.subjects if c.in_meaning]
    in_form = [c for c in difference.subjects if not c.in_meaning]
    cut: list[Changed] = []
    for changed in in_meaning:
        part = _bounded(changed, words)
        if len(part) <= left:
            parts.append(part)
            left -= len(part)
        else:
            cut.append(changed)
    if cut:
        gained, lost = sum(c.gains for c in cut), sum(c.loses for c in cut)
        parts.append(
            f"\n**{len(cut):,} more subjects were cut** to fit into a comment: {gained:,} with more"
            f" access, {lost:,} with less. `--output-format json` has all.\n"
        )
    if in_form:
        parts.append(_forms(in_form, left))
    return "".join(parts)


def _bounded(changed: Changed, words: Words) -> str:
    """Return a subject with as many rows as leave room for others."""
    part = ""
    for rows in _ROWS:
        part = _subject(changed, words, rows)
        if len(part) <= _PART:
            break
    return part


def _subject(changed: Changed, words: Words, rows: int) -> str:
    kind, name = parted(changed.title)
    title = f"{escape(plain(kind))} <code>{escape(plain(name))}</code>: {state(changed)}".lstrip()
    lines = ["", "<details>", f"<summary>{title}</summary>"]
    said = []
    for one in changed.settings:
        loud = "**Unknown access**: " if one.may_gain or one.may_lose else ""
        said.append(f"- {loud}{_code(setting(one).removeprefix('UNKNOWN ACCESS: '))}")
    said += [f"- Beside {_code(name)}, which is not at hand" for name in changed.beside]
    lines += ["", *said] if said else []
    for aspect in changed.aspects:
        lines += _aspect(aspect, words, rows)
    lines += ["", "</details>", ""]
    return "\n".join(lines)


def _aspect(aspect: Aspect, words: Words, rows: int) -> Iterator[str]:
    more, less = HEADINGS[aspect.topic]
    for heading, groups in ((more, aspect.gained), (less, aspect.lost)):
        if groups:
            yield from _table(heading, groups, words, rows)
    for reason in aspect.unknown:
        yield ""
        yield f"**Not decided**: {_code(reason)}"


def _table(heading: str, groups: Sequence[Group], words: Words, most: int) -> Iterator[str]:
    has_callers = any(group.who for group in groups)
    yield ""
    yield f"**{heading[:1].upper()}{heading[1:]}**"
    yield ""
    rows = [_row(group, words) for group in groups[:most]]
    # Trust policies name no resources, those of identities no callers.
    shown = [c for c in _COLUMNS if c not in {"callers", "when"} or any(row[c] for row in rows)]
    if has_callers and all(row["resources"] == "*" for row in rows):
        shown.remove("resources")
    yield f"| {' | '.join(shown)} |"
    yield f"|{' --- |' * len(shown)}"
    for row in rows:
        yield f"| {' | '.join(_code(row[column]) for column in shown)} |"
    if groups[most:]:
        yield ""
        yield f"{len(groups) - most:,} more rows were cut."


def _row(group: Group, words: Words) -> dict[str, str]:
    """Return what stands in the columns of a table."""
    when = words.when(group).removeprefix("when ") if group.when else ""
    witness = words.witness(group.witness, named=bool(group.who))
    cells = (words.actions(group), words.who(group), words.resources(group), when, witness)
    return dict(zip(_COLUMNS, cells, strict=True))


def _forms(subjects: Sequence[Changed], left: int) -> str:
    """Return the list of what changed in form only, as far as there is room."""
    count = f"{len(subjects):,} {'subject' if len(subjects) == 1 else 'subjects'}"
    lines = ["", "<details>", f"<summary>No change in meaning: {count}</summary>", ""]
    left -= sum(map(len, lines)) + 100
    for number, changed in enumerate(subjects):
        line = f"- {_titled(changed.title)}, form only: {form(changed, _titled)}"
        left -= len(line) + 1
        if left < 0:
            lines.append(f"- and {len(subjects) - number:,} more")
            break
        lines.append(line)
    return "\n".join([*lines, "", "</details>", ""])


def _titled(title: str) -> str:
    """Return a title with its name as a code span."""
    kind, name = parted(title)
    if not re.fullmatch(r"[a-z ]+", kind):  # it may hold the name of an inline policy, too
        return _code(title)
    return f"{kind} {_code(name)}"


def _code(text: str) -> str:
    """Return a text as a code span that nothing in it can end, nor a cell of a table."""
    if not text:
        return ""
    if len(text) > _CELL:
        text = f"{text[: _CELL - 1]}…"
    text = plain(text).replace("|", "\\|")
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * (longest + 1)
    gap = " " if text[0] in "` " or text[-1] in "` " else ""
    return f"{fence}{gap}{text}{gap}{fence}"

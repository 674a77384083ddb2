"""The baseline: findings that were there when the review came, and are not told again.

A line of the file is a finding of one file, so that branches which add some merge as text does;
it is known by what stands there, not by the number of a line.

```toml
findings = [
  { code = "IAM824", file = "policies/admin.json", print = "1c6d…", count = 1 },
]
```
"""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

from iamdsl.diagnostics import Diagnostic, Severity, codes
from iamdsl.diagnostics.fingerprint import fingerprint
from iamdsl.lint.surroundings import Surroundings
from iamdsl.project import config, loading
from iamdsl.project.problem import Problem, reason
from iamdsl.project.suppressing import can_be_passed_over
from iamdsl.project.writer import stage
from iamdsl.source import Source, Span

if TYPE_CHECKING:
    from collections.abc import Iterable

    from iamdsl.project.config import Config
    from iamdsl.project.suppressing import Seen

VERSION = 1
_HEAD = "# What `iamdsl check` passes over: findings that were there before."
_ABOUT = (
    "# Written by `iamdsl check --write-baseline`. Lines may be taken out; each tells of a finding."
)
_MARKS = re.compile(r"^(?:<{7}|={7}|>{7}|\|{7})", re.MULTILINE)

_NO_TEXT = re.compile("[\ud800-\udfff]")
"""Bytes of a file's name that are no UTF-8, as Python has them."""

_MARKED = re.compile(rf"{_MARKS.pattern}[^\n]*\n?", re.MULTILINE)
_ANCESTOR = re.compile(r"^\|{7}.*?(?=^={7})", re.MULTILINE | re.DOTALL)


class Known(NamedTuple):
    """Findings of one file that look the same."""

    file: str
    code: str
    print: str


class Baseline(NamedTuple):
    """A baseline as it was read.

    Attributes:
        name: what messages call it.
        counts: how often each finding was there.
    """

    name: str
    text: str
    counts: Counter[Known]


def load(settings: Config, name: str = "") -> Baseline | Problem | None:
    """Return the baseline that the settings name, or that is at its usual place; None without.

    Args:
        name: what messages call it, where that is not its path from the project's folder.
    """
    path = config.baseline_path(settings)
    if not settings.baseline and not os.path.exists(path):
        return None
    return load_file(path, name or settings.baseline or config.BASELINE)


def load_file(path: str, shown: str) -> Baseline | Problem:
    """Return the baseline of a file, which messages call `shown`."""
    file = loading.read(path, shown)
    source = file if isinstance(file, Problem) else loading.decode(file)
    if isinstance(source, Problem):
        hint = "write it by `iamdsl check --write-baseline`" if not os.path.exists(path) else ""
        return Problem(codes.BAD_BASELINE, source.message, hint or source.hint)
    return parse(source)


def earlier(path: str, shown: str) -> Baseline | None:
    """Return what a new baseline is to keep of the one before; None where that cannot be read.

    Of one with the marks of a merge, that is what both sides have.
    """
    file = loading.read(path, shown)
    source = file if isinstance(file, Problem) else loading.decode(file)
    if isinstance(source, Problem):
        return None
    found = parse(Source(source.name, _MARKED.sub("", _ANCESTOR.sub("", source.text))))
    return found if isinstance(found, Baseline) else None


def parse(source: Source) -> Baseline | Problem:
    """Return the baseline that a text is."""
    import tomllib  # noqa: PLC0415 (5 ms, only with a baseline)

    mark = _MARKS.search(source.text)
    if mark is not None:
        why = f"line {source.position(mark.start())[0]:,} marks a merge that is not settled"
        hint = "remove the marks and keep the lines between them, those of both sides"
        return _bad(source, why, mark.span(), hint)
    try:
        table: Any = tomllib.loads(source.text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        return _bad(source, f"it is not TOML: {str(error)[:1].lower()}{str(error)[1:]}")
    if table.get("version") != VERSION:
        return _bad(source, f"its version is not {VERSION}")
    findings = table.get("findings")
    if not isinstance(findings, list):
        return _bad(source, "it has no list `findings`")
    counts: Counter[Known] = Counter()
    for number, entry in enumerate(findings, 1):
        known = _known(entry)
        if known is None:
            return _bad(source, f"entry {number:,} is none of a file, a code, a print and a count")
        counts[known] += entry["count"]
    return Baseline(source.name, source.text, counts)


def heed(
    found: Iterable[Diagnostic], baseline: Baseline, seen: Seen
) -> tuple[list[Diagnostic], int]:
    """Return findings without those of a baseline, and how many those are.

    What the baseline has and a run that would have found it did not is told once, as a note.
    """
    left = Counter(baseline.counts)
    around = Surroundings()
    kept, passed = [], 0
    for diagnostic in found:
        known = known_as(diagnostic, seen, around)
        if known is not None and left[known] > 0:
            left[known] -= 1
            passed += 1
        else:
            kept.append(diagnostic)
    stale = [known for known, number in left.items() if number > 0 and _is_stale(known, seen)]
    if stale and seen.wanted(codes.NEEDLESS_SUPPRESSION):
        kept.append(_told(stale, sum(left[known] for known in stale), baseline))
    return kept, passed


def text(counts: Counter[Known]) -> str:
    """Return a baseline as it stands in its file, sorted."""
    lines = [
        f"  {{ code = {_quoted(k.code)}, file = {_quoted(k.file)},"
        f" print = {_quoted(k.print)}, count = {number} }},"
        for k, number in sorted(counts.items())
        if number > 0
    ]
    return "\n".join([_HEAD, _ABOUT, f"version = {VERSION}", "findings = [", *lines, "]", ""])


def renewed(
    diagnostics: Iterable[Diagnostic], seen: Seen, before: Baseline | None
) -> tuple[Counter[Known], int]:
    """Return what a new baseline is to hold, and how many findings of this run are in it.

    What an earlier one has of files that this run did not look at stays.
    """
    around = Surroundings()
    found = Counter(k for d in diagnostics if (k := known_as(d, seen, around)) is not None)
    number = found.total()
    if before is not None:
        kept = {k: n for k, n in before.counts.items() if k.file and k.file not in seen.files}
        found.update(kept)
    return found, number


def write(path: str, shown: str, counts: Counter[Known]) -> Problem | None:
    """Write a baseline, whole or not at all; only where none is, or an earlier one."""
    data = text(counts).encode()
    problem = _in_the_way(path, shown)
    if problem is not None:
        return problem
    target = os.path.realpath(path)
    try:
        staged = stage([(target, data)])
        try:
            for temporary, place in staged.files:
                os.replace(temporary, place)
        except OSError:
            staged.take_away()
            raise
    except OSError as error:
        return Problem(codes.UNWRITABLE_OUTPUT, f"`{shown}` cannot be written: {reason(error)}")
    return None


def may_hold(diagnostic: Diagnostic, *, documents: bool) -> bool:
    """Tell whether a finding is one that baselines hold: in a file, and no error of a source's.

    What passes nothing over is to be removed, and stays told.
    """
    span = diagnostic.span
    if diagnostic.code is codes.NEEDLESS_SUPPRESSION:
        return False
    return can_be_passed_over(diagnostic.code, documents=documents) and (
        span is None or _can_be_named(span.source.name)
    )


def _can_be_named(file: str) -> bool:
    """Tell whether a file is one of the project's, with a name that is text."""
    return not file.startswith(("<", "@", "std/")) and not _NO_TEXT.search(file)


def known_as(diagnostic: Diagnostic, seen: Seen, around: Surroundings) -> Known | None:
    """Return what a finding is known as; None for what no baseline may pass over."""
    if not may_hold(diagnostic, documents=seen.documents):
        return None
    if diagnostic.span is None:
        return Known("", diagnostic.code.number, fingerprint(diagnostic, "", ""))
    file = seen.name(diagnostic.span.source.name)
    if not file:
        return None
    print_ = fingerprint(diagnostic, file, around.first_line(diagnostic.span))
    return Known(file, diagnostic.code.number, print_)


def _known(entry: Any) -> Known | None:
    if not isinstance(entry, dict) or entry.keys() != {"code", "file", "print", "count"}:
        return None
    known = Known(entry["file"], entry["code"], entry["print"])
    count = entry["count"]
    right = all(isinstance(value, str) for value in known) and type(count) is int and count > 0
    return known if right else None


def _is_stale(known: Known, seen: Seen) -> bool:
    code = codes.find(known.code)
    if code is None:
        return True
    return (
        seen.complete
        and seen.looked(code)
        and (known.file in seen.files if known.file else not seen.named and not seen.documents)
    )


def _told(stale: list[Known], number: int, baseline: Baseline) -> Diagnostic:
    """Return the note about findings that are there no more, at the first of them."""
    source = Source(baseline.name, baseline.text)
    at = baseline.text.find(min(stale).print)
    line = source.position(max(at, 0))[0]
    start = source.line_starts[line - 1]
    shown = source.line(line)
    indent = len(shown) - len(shown.lstrip())
    one = number == 1
    return Diagnostic(
        codes.NEEDLESS_SUPPRESSION,
        Severity.NOTE,
        f"{number:,} {'finding' if one else 'findings'} of the baseline {'is' if one else 'are'}"
        " there no more",
        Span(source, start + indent, start + len(shown)) if at >= 0 else None,
        "this one" if one else "the first of them",
        hint="renew it: `iamdsl check --write-baseline`",
    )


def _in_the_way(path: str, shown: str) -> Problem | None:
    """Return what is wrong with a place where something stands already that is no baseline."""
    if not os.path.lexists(path):
        return None
    file = loading.read(path, shown)
    if isinstance(file, loading.File) and file.data.startswith(_HEAD.encode()):
        return None
    if isinstance(file, Problem):
        return file
    return Problem(
        codes.UNOWNED_OUTPUT,
        f"`{shown}` is there, and is no baseline",
        "name another file: `--write-baseline=FILE`",
    )


_ANEW = "take it from version control again, or write it anew: `iamdsl check --write-baseline`"


def _bad(source: Source, why: str, at: tuple[int, int] | None = None, hint: str = _ANEW) -> Problem:
    span = Span(source, *at) if at is not None else None
    return Problem(codes.BAD_BASELINE, f"`{source.name}` cannot be used: {why}", hint, span)


def _quoted(text_: str) -> str:
    """Return a basic string of TOML: what JSON escapes, TOML reads."""
    return json.dumps(text_, ensure_ascii=False).replace("\x7f", "\\u007f")

"""Writing `# allow:` comments for all that is found: how a project begins with the review."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from iamdsl import fmt
from iamdsl.diagnostics import Report, Severity
from iamdsl.lint.surroundings import member_at
from iamdsl.project.fixing import Change, Editable
from iamdsl.source import Source
from iamdsl.syntax import parse

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from iamdsl.diagnostics import Diagnostic
    from iamdsl.syntax import tree


class Allowed(NamedTuple):
    """What came of writing comments: the changed files, and how many findings they are for."""

    changes: tuple[Change, ...]
    number: int


def allow(diagnostics: Iterable[Diagnostic], files: Mapping[str, Editable], reason: str) -> Allowed:
    """Return sources with a comment above each statement in which something was found.

    What is an error, has no place in these files, or was found in a comment itself is left out;
    so is a source that would be another one by its comments.
    """
    found: dict[str, list[Diagnostic]] = {}
    for diagnostic in diagnostics:
        span = diagnostic.span
        if span is not None and diagnostic.code.severity is not Severity.ERROR:
            file = files.get(span.source.name)
            if file is not None and file.text == span.source.text:
                found.setdefault(span.source.name, []).append(diagnostic)
    changes, number = [], 0
    for name, some in sorted(found.items()):
        text, allowed = _with_comments(Source(name, files[name].text), some, reason)
        if allowed and text != files[name].text:
            changes.append(Change(name, files[name], text))
            number += allowed
    return Allowed(tuple(changes), number)


def _with_comments(source: Source, found: list[Diagnostic], reason: str) -> tuple[str, int]:
    """Return a source with comments, and the number of findings that they are for."""
    file = parse(source, Report())
    places: dict[int, set[str]] = {}
    number = 0
    for diagnostic in found:
        span = diagnostic.span
        assert span is not None  # noqa: S101  # see `allow`
        if any(c.span.start <= span.start < c.span.end for c in file.comments):
            continue
        member = member_at(file.members, span.start)
        if member is not None:
            places.setdefault(_above(member, file), set()).add(diagnostic.code.name)
            number += 1
    text = source.text
    for at, names in sorted(places.items(), reverse=True):
        comment = f"# allow: {', '.join(sorted(names))} -- {reason}"
        text = _with_comment(text, at, comment)
    return _as_formatted(source, file, text), number


def _with_comment(text: str, at: int, comment: str) -> str:
    """Return a text with a comment above what stands at an offset, or behind a block of one line."""
    line = text.rfind("\n", 0, at) + 1
    indent = text[line:at]
    if not indent.strip():
        end = "\r\n" if "\r\n" in text else "\n"
        return f"{text[:at]}{comment}{end}{indent}{text[at:]}"
    end_of_line = re.compile(r"[ \t\r]*$", re.MULTILINE).search(text, at)
    assert end_of_line is not None  # noqa: S101  # a text has an end
    return f"{text[: end_of_line.start()]}  {comment}{text[end_of_line.start() :]}"


def _above(member: tree.Member, file: tree.File) -> int:
    """Return where the comment of a member goes: before it and its documentation."""
    text, at = file.span.source.text, member.span.start
    for comment in reversed(file.comments):
        between = text[comment.span.end : at]
        if comment.span.end > at or not comment.text.startswith("##"):
            continue
        if between.strip() or between.count("\n") > 1:
            break
        at = comment.span.start
    return at


def _as_formatted(source: Source, file: tree.File, text: str) -> str:
    """Return a text as `iamdsl fmt` has it, where it was so before; the old one if it is another.

    One that nobody has formatted gets its comments, and is no other for them.
    """
    heard = Report()
    again = parse(Source(source.name, text), heard)
    if heard.failed or not fmt.same(again, file):
        return source.text
    if fmt.format(source, Report()) != source.text:
        return text
    return fmt.format(Source(source.name, text), Report()) or text

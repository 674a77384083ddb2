"""Comments that ask to pass over findings: `# allow: full-access -- the break-glass role`.

```
 text ──read──▶ allowances ──heed──▶ findings that are left, allowances that were of use
                                       └──remarks──▶ those that were not, or cannot be
```

At the end of a line a comment is for what begins on that line, and for the statement or block that
ends there, so that it stays for the same when `iamdsl fmt` breaks the line. On a line of its own it
is for the statement or declaration that follows, or, inside of one, for the line that follows.
Only what is a warning or a note by itself can be passed over, whatever the settings make of it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from iamdsl.diagnostics import Edit, Fix, Report, Severity, codes, nearest
from iamdsl.lint.surroundings import BLOCKS, inside, is_language, members_ending
from iamdsl.syntax import tree

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from iamdsl.diagnostics import Code, Diagnostic
    from iamdsl.source import Span

MARK = re.compile(r"#[ \t]*allow:")
_REASON = re.compile(r"(?:^|[\s,])--(?:\s|$)")
_OURS = {codes.NEEDLESS_SUPPRESSION, codes.UNEXPLAINED_SUPPRESSION}


class Named(NamedTuple):
    """A code of a comment; `code` is None where there is none of that name."""

    span: Span
    code: Code | None

    @property
    def counts(self) -> bool:
        """Tell whether it names what can be passed over."""
        return self.code is not None and self.code.severity is not Severity.ERROR


class Allowance(NamedTuple):
    """A comment, and the findings that it is for: those that begin from `start` to `end`.

    Attributes:
        span: the comment.
        always: whether what it is for is part of every build: not of some alone, as in an `if`.
    """

    span: Span
    named: tuple[Named, ...]
    reason: str
    start: int
    end: int
    always: bool

    def is_for(self, code: Code) -> bool:
        """Tell whether the comment names a code."""
        return any(named.code is code and named.counts for named in self.named)


def read(file: tree.File) -> tuple[Allowance, ...]:
    """Return what the comments of a source ask to pass over."""
    branches = [n for n in tree.walk(file) if isinstance(n, tree.If | tree.Template)]
    made = []
    for comment in file.comments:
        mark = MARK.match(comment.text)
        if mark is None:
            continue
        named, reason = _named(comment, mark.end())
        start, end = _scope(comment, file)
        always = not any(n.span.start < end and start < n.span.end for n in branches)
        made.append(Allowance(comment.span, named, reason, start, end, always))
    return tuple(made)


def heed(
    diagnostics: Iterable[Diagnostic], allowances: Sequence[Allowance]
) -> tuple[list[Diagnostic], set[tuple[Span, Code]]]:
    """Return what is left of diagnostics, and the comments with the codes that were of use."""
    by_name: dict[str, list[Allowance]] = {}
    for allowance in allowances:
        by_name.setdefault(allowance.span.source.name, []).append(allowance)
    kept: list[Diagnostic] = []
    used: set[tuple[Span, Code]] = set()
    for diagnostic in diagnostics:
        code = diagnostic.code
        hits = [
            allowance.span
            for place in _places(diagnostic)
            for allowance in by_name.get(place.source.name, ())
            if allowance.start <= place.start < allowance.end and allowance.is_for(code)
        ]
        used.update((span, code) for span in hits)
        if not hits:
            kept.append(diagnostic)
    return kept, used


def remarks(
    allowances: Iterable[Allowance],
    used: set[tuple[Span, Code]],
    looked: Callable[[Code], bool],
) -> tuple[Diagnostic, ...]:
    """Return what is to be said of comments: those without use, without a reason, without sense.

    Args:
        looked: whether a code would have been found in this run.
    """
    report = Report()
    for allowance in allowances:
        if not _sensible(allowance, report):
            continue
        needless = [
            named
            for named in allowance.named
            if named.code is not None
            and named.code not in _OURS
            and (allowance.span, named.code) not in used
            and looked(named.code)
        ]
        if needless and allowance.always and not allowance.is_for(codes.NEEDLESS_SUPPRESSION):
            _needless(allowance, needless, report)
        elif not allowance.reason and not allowance.is_for(codes.UNEXPLAINED_SUPPRESSION):
            names = " and ".join(f"`{named.span.text}`" for named in allowance.named)
            first = allowance.named[0].span.text
            report.add(
                codes.UNEXPLAINED_SUPPRESSION,
                allowance.span,
                f"nobody said why {names} {'is' if len(allowance.named) == 1 else 'are'} passed over",
                hint=f"write the reason behind it: `# allow: {first} -- …`",
            )
    return report.diagnostics


def _places(diagnostic: Diagnostic) -> list[Span]:
    """Return the places at which a comment can stand: of what lies in data, those of its use."""
    span = diagnostic.span
    if span is None:
        return []
    if is_language(span.source):
        return [span]
    return [note.span for note in diagnostic.notes if is_language(note.span.source)]


def _named(comment: tree.Comment, start: int) -> tuple[tuple[Named, ...], str]:
    """Return the codes of a comment behind its mark, and the reason."""
    span = comment.span
    text = comment.text.rstrip()
    split = _REASON.search(text, start)
    end = split.start() if split else len(text)
    reason = text[split.end() :].strip() if split else ""
    named, at = [], start
    for piece in text[start:end].split(","):
        word = piece.strip()
        if word:
            begin = span.start + at + piece.index(word)
            named.append(Named(span.part(begin, begin + len(word)), codes.find(word)))
        at += len(piece) + 1
    return tuple(named), reason


def _scope(comment: tree.Comment, file: tree.File) -> tuple[int, int]:
    """Return the stretch of the source that a comment is for."""
    text, span = file.span.source.text, comment.span
    line = text.rfind("\n", 0, span.start) + 1
    if text[line : span.start].strip():
        ending = (m.span.start for m in members_ending(file.members, span.start))
        return min((line, *ending)), _line_end(text, span.end)
    return _following(file.members, span.start, span.end, text)


def _following(members: Sequence[tree.Member], start: int, end: int, text: str) -> tuple[int, int]:
    """Return where the member stands that follows a comment in its block; nowhere if none does."""
    for member in members:
        if member.span.end <= start:
            continue
        if member.span.start >= end:
            between = re.sub("#.*", "", text[end : member.span.start])
            return (end, end) if between.strip() else (member.span.start, member.span.end)
        if isinstance(member, BLOCKS):
            return _following(inside(member), start, end, text)
        return _next_line(text, end)
    return end, end


def _next_line(text: str, at: int) -> tuple[int, int]:
    """Return the first line behind an offset that is more than a comment."""
    at = _line_end(text, at) + 1
    while at < len(text):
        end = _line_end(text, at)
        line = text[at:end].strip()
        if line and line[0] != "#":
            return at, end
        at = end + 1
    return at, at


def _line_end(text: str, at: int) -> int:
    end = text.find("\n", at)
    return len(text) if end < 0 else end


def _sensible(allowance: Allowance, report: Report) -> bool:
    """Tell whether a comment names only what can be passed over; report what it does not."""
    if not allowance.named:
        report.add(
            codes.BAD_SUPPRESSION,
            allowance.span,
            "`# allow:` names nothing to pass over",
            hint="name a code behind it: `# allow: full-access -- …`",
        )
        return False
    for named in allowance.named:
        text = named.span.text
        if named.code is None:
            near = nearest.nearest(
                text, [c.name for c in codes.ALL] + [c.number for c in codes.ALL]
            )
            report.add(
                codes.BAD_SUPPRESSION,
                named.span,
                f"there is no code `{text}`",
                hint=_meant(text, near),
                fix=Fix.writing(near[0], named.span, safe=False)
                if near and " " not in text
                else None,
            )
        elif not named.counts:
            report.add(
                codes.BAD_SUPPRESSION,
                named.span,
                f"`{text}` is an error, and stays one",
                hint="mend what it is about: only warnings and notes can be passed over",
            )
    return all(named.counts for named in allowance.named)


def _meant(text: str, near: tuple[str, ...]) -> str:
    first, *rest = text.split()
    if rest and codes.find(first) is not None:
        return f"write the reason behind ` -- `, and codes with commas between: `{first} -- …`"
    return nearest.did_you_mean(near, "`iamdsl explain` lists the codes")


def _needless(allowance: Allowance, needless: Sequence[Named], report: Report) -> None:
    """Report codes of a comment that were not found, with the fix that takes them out."""
    names = " or ".join(f"`{named.span.text}`" for named in needless)
    kept = [named.span.text for named in allowance.named if named not in needless]
    if kept:
        reason = f" -- {allowance.reason}" if allowance.reason else ""
        edit = Edit(allowance.span, f"# allow: {', '.join(kept)}{reason}")
    else:
        edit = Edit(_whole(allowance.span), "")
    report.add(
        codes.NEEDLESS_SUPPRESSION,
        needless[0].span if kept else allowance.span,
        f"there is no {names} here to pass over",
        hint="remove it" if kept else "remove the comment",
        fix=Fix(f"remove {names}" if kept else "remove the comment", (edit,)),
    )


def _whole(span: Span) -> Span:
    """Return a comment with its line where it has one of its own, else with the space before it."""
    text = span.source.text
    line = text.rfind("\n", 0, span.start) + 1
    before = text[line : span.start]
    if before.strip():
        return span.part(line + len(before.rstrip()), span.end)
    return span.part(line, min(_line_end(text, span.end) + 1, len(text)))

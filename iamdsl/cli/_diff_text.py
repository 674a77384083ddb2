"""A difference as text for a terminal or a log."""

from __future__ import annotations

from typing import TYPE_CHECKING

from iamdsl.analysis.writing import quoted
from iamdsl.cli._diff_words import HEADINGS, Words, form, plain, setting, state, tally

if TYPE_CHECKING:
    from collections.abc import Iterator

    from iamdsl.analysis.changes import Aspect, Group
    from iamdsl.analysis.difference import Changed, Difference
    from iamdsl.aws import Catalogue

_MOST = 20
"""Groups that are shown of one aspect."""
_SUMMARISED = 5
"""Groups that are shown of what was added or removed whole."""


def text(difference: Difference, catalogue: Catalogue) -> str:
    """Return a difference as lines, the summary last."""
    words = Words(catalogue)
    lines: list[str] = []
    for changed in difference.subjects:
        lines += _subject(changed, words)
    return "".join(f"{line}\n" for line in [*lines, tally(difference).headline])


def _subject(changed: Changed, words: Words) -> Iterator[str]:
    title = plain(quoted(changed.title))
    if not changed.in_meaning:
        yield f"{title}: {state(changed)} (form only: {plain(form(changed, quoted))})"
        return
    yield f"{title}: {state(changed)}"
    yield from body(changed, words)


def body(changed: Changed, words: Words) -> Iterator[str]:
    """Yield what changed of a subject, a line each, without the line that names it."""
    for said in changed.settings:
        yield f"  {'?' if said.may_gain or said.may_lose else '~'} {setting(said)}"
    for aspect in changed.aspects:
        yield from _aspect(aspect, words, _MOST if changed.state == "kept" else _SUMMARISED)
    for name in changed.beside:
        yield f"  ? beside {plain(name)}, which is not at hand: it may allow or deny all the same"


def _aspect(aspect: Aspect, words: Words, most: int) -> Iterator[str]:
    headings = HEADINGS[aspect.topic]
    for sign, heading, groups in (
        ("+", headings[0], aspect.gained),
        ("-", headings[1], aspect.lost),
    ):
        if not groups:
            continue
        yield f"  {heading}:"
        for group in groups[:most]:
            yield from _group(sign, group, words)
        if groups[most:]:
            yield f"  {sign} and {len(groups) - most:,} more, see --output-format json"
    for reason in aspect.unknown:
        yield f"  ? NOT DECIDED: {plain(reason)}"


def _group(sign: str, group: Group, words: Words) -> Iterator[str]:
    yield f"  {sign} {words.group(group)}"
    yield f"      such as {words.witness(group.witness, named=bool(group.who))}"

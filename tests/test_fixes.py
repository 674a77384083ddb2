"""Fixes of messages, applied to the cases of mistakes: each mends what its message is about."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from iamdsl import api
from iamdsl.aws import Catalogue
from iamdsl.diagnostics import Severity, codes
from iamdsl.resources import open_catalogue

if TYPE_CHECKING:
    from collections.abc import Iterable

    from iamdsl.diagnostics import Fix

CASES = Path(__file__).parent / "cases" / "mistakes"
NAMES = sorted(p.name for p in CASES.iterdir())
MORE_MISTAKES = {
    "action-equals-resource-equals",
    "comments-of-c-with-words-of-the-language",
    "double-ampersand-and-bang",
    "operation-in-a-set",
    "semicolons",
    "three-mistakes-three-messages",
}
"""Cases that hold more than one mistake: all others give one error at most."""


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return Catalogue(open_catalogue())


def source(name: str) -> str:
    return (CASES / name / "input.iam").read_text(encoding="utf-8")


def compiled(name: str, text: str, catalogue: Catalogue) -> api.Result:
    """Compile a case's source, or what became of it, for one place."""
    others = [p for p in (CASES / name).glob("*.iam") if p.name != "input.iam"]
    return api.compile(
        text,
        files={p.name: p.read_text(encoding="utf-8") for p in others},
        partition="aws",
        account="111122223333",
        region="eu-west-1",
        catalogue=catalogue,
    )


def applied(text: str, fixes: Iterable[Fix]) -> str:
    """Return a text with the edits of fixes made; none of them may overlap."""
    edits = sorted({(e.span.start, e.span.end, e.text) for fix in fixes for e in fix.edits})
    made, at = [], 0
    for start, end, new in edits:
        assert start >= at
        made += [text[at:start], new]
        at = end
    return "".join([*made, text[at:]])


@pytest.mark.parametrize("name", NAMES)
def test_safe_fixes_mend(name: str, catalogue: Catalogue) -> None:
    """With its safe fixes a case loses the messages that had one, and gains none."""
    text = source(name)
    before = compiled(name, text, catalogue).diagnostics
    mended = {d for d in before if d.fix is not None and d.fix.safe}
    result = compiled(name, applied(text, [d.fix for d in mended if d.fix]), catalogue)
    after = {(d.code, d.message) for d in result.diagnostics}
    assert not after & {(d.code, d.message) for d in mended}
    if name not in MORE_MISTAKES:
        assert after <= {(d.code, d.message) for d in before if d not in mended}
        assert result.ok or mended != set(before) or not before


@pytest.mark.parametrize("name", NAMES)
def test_other_fixes_lead_on(name: str, catalogue: Catalogue) -> None:
    """A fix that is only a guess is source that can be read, and ends the message it is for."""
    text = source(name)
    for diagnostic in compiled(name, text, catalogue).diagnostics:
        if diagnostic.fix is None or diagnostic.fix.safe:
            continue
        result = compiled(name, applied(text, [diagnostic.fix]), catalogue)
        said = {(d.code, d.message) for d in result.diagnostics}
        assert (diagnostic.code, diagnostic.message) not in said
        assert name in MORE_MISTAKES or codes.SYNTAX_ERROR not in {code for code, _ in said}


@pytest.mark.parametrize("name", NAMES)
def test_one_mistake_is_one_message(name: str, catalogue: Catalogue) -> None:
    """A case of one mistake gives one error; what follows from it is not said."""
    found = compiled(name, source(name), catalogue).diagnostics
    errors = [d.message for d in found if d.severity is Severity.ERROR]
    assert len(errors) < 2 or name in MORE_MISTAKES


def test_enough_is_mended(catalogue: Catalogue) -> None:
    """Protects the tests above from holding because no fix is offered."""
    found = [compiled(name, source(name), catalogue).diagnostics for name in NAMES]
    fixes = [any(d.fix is not None for d in diagnostics) for diagnostics in found]
    assert sum(fixes) > len(NAMES) / 3


@pytest.mark.parametrize("name", NAMES)
def test_every_message_says_what_to_do(name: str, catalogue: Catalogue) -> None:
    """What a newcomer tries is answered by a hint, not by what could have come alone."""
    for diagnostic in compiled(name, source(name), catalogue).diagnostics:
        assert diagnostic.hint

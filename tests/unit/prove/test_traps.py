"""The prover's answers on policies that look alike and are not, or look different and are alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from judged import allow, ask, deny
from traps import EVERY, S, one

if TYPE_CHECKING:
    from traps import Trap


@pytest.mark.parametrize("trap", EVERY, ids=lambda trap: f"{trap.verb}: {trap.why}")
def test_trap(trap: Trap) -> None:
    """The answer is the right one, and a no is confirmed by another evaluator."""
    answer = ask(trap.verb, trap.first, trap.second)
    assert answer.verdict == trap.verdict, answer


@pytest.mark.parametrize(
    "trap", [t for t in EVERY if t.verb == "equivalent"], ids=lambda trap: trap.why
)
def test_trap_the_other_way(trap: Trap) -> None:
    """Which side comes first makes no difference, and equivalent sides allow the same."""
    assert ask("equivalent", trap.second, trap.first).verdict == trap.verdict
    if trap.verdict == "yes":
        assert ask("implies", trap.first, trap.second)
        assert ask("implies", trap.second, trap.first)


@pytest.mark.parametrize("trap", EVERY, ids=lambda trap: trap.why)
def test_trap_beside_others(trap: Trap) -> None:
    """Statements about something else on both sides change no answer."""
    if isinstance(trap.first, list) or isinstance(trap.second, list):
        return
    more = (allow("sqs:SendMessage"), deny("sqs:DeleteQueue", when=one("Null", S, "true")))
    answer = ask(trap.verb, (*trap.first, *more), (*trap.second, *more))
    assert answer.verdict == trap.verdict, answer

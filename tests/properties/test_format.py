"""Formatting keeps the tree and the comments, whatever is formatted and however it was laid out.

Programs are written by the grammar, with comments at random places between tokens.
"""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

import formatting
import grammar_programs
import pytest
import source_classes
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from iamdsl import fmt

if TYPE_CHECKING:
    from pathlib import Path

MANY = settings(
    max_examples=200,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
RANDOM = st.randoms(use_true_random=True)


@MANY
@given(grammar_programs.programs(), RANDOM, st.sampled_from([0.0, 0.02, 0.1, 0.5]))
def test_programs_with_comments(text: str, random: Random, often: float) -> None:
    """Whatever the grammar can say, with comments wherever they can stand, keeps both."""
    if source_classes.lexed(text) is not None:
        formatting.keeps_its_promises(formatting.strewn(text, random, often))


@MANY
@given(grammar_programs.programs(), RANDOM, st.sampled_from([0.0, 0.1]))
def test_programs_laid_out_otherwise(text: str, random: Random, often: float) -> None:
    """Line breaks and indentation of a source do not show in what comes of it."""
    if source_classes.lexed(text) is not None:
        text = formatting.strewn(text, random, often)
        assert formatting.formatted(formatting.respaced(text, random)) == formatting.formatted(text)


@MANY
@given(grammar_programs.programs())
def test_programs_that_were_made(text: str) -> None:
    """A tree without places is written from its values, and reads as the same tree."""
    if formatting.formatted(text) is not None:
        file = formatting.made(formatting.read(text))
        got = fmt.show(file)
        assert formatting.shown(formatting.read(got)) == formatting.shown(file)
        assert formatting.formatted(got) == got


@pytest.mark.parametrize("path", source_classes.SOURCES, ids=source_classes.IDS)
def test_every_source_of_ours(path: Path) -> None:
    """What people wrote, cases with mistakes included, keeps tree and comments."""
    text = path.read_bytes().decode("utf-8", "replace")
    got = formatting.keeps_its_promises(text)
    if got is not None:
        random = Random(path.as_posix())  # noqa: S311  # the same each time
        assert formatting.formatted(formatting.respaced(text, random)) == got
        formatting.keeps_its_promises(formatting.strewn(text, random, 0.1))


def test_most_sources_of_ours_are_formatted() -> None:
    """The test above is about something: few of the sources have errors of syntax."""
    read = [
        source_classes.lexed(p.read_bytes().decode("utf-8", "replace"))
        for p in source_classes.SOURCES
    ]
    assert sum(tokens is not None for tokens in read) > 0.6 * len(read)

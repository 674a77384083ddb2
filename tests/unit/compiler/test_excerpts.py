"""Excerpts of our own modules: what a project needs of them, at the places where it was."""

from __future__ import annotations

import pytest
from library import MODULES, module

import iamdsl
from iamdsl.compiler import excerpts
from iamdsl.diagnostics import Report
from iamdsl.source import Source
from iamdsl.syntax import parse, tree


def members(text: str) -> dict[str, tuple[int, int]]:
    """Return where the members of a module stand, by name; it has no mistakes."""
    report = Report()
    found: dict[str, tuple[int, int]] = {}
    for member in parse(Source("std/x.iam", text), report).members:
        if isinstance(member, tree.Template | tree.Let | tree.Declaration):
            found[str(getattr(member.name, "text", ""))] = (member.span.start, member.span.end)
    assert not report.diagnostics
    return found


@pytest.mark.parametrize("name", MODULES)
def test_an_excerpt_is_what_is_needed(name: str) -> None:
    """Of a module's first and last names and their needs everything is there, at its old place."""
    text = module(name).text
    whole = members(text)
    public = [one for one in whole if not one.startswith("_")]
    for wanted in ({public[0]}, {public[-1]}, {public[0], public[len(public) // 2]}):
        short = excerpts.excerpt(text, wanted)
        kept = members(short)
        assert wanted <= kept.keys()
        assert all(whole[one] == place for one, place in kept.items())
        assert len(short) == len(text)
        spoken = {
            one
            for start, end in kept.values()
            for one in whole
            if one in excerpts._WORD.findall(text[start:end])
        }
        assert spoken <= kept.keys()
    assert members(excerpts.excerpt(text, set(whole))) == whole


def test_a_name_that_is_not_there_is_told_with_the_nearest() -> None:
    """A slip in the name of a template has the hint that it would have in any module."""
    made = iamdsl.compile("import std.lambda\nrole r { trust service lambda use lambda.tracin() }")

    (found,) = made.diagnostics
    assert "tracing" in found.hint


def test_names_by_alias_and_in_texts_count() -> None:
    """Whatever way a source speaks of a name, it is there."""
    source = """
import std.regions as where
import std.regions
let also = where . global_actions
scp s { use regions.only(regions = ["eu-west-1"], everywhere = also) }
"""
    made = iamdsl.compile(source, partition="aws")

    assert made.ok, str(made)
    assert excerpts.names_of("a {x.one} y.two x\n .three ax.four", "x") == {"one", "three"}

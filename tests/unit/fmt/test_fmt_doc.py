"""The algebra of documents: what breaks, what fits, and where comments go."""

from __future__ import annotations

import time

from iamdsl.fmt.doc import (
    GAP,
    HARD,
    SOFT,
    SPACE,
    Comment,
    Concat,
    Doc,
    Fill,
    Group,
    IfBroken,
    Nest,
    concat,
    join,
    render,
)

ITEM = "x" * 30


def bracketed(*items: str) -> Doc:
    inner = join(SPACE, [*(f"{item}," for item in items[:-1]), items[-1]])
    return Group(concat("[", Nest(concat(SOFT, inner, IfBroken(","))), SOFT, "]"))


def test_nothing() -> None:
    """No document is an empty file."""
    assert render("") == ""
    assert render(concat(HARD, GAP)) == ""


def test_a_group_that_fits_is_one_line() -> None:
    """Up to a hundred columns stand on a line, and no more."""
    assert render(Group(concat("x" * 50, SPACE, "y" * 49))) == f"{'x' * 50} {'y' * 49}\n"
    assert render(Group(concat("x" * 50, SPACE, "y" * 50))) == f"{'x' * 50}\n{'y' * 50}\n"


def test_what_follows_a_group_counts() -> None:
    """A bracket does not stay closed if the text behind it then passes the margin."""
    assert render(concat(bracketed(ITEM, ITEM, ITEM), "yy")) == (f"[{ITEM}, {ITEM}, {ITEM}]yy\n")
    assert render(concat(bracketed(ITEM, ITEM, ITEM), "y" * 5)) == (
        f"[\n  {ITEM},\n  {ITEM},\n  {ITEM},\n]yyyyy\n"
    )


def test_what_follows_counts_up_to_the_next_break() -> None:
    """A group is not broken for what can go to the next line."""
    doc = concat(bracketed(ITEM, ITEM), Group(concat(SPACE, "y" * 60)))
    assert render(doc) == f"[{ITEM}, {ITEM}]\n{'y' * 60}\n"


def test_a_forced_break_breaks_all_around() -> None:
    """Groups around a hard line or a comment cannot be flat, groups beside it can."""
    doc = Group(
        concat("a", SPACE, Group(concat("b", HARD, "c")), SPACE, Group(concat("d", SPACE, "e")))
    )
    assert render(doc) == "a\nb\nc\nd e\n"


def test_a_fill_takes_as_many_as_fit() -> None:
    """Items fill lines; one that breaks has its lines to itself."""
    items = (*[(None, f"{ITEM},")] * 4, (None, bracketed(*[ITEM] * 4)), (None, "z"), (None, "z"))
    assert render(Nest(concat("  ", Fill(items)))) == (
        f"  {ITEM}, {ITEM}, {ITEM},\n  {ITEM},\n  [\n" + f"    {ITEM},\n" * 4 + "  ]\n  z z\n"
    )


def test_a_fill_can_be_aligned() -> None:
    """Items stand below the first."""
    fill = Fill(tuple((None, ITEM) for _ in range(4)))
    lines = f"{ITEM} {ITEM} {ITEM}\n      {ITEM}\n"
    assert render(concat("allow ", Nest(fill, None))) == f"allow {lines}"


def test_comments_stay_at_the_end_of_their_line() -> None:
    """A break that came before the comment is undone for it."""
    beside, own = Comment("# c", own=False), Comment("# d", own=True)
    assert render(concat("a", Nest(concat(HARD, beside, "b")))) == "a  # c\n  b\n"
    assert render(concat("a ", beside, "b")) == "a  # c\nb\n"
    assert render(concat("a ", own, "b")) == "a\n# d\nb\n"
    assert render(concat("a", Nest(concat(HARD, beside, beside, "b")))) == "a  # c\n  # c\n  b\n"
    assert render(concat("a", Nest(concat(HARD, own)), HARD, "b")) == "a\n  # d\nb\n"
    assert render(concat(beside, "b")) == "# c\nb\n"


def test_gaps_are_one_line() -> None:
    """Breaks in a row are one, and an empty line if one of them is."""
    assert render(concat("a", HARD, GAP, HARD, Nest(concat(GAP, "b")))) == "a\n\n  b\n"


def test_depth_and_size_cost_nothing_special() -> None:
    """A document nested ten thousand deep is rendered, in time that grows with its size only."""
    doc: Doc = "x"
    for _ in range(10_000):
        doc = Group(Nest(concat("(", SOFT, doc, SOFT, ")"), 0))
    assert render(doc).count("\n") > 10_000
    times = []
    for size in (20_000, 80_000):
        wide = Concat(tuple(Group(concat("x", SPACE)) for _ in range(size)))
        began = time.process_time()
        render(wide)
        times.append(time.process_time() - began)
    assert times[1] < 12 * times[0]

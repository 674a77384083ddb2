"""Boolean formulas over request keys, as the fewest exact IAM Condition blocks.

    formula ──leaves──▶ tree without Not ──blocks──▶ sides by key ──▶ blocks

`leaves` pushes negation into the tests; `blocks` takes parts that share no key one by one and
minimizes the others over cells (`boxes`), where `domains`, `lists`, `ordered`, `sets` say which
values a key's tests tell apart and `unions` and `sides` how a block says them.

Invariant: the blocks together hold for exactly the requests for which the formula is true: never
wider, never narrower, missing keys included. What has no exact form is `Refused`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from iamdsl.compiler.conditions.blocks import blocks_of, too_many
from iamdsl.compiler.conditions.leaves import is_as_written, spelled, spelled_keys, tests_of, tree
from iamdsl.compiler.conditions.refusal import NoForm, Refused
from iamdsl.iam import Condition, Entry

if TYPE_CHECKING:
    from iamdsl.compiler.conditions.blocks import Block
    from iamdsl.model.formula import Formula

__all__ = ["Blocks", "Refused", "compile_formula"]

Blocks: TypeAlias = tuple[Condition, ...]
"""One block for each statement, sorted; none for "never", one empty block for "always"."""

STATEMENTS = 16


def compile_formula(formula: Formula, *, statements: int = STATEMENTS) -> Blocks | Refused:
    """Return the fewest blocks that together mean `formula`, at most `statements` of them.

    The result does not depend on the order of operands, except for the spelling of keys (the
    first in the source) and the order inside one value list of the source.
    """
    try:
        normal = tree(formula)
        blocks = blocks_of(normal, statements)
        if len(blocks) > statements:
            raise too_many(len(blocks), [], normal, statements)
        spelling = spelled_keys(formula)
        return tuple(sorted((_condition(block, spelling) for block in blocks), key=_order))
    except NoForm as refusal:
        spans = tuple(
            test.span
            for test in tests_of(formula)
            if test.span is not None and (test.key.casefold() in refusal.keys or not refusal.keys)
        )
        return Refused(_spelled(refusal.reason, formula), refusal.hint, spans, refusal.kind)


def _condition(block: Block, spelling: dict[str, str]) -> Condition:
    """Return a block as entries, sorted by operator, then key."""
    entries = [
        (operator, spelled(key, spelling), values)
        for key, side in block.items()
        for operator, values in side
    ]
    if any(map(is_as_written, block)):
        _keep_apart([(operator, key.casefold()) for operator, key, _ in entries])
    return tuple(Entry(*entry) for entry in sorted(entries))


def _keep_apart(names: list[tuple[str, str]]) -> None:
    """Raise NoForm where what is kept as written meets its operator and key in a block."""
    if len(set(names)) < len(names):
        twice = next(key for operator, key in names if names.count((operator, key)) > 1)
        raise NoForm(
            f"`{twice}` is compared twice by one operator that is kept as written",
            "keep one of the comparisons",
            frozenset((twice,)),
            final=True,
        )


def _order(condition: Condition) -> list[tuple[str, str, tuple[str, ...]]]:
    return [(entry.operator, entry.key, entry.values) for entry in condition]


def _spelled(reason: str, formula: Formula) -> str:
    """Return `reason` with keys as the source spells them."""
    for folded, written in spelled_keys(formula).items():
        reason = reason.replace(f"`{folded}`", f"`{written}`")
    return reason

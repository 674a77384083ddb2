"""From a tree of leaves to blocks: parts that share no key apart, the rest over cells.

Invariant: the blocks returned are a disjunction that means exactly the tree. Parts of a
conjunction without a common key multiply, those of a disjunction add up; both are minimal then,
since a block inside a disjunction of independent parts lies in one of them.
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, TypeAlias

from iamdsl.compiler.conditions import sides, texts
from iamdsl.compiler.conditions.leaves import Leaf, Node, join, keys_of, leaves_of
from iamdsl.compiler.conditions.refusal import NoForm

if TYPE_CHECKING:
    from iamdsl.compiler.conditions.boxes import Box
    from iamdsl.compiler.conditions.domains import Domain
    from iamdsl.compiler.conditions.leaves import Tree
    from iamdsl.compiler.conditions.sides import Side

Block: TypeAlias = dict[str, "Side"]
"""Sides by case-folded key."""

_SAYABLE = 256
_TERMS = 64
_EFFORT = 200_000
_SHOWN = 4
_TIMES = " \N{MULTIPLICATION SIGN} "


def blocks_of(tree: Tree, limit: int) -> list[Block]:
    """Return the blocks of `tree`; raises NoForm when there are none or more than `limit`."""
    if isinstance(tree, Leaf):
        side = _plain_side(tree)
        return [{tree.key: side}] if side is not None else _over_cells(tree, limit)
    groups = _independent(tree.parts)
    if len(groups) == 1:
        return _over_cells(tree, limit)
    solved = [blocks_of(g[0] if len(g) == 1 else Node(tree.conjunction, g), limit) for g in groups]
    if not tree.conjunction:
        return _sum(solved)
    if not all(solved):
        return []
    return _product(solved, tree, limit)


def _plain_side(leaf: Leaf) -> Side | None:
    """Return the side of a leaf whose values may stand as they are."""
    if leaf.predicate is None:
        return sides.of_leaf(leaf, ())
    values = texts.plain(leaf.predicate)
    return None if values is None else sides.of_leaf(leaf, values)


def _independent(parts: tuple[Tree, ...]) -> list[tuple[Tree, ...]]:
    """Group `parts` so that parts of different groups share no key."""
    if all(isinstance(p, Leaf) for p in parts):
        by_key: dict[str, list[Tree]] = {}
        for part in parts:
            by_key.setdefault(part.key if isinstance(part, Leaf) else "", []).append(part)
        return [tuple(group) for group in by_key.values()]
    groups: list[tuple[frozenset[str], tuple[Tree, ...]]] = []
    for part in parts:
        keys, apart = keys_of(part), []
        members: tuple[Tree, ...] = (part,)
        for other_keys, other in groups:
            if keys & other_keys:
                keys, members = keys | other_keys, other + members
            else:
                apart.append((other_keys, other))
        groups = [*apart, (keys, members)]
    return [members for _, members in groups]


def _sum(solved: list[list[Block]]) -> list[Block]:
    out = [block for blocks in solved for block in blocks]
    return [{}] if {} in out else out


def _product(solved: list[list[Block]], tree: Node, limit: int) -> list[Block]:
    """Return every combination of blocks, one of each part: they have no key in common."""
    counts = [len(blocks) for blocks in solved if len(blocks) > 1]
    total = prod(counts)
    if total > limit:
        raise too_many(total, counts, tree, limit)
    out: list[Block] = [{}]
    for blocks in solved:
        out = [a | b for a in out for b in blocks]
    return out


def too_many(total: int, counts: list[int], tree: Tree, limit: int) -> NoForm:
    """Return the refusal of `tree`, which needs `total` statements."""
    sizes = sorted(counts, reverse=True)
    if len(counts) > 1 and prod(counts) == total:
        said = f"{total} = {_TIMES.join(map(str, sizes))} statements"
    else:
        said = f"{total} statements"
    return NoForm(
        f"this condition needs {said}, more than the {limit} that one may become",
        "write the alternatives as statements of their own, or test fewer keys in each alternative",
        keys_of(tree),
        "too-many",
    )


def _over_cells(tree: Tree, limit: int) -> list[Block]:
    """Return the blocks of `tree` by minimization over the cells of its keys.

    Where the cells are too many, or a mask of them has no form, its alternatives are solved one
    by one: as exact, though not always the fewest blocks.
    """
    try:
        found = _minimal(tree)
    except NoForm as refusal:
        found = _apart(tree, limit, refusal)
    if len(found) > limit:
        raise _deepest(tree, limit) or too_many(len(found), [], tree, limit)
    return found


def _apart(tree: Tree, limit: int, refusal: NoForm) -> list[Block]:
    """Return the blocks of the alternatives of `tree`; raises `refusal` when that does not help."""
    parts = alternatives(tree)
    if refusal.final:
        raise refusal
    if parts is None:
        return _quantified(tree, refusal)
    found: list[Block] = []
    try:
        for part in parts:
            found += [block for block in blocks_of(part, limit) if block not in found]
    except NoForm:
        raise refusal from None
    return [b for b in found if not any(o is not b and o.items() <= b.items() for o in found)]


def _quantified(tree: Tree, refusal: NoForm) -> list[Block]:
    """Return the block, if any, of a conjunction of tests of one multivalued key."""
    from iamdsl.compiler.conditions.sets import conjunction  # noqa: PLC0415

    leaves = list(tree.parts) if isinstance(tree, Node) and tree.conjunction else [tree]
    tests = [leaf for leaf in leaves if isinstance(leaf, Leaf)]
    if len(tests) < len(leaves) or len({leaf.key for leaf in tests}) > 1:
        raise refusal
    found = conjunction(tests) if any(leaf.quantifier for leaf in tests) else None
    if found is None:
        raise refusal
    return [{tests[0].key: side} if side else {} for side in found]


def alternatives(tree: Tree) -> tuple[Tree, ...] | None:
    """Return trees whose disjunction is `tree`; None when there are none, or too many in all."""
    if isinstance(tree, Leaf) or not 1 < _terms(tree) <= _TERMS:
        return None
    if not tree.conjunction:
        return tree.parts
    choice = min((p for p in tree.parts if isinstance(p, Node)), key=lambda p: len(p.parts))
    others = [p for p in tree.parts if p is not choice]
    return tuple(join(True, [*others, part]) for part in choice.parts)


def _terms(tree: Tree) -> int:
    """Return how many conjunctions of leaves `tree` multiplies out to."""
    if isinstance(tree, Leaf):
        return 1
    counts = map(_terms, tree.parts)
    return prod(counts) if tree.conjunction else sum(counts)


def _said(domain: Domain, mask: int) -> Side:
    side = domain.say(mask)
    if side is None:
        raise AssertionError("a box holds a mask that no block says")
    return side


def _minimal(tree: Tree) -> list[Block]:
    """Return the fewest blocks for `tree` that the search over cells finds."""
    from iamdsl.compiler.conditions import boxes  # noqa: PLC0415
    from iamdsl.compiler.conditions.domains import domain  # noqa: PLC0415

    by_key: dict[str, dict[Leaf, None]] = {}
    for leaf in leaves_of(tree):
        by_key.setdefault(leaf.key, {})[leaf] = None
    keys = sorted(by_key)
    domains = [domain(list(by_key[key])) for key in keys]
    try:
        best = _fewest_boxes(tree, keys, domains)
    except boxes.TooMany:
        raise NoForm(
            f"this condition combines too many alternatives of `{keys[0]}` and other keys",
            "write the alternatives as statements of their own",
            frozenset(keys),
            "too-many",
        ) from None
    except _Unsayable as unsayable:
        raise _collision(unsayable.box, keys, domains, by_key) from None
    found = ([_said(d, mask) for d, mask in zip(domains, box, strict=True)] for box in best)
    return [{key: side for key, side in zip(keys, block, strict=True) if side} for block in found]


class _Unsayable(Exception):  # noqa: N818 - raised and caught in this module only
    """Carries a box of the formula that lies in no sayable box."""

    def __init__(self, box: Box) -> None:
        super().__init__()
        self.box = box


def _fewest_boxes(tree: Tree, keys: list[str], domains: list[Domain]) -> list[Box]:
    """Return the fewest and cheapest sayable boxes that together are `tree`."""
    from iamdsl.compiler.conditions import boxes  # noqa: PLC0415

    effort = boxes.Effort(_EFFORT)
    full = tuple(d.full for d in domains)
    cover = _cover(tree, {key: at for at, key in enumerate(keys)}, domains, full)
    candidates = _sayable(boxes.widened(cover, full, effort), domains)
    for box in cover:
        if left := boxes.sharp(box, candidates, effort):
            raise _Unsayable(left[0])

    def cost(box: Box) -> int:
        return sum(
            sides.cost(key, _said(d, mask)) for key, d, mask in zip(keys, domains, box, strict=True)
        )

    def cheapest(at: int, needed: int, mask: int) -> int:
        return _cheapest(keys[at], domains[at], needed, mask)

    best = boxes.chosen(cover, candidates, cost, effort)
    return boxes.narrowed(best, cheapest, full, effort)


def _cover(tree: Tree, places: dict[str, int], domains: list[Domain], full: Box) -> list[Box]:
    """Return `tree` as boxes, built from the leaves up."""
    from iamdsl.compiler.conditions import boxes  # noqa: PLC0415

    if isinstance(tree, Leaf):
        at = places[tree.key]
        mask = domains[at].mask(tree)
        return [(*full[:at], mask, *full[at + 1 :])] if mask else []
    covers = [_cover(part, places, domains, full) for part in tree.parts]
    return boxes.conjunction(covers, full) if tree.conjunction else boxes.disjunction(covers)


def _sayable(wide: list[Box], domains: list[Domain]) -> list[Box]:
    """Return the boxes that blocks can say: the largest ones inside those of `wide`."""
    out: dict[Box, None] = {}
    for box in wide:
        found: list[Box] = [()]
        for domain, mask in zip(domains, box, strict=True):
            parts = domain.largest(mask)
            found = [(*a, part) for a in found for part in parts]
            if len(found) > _SAYABLE:
                break
        else:
            out.update(dict.fromkeys(found))
    return sorted(out)


def _collision(
    box: Box, keys: list[str], domains: list[Domain], by_key: dict[str, dict[Leaf, None]]
) -> NoForm:
    """Return the refusal of a box that no block says, naming the values that collide."""
    blamed = [key for key, d, mask in zip(keys, domains, box, strict=True) if d.say(mask) is None]
    key = (blamed or keys)[0]
    predicates = dict.fromkeys(leaf.predicate for leaf in by_key[key] if leaf.predicate)
    if any(p.family == "Binary" for p in predicates):
        return NoForm(
            f"`{key}` cannot be required to differ: IAM has no negated Binary operator",
            "list the binary values that are wanted instead",
            frozenset((key,)),
        )
    values = list(dict.fromkeys(v for p in predicates for v in p.values))
    shown = ", ".join(f"`{v}`" for v in values[:_SHOWN]) + (" …" if len(values) > _SHOWN else "")
    if any(leaf.quantifier == "any" for leaf in by_key[key]):
        hint = "ask for at most four values; for tags, test `aws:RequestTag/name exists` for each"
    else:
        hint = "IAM has too few operators for so many tests of one key: test it less often"
    return NoForm(
        f"no condition block can hold these tests of `{key}` at once: {shown}",
        hint,
        frozenset(blamed or keys),
    )


def _cheapest(key: str, domain: Domain, needed: int, mask: int) -> int:
    """Return the mask of the shortest side between `needed` and `mask`."""
    best, price = mask, sides.cost(key, _said(domain, mask))
    for source in (needed, needed | mask & 1, mask & ~1, *domain.sources):
        if needed & ~source or source & ~mask:
            continue
        side = domain.say(source)
        if side is not None and sides.cost(key, side) < price:
            best, price = source, sides.cost(key, side)
    return best


def _deepest(tree: Tree, limit: int) -> NoForm | None:
    """Return the refusal of the innermost conjunction in `tree` that passes the limit itself."""
    if isinstance(tree, Leaf):
        return None
    counts = []
    for part in tree.parts:
        try:
            counts.append(len(blocks_of(part, limit)))
        except NoForm as refusal:
            return refusal
    if not tree.conjunction or len(counts) < 2:
        return None
    try:
        total = len(blocks_of(tree, 1 << 30))
    except NoForm as refusal:
        return refusal
    return too_many(total, [c for c in counts if c > 1], tree, limit) if total > limit else None

"""Text, ARN, network and Binary keys: which values the lists of a key tell apart, as cells.

Values that stand in the same tests and fit the same patterns are one cell; an opaque value is one
more truth that may go either way. Invariant: every value a request can hold lies in one of the
cells, and all values of a cell satisfy the same members; a cell that no value realizes does no
harm beyond a block that could have been shorter.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from iamdsl.compiler.conditions import globs, networks, texts
from iamdsl.compiler.conditions.refusal import NoForm

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from iamdsl.compiler.conditions.globs import Pattern
    from iamdsl.compiler.conditions.leaves import Predicate
    from iamdsl.compiler.conditions.networks import Network

EXACT = "StringEquals"
LIKE = "StringLike"
CASE = "StringEqualsIgnoreCase"
ARN = "ArnLike"
ARN_EXACT = "ArnEquals"
NETWORK = "IpAddress"
BINARY = "BinaryEquals"

_PATTERNS = 64
_CELLS = 512
_RELATED = 24


class Item(NamedTuple):
    """One distinct value among the lists of a key.

    Attributes:
        words: for each operator that can hold it, the text to write.
        tests: bits of the predicates whose lists it stands in.
        rank: its place among the values of the key.
        pattern: what it matches, when that is known here.
        text: the one text it matches, when it is a literal.
        network: the network it is.
    """

    words: tuple[tuple[str, str], ...]
    tests: int
    rank: int
    pattern: Pattern | None = None
    text: str | None = None
    network: Network | None = None


class Member(NamedTuple):
    """Values that always go together, or a meet of such: what lists are put together from.

    Attributes:
        mask: the cells whose values fit.
        words: operator to ranked texts: under each of these operators the member can stand.
        patterns: the patterns it is made of, to be met with others; none for literals.
    """

    mask: int
    words: dict[str, tuple[tuple[int, str], ...]]
    patterns: tuple[Pattern, ...] = ()


class Cells(NamedTuple):
    """The cells of a key: all of them, its members, and what each list of the source means."""

    full: int
    members: tuple[Member, ...]
    masks: dict[Predicate, int]
    regions: tuple[tuple[int, Network, tuple[Network, ...]], ...] = ()


def cut(predicates: list[Predicate]) -> Cells:
    """Return the cells that the lists of `predicates`, all on one key, cut its values into."""
    items = _items(predicates)
    if any(item.network for item in items):
        return _cut_networks(predicates, items)
    fixed = _group(i for i in items if i.text is not None)
    open_ = _apart(_group(i for i in items if i.text is None and i.pattern is not None), _overlap)
    free = _group(i for i in items if i.pattern is None and i.text is None)
    literal_groups, signatures = _signatures(fixed, open_)
    members = [_member(group, 1 << at, ()) for at, group in enumerate(literal_groups)]
    for bit, group in enumerate(open_):
        mask = sum(
            1 << at
            for at, fits in enumerate([*(_fits(g[0], open_) for g in literal_groups), *signatures])
            if fits >> bit & 1
        )
        patterns = tuple(i.pattern for i in group if i.pattern is not None)
        members.append(_member(group, mask, patterns))
    width = len(literal_groups) + len(signatures)
    return _with_free(members, width, free, [*literal_groups, *open_], predicates)


def _with_free(
    members: list[Member],
    width: int,
    free: list[list[Item]],
    groups: list[list[Item]],
    predicates: list[Predicate],
) -> Cells:
    """Return `width` cells with their `members`, once for every combination of free truths."""
    doublings = len(free)
    if width << doublings > _CELLS:
        raise _too_many(predicates)
    members = [m._replace(mask=_repeat(m.mask, width, doublings)) for m in members]
    base = (1 << width) - 1
    for bit, group in enumerate(free):
        mask = sum(base << (n * width) for n in range(1 << doublings) if n >> bit & 1)
        members.append(_member(group, mask, ()))
    full = (1 << (width << doublings)) - 1
    masks = _list_masks(predicates, [*groups, *free], members)
    return Cells(full, tuple(m for m in members if m.mask), masks)


def _repeat(mask: int, width: int, doublings: int) -> int:
    """Return `mask` once for every combination of the free truths."""
    for n in range(doublings):
        mask |= mask << (width << n)
    return mask


def _too_many(predicates: list[Predicate]) -> NoForm:
    patterns = next((p.values[0] for p in predicates if p.relation == "like"), "")
    return NoForm(
        f"too many overlapping patterns and variables on one key, such as `{patterns}`",
        "split the rule so that each one tests the key with fewer patterns",
        kind="too-many",
    )


def _items(predicates: list[Predicate]) -> list[Item]:
    """Return the distinct values of all lists; equal values written differently are one.

    Where a key is compared both as text and as an ARN, what its texts share is left open; so is
    what texts beyond ASCII share with those compared ignoring case, for AWS does not say which
    letters are one there (the Kelvin sign and `k`).
    """
    families = {p.family for p in predicates}
    mixed = len(families) > 1
    folded = any(p.ignoring_case for p in predicates)
    found: dict[object, Item] = {}
    for bit, predicate in enumerate(predicates):
        for value in predicate.values:
            item = _item(predicate, value)
            if (mixed and predicate.family == "String") or (folded and not value.isascii()):
                item = item._replace(pattern=None, text=None)
            same = (item.pattern, item.text, item.network) if _known(item) else item.words
            old = found.get(same)
            if old is None:
                found[same] = item._replace(tests=1 << bit, rank=len(found))
            else:
                found[same] = old._replace(tests=old.tests | 1 << bit)
    return list(found.values())


def _known(item: Item) -> bool:
    return item.pattern is not None or item.text is not None or item.network is not None


def _item(predicate: Predicate, value: str) -> Item:
    """Return one value of a list."""
    if predicate.family == "IpAddress":
        network = networks.parse(value)
        return Item(
            ((NETWORK, networks.write(network) if network else value),), 0, 0, None, None, network
        )
    if predicate.family == "Binary":
        return Item(((BINARY, value),), 0, 0, None, None if texts.opaque(value) else value)
    like = predicate.relation == "like"
    if predicate.family == "Arn":
        return _arn(value, like)
    if predicate.ignoring_case:
        if texts.opaque(value) or not value.isascii():
            return Item(((CASE, value),), 0, 0)
        text = texts.unescape(value)
        glob = globs.ignoring_case(text)
        if globs.literal(glob) is None:
            return Item(((CASE, text.lower()),), 0, 0, (glob,))
        return _literal(text, ((CASE, text),))
    if texts.opaque(value):
        return Item(((LIKE, value) if like else (EXACT, _plain_wildcards(value)),), 0, 0)
    glob = globs.parse(value) if like else tuple(texts.unescape(value))
    literal = globs.literal(glob)
    if literal is not None:
        return _literal(literal, ())
    return Item(((LIKE, globs.write(glob) or ""),), 0, 0, (glob,))


def _plain_wildcards(value: str) -> str:
    """Write `${*}` and `${?}` plainly, as StringEquals wants them."""
    return value.replace("${*}", "*").replace("${?}", "?")


def _literal(text: str, more: tuple[tuple[str, str], ...]) -> Item:
    """Return a literal text: under StringEquals unless it holds `${`, and under StringLike."""
    words = ((LIKE, texts.escape(text)), *more)
    if "${" not in text:
        words = ((EXACT, text), *words)
    return Item(words, 0, 0, None, text)


def _arn(value: str, like: bool) -> Item:
    """Return an ARN or a pattern of ARNs, field by field."""
    if texts.opaque(value):
        if texts.whole_variable(value) and not like:
            return Item(((EXACT, value),), 0, 0)
        if like:
            return Item(((ARN, value),), 0, 0)
        return Item(_exact_arn(_escaped_wildcards(value)), 0, 0)
    parts = texts.fields(value)
    read = globs.parse if like else (lambda part: tuple(texts.unescape(part)))
    pattern = tuple(map(read, parts))
    written = ":".join(globs.write(glob) or "" for glob in pattern)
    if all(globs.literal(glob) is not None for glob in pattern):
        exact = ":".join(globs.literal(glob) or "" for glob in pattern)
        return Item(((ARN, written),) if like else _exact_arn(written), 0, 0, None, exact)
    return Item(((ARN, written),), 0, 0, pattern)


def _exact_arn(written: str) -> tuple[tuple[str, str], ...]:
    """Return the words of an ARN under `==`: ArnEquals by preference, the same as ArnLike."""
    return (ARN_EXACT, written), (ARN, written)


def _escaped_wildcards(value: str) -> str:
    """Escape the wildcards of an opaque exact ARN that stand outside its variables."""
    out, inside = [], False
    for piece in texts.pieces(value):
        if piece in "{\ue000":
            inside = True
        elif piece in "}\ue001":
            inside = False
        out.append("${" + piece + "}" if piece in "*?" and not inside else piece)
    return "".join(out)


def _group(items: Iterable[Item]) -> list[list[Item]]:
    """Group items that stand in the same lists and can stand under the same operators."""
    groups: dict[object, list[Item]] = {}
    for item in items:
        operators = tuple(o for o, _ in item.words)
        groups.setdefault((item.tests, operators), []).append(item)
    return list(groups.values())


def _apart(groups: list[list[Item]], related: Callable[[Item, Item], object]) -> list[list[Item]]:
    """Split `groups` by how their items relate to items of other groups.

    Then a list can do without the items that make no difference beside its other tests.
    """
    if len(groups) < 2 or sum(map(len, groups)) > _RELATED:
        return groups
    out: dict[object, list[Item]] = {}
    for at, group in enumerate(groups):
        others = [item for g in groups if g is not group for item in g]
        for item in group:
            signature = tuple(related(item, other) for other in others)
            out.setdefault((at, signature), []).append(item)
    return list(out.values())


def _overlap(one: Item, other: Item) -> object:
    """Return how two patterns relate: apart, inside, around, or overlapping."""
    if one.pattern is None or other.pattern is None:
        return None
    inside = globs.covers(other.pattern, one.pattern)
    return (
        inside,
        globs.covers(one.pattern, other.pattern),
        globs.meet(one.pattern, other.pattern) == (),
    )


def _nesting(one: Item, other: Item) -> object:
    """Return how two networks relate: apart, inside, or around."""
    if one.network is None or other.network is None:
        return None
    return networks.contains(one.network, other.network), networks.contains(
        other.network, one.network
    )


def _parts(item: Item) -> tuple[str, ...]:
    """Return the fields of a literal."""
    text = item.text or ""
    return tuple(text.split(":", 5)) if item.words[0][0] in (ARN, ARN_EXACT) else (text,)


def _fits(item: Item, groups: list[list[Item]]) -> int:
    """Return bits of the pattern groups that the literal `item` fits."""
    parts = _parts(item)
    return sum(
        1 << bit
        for bit, group in enumerate(groups)
        if any(i.pattern is not None and globs.matches(i.pattern, parts) for i in group)
    )


def _signatures(
    fixed: list[list[Item]], open_: list[list[Item]]
) -> tuple[list[list[Item]], list[int]]:
    """Return the literals split by the patterns they fit, and the pattern cells of other values.

    A value fits some set of patterns; it then lies in a meet of patterns, one of each group, and
    whatever covers that meet fits it too. So the meets, closed, show every cell.
    """
    split: dict[tuple[int, int], list[Item]] = {}
    for at, group in enumerate(fixed):
        for item in group:
            split.setdefault((at, _fits(item, open_)), []).append(item)
    taken = {_parts(item) for group in fixed for item in group}
    width = next((len(i.pattern) for g in open_ for i in g if i.pattern is not None), 1)
    signatures: dict[int, None] = {0: None}
    for pattern in _closure(open_):
        text = tuple(globs.literal(glob) for glob in pattern)
        if text in taken:
            continue
        signatures[_covering(pattern, open_)] = None
    whole = _covering(((globs.MANY,),) * width, open_)
    if whole:
        signatures = {s: None for s in signatures if s & whole == whole}
        signatures[whole] = None
    return list(split.values()), list(signatures)


def _covering(pattern: Pattern, groups: list[list[Item]]) -> int:
    """Return bits of the groups with a pattern that covers `pattern`."""
    return sum(
        1 << bit
        for bit, group in enumerate(groups)
        if any(i.pattern is not None and globs.covers(i.pattern, pattern) for i in group)
    )


def _closure(groups: list[list[Item]]) -> list[Pattern]:
    """Return the patterns of `groups` and their meets, one pattern of each of some groups."""
    queue = list(dict.fromkeys(i.pattern for g in groups for i in g if i.pattern is not None))
    found = dict.fromkeys(queue)
    for pattern in queue:
        covering = _covering(pattern, groups)
        for bit, group in enumerate(groups):
            for item in group if not covering >> bit & 1 else ():
                met = globs.meet(pattern, item.pattern) if item.pattern is not None else ()
                if met is None or len(found) > _PATTERNS:
                    raise NoForm(
                        "too many overlapping patterns on one key",
                        "split the rule so that each one tests the key with fewer patterns",
                        kind="too-many",
                    )
                queue += [new for new in met if new not in found]
                found.update(dict.fromkeys(met))
    return queue


def _member(group: list[Item], mask: int, patterns: tuple[Pattern, ...]) -> Member:
    """Return the member of a group of items that share their operators."""
    words: dict[str, tuple[tuple[int, str], ...]] = {}
    if patterns:
        patterns = tuple(globs.undominated(patterns))
        group = [item for item in group if item.pattern in patterns]
    for item in group:
        for operator, text in item.words:
            words[operator] = (*words.get(operator, ()), (item.rank, text))
    return Member(mask, words, patterns)


def _list_masks(
    predicates: list[Predicate], groups: list[list[Item]], members: list[Member]
) -> dict[Predicate, int]:
    """Return the cells of each predicate's list."""
    masks = dict.fromkeys(predicates, 0)
    for group, member in zip(groups, members, strict=True):
        for bit, predicate in enumerate(predicates):
            if group[0].tests >> bit & 1:
                masks[predicate] |= member.mask
    return masks


def _cut_networks(predicates: list[Predicate], items: list[Item]) -> Cells:
    """Return the cells of networks; an extern among them is one more truth."""
    groups = _apart(_group(i for i in items if i.network is not None), _nesting)
    free = _group(i for i in items if i.network is None)
    group_of = {i.network: bit for bit, g in enumerate(groups) for i in g if i.network}
    cells: dict[int, int] = {}
    regions: list[tuple[int, Network, tuple[Network, ...]]] = []
    for network in (*networks.WHOLE, *(n for n in group_of if n not in networks.WHOLE)):
        around = {group_of[n] for n in group_of if networks.contains(n, network)}
        inside = [n for n in group_of if n != network and networks.contains(network, n)]
        if networks.emptied(network, inside):
            continue
        signature = sum(1 << bit for bit in around)
        at = cells.setdefault(signature, len(cells))
        regions.append((1 << at, network, tuple(inside)))
    members = []
    for bit, group in enumerate(groups):
        mask = sum(1 << at for signature, at in cells.items() if signature >> bit & 1)
        members.append(_member(group, mask, ()))
    found = _with_free(members, len(cells), free, groups, predicates)
    return found if free else found._replace(regions=tuple(regions))

"""What limits an identity, its boundary and its trust, in step with what it may do.

What somebody may do is what all of these allow together, and so are the moments in between: a
limit is narrowed before more is given behind it, and widened once what is taken away is gone.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, NamedTuple

from iamdsl.deploy._documents import atoms, listed
from iamdsl.deploy._ordering import Turns

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from iamdsl.deploy._making import Making
    from iamdsl.deploy._ordering import Key
    from iamdsl.deploy._terms import Data

    Doc = tuple[str, str]


class _Limit(NamedTuple):
    key: Key
    narrower: bool
    wider: bool


class _Said(NamedTuple):
    allowed: frozenset[str]
    denied: frozenset[str]

    def more_than(self, other: _Said) -> bool:
        """Tell whether this allows something that the other one does not, by its text."""
        return bool(self.allowed - other.allowed or other.denied - self.denied)


def turns(
    before: Mapping[Doc, Data | None],
    after: Mapping[Doc, Data | None],
    step: Callable[[Doc], Key],
    going: Mapping[Key, Data],
) -> Turns:
    """Return which steps give and which take.

    What only moves from one document to another is neither. A document whose content nobody
    knows is all that it says.

    Args:
        step: by which a document comes, changes or goes.
        going: what the steps make of documents that go after them.
    """
    old = {doc: _said(document) for doc, document in before.items()}
    new = {doc: _said(document) for doc, document in after.items()}
    all_old, all_new = _together(old), _together(new)
    nothing = _Said(frozenset(), frozenset())
    gives, takes = set(), set()
    for doc in old.keys() | new.keys():
        was, will = old.get(doc, nothing), new.get(doc, nothing)
        unknown = doc not in (before if doc in after else after) and _is_unknown(doc, before, after)
        less = (was.denied - will.denied) - all_new.denied
        more = (will.denied - was.denied) - all_old.denied
        if will.allowed - was.allowed - all_old.allowed or less or (unknown and doc in after):
            gives.add(step(doc))
        if was.allowed - will.allowed - all_new.allowed or more or (unknown and doc in before):
            takes.add(step(doc))
    gives |= {key for key, document in going.items() if _said(document).allowed - all_old.allowed}
    return Turns(frozenset(gives), frozenset(takes))


def plan_limits(making: Making, kind: str, wanted: Data, there: Data, found: Turns) -> None:
    """Say when the limits of an identity that is there change."""
    limits = []
    if kind == "role":
        limits.append(
            _Limit(
                ("trust", "role", wanted["name"]),
                *_pair(_in_trust(there["trust"]), _in_trust(wanted["trust"])),
            )
        )
    if kind != "group":
        limits.append(_boundary_limit(making, kind, wanted, there))
    limits = [limit for limit in limits if limit.key in making.draft]
    unsafe = False
    for limit in limits:
        unsafe |= _limit(making, limit, found)
    for one, other in itertools.permutations(limits, 2):
        if one.wider and other.narrower:
            if one.narrower and other.wider:
                unsafe = True
            else:
                making.draft.want(one.key, {other.key})
    if unsafe:
        making.notes.append(
            f"{kind} `{wanted['name']}` changes in both ways, and so does what limits it: for a"
            " moment, some of that may be missing, or too much"
        )


def _boundary_limit(making: Making, kind: str, wanted: Data, there: Data) -> _Limit:
    arn = making.arn(wanted["boundary"]) if wanted["boundary"] else None
    contents = {policy["arn"]: policy["document"] for policy in making.live.policies.values()}
    wants = {making.arn(p["name"]): p["document"] for p in making.desired["policies"]}
    key = ("boundary", kind, wanted["name"])
    update = ("update", "policy", making.named(there["boundary"] or ""))
    if arn is not None and arn == there["boundary"]:
        key = update
    else:  # as long as it limits this one, it stays as it was
        making.draft.want(update, [key])
    return _Limit(key, *_pair(_bound(there["boundary"], contents), _bound(arn, wants)))


def join(making: Making, joined: Key, of_group: Turns) -> None:
    """Let somebody into a group once what it gives up is gone."""
    making.draft.want(joined, of_group.takes - {joined})


def leave(making: Making, left: Key, of_group: Turns) -> None:
    """Let somebody out of a group before it gets more."""
    for step in of_group.gives:
        making.draft.want(step, {left} - {step})


def _limit(making: Making, limit: _Limit, found: Turns) -> bool:
    """Put the steps of an identity around one of its limits; tell whether that cannot be safe."""
    if limit.narrower:
        for step in found.gives:
            making.draft.want(step, {limit.key} - {step})
    if not limit.wider:
        return False
    if limit.narrower and any(step in making.draft for step in found.gives & found.takes):
        # A step would have to be before it and after it; what comes in counts for more.
        making.draft.hint(limit.key, found.takes - {limit.key})
        return True
    making.draft.want(limit.key, found.takes - {limit.key})
    return False


def _pair(now: _Said | None, then: _Said | None) -> tuple[bool, bool]:
    """Tell whether a limit becomes narrower, and whether it becomes wider; none limits nothing."""
    if now is None or then is None:
        return then is not None, now is not None
    return now.more_than(then), then.more_than(now)


def _bound(arn: str | None, contents: Mapping[str, Data]) -> _Said | None:
    if arn is None:
        return None
    # Of a foreign one it is only known that it is no other.
    return _said(contents[arn]) if arn in contents else _Said(frozenset({arn}), frozenset())


def _in_trust(trust: Data) -> _Said:
    """Return what a trust policy says, a principal at a time."""
    statements = []
    for statement in listed(trust.get("Statement", [])):
        named = statement.get("Principal")
        if not isinstance(named, dict):
            statements.append(statement)
            continue
        pairs = ((kind, one) for kind, some in named.items() for one in listed(some))
        statements += [{**statement, "Principal": {kind: one}} for kind, one in pairs]
    return _said({"Statement": statements})


def _said(document: Data | None) -> _Said:
    by_effect = {
        effect: [s for s in listed((document or {}).get("Statement", [])) if s["Effect"] == effect]
        for effect in ("Allow", "Deny")
    }
    allowed, denied = (atoms({"Statement": some}) for some in by_effect.values())
    return _Said(allowed, denied)


def _together(documents: Mapping[Doc, _Said]) -> _Said:
    said = documents.values()
    return _Said(
        frozenset(itertools.chain.from_iterable(s.allowed for s in said)),
        frozenset(itertools.chain.from_iterable(s.denied for s in said)),
    )


def _is_unknown(doc: Doc, *sides: Mapping[Doc, Data | None]) -> bool:
    return all(side.get(doc) is None for side in sides)

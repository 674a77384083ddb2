"""Statements of one owner over several documents: where they were before, else packed anew.

The owner is a managed policy that is too large for one, or an identity with what it may do by
itself. What an earlier build put where comes from the lock file; a document keeps its name and
its statements as long as they are wanted and fit (`steady`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from iamdsl.diagnostics import codes
from iamdsl.fit._order import arranged, order
from iamdsl.fit.pack import pack
from iamdsl.fit.steady import Piece, Placed, Room, steady
from iamdsl.iam import Policy, size

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from iamdsl.fit._fitting import Fitting
    from iamdsl.iam import Document, Statement
    from iamdsl.source import Span

_LONGEST_NAME = 128


class Owner(NamedTuple):
    """Whose statements are placed, and where they may go.

    Attributes:
        of: what the lock file calls it, `role orders-function`.
        what: what messages call it.
        name: what its managed policies are named after.
        own_name: whether the first of them bears that name itself, without a number.
        room: the sizes of its documents, and how many there may be.
        document_id: the `Id` of each document.
    """

    of: str
    what: str
    name: str
    own_name: bool
    room: Room
    origin: tuple[Span, ...]
    document_id: str | None = None


class Spread(NamedTuple):
    """Where statements would be.

    Attributes:
        placed: the documents; the name of the inline policy is empty.
        before: those of an earlier build, under the names that they may have today.
        fewest: no fewer managed documents can hold these statements.
        anew: how many would do if all were placed anew.
        moved: whether they did not fit where they were.
        gaps: the documents at which something is missing for a moment while they are deployed.
    """

    placed: Placed
    before: Placed | None
    fewest: int
    anew: int
    moved: bool = False
    gaps: tuple[str, ...] = ()

    @property
    def pieces(self) -> tuple[Piece, ...]:
        """Return the documents."""
        return self.placed.pieces

    @property
    def managed(self) -> int:
        """Return how many managed documents there are."""
        return sum(1 for piece in self.pieces if piece.name)


def spread(statements: Sequence[Statement], owner: Owner, state: Fitting) -> Spread | None:
    """Return the documents that hold the statements; None where one can neither stay nor be cut.

    There may be more documents than can be attached, which the caller has to refuse. Nothing of
    it holds before `settle`.
    """
    name = _namer(owner, state)
    room, before = owner.room, _before(owner, state, name)
    packing = pack(
        statements,
        room.limit,
        room.first,
        state.lengths,
        most=room.most,
        document_id=owner.document_id,
    )
    if packing is None:
        return None
    kept = None
    if before is not None and not state.settings.repack:
        kept = steady(statements, before, room, state.lengths, name=name)
    done = kept or Placed(_named(packing.first, packing.others, before, name))
    done = _as_one(statements, done, owner, state)
    gaps: tuple[str, ...] = ()
    if before is not None:
        own = frozenset((owner.name,)) if owner.own_name else frozenset[str]()
        done, gaps = arranged(before, done, room, name, own)
    moved = kept is None and before is not None and not state.settings.repack
    return Spread(done, before, packing.fewest, len(packing.others), moved, gaps)


def settle(found: Spread, owner: Owner, state: Fitting) -> None:
    """Note that the statements of an owner are where they were found to fit."""
    of = state.account + owner.of
    if found.moved:
        _note_anew(owner, state)
    state.names.update(piece.name.lower() for piece in found.pieces)
    state.placed[of] = found.placed
    state.anew[of] = found.anew
    state.spread[of] = owner, found


def ordered(state: Fitting, instead: Mapping[str, Document]) -> None:
    """Note in which order documents are deployed, now that all of them have their names.

    Args:
        instead: documents that stand for others, see `share.Shared`.
    """
    for of, placed in state.placed.items():
        place, slash, _ = of.rpartition("/")
        after = placed._replace(
            pieces=tuple(
                p._replace(name=d.name, statements=d.policy.statements)
                if (d := instead.get(place + slash + p.name))
                else p
                for p in placed.pieces
            )
        )
        real = state.settings.placed.get(of)
        owner, found = state.spread.get(of, (None, None))
        steps, gaps = placed.order, found.gaps if found is not None else ()
        if real is not None and after.contents == real.contents:
            steps, gaps = real.order, ()
        elif real is not None and (
            found is None or found.before != real or after.pieces != placed.pieces
        ):
            # Under other names than those by which they were placed.
            room = owner.room if owner is not None else Room(0)
            steps, gaps = order(real, after, room)
            steps = steps if len(steps) > 1 and real.pieces else ()
        if gaps and owner is not None:
            _warn_of_gaps(gaps, owner, state)
        state.placed[of] = after._replace(order=steps, was=_was(real, after, state))


def _was(before: Placed | None, after: Placed, state: Fitting) -> tuple[Piece, ...]:
    """Return what is remembered of how documents were before the last change."""
    if before is None or state.settings.repack:
        return ()
    if after.contents == before.contents:
        return before.was
    # One document that was one is as its source says, whatever it was.
    splits = max(len(before.pieces), len(after.pieces)) > 1
    return before.changed_by(after) if splits else ()


def _before(owner: Owner, state: Fitting, name: Callable[[set[str]], str]) -> Placed | None:
    """Return where statements were, in documents whose names are still to be had."""
    found = state.settings.placed.get(state.account + owner.of)
    if found is None:
        return None
    taken = {p.name for p in found.pieces}
    pieces: list[Piece] = []
    for piece in found.pieces:
        if piece.name and not _is_free(piece.name, owner, state):
            piece = piece._replace(name=name(taken))  # noqa: PLW2901  # a policy was declared so
            taken.add(piece.name)
        pieces.append(piece)
    gone = tuple(p for p in found.gone if not p.name or _is_free(p.name, owner, state))
    there = {p.name for p in found.pieces}
    free = all(p.name in there or _is_free(p.name, owner, state) for p in found.was if p.name)
    was = found.was if free and pieces == list(found.pieces) else ()
    return found._replace(pieces=tuple(pieces), gone=gone, was=was)


def _as_one(statements: Sequence[Statement], done: Placed, owner: Owner, state: Fitting) -> Placed:
    """Return the one document that is left as it is where nothing was ever split."""
    if len(done.pieces) != 1:
        return done
    (piece,) = done.pieces
    policy = Policy(tuple(statements), owner.document_id)
    limit = owner.room.limit if piece.name else owner.room.first
    if limit is not None and size(policy, state.lengths) <= limit:
        piece = piece._replace(statements=policy.statements)
    if owner.own_name:
        piece = piece._replace(name=owner.name)
    return done._replace(pieces=(piece,))


def _named(
    first: tuple[Statement, ...],
    others: Sequence[tuple[Statement, ...]],
    before: Placed | None,
    name: Callable[[set[str]], str],
) -> tuple[Piece, ...]:
    """Return documents with the names of those before that they have most in common with."""
    old = [p for p in before.pieces if p.name] if before is not None else []
    were, are = [_marks(p.statements) for p in old], [_marks(some) for some in others]
    common = [(len(w & a), i, j) for i, w in enumerate(were) for j, a in enumerate(are) if w & a]
    names: dict[int, str] = {}
    for _, i, j in sorted(common, key=lambda c: (-c[0], c[1], c[2])):
        if j not in names and old[i].name not in names.values():
            names[j] = old[i].name
    taken = set(names.values())
    pieces = [Piece("", first)] if first else []
    for j, statements in enumerate(others):
        if j not in names:
            names[j] = name(taken)
            taken.add(names[j])
        pieces.append(Piece(names[j], statements))
    return tuple(pieces)


def _marks(statements: Sequence[Statement]) -> set[object]:
    """Return what two documents may have in common: what statements say, value by value."""
    return {
        (s.effect, s.principals, s.condition, number, item.negated, value)
        for s in statements
        for number, item in enumerate((s.actions, s.resources))
        if item is not None
        for value in item.values
    }


def _namer(owner: Owner, state: Fitting) -> Callable[[set[str]], str]:
    """Return a function that gives the first name of the owner's that nobody has.

    `reader`, `reader-2`, … for a policy, `reader-1`, `reader-2`, … for an identity.
    """

    def name(taken: set[str]) -> str:
        number = 1
        while True:
            suffix = "" if owner.own_name and number == 1 else f"-{number}"
            candidate = owner.name[: _LONGEST_NAME - len(suffix)] + suffix
            if candidate not in taken and _is_free(candidate, owner, state):
                return candidate
            number += 1

    return name


def _is_free(name: str, owner: Owner, state: Fitting) -> bool:
    """Tell whether a document of the owner's can have a name: none else has it, or had it."""
    if owner.own_name and name == owner.name:
        return True
    of = state.account + owner.of
    return name.lower() not in state.names and state.reserved.get(name.lower(), of) == of


def _note_anew(owner: Owner, state: Fitting) -> None:
    state.report.add(
        codes.PLACED_ANEW,
        owner.origin[0] if owner.origin else None,
        f"the statements of {owner.what} do not fit where they were, and are placed anew",
        label="most of its documents change",
        hint="deploy them in the order of `manifest.json`",
    )


def _warn_of_gaps(gaps: tuple[str, ...], owner: Owner, state: Fitting) -> None:
    names = ", ".join(f"`{name}`" if name else "the inline policy" for name in gaps)
    state.report.add(
        codes.DEPLOYMENT_GAP,
        owner.origin[0] if owner.origin else None,
        f"no order of deploying the documents of {owner.what} keeps all that it may do",
        label=f"something is missing while {names} change" + ("s" if len(gaps) == 1 else ""),
        hint="deploy them at a quiet hour, or have one more attachment granted",
    )

"""Which constructs wait for which, where no reference between them says so."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from iamdsl.emit._places import placed_in
from iamdsl.emit._principals import circles, leads, named, trusts

if TYPE_CHECKING:
    from iamdsl.emit._principals import Key
    from iamdsl.emit.cdk._code import Member
    from iamdsl.emit.cdk._making import Making


def order(making: Making) -> None:
    """Have each construct wait for what it needs, and keep documents in the order of a change."""
    _principals(making)
    _changes(making)
    waits: dict[str, list[str]] = {}
    for later, earlier in making.after:
        if leads(earlier.name, later.name, lambda name: waits.get(name, ())):
            making.leaves_out(
                (),
                f"`{later.name}` and `{earlier.name}` wait for each other: the order in which"
                " they change is left open",
                "deploy the change in two steps",
            )
        else:
            waits.setdefault(later.name, []).append(earlier.name)
    members = {member.name: member for pair in making.after for member in pair}
    for waiting, names in waits.items():
        others = [members[name] for name in dict.fromkeys(names)]
        making.call("after", members[waiting], *others)


def _principals(making: Making) -> None:
    """Make principals before what names them: AWS refuses a principal that is not there."""
    waits = trusts(making.place)
    stuck: set[Key] = set()
    for circle in circles(waits):
        stuck.update(circle)
        names = ", ".join(f"`{name}`" for _, name in sorted(circle))
        first = next(i for i in making.place.build.identities if (i.kind, i.name) == circle[0])
        making.cannot(
            first.origin,
            f"CloudFormation cannot make roles that trust each other: {names}"
            if len(circle) > 1
            else f"CloudFormation cannot make a role that trusts itself: {names}",
            "deploy them by `aws-cli` or `boto3`, or let one trust the account under the"
            " condition that `aws:PrincipalArn` is the other",
        )
    for key, others in waits.items():
        if key not in stuck:
            making.after += [(making.members[key], making.members[other]) for other in others]
    for document in making.place.build.documents:
        if document.kind == "resource":
            for other in named(document.policy, making.place):
                making.after += [
                    (m, making.members[other]) for m in making.access.get(document.name, ())
                ]


def _changes(making: Making) -> None:
    """Keep the documents of an owner in the order in which its last change is deployed.

    What is gone is not in a template: CloudFormation removes it after all else.
    """
    for owner, placed in placed_in(making.place.name, making.facts.placed).items():
        kind, _, name = owner.partition(" ")
        inline = making.inline.get((kind, name))
        there = [
            member
            for piece in placed.order
            if (member := _document(making, piece) if piece else inline) is not None
        ]
        making.after += [(later, earlier) for earlier, later in pairwise(there)]


def _document(making: Making, name: str) -> Member | None:
    found = (making.members.get((kind, name)) for kind in ("managed", "scp", "rcp", "resource"))
    return next((member for member in found if member is not None), None)

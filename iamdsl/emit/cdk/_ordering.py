"""Which constructs wait for which, where no reference between them says so."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from iamdsl.iam import placeholder

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from iamdsl import iam
    from iamdsl.emit.cdk._code import Member
    from iamdsl.emit.cdk._making import Making

    Key = tuple[str, str]

_OPEN_ACCOUNT = placeholder("aws.account")


def order(making: Making) -> None:
    """Have each construct wait for what it needs, and keep documents in the order of a change."""
    _principals(making)
    _changes(making)
    waits: dict[str, list[str]] = {}
    for later, earlier in making.after:
        if _leads(waits, earlier.name, later.name):
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
    build = making.place.build
    named: dict[Key, list[Key]] = {}
    for identity in build.identities:
        if identity.trust is not None:
            named["role", identity.name] = list(_named(making, identity.trust))
    for identity in build.identities:
        key = (identity.kind, identity.name)
        circle = _circle(named, key)
        if circle and circle[0] == key:
            names = ", ".join(f"`{name}`" for _, name in circle)
            making.cannot(
                identity.origin,
                f"CloudFormation cannot make roles that trust each other: {names}"
                if len(circle) > 1
                else f"CloudFormation cannot make a role that trusts itself: {names}",
                "deploy them by `aws-cli` or `boto3`, or let one trust the account under the"
                " condition that `aws:PrincipalArn` is the other",
            )
        if circle:
            continue
        for other in named.get(key, ()):
            making.after.append((making.members[key], making.members[other]))
    for document in build.documents:
        if document.kind == "resource":
            for other in _named(making, document.policy):
                making.after += [
                    (m, making.members[other]) for m in making.access.get(document.name, ())
                ]


def _named(making: Making, policy: iam.Policy) -> Iterator[Key]:
    """Yield the roles and users of the place that are principals of a policy, each once."""
    found: dict[Key, None] = {}
    for statement in policy.statements:
        if statement.principals is not None:
            for kind, values in statement.principals.by_type:
                if kind == "AWS":
                    found |= dict.fromkeys(_keys(making, values))
    yield from found


def _keys(making: Making, arns: Iterable[str]) -> Iterator[Key]:
    accounts = {_OPEN_ACCOUNT, making.place.pseudo.get("account", _OPEN_ACCOUNT)}
    names = {(kind, name.lower()): (kind, name) for kind, name in making.members}
    for arn in arns:
        fields = arn.split(":", 5)
        if len(fields) < 6 or fields[4] not in accounts:
            continue
        kind, *path = fields[5].split("/")
        if fields[2] == "sts" and kind == "assumed-role" and path:
            kind, path = "role", path[:1]
        if kind in {"role", "user"} and path and (kind, path[-1].lower()) in names:
            yield names[kind, path[-1].lower()]


def _circle(named: dict[Key, list[Key]], start: Key) -> list[Key]:
    """Return roles of which each trusts the next, and the last the first, by their names."""
    reached: dict[Key, None] = {}
    todo = list(named.get(start, ()))
    while todo:
        key = todo.pop()
        if key not in reached:
            reached[key] = None
            todo += named.get(key, ())
    if start not in reached:
        return []
    return sorted(key for key in reached if start in _reach(named, key))


def _reach(named: dict[Key, list[Key]], start: Key) -> set[Key]:
    reached: set[Key] = set()
    todo = list(named.get(start, ()))
    while todo:
        key = todo.pop()
        if key not in reached:
            reached.add(key)
            todo += named.get(key, ())
    return reached


def _changes(making: Making) -> None:
    """Keep the documents of an owner in the order in which its last change is deployed.

    What is gone is not in a template: CloudFormation removes it after all else.
    """
    account = making.place.account.name if making.place.account is not None else ""
    for owner, placed in sorted(making.facts.placed.items()):
        place, _, of = owner.rpartition("/")
        if place != account:
            continue
        kind, _, name = of.partition(" ")
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


def _leads(waits: dict[str, list[str]], start: str, end: str) -> bool:
    """Tell whether something waits, in the end, for something else."""
    todo, seen = [start], set()
    while todo:
        name = todo.pop()
        if name == end:
            return True
        if name not in seen:
            seen.add(name)
            todo += waits.get(name, ())
    return False

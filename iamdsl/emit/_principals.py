"""Which roles and users of a place the policies of that place let in, and who waits for whom.

AWS refuses a policy that names a principal which is not there, so that targets have to make the
roles that a trust names before the role that has it ("reference_policies_elements_principal").
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, NamedTuple

from iamdsl.emit._marks import Mark, parts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from iamdsl.emit._places import Place
    from iamdsl.iam import Policy

Key = tuple[str, str]
"""The kind of an identity, and its name."""


class Principal(NamedTuple):
    """A role or user that a policy names, itself or its sessions.

    Attributes:
        account: its id, "" where the text leaves open the account of the place.
    """

    account: str
    kind: str
    name: str


def principals(policy: Policy) -> Iterator[Principal]:
    """Yield the roles and users that a policy has as principals, each time it names one."""
    for statement in policy.statements:
        for kind, values in statement.principals.by_type if statement.principals else ():
            for value in values if kind == "AWS" else ():
                if (found := _principal(value)) is not None:
                    yield found


def _principal(arn: str) -> Principal | None:
    fields = arn.split(":", 5)
    if len(fields) < 6:  # an account, a unique id, or `*`
        return None
    kind, *path = fields[5].split("/")
    if fields[2] == "sts" and kind == "assumed-role" and path:
        kind, path = "role", path[:1]
    if kind not in {"role", "user"} or not path:
        return None
    account = parts(fields[4])
    return Principal("" if account == (Mark("aws.account"),) else fields[4], kind, path[-1])


def named(policy: Policy, place: Place) -> tuple[Key, ...]:
    """Return the roles and users of a place that a policy has as principals, each once."""
    own = {"", place.pseudo.get("account", "")}
    # Names are unique in an account, whatever their case and path.
    known: dict[Key, Key] = {
        (i.kind, i.name.lower()): (i.kind, i.name) for i in place.build.identities
    }
    found = (known.get((p.kind, p.name.lower())) for p in principals(policy) if p.account in own)
    return tuple(dict.fromkeys(key for key in found if key is not None))


def trusts(place: Place) -> dict[Key, tuple[Key, ...]]:
    """Return for each role of a place the roles and users there that its trust names."""
    return {
        (identity.kind, identity.name): named(identity.trust, place)
        for identity in place.build.identities
        if identity.trust is not None
    }


def way_back(start: Key, waits: Mapping[Key, Sequence[Key]]) -> tuple[Key, ...]:
    """Return the shortest way from a role along those it waits for to itself, which is its last.

    Empty where there is none.
    """
    before: dict[Key, Key | None] = {}
    todo = deque((key, start) for key in waits.get(start, ()))
    while todo:
        key, via = todo.popleft()
        if key in before:
            continue
        before[key] = None if via == start else via
        if key == start:
            return tuple(reversed(list(_steps(key, before))))
        todo.extend((further, key) for further in waits.get(key, ()))
    return ()


def leads(start: str, end: str, waits: Callable[[str], Iterable[str]]) -> bool:
    """Tell whether something waits, perhaps over others, for something else, or is that itself.

    Args:
        waits: gives what something waits for.
    """
    seen, todo = set[str](), [start]
    while todo:
        name = todo.pop()
        if name == end:
            return True
        if name not in seen:
            seen.add(name)
            todo += waits(name)
    return False


def _steps(last: Key, before: Mapping[Key, Key | None]) -> Iterator[Key]:
    key: Key | None = last
    while key is not None:
        yield key
        key = before[key]


def circles(waits: Mapping[Key, Sequence[Key]]) -> tuple[tuple[Key, ...], ...]:
    """Return the ways on which roles wait for themselves; each role is on one of them at the most.

    A role that trusts itself is a way of one.
    """
    found: list[tuple[Key, ...]] = []
    seen: set[Key] = set()
    for key in waits:
        if key not in seen and (way := way_back(key, waits)):
            found.append((key, *way[:-1]))
            seen.update(way)
    return tuple(found)

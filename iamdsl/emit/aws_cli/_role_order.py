"""In which order roles are made, so that each exists when the trust of another names it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from iamdsl.emit._principals import principals

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from iamdsl import iam


class RoleOrder(NamedTuple):
    """The roles of a place.

    Attributes:
        roles: in the order in which they are made.
        closed: those that have to exist earlier than their trust can be as declared: each is
            named by a role before it or by itself, or waits for a role of another account.
    """

    roles: tuple[iam.Identity, ...]
    closed: tuple[iam.Identity, ...]


def role_order(
    roles: Iterable[iam.Identity], account: str, others: frozenset[tuple[str, str]]
) -> RoleOrder:
    """Return the order of roles.

    Args:
        account: the id of their account, "" where it is not known.
        others: account ids and names of the roles that other places of the build have.
    """
    by_name = {role.name: role for role in roles}
    named = {name: tuple(_named(role)) for name, role in by_name.items()}
    here = {
        name: [n for a, n in found if n in by_name and (a in {"", account} or not account)]
        for name, found in named.items()
    }
    order: list[str] = []
    for name in by_name:
        _place(name, here, order)
    position = {name: number for number, name in enumerate(order)}
    closed = {n for name in order for n in here[name] if position[n] >= position[name]}
    closed |= {name for name, found in named.items() if others & set(found)}
    return RoleOrder(
        tuple(by_name[name] for name in order),
        tuple(by_name[name] for name in order if name in closed),
    )


def _place(first: str, needs: dict[str, list[str]], order: list[str]) -> None:
    """Put a role behind all that it needs, but for those that need it themselves."""
    begun, done = {first}, set(order)
    if first in done:
        return
    stack = [(first, iter(needs[first]))]
    while stack:
        name, rest = stack[-1]
        found = next((n for n in rest if n not in begun and n not in done), None)
        if found is None:
            stack.pop()
            order.append(name)
            done.add(name)
        else:
            begun.add(found)
            stack.append((found, iter(needs[found])))


def _named(role: iam.Identity) -> Iterator[tuple[str, str]]:
    """Yield account id ("" for its own) and name of each role that a trust names."""
    for found in principals(role.trust) if role.trust is not None else ():
        if found.kind == "role":
            yield found.account, found.name

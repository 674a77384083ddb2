"""The places of a build: the nameless one and each account, with a folder of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from iamdsl.emit._names import file_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from iamdsl import iam
    from iamdsl.fit.steady import Placed


class Place(NamedTuple):
    """A place and what is to be in it.

    Attributes:
        account: None for the nameless place.
        folder: what its files begin with: `""`, or `"prod/"`.
        build: what is in it; the organization is in the nameless place.
        pseudo: `partition`, `account`, `region` as far as they are known there.
    """

    account: iam.Account | None
    folder: str
    build: iam.Build
    pseudo: dict[str, str]

    @property
    def name(self) -> str:
        """Return the name of the account, "" for the nameless place."""
        return self.account.name if self.account is not None else ""


def places(
    build: iam.Build, pseudo: Iterable[tuple[str, str]], reserved: Iterable[str] = ()
) -> list[Place]:
    """Return the nameless place, also where nothing is in it, and the accounts in their order.

    Args:
        pseudo: what is known of the nameless place; an account knows its own id.
        reserved: names that no account's folder may have, in lower case.
    """
    taken, known = set(reserved), dict(pseudo)
    made = [Place(None, "", build, known)]
    for account, inner in build.each():
        if account is not None:
            folder = f"{file_name(account.name, taken)}/"
            made.append(Place(account, folder, inner, {**known, "account": account.id}))
    return made


def placed_in(account: str, placed: Mapping[str, Placed]) -> dict[str, Placed]:
    """Return where the statements of those in one place are, by owner, sorted.

    Args:
        account: the name of the place.
        placed: of all places, as `Facts` has them.
    """
    found = {}
    for owner, one in sorted(placed.items()):
        where, _, name = owner.rpartition("/")
        if where == account:
            found[name] = one
    return found

"""The accounts of a review: whose a policy is, whom it lets in, and which are of the same house."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from iamdsl.analysis.facts import account_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from iamdsl.iam import Principals
    from iamdsl.lint.items import Item, World

_ID = re.compile(r"[0-9]{12}")
_WHOLE = re.compile(r"(?:arn:[^:]*:iam::)?([0-9]{12})(?::root)?", re.ASCII)


class Party(NamedTuple):
    """An account that a `Principal` element lets in.

    Attributes:
        account: its id.
        whole: whether everyone in it is meant, and not one of its identities.
        text: how the policy names it.
    """

    account: str
    whole: bool
    text: str


def home_of(item: Item, world: World) -> str | None:
    """Return the account that a policy is in; None where nobody said it."""
    of_target = account_of(item.target) if item.target else None
    if of_target is not None:
        return of_target
    if item.account:
        return next((a.id for a in world.build.accounts if a.name == item.account), None)
    own = world.pseudo.get("account", "")
    return own if _ID.fullmatch(own) else None


def house_of(world: World) -> dict[str, str]:
    """Return the accounts that a build knows as its own or its organization's, id to name."""
    found = {t.id: t.name for t in world.build.targets if t.kind == "account"}
    return found | {a.id: a.name for a in world.build.accounts}


def parties(principals: Principals | None) -> Iterator[Party]:
    """Yield the accounts that a `Principal` names, as far as their ids are known."""
    if principals is None or principals.negated:
        return
    for kind, values in principals.by_type:
        if kind != "AWS":
            continue
        for value in values:
            whole = _WHOLE.fullmatch(value)
            account = whole[1] if whole else account_of(value)
            if account is not None:
                yield Party(account, whole is not None, value)

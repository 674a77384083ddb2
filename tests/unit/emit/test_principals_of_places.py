"""Who has to be there before whom: one reading of principals for all targets."""

from __future__ import annotations

import pytest

from iamdsl import iam
from iamdsl.emit._places import Place, placed_in, places
from iamdsl.emit._principals import circles, named, trusts, way_back
from iamdsl.fit.steady import Placed

OPEN = f"arn:aws:iam::{iam.placeholder('aws.account')}:"
HERE = "arn:aws:iam::111122223333:"
THERE = "arn:aws:iam::222233334444:"


def trust(*arns: str, kind: str = "AWS") -> iam.Policy:
    principals = iam.Principals(((kind, arns),))
    statement = iam.Statement("Allow", iam.Elements(("sts:AssumeRole",)), None, principals)
    return iam.Policy((statement,))


def place(account: str = "", **trusted: tuple[str, ...]) -> Place:
    """Return a place with a role for each name, trusting ARNs, and the user `ann`."""
    roles = [iam.Identity("role", name, trust=trust(*arns)) for name, arns in trusted.items()]
    build = iam.Build((), (*roles, iam.Identity("user", "ann", "/p/")))
    return Place(None, "", build, {"account": account} if account else {})


@pytest.mark.parametrize(
    ("account", "arn", "found"),
    [
        ("", f"{OPEN}role/a", ("role", "a")),
        ("", f"{OPEN}role/some/path/A", ("role", "a")),
        ("", f"{HERE}role/a", None),
        ("111122223333", f"{HERE}role/a", ("role", "a")),
        ("111122223333", f"{OPEN}role/a", ("role", "a")),
        ("111122223333", f"{THERE}role/a", None),
        ("", f"{OPEN}user/p/ann", ("user", "ann")),
        ("", f"{OPEN}role/ann", None),
        ("", f"{OPEN}assumed-role/a/x".replace("iam", "sts"), ("role", "a")),
        ("", f"{OPEN}root", None),
        ("", "111122223333", None),
        ("", "*", None),
    ],
)
def test_whom_a_policy_names(account: str, arn: str, found: tuple[str, str] | None) -> None:
    """Protects the order in which roles are made: AWS refuses a principal that is not there."""
    assert named(trust(arn), place(account, a=())) == ((found,) if found else ())


def test_only_principals_of_aws() -> None:
    """Protects from waiting for a role that a service's name or a provider's ARN looks like."""
    assert named(trust(f"{OPEN}role/a", kind="Federated"), place(a=())) == ()


def test_circles() -> None:
    """Protects what targets say they cannot make: each circle once, with its roles in their order."""
    made = trusts(
        place(
            a=(f"{OPEN}role/b",),
            b=(f"{OPEN}role/c", f"{OPEN}user/ann"),
            c=(f"{OPEN}role/a",),
            d=(f"{OPEN}role/d",),
            e=(f"{OPEN}role/a",),
        )
    )
    assert made["role", "b"] == (("role", "c"), ("user", "ann"))
    assert circles(made) == ((("role", "a"), ("role", "b"), ("role", "c")), (("role", "d"),))
    assert way_back(("role", "e"), made) == ()


def test_what_is_placed_in_an_account() -> None:
    """Protects orders of change: an account has its own, the nameless place those without one."""
    one = Placed((), ())
    placed = {"prod/role b": one, "prod/role a": one, "role c": one, "dev/role a": one}
    assert list(placed_in("prod", placed)) == ["role a", "role b"]
    assert list(placed_in("", placed)) == ["role c"]
    assert [p.name for p in places(iam.Build(), ())] == [""]

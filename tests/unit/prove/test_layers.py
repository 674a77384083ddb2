"""Permissions at their edges: no layer, everything, and services that nobody names."""

from __future__ import annotations

from comparator import catalogue

from iamdsl import prove
from iamdsl.iam import Elements, Statement
from iamdsl.prove import Permissions

EVERYTHING = (Statement("Allow", Elements(("*",)), Elements(("*",))),)
NOTHING = Permissions(())
KEYS = (Statement("Allow", Elements(("iam:CreateAccessKey",)), Elements(("*",))),)


def test_without_a_layer_nothing_is_allowed() -> None:
    """No policies at all are no permission, and whatever is asked of them follows from that."""
    assert prove.never(NOTHING, KEYS, catalogue()).verdict == "yes"
    assert prove.always(NOTHING, KEYS, catalogue()).verdict == "no"
    assert prove.implies(NOTHING, Permissions((KEYS,)), catalogue()).verdict == "yes"
    assert prove.implies(Permissions((KEYS,)), NOTHING, catalogue()).verdict == "no"
    assert prove.implies(NOTHING, NOTHING, catalogue()).verdict == "yes"


def test_everything_holds_each_box() -> None:
    """A box of one action is found within `*`, which has no pattern of its own for it."""
    whole = Permissions((EVERYTHING,))
    found = prove.never(whole, KEYS, catalogue())
    assert found.witness is not None
    assert found.witness.action == "iam:CreateAccessKey"
    assert prove.always(whole, KEYS, catalogue())


def test_a_witness_is_an_action_and_no_pattern() -> None:
    """What stands for a service that no statement names is one of its actions."""
    found = prove.implies(Permissions((EVERYTHING,)), Permissions((KEYS,)), catalogue())
    assert found.witness is not None
    assert "*" not in found.witness.action
    assert catalogue().has_action(found.witness.action)

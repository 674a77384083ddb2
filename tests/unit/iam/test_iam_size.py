from __future__ import annotations

import pytest

from iamdsl.iam import (
    PSEUDO_LENGTHS,
    Elements,
    Policy,
    Statement,
    document_size,
    minified,
    placeholders,
    size,
    statement_size,
    to_json,
)

ONE = Statement("Allow", Elements(("s3:GetObject",)), Elements(("arn:aws:s3:::b c/é",)))


@pytest.mark.parametrize("count", [0, 1, 2, 7])
@pytest.mark.parametrize("name", [None, "an id"])
def test_sizes_add_up(count: int, name: str | None) -> None:
    """Packing adds and subtracts statements and must land on the number AWS counts."""
    policy = Policy((ONE,) * count, name)
    assert size(policy) == len(minified(to_json(policy)))
    assert size(policy) == document_size([statement_size(ONE)] * count, name)


def test_a_placeholder_counts_at_its_greatest_length() -> None:
    """What is deployed may not be larger than what was checked."""
    there = Statement("Allow", Elements(("*",)), Elements(("a\ue000lake\ue001/\ue000lake\ue001",)))
    filled = Statement("Allow", Elements(("*",)), Elements(("a" + "x" * 63 + "/" + "x" * 63,)))
    assert statement_size(there, {"lake": 63}) == statement_size(filled)
    assert placeholders("a\ue000lake\ue001/\ue000x\ue001") == ("lake", "x")
    assert placeholders("plain") == ()
    with pytest.raises(KeyError):
        statement_size(there)


def test_pseudo_parameters_have_lengths() -> None:
    """They are AWS's own, so nobody declares them."""
    there = Statement("Allow", Elements(("\ue000aws.account\ue001",)))
    assert statement_size(there) == statement_size(Statement("Allow", Elements(("1" * 12,))))
    assert statement_size(there, {"aws.account": 1}) == statement_size(there) - 11
    assert PSEUDO_LENGTHS["aws.region"] == len("ap-southeast-1")

"""Real policies in, and out again: the source is laid out, and what it builds decides alike."""

from __future__ import annotations

import json

import pytest
from real_policies import Real, asked_for, sample_of_managed, sample_of_published
from round_trip import imported, round_trip

REAL = (*sample_of_published(), *sample_of_managed())
FEWEST_MANAGED = 150

_RCPS = "aws-samples/resource-control-policy-examples:"
_CHECKS = "aws-samples/iam-access-analyzer-custom-policy-check-samples:resource-policies/"
REFUSED = {
    # a yardstick of Access Analyzer's, no trust policy: it has what trust policies cannot have
    f"{_CHECKS}role-trust-policies/allowlist-account-principals.md#0":
        "IAM602 `NotAction` has no place in a trust policy",
    # a mistake in the document: one of its statements is without a resource, and allows
    f"{_RCPS}Limit-access-to-trusted-OIDC-identity-providers/Shared-Issuers.json":
        "IAM607 this is no resource control policy: each of its statements has a `Resource`",
}  # fmt: skip
"""Documents that are refused, by name, and how the refusal begins."""


@pytest.mark.parametrize("real", REAL, ids=[real.name for real in REAL])
def test_round_trip(real: Real) -> None:
    """Import, `fmt --check`, build: the documents decide every request as the original did.

    Every request that the comparator thinks of; one that is decided otherwise would be shown.
    """
    asked = asked_for(real.name, real.document)
    trip = round_trip(real.document, kind=asked.kind, target=asked.target)
    expected = REFUSED.get(real.name)
    assert trip.refusal.startswith(expected or "")
    assert bool(trip.refusal) is (expected is not None), trip.refusal
    assert trip.laid_out
    assert trip.difference is None, str(trip.difference)


def test_the_sample_is_large_enough() -> None:
    """Another version of moto may lack some AWS managed policies, but not many."""
    used = len(sample_of_managed())
    print(f"{used} AWS managed policies, {len(sample_of_published())} others")
    assert used >= FEWEST_MANAGED


def test_the_source_is_shorter() -> None:
    """A source is shorter than the JSON it comes from, even without the white space of that."""
    sources = texts = 0
    for real in REAL[::8]:
        made = imported(real.document, *asked_for(real.name, real.document))
        for source in made.sources:
            sources += len(source.text)
            texts += len(json.dumps(real.document, separators=(",", ":")))
    assert sources < texts

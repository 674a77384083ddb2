"""What IAM decides on one request, and why.

Source of the logic: AWS "reference_policies_evaluation-logic" and the pages it leads to.

Invariant: pure; the same request and policies give the same decision.
"""

from __future__ import annotations

from iamdsl.simulate._conditions import fits, holds
from iamdsl.simulate._decide import decide
from iamdsl.simulate._filled import filled, resource_account
from iamdsl.simulate._fixed import under
from iamdsl.simulate._kinds import instant, number
from iamdsl.simulate._lines import Lines, is_principal
from iamdsl.simulate._request import (
    Context,
    Decision,
    Layer,
    Matched,
    Named,
    Policies,
    Request,
    Verdict,
)
from iamdsl.simulate._statements import Effect, applies, effect

__all__ = [
    "Context",
    "Decision",
    "Effect",
    "Layer",
    "Lines",
    "Matched",
    "Named",
    "Policies",
    "Request",
    "Verdict",
    "applies",
    "decide",
    "effect",
    "filled",
    "fits",
    "holds",
    "instant",
    "is_principal",
    "number",
    "resource_account",
    "under",
]

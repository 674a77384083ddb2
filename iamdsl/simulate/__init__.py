"""What IAM decides on one request, and why.

Source of the logic: AWS "reference_policies_evaluation-logic" and the pages it leads to.

Invariant: pure; the same request and policies give the same decision.
"""

from __future__ import annotations

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

__all__ = [
    "Context",
    "Decision",
    "Layer",
    "Matched",
    "Named",
    "Policies",
    "Request",
    "Verdict",
]

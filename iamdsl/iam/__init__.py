"""What AWS reads: policies, statements, conditions; their sizes and their JSON.

Invariant: this room knows nothing of `model` or `tree`; a statement keeps the spans it came
from as `origin`, and that is all it knows about a source.
"""

from __future__ import annotations

from iamdsl.iam._policy import (
    ANYONE,
    Condition,
    Elements,
    Entry,
    Policy,
    Principals,
    Statement,
)

__all__ = ["ANYONE", "Condition", "Elements", "Entry", "Policy", "Principals", "Statement"]

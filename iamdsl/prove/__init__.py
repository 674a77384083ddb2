"""Deciding what policies mean: for every request, or a request that shows that it is not so.

Invariants: a yes is proved, a no comes with a request that `simulate` decides so; all else is
`unknown`, with the reason.
"""

from __future__ import annotations

from iamdsl.prove._answer import Answer, Change, Effect, Permissions

__all__ = ["Answer", "Change", "Effect", "Permissions"]

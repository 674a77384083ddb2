"""Questions to a build: who may do what in it, what its tests and guards say, what changed.

Invariant: a pure function of what was built; nothing here knows the language's trees.
"""

from __future__ import annotations

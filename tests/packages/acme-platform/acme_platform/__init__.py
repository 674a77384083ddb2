"""A package of `.iam` modules needs no code, and what it has is never run by iamdsl."""

from __future__ import annotations

raise RuntimeError("iamdsl ran the code of a package")

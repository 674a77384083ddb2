"""Make it fit: fewer characters, documents within their sizes, identities within their quotas.

    build ──minimize──▶ ──pack (split)──▶ ──place──▶ build        verify after each

`minimize` is lossless; `split` cuts one statement, `pack` fills documents, `place` knows
identities and documents, `verify` compares what came in with what goes out.

Invariants: what goes out grants and denies what came in, and is checked to; nothing is larger
than it was, or than AWS takes, unless the report says so.
"""

from __future__ import annotations

from iamdsl.fit.minimize import Sids, minimize
from iamdsl.fit.place import fit
from iamdsl.fit.settings import Fitted, Saving, Settings
from iamdsl.fit.verify import MeaningChangedError, verify

__all__ = [
    "Fitted",
    "MeaningChangedError",
    "Saving",
    "Settings",
    "Sids",
    "fit",
    "minimize",
    "verify",
]

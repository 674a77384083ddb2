"""Make it fit: fewer characters, documents within their sizes, identities within their quotas.

    build ──minimize──▶ ──shrink──▶ ──spread──▶ ──share──▶ build        verify after each

| step | what it does | its parts |
|---|---|---|
| `minimize` | fewer characters, without loss | `_groups`, `_rectangles`, `_improve`, `_crossing` |
| `shrink` | patterns by the catalogue, where asked for | `_candidates`, `_set_cover`, `_granted`, `today` |
| `spread` | over documents: where they were, or anew | `steady`, `_pages`, `_coverage`, `_order`, `_meeting` |
| `pack` | as few documents as can be | `split`, `_filling`, `_search`, `_bounds` |
| `share` | one policy for all that got the same | |

`place` knows documents and identities and calls them, with `_fitting` as what they all know and
`settings` as what was asked; `_counts` and `_targets` know other quotas than characters. `verify`
compares what came in with what goes out. `table` says how full everything is; `_refusals`,
`ways_out` and `_widening` say what would help where something does not fit.

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

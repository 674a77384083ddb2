"""From what others wrote to what a person would have written: IAM's documents to trees.

```
 text ──read──▶ Tree (values, places) ──a reader──▶ Estate (iam.Build, externs) ──lift──▶ tree.File
```
"""

from __future__ import annotations

from iamdsl.lift.estate import Estate, Extern

__all__ = ["Estate", "Extern"]

"""From what others wrote to what a person would have written: IAM's documents to trees.

```
 text ──read──▶ Tree (values, places) ──a reader──▶ Estate (iam.Build, externs) ──lift──▶ tree.File
```

Each statement becomes one sentence that compiles to that statement; `sharing` then gives names to
what repeats. What has no exact form is refused, never left out.
"""

from __future__ import annotations

from iamdsl.lift.estate import Estate, Extern

__all__ = ["Estate", "Extern"]

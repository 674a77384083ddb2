"""References of modules, made of their doc comments.

```
 Source ──pages──▶ Page (what it holds, with what each example compiles to) ──markdown, html──▶ text
```

`comments` reads what is written above a template, `examples` makes a use of it from the values that
the comment names, and compiles that. Pure: texts in, texts out.
"""

from __future__ import annotations

from iamdsl.doc.comments import Comment
from iamdsl.doc.pages import Entry, Made, Page, page

__all__ = ["Comment", "Entry", "Made", "Page", "page"]

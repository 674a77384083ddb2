"""From text to tree.

The grammar is `grammar/iamdsl.lark`; `parser` makes Lark's LALR tables of it and keeps them in
the user's cache, `builder` makes the tree while parsing, `islands` finds what can be read in a
file that has mistakes, `mistakes` says what is wrong.

Invariant: `parse` always gives a tree; what it could not read is `tree.Broken`, and reported.
"""

from __future__ import annotations

from iamdsl.syntax import tree
from iamdsl.syntax.parser import parse
from iamdsl.syntax.text import read_literal

__all__ = ["parse", "read_literal", "tree"]

"""`python -m iamdsl`."""

from __future__ import annotations

from iamdsl.cli import main

main(prog_name="iamdsl")

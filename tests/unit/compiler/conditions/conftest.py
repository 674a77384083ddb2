"""The evaluator of conditions lives beside the property tests that use it most."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[3] / "properties"))

"""Artifacts to files, for a target: `json` writes the documents as AWS takes them.

Invariant: a target is a pure function of a `Build` and of `Facts`; the bytes depend on nothing
else. Only the project writes them to a disk.
"""

from __future__ import annotations

from iamdsl.emit._names import file_name
from iamdsl.emit._targets import Artifact, Emission, Facts, emit

__all__ = ["Artifact", "Emission", "Facts", "emit", "file_name"]

"""Artifacts to files of targets: documents as AWS takes them, and what deploys them.

Invariant: a target is a pure function of a `Build` and of `Facts`; the bytes depend on nothing
else. Only the project writes them to a disk.
"""

from __future__ import annotations

from iamdsl.emit._emit import emit
from iamdsl.emit._names import file_name
from iamdsl.emit._targets import Artifact, Emission, Facts, File

__all__ = ["Artifact", "Emission", "Facts", "File", "emit", "file_name"]

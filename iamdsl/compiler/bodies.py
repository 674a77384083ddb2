"""What may stand in the body of each kind of declaration."""

from __future__ import annotations

BODIES: dict[str, frozenset[str]] = {
    "policy": frozenset(["allow", "deny", "description", "path", "tags", "id"]),
    "boundary": frozenset(["allow", "deny", "description", "path", "tags"]),
    "scp": frozenset(["allow", "deny", "description", "tags"]),
    "rcp": frozenset(["deny", "description", "tags"]),
    "session": frozenset(["allow", "deny", "attach"]),
    "role": frozenset(
        [
            "allow",
            "deny",
            "trust",
            "attach",
            "path",
            "description",
            "max_session",
            "boundary",
            "tags",
            "place",
            "instance_profile",
        ]
    ),
    "user": frozenset(["allow", "deny", "attach", "path", "boundary", "tags", "place", "groups"]),
    "group": frozenset(["allow", "deny", "attach", "path", "place"]),
    "permission_set": frozenset(
        ["allow", "deny", "attach", "description", "max_session", "boundary", "tags"]
    ),
    "test": frozenset(["allows", "denies", "never", "always"]),
    "guard": frozenset(["never", "always"]),
    "organization": frozenset({"attach", "declaration"}),
    "ou": frozenset({"attach", "declaration"}),
    "account": frozenset({"attach", "declaration"}),
}
"""What may stand in the body of each kind, besides `use`, `for` and `if`."""

_RESOURCE_BODY = frozenset(["allow", "deny", "id"])

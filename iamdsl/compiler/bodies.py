"""What may stand in the body of each kind of declaration, besides `use`, `for` and `if`."""

from __future__ import annotations

CHECKS = frozenset({"allows", "denies", "never", "always"})
"""The verbs of what is asked of grants, and grants nothing."""

BODIES: dict[str, frozenset[str]] = {
    kind: frozenset(words.split())
    for kind, words in {
        "policy": "allow deny description path tags",
        "resource policy": "allow deny id",
        "boundary": "allow deny description path tags",
        "scp": "allow deny description tags",
        "rcp": "deny description tags",
        "session": "allow deny attach",
        "role": "allow deny trust attach path description max_session boundary tags place"
        " instance_profile",
        "user": "allow deny attach path boundary tags place groups",
        "group": "allow deny attach path place",
        "permission_set": "allow deny attach description max_session boundary tags",
        "test": "allows denies never always",
        "guard": "never always",
        "organization": "attach declaration",
        "ou": "attach declaration",
        "account": "attach declaration",
    }.items()
}

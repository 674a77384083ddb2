"""Logical ids: short, of letters and digits, and each by its name alone.

A resource that gets another id is a new one to CloudFormation, which cannot make it while the
old one has the name. So an id never hangs on what else is in a template.
"""

from __future__ import annotations

import re
from hashlib import sha256
from typing import TYPE_CHECKING

from iamdsl.emit._resource_ids import policy_id

if TYPE_CHECKING:
    from iamdsl.emit._places import Place
    from iamdsl.iam import Document

_WORDS = re.compile(r"[a-z][a-z0-9]*(-[a-z][a-z0-9]*)*")
_NUMBERED = re.compile(r"(?:[a-z][a-z0-9]*-)*[a-z]{4,}(-?)[0-9]+")
_ODD = re.compile(r"[^A-Za-z0-9]+")


def camel(name: str) -> str:
    """Return a name in words that begin with capitals: `orders-function` is `OrdersFunction`.

    Names that are written otherwise end in a hash, so that no two have one id.
    """
    words = "".join(word[:1].upper() + word[1:] for word in _ODD.split(name))
    return words if _is_plain(name) else f"{words}X{digest(name)}"


def _is_plain(name: str) -> bool:
    """Tell whether words can be told apart without their dashes.

    A number of its own follows a longer word only (`orders-2`), a short one has it at its end
    (`ec2`).
    """
    if numbered := _NUMBERED.fullmatch(name):
        return numbered[1] == "-"
    return _WORDS.fullmatch(name) is not None


def digest(text: str) -> str:
    """Return eight hexadecimal digits of a text."""
    return sha256(text.encode("utf-8", "replace")).hexdigest()[:8]


SUFFIXES = {
    "managed": "Policy",
    "boundary": "Boundary",
    "scp": "Scp",
    "rcp": "Rcp",
    "session": "Session",
    "resource": "Access",
    "role": "Role",
    "user": "User",
    "group": "Group",
    "permission_set": "PermissionSet",
}
"""What ids end in, by kind: no ending ends another one."""


def of(kind: str, name: str) -> str:
    """Return the logical id of a document or an identity, other than of a resource's policy."""
    return f"{camel(name)}{SUFFIXES[kind]}"


def of_resource(document: Document, place: Place) -> str:
    """Return the logical id of what sets the policy of a resource, whatever that is called."""
    return f"{policy_id(document, place.pseudo)}{SUFFIXES[document.kind]}"


def of_profile(name: str) -> str:
    """Return the logical id of an instance profile, which may pass from one role to another."""
    return f"{camel(name)}Profile"


def of_inline(kind: str, owner: str, name: str) -> str:
    """Return the logical id of an inline policy, which has the name of its owner as a rule."""
    return f"{of(kind, owner)}Inline{'' if name == owner else f'X{digest(name)}'}"

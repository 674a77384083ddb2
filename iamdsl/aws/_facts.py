"""What the catalogue answers with: actions, resource types and condition keys as values.

The words are those of AWS's Service Authorization Reference
(reference_policies_actions-resources-contextkeys).
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

LEVELS = ("permissions", "tagging", "write", "list", "read")
"""The access levels, the one that decides first: an action of several levels has the first."""

_MASKS = {"list": 1, "read": 2, "write": 4, "permissions": 8, "tagging": 16}


def mask_of(levels: tuple[str, ...]) -> int:
    """Return the bit mask of access levels, list 1, read 2, write 4, permissions 8, tagging 16."""
    mask = 0
    for level in levels:
        mask |= _MASKS[level]
    return mask


@cache
def levels_of(mask: int) -> tuple[str, ...]:
    """Return the access levels of a mask, the deciding one first."""
    return tuple(level for level in LEVELS if mask & _MASKS[level])


class ActionResource(NamedTuple):
    """A resource type that an action can be limited to.

    Attributes:
        type: the type's name within the action's service, as AWS spells it.
        required: whether a statement must cover one such resource for the call to succeed.
        condition_keys: keys that hold only while this resource is checked.
    """

    type: str
    required: bool
    condition_keys: tuple[str, ...] = ()


class Action(NamedTuple):
    """An action of the catalogue.

    Attributes:
        name: prefix and name as AWS writes them, `s3:GetObject`.
        levels: all its access levels, the deciding one first.
        resources: the types it can be limited to; empty means `Resource` must be `"*"`.
        own_condition_keys: keys of the action's row, which hold for the whole call.
        condition_keys: every key that can be present: the action's, those of its pairs with
            types, and those of the types themselves; sorted.
        dependents: further actions that the caller needs for the call to succeed.
        permission_only: whether no API operation has this name.
    """

    name: str
    levels: tuple[str, ...]
    resources: tuple[ActionResource, ...]
    own_condition_keys: tuple[str, ...]
    condition_keys: tuple[str, ...]
    dependents: tuple[str, ...] = ()
    permission_only: bool = False

    @property
    def level(self) -> str:
        """Return the one level that classes the action, e.g. `write`."""
        return self.levels[0]


class ArnFormat(NamedTuple):
    """One ARN format of a resource type, `arn:${Partition}:s3:::${BucketName}`.

    Attributes:
        placeholders: names of the variable parts in their order, without `Partition`, `Region`
            and `Account`.
    """

    text: str
    placeholders: tuple[str, ...]

    @property
    def fields(self) -> tuple[str, ...]:
        """Return the six fields: `arn`, partition, service, region, account, resource."""
        return tuple(self.text.split(":", 5))


class ResourceType(NamedTuple):
    """A resource type of a service.

    Attributes:
        name: as AWS spells it, blanks included.
        formats: usually one; API Gateway, Greengrass and Lex have types with two.
    """

    service: str
    name: str
    formats: tuple[ArnFormat, ...]
    condition_keys: tuple[str, ...]

    @property
    def word(self) -> str:
        """Return the name as the language writes it: blanks are hyphens."""
        return self.name.replace(" ", "-")


class Key(NamedTuple):
    """A condition key.

    Attributes:
        name: AWS's spelling; the variable part of a templated key is kept as it was asked for.
        type: AWS's word: `String`, `ArrayOfString`, `ARN`, `ArrayOfARN`, `Bool`, `ArrayOfBool`,
            `Numeric`, `Date` or `IPAddress`.
        template: the key as AWS lists it, `aws:RequestTag/${TagKey}`; the name if it is plain.
        is_global: whether requests to any service can carry it.
        always: whether every signed request carries it, so that it is never missing.
        exact_only: AWS refuses wildcards and policy variables in its values (the "sensitive"
            keys of Access Analyzer's WILDCARD_USAGE_TOO_PERMISSIVE).
    """

    name: str
    type: str
    template: str
    is_global: bool = False
    always: bool = False
    exact_only: bool = False

    @property
    def multivalued(self) -> bool:
        """Tell whether a request can carry several values, so that a set operator is needed."""
        return self.type.startswith("ArrayOf")

    @property
    def value_type(self) -> str:
        """Return the type of one value: `String` for `ArrayOfString`."""
        return self.type.removeprefix("ArrayOf")

"""Whose permissions are not all known where Terraform alone knows a part: for the review.

Import makes nothing of such a module. The review leaves out those whole identities of which a part
is open, because a deny or a boundary may be that part, and reviews what is left.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from iamdsl.lift.reading import Lenient
from iamdsl.lift.terraform.names import CATEGORIES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from iamdsl import iam
    from iamdsl.lift.terraform.drafts import Draft, Drafts
    from iamdsl.lift.terraform.resources import Resource

_OWNERS: Final[dict[str, iam.IdentityKind]] = {
    "role": "role",
    "role_name": "role",
    "roles": "role",
    "user": "user",
    "user_name": "user",
    "users": "user",
    "group": "group",
    "group_name": "group",
    "groups": "group",
    "permission_set_arn": "permission_set",
}
"""Attributes that name whose a policy is, or who has it attached."""


class Unsure:
    """The resources that fell short while they were read."""

    def __init__(self, drafts: Drafts) -> None:
        self._drafts = drafts
        self._resources: list[Resource] = []

    def watch(self, read: Callable[[Resource, Drafts], None], resource: Resource) -> None:
        """Read a resource, and keep it in mind if a part of it is open."""
        report = self._drafts.report
        before = report.open if isinstance(report, Lenient) else 0
        read(resource, self._drafts)
        if isinstance(report, Lenient) and report.open > before:
            self._resources.append(resource)

    def identities(self) -> set[Draft]:
        """Return the identities that are not known whole."""
        return {draft for resource in self._resources for draft in self._of(resource)}

    def _of(self, resource: Resource) -> Iterator[Draft]:
        every = self._drafts.identities.values()
        if resource.type in CATEGORIES:
            yield from (draft for draft in every if draft.resource is resource)
            return
        named = False
        for attribute, kind in _OWNERS.items():
            value = resource.get(attribute)
            for text in value if isinstance(value, list) else [value]:
                if isinstance(text, str):
                    named = True
                    draft = self._drafts.find(kind, resource.owners.get(attribute, text))
                    if draft is not None:
                        yield draft
        if not named:
            yield from every

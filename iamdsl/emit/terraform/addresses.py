"""Where everything of a place stands in its module: `aws_iam_role.worker`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from iamdsl.emit._marks import has_marks
from iamdsl.emit._resource_ids import policy_id
from iamdsl.emit.terraform.labels import Key, digest, joined, label, labels

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from iamdsl import iam

IDENTITIES = {
    "role": "aws_iam_role",
    "user": "aws_iam_user",
    "group": "aws_iam_group",
    "permission_set": "aws_ssoadmin_permission_set",
}
"""Types of resources by kind of identity."""

DOCUMENT = "aws_iam_policy_document"
PROFILE = "aws_iam_instance_profile"

_AWS_OWN = re.compile(r"arn:[^:]+:(?:iam::aws:policy|organizations::aws:policy)/")


class Addresses:
    """The addresses of what is in a place.

    Args:
        known: what is known of the place, `Place.pseudo`.
    """

    def __init__(self, build: iam.Build, known: Mapping[str, str]) -> None:
        wishes: dict[str, dict[Key, str]] = {}
        for kind, key, wish in _wishes(build, known):
            wishes.setdefault(kind, {})[key] = wish
        self._made = {
            (kind, *key): f"{kind}.{made}"
            for kind, some in wishes.items()
            for key, made in labels(some).items()
        }

    def of(self, kind: str, *key: str) -> str:
        """Return the address of the resource of a type that a key stands for."""
        return self._made[(kind, *key)]

    def policy(self, name: str) -> str:
        """Return the address of a customer managed policy."""
        return self.of("aws_iam_policy", name)

    def identity(self, identity: iam.Identity) -> str:
        """Return the address of a role, user, group or permission set."""
        return self.of(IDENTITIES[identity.kind], identity.name)

    def inline(self, identity: iam.Identity, name: str) -> str:
        """Return the address of an inline policy."""
        if identity.kind == "permission_set":
            return self.of("aws_ssoadmin_permission_set_inline_policy", identity.name)
        return self.of(f"{IDENTITIES[identity.kind]}_policy", identity.name, name)

    def attachment(self, identity: iam.Identity, policy: str) -> str:
        """Return the address of the attachment of a policy to a role, user or group."""
        return self.of(f"{IDENTITIES[identity.kind]}_policy_attachment", identity.name, policy)

    def profile(self, name: str) -> str:
        """Return the address of an instance profile, which can pass from role to role."""
        return self.of(PROFILE, name)

    def document(self, *key: str) -> str:
        """Return the address of a policy document that is a data source."""
        return self.of(DOCUMENT, *key)


def _wishes(build: iam.Build, known: Mapping[str, str]) -> Iterator[tuple[str, Key, str]]:
    """Yield the type, key and label of every resource."""
    for document in build.documents:
        if document.is_managed:
            yield "aws_iam_policy", (document.name,), label(document.name)
        yield DOCUMENT, (document.kind, document.name), label(document.name)
        if document.kind in {"scp", "rcp"}:
            yield "aws_organizations_policy", (document.name,), label(document.name)
        if document.kind == "resource":
            # Of whatever type it will be; what it is looked up by has its label as well. With one
            # of the policy's name, a policy that is called otherwise would be taken away after all.
            yield "resource", (document.name,), policy_id(document, known)
    for identity in build.identities:
        yield from _of_identity(identity)
    for target in build.targets:
        # An account can come into another ou, and an ou cannot.
        names = target.path if target.kind == "ou" else (target.name,)
        for attachment in target.attached:
            key = (target.kind, *target.path, attachment.policy)
            wish = f"{target.kind}__{joined(*names)}__{_attached(attachment)}"
            yield "aws_organizations_policy_attachment", key, wish


def _of_identity(identity: iam.Identity) -> Iterator[tuple[str, Key, str]]:
    name, kind = identity.name, IDENTITIES[identity.kind]
    yield kind, (name,), label(name)
    yield DOCUMENT, ("trust", name), f"{label(name)}_trust"
    for inline, _ in identity.inline:
        wish = label(name) if inline == name else joined(name, inline)
        yield DOCUMENT, ("inline", identity.kind, name, inline), f"{wish}_inline"
        if identity.kind == "permission_set":
            yield f"{kind}_inline_policy", (name,), label(name)
        else:
            yield f"{kind}_policy", (name, inline), wish
    if identity.instance_profile is not None:
        yield PROFILE, (identity.instance_profile,), label(identity.instance_profile)
    for attachment in identity.managed:
        wish = f"{label(name)}__{_attached(attachment)}"
        yield f"{kind}_policy_attachment", (name, attachment.policy), wish


def _attached(attachment: iam.Attachment) -> str:
    """Return a label for a policy that is attached; names are unique in an account, and in AWS."""
    policy = attachment.policy
    if attachment.ours:
        return label(policy)
    name = re.split(r"[/:]", policy)[-1]
    if has_marks(name):
        return f"policy_{digest(policy)}"
    return joined("aws", name) if _AWS_OWN.match(policy) else label(name)


def owners(build: iam.Build) -> Mapping[str, iam.Identity]:
    """Return the identities of a place by what `Facts.placed` calls them: `role worker`."""
    return {f"{identity.kind} {identity.name}": identity for identity in build.identities}

"""Entities while they are put together: identities that get policies, documents that get kinds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from iamdsl import iam
from iamdsl.diagnostics import Label, codes
from iamdsl.iam import placeholder
from iamdsl.lift.terraform import names
from iamdsl.lift.terraform.names import CATEGORIES
from iamdsl.lift.terraform.resources import complain
from iamdsl.lift.terraform.values import Open, entity_named, is_static

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from iamdsl.diagnostics import Report
    from iamdsl.lift.terraform.resources import Resource
    from iamdsl.source import Span

DNS_SUFFIX = placeholder("dns_suffix")
"""What `data.aws_partition.x.dns_suffix` is in texts."""


@attrs.define(repr=False, eq=False)
class Draft:
    """An identity that is being put together; see `iam.Identity`."""

    kind: iam.IdentityKind
    name: str
    resource: Resource
    path: str = "/"
    description: str | None = None
    trust: iam.Policy | None = None
    own: iam.Policy | None = None
    inline: dict[str, iam.Policy] = attrs.field(factory=dict)
    managed: dict[str, iam.Attachment] = attrs.field(factory=dict)
    boundary: iam.Attachment | None = None
    max_session: int | None = None
    tags: iam.Tags = ()
    groups: list[str] = attrs.field(factory=list)
    instance_profile: str | None = None

    def attach(self, attachment: iam.Attachment) -> None:
        """Add an attachment, once."""
        self.managed.setdefault(attachment.policy, attachment)

    def finished(self) -> iam.Identity:
        """Return the identity."""
        return iam.Identity(
            self.kind,
            self.name,
            self.path,
            self.description,
            self.trust,
            self.own,
            inline=tuple(self.inline.items()),
            managed=tuple(self.managed.values()),
            boundary=self.boundary,
            max_session=self.max_session,
            tags=self.tags,
            groups=tuple(dict.fromkeys(self.groups)),
            instance_profile=self.instance_profile,
            origin=(self.resource.place,),
        )


class Drafts:
    """All entities of an estate, and how they are found.

    Attributes:
        docs: comments for readers, by the name of an entity.
    """

    def __init__(self, given: Mapping[str, str], report: Report) -> None:
        self.report = report
        self.identities: dict[tuple[str, str], Draft] = {}
        self.documents: dict[str, iam.Document] = {}
        self.docs: dict[str, str] = {}
        self._names = given
        self._taken = {name.lower() for name in given.values()}
        self._by_arn: dict[str, Draft | str] = {}
        self._places: dict[tuple[str, str], Resource] = {}

    def name(self, resource: Resource) -> str:
        """Return the name of an entity; one that is not what AWS calls it has a warning."""
        name = self._names[resource.address]
        real = resource.get("name")
        if real == name:
            return name
        if real is not None and not isinstance(real, (str, Open)):
            complain(resource, "name", "a text", self.report)
            return name
        if real is None:
            self.docs[name] = f"`{resource.address}` in Terraform, which makes its name"
            return name
        if isinstance(real, str) and is_static(real):
            why, doc = f"the name `{real}` is taken by something else", f"`{real}` in Terraform"
        else:
            why, doc = (
                "its name is computed",
                f"`{resource.address}` in Terraform, with a computed name",
            )
        self.docs[name] = doc
        self.report.add(
            codes.NAME_NOT_KEPT,
            resource.tree.place(("name",)),
            f"`{resource.address}` is called `{name}` here: {why}",
            hint="write its name in the source that is made",
        )
        return name

    def free(self, *wishes: str) -> str:
        """Return the first name that nothing has, of some wishes; the last is numbered at need."""
        for wish in wishes:
            if wish.lower() not in self._taken:
                return wish
        number = 2
        while f"{wishes[0]}-{number}".lower() in self._taken:
            number += 1
        return f"{wishes[0]}-{number}"

    def declare(self, draft: Draft) -> None:
        """Add an identity."""
        if self._is_new(draft.kind, draft.name, draft.resource):
            self.identities[draft.kind, draft.name.lower()] = draft
        for arn in self._arns(draft.resource, draft.kind, draft.path, draft.name):
            self._by_arn[arn] = draft

    def add_document(self, resource: Resource, document: iam.Document) -> None:
        """Add a document with a life of its own."""
        if self._is_new(CATEGORIES.get(resource.type, "document"), document.name, resource):
            self.documents[document.name] = document
        for arn in self._arns(resource, "policy", document.path, document.name):
            self._by_arn[arn] = document.name

    @staticmethod
    def _arns(resource: Resource, kind: str, path: str, name: str) -> list[str]:
        """Return the ARNs by which other resources may speak of one."""
        real = resource.get("arn")
        return [names.arn(kind, path, name), *([real] if isinstance(real, str) else [])]

    def _is_new(self, category: str, name: str, resource: Resource) -> bool:
        self._taken.add(name.lower())
        first = self._places.setdefault((category, name.lower()), resource)
        if first is resource:
            return True
        self.report.add(
            codes.FOUND_TWICE,
            resource.place,
            f"`{resource.address}` and `{first.address}` are both called `{name}`",
            notes=[Label(first.place, "the first is here")],
            hint="those of several accounts are imported apart; or give them other names",
        )
        return False

    def find(self, kind: iam.IdentityKind, name: str) -> Draft | None:
        """Return an identity by its name or ARN."""
        named = entity_named(name)
        found = self._by_arn.get(name)
        if isinstance(found, Draft):
            return found if found.kind == kind else None
        return self.identities.get((kind, (named or name).lower()))

    def attachment(self, arn: str, place: Span) -> iam.Attachment:
        """Return the attachment of a policy by its ARN: one of this estate by its name."""
        found = entity_named(arn) or self._by_arn.get(arn)
        if isinstance(found, str) and found in self.documents:
            return iam.Attachment(found, ours=True, origin=(place,))
        return iam.Attachment(arn, origin=(place,))

    def finished_documents(self) -> Iterator[iam.Document]:
        """Yield the documents; a policy that is only ever a boundary is a `boundary`."""
        attached = {
            a.policy for d in self.identities.values() for a in d.managed.values() if a.ours
        }
        limits = {
            d.boundary.policy
            for d in self.identities.values()
            if d.boundary is not None and d.boundary.ours
        }
        for document in self.documents.values():
            if document.kind == "managed" and document.name in limits - attached:
                yield attrs.evolve(document, kind="boundary")
            else:
                yield document

    @staticmethod
    def served(policy: iam.Policy) -> iam.Policy:
        """Return a policy whose service principals end as they do in the language.

        `lambda.${data.aws_partition.x.dns_suffix}` is the name of a service in each partition,
        and the language writes the one that the partition has.
        """
        statements = tuple(
            s if s.principals is None else attrs.evolve(s, principals=_served(s.principals))
            for s in policy.statements
        )
        return attrs.evolve(policy, statements=statements)


def _served(principals: iam.Principals) -> iam.Principals:
    by_type = tuple(
        (kind, tuple(v.replace(f".{DNS_SUFFIX}", ".amazonaws.com") for v in values))
        if kind == "Service"
        else (kind, values)
        for kind, values in principals.by_type
    )
    return attrs.evolve(principals, by_type=by_type)

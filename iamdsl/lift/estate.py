"""What a document of another tool says about IAM: the policies as AWS reads them, and what is open.

Every reader (`policies`, `accounts`, `cloudformation`, `terraform` …) makes one of these, whatever
it reads, and `lift` makes sources of it.

Texts in it may hold marks, `iam.PLACEHOLDER_OPEN` + name + `iam.PLACEHOLDER_CLOSE`, for what only
a deployment knows: `aws.partition`, `aws.account`, `aws.region`, the name of an `Extern`, or
`entity ` and the name of an identity or document of this estate, for its ARN.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from iamdsl import iam

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from iamdsl.source import Span


@attrs.frozen(repr=False, eq=False)
class Extern:
    """A value that the document leaves open.

    Attributes:
        name: as the source is to call it, a name of the language (`lake_bucket`).
        type: as the language writes it: `String`, `Pattern`, `Arn`, `AccountId` or `Region`.
        max: the most characters, where the type does not say (`AccountId` and `Region` do).
        doc: where it comes from, for readers: "the parameter `LakeBucket`: …".
    """

    name: str
    type: str
    max: int | None = None
    doc: str = ""
    origin: tuple[Span, ...] = attrs.field(default=())


@attrs.frozen(repr=False, eq=False)
class Estate:
    """Identities and documents, in the order in which they were found.

    Attributes:
        build: identities have `own` (a lone policy without a name) or `inline` policies, and
            `managed` attachments: `ours` by name, others by ARN. Each statement's `origin`
            leads to its place.
        externs: what the marks in the texts stand for.
        pseudo: what is known of the place: `account`, `partition`, `region`.
        docs: comments for readers, by the name of the identity or document.
        refused: names of what could not be read whole, and is left out: why, was reported.
        whole: whether it is all of an account, stack or module, with all that its identities have.
        shared: whether others may attach what it hands out.
    """

    build: iam.Build = attrs.field(factory=iam.Build)
    externs: tuple[Extern, ...] = ()
    pseudo: Mapping[str, str] = attrs.field(factory=dict)
    docs: Mapping[str, str] = attrs.field(factory=dict)
    refused: tuple[str, ...] = ()
    whole: bool = False
    shared: bool = False

    def texts(self) -> Iterator[str]:
        """Yield the texts that may be ARNs: resources, principals, values, attachments."""
        for document in self.build.documents:
            yield document.target or ""
            yield from _texts(document.policy)
        for identity in self.build.identities:
            own = (identity.trust, identity.own, *(policy for _, policy in identity.inline))
            for policy in own:
                yield from _texts(policy) if policy is not None else ()
            attached = (*identity.managed, *([identity.boundary] if identity.boundary else []))
            yield from (a.policy for a in attached if not a.ours)


def _texts(policy: iam.Policy) -> Iterator[str]:
    for statement in policy.statements:
        yield from statement.resources.values if statement.resources is not None else ()
        for _, values in statement.principals.by_type if statement.principals is not None else ():
            yield from values
        for entry in statement.condition:
            yield from entry.values

"""What all that writes the resources of a place shares."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from iamdsl.emit.terraform import documents as data_sources
from iamdsl.emit.terraform.texts import text_of
from iamdsl.emit.terraform.tree import Argument, Block, Names, Raw, Value, block, literal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from iamdsl import iam
    from iamdsl.diagnostics import Report
    from iamdsl.emit._targets import Facts
    from iamdsl.emit.terraform.addresses import Addresses
    from iamdsl.emit.terraform.order import Order
    from iamdsl.emit.terraform.texts import Documents, Texts
    from iamdsl.source import Span


class Writing(NamedTuple):
    """A place that is written.

    Attributes:
        known: `Place.pseudo`.
        as_data: whether documents are data sources where they can be.
    """

    build: iam.Build
    known: Mapping[str, str]
    facts: Facts
    as_data: bool
    addresses: Addresses
    order: Order
    documents: Documents
    texts: Texts
    report: Report

    def policy(
        self, policy: iam.Policy, kind: str, key: tuple[str, ...], origin: Sequence[Span]
    ) -> tuple[list[Block], Value]:
        """Return a policy document as a value, and the data source that it is taken of, if any.

        Args:
            kind: whose limit it has: `managed`, `trust`, `inline-role`, `resource/sqs`.
            key: which data source it is, see `Addresses.document`.
        """
        kind, _, service = kind.partition("/")
        limit = self.facts.limits.policy_size(kind, service)
        most = limit.value if limit is not None else None
        encoded = self.documents.encoded(policy, most, origin)
        if not self.as_data or encoded.value is None or not data_sources.can_say(policy):
            return [], encoded
        address = self.addresses.document(*key)
        source = data_sources.document(policy, label(address), self.documents)
        # The indented text counts where AWS counts white space.
        counted = kind in {"scp", "rcp", "session", "resource", "permission_set"}
        return [source], Raw(f"data.{address}.{'minified_json' if counted else 'json'}")

    def resource(
        self,
        address: str,
        arguments: Sequence[Argument | Block],
        *groups: list[Argument | Block],
        kept: bool = False,
    ) -> Block:
        """Return a resource with what it waits for.

        Args:
            kept: whether what replaces it is made before it goes.
        """
        lifecycle: list[Argument | Block] = []
        if kept or address in self.order.kept:
            keeping = Argument("create_before_destroy", True)
            lifecycle.append(block("lifecycle", (), [keeping]))
        waits: list[Argument | Block] = []
        if address in self.order.after:
            waits.append(Argument("depends_on", Names(self.order.after[address])))
        kind, name = address.split(".")
        return block("resource", (kind, name), list(arguments), *groups, lifecycle, waits)

    def tags(self, tags: iam.Tags, origin: Sequence[Span]) -> list[Argument | Block]:
        """Return the tags of a resource, if there are any."""
        return [Argument("tags", self.texts.tags(tags, origin))] if tags else []

    def described(self, text: str | None, what: str, origin: Sequence[Span]) -> list[Argument]:
        """Return the description of a resource, if there is one."""
        if text is None:
            return []
        return [
            Argument("description", self.texts.text(text, f"the description of {what}", origin))
        ]

    def named_policy(self, attachment: iam.Attachment) -> Value:
        """Return the ARN of a managed policy."""
        if attachment.ours:
            return Raw(f"{self.addresses.policy(attachment.policy)}.arn")
        return text_of(attachment.policy)


def label(address: str) -> str:
    """Return the label of a resource, the last part of its address."""
    return address.rpartition(".")[2]


def named(name: str) -> Argument:
    """Return the argument that says what something is called in AWS."""
    return Argument("name", literal(name))


def path(text: str) -> list[Argument]:
    """Return the path of something in IAM, if it is not that which all have."""
    return [Argument("path", text_of(text))] if text != "/" else []

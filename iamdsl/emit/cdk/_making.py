"""The steps of a construct as they come about, and the names of what they make."""

from __future__ import annotations

from typing import TYPE_CHECKING

from iamdsl.diagnostics import codes
from iamdsl.emit.cdk import _documents as documents
from iamdsl.emit.cdk._code import THIS, Call, Do, Make, Member, New, Struct, Tag, texts
from iamdsl.emit.cdk._words import camel, construct_id, unique, words
from iamdsl.iam import placeholder

if TYPE_CHECKING:
    from collections.abc import Sequence

    from iamdsl import iam
    from iamdsl.diagnostics import Report
    from iamdsl.emit._places import Place
    from iamdsl.emit._targets import Facts
    from iamdsl.emit.cdk._code import Expr, Options
    from iamdsl.source import Span

KINDS = {
    "role": "Role",
    "user": "User",
    "group": "Group",
    "permission_set": "PermissionSet",
    "managed": "Policy",
    "boundary": "Policy",
    "scp": "Scp",
    "rcp": "Rcp",
    "resource": "Access",
}
"""What members and ids end with; no kind ends with another one."""


class Making:
    """What is made of a place so far.

    Attributes:
        asked: what has to be said besides the externs.
        members: the member of each document and identity, by kind and name.
        inline: the member of the inline policy of an identity, the last if there are several.
        access: the members of the policy of a resource, by its name.
        after: pairs of members: the first is made, and changed, after the second.
    """

    def __init__(self, place: Place, facts: Facts, report: Report) -> None:
        self.place, self.facts, self.report = place, facts, report
        self.steps: list[Make | Do] = []
        self.asked: list[iam.Extern] = []
        self.members: dict[tuple[str, str], Member] = {}
        self.inline: dict[tuple[str, str], Member] = {}
        self.access: dict[str, list[Member]] = {}
        self.after: list[tuple[Member, Member]] = []
        self._taken = {"node", "toString"}

    def made(
        self,
        kind: str,
        name: str,
        type_: str,
        options: Options,
        doc: str,
        origin: Sequence[Span],
        own_id: str = "",
    ) -> Member:
        """Make a construct for a document or an identity, and return its member.

        Args:
            own_id: its id, where that does not follow from its name.
        """
        member = self.free([*words(name), *words(KINDS[kind])])
        self.members[kind, name] = member
        new = New(type_, THIS, own_id or construct_id(name, KINDS[kind]), options)
        self.make(member, new, doc, origin)
        return member

    def free(self, found: Sequence[str]) -> Member:
        """Return a member that there is not yet."""
        return Member(unique(camel(found), self._taken))

    def make(self, member: Member, new: New, doc: str, origin: Sequence[Span]) -> None:
        """Make a construct."""
        self._step(Make(member, new, doc), origin)

    def ask(self, extern: iam.Extern) -> str:
        """Have something said when the construct is made, and return what stands for it."""
        if extern not in self.asked:
            self.asked.append(extern)
        return placeholder(extern.name)

    def call(self, function: str, *arguments: Expr, origin: Sequence[Span] = ()) -> None:
        """Call a function of the file."""
        self._step(Do(Call(function, arguments)), origin)

    def tag(self, member: Member, tags: iam.Tags, origin: Sequence[Span]) -> None:
        """Give tags to a construct of the second level."""
        for key, value in tags:
            self._step(Do(Tag(member, key, value)), origin)

    def cannot(self, origin: Sequence[Span], message: str, hint: str) -> None:
        """Report what cannot be said, and without which the rest must not be deployed."""
        span = origin[0] if origin else None
        self.report.add(codes.TARGET_CANNOT_SAY, span, message, hint=hint)

    def leaves_out(self, origin: Sequence[Span], message: str, hint: str) -> None:
        """Report what is not deployed, where the rest can be."""
        span = origin[0] if origin else None
        self.report.add(codes.NOT_DEPLOYED, span, message, hint=hint)

    def _step(self, step: Make | Do, origin: Sequence[Span]) -> None:
        if any(documents.is_reference(text) for text in texts(step)):
            self.cannot(
                origin,
                "CDK or CloudFormation would take a text with `{{` or `${Token[` for a reference",
                "write the text without it",
            )
        self.steps.append(step)


def tags(found: iam.Tags) -> Options:
    """Return the option of tags of a resource of the first level."""
    made = [Struct("cdk.CfnTag", (("key", key), ("value", value))) for key, value in found]
    return (("tags", made),) if made else ()

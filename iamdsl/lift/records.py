"""Objects of AWS's answers, member by member: what is missing or unknown in one is reported."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from iamdsl.diagnostics import codes

if TYPE_CHECKING:
    from iamdsl.diagnostics import Report
    from iamdsl.lift.reading import Tree
    from iamdsl.source import Span

_NO_CONFIGURATION = frozenset(
    "AttachmentCount CreateDate DefaultVersionId GroupId InstanceProfileId IsAttachable "
    "PasswordLastUsed PermissionsBoundaryType PermissionsBoundaryUsageCount PolicyId "
    "ResponseMetadata RoleId RoleLastUsed UpdateDate UserId".split()
)
"""What IAM says of things that nobody has set (the members of its API's shapes)."""


@attrs.define(eq=False, repr=False)
class Record:
    """An object of an answer, whose members are taken out one after the other.

    A member that is null is one that is not there.

    Attributes:
        what: what it is in a message, "a role".
    """

    tree: Tree
    what: str
    report: Report
    _taken: set[str] = attrs.field(factory=set, init=False)

    @property
    def place(self) -> Span:
        """Return where it stands."""
        return self.tree.place(())

    def has(self, name: str) -> bool:
        """Tell whether a member is there."""
        return isinstance(self.tree.value, dict) and self.tree.value.get(name) is not None

    def name(self, member: str) -> str | None:
        """Return a text that has to be there, and is not empty; None when it was reported."""
        text = self.text(member)
        if not text and not self._is_wrong(member, str):
            self._complain((), f"{self.what} without `{member}`")
        return text or None

    def text(self, member: str) -> str | None:
        """Return a text; None when there is none."""
        value = self._value(member, str, "a text")
        return value if isinstance(value, str) else None

    def number(self, member: str) -> int | None:
        """Return a whole number; None when there is none."""
        value = self._value(member, int, "a whole number")
        return value if isinstance(value, int) else None

    def record(self, member: str, what: str) -> Record | None:
        """Return an object; None when there is none."""
        value = self._value(member, dict, "an object")
        return None if value is None else Record(self.tree.at(member), what, self.report)

    def records(self, member: str, what: str) -> list[Record]:
        """Return the objects of a list, which can be missing."""
        return [Record(t, what, self.report) for t in self._items(member, dict, "an object")]

    def texts(self, member: str) -> list[str]:
        """Return the texts of a list, which can be missing."""
        return [tree.value for tree in self._items(member, str, "a text")]

    def document(self, member: str) -> Tree | None:
        """Return a policy document that has to be there, as an object or a text."""
        if not self.has(member):
            self._taken.add(member)
            self._complain((), f"{self.what} without `{member}`")
            return None
        self._taken.add(member)
        return self.tree.at(member)

    def tags(self) -> tuple[tuple[str, str], ...]:
        """Return the tags of a `Tags` list."""
        pairs = [(r.name("Key"), r.text("Value") or "") for r in self.records("Tags", "a tag")]
        return tuple((key, value) for key, value in pairs if key is not None)

    def ignore(self, *members: str) -> None:
        """Pass over members that come to nothing, and need not."""
        self._taken.update(members)

    def done(self) -> None:
        """Warn of what nobody has taken and what is no mere information."""
        for member, value in self.tree.value.items():
            if member not in self._taken | _NO_CONFIGURATION and value not in (None, "", [], {}):
                self.leave_out(member, "is not known, and is left out")

    def leave_out(self, member: str, problem: str) -> None:
        """Warn of a member that comes to nothing."""
        self._taken.add(member)
        self.report.add(
            codes.LEFT_OUT,
            self.tree.place((member,), key=True),
            f"`{member}` of {self.what} {problem}",
            hint="look whether it matters: nothing in the source will say it",
        )

    def _is_wrong(self, member: str, kind: type) -> bool:
        return self.has(member) and not isinstance(self.tree.value[member], kind)

    def _value(self, member: str, kind: type, wanted: str) -> Any:
        self._taken.add(member)
        if not self.has(member):
            return None
        value = self.tree.value[member]
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            self._complain((member,), f"`{member}` of {self.what} is not {wanted}")
            return None
        return value

    def _items(self, member: str, kind: type, wanted: str) -> list[Tree]:
        if self._value(member, list, "a list") is None:
            return []
        items = [self.tree.at(member, i) for i in range(len(self.tree.value[member]))]
        for i, item in enumerate(items):
            if not isinstance(item.value, kind):
                problem = f"an item of `{member}` of {self.what} is not {wanted}"
                self._complain((member, i), problem)
        return [item for item in items if isinstance(item.value, kind)]

    def _complain(self, path: tuple[str | int, ...], problem: str) -> None:
        self.report.add(
            codes.BAD_ANSWER,
            self.tree.place(path),
            problem,
            label="AWS's own answers are not like this",
            hint="import the answer as the AWS CLI gave it, with `--output json` and no `--query`",
        )

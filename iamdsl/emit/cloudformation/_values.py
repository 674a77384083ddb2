"""Texts with marks as values of a template: plain, `Ref`, `Fn::Sub` or `Fn::Join`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from iamdsl import iam
from iamdsl.diagnostics import codes
from iamdsl.emit._cloudformation_types import Slice
from iamdsl.emit._marks import Mark, has_marks, parts

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from iamdsl.diagnostics import Report
    from iamdsl.emit._cloudformation_types import Naming
    from iamdsl.source import Span


class Call(NamedTuple):
    """An intrinsic function, kept apart from data that looks like one.

    Attributes:
        name: `Ref`, or one that is written `Fn::…`, without that.
    """

    name: str
    argument: Any

    @property
    def member(self) -> str:
        """Return its name as a member of an object."""
        return self.name if self.name == "Ref" else f"Fn::{self.name}"


Value: TypeAlias = "str | int | Call | list[Value] | dict[str, Value]"
"""What a template holds."""

PSEUDO = {
    "aws.account": "AWS::AccountId",
    "aws.partition": "AWS::Partition",
    "aws.region": "AWS::Region",
    "aws.url_suffix": "AWS::URLSuffix",
}

# What CloudFormation would take for a value of its parameter store or secrets, with no way to
# write it otherwise (AWS "dynamic-references"). A value that is filled in may complete one.
_DYNAMIC = re.compile("\\{\\{resolve:|\\{\\{?\ue000")
# A variable as IAM has them, which `Fn::Sub` gives back when it is written `${!…}`.
_VARIABLE = re.compile(r"\$\{(?=[A-Za-z][^{}$!\"]*\})")


class Values:
    """Makes values of texts.

    Args:
        parameters: what stands for each extern.
    """

    def __init__(self, parameters: Mapping[str, str], report: Report) -> None:
        self._names = {**PSEUDO, **parameters}
        self._report = report

    def text(self, text: str, origin: Sequence[Span] = ()) -> str | Call:
        """Return what a text is in a template."""
        if _DYNAMIC.search(text):
            message = "CloudFormation would take a text with `{{resolve:` for a reference"
            hint = "write the text without it"
            self._report.add(
                codes.TARGET_CANNOT_SAY, origin[0] if origin else None, message, hint=hint
            )
        found = parts(text)
        if not any(isinstance(part, Mark) for part in found):
            return text
        if len(found) == 1 and isinstance(found[0], Mark):
            return Call("Ref", self._names[found[0].name])
        literals = [part for part in found if isinstance(part, str)]
        if all(map(_is_plain, literals)):
            return Call("Sub", "".join(map(self._in_sub, found)))
        return Call("Join", ["", [self.part(part) for part in found]])

    def part(self, part: str | Mark) -> str | Call:
        """Return a literal as it is, and what stands for a mark."""
        return part if isinstance(part, str) else Call("Ref", self._names[part.name])

    def naming(self, naming: Naming, origin: Sequence[Span] = ()) -> str | Call:
        """Return a value that may take pieces of what only the deployment knows."""
        made = [
            self._slice(piece) if isinstance(piece, Slice) else self.text(piece, origin)
            for piece in naming
        ]
        return made[0] if len(made) == 1 else Call("Join", ["", made])

    def document(self, policy: iam.Policy, *, text: bool = False) -> Value:
        """Return a policy document: an object, or JSON as text where no object can say it."""
        data = iam.to_json(policy)
        return self.json(data, text=text)

    def json(self, data: Mapping[str, Any], *, text: bool = False) -> Value:
        """Return JSON values, as an object or as text."""
        if text or not _is_plain_data(data):
            return self.text(_json_text(data))
        return self._data(data)

    def _data(self, data: Any) -> Value:
        if isinstance(data, str):
            return self.text(data)
        if isinstance(data, list):
            return [self._data(item) for item in data]
        return {name: self._data(member) for name, member in data.items()}

    def _slice(self, piece: Slice) -> Call:
        of = self._slice(piece.of) if isinstance(piece.of, Slice) else self.text(piece.of)
        return Call("Select", [piece.number, Call("Split", [piece.separator, of])])

    def _in_sub(self, part: str | Mark) -> str:
        if isinstance(part, Mark):
            return f"${{{self._names[part.name]}}}"
        return part.replace("${", "${!")


def _is_plain(literal: str) -> bool:
    """Tell whether it can stand in `Fn::Sub`: what looks like a variable is one of IAM's.

    A dollar sign before a mark, or a brace that nobody closes, is read in more than one way.
    """
    return not literal.endswith("$") and literal.count("${") == len(_VARIABLE.findall(literal))


def _is_plain_data(data: Any) -> bool:
    """Tell whether CloudFormation takes values for what they are when it gets an object."""
    if isinstance(data, str):
        return not _DYNAMIC.search(data)
    if isinstance(data, list):
        return all(map(_is_plain_data, data))
    return all(
        not has_marks(name)
        and name != "Ref"
        and not name.startswith("Fn::")
        and _is_plain_data(name)
        and _is_plain_data(member)
        for name, member in data.items()
    )


_ESCAPE = re.compile(r"\\(u[0-9a-f]{4}|.)")
_MARKS = {"ue000": iam.PLACEHOLDER_OPEN, "ue001": iam.PLACEHOLDER_CLOSE}


def _json_text(data: Mapping[str, Any]) -> str:
    """Return JSON as text of one line, with its marks.

    What is filled in for them needs no escapes (`iam.Extern.pattern`).
    """
    text = _ESCAPE.sub(lambda m: _MARKS.get(m[1], m[0]), iam.minified(data))
    # Two braces follow each other, and one is before a mark, only within a text of JSON.
    return re.sub("\\{(?=[{\ue000])", r"\\u007b", text)

"""Texts of a build as templates: what is open becomes a variable, or what Terraform looks up."""

from __future__ import annotations

import json
import re
import unicodedata
from typing import TYPE_CHECKING, Any

from iamdsl import iam
from iamdsl.diagnostics import codes
from iamdsl.emit._marks import Mark, has_marks, parts
from iamdsl.emit.terraform.tree import Encoded, Items, Raw, Record, Text, Value

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from iamdsl.diagnostics import Report
    from iamdsl.source import Span

PSEUDO = {
    "aws.account": "account_id",
    "aws.partition": "partition",
    "aws.region": "region",
    "aws.url_suffix": "url_suffix",
}
"""The names of the locals that hold what AWS itself knows."""

_RESERVED = frozenset("count depends_on for_each lifecycle locals providers source version".split())
"""Names that no variable may have: arguments of a `module` block."""

_GROWING = re.compile("[<>&]")
"""What Terraform and its provider write into JSON as six characters."""


def variable(extern: str) -> str:
    """Return the name of the variable that stands for an extern."""
    return f"{extern}_value" if extern in _RESERVED else extern


def text_of(value: str) -> Text:
    """Return a text with what stands for its marks; equal parts beside each other stay apart."""
    return Text(tuple(_reference(p) if isinstance(p, Mark) else p for p in parts(value)))


def _reference(mark: Mark) -> Raw:
    if mark.is_pseudo:
        return Raw(f"local.{PSEUDO[mark.name]}")
    return Raw(f"var.{variable(mark.name)}")


def is_exact(text: str) -> bool:
    """Tell whether Terraform keeps a text: it composes characters, and knows no lone surrogates."""
    return unicodedata.is_normalized("NFC", text) and not re.search("[\ud800-\udfff]", text)


def may_be_equal(one: str, other: str) -> bool:
    """Tell whether two texts can be the same once a deployment has filled in their marks."""
    if not (has_marks(one) or has_marks(other)):
        return one == other
    return _may_match(one, other) and _may_match(other, one)


def _may_match(one: str, other: str) -> bool:
    """Tell whether a text can be as another begins and ends, whatever its marks stand for."""
    if not has_marks(one):
        return True
    first, last = iam.PLACEHOLDER.split(one)[0], iam.PLACEHOLDER.split(one)[-1]
    begins, ends = iam.PLACEHOLDER.split(other)[0], iam.PLACEHOLDER.split(other)[-1]
    if has_marks(other):
        return _overlap(first, begins) and _overlap(last[::-1], ends[::-1])
    return other.startswith(first) and other.endswith(last)


def _overlap(one: str, other: str) -> bool:
    return one.startswith(other) or other.startswith(one)


class Documents:
    """Makes policy documents, in which principals of the module stand for what they refer to.

    Attributes:
        own: the address of each identity of the module, by its ARN as texts have it.
    """

    def __init__(self, own: Mapping[str, str], lengths: Mapping[str, int], report: Report) -> None:
        self.own, self._lengths, self._report = own, lengths, report

    def encoded(self, policy: iam.Policy, limit: int | None, origin: Sequence[Span]) -> Encoded:
        """Return a document; what could lose a condition in Terraform is reported.

        Args:
            limit: the characters that it may have.
            origin: where messages point, if not at a statement.
        """
        data = iam.to_json(policy)
        self.refuse_doubles(policy, origin)
        said = Text(tuple(_joined(self._json(data))))
        exact = all(is_exact(text) for text in _strings(data))
        value = self._value(data) if exact and self.fits(policy, limit) else None
        return Encoded(value, said)

    def fits(self, policy: iam.Policy, limit: int | None) -> bool:
        """Tell whether a document fits also where `<`, `>` and `&` are six characters each."""
        if limit is None:
            return True
        more = sum(5 * len(_GROWING.findall(text)) for text in _strings(iam.to_json(policy)))
        return more == 0 or iam.size(policy, self._lengths) + more <= limit

    def refuse_doubles(self, policy: iam.Policy, origin: Sequence[Span]) -> None:
        """Report conditions on keys that a deployment could make the same one: one would go."""
        for statement in policy.statements:
            by_operator: dict[str, list[str]] = {}
            for entry in statement.condition:
                by_operator.setdefault(entry.operator, []).append(entry.key)
            for operator, keys in by_operator.items():
                double = doubled(keys)
                if double:
                    spans = statement.origin or origin
                    self._report.add(
                        codes.TARGET_CANNOT_SAY,
                        spans[0] if spans else None,
                        f"two keys of one `{operator}` can become the same in a deployment",
                        label="Terraform would keep one of the conditions, and say nothing",
                        hint="give the extern in the key a value with `--set`, or use a `param`",
                    )

    def principal(self, text: str) -> Text | Raw:
        """Return a principal: a reference where the module makes it, so that it is there before."""
        address = self.own.get(text)
        return Raw(f"{address}.arn") if address is not None else text_of(text)

    def _value(self, data: Any, *, who: bool = False) -> Value:
        match data:
            case dict():
                return Record(
                    tuple(
                        (text_of(name), self._value(member, who=who or name in _PRINCIPALS))
                        for name, member in data.items()
                    )
                )
            case list():
                return Items(tuple(self._value(item, who=who) for item in data))
            case _:
                return self.principal(data) if who else text_of(data)

    def _json(self, data: Any, *, who: bool = False) -> Iterator[str | Raw]:
        """Yield the parts of a document's minified JSON."""
        match data:
            case dict():
                yield "{"
                for number, (name, member) in enumerate(data.items()):
                    yield "," if number else ""
                    yield from self._json(name)
                    yield ":"
                    yield from self._json(member, who=who or name in _PRINCIPALS)
                yield "}"
            case list():
                yield "["
                for number, item in enumerate(data):
                    yield "," if number else ""
                    yield from self._json(item, who=who)
                yield "]"
            case _:
                value = self.principal(data) if who else text_of(data)
                inside = value.parts if isinstance(value, Text) else (value,)
                yield '"'
                for part in inside:
                    yield json.dumps(part)[1:-1] if isinstance(part, str) else part
                yield '"'


_PRINCIPALS = {"Principal", "NotPrincipal"}


def doubled(keys: Sequence[str]) -> bool:
    """Tell whether two of some names can be the same once a deployment has filled in marks."""
    folded = [key.lower() for key in keys]
    marked = [n for n, key in enumerate(keys) if has_marks(key)]
    return any(
        may_be_equal(folded[n], other) for n in marked for m, other in enumerate(folded) if m != n
    )


def _joined(some: Iterator[str | Raw]) -> Iterator[str | Raw]:
    """Yield parts with literal ones beside each other as one."""
    held = ""
    for part in some:
        if isinstance(part, str):
            held += part
            continue
        if held:
            yield held
        held = ""
        yield part
    if held:
        yield held


def _strings(value: object) -> Iterator[str]:
    match value:
        case str():
            yield value
        case dict():
            for name, member in value.items():
                yield name
                yield from _strings(member)
        case list():
            for item in value:
                yield from _strings(item)
        case _:
            pass


class Texts:
    """Makes texts that are no documents: descriptions, tags, paths."""

    def __init__(self, report: Report) -> None:
        self._report = report

    def text(self, value: str, what: str, origin: Sequence[Span]) -> Text:
        """Return a text; one that Terraform would change is reported."""
        if not is_exact(value):
            self._report.add(
                codes.TARGET_CANNOT_SAY,
                origin[0] if origin else None,
                f"Terraform would change {what}: it composes accents with their letters",
                hint="write the letters in their composed form (Unicode's NFC)",
            )
        return text_of(value)

    def tags(self, pairs: Sequence[tuple[str, str]], origin: Sequence[Span]) -> Record:
        """Return tags; keys that could become the same are reported."""
        if doubled([key for key, _ in pairs]):
            self._report.add(
                codes.TARGET_CANNOT_SAY,
                origin[0] if origin else None,
                "two tags can get the same key in a deployment",
                label="Terraform would keep one of them, and say nothing",
                hint="give the extern in the key a value with `--set`, or use a `param`",
            )
        what = "a tag"
        members = ((self.text(k, what, origin), self.text(v, what, origin)) for k, v in pairs)
        return Record(tuple(members))

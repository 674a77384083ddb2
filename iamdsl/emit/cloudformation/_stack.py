"""A template as it comes about: resources, what each waits for, parameters and outputs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from iamdsl.diagnostics import codes
from iamdsl.emit._marks import open_externs
from iamdsl.emit._principals import leads
from iamdsl.emit.cloudformation import _ids as ids
from iamdsl.emit.cloudformation._values import Call, Values

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from iamdsl import iam
    from iamdsl.diagnostics import Code, Report
    from iamdsl.emit._places import Place
    from iamdsl.emit._targets import Facts
    from iamdsl.emit.cloudformation._values import Value
    from iamdsl.source import Span

ROOT = "OrganizationRootId"
INSTANCE = "IdentityCenterInstanceArn"


class Resource(NamedTuple):
    """A resource, and what has to be there before it besides what it refers to."""

    type: str
    properties: dict[str, Value]
    after: set[str]


class Stack:
    """The template of one place.

    Attributes:
        values: makes values of texts.
        resources, outputs: by logical id.
        parameters: that no extern is behind, those of the organization and Identity Center.
        setting: by name of a policy of a resource, the resources that set it.
    """

    def __init__(self, place: Place, facts: Facts, report: Report) -> None:
        self.place, self.facts, self.report = place, facts, report
        self.externs = open_externs(place.build, facts.externs)
        self.resources: dict[str, Resource] = {}
        self.outputs: dict[str, Value] = {}
        self.setting: dict[str, list[str]] = {}
        self.parameters: dict[str, Value] = {}
        self.names = dict(_parameter_names(self.externs, place))
        self.values = Values(self.names, report)

    def add(
        self, name: str, kind: str, properties: dict[str, Value], after: Iterable[str] = ()
    ) -> None:
        """Add a resource."""
        assert name not in self.resources, name  # noqa: S101  # ids are as unique as names
        self.resources[name] = Resource(kind, properties, set(after))

    def complain(self, code: Code, spans: Sequence[Span], message: str, hint: str) -> None:
        """Report what is wrong with a part of the build."""
        self.report.add(code, spans[0] if spans else None, message, hint=hint)

    def tags(self, tags: iam.Tags, spans: Sequence[Span]) -> list[Value]:
        """Return tags as most types have them."""
        text = self.values.text
        return [{"Key": text(k, spans), "Value": text(v, spans)} for k, v in tags]

    def waits_for(self, name: str) -> set[str]:
        """Return the resources that one refers to, or names as those to wait for."""
        found = self.resources[name]
        return (set(_references(found.properties)) | found.after) & self.resources.keys()

    def used(self) -> set[str]:
        """Return the parameters that something refers to, pseudo parameters among them."""
        values = [r.properties for r in self.resources.values()]
        return set(_references([*values, *self.outputs.values()]))

    def depends_on(self, name: str) -> list[str]:
        """Return what has to be said of what a resource waits for: what it does not refer to."""
        found = self.resources[name]
        return sorted(found.after - set(_references(found.properties)))

    def reaches(self, start: str, end: str) -> bool:
        """Tell whether a resource waits for another, perhaps over others."""
        return leads(start, end, self.waits_for)


def _parameter_names(externs: Iterable[iam.Extern], place: Place) -> Iterator[tuple[str, str]]:
    taken = {ROOT, INSTANCE, *_resource_ids(place)}
    for extern in externs:
        name = ids.camel(extern.name)
        if name in taken:
            name = f"{name}X{ids.digest(extern.name)}"
        taken.add(name)
        yield extern.name, name


def _resource_ids(place: Place) -> Iterator[str]:
    for document in place.build.documents:
        if document.kind == "resource":
            yield ids.of_resource(document, place)
        else:
            yield ids.of(document.kind, document.name)
    for identity in place.build.identities:
        yield ids.of(identity.kind, identity.name)
        if identity.instance_profile is not None:
            yield ids.of_profile(identity.instance_profile)
        for name, _ in identity.inline:
            yield ids.of_inline(identity.kind, identity.name, name)


_IN_SUB = re.compile(r"\$\{([A-Za-z0-9]+)\}")


def _references(value: Any) -> Iterator[str]:
    """Yield the logical ids that a value refers to."""
    if isinstance(value, Call):
        if value.name == "Ref":
            yield value.argument
        elif value.name == "GetAtt":
            yield value.argument[0]
        elif value.name == "Sub":
            yield from _IN_SUB.findall(value.argument)
        else:
            yield from _references(value.argument)
    elif isinstance(value, dict):
        for member in value.values():
            yield from _references(member)
    elif isinstance(value, list):
        for item in value:
            yield from _references(item)


def cannot_deploy(stack: Stack, spans: Sequence[Span], message: str, hint: str) -> None:
    """Warn of what a template leaves out."""
    stack.complain(codes.NOT_DEPLOYED, spans, message, hint)

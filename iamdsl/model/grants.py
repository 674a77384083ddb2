"""The flat program: places, and entities with sentences whose every part is a value."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    from iamdsl.model.formula import Formula
    from iamdsl.model.values import Value
    from iamdsl.source import Span


ORGANIZATION_POLICIES = frozenset({"scp", "rcp"})
"""Kinds of policy that belong to the organization, wherever they are declared."""


@attrs.frozen(repr=False, eq=False)
class Grant:
    """One `allow`, `deny` or `trust`.

    Attributes:
        principals, resources: None when the clause was not written.
        emptied: whether a fold over an empty list took part in the condition.
        span: the sentence; `origin` adds the places of the `use`s that led to it.
    """

    verb: str
    actions: tuple[Value, ...]
    actions_except: tuple[Value, ...]
    principals: tuple[Value, ...] | None
    principals_except: tuple[Value, ...]
    resources: tuple[Value, ...] | None
    resources_except: tuple[Value, ...]
    condition: Formula
    sid: str | None
    span: Span
    origin: tuple[Span, ...] = ()
    emptied: bool = False


@attrs.define(repr=False, eq=False)
class Place:
    """Where things go: the nameless place of a project, or a part of an organization.

    Attributes:
        kind: `organization`, `ou` or `account`; "" for the nameless place.
        id: `o-…`, `ou-…` or 12 digits, or the mark of an extern.
        span: the name in its declaration.
        outer: the place that it stands in.
        attachments: what `attach` names.
    """

    kind: str = ""
    name: str = ""
    id: str = ""
    span: Span | None = None
    outer: Place | None = None
    attachments: list[Value] = attrs.field(factory=list)

    @property
    def outermost(self) -> Place:
        """Return the nameless place."""
        return self if self.outer is None else self.outer.outermost


@attrs.define(repr=False, eq=False)
class Entity:
    """A declaration after expansion.

    Attributes:
        within: the place that it stands in, whose names it sees.
        settings: by name, the values and the place of each setting.
        target: of a resource policy, what it is for.
        attachments: what `attach` and `groups` name.
    """

    kind: str
    name: str
    span: Span
    place: Span
    within: Place
    doc: str = ""
    target: Value | None = None
    grants: list[Grant] = attrs.field(factory=list)
    settings: dict[str, tuple[tuple[Value, ...], Span]] = attrs.field(factory=dict)
    attachments: list[Value] = attrs.field(factory=list)

    @property
    def home(self) -> Place:
        """Return the place that holds it: organization policies belong to no account."""
        return self.within.outermost if self.kind in ORGANIZATION_POLICIES else self.within

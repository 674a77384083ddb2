"""The IAM policy document as values (grammar: AWS "reference_policies_grammar")."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

import attrs

if TYPE_CHECKING:
    from iamdsl.source import Span


@attrs.frozen(repr=False)
class Elements:
    """The list of an `Action`/`NotAction` or `Resource`/`NotResource` element.

    A plain list is an OR of its patterns. A negated one ("Not…") matches what none of its
    patterns match: it must never be split or joined as if it were an OR.
    """

    values: tuple[str, ...]
    negated: bool = False


@attrs.frozen(repr=False)
class Principals:
    """A `Principal` or (negated) `NotPrincipal` element.

    Attributes:
        by_type: pairs of type ("AWS", "Service", "Federated", "CanonicalUser", or "*" for the
            bare `"Principal": "*"`, whose values are `("*",)`) and values, sorted by type.
    """

    by_type: tuple[tuple[str, tuple[str, ...]], ...]
    negated: bool = False


ANYONE = Principals((("*", ("*",)),))


@attrs.frozen(repr=False)
class Entry:
    """One operator applied to one key, e.g. `StringEquals aws:PrincipalOrgID ("o-1",)`.

    Attributes:
        operator: as AWS spells it, set prefix and `IfExists` included.
        key: the condition key in one spelling (keys are compared without case).
        values: never empty; an OR for positive operators, a NOR for negated ones.
    """

    operator: str
    key: str
    values: tuple[str, ...]


Condition: TypeAlias = tuple[Entry, ...]
"""A `Condition` block: entries that must all hold; sorted by operator, then key, each pair once."""


@attrs.frozen(repr=False)
class Statement:
    """One statement; `origin` are the source places that it came from."""

    effect: Literal["Allow", "Deny"]
    actions: Elements
    resources: Elements | None = None
    principals: Principals | None = None
    condition: Condition = ()
    sid: str | None = None
    origin: tuple[Span, ...] = attrs.field(default=(), eq=False)


@attrs.frozen(repr=False)
class Policy:
    """A policy document of language version 2012-10-17.

    Attributes:
        version: what the document that it was read from says, "" where it says nothing; how such
            a one reads in version 2012-10-17 is what stands here.
    """

    statements: tuple[Statement, ...]
    id: str | None = None
    version: str = attrs.field(default="2012-10-17", eq=False)

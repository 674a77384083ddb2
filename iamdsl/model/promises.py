"""Tests and guards, flat: what a project promises of itself, with every part a value."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import attrs

from iamdsl.model.grants import Grant

if TYPE_CHECKING:
    from iamdsl.model.grants import Entity, Place
    from iamdsl.model.values import Value
    from iamdsl.source import Span

Given: TypeAlias = tuple[tuple[str, tuple[str, ...]], ...]


@attrs.frozen(repr=False, eq=False)
class Check(Grant):
    """One `allows`, `denies`, `never` or `always`: a sentence like a grant, about other grants.

    Attributes:
        given: keys of the request, as AWS spells them, with their values in normal form.
    """

    given: Given = ()


@attrs.define(repr=False, eq=False)
class Test:
    """A `test` after expansion.

    Attributes:
        subject: what it is of.
        within: the place that holds the subject, whose names the checks see.
        span: the name in its declaration.
    """

    name: str
    subject: Entity
    within: Place
    span: Span
    grants: list[Check] = attrs.field(factory=list)
    kind: str = "test"


@attrs.define(repr=False, eq=False)
class Guard:
    """A `guard`, as it binds the identities of one place.

    Attributes:
        reason: what it says for itself, "" where it says nothing.
        exceptions: what `except` names; `excepted` is where it says so.
        span: the name in its declaration, or in the `use` that switched it on.
    """

    name: str
    reason: str
    exceptions: tuple[Value, ...]
    within: Place
    span: Span
    excepted: tuple[Span, ...] = ()
    grants: list[Check] = attrs.field(factory=list)
    kind: str = "guard"


Promise: TypeAlias = Test | Guard

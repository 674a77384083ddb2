"""Modules, and what the names in them stand for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from iamdsl.model import types

if TYPE_CHECKING:
    from iamdsl.model.types import Type
    from iamdsl.source import Source, Span


@attrs.define(eq=False, repr=False)
class Binding:
    """What a name stands for.

    Attributes:
        kind: let, param, extern, template, guard, module, data, local.
        node: the tree's node: `Let`, `Param`, `Extern`, `Template`, `Import`, `Parameter`, `Name`.
        module: the module whose scope the node's expressions are read in.
        type: None until `resolve` has inferred it.
        target: the `Module` of an import, or the imported data.
        used: whether anything refers to it.
    """

    kind: str
    name: str
    node: Any
    module: Module
    span: Span
    type: Type | None = None
    target: Any = None
    used: bool = False


FOREIGN = ("std/", "@")
"""What the names of sources begin with that come with us or with a package."""


@attrs.define(eq=False, repr=False)
class Module:
    """A source with its names; `library` when it came by import and so builds nothing."""

    source: Source
    file: Any
    library: bool
    names: dict[str, Binding] = attrs.field(factory=dict)

    @property
    def foreign(self) -> bool:
        """Tell whether it comes with us or with a package, and is nobody's to change here."""
        return self.source.name.startswith(FOREIGN)


@attrs.frozen(repr=False)
class Program:
    """All modules of a build.

    Attributes:
        modules: the project's own sources first, imported ones after.
        entities: declarations whose name is written out, by lower-cased name; several where
            places have their own. What is in an account comes before an ou of that name.
        computed: whether some declaration's name is known only after expansion.
    """

    modules: tuple[Module, ...]
    entities: dict[str, tuple[Any, ...]]
    computed: bool

    def entity_type(self, name: str) -> Type | None:
        """Return the type of a reference to a declaration by its name, None if there is none."""
        found = self.entities.get(name.lower())
        return None if found is None else entity_type(*dict.fromkeys(node.kind for node in found))


ENTITY_KINDS = frozenset(
    [
        "policy",
        "boundary",
        "scp",
        "rcp",
        "session",
        "role",
        "user",
        "group",
        "permission_set",
        "account",
        "ou",
        "organization",
    ]
)
"""Kinds of declaration whose names belong to the whole project."""


def namespace(kind: str) -> str:
    """Return the kind whose names a kind of declaration shares: policies are one with boundaries.

    A role and a policy of one name are two things for IAM (AWS "reference_iam-quotas").
    """
    return "policy" if kind == "boundary" else kind


def entity_type(*kinds: str) -> Type:
    """Return the type of a reference to a declaration of a kind, or of one of several."""
    return types.Type("Entity", options=kinds)


def with_article(kind: str) -> str:
    """Return the name of a kind as it stands in a sentence: "a role", "an scp"."""
    return f"{'an' if kind[0] in 'aeio' or kind in {'scp', 'rcp'} else 'a'} {kind}"

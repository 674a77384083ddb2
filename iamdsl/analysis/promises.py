"""What tests and guards ask, in the words of IAM: questions that need no source to be answered."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, TypeAlias

from iamdsl.analysis.writing import quoted, reference
from iamdsl.iam import Elements, Statement

if TYPE_CHECKING:
    from collections.abc import Mapping

    from iamdsl.iam import Condition, DocumentKind, IdentityKind, Principals
    from iamdsl.simulate import Context
    from iamdsl.source import Span

Verb: TypeAlias = Literal["allows", "denies", "never", "always"]
Kind: TypeAlias = "IdentityKind | DocumentKind"
_NOTHING: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType({})


class Reference(NamedTuple):
    """Something in a build, by what it is called there.

    Attributes:
        account: the name of its account in the source, "" outside of all.
    """

    account: str
    kind: Kind
    name: str

    def __str__(self) -> str:
        """Return what messages call it: ``role `prod.deployer` ``."""
        kind = "policy" if self.kind in {"managed", "resource"} else self.kind.replace("_", " ")
        return quoted(f"{kind} {reference(self.account, self.name)}")


class Check(NamedTuple):
    """One question.

    Attributes:
        verb: `allows` and `denies` are about one request, or about all that the patterns match;
            `never` and `always` about every request in the box.
        actions, resources: as in a statement; no resources where the policy's own are meant and
            its service writes none.
        callers: who asks, as a statement names them; None for the subject itself.
        blocks: of `never` and `always`: the box is where one of them holds; else one, empty.
        given: the keys that the request has, in lower case, with their values.
        span: the sentence; `origin` adds the places of the `use`s that led to it.
        apart: layers that stand beside those of the permissions, so that what `except` takes
            away is out of the question; none for `allows` and `always`, whose lists are cut.
    """

    verb: Verb
    actions: Elements
    resources: Elements | None
    callers: Principals | None
    blocks: tuple[Condition, ...]
    span: Span
    origin: tuple[Span, ...] = ()
    given: Context = _NOTHING
    apart: tuple[Statement, ...] = ()

    @property
    def box(self) -> tuple[Statement, ...]:
        """Return statements that match the requests which the question is about."""
        return tuple(
            Statement("Allow", self.actions, self.resources, self.callers, block)
            for block in self.blocks
        )

    @property
    def is_example(self) -> bool:
        """Tell whether it is about one request for each action, resource and caller listed."""
        lists = (self.actions, self.resources or Elements(()))
        return (
            self.verb in {"allows", "denies"}
            and not self.apart
            and not any(
                elements.negated or any(set("*?") & set(text) for text in elements.values)
                for elements in lists
            )
        )


class Test(NamedTuple):
    """A test: a name for people, what it is about, and its checks.

    Attributes:
        span: the name in its declaration.
    """

    name: str
    subject: Reference
    checks: tuple[Check, ...]
    span: Span


class Guard(NamedTuple):
    """A guard over all identities of one account, or of those outside of all accounts.

    Attributes:
        account: the account's name, "" outside of all.
        reason: why it is there, "" where it does not say.
        exceptions: the identities that it does not bind, with the places that name them.
        span: the name in its declaration, or in the `use` that switched it on.
        excepted: all that its `except` names, in any account, as the source has it.
    """

    name: str
    account: str
    reason: str
    exceptions: tuple[tuple[Reference, Span], ...]
    checks: tuple[Check, ...]
    span: Span
    excepted: tuple[str, ...] = ()

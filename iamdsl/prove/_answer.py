"""What a question about policies comes to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from iamdsl.iam import Statement
    from iamdsl.simulate import Request

Effect: TypeAlias = Literal["Allow", "Deny"] | None


class Permissions(NamedTuple):
    """What a caller may do: an intersection of unions, with all denies united.

    A request is allowed when each layer has an `Allow` that applies, and no layer a `Deny`. An
    identity with a boundary under two levels of SCPs has four layers.
    """

    layers: tuple[tuple[Statement, ...], ...]


class Answer(NamedTuple):
    """The answer to a question, never a guess.

    Attributes:
        verdict: `yes` is proved; `no` has a witness that was replayed; else `unknown`.
        witness: a request that shows the `no`; None otherwise.
        before, after: what the two sides decide about the witness.
        reason: of an `unknown`, why; else "".
    """

    verdict: Literal["yes", "no", "unknown"]
    witness: Request | None = None
    before: Effect = None
    after: Effect = None
    reason: str = ""

    def __bool__(self) -> bool:
        """Tell whether the answer is a proved yes."""
        return self.verdict == "yes"


class Change(NamedTuple):
    """A group of requests that one side allows and the other does not.

    Attributes:
        actions: names of the catalogue that have the change in common, and patterns where actions
            that AWS may add have it too.
        resources: patterns of the resources.
        except_resources: patterns within these, whose resources do not have the change.
        when: the conditions, each a condition block as text that must hold; empty for always.
        witness: one request of the group.
    """

    actions: tuple[str, ...]
    resources: tuple[str, ...]
    when: tuple[str, ...]
    witness: Request
    except_resources: tuple[str, ...] = ()


class Changes(NamedTuple):
    """What one side allows and the other does not.

    Attributes:
        unknown: why something could not be decided, in words; empty when all was.
    """

    gained: tuple[Change, ...] = ()
    lost: tuple[Change, ...] = ()
    unknown: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        """Tell whether there is anything to say."""
        return bool(self.gained or self.lost or self.unknown)

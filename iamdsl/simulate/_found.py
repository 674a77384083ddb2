"""Which statements of policies speak of a request, and which keys they asked for in vain."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from iamdsl.simulate._kept import kept
from iamdsl.simulate._request import Matched
from iamdsl.simulate._statements import compiled, on_action

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from iamdsl.iam import Policy
    from iamdsl.simulate._callers import Caller
    from iamdsl.simulate._request import Context, Layer, Named, Verdict
    from iamdsl.simulate._statements import CompiledStatement

_ACTIONS_KEPT = 512
"""Actions for which a policy's statements are remembered."""


class About(NamedTuple):
    """The statements of a policy that speak of an action, by their numbers.

    Attributes:
        conditional: those of them that look at keys of the context.
    """

    statements: Sequence[tuple[int, CompiledStatement]]
    conditional: Sequence[CompiledStatement]


class CompiledPolicy:
    """A policy as it is asked: by action."""

    __slots__ = ("_by_action", "_statements")

    def __init__(self, policy: Policy) -> None:
        self._statements = [(on_action(s), n, s) for n, s in enumerate(policy.statements)]
        self._by_action: dict[str, About] = {}

    def about(self, action: str) -> About:
        """Return what speaks of an action, given in lower case."""
        found = self._by_action.get(action)
        if found is None:
            pairs = [(n, compiled(s)) for test, n, s in self._statements if test(action)]
            found = About(pairs, [s for _, s in pairs if s.entries or s.variables])
            if len(self._by_action) < _ACTIONS_KEPT:
                self._by_action[action] = found
        return found


compiled_policy = kept(CompiledPolicy)


class Question(NamedTuple):
    """What policies are asked.

    Attributes:
        action: in lower case.
        bounded: whether the caller has a permissions boundary: such a caller is denied by every
            `Deny` with `NotPrincipal`, whomever that lists (AWS
            "reference_policies_elements_notprincipal").
    """

    action: str
    resource: str
    context: Context
    caller: Caller
    bounded: bool


class Found(NamedTuple):
    """The statements of one layer that speak of a request.

    Attributes:
        grants: the allows as they are compiled, in the same order.
        conditional: all that speak of the action and look at keys, whether they apply or not.
    """

    allows: Sequence[Matched]
    denies: Sequence[Matched]
    grants: Sequence[CompiledStatement]
    conditional: Sequence[CompiledStatement]


def find(layer: Layer, among: Iterable[Named], question: Question) -> Found:
    """Return what the policies of a layer say."""
    action, resource, context, _, _ = question
    allows: list[Matched] = []
    denies: list[Matched] = []
    grants: list[CompiledStatement] = []
    conditional: list[CompiledStatement] = []
    for name, policy in among:
        statements, looking = compiled_policy(policy).about(action)
        conditional += looking
        for number, statement in statements:
            if (
                not statement.on_resource(resource, context)
                or (statement.principals is not None and not _is_about(statement, question))
                or (statement.entries and not statement.holds(context))
            ):
                continue
            matched = Matched(layer, name, number, policy.statements[number])
            if statement.allows:
                allows.append(matched)
                grants.append(statement)
            else:
                denies.append(matched)
    return Found(allows, denies, grants, conditional)


def _is_about(statement: CompiledStatement, question: Question) -> bool:
    listed = statement.principals
    return (
        listed is None
        or listed.speaks_of(question.caller)
        or (question.bounded and listed.negated and not statement.allows)
    )


_TURNING: Final[dict[Verdict, frozenset[tuple[bool, bool]]]] = {
    "explicitDeny": frozenset({(False, True)}),
    "implicitDeny": frozenset({(True, False)}),
    "allowed": frozenset({(False, False), (True, True)}),
}
"""Whether they allow, and whether they applied: statements that could turn a verdict."""


def missing(
    conditional: Sequence[CompiledStatement], question: Question, verdict: Verdict
) -> list[str]:
    """Return the missing keys, as they are written, that could have turned a verdict."""
    _, resource, context, _, _ = question
    turning = _TURNING[verdict]
    found: list[str] = []
    if not conditional:
        return found
    for statement in conditional:
        if not _is_about(statement, question):
            continue
        applied = statement.on_resource(resource, context) and statement.holds(context)
        if (statement.allows, applied) in turning and (
            applied or _might_apply(statement, question)
        ):
            found += _asked_in_vain(statement, context)
    return found


def _might_apply(statement: CompiledStatement, question: Question) -> bool:
    """Tell whether a statement about the caller could apply if the request had more keys."""
    context = question.context
    return statement.may_be_on(question.resource, context) and all(
        entry.holds(context) or not all(context.get(key) for key in entry.lowered)
        for entry in statement.entries
    )


def _asked_in_vain(statement: CompiledStatement, context: Context) -> Iterator[str]:
    for entry in statement.entries:
        for key, lowered in zip(entry.keys, entry.lowered, strict=True):
            if not context.get(lowered):
                yield key
    for key in statement.variables:
        if not context.get(key.lower()):
            yield key

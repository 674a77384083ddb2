"""Whether a statement speaks of a request, and what statements say together.

Sources: AWS "reference_policies_elements_action", "…_resource", "…_principal" and
"reference_policies_evaluation-logic". Each statement is compiled once, to a few closures.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

from iamdsl.iam import split_operator
from iamdsl.simulate._callers import Listed, caller_of, listed
from iamdsl.simulate._conditions import compiled_entry
from iamdsl.simulate._kept import kept
from iamdsl.simulate._texts import (
    FIELDS,
    Test,
    Variable,
    Wild,
    any_glob,
    any_text,
    filled,
    glob_test,
    is_closed,
    parts,
    value_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from iamdsl.iam import Elements, Entry, Statement
    from iamdsl.simulate._callers import Caller
    from iamdsl.simulate._conditions import CompiledEntry
    from iamdsl.simulate._request import Context, Request
    from iamdsl.simulate._texts import Part

Effect: TypeAlias = Literal["Allow", "Deny"] | None
OnResource: TypeAlias = "Callable[[str, Context], bool]"


class CompiledStatement(NamedTuple):
    """A statement as it is asked, but for its actions.

    Attributes:
        may_be_on: whether the resource may be one of the statement's: a variable without a value
            can become any text.
        variables: keys of the resources' variables without a default, as they are written.
        principals: None where the statement is about whoever it is attached to.
        on_principal_arn: whether it applies only where `aws:PrincipalArn` is one of a list.
    """

    allows: bool
    on_resource: OnResource
    may_be_on: OnResource
    variables: tuple[str, ...]
    principals: Listed | None
    entries: tuple[CompiledEntry, ...]
    on_principal_arn: bool

    def is_about(self, caller: Caller) -> bool:
        """Tell whether the statement speaks of a caller."""
        return self.principals is None or self.principals.speaks_of(caller)

    def holds(self, context: Context) -> bool:
        """Tell whether the statement's condition holds."""
        # A loop is quicker than `all` over a generator, and most statements have no condition.
        for entry in self.entries:  # noqa: SIM110
            if not entry.holds(context):
                return False
        return True

    def but_for_action(self, request: Request) -> bool:
        """Tell whether all else of the statement fits a request."""
        return (
            self.on_resource(request.resource, request.context)
            and (self.principals is None or self.is_about(caller_of(request.principal)))
            and self.holds(request.context)
        )


def applies(statement: Statement, request: Request) -> bool:
    """Tell whether a statement speaks of a request; nothing is filled into the context."""
    return on_action(statement)(request.action.lower()) and compiled(statement).but_for_action(
        request
    )


def effect(statements: Iterable[Statement], request: Request) -> Effect:
    """Return what statements say of a request: a deny wins, None is said of no one."""
    action = request.action.lower()
    allowed = False
    for statement in statements:
        # A second allow changes nothing.
        if (allowed and statement.effect == "Allow") or not on_action(statement)(action):
            continue
        if compiled(statement).but_for_action(request):
            if statement.effect == "Deny":
                return "Deny"
            allowed = True
    return "Allow" if allowed else None


def _compiled(statement: Statement) -> CompiledStatement:
    on_resource, may_be_on, variables = _on_resource(statement.resources)
    return CompiledStatement(
        statement.effect == "Allow",
        on_resource,
        may_be_on,
        variables,
        None if statement.principals is None else listed(statement.principals),
        tuple(map(compiled_entry, statement.condition)),
        any(map(_lists_principal_arns, statement.condition)),
    )


compiled = kept(_compiled)


def _lists_principal_arns(entry: Entry) -> bool:
    prefix, base, optional = split_operator(entry.operator)
    tests = ("StringEquals", "StringLike", "ArnEquals", "ArnLike")
    return (
        entry.key.lower() == "aws:principalarn"
        and base in tests
        and prefix != "ForAllValues"
        and not optional
    )


def _negated(test: Test, *, negated: bool) -> Test:
    return (lambda text: not test(text)) if negated else test


def _on_action(statement: Statement) -> Test:
    elements = statement.actions
    # An action has no variables: `${` in one is plain text, and is none of AWS's.
    return _negated(any_text([text.lower() for text in elements.values]), negated=elements.negated)


on_action = kept(_on_action)
"""Return the test for actions of a statement; it is asked in lower case.

It is apart from the rest, because most statements are about other actions than those asked for.
"""


def padded(text: str) -> str:
    """Return a resource with all six fields: a short ARN goes on with `*` in each.

    AWS "reference_policies_elements_resource".
    """
    if not text.startswith("arn:") or (text.count(":") >= FIELDS - 1 and "${" not in text):
        return text
    colons = sum(part.count(":") for part in parts(text) if isinstance(part, str))
    return text + ":*" * (FIELDS - 1 - colons)


def _everywhere(resource: str, context: Context) -> bool:
    """Take any resource: without `Resource`, a policy is about what it is attached to."""
    del resource, context
    return True


def _on_resource(elements: Elements | None) -> tuple[OnResource, OnResource, tuple[str, ...]]:
    """Return the tests whether it is, and may be, a resource, and the keys of the variables."""
    if elements is None or (not elements.negated and "*" in elements.values):
        return _everywhere, _everywhere, ()
    texts = [padded(text) for text in elements.values]
    if not any("${" in text for text in texts):
        return _on_closed_resource(any_text(texts), negated=elements.negated)
    patterns = [parts(text) for text in texts]
    opened = [pattern for pattern in patterns if not is_closed(pattern)]
    closed = any_glob(
        [made for p in patterns if is_closed(p) and (made := filled(p, {})) is not None]
    )
    if not opened:
        return _on_closed_resource(closed, negated=elements.negated)
    keys = [
        part.written
        for pattern in opened
        for part in pattern
        if isinstance(part, Variable) and part.default is None
    ]
    return (
        _on_open_resource(closed, opened, negated=elements.negated),
        _may_be_on(closed, opened, negated=elements.negated),
        tuple(dict.fromkeys(keys)),
    )


def _on_closed_resource(
    closed: Test, *, negated: bool
) -> tuple[OnResource, OnResource, tuple[str, ...]]:
    def test(resource: str, _: Context) -> bool:
        return closed(resource) != negated

    return test, test, ()


def _on_open_resource(closed: Test, opened: list[tuple[Part, ...]], *, negated: bool) -> OnResource:
    def test(resource: str, context: Context) -> bool:
        found = closed(resource) or any(
            (pattern := filled(p, context)) is not None and glob_test(pattern)(resource)
            for p in opened
        )
        return found != negated

    return test


def _may_be_on(closed: Test, opened: list[tuple[Part, ...]], *, negated: bool) -> OnResource:
    if negated:  # without its value, a variable excludes nothing
        return lambda resource, _: not closed(resource)

    def test(resource: str, context: Context) -> bool:
        return closed(resource) or any(
            glob_test(
                tuple(
                    (value_of(part, context) or Wild.ANY) if isinstance(part, Variable) else part
                    for part in pattern
                )
            )(resource)
            for pattern in opened
        )

    return test

"""Checks of tests and guards: which clauses each verb takes, and what a request is given.

`allows` and `denies` are about an example: what it holds is in `given`. `never` and `always` are
about all requests, which `when` and `unless` narrow.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from iamdsl.compiler import formulas
from iamdsl.compiler.bodies import CHECKS
from iamdsl.diagnostics import Label, codes
from iamdsl.iam import PLACEHOLDER_OPEN
from iamdsl.model import Value, types
from iamdsl.model.values import leaves
from iamdsl.source import moved
from iamdsl.syntax import tree

if TYPE_CHECKING:
    from iamdsl.aws import Key
    from iamdsl.compiler.evaluate import Evaluator, Frame
    from iamdsl.compiler.infer import Inference
    from iamdsl.compiler.scope import Scope
    from iamdsl.diagnostics import Report
    from iamdsl.model.promises import Given
    from iamdsl.source import Span

_EXAMPLES = frozenset({"allows", "denies"})
_NO_VALUES = frozenset({"Action", "*", "Record", "Condition", "Key", "Module", "Template", "Guard"})
_IDENTITIES = frozenset({"role", "user", "group", "permission_set"})


def check(checker: Inference, node: tree.Statement, scope: Scope) -> None:
    """Check what is particular to the clauses of a check."""
    for word, clause in node.clauses:
        problem, hint = _misplaced(node.verb, word)
        if problem:
            checker.report.add(codes.MISPLACED, clause.span, problem, hint=hint)
        if word == "given" and isinstance(clause, tree.Record):
            _check_given(checker, clause, scope)


def _misplaced(verb: str, word: str) -> tuple[str, str]:
    """Return what is wrong with a clause of a check, and what to do; "" for nothing."""
    if verb not in CHECKS:
        if word == "given":
            article = "an" if verb == "allow" else "a"
            return (
                f"`given` has no place in {article} `{verb}`",
                "it says what the request of a check holds: here write `when`",
            )
        return "", ""
    if verb in _EXAMPLES and word in {"when", "unless"}:
        other = "never" if verb == "denies" else "always"
        return (
            f"`{verb}` is about one request, and takes no `{word}`",
            f"say what the request holds by `given {{ … }}`, or write `{other}` for all requests",
        )
    if verb not in _EXAMPLES and word == "given":
        return (
            f"`{verb}` is about every request, and takes no `given`",
            "narrow it by `when` or `unless`",
        )
    if word == "as":
        return f"`{verb}` has no Sid", "remove `as`: a check becomes no statement"
    return "", ""


def _check_given(checker: Inference, node: tree.Record, scope: Scope) -> None:
    """Check the keys and the kinds of values that a request is given."""
    for key, value in node.entries:
        kind = types.leaf(checker.infer(value, scope))
        if isinstance(key, tree.Name):
            checker.report.add(
                codes.UNKNOWN_KEY,
                key.span,
                f"`{key.text}` is no condition key",
                hint=f"a key has its service before it: `aws:{key.text}`; others are quoted",
            )
            continue
        checker.infer(key, scope)
        if key.kind == "qualified" and key.plain is not None:
            name = Value(types.KEY, key.plain, span=key.span)
            formulas.known_key(name, key.span, checker.environment, checker.report)
        if kind.name in _NO_VALUES:
            checker.report.add(
                codes.WRONG_TYPE,
                value.span,
                f"a request's key cannot hold a value of type {kind}",
                hint="write text, a number, a date, an address, an ARN, `true` or `false`",
            )


def subject(checker: Inference, node: tree.Declaration, scope: Scope) -> Scope:
    """Check what a test is of; return the scope of its checks, where `self` is that resource."""
    assert node.header is not None  # noqa: S101  # the grammar asks for it
    kind = checker.infer(node.header, scope)
    if kind.name not in {"Entity", "String", "Choice", "Arn", "Unknown", "Any"} or (
        kind.name == "Entity" and not set(kind.options) - _PLACES
    ):
        checker.report.add(
            codes.WRONG_TYPE,
            node.header.span,
            f"a test is of a policy or an identity, and this is {kind}",
            hint="name a role, user, group, permission set or policy of the project",
        )
    declared: tuple[tree.Declaration, ...] = ()
    if isinstance(node.header, tree.Name):
        declared = checker.program.entities.get(node.header.text.lower(), ())
    if declared and not any(d.kind == "policy" and d.header is not None for d in declared):
        return scope
    inner = scope.inner()
    inner.bind(tree.Name("self", span=node.header.span), types.ARN, None)
    return inner


_PLACES = frozenset({"organization", "ou", "account"})


def exceptions(checker: Inference, node: tree.Declaration, scope: Scope) -> None:
    """Check whom a guard excepts, and that it says why."""
    for exception in node.exceptions:
        kind = checker.infer(exception, scope)
        item = types.leaf(kind)
        if item.name in {"Unknown", "Any", "String", "Choice", "Arn"}:
            continue
        if item.name != "Entity" or not _IDENTITIES.intersection(item.options):
            checker.report.add(
                codes.WRONG_TYPE,
                exception.span,
                f"a guard excepts identities, and this is {kind}",
                hint="name a role, user, group or permission set",
            )
    if node.exceptions and node.header is None:
        checker.report.add(
            codes.MISSING_CLAUSE,
            node.exceptions[0].span,
            "this guard has an exception, and does not say why",
            hint=f'write the reason after its name: `guard {node.name.span.text} "…" except …`',
        )


def given(evaluator: Evaluator, node: tree.Record, frame: Frame) -> Given | None:
    """Return the keys of a request with their values in normal form; None after a mistake."""
    made: dict[str, tuple[str, tuple[str, ...]]] = {}
    places: dict[str, Span] = {}
    report = evaluator.report
    for written, expression in node.entries:
        name = evaluator.value(written, frame)
        value = evaluator.value(expression, frame)
        if name is None or value is None:
            return None
        for key in leaves(name):
            quoted = isinstance(written, tree.Text) and written.kind == "string"
            known = Value(types.KEY, key.data, verbatim=quoted, span=written.span)
            spelt, found = formulas.known_key(known, written.span, evaluator.environment, report)
            texts = _texts(spelt, found, value, expression, report)
            if texts is None:
                return None
            folded = spelt.lower()
            if folded in made:
                report.add(
                    codes.DUPLICATE_NAME,
                    written.span,
                    f"the key `{spelt}` is given twice",
                    notes=[Label(places[folded], "first given here")],
                    hint="keep one of them; many values are a list: `[…, …]`",
                )
                return None
            made[folded], places[folded] = (spelt, texts), written.span
    return tuple(made.values())


def _texts(
    key: str, found: Key | None, value: Value, node: tree.Expression, report: Report
) -> tuple[str, ...] | None:
    """Return the values of a key as a request holds them; None for what it cannot hold."""
    items = list(leaves(value))
    if found is not None and value.type.name == "List" and not found.multivalued:
        report.add(
            codes.WRONG_TYPE,
            node.span,
            f"`{key}` has one value, and this is a list",
            hint="name one of them",
        )
        return None
    made: list[str] = []
    for item in items:
        text = _text(key, found, item, moved(node.span, item.span), report)
        if text is None:
            return None
        made.append(text)
    return tuple(dict.fromkeys(made))


def _text(key: str, found: Key | None, item: Value, span: Span, report: Report) -> str | None:
    family = formulas.family_of(item)
    if found is not None and found.value_type == "Numeric" and item.type.name == "AccountId":
        family = "Numeric"
    text = formulas.normal(item, family)
    if family == "Date" and key.lower() == "aws:epochtime" and PLACEHOLDER_OPEN not in text:
        return str(formulas.epoch(text))
    if family == "IpAddress" and text.endswith(("/32", "/128")):
        text = text.rpartition("/")[0]
    wanted = formulas.OF_TYPE.get(found.value_type, "String") if found is not None else "String"
    fits = {
        "String": family != "IpAddress" or "/" not in text,
        "Bool": text.lower() in {"true", "false"},
        "Numeric": family == "Numeric",
        "Date": family in {"Date", "Numeric"},
        "IpAddress": family == "IpAddress" and "/" not in text,
        "Arn": family == "Arn" or text.startswith("arn:"),
        "Binary": True,
    }
    if fits[wanted] or PLACEHOLDER_OPEN in text:
        return text
    network = family == "IpAddress"
    report.add(
        codes.WRONG_TYPE,
        span,
        f"`{span.text}` is a network, and a request comes from one address"
        if network
        else f"`{key}` is of type {found.type if found else wanted}, and this is no value of it",
        hint="write one of its addresses" if network else f"write {formulas.WRITTEN[wanted]}",
    )
    return None

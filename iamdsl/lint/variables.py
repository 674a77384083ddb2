"""Policy variables of documents: `${…}` that IAM cannot read, or never fills in.

The grammar of the language keeps such out of sources. AWS "reference_policies_variables"; Access
Analyzer's MISSING_BRACE_IN_VARIABLE, MISSING_QUOTE_IN_VARIABLE, UNSUPPORTED_SPACE_IN_VARIABLE,
EMPTY_VARIABLE and VARIABLE_UNSUPPORTED_IN_ELEMENT.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from iamdsl.diagnostics import Diagnostic, Severity, codes
from iamdsl.diagnostics.nearest import did_you_mean
from iamdsl.lint.blanks import blank_in
from iamdsl.lint.conditions import Found, say
from iamdsl.lint.placing import place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from iamdsl.aws import Catalogue
    from iamdsl.diagnostics import Code, Report
    from iamdsl.iam import Statement
    from iamdsl.lint.items import Item, World

_DEFAULT = re.compile(r"[^,]*, '[^'*?]+'")


class Slip(NamedTuple):
    """What is wrong with one `${…}`, see `Found`."""

    code: Code
    message: str
    label: str
    hint: str
    severity: Severity | None = None


def check(world: World, report: Report) -> None:
    """Report variables in resources and values that AWS refuses, or does not fill in."""
    known: dict[str, tuple[Slip, ...]] = {}
    for item in world.items:
        if item.written:
            continue
        plain: dict[str, Statement] = {}
        for statement in item.policy.statements:
            _look(item, statement, known, plain, world.catalogue, report)
        if plain and not _has_blank(item):
            _plain_names(plain, report)


def _has_blank(item: Item) -> bool:
    """Tell whether a resource has a blank, which is told for the whole document."""
    resources = (s.resources for s in item.policy.statements if s.resources is not None)
    return any(blank_in(text) for elements in resources for text in elements.values)


def _look(
    item: Item,
    statement: Statement,
    known: dict[str, tuple[Slip, ...]],
    plain: dict[str, Statement],
    catalogue: Catalogue,
    report: Report,
) -> None:
    """Report the slips of a statement, and gather names without a colon in `plain`."""
    for entry in statement.condition:
        for text in entry.values:
            if "${" not in text:
                continue
            for slip in _slips(text, known, catalogue):
                found = Found(*slip[:4], value=text, severity=slip.severity)
                say(item, statement, entry, found, report)
            _gather(text, statement, plain)
    for text in statement.resources.values if statement.resources is not None else ():
        if "${" not in text:
            continue
        for slip in _slips(text, known, catalogue):
            in_arn = slip.code is codes.MIXED_UP_INTERPOLATION
            _say(statement, text, slip._replace(code=codes.BAD_ARN) if in_arn else slip, report)
        _gather(text, statement, plain)


def _say(statement: Statement, text: str, slip: Slip, report: Report) -> None:
    span = place(statement, "Resource", text)
    severity = slip.severity or slip.code.severity
    report.extend([Diagnostic(slip.code, severity, slip.message, span, slip.label, (), slip.hint)])


def _slips(text: str, known: dict[str, tuple[Slip, ...]], catalogue: Catalogue) -> tuple[Slip, ...]:
    found = known.get(text)
    if found is None:
        found = known[text] = tuple(slips(text, catalogue))
    return found


def slips(text: str, catalogue: Catalogue) -> Iterator[Slip]:
    """Yield what is wrong with the variables of a text, one after the other."""
    for part in text.split("${")[1:]:
        content, brace, _ = part.partition("}")
        if not brace:
            yield _malformed(f"${{{content}", "is not closed", "add the closing `}`")
        elif not content.strip():
            yield _malformed(
                "${" + content + "}",
                "names no condition key",
                "write one, such as `${aws:username}`",
            )
        elif content not in {"*", "?", "$"} and ":" in content:
            yield from _of_variable(content, catalogue)


def _malformed(written: str, what: str, hint: str) -> Slip:
    return Slip(
        codes.MIXED_UP_INTERPOLATION, f"`{written}` {what}", "IAM reads no variable here", hint
    )


def _of_variable(content: str, catalogue: Catalogue) -> Iterator[Slip]:
    name, comma, _ = content.partition(",")
    if comma and not _DEFAULT.fullmatch(content):
        yield _malformed(
            f"${{{content}}}",
            "is no variable with a default that IAM reads",
            f"write `${{{name.strip()}, 'text'}}`: a comma, one blank, and text in single quotes"
            " without `*` and `?`",
        )
        return
    if any(map(str.isspace, name.partition("/")[0])) or name != name.strip():
        meant = "".join(name.split())
        yield _malformed(f"${{{content}}}", "has a blank in its name", f"write `${{{meant}}}`")
        return
    key = catalogue.condition_key(name)
    if key is None and name.partition(":")[0] == "aws" and "::" not in name:
        yield Slip(
            codes.UNKNOWN_KEY,
            f"`{name}` is no condition key that AWS has, and would never be filled in",
            f"not in the catalogue of {catalogue.version}",
            did_you_mean(catalogue.suggest_key(name), "check the key's name"),
        )
    elif key is not None and key.multivalued:
        yield Slip(
            codes.QUANTIFIER_MISMATCH,
            f"`{name}` can hold many values, and is no variable",
            "never filled in",
            "a variable takes a key with one value",
            Severity.WARNING,
        )


def _gather(text: str, statement: Statement, plain: dict[str, Statement]) -> None:
    """Add the names of `${…}` that are no condition keys, since they have no service."""
    for name in re.findall(r"\$\{([^}]*)\}", text):
        if name.strip() and name not in {"*", "?", "$"} and (":" not in name or "::" in name):
            plain.setdefault(name, statement)


def _plain_names(plain: dict[str, Statement], report: Report) -> None:
    """Report, once for a document, what a template would have to fill in before AWS reads it."""
    name, statement = next(iter(plain.items()))
    more = len(plain) - 1
    others = f" and {more} other{'s' * (more > 1)}" if more else ""
    text = f"${{{name}}}"
    whole = next(
        (t for e in statement.condition for t in e.values if text in t),
        next((t for t in statement.resources.values if text in t), "")
        if statement.resources is not None
        else "",
    )
    inside = any(whole in e.values for e in statement.condition)
    report.extend(
        [
            Diagnostic(
                codes.MIXED_UP_INTERPOLATION,
                Severity.NOTE,
                f"`{text}`{others} {'are no condition keys' if more else 'is no condition key'} of"
                " a request",
                place(statement, "Condition" if inside else "Resource", whole),
                "AWS fills in nothing here",
                (),
                "fill it in before the document goes to AWS",
            )
        ]
    )

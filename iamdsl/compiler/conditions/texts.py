"""Value texts in IAM's notation: escapes, variables, and which texts may stand as they are.

Invariant: an opaque text (one that holds a variable, or an extern known only at deployment) is
never unescaped, escaped or moved to another operator: it may turn out to hold a `*`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from iamdsl.compiler.conditions.refusal import NoForm

if TYPE_CHECKING:
    from iamdsl.compiler.conditions.leaves import Predicate
    from iamdsl.model.formula import Test

EXTERN = "\ue000"
_EXTERNS = re.compile("\ue000[^\ue001]*\ue001")
_REFERENCE = re.compile(r"\$\{([^}]*)\}")
_DEFAULT = re.compile(r"\s*,\s*'(.*)'\s*$", re.DOTALL)
_WILDCARDS = re.compile(r"[*?]")


def opaque(text: str) -> bool:
    """Tell whether `text` holds a variable or an extern, so that its value is not known here."""
    if EXTERN in text:
        return True
    return "${" in text and any(m[1] not in ("*", "?", "$") for m in _REFERENCE.finditer(text))


def unescape(text: str) -> str:
    """Return the literal text meant by `text`, which holds no variable and no wildcard."""
    return _REFERENCE.sub(r"\1", text) if "${" in text else text


def escape(text: str) -> str:
    """Return the pattern that matches the literal `text` only."""
    if "${" in text:
        text = text.replace("${", "\0")
    text = _WILDCARDS.sub(r"${\g<0>}", text)
    return text.replace("\0", "${$}{")


def pieces(text: str) -> list[str]:
    """Split a pattern into literal characters and escapes (as one piece each) and wildcards."""
    return re.findall(r"\$\{[*?$]\}|.", text, re.DOTALL)


def fields(arn: str) -> list[str]:
    """Split an ARN at its first five colons, not at those inside a variable or an extern."""
    parts: list[str] = []
    start, inside = 0, False
    for at, char in enumerate(arn):
        if char == "\ue000" or arn.startswith("${", at):
            inside = True
        elif char in "}\ue001":
            inside = False
        elif char == ":" and not inside and len(parts) < 5:
            parts.append(arn[start:at])
            start = at + 1
    return [*parts, arn[start:]]


def whole_variable(text: str) -> bool:
    """Tell whether `text` is one variable and nothing else."""
    found = _REFERENCE.fullmatch(text)
    return found is not None and found[1] not in ("*", "?", "$")


def whole_extern(text: str) -> bool:
    """Tell whether `text` is one extern and nothing else."""
    return _EXTERNS.fullmatch(text) is not None


def plain(predicate: Predicate) -> tuple[str, ...] | None:
    """Return the values to emit when they may stand as they are under the predicate's operator.

    None asks for the long way: escapes to be moved, patterns without wildcards, patterns that
    cover each other, lists of which only a part is opaque.
    """
    values = predicate.values
    if predicate.family not in ("String", "Arn"):
        return values
    if predicate.relation == "equals":
        if predicate.family == "String":
            return None if any("$" in v and not _plain_exact(v) for v in values) else values
        special = (v for v in values if "*" in v or "?" in v or whole_variable(v))
        return None if any(special) else values
    if any("**" in v or "*?" in v or v == "*" for v in values):
        return None
    if predicate.family == "String" and not any(
        _WILDCARDS.search(_REFERENCE.sub("", v)) or opaque(v) for v in values
    ):
        return None
    return None if len(values) > 1 and _nested(values, predicate.family == "Arn") else values


def _nested(values: tuple[str, ...], arn: bool) -> bool:
    """Tell whether one pattern covers another one, so that the list has members to drop.

    What a pattern covers begins with its literal beginning: few pairs need the exact answer.
    """
    starts = [
        _WILDCARDS.split(v.partition("${")[0].partition(EXTERN)[0], maxsplit=1)[0] for v in values
    ]
    close = [
        (wide, narrow)
        for start, wide in zip(starts, values, strict=True)
        for narrow in values
        if narrow is not wide and narrow.startswith(start)
    ]
    if not close:
        return False
    from iamdsl.compiler.conditions import globs  # noqa: PLC0415

    return any(
        globs.covers(globs.pattern(wide, arn), globs.pattern(narrow, arn))
        for wide, narrow in close
        if not opaque(wide) and not opaque(narrow)
    )


def _plain_exact(text: str) -> bool:
    """Tell whether `text` with a `$` may stand under StringEquals as it is."""
    return all(m[1] not in ("*", "?", "$") for m in _REFERENCE.finditer(text))


def check(test: Test) -> None:
    """Raise NoForm for a test that no operator can say, whatever stands around it."""
    family = test.family
    if test.ignoring_case and (test.relation != "equals" or family != "String"):
        raise NoForm(
            f"`{test.key}` cannot be compared with a pattern ignoring case",
            "spell out the variants as a list of patterns",
            frozenset((test.key.casefold(),)),
        )
    for value in test.values:
        if "${" in value:
            _check_variables(test, value)
        if "${$}{" in value and test.relation == "equals" and (test.ignoring_case or opaque(value)):
            raise NoForm(
                f"`{test.key}` cannot be compared with a literal `${{` here",
                "IAM can write it under `like` only: compare with a pattern",
                frozenset((test.key.casefold(),)),
            )
        if family == "Arn":
            _check_arn(test, value)


def _check_variables(test: Test, value: str) -> None:
    """Raise NoForm where a variable stands that IAM would not replace, or not everywhere alike."""
    keys = frozenset((test.key.casefold(),))
    for found in _REFERENCE.finditer(value):
        name = found[1]
        if name in ("*", "?", "$"):
            continue
        if test.family not in ("String", "Arn"):
            raise NoForm(
                f"a variable cannot stand in a {test.family} comparison of `{test.key}`",
                "compare with a fixed value; IAM replaces variables in text and ARNs only",
                keys,
            )
        default = _DEFAULT.search(name)
        if default is not None and (not default[1] or _WILDCARDS.search(default[1])):
            raise NoForm(
                f"the default in `{value}` is empty or holds a wildcard",
                "give a default of plain, non-empty text",
                keys,
            )


def _check_arn(test: Test, value: str) -> None:
    """Raise NoForm for texts that the ARN operators do not read as an ARN."""
    keys = frozenset((test.key.casefold(),))
    if whole_extern(value) or (test.relation == "equals" and whole_variable(value)):
        return
    parts = fields(value)
    if test.as_written and test.relation == "equals" and _WILDCARDS.search(value):
        raise NoForm(
            f"`{value}` under `==` has a wildcard, which IAM takes as one",
            "write `like`, where it is one",
            keys,
            final=True,
        )
    if len(parts) < 6 and not test.as_written:
        raise NoForm(
            f"`{value}` is no ARN pattern: it has fewer than six fields",
            f"write `arn:*:*:*:*:*`, or `{test.key} exists`",
            keys,
        )
    if "${" in value and any(
        "${" in part and opaque(part.replace(EXTERN, "")) for part in parts[:5]
    ):
        raise NoForm(
            f"`{value}` has a variable before its sixth field",
            "use a variable in the resource part only, or compare with the whole ARN by `==`",
            keys,
        )

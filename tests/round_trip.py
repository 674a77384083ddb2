"""Documents imported, formatted, built and compared again, in one process."""

from __future__ import annotations

import copy
import json
import re
from typing import TYPE_CHECKING, Any, NamedTuple
from unittest import mock

from comparator import Difference, catalogue, compare

import iamdsl
from iamdsl import fmt
from iamdsl.aws.limits import LIMITS, Limits
from iamdsl.diagnostics import Report, Severity, codes
from iamdsl.project import importing
from iamdsl.source import Source

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from iamdsl.diagnostics import Diagnostic


class Trip(NamedTuple):
    """What became of a document.

    Attributes:
        source: the source that it was imported as; "" when it was refused.
        refusal: why it was not imported, or why its source was not built.
        laid_out: whether the source is as `iamdsl fmt` writes it.
        built: the documents that were built of it.
        too_large: whether no policy of a customer may be as large as AWS's own: it was built as
            if there were no quota.
        difference: a request that shows that they mean something else.
        codes: of the warnings.
    """

    source: str = ""
    refusal: str = ""
    laid_out: bool = True
    built: tuple[dict[str, Any], ...] = ()
    too_large: bool = False
    difference: Difference | None = None
    codes: tuple[str, ...] = ()


def round_trip(
    document: Mapping[str, Any], *, kind: str = "auto", target: str | None = None, rounds: int = 100
) -> Trip:
    """Import a document, build what came of it, and compare."""
    made = imported(document, kind, target)
    warned = tuple(d.code.number for d in made.diagnostics if d.severity is Severity.WARNING)
    if made.failed:
        return Trip(refusal=_first_error(made.diagnostics), codes=warned)
    (source,) = made.sources
    laid_out = fmt.format(Source(source.file, source.text), Report()) == source.text
    blanks = blanks_of(source.text)
    filled, values = fill_in(document, blanks)
    result = _build(source.text, values, dict(made.pseudo), LIMITS)
    too_large = any(d.code is codes.TOO_LARGE for d in result.diagnostics)
    if too_large:
        result = _build(source.text, values, dict(made.pseudo), _UNLIMITED)
    if not result.ok:
        refusal = f"not built: {_first_error(result.diagnostics)}"
        return Trip(source.text, refusal, laid_out, codes=warned)
    built = documents_of(result.files)
    difference = compare([filled], built, rounds=rounds)
    return Trip(source.text, "", laid_out, built, too_large, difference, warned)


_UNLIMITED = Limits({name: LIMITS[name]._replace(value=10**9) for name in LIMITS.names()})


def imported(document: Mapping[str, Any], kind: str, target: str | None) -> importing.Imported:
    """Return what `iamdsl import` makes of a document."""
    given = json.dumps(document).encode()
    return importing.run(["-"], importing.Options(kind, target, "imported"), given)


def _build(
    text: str, values: dict[str, str], pseudo: dict[str, str], limits: Limits
) -> iamdsl.Result:
    with mock.patch("iamdsl.api.LIMITS", limits):
        return iamdsl.compile(
            text,
            params=values,
            partition=pseudo.get("partition"),
            account=pseudo.get("account"),
            region=pseudo.get("region"),
            catalogue=catalogue(),
        )


def documents_of(files: Mapping[str, str]) -> tuple[dict[str, Any], ...]:
    """Return the policies among the files of a build."""
    found = (json.loads(text) for name, text in sorted(files.items()) if name.endswith(".json"))
    return tuple(document for document in found if "Statement" in document)


def _first_error(diagnostics: Iterable[Diagnostic]) -> str:
    error = next(d for d in diagnostics if d.severity is Severity.ERROR)
    return f"{error.code.number} {error.message}"


_STANDS_FOR = re.compile(r"Stands for `(.+)` of the imported document\.\nextern ([\w-]+): (\w+)")


class Blank(NamedTuple):
    """What a document leaves to be filled in, and the extern that it was imported as."""

    written: str
    extern: str
    type: str


def blanks_of(source: str) -> tuple[Blank, ...]:
    """Return the blanks of an imported document, as its source names them."""
    return tuple(Blank(*found) for found in _STANDS_FOR.findall(source))


_VALUES = {
    "IpAddress": "203.0.113.0/24",
    "NotIpAddress": "203.0.113.0/24",
    "Numeric": "7",
    "Date": "2026-01-01T00:00:00Z",
    "Bool": "true",
}


def fill_in(
    document: Mapping[str, Any], blanks: Iterable[Blank]
) -> tuple[dict[str, Any], dict[str, str]]:
    """Fill the blanks of a document as a person would; return it, and the values of its externs.

    A `${Name}` becomes a text everywhere. What stands between brackets is filled in only where a
    text could not stand: elsewhere it is a text itself.
    """
    filled = copy.deepcopy(dict(document))
    values: dict[str, str] = {}
    for blank in blanks:
        if blank.written.startswith("${"):
            account = "account" in blank.extern.lower()
            values[blank.extern] = ACCOUNT if account else f"v-{blank.extern}"
            filled = json.loads(json.dumps(filled).replace(blank.written, values[blank.extern]))
        else:
            values[blank.extern] = blank.written
    for blank in blanks:
        if not blank.written.startswith("${"):
            _fill_brackets(filled, blank, values)
    return filled, values


def _fill_brackets(document: dict[str, Any], blank: Blank, values: dict[str, str]) -> None:
    """Fill in a blank where no text could stand: a whole value, or an account in an ARN."""
    is_account = "acc" in blank.extern.lower()
    for holder, member, family in _places(document):
        found = holder[member]
        texts = found if isinstance(found, list) else [found]
        value = _VALUES.get(family)
        if family == "Arn" and blank.type == "Arn":
            value = f"arn:aws:zz:eu-west-1:111122223333:{blank.extern}"
        if value is not None and blank.written in texts:
            values[blank.extern] = value
            holder[member] = [value if text == blank.written else text for text in texts]
        elif family in ("Arn", "Principal") and is_account:
            values[blank.extern] = ACCOUNT
            holder[member] = [_with_account(text, blank.written) for text in texts]


ACCOUNT = "111122223333"


def _with_account(text: str, blank: str) -> str:
    fields = text.split(":", 5)
    if len(fields) < 6:
        return text.replace(blank, ACCOUNT)
    return ":".join((*(field.replace(blank, ACCOUNT) for field in fields[:5]), fields[5]))


def _places(document: dict[str, Any]) -> Iterable[tuple[dict[str, Any], str, str]]:
    """Yield where a list of values stands, as a holder and a member of it, and its family."""
    found = document["Statement"]
    for statement in found if isinstance(found, list) else [found]:
        for member in ("Resource", "NotResource"):
            if member in statement:
                yield statement, member, "Arn"
        for member in ("Principal", "NotPrincipal"):
            if isinstance(statement.get(member), dict):
                yield from ((statement[member], t, "Principal") for t in statement[member])
        for operator, keys in statement.get("Condition", {}).items():
            name = operator.rpartition(":")[2]
            family = next((f for f in (*_VALUES, "Arn") if name.startswith(f)), "")
            for key in keys:
                yield keys, key, family

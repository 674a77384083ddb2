"""Places: the parts of an organization, what may stand in which, and the ids that they have.

AWS "orgs_reference_limits", and the Organizations API's patterns of ids.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from iamdsl.compiler.builders import text_of
from iamdsl.diagnostics import Label, codes
from iamdsl.iam import PLACEHOLDER_OPEN, placeholder
from iamdsl.model import Place, Value, types
from iamdsl.model.grants import ORGANIZATION_POLICIES
from iamdsl.model.program import entity_type, with_article
from iamdsl.model.values import leaves
from iamdsl.source import moved

if TYPE_CHECKING:
    from iamdsl.compiler.evaluate import Evaluator, Frame
    from iamdsl.diagnostics import Code, Report
    from iamdsl.model import Type
    from iamdsl.syntax import tree

PLACES = frozenset({"organization", "ou", "account"})
_IN_AN_ACCOUNT = entity_type(*sorted(types.WITH_ARN - {"account"}))
"""The type of `prod.deployer` until all entities are known: any of those that have an ARN."""

_OUTER = {"organization": {""}, "ou": {"organization", "ou"}, "account": {"", "organization", "ou"}}
_IDS = {
    "organization": (r"(?a)o-[a-z0-9]{10,32}", "an organization", "`o-` and 10 to 32 characters"),
    "ou": (r"(?a)ou-[0-9a-z]{4,32}-[a-z0-9]{8,32}", "an ou", "such as `ou-ab12-cdef3456`"),
    "account": (r"(?a)\d{12}", "an account", "12 digits"),
}
_NAME = r"[^\x00-\x1f/\\]{1,50}"
"""Of an account: at most 50 characters at AWS; a slash parts accounts from what is in them."""


def misplaced(kind: str, outer: str) -> tuple[str, str]:
    """Return what is wrong with a declaration of a kind inside a place, and what to do.

    Args:
        kind: of the declaration.
        outer: the kind of place, "" for the nameless one (the top level of a file).
    """
    if kind in PLACES and outer not in _OUTER[kind]:
        wanted = " or ".join(_within(o) for o in sorted(_OUTER[kind]))
        return f"{with_article(kind)} cannot stand {_within(outer)}", f"it stands {wanted}"
    if kind in {"test", "guard"} and outer:
        return f"a {kind} cannot stand {_within(outer)}", "move it to the top level"
    if kind in PLACES | {"test", "guard"}:
        return "", ""
    if outer in {"organization", "ou"} and kind not in ORGANIZATION_POLICIES:
        return (
            f"{with_article(kind)} stands in {with_article(outer)}, which holds no such thing",
            "IAM is held by accounts: put it into an `account`, or into a template that accounts use",
        )
    return "", ""


def _within(outer: str) -> str:
    return f"in {with_article(outer)}" if outer else "at the top level"


def open_place(
    evaluator: Evaluator, node: tree.Declaration, named: Value, frame: Frame, outer: Place
) -> Place | None:
    """Return the place that a declaration opens; what AWS could not have is reported."""
    report = evaluator.report
    assert node.header is not None  # noqa: S101  # the grammar asks for it
    found = evaluator.value(node.header, frame)
    if found is None:
        return None
    pattern, what, form = _IDS[node.kind]
    text = "" if len(list(leaves(found))) != 1 else text_of(next(leaves(found)))
    if PLACEHOLDER_OPEN not in text and not re.fullmatch(pattern, text):
        report.add(
            codes.BAD_PLACE,
            moved(node.header.span, found.span),
            f"`{text or node.header.span.text}` is no id of {what}",
            hint=f"it has the form {form}",
        )
        return None
    name, span = str(named.data), moved(node.name.span, named.span)
    if not re.fullmatch(_NAME, name):
        report.add(
            codes.BAD_NAME,
            span,
            f"`{name}` is no name of {what}",
            hint="it has 1 to 50 characters, without slashes and controls",
        )
        return None
    place = Place(node.kind, name, text, span, outer)
    deepest = evaluator.environment.limits["ou-depth"].value
    if node.kind == "ou" and sum(p.kind == "ou" for p in chain(place)) == deepest + 1:
        report.add(
            codes.BAD_PLACE,
            node.name.span,
            f"ous are nested more than {deepest} deep",
            hint="AWS refuses it: make the tree flatter",
        )
    return place


def member_type(kind: Type, name: str) -> Type | None:
    """Return the type of `place.name`, None when the place has nothing of that name.

    `id` is the place's own id; anything else is something in an account, by its ARN.
    """
    if name == "id" and PLACES.intersection(kind.options):
        return types.ACCOUNT if "account" in kind.options else types.STRING
    return types.ARN if "account" in kind.options else None


def member(place: Value, node: tree.Field) -> Value | None:
    """Return `place.name`, which gets its text when all places are known."""
    kind = member_type(place.type, node.name.text)
    if kind is None:
        return None
    if node.name.text == "id":
        return Value(kind, placeholder(f"id {str(place.data).lower()}"), span=node.span)
    return Value(_IN_AN_ACCOUNT, f"{place.data}/{node.name.text}", span=node.span)


def chain(place: Place) -> list[Place]:
    """Return a place and all that it stands in, from the inside out, without the nameless one."""
    found: list[Place] = []
    at: Place | None = place
    while at is not None and at.kind:
        found.append(at)
        at = at.outer
    return found


def report_clashes(places: list[Place], report: Report) -> None:
    """Report ids that two places have, and names that cannot be told apart."""
    ids: dict[str, Place] = {}
    names: dict[tuple[object, ...], Place] = {}
    for place in places:
        if not place.kind:
            continue
        within = id(place.outer) if place.kind == "ou" else None
        same_id = ids.setdefault(place.id, place)
        same_name = names.setdefault((place.kind, within, place.name.lower()), place)
        if same_id is not place:
            _clash(
                codes.BAD_PLACE, place, same_id, f"`{place.id}` is already `{same_id.name}`", report
            )
        elif same_name is not place:
            message = f"{with_article(place.kind)} `{place.name}` is declared twice"
            _clash(codes.DUPLICATE_NAME, place, same_name, message, report)


def _clash(code: Code, place: Place, first: Place, message: str, report: Report) -> None:
    assert first.span is not None  # noqa: S101  # only the nameless place has none
    report.add(
        code,
        place.span,
        message,
        notes=[Label(first.span, "first declared here")],
        hint="declare each once; what is more goes into the same block",
    )

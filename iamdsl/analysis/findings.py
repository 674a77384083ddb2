"""What a finding says to people: the request, what came of it, and the statements that decided.

Invariant: the same finding gives the same text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from iamdsl.analysis.writing import quoted, reference
from iamdsl.diagnostics import Label, codes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from iamdsl.analysis.answering import Finding
    from iamdsl.analysis.promises import Check, Guard
    from iamdsl.analysis.subjects import Subject
    from iamdsl.aws import Catalogue
    from iamdsl.diagnostics import Report
    from iamdsl.simulate import Matched, Request

_SHOWN = 4
_WANTED = {
    "allows": "should be allowed", "denies": "should be denied",
    "always": "should always be allowed", "never": "should never be allowed",
}  # fmt: skip
_LAYERS = {
    "identity": "its own policies", "resource": "the resource's policy",
    "boundary": "its permissions boundary", "session": "the session's policy",
    "scp": "the SCPs", "rcp": "the RCPs", "endpoint": "the VPC endpoint's policy",
    "trust": "the trust policy",
}  # fmt: skip


def report_check(
    check: Check, finding: Finding, subject: Subject, catalogue: Catalogue, report: Report
) -> None:
    """Report a check of a test that does not hold."""
    if finding.outcome == "unknown":
        policies = _listed(finding.unknown)
        report.add(
            codes.UNKNOWN_PERMISSIONS,
            check.span,
            f"whether {_asked(check)} hangs on {policies}",
            label="a policy whose document is not at hand",
            notes=[Label(span, f"the {quoted(subject.title)}") for span in subject.origin[:1]],
            hint="declare the policy in the source, or ask what an explicit `deny` decides",
        )
        return
    if finding.outcome == "undecided" or finding.request is None or finding.decision is None:
        report.add(
            codes.UNDECIDED,
            check.span,
            f"whether {_asked(check)} could not be decided",
            label=finding.reason,
            hint=finding.hint or "ask about fewer actions and resources at a time",
        )
        return
    decision = finding.decision
    came = "is allowed" if decision.verdict == "allowed" else "is not allowed"
    report.add(
        codes.CHECK_FAILED,
        check.span,
        f"{_what(finding.request)} {came} for {quoted(finding.caller)}",
        label=f"{_WANTED[check.verb]}: {decision.reason}",
        notes=[*_notes(decision.matched), *_near(finding)],
        hint=_hint(check, finding, catalogue),
    )


def report_guard(
    guard: Guard,
    check: Check,
    finding: Finding,
    subject: Subject,
    catalogue: Catalogue,
    report: Report,
) -> None:
    """Report that an identity may do what a guard forbids, or that this is not known."""
    notes = [Label(span, "switched on here") for span in check.origin[1:2]]
    whose = [Label(span, f"the {quoted(subject.title)}") for span in subject.origin[:1]]
    excepted = dict.fromkeys((*guard.excepted, reference(subject.place.name, subject.name)))
    way_out = f'`guard {guard.name} "{guard.reason or "why"}" except {", ".join(excepted)}`'
    if finding.outcome == "unknown":
        report.add(
            codes.UNKNOWN_PERMISSIONS,
            check.span,
            f"whether the {quoted(subject.title)} keeps the guard `{guard.name}` hangs on"
            f" {_listed(finding.unknown)}",
            label="a policy whose document is not at hand",
            notes=[*whose, *notes],
            hint=f"`deny` it in the source, or except whom you trust with it, and say why: {way_out}",
        )
    elif finding.outcome == "undecided" or finding.request is None or finding.decision is None:
        report.add(
            codes.UNDECIDED,
            check.span,
            f"whether the {quoted(subject.title)} keeps the guard `{guard.name}` could not be decided",
            label=finding.reason,
            notes=[*whose, *notes],
            hint=finding.hint or "say it in several checks of fewer actions",
        )
    else:
        broken = "may" if check.verb == "never" else "may not"
        met = _context(finding.request, _keys(finding), catalogue)
        report.add(
            codes.GUARD_BROKEN,
            check.span,
            f"the {quoted(subject.title)} {broken} do {_what(finding.request)}{f', with {met}' if met else ''}",
            label=guard.reason or f"which the guard `{guard.name}` forbids",
            notes=[*_notes(finding.decision.matched), *whose, *notes],
            hint=f"narrow what grants it, or except whom you trust with it, and say why: {way_out}",
        )


def request_data(request: Request, catalogue: Catalogue) -> dict[str, object]:
    """Return a request as `simulate --batch` reads it, with keys as AWS spells them."""
    context = {_spelt(k, catalogue): list(v) for k, v in sorted(request.context.items())}
    data: dict[str, object] = {"principal": request.principal, "action": request.action}
    data["resource"] = request.resource
    if request.resource_account is not None:
        data["resource_account"] = request.resource_account
    return data | {"context": context}


def _asked(check: Check) -> str:
    """Return what a check is about, in a few words."""
    actions = _listed(check.actions.values)
    resources = _listed(check.resources.values) if check.resources is not None else ""
    but = " all but" if check.actions.negated else ""
    return f"{but and 'actions' + but + ' '}{actions}{f' on {resources}' if resources else ''}"


def _what(request: Request) -> str:
    return f"`{request.action}` on `{request.resource}`"


def _hint(check: Check, finding: Finding, catalogue: Catalogue) -> str:
    """Return what the request holds and lacks, as something to do."""
    assert finding.request is not None  # noqa: S101  # a broken check has one
    assert finding.decision is not None  # noqa: S101  # likewise
    held = _context(finding.request, _keys(finding), catalogue)
    missing = _listed(finding.decision.missing_keys)
    has = [f"holds {held}"] if held else []
    has += [f"lacks {missing}"] if missing else []
    said = f"the request {', and '.join(has)}: " if has else ""
    if check.verb in {"never", "always"}:
        return f"{said}mend the policy, or narrow the check by `when`"
    if missing:
        return f"{said}add what is meant to `given`"
    layer = finding.decision.layer
    return f"{said}look at {_LAYERS[layer]}" if layer is not None else f"{said}mend the policy"


def _keys(finding: Finding) -> set[str]:
    """Return the keys that the statements which decided ask for, in lower case."""
    return {
        entry.key.lower()
        for matched in (finding.decision.matched if finding.decision is not None else ())
        for entry in matched.statement.condition
    } | set(finding.given)


def _context(request: Request, keys: set[str], catalogue: Catalogue) -> str:
    parts = [
        f"`{_spelt(key, catalogue)}` = {' and '.join(f'`{v}`' for v in values)}"
        for key, values in sorted(request.context.items())
        if key in keys and values
    ]
    return ", ".join(parts)


def _spelt(key: str, catalogue: Catalogue) -> str:
    found = catalogue.condition_key(key)
    return key if found is None else found.name


def _notes(matched: Iterable[Matched]) -> Iterator[Label]:
    """Yield the places of the statements that decided, each once."""
    seen: set[tuple[int, int]] = set()
    for one in matched:
        place = one.statement.origin[0] if one.statement.origin else None
        if place is None or (id(place.source), place.start) in seen or len(seen) == _SHOWN:
            continue
        seen.add((id(place.source), place.start))
        does = "denies" if one.statement.effect == "Deny" else "allows"
        yield Label(place, f"{does} it, in {quoted(one.policy)}")


def _near(finding: Finding) -> Iterator[Label]:
    """Yield the places of what would have allowed a request."""
    places = dict.fromkeys(s.origin[0] for s in finding.near if s.origin)
    for place in list(places)[:_SHOWN]:
        yield Label(place, "would allow it, but for its condition")


def _listed(names: Iterable[str]) -> str:
    shown = [f"`{name}`" for name in names]
    more = f" and {len(shown) - _SHOWN} more" if len(shown) > _SHOWN else ""
    return ", ".join(shown[:_SHOWN]) + more

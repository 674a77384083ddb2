"""The answers of `iamdsl simulate`, for people and for programs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from iamdsl.analysis.findings import request_data
from iamdsl.analysis.subjects import FULL_ACCESS, RCP_FULL_ACCESS
from iamdsl.analysis.writing import places

if TYPE_CHECKING:
    from collections.abc import Sequence

    from iamdsl.aws import Catalogue
    from iamdsl.simulate import Decision, Layer, Matched, Request

_VERDICTS = {
    "allowed": "allowed",
    "explicitDeny": "denied explicitly",
    "implicitDeny": "denied",
}
_LAYERS: Final[dict[Layer, str]] = {
    "identity": "identity",
    "resource": "resource",
    "boundary": "boundary",
    "session": "session",
    "scp": "SCP",
    "rcp": "RCP",
    "endpoint": "endpoint",
    "trust": "trust",
}
_EVERYWHERE = {FULL_ACCESS.name, RCP_FULL_ACCESS.name}
_HEAD = ("layer", "policy", "statement", "effect", "place")


def as_table(request: Request, decision: Decision, who: str) -> str:
    """Return a decision for people: the verdict, why, the statements, the missing keys.

    What AWS attaches everywhere, and lets all through, is left out.
    """
    verdict = _VERDICTS[decision.verdict]
    what = f"{request.action} on {request.resource} by {who}"
    lines = [f"{verdict}: {what}", f"  {decision.reason}"]
    shown = [matched for matched in decision.matched if matched.policy not in _EVERYWHERE]
    if shown:
        rows = [_HEAD, *map(_row, shown)]
        widths = [max(len(row[i]) for row in rows) for i in range(len(_HEAD))]
        lines.append("")
        lines += [_laid_out(row, widths) for row in rows]
    if decision.missing_keys:
        keys = ", ".join(decision.missing_keys)
        lines += ["", f"keys that the request does not have, and that could matter: {keys}"]
    return "\n".join(lines) + "\n"


def _row(matched: Matched) -> tuple[str, ...]:
    statement = matched.statement
    which = statement.sid or str(matched.number + 1)
    where = ", ".join(places(statement.origin)) or "-"
    return (_LAYERS[matched.layer], matched.policy, which, statement.effect, where)


def _laid_out(row: Sequence[str], widths: Sequence[int]) -> str:
    cells = (f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True))
    return "  ".join(cells).rstrip()


def as_json(request: Request, decision: Decision, catalogue: Catalogue, *, known: bool) -> str:
    """Return a decision for programs, as one JSON object; `known` is whether anybody was named."""
    data: dict[str, Any] = {
        "version": 1,
        **request_data(request, catalogue),
        "decision": decision.verdict,
        "layer": decision.layer,
        "reason": decision.reason,
        "matched": list(map(_statement, decision.matched)),
        "missing_keys": list(decision.missing_keys),
    }
    if not known:
        data["principal"] = None
    return json.dumps(data, indent=2) + "\n"


def _statement(matched: Matched) -> dict[str, Any]:
    return {
        "layer": matched.layer,
        "policy": matched.policy,
        "statement": matched.number,
        "sid": matched.statement.sid,
        "effect": matched.statement.effect,
        "source": list(places(matched.statement.origin)),
    }

"""What iamdsl makes of policies, for the tables of `fit.py`: the only place that calls it."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias

from iamdsl import prove
from iamdsl.aws import Catalogue
from iamdsl.aws.limits import LIMITS
from iamdsl.diagnostics import Report
from iamdsl.fit import MeaningChangedError, Settings, fit, minimize
from iamdsl.fit.pack import pack
from iamdsl.iam import Build, Identity, Policy, minified, to_json
from iamdsl.resources import open_catalogue

if TYPE_CHECKING:
    from collections.abc import Sequence

    from iamdsl.iam import Statement

Wildcards: TypeAlias = Literal["never", "words", "max"]

catalogue = Catalogue(open_catalogue())
_LIMITS = LIMITS.with_overrides({"managed-policies-per-role": 25})
KEEPS = find_spec("iamdsl.fit.steady") is not None
"""Whether a role is fitted with what the build before kept of where things went."""


class Role(NamedTuple):
    """What became of a role's statements.

    Attributes:
        inline, managed: texts by name.
        kept: where everything went, for the next build.
        said: the numbers of what was reported, or what was not proved.
    """

    inline: dict[str, str]
    managed: dict[str, str]
    kept: Any
    said: tuple[str, ...]


def actions() -> list[str]:
    """Return the names of all actions that the catalogue has."""
    return [
        f"{service}:{name}"
        for service in catalogue.services()
        for name in catalogue.names(service).values()
    ]


def can_shrink() -> bool:
    """Tell whether there are wildcards yet."""
    return find_spec("iamdsl.fit.shrink") is not None


def smaller(policy: Policy, wildcards: Wildcards) -> Policy:
    """Return the policy in the fewest characters, without Sids."""
    small = minimize(policy, sids="drop")
    if wildcards == "never":
        return small
    shrunk: Policy = import_module("iamdsl.fit.shrink").shrink(small, catalogue, wildcards).policy
    return shrunk


def packed(statements: Sequence[Statement]) -> tuple[list[dict[str, Any]], int]:
    """Return managed policies, and how many are needed at least."""
    found = pack(statements, LIMITS.value("managed-policy-size"))
    assert found is not None
    return [to_json(Policy(some)) for some in found.others], found.fewest


def is_proved(before: Policy, after: Sequence[Statement]) -> bool:
    """Tell whether the prover says that both mean the same."""
    return prove.equivalent(before.statements, after, catalogue).verdict == "yes"


def role(statements: Sequence[Statement], kept: Any = None, *, proves: bool = True) -> Role:
    """Return a role with these statements, fitted as a build does it.

    `kept` is what a build before kept of where things went.
    """
    if kept is not None and (found := _kept(statements, kept)) is not None:
        return found
    identity = Identity("role", "app", own=Policy(tuple(statements)))
    settings = Settings(_LIMITS, sids="drop", catalogue=catalogue, proves=proves)
    report = Report()
    try:
        fitted = fit(Build(identities=(identity,)), settings, report).build
    except MeaningChangedError as why:
        return role(statements, proves=False)._replace(said=(str(why),))
    said = tuple(d.code.number for d in report.diagnostics)
    inline = [p.statements for _, p in fitted.identities[0].inline]
    pieces = [("", s) for s in inline] + [(d.name, d.policy.statements) for d in fitted.documents]
    return _role(pieces, said)


def _role(pieces: Sequence[tuple[str, tuple[Statement, ...]]], said: tuple[str, ...] = ()) -> Role:
    texts = {name: minified(to_json(Policy(statements))) for name, statements in pieces}
    inline = {"inline": texts.pop("")} if "" in texts else {}
    kept = None
    if KEEPS:
        steady = import_module("iamdsl.fit.steady")
        kept = steady.Placed(tuple(steady.Piece(*piece) for piece in pieces))
    return Role(inline, texts, kept, said)


def _kept(statements: Sequence[Statement], kept: Any) -> Role | None:
    """Return the role with as few of its policies changed as can be; None where it has no room."""
    steady = import_module("iamdsl.fit.steady")
    small = minimize(Policy(tuple(statements)), sids="drop").statements
    sizes = [_LIMITS.value(name) for name in ("managed-policy-size", "role-inline-size")]
    room = steady.Room(*sizes, _LIMITS.value("managed-policies-per-role"))
    found = steady.steady(small, kept, room, {}, name=_next)
    return found and _role([(piece.name, piece.statements) for piece in found.pieces])


def _next(taken: set[str]) -> str:
    return next(name for i in range(1, 1000) if (name := f"app-{i}") not in taken)

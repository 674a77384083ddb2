"""What iamdsl makes of policies, for the tables of `fit.py`: the only place that calls it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias

from iamdsl import prove
from iamdsl.aws import Catalogue
from iamdsl.aws.limits import LIMITS
from iamdsl.diagnostics import Report
from iamdsl.fit import MeaningChangedError, Settings, fit, minimize
from iamdsl.fit.pack import pack
from iamdsl.fit.shrink import shrink
from iamdsl.iam import Build, Identity, Policy, minified, to_json
from iamdsl.resources import open_catalogue

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from iamdsl.fit.steady import Placed
    from iamdsl.iam import Statement

Wildcards: TypeAlias = Literal["never", "words", "max"]

catalogue = Catalogue(open_catalogue())
_LIMITS = LIMITS.with_overrides({"managed-policies-per-role": 25})


class Role(NamedTuple):
    """What became of a role's statements.

    Attributes:
        inline, managed: texts by name.
        kept: where everything went, for the next build.
        said: the numbers of what was reported, or what was not proved.
    """

    inline: dict[str, str]
    managed: dict[str, str]
    kept: Mapping[str, Placed]
    said: tuple[str, ...]


def actions() -> list[str]:
    """Return the names of all actions that the catalogue has."""
    return [
        f"{service}:{name}"
        for service in catalogue.services()
        for name in catalogue.names(service).values()
    ]


def smaller(policy: Policy, wildcards: Wildcards) -> Policy:
    """Return the policy in the fewest characters, without Sids."""
    small = minimize(policy, sids="drop")
    if wildcards == "never":
        return small
    return shrink(small, catalogue, wildcards).policy


def packed(statements: Sequence[Statement]) -> tuple[list[dict[str, Any]], int]:
    """Return managed policies, and how many are needed at least."""
    found = pack(statements, LIMITS.value("managed-policy-size"))
    assert found is not None
    return [to_json(Policy(some)) for some in found.others], found.fewest


def is_proved(before: Policy, after: Sequence[Statement]) -> bool:
    """Tell whether the prover says that both mean the same."""
    return prove.equivalent(before.statements, after, catalogue).verdict == "yes"


def role(
    statements: Sequence[Statement],
    kept: Mapping[str, Placed] | None = None,
    *,
    proves: bool = True,
) -> Role:
    """Return a role with these statements, fitted as a build does it.

    `kept` is what a build before kept of where things went.
    """
    identity = Identity("role", "app", own=Policy(tuple(statements)))
    settings = Settings(_LIMITS, sids="drop", catalogue=catalogue, proves=proves, placed=kept or {})
    report = Report()
    try:
        found = fit(Build(identities=(identity,)), settings, report)
    except MeaningChangedError as why:
        return role(statements, kept, proves=False)._replace(said=(str(why),))
    fitted = found.build
    inline = {n: minified(to_json(p)) for n, p in fitted.identities[0].inline if p.statements}
    managed = {d.name: minified(to_json(d.policy)) for d in fitted.documents}
    said = tuple(d.code.number for d in report.diagnostics)
    return Role(inline, managed, found.placed, said)

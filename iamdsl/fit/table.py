"""How full everything is after a fit: sizes against their limits, pieces, what the steps saved."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

from iamdsl.iam import size

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from iamdsl.aws.limits import Limits
    from iamdsl.fit.settings import Fitted, Saving
    from iamdsl.fit.shrink import Wildcard
    from iamdsl.iam import Build, Document, Identity, Target

_TYPES = {"scp": "/service_control_policy/", "rcp": "/resource_control_policy/"}


class Row(NamedTuple):
    """One thing that has a limit, or could have one.

    Attributes:
        of: `policy orders-table`, `trust of role web`, `role web, inline`.
        kind: as the manifest says it; `attached` for how many policies are attached.
        account: the name of the account that it is in, None in the nameless place.
        used: *characters of minified text*, or policies.
        limit: in the same unit; None where AWS publishes none.
    """

    of: str
    kind: str
    name: str
    account: str | None
    used: int
    limit: int | None
    unit: Literal["characters", "policies"] = "characters"

    @property
    def percent(self) -> float | None:
        """Return how full it is in per cent; more than 100 does not fit."""
        return None if self.limit is None else 100 * self.used / self.limit


class Split(NamedTuple):
    """Statements that one document could not hold.

    Attributes:
        of: whose they are.
        pieces: the names of the managed policies that hold them.
        fewest: a number of managed policies below which none could hold them.
        anew: the managed policies that would do if the statements were placed anew.
    """

    of: str
    account: str | None
    pieces: tuple[str, ...]
    fewest: int
    anew: int


class Table(NamedTuple):
    """What is known of the sizes of a build; rows in the order of the build.

    Attributes:
        wildcards: the patterns that were written, each once, those that saved most first.
    """

    rows: tuple[Row, ...]
    splits: tuple[Split, ...]
    savings: tuple[Saving, ...]
    wildcards: tuple[Wildcard, ...] = ()


def table(fitted: Fitted, limits: Limits) -> Table:
    """Return how full everything in a build is.

    Args:
        fitted: what a fit came to, also where it refused something.
        limits: sizes and quotas in force.
    """
    rows: list[Row] = []
    splits: list[Split] = []
    for account, build in fitted.build.each():
        name = account.name if account is not None else None
        rows += _rows(build, name, limits, fitted.lengths)
        splits += _splits(build, name, fitted.anew)
    return Table(tuple(rows), tuple(splits), fitted.savings, _wildcards(fitted))


def _wildcards(fitted: Fitted) -> tuple[Wildcard, ...]:
    found: dict[str, Wildcard] = {}
    for _, wildcard in fitted.wildcards:
        before = found.get(wildcard.pattern)
        saved = wildcard.saved + (before.saved if before is not None else 0)
        found[wildcard.pattern] = wildcard._replace(saved=saved)
    return tuple(sorted(found.values(), key=lambda w: (-w.saved, w.pattern)))


def _rows(
    build: Build, account: str | None, limits: Limits, lengths: Mapping[str, int]
) -> Iterator[Row]:
    for document in build.documents:
        limit = limits.policy_size(document.kind, document.service or "")
        noun = "policy" if document.kind in {"managed", "resource"} else document.kind
        of = f"{noun} {document.name}"
        used = size(document.policy, lengths)
        most = limit.value if limit else None
        yield Row(of, document.kind, document.name, account, used, most)
    for identity in build.identities:
        yield from _rows_of_identity(identity, account, limits, lengths)
    kinds = {d.name: d.kind for d in build.documents}
    for target in build.targets:
        for kind, part in _TYPES.items():
            used = _attached(target, kind, part, kinds)
            if used:
                of = f"{target.kind} {target.name}, {kind}s attached"
                most = limits.value(f"{kind}s-per-target")
                yield Row(of, "attached", target.name, account, used, most, "policies")


def _rows_of_identity(
    identity: Identity, account: str | None, limits: Limits, lengths: Mapping[str, int]
) -> Iterator[Row]:
    of, name = f"{identity.kind.replace('_', ' ')} {identity.name}", identity.name
    if identity.trust is not None:
        limit = limits.policy_size("trust")
        used = size(identity.trust, lengths)
        yield Row(f"trust of {of}", "trust", name, account, used, limit.value if limit else None)
    if identity.inline:
        kind = identity.kind if identity.kind == "permission_set" else f"inline-{identity.kind}"
        limit = limits.policy_size(kind)
        used = sum(size(p, lengths) for _, p in identity.inline)
        yield Row(f"{of}, inline", "inline", name, account, used, limit.value if limit else None)
    if identity.managed:
        most, used = limits.attachments(identity.kind).value, len(identity.managed)
        yield Row(f"{of}, attached", "attached", name, account, used, most, "policies")


def _attached(target: Target, kind: str, part: str, kinds: Mapping[str, str]) -> int:
    """Return how many policies of a kind a target has, by ours and by those of others."""
    return sum(kinds.get(a.policy) == kind if a.ours else part in a.policy for a in target.attached)


def _splits(build: Build, account: str | None, anew: Mapping[str, int]) -> Iterator[Split]:
    made: dict[str, list[Document]] = {}
    for document in build.documents:
        if document.split_from is not None:
            made.setdefault(document.split_from, []).append(document)
    kinds = {i.name: i.kind for i in build.identities}
    place = "" if account is None else f"{account}/"
    for name, pieces in made.items():
        names = tuple(d.name for d in pieces)
        owners = [f"{noun} {name}" for noun in ("policy", kinds.get(name, "policy"))]
        of = next((o for o in owners if place + o in anew), owners[-1])
        fewest = max(d.fewest for d in pieces)
        yield Split(of, account, names, fewest, anew.get(place + of, len(names)))

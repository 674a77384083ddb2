"""A project compiled for a live account: which of its places that is, and what is to be there."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from iamdsl.diagnostics import Report, Severity, codes
from iamdsl.emit._desired import left_out
from iamdsl.emit._places import Place, placed_in
from iamdsl.emit._resource_ids import refuse_doubles
from iamdsl.iam import Build
from iamdsl.project import Options, load_project, making
from iamdsl.project.catalogue import open_catalogue
from iamdsl.project.problem import Problem, nearest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from iamdsl.aws import Catalogue
    from iamdsl.deploy.session import Session
    from iamdsl.emit import Facts
    from iamdsl.iam import Account
    from iamdsl.project import Project
    from iamdsl.project.lock import Locked

_TARGETS = ("json",)
"""With it nothing is left open: whatever only a deployment knows has to be said now."""
_OF_ORGANIZATION = frozenset({"scp", "rcp"})
_NAMED = 5
"""Accounts that a message names."""


class Compiled(NamedTuple):
    """What a project has for one account.

    Attributes:
        build: of the account, as the nameless place of a build; with what the organization has
            where this account manages it.
        facts: of that place.
        source: the project that it was compiled from, with its lock file.
        locked: what that is to hold once this is deployed.
        account: the name of the account in the sources; empty for the nameless place.
        notes: what of the project is not for this account, for people.
    """

    build: Build
    facts: Facts
    catalogue: Catalogue
    project: str
    source: Project
    locked: Locked
    account: str = ""
    notes: tuple[str, ...] = ()


def loaded(
    paths: Sequence[str], options: Options, report: Report, *, name: str = ""
) -> Project | None:
    """Return the project that is to be deployed; None, and the reasons reported, if it cannot be.

    Args:
        name: what it is called here, where the settings are not to say it.
    """
    project = load_project(paths, options._replace(targets=_TARGETS))
    if name:
        project = project._replace(config=project.config._replace(name=name))
    report.extend(problem.diagnostic() for problem in project.problems)
    if not project.problems and not project.config.name:
        report.add(
            codes.NEEDS_NAME,
            None,
            "the project has no name, by which it would know what it owns in an account",
            hint='write `name = "…"` into `iamdsl.toml`, a name that no other project has',
        )
    return None if report.failed else project


def compiled(project: Project, session: Session, name: str, report: Report) -> Compiled | None:
    """Return what a project has for the account of a session; None, and why, if that is nothing.

    Raises what the SDK does where AWS has to be asked who manages the organization.

    Args:
        name: of the account in the sources, where the command line says it.
    """
    config = project.config
    _agree("partition", config.partition, session.partition, report)
    if session.region:
        _agree("region", config.region, session.region, report)
    if report.failed:
        return None
    # Not as `--set` would say it: by its values the lock file knows where statements are.
    here = config._replace(
        partition=session.partition,
        region=session.region or config.region,
        account=config.account or session.account,
    )
    made = making.deployable(project._replace(config=here), report)
    catalogue = open_catalogue(config.catalogue, config.root)
    if made is None or isinstance(catalogue, Problem):  # the problem has been told
        return None
    build, facts, locked = made
    chosen = _chosen(build, session, name, report)
    place, notes = _place(build, chosen, session)
    if chosen is None and not report.failed:
        _agree("account", config.account, session.account, report)
        if build.accounts and not (place.documents or place.identities):
            _not_one_of(build, session, report)
    if refuse_doubles(build, facts.pseudo, report) or report.failed:
        return None
    account = chosen.name if chosen is not None else ""
    pseudo = {**dict(facts.pseudo), "account": session.account}
    facts = facts._replace(
        pseudo=tuple(sorted(pseudo.items())), placed=placed_in(account, facts.placed)
    )
    for left in left_out(Place(None, "", place, pseudo), facts):
        if left.code.severity is Severity.ERROR:
            origin = left.origin[0] if left.origin else None
            report.add(left.code, origin, left.message, hint=left.hint)
        notes = (*notes, left.message)
    if report.failed:
        return None
    return Compiled(place, facts, catalogue, config.name, project, locked, account, notes)


def _agree(what: str, said: str | None, is_so: str, report: Report) -> None:
    """Report that the session is about something else than the project says."""
    if said is None or said == is_so:
        return
    hint = "sign in there, or say with `--profile` whose credentials to take"
    if what == "region":
        hint = f"ask there: `--region {said}`"
    report.add(
        codes.WRONG_ACCOUNT,
        None,
        f"the project is for the {what} `{said}`, and the session is in `{is_so}`",
        hint=hint,
    )


def _chosen(build: Build, session: Session, name: str, report: Report) -> Account | None:
    """Return the account of the sources that the session is in; None for the nameless place."""
    if not name:
        return next((a for a in build.accounts if a.id == session.account), None)
    found = next((a for a in build.accounts if a.name == name), None)
    if found is None:
        message = f"the project has no account `{name}`"
        hint = nearest(name, [a.name for a in build.accounts])
        report.add(codes.WRONG_ACCOUNT, None, message, hint=hint or "leave `--account` out")
    elif found.id != session.account:
        report.add(
            codes.WRONG_ACCOUNT,
            None,
            f"`{name}` is the account `{found.id}`, and the session is in `{session.account}`",
            hint="sign in there, or say with `--profile` whose credentials to take",
        )
    return found


def _not_one_of(build: Build, session: Session, report: Report) -> None:
    known = ", ".join(f"`{a.name}` ({a.id})" for a in build.accounts[:_NAMED])
    more = f" and {len(build.accounts) - _NAMED} more" if len(build.accounts) > _NAMED else ""
    report.add(
        codes.WRONG_ACCOUNT,
        None,
        f"the session is in `{session.account}`, for which the project has nothing",
        hint=f"it has something for {known}{more}",
    )


def _place(build: Build, chosen: Account | None, session: Session) -> tuple[Build, tuple[str, ...]]:
    """Return what is to be in the account, and what is to be said of the organization."""
    inner = chosen.build if chosen is not None else build
    own = tuple(d for d in inner.documents if d.kind not in _OF_ORGANIZATION)
    above = tuple(d for d in build.documents if d.kind in _OF_ORGANIZATION)
    if not (above or any(t.attached for t in build.targets)):
        return Build(own, inner.identities), ()
    managing = session.organization()
    if managing == session.account:
        return Build((*above, *own), inner.identities, targets=build.targets), ()
    where = f"from the account {managing}" if managing else "where there is an organization"
    note = f"the policies of the organization are left out: they are deployed {where}"
    return Build(own, inner.identities), (note,)

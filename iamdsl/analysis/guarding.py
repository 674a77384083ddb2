"""Guards: what no identity of a build may do, proved for each of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from iamdsl.analysis.answering import World, answer
from iamdsl.analysis.findings import report_guard
from iamdsl.analysis.subjects import subjects
from iamdsl.analysis.writing import quoted
from iamdsl.diagnostics import codes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from iamdsl.analysis.promises import Guard
    from iamdsl.analysis.subjects import Subject
    from iamdsl.aws import Catalogue
    from iamdsl.diagnostics import Report
    from iamdsl.iam import Build
    from iamdsl.source import Span


def guard(
    guards: Sequence[Guard],
    build: Build,
    pseudo: Mapping[str, str],
    catalogue: Catalogue,
    report: Report,
) -> None:
    """Prove that the identities of a fitted build keep the guards; report those that do not.

    An exception that nobody needs is reported as well: it would let through what comes later.
    """
    world = World(build, pseudo, catalogue)
    everyone = subjects(build, pseudo)
    needed: dict[Span, bool] = {}
    titles: dict[Span, tuple[str, str]] = {}
    for one in guards:
        excepted = {(str(r.kind), r.name): span for r, span in one.exceptions}
        for subject in everyone:
            if subject.place.name != one.account:
                continue
            place = excepted.get((subject.kind, subject.name))
            if place is None:
                _hold(one, subject, world, report)
                continue
            titles[place] = (quoted(subject.title), one.name)
            needed[place] = needed.get(place, False) or not _keeps(one, subject, world)
    for place, is_needed in needed.items():
        if not is_needed:
            title, name = titles[place]
            report.add(
                codes.NEEDLESS_EXCEPTION,
                place,
                f"the {title} keeps the guard `{name}` without being excepted",
                label="what it is given later would pass unseen",
                hint="remove the exception",
            )


def _hold(one: Guard, subject: Subject, world: World, report: Report) -> None:
    for check in one.checks:
        finding = answer(check, subject, world)
        if finding.outcome != "holds":
            report_guard(one, check, finding, subject, world.catalogue, report)


def _keeps(one: Guard, subject: Subject, world: World) -> bool:
    return all(answer(check, subject, world).outcome == "holds" for check in one.checks)

"""The tests of a project: compiled, emitted, read back, run, and told."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from iamdsl.analysis import testing
from iamdsl.analysis.findings import report_check
from iamdsl.analysis.writing import quoted
from iamdsl.diagnostics import Report, codes
from iamdsl.project import making

if TYPE_CHECKING:
    from collections.abc import Callable

    from iamdsl.analysis.testing import Coverage, Mutation, Result
    from iamdsl.aws import Catalogue
    from iamdsl.diagnostics import Diagnostic
    from iamdsl.project import Project


class Ask(NamedTuple):
    """What is to be run.

    Attributes:
        selects: tells by its name whether a test is meant.
    """

    selects: Callable[[str], bool]
    coverage: bool = False
    mutate: bool = False


class Tested(NamedTuple):
    """What came of it.

    Attributes:
        diagnostics: of the compilation, then of what was run; sorted.
        ran: how many tests; 0 after an error, or when there was none to run.
        deselected: how many tests were not meant.
        results: a check each, in the order of the source.
        catalogue: by which keys are spelt; None when nothing ran.
    """

    diagnostics: tuple[Diagnostic, ...]
    ran: int = 0
    deselected: int = 0
    results: tuple[Result, ...] = ()
    coverage: Coverage | None = None
    mutation: Mutation | None = None
    catalogue: Catalogue | None = None


def run(project: Project, ask: Ask) -> Tested:
    """Run the tests of a project against what it emits; nothing is written."""
    report = Report()
    report.extend(problem.diagnostic() for problem in project.problems)
    if project.problems:
        return Tested(report.diagnostics)
    emitted = making.emitted(project)
    report.extend(emitted.diagnostics)
    if emitted.world is None:
        return Tested(report.diagnostics)
    tests = [test for test in emitted.tests if ask.selects(test.name)]
    deselected = len(emitted.tests) - len(tests)
    if not tests:
        _nothing(len(project.files), deselected, report)
        return Tested(report.diagnostics, 0, deselected)
    world = emitted.world
    results = testing.run(tests, world)
    for result in results:
        if not result.passed:
            report_check(result.check, result.finding, result.subject, world.catalogue, report)
    covered = mutation = None
    if ask.coverage:
        sentences = testing.statements_of(emitted.assembled or world.build)
        covered = testing.coverage(results, world, tuple(sentences))
        _tell_missed(covered, report)
    if ask.mutate:
        mutation = testing.mutate(tests, results, world)
        _tell_survivors(mutation, report)
    return Tested(
        report.diagnostics, len(tests), deselected, results, covered, mutation, world.catalogue
    )


def _nothing(files: int, deselected: int, report: Report) -> None:
    message = "there is no test in this source" if files == 1 else "there is no test in the sources"
    hint = 'write one: `test "reads its table" of reader { allows … }`'
    if deselected:
        whole = "the one test is not" if deselected == 1 else f"none of the {deselected:,} tests is"
        message = f"{whole} selected"
        hint = "`-k` takes words that stand in the names of tests"
    report.add(codes.NO_TESTS, None, message, hint=hint)


def _tell_missed(covered: Coverage, report: Report) -> None:
    for span in covered.missed:
        verb = span.text.split(None, 1)[0]
        report.add(
            codes.NEVER_DECIDES,
            span,
            f"no test is decided by this `{verb}`",
            hint="write a check that would come out otherwise without it",
        )


def _tell_survivors(mutation: Mutation, report: Report) -> None:
    for mutant in mutation.survivors:
        place = mutant.before.origin[0] if mutant.before.origin else None
        verb = "deny" if mutant.before.effect == "Deny" else "allow"
        if place is not None and place.text.startswith("trust"):
            verb = "trust"
        report.add(
            codes.SURVIVING_MUTANT,
            place,
            f"no test fails when this `{verb}` is {mutant.damage}",
            label=f"in what is in effect for the {quoted(mutant.subject.title)}",
            hint="write a check of a request that only this part decides",
        )

"""`iamdsl test`: run the tests of the sources against what they build."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from iamdsl.cli import _options, console
from iamdsl.cli import exit as exits
from iamdsl.project import Outcome, load_project

if TYPE_CHECKING:
    from collections.abc import Callable

    from iamdsl.project.testing import Tested


@click.command
@_options.compiling
@click.option("-k", "selection", metavar="EXPR", default="", help="Run the tests named so.")
@click.option("--coverage", is_flag=True, help="Tell which statements no test is decided by.")
@click.option("--mutate", is_flag=True, help="Damage the policies: does a test fail each time?")
def command(
    *,
    paths: tuple[str, ...],
    params: tuple[str, ...],
    output_format: str,
    color: str,
    error_on_warning: bool,
    selection: str,
    coverage: bool,
    mutate: bool,
) -> None:
    """Run the tests of a project against what it builds.

    PATHS are as for build. A test is selected by a word of its name; EXPR joins words by and, or,
    not and parentheses, and takes quotes: -k 'orders and not "other table"'.

    What failed goes to stdout. The exit code is 0 if all tests passed, 1 if one failed, 2 if there
    was nothing to run. Mutants that survive, and statements without a test, fail nothing unless
    asked to by --error-on-warning.
    """
    paths, options = _options.options(paths, params)
    project = load_project(paths, options)
    from iamdsl.project.testing import Ask, run  # noqa: PLC0415 (the compiler)

    tested = run(project, Ask(_selector(selection), coverage=coverage, mutate=mutate))
    if output_format in {"json", "junit"} and tested.ran:
        from iamdsl.cli import _test_formats  # noqa: PLC0415 (for programs only)

        console.out(_test_formats.render(output_format, tested, project.prefix))
    else:
        _options.show(Outcome(tested.diagnostics), project, output_format, color, err=False)
    if _options.is_for_people(output_format):
        closing = _options.closing(Outcome(tested.diagnostics), output_format)
        gap = bool(tested.diagnostics) and output_format == "full"
        console.out(_summary(tested, gap=gap) if tested.ran else closing)
    raise click.exceptions.Exit(_code(tested, error_on_warning=error_on_warning))


def _selector(expression: str) -> Callable[[str], bool]:
    if not expression.strip():
        return lambda _: True
    from iamdsl.analysis.selecting import NoExpressionError, selector  # noqa: PLC0415 (only with -k)

    try:
        return selector(expression)
    except NoExpressionError as error:
        raise click.BadParameter(f"{error}.", param_hint="-k") from None


def _code(tested: Tested, *, error_on_warning: bool) -> int:
    """Return the exit code: without a test and without a mistake there is no answer."""
    errors = {d.code.number for d in tested.diagnostics if d.severity.value == "error"}
    if not tested.ran and errors <= {"IAM406"}:
        return exits.CANNOT
    return exits.of(tested.diagnostics, error_on_warning=error_on_warning)


def _summary(tested: Tested, *, gap: bool) -> str:
    """Return the last lines: `5 passed, 1 failed in 3 tests`, and what else was asked for."""
    failed = sum(not result.passed for result in tested.results)
    passed = len(tested.results) - failed
    counts = [f"{passed:,} passed"] if passed or not failed else []
    counts += [f"{failed:,} failed"] if failed else []
    line = f"{', '.join(counts)} in {_options.plural(tested.ran, 'test')}"
    if tested.deselected:
        line += f", {tested.deselected:,} not selected"
    lines = [line]
    if tested.coverage is not None:
        hit = len(tested.coverage.covered)
        every = hit + len(tested.coverage.missed)
        part = f"{100 * hit // every} %" if every else "none to cover"
        lines.append(f"coverage: {hit:,} of {_options.plural(every, 'statement')}, {part}")
    if tested.mutation is not None:
        made, left = tested.mutation.made, len(tested.mutation.survivors)
        more = ", and more that were not tried" if tested.mutation.bounded else ""
        lines.append(f"mutants: {made - left:,} of {made:,} noticed{more}")
    return ("\n" if gap else "") + "".join(f"{one}\n" for one in lines)

"""The compiler: sources in, everything that AWS is to hold out.

```
 text ──load──▶ modules ──resolve──▶ program ──expand──▶ places and ──assemble──▶ build ──fit──▶ build
 (.iam)       (trees)             (names, types)       entities     (lower)  (iam.Policy)   (it fits)
                                                     (flat grants)
```

`compile` below is that line. `infer` and `evaluate` read expressions, for their types and their
values; `builders`, `principals`, `actions`, `formulas` know one part of a statement each, `places`
and `entities` what stands where and is called how, `kinds` and `resource_policies` what AWS takes;
`conditions` turns formulas into condition blocks; `check` only complains. `checks` and `promises`
make questions of tests and guards: `analysis` answers those of guards, whoever runs tests the others.

Invariants: a pass takes a value and a report and gives a new value; a mistake of the user raises
nothing; after a mistake nothing is emitted.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

import attrs

from iamdsl.compiler.assemble import assemble
from iamdsl.compiler.check import check_grants, check_params, check_references, check_resolved
from iamdsl.compiler.environment import Environment, Loader
from iamdsl.compiler.expand import expand
from iamdsl.compiler.externs import externs
from iamdsl.compiler.load import load
from iamdsl.compiler.resolve import resolve
from iamdsl.diagnostics import Diagnostic, Report, codes
from iamdsl.fit import fit
from iamdsl.model.program import FOREIGN

if TYPE_CHECKING:
    from collections.abc import Sequence

    from iamdsl.analysis.promises import Test
    from iamdsl.compiler.expand import Expansion
    from iamdsl.compiler.promises import Promises
    from iamdsl.fit import Fitted
    from iamdsl.iam import Build, Extern
    from iamdsl.model import Program
    from iamdsl.source import Source

__all__ = ["Compilation", "Environment", "Loader", "compile"]


class Compilation(NamedTuple):
    """What a compilation came to.

    Attributes:
        build: None when there was an error.
        tests: as questions, for whoever runs them.
        assembled: the build before `fit`, statement by sentence.
        fitted: what `fit` has to tell besides the build.
        externs: all that are declared, also where their values are known.
    """

    build: Build | None
    diagnostics: tuple[Diagnostic, ...]
    tests: tuple[Test, ...] = ()
    assembled: Build | None = None
    fitted: Fitted | None = None
    externs: tuple[Extern, ...] = ()


def compile(entries: Sequence[Source], environment: Environment) -> Compilation:  # noqa: A001  # the verb
    """Compile sources; what is wrong with them is in the diagnostics, nothing is raised.

    Args:
        entries: the project's own sources; what they import comes by `environment.loader`.
    """
    report = Report()
    made = Compilation(None, ())
    try:
        made = _compile(entries, environment, report)
    except RecursionError:
        if not report.failed:
            report.add(
                codes.NESTED_TOO_DEEP,
                None,
                "expressions or blocks are nested too deeply to be compiled",
                hint="give inner parts names with `let`",
            )
    made = made._replace(diagnostics=report.diagnostics)
    return made._replace(build=None) if report.failed else made


def _compile(entries: Sequence[Source], environment: Environment, report: Report) -> Compilation:
    modules = load(entries, environment, report)
    program = resolve(modules, environment, report)
    check_params(program, environment, report)
    if report.failed:
        _look_further(program, environment, report)
        return Compilation(None, ())
    expansion = expand(program, environment, report)
    check_grants(expansion.entities, environment, report)
    build = assemble(expansion, environment, report)
    check_resolved(build, environment, report)
    promises = _promises(expansion, environment, report)
    if report.failed:
        return Compilation(None, ())
    declared = externs(program, environment.catalogue)
    fitted = _fitted(build, declared, environment, report)
    check_references(fitted.build, report)
    if promises is not None and promises.guards and not report.failed:
        from iamdsl.analysis.guarding import guard  # noqa: PLC0415  # many projects have none

        guard(promises.guards, fitted.build, environment.pseudo, environment.catalogue, report)
    tests = promises.tests if promises is not None else ()
    return Compilation(fitted.build, (), tests, build, fitted, declared)


def _fitted(
    build: Build, declared: Sequence[Extern], environment: Environment, report: Report
) -> Fitted:
    """Return the build made to fit, and proved to mean what it did before."""
    if not environment.fitting.proves:
        report.add(
            codes.UNPROVED,
            None,
            "what is built is not proved to mean what the sources say",
            hint="leave `--no-prove` away: the proof takes a small part of the time",
        )
    longest = {extern.name: extern.longest for extern in declared}
    return fit(build, attrs.evolve(environment.fitting, lengths=longest), report)


def _promises(expansion: Expansion, environment: Environment, report: Report) -> Promises | None:
    """Return the tests and guards as questions, None when there are none."""
    if not expansion.promises:
        return None
    from iamdsl.compiler.promises import lower_promises  # noqa: PLC0415  # many projects have none

    return lower_promises(expansion, environment, report)


def _look_further(program: Program, environment: Environment, report: Report) -> None:
    """Find more mistakes in what names and types have let through, so that one run shows them all.

    Later passes may count on what `resolve` has found to be false here: whatever they raise then
    says nothing new, since the build has failed already. What they find in templates of others
    comes of the mistakes that are told.
    """
    further = Report()
    with suppress(Exception):
        expansion = expand(program, environment, further)
        assemble(expansion, environment, further)
        _promises(expansion, environment, further)
    known = [d.span for d in report.diagnostics if d.span is not None]
    following = _FOLLOWING | ({codes.MISPLACED} if report.count(codes.SYNTAX_ERROR) else set())
    said = {(d.code, d.message) for d in report.diagnostics}
    report.extend(
        d
        for d in further.diagnostics
        if d.code not in following
        and not (d.span is not None and d.span.source.name.startswith(FOREIGN))
        and (d.code, d.message) not in said
        and not any(d.span is not None and d.span.overlaps(span) for span in known)
    )


_FOLLOWING = {codes.EMPTY_DOCUMENT, codes.UNKNOWN_NAME, codes.MISSING_CLAUSE}
"""Codes of what is often no mistake of its own when a part of the source could not be read."""

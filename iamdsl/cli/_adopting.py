"""What `iamdsl check` writes where it is asked to: fixes, comments, a baseline."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, NoReturn

import click

from iamdsl.cli import _options, _unified, console
from iamdsl.cli import exit as exits
from iamdsl.cli.check import USUAL
from iamdsl.diagnostics import Severity
from iamdsl.diagnostics.render.place import place
from iamdsl.project import allowing, baseline, fixing
from iamdsl.project.config import baseline_path

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from iamdsl.cli.check import Checked
    from iamdsl.diagnostics import Diagnostic
    from iamdsl.project import Outcome
    from iamdsl.project.problem import Problem

_ENDINGS = (".iam", ".json", ".yaml", ".yml", ".template", ".tf", ".toml", ".lock")


def check_options(asked: Mapping[str, Any]) -> None:
    """Refuse options that say nothing together."""
    chosen = [name for name in ("fix", "diff", "add_allow", "write_baseline") if asked[name]]
    if chosen == ["fix", "diff"]:
        chosen = ["diff"]
    if len(chosen) > 1:
        first, second = (f"--{name.replace('_', '-')}" for name in chosen[:2])
        raise click.UsageError(f"{first} and {second} are not for one run.")
    if asked["unsafe_fixes"] and chosen not in (["fix"], ["diff"]):
        raise click.UsageError("--unsafe-fixes is for --fix and --diff.")
    if asked["add_allow"] is not None and not asked["add_allow"].strip().isprintable():
        raise click.BadParameter("a reason is one line of text.", param_hint="--add-allow")


def adopt(checked: Checked, asked: Mapping[str, Any]) -> tuple[Outcome, str]:
    """Do what is asked for; return what is left to say, and what was done in words."""
    if asked["fix"]:
        return _fix(checked, unsafe=asked["unsafe_fixes"])
    if asked["write_baseline"]:
        return _write_baseline(checked, asked["write_baseline"])
    return _add_allow(checked, asked["add_allow"].strip())


def show_difference(checked: Checked, *, unsafe: bool) -> NoReturn:
    """Show what fixes would change, and end the command: with 1 where they would."""
    mended = fixing.mend(checked.subject(), unsafe=unsafe)
    for change in mended.changes:
        name = change.name if os.path.isabs(change.name) else checked.prefix + change.name
        console.out(_unified.difference(name, change.file.text, change.after))
    console.err(_summary(mended, "would be fixed"))
    raise click.exceptions.Exit(exits.NO if mended.changes else exits.YES)


def _fix(checked: Checked, *, unsafe: bool) -> tuple[Outcome, str]:
    mended = fixing.mend(checked.subject(), unsafe=unsafe)
    problems = fixing.write(mended.changes)
    if problems:
        return _with(checked.check(), problems), ""
    return mended.outcome, _summary(mended, "fixed")


def _summary(mended: fixing.Mended, word: str) -> str:
    lines = [_taken_back(diagnostic) for diagnostic in mended.taken_back]
    lines.append(f"{mended.fixed:,} {word}, {len(mended.outcome.diagnostics):,} left\n")
    return "".join(lines)


def _taken_back(diagnostic: Diagnostic) -> str:
    where = ""
    if diagnostic.span is not None:
        file, start, _ = place(diagnostic.span)
        where = f" in {file}, line {start.line}"
    return f"the fix of {diagnostic.code.number}{where} was taken back: it would make an error\n"


def _add_allow(checked: Checked, reason: str) -> tuple[Outcome, str]:
    if checked.documents:
        hint = "Documents hold no comments: write a baseline, by --write-baseline."
        raise click.UsageError(hint)
    if not reason:
        raise click.BadParameter("say why it is passed over.", param_hint="--add-allow")
    found = checked.check().diagnostics
    subject = checked.subject()
    allowed = allowing.allow(found, subject.files, reason)
    problems = fixing.write(allowed.changes)
    if problems:
        return _with(checked.check(), problems), ""
    outcome = subject.check({change.name: change.after for change in allowed.changes})
    files = _options.plural(len(allowed.changes), "file")
    return outcome, f"{_options.plural(allowed.number, 'finding')} allowed in {files}\n"


def _write_baseline(checked: Checked, file: str) -> tuple[Outcome, str]:
    path = baseline_path(checked.settings)
    if file != USUAL:
        if os.path.isdir(file) or file.endswith(_ENDINGS):
            raise click.BadParameter(
                f"{file!r} is no name for a baseline; paths to check stand before the option.",
                param_hint="--write-baseline",
            )
        path = os.path.abspath(file)
    outcome = checked.check()
    if outcome.seen is None:
        return outcome, ""
    shown = os.path.relpath(path).replace(os.sep, "/")
    earlier = baseline.earlier(path, shown) if os.path.exists(path) else None
    counts, number = baseline.renewed(outcome.diagnostics, outcome.seen, earlier)
    problem = baseline.write(path, shown, counts)
    if problem is not None:
        return _with(outcome, [problem]), ""
    documents = checked.documents
    left = tuple(d for d in outcome.diagnostics if not baseline.may_hold(d, documents=documents))
    failed = any(d.severity is Severity.ERROR for d in left)
    words = f"{_options.plural(number, 'finding')} written to `{shown}`\n"
    return outcome._replace(diagnostics=left, failed=failed), words


def _with(outcome: Outcome, problems: Sequence[Problem]) -> Outcome:
    more = tuple(problem.diagnostic() for problem in problems)
    return outcome._replace(diagnostics=(*more, *outcome.diagnostics), failed=True)

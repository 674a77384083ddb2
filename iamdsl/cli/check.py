"""`iamdsl check`: compile and review; say what is wrong, and what a careful reader would say."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from iamdsl.cli import _options, console
from iamdsl.project import Options, Outcome, check, config, discovery, load_project, manifest
from iamdsl.project.config import PRESETS, baseline_path
from iamdsl.project.inputs import MAX_BYTES

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from iamdsl.project import Config
    from iamdsl.project.fixing import Subject

_KINDS = ("auto", "policy", "boundary", "scp", "rcp", "session", "trust", "resource")
_BLANK = b"\xef\xbb\xbf \t\r\n"
_DOCUMENTS = (".json", ".yaml", ".yml", ".template", ".tf")

USUAL = "<usual>"
"""The value of `--write-baseline` without one."""


class Checked(NamedTuple):
    """What a command checks: the sources of a project, or documents.

    Attributes:
        check: looks at it.
        subject: it as what can be mended.
        about: what there is, for where nothing is wrong with it.
        settings: the configuration with the command line over it.
        prefix: what leads from the current folder to where names begin.
    """

    check: Callable[[], Outcome]
    subject: Callable[[], Subject]
    about: Callable[[Outcome], str]
    settings: Config
    prefix: str
    documents: bool


@click.command
@_options.compiling
@click.option("--preset", type=click.Choice(PRESETS), help="Which findings of the review to tell.")
@click.option(
    "--kind", type=click.Choice(_KINDS), default="auto", help="What policy documents are."
)
@click.option(
    "--for", "target", metavar="ARN", help="The resource that policy documents belong to."
)
@click.option("--fix", is_flag=True, help="Make the fixes that keep what was surely meant.")
@click.option("--unsafe-fixes", is_flag=True, help="With --fix or --diff: those that guess too.")
@click.option("--diff", is_flag=True, help="Show what --fix would change, and exit with 1 for it.")
@click.option("--add-allow", metavar="REASON", help="Write `# allow:` comments for what is found.")
@click.option(
    "--write-baseline",
    metavar="[FILE]",
    is_flag=False,
    flag_value=USUAL,
    help="Write what is found into a baseline, which later checks pass over.",
)
@click.option("--no-baseline", is_flag=True, help="Tell what is in the baseline as well.")
def command(
    *,
    paths: tuple[str, ...],
    params: tuple[str, ...],
    output_format: str,
    color: str,
    error_on_warning: bool,
    preset: str | None,
    kind: str,
    target: str | None,
    no_baseline: bool,
    **asked: Any,
) -> None:
    """Compile a project, review what it says; write nothing but what is asked for.

    PATHS are as for build; or policy documents in JSON, folders of them, and whatever
    iamdsl import reads: they are reviewed as they are. The diagnostics go to stdout.
    """
    known = not (no_baseline or asked["write_baseline"])
    pairs = _options.pairs(params)
    stdin = sys.stdin.buffer.read(MAX_BYTES + 1) if "-" in paths else None
    options = Options(params=pairs, stdin=stdin, preset=preset, baseline=known)
    if _are_documents(paths, stdin) or kind != "auto" or target is not None:
        checked = _documents(paths, options, kind, target)
    else:
        checked = _sources(paths, options)
    words = ""
    if any(value not in {None, False} for value in asked.values()):
        from iamdsl.cli import _adopting  # noqa: PLC0415 (only where it is asked for)

        _adopting.check_options(asked)
        if asked["diff"]:
            _adopting.show_difference(checked, unsafe=asked["unsafe_fixes"])
        outcome, words = _adopting.adopt(checked, asked)
    else:
        outcome = checked.check()
    _show(checked, outcome, words, output_format, color)
    _options.leave(outcome, error_on_warning=error_on_warning)


def _show(checked: Checked, outcome: Outcome, words: str, output_format: str, color: str) -> None:
    """Write the diagnostics, and for people what else there is to say."""
    prefix = checked.prefix
    _options.show_all(outcome.diagnostics, output_format, color, err=False, prefix=prefix)
    if not _options.is_for_people(output_format):
        return
    fine = "" if words or outcome.failed else f"ok: {checked.about(outcome)}\n"
    console.out(_options.closing(outcome, output_format) or fine)
    if outcome.passed:
        name = os.path.relpath(baseline_path(checked.settings)).replace(os.sep, "/")
        console.out(f"{_options.plural(outcome.passed, 'finding')} passed over by `{name}`\n")
    console.out(words)


def _are_documents(paths: Sequence[str], stdin: bytes | None) -> bool:
    """Tell whether paths name documents: by their endings, and for a folder by what is in it.

    What comes by stdin alone is one if it begins as JSON does, which no source can.
    """
    named = [path for path in paths if path != "-"]
    if not named:
        return (stdin or b"").lstrip(_BLANK)[:1] in {b"{", b"["}
    if os.path.isdir(named[0]):
        return _holds_documents(os.path.abspath(named[0]))
    return named[0].endswith(_DOCUMENTS)


def _holds_documents(folder: str) -> bool:
    """Tell whether a folder has documents and no sources, and is neither a project nor a build."""
    settings, _, _ = config.find(folder)
    if (settings and os.path.dirname(settings) == folder) or manifest.owned(folder):
        return False
    files = (name for _, _, names in os.walk(folder) for name in names)
    return not discovery.find(folder, (), "")[0] and any(n.endswith(_DOCUMENTS) for n in files)


def _sources(paths: Sequence[str], options: Options) -> Checked:
    project = load_project(paths, options)

    def subject() -> Subject:
        from iamdsl.project import fixing  # noqa: PLC0415 (only where it is asked for)

        return fixing.sources(project)

    def about(outcome: Outcome) -> str:
        return f"{_options.counted(outcome)} in {_options.plural(len(project.files), 'source')}"

    settings, prefix = project.config, project.prefix
    return Checked(lambda: check(project), subject, about, settings, prefix, documents=False)


def _documents(paths: Sequence[str], options: Options, kind: str, target: str | None) -> Checked:
    from iamdsl.project import reviewing  # noqa: PLC0415 (the rules, when there is work)

    if target is not None and kind not in {"auto", "resource"}:
        problem = f"a policy of the kind {kind!r} belongs to no resource."
        raise click.BadParameter(problem, param_hint="--for")
    pseudo = _options.place(options.params)
    said = reviewing.DocumentOptions(kind, target, options.preset, pseudo, options.baseline)
    loaded = reviewing.load_documents(paths, said, options.stdin)

    def subject() -> Subject:
        from iamdsl.project import fixing  # noqa: PLC0415 (only where it is asked for)

        return fixing.documents(loaded)

    def look() -> Outcome:
        return reviewing.review_loaded(loaded)

    return Checked(look, subject, _options.counted, loaded.settings, "", documents=True)

"""`iamdsl why`: why somebody can, or cannot, do something in what a project builds."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypedDict, Unpack

import click

from iamdsl.cli import _questions, console
from iamdsl.cli import exit as exits

if TYPE_CHECKING:
    from iamdsl.analysis.asking import Question
    from iamdsl.diagnostics import Code, Diagnostic

_FORMATS = ("text", "json")
_DURATION = re.compile(r"(?a)(\d{1,6})([hms]?)")
_UNITS = {"h": 3600, "m": 60, "s": 1, "": 1}
_FILE = "[ARN=]FILE"


@click.command
@click.argument("principal")
@click.argument("action")
@click.argument("resource")
@click.argument("paths", nargs=-1, metavar="[PATHS]...")
@click.option("--build", "folder", metavar="DIR", help="Ask about what was built into a folder.")
@click.option(
    "--context", multiple=True, metavar="KEY=VALUE", help="A condition key of the request."
)
@click.option("--external-id", metavar="ID", help="The same as --context sts:ExternalId=ID.")
@click.option("--mfa", is_flag=True, help="As one who has just signed in with MFA.")
@click.option("--session-duration", metavar="4h", help="How long the role session is to last.")
@click.option("--identity", multiple=True, metavar=_FILE, help="A further policy of the caller.")
@click.option("--boundary", metavar=_FILE, help="The caller's permissions boundary.")
@click.option("--session-policy", multiple=True, metavar="FILE", help="Passed for the session.")
@click.option("--resource-policy", metavar="FILE", help="The policy of the resource.")
@click.option(
    "--set",
    "params",
    multiple=True,
    metavar="NAME=VALUE",
    help="As for build.",
)
@click.option(
    "--output-format", type=click.Choice(_FORMATS), default="text", help="For people or programs."
)
def command(
    *,
    principal: str,
    action: str,
    resource: str,
    paths: tuple[str, ...],
    folder: str | None,
    context: tuple[str, ...],
    external_id: str | None,
    mfa: bool,
    session_duration: str | None,
    params: tuple[str, ...],
    output_format: str,
    **files: Unpack[_Files],
) -> None:
    """Say why PRINCIPAL can, or cannot, do ACTION on RESOURCE.

    PRINCIPAL is the name of a role or user of the project, in an account as in prod.deployer, an
    ARN, service:lambda or anonymous. RESOURCE is an ARN, or the name of something that has one.
    PATHS are as for build. SCPs, RCPs, boundaries and the policies of resources are in effect by
    themselves; what a policy of AWS's says is given by --identity ARN=FILE.

    Exits with 0 if it is allowed, 1 if it is denied, and 2 if that cannot be told.
    """
    wanted = _questions.action(action, "ACTION")
    keys = _context(context, external_id, mfa=mfa)
    found = _questions.compiled(paths, params, folder)
    if found.build is None or found.catalogue is None:
        _questions.stop(found.diagnostics)
    from iamdsl.analysis.asking import Question, Refusal, ask  # noqa: PLC0415 (only to answer)
    from iamdsl.analysis.why import why  # noqa: PLC0415
    from iamdsl.cli import _why_formats  # noqa: PLC0415

    _questions.check_keys(context, found.catalogue)
    spelt = _questions.spelt(wanted, found.catalogue)
    lasting = None if session_duration is None else _seconds(session_duration)
    question = _with_files(Question(principal, spelt, resource, keys, lasting), files)
    try:
        asked = ask(question, found.build, found.pseudo)
    except Refusal as refusal:
        _questions.stop([_diagnostic(refusal.code, refusal.message, refusal.hint)])
    answer = why(asked.situation, asked.unknowns)
    if output_format == "json":
        console.out(_why_formats.as_json(asked, answer, found.catalogue))
    else:
        console.out(_why_formats.as_text(asked, answer))
    if answer.outcome == "unsure":
        from iamdsl.diagnostics import codes  # noqa: PLC0415 (only on mistakes)

        _questions.stop([_diagnostic(codes.UNSURE_ANSWER, *_why_formats.unsure(asked))])
    raise click.exceptions.Exit(exits.YES if answer.outcome == "allowed" else exits.NO)


class _Files(TypedDict):
    """The policies that are in effect besides those of the project, as files, by option."""

    identity: tuple[str, ...]
    boundary: str | None
    session_policy: tuple[str, ...]
    resource_policy: str | None


def _with_files(question: Question, files: _Files) -> Question:
    """Return a question with the policies that files hold."""
    boundary, resource = files["boundary"], files["resource_policy"]
    own, known = _questions.policies(files["identity"])
    bound, bounds = _questions.policies((boundary,) if boundary else ())
    return question._replace(
        identity=own,
        boundary=bound,
        sessions=_questions.policies(files["session_policy"])[0],
        resource_policy=_questions.policy(resource, with_principal=True) if resource else None,
        known=known | bounds,
    )


def _diagnostic(code: Code, message: str, hint: str = "") -> Diagnostic:
    from iamdsl.diagnostics import Diagnostic  # noqa: PLC0415 (only on mistakes)

    return Diagnostic(code, code.severity, message, hint=hint)


def _context(
    pairs: tuple[str, ...], external_id: str | None, *, mfa: bool
) -> dict[str, tuple[str, ...]]:
    """Return the keys of the request; a key that is given twice has two values."""
    context = _questions.context(pairs)
    if external_id is not None:
        context["sts:externalid"] = (external_id,)
    if mfa:
        context |= {"aws:multifactorauthpresent": ("true",), "aws:multifactorauthage": ("0",)}
    return context


def _seconds(text: str) -> int:
    found = _DURATION.fullmatch(text)
    if found is None:
        raise click.BadParameter(
            f"{text!r} is no duration, as in 4h, 90m or 3600.", param_hint="--session-duration"
        )
    return int(found[1]) * _UNITS[found[2]]

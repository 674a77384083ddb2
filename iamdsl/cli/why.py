"""`iamdsl why`: why somebody can, or cannot, do something in what a project builds."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NoReturn

import click

from iamdsl.cli import _options, console
from iamdsl.cli import exit as exits
from iamdsl.project import compiled, load_project

if TYPE_CHECKING:
    from collections.abc import Sequence

    from iamdsl.aws import Catalogue
    from iamdsl.diagnostics import Code, Diagnostic
    from iamdsl.project import Compiled
    from iamdsl.simulate import Named

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
    identity: tuple[str, ...],
    boundary: str | None,
    session_policy: tuple[str, ...],
    resource_policy: str | None,
    params: tuple[str, ...],
    output_format: str,
) -> None:
    """Say why PRINCIPAL can, or cannot, do ACTION on RESOURCE.

    PRINCIPAL is the name of a role or user of the project, in an account as in prod.deployer, an
    ARN, service:lambda or anonymous. RESOURCE is an ARN, or the name of something that has one.
    PATHS are as for build. SCPs, RCPs, boundaries and the policies of resources are in effect by
    themselves; what a policy of AWS's says is given by --identity ARN=FILE.

    Exits with 0 if it is allowed, 1 if it is denied, and 2 if that cannot be told.
    """
    if folder is not None and (paths or params):
        raise click.UsageError("--build goes without PATHS and --set.")
    found = _compiled(paths, params, folder)
    if found.build is None:
        _stop(found.diagnostics)
    from iamdsl.analysis.asking import Question, Refusal, ask  # noqa: PLC0415 (only to answer)
    from iamdsl.analysis.why import why  # noqa: PLC0415
    from iamdsl.cli import _why_formats  # noqa: PLC0415

    own, known = _policies(identity)
    bound, bounds = _policies((boundary,) if boundary else ())
    question = Question(
        principal,
        _action(action, found.catalogue),
        resource,
        _context(context, external_id, mfa=mfa),
        None if session_duration is None else _seconds(session_duration),
        own,
        bound,
        _policies(session_policy)[0],
        next(iter(_policies((resource_policy,) if resource_policy else ())[0]), None),
        known | bounds,
    )
    try:
        asked = ask(question, found.build, found.pseudo)
    except Refusal as refusal:
        _stop([_diagnostic(refusal.code, refusal.message, refusal.hint)])
    answer = why(asked.situation, asked.unknowns)
    render = _why_formats.as_json if output_format == "json" else _why_formats.as_text
    console.out(render(asked, answer))
    if answer.outcome == "unsure":
        from iamdsl.diagnostics import codes  # noqa: PLC0415 (only on mistakes)

        _stop([_diagnostic(codes.UNSURE_ANSWER, *_why_formats.unsure(asked))])
    raise click.exceptions.Exit(exits.YES if answer.outcome == "allowed" else exits.NO)


def _compiled(paths: tuple[str, ...], params: tuple[str, ...], folder: str | None) -> Compiled:
    if folder is not None:
        from iamdsl.project.built import read_build  # noqa: PLC0415 (only they need it)

        return read_build(folder)
    paths, options = _options.options(paths, params)
    return compiled(load_project(paths, options))


def _stop(diagnostics: Sequence[Diagnostic]) -> NoReturn:
    _options.show_all(diagnostics, "full", "auto")
    raise click.exceptions.Exit(exits.CANNOT)


def _diagnostic(code: Code, message: str, hint: str = "") -> Diagnostic:
    from iamdsl.diagnostics import Diagnostic  # noqa: PLC0415 (only on mistakes)

    return Diagnostic(code, code.severity, message, hint=hint)


def _action(text: str, catalogue: Catalogue | None) -> str:
    """Return an action as AWS spells it; one that is not in the catalogue is asked for as written."""
    service, colon, name = text.partition(":")
    if not colon or not service or not name or re.search(r"[*?\s]", text):
        raise click.BadParameter(f"{text!r} is no action, as in s3:GetObject.", param_hint="ACTION")
    if catalogue is None:
        return text
    spelt = catalogue.names(service.lower()).get(name.lower())
    if spelt is not None:
        return f"{service.lower()}:{spelt}"
    from iamdsl.diagnostics import Diagnostic, Severity, codes  # noqa: PLC0415 (only on mistakes)
    from iamdsl.diagnostics.nearest import did_you_mean, nearest  # noqa: PLC0415

    near = nearest(name, catalogue.names(service.lower()).values(), 1)
    hint = did_you_mean([f"{service.lower()}:{one}" for one in near], "it is asked for as written")
    message = f"`{text}` is not in the catalogue"
    warning = Diagnostic(codes.UNKNOWN_ACTION, Severity.WARNING, message, hint=hint)
    _options.show_all([warning], "full", "auto")
    return text


def _context(
    pairs: tuple[str, ...], external_id: str | None, *, mfa: bool
) -> dict[str, tuple[str, ...]]:
    """Return the keys of the request; a key that is given twice has two values."""
    context: dict[str, tuple[str, ...]] = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals or ":" not in key:
            raise click.BadParameter(
                f"{pair!r} is not of the form KEY=VALUE.", param_hint="--context"
            )
        lowered = key.strip().lower()
        context[lowered] = (*context.get(lowered, ()), value)
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


def _policies(given: tuple[str, ...]) -> tuple[tuple[Named, ...], frozenset[str]]:
    """Return the policies of files, and the ARNs that they are said to be of."""
    from iamdsl.project.documents import read_policy  # noqa: PLC0415 (few questions have files)
    from iamdsl.simulate import Named  # noqa: PLC0415

    made, known = [], set()
    for text in given:
        arn, equals, path = text.partition("=")
        if not (equals and arn.startswith("arn:")):
            arn, path = "", text
        policy = read_policy(path)
        if isinstance(policy, tuple):
            _stop(policy)
        made.append(Named(arn or path, policy))
        known |= {arn} if arn else set()
    return tuple(made), frozenset(known)

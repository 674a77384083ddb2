"""`iamdsl simulate`: what IAM decides on a request, or on a stream of them."""

from __future__ import annotations

import gc
import re
import sys
from typing import TYPE_CHECKING, NamedTuple, NoReturn, TypedDict, Unpack

import click

from iamdsl.cli import _questions, console
from iamdsl.cli import exit as exits
from iamdsl.project.problem import Problem

if TYPE_CHECKING:
    from iamdsl.aws import Catalogue
    from iamdsl.simulate import Context, Decision, Named, Policies, Request

_FORMATS = ("table", "json")
_ARN = re.compile(r"(?as)arn:[^:]*:[^:]*:[^:]*:(\d{12})?:.*")
_SOMEBODY = "arn:aws:iam::{}:user/somebody"
_NOWHERE = "000000000000"
_FACTS_OF_CALLERS = (
    "aws:principalarn",
    "aws:principalaccount",
    "aws:principaltype",
    "aws:username",
)
_LEVEL_FILE = "LEVEL=FILE"
_NEW_OBJECTS = 200_000
"""After how many it is looked for cycles in batch: there are next to none."""


@click.command
@click.argument("paths", nargs=-1, metavar="[PATHS]...")
@click.option("--batch", metavar="FILE|-", help="Answer JSON Lines: a request a line.")
@click.option("--action", metavar="SERVICE:NAME", help="What is asked for: s3:GetObject.")
@click.option("--resource", metavar="ARN", help="On what; * for actions without a resource.")
@click.option("--principal", metavar="ARN", help="Who asks; also service:lambda or anonymous.")
@click.option("--as", "role", metavar="NAME", help="As somebody of the project in PATHS.")
@click.option("--build", "folder", metavar="DIR", help="With --as: what was built into a folder.")
@click.option("--identity", multiple=True, metavar="[ARN=]FILE", help="A policy of the caller.")
@click.option("--boundary", metavar="[ARN=]FILE", help="The caller's permissions boundary.")
@click.option("--session-policy", multiple=True, metavar="FILE", help="Passed for the session.")
@click.option("--resource-policy", metavar="FILE", help="The policy of the resource, or trust.")
@click.option("--scp", multiple=True, metavar=_LEVEL_FILE, help="An SCP; the root's level first.")
@click.option("--rcp", multiple=True, metavar=_LEVEL_FILE, help="An RCP of the resource's account.")
@click.option("--endpoint-policy", multiple=True, metavar="FILE", help="Of the VPC endpoint.")
@click.option("--context", multiple=True, metavar="KEY=VALUE", help="A condition key; repeatable.")
@click.option("--resource-account", metavar="ID", help="Whose the resource is, if no ARN says it.")
@click.option("--set", "params", multiple=True, metavar="NAME=VALUE", help="As for build.")
@click.option(
    "--output-format", type=click.Choice(_FORMATS), default="table", help="For people or programs."
)
def command(
    *,
    paths: tuple[str, ...],
    batch: str | None,
    action: str | None,
    resource: str | None,
    principal: str | None,
    role: str | None,
    folder: str | None,
    context: tuple[str, ...],
    resource_account: str | None,
    params: tuple[str, ...],
    output_format: str,
    **files: Unpack[_Files],
) -> None:
    """Say what IAM decides on a request.

    The policies are JSON files, or with --as those that are in effect for a role or user of the
    project in PATHS, in an account as in prod.deployer:
    iamdsl simulate --as deployer --action s3:GetObject --resource arn:aws:s3:::photos/1.jpg

    A key of --context that is given twice has two values. Facts that follow from the caller and
    the resource, such as aws:PrincipalArn, are filled in. Without --principal the caller is
    somebody in the resource's account of whom no more is known. SCPs and RCPs stand in levels,
    which come in the order in which they are named first.

    With --batch each line is a JSON object with the members id, principal, action, resource,
    resource_account, context, identity_policies, resource_policy, boundaries, session_policies,
    scps, rcps, endpoint_policies; each answer one with id, decision, matched, missing_keys, reason,
    or id, error.

    Exits with 0 if it is allowed, 1 if it is denied, and 2 if that cannot be told; with --batch
    with 0 if all lines had an answer.
    """
    if batch is not None:
        others = (*paths, action, resource, principal, role, folder, resource_account)
        if any((*others, *files.values(), context, params)):
            raise click.UsageError("--batch goes alone: a line says all there is to a request.")
        raise click.exceptions.Exit(_answer_lines(batch))
    if action is None or resource is None:
        raise click.UsageError("--action and --resource are needed, or --batch.")
    keys = _questions.context(context)
    asked = _Asked(_questions.action(action, "--action"), resource, keys, context, output_format)
    if role is not None:
        if principal is not None or resource_account is not None or _of_a_project(files):
            raise click.UsageError(
                "--as says who asks and what is in effect: it goes without --principal, "
                "--resource-account, --scp, --rcp and --endpoint-policy."
            )
        _answer_as(_As(role, paths, params, folder), asked, files)
    if paths or folder is not None or params:
        raise click.UsageError("PATHS, --build and --set are for --as.")
    _answer_by_files(asked, principal, _account(resource_account), files)


class _Files(TypedDict):
    """The policies as files, by option."""

    identity: tuple[str, ...]
    boundary: str | None
    session_policy: tuple[str, ...]
    resource_policy: str | None
    scp: tuple[str, ...]
    rcp: tuple[str, ...]
    endpoint_policy: tuple[str, ...]


class _Asked(NamedTuple):
    """What is asked; `written` is the context as it was given."""

    action: str
    resource: str
    context: Context
    written: tuple[str, ...]
    output_format: str


class _As(NamedTuple):
    """A caller of a project."""

    role: str
    paths: tuple[str, ...]
    params: tuple[str, ...]
    folder: str | None


def _of_a_project(files: _Files) -> bool:
    """Tell whether files are given that are a project's to say."""
    return bool(files["scp"] or files["rcp"] or files["endpoint_policy"])


# One request


def _answer_by_files(
    asked: _Asked, principal: str | None, account: str | None, files: _Files
) -> NoReturn:
    """Answer with what stands in files, and nothing else."""
    resource = asked.resource
    if resource != "*" and not _ARN.fullmatch(resource):
        raise click.BadParameter(f"{resource!r} is no ARN, nor *.", param_hint="--resource")
    from iamdsl.project.catalogue import open_catalogue  # noqa: PLC0415 (when there is work)

    catalogue = open_catalogue()
    if isinstance(catalogue, Problem):
        _questions.stop([catalogue.diagnostic()])
    action = _questions.spelt(asked.action, catalogue)
    _questions.check_keys(asked.written, catalogue)
    request, known = _request(principal, action, resource, asked.context, account)
    if not known and (files["resource_policy"] or files["rcp"] or files["endpoint_policy"]):
        raise click.UsageError("A policy of a resource depends on who asks: give --principal.")
    decision = _decision(request, _policies(files)[0])
    who = f"`{request.principal}`" if known else "somebody of its account"
    _show(request, decision, catalogue, asked.output_format, who, known=known)


def _account(text: str | None) -> str | None:
    if text is not None and not re.fullmatch(r"(?a)\d{12}", text):
        raise click.BadParameter(
            f"{text!r} is no account's id: twelve digits.", param_hint="--resource-account"
        )
    return text


def _request(
    principal: str | None,
    action: str,
    resource: str,
    context: Context,
    account: str | None,
) -> tuple[Request, bool]:
    """Return the request, and whether it is known who asks.

    Somebody of whom nothing is known is a user of the resource's account, so that identity
    policies decide, and the keys that tell who it is are missing.
    """
    from iamdsl.aws.principals import service_principal  # noqa: PLC0415 (when there is work)
    from iamdsl.simulate import Request, is_principal  # noqa: PLC0415

    if principal is not None:
        if principal.startswith("service:"):
            partition = resource.split(":")[1] if resource != "*" else "aws"
            name = service_principal(principal.removeprefix("service:"), partition)
            principal = f"service:{name}"
        if not is_principal(principal):
            raise click.BadParameter(
                f"{principal!r} is no ARN of a user, role, session, federated user, root or "
                "identity provider, and neither anonymous nor service:NAME.",
                param_hint="--principal",
            )
        return Request(principal, action, resource, context, account), True
    found = _ARN.fullmatch(resource)
    holder = account or (found and found[1]) or _NOWHERE
    context = {**dict.fromkeys(_FACTS_OF_CALLERS, ()), **context}
    if holder == _NOWHERE:
        context = {"aws:resourceaccount": (), **context}
    return Request(_SOMEBODY.format(holder), action, resource, context, account), False


def _policies(files: _Files) -> tuple[Policies, frozenset[str]]:
    """Return the policies of files, and the ARNs that some are said to be of."""
    from iamdsl.simulate import Policies  # noqa: PLC0415 (when there is work)

    resource, boundary = files["resource_policy"], files["boundary"]
    identity, known = _questions.policies(files["identity"])
    boundaries, bounds = _questions.policies((boundary,) if boundary else ())
    policies = Policies(
        identity,
        _questions.policy(resource, with_principal=True) if resource else None,
        boundaries,
        _questions.policies(files["session_policy"])[0],
        _levels(files["scp"], "--scp", with_principal=False),
        _levels(files["rcp"], "--rcp", with_principal=True),
        tuple(_questions.policy(path, with_principal=True) for path in files["endpoint_policy"]),
    )
    return policies, known | bounds


def _levels(
    given: tuple[str, ...], option: str, *, with_principal: bool
) -> tuple[tuple[Named, ...], ...]:
    levels: dict[str, list[Named]] = {}
    for text in given:
        level, equals, path = text.partition("=")
        if not equals or not level or not path:
            raise click.BadParameter(
                f"{text!r} is not of the form {_LEVEL_FILE}, as in root=deny.json.",
                param_hint=option,
            )
        levels.setdefault(level, []).append(_questions.policy(path, with_principal=with_principal))
    return tuple(map(tuple, levels.values()))


def _decision(request: Request, policies: Policies) -> Decision:
    from iamdsl.simulate import decide  # noqa: PLC0415 (when there is work)

    return decide(request, policies)


def _show(
    request: Request,
    decision: Decision,
    catalogue: Catalogue,
    output_format: str,
    who: str,
    *,
    known: bool = True,
) -> NoReturn:
    """Write an answer and end the command.

    Args:
        who: asks, for people.
        known: whether the caller is somebody in particular.
    """
    from iamdsl.cli import _simulate_formats  # noqa: PLC0415 (when there is an answer)

    if output_format == "json":
        console.out(_simulate_formats.as_json(request, decision, catalogue, known=known))
    else:
        console.out(_simulate_formats.as_table(request, decision, who))
    raise click.exceptions.Exit(exits.YES if decision.verdict == "allowed" else exits.NO)


# As somebody of a project


def _answer_as(who: _As, wanted: _Asked, files: _Files) -> NoReturn:
    """Answer with what is in effect for a role of a project or of a build."""
    found = _questions.compiled(who.paths, who.params, who.folder)
    if found.build is None or found.catalogue is None:
        _questions.stop(found.diagnostics)
    from iamdsl.analysis.asking import Question, Refusal, ask  # noqa: PLC0415 (when there is work)
    from iamdsl.analysis.why import why  # noqa: PLC0415
    from iamdsl.analysis.writing import quoted  # noqa: PLC0415
    from iamdsl.diagnostics import Diagnostic, codes  # noqa: PLC0415

    given, known = _policies(files)
    _questions.check_keys(wanted.written, found.catalogue)
    question = Question(
        who.role,
        _questions.spelt(wanted.action, found.catalogue),
        wanted.resource,
        wanted.context,
        identity=given.identity,
        boundary=given.boundaries,
        sessions=given.sessions,
        resource_policy=given.resource,
        known=known,
    )
    try:
        asked = ask(question, found.build, found.pseudo)
    except Refusal as refusal:
        code = refusal.code
        _questions.stop([Diagnostic(code, code.severity, refusal.message, hint=refusal.hint)])
    situation = asked.situation
    if why(situation, asked.unknowns).outcome == "unsure":
        from iamdsl.cli import _why_formats  # noqa: PLC0415 (only where something is not at hand)

        code = codes.UNSURE_ANSWER
        message, hint = _why_formats.unsure(asked)
        _questions.stop([Diagnostic(code, code.severity, message, hint=hint)])
    decision = _decision(situation.request, situation.policies)
    shown = quoted(asked.caller)
    _show(situation.request, decision, found.catalogue, wanted.output_format, shown)


# Many requests


def _answer_lines(path: str) -> int:
    """Answer each line of a stream as soon as it is there; return the exit code."""
    from iamdsl.project.lines import MAX_LINE, lines  # noqa: PLC0415 (only here)
    from iamdsl.simulate import Lines  # noqa: PLC0415

    gc.freeze()
    gc.set_threshold(_NEW_OBJECTS)
    gc.enable()  # this run may be a long one
    read = lines(path, sys.stdin.buffer)
    if isinstance(read, Problem):
        _questions.stop([read.diagnostic()])
    answering, code = Lines(), exits.YES
    try:
        for several in read:
            made = []
            for line in several:
                if line is None:
                    answer, fine = (
                        Lines.refusal(f"the line has more than {MAX_LINE:,} bytes"),
                        False,
                    )
                elif not line or line.isspace():
                    continue
                else:
                    answer, fine = answering.answer(line)
                made.append(answer)
                code = code if fine else exits.CANNOT
            if made:
                made.append("")
                console.out("\n".join(made))
    except OSError as error:
        console.err(f"cannot read: {(error.strerror or '').lower()}\n")
        return exits.CANNOT
    return code

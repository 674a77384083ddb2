"""What `simulate` and `why` both read from their command lines: requests, policies, builds."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NoReturn

import click

from iamdsl.cli import _options
from iamdsl.cli import exit as exits

if TYPE_CHECKING:
    from collections.abc import Sequence

    from iamdsl.aws import Catalogue
    from iamdsl.diagnostics import Diagnostic
    from iamdsl.project import Compiled
    from iamdsl.simulate import Named

_ACTION = re.compile(r"(?a)[A-Za-z0-9-]+:[A-Za-z0-9_-]+")
_OF_RESOURCES = "policies of resources, RCPs and VPC endpoint policies say whom they are about"
_OF_IDENTITIES = "what has a principal is a policy of a resource: `--resource-policy`"


def action(text: str, option: str) -> str:
    """Return the text of an action, if it is one; `option` is where it was given."""
    if not _ACTION.fullmatch(text):
        raise click.BadParameter(f"{text!r} is no action, as in s3:GetObject.", param_hint=option)
    return text


def spelt(text: str, catalogue: Catalogue) -> str:
    """Return an action as AWS spells it; one that is not in the catalogue is warned of, and kept."""
    service, _, name = text.partition(":")
    service = service.lower()
    known = catalogue.names(service)
    found = known.get(name.lower())
    if found is not None:
        return f"{service}:{found}"
    from iamdsl.diagnostics import Diagnostic, Severity, codes  # noqa: PLC0415 (only on mistakes)
    from iamdsl.diagnostics.nearest import did_you_mean, nearest  # noqa: PLC0415

    near = nearest(name, known.values(), 1)
    hint = did_you_mean([f"{service}:{one}" for one in near], "it is asked for as written")
    message = f"`{text}` is not in the catalogue"
    warning = Diagnostic(codes.UNKNOWN_ACTION, Severity.WARNING, message, hint=hint)
    _options.show_all([warning], "full", "auto")
    return text


def context(pairs: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    """Return the keys of a request in lower case; one that is given twice has two values."""
    made: dict[str, tuple[str, ...]] = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        lowered = key.strip().lower()
        if not equals or not lowered:
            raise click.BadParameter(
                f"{pair!r} is not of the form KEY=VALUE.", param_hint="--context"
            )
        if ":" not in lowered:
            raise click.BadParameter(
                f"{key!r} is no condition key, as in aws:SecureTransport.", param_hint="--context"
            )
        made[lowered] = (*made.get(lowered, ()), value)
    return made


def check_keys(pairs: tuple[str, ...], catalogue: Catalogue) -> None:
    """Warn of keys that the catalogue does not have: no policy asks for what is misspelt."""
    keys = dict.fromkeys(pair.partition("=")[0].strip() for pair in pairs)
    unknown = [key for key in keys if catalogue.condition_key(key) is None]
    if not unknown:
        return
    from iamdsl.diagnostics import Diagnostic, Severity, codes  # noqa: PLC0415 (only on mistakes)
    from iamdsl.diagnostics.nearest import did_you_mean  # noqa: PLC0415

    warnings = []
    for key in unknown:
        # The name of a tag stays as it was written.
        tag = key.partition("/")[2] or "…"
        near = [re.sub(r"\$\{\w+\}", lambda _: tag, one) for one in catalogue.suggest_key(key)]  # noqa: B023
        hint = did_you_mean(near, "it is sent as written")
        message = f"`{key}` is no condition key that AWS has"
        warnings.append(Diagnostic(codes.UNKNOWN_KEY, Severity.WARNING, message, hint=hint))
    _options.show_all(warnings, "full", "auto")


def policies(given: tuple[str, ...]) -> tuple[tuple[Named, ...], frozenset[str]]:
    """Return the policies of files without principals, and the ARNs that they are said to be of."""
    made, known = [], set()
    for text in given:
        arn, equals, path = text.partition("=")
        if not (equals and arn.startswith("arn:")):
            arn, path = "", text
        named = policy(path)
        made.append(named._replace(name=arn or path))
        known |= {arn} if arn else set()
    return tuple(made), frozenset(known)


def policy(path: str, *, with_principal: bool = False) -> Named:
    """Return the policy of a file; one that AWS would not take in this place ends the command."""
    from iamdsl.project.documents import read_policy  # noqa: PLC0415 (when there is work)
    from iamdsl.simulate import Named  # noqa: PLC0415

    found = read_policy(path)
    if isinstance(found, tuple):
        stop(found)
    for number, statement in enumerate(found.statements, 1):
        if (statement.principals is not None) != with_principal:
            from iamdsl.diagnostics import Diagnostic, codes  # noqa: PLC0415 (only on mistakes)

            code = codes.MISPLACED_POLICY
            said = "has no principal" if with_principal else "names a principal"
            hint = _OF_RESOURCES if with_principal else _OF_IDENTITIES
            which = f"`{statement.sid}`" if statement.sid else f"{number}"
            message = f"statement {which} of `{path}` {said}"
            span = statement.origin[0]
            stop([Diagnostic(code, code.severity, message, span, "in this policy", hint=hint)])
    return Named(path, found)


def compiled(paths: tuple[str, ...], params: tuple[str, ...], folder: str | None) -> Compiled:
    """Return what the sources of paths come to, or what a folder was built to hold."""
    if folder is not None:
        if paths or params:
            raise click.UsageError("--build goes without PATHS and --set.")
        from iamdsl.project.built import read_build  # noqa: PLC0415 (only they need it)

        return read_build(folder)
    from iamdsl.project import compiled as compile_project  # noqa: PLC0415 (when there is work)
    from iamdsl.project import load_project  # noqa: PLC0415

    found, options = _options.options(paths, params)
    return compile_project(load_project(found, options), sampled=True)


def stop(diagnostics: Sequence[Diagnostic]) -> NoReturn:
    """Say what stands in the way of an answer, and end the command."""
    _options.show_all(diagnostics, "full", "auto")
    raise click.exceptions.Exit(exits.CANNOT)

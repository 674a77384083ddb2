"""What the SDK and AWS refuse, as diagnostics: AWS's own code and words, and never a secret."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from iamdsl.diagnostics import codes
from iamdsl.project.problem import Problem

if TYPE_CHECKING:
    from botocore.exceptions import ClientError

_PERMISSIONS = "`grammar/targets/deploy.md` has a policy with what a deployment needs"
_HINTS: Final = {
    "AccessDenied": _PERMISSIONS,
    "AccessDeniedException": _PERMISSIONS,
    "UnauthorizedOperation": _PERMISSIONS,
    "ExpiredToken": "sign in again",
    "ExpiredTokenException": "sign in again",
    "InvalidClientTokenId": "look at which credentials are in use: `aws sts get-caller-identity`",
    "SignatureDoesNotMatch": "look at the credentials, and at the clock of this machine",
    "Throttling": "AWS is asked too much: try again later",
    "LimitExceeded": "AWS has a quota for it, which can be raised",
}
_REFUSED = re.compile(
    r"\w+: An error occurred \((.*?)\) when calling the (\w+) operation(?: \(.*?\))?: (.*)"
)
_CREDENTIALS = re.compile(r"//[^/@\s]*@")
"""A name and password in a URL."""
_LONGEST = 400
"""Characters of what is told of an error."""
_SIGN_IN = "set up the SDK: `aws configure`, `aws sso login`, or `--profile NAME`"


def no_sdk() -> Problem:
    """Return the problem of a machine without the SDK."""
    message = "AWS is asked by boto3, which is not installed"
    return Problem(codes.NEEDS_SDK, message, "run `pip install 'iamdsl[aws]'`")


def told(error: Exception) -> Problem | None:
    """Return what an exception says, where it is one of the SDK's."""
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 (of the extra `aws`)
    from botocore.parsers import ResponseParserError  # noqa: PLC0415

    sdk = BotoCoreError | ClientError | ResponseParserError
    return problem_of(error) if isinstance(error, sdk) else None


def said(text: str) -> str:
    """Return what `converge.run` tells of an exception in our words, as far as it is AWS's."""
    line = " ".join(text.split())
    found = _REFUSED.fullmatch(line)
    if found is not None:
        return _cut(f"AWS refused `{found[2]}` ({found[1]}): {found[3]}")
    return _cut(_CREDENTIALS.sub("//", line))


def problem_of(error: Exception) -> Problem:
    """Return what an exception of the SDK says; never what a credential process has printed."""
    from botocore import exceptions as sdk  # noqa: PLC0415 (see above)
    from botocore.parsers import ResponseParserError  # noqa: PLC0415

    match error:
        case sdk.ClientError():
            return Problem(codes.AWS_REFUSED, f"AWS refused {refusal(error)}", hint_of(error))
        case sdk.ProfileNotFound():
            profile = error.kwargs.get("profile", "")
            message = f"there is no profile `{profile}` in the SDK's settings"
            return Problem(codes.NO_CREDENTIALS, message, "`aws configure list-profiles` has all")
        case sdk.CredentialRetrievalError() | sdk.MetadataRetrievalError():
            message = f"the SDK got no credentials from {error.kwargs.get('provider', 'AWS')}"
            return Problem(codes.NO_CREDENTIALS, message, _SIGN_IN)
        case sdk.SSOError() | sdk.TokenRetrievalError() | sdk.NoAuthTokenError():
            message = "the SDK's session of IAM Identity Center is over, or was never begun"
            return Problem(codes.NO_CREDENTIALS, message, "run `aws sso login`")
        case sdk.NoCredentialsError() | sdk.PartialCredentialsError():
            return Problem(codes.NO_CREDENTIALS, "the SDK finds no credentials", _SIGN_IN)
        case sdk.NoRegionError():
            message = "nothing says in which region to ask AWS"
            return Problem(codes.AWS_UNREACHABLE, message, "say it: `--region NAME`")
        case sdk.InvalidRegionError():
            return Problem(codes.AWS_UNREACHABLE, "the region is none", "write it as `eu-west-1`")
        case ResponseParserError():
            message = "what answered is no AWS: the SDK cannot read it"
            hint = "look at `--endpoint-url`, and at a proxy in between; or try again later"
            return Problem(codes.AWS_UNREACHABLE, message, hint)
        case sdk.HTTPClientError() | sdk.ConnectionError():
            return _unreachable(error)
        case ValueError():
            message = "the endpoint is no URL"
            return Problem(codes.AWS_UNREACHABLE, message, "write it as `http://localhost:5000`")
        case _:
            message = f"the SDK cannot ask AWS: {said(f'{type(error).__name__}: {error}')}"
            return Problem(codes.AWS_REFUSED, message, "look at the SDK's settings")


def refusal(error: ClientError) -> str:
    """Return what AWS says of a call: `CreateRole (AccessDenied): User … is not authorized …`."""
    told = error.response.get("Error", {})
    message = " ".join(str(told.get("Message") or "it gave no reason").split())
    return f"`{error.operation_name}` ({told.get('Code', 'unknown')}): {message}"


def hint_of(error: ClientError) -> str:
    """Return what is to be done about a refusal, where that is known."""
    return _HINTS.get(str(error.response.get("Error", {}).get("Code")), "")


def _unreachable(error: Exception) -> Problem:
    kwargs = getattr(error, "kwargs", {})
    host = urlsplit(str(kwargs.get("endpoint_url", ""))).hostname or "AWS"
    hint = "look at the network, at `--region` and `--endpoint-url`"
    return Problem(codes.AWS_UNREACHABLE, f"{host} does not answer", hint)


def _cut(line: str) -> str:
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"

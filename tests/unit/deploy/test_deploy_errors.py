"""What the SDK raises, in our words: AWS's own code, something to do, and never a secret."""

from __future__ import annotations

import pytest
from botocore import exceptions as sdk
from botocore.parsers import ResponseParserError

from iamdsl.deploy.errors import problem_of, said, told


def refused(code: str, message: str | None = "no") -> sdk.ClientError:
    return sdk.ClientError({"Error": {"Code": code, "Message": message}}, "CreateRole")


@pytest.mark.parametrize(
    ("error", "number", "message"),
    [
        (
            refused("AccessDenied", "User: x\n is not"),
            "IAM712",
            "`CreateRole` (AccessDenied): User: x is not",
        ),
        (refused("Odd", None), "IAM712", "`CreateRole` (Odd): it gave no reason"),
        (sdk.NoCredentialsError(), "IAM711", "the SDK finds no credentials"),
        (sdk.PartialCredentialsError(provider="env", cred_var="x"), "IAM711", "no credentials"),
        (sdk.ProfileNotFound(profile="audit"), "IAM711", "no profile `audit`"),
        (sdk.UnauthorizedSSOTokenError(), "IAM711", "IAM Identity Center"),
        (sdk.TokenRetrievalError(provider="sso", error_msg="x"), "IAM711", "IAM Identity Center"),
        (sdk.EndpointConnectionError(endpoint_url="http://h:5/x"), "IAM718", "h does not answer"),
        (sdk.ConnectTimeoutError(endpoint_url="https://h"), "IAM718", "h does not answer"),
        (sdk.ReadTimeoutError(endpoint_url="https://h"), "IAM718", "h does not answer"),
        (ValueError("Invalid endpoint: x"), "IAM718", "the endpoint is no URL"),
        (sdk.NoRegionError(), "IAM718", "nothing says in which region to ask AWS"),
        (ResponseParserError("b'<html>…'"), "IAM718", "what answered is no AWS"),
        (sdk.InvalidRegionError(region_name="x y"), "IAM718", "the region is none"),
        (sdk.UnknownServiceError(service_name="x", known_service_names="y"), "IAM712", "x"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else None,
)
def test_each_has_a_code(error: Exception, number: str, message: str) -> None:
    """People can look up what went wrong, whatever the SDK calls it."""
    problem = problem_of(error)
    assert problem.code.number == number
    assert message in problem.message


def test_no_secret_is_shown() -> None:
    """What a credential process prints, and a password in a URL, stay where they are."""
    process = sdk.CredentialRetrievalError(provider="custom-process", error_msg="key=s3cret")
    url = sdk.EndpointConnectionError(endpoint_url="http://me:s3cret@proxy:1/")
    odd = sdk.InvalidRegionError(region_name="http://me:s3cret@x")
    for problem in map(problem_of, (process, url, odd)):
        assert "s3cret" not in problem.message + problem.hint
    assert "s3cret" not in said("X: cannot reach http://me:s3cret@proxy:1/")


def test_what_is_not_of_the_sdk_is_left_alone() -> None:
    """A bug of ours stays one."""
    assert told(KeyError("x")) is None
    assert told(refused("Throttling")) is not None
    assert told(ResponseParserError("x")) is not None


def test_what_a_step_ended_with_is_short() -> None:
    """A page of HTML from a proxy does not fill the terminal."""
    real = "ClientError: An error occurred (LimitExceeded) when calling the CreateRole operation"
    assert said(f"{real}: too many") == "AWS refused `CreateRole` (LimitExceeded): too many"
    retried = f"{real} (reached max retries: 4): too many"
    assert said(retried) == "AWS refused `CreateRole` (LimitExceeded): too many"
    assert len(said("x " * 1000)) == 400

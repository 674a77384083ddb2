"""Codes of targets and deployments: IAM701 and on."""

from __future__ import annotations

from iamdsl.diagnostics._core import Code, Severity

_ERROR, _WARNING = Severity.ERROR, Severity.WARNING

# -- targets

TARGET_CANNOT_SAY = Code(
    "IAM701", "target-cannot-say", _ERROR, "A target has no way to say what a build holds."
)
TARGET_TOO_LARGE = Code(
    "IAM702", "target-too-large", _ERROR, "A build is larger than what a target's tool takes."
)
NOT_DEPLOYED = Code(
    "IAM703", "not-deployed", _WARNING, "A target does not deploy a part of a build."
)

# -- deployments (710 to 729)

NEEDS_SDK = Code("IAM710", "needs-sdk", _ERROR, "The SDK that asks AWS is not installed.")
NO_CREDENTIALS = Code("IAM711", "no-credentials", _ERROR, "The SDK finds no credentials for AWS.")
AWS_REFUSED = Code("IAM712", "aws-refused", _ERROR, "AWS refused what a deployment asked of it.")
WRONG_ACCOUNT = Code(
    "IAM713", "wrong-account", _ERROR, "The credentials are not of the account that is meant."
)
NOT_OWNED = Code(
    "IAM714",
    "not-owned",
    _ERROR,
    "What is to be deployed has the name of something that the project does not own.",
)
NEEDS_NAME = Code(
    "IAM715", "needs-name", _ERROR, "A project that is deployed has to have a name of its own."
)
NOT_CONFIRMED = Code(
    "IAM716", "not-confirmed", _ERROR, "Nobody has said yes to what would be changed."
)
STOPPED_HALFWAY = Code(
    "IAM717", "stopped-halfway", _ERROR, "A deployment stopped before all of it was done."
)
AWS_UNREACHABLE = Code("IAM718", "aws-unreachable", _ERROR, "AWS does not answer.")
NOT_DEPLOYABLE = Code(
    "IAM719", "not-deployable", _ERROR, "An account stands in the way of what is to be deployed."
)

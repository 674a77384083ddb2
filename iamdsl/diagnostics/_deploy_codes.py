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

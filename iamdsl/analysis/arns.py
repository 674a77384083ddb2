"""ARNs of resources as they are written: what IAM would refuse, and what was meant."""

from __future__ import annotations

import re

from iamdsl.iam import PLACEHOLDER_OPEN

MAX_ARN = 2048
_VARIABLE = r"\$\{[^}]*\}"
_REGIONAL_OF_S3 = (
    "accesspoint", "access-grants/", "async-request/", "job/", "storage-lens/",
    "storage-lens-group/",
)  # fmt: skip
"""What begins an ARN of S3 with a region (Service Authorization Reference); buckets have none."""


def meant_arn(text: str, *, in_resource_policy: bool) -> str:
    """Return the resource that a text was meant to be, where its form shows it; "" otherwise."""
    if found := re.fullmatch(r"s3://([a-z0-9.-]+(?:/\S*)?)", text):
        return f"arn:aws:s3:::{found.group(1).removesuffix('/')}"
    if found := re.fullmatch(r"arn:([a-z-]+):s3:{1,2}([a-z0-9][a-z0-9.-]+(?:/\S*)?)", text):
        return f"arn:{found.group(1)}:s3:::{found.group(2)}"
    capitals = r"(arn:[a-z-]+:)([a-z0-9-]*[A-Z][A-Za-z0-9-]*)(:[^:\s]*:[^:\s]*:\S*)"
    if found := re.fullmatch(capitals, text):
        return f"{found.group(1)}{found.group(2).lower()}{found.group(3)}"
    if in_resource_policy and (found := re.fullmatch(r"self(/\S*)?", text)):
        return f'"{{self}}{found.group(1)}"' if found.group(1) else "self"
    return ""


def is_short(pattern: str) -> bool:
    """Tell whether a pattern has fewer fields than an ARN, as far as that is known now."""
    return "${" not in pattern and PLACEHOLDER_OPEN not in pattern and pattern.count(":") < 5


AS_WRITTEN = (
    "has a variable too early", "names no resource", "has a region", "has a service with capitals",
)  # fmt: skip
"""Problems of ARNs that AWS takes all the same: between quotes they are a warning."""


def arn_problem(text: str) -> tuple[str, str]:
    """Return what IAM would refuse in a resource, and what to do; empty when nothing.

    AWS "reference_policies_elements_resource": six fields, variables only after the fifth colon.
    """
    if len(text) > MAX_ARN:
        return f"has {len(text):,} characters", f"AWS takes ARNs of at most {MAX_ARN:,} characters"
    if not text.startswith("arn:"):
        return "is no ARN", 'a resource is an ARN, a builder such as `s3:object("b")`, or `*`'
    plain = re.sub(_VARIABLE, lambda m: "v" * len(m.group()), text)
    fields = plain.split(":", 5)
    if len(fields) < 6:
        return (
            "has too few fields",
            "an ARN has six: `arn:partition:service:region:account:resource`",
        )
    if "${" in text[: len(":".join(fields[:5]))]:
        return "has a variable too early", "a `${…}` may stand only after the fifth colon"
    if not fields[2] or "*" in fields[2] or "?" in fields[2]:
        return "has no exact service", "the third field names the service, without wildcards"
    if fields[2] != fields[2].lower() and PLACEHOLDER_OPEN not in fields[2]:
        return (
            "has a service with capitals",
            "services are written small in ARNs, and letters count",
        )
    if not fields[5]:
        return "names no resource", "the last field names the resource, or `*`"
    if fields[3] == "*":
        return "", ""  # which no region is, too
    if fields[2] == "iam" and fields[3]:
        return "has a region", "ARNs of IAM leave the region empty: `arn:aws:iam::111122223333:…`"
    if fields[2] == "s3" and fields[3] and not fields[5].startswith(_REGIONAL_OF_S3):
        return "has a region", "ARNs of S3 leave the region empty: `arn:aws:s3:::bucket`"
    return "", ""

"""Condition keys whose name has a part that the author chooses.

`aws:RequestTag/${TagKey}`, `s3:ExistingObjectTag/<key>`, `kms:EncryptionContext:${...}` and the
claims of identity providers, whose prefix is the provider's host. Names are compared without
case, the chosen part too (reference_policies_elements_condition).
"""

from __future__ import annotations

from functools import lru_cache

CLAIMS = {
    "amr": "ArrayOfString",
    "aud": "String",
    "email": "String",
    "oaud": "String",
    "sub": "String",
}
"""Claims that IAM reads from the token of any OIDC provider, with their types."""

_SERVICE_VARIABLES = {
    name.lower(): name
    for name in (
        "credentials-iot:AwsCertificateId",
        "credentials-iot:ThingName",
        "credentials-iot:ThingTypeName",
        "transfer:HomeBucket",
        "transfer:HomeDirectory",
        "transfer:HomeFolder",
        "transfer:UserName",
    )
}
"""Variables that AWS's tables of keys leave out, and the guides of their services describe.

AWS IoT sets the first for credentials that a certificate was changed for ("Authorizing direct
calls to AWS services using AWS IoT Core credential provider"); AWS Transfer Family fills in the
others where a session policy has them ("Creating a session policy for an Amazon S3 bucket").
"""


@lru_cache(maxsize=8192)
def split_template(template: str) -> tuple[str, ...]:
    """Return the fixed parts of a key: one more than it has placeholders.

    `aws:RequestTag/${TagKey}` gives `("aws:RequestTag/", "")`, a plain key itself alone.
    """
    parts: list[str] = []
    rest = template
    while True:
        starts = [at for at in (rest.find("${"), rest.find("<")) if at >= 0]
        if not starts:
            return (*parts, rest)
        start = min(starts)
        end = rest.find("}" if rest[start] == "$" else ">", start)
        if end < 0:
            return (*parts, rest)
        parts.append(rest[:start])
        rest = rest[end + 1 :]


def fill(template: str, name: str) -> str | None:
    """Return `name` in the spelling of `template` if it is of that form, else None.

    `fill("aws:RequestTag/${TagKey}", "AWS:requesttag/Team")` is `"aws:RequestTag/Team"`: the
    part that stands for a placeholder is never empty and is kept as written.
    """
    parts = split_template(template)
    lowered = name.lower()
    first, last = parts[0], parts[-1]
    if len(parts) == 1:
        return template if lowered == template.lower() else None
    if not (lowered.startswith(first.lower()) and lowered.endswith(last.lower())):
        return None
    at, end = len(first), len(name) - len(last)
    spelt = first
    for part in parts[1:-1]:
        found = lowered.find(part.lower(), at + 1, end)
        if found < 0:
            return None
        spelt += name[at:found] + part
        at = found + len(part)
    return spelt + name[at:end] + last if at < end else None


def provider_claim(name: str) -> tuple[str, str] | None:
    """Return the spelling and type of a standard claim of an OIDC provider, or None.

    The provider is a host, with its path if it has one: `oidc.eks.eu-west-1.amazonaws.com/id/AB:sub`.
    """
    provider, colon, claim = name.rpartition(":")
    kind = CLAIMS.get(claim.lower())
    if not colon or kind is None or not is_provider(provider):
        return None
    return f"{provider}:{claim.lower()}", kind


def service_variable(name: str) -> tuple[str, str] | None:
    """Return the spelling and type of a variable that only the guide of its service has, or None."""
    spelt = _SERVICE_VARIABLES.get(name.lower())
    return None if spelt is None else (spelt, "String")


def is_provider(text: str) -> bool:
    """Tell whether `text` could be a provider: a host, perhaps with port and path; it has a dot."""
    host, _, port = text.partition("/")[0].partition(":")
    labels = host.split(".")
    return (
        len(labels) > 1
        and all(part and part.replace("-", "").isalnum() and part.isascii() for part in labels)
        and (not port or port.isdigit())
    )

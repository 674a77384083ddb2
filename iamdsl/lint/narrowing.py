"""Which tests of an `allow` keep strangers out: the same question for every policy with principals.

A test narrows when it is about who calls, or on whose behalf, and names somebody: AWS's meaning of
"public" (S3 user guide, "Blocking public access", and the IAM Access Analyzer's user guide), where
a wildcard names nobody, and a network larger than /8 is the world. A test that holds for requests
without its key (a negated operator, `…IfExists`, `ForAllValues`) keeps nobody out.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from iamdsl.iam import NEGATED, split_operator

if TYPE_CHECKING:
    from iamdsl.iam import Entry, Principals, Statement

_NAMES: Final = frozenset(
    """
    aws:principalaccount aws:principalorgid aws:principalorgpaths aws:principalservicename
    aws:principalservicenameslist aws:sourceaccount aws:sourceorgid aws:sourceorgpaths
    aws:sourceowner aws:sourcevpc aws:sourcevpce aws:vpceaccount aws:vpceorgid aws:vpceorgpaths
    aws:ec2instancesourcevpc kms:calleraccount s3:dataaccesspointaccount aws:userid
    s3:x-amz-server-side-encryption-aws-kms-key-id lambda:eventsourcetoken sts:externalid
    cognito-identity.amazonaws.com:aud
    """.split()
)
"""Keys whose values name an account, an organization, a network of AWS's, a service, a secret."""
_ARNS: Final = frozenset(
    """
    aws:principalarn aws:sourcearn aws:sourcevpcarn lambda:sourcefunctionarn ec2:sourceinstancearn
    ssm:sourceinstancearn s3:dataaccesspointarn codebuild:projectarn codebuild:buildarn
    """.split()
)
_ADDRESSES: Final = frozenset({"aws:sourceip", "aws:vpcsourceip"})
_TRUE: Final = frozenset({"aws:principalisawsservice", "elasticfilesystem:accessedviamounttarget"})
"""Keys that are true for AWS's services alone, or for who is in the network of a file system."""
_PATHS: Final = frozenset({"aws:principalorgpaths", "aws:sourceorgpaths", "aws:vpceorgpaths"})
_OF_RESOURCE: Final = re.compile(r"aws:resource(?:account|orgid|orgpaths)")
_OF_CALLER: Final = re.compile(r"\$\{\s*aws:(?:principal|source|userid|username)", re.IGNORECASE)
_UNKNOWN: Final = re.compile(r"\$\{[^}]*\}|\ue000.*?\ue001|<[^<>]*>")
_LARGEST: Final = {4: 8, 6: 32}
"""By version of the protocol: the mask of the largest network that is not everybody."""
_FIELDS = 6


def is_anyone(principals: Principals | None) -> bool:
    """Tell whether a `Principal` is everybody, those who do not sign in included."""
    if principals is None or principals.negated:
        return False
    return any(kind == "*" or (kind == "AWS" and "*" in v) for kind, v in principals.by_type)


def is_narrowed(statement: Statement) -> bool:
    """Tell whether some test of a statement lets nobody pass but whom it names."""
    return any(map(narrows, statement.condition))


def narrows(entry: Entry) -> bool:
    """Tell whether a test holds for nobody but whom it names."""
    prefix, base, optional = split_operator(entry.operator)
    if optional or prefix == "ForAllValues" or base in NEGATED or base == "Null":
        return False
    return all(not is_open(entry, value) for value in entry.values) and is_about_callers(entry)


def is_about_callers(entry: Entry) -> bool:
    """Tell whether a test is about who calls, or for whom."""
    key = entry.key.lower()
    if key in _NAMES | _ARNS | _ADDRESSES | _TRUE or key.startswith("kms:encryptioncontext:"):
        return True
    if key == "lambda:functionurlauthtype":
        return "NONE" not in entry.values
    return bool(_OF_RESOURCE.fullmatch(key)) and all(map(_OF_CALLER.match, entry.values))


def is_open(entry: Entry, value: str) -> bool:
    """Tell whether a value of a test about callers lets in more than somebody in particular.

    What only a deployment knows, a variable or a placeholder, is somebody in particular.
    """
    key = entry.key.lower()
    if key in _ADDRESSES:
        return _is_world(value)
    if key in _TRUE:
        return value.lower() != "true"
    if not _OF_RESOURCE.fullmatch(key) and _OF_CALLER.match(value):
        return True
    wild = split_operator(entry.operator)[1] in {"StringLike", "ArnLike", "ArnEquals"}
    text = _UNKNOWN.sub("x", value)
    if not wild or not set("*?") & set(text):
        return False
    if key in _ARNS:
        return _is_any_arn(text)
    if key in _PATHS or key == "aws:userid":
        # `o-a1b2c3d4e5/*` is one organization, `AROAEXAMPLEID:*` one role.
        head = re.split(r"[*?]", text, maxsplit=1)[0]
        return "/" not in head and ":" not in head
    return key in _NAMES


def _is_any_arn(text: str) -> bool:
    """Tell whether an ARN with wildcards is one that anybody can have in an account of theirs."""
    fields = text.split(":", _FIELDS - 1)
    if len(fields) < _FIELDS:
        return True
    account, name = fields[4], fields[5]
    if set("*?") & set(account) or not account:
        # The names of buckets are given out once in the world.
        return fields[2] != "s3" or bool(set("*?") & set(name))
    return False


def _is_world(value: str) -> bool:
    import ipaddress  # noqa: PLC0415  # few policies hold addresses

    try:
        network = ipaddress.ip_network(value, strict=False)
    except ValueError:
        return value == "*"
    return network.prefixlen < _LARGEST[network.version]

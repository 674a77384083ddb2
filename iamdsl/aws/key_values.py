"""What values condition keys have: their forms, so that one that a key never has is known.

Sources: AWS "reference_policies_condition-keys" (global keys), "reference_policies_iam-condition-keys",
"conditions-kms" (`kms:ViaService`), "list_amazons3" and "acl-overview" (canned ACLs), and the Access
Analyzer checks INVALID_VPC_FORMAT, INVALID_VPCE_FORMAT, INVALID_REGION,
INVALID_SERVICE_PRINCIPAL_FORMAT and INVALID_KMS_KEY_VALUE. Forms are looser than what AWS gives
out today where its pages leave the length open: a refusal here has to be certain.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from iamdsl.aws.regions import REGION, REGIONS


class Form(NamedTuple):
    """The form of a key's values.

    Attributes:
        words: what they are, for messages: "the id of a VPC".
        example: one of them.
        exact: the regular expression that each of them matches whole.
        globs: patterns of IAM's that each of them matches one of, for values with wildcards.
    """

    words: str
    example: str
    exact: re.Pattern[str]
    globs: tuple[str, ...]


def _form(words: str, example: str, exact: str, *globs: str) -> Form:
    return Form(words, example, re.compile(exact, re.ASCII), globs)


def _words(kind: str, *words: str) -> Form:
    return _form(kind, words[0], "|".join(map(re.escape, words)), *words)


_ACCOUNT = _form("an account's id", "111122223333", r"\d{12}", "????????????")
_CALLER = _form("an account's id", "111122223333", r"\d{12}|anonymous", "????????????", "anonymous")
_ORGANIZATION = _form("an organization's id", "o-a1b2c3d4e5", r"o-[a-z0-9]+", "o-*")
_PATHS = _form(
    "a path from the organization down, with `/` at its end",
    "o-a1b2c3d4e5/r-ab12/ou-ab12-11111111/",
    r"o-[a-z0-9]+/r-[a-z0-9]+/(?:ou-[a-z0-9]+-[a-z0-9]+/)*",
    "o-*/r-*/", "o-*/r-*/ou-*/",
)  # fmt: skip
_VPC = _form("a VPC's id", "vpc-0123456789abcdef0", r"vpc-(?:[0-9a-z]{8}|[0-9a-z]{17})", "vpc-*")
_ENDPOINT = _form(
    "a VPC endpoint's id",
    "vpce-0123456789abcdef0",
    r"vpce-(?:[0-9a-z]{8}|[0-9a-z]{17})",
    "vpce-*",
)
_SERVICE = _form(
    "a service principal",
    "lambda.amazonaws.com",
    r"[a-zA-Z0-9-]+(?:\.[a-zA-Z0-9-]+)+",
    "*.*",
)
_ENDINGS = "amazonaws.com", "amazonaws.com.cn", "amazonaws.eu", "c2s.ic.gov", "sc2s.sgov.gov"
_VIA_SERVICE = _form(
    "a service in a Region",
    "s3.eu-west-1.amazonaws.com",
    r"[a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]+(?:-[a-z0-9]+)*-\d+"
    rf"\.(?:{'|'.join(map(re.escape, _ENDINGS))}|[a-z0-9.-]+\.gov)",
    "*.*-*.*",
)
_CALLER_ARN = _form(
    "the ARN of a user, a role, an account's root, or a federated user",
    "arn:aws:iam::111122223333:role/admin",
    r"arn:[a-z-]+:(?:iam::\d{12}:(?:root|(?:user|role)/.+)|sts::\d{12}:federated-user/.+)",
    "arn:*:iam::*:root", "arn:*:iam::*:user/*", "arn:*:iam::*:role/*",
    "arn:*:sts::*:federated-user/*",
)  # fmt: skip
_KMS_KEY = _form(
    "the ARN of a key",
    "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab",
    r"arn:[a-z-]+:kms:[a-z0-9-]+:\d{12}:key/.+",
    "arn:*:kms:*:*:key/*",
)
# Bedrock's requests through a global inference profile have no Region, and say so.
_REGION = _form("a Region", "eu-west-1", rf"{REGION.pattern}|unspecified", *REGIONS, "unspecified")
_USER_NAME = _form("the name of an IAM user, without its path", "alice", r"[\w+=,.@-]+", "*")

FORMS: dict[str, Form] = {
    **dict.fromkeys(
        ("aws:resourceaccount", "aws:sourceaccount", "aws:vpceaccount", "aws:sourceowner"), _ACCOUNT
    ),
    "aws:principalaccount": _CALLER,
    **dict.fromkeys(
        ("aws:principalorgid", "aws:resourceorgid", "aws:sourceorgid", "aws:vpceorgid"),
        _ORGANIZATION,
    ),
    **dict.fromkeys(
        ("aws:principalorgpaths", "aws:resourceorgpaths", "aws:sourceorgpaths", "aws:vpceorgpaths"),
        _PATHS,
    ),
    "aws:sourcevpc": _VPC,
    "aws:ec2instancesourcevpc": _VPC,
    "aws:sourcevpce": _ENDPOINT,
    "aws:requestedregion": _REGION,
    **dict.fromkeys(
        (
            "iam:passedtoservice", "iam:awsservicename", "aws:principalservicename",
            "aws:principalservicenameslist", "aws:calledvia", "aws:calledviafirst",
            "aws:calledvialast",
        ),
        _SERVICE,
    ),
    "kms:viaservice": _VIA_SERVICE,
    "aws:principalarn": _CALLER_ARN,
    "aws:username": _USER_NAME,
    "aws:principaltype": _words(
        "a kind of principal",
        "AssumedRole", "User", "Account", "FederatedUser", "Anonymous", "AWSService", "Service",
    ),
    "s3:x-amz-server-side-encryption-aws-kms-key-id": _KMS_KEY,
    "s3:x-amz-server-side-encryption": _words(
        "a kind of encryption", "aws:kms", "AES256", "aws:kms:dsse", "aws:fsx"
    ),
    "s3:x-amz-acl": _words(
        "a canned ACL",
        "private", "public-read", "public-read-write", "aws-exec-read", "authenticated-read",
        "bucket-owner-read", "bucket-owner-full-control", "log-delivery-write",
    ),
    "ec2:metadatahttptokens": _words("`required` or `optional`", "required", "optional"),
    "s3:signatureversion": _words("a version of signatures", "AWS4-HMAC-SHA256", "AWS"),
}  # fmt: skip
"""By key in lower case; of other keys nothing is certain."""

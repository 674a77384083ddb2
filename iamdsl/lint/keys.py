"""Condition keys by themselves: unknown ones, replaced ones, and those that anybody can write."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from iamdsl.aws.keys import is_provider
from iamdsl.diagnostics import Severity, codes
from iamdsl.diagnostics.nearest import did_you_mean
from iamdsl.iam import split_operator
from iamdsl.lint.conditions import TO_FILL_IN, Found, about_entries, conditioned, say

if TYPE_CHECKING:
    from collections.abc import Iterator

    from iamdsl.aws import Catalogue
    from iamdsl.diagnostics import Report
    from iamdsl.iam import Entry, Statement
    from iamdsl.lint.items import World

_DEPRECATED = {"aws:sourceowner": "aws:SourceAccount"}
"""Keys that AWS keeps for old policies only (SNS "sns-access-policy-language-api-permissions-reference"
and Access Analyzer's DEPRECATED_GLOBAL_CONDITION_KEY), with what stands for them."""

_WRITTEN_BY_CALLERS = {
    "aws:referer": "a header that every caller sets as they like",
    "aws:useragent": "a header that every caller sets as they like",
}
"""Keys of which AWS says that unauthorized parties can write them
("reference_policies_condition-keys", and UNTRUSTWORTHY_CONDITION_KEY)."""

_PAIRED = {
    "aws:vpcsourceip": ("aws:SourceVpc", "aws:SourceVpce", "aws:SourceVpcArn"),
    "aws:ec2instancesourceprivateipv4": ("aws:Ec2InstanceSourceVpc",),
}
"""Addresses that several VPCs can have at once, with the keys that tell the VPC: AWS asks for one of
them beside ("reference_policies_condition-keys", and MISSING_PAIRED_CONDITION_KEYS)."""

_SELECTING = frozenset({"dynamodb:query", "dynamodb:scan"})
"""Operations of DynamoDB that leave attributes out by `Select` ("specifying-conditions")."""

_UNLISTED = frozenset(
    """
    aws:principalorgmasteraccountid deepracer:usertoken deepracer:multiuser lakeformation:gluearn
    """.split()
)
"""Keys that AWS's own managed policies test, though the reference does not list them (2026-10-27)."""

_UNSUPPORTED = {"aws:arn": ("aws:PrincipalArn", "aws:SourceArn")}
"""Keys that Access Analyzer calls unsupported, with those to take (UNSUPPORTED_GLOBAL_CONDITION_KEY)."""

_TAGGED = re.compile(
    r"[\w-]+:(?:resource|request|principal|existingobject|requestobject)tag/?", re.IGNORECASE
)


def check(world: World, report: Report) -> None:
    """Report unknown, replaced, untrustworthy and unpaired condition keys."""
    if world.on(codes.UNKNOWN_KEY):
        about_entries(
            world, report, lambda entry, _: unknown_key(entry, world.catalogue), documents=True
        )
    about_entries(world, report, _of_key)
    if world.on(codes.UNPAIRED_KEY):
        for item, statement in conditioned(world):
            for entry in statement.condition:
                for found in _unpaired(entry, statement):
                    say(item, statement, entry, found, report)


def unknown_key(entry: Entry, catalogue: Catalogue) -> Iterator[Found]:
    """Yield what is wrong with the name of a key that the catalogue does not have.

    Access Analyzer's INVALID_GLOBAL_CONDITION_KEY, INVALID_SERVICE_CONDITION_KEY, INVALID_SERVICE,
    INVALID_CONDITION_KEY_FORMAT, MISSING_TAG_KEY_IN_CONDITION, UNSUPPORTED_GLOBAL_CONDITION_KEY.
    """
    key = entry.key
    lowered = key.lower()
    if TO_FILL_IN.search(key) or lowered in _UNLISTED or catalogue.condition_key(key) is not None:
        return
    prefix, colon, name = (
        key.rpartition(":") if is_provider(key.rpartition(":")[0]) else (key.partition(":"))
    )
    since = f"not in the catalogue of {catalogue.version}"
    if not colon or not prefix or not name:
        yield Found(
            codes.UNKNOWN_KEY,
            f"`{key}` is no condition key: it has no service before a colon",
            "a key is `service:name`",
            did_you_mean(
                catalogue.suggest_key(key),
                f"write the whole key, such as `{f'{key}:sub' if is_provider(key) else 'aws:SourceIp'}`",
            ),
        )
    elif lowered in _UNSUPPORTED:
        one, other = _UNSUPPORTED[lowered]
        yield Found(
            codes.UNKNOWN_KEY,
            f"`{key}` is no condition key that AWS supports",
            "unsupported",
            f"write `{one}` for who asks, or `{other}` for the resource that a service asks for",
        )
    elif _TAGGED.fullmatch(key):
        spelt = key.rstrip("/")
        yield Found(
            codes.UNKNOWN_KEY,
            f"`{key}` does not say which tag is meant",
            "no request has such a key",
            f"write the tag's key behind a slash: `{spelt}/Team`",
        )
    elif is_provider(prefix):
        yield Found(
            codes.UNKNOWN_KEY,
            f"AWS lists no claim `{name}` of `{prefix}`",
            since,
            did_you_mean(catalogue.suggest_key(key), "test `sub` or `aud`, which every token has"),
            severity=Severity.WARNING,
        )
    else:
        yield _unknown(key, prefix, since, catalogue)


def _unknown(key: str, prefix: str, since: str, catalogue: Catalogue) -> Found:
    near = catalogue.suggest_key(key)
    if not catalogue.has_service(prefix) and prefix.lower() != "aws":
        return Found(
            codes.UNKNOWN_KEY,
            f"`{key}` is a key of no service: nothing is called `{prefix}`",
            since,
            did_you_mean(near, "check what stands before the colon"),
            severity=Severity.ERROR if near else Severity.WARNING,
        )
    whole = near[0] if near and "$" not in near[0] and "<" not in near[0] else ""
    return Found(
        codes.UNKNOWN_KEY,
        f"`{key}` is no condition key that AWS has",
        since,
        did_you_mean(near, "no request carries it: check its name"),
        instead=whole,
    )


def _of_key(entry: Entry, _: str) -> Iterator[Found]:
    """Yield what AWS says against a key, whatever it is compared with."""
    lowered = entry.key.lower()
    if lowered in _DEPRECATED:
        new = _DEPRECATED[lowered]
        yield Found(
            codes.DEPRECATED_KEY,
            f"`{entry.key}` is deprecated",
            "AWS keeps it for old policies",
            f"write `{new}`",
            instead=new,
        )
    if lowered in _WRITTEN_BY_CALLERS and split_operator(entry.operator)[1] != "Null":
        yield Found(
            codes.UNTRUSTWORTHY_KEY,
            f"whoever asks can write into `{entry.key}` what they like",
            _WRITTEN_BY_CALLERS[lowered],
            "test what AWS itself fills in, such as `aws:PrincipalArn`, `aws:SourceVpce` or"
            " `aws:SourceArn`",
        )


def _unpaired(entry: Entry, statement: Statement) -> Iterator[Found]:
    """Yield a key that lets in more than it seems to, as no other stands beside it."""
    if split_operator(entry.operator)[1] == "Null":
        return
    lowered = entry.key.lower()
    others = _PAIRED.get(lowered)
    beside = {other.key.lower() for other in statement.condition}
    if others is not None and not beside & {other.lower() for other in others}:
        yield Found(
            codes.UNPAIRED_KEY,
            f"`{entry.key}` says nothing of the VPC that the address is in",
            "every VPC can have these addresses",
            f"test `{others[0]}` as well",
        )
    elif lowered == "dynamodb:attributes" and statement.effect == "Allow":
        reads = [action for action in statement.actions.values if action.lower() in _SELECTING]
        if reads and not statement.actions.negated and "dynamodb:select" not in beside:
            shown = " and ".join(f"`{action}`" for action in reads)
            yield Found(
                codes.UNPAIRED_KEY,
                f"{shown} without a list of attributes {'get' if len(reads) > 1 else 'gets'} all of them",
                "keeps nothing out by itself",
                "test `dynamodb:Select` to be `SPECIFIC_ATTRIBUTES` as well",
            )

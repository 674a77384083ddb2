"""Parts of sources and of answers as people write them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from iamdsl.iam import minified, split_operator, statement_to_json

if TYPE_CHECKING:
    from iamdsl.analysis.needs import Need
    from iamdsl.analysis.situation import Situation
    from iamdsl.analysis.subjects import Subject
    from iamdsl.iam import Entry, Statement
    from iamdsl.simulate import Request
    from iamdsl.source import Span

_BARE_ARN = re.compile(r"arn:[A-Za-z0-9:/_+=@.-]+")
_BRACES = re.compile(r"(\$\{[^}]*\})|[{}]")
"""Braces that a source doubles; those of a variable of IAM stay."""
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")
_REFERENCE = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*(\.[A-Za-z_][A-Za-z0-9_-]*)?")
"""A name that a source says without quotes, in an account or not."""
_IDENTITIES = "role|user|group|permission set"
_TITLE = re.compile(
    rf"({_IDENTITIES}|policy|boundary|scp|rcp|session|organization|root|ou|account|level|service"
    rf"|federated|canonical|trust policy of role|inline policy (?:\S+ )?of (?:{_IDENTITIES})) (.+)",
    re.DOTALL,
)
_SIGNS = {
    "StringEquals": "==", "StringNotEquals": "!=", "StringLike": "like",
    "StringNotLike": "not like", "ArnEquals": "like", "ArnLike": "like",
    "ArnNotLike": "not like", "ArnNotEquals": "not like", "NumericEquals": "==",
    "NumericNotEquals": "!=", "NumericLessThan": "<", "NumericLessThanEquals": "<=",
    "NumericGreaterThan": ">", "NumericGreaterThanEquals": ">=", "Bool": "==",
    "DateLessThan": "<", "DateGreaterThan": ">", "IpAddress": "in", "NotIpAddress": "not in",
}  # fmt: skip
_PLAIN_VALUES = ("Numeric", "Bool", "Date", "IpAddress", "NotIpAddress", "Arn")
_MFA = "aws:multifactorauthpresent"
_LONGEST_SHOWN = 160
_ASSUMING = frozenset({"assumerole", "assumerolewithsaml", "assumerolewithwebidentity"})


def duration(seconds: int) -> str:
    """Return seconds as a source writes them: `4h`, `90m`."""
    for unit, size in (("h", 3600), ("m", 60)):
        if seconds % size == 0:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"


def arn_text(arn: str) -> str:
    """Return an ARN, or `*`, as a source writes it: bare where that can be."""
    if arn == "*" or _BARE_ARN.fullmatch(arn):
        return arn
    return text(arn)


def text(value: str) -> str:
    """Return a text as a source writes it."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + _BRACES.sub(lambda found: found[1] or found[0] * 2, escaped) + '"'


def who_text(request: Request, caller: Subject | None, place: str) -> str:
    """Return a caller as a source names it in `to` and `trust`.

    Args:
        place: the account, by its name in the source, where the sentence stands.
    """
    if caller is not None and _NAME.fullmatch(caller.name):
        if caller.place.name == place:
            return caller.name
        if caller.place.name and _NAME.fullmatch(caller.place.name):
            return f"{caller.place.name}.{caller.name}"
    principal = caller.arn if caller is not None and caller.arn else request.principal
    kind, colon, rest = principal.partition(":")
    match kind if colon else principal:
        case "anonymous":
            return "anyone"
        case "service":
            return f"service {rest.removesuffix('.amazonaws.com')}"
        case "federated":
            return f"oidc {text(rest)}"
        case "canonical":
            return f"canonical {text(rest)}"
        case _ if principal.endswith(":root") and principal.count(":") == 5:
            return f"account {principal.split(':')[4]}"
        case _:
            return arn_text(principal)


def allow_text(request: Request, who: str = "") -> str:
    """Return the allow of one action on one resource, `to` somebody where a policy says so."""
    to = f" to {who}" if who else ""
    return f"allow {request.action}{to} on {arn_text(request.resource)}"


def trust_text(request: Request, who: str) -> str:
    """Return the sentence by which a role trusts somebody for one action."""
    name = request.action.partition(":")[2].lower()
    return f"trust {who}" if name in _ASSUMING else f"trust {request.action} to {who}"


def entry_text(entry: Entry) -> str:
    """Return one test of a condition, close to how a source has it."""
    prefix, base, if_exists = split_operator(entry.operator)
    key = f"{'any ' if prefix == 'ForAnyValue' else 'all ' if prefix else ''}{entry.key}"
    key += "?" if if_exists else ""
    if base == "Null":
        return f"{key} {'missing' if entry.values[0].lower() == 'true' else 'exists'}"
    if base == "Bool" and entry.values == ("true",):
        return key
    sign = _SIGNS.get(base, base)
    plain = base.startswith(_PLAIN_VALUES)
    values = [value if plain else text(value) for value in entry.values]
    if len(values) == 1:
        return f"{key} {sign} {values[0]}"
    sign = {"==": "in", "!=": "not in"}.get(sign, sign)
    return f"{key} {sign} [{', '.join(values)}]"


def need_text(need: Need, situation: Situation) -> str:
    """Return what to do so that a request has a key with a value."""
    key, lowered = need.key, need.key.lower()
    if not need.values:
        return f"send no `{key}`"
    value = need.values[0]
    said = f"(`{key}` = `{value}`)"
    tag = key.partition("/")[2]
    caller = situation.caller
    if lowered == _MFA and value == "true":
        return f"sign in with MFA {said}"
    if lowered == "aws:multifactorauthage":
        return f"sign in with MFA, no longer ago than it asks for {said}"
    if lowered == "aws:sourceip":
        return f"ask from an address such as `{value}` {said}"
    if lowered == "aws:securetransport" and value == "true":
        return f"ask over TLS {said}"
    if lowered == "aws:requestedregion":
        return f"ask in the Region `{value}` {said}"
    if lowered in {"aws:currenttime", "aws:epochtime"}:
        return f"ask at a time such as `{value}` {said}"
    if lowered.startswith("aws:principaltag/") and caller is not None:
        return f"tag {quoted(caller.title)}: `tags {{ {_tag(tag)} = {text(value)} }}` {said}"
    if lowered.startswith(("aws:resourcetag/", "iam:resourcetag/", "s3:existingobjecttag/")):
        return f"tag the resource with `{tag}` = `{value}` {said}"
    if need.any:
        return f"send a `{key}`"
    return f"send `{key}` = `{value}`"


def reference(account: str, name: str) -> str:
    """Return a name as a source says it from outside of its account, "" for the nameless place."""
    whole = f"{account}.{name}" if account else name
    return whole if _REFERENCE.fullmatch(whole) else f'"{whole}"'


def parted(title: str) -> tuple[str, str]:
    """Return what kind of thing a title names, "" if it does not say, and the name."""
    found = _TITLE.fullmatch(title)
    return (found[1], found[2]) if found is not None else ("", title)


def quoted(title: str) -> str:
    """Return a title as people read it everywhere: ``role `prod.deployer` ``."""
    kind, name = parted(title)
    return f"{kind} `{name}`" if kind else f"`{name}`"


def places(spans: tuple[Span, ...]) -> tuple[str, ...]:
    """Return where something stands, each line once: `main.iam:12`."""
    found = {(s.source.name, s.source.position(s.start)[0]) for s in spans}
    return tuple(f"{name}:{line}" for name, line in sorted(found))


def statement_text(statement: Statement) -> str:
    """Return a statement in one line: as the source has it, else as AWS does."""
    spans = statement.origin
    written = " ".join(spans[0].text.split()) if len(spans) == 1 else ""
    if written.startswith("{") and not written.endswith("}"):
        written = ""  # the place of a statement in a document is the first line of it
    shown = written or minified(statement_to_json(statement))
    return shown if len(shown) <= _LONGEST_SHOWN else f"{shown[: _LONGEST_SHOWN - 1]}…"


def _tag(name: str) -> str:
    return name if _NAME.fullmatch(name) else text(name)

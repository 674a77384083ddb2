"""What other reviewers say, and what is said here: a row for each of their findings.

Each row has a document that a reviewer complains of, one that it does not, and the code that is
given here. `source` is how the same comes about in the language: a source that raises the code, or
why it cannot be written. The tables of `grammar/CHECKS.md` are made of these rows.
"""

from __future__ import annotations

from typing import Any, NamedTuple

Json = dict[str, Any]


class Row(NamedTuple):
    """One finding of another reviewer.

    Attributes:
        name: as they call it.
        code: the number of ours.
        fails, passes: a document each: values, or JSON as text where it is no sound JSON.
        source: a source in the language that raises the code, or "" where it cannot be written.
        why: why it cannot be written, or what is particular.
        kind, target: what the document is, see `iamdsl check --kind --for`.
        own: the code that the source raises, where it is another one.
    """

    name: str
    code: str
    fails: Json | str
    passes: Json | str
    source: str = ""
    why: str = ""
    kind: str = "auto"
    target: str | None = None
    own: str = ""


def document(*statements: Json, **more: Any) -> Json:
    """Return a document with statements."""
    return {"Version": "2012-10-17", **more, "Statement": list(statements)}


def allow(
    action: Any = "s3:GetObject", resource: Any = "arn:aws:s3:::photos/*", **more: Any
) -> Json:
    """Return a document that allows something."""
    return document({"Effect": "Allow", "Action": action, "Resource": resource, **more})


def deny(
    action: Any = "s3:GetObject", resource: Any = "arn:aws:s3:::photos/*", **more: Any
) -> Json:
    """Return a document that denies something."""
    return document({"Effect": "Deny", "Action": action, "Resource": resource, **more})


def when(*tests: tuple[str, str, Any]) -> Json:
    """Return a document that allows something under conditions: operator, key, values."""
    condition: Json = {}
    for operator, key, values in tests:
        condition.setdefault(operator, {})[key] = values
    return allow(Condition=condition)


def to(principal: Any, action: Any = "s3:GetObject", **more: Any) -> Json:
    """Return a bucket policy that lets somebody in."""
    return allow(action, Principal=principal, **more)


def trust(principal: Any, action: Any = "sts:AssumeRole", **more: Any) -> Json:
    """Return a trust policy."""
    return document({"Effect": "Allow", "Principal": principal, "Action": action, **more})


def without(made: Json, member: str, **more: Any) -> Json:
    """Return a document whose first statement lacks a member."""
    first = {k: v for k, v in made["Statement"][0].items() if k != member}
    return {**made, "Statement": [{**first, **more}]}


GOOD = allow()
ORG = {"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}
ACCOUNT = "111122223333"
ROOT = {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
BUCKET = "arn:aws:s3:::photos"
GITHUB = {"Federated": f"arn:aws:iam::{ACCOUNT}:oidc-provider/token.actions.githubusercontent.com"}
WEB = "sts:AssumeRoleWithWebIdentity"
SUB = "token.actions.githubusercontent.com:sub"
AUD = "token.actions.githubusercontent.com:aud"
LONG = [f"arn:aws:s3:::bucket-number-{n:04}-of-a-long-list/*" for n in range(160)]
NAMES_A_TYPE = "the language has one way to write it, with the right type"
BY_THE_COMPILER = "the compiler writes the JSON"

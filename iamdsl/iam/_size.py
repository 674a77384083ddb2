"""Sizes of documents as AWS counts them, exact and additive.

One number serves all kinds, *characters of the minified ASCII text*:

- IAM counts managed, inline and trust policies without white space (AWS "reference_iam-quotas").
  Whether blanks inside strings count is not documented; they do here, the safe side.
- SCPs, RCPs, session and resource policies are counted as sent, in characters or bytes. They
  are to be sent minified; the text is ASCII, so its characters are its bytes.

A value known only at deployment is a placeholder, `PLACEHOLDER_OPEN name PLACEHOLDER_CLOSE`,
and counts with the greatest length that is declared for its name.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Final

from iamdsl.iam._json import VERSION, minified, statement_to_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from iamdsl.iam._policy import Policy, Statement

PLACEHOLDER_OPEN: Final = "\ue000"
PLACEHOLDER_CLOSE: Final = "\ue001"

PSEUDO_LENGTHS: Final[Mapping[str, int]] = {
    "aws.account": 12,
    "aws.partition": len("aws-us-gov"),
    "aws.region": len("ap-southeast-1"),
    "aws.url_suffix": len("amazonaws.com.cn"),
}
"""Greatest lengths of what AWS itself fills in; a mapping given to `size` comes first."""

PLACEHOLDER: Final = re.compile(f"{PLACEHOLDER_OPEN}([^{PLACEHOLDER_CLOSE}]*){PLACEHOLDER_CLOSE}")
"""Finds placeholders in a text; the group is the name."""

_FRAME: Final = len(f'{{"Version":"{VERSION}","Statement":[]}}')
_NO_LENGTHS: Final[Mapping[str, int]] = {}
# The placeholder as `json.dumps` escapes it.
_ESCAPED = re.compile(r"\\ue000(.*?)\\ue001")


def text_size(text: str, lengths: Mapping[str, int] = _NO_LENGTHS) -> int:
    r"""Return the characters of a minified text with its placeholders at their greatest length.

    Raises `KeyError` for a placeholder whose name has no length.
    """
    size = len(text)
    if "\\ue000" in text:
        for m in _ESCAPED.finditer(text):
            name = m[1]
            known = lengths[name] if name in lengths else PSEUDO_LENGTHS[name]
            size += known - len(m[0])
    return size


def size(policy: Policy, lengths: Mapping[str, int] = _NO_LENGTHS) -> int:
    """Return the characters that AWS counts for a policy.

    It is `document_size(statement_size(s, lengths) for s in policy.statements)`.
    """
    sizes = [statement_size(s, lengths) for s in policy.statements]
    return document_size(sizes, policy.id, lengths)


def document_size(
    statement_sizes: Iterable[int],
    document_id: str | None = None,
    lengths: Mapping[str, int] = _NO_LENGTHS,
) -> int:
    """Return the size of a document with statements of those sizes: frame + statements + commas."""
    sizes = list(statement_sizes)
    frame = _FRAME + sum(sizes) + max(0, len(sizes) - 1)
    return (
        frame if document_id is None else frame + len('"Id":,') + value_size(document_id, lengths)
    )


def statement_size(statement: Statement, lengths: Mapping[str, int] = _NO_LENGTHS) -> int:
    """Return the characters of one statement, braces included, comma not."""
    return text_size(minified(statement_to_json(statement)), lengths)


def value_size(value: str, lengths: Mapping[str, int] = _NO_LENGTHS) -> int:
    """Return the characters of one string in JSON, quotes included."""
    return text_size(json.dumps(value), lengths)


def placeholder(name: str) -> str:
    """Return the placeholder of a text that only a deployment knows, e.g. of `aws.account`."""
    return f"{PLACEHOLDER_OPEN}{name}{PLACEHOLDER_CLOSE}"


def placeholders(text: str) -> tuple[str, ...]:
    """Return the names of the placeholders in a text (not escaped), in order."""
    if PLACEHOLDER_OPEN not in text:
        return ()
    return tuple(part.partition(PLACEHOLDER_CLOSE)[0] for part in text.split(PLACEHOLDER_OPEN)[1:])

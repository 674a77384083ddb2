"""What AWS accepts as names, paths, descriptions, tags, Sids and ids, and how long they may be.

From the IAM, STS, Organizations and Identity Center API models (botocore) as of November 2026.
Letters are ASCII letters here: IAM refuses others where the models write a word character.
"""

from __future__ import annotations

import re
from typing import NamedTuple


class NameRule(NamedTuple):
    """Length and form of a kind of name; `form` says the pattern in words."""

    shortest: int
    longest: int
    pattern: str
    form: str


_WORD = r"[A-Za-z0-9_+=,.@-]+"
_WORD_FORM = "letters, digits and `_+=,.@-`"
_ALNUM = r"[A-Za-z0-9]*"

RULES: dict[str, NameRule] = {
    "managed-policy": NameRule(1, 128, _WORD, _WORD_FORM),
    "group": NameRule(1, 128, _WORD, _WORD_FORM),
    "instance-profile": NameRule(1, 128, _WORD, _WORD_FORM),
    "role": NameRule(1, 64, _WORD, _WORD_FORM),
    "user": NameRule(1, 64, _WORD, _WORD_FORM),
    "inline-policy": NameRule(1, 128, _WORD, _WORD_FORM),
    "permission_set": NameRule(1, 32, _WORD, _WORD_FORM),
    "saml-provider": NameRule(1, 128, r"[A-Za-z0-9._-]+", "letters, digits and `._-`"),
    "organization-policy": NameRule(1, 128, r"[\s\S]*", "any text"),
    "permission_set-description": NameRule(
        1, 700, r"[\t\n\r\x20-\x7e\xa1-\xff]*", "text of Latin-1 characters without controls"
    ),
    "organization-policy-description": NameRule(0, 512, r"[\s\S]*", "any text"),
    "path": NameRule(1, 512, r"/|/[!-~]+/", "`/`, or text without blanks between two `/`"),
    "policy-path": NameRule(
        1, 512, r"((/[A-Za-z0-9.,+@=_-]+)*)/", "names of letters, digits and `.,+@=_-` between `/`"
    ),
    "description": NameRule(
        0, 1000, r"[\t\n\r\x20-\x7e\xa1-\xff]*", "text of Latin-1 characters without controls"
    ),
    "policy-description": NameRule(0, 1000, r"[\s\S]*", "any text"),
    "session-name": NameRule(2, 64, r"[A-Za-z0-9_+=,.@-]*", _WORD_FORM),
    "source-identity": NameRule(2, 64, r"[A-Za-z0-9_+=,.@-]*", _WORD_FORM),
    "federated-user": NameRule(2, 32, r"[A-Za-z0-9_+=,.@-]*", _WORD_FORM),
    "external-id": NameRule(2, 1224, r"[A-Za-z0-9_+=,.@:/-]*", "letters, digits and `_+=,.@:/-`"),
    "arn": NameRule(20, 2048, r"[\s\S]*", "an ARN"),
    "action": NameRule(3, 128, r"[\s\S]*", "an action"),
    "account": NameRule(12, 12, r"[0-9]{12}", "twelve digits"),
    "organization": NameRule(12, 34, r"o-[a-z0-9]{10,32}", "`o-` and 10 to 32 letters and digits"),
    "root": NameRule(6, 34, r"r-[0-9a-z]{4,32}", "`r-` and 4 to 32 letters and digits"),
    "ou": NameRule(
        16,
        68,
        r"ou-[0-9a-z]{4,32}-[a-z0-9]{8,32}",
        "`ou-`, 4 to 32 letters and digits, `-`, and 8 to 32 more",
    ),
    "policy-version": NameRule(2, 20, r"v[1-9][0-9]*", "`v` and a number"),
    # Sids: IAM's own documents take letters and digits only; services are wider
    "sid": NameRule(0, 2048, _ALNUM, "letters and digits"),
    "sid-resource": NameRule(0, 2048, r"[A-Za-z0-9 _-]*", "letters, digits, blanks, `_` and `-`"),
    "sid-lambda": NameRule(1, 100, r"[A-Za-z0-9_-]+", "letters, digits, `_` and `-`"),
    "sid-events": NameRule(1, 64, r"[A-Za-z0-9_-]+", "letters, digits, `_` and `-`"),
    "tag-key": NameRule(1, 128, r"[\s\S]*", "letters, digits, blanks and `_.:/=+-@`"),
    "tag-value": NameRule(0, 256, r"[\s\S]*", "letters, digits, blanks and `_.:/=+-@`"),
}
"""The rule of each kind of name."""

_TAG_SIGNS = frozenset("_.:/=+-@")


def name_problem(kind: str, text: str) -> str:
    """Return what AWS would find wrong with a name of that kind, "" if nothing.

    The answer ends a sentence that begins with the name: "has 70 characters, at most 64 are
    allowed". Raises `KeyError` for a kind that is not in `RULES`.
    """
    rule = RULES[kind]
    length = len(text)
    if not rule.shortest <= length <= rule.longest:
        bound = f"at most {rule.longest:,} are" if length > rule.longest else _at_least(rule)
        return f"has {length:,} character{'' if length == 1 else 's'}, {bound} allowed"
    if not re.fullmatch(rule.pattern, text):
        return f"is not made of {rule.form}" if rule.form[0] == "l" else f"is not {rule.form}"
    if kind.startswith("tag-"):
        return _tag_problem(kind, text)
    return ""


def _at_least(rule: NameRule) -> str:
    return f"no fewer than {rule.shortest:,} {'is' if rule.shortest == 1 else 'are'}"


def _tag_problem(kind: str, text: str) -> str:
    if kind == "tag-key" and text.lower().startswith("aws:"):
        return "begins with `aws:`, which AWS keeps for itself"
    import unicodedata  # noqa: PLC0415  # only tags need it

    for letter in text:
        if letter not in _TAG_SIGNS and unicodedata.category(letter)[0] not in "LZN":
            return f"is not made of {RULES[kind].form}"
    return ""

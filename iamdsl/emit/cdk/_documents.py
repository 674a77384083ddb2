"""Policy documents as CDK takes them: as data where that means the same, else as JSON text."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from iamdsl import iam
from iamdsl.aws.resource_policies import of_service
from iamdsl.emit._marks import has_marks

if TYPE_CHECKING:
    from collections.abc import Iterator

    from iamdsl.aws.limits import Limits

# What CDK takes for an action; the name of an extern's value is not known.
_ACTION = re.compile(r"\*|[a-zA-Z0-9-]+:[a-zA-Z0-9*]+")
_SID = re.compile(r"[0-9A-Za-z]*")
_DYNAMIC = "{{resolve:"
_TOKEN = re.compile(r"[$#]\{Token\[")
_ESCAPE = re.compile(r"\\(u[0-9a-f]{4}|.)")
_MARKS = {"ue000": iam.PLACEHOLDER_OPEN, "ue001": iam.PLACEHOLDER_CLOSE}


def document(policy: iam.Policy) -> dict[str, Any] | str:
    """Return a document as data, or as text where CDK or CloudFormation would change data.

    They do where a text looks like a reference of theirs, and where a name of a member is one or
    is not known before the deployment.
    """
    data = iam.to_json(policy)
    return data if all(map(_is_plain, _texts(data))) else json_text(data)


def content(document_: iam.Document, limits: Limits) -> dict[str, Any] | str:
    """Return what a service gets of a policy of a resource or of the organization.

    As text it is sent without blanks: where they are counted and would make it too long, and
    where line breaks are refused.
    """
    limit = limits.policy_size(document_.kind, document_.service or "")
    rule = of_service(document_.service) if document_.service else None
    data = iam.to_json(document_.policy)
    tight = limit is not None and limit.counts_white_space and len(iam.pretty(data)) > limit.value
    return json_text(data) if tight or (rule and rule.one_line) else document(document_.policy)


def json_text(data: dict[str, Any]) -> str:
    """Return JSON on one line, with its marks: what is filled in for them needs no escapes.

    What could be read as a reference is written with an escape of JSON in it.
    """
    text = _ESCAPE.sub(lambda m: _MARKS.get(m[1], m[0]), iam.minified(data))
    text = re.sub("\\{(?=[{\ue000])", r"\\u007b", text)
    return re.sub(r"([$#])\{(?=Token\[)", r"\1\\u007b", text)


def is_statements(policy: iam.Policy) -> bool:
    """Tell whether CDK's statements hold a policy of an identity exactly."""
    return policy.id is None and all(
        statement.principals is None
        and statement.resources is not None
        and all(map(_ACTION.fullmatch, statement.actions.values))
        and _SID.fullmatch(statement.sid or "")
        for statement in policy.statements
    )


def is_reference(text: str) -> bool:
    """Tell whether CDK or CloudFormation would take a text for a reference.

    With something to be filled in, it could become one.
    """
    return bool(_TOKEN.search(text)) or ("{{" if has_marks(text) else _DYNAMIC) in text


def _is_plain(text: tuple[str, bool]) -> bool:
    found, is_name = text
    if is_reference(found) or "{\ue000" in found:
        return False
    return not (is_name and (has_marks(found) or found == "Ref" or found.startswith("Fn::")))


def _texts(value: object) -> Iterator[tuple[str, bool]]:
    """Yield every text in JSON values, and whether it is the name of a member."""
    if isinstance(value, str):
        yield value, False
    elif isinstance(value, dict):
        for name, member in value.items():
            yield name, True
            yield from _texts(member)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)

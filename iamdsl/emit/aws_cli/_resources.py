"""The steps that set the policies of resources."""

from __future__ import annotations

from typing import TYPE_CHECKING

from iamdsl.aws.policy_operations import (
    WITHOUT,
    Resource,
    getting,
    looked_up,
    nested,
    operation_of,
    operation_of_type,
    putting,
)
from iamdsl.diagnostics import codes
from iamdsl.emit._marks import Mark, parts
from iamdsl.emit.aws_cli._shell import ARN, ARN_ACCOUNT, FOUND, GROUPS, TEXT, to_json
from iamdsl.emit.aws_cli._steps import Section, Step

if TYPE_CHECKING:
    from collections.abc import Iterator

    from iamdsl import iam
    from iamdsl.aws.policy_operations import Call, Operation
    from iamdsl.emit.aws_cli._steps import Steps


def resource_sections(steps: Steps) -> Iterator[Section]:
    """Yield a section for each policy of a resource; those without an operation are reported."""
    for document in steps.place.build.documents:
        if document.kind != "resource":
            continue
        found = tuple(_steps(document, steps))
        if found:
            yield Section(f"policy {document.name} of {document.target}", found)


def _steps(document: iam.Document, steps: Steps) -> Iterator[Step]:
    arn = document.target or ""
    row, resource = _row(document, steps)
    if row is None:
        kinds = {why for (service, _), why in WITHOUT.items() if service == document.service}
        why = f"{'; '.join(sorted(kinds))}" if kinds else "no operation of the API is known for it"
        steps.report.add(
            codes.NOT_DEPLOYED,
            document.origin[0],
            f"the script does not set the policy `{document.name}` of its resource",
            label=why,
            hint="set it with the document of the target `json`, or otherwise",
        )
        return
    yield Step("document", (arn, steps.text(document.policy)))
    if isinstance(resource, Resource):
        yield Step("parts", (row.resource,))
    lookup = looked_up(row, resource, document.name)
    if lookup is not None and row.lookup is not None:
        yield Step(
            "look_up", (row.cli, command(lookup.operation), _json(lookup), row.lookup.answer)
        )
    put = putting(row, resource, document.name, TEXT, FOUND)
    get, answer = getting(row, resource, document.name, FOUND)
    asking = (row.cli, command(get.operation), _json(get), answer, "|".join(row.absent))
    yield Step("resource_policy", (*asking, command(put.operation), _json(put)))


def _row(document: iam.Document, steps: Steps) -> tuple[Operation | None, str | Resource]:
    """Return how a policy is set, and its resource as it is known here."""
    arn, service = document.target or "", document.service or ""
    found = parts(arn)
    if len(found) == 1 and isinstance(found[0], Mark):
        types = {e.name: e.type.partition(":") for e in steps.facts.externs}
        _, _, kind = types.get(found[0].name, ("", "", ""))
        return operation_of_type(service, kind), Resource(ARN, ARN_ACCOUNT, GROUPS)
    return operation_of(service, arn), arn


def _json(call: Call) -> str:
    return to_json(nested(call.members))


def command(operation: str) -> str:
    """Return what the AWS CLI calls an operation: `PutBucketPolicy` is `put-bucket-policy`."""
    return "".join(f"-{c.lower()}" if c.isupper() else c for c in operation).lstrip("-")

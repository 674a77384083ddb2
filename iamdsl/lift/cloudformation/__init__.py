"""Templates of CloudFormation and SAM to an `Estate`.

```
 Tree ──Template──▶ values, intrinsics worked out ──identities, documents, sam──▶ Drafts ──▶ Estate
```
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from iamdsl import iam
from iamdsl.diagnostics import codes
from iamdsl.lift.cloudformation import documents, identities, permissions, sam
from iamdsl.lift.cloudformation.drafts import Drafts
from iamdsl.lift.cloudformation.template import Template
from iamdsl.lift.cloudformation.whole import whole
from iamdsl.lift.estate import Estate

if TYPE_CHECKING:
    from collections.abc import Iterator

    from iamdsl.diagnostics import Report
    from iamdsl.lift.reading import Tree

__all__ = ["read", "recognises"]

_HARMLESS = ("AWS::Serverless-", "AWS::LanguageExtensions", "AWS::CodeDeployBlueGreen",
             "AWS::SecretsManager-")  # fmt: skip
"""Transforms that make nothing of IAM's, or whose work is done here."""


def recognises(value: object) -> bool:
    """Tell whether values are a template: resources with types of AWS's."""
    if not isinstance(value, dict) or not isinstance(resources := value.get("Resources"), dict):
        return False
    return "AWSTemplateFormatVersion" in value or any(
        isinstance(r, dict) and str(r.get("Type", "")).startswith(("AWS::", "Custom::"))
        for r in resources.values()
    )


def read(tree: Tree, name: str, report: Report) -> Estate | None:
    """Return what a template says about IAM; None where it says nothing (and was reported).

    What has no exact form is reported by its path, and missing in the estate then.

    Args:
        name: what to call a policy that the template gives no name; resources have logical ids.
    """
    del name
    template = Template(tree, report)
    drafts = Drafts(template)
    identities.enter(drafts)
    sam.enter(drafts)
    identities.read(drafts)
    sam.read(drafts)
    documents.read(drafts)
    permissions.read(drafts)
    documents.unknown(drafts)
    _sections(template)
    _conditions(template, drafts)
    read_whole = whole(drafts, identities.boundaries(drafts))
    build = iam.Build(read_whole.documents, read_whole.identities)
    if not build.documents and not build.identities:
        if not report.failed:
            report.add(
                codes.NOTHING_TO_IMPORT,
                template.span(()),
                f"the template `{tree.source.name}` holds nothing of IAM's",
                hint="import the templates that hold the roles and policies",
            )
        return None
    texts = set(_texts(build))
    return Estate(
        build,
        template.externs.finished(texts, set(_resources(build))),
        docs={n: "\n".join(lines) for n, lines in drafts.docs.items()},
        refused=read_whole.refused,
        whole=True,
        shared=bool(tree.value.get("Outputs")),
    )


def _sections(template: Template) -> None:
    """Report the parts of a template that only a deployment carries out."""
    value: dict[str, Any] = template.tree.value
    transforms = value.get("Transform")
    listed = transforms if isinstance(transforms, list) else [transforms]
    for i, transform in enumerate(listed):
        path = ("Transform", i) if isinstance(transforms, list) else ("Transform",)
        if transform is not None and not str(transform).startswith(_HARMLESS):
            said = transform.get("Name") if isinstance(transform, dict) else transform
            template.inexact(path, "Transform", f"the macro `{said}` may change all of it")
    if "Fn::Transform" in value:
        template.inexact(("Fn::Transform",), "Fn::Transform", "it puts sections here")
    if value.get("Rules"):
        hint = "what they ask of parameters is not asked of the externs"
        template.left_out(("Rules",), "the section `Rules`", hint)


def _conditions(template: Template, drafts: Drafts) -> None:
    """Warn of resources that are there under a condition, where they were imported."""
    made = {origin: d.name for d in drafts.documents for origin in d.origin}
    made |= {d.origin: d.name for d in drafts.identities.values()}
    by_place = {(place.start, place.end): name for place, name in made.items()}
    for logical, resource in template.resources.items():
        condition = resource.get("Condition")
        place = template.span(("Resources", logical), key=True)
        name = by_place.get((place.start, place.end))
        if condition is None or name is None:
            continue
        template.report.add(
            codes.CONDITIONAL_RESOURCE,
            template.span(("Resources", logical, "Condition")),
            f"`{logical}` is there under the condition `{condition}` only",
            label="imported without it",
            hint="remove it from the source where it is not to be, or put it into a `template`",
        )
        for other, its_name in made.items():
            if (other.start, other.end) == (place.start, place.end):
                drafts.comment(its_name, f"in the template under the condition `{condition}`")


def _texts(build: iam.Build) -> Iterator[str]:
    """Yield every text of a build that may hold marks."""
    for document in build.documents:
        yield from _policy_texts(document.policy)
        yield from filter(None, (document.target, document.description))
        yield from (text for pair in document.tags for text in pair)
        yield from (a.policy for a in document.attached)
    for identity in build.identities:
        for policy in (identity.trust, *(p for _, p in identity.inline)):
            if policy is not None:
                yield from _policy_texts(policy)
        yield from filter(None, (identity.description,))
        yield from (text for pair in identity.tags for text in pair)
        yield from identity.groups
        bounds = () if identity.boundary is None else (identity.boundary,)
        yield from (a.policy for a in (*identity.managed, *bounds))


def _policy_texts(policy: iam.Policy) -> Iterator[str]:
    yield policy.id or ""
    for statement in policy.statements:
        yield statement.sid or ""
        yield from statement.actions.values
        yield from statement.resources.values if statement.resources else ()
        for _, values in statement.principals.by_type if statement.principals else ():
            yield from values
        for entry in statement.condition:
            yield entry.key
            yield from entry.values


def _resources(build: iam.Build) -> Iterator[str]:
    """Yield the texts of a build that are ARNs, or patterns of them."""
    policies = [d.policy for d in build.documents]
    for identity in build.identities:
        policies += [p for _, p in identity.inline]
        bounds = () if identity.boundary is None else (identity.boundary,)
        yield from (a.policy for a in (*identity.managed, *bounds) if not a.ours)
    for policy in policies:
        for statement in policy.statements:
            yield from statement.resources.values if statement.resources else ()
    yield from (d.target for d in build.documents if d.target)

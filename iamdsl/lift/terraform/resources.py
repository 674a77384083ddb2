"""Resources of Terraform's, wherever they come from, and how their attributes are read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from iamdsl import iam
from iamdsl.diagnostics import codes
from iamdsl.lift.reading import read_policy, unquoted
from iamdsl.lift.terraform.values import Encoded, Open, opened, tree_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from iamdsl.diagnostics import Report
    from iamdsl.lift.reading import Tree
    from iamdsl.source import Span


@attrs.frozen(repr=False, eq=False)
class Resource:
    """One instance of a resource, or of a data source.

    Attributes:
        address: as Terraform says it: `module.app.aws_iam_role.x["a"]`.
        label: what it is called there, its key included: `x-a`.
        tree: its attributes.
        place: of itself.
        owners: for attributes that speak of another resource, the ARN of that.
    """

    address: str
    type: str
    label: str
    tree: Tree
    place: Span
    owners: Mapping[str, str] = attrs.field(factory=dict)

    def get(self, name: str) -> Any:
        """Return the value of an attribute; None for one that is not there, null or empty."""
        found = self.tree.value.get(name)
        empty = found in ("", []) and not isinstance(found, Encoded)
        return None if empty else found


def read_text(resource: Resource, name: str, report: Report) -> str | None:
    """Return an attribute that is a text; None where there is none, or something else."""
    value = resource.get(name)
    if value is None or isinstance(value, str):
        return value
    complain(resource, name, "a text", report)
    return None


def read_texts(resource: Resource, name: str, report: Report) -> list[str]:
    """Return an attribute that is a list of texts; what is none of them is reported."""
    value = resource.get(name)
    if value is None:
        return []
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return value
    complain(resource, name, "a list of texts", report)
    return []


def read_blocks(resource: Resource, name: str, report: Report) -> list[Resource]:
    """Return the nested blocks of a kind, each as a resource of its own."""
    value = resource.get(name)
    if value is None:
        return []
    if isinstance(value, list) and all(isinstance(item, dict) for item in value):
        return [
            attrs.evolve(
                resource,
                address=f"{resource.address}.{name}[{number}]",
                tree=resource.tree.at(name, number),
                place=resource.tree.origin(name, number),
            )
            for number in range(len(value))
        ]
    complain(resource, name, "a list of blocks", report)
    return []


def read_document(resource: Resource, name: str, report: Report) -> iam.Policy | None:
    """Return an attribute that is a policy document; None where there is none, or it is wrong."""
    if resource.get(name) is None or not is_known(resource, name, report):
        return None
    tree = resource.tree.at(name)
    if isinstance(tree.value, Encoded):
        return read_policy(tree_of(tree.value.values), report)
    if isinstance(tree.value, str) and iam.PLACEHOLDER_OPEN in tree.value:
        opened = unquoted(tree._replace(value=tree.value.translate(_ASIDE)), report)
        if opened is None:
            return None
        tree = opened._replace(value=_with_marks(opened.value))
    return read_policy(tree, report)


_ASIDE = str.maketrans(iam.PLACEHOLDER_OPEN + iam.PLACEHOLDER_CLOSE, "\uf8f0\uf8f1")
_BACK = str.maketrans("\uf8f0\uf8f1", iam.PLACEHOLDER_OPEN + iam.PLACEHOLDER_CLOSE)
"""JSON that is read holds no marks: those that were put into its text stand aside meanwhile."""


def _with_marks(value: Any) -> Any:
    match value:
        case str(text):
            return text.translate(_BACK)
        case list(items):
            return [_with_marks(item) for item in items]
        case dict(items):
            return {name.translate(_BACK): _with_marks(item) for name, item in items.items()}
        case _:
            return value


def is_known(resource: Resource, name: str, report: Report) -> bool:
    """Tell whether nothing in an attribute is open; report what is."""
    found = list(opened(resource.tree.at(name))) if name in resource.tree.value else []
    for path, value in found:
        _complain_open(resource, (name, *path), value, report)
    return not found


def is_open(resource: Resource, name: str) -> Open | None:
    """Return what is open in an attribute, without a word."""
    if name not in resource.tree.value:
        return None
    return next((value for _, value in opened(resource.tree.at(name))), None)


def complain(resource: Resource, name: str, expected: str, report: Report) -> None:
    """Report an attribute that is open, or not what was expected."""
    if is_known(resource, name, report):
        report.add(
            codes.NOT_A_STATE,
            resource.tree.place((name,)),
            f"`{resource.address}.{name}` is not {expected}",
            hint="it is of a version of the provider that is not known, or was written by hand",
        )


def _complain_open(
    resource: Resource, path: tuple[str | int, ...], value: Open, report: Report
) -> None:
    where = f"{resource.address}.{path[0]}"
    said = "has no exact form" if value.code is codes.COMPUTED_EXPRESSION else "is"
    message = (
        f"`{where}`: {value.why} {said} here"
        if value.code is codes.COMPUTED_EXPRESSION
        else f"`{where}` is {value.why}"
    )
    report.add(value.code, resource.tree.place(path), message, hint=value.hint)

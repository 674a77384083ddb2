"""Which reader a text is for: by how it begins, and by the members of its values."""

from __future__ import annotations

import re
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal

from iamdsl.diagnostics import codes
from iamdsl.lift import loose, policies
from iamdsl.lift.reading import read_json
from iamdsl.source import Span

if TYPE_CHECKING:
    from collections.abc import Sequence

    from iamdsl.diagnostics import Report
    from iamdsl.lift.estate import Estate
    from iamdsl.lift.reading import Tree
    from iamdsl.source import Source

_TEMPLATE = re.compile(r"^(?:AWSTemplateFormatVersion|Resources|Transform):", re.MULTILINE)
"""How a template in YAML shows itself where no file's name says it, as on stdin."""

_READERS = ("cloudformation", "terraform.state", "accounts", "policies")
"""Modules with `recognises(value)` and `read(tree, name, report)`; the first that knows it reads."""

KNOWN = (
    "a policy document, an answer of the AWS CLI, a CloudFormation template, or what"
    " `terraform show -json` prints"
)


def read(
    source: Source,
    name: str,
    report: Report,
    *,
    kind: str = "auto",
    target: str | None = None,
) -> Estate | Literal["other"] | None:
    """Return what a JSON or YAML text says about IAM.

    None after a mistake, which was reported; "other" of a text that has nothing to do with IAM.

    Args:
        name: a name for what has none, a lone policy document.
        kind, target: what the command line says of a lone policy document.
    """
    tree = _values(source, report)
    if tree is None:
        return None
    for reader in _READERS:
        module = import_module(f"iamdsl.lift.{reader}")
        if module.recognises(tree.value):
            if reader in {"accounts", "policies"}:
                estate: Estate | None = module.read(tree, name, report, kind=kind, target=target)
            else:
                estate = module.read(tree, name, report)
            return estate
    return "other"


def read_loose(
    source: Source,
    name: str,
    report: Report,
    *,
    kind: str = "auto",
    target: str | None = None,
) -> Estate | Literal["other"] | None:
    """Return what a JSON or YAML text says about IAM, for the review: see `loose`."""
    tree = _values(source, report)
    if tree is None:
        return None
    if _is_quoted(tree.value):  # as `--query Policy` has the AWS CLI print it
        return loose.read(tree, name, report, kind=kind, target=target)
    if policies.is_plain(tree.value) or (
        policies.recognises(tree.value)
        and not any(
            import_module(f"iamdsl.lift.{reader}").recognises(tree.value)
            for reader in _READERS[:-1]
        )
    ):
        return loose.read(tree, name, report, kind=kind, target=target)
    return read(source, name, report, kind=kind, target=target)


def _is_quoted(value: object) -> bool:
    """Tell whether a value is a text that holds a policy document."""
    return isinstance(value, str) and value.lstrip()[:1] == "{" and '"Statement"' in value


def read_module(sources: Sequence[Source], report: Report) -> Estate | None:
    """Return what the `.tf` files of one folder say about IAM; None after a mistake."""
    from iamdsl.lift.terraform import hcl  # noqa: PLC0415  # the parser of HCL is an extra

    estate: Estate | None = hcl.read(sources, report)
    return estate


def nothing(source: Source, report: Report) -> None:
    """Report a text that was named, and has nothing to do with IAM."""
    report.add(
        codes.NOTHING_TO_IMPORT,
        Span(source, 0, 0),
        f"there is nothing of IAM's in `{source.name}`",
        hint=f"import {KNOWN}",
    )


def _values(source: Source, report: Report) -> Tree | None:
    text: Any = source.text.lstrip("\ufeff \t\r\n")
    if not text.startswith(("{", "[")) and (
        source.name.endswith((".yaml", ".yml", ".template")) or _TEMPLATE.search(text)
    ):
        from iamdsl.lift.yaml_text import read_yaml  # noqa: PLC0415  # YAML is an extra

        tree: Tree | None = read_yaml(source, report)
        return tree
    return read_json(source, report)

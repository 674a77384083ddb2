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
    return None if tree is None else _read_tree(tree, name, report, kind, target)


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
    value = tree.value
    # A text is what `--query Policy` has the AWS CLI print.
    if _is_quoted(value) or policies.is_plain(value) or _reader_of(value) == "policies":
        return loose.read(tree, name, report, kind=kind, target=target)
    return _read_tree(tree, name, report, kind, target)


def _read_tree(
    tree: Tree, name: str, report: Report, kind: str, target: str | None
) -> Estate | Literal["other"] | None:
    """Return what values say, by the reader that knows them."""
    reader = _reader_of(tree.value)
    if reader is None:
        return "other"
    read_by = import_module(f"iamdsl.lift.{reader}").read
    told = {"kind": kind, "target": target} if reader in {"accounts", "policies"} else {}
    estate: Estate | None = read_by(tree, name, report, **told)
    return estate


def _reader_of(value: Any) -> str | None:
    """Return the first of `_READERS` that knows values as its own."""
    known = (r for r in _READERS if import_module(f"iamdsl.lift.{r}").recognises(value))
    return next(known, None)


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

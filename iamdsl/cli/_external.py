"""`iamdsl build --terraform-external`: the protocol of Terraform's data source `external`.

A JSON object of texts comes by stdin, and one goes out; what went wrong is told on stderr.
https://registry.terraform.io/providers/hashicorp/external/latest/docs/data-sources/external
"""

from __future__ import annotations

import json
import re
import sys
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Mapping

    from iamdsl.project import Outcome

_MOST = 4 * 1024 * 1024
"""Bytes of a query: as many as a source may have."""

_NAME = re.compile(r"[^\W\d][\w.-]*", re.ASCII)


def query(others: Mapping[str, object]) -> tuple[str, ...]:
    """Return what stdin asks for, each as `--set` takes it.

    Args:
        others: options by name that cannot go with this one; what is not false was given.
    """
    odd = next((name for name, given in others.items() if given), None)
    if odd is not None:
        raise click.UsageError(
            f"--terraform-external takes its query from stdin and answers on stdout: no {odd}."
        )
    text = sys.stdin.buffer.read(_MOST + 1)
    if len(text) > _MOST:
        raise _refused("is larger than 4 MB")
    try:
        found = json.loads(text.decode("utf-8"))
    except (ValueError, RecursionError):
        raise _refused("is no JSON") from None
    if not isinstance(found, dict) or not all(isinstance(v, str) for v in found.values()):
        raise _refused("is no object whose members are all texts")
    strange = next((name for name in found if not _NAME.fullmatch(name)), None)
    if strange is not None:
        raise _refused(f"has the member {strange!r}, and no param is called so")
    return tuple(f"{name}={value}" for name, value in found.items())


def answer(outcome: Outcome) -> str:
    """Return every document by its file, minified, as one object of texts."""
    files = {
        name: json.dumps(json.loads(text), separators=(",", ":"))
        for name, text in outcome.texts
        if name != "manifest.json"
    }
    return f"{json.dumps(files, indent=2)}\n"


def _refused(why: str) -> click.ClickException:
    return click.ClickException(
        f"what came by stdin {why}; Terraform's `query` is an object of texts"
    )

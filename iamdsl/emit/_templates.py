"""Texts from the Jinja2 templates of `templates/`, for targets that are code."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from iamdsl.resources import package_path, read_text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from jinja2 import Environment


def rendered(name: str, filters: Mapping[str, Callable[[str], str]], /, **values: object) -> str:
    """Return what a template makes of values.

    Nothing is escaped by itself, since no template is HTML: what goes into code goes through one
    of the filters, which quote by the rules of its language. A value that is missing is an error.

    Args:
        name: `cdk-python.py.j2`; what it includes lies beside it.
        filters: the same for all templates of a language.
    """
    return _environment(tuple(filters.items())).get_template(name).render(**values)


@cache
def _environment(filters: tuple[tuple[str, Callable[[str], str]], ...]) -> Environment:
    """Return what reads templates, and keeps those that it has read."""
    from jinja2 import Environment, FunctionLoader, StrictUndefined  # noqa: PLC0415  # 60 ms

    made = Environment(
        loader=FunctionLoader(lambda found: read_text(package_path("emit", "templates", found))),
        undefined=StrictUndefined,
        autoescape=False,  # noqa: S701  # no HTML
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.filters.update(filters)
    return made

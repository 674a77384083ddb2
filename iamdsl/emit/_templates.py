"""Texts from the Jinja2 templates of `templates/`, for targets that are code."""

from __future__ import annotations

from typing import TYPE_CHECKING

from iamdsl.resources import package_path, read_text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def rendered(name: str, filters: Mapping[str, Callable[[str], str]], /, **values: object) -> str:
    """Return what a template makes of values.

    Nothing is escaped by itself, since no template is HTML: what goes into code goes through one
    of the filters, which quote by the rules of its language. A value that is missing is an error.

    Args:
        name: `cdk-python.py.j2`; what it includes lies beside it.
    """
    from jinja2 import Environment, FunctionLoader, StrictUndefined  # noqa: PLC0415  # 60 ms

    environment = Environment(
        loader=FunctionLoader(lambda found: read_text(package_path("emit", "templates", found))),
        undefined=StrictUndefined,
        autoescape=False,  # noqa: S701  # no HTML
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(filters)
    return environment.get_template(name).render(**values)

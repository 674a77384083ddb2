"""Pages as HTML: files that need nothing beside them, no script and nothing from the network.

Comments are sources, and sources are data: their Markdown is rendered without raw HTML, and all
else is escaped. Needs the extra `doc` (markdown-it-py, and Pygments for colours).
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from iamdsl.doc.markdown import HEADINGS, MARK, file_name, language
from iamdsl.resources import package_path, read_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jinja2 import Environment
    from markdown_it import MarkdownIt
    from markupsafe import Markup

    from iamdsl.doc.comments import Block
    from iamdsl.doc.pages import Page


def render(pages: Sequence[Page], title: str) -> dict[str, str]:
    """Return a page for each module and `index.html`, by the names of their files.

    Raises:
        ImportError: markdown-it-py is not installed.
    """
    names = [(page, f"{file_name(page)}.html") for page in pages]
    values = {
        "title": title,
        "modules": names,
        "kinds": HEADINGS.items(),
        "style": _style(),
        "mark": MARK,
    }
    made = {"index.html": _environment().get_template("index.html.j2").render(**values)}
    for page, name in names:
        template = _environment().get_template("page.html.j2")
        made[name] = template.render(page=page, own=name, **values)
    return made


def _style() -> str:
    return read_text(package_path("doc", "templates", "style.css"))


@cache
def _environment() -> Environment:
    from jinja2 import Environment, FunctionLoader, StrictUndefined  # noqa: PLC0415  # 60 ms

    made = Environment(
        loader=FunctionLoader(lambda found: read_text(package_path("doc", "templates", found))),
        undefined=StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.filters |= {"inline": _inline, "code": _code, "block": _block}
    return made


@cache
def _markdown() -> MarkdownIt:
    from markdown_it import MarkdownIt  # noqa: PLC0415  # of the extra

    return MarkdownIt("commonmark", {"html": False})


def _inline(text: str) -> Markup:
    """Return a line of Markdown: code, emphasis, links."""
    from markupsafe import Markup  # noqa: PLC0415  # comes with Jinja2

    return Markup(_markdown().renderInline(text))  # noqa: S704  # rendered without raw HTML


def _block(block: Block) -> Markup:
    """Return a paragraph of a comment."""
    from markupsafe import Markup  # noqa: PLC0415

    if block.kind == "code":
        return _code(block.text, language(block.text))
    if block.kind == "list":
        items = Markup("").join(
            Markup("<li>{}</li>").format(_inline(item)) for item in block.text.split("\n")
        )
        return Markup("<ul>{}</ul>").format(items)
    return Markup("<p>{}</p>").format(_inline(block.text))


def _code(text: str, written_in: str = "iam") -> Markup:
    """Return a block of code, coloured where Pygments is installed."""
    from markupsafe import Markup  # noqa: PLC0415

    if written_in == "text":
        return Markup("<pre>{}</pre>").format(text)
    try:
        from pygments import highlight  # noqa: PLC0415  # of the extra
        from pygments.formatters import HtmlFormatter  # noqa: PLC0415
        from pygments.lexers import JsonLexer  # noqa: PLC0415

        from iamdsl.highlight import IamLexer  # noqa: PLC0415
    except ImportError:
        return Markup("<pre>{}</pre>").format(text)
    lexer = JsonLexer() if written_in == "json" else IamLexer()
    return Markup(highlight(text, lexer, HtmlFormatter(cssclass="code")))  # noqa: S704  # escaped

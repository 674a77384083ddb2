"""What policies hold cannot become HTML, links or rows in the comment of a pull request."""

from __future__ import annotations

from html.parser import HTMLParser

import attrs
import nasty
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from iamdsl import iam
from iamdsl.analysis.difference import Side, difference
from iamdsl.aws import Catalogue
from iamdsl.cli import _diff_markdown
from iamdsl.resources import open_catalogue

CATALOGUE = Catalogue(open_catalogue())
MARKDOWN = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
OURS = {
    "p", "strong", "details", "summary", "code", "table", "thead", "tbody", "tr", "th", "td", "ul",
    "li",
}  # fmt: skip


class Seen(HTMLParser):
    """What a browser would find besides text."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.others: list[str] = []
        self.cells: list[int] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element, its attributes, and cells of a row."""
        self.tags.add(tag)
        self.others += [f"{tag} {name}" for name, _ in attrs if name != "style"]
        if tag == "tr":
            self.cells.append(0)
        if tag in {"td", "th"}:
            self.cells[-1] += 1

    def handle_comment(self, data: str) -> None:
        """Note a comment."""
        self.others.append(data)

    def handle_decl(self, decl: str) -> None:
        """Note a declaration."""
        self.others.append(decl)


@given(nasty.builds(), nasty.policies(), st.booleans())
@settings(max_examples=25)
def test_a_difference_as_html(build: iam.Build, other: iam.Policy, removed: bool) -> None:
    """Protects who reads the comment: a condition's value cannot add a tag, a link or a cell."""
    (document,) = build.documents
    changed = attrs.evolve(document, policy=other, description="<b>x</b>")
    after = iam.Build() if removed else attrs.evolve(build, documents=(changed,))
    found = difference(Side(build, {}), Side(after, {}), CATALOGUE)
    text = _diff_markdown.text(found, CATALOGUE)
    seen = Seen()
    seen.feed(MARKDOWN.render(text))
    assert seen.tags <= OURS, text
    assert not seen.others, text
    assert len(set(seen.cells)) <= 2, text  # a table of permissions, and one of callers

"""YAML as CloudFormation takes it: every scalar is text, and short intrinsics get their long form.

What stands in a text is read from the events of PyYAML's parser, which loads no objects and does
not recurse, so that depth and size are ours to bound. Forms: AWS "intrinsic-function-reference".
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

import attrs

from iamdsl.diagnostics import Label, codes
from iamdsl.lift.reading import Tree
from iamdsl.source import Span

if TYPE_CHECKING:
    from collections.abc import Iterator

    from iamdsl.datafile.places import Path
    from iamdsl.diagnostics import Report
    from iamdsl.source import Source

MAX_CHARACTERS = 8 * 1024 * 1024
"""The longest text that is read: AWS takes templates of 1 MB (AWS "cloudformation-limits")."""

MAX_DEPTH = 64
"""Levels of nesting; CloudFormation itself takes far fewer."""

MAX_VALUES = 500_000
"""Values of a text with its aliases written out; the largest template that AWS takes has 1 MB."""

_BARE = {"Ref", "Condition"}
"""Intrinsics whose long form has no `Fn::`."""

_FUNCTIONS = frozenset(
    "And Base64 Cidr Equals FindInMap GetAtt GetAZs If ImportValue Join Length Not Or Select Split"
    " Sub ToJsonString Transform".split()
)
_TEXT_TAGS = {f"tag:yaml.org,2002:{kind}" for kind in ("str", "int", "float", "bool", "timestamp")}
_NULL_TAG = "tag:yaml.org,2002:null"
_NULLS = {"", "~", "null", "Null", "NULL"}
_PLAIN_TAGS = {"tag:yaml.org,2002:map", "tag:yaml.org,2002:seq", "tag:yaml.org,2002:omap"}
_MERGE = "<<"
_REFUSED = re.compile("[\ud800-\udfff\ue000\ue001]")
"""Halves of characters, and the two that marks are made of (see `estate`)."""


def read_yaml(source: Source, report: Report) -> Tree | None:
    """Return the values of a YAML text; None when it is none (and was reported).

    Numbers, truth values and dates are texts, as they stand, so that an account id keeps its
    zeros; only an empty value and `null` are None. A key that stands twice is a mistake.
    """
    try:
        import yaml  # noqa: PLC0415  # an extra, and 15 ms
    except ImportError:
        report.add(
            codes.NEEDS_EXTRA,
            Span(source, 0, 0),
            f"`{source.name}` is YAML, and PyYAML is not installed",
            hint="run `pip install 'iamdsl[import]'`",
        )
        return None
    if (refused := _refused(source)) is not None:
        report.add(codes.BAD_YAML, *refused)
        return None
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        root = _composed(source, loader)
    except _BadError as error:
        report.add(codes.BAD_YAML, error.span, error.problem, notes=error.notes, hint=error.hint)
    except yaml.YAMLError as error:
        report.add(
            codes.BAD_YAML,
            _place_of(error, source),
            f"`{source.name}` is no YAML: {_said(error)}",
            hint="correct the file; it must be valid YAML",
        )
    else:
        return Tree(source, root.value, _Places(source, root))
    return None


def _composed(source: Source, loader: Any) -> _Node:
    """Return the root of a document; raises `_BadError`, and `YAMLError` for what is no YAML."""
    import yaml  # noqa: PLC0415  # see `read`

    try:
        return _Composer(source).document(yaml.parse(source.text, loader))
    except yaml.YAMLError as error:
        if "nesting depth" not in _said(error):
            raise
        # libyaml gives up before it says where it is: what is read before that says it.
        before = source.text[: _place_of(error, source).start]
        return _Composer(source).document(yaml.parse(before, loader))


def _refused(source: Source) -> tuple[Span, str] | None:
    """Return what is wrong with a text before it is looked at as YAML: size, characters."""
    if len(source.text) > MAX_CHARACTERS:
        size = f"{len(source.text) / 2**20:,.1f} MB, at most 8 MB are read"
        return Span(source, 0, 0), f"`{source.name}` has {size}"
    found = _REFUSED.search(source.text)
    if found is None:
        return None
    place = Span(source, *found.span())
    return place, f"the character U+{ord(found[0]):04X} is for private use, or half of one"


class _BadError(Exception):
    """Valid YAML that is taken for a mistake."""

    def __init__(self, span: Span, problem: str, hint: str, *notes: Label) -> None:
        super().__init__(problem)
        self.span, self.problem, self.hint, self.notes = span, problem, hint, notes


def _place_of(error: Any, source: Source) -> Span:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    if mark is not None:
        start = min(_offset(source, mark), len(source.text))
    else:  # a character that YAML does not have
        start = min(getattr(error, "position", 0), len(source.text))
    return Span(source, start, min(start + 1, len(source.text)))


def _said(error: Any) -> str:
    what = getattr(error, "problem", None) or getattr(error, "reason", None) or "not readable"
    context = getattr(error, "context", None)
    return f"{what}, {context}" if context else str(what)


def _offset(source: Source, mark: Any) -> int:
    """Return the offset of a mark: by line and column, which all of PyYAML's parsers count."""
    starts = source.line_starts
    line = min(mark.line, len(starts) - 1)
    return int(starts[line] + mark.column)


@attrs.define(eq=False, repr=False)
class _Node:
    """A value with its place.

    Attributes:
        children: nodes by key or index; of an intrinsic written with a tag, its argument.
        keys: where the keys of a mapping stand.
        size: how many values it holds, itself included, aliases written out.
    """

    start: int
    end: int
    value: Any = None
    children: dict[str | int, _Node] = attrs.field(factory=dict)
    keys: dict[str, tuple[int, int]] = attrs.field(factory=dict)
    size: int = 1
    depth: int = 1


class _Open(NamedTuple):
    """A mapping or list that is not closed yet."""

    event: Any
    is_map: bool
    items: list[_Node]


class _Composer:
    """Makes nodes of events."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.anchors: dict[str, _Node | None] = {}
        self.total = 0

    def document(self, events: Iterator[Any]) -> _Node:
        """Return the one document of a text; an empty text is one of None."""
        import yaml  # noqa: PLC0415  # loaded by the caller

        root: _Node | None = None
        open_: list[_Open] = []
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent) and root is not None:
                raise _BadError(
                    self.span(event),
                    "a second document begins here",
                    "a template is one document: give each a file of its own",
                )
            made: _Node | None = None
            if isinstance(event, (yaml.MappingStartEvent, yaml.SequenceStartEvent)):
                if len(open_) == MAX_DEPTH:
                    raise _BadError(
                        self.span(event),
                        f"nested deeper than {MAX_DEPTH} levels",
                        "flatten what is nested here",
                    )
                self.begin(event)
                open_.append(_Open(event, isinstance(event, yaml.MappingStartEvent), []))
            elif isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
                made = self.closed(open_.pop(), event)
            elif isinstance(event, yaml.ScalarEvent):
                made = self.tagged(self.scalar(event), event)
            elif isinstance(event, yaml.AliasEvent):
                made = self.alias(event, len(open_))
            if made is not None and open_:
                open_[-1].items.append(made)
            elif made is not None:
                root = made
        return root if root is not None else _Node(0, 0)

    def span(self, event: Any) -> Span:
        start = _offset(self.source, event.start_mark)
        end = _offset(self.source, event.end_mark)
        return Span(self.source, start, max(end, start))

    def begin(self, event: Any) -> None:
        if event.anchor:
            self.anchors[event.anchor] = None

    def finish(self, node: _Node, event: Any) -> _Node:
        """Name a node by its anchor, and count it."""
        if event.anchor:
            self.anchors[event.anchor] = node
        return self.counted(node, event)

    def counted(self, node: _Node, event: Any) -> _Node:
        if node.size > MAX_VALUES:
            raise _BadError(
                self.span(event),
                f"more than {MAX_VALUES:,} values, aliases written out",
                "write the text without aliases of aliases",
            )
        return node

    def alias(self, event: Any, depth: int) -> _Node:
        found = self.anchors.get(event.anchor)
        if found is None:
            known = event.anchor in self.anchors
            what = "stands in what it is the name of" if known else "names nothing above it"
            raise _BadError(
                self.span(event),
                f"the alias `*{event.anchor}` {what}",
                f"write what `*{event.anchor}` is to be, or name it above with `&{event.anchor}`",
            )
        if depth + found.depth > MAX_DEPTH:
            raise _BadError(
                self.span(event),
                f"nested deeper than {MAX_DEPTH} levels, with what `*{event.anchor}` stands for",
                "flatten what is nested here",
            )
        place = self.span(event)
        return attrs.evolve(found, start=place.start, end=place.end)

    def scalar(self, event: Any) -> _Node:
        text, place = event.value, self.span(event)
        plain = not event.style and event.tag is None
        null = (plain and text in _NULLS) or event.tag == _NULL_TAG
        return _Node(place.start, place.end, None if null else text)

    def closed(self, opened: _Open, end: Any) -> _Node:
        start = self.span(opened.event).start
        node = _Node(start, _offset(self.source, end.end_mark))
        if opened.is_map:
            self.fill(node, opened.items)
        else:
            node.children = dict(enumerate(opened.items))
            node.value = [item.value for item in opened.items]
        node.size += sum(child.size for child in node.children.values())
        node.depth += max((child.depth for child in node.children.values()), default=0)
        return self.tagged(node, opened.event)

    def fill(self, node: _Node, items: list[_Node]) -> None:
        """Put keys and values into a mapping; what `<<` brings gives way to what is written."""
        merged: list[_Node] = []
        for key, value in zip(items[::2], items[1::2], strict=True):
            place = Span(self.source, key.start, key.end)
            if not isinstance(key.value, str):
                raise _BadError(place, "a key is no text", "write a name, in quotes if need be")
            if key.value == _MERGE:
                merged += self.merged(value)
                continue
            if key.value in node.keys:
                first = Label(Span(self.source, *node.keys[key.value]), "the first is here")
                problem = f"the key `{key.value}` stands twice in one mapping"
                raise _BadError(place, problem, "keep one of them", first)
            node.keys[key.value] = (key.start, key.end)
            node.children[key.value] = value
        for other in merged:
            for name, child in other.children.items():
                if node.children.setdefault(name, child) is child:
                    node.keys.setdefault(str(name), other.keys[str(name)])
        node.value = {name: child.value for name, child in node.children.items()}

    def merged(self, value: _Node) -> list[_Node]:
        """Return the mappings that `<<` names; the first that has a key gives it."""
        found = [*value.children.values()] if isinstance(value.value, list) else [value]
        for node in found:
            if not isinstance(node.value, dict):
                raise _BadError(
                    Span(self.source, node.start, node.end),
                    "what `<<` merges is no mapping",
                    "name a mapping, or a list of mappings",
                )
        return found

    def tagged(self, node: _Node, event: Any) -> _Node:
        """Return a node in the long form that its tag is short for."""
        tag = event.tag
        if tag in {None, "!", _NULL_TAG} or tag in _TEXT_TAGS | _PLAIN_TAGS:
            return self.finish(node, event)
        name = tag.removeprefix("!")
        if name not in _BARE | _FUNCTIONS:
            raise _BadError(
                self.span(event),
                f"the tag `{tag}` is none of CloudFormation's",
                "write the intrinsic functions that AWS has, e.g. `!Sub`",
            )
        key = name if name in _BARE else f"Fn::{name}"
        if name == "GetAtt" and isinstance(node.value, str):
            node = attrs.evolve(node, value=node.value.split(".", 1))
        outer = _Node(node.start, node.end, {key: node.value}, {key: node}, {})
        outer.size, outer.depth = node.size + 1, node.depth + 1
        return self.finish(outer, event)


class _Places:
    """Finds places in a YAML text that has been read."""

    def __init__(self, source: Source, root: _Node) -> None:
        self._source, self._root = source, root

    def __call__(self, path: Path, *, key: bool = False) -> Span:
        node = self._root
        named: tuple[int, int] | None = None
        for part in path:
            child = node.children.get(part)
            if child is None:
                key = False
                break
            named, node = node.keys.get(str(part)), child
        if key and named is not None:
            return Span(self._source, *named)
        return _on_one_line(self._source, node, named)


def _on_one_line(source: Source, node: _Node, named: tuple[int, int] | None) -> Span:
    """Return the span of a value; of one over several lines its key, or else its first line."""
    end = source.text.find("\n", node.start, node.end)
    if end < 0:
        return Span(source, node.start, max(node.end, node.start))
    if named is not None:
        return Span(source, *named)
    return Span(source, node.start, node.start + len(source.text[node.start : end].rstrip()))

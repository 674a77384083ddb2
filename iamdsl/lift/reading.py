"""What readers share: values of a text with their places, and the policies among them."""

from __future__ import annotations

import json
import re
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

from iamdsl import iam
from iamdsl.diagnostics import Report, Severity, codes
from iamdsl.source import Borrowed, Source, Span

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from iamdsl.datafile.json_places import JsonPlaces
    from iamdsl.datafile.places import Path
    from iamdsl.diagnostics import Code

MAX_CHARACTERS = 64 * 1024 * 1024
"""The longest text that is read: its values take about four times as much memory."""

MAX_DEPTH = 64
"""Levels of lists and objects, as in a source."""

_BLANK = re.compile(r"[ \t\n\r]*")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_CONTROL_ESCAPED = re.compile(r"\\(?:u00[01]|[bf])")


class Tree(NamedTuple):
    """Plain values (dicts, lists, strings, numbers, truth values, None) and where they stand.

    Attributes:
        place: takes a path and `key` (whether its key is meant), and gives the span; called
            only when there is something to say, because finding places can mean reading again.
    """

    source: Source
    value: Any
    place: Callable[..., Span]

    def at(self, *path: str | int) -> Tree:
        """Return the value under a path, with its places."""
        value = self.value
        for part in path:
            value = value[part]
        return Tree(self.source, value, partial(_below, self.place, path))

    def origin(self, *path: str | int) -> Borrowed:
        """Return the span of a value under a path, which is looked for when a message shows it."""
        return Borrowed(self.source, 0, 0, (partial(self.place, path),), word="")


def _below(place: Callable[..., Span], above: Path, path: Path, *, key: bool = False) -> Span:
    return place((*above, *path), key=key)


class Written(float):
    """A number that is no whole one; its `repr` is how it was written, e.g. `1.10` or `1e3`."""

    __slots__ = ("text",)
    text: str

    def __new__(cls, text: str) -> Written:  # noqa: PYI034  # there are no kinds of it
        """Return the number that a text says."""
        made = super().__new__(cls, text)
        made.text = text
        return made

    def __repr__(self) -> str:
        return self.text


def read_json(source: Source, report: Report, *, marked: bool = False) -> Tree | None:
    """Return the values of a JSON text; None when it is none (and was reported).

    Stricter than JSON's grammar where readers differ: a member that stands twice in an object, and
    half a character of two, are mistakes. A byte order mark before the text is passed over.

    Args:
        marked: whether marks of what is open (see `estate`) may stand in the text.
    """
    text = source.text
    if len(text) > MAX_CHARACTERS:
        report.add(
            codes.NOT_JSON,
            None,
            f"`{source.name}` has {len(text) / 2**20:,.1f} MB, at most 64 MB are read",
            hint="export less at a time, e.g. roles alone with `--filter Role`",
        )
        return None
    try:
        value = _read(text, marked=marked)
    except (ValueError, RecursionError) as error:
        from iamdsl.lift.not_json import complain  # noqa: PLC0415  # only on mistakes

        complain(error, source, report)
        return None
    return Tree(source, value, _Places(source))


def _read(text: str, *, marked: bool) -> Any:
    """Return the one value of a text; raises `ValueError` or `RecursionError` if that is no JSON."""
    start = _after_blank(text, len("\ufeff") if text.startswith("\ufeff") else 0)
    value, end = _DECODER.raw_decode(text, start)
    end = _after_blank(text, end)
    if end < len(text):
        raise json.JSONDecodeError("Extra data", text, end)
    if text.count("{") + text.count("[") > MAX_DEPTH and _is_too_deep(value):
        raise RecursionError
    if not text.isascii() or "\\u" in text:
        _refuse_characters(text, marked=marked)
    return value


def _after_blank(text: str, at: int) -> int:
    found = _BLANK.match(text, at)
    return found.end() if found is not None else at


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        raise TwiceError
    return made


def _constant(name: str) -> NoReturn:
    raise NoNumberError(name)


class TwiceError(ValueError):
    """A key stands twice in one object; which, `json_places.repeated` finds."""


class NoNumberError(ValueError):
    """A word that Python takes for a number, `NaN` or `Infinity`, and JSON does not."""


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object, parse_float=Written, parse_constant=_constant
)


def _is_too_deep(value: Any) -> bool:
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [
            inner
            for outer in level
            if isinstance(outer, (dict, list))
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(inner, (dict, list))
        ]
        if not level:
            return False
    return True


_ESCAPE = re.compile(
    r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}|\\."
)


def _refuse_characters(text: str, *, marked: bool) -> None:
    """Raise for half a character of two, and for the marks of what is open (see `estate`)."""
    escapes = (m for m in _ESCAPE.finditer(text) if _is_refused(m.group()))
    refused = r"[\ud800-\udfff]" if marked else r"[\ud800-\udfff\ue000\ue001]"
    plain = re.finditer(refused, text)
    found = min((m.start() for m in (next(escapes, None), next(plain, None)) if m), default=None)
    if found is not None:
        raise json.JSONDecodeError("Refused character", text, found)


def _is_refused(escape: str) -> bool:
    """Tell whether an escape is no character of its own, or one of the two marks."""
    lone = len(escape) == len("\\ud800") and escape[2] in "dD" and escape[3] in "89abcdefABCDEF"
    return lone or escape.lower() in {"\\ue000", "\\ue001"}


class _Places:
    """Finds places in a JSON text."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._found: JsonPlaces | None = None

    def __call__(self, path: Path, *, key: bool = False) -> Span:
        if self._found is None:
            from iamdsl.datafile.json_places import JsonPlaces  # noqa: PLC0415  # only for messages

            self._found = JsonPlaces(self._source.text)
        return self._found.span(self._source, path, key=key)


class Lenient(Report):
    """A report that is read on for: a document with mistakes is read as far as it is sound.

    Who imports wants the whole document, and nothing of one that has a mistake; who reviews wants
    each mistake, and what is to be said of the rest.

    Attributes:
        open: how often something was met that only a deployment knows.
    """

    def __init__(self) -> None:
        super().__init__()
        self.open = 0

    @property
    def stopped(self) -> bool:
        """Tell whether there was a mistake other than those in documents, and what is open."""
        passed = {codes.NOT_A_POLICY, *OPEN}
        return any(d.severity is Severity.ERROR and d.code not in passed for d in self.diagnostics)

    def add(self, code: Code, span: Span | None, message: str, **more: Any) -> None:
        """Add a diagnostic, as every report does."""
        self.open += code in OPEN
        super().add(code, span, message, **more)


OPEN = (codes.INEXACT_INTRINSIC, codes.COMPUTED_EXPRESSION, codes.UNKNOWN_UNTIL_APPLY)
"""What only a deployment knows: an error for import, and for the review nothing to speak of."""


def read_policy(tree: Tree, report: Report) -> iam.Policy | None:
    """Return the policy document that values are; None when they are none (and was reported).

    For a `Lenient` report, what is sound of it. Marks of what is open (see `estate`) may stand in
    its texts. A text that holds the whole document as JSON is read too, also with AWS's `%7B` for
    `{`.
    """
    opened = unquoted(tree, report)
    if opened is None:
        return None
    if isinstance(report, Lenient):
        from iamdsl.lift.mending import read_soundly  # noqa: PLC0415  # for the review alone

        return read_soundly(opened, report)
    try:
        return policy_of(opened)
    except iam.PolicyError as error:
        no_policy(opened, error, report)
        return None


def policy_of(tree: Tree) -> iam.Policy:
    """Return the policy document that values are, with places; raises `iam.PolicyError`."""
    policy = iam.from_json(tree.value)
    if (found := control(tree)) is not None:
        raise iam.PolicyError(found, "a control character, which AWS refuses")
    listed = isinstance(tree.value["Statement"], list)
    paths = [statement_path(i, listed=listed) for i in range(len(policy.statements))]
    return with_places(policy, paths, tree)


def with_places(policy: iam.Policy, paths: Sequence[Path], tree: Tree) -> iam.Policy:
    """Return a policy whose statements know the places of the paths, one for each."""
    statements = zip(policy.statements, paths, strict=True)
    placed = tuple(
        iam.Statement(
            s.effect, s.actions, s.resources, s.principals, s.condition, s.sid, (tree.origin(*p),)
        )
        for s, p in statements
    )
    return iam.Policy(placed, policy.id, policy.version)


def statement_path(index: int, *, listed: bool) -> Path:
    """Return the way to a statement in a document, whose `Statement` is a list or not."""
    return ("Statement", index) if listed else ("Statement",)


def no_policy(tree: Tree, error: iam.PolicyError, report: Report) -> None:
    """Report why values are no policy."""
    from iamdsl.diagnostics.nearest import did_you_mean, nearest  # noqa: PLC0415  # for mistakes

    path = error.path
    written = str(path[-1]) if error.key else tree.at(*path).value
    near = nearest(written, error.known, 1) if isinstance(written, str) else ()
    report.add(
        codes.NOT_A_POLICY,
        tree.place(path, key=error.key),
        f"this is no policy: {error.problem}",
        label=f"at `{iam.shown(path)}`",
        hint=did_you_mean(near, "correct it as AWS's policy grammar has it"),
    )


def control(tree: Tree) -> Path | None:
    """Return the way to a text of a policy that holds a control character, or to what holds it."""
    text, value = tree.source.text, tree.value
    if text.lstrip("\ufeff \t\r\n").startswith(("{", "[")) and not ("\\" in text or "%" in text):
        return (
            None  # JSON without an escape of its own, or of a document within: all is as it looks
        )
    if _CONTROL_ESCAPED.search(json.dumps(value)) is None:
        return None
    todo: list[tuple[Path, Any]] = [((), value)]
    while todo:
        path, inner = todo.pop()
        if isinstance(inner, str) and _CONTROL.search(inner):
            return path
        if isinstance(inner, dict):
            if any(map(_CONTROL.search, inner)):
                return path
            todo += [((*path, k), v) for k, v in inner.items()]
        elif isinstance(inner, list):
            todo += [((*path, i), v) for i, v in enumerate(inner)]
    return None


# Documents in a text: `"{\"Version\": …}"`


def unquoted(tree: Tree, report: Report) -> Tree | None:
    """Return the values of a text that holds a JSON document, and any others as they are.

    None when the text is no JSON (and was reported).
    """
    text = tree.value
    if isinstance(text, str) and text.lstrip().startswith(("%7B", "%7b")):
        from urllib.parse import unquote  # noqa: PLC0415  # only older answers of AWS's have it

        text = unquote(text)
    if not isinstance(text, str) or not text.lstrip().startswith("{"):
        return tree
    quoted = _Quoted(tree, Source(tree.source.name, text))
    found = Report()
    inner = read_json(quoted.source, found, marked=True)  # a reader made what marks there are
    report.extend(
        d._replace(
            span=quoted.moved(d.span),
            notes=tuple(n._replace(span=quoted.moved(n.span)) for n in d.notes),
        )
        for d in found.diagnostics
    )
    return None if inner is None else Tree(tree.source, inner.value, quoted.around(inner.place))


class _Quoted:
    """A text in a text: what stands in it is shown where it is written, escaped as it is."""

    def __init__(self, tree: Tree, source: Source) -> None:
        self._tree = tree
        self.source = source
        self._offsets: list[int] | None = None

    def around(self, place: Callable[..., Span]) -> Callable[..., Span]:
        """Return what finds the places, given what finds them in the text as it was meant."""

        def found(path: Path, *, key: bool = False) -> Span:
            return self.moved(place(path, key=key))

        return found

    def moved(self, span: Span | None) -> Span:
        """Return the place of a span of the inner text: the whole text's, if that is in doubt."""
        whole = self._tree.place(())
        if self._offsets is None:
            self._offsets = _offsets(whole.text, self.source.text)
        if span is None or not self._offsets:
            return whole
        start, end = self._offsets[span.start], self._offsets[span.end]
        return whole.part(whole.start + start, whole.start + end)


def _offsets(written: str, meant: str) -> list[int]:
    """Return for each character of a text, and its end, where it stands as written in JSON.

    Empty when it is not written in JSON.
    """
    try:
        if json.loads(written) != meant:
            return []
    except ValueError:
        return []
    starts = []
    at = 1  # after the quote
    while at < len(written) - 1:
        starts.append(at)
        found = _ESCAPE.match(written, at)
        at = found.end() if found is not None else at + 1
    return [*starts, len(written) - 1]

"""What readers share: values of a text with their places, and the policies among them."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import attrs

from iamdsl import iam
from iamdsl.diagnostics import codes
from iamdsl.source import Borrowed, Span

if TYPE_CHECKING:
    from collections.abc import Callable

    from iamdsl.datafile.places import Path
    from iamdsl.diagnostics import Report
    from iamdsl.source import Source


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


def _below(place: Callable[..., Span], above: Path, path: Path, *, key: bool = False) -> Span:
    return place((*above, *path), key=key)


def read_json(source: Source, report: Report) -> Tree | None:
    """Return the values of a JSON text; None when it is none (and was reported).

    A member that stands twice in an object is a mistake: which one counts, JSON does not say.
    """
    try:
        value = json.loads(source.text, object_pairs_hook=_object)
    except (ValueError, RecursionError) as error:
        from iamdsl.datafile.unread import complain  # noqa: PLC0415  # only on mistakes

        complain(error, source, _index(source), report)
        return None
    return Tree(source, value, _Places(source))


class _TwiceError(ValueError):
    """A key stands twice in one object; which, the index of the text tells."""


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        raise _TwiceError
    return made


def _index(source: Source) -> Any:
    from iamdsl.datafile import places  # noqa: PLC0415  # only when there is a message

    return places.of_json(source.text)


class _Places:
    """Finds places in a JSON text, which it reads once, when the first is asked for."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._index: Any = None

    def __call__(self, path: Path, *, key: bool = False) -> Span:
        if self._index is None:
            self._index = _index(self._source)
        span: Span = self._index.span(self._source, path, key=key)
        return span


def read_policy(tree: Tree, report: Report) -> iam.Policy | None:
    """Return the policy document that values are; None when they are none (and was reported).

    Marks of what is open (see `estate`) may stand in its texts. A text that holds the whole
    document as JSON is read too.
    """
    if isinstance(tree.value, str) and tree.value.lstrip().startswith("{"):
        inner = read_json(_quoted(tree), report)
        return None if inner is None else read_policy(inner._replace(place=_whole(tree)), report)
    try:
        policy = iam.from_json(tree.value)
    except iam.PolicyError as error:
        report.add(
            codes.NOT_A_POLICY,
            tree.place(error.path, key=error.key),
            f"this is no policy: {error.problem}",
            label=f"at `{iam.shown(error.path)}`",
            hint="correct it as AWS's policy grammar has it, and import it again",
        )
        return None
    listed = isinstance(tree.value["Statement"], list)
    return attrs.evolve(
        policy,
        statements=tuple(
            attrs.evolve(s, origin=(_lazy(tree, ("Statement", i) if listed else ("Statement",)),))
            for i, s in enumerate(policy.statements)
        ),
    )


def _quoted(tree: Tree) -> Source:
    from iamdsl.source import Source  # noqa: PLC0415  # few documents hold documents as text

    return Source(tree.source.name, tree.value)


def _whole(tree: Tree) -> Callable[..., Span]:
    """Return the places of what stands in a text: all of them are the text's."""

    def place(path: Path, *, key: bool = False) -> Span:
        del path, key
        return tree.place(())

    return place


def _lazy(tree: Tree, path: Path) -> Borrowed:
    """Return a span that is looked for when a message shows it."""
    return Borrowed(tree.source, 0, 0, (partial(tree.place, path),), word="")

"""The warnings of an earlier build, kept as plain data and made again without compiling.

A place is `[name, start, end]`; the texts are those of the files, whose digests were compared.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from iamdsl.diagnostics import Diagnostic, Edit, Fix, Label, Severity, Way, codes
from iamdsl.project.loading import File, decode, read
from iamdsl.source import Source, Span

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence


def as_data(diagnostics: Iterable[Diagnostic]) -> list[Any]:
    """Return diagnostics as JSON values."""
    return [
        {
            "code": d.code.number,
            "severity": d.severity.value,
            "message": d.message,
            "span": _place(d.span),
            "label": d.label,
            "notes": [[_place(note.span), note.text] for note in d.notes],
            "hint": d.hint,
            "ways": [list(way) for way in d.ways],
            "fix": d.fix
            and [d.fix.title, d.fix.safe, [[_place(e.span), e.text] for e in d.fix.edits]],
        }
        for d in diagnostics
    ]


def from_data(
    data: Sequence[Any], files: Iterable[File], imports: Mapping[str, str]
) -> tuple[Diagnostic, ...] | None:
    """Return the diagnostics that `as_data` wrote down, or None if they cannot be made again.

    Args:
        files: the project's own sources.
        imports: name → path of the files that they import.
    """
    texts = _Texts(files, imports)
    try:
        return tuple(_diagnostic(d, texts) for d in data)
    except (LookupError, TypeError, ValueError, AttributeError):
        return None


class _Texts:
    """The sources by name, read when a place is in them."""

    def __init__(self, files: Iterable[File], imports: Mapping[str, str]) -> None:
        self._files = {file.name: file for file in files}
        self._imports = imports
        self._sources: dict[str, Source] = {}

    def span(self, place: Any) -> Span:
        name, start, end = place
        if name not in self._sources:
            file = self._files.get(name) or read(self._imports[name], name)
            source = decode(file) if isinstance(file, File) else None
            if not isinstance(source, Source):
                raise LookupError(name)
            self._sources[name] = source
        source = self._sources[name]
        if not 0 <= start <= end <= len(source.text):
            raise ValueError(place)
        return Span(source, start, end)


def _place(span: Span | None) -> list[Any] | None:
    return None if span is None else [span.source.name, span.start, span.end]


def _diagnostic(data: Any, texts: _Texts) -> Diagnostic:
    code = codes.find(data["code"])
    if code is None:
        raise LookupError(data["code"])
    fix = None
    if data["fix"]:
        title, safe, edits = data["fix"]
        fix = Fix(title, tuple(Edit(texts.span(place), text) for place, text in edits), safe)
    return Diagnostic(
        code,
        Severity(data["severity"]),
        data["message"],
        None if data["span"] is None else texts.span(data["span"]),
        data["label"],
        tuple(Label(texts.span(place), text) for place, text in data["notes"]),
        data["hint"],
        fix,
        tuple(Way(*way) for way in data["ways"]),
    )

"""Diagnostics as data, and the report that grows while passes run."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

from iamdsl.source import Borrowed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from iamdsl.source import Span


class Severity(Enum):
    """How much a diagnostic weighs: only `ERROR` fails a build."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


class Code(NamedTuple):
    """A stable name for one kind of diagnostic; made in `codes.py` only.

    Attributes:
        number: `IAM201`; never reused.
        name: `unknown-action`, names the thing found; reads well after "allow".
        severity: the level when the configuration says nothing.
        summary: one sentence for lists.
        strict: whether it is said only where the settings ask for the preset `strict`.
    """

    number: str
    name: str
    severity: Severity
    summary: str
    strict: bool = False


class Label(NamedTuple):
    """A second place with what is to be seen there, e.g. "first declared here"."""

    span: Span
    text: str


class Edit(NamedTuple):
    """Replace the text of `span` by `text` (an empty span inserts)."""

    span: Span
    text: str


class Way(NamedTuple):
    """A way out of what is too large, measured by taking it.

    Attributes:
        text: what to do, and what comes of it.
        enough: whether nothing else has to be done.
        saves: *characters of minified text* that the document has fewer then; None where the
            way is another than to make it smaller.
    """

    text: str
    enough: bool
    saves: int | None = None


class Fix(NamedTuple):
    """Edits that mend the mistake; `safe` ones keep the meaning that was surely meant."""

    title: str
    edits: tuple[Edit, ...]
    safe: bool = True

    @classmethod
    def writing(cls, text: str, span: Span, *, safe: bool = True) -> Fix:
        """Return the fix that writes `text` where `span` is."""
        return cls(f"write `{text}`", (Edit(span, text),), safe)


class Diagnostic(NamedTuple):
    """One thing to say.

    Attributes:
        message: the headline: lower case, no full stop, the user's text in backticks.
        span: the place to underline, or None when no source text is at fault.
        label: what stands at `span`, in a few words.
        notes: other places that belong to it.
        hint: one thing to do.
        ways: what was tried and would help, best first.
    """

    code: Code
    severity: Severity
    message: str
    span: Span | None = None
    label: str = ""
    notes: tuple[Label, ...] = ()
    hint: str = ""
    fix: Fix | None = None
    ways: tuple[Way, ...] = ()


class Report:
    """The one thing that grows while a compilation runs.

    The same diagnostic (code, place, text) is kept once, so that a template used
    many times with one mistake in it gives one message.
    """

    def __init__(self) -> None:
        self._found: dict[tuple[str, object, str], Diagnostic] = {}

    def add(
        self,
        code: Code,
        span: Span | None,
        message: str,
        *,
        label: str = "",
        notes: Iterable[Label] = (),
        hint: str = "",
        fix: Fix | None = None,
        ways: Iterable[Way] = (),
    ) -> None:
        """Add a diagnostic of the severity that its code has.

        Where `span` is the use of a value from data, what is to be edited is shown: the value in
        its file, with the use as a note; or, where the value is a part only, the other way round.
        A fix would change the use, and is left out.
        """
        notes = tuple(
            Label(note.span.origins[0](), note.text)
            if isinstance(note.span, Borrowed) and note.span.whole
            else note
            for note in notes
        )
        if isinstance(span, Borrowed):
            fix, origins = None, [origin() for origin in span.origins]
            if span.whole:
                if span.word:
                    notes = (Label(span, span.word), *notes)
                span = origins[0]
            else:
                notes = (*notes, *(Label(origin, "comes from here") for origin in origins))
        diagnostic = Diagnostic(
            code, code.severity, message, span, label, notes, hint, fix, tuple(ways)
        )
        place = (id(span.source), span.start, span.end) if span else None
        self._found.setdefault((code.number, place, message), diagnostic)

    def extend(self, diagnostics: Iterable[Diagnostic]) -> None:
        """Add diagnostics made elsewhere."""
        for d in diagnostics:
            place = (id(d.span.source), d.span.start, d.span.end) if d.span else None
            self._found.setdefault((d.code.number, place, d.message), d)

    def count(self, code: Code) -> int:
        """Return how many diagnostics of a code there are."""
        return sum(1 for d in self._found.values() if d.code is code)

    def has_inside(self, code: Code, place: Span) -> bool:
        """Tell whether a diagnostic of that code begins inside `place`."""
        return any(
            d.code is code
            and d.span is not None
            and d.span.source is place.source
            and place.start <= d.span.start < place.end
            for d in self._found.values()
        )

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """Return all diagnostics, sorted by source name, place and code."""
        return tuple(
            sorted(
                self._found.values(),
                key=lambda d: (
                    (d.span.source.name, d.span.start, d.span.end) if d.span else ("", -1, -1),
                    d.code.number,
                    d.message,
                ),
            )
        )

    @property
    def failed(self) -> bool:
        """Tell whether anything was an error."""
        return any(d.severity is Severity.ERROR for d in self._found.values())

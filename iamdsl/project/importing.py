"""Import: files of other tools in, sources out, checked by compiling them.

```
paths ──gather──▶ inputs ──read──▶ estates ──lift──▶ trees ──fmt──▶ texts ──check──▶ Imported
```

Nothing is written here but by `write`, and only into files that are not there yet.
"""

from __future__ import annotations

from typing import NamedTuple

from iamdsl.diagnostics import Diagnostic, Severity

SUFFIXES = (".json", ".yaml", ".yml", ".template", ".tf")
"""How the names of files end that are looked at in a folder."""

MAX_BYTES = 64 * 1024 * 1024
"""The largest file that is read: `get-account-authorization-details` of large accounts."""


class Options(NamedTuple):
    """What the command line says.

    Attributes:
        kind, target, name: of a lone policy document, see `lift.policies.read`.
        skip: whether entities that cannot be said are left out, with their errors as warnings.
        split: whether each entity of an account gets a file of its own.
    """

    kind: str = "auto"
    target: str | None = None
    name: str | None = None
    skip: bool = False
    split: bool = False


class Made(NamedTuple):
    """One source: its file's name with slashes, its text, and how many statements it says."""

    file: str
    text: str
    statements: int


class Imported(NamedTuple):
    """What an import came to.

    Attributes:
        sources: nothing after an error.
        pseudo: what the configuration of a project has to say of its place.
        refused: names of entities that have no exact form.
        counts: pairs of a kind of entity and how many there are.
        ignored: files of a folder that hold nothing of IAM's.
    """

    diagnostics: tuple[Diagnostic, ...]
    sources: tuple[Made, ...] = ()
    pseudo: tuple[tuple[str, str], ...] = ()
    refused: tuple[str, ...] = ()
    counts: tuple[tuple[str, int], ...] = ()
    ignored: tuple[str, ...] = ()

    @property
    def failed(self) -> bool:
        """Tell whether there was an error."""
        return any(d.severity is Severity.ERROR for d in self.diagnostics)

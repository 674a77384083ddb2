from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest

from iamdsl.project import Problem, lines

if TYPE_CHECKING:
    from pathlib import Path


class Trickle(io.BytesIO):
    """A stream that gives a few bytes at a time, as a pipe does."""

    def read1(self, size: int | None = -1, /) -> bytes:
        """Return at most three bytes."""
        del size
        return super().read(3)


def read(data: bytes, *, slowly: bool = False) -> list[bytes | None]:
    """Return the lines of a stream."""
    found = lines.lines("-", Trickle(data) if slowly else io.BytesIO(data))
    assert not isinstance(found, Problem)
    return [line for several in found for line in several]


@pytest.mark.parametrize("slowly", [False, True])
@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", []),
        (b"one", [b"one"]),
        (b"one\n", [b"one"]),
        (b"one\ntwo three\n\nfour", [b"one", b"two three", b"", b"four"]),
    ],
)
def test_lines_are_whole_however_they_come(
    data: bytes, expected: list[bytes], slowly: bool
) -> None:
    """A request is a line, and a pipe cuts where it likes."""
    assert read(data, slowly=slowly) == expected


def test_a_line_without_end_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is longer than the bound is left out, and what follows is read."""
    monkeypatch.setattr(lines, "MAX_LINE", 5)
    for slowly in (False, True):
        assert read(b"1234567890\n12345\n", slowly=slowly)[-1] == b"12345"
    assert read(b"1234567890\n1\n", slowly=True) == [None, b"1"]
    assert read(b"1234567890", slowly=True) == [None]


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    """A folder, or nothing at all, is a message and no traceback."""
    for path in (tmp_path, tmp_path / "none", "a\0b"):
        found = lines.lines(str(path), io.BytesIO())
        assert isinstance(found, Problem)
        assert "cannot be read" in found.message
    file = tmp_path / "lines"
    file.write_bytes(b"1\n2\n")
    found = lines.lines(str(file), io.BytesIO())
    assert not isinstance(found, Problem)
    assert list(found) == [[b"1", b"2"]]

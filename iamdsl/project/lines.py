"""A stream of lines, as they come: for programs that ask, wait for the answer, and ask again."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO, Final

from iamdsl.project.problem import Problem, reason

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MAX_LINE: Final = 16 * 1024 * 1024
"""Bytes of a line; what is longer is not kept, so that memory is bounded."""
_CHUNK = 1 << 17


def lines(path: str, stdin: BinaryIO) -> Iterator[list[bytes | None]] | Problem:
    """Return the lines of a file or of stdin (`-`), without their ends, as many as are there.

    A line that is longer than `MAX_LINE` is None. What breaks off while it is read ends there,
    with an `OSError`.
    """
    if path == "-":
        return _read(stdin)
    try:
        return _read(open(path, "rb"))
    except (OSError, ValueError) as error:
        from iamdsl.diagnostics import codes  # noqa: PLC0415 (only on mistakes)

        why = reason(error) if isinstance(error, OSError) else str(error)
        return Problem(codes.UNREADABLE_FILE, f"`{path}` cannot be read: {why}")


def _read(stream: BinaryIO) -> Iterator[list[bytes | None]]:
    """Yield what has come since, cut at line ends; nothing waits for a buffer to be full."""
    read: Callable[[int], bytes] = getattr(stream, "read1", stream.read)
    rest: list[bytes] = []
    size = 0
    with stream:
        while chunk := read(_CHUNK):
            if b"\n" not in chunk:
                size += len(chunk)
                rest = [*rest, chunk] if size <= MAX_LINE else []
                continue
            first, *found = chunk.split(b"\n")
            size += len(first)
            whole = b"".join((*rest, first)) if size <= MAX_LINE else None
            last = found.pop()
            rest, size = [last], len(last)
            yield [whole, *found]
    if size:
        yield [b"".join(rest) if size <= MAX_LINE else None]

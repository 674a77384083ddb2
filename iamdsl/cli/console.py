"""Writing to the two streams: encodings, colours, closed pipes."""

from __future__ import annotations

import os
import sys
from typing import TextIO

import click

_PLAIN = str.maketrans({"┌": ",", "─": "-", "│": "|", "·": ":", "…": "...", "␛": "?"})


def out(text: str) -> None:
    """Write what a command was asked for."""
    _write(sys.stdout, text)


def err(text: str) -> None:
    """Write what there is to say about it."""
    _write(sys.stderr, text)


def wants_color(choice: str, *, stream: TextIO) -> bool:
    """Tell whether to colour what goes to `stream`.

    The flag comes before `NO_COLOR`, that before `FORCE_COLOR`; each counts when it is not empty.
    """
    if choice != "auto":
        return choice == "always"
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def _write(stream: TextIO, text: str) -> None:
    """Write text; characters that the stream's encoding lacks are written as best it can."""
    if not text:
        return
    encoding = getattr(stream, "encoding", None) or "utf-8"
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        try:
            "┌".encode(encoding)
        except UnicodeEncodeError:
            text = text.translate(_PLAIN)
        text = text.encode(encoding, "backslashreplace").decode(encoding)
    try:
        stream.write(text)
        stream.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        silence(stream)
        raise click.ClickException(f"cannot write: {(error.strerror or '').lower()}") from None


def silence(stream: TextIO) -> None:
    """Let nothing more be written to a stream whose reader has gone, at exit either."""
    try:
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, stream.fileno())
    except (OSError, ValueError):
        return

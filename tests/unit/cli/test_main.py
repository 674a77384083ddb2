"""Exit codes and endings that no transcript can show."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from iamdsl.cli import _COMMANDS, console, main
from iamdsl.cli import exit as exits
from iamdsl.diagnostics import Code, Diagnostic, Severity
from iamdsl.diagnostics import codes as known
from iamdsl.project import making


@pytest.fixture
def _crashing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(*_: object) -> None:
        raise LookupError("no `such` thing")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(making, "compile", crash)
    (tmp_path / "a.iam").write_text("# nothing")


@pytest.mark.usefixtures("_crashing")
class TestBug:
    """A mistake of ours is said to be one."""

    def test_message(self) -> None:
        """Version and place are there, a traceback is not, and the exit code is 2."""
        result = CliRunner().invoke(main, ["build"])

        assert result.exit_code == exits.CANNOT
        assert "error[IAM901]: a bug in iamdsl 0." in result.stderr
        assert "LookupError: no `such` thing at test_main.py:" in result.stderr
        assert "Traceback" not in result.stderr

    def test_debug(self) -> None:
        """Whoever asks for the traceback gets it."""
        result = CliRunner(env={"IAMDSL_DEBUG": "1"}).invoke(main, ["build"])

        assert isinstance(result.exception, LookupError)


def test_interrupt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Control-C ends with one word and the code that shells expect."""

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(making, "compile", stop)
    (tmp_path / "a.iam").write_text("# nothing")
    result = CliRunner().invoke(main, ["check"])

    assert (result.exit_code, result.stderr) == (130, "\ninterrupted\n")


def test_closed_pipe() -> None:
    """`iamdsl explain | head -1` ends without a word."""
    with subprocess.Popen(
        [sys.executable, "-m", "iamdsl", "explain"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        said = process.stderr.read()

    assert said == b""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
def test_full_device() -> None:
    """When stdout takes no more, that is said, and is no bug of ours."""
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "iamdsl", "explain"],
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
        )

    assert (done.returncode, done.stderr) == (2, b"Error: cannot write: no space left on device\n")


@pytest.mark.parametrize("name", _COMMANDS)
def test_help_of_every_command(name: str) -> None:
    """Every command that the table names is there and has help."""
    result = CliRunner().invoke(main, [name, "--help"])

    assert result.exit_code == 0
    assert result.stdout.startswith(f"Usage: iamdsl {name} ")


def test_help_imports_no_command() -> None:
    """`iamdsl --help` is answered from the table."""
    script = (
        "import sys; from iamdsl.cli import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: pass\n"
        "print(*[m for m in sys.modules if m.startswith('iamdsl')])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )

    assert sorted(done.stdout.splitlines()[-1].split()) == [
        "iamdsl",
        "iamdsl.cli",
        "iamdsl.cli.console",
        "iamdsl.cli.exit",
    ]


def test_explain_lists_all() -> None:
    """Every code is in the list, and every one can be explained."""
    listed = CliRunner().invoke(main, ["explain"]).stdout

    for code in known.ALL:
        assert f"{code.number}  {code.name} " in listed
        assert (
            CliRunner().invoke(main, ["explain", code.number]).stdout.startswith(f"# {code.number}")
        )


@pytest.mark.parametrize(
    ("codes", "strict", "expected"),
    [
        ((), False, exits.YES),
        ((known.UNUSED_NAME,), False, exits.YES),
        ((known.UNUSED_NAME,), True, exits.NO),
        ((known.UNKNOWN_NAME,), False, exits.NO),
        ((known.UNKNOWN_NAME, known.UNREADABLE_FILE), False, exits.CANNOT),
        ((known.INTERNAL_ERROR,), False, exits.CANNOT),
    ],
)
def test_exit_codes(codes: tuple[Code, ...], strict: bool, expected: int) -> None:
    """0 is yes, 1 is no, 2 is that there is no answer."""
    found = [Diagnostic(code, code.severity, "") for code in codes]

    assert exits.of(found, error_on_warning=strict) == expected


def test_raised_warning_fails() -> None:
    """A warning that the project makes an error is one."""
    assert exits.of([Diagnostic(known.UNUSED_NAME, Severity.ERROR, "")]) == exits.NO


class _Stream:
    def __init__(self, *, tty: bool) -> None:
        self.isatty = lambda: tty


@pytest.mark.parametrize(
    ("choice", "environment", "tty", "expected"),
    [
        ("auto", {}, True, True),
        ("auto", {}, False, False),
        ("auto", {"TERM": "dumb"}, True, False),
        ("auto", {"NO_COLOR": "1"}, True, False),
        ("auto", {"NO_COLOR": ""}, True, True),
        ("auto", {"FORCE_COLOR": "1"}, False, True),
        ("auto", {"FORCE_COLOR": "1", "NO_COLOR": "1"}, True, False),
        ("always", {"NO_COLOR": "1"}, False, True),
        ("never", {"FORCE_COLOR": "1"}, True, False),
    ],
)
def test_color(
    choice: str,
    environment: dict[str, str],
    tty: bool,
    expected: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The flag decides, then NO_COLOR, then FORCE_COLOR, then the stream."""
    monkeypatch.setenv("TERM", "xterm")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    assert console.wants_color(choice, stream=_Stream(tty=tty)) == expected  # type: ignore[arg-type]


def test_click_group() -> None:
    """`main` is a click command, as the entry point and click's test runner want it."""
    assert isinstance(main, click.Group)

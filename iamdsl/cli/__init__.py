"""The command line. A file for each command, imported only when it is asked for.

Exit codes are in `exit.py`. What a command was asked for goes to stdout, what there is to say
about it to stderr. No output depends on the width of a terminal.
"""

from __future__ import annotations

import gc
import os
import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

# A run is short, and what it makes has next to no cycles: looking for them is a tenth of its time.
gc.disable()

import click  # noqa: E402

from iamdsl import __version__  # noqa: E402
from iamdsl.cli import console  # noqa: E402
from iamdsl.cli import exit as exits  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["main"]

_COMMANDS = {
    "build": "Compile a project and write its JSON.",
    "check": "Say what is wrong with a project or policies, and review them.",
    "test": "Run the tests of a project against what it builds.",
    "simulate": "Say what IAM decides on a request, or on many.",
    "why": "Say why somebody can, or cannot, do something.",
    "diff": "Tell what two builds, sources or documents have different in meaning.",
    "plan": "Show what deploying would change in an account.",
    "apply": "Make an account as a project is built.",
    "verify": "Say whether an account is as a project is built.",
    "size": "Say how full policies are, and what was saved.",
    "fmt": "Give sources the one layout.",
    "import": "Make sources of policies that are there already.",
    "doc": "Show what modules are for, from their comments.",
    "explain": "Explain a diagnostic, or list them all.",
    "actions": "Search the catalogue of AWS's actions.",
    "catalogue": "Show, make or compare catalogues.",
    "init": "Begin a project in a folder.",
}
"""The commands with their help, so that `iamdsl --help` imports none of them."""


class _Commands(click.Group):
    """A group that imports a command when it is used, and ends with our exit codes."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the commands, in the order of their use."""
        del ctx
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command, importing its file."""
        del ctx
        if cmd_name not in _COMMANDS:
            return None
        file = "import_" if cmd_name == "import" else cmd_name  # a keyword names no module
        module = import_module(f"iamdsl.cli.{file}")
        command: click.Command = getattr(module, "command", None) or getattr(module, cmd_name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the table of commands."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl(list(_COMMANDS.items()))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that the arguments begin with; for a slip, say which was meant."""
        name = args[0] if args else ""
        if name and name not in _COMMANDS and not name.startswith("-"):
            from iamdsl.diagnostics.nearest import nearest  # noqa: PLC0415 (only on mistakes)

            close = nearest(name, _COMMANDS, 1)
            meant = f"; did you mean {close[0]}?" if close else "."
            ctx.fail(f"There is no command {name!r}{meant}")
        return super().resolve_command(ctx, args)

    def main(  # type: ignore[override]
        self, args: Sequence[str] | None = None, prog_name: str | None = None, **extra: Any
    ) -> None:
        """Run the command that the arguments name, and exit."""
        del prog_name  # however it was started, what it says of itself can be typed
        extra["standalone_mode"] = False
        code: Any = exits.CANNOT
        try:
            code = super().main(args, "iamdsl", **extra)
        except click.ClickException as error:
            error.show()
        except click.exceptions.Exit as error:
            code = error.exit_code
        except (click.Abort, KeyboardInterrupt):
            console.err("interrupted\n")
            code = exits.INTERRUPTED
        except BrokenPipeError:
            console.silence(sys.stdout)
            console.silence(sys.stderr)
        except Exception as error:
            if os.environ.get("IAMDSL_DEBUG"):
                raise
            _report_bug(error)
        gc.freeze()  # or Python looks for cycles once more on its way out
        sys.exit(code if isinstance(code, int) else exits.YES)


# The width is fixed: no output depends on that of the terminal.
_SETTINGS = {"help_option_names": ["-h", "--help"], "terminal_width": 80}


@click.group(cls=_Commands, context_settings=_SETTINGS)
@click.version_option(__version__, prog_name="iamdsl", message="%(prog)s %(version)s")
def main() -> None:
    """A small language for AWS IAM: write who may do what, get the JSON, exact and in bounds."""


def _report_bug(error: Exception) -> None:
    """Say that it is our mistake, with what a report of it needs."""
    from iamdsl.diagnostics import Diagnostic, codes  # noqa: PLC0415 (only on bugs)
    from iamdsl.diagnostics.render import render  # noqa: PLC0415

    code = codes.INTERNAL_ERROR
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = ""
    if trace is not None:
        file = os.path.basename(trace.tb_frame.f_code.co_filename)
        where = f" at {file}:{trace.tb_lineno}"
    python = ".".join(map(str, sys.version_info[:3]))
    message = (
        f"a bug in iamdsl {__version__} (Python {python}): {type(error).__name__}: {error}{where}"
    )
    hint = "report it, with what `IAMDSL_DEBUG=1` shows and the source if you may"
    console.err(render("full", [Diagnostic(code, code.severity, message, hint=hint)]))

"""`iamdsl init`: the files of a new project."""

from __future__ import annotations

import os

import click

from iamdsl import resources
from iamdsl.cli import console
from iamdsl.cli import exit as exits

_STARTERS = {
    "basic": "a function and its table, in one file",
    "lambda-app": "functions with a queue, a table and a bucket, and their tests",
    "eks-platform": "an EKS cluster: its roles, its controllers, and an application's pods",
    "organization-guardrails": "SCPs and RCPs over an organization, with guards that prove them",
    "github-deploy": "GitHub Actions that review and deploy, within a boundary",
}
"""The folders in `starters`, each with what it is."""

_KEPT = {".gitignore": "build/\n"}
"""Files that may be there already, and are left as they are then."""


@click.command(
    epilog="\b\nTemplates:\n" + "\n".join(f"  {name:24} {what}" for name, what in _STARTERS.items())
)
@click.argument("folder", default=".", metavar="[DIR]")
@click.option(
    "--template",
    type=click.Choice(list(_STARTERS)),
    metavar="NAME",
    default="basic",
    help="What to begin with, see below.  [default: basic]",
)
def command(folder: str, template: str) -> None:
    """Begin a project in DIR (the current folder if none is named): nothing is overwritten.

    Writes iamdsl.toml with the settings, sources that build, and .gitignore.
    """
    files = {**_files(template), **_KEPT}
    there = [name for name in files if os.path.lexists(os.path.join(folder, name))]
    keep = [name for name in there if name in _KEPT]
    if there != keep:
        names = ", ".join(name for name in there if name not in keep)
        console.err(f"{folder} has {names} already; nothing was written\n")
        raise click.exceptions.Exit(exits.CANNOT)
    made: list[str] = []
    try:
        os.makedirs(folder, exist_ok=True)
        for name, text in files.items():
            if name in keep:
                continue
            path = os.path.join(folder, name)
            with open(path, "x", encoding="utf-8", newline="") as stream:
                made.append(path)
                stream.write(text)
    except OSError as error:
        for path in made:
            os.unlink(path)
        console.err(f"{folder} cannot be written: {(error.strerror or '').lower()}\n")
        raise click.exceptions.Exit(exits.CANNOT) from None
    shown = "" if folder == "." else f" in {folder}"
    console.out(f"wrote {', '.join(os.path.basename(path) for path in made)}{shown}\n")
    if keep:
        console.out(".gitignore was there and is left as it is; it should hold build/\n")
    tested = any("\ntest " in text for text in files.values())
    steps = ["iamdsl build", *(["iamdsl test"] if tested else [])]
    if shown:
        steps.insert(0, f"cd {folder}")
    console.out(f"next: {' && '.join(steps)}\n")


def _files(template: str) -> dict[str, str]:
    """Return the files of a template by name, the settings first."""
    folder = resources.package_path("cli", "starters", template)
    names = sorted(os.listdir(folder), key=lambda name: (name != "iamdsl.toml", name))
    return {name: resources.read_text(os.path.join(folder, name)) for name in names}

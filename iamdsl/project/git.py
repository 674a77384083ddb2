"""Files as they were at a commit, read from git's objects.

**Invariants:** nothing is checked out; no hook, filter or program of the repository's settings
runs; nothing is fetched; what is a submodule, or a link that leads out of what was read, is left
out.
"""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING, NamedTuple

from iamdsl.project import loading
from iamdsl.project.manifest import is_inside
from iamdsl.project.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_SUFFIXES = (".iam", ".toml", ".json", ".yaml", ".yml", ".template", ".tf", ".lock", ".iamcat")
_NAMES = (".gitignore",)
"""What a compilation reads, or a comparison of documents: nothing else is taken out of a commit."""
_MAX_BYTES = 256 * 1024 * 1024
_MAX_FILES = 100_000
_TIMEOUT = 120  # seconds; reading objects of a disk takes far less
_MODES = {b"100644": "file", b"100755": "file", b"120000": "link"}

_QUIET = ("core.fsmonitor=false", "core.hooksPath=/dev/null", "protocol.allow=never")
_ENVIRONMENT = {
    "GIT_LITERAL_PATHSPECS": "1",  # a folder may be called `*`
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "LC_ALL": "C",
}
_OF_HOOKS = {"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX"}
"""What git sets where we are started by a hook: names that hold in another folder."""


class Commit(NamedTuple):
    """A commit of the repository that a folder is in.

    Attributes:
        inside: the folder's path in the repository, with a slash at its end; "" for the root.
    """

    folder: str
    inside: str
    sha: str
    ref: str


class _Blob(NamedTuple):
    """A file of a commit: its path beneath the folder, its object, and its size in bytes."""

    path: str
    kind: str
    sha: bytes
    size: int


def commit(ref: str, folder: str) -> Commit | Problem:
    """Return the commit that `ref` names in the repository of a folder."""
    from iamdsl.diagnostics import codes  # noqa: PLC0415 (20 ms, see `problem`)

    if not ref or ref.startswith("-") or not ref.isprintable():
        message = f"`{ref}` is no name of a commit"
        return Problem(codes.NO_COMMIT, message, "name a branch, a tag or a commit")
    inside = _git(folder, "rev-parse", "--show-prefix")
    if isinstance(inside, Problem):
        return inside
    found = _git(folder, "rev-parse", "--verify", "--quiet", f"{ref}^{{commit}}")
    if isinstance(found, Problem):
        message = f"there is no commit `{ref}` in the repository"
        hint = "name a branch, a tag or a commit; `git fetch` brings those of others"
        return Problem(codes.NO_COMMIT, message, hint)
    prefix = inside.removesuffix(b"\n").decode("utf-8", "surrogateescape")
    return Commit(folder, prefix, found.decode("ascii").strip(), ref)


def extract(found: Commit, to: str) -> Problem | None:
    """Write what a commit has beneath its folder to the folder `to`, which is empty.

    What has nothing to do with sources and documents is left out.
    """
    from iamdsl.diagnostics import codes  # noqa: PLC0415 (20 ms, see `problem`)

    path = ("--", found.inside) if found.inside else ()
    listed = _git(found.folder, "ls-tree", "-r", "-z", "-l", "--full-tree", found.sha, *path)
    if isinstance(listed, Problem):
        return listed
    blobs = list(_blobs(listed, found.inside))
    if not blobs:
        return nothing(found)
    total = sum(blob.size for blob in blobs)
    if len(blobs) > _MAX_FILES or total > _MAX_BYTES:
        message = f"`{found.ref}` has {len(blobs):,} files with {total:,} bytes in this project"
        return Problem(codes.FILE_TOO_LARGE, message, "name the folder of the sources")
    wanted = b"".join(blob.sha + b"\n" for blob in blobs)
    answer = _git(found.folder, "cat-file", "--batch", given=wanted)
    if isinstance(answer, Problem):
        return answer
    contents = list(_contents(answer))
    if None in contents or len(contents) != len(blobs):
        message = f"not all files of `{found.ref}` are in this clone"
        return Problem(codes.NO_REPOSITORY, message, "fetch the rest: `git fetch --refetch`")
    files = [(blob, data) for blob, data in zip(blobs, contents, strict=True) if data is not None]
    return _write(files, to)


def nothing(found: Commit, path: str = "") -> Problem:
    """Return the problem of a commit that does not have a path, or no source of the project."""
    from iamdsl.diagnostics import codes  # noqa: PLC0415 (20 ms, see `problem`)

    where = f"`{found.inside.rstrip('/')}`" if found.inside else "the repository"
    message = f"`{found.ref}` does not have `{path}`" if path else f"`{found.ref}` has no source"
    hint = "compare with a later commit"
    return Problem(codes.NOT_IN_COMMIT, f"{message} in {where}", hint)


def _blobs(listed: bytes, inside: str) -> Iterator[_Blob]:
    """Yield what is wanted of `mode type object size<tab>path<nul>`, again and again."""
    for entry in listed.split(b"\0"):
        facts, _, name = entry.partition(b"\t")
        fields = facts.split()
        path = name.decode("utf-8", "surrogateescape").removeprefix(inside)
        if len(fields) != 4 or fields[0] not in _MODES or not is_inside(path):
            continue
        base = path.rpartition("/")[2]
        kind = _MODES[fields[0]]
        if base.endswith(_SUFFIXES) or base in _NAMES or kind == "link":
            size = int(fields[3]) if fields[3].isdigit() else 0  # of one that is not there
            yield _Blob(path, kind, fields[2], size)


def _contents(answer: bytes) -> Iterator[bytes | None]:
    """Yield the objects of `object type size<newline>bytes<newline>` each; None for a missing one."""
    at = 0
    while at < len(answer):
        end = answer.index(b"\n", at)
        told = answer[at:end].rsplit(b" ", 1)[1]
        if not told.isdigit():
            yield None
            at = end + 1
            continue
        size = int(told)
        yield answer[end + 1 : end + 1 + size]
        at = end + size + 2


def _write(files: Sequence[tuple[_Blob, bytes]], to: str) -> Problem | None:
    links = []
    try:
        for blob, data in files:
            path = os.path.join(to, *blob.path.split("/"))
            os.makedirs(os.path.dirname(path), exist_ok=True)
            if blob.kind == "link":
                links.append((path, data))
                continue
            with open(path, "xb") as stream:
                stream.write(data)
    except OSError as error:
        return _unwritable(error)
    for path, data in links:
        _link(path, os.fsdecode(data))
    # Only with all of them there can be told where one leads.
    for path, _ in links:
        if os.path.islink(path) and loading.leaves(path, to):
            os.unlink(path)
    return None


def _link(path: str, target: str) -> None:
    """Make a link, where the system has any; one that cannot be made is not there."""
    if os.path.isabs(target) or "\0" in target or os.path.lexists(path):
        return
    try:
        os.symlink(target, path)
    except OSError:
        return


def _unwritable(error: OSError) -> Problem:
    from iamdsl.diagnostics import codes  # noqa: PLC0415 (only on mistakes)
    from iamdsl.project.problem import reason  # noqa: PLC0415

    message = f"what the commit has cannot be written to a temporary folder: {reason(error)}"
    return Problem(codes.UNWRITABLE_OUTPUT, message, "set TMPDIR to a folder with space")


def _git(folder: str, *arguments: str, given: bytes = b"") -> bytes | Problem:
    """Return what git prints when it runs in a folder."""
    from iamdsl.diagnostics import codes  # noqa: PLC0415 (20 ms, see `problem`)

    environment = {k: v for k, v in os.environ.items() if k not in _OF_HOOKS} | _ENVIRONMENT
    settings = [word for setting in _QUIET for word in ("-c", setting)]
    try:
        done = subprocess.run(  # noqa: S603  # a list of words, and no shell
            ["git", *settings, *arguments],  # noqa: S607  # the user's own git
            cwd=folder,
            env=environment,
            input=given,
            capture_output=True,
            timeout=_TIMEOUT,
            check=False,
        )
    except FileNotFoundError:
        message = "there is no `git` to read a commit with"
        return Problem(codes.NO_REPOSITORY, message, "install git, or compare two folders")
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        return Problem(codes.NO_REPOSITORY, f"git does not run: {error}", "compare two folders")
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().partition("\n")[0]
        said = "".join(c for c in said.removeprefix("fatal: ") if c.isprintable())
        message = f"git does not read the repository: {said or 'it failed'}"
        if said.startswith("not a git repository"):
            message = f"`{folder}` is in no git repository"
        hint = "run it inside a clone, or compare two folders: `iamdsl diff OLD NEW`"
        return Problem(codes.NO_REPOSITORY, message, hint)
    return done.stdout

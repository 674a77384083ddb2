"""The target `json` read again: the files of a build to the `Build` that they were made of.

Strict: what is not as `emit.json` writes it, or is not the bytes that the manifest tells of, is a
problem, never a guess. What `fit` alone needs (`fewest`, `whole`, `place`) does not come back.
Sources do not come back either, but their places do: each statement has those of its document
as `origin`, in sources that hold nothing but blanks.
"""

from __future__ import annotations

import json
import re
from hashlib import sha256
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import attrs

from iamdsl import iam
from iamdsl.diagnostics import codes
from iamdsl.emit._manifest import MANIFEST, VERSION
from iamdsl.emit.json import (
    DOCUMENT_FOLDERS,
    IDENTITY_FOLDERS,
    NAME_MEMBERS,
    ORGANIZATION,
    POLICY_TYPES,
    TARGET_TYPES,
)
from iamdsl.source import Source, Span

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from iamdsl.diagnostics import Code, Report
    from iamdsl.emit._targets import Data
    from iamdsl.iam import Attachment, Build, Document, Identity, Policy, Target

_PLACE = re.compile(r"(?a)(.+):([1-9]\d{0,8}):([1-9]\d{0,8})-([1-9]\d{0,8}):([1-9]\d{0,8})")
_DURATION = re.compile(r"(?a)PT(?:(\d{1,6})H)?(?:(\d{1,6})M)?(?:(\d{1,6})S)?")
_MOST = 8 * 1024 * 1024
"""Characters of a source that is made up for its places; real ones have half of it at most."""


class Read(NamedTuple):
    """What a built folder holds.

    Attributes:
        pseudo: `partition`, `account` and `region` of the nameless place, as far as known.
        params: pairs of name and value that it was built with.
        catalogue: version and sha256 of the catalogue that it was built with.
    """

    build: Build
    pseudo: Mapping[str, str]
    params: tuple[tuple[str, str], ...] = ()
    catalogue: tuple[str, str] = ("", "")


class _Wrong(Exception):  # noqa: N818  (carried to `read`, never out of here)
    """Something is not as a build is written: the code, what and where, and what to do."""

    def __init__(self, code: Code, message: str, hint: str = "build it again") -> None:
        super().__init__(message)
        self.code, self.message, self.hint = code, message, hint


def manifest_files(manifest: bytes, report: Report) -> tuple[str, ...] | None:
    """Return the files that a manifest tells of, without itself; None when it cannot be read."""
    try:
        return tuple(_text(entry, "file") for entry in _entries(_manifest(manifest)))
    except _Wrong as wrong:
        report.add(wrong.code, None, wrong.message, hint=wrong.hint)
        return None


def read(files: Mapping[str, bytes], report: Report) -> Read | None:
    """Return what was built, from its files by path with slashes, `manifest.json` among them.

    Files that the manifest does not tell of are passed over. None, and the reason in the report,
    when a file is missing or changed, or the manifest is not one of this version's.
    """
    try:
        return _Reading(files).all()
    except _Wrong as wrong:
        report.add(wrong.code, None, wrong.message, hint=wrong.hint)
    except RecursionError:
        report.add(codes.DAMAGED_BUILD, None, "a file of the build is nested too deeply")
    return None


class _Reading:
    """The parts of a build as they come about."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        if MANIFEST not in files:
            raise _Wrong(codes.NO_BUILD, f"there is no `{MANIFEST}`", "run `iamdsl build` first")
        self.manifest = _manifest(files[MANIFEST])
        self.folder = _folder(self.manifest)
        self.files = files
        self.entries = [_without(e, self.folder) for e in _entries(self.manifest, self.folder)]
        self.names = {_text(e, "file"): _text(e, "name") for e in self.entries}
        self.spans = _Places(self.entries)
        self.trusts: dict[str, Policy] = {}
        self.inline: dict[str, Policy] = {}

    def all(self) -> Read:
        """Return the whole."""
        places: dict[tuple[str, str], tuple[list[Document], list[Identity]]] = {("", ""): ([], [])}
        targets: tuple[Target, ...] | None = None
        for entry in self.entries:
            kind = _text(entry, "kind")
            documents, identities = places.setdefault(_account(entry), ([], []))
            if kind in DOCUMENT_FOLDERS:
                documents.append(self._document(entry))
            elif kind in IDENTITY_FOLDERS:
                identities.append(self._identity(entry))
            elif kind == "trust":
                self.trusts[_text(entry, "of")] = self._policy(entry)
            elif kind == "inline":
                self.inline[_text(entry, "file")] = self._policy(entry)
            elif kind == "organization":
                targets = self._targets(entry)
            else:
                raise _damaged(f"an artifact of the unknown kind `{kind}`")
        for target in targets or ():
            if target.kind == "account":
                places.setdefault((target.name, target.id), ([], []))
        accounts = self._accounts(places, targets or ())
        if targets is None:
            targets = tuple(iam.Target("account", a.name, a.id, (a.name,)) for a in accounts)
        documents, identities = places["", ""]
        build = iam.Build(tuple(documents), tuple(identities), accounts, targets)
        _check_references(build)
        catalogue = _object(self.manifest, "catalogue")
        return Read(
            build,
            _texts(_object(self.manifest, "aws")),
            tuple(_texts(_object(self.manifest, "params")).items()),
            (_text(catalogue, "version"), _text(catalogue, "sha256")),
        )

    def _accounts(
        self,
        places: Mapping[tuple[str, str], tuple[list[Document], list[Identity]]],
        targets: tuple[Target, ...],
    ) -> tuple[iam.Account, ...]:
        """Return the accounts, in the order of the organization where there is one."""
        order = [(t.name, t.id) for t in targets if t.kind == "account"]
        keys = dict.fromkeys([*order, *(key for key in places if key != ("", ""))])
        return tuple(
            iam.Account(name, number, iam.Build(tuple(places[key][0]), tuple(places[key][1])))
            for key in keys
            for name, number in (key,)
        )

    def _document(self, entry: Data) -> Document:
        kind = _text(entry, "kind")
        return iam.Document(
            cast("iam.DocumentKind", kind),
            _text(entry, "name"),
            self._policy(entry),
            _text(entry, "path") if "path" in entry else "/",
            _maybe(entry, "description"),
            tuple(_texts(_object(entry, "tags")).items()) if "tags" in entry else (),
            _maybe(entry, "target"),
            _maybe(entry, "service"),
            self._attachments(entry, "managed") if kind == "session" else (),
            _maybe(entry, "split_from"),
            origin=self.spans.of(entry),
        )

    def _identity(self, entry: Data) -> Identity:
        kind, folder = _text(entry, "kind"), _text(entry, "of")
        data = self._json(entry)
        if _text(data, NAME_MEMBERS[kind]) != _text(entry, "name"):
            raise _damaged(f"`{_text(entry, 'file')}` has another name than its artifact")
        boundary = data.get("PermissionsBoundary")
        inline = [(_text(i, "PolicyName"), _text(i, "File")) for i in _list(data, "InlinePolicies")]
        missing = next((file for _, file in inline if file not in self.inline), None)
        if missing is not None:
            raise _damaged(f"`{missing}` is no inline policy of the manifest")
        session = "SessionDuration" if kind == "permission_set" else "MaxSessionDuration"
        return iam.Identity(
            cast("iam.IdentityKind", kind),
            _text(entry, "name"),
            _text(data, "Path") if "Path" in data else "/",
            _maybe(data, "Description"),
            self.trusts.get(folder),
            inline=tuple((name, self.inline[file]) for name, file in inline),
            managed=self._attachments(data, "ManagedPolicies"),
            boundary=None if boundary is None else self._attachment(boundary),
            max_session=_seconds(data[session]) if session in data else None,
            tags=tuple((_text(t, "Key"), _text(t, "Value")) for t in _list(data, "Tags")),
            groups=tuple(map(_string, data.get("Groups", ()))),
            instance_profile=_maybe(data, "InstanceProfileName"),
            origin=self.spans.of(entry),
        )

    def _attachments(self, data: Data, member: str) -> tuple[Attachment, ...]:
        return tuple(self._attachment(reference) for reference in _list(data, member))

    def _attachment(self, reference: Data) -> Attachment:
        """Return an attachment: ours has a file, a foreign one its ARN or a name."""
        if "File" not in reference:
            member = "PolicyArn" if "PolicyArn" in reference else "PolicyName"
            return iam.Attachment(_text(reference, member))
        name, file = _text(reference, "PolicyName"), _text(reference, "File")
        if self.names.get(file) != name:
            raise _damaged(f"`{name}` is attached, and `{file}` is no policy of that name")
        return iam.Attachment(name, ours=True)

    def _targets(self, entry: Data) -> tuple[Target, ...]:
        made: list[Target] = []
        kinds, spans = {word: kind for kind, word in TARGET_TYPES.items()}, self.spans.of(entry)
        for data in _list(self._json(entry), "Targets"):
            kind = kinds.get(_text(data, "Type"))
            if kind is None:
                raise _damaged(f"a target of the unknown type `{data['Type']}`")
            parents = _text(data, "Parent").split("/") if "Parent" in data else []
            name = _text(data, "Name")
            number = _text(data, "OrganizationId" if kind == "organization" else "Id")
            attached = self._attachments(data, "Policies")
            path = (*parents, name)
            made.append(
                iam.Target(cast("iam.TargetKind", kind), name, number, path, attached, spans)
            )
        return tuple(made)

    def _policy(self, entry: Data) -> Policy:
        """Return the policy of an artifact, its statements with the places of the artifact."""
        file = _text(entry, "file")
        try:
            policy = iam.from_text(self._bytes(entry).decode("ascii"))
        except ValueError as error:
            raise _damaged(f"`{file}` is no policy: {error}") from None
        origin = self.spans.of(entry)
        statements = tuple(attrs.evolve(s, origin=origin) for s in policy.statements)
        return attrs.evolve(policy, statements=statements)

    def _json(self, entry: Data) -> Data:
        return _parsed(self._bytes(entry), _text(entry, "file"))

    def _bytes(self, entry: Data) -> bytes:
        """Return the bytes of an artifact, which must be those that were built."""
        file = f"{self.folder}{_text(entry, 'file')}"
        if file not in self.files:
            message = f"`{file}` is missing from the build"
            raise _Wrong(codes.CHANGED_BUILD, message)
        written = self.files[file]
        if sha256(written).hexdigest() != _text(entry, "sha256"):
            raise _Wrong(codes.CHANGED_BUILD, f"`{file}` was changed after it was built")
        return written


class _Places:
    """The places of a manifest as spans, in sources of blanks that are long enough for them."""

    def __init__(self, entries: Iterable[Data]) -> None:
        widths: dict[str, dict[int, int]] = {}
        for entry in entries:
            for name, *numbers in map(_place, _list_of_texts(entry, "source")):
                lines = widths.setdefault(name, {})
                for line, column in (numbers[:2], numbers[2:]):
                    lines[line] = max(lines.get(line, 0), column)
        self._sources = {name: _blank(name, lines) for name, lines in widths.items()}

    def of(self, entry: Data) -> tuple[Span, ...]:
        """Return the places of an artifact, in their order."""
        spans = []
        for name, line, column, last, end in map(_place, _list_of_texts(entry, "source")):
            source = self._sources[name]
            starts = source.line_starts
            spans.append(Span(source, starts[line - 1] + column - 1, starts[last - 1] + end - 1))
        return tuple(spans)


def _place(text: str) -> tuple[str, int, int, int, int]:
    found = _PLACE.fullmatch(text)
    if found is None:
        raise _damaged(f"`{text}` is no place of a source")
    name, line, column, last, end = found.groups()
    return name, int(line), int(column), int(last), int(end)


def _blank(name: str, widths: Mapping[int, int]) -> Source:
    last = max(widths)
    if last + sum(widths.values()) > _MOST:
        raise _damaged(f"a place in `{name}` lies beyond what a source may hold")
    return Source(name, "\n".join(" " * widths.get(line, 0) for line in range(1, last + 1)))


def _manifest(text: bytes) -> Data:
    document = _parsed(text, MANIFEST)
    if not isinstance(document.get("iamdsl"), str):
        raise _Wrong(codes.NO_BUILD, f"`{MANIFEST}` was not written by iamdsl", "name its folder")
    if document.get("version") != VERSION:
        message = f"`{MANIFEST}` is of version {document.get('version')!r}, and not {VERSION}"
        raise _Wrong(codes.NO_BUILD, message, "build it with this version of iamdsl")
    return document


def _folder(manifest: Data) -> str:
    """Return what the files of the target `json` begin with: its folder, where there are others."""
    targets = _list_of_texts(manifest, "targets") or ["json"]
    if "json" not in targets:
        message = f"the build holds {', '.join(f'`{t}`' for t in targets)}, and no JSON"
        raise _Wrong(codes.NO_BUILD, message, "build the target `json` as well")
    return "json/" if len(targets) > 1 else ""


def _without(entry: Data, folder: str) -> Data:
    """Return an entry with its files as the documents of the target name them."""
    moved: Data = {m: _text(entry, m).removeprefix(folder) for m in ("file", "of") if m in entry}
    return {**entry, **moved}


def _entries(manifest: Data, folder: str = "") -> list[Data]:
    entries = _list(manifest, "artifacts")
    files = [_text(entry, "file") for entry in entries]
    if len(set(files)) != len(files):
        raise _damaged("two artifacts have one file")
    return [e for e, file in zip(entries, files, strict=True) if file.startswith(folder)]


def _account(entry: Data) -> tuple[str, str]:
    if "account" not in entry:
        return "", ""
    account = _object(entry, "account")
    return _text(account, "name"), _text(account, "id")


def _check_references(build: Build) -> None:
    """Refuse organization policies that are attached and not there."""
    known = {d.name for d in build.documents if d.kind in POLICY_TYPES}
    for target in build.targets:
        for attachment in target.attached:
            if attachment.ours and attachment.policy not in known:
                raise _damaged(f"`{attachment.policy}` in `{ORGANIZATION}` is no policy")


def _damaged(message: str) -> _Wrong:
    return _Wrong(codes.DAMAGED_BUILD, message)


def _parsed(text: bytes, file: str) -> Data:
    try:
        document = json.loads(text.decode("utf-8"), object_pairs_hook=_once)
    except ValueError as error:
        raise _damaged(f"`{file}` cannot be read: {error}") from None
    if not isinstance(document, dict):
        raise _damaged(f"`{file}` holds no object")
    return document


def _once(pairs: list[tuple[str, Any]]) -> Data:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a member is written twice")
    return members


def _string(value: object) -> str:
    if not isinstance(value, str):
        raise _damaged(f"`{value!r}` stands where a text is expected")
    return value


def _text(data: Data, member: str) -> str:
    if member not in data:
        raise _damaged(f"a member `{member}` is missing")
    return _string(data[member])


def _maybe(data: Data, member: str) -> str | None:
    return _string(data[member]) if member in data else None


def _object(data: Data, member: str) -> Data:
    value = data.get(member)
    if not isinstance(value, dict):
        raise _damaged(f"the member `{member}` is no object")
    return value


def _texts(data: Data) -> dict[str, str]:
    return {name: _string(value) for name, value in data.items()}


def _list(data: Data, member: str) -> list[Data]:
    value = data.get(member, [])
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise _damaged(f"the member `{member}` is no list of objects")
    return value


def _list_of_texts(data: Data, member: str) -> list[str]:
    value = data.get(member, [])
    if not isinstance(value, list):
        raise _damaged(f"the member `{member}` is no list")
    return [_string(item) for item in value]


def _seconds(value: object) -> int:
    """Return seconds: a number, or ISO 8601 as permission sets have it."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    found = _DURATION.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise _damaged(f"`{value}` is no duration")
    hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return hours * 3600 + minutes * 60 + seconds

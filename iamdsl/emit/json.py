"""The target `json`: a file for each policy document, and what the manifest says of them.

```
policies/orders-table.json      also boundaries/ scps/ rcps/ sessions/ resources/
roles/orders-function/trust.json  inline.json  role.json      also users/ groups/ permission_sets/
prod/policies/…  prod/roles/…   for each account, by its name in the source
organization.json               what is attached to the organization, its ous and accounts
```
A document is exactly what AWS takes; where AWS counts white space (SCPs, RCPs, session and most
resource policies) and the indented text would be too long, it is written without. What else belongs to an identity is in `role.json` (`user.json`
…), in the words of AWS's API; what belongs to a policy is in its entry of the manifest.
"""

from __future__ import annotations

from collections import Counter
from hashlib import sha256
from typing import TYPE_CHECKING, Any, NamedTuple

from iamdsl import iam
from iamdsl.emit._manifest import MANIFEST, origins, places, written
from iamdsl.emit._names import file_name
from iamdsl.emit._places import placed_in
from iamdsl.emit._places import places as places_of
from iamdsl.emit._targets import Artifact, Data, Facts

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from iamdsl.aws.limits import Limit
    from iamdsl.source import Span

ORGANIZATION = "organization.json"

DOCUMENT_FOLDERS: dict[str, str] = {
    "managed": "policies",
    "boundary": "boundaries",
    "scp": "scps",
    "rcp": "rcps",
    "session": "sessions",
    "resource": "resources",
}
IDENTITY_FOLDERS: dict[str, str] = {
    "role": "roles",
    "user": "users",
    "group": "groups",
    "permission_set": "permission_sets",
}
NAME_MEMBERS: dict[str, str] = {
    "role": "RoleName",
    "user": "UserName",
    "group": "GroupName",
    "permission_set": "Name",
}


TARGET_TYPES = {"organization": "ROOT", "ou": "ORGANIZATIONAL_UNIT", "account": "ACCOUNT"}
POLICY_TYPES = {"scp": "SERVICE_CONTROL_POLICY", "rcp": "RESOURCE_CONTROL_POLICY"}


class Documents(NamedTuple):
    """The files of the target, their entries in the manifest, and in which order to deploy them."""

    files: dict[str, bytes]
    artifacts: tuple[Artifact, ...]
    entries: list[Data]
    orders: list[Data]


def emit(build: iam.Build, facts: Facts) -> Documents:
    """Return all files of a build but the manifest, and what that says of them."""
    own = {*DOCUMENT_FOLDERS.values(), *IDENTITY_FOLDERS.values(), MANIFEST, ORGANIZATION}
    writings = [
        _Writing(
            place.build,
            facts._replace(pseudo=tuple(sorted(place.pseudo.items()))),
            place.account,
            place.folder,
        )
        for place in places_of(build, facts.pseudo, own)
    ]
    for writing in writings:
        writing.all()
    if any(target.kind != "account" or target.attached for target in build.targets):
        writings[0].organization(build.targets)
    files: dict[str, bytes] = {}
    for writing in writings:
        files |= writing.files
    return Documents(
        files,
        tuple(a for writing in writings for a in writing.artifacts),
        [e for writing in writings for e in writing.entries],
        [o for writing in writings for o in writing.orders()],
    )


def below(entry: Data, folder: str) -> Data:
    """Return an entry or an order of the manifest with its files in a folder."""
    if not folder:
        return entry
    moved = dict(entry)
    for member in ("file", "of"):
        # An order is `of` an identity by its name, an entry `of` a folder.
        if member in moved and (member == "file" or "steps" not in moved):
            moved[member] = f"{folder}{moved[member]}"
    if "steps" in moved:
        moved["steps"] = [
            {did: f"{folder}{what}" if did == "deploy" else what for did, what in step.items()}
            for step in moved["steps"]
        ]
    return moved


class _Writing:
    """The files of one place as they come about."""

    def __init__(
        self,
        build: iam.Build,
        facts: Facts,
        account: iam.Account | None = None,
        prefix: str = "",
    ) -> None:
        self.files: dict[str, bytes] = {}
        self.artifacts: list[Artifact] = []
        self.entries: list[Data] = []
        self._build, self._facts, self._account = build, facts, account
        taken: dict[str, set[str]] = {}
        self._document_files: dict[tuple[str, str], str] = {}
        self._paths: dict[str, str] = {}
        for document in build.documents:
            folder = DOCUMENT_FOLDERS[document.kind]
            name = file_name(document.name, taken.setdefault(folder, set()))
            self._document_files[document.kind, document.name] = f"{prefix}{folder}/{name}.json"
            if document.is_managed:
                self._paths[document.name] = document.path
        self._identity_folders: dict[tuple[str, str], str] = {}
        for identity in build.identities:
            folder = IDENTITY_FOLDERS[identity.kind]
            name = file_name(identity.name, taken.setdefault(folder, set()))
            self._identity_folders[identity.kind, identity.name] = f"{prefix}{folder}/{name}"
        self._users = _users(build)

    def all(self) -> None:
        """Write what is in the place."""
        for document in self._build.documents:
            self.document(document)
        for identity in self._build.identities:
            self.identity(identity)

    def document(self, document: iam.Document) -> None:
        file = self._document_files[document.kind, document.name]
        limit = self._facts.limits.policy_size(document.kind, document.service or "")
        more: Data = {}
        if document.is_managed:
            more["path"] = document.path
        if document.description is not None:
            more["description"] = document.description
        if document.tags:
            more["tags"] = dict(document.tags)
        if document.target is not None:
            more["target"] = document.target
            more["service"] = document.service
        if document.split_from is not None:
            more["split_from"] = document.split_from
        if document.kind == "session":
            more["managed"] = [self._reference(a) for a in document.attached]
        elif document.is_managed or document.kind in {"scp", "rcp"}:
            more["attached_to"] = self._users.get(document.name, [])
        spans = document.origin or origins(document.policy)
        artifact = Artifact(document.kind, document.name, file)
        one_line = document.service is not None and _in_one_line(document.service)
        self._policy(artifact, document.policy, limit, spans, more, one_line=one_line)

    def identity(self, identity: iam.Identity) -> None:
        folder = self._identity_folders[identity.kind, identity.name]
        if identity.trust is not None:
            limit = self._facts.limits.policy_size("trust")
            file = f"{folder}/trust.json"
            spans = origins(identity.trust) or identity.origin
            artifact = Artifact("trust", identity.name, file, folder)
            self._policy(artifact, identity.trust, limit, spans, {})
        inline = []
        kind: str = identity.kind
        limit = self._facts.limits.policy_size(
            kind if kind == "permission_set" else f"inline-{kind}"
        )
        for number, (name, policy) in enumerate(identity.inline, 1):
            file = f"{folder}/{_inline_file(number)}"
            inline.append({"PolicyName": name, "File": file})
            spans = origins(policy) or identity.origin
            self._policy(Artifact("inline", name, file, folder), policy, limit, spans, {})
        data = self._settings(identity, inline)
        file = f"{folder}/{identity.kind}.json"
        settings = Artifact(identity.kind, identity.name, file, folder)
        self._add(settings, self._bytes(data), identity.origin, {})

    def organization(self, targets: tuple[iam.Target, ...]) -> None:
        """Write what is attached where, in the words of the Organizations API."""
        made: list[Data] = []
        for target in targets:
            data: Data = {"Type": TARGET_TYPES[target.kind], "Name": target.name}
            data["OrganizationId" if target.kind == "organization" else "Id"] = target.id
            if target.path[:-1]:
                data["Parent"] = "/".join(target.path[:-1])
            data["Policies"] = [self._organization_policy(a) for a in target.attached]
            made.append(data)
        spans = [span for target in targets for span in target.origin]
        artifact = Artifact("organization", "organization", ORGANIZATION)
        self._add(artifact, self._bytes({"Targets": made}), spans, {})

    def _organization_policy(self, attachment: iam.Attachment) -> Data:
        name = attachment.policy
        if not attachment.ours:
            return {"PolicyArn": name}
        kind = next(k for k in POLICY_TYPES if (k, name) in self._document_files)
        file = self._document_files[kind, name]
        return {"PolicyName": name, "Type": POLICY_TYPES[kind], "File": file}

    def orders(self) -> Iterator[Data]:
        """Yield in which order the documents of an owner are deployed, where that matters.

        Nothing that it may do before and after is missing in between ("make before break").
        """
        account = self._account.name if self._account is not None else ""
        here = placed_in(account, self._facts.placed)
        names = Counter(n for placed in here.values() for n in {p.name for p in placed.pieces})
        for owner, placed in here.items():
            if placed.order:
                there = {piece.name for piece in placed.pieces}
                steps = [s for n in placed.order for s in self._steps(owner, n, there, names)]
                yield {"of": owner, **self._of_account(), "steps": steps}

    def _steps(
        self, owner: str, name: str, there: set[str], names: Mapping[str, int]
    ) -> list[Data]:
        """Return what is done about a document: deploy its file, detach the policy, or remove it.

        What others keep is detached before it changes.

        Args:
            there: the names of the owner's documents, that of the inline policy is empty.
            names: how many owners have a document of a name.
        """
        file = self._document_files.get(("managed", name))
        if name not in there and names[name] and name:
            return [{"detach": name}, {"deploy": file}]
        if name not in there and not file:
            return [{"remove": name or "inline policy"}]
        if file:
            return [{"deploy": file}]
        kind, _, identity = owner.partition(" ")
        found = next(i for i in self._build.identities if (i.kind, i.name) == (kind, identity))
        folder = self._identity_folders[found.kind, found.name]
        return [{"deploy": f"{folder}/{_inline_file(len(found.inline))}"}]

    def _of_account(self) -> Data:
        if self._account is None:
            return {}
        return {"account": {"name": self._account.name, "id": self._account.id}}

    def _policy(
        self,
        artifact: Artifact,
        policy: iam.Policy,
        limit: Limit | None,
        spans: Iterable[Span],
        more: Data,
        *,
        one_line: bool = False,
    ) -> None:
        data = iam.to_json(policy)
        text = self._bytes(data, minify=True).rstrip(b"\n") if one_line else self._bytes(data)
        if limit is not None:
            artifact = artifact._replace(limit=limit.value)
            if limit.counts_white_space and len(text) > limit.value:
                # Sent as it is, the indented text would be refused where the document fits.
                text = self._bytes(data, minify=True).rstrip(b"\n")
        self._add(
            artifact._replace(characters=iam.size(policy, self._facts.lengths)), text, spans, more
        )

    def _add(self, artifact: Artifact, text: bytes, spans: Iterable[Span], more: Data) -> None:
        assert artifact.file not in self.files, artifact.file  # noqa: S101 (names are unique)
        self.files[artifact.file] = text
        self.artifacts.append(artifact)
        entry: Data = {"kind": artifact.kind, "name": artifact.name, "file": artifact.file}
        entry |= self._of_account()
        if artifact.owner:
            entry["of"] = artifact.owner
        if artifact.characters is not None:
            entry["characters"] = artifact.characters
            entry["limit"] = artifact.limit
        entry |= more
        entry["source"] = places(spans)
        entry["sha256"] = sha256(text).hexdigest()
        self.entries.append(entry)

    def _settings(self, identity: iam.Identity, inline: list[Data]) -> Data:
        """Return what belongs to an identity besides documents, in the words of AWS's API."""
        data: Data = {NAME_MEMBERS[identity.kind]: identity.name}
        if identity.kind != "permission_set":
            data["Path"] = identity.path
        if identity.description is not None:
            data["Description"] = identity.description
        if identity.max_session is not None:
            if identity.kind == "permission_set":
                data["SessionDuration"] = iso_duration(identity.max_session)
            else:
                data["MaxSessionDuration"] = identity.max_session
        if identity.boundary is not None:
            data["PermissionsBoundary"] = self._reference(identity.boundary, "boundary")
        if identity.tags:
            data["Tags"] = [{"Key": key, "Value": value} for key, value in identity.tags]
        if identity.groups:
            data["Groups"] = list(identity.groups)
        data["ManagedPolicies"] = [self._reference(a) for a in identity.managed]
        data["InlinePolicies"] = inline
        if identity.instance_profile is not None:
            data["InstanceProfileName"] = identity.instance_profile
        return data

    def _reference(self, attachment: iam.Attachment, kind: str = "managed") -> Data:
        """Return how a managed policy is named: its ARN, or our name and file, and ARN if known."""
        name = attachment.policy
        if not attachment.ours:
            return {"PolicyArn" if name.startswith("arn:") else "PolicyName": name}
        file = self._document_files.get((kind, name)) or self._document_files.get(
            ("boundary" if kind == "managed" else "managed", name)
        )
        data: Data = {"PolicyName": name, "File": file}
        pseudo = dict(self._facts.pseudo)
        if "account" in pseudo:
            partition, path = pseudo.get("partition", "aws"), self._paths.get(name, "/")
            data["PolicyArn"] = f"arn:{partition}:iam::{pseudo['account']}:policy{path}{name}"
        return data

    def _bytes(self, data: Data, *, minify: bool = False) -> bytes:
        return written(data, minify=minify or self._facts.minify)


def _inline_file(number: int) -> str:
    return f"inline{f'-{number}' if number > 1 else ''}.json"


def _in_one_line(service: str) -> bool:
    """Tell whether a service refuses line breaks in the policies of its resources."""
    from iamdsl.aws.resource_policies import of_service  # noqa: PLC0415  # few builds have one

    rule = of_service(service)
    return rule is not None and rule.one_line


def _users(build: iam.Build) -> dict[str, list[str]]:
    """Return for each policy of ours what it is attached to, as `role orders-function`."""
    users: dict[str, list[str]] = {}
    for target in build.targets:
        for attachment in target.attached:
            if attachment.ours:
                users.setdefault(attachment.policy, []).append(f"{target.kind} {target.name}")
    for identity in build.identities:
        for attachment in identity.managed:
            if attachment.ours:
                users.setdefault(attachment.policy, []).append(f"{identity.kind} {identity.name}")
        if identity.boundary is not None and identity.boundary.ours:
            boundary = f"{identity.kind} {identity.name} (boundary)"
            users.setdefault(identity.boundary.policy, []).append(boundary)
    for document in build.documents:
        for attachment in document.attached:
            if attachment.ours:
                users.setdefault(attachment.policy, []).append(f"session {document.name}")
    return users


def iso_duration(seconds: int) -> str:
    """Return seconds as ISO 8601, as IAM Identity Center takes them: `PT8H`, `PT90M`."""
    hours, rest = divmod(seconds, 3600)
    minutes, rest = divmod(rest, 60)
    parts: list[Any] = [hours and f"{hours}H", minutes and f"{minutes}M", rest and f"{rest}S"]
    return "PT" + ("".join(part for part in parts if part) or "0S")

"""Users, groups, roles and customer managed policies of one account, as IAM's API tells of them.

Shapes and members: the IAM API Reference, `UserDetail`, `RoleDetail`, `ManagedPolicyDetail` …
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import attrs

from iamdsl import iam
from iamdsl.diagnostics import Label, codes
from iamdsl.lift.estate import Estate
from iamdsl.lift.reading import read_policy

if TYPE_CHECKING:
    from iamdsl.diagnostics import Report
    from iamdsl.lift.reading import Tree
    from iamdsl.lift.records import Record
    from iamdsl.source import Span

_BY_AWS: Final = ("/aws-service-role/", "/aws-reserved/sso.amazonaws.com/")
"""Paths of roles that IAM lets nobody make: AWS "using-service-linked-roles", and those that IAM
Identity Center makes of its permission sets."""

_DEFAULT_SESSION: Final = 3600
"""Seconds of a role's longest session if nobody sets it; the API tells it all the same."""

KINDS: Final[dict[str, iam.IdentityKind]] = {"Role": "role", "User": "user", "Group": "group"}
"""What IAM's API calls an identity, in the names of its members, and we."""


class _Told(NamedTuple):
    """Something with a name, and where that stands."""

    kind: str
    name: str
    tree: Tree
    member: str

    @property
    def place(self) -> Span:
        return self.tree.place((self.member,))


class _Owned(NamedTuple):
    """An ARN of something in the account, and where it stands."""

    arn: str
    tree: Tree
    member: str

    @property
    def place(self) -> Span:
        return self.tree.place((self.member,))


class _Lone(NamedTuple):
    """An inline policy that came without its identity."""

    kind: iam.IdentityKind
    owner: str
    name: str
    policy: iam.Policy
    tree: Tree


class Account:
    """What was found so far of an account; `estate` puts it together."""

    def __init__(self, report: Report) -> None:
        self.report = report
        self._documents: list[tuple[iam.Document, str]] = []
        self._identities: list[iam.Identity] = []
        self._lone: list[_Lone] = []
        self._by_aws: list[_Told] = []
        self._told: list[_Told] = []
        self._owned: list[_Owned] = []
        self._docs: dict[str, str] = {}

    # What the answers hold

    def identity(
        self, record: Record, word: str, *, note: str = "", groups: tuple[str, ...] = ()
    ) -> None:
        """Add a role, user or group, from an object of any of the answers that tell of it.

        Args:
            word: `Role`, `User` or `Group`.
            note: what to tell readers of the source.
            groups: of a user, those that are told of elsewhere.
        """
        kind = KINDS[word]
        name = record.name(f"{word}Name")
        path = record.text("Path") or "/"
        if name is None:
            return
        if kind == "role" and path.startswith(_BY_AWS):
            self._by_aws.append(_Told(kind, name, record.tree, f"{word}Name"))
            return
        self._own(record, "Arn")
        trust = None
        if kind == "role":
            document = record.document("AssumeRolePolicyDocument")
            trust = None if document is None else read_policy(document, self.report)
        seconds = record.number("MaxSessionDuration")
        made = iam.Identity(
            kind,
            name,
            path,
            record.text("Description") or None,
            trust,
            inline=self._inline(record, word),
            managed=self._managed(record),
            boundary=self._boundary(record),
            max_session=None if seconds == _DEFAULT_SESSION else seconds,
            tags=record.tags(),
            groups=(*record.texts("GroupList"), *groups),
            instance_profile=_instance_profile(record),
            origin=(record.tree.origin(),),
        )
        record.done()
        if kind != "role" or trust is not None:
            self._identities.append(made)
            self._told.append(_Told(kind, name, record.tree, f"{word}Name"))
            if note:
                self._docs[name] = note

    def managed_policy(self, record: Record) -> None:
        """Add a customer managed policy with its default version; AWS's own are passed over."""
        arn = record.text("Arn") or ""
        folders, _, last = arn.partition(":policy/")[2].rpartition("/")  # an ARN has both, too
        name = (record.text("PolicyName") or last) if last else record.name("PolicyName")
        path = record.text("Path") or (f"/{folders}/" if folders else "/")
        if name is None or ":iam::aws:policy/" in arn:
            return
        self._own(record, "Arn")
        description = record.text("Description") or None
        tags, default = record.tags(), record.text("DefaultVersionId")
        versions = record.records("PolicyVersionList", "a version")
        record.done()
        chosen = [
            version
            for version in versions
            if version.tree.value.get("IsDefaultVersion") is True
            or (default is not None and version.tree.value.get("VersionId") == default)
        ]
        if len(chosen) != 1:
            self.report.add(
                codes.BAD_ANSWER,
                record.place,
                f"none of the versions of the policy `{name}` is the default one"
                if not chosen
                else f"several versions of the policy `{name}` are the default one",
                hint="import the answer as the AWS CLI gave it",
            )
            return
        document = chosen[0].document("Document")
        policy = None if document is None else read_policy(document, self.report)
        if policy is not None:
            made = iam.Document(
                "managed",
                name,
                policy,
                path,
                description,
                tags,
                origin=(record.tree.origin(),),
            )
            self._documents.append((made, arn))
            self._told.append(_Told("policy", name, record.tree, "PolicyName"))

    def inline_policy(self, record: Record, word: str) -> None:
        """Add one inline policy of an identity, which may be elsewhere in the answers."""
        owner, name = record.name(f"{word}Name"), record.name("PolicyName")
        document = record.document("PolicyDocument")
        record.done()
        policy = None if document is None else read_policy(document, self.report)
        if owner is not None and name is not None and policy is not None:
            self._lone.append(_Lone(KINDS[word], owner, name, policy, record.tree))

    # Parts

    def _inline(self, record: Record, word: str) -> tuple[tuple[str, iam.Policy], ...]:
        made: list[tuple[str, iam.Policy]] = []
        for one in record.records(f"{word}PolicyList", "an inline policy"):
            name, document = one.name("PolicyName"), one.document("PolicyDocument")
            policy = None if document is None else read_policy(document, self.report)
            one.done()
            if name is not None and policy is not None:
                made.append((name, policy))
        return tuple(made)

    def _managed(self, record: Record) -> tuple[iam.Attachment, ...]:
        made: list[iam.Attachment] = []
        for one in record.records("AttachedManagedPolicies", "an attached policy"):
            arn = one.name("PolicyArn")
            one.text("PolicyName")
            one.done()
            if arn is not None:
                made.append(iam.Attachment(arn, origin=(one.tree.origin(),)))
        return tuple(made)

    def _boundary(self, record: Record) -> iam.Attachment | None:
        one = record.record("PermissionsBoundary", "a permissions boundary")
        arn = None if one is None else one.name("PermissionsBoundaryArn")
        if one is None or arn is None:
            return None
        one.done()
        return iam.Attachment(arn, origin=(one.tree.origin(),))

    def _own(self, record: Record, member: str) -> None:
        arn = record.text(member)
        if arn is not None and arn.startswith("arn:") and arn.count(":") >= 5:
            self._owned.append(_Owned(arn, record.tree, member))

    # All together

    @property
    def is_empty(self) -> bool:
        """Tell whether nothing was found that can be made."""
        return not (self._documents or self._identities)

    def estate(self) -> Estate | None:
        """Return what was found; None when there is nothing, or two accounts (and was reported)."""
        self._warn_of_aws()
        self._place_lone()
        if not self._is_one_account() or self._is_twice() or self.is_empty:
            return None
        arns = {arn: document.name for document, arn in self._documents}
        identities = tuple(_attached(identity, arns) for identity in self._identities)
        attached = {a.policy for i in identities for a in i.managed if a.ours}
        boundaries = {i.boundary.policy for i in identities if i.boundary and i.boundary.ours}
        documents = tuple(
            attrs.evolve(d, kind="boundary") if d.name in boundaries - attached else d
            for d, _ in self._documents
        )
        pseudo = {}
        if self._owned:
            _, partition, _, _, account, _ = self._owned[0].arn.split(":", 5)
            pseudo = {"partition": partition, "account": account}
        return Estate(iam.Build(documents, identities), pseudo=pseudo, docs=self._docs)

    def _warn_of_aws(self) -> None:
        if not self._by_aws:
            return
        names = [f"`{one.name}`" for one in self._by_aws]
        what = (
            "a role that only AWS can make is"
            if len(names) == 1
            else (f"{len(names):,} roles that only AWS can make are")
        )
        self.report.add(
            codes.MADE_BY_AWS,
            self._by_aws[0].place,
            f"{what} left out: {', '.join(names)}",
            label="the first" if len(names) > 1 else "",
            hint="nothing is to be done: the services and Identity Center keep them",
        )

    def _is_one_account(self) -> bool:
        places = {tuple(o.arn.split(":")[1:5:3]): o for o in reversed(self._owned)}
        if len(places) < 2:
            return True
        first, second, *_ = sorted(places.values(), key=lambda o: o.place.start)
        self.report.add(
            codes.SEVERAL_ACCOUNTS,
            second.place,
            "these answers are of several accounts",
            label="this is in one account",
            notes=[Label(first.place, "this is in another")],
            hint="import the answers of each account by themselves",
        )
        return False

    def _is_twice(self) -> bool:
        """Tell whether two of a kind have one name, which IAM compares without case; report it."""
        found: dict[tuple[str, str], _Told] = {}
        twice = False
        for one in self._told:
            first = found.setdefault((one.kind, one.name.lower()), one)
            if first is not one:
                twice = True
                self.report.add(
                    codes.FOUND_TWICE,
                    one.place,
                    f"the {one.kind} `{one.name}` is told of twice"
                    if one.name == first.name
                    else f"the names `{first.name}` and `{one.name}` differ only in case",
                    notes=[Label(first.place, "the first is here")],
                    hint="keep one of them: IAM has one only",
                )
        return twice

    def _place_lone(self) -> None:
        """Put inline policies where they belong; a role that is not told of cannot be made."""
        index = {(i.kind, i.name): n for n, i in enumerate(self._identities)}
        for kind, owner, name, policy, tree in self._lone:
            at = index.get((kind, owner))
            if at is not None:
                self._add_inline(at, name, policy, tree)
            elif kind == "role":
                taken = {d.name.lower() for d, _ in self._documents}
                free = f"{owner}-{name}" if name.lower() in taken else name
                document = iam.Document("managed", free, policy, origin=(tree.origin(),))
                self._documents.append((document, ""))
                self._docs[free] = f"The inline policy `{name}` of the role `{owner}`."
            else:
                index[kind, owner] = len(self._identities)
                self._identities.append(
                    iam.Identity(kind, owner, inline=((name, policy),), origin=(tree.origin(),))
                )

    def _add_inline(self, at: int, name: str, policy: iam.Policy, tree: Tree) -> None:
        identity = self._identities[at]
        if name in dict(identity.inline):
            self.report.add(
                codes.FOUND_TWICE,
                tree.place(("PolicyName",)),
                f"the {identity.kind} `{identity.name}` has two inline policies `{name}`",
                notes=[Label(identity.origin[0], "the first is here")] if identity.origin else [],
                hint="keep one of them: IAM has one only",
            )
            return
        inline = (*identity.inline, (name, policy))
        self._identities[at] = attrs.evolve(identity, inline=inline)


def _attached(identity: iam.Identity, arns: dict[str, str]) -> iam.Identity:
    """Return an identity whose attachments name the policies of its account."""

    def named(attachment: iam.Attachment) -> iam.Attachment:
        name = arns.get(attachment.policy)
        if name is None:
            return attachment
        return attrs.evolve(attachment, policy=name, ours=True)

    return attrs.evolve(
        identity,
        managed=tuple(map(named, identity.managed)),
        boundary=named(identity.boundary) if identity.boundary is not None else None,
    )


def _instance_profile(record: Record) -> str | None:
    """Return the name of a role's instance profile; the language knows one, and its name alone."""
    profiles = record.records("InstanceProfileList", "an instance profile")
    names = []
    for profile in profiles:
        name = profile.name("InstanceProfileName")
        if (profile.text("Path") or "/") != "/":
            profile.leave_out("Path", "is left out: the language has none")
        if profile.tags():
            profile.leave_out("Tags", "are left out: the language has none")
        names.append(name)
    if len(names) > 1:
        problem = f"has {len(names)} instance profiles, and the language one: all but the first are"
        record.leave_out("InstanceProfileList", f"{problem} left out")
    return names[0] if names else None

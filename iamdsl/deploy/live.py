"""What is live, as a build: so that it can be compared in meaning with what the sources say.

Both sides get the documents of policies that are attached from outside of the project, AWS's own
among them, so that nothing of what they come to has to be guessed.
"""

from __future__ import annotations

from time import sleep
from typing import TYPE_CHECKING, NamedTuple

import attrs

from iamdsl import iam
from iamdsl.deploy._calling import call, code

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from iamdsl.deploy._terms import Client, Data, Live

_OURS = "iamdsl:"
"""What the names of tags begin with that tell whose something is."""
_SESSION = 3600
"""Seconds of a role's longest session where nobody set it; the API tells it all the same."""
_UNREAD = frozenset({"AccessDenied", "NoSuchEntity"})
_MANAGED = frozenset({"managed", "boundary"})

Foreign = dict[str, iam.Policy]
"""Policies that are attached from outside, by ARN, as far as they can be read."""


class Sides(NamedTuple):
    """The two states of an account: as it is, and as it is to be."""

    live: iam.Build
    built: iam.Build


def sides(
    build: iam.Build,
    live: Live,
    untagged: Mapping[tuple[str, str], frozenset[str]],
    foreign: Foreign,
    stays: Collection[tuple[str, str]] = (),
) -> Sides:
    """Return both states of an account.

    Args:
        stays: kind and name of what no source has, and is not removed all the same.
        untagged: the keys of tags that are to go, by kind and name; others that no source has are
            somebody else's, and stay.
    """
    made = _Reading(build, live, untagged, foreign).all()
    documents = (d for d in build.documents if _is_deployed(d, live))
    more = (d for d in made.documents if d.is_managed and ("policy", d.name) in stays)
    kept = (i for i in made.identities if (i.kind.replace("_", " "), i.name) in stays)
    wanted = attrs.evolve(
        build, documents=(*documents, *more), identities=(*build.identities, *kept)
    )
    return Sides(_with_documents(made, foreign), _with_documents(wanted, foreign))


def _is_deployed(document: iam.Document, live: Live) -> bool:
    """Tell whether a document has a place: callers pass session policies, and a bucket is there."""
    if document.kind == "resource":
        there = live.resources.get(document.name)
        return there is not None and not there.get("missing")
    return document.kind != "session"


def ours(live: Live, wanted: Data) -> Live:
    """Return what is live without what is there by a similar name only, and is of no interest."""
    project = wanted["project"]

    def those(kind: str) -> dict[str, Data]:
        names = {one["name"] for one in wanted[kind]}
        table: dict[str, Data] = getattr(live, kind)
        return {n: one for n, one in table.items() if n in names or one["owner"] == project}

    return live._replace(
        policies=those("policies"),
        roles=those("roles"),
        users=those("users"),
        groups=those("groups"),
    )


def attached_from_outside(build: iam.Build, live: Live) -> list[str]:
    """Return the ARNs of managed policies that somebody has on either side, and that are not ours."""
    ours = {policy["arn"] for policy in live.policies.values()}
    found: dict[str, None] = {}
    for table in (live.roles, live.users, live.groups, live.permission_sets):
        for one in table.values():
            found |= dict.fromkeys((*one.get("managed", ()), one.get("boundary") or ""))
    for identity in build.identities:
        bound = (identity.boundary,) if identity.boundary is not None else ()
        found |= dict.fromkeys(a.policy for a in (*identity.managed, *bound) if not a.ours)
    return [arn for arn in found if arn.startswith("arn:") and arn not in ours]


def documents(client: Client, arns: Iterable[str]) -> Foreign:
    """Return the default versions of policies by their ARNs.

    Those that are not there, or may not be read, are left out. Raises what else AWS says.
    """
    found: Foreign = {}
    for arn in arns:
        try:
            policy = call(client, "iam", "get_policy", {"PolicyArn": arn}, sleep)["Policy"]
            asked = {"PolicyArn": arn, "VersionId": policy["DefaultVersionId"]}
            version = call(client, "iam", "get_policy_version", asked, sleep)["PolicyVersion"]
        except Exception as error:
            if code(error) not in _UNREAD:
                raise
            continue
        document = _policy(version["Document"])
        if document is not None:
            found[arn] = document
    return found


def _with_documents(build: iam.Build, foreign: Foreign) -> iam.Build:
    """Return a build that holds the policies that its identities have from outside, named by ARN."""

    def named(attachment: iam.Attachment) -> iam.Attachment:
        known = not attachment.ours and attachment.policy in foreign
        return attrs.evolve(attachment, ours=True) if known else attachment

    used: dict[str, None] = {}
    identities = []
    for identity in build.identities:
        bound = identity.boundary
        all_of = (*identity.managed, *((bound,) if bound is not None else ()))
        used |= dict.fromkeys(a.policy for a in all_of if not a.ours and a.policy in foreign)
        managed = tuple(map(named, identity.managed))
        boundary = named(bound) if bound is not None else None
        identities.append(attrs.evolve(identity, managed=managed, boundary=boundary))
    more = tuple(iam.Document("managed", arn, foreign[arn]) for arn in used)
    return attrs.evolve(build, documents=(*build.documents, *more), identities=tuple(identities))


class _Reading:
    """The parts of what is live, as they come about."""

    def __init__(
        self,
        build: iam.Build,
        live: Live,
        untagged: Mapping[tuple[str, str], frozenset[str]],
        foreign: Foreign,
    ) -> None:
        self._live, self._untagged, self._foreign = live, untagged, foreign
        self._built = build
        self._documents = {d.name: d for d in build.documents if d.kind in _MANAGED}
        self._others = {(d.kind, d.name): d for d in build.documents if d.kind not in _MANAGED}
        self._identities = {(i.kind, i.name): i for i in build.identities}
        self._names = {policy["arn"]: name for name, policy in live.policies.items()}

    def all(self) -> iam.Build:
        documents = (*self._policies(), *self._resources(), *self._above())
        identities = (
            *(self._identity("role", name, one) for name, one in self._live.roles.items()),
            *(self._identity("user", name, one) for name, one in self._live.users.items()),
            *(self._identity("group", name, one) for name, one in self._live.groups.items()),
            *(
                self._identity("permission_set", name, one)
                for name, one in self._live.permission_sets.items()
            ),
        )
        return iam.Build(documents, identities, targets=tuple(self._targets()))

    def _policies(self) -> Iterator[iam.Document]:
        for name, one in self._live.policies.items():
            built = self._documents.get(name)
            policy = _policy(one["document"])
            if policy is None:
                continue
            yield iam.Document(
                built.kind if built is not None else "managed",
                name,
                policy,
                one.get("path") or "/",
                one.get("description") or None,
                self._tags("policy", name, one, built.tags if built is not None else ()),
                split_from=built.split_from if built is not None else None,
                origin=built.origin if built is not None else (),
            )

    def _resources(self) -> Iterator[iam.Document]:
        for name, one in self._live.resources.items():
            built = self._others.get(("resource", name))
            document = dict(one.get("document") or {})
            if str(document.get("Id", "")).startswith(_OURS):
                del document["Id"]  # it says whose the policy is, and no more
            policy = _policy(document)
            if built is not None and policy is not None:
                yield attrs.evolve(built, policy=policy)

    def _above(self) -> Iterator[iam.Document]:
        """Yield the policies of the organization."""
        for name, one in self._live.organization.get("policies", {}).items():
            kind: iam.DocumentKind = "rcp" if one.get("type", "").startswith("RES") else "scp"
            policy = _policy(one.get("document"))
            if policy is not None:
                yield iam.Document(kind, name, policy, description=one.get("description") or None)

    def _targets(self) -> Iterator[iam.Target]:
        """Yield the parts of the organization, with what of ours is attached to them."""
        organization = self._live.organization
        names = {one["id"]: name for name, one in organization.get("policies", {}).items()}
        attached = organization.get("attached", {})
        for target in self._built.targets:
            where = organization.get("root") if target.kind == "organization" else target.id
            there = attached.get(where, ())
            ours = [iam.Attachment(names[i], ours=True) for i in there if i in names]
            others = [
                a for a in target.attached if not a.ours and a.policy.rpartition("/")[2] in there
            ]
            wanted = [a.policy for a in target.attached]
            # In the order of the sources, so that an order alone is no difference.
            found = sorted(
                (*ours, *others),
                key=lambda a: wanted.index(a.policy) if a.policy in wanted else len(wanted),
            )
            yield attrs.evolve(target, attached=tuple(found))

    def _identity(self, kind: iam.IdentityKind, name: str, one: Data) -> iam.Identity:
        built = self._identities.get((kind, name))
        inline = {"": one["inline"]} if kind == "permission_set" else one.get("inline", {})
        read = {n: _policy(document) for n, document in (inline or {}).items() if document}
        unread = [
            iam.Attachment(f"inline policy {n}, which is no sound policy")
            for n, policy in read.items()
            if policy is None
        ]
        managed = [*map(self._attachment, one.get("managed", ())), *unread]
        order = [a.policy for a in built.managed] if built is not None else []
        managed.sort(key=lambda a: order.index(a.policy) if a.policy in order else len(order))
        bound, seconds = one.get("boundary"), one.get("max_session") or one.get("session")
        unset = built is not None and built.max_session is None and seconds == _SESSION
        return iam.Identity(
            kind,
            name,
            one.get("path") or "/",
            one.get("description") or None,
            _policy(one.get("trust")) if kind == "role" else None,
            inline=tuple((n, policy) for n, policy in read.items() if policy is not None),
            managed=tuple(managed),
            boundary=self._attachment(bound) if bound else None,
            max_session=None if unset else seconds if isinstance(seconds, int) else None,
            tags=self._tags(
                kind.replace("_", " "), name, one, built.tags if built is not None else ()
            ),
            groups=tuple(one.get("groups", ())),
            instance_profile=self._profile(one, built),
            origin=built.origin if built is not None else (),
        )

    def _profile(self, one: Data, built: iam.Identity | None) -> str | None:
        """Return the instance profile of a role: the one of the sources, if it has that."""
        there: list[str] = list(one.get("profiles", ()))
        wanted = built.instance_profile if built is not None else None
        return wanted if wanted in there else next(iter(there), None)

    def _attachment(self, arn: str) -> iam.Attachment:
        name = self._names.get(arn)
        return iam.Attachment(arn) if name is None else iam.Attachment(name, ours=True)

    def _tags(self, kind: str, name: str, one: Data, built: iam.Tags) -> iam.Tags:
        """Return the tags that are ours, in the order of the sources."""
        wanted, going = dict(built), self._untagged.get((kind, name), frozenset())
        there: dict[str, str] = one.get("tags") or {}
        kept = [key for key in wanted if key in there]
        gone = [key for key in there if key in going and key not in wanted]
        return tuple((k, there[k]) for k in (*kept, *gone) if not k.startswith(_OURS))


def _policy(document: object) -> iam.Policy | None:
    """Return a policy; None where there is none, or none that can be read."""
    if not document:
        return None
    try:
        return iam.from_json(document)
    except ValueError:
        return None

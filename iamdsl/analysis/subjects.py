"""Who is in a build, where they are, and every policy that is in effect for them.

What is attached, inherited and assumed at AWS comes together here once, for all questions: the
policies of groups, boundaries, SCPs and RCPs of each level above an account, with what AWS
attaches by itself; trust and resource policies. What is not at hand is named as unknown.

Not known here: which account manages the organization. SCPs and RCPs do not touch it at AWS,
but here they count for every account that stands under them (AWS "orgs_manage_policies_scps").
"""

from __future__ import annotations

from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

from iamdsl.analysis.governed import governed, in_full
from iamdsl.analysis.writing import reference
from iamdsl.iam import ANYONE, Elements, Policy, Statement, fixed_ends, glob_covers
from iamdsl.simulate import Named, Policies

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from iamdsl.iam import Attachment, Build, Document, Identity, Tags, Target
    from iamdsl.simulate import Request
    from iamdsl.source import Span

_EVERYTHING = Elements(("*",))
FULL_ACCESS: Final = Named("FullAWSAccess", Policy((Statement("Allow", _EVERYTHING, _EVERYTHING),)))
"""The SCP that AWS attaches where no other allows (AWS "orgs_manage_policies_scps_strategies")."""
RCP_FULL_ACCESS: Final = Named(
    "RCPFullAWSAccess", Policy((Statement("Allow", _EVERYTHING, _EVERYTHING, ANYONE),))
)
"""The RCP that is attached everywhere and cannot be detached (AWS "orgs_manage_policies_rcps")."""
_FULL_ARNS = {"scp": "/p-FullAWSAccess", "rcp": "/p-RCPFullAWSAccess"}
_ARN_PARTS = {"scp": "/service_control_policy/", "rcp": "/resource_control_policy/"}
_WORDS = {
    "managed": "policy",
    "boundary": "boundary",
    "scp": "scp",
    "rcp": "rcp",
    "session": "session",
    "resource": "policy",
}


class Ambiguous(Exception):  # noqa: N818  (no mistake: a question with several answers)
    """Several resource policies may be that of a resource: their targets are patterns.

    Attributes:
        names: of the policies.
    """

    def __init__(self, resource: str, names: tuple[str, ...]) -> None:
        super().__init__(f"{resource}: {', '.join(names)}")
        self.names = names


class Place(NamedTuple):
    """Where a subject is.

    Attributes:
        account: the account's id, None where nobody said it.
        region: None where nobody said it.
        chain: the parts of the organization that it stands in, the root first; () for none.
        name: of the account in the source, "" for the nameless place.
    """

    account: str | None
    partition: str
    region: str | None
    chain: tuple[Target, ...]
    name: str


class Subject(NamedTuple):
    """A role, user, group, permission set, or a policy by itself, and what is in effect for it.

    Attributes:
        kind: of an identity as `iam.Identity.kind`, of a policy as `iam.Document.kind`.
        arn: of a resource policy, what it is for; None for a permission set, for what has none,
            and where the account is not known.
        max_session: seconds, None where the source does not say them.
        identity: inline and attached, those of a user's groups too; of a policy, its pieces.
        boundaries: none or one.
        scps, rcps: levels, the root first; empty outside of any organization or account.
        trust: of a role.
        unknown: what is in effect and not at hand: ARNs of managed and organization policies,
            names of policies of permission sets, `group NAME` of groups outside of the build.
        origin: of the declaration.
    """

    kind: str
    name: str
    arn: str | None
    place: Place
    tags: Tags = ()
    max_session: int | None = None
    identity: tuple[Named, ...] = ()
    boundaries: tuple[Named, ...] = ()
    scps: tuple[tuple[Named, ...], ...] = ()
    rcps: tuple[tuple[Named, ...], ...] = ()
    trust: Named | None = None
    unknown: tuple[str, ...] = ()
    origin: tuple[Span, ...] = ()

    @property
    def title(self) -> str:
        """Return what answers call it: `role prod.deployer`; for people `writing.quoted` has it."""
        kind = _WORDS.get(self.kind, self.kind.replace("_", " "))
        return f"{kind} {reference(self.place.name, self.name)}"


def subjects(build: Build, pseudo: Mapping[str, str]) -> tuple[Subject, ...]:
    """Return all roles, users, groups and permission sets of a fitted build, place by place.

    Args:
        build: after `fit`; statements that it has not placed yet are not seen.
        pseudo: `partition`, `account`, `region` of the nameless place, as far as they are known.
    """
    return tuple(subject for here in _places(build, pseudo) for subject in here.subjects)


def documents(build: Build, pseudo: Mapping[str, str]) -> tuple[Subject, ...]:
    """Return all policies of a fitted build by themselves; one that was split is one subject."""
    return tuple(
        _document(pieces, here) for here in _places(build, pseudo) for pieces in here.whole()
    )


def find(build: Build, pseudo: Mapping[str, str], name: str) -> tuple[Subject, ...]:
    """Return all that a name may stand for, identities first; case does not count.

    A name is `deployer`, `prod/deployer` or `prod.deployer` of an account, an ARN, or the ARN of
    a role's session. Names without an account stand for what has them in any account.
    """
    wanted = name.lower()
    found = [
        subject
        for subject in (*subjects(build, pseudo), *documents(build, pseudo))
        if wanted in _called(subject) or _is_session_of(subject, name)
    ]
    return tuple(found)


def names(build: Build, pseudo: Mapping[str, str]) -> tuple[str, ...]:
    """Return the names that `find` knows, for suggestions: `prod.deployer` for accounts."""
    return tuple(
        f"{s.place.name}.{s.name}" if s.place.name else s.name
        for s in (*subjects(build, pseudo), *documents(build, pseudo))
    )


def resource_policy(
    build: Build, pseudo: Mapping[str, str], resource: str, account: str | None
) -> Named | None:
    """Return the policy of a resource that the build has, None if it has none.

    It is the `policy … for` the resource or for what holds it, such as its bucket; for the ARN of
    a role, the role's trust policy. Raises `Ambiguous` when several may be meant, as two policies
    for KMS keys whose ids the source does not know.

    Args:
        resource: its ARN.
        account: that holds the resource; None where only the ARN tells it.
    """
    for here in _places(build, pseudo):
        if (role := here.roles.get(resource)) is not None:
            return _trust(role, here.place)
    found = [
        governing
        for governing in _governing(build, pseudo, resource)
        if account is None or governing.home is None or governing.home == account
    ]
    exact = [one for one in found if not _is_pattern(one.document.target or "")]
    found = exact or found
    if len(found) > 1 and (not exact or len({one.home for one in found}) > 1):
        raise Ambiguous(resource, tuple(one.document.name for one in found))
    if not found:
        return None
    statements = tuple(in_full(d.target, s) for d, _, _ in found for s in d.policy.statements)
    names = " and ".join(reference(place.name, d.name) for d, _, place in found)
    return Named(f"policy {names}", Policy(statements))


def located(build: Build, pseudo: Mapping[str, str], request: Request) -> Request:
    """Return a request with the account of its resource, where the build tells it.

    An ARN of S3 has no account: the bucket is where its policy is declared.
    """
    if request.resource_account is not None or _account_of(request.resource):
        return request
    homes = {one.home for one in _governing(build, pseudo, request.resource)}
    return request._replace(resource_account=homes.pop()) if len(homes) == 1 else request


def policies_for(
    subject: Subject | None, request: Request, build: Build, pseudo: Mapping[str, str]
) -> Policies:
    """Return every policy of the build that is in effect for a request of a subject.

    Session policies are the caller's to add. Raises `Ambiguous` like `resource_policy`.

    Args:
        subject: who asks; None for somebody outside of the build: nothing of theirs is known.
        request: with its context in lower case; see `located`.
    """
    request = located(build, pseudo, request)
    caller = subject.place.account if subject is not None else _account_of(request.principal)
    account = request.resource_account or _account_of(request.resource) or caller
    target = request.resource
    is_role = ":role/" in target and _service_of(target) == "iam"
    # A trust policy speaks for the calls of STS that make sessions, and for nothing else.
    has_policy = not is_role or request.action.lower().startswith("sts:")
    places = {here.place.account: here for here in _places(build, pseudo)}
    home = places.get(caller) if caller else None
    owner = places.get(account) if account else None
    return Policies(
        identity=subject.identity if subject is not None else (),
        resource=resource_policy(build, pseudo, target, account) if has_policy else None,
        boundaries=subject.boundaries if subject is not None else (),
        scps=subject.scps if subject is not None else home.scps if home is not None else (),
        rcps=owner.rcps if owner is not None else (),
        endpoint=_endpoint(build, pseudo, request),
    )


def rcps_of(
    build: Build, pseudo: Mapping[str, str]
) -> tuple[tuple[Place, tuple[tuple[Named, ...], ...]], ...]:
    """Return each place with the levels of RCPs that are in effect for what it holds."""
    return tuple((here.place, here.rcps) for here in _places(build, pseudo))


def unknown_for(request: Request, build: Build, pseudo: Mapping[str, str]) -> tuple[str, ...]:
    """Return the organization policies of the resource's account that are not at hand, by ARN."""
    account = located(build, pseudo, request).resource_account or _account_of(request.resource)
    homes = (here for here in _places(build, pseudo) if account == here.place.account)
    return tuple(arn for here in homes for arn in here.unknown_rcps)


class _Here:
    """One place of a build, with what stands in it by name."""

    def __init__(self, build: Build, place: Place, whole: Build) -> None:
        self.place = place
        self.identities = build.identities
        self.documents = build.documents
        self._managed = {d.name: d for d in build.documents if d.is_managed}
        self._groups = {i.name.lower(): i for i in build.identities if i.kind == "group"}
        self._organization = {d.name: d for d in whole.documents if d.kind in _ARN_PARTS}
        self.scps, self.unknown_scps = self._levels("scp")
        self.rcps, self.unknown_rcps = self._levels("rcp")

    @cached_property
    def subjects(self) -> tuple[Subject, ...]:
        return tuple(_identity(identity, self) for identity in self.identities)

    @cached_property
    def roles(self) -> dict[str, Identity]:
        """Return the roles that have a trust policy, by their ARN."""
        found = ((self.arn(i), i) for i in self.identities if i.trust is not None)
        return {arn: identity for arn, identity in found if arn is not None}

    @cached_property
    def _governed(self) -> list[tuple[str, str, Document]]:
        """Return resource policies with a pattern each, and how what it matches begins."""
        made = ((p, d) for d in self.documents if d.kind == "resource" for p in governed(d))
        return [(fixed_ends(pattern)[0], pattern, document) for pattern, document in made]

    def governing(self, resource: str) -> Iterator[tuple[Document, str | None]]:
        """Yield the resource policies for a resource, each with the account that it is in."""
        found = {
            id(document): document
            for start, pattern, document in self._governed
            if resource.startswith(start) and glob_covers(pattern, resource)
        }
        for document in found.values():
            yield document, _account_of(document.target or "") or self.place.account

    def arn(self, what: Identity | Document) -> str | None:
        """Return the ARN of an identity or managed policy, where it has one that is known."""
        kind = "policy" if what.kind in {"managed", "boundary"} else what.kind
        if self.place.account is None or kind not in {"policy", "role", "user", "group"}:
            return None
        return f"arn:{self.place.partition}:iam::{self.place.account}:{kind}{what.path}{what.name}"

    def attached(self, attachments: Iterable[Attachment]) -> tuple[list[Named], list[str]]:
        """Return the attached policies, and the names of those that are not at hand."""
        found, unknown = [], []
        for attachment in attachments:
            document = (
                self._managed.get(attachment.policy)
                if attachment.ours
                else self._by_arn(attachment.policy)
            )
            if document is None:
                unknown.append(attachment.policy)
            else:
                found.append(_named(document, self.place))
        return found, unknown

    def group(self, name: str) -> Identity | None:
        return self._groups.get(name.lower())

    def whole(self) -> Iterator[tuple[Document, ...]]:
        """Yield each policy with its pieces; what an identity did not hold is no policy itself."""
        for first in self.documents:
            if first.split_from is None:
                yield (first,)
            elif first.split_from == first.name:
                pieces = (d for d in self.documents if d.split_from == first.name)
                yield tuple(d for d in pieces if _spots(d.origin) == _spots(first.origin))

    def _by_arn(self, arn: str) -> Document | None:
        return next((d for d in self._managed.values() if self.arn(d) == arn), None)

    def _levels(self, kind: str) -> tuple[tuple[tuple[Named, ...], ...], tuple[str, ...]]:
        """Return what is in effect at each level, and the ARNs of what is not at hand.

        A foreign SCP may allow or not: its level counts as open, and the ARN as unknown.
        """
        levels, unknown = [], []
        full = FULL_ACCESS if kind == "scp" else RCP_FULL_ACCESS
        for target in self.place.chain:
            level, needs_full = [], kind == "rcp"
            foreign = False
            for attachment in target.attached:
                if attachment.ours:
                    document = self._organization[attachment.policy]
                    if document.kind == kind:
                        level.append(_named(document))
                elif attachment.policy.endswith(_FULL_ARNS[kind]):
                    needs_full = True
                elif _ARN_PARTS[kind] in attachment.policy:
                    foreign = True
                    unknown.append(attachment.policy)
            allows = any(s.effect == "Allow" for named in level for s in named.policy.statements)
            if needs_full or foreign or not allows:
                level.append(full)
            levels.append(tuple(level))
        return tuple(levels), tuple(dict.fromkeys(unknown))


def _places(build: Build, pseudo: Mapping[str, str]) -> tuple[_Here, ...]:
    return _laid_out(build, pseudo.get("partition"), pseudo.get("account"), pseudo.get("region"))


@lru_cache(maxsize=4)  # builds are compared by identity; many requests are asked of one
def _laid_out(
    build: Build, partition: str | None, own: str | None, region: str | None
) -> tuple[_Here, ...]:
    made = []
    for account, inner in build.each():
        identifier = own if account is None else account.id
        name = "" if account is None else account.name
        place = Place(identifier, partition or "aws", region, _chain(build, identifier), name)
        made.append(_Here(inner, place, build))
    return tuple(made)


def _chain(build: Build, account: str | None) -> tuple[Target, ...]:
    """Return the parts of the organization that an account stands in, and itself at the end."""
    own = next((t for t in build.targets if t.kind == "account" and t.id == account), None)
    if own is None:
        return ()
    paths = {t.path: t for t in build.targets}
    return tuple(paths[own.path[:n]] for n in range(1, len(own.path) + 1) if own.path[:n] in paths)


def _identity(identity: Identity, here: _Here) -> Subject:
    policies, unknown = _own(identity, here)
    for name in identity.groups:
        group = here.group(name)
        if group is None:
            unknown.append(f"group {name}")
            continue
        more, missing = _own(group, here)
        policies += more
        unknown += missing
    bounds: list[Named] = []
    if identity.boundary is not None:
        bounds, missing = here.attached((identity.boundary,))
        unknown += missing
    unknown += (*here.unknown_scps, *here.unknown_rcps)
    return Subject(
        identity.kind,
        identity.name,
        here.arn(identity),
        here.place,
        identity.tags,
        identity.max_session,
        tuple(dict.fromkeys(policies)),
        tuple(bounds),
        here.scps,
        here.rcps,
        _trust(identity, here.place),
        tuple(dict.fromkeys(unknown)),
        identity.origin,
    )


def _own(identity: Identity, here: _Here) -> tuple[list[Named], list[str]]:
    """Return what is inline and attached, and the names of what is not at hand."""
    kind = identity.kind.replace("_", " ")
    several = len(identity.inline) > 1
    owner = f"{kind} {reference(here.place.name, identity.name)}"
    inline = [
        Named(f"inline policy {f'{name} ' if several else ''}of {owner}", policy)
        for name, policy in identity.inline
    ]
    attached, unknown = here.attached(identity.managed)
    return [*inline, *attached], unknown


def _document(pieces: tuple[Document, ...], here: _Here) -> Subject:
    first = pieces[0]
    attached, unknown = here.attached(a for d in pieces for a in d.attached)
    arn = first.target if first.kind == "resource" else here.arn(first)
    in_place = first.kind in {"managed", "boundary", "session"}
    return Subject(
        first.kind,
        first.split_from or first.name,
        arn,
        here.place,
        first.tags,
        identity=(*(_named(d, here.place) for d in pieces), *attached),
        scps=here.scps if in_place else (),
        rcps=here.rcps if in_place else (),
        unknown=tuple(unknown),
        origin=first.origin,
    )


def _trust(identity: Identity, place: Place) -> Named | None:
    if identity.trust is None:
        return None
    name = reference(place.name, identity.name)
    return Named(f"trust policy of role {name}", identity.trust)


def _named(document: Document, place: Place | None = None) -> Named:
    """Return a document as answers call it; of the organization, which is no account, by its name."""
    name = reference(place.name if place is not None else "", document.name)
    return Named(f"{_WORDS[document.kind]} {name}", document.policy)


class _Governing(NamedTuple):
    """A resource policy that is in effect for a resource.

    Attributes:
        home: the account that the resource is in, None where nobody said it.
        place: where the policy is declared.
    """

    document: Document
    home: str | None
    place: Place


def _governing(build: Build, pseudo: Mapping[str, str], resource: str) -> list[_Governing]:
    """Return the resource policies for a resource, place by place."""
    return [
        _Governing(document, home, here.place)
        for here in _places(build, pseudo)
        for document, home in here.governing(resource)
    ]


def _endpoint(build: Build, pseudo: Mapping[str, str], request: Request) -> tuple[Named, ...]:
    """Return the policies of the VPC endpoint that a request says it comes through."""
    through = {f"vpc-endpoint/{value}" for value in request.context.get("aws:sourcevpce", ())}
    return tuple(
        _named(document, here.place)
        for here in _places(build, pseudo)
        for document in here.documents
        if document.service == "ec2" and (document.target or "").rpartition(":")[2] in through
    )


def _called(subject: Subject) -> set[str]:
    """Return what `find` takes for a subject, in lower case."""
    place, name = subject.place.name.lower(), subject.name.lower()
    called = {name, f"{place}/{name}", f"{place}.{name}"} if place else {name}
    return called | ({subject.arn.lower()} if subject.arn else set())


def _is_session_of(subject: Subject, arn: str) -> bool:
    if subject.kind != "role" or ":assumed-role/" not in arn or subject.arn is None:
        return False
    fields = arn.split(":", 5)
    role = fields[5].split("/")[1] if len(fields) > 5 else ""
    return fields[4] == subject.place.account and role == subject.name


def _spots(spans: tuple[Span, ...]) -> list[tuple[str, int]]:
    return [(span.source.name, span.start) for span in spans]


def _is_pattern(target: str) -> bool:
    return "*" in target or "?" in target


def _account_of(arn: str) -> str | None:
    fields = arn.split(":", 5)
    return (fields[4] or None) if len(fields) > 5 and fields[0] == "arn" else None


def _service_of(arn: str) -> str:
    fields = arn.split(":", 5)
    return fields[2] if len(fields) > 5 else ""

"""The steps of a script: which function is called with which texts, in which order."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

import attrs

from iamdsl import iam
from iamdsl.emit._places import placed_in
from iamdsl.emit.aws_cli._role_order import role_order
from iamdsl.emit.aws_cli._shell import POLICIES, to_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from iamdsl.diagnostics import Report
    from iamdsl.emit._places import Place
    from iamdsl.emit._targets import Facts
    from iamdsl.fit.steady import Placed

MEMBERS = {"role": "RoleName", "user": "UserName", "group": "GroupName"}
_ACCOUNT = re.compile(rf"[0-9]{{12}}|{re.escape(iam.placeholder('aws.account'))}")


class Step(NamedTuple):
    """A call of one of the script's functions; the values are texts with marks."""

    word: str
    values: tuple[str, ...] = ()


class Section(NamedTuple):
    """Steps under a title."""

    title: str
    steps: tuple[Step, ...]
    notes: tuple[str, ...] = ()


class Steps:
    """The steps for what is in a place: managed policies and who has them."""

    def __init__(self, place: Place, facts: Facts, report: Report) -> None:
        self.place, self.facts, self.report = place, facts, report
        self.documents = {d.name: d for d in place.build.documents if d.is_managed}
        self._orders = self._own_orders()
        self._made: set[str] = set()

    def sections(self, others: frozenset[tuple[str, str]]) -> Iterator[Section]:
        """Yield what IAM itself holds.

        Args:
            others: account ids and names of the roles in other places.
        """
        build = self.place.build
        found = role_order(
            [i for i in build.identities if i.kind == "role"],
            self.place.pseudo.get("account", ""),
            others,
        )
        identities = [i for kind in ("group", "user") for i in build.identities if i.kind == kind]
        identities += found.roles
        moving = {n for i in identities for n in self._order(i)}
        for owner, placed in self._orders.items():
            if owner.partition(" ")[0] not in MEMBERS:
                yield from self._split(owner, placed, identities)
        for document in self.documents.values():
            if document.name not in self._made | moving:
                title = f"{document.kind} {document.name}".replace("managed", "policy")
                yield Section(title, (self._policy(document),))
        if found.closed:
            notes = (
                "Each is named before its own trust can be what it is to be: made here, if it is",
                "not there yet, with a trust that lets nobody in.",
            )
            steps = tuple(self._closed(role) for role in found.closed)
            yield Section("roles that others name", steps, notes)
        for identity in identities:
            steps = tuple(self._identity(identity))
            yield Section(f"{identity.kind} {identity.name}", steps)

    # -- managed policies

    def _policy(self, document: iam.Document) -> Step:
        self._made.add(document.name)
        return Step(
            "managed_policy",
            (
                document.name,
                document.path,
                to_json(document.description or ""),
                tags_of(document.tags),
                self.text(document.policy),
            ),
        )

    def _split(
        self, owner: str, placed: Placed, identities: list[iam.Identity]
    ) -> Iterator[Section]:
        """Yield the documents of a policy that several hold, as what is in them moves.

        Each is attached to all that have it as soon as it is as declared, before the next loses
        what it gave; where an identity is not there yet, there is nothing to lose.
        """
        steps: list[Step] = []
        paths = [d.path for d in self.documents.values() if owner.endswith(f" {d.split_from}")]
        for name in placed.order:
            document = self.documents.get(name)
            users = [i for i in identities if any(a.ours and a.policy == name for a in i.managed)]
            if document is not None and name not in self._made:
                steps.append(self._policy(document))
            word, users = ("attach_now", users) if document else ("detach_now", identities)
            arn = self.arn(name) if document else f"{POLICIES}{(paths or ['/'])[0]}{name}"
            steps += [Step(word, (i.kind, MEMBERS[i.kind], i.name, arn)) for i in users]
        yield Section(owner, tuple(steps), ("What moves is given before it is taken.",))

    # -- identities

    def _closed(self, role: iam.Identity) -> Step:
        bound = (self._attached(role.boundary),) if role.boundary is not None else ()
        return Step("closed_role", (role.name, role.path, *bound))

    def _identity(self, identity: iam.Identity) -> Iterator[Step]:
        yield Step(identity.kind, (identity.name, identity.path))
        if identity.description:
            yield Step("described", (to_json(identity.description),))
        if identity.max_session is not None:
            yield Step("max_session", (str(identity.max_session),))
        if identity.boundary is not None:
            yield Step("boundary", (self._attached(identity.boundary),))
        if identity.tags:
            yield Step("tags", (tags_of(identity.tags),))
        if identity.trust is not None:
            yield Step("trust", (self.text(identity.trust),))
        yield Step("ensure")
        yield from (Step("member_of", (group,)) for group in identity.groups)
        moved = list(self._moved(identity))
        yield from moved
        rest = [Step("attach", (self._attached(a),)) for a in identity.managed]
        rest += [Step("inline", (name, self.text(policy))) for name, policy in identity.inline]
        yield from (step for step in rest if step not in moved)
        yield Step("tidy")
        if identity.instance_profile is not None:
            yield Step("instance_profile", (identity.instance_profile,))

    def _moved(self, identity: iam.Identity) -> Iterator[Step]:
        """Yield in their order the steps of documents that something moves between."""
        names = Counter(
            n for p in self._orders.values() for n in {piece.name for piece in p.pieces}
        )
        placed = self._orders.get(f"{identity.kind} {identity.name}")
        there = {piece.name for piece in placed.pieces} if placed is not None else set()
        attached = {a.policy for a in identity.managed if a.ours}
        for name in self._order(identity):
            document = self.documents.get(name)
            if not name:
                yield from self._inline_moved(identity, stays=name in there)
                continue
            if name not in there:
                path = document.path if document is not None else identity.path
                yield Step("detach", (f"{POLICIES}{path}{name}",))
            if document is not None and (name in there or names[name]):
                if name not in self._made:
                    yield self._policy(document)
                if name in attached:
                    yield Step("attach", (self.arn(name),))

    def _inline_moved(self, identity: iam.Identity, *, stays: bool) -> Iterator[Step]:
        if not stays:
            yield Step("delete_inline", (identity.name,))
        elif identity.inline:
            name, policy = identity.inline[-1]
            yield Step("inline", (name, self.text(policy)))

    def _order(self, identity: iam.Identity) -> tuple[str, ...]:
        placed = self._orders.get(f"{identity.kind} {identity.name}")
        return placed.order if placed is not None else ()

    def _own_orders(self) -> dict[str, Placed]:
        """Return the owners here whose documents something moves between, and what they hold."""
        found = placed_in(self.place.name, self.facts.placed)
        return {owner: placed for owner, placed in found.items() if placed.order}

    # -- texts

    def text(self, policy: iam.Policy) -> str:
        """Return a document, in lines for those who read the script."""
        return to_json(iam.to_json(_as_kept(policy)), lines=not self.facts.minify)

    def arn(self, name: str) -> str:
        """Return the ARN of a managed policy of the place."""
        return f"{POLICIES}{self.documents[name].path}{name}"

    def _attached(self, attachment: iam.Attachment) -> str:
        return self.arn(attachment.policy) if attachment.ours else attachment.policy


def _as_kept(policy: iam.Policy) -> iam.Policy:
    """Return a policy with the principals as AWS keeps them: an account by its root's ARN.

    Both say the same; what is kept as it was sent is not sent again.
    """
    statements = [
        attrs.evolve(s, principals=attrs.evolve(s.principals, by_type=_rooted(s.principals)))
        if s.principals is not None
        else s
        for s in policy.statements
    ]
    return attrs.evolve(policy, statements=tuple(statements))


def _rooted(principals: iam.Principals) -> tuple[tuple[str, tuple[str, ...]], ...]:
    partition = iam.placeholder("aws.partition")
    return tuple(
        (
            kind,
            tuple(
                f"arn:{partition}:iam::{value}:root"
                if kind == "AWS" and _ACCOUNT.fullmatch(value)
                else value
                for value in values
            ),
        )
        for kind, values in principals.by_type
    )


def tags_of(tags: Iterable[tuple[str, str]]) -> str:
    """Return tags as the API takes them."""
    return to_json([{"Key": key, "Value": value} for key, value in tags])

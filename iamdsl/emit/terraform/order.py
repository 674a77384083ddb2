"""In which order Terraform changes what holds an owner's statements, so that none is missing.

By itself Terraform removes what is no more in a configuration whenever it likes, and does not
know that one policy takes over what another had. So

- a document that loses statements `depends_on` those that get them, in the order of the build;
- what may go one day has `create_before_destroy`, and a `terraform_data` that depends on all of
  it. That one changes with the list of documents, after all of them, and Terraform removes what
  it depended on only when it is through.

https://developer.hashicorp.com/terraform/language/meta-arguments/lifecycle
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from iamdsl.diagnostics import codes
from iamdsl.emit._principals import leads
from iamdsl.emit.terraform.addresses import Addresses, owners
from iamdsl.emit.terraform.labels import joined
from iamdsl.emit.terraform.tree import Argument, Block, Items, Names, block, literal

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from iamdsl import iam
    from iamdsl.diagnostics import Report
    from iamdsl.fit.steady import Placed
    from iamdsl.source import Span


class Order(NamedTuple):
    """What the resources of a module wait for.

    Attributes:
        after: for an address, those that are changed before it.
        kept: addresses of what is removed only after all else is done.
        watchers: the resources that see to that.
    """

    after: Mapping[str, tuple[str, ...]]
    kept: frozenset[str]
    watchers: tuple[Block, ...]


def ordered(
    build: iam.Build,
    placed: Mapping[str, Placed],
    addresses: Addresses,
    trusts: Mapping[str, Sequence[str]],
    report: Report,
) -> Order:
    """Return the order for a place.

    Args:
        placed: by owner, those of this place.
        trusts: for the address of a role, those of the identities that its trust names.
    """
    ordering = _Ordering(build, placed, addresses, trusts, report)
    for owner, one in sorted(placed.items()):
        if len(one.pieces) > 1 or one.order:
            ordering.add(owner, one)
    return Order(
        {address: tuple(names) for address, names in ordering.after.items()},
        frozenset(ordering.kept),
        tuple(ordering.watchers()),
    )


class _Ordering:
    def __init__(
        self,
        build: iam.Build,
        placed: Mapping[str, Placed],
        addresses: Addresses,
        trusts: Mapping[str, Sequence[str]],
        report: Report,
    ) -> None:
        self.after: dict[str, list[str]] = {}
        self.kept: set[str] = set()
        self._build, self._addresses, self._report = build, addresses, report
        self._identities = owners(build)
        self._names = {d.name for d in build.documents if d.is_managed}
        self._watched: dict[str, tuple[list[str], list[str]]] = {}
        self._pieces = [piece.name for one in placed.values() for piece in one.pieces]
        self._needs = _needs(build, addresses, trusts)

    def add(self, owner: str, placed: Placed) -> None:
        """Take in the order of an owner."""
        there = [piece.name for piece in placed.pieces]
        users = self._users(owner, there)
        standing = [a for name in there for a in self._standing(owner, name, users)]
        if not standing:
            return
        self.kept.update(standing)
        self._watched[owner] = ([self._said(owner, name) for name in there], standing)
        before: list[str] = []
        for name in placed.order:
            if name not in there:
                if name and name in self._pieces:
                    self._warn(owner, name)
                continue
            changing = self._changing(owner, name)
            if not self._wait(changing, before):
                self._warn_of_clash(owner, name)
            before = self._standing(owner, name, users) or [changing]

    def watchers(self) -> Iterator[Block]:
        """Yield the resources that change last."""
        for owner, (said, standing) in self._watched.items():
            yield block(
                "resource",
                ("terraform_data", joined(*owner.split(" ", 1), "policies")),
                [Argument("input", Items(tuple(literal(name) for name in said)))],
                [Argument("depends_on", Names(tuple(dict.fromkeys(standing))))],
                comment="Policies that go are detached only when all that replaces them is there.",
            )

    def _users(self, owner: str, names: Sequence[str]) -> list[iam.Identity]:
        """Return the identities that have the documents of an owner attached."""
        found = self._identities.get(owner)
        if found is not None:
            return [found]
        return [
            i
            for i in self._build.identities
            if i.kind != "permission_set" and any(a.ours and a.policy in names for a in i.managed)
        ]

    def _inline(self, owner: str) -> str | None:
        """Return the address of the inline policy that holds an owner's statements."""
        found = self._identities.get(owner)
        if found is None or not found.inline:
            return None
        return self._addresses.inline(found, found.inline[-1][0])

    def _changing(self, owner: str, name: str) -> str:
        inline = self._inline(owner)
        return inline if inline is not None and not name else self._addresses.policy(name)

    def _standing(self, owner: str, name: str, users: Sequence[iam.Identity]) -> list[str]:
        """Return the addresses of what makes a document hold: its attachments, or itself."""
        if not name:
            inline = self._inline(owner)
            return [inline] if inline is not None else []
        return [
            self._addresses.attachment(identity, name)
            for identity in users
            if identity.kind != "permission_set"
            and any(a.ours and a.policy == name for a in identity.managed)
        ]

    def _said(self, owner: str, name: str) -> str:
        return name or f"{owner} (inline)"

    def _wait(self, address: str, before: Sequence[str]) -> bool:
        """Let a resource wait for others; tell whether none of these waits for it already."""
        free = [other for other in before if not self._waits(other, address)]
        if free:
            self.after.setdefault(address, []).extend(free)
            self._needs.setdefault(address, []).extend(free)
        return len(free) == len(before)

    def _waits(self, address: str, other: str) -> bool:
        return leads(address, other, lambda at: self._needs.get(at, ()))

    def _warn_of_clash(self, owner: str, name: str) -> None:
        self._report.add(
            codes.NOT_DEPLOYED,
            self._origin(name),
            f"Terraform cannot change `{name}` in the order that {owner} needs",
            label="others that have it need the opposite: for a moment, statements may be missing",
            hint="where that matters, make the change in two builds, and apply each",
        )

    def _origin(self, name: str) -> Span | None:
        found = next((d for d in self._build.documents if d.name == name), None)
        return found.origin[0] if found is not None and found.origin else None

    def _warn(self, owner: str, name: str) -> None:
        self._report.add(
            codes.NOT_DEPLOYED,
            self._origin(name),
            f"Terraform cannot detach `{name}` from {owner} before it changes the policy",
            label="for a moment what the policy gains holds there as well",
            hint="where that matters, detach it with a build of its own first",
        )


def _needs(
    build: iam.Build, addresses: Addresses, trusts: Mapping[str, Sequence[str]]
) -> dict[str, list[str]]:
    """Return what each resource refers to."""
    needs: dict[str, list[str]] = {role: list(named) for role, named in trusts.items()}
    for identity in build.identities:
        address = addresses.identity(identity)
        if identity.boundary is not None and identity.boundary.ours:
            needs.setdefault(address, []).append(addresses.policy(identity.boundary.policy))
        for name, _ in identity.inline:
            needs[addresses.inline(identity, name)] = [address]
        for attachment in identity.managed:
            if identity.kind != "permission_set" and attachment.ours:
                own = addresses.attachment(identity, attachment.policy)
                needs[own] = [address, addresses.policy(attachment.policy)]
    return needs

"""A place as a module: its files, each a list of blocks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from iamdsl import iam
from iamdsl.diagnostics import codes
from iamdsl.emit._marks import open_externs
from iamdsl.emit._places import placed_in
from iamdsl.emit._principals import circles, trusts
from iamdsl.emit.terraform.addresses import Addresses
from iamdsl.emit.terraform.identities import identity
from iamdsl.emit.terraform.order import ordered
from iamdsl.emit.terraform.organization import attachments, organization_policy
from iamdsl.emit.terraform.outputs import outputs, sessions
from iamdsl.emit.terraform.permission_sets import permission_set
from iamdsl.emit.terraform.resource_policies import resource_policy
from iamdsl.emit.terraform.surroundings import lookups, versions
from iamdsl.emit.terraform.texts import Documents, Texts
from iamdsl.emit.terraform.tree import Argument, Block
from iamdsl.emit.terraform.variables import variables
from iamdsl.emit.terraform.writing import Writing, label, named, path

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from iamdsl.diagnostics import Report
    from iamdsl.emit._places import Place
    from iamdsl.emit._principals import Key
    from iamdsl.emit._targets import Facts


def module(place: Place, facts: Facts, report: Report, *, as_data: bool) -> dict[str, list[Block]]:
    """Return the blocks of a place by the file that they stand in; none where nothing is in it.

    Args:
        as_data: whether documents are data sources where they can be.
    """
    writing = _writing(place, facts, report, as_data=as_data)
    resources = list(_resources(writing))
    told = list(sessions(writing))
    session = [b for b in told if b.kind == "output"]
    resources += [b for b in told if b.kind != "output"]
    told = [*outputs(writing), *session]
    if not resources and not told:
        return {}
    externs = open_externs(place.build, facts.externs)
    return {
        "main": [*lookups(place, [*resources, *told]), *resources],
        "variables": variables(externs, documents=as_data),
        "outputs": told,
        "versions": [versions()],
    }


def _writing(place: Place, facts: Facts, report: Report, *, as_data: bool) -> Writing:
    build = place.build
    addresses = Addresses(build, place.pseudo)
    own = _own(place, addresses)
    waits = _trusts(place, addresses, report)
    order = ordered(build, placed_in(place.name, facts.placed), addresses, waits, report)
    order = order._replace(after={**order.after, **_only_ordered(build, waits, own, addresses)})
    documents = Documents(own, facts.lengths, report)
    return Writing(
        build, place.pseudo, facts, as_data, addresses, order, documents, Texts(report), report
    )


def _resources(writing: Writing) -> Iterator[Block]:
    build = writing.build
    for document in build.documents:
        if document.is_managed:
            yield from _managed(document, writing)
    for kind in ("group", "role", "user"):
        for found in build.identities:
            if found.kind == kind:
                yield from identity(found, writing)
    yield from writing.order.watchers
    for found in build.identities:
        if found.kind == "permission_set":
            yield from permission_set(found, writing)
    for document in build.documents:
        if document.kind in {"scp", "rcp"}:
            yield from organization_policy(document, writing)
    for target in build.targets:
        yield from attachments(target, writing)
    for document in build.documents:
        if document.kind == "resource":
            yield from _of_resource(document, writing)


def _managed(document: iam.Document, writing: Writing) -> Iterator[Block]:
    key = (document.kind, document.name)
    before, policy = writing.policy(document.policy, document.kind, key, document.origin)
    yield from before
    head: list[Argument] = [named(document.name), *path(document.path)]
    head += writing.described(document.description, f"`{document.name}`", document.origin)
    head.append(Argument("policy", policy))
    address = writing.addresses.policy(document.name)
    yield writing.resource(address, head, writing.tags(document.tags, document.origin))


def _of_resource(document: iam.Document, writing: Writing) -> Iterator[Block]:
    key = (document.kind, document.name)
    kind = f"resource/{document.service or ''}"
    before, policy = writing.policy(document.policy, kind, key, document.origin)
    name = label(writing.addresses.of("resource", document.name))
    made = resource_policy(document, name, policy, writing.known, writing.report)
    if made:
        yield from before
        yield from made


def _own(place: Place, addresses: Addresses) -> dict[str, str]:
    """Return the addresses of roles and users by their ARNs, as texts of the place have them."""

    def said(name: str) -> list[str]:
        known = place.pseudo.get(name)
        return [iam.placeholder(f"aws.{name}"), *([known] if known is not None else [])]

    return {
        f"arn:{partition}:iam::{account}:{found.kind}{found.path}{found.name}": addresses.identity(
            found
        )
        for found in place.build.identities
        if found.kind in {"role", "user"}
        for partition in said("partition")
        for account in said("account")
    }


def _trusts(place: Place, addresses: Addresses, report: Report) -> dict[str, list[str]]:
    """Return for each role the identities that its trust names, by address; circles are reported.

    A principal has to be there when a trust names it, and Terraform makes a role in one step.
    """
    waits = trusts(place)
    known: dict[Key, iam.Identity] = {(i.kind, i.name): i for i in place.build.identities}
    for circle in circles(waits):
        role = known[circle[0]]
        report.add(
            codes.TARGET_CANNOT_SAY,
            role.origin[0] if role.origin else None,
            f"Terraform cannot create `{role.name}`, whose trust waits for the role itself",
            label=_said(circle),
            hint="trust the account, `when aws:PrincipalArn ==` the ARN of the role that is meant",
        )
    return {
        addresses.identity(known[key]): [addresses.identity(known[other]) for other in others]
        for key, others in waits.items()
    }


def _said(circle: Sequence[Key]) -> str:
    if len(circle) == 1:
        return "a role that is not there yet cannot be named in its own trust"
    names = [name for _, name in (*circle[1:], circle[0])]
    return f"its trust names {', whose trust names '.join(f'`{name}`' for name in names)}"


def _only_ordered(
    build: iam.Build, waits: Mapping[str, Sequence[str]], own: Mapping[str, str], of: Addresses
) -> dict[str, tuple[str, ...]]:
    """Return what roles wait for without referring to it: those of whom a session is let in."""
    found = {}
    for role in build.identities:
        if role.trust is not None:
            address = of.identity(role)
            texts = (v for s in role.trust.statements if s.principals is not None
                     for _, values in s.principals.by_type for v in values)  # fmt: skip
            referred = {own[text] for text in texts if text in own}
            others = tuple(one for one in waits[address] if one not in referred)
            if others:
                found[address] = others
    return found

"""What a module tells of what it made: ARNs, and session policies, which nobody stores."""

from __future__ import annotations

from typing import TYPE_CHECKING

from iamdsl.emit.terraform.tree import Argument, Block, Items, Raw, Record, Value, block, literal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from iamdsl.emit.terraform.writing import Writing

_IDENTITIES = {
    "role": ("role_arns", "ARNs of the roles"),
    "user": ("user_arns", "ARNs of the users"),
    "group": ("group_arns", "ARNs of the groups"),
    "permission_set": ("permission_set_arns", "ARNs of the permission sets"),
}


def outputs(writing: Writing) -> Iterator[Block]:
    """Yield an output for each kind of thing that has an ARN."""
    found = [d.name for d in writing.build.documents if d.is_managed]
    policies = {name: writing.addresses.policy(name) for name in found}
    if policies:
        yield _output("policy_arns", "ARNs of the managed policies, by name.", policies)
    for kind, (name, what) in _IDENTITIES.items():
        some = [i for i in writing.build.identities if i.kind == kind]
        if some:
            addresses = {i.name: writing.addresses.identity(i) for i in some}
            yield _output(name, f"{what}, by name.", addresses)
    profiles = {
        i.instance_profile: writing.addresses.profile(i.instance_profile)
        for i in writing.build.identities
        if i.instance_profile is not None
    }
    if profiles:
        said = "ARNs of the instance profiles, by name."
        yield _output("instance_profile_arns", said, profiles)
    guards = [d.name for d in writing.build.documents if d.kind in {"scp", "rcp"}]
    if guards:
        kind = "aws_organizations_policy"
        ids = {name: writing.addresses.of(kind, name) for name in guards}
        said = "Ids of the policies of the organization, by name."
        yield _output("organization_policy_ids", said, ids, "id")


def sessions(writing: Writing) -> Iterator[Block]:
    """Yield the session policies as one output, and the data sources that it needs."""
    members = []
    for document in writing.build.documents:
        if document.kind == "session":
            key = (document.kind, document.name)
            before, policy = writing.policy(document.policy, "session", key, document.origin)
            yield from before
            named = tuple(writing.named_policy(a) for a in document.attached)
            session: list[tuple[str, Value]] = [("policy", policy), ("policy_arns", Items(named))]
            record = Record(tuple((literal(name), value) for name, value in session))
            members.append((literal(document.name), record))
    if members:
        said = "Session policies by name, with the managed policies that go with each."
        yield block(
            "output",
            ("session_policies",),
            [Argument("description", literal(said)), Argument("value", Record(tuple(members)))],
        )


def _output(name: str, said: str, addresses: dict[str, str], attribute: str = "arn") -> Block:
    members = ((literal(n), Raw(f"{a}.{attribute}")) for n, a in addresses.items())
    return block(
        "output",
        (name,),
        [Argument("description", literal(said)), Argument("value", Record(tuple(members)))],
    )

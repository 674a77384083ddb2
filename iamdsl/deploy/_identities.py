"""What has to be done about roles, users and groups."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from iamdsl.deploy._documents import atoms, canonical, denies, narrowed, principals, same_text, text
from iamdsl.deploy._limiting import join, leave, plan_limits, turns
from iamdsl.deploy._ordering import Turns
from iamdsl.deploy._terms import MARK, MARKER, Step

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from iamdsl.deploy._making import Making
    from iamdsl.deploy._ordering import Key
    from iamdsl.deploy._terms import Data

    Docs = dict[tuple[str, str], Data | None]  # ("managed", ARN) or ("inline", name): document

_MEMBERS = {"role": "RoleName", "user": "UserName", "group": "GroupName"}
_SESSION = 3600
_INLINE = {"role": 10_240, "user": 2_048, "group": 5_120}
"""Characters of all inline policies of one (AWS "reference_iam-quotas")."""


def plan_identities(making: Making) -> None:
    """Plan roles, users and groups, and what is in effect for them."""
    for wanted in making.desired["groups"]:
        _plan_group(making, wanted)
    for wanted in making.desired["users"]:
        _plan_user(making, wanted)
    narrow = _narrow(making)
    for wanted in making.desired["roles"]:
        _plan_role(making, wanted, narrow.get(wanted["name"], set()))
        if wanted["instance_profile"]:
            _plan_profile(making, wanted)


def _is_new(making: Making, kind: str, name: str, there: dict[str, Data]) -> bool | None:
    """Tell whether an identity is to be made; None where it is not to be touched."""
    if name not in there:
        return None if making.clash(kind, name, there) else True
    return False if making.owns(kind, name, there[name]["owner"]) else None


def _naming(kind: str, name: str, **more: object) -> Data:
    return {_MEMBERS[kind]: name, **more}


# -- groups and users


def _plan_group(making: Making, wanted: Data) -> None:
    name, groups = wanted["name"], making.live.groups
    there = groups.get(name, {})
    # One that has nothing and nobody is nobody's: so it is left where marking it did not work.
    empty = there and not (there["inline"] or there["managed"] or there["members"])
    new = False if empty and not there["owner"] else _is_new(making, "group", name, groups)
    if new is None:
        return
    create, mark = ("create", "group", name), ("adopt", "group", name)
    if new:
        request = _naming("group", name, Path=wanted["path"])
        step = Step("create", "group", name, "", "iam", "create_group", request)
        making.draft.add(create, step, (30,))
    own = f"{MARKER}{making.project}"
    spoilt = own in there.get("inline", {})  # with something else in it
    if new or spoilt or there["owner"] != making.project:
        request = _naming("group", name, PolicyName=own, PolicyDocument=text(MARK))
        step = Step("adopt", "group", name, "", "iam", "put_group_policy", request)
        making.draft.add(mark, step, (30, 1) if new else (0,), [create])
    for other in there.get("marks", ()):
        if other != own:
            remove_inline(making, "group", name, other, (0, 1))
    if not new and there["path"] != wanted["path"]:
        _path(making, "group", name, wanted["path"])
    if spoilt:
        there = {**there, "inline": {n: d for n, d in there["inline"].items() if n != own}}
    _plan_policies(making, "group", wanted, there)


def _plan_user(making: Making, wanted: Data) -> None:
    name = wanted["name"]
    there = making.live.users.get(name, {})
    new = _is_new(making, "user", name, making.live.users)
    if new is None:
        return
    if new:
        request = _naming("user", name, Path=wanted["path"], Tags=making.new_tags(wanted["tags"]))
        _creation(making, "user", wanted, request, (31,))
    else:
        if making.adopting(there["owner"]):
            making.adopt("user", name, "tag_user", _naming("user", name))
        if there["path"] != wanted["path"]:
            _path(making, "user", name, wanted["path"])
        _boundary(making, "user", wanted, there)
        making.tags("user", name, _naming("user", name), wanted["tags"], there["tags"])
    _plan_policies(making, "user", wanted, there)
    _memberships(making, wanted, there)


def _memberships(making: Making, wanted: Data, there: Data) -> None:
    name, before = wanted["name"], there.get("groups", [])
    for group in wanted["groups"]:
        if group not in before:
            _member(making, "attach", name, group, (50, 1))
    for group in before:
        if group not in wanted["groups"]:
            _member(making, "detach", name, group, (60,))


def _member(making: Making, verb: str, user: str, group: str, rank: tuple[int, ...]) -> None:
    operation = "add_user_to_group" if verb == "attach" else "remove_user_from_group"
    request = {"GroupName": group, "UserName": user}
    step = Step(verb, "user", user, f"group {group}", "iam", operation, request)
    needs = [("create", "user", user), ("create", "group", group), ("adopt", "group", group)]
    key = (verb, "user", user, "group", group)
    making.draft.add(key, step, rank, needs)
    of_group = making.turns.get(("group", group), Turns())
    if verb == "attach":
        join(making, key, of_group)
    else:
        leave(making, key, of_group)


def _path(making: Making, kind: str, name: str, path: str) -> None:
    request = _naming(kind, name, NewPath=path)
    step = Step("update", kind, name, f"path {path}", "iam", f"update_{kind}", request)
    making.draft.add(("path", kind, name), step, (35,))


# -- roles


def _plan_role(making: Making, wanted: Data, missing: set[str]) -> None:
    name, trust = wanted["name"], wanted["trust"]
    there = making.live.roles.get(name, {})
    new = _is_new(making, "role", name, making.live.roles)
    if new is None:
        return
    named = list(filter(None, map(making.created, principals(trust))))
    if new:
        first = narrowed(trust, missing, making.live.account) if missing else trust
        request = _naming(
            "role", name, Path=wanted["path"], AssumeRolePolicyDocument=text(first),
            Tags=making.new_tags(wanted["tags"]),
        )  # fmt: skip
        if wanted["description"]:
            request["Description"] = wanted["description"]
        if wanted["max_session"]:
            request["MaxSessionDuration"] = wanted["max_session"]
        _creation(making, "role", wanted, request, (32,))
        making.draft.need(
            ("create", "role", name),
            [k for k in map(making.created, principals(first)) if k and k[1:] != ("role", name)],
        )
        if missing:
            _plan_trust(making, name, trust, named)
    else:
        if making.adopting(there["owner"]):
            making.adopt("role", name, "tag_role", _naming("role", name))
        if there["path"] != wanted["path"]:
            making.problems.append(
                f"role `{name}` is at the path {there['path']}, and AWS cannot move it to"
                f" {wanted['path']}: give it another name, or remove it first"
            )
        if canonical(trust) != canonical(there["trust"]):
            _plan_trust(making, name, trust, named)
        _settings(making, wanted, there)
        _boundary(making, "role", wanted, there)
        making.tags("role", name, _naming("role", name), wanted["tags"], there["tags"])
    _plan_policies(making, "role", wanted, there)


def _plan_trust(making: Making, name: str, trust: Data, named: Iterable[Key]) -> None:
    request = _naming("role", name, PolicyDocument=text(trust))
    step = Step("update", "role", name, "trust", "iam", "update_assume_role_policy", request)
    needs = [("create", "role", name), *named]
    making.draft.add(("trust", "role", name), step, (40,), needs)


def _settings(making: Making, wanted: Data, there: Data) -> None:
    name = wanted["name"]
    description, session = wanted["description"] or "", wanted["max_session"] or _SESSION
    changed = [
        said
        for said, differs in (
            ("description", not same_text(description, there["description"])),
            ("max session", session != there["max_session"]),
        )
        if differs
    ]
    if changed:
        request = _naming("role", name, Description=description, MaxSessionDuration=session)
        step = Step("update", "role", name, " and ".join(changed), "iam", "update_role", request)
        making.draft.add(("settings", "role", name), step, (40,))


def _narrow(making: Making) -> dict[str, set[str]]:
    """Return the ARNs that new roles have to leave out of their trust when they are made.

    A role that another one trusts is made before it; where they trust each other, or a role
    trusts itself, one is made without the other, and gets it when both are there.
    """
    new = {r["name"]: r for r in making.desired["roles"] if r["name"] not in making.live.roles}
    left: dict[str, set[str]] = {name: set() for name in new}
    done: set[str] = set()
    for start in new:
        # A walk in depth by hand: chains of trust may be long.
        path, stack = [start], [_trusted(making, new, start)]
        if start in done:
            continue
        while stack:
            for arn, name in stack[-1]:
                if name in path:
                    left[path[-1]].add(arn)
                elif name not in done:
                    path.append(name)
                    stack.append(_trusted(making, new, name))
                    break
            else:
                stack.pop()
                done.add(path.pop())
    return left


def _trusted(making: Making, new: dict[str, Data], name: str) -> Iterator[tuple[str, str]]:
    """Yield the new roles that a role trusts, by ARN and name."""
    for arn in principals(new[name]["trust"]):
        key = making.created(arn)
        if key and key[1] == "role" and key[2] in new:
            yield arn, key[2]


def _plan_profile(making: Making, wanted: Data) -> None:
    name, role = wanted["instance_profile"], wanted["name"]
    there = making.live.profiles.get(name)
    create, add = ("create", "instance profile", name), ("attach", "instance profile", name)
    target = {"InstanceProfileName": name}
    needs = [create, ("create", "role", role)]
    if there is None:
        request = {**target, "Tags": making.new_tags({})}
        step = Step(
            "create", "instance profile", name, "", "iam", "create_instance_profile", request
        )
        making.draft.add(create, step, (33,))
    elif not making.owns("instance profile", name, there["owner"]):
        return
    else:
        if making.adopting(there["owner"]):
            making.adopt("instance profile", name, "tag_instance_profile", target)
        if there["role"] not in {None, role}:
            out = ("detach", "instance profile", name)
            request = {**target, "RoleName": there["role"]}
            step = Step(
                "detach", "instance profile", name, f"role {there['role']}", "iam",
                "remove_role_from_instance_profile", request,
            )  # fmt: skip
            making.draft.add(out, step, (52,))
            needs.append(out)
    if there is None or there["role"] != role:
        request = {**target, "RoleName": role}
        step = Step(
            "attach", "instance profile", name, f"role {role}", "iam",
            "add_role_to_instance_profile", request,
        )  # fmt: skip
        making.draft.add(add, step, (52, 1), needs)


# -- what roles, users and groups have in common


def _creation(
    making: Making, kind: str, wanted: Data, request: Data, rank: tuple[int, ...]
) -> None:
    needs = []
    if wanted["boundary"]:
        request["PermissionsBoundary"] = making.arn(wanted["boundary"])
        needs = _has(making, request["PermissionsBoundary"])
    step = Step("create", kind, wanted["name"], "", "iam", f"create_{kind}", request)
    making.draft.add(("create", kind, wanted["name"]), step, rank, needs)


def _has(making: Making, arn: str) -> list[Key]:
    """Return the steps that make a policy what it is to be."""
    name = making.named(arn)
    return [("create", "policy", name), ("update", "policy", name)] if name else []


def _boundary(making: Making, kind: str, wanted: Data, there: Data) -> None:
    name = wanted["name"]
    arn = making.arn(wanted["boundary"]) if wanted["boundary"] else None
    if arn == there["boundary"]:
        return
    key = ("boundary", kind, name)
    if arn is not None:
        request = _naming(kind, name, PermissionsBoundary=arn)
        step = Step(
            "update", kind, name, f"boundary {_short(arn)}", "iam",
            f"put_{kind}_permissions_boundary", request,
        )  # fmt: skip
        # A limit comes before what it limits, and goes after it.
        making.draft.add(key, step, (45,), _has(making, arn))
        return
    step = Step(
        "update", kind, name, "no boundary", "iam", f"delete_{kind}_permissions_boundary",
        _naming(kind, name),
    )  # fmt: skip
    making.draft.add(key, step, (65,))


def _plan_policies(making: Making, kind: str, wanted: Data, there: Data) -> None:
    """Plan what policies an identity has, of its own and attached."""
    name = wanted["name"]
    managed = list(dict.fromkeys(map(making.arn, wanted["managed"])))
    contents = {making.arn(p["name"]): p["document"] for p in making.desired["policies"]}
    before = _in_effect(making, there.get("managed", []), there.get("inline", {}))
    after: Docs = {("managed", arn): contents.get(arn) for arn in managed}
    after |= {("inline", n): document for n, document in wanted["inline"].items()}
    made: list[Key] = [("create", kind, name), ("adopt", kind, name)]
    for doc, document in after.items():
        if doc not in before:
            _add(making, kind, name, doc, document, made)
        elif doc[0] == "inline" and canonical(document) != canonical(before[doc]):
            _put(making, kind, name, doc[1], document or {}, ("update", (50, 1)), made)
    for doc, document in before.items():
        if doc not in after:
            rank = (60, int(denies(document)))
            if doc[0] == "inline":
                remove_inline(making, kind, name, doc[1], rank)
            else:
                detach_policy(making, kind, name, doc[1], rank)
    if not there:
        return

    def changed(doc: tuple[str, str]) -> Key:
        return _step(making, kind, name, doc, attached=doc in before and doc in after)

    going: dict[Key, Data] = {
        ("update", "policy", making.named(doc[1])): contents[doc[1]]
        for doc in before.keys() - after.keys()
        if doc[1] in contents
    }
    found = turns(before, after, changed, going)
    making.turns[kind, name] = found
    plan_limits(making, kind, wanted, there, found)
    if before:
        _keep(making, kind, name, before, after)
        _make_room(making, kind, name, before, after)


def _in_effect(making: Making, managed: list[str], inline: dict[str, Data]) -> Docs:
    contents = {policy["arn"]: policy["document"] for policy in making.live.policies.values()}
    found: Docs = {("managed", arn): contents.get(arn) for arn in managed}
    return found | {("inline", name): document for name, document in inline.items()}


def _add(
    making: Making,
    kind: str,
    name: str,
    doc: tuple[str, str],
    document: Data | None,
    needs: list[Key],
) -> None:
    # What denies comes first, so that nothing is allowed for a moment that is to be denied.
    rank = (50, int(not denies(document)))
    if doc[0] == "inline":
        _put(making, kind, name, doc[1], document or {}, ("create", rank), needs)
        return
    arn = doc[1]
    request = _naming(kind, name, PolicyArn=arn)
    step = Step(
        "attach", kind, name, f"policy {_short(arn)}", "iam", f"attach_{kind}_policy", request
    )
    policy = making.named(arn)
    needs = [*needs, ("create", "policy", policy)] if policy else needs
    making.draft.add(_key(kind, name, doc), step, rank, needs)
    making.draft.want(_key(kind, name, doc), [("update", "policy", policy)])


def _put(
    making: Making,
    kind: str,
    name: str,
    inline: str,
    document: Data,
    how: tuple[str, tuple[int, ...]],
    needs: list[Key],
) -> None:
    verb, rank = how
    request = _naming(kind, name, PolicyName=inline, PolicyDocument=text(document))
    step = Step(verb, kind, name, f"inline policy {inline}", "iam", f"put_{kind}_policy", request)
    making.draft.add(_key(kind, name, ("inline", inline)), step, rank, needs)


def remove_inline(making: Making, kind: str, name: str, inline: str, rank: tuple[int, ...]) -> None:
    request = _naming(kind, name, PolicyName=inline)
    step = Step(
        "remove", kind, name, f"inline policy {inline}", "iam", f"delete_{kind}_policy", request
    )
    making.draft.add(_key(kind, name, ("inline", inline)), step, rank)


def detach_policy(making: Making, kind: str, name: str, arn: str, rank: tuple[int, ...]) -> None:
    request = _naming(kind, name, PolicyArn=arn)
    step = Step(
        "detach", kind, name, f"policy {_short(arn)}", "iam", f"detach_{kind}_policy", request
    )
    making.draft.add(_key(kind, name, ("managed", arn)), step, rank)


def _key(kind: str, name: str, doc: tuple[str, str]) -> Key:
    return ("has", kind, name, *doc)


def _short(arn: str) -> str:
    return arn.rpartition("/")[2]


# -- make before break


def _keep(making: Making, kind: str, name: str, before: Docs, after: Docs) -> None:
    """Say which steps have to wait so that an identity keeps what it had and is to have."""
    draft = making.draft
    old = {doc: atoms(document) for doc, document in before.items()}
    new = {doc: atoms(document) for doc, document in after.items()}
    changing = {doc for doc in old.keys() | new.keys() if old.get(doc) != new.get(doc)}
    if len(changing) > 1:
        stays = frozenset[str]().union(*(old[d] & new[d] for d in old.keys() & new.keys()))
        givers: dict[str, tuple[bool, Key]] = {}
        for doc in sorted(changing & new.keys()):
            step = (doc in old, _step(making, kind, name, doc, attached=doc in old))
            for atom in new[doc]:
                givers[atom] = min(givers.get(atom, step), step)
        for doc in sorted(changing & old.keys()):
            going = old[doc] - new.get(doc, frozenset()) - stays
            # What is detached in the end may lose something before, as others change it.
            for attached in (True, False) if doc not in new else (True,):
                loses = _step(making, kind, name, doc, attached=attached)
                draft.want(loses, {givers[atom][1] for atom in going if atom in givers} - {loses})
    keeps = frozenset[str]().union(*new.values())
    for doc in old.keys() - new.keys():
        # What others keep is detached before it says what this one must not have.
        update = ("update", "policy", making.named(doc[1]))
        if doc[0] == "managed" and update in draft:
            policy = next(p for p in making.desired["policies"] if p["name"] == update[2])
            if atoms(policy["document"]) - old[doc] - keeps:
                draft.want(update, [_key(kind, name, doc)])
    _follow(making, kind, name, [*before, *after])


def _make_room(making: Making, kind: str, name: str, before: Docs, after: Docs) -> None:
    """Let inline policies go before others come where IAM does not take both together."""
    new = {doc: document for doc, document in after.items() if doc[0] == "inline"}
    old = {doc: d for doc, d in before.items() if doc[0] == "inline" and doc not in new}
    together = sum(len(text(document or {})) for document in (*old.values(), *new.values()))
    if not old or not new or together <= _INLINE[kind]:
        return
    gone = [_key(kind, name, doc) for doc in old]
    for doc in new:
        making.draft.need(_key(kind, name, doc), gone)
    for key in gone:
        making.draft.unwant(key)
    making.notes.append(
        f"{kind} `{name}` has no room for old and new inline policies together: the old ones go"
        " first, and for a moment what they say is missing"
    )


def _step(making: Making, kind: str, name: str, doc: tuple[str, str], *, attached: bool) -> Key:
    """Return the step by which a document of an identity changes."""
    if doc[0] == "managed" and attached:
        return ("update", "policy", making.named(doc[1]))
    return _key(kind, name, doc)


def _follow(making: Making, kind: str, name: str, docs: list[tuple[str, str]]) -> None:
    """Follow the order that the build proved for its last change, as far as it is about this."""
    order = making.desired["order"].get(f"{kind} {name}", [])
    steps: list[Key] = []
    for one in order:
        if one:
            update = ("update", "policy", one)
            own = _key(kind, name, ("managed", making.arn(one)))
            steps.append(update if update in making.draft else own)
        else:
            steps += [_key(kind, name, doc) for doc in docs if doc[0] == "inline"]
    steps = [step for step in dict.fromkeys(steps) if step in making.draft]
    for before, step in itertools.pairwise(steps):
        making.draft.hint(step, [before])

"""What is ours and desired no more: it is removed, unless it has become somebody else's as well."""

from __future__ import annotations

from typing import TYPE_CHECKING

from iamdsl.deploy._documents import denies
from iamdsl.deploy._identities import detach_policy, remove_inline
from iamdsl.deploy._terms import Step

if TYPE_CHECKING:
    from iamdsl.deploy._making import Making
    from iamdsl.deploy._ordering import Key
    from iamdsl.deploy._terms import Data

_MEMBER_OF = {"role": "RoleName", "user": "UserName", "group": "GroupName"}


def plan_removals(making: Making) -> None:
    """Plan the removal of what the project owns and does not desire any more."""
    desired, live = making.desired, making.live
    profiles = {role["instance_profile"] for role in desired["roles"]}
    for name, profile in live.profiles.items():
        goes = name not in profiles and profile["owner"] == making.project
        if goes and making.removes("instance profile", name):
            _profile_goes(making, name, profile)
    for kind, identities in (("role", live.roles), ("user", live.users), ("group", live.groups)):
        wanted = {one["name"] for one in desired[f"{kind}s"]}
        for name, there in identities.items():
            goes = name not in wanted and there["owner"] == making.project
            if goes and making.removes(kind, name):
                _identity_goes(making, kind, name, there)
    wanted = {one["name"] for one in desired["policies"]}
    for name, there in live.policies.items():
        goes = name not in wanted and there["owner"] == making.project
        if goes and making.removes("policy", name):
            _policy_goes(making, name, there)


def _profile_goes(making: Making, name: str, there: Data) -> None:
    out = ("detach", "instance profile", name)
    if there["role"]:
        if not making.is_ours("role", there["role"]):
            making.stay("instance profile", name, f"its role {there['role']} is not ours")
            return
        request = {"InstanceProfileName": name, "RoleName": there["role"]}
        step = Step(
            "detach", "instance profile", name, f"role {there['role']}", "iam",
            "remove_role_from_instance_profile", request,
        )  # fmt: skip
        making.draft.add(out, step, (80,))
    request = {"InstanceProfileName": name}
    step = Step("remove", "instance profile", name, "", "iam", "delete_instance_profile", request)
    making.draft.add(("remove", "instance profile", name), step, (80, 1), [out])


def _identity_goes(making: Making, kind: str, name: str, there: Data) -> None:
    stays = _reasons(making, kind, name, there)
    if stays:
        making.stay(kind, name, "; ".join(stays))
        return
    before: list[Key] = [("detach", "instance profile", p) for p in there.get("profiles", ())]
    for arn in there["managed"]:
        document = next(
            (p["document"] for p in making.live.policies.values() if p["arn"] == arn), None
        )
        detach_policy(making, kind, name, arn, (82, int(denies(document))))
        before.append(("has", kind, name, "managed", arn))
    for inline in (*there["inline"], *there.get("marks", ())):
        # The mark goes last, so that what is left half-way is still known as ours.
        rank = 83 if inline in there.get("marks", ()) else 82
        remove_inline(making, kind, name, inline, (rank, int(denies(there["inline"].get(inline)))))
        before.append(("has", kind, name, "inline", inline))
    before += [_leaves(making, name, group) for group in there.get("groups", ())]
    before += [_leaves(making, user, name) for user in there.get("members", ())]
    step = Step("remove", kind, name, "", "iam", f"delete_{kind}", {_MEMBER_OF[kind]: name})
    making.draft.add(("remove", kind, name), step, (84,), before)


def _reasons(making: Making, kind: str, name: str, there: Data) -> list[str]:
    """Return in words what stands in the way of removing an identity."""
    reasons = []
    if kind == "role":
        others = [
            profile
            for profile in there["profiles"]
            if making.live.profiles.get(profile, {}).get("owner") != making.project
        ]
        reasons += [f"it is in the instance profile {p}, which is not ours" for p in others]
    if kind == "user" and there["left"]:
        reasons.append(f"it has {', '.join(there['left'])}, which only its owner should remove")
    if kind == "group":
        staying = [
            user
            for user in there["members"]
            if ("remove", "user", user) not in making.draft
            and ("detach", "user", user, "group", name) not in making.draft
        ]
        if staying:
            reasons.append(f"{', '.join(staying)} is in it, and stays")
    return reasons


def _leaves(making: Making, user: str, group: str) -> Key:
    key = ("detach", "user", user, "group", group)
    if key not in making.draft:
        request = {"GroupName": group, "UserName": user}
        step = Step(
            "detach", "user", user, f"group {group}", "iam", "remove_user_from_group", request
        )
        making.draft.add(key, step, (82,))
    return key


def _policy_goes(making: Making, name: str, there: Data) -> None:
    """Remove a policy once nobody has it; others that have it keep it."""
    wanted = {
        kind: {one["name"] for one in making.desired[f"{kind}s"]}
        for kind in ("role", "user", "group")
    }
    before: list[Key] = []
    others = []
    for how in ("attached", "bounded"):
        for kind, identity in there[how]:
            ends: Key = ("has", kind, identity, "managed", there["arn"])
            if how == "bounded":
                ends = ("boundary", kind, identity)
            goes = ("remove", kind, identity)
            if making.is_ours(kind, identity) and (ends in making.draft or goes in making.draft):
                before += [ends, goes] if identity not in wanted[kind] else [ends]
            else:
                others.append(f"{kind} {identity}")
    if others:
        making.stay("policy", name, f"{', '.join(others)} has it")
        return
    making.remove_policy(name, there, (90,), before)

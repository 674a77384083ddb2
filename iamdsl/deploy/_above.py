"""What has to be done above accounts: policies of the organization, and permission sets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from iamdsl.deploy._documents import canonical, listed, same_text, text
from iamdsl.deploy._terms import Step, later

if TYPE_CHECKING:
    from iamdsl.deploy._making import Making
    from iamdsl.deploy._ordering import Key
    from iamdsl.deploy._terms import Data

_ORGANIZATIONS, _CENTER = "organizations", "sso-admin"
_POLICY, _SET = "organization policy", "permission set"
_HOUR = 3600
_EVERYTHING = "p-FullAWSAccess"
"""The id of the SCP that AWS attaches everywhere."""


def plan_organization(making: Making) -> None:
    """Plan the policies of the organization, and where they are attached."""
    wanted, there = making.desired["organization"], making.live.organization
    if not wanted or not there:
        return
    mine: set[str] = set()
    for policy in wanted["policies"]:
        if _organization_policy(making, policy):
            mine.add(policy["name"])
    ids = {name: there["policies"].get(name, {}).get("id") for name in mine}
    ids = {name: found or later(_POLICY, name) for name, found in ids.items()}
    after: dict[str, list[str]] = {}
    for target in wanted["targets"]:
        where = there["root"] if target["kind"] == "organization" else target["id"]
        named = [
            p.rpartition("/")[2] if p.startswith("arn:") else ids.get(p) for p in target["policies"]
        ]
        after.setdefault(where, []).extend(found for found in named if found)
        _unlimited(making, where, target, after[where])
    names = {found: name for name, found in ids.items()}
    for where, policies in after.items():
        for found in policies:
            if found not in there["attached"].get(where, ()):
                _attached(making, "attach", names.get(found, found), found, where)
    _detached(making, after)


def _unlimited(making: Making, where: str, target: Data, wanted: list[str]) -> None:
    """Say that what AWS attaches by itself allows everything beside policies that allow less."""
    there = making.live.organization["attached"].get(where, ())
    less = [
        policy["name"]
        for policy in making.desired["organization"]["policies"]
        if policy["name"] in target["policies"]
        and policy["type"].startswith("SERVICE")
        and any(s["Effect"] == "Allow" for s in listed(policy["document"]["Statement"]))
    ]
    if less and _EVERYTHING in there and _EVERYTHING not in wanted:
        making.notes.append(
            f"`FullAWSAccess` is attached to {target['name']} ({where}) too, so that"
            f" `{'`, `'.join(less)}` limits nothing there: detach it by hand, it is not ours"
        )


def _organization_policy(making: Making, wanted: Data) -> bool:
    """Plan a policy; tell whether it is ours, or will be."""
    name, description = wanted["name"], wanted["description"] or ""
    policies = making.live.organization["policies"]
    there = policies.get(name)
    if there is None:
        if making.clash(_POLICY, name, policies):
            return False
        request: Data = {
            "Name": name,
            "Description": description,
            "Type": wanted["type"],
            "Content": text(wanted["document"]),
            "Tags": making.new_tags(wanted["tags"]),
        }
        step = Step("create", _POLICY, name, "", _ORGANIZATIONS, "create_policy", request)
        making.draft.add(("create", _POLICY, name), step, (72,))
        return True
    if not making.owns(_POLICY, name, there["owner"]):
        return False
    if there["type"] != wanted["type"]:
        making.problems.append(
            f"{_POLICY} `{name}` is a {there['type']}, and AWS cannot make another type of it:"
            " give it another name"
        )
        return False
    if making.adopting(there["owner"]):
        making.adopt(_POLICY, name, "tag_resource", {"ResourceId": there["id"]})
    request = {"PolicyId": there["id"]}
    if canonical(wanted["document"]) != canonical(there["document"]):
        request["Content"] = text(wanted["document"])
    if not same_text(description, there["description"]):
        request["Description"] = description
    if len(request) > 1:
        changed = [w for w in ("Content", "Description") if w in request]
        detail = " and ".join(changed).lower().replace("content", "document")
        step = Step("update", _POLICY, name, detail, _ORGANIZATIONS, "update_policy", request)
        making.draft.add(("update", _POLICY, name), step, (73,))
    target = {"ResourceId": there["id"]}
    making.tags(_POLICY, name, target, wanted["tags"], there["tags"], _ORGANIZATIONS)
    return True


def _attached(making: Making, verb: str, name: str, found: str, where: str) -> Key:
    key = (verb, _POLICY, name, where)
    request = {"PolicyId": found, "TargetId": where}
    step = Step(verb, _POLICY, name, where, _ORGANIZATIONS, f"{verb}_policy", request)
    needs = [("create", _POLICY, name), ("update", _POLICY, name)]
    making.draft.add(key, step, (74,) if verb == "attach" else (75,), needs)
    return key


def _detached(making: Making, after: dict[str, list[str]]) -> None:
    """Take ours from where they are not to be, and remove those that are to be nowhere."""
    wanted = {policy["name"] for policy in making.desired["organization"]["policies"]}
    for name, there in making.live.organization["policies"].items():
        if there["owner"] != making.project and not making.is_taken(_POLICY, name):
            continue
        if name not in wanted and not making.removes(_POLICY, name):
            continue
        gone = [
            _attached(making, "detach", name, there["id"], where)
            for where in there["targets"]
            if there["id"] not in after.get(where, ())
        ]
        if name not in wanted:
            request = {"PolicyId": there["id"]}
            step = Step("remove", _POLICY, name, "", _ORGANIZATIONS, "delete_policy", request)
            making.draft.add(("remove", _POLICY, name), step, (76,), gone)


# -- permission sets


def plan_permission_sets(making: Making) -> None:
    """Plan permission sets; who is assigned to them is nothing of ours."""
    wanted = making.desired["permission_sets"] or []
    for one in wanted:
        _permission_set(making, one)
    names = {one["name"] for one in wanted}
    for name, there in making.live.permission_sets.items():
        if name in names or there["owner"] != making.project:
            continue
        if there["provisioned"]:
            making.stay(_SET, name, "somebody is assigned to it")
            continue
        if not making.removes(_SET, name):
            continue
        step = Step("remove", _SET, name, "", _CENTER, "delete_permission_set", _named_set(there))
        making.draft.add(("remove", _SET, name), step, (79,))


def _named_set(there: Data) -> Data:
    return {"InstanceArn": there["instance"], "PermissionSetArn": there["arn"]}


def _permission_set(making: Making, wanted: Data) -> None:
    name = wanted["name"]
    there = making.live.permission_sets.get(name)
    if there is None:
        if not making.live.instance:
            making.problems.append(
                f"{_SET} `{name}`: there is no IAM Identity Center to make it in"
            )
            return
        there = _new_set(making, wanted)
    elif making.owns(_SET, name, there["owner"]):
        _set_settings(making, wanted, there)
    else:
        return
    changes = _contents(making, wanted, there)
    changes.append(("settings", _SET, name))
    if there["provisioned"] and any(key in making.draft for key in changes):
        # Accounts keep the old contents until they are told.
        request = {**_named_set(there), "TargetType": "ALL_PROVISIONED_ACCOUNTS"}
        step = Step(
            "update", _SET, name, "in its accounts", _CENTER, "provision_permission_set", request
        )
        making.draft.add(("provision", _SET, name), step, (78, 9), changes)


def _new_set(making: Making, wanted: Data) -> Data:
    name, instance = wanted["name"], making.live.instance
    request: Data = {
        "Name": name,
        "InstanceArn": instance,
        "SessionDuration": f"PT{wanted['session'] or _HOUR}S",
        "Tags": making.new_tags(wanted["tags"]),
    }
    if wanted["description"]:
        request["Description"] = wanted["description"]
    step = Step("create", _SET, name, "", _CENTER, "create_permission_set", request)
    making.draft.add(("create", _SET, name), step, (77,))
    return {
        "instance": instance, "arn": later(_SET, name), "managed": [], "named": [],
        "inline": None, "boundary": None, "provisioned": False,
    }  # fmt: skip


def _set_settings(making: Making, wanted: Data, there: Data) -> None:
    name = wanted["name"]
    target = {"InstanceArn": there["instance"], "ResourceArn": there["arn"]}
    if making.adopting(there["owner"]):
        making.adopt(_SET, name, "tag_resource", target)
    description, seconds = wanted["description"], wanted["session"] or _HOUR
    # Nothing takes a description away again.
    renamed = bool(description) and not same_text(description, there["description"])
    if renamed or seconds != there["session"]:
        request = {**_named_set(there), "SessionDuration": f"PT{seconds}S"}
        if renamed:
            request["Description"] = description
        step = Step("update", _SET, name, "settings", _CENTER, "update_permission_set", request)
        making.draft.add(("settings", _SET, name), step, (78,))
    making.tags(_SET, name, target, wanted["tags"], there["tags"], _CENTER)


def _contents(making: Making, wanted: Data, there: Data) -> list[Key]:
    """Plan what a permission set grants; return the steps."""
    name: str = wanted["name"]
    steps: list[Key] = []
    managed, named = _references(making, wanted["managed"])

    def step(verb: str, detail: str, operation: str, more: Data, rank: int) -> None:
        key = (verb, _SET, name, detail)
        made = Step(verb, _SET, name, detail, _CENTER, operation, {**_named_set(there), **more})
        making.draft.add(key, made, (78, rank), [("create", _SET, name)])
        steps.append(key)

    boundary = _boundary_of(making, wanted["boundary"])
    if boundary and boundary != there["boundary"]:
        step(
            "update", "boundary", "put_permissions_boundary_to_permission_set",
            {"PermissionsBoundary": _as_request(boundary)}, 0,
        )  # fmt: skip
    for arn in managed:
        if arn not in there["managed"]:
            step("attach", f"policy {arn}", "attach_managed_policy_to_permission_set",
                 {"ManagedPolicyArn": arn}, 1)  # fmt: skip
    for one in named:
        if one not in there["named"]:
            step("attach", f"policy {one[1]}{one[0]}",
                 "attach_customer_managed_policy_reference_to_permission_set",
                 _as_request(one), 1)  # fmt: skip
    if wanted["inline"] is not None and canonical(wanted["inline"]) != canonical(there["inline"]):
        step("update", "inline policy", "put_inline_policy_to_permission_set",
             {"InlinePolicy": text(wanted["inline"])}, 2)  # fmt: skip
    if wanted["inline"] is None and there["inline"] is not None:
        step("remove", "inline policy", "delete_inline_policy_from_permission_set", {}, 3)
    for arn in there["managed"]:
        if arn not in managed:
            step("detach", f"policy {arn}", "detach_managed_policy_from_permission_set",
                 {"ManagedPolicyArn": arn}, 3)  # fmt: skip
    for one in there["named"]:
        if one not in named:
            step("detach", f"policy {one[1]}{one[0]}",
                 "detach_customer_managed_policy_reference_from_permission_set",
                 _as_request(one), 3)  # fmt: skip
    if not boundary and there["boundary"]:
        step("remove", "boundary", "delete_permissions_boundary_from_permission_set", {}, 4)
    return steps


def _references(making: Making, policies: list[str]) -> tuple[list[str], list[list[str]]]:
    """Return the ARNs of AWS's policies, and those of the accounts by name and path."""
    arns = [policy for policy in policies if policy.startswith("arn:")]
    return arns, [[p, making.path(p)] for p in policies if not p.startswith("arn:")]


def _boundary_of(making: Making, policy: str | None) -> Any:
    if policy is None or policy.startswith("arn:"):
        return policy
    return [policy, making.path(policy)]


def _as_request(policy: Any) -> Data:
    if isinstance(policy, str):
        return {"ManagedPolicyArn": policy}
    return {"CustomerManagedPolicyReference": {"Name": policy[0], "Path": policy[1]}}

"""What has to be done so that an account is as it is desired, in an order that is safe."""

from __future__ import annotations

from typing import TYPE_CHECKING

from iamdsl.deploy._above import plan_organization, plan_permission_sets
from iamdsl.deploy._documents import canonical, principals, same_text, text
from iamdsl.deploy._identities import plan_identities
from iamdsl.deploy._making import Making
from iamdsl.deploy._removing import plan_removals
from iamdsl.deploy._resources import putting, row_of, service_of
from iamdsl.deploy._terms import Plan, Step

if TYPE_CHECKING:
    from collections.abc import Iterable

    from iamdsl.deploy._terms import Data, Live

_VERSIONS = 5
"""Of a policy, at most (AWS "reference_iam-quotas")."""


def steps(desired: Data, live: Live) -> list[Step]:
    """Return what has to be done, in its order."""
    return list(planned(desired, live).steps)


def planned(desired: Data, live: Live, adopt: Iterable[str] = ()) -> Plan:
    """Return what has to be done, and what stands in the way.

    Args:
        desired: without marks.
        adopt: what is taken over although it does not carry our mark (`Conflict.key`).
    """
    expected = (desired["account"], desired["partition"])
    if any(want and want != is_ for want, is_ in zip(expected, live[:2], strict=True)):
        problem = f"this is for account {expected[0]}, and the credentials are of {live.account}"
        return Plan((), problems=(problem,))
    making = Making(desired, live, frozenset(adopt))
    for policy in desired["policies"]:
        _plan_policy(making, policy)
    plan_identities(making)
    _plan_resources(making)
    plan_organization(making)
    plan_permission_sets(making)
    plan_removals(making)
    return making.plan()


def _plan_policy(making: Making, wanted: Data) -> None:
    name, arn = wanted["name"], making.arn(wanted["name"])
    there = making.live.policies.get(name)
    key = ("create", "policy", name)
    if there is None:
        if not making.clash("policy", name, making.live.policies):
            making.draft.add(key, _new_policy(making, wanted), (10,))
        return
    if not making.owns("policy", name, there["owner"]):
        return
    adopting = making.adopting(there["owner"])
    if there["path"] != wanted["path"]:
        _moved(making, wanted, there)
        return
    if adopting:
        making.adopt("policy", name, "tag_policy", {"PolicyArn": arn})
    if not same_text(wanted["description"], there["description"]):
        making.notes.append(
            f"policy `{name}` keeps its description: AWS cannot change that of a policy"
        )
    if canonical(wanted["document"]) != canonical(there["document"]):
        _new_version(making, wanted, there)
        others = [
            f"{kind} {identity}"
            for kind, identity in dict.fromkeys(map(tuple, (*there["attached"], *there["bounded"])))
            if not making.is_ours(kind, identity)
        ]
        if others:
            making.notes.append(
                f"policy `{name}` changes for {', '.join(others)} too, which the project has not made"
            )
    making.tags("policy", name, {"PolicyArn": arn}, wanted["tags"], there["tags"])


def _new_policy(making: Making, wanted: Data) -> Step:
    request: Data = {
        "PolicyName": wanted["name"],
        "Path": wanted["path"],
        "PolicyDocument": text(wanted["document"]),
        "Tags": making.new_tags(wanted["tags"]),
    }
    if wanted["description"]:
        request["Description"] = wanted["description"]
    return Step("create", "policy", wanted["name"], "", "iam", "create_policy", request)


def _new_version(making: Making, wanted: Data, there: Data) -> None:
    name, arn = wanted["name"], making.arn(wanted["name"])
    key = ("update", "policy", name)
    document = {"PolicyArn": arn, "PolicyDocument": text(wanted["document"]), "SetAsDefault": True}
    step = Step("update", "policy", name, "document", "iam", "create_policy_version", document)
    making.draft.add(key, step, (20,))
    old = [version for version in there["versions"] if version != there["version"]]
    if len(there["versions"]) >= _VERSIONS:
        prune = ("prune", "policy", name)
        request = {"PolicyArn": arn, "VersionId": old[0]}
        detail = f"version {old[0]}, the oldest"
        step = Step("remove", "policy", name, detail, "iam", "delete_policy_version", request)
        making.draft.add(prune, step, (19,))
        making.draft.need(key, [prune])


def _moved(making: Making, wanted: Data, there: Data) -> None:
    """Make a policy anew at another path, which only one that nobody has can take."""
    name = wanted["name"]
    if there["attached"] or there["bounded"]:
        making.problems.append(
            f"policy `{name}` is at the path {there['path']}, and AWS cannot move it to"
            f" {wanted['path']}: give it another name, so that it is made beside the old one"
        )
        return
    making.remove_policy(name, there, (8,))
    key = ("create", "policy", name)
    making.draft.add(key, _new_policy(making, wanted), (10,), [("remove", "policy", name)])


def _plan_resources(making: Making) -> None:
    for wanted in making.desired["resources"]:
        name, there = wanted["name"], making.live.resources[wanted["name"]]
        row = row_of(wanted)
        if there["missing"] or row is None:
            making.notes.append(
                f"resource policy `{name}` is not set: there is no {wanted['target']} yet"
            )
            continue
        if there["document"] is not None:
            making.seen("resource policy", name)
        if _same(wanted["document"], there["document"], ours=bool(there["owner"])):
            continue
        if there["document"] is not None and not making.owns(
            "resource policy", name, there["owner"]
        ):
            continue
        verb = "create" if there["document"] is None else "update"
        request = putting(row, wanted, there["found"], text(wanted["document"]))
        service = service_of(row, wanted, making.live.region)
        step = Step(verb, "resource policy", name, wanted["target"], service, row["put"], request)
        named = [making.created(arn) for arn in principals(wanted["document"])]
        making.draft.add(("put", "resource policy", name), step, (70,), filter(None, named))


def _same(wanted: Data, there: Data | None, *, ours: bool) -> bool:
    """Tell whether a resource has its policy; what was there already is not marked for that."""
    if there is None:
        return False
    if not ours:
        wanted, there = ({n: v for n, v in d.items() if n != "Id"} for d in (wanted, there))
    return canonical(wanted) == canonical(there)

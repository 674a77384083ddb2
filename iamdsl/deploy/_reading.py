"""What is live: what of an account is desired, or is ours."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Any

from iamdsl.deploy._calling import call, code, listed_by, pages, together
from iamdsl.deploy._documents import canonical, data
from iamdsl.deploy._resources import read_resource
from iamdsl.deploy._terms import MARK, MARKER, TAG, Live

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from iamdsl.deploy._terms import Client, Data

_LEFT = {
    "list_access_keys": ("AccessKeyMetadata", "access keys"),
    "list_mfa_devices": ("MFADevices", "MFA devices"),
    "list_signing_certificates": ("Certificates", "signing certificates"),
    "list_ssh_public_keys": ("SSHPublicKeys", "SSH keys"),
    "list_service_specific_credentials": ("ServiceSpecificCredentials", "service credentials"),
}
_TYPES = ("SERVICE_CONTROL_POLICY", "RESOURCE_CONTROL_POLICY")
_DURATION = re.compile(r"PT(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?")
_SHUT = frozenset(
    "AccessDenied AccessDeniedException AWSOrganizationsNotInUseException"
    " UnrecognizedClientException".split()
)
"""The account has nothing to do with an organization, or may not speak of it."""


URL_SUFFIXES = {
    "aws": "amazonaws.com",
    "aws-cn": "amazonaws.com.cn",
    "aws-us-gov": "amazonaws.com",
    "aws-iso": "c2s.ic.gov",
    "aws-iso-b": "sc2s.sgov.gov",
    "aws-iso-e": "cloud.adc-e.uk",
    "aws-iso-f": "csp.hci.ic.gov",
    "aws-eusc": "amazonaws.eu",
}
"""As in `iamdsl.aws.partitions`, which a program that stands by itself does not have."""


def pseudo(client: Client, sleep: Callable[[float], None] = time.sleep) -> dict[str, str]:
    """Return what AWS itself knows of a deployment: account, partition and region, by their marks.

    There is no region where nothing says one; IAM needs none.
    """
    caller = call(client, "sts", "get_caller_identity", {}, sleep)
    partition = str(caller["Arn"]).split(":")[1]
    known = {"aws.account": str(caller["Account"]), "aws.partition": partition}
    if partition in URL_SUFFIXES:
        known["aws.url_suffix"] = URL_SUFFIXES[partition]
    region = str(client("sts").meta.region_name)
    return known if region in {"None", "aws-global"} else {**known, "aws.region": region}


def read(client: Client, desired: Data, sleep: Callable[[float], None] = time.sleep) -> Live:
    """Return what is live of what is desired (without marks), and all that the project owns.

    Args:
        client: makes the SDK's client of a service, and had better keep it.
    """
    reader = _Reader(client, desired, sleep)
    known = pseudo(client, sleep)
    live = Live(
        known["aws.account"],
        known["aws.partition"],
        known.get("aws.region", ""),
        **reader.identities_and_policies(),
        resources=reader.resources(known.get("aws.region", "")),
        organization=reader.organization(),
        **reader.permission_sets(),
    )
    reader.details(live)
    return live


class _Reader:
    """Asks AWS, a kind of things after the other."""

    def __init__(self, client: Client, desired: Data, sleep: Callable[[float], None]) -> None:
        self._client, self._desired, self._sleep = client, desired, sleep
        self._project: str = desired["project"]

    def identities_and_policies(self) -> dict[str, Any]:
        """Return policies, roles, users, groups and instance profiles."""
        kinds = ["User", "Role", "Group", "LocalManagedPolicy"]
        found: dict[str, list[Data]] = {}
        for page in pages(
            self._client, "iam", "get_account_authorization_details", {"Filter": kinds}, self._sleep
        ):
            for name in ("UserDetailList", "RoleDetailList", "GroupDetailList", "Policies"):
                found.setdefault(name, []).extend(page.get(name, []))
        users = {one["UserName"]: _live_user(one) for one in found["UserDetailList"]}
        roles = {one["RoleName"]: _live_role(one) for one in found["RoleDetailList"]}
        groups = {one["GroupName"]: _live_group(one, users) for one in found["GroupDetailList"]}
        read = zip(found["Policies"], together(self._policy, found["Policies"]), strict=True)
        policies = {one["Arn"].rpartition("/")[2]: policy for one, policy in read}
        for kind, identities in (("role", roles), ("user", users), ("group", groups)):
            _note_uses(kind, identities, policies)
        return {
            "policies": self._relevant(policies, self._names("policies")),
            "roles": self._relevant(roles, self._names("roles")),
            "users": self._relevant(users, self._names("users")),
            "groups": self._relevant(groups, self._names("groups")),
            "profiles": self._profiles(roles),
        }

    def details(self, live: Live) -> None:
        """Fill in what the account's details do not tell of what is live."""
        wanted = {p["name"]: p for p in self._desired["policies"]}
        for name, policy in live.policies.items():
            if not policy["description"] and (wanted.get(name) or {}).get("description"):
                answer = self._call("iam", "get_policy", PolicyArn=policy["arn"])
                policy["description"] = answer["Policy"].get("Description") or None
        together(self._role, live.roles.items())
        together(self._user, live.users.items())

    def resources(self, region: str) -> dict[str, Data]:
        """Return the policies of the resources that are to have one."""
        return {
            one["name"]: read_resource(self._client, one, region, self._sleep)
            for one in self._desired["resources"]
        }

    def organization(self) -> Data:
        """Return what is ours in the organization; nothing where the account has none to manage."""
        wanted = self._desired["organization"]
        if wanted is None:
            return {}
        try:
            return self._organization([target["id"] for target in wanted["targets"]])
        except Exception as error:
            if code(error) in _SHUT and not wanted["policies"] and not wanted["targets"]:
                return {}
            raise

    def permission_sets(self) -> dict[str, Any]:
        """Return permission sets, and the instance of IAM Identity Center, if there is one."""
        wanted = self._desired["permission_sets"]
        none: dict[str, Any] = {"permission_sets": {}}
        if wanted is None:
            return none
        try:
            instances = self._all("sso-admin", "list_instances", {}, "Instances")
            if not instances:
                return none
            instance = str(instances[0]["InstanceArn"])
            found = self._permission_sets(instance, {p["name"] for p in wanted})
        except Exception as error:
            if code(error) in _SHUT and not wanted:
                return none
            raise
        return {"permission_sets": found, "instance": instance}

    def _names(self, kind: str) -> list[str]:
        return [one["name"] for one in self._desired[kind]]

    def _relevant(self, found: dict[str, Data], names: Iterable[str]) -> dict[str, Data]:
        """Return what is ours, and what is there under a name that is desired, whatever its case."""
        wanted = {name.lower() for name in names}
        return {
            name: one
            for name, one in sorted(found.items())
            if one["owner"] == self._project or name.lower() in wanted
        }

    def _call(self, service: str, operation: str, **request: Any) -> Data:
        return call(self._client, service, operation, request, self._sleep)

    def _all(self, service: str, operation: str, request: Data, member: str) -> list[Any]:
        return listed_by(self._client, service, operation, request, member, self._sleep)

    def _policy(self, one: Data) -> Data:
        found = self._all("iam", "list_policy_tags", {"PolicyArn": one["Arn"]}, "Tags")
        tags = _as_tags(found)
        versions = sorted(one["PolicyVersionList"], key=lambda v: int(v["VersionId"][1:]))
        default = next(v for v in versions if v["IsDefaultVersion"])
        return {
            "path": one.get("Path") or "/",
            "description": one.get("Description") or None,
            "tags": tags,
            "document": data(default["Document"]),
            "version": default["VersionId"],
            "versions": [v["VersionId"] for v in versions],
            "attached": [],
            "bounded": [],
            "arn": one["Arn"],
            "owner": tags.get(TAG, ""),
        }

    def _profiles(self, roles: dict[str, Data]) -> dict[str, Data]:
        """Return the instance profiles that are desired, ours, or of our roles."""
        wanted = {role["instance_profile"] for role in self._desired["roles"]}
        ours = {name for name, role in roles.items() if role["owner"] == self._project}
        found = {}
        for one in self._all("iam", "list_instance_profiles", {}, "InstanceProfiles"):
            name, held = one["InstanceProfileName"], [r["RoleName"] for r in one["Roles"]]
            if held and name not in wanted and ours.isdisjoint(held):
                continue
            answer = self._call("iam", "get_instance_profile", InstanceProfileName=name)
            owner = _as_tags(answer["InstanceProfile"].get("Tags", [])).get(TAG, "")
            if name in wanted or owner == self._project or not ours.isdisjoint(held):
                role = held[0] if held else None
                found[name] = {"role": role, "owner": owner, "arn": one["Arn"]}
        return found

    def _role(self, named: tuple[str, Data]) -> None:
        name, role = named
        answer = self._call("iam", "get_role", RoleName=name)["Role"]
        role["description"] = answer.get("Description") or None
        role["max_session"] = answer.get("MaxSessionDuration", 3600)

    def _user(self, named: tuple[str, Data]) -> None:
        name, user = named
        answer = self._call("iam", "get_user", UserName=name)["User"]
        user["boundary"] = answer.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn")
        if name not in self._names("users"):
            user["left"] = self._left(name)

    def _left(self, name: str) -> list[str]:
        """Return what a user has that nobody but its owner should remove."""
        found = [
            said
            for operation, (member, said) in _LEFT.items()
            if self._call("iam", operation, UserName=name).get(member)
        ]
        try:
            self._call("iam", "get_login_profile", UserName=name)
        except Exception as error:
            if code(error) != "NoSuchEntity":
                raise
        else:
            found.append("a login")
        return found

    def _organization(self, ids: list[str]) -> Data:
        roots = self._all("organizations", "list_roots", {}, "Roots")
        policies: dict[str, Data] = {}
        names = {one["name"].lower() for one in self._desired["organization"]["policies"]}
        for kind in _TYPES:
            for one in self._all("organizations", "list_policies", {"Filter": kind}, "Policies"):
                if one.get("AwsManaged"):
                    continue
                request = {"ResourceId": one["Id"]}
                tags = _as_tags(
                    self._all("organizations", "list_tags_for_resource", request, "Tags")
                )
                if tags.get(TAG) == self._project or one["Name"].lower() in names:
                    policies[one["Name"]] = self._organization_policy(one, tags)
        attached: dict[str, list[str]] = {}
        root = roots[0]["Id"]
        for target in dict.fromkeys(root if i.startswith("o-") else i for i in ids):
            attached[target] = []
            for kind in _TYPES:
                request = {"TargetId": target, "Filter": kind}
                found = self._all("organizations", "list_policies_for_target", request, "Policies")
                attached[target] += [one["Id"] for one in found]
        return {"root": root, "policies": policies, "attached": attached}

    def _organization_policy(self, one: Data, tags: dict[str, str]) -> Data:
        request = {"PolicyId": one["Id"]}
        answer = self._call("organizations", "describe_policy", **request)["Policy"]
        targets = self._all("organizations", "list_targets_for_policy", request, "Targets")
        return {
            "id": one["Id"],
            "type": one["Type"],
            "description": one.get("Description") or None,
            "tags": tags,
            "document": data(answer["Content"]),
            "targets": [target["TargetId"] for target in targets],
            "arn": one["Arn"],
            "owner": tags.get(TAG, ""),
        }

    def _permission_sets(self, instance: str, wanted: set[str]) -> dict[str, Data]:
        found = {}
        request = {"InstanceArn": instance}
        for arn in self._all("sso-admin", "list_permission_sets", request, "PermissionSets"):
            of = {"InstanceArn": instance, "PermissionSetArn": arn}
            answer = self._call("sso-admin", "describe_permission_set", **of)["PermissionSet"]
            about = {"InstanceArn": instance, "ResourceArn": arn}
            tags = _as_tags(self._all("sso-admin", "list_tags_for_resource", about, "Tags"))
            if answer["Name"] in wanted or tags.get(TAG) == self._project:
                found[answer["Name"]] = self._permission_set(of, answer, tags)
        return found

    def _permission_set(self, of: Data, answer: Data, tags: dict[str, str]) -> Data:
        inline = self._call("sso-admin", "get_inline_policy_for_permission_set", **of)
        managed = self._all(
            "sso-admin", "list_managed_policies_in_permission_set", of, "AttachedManagedPolicies"
        )
        named = self._all(
            "sso-admin",
            "list_customer_managed_policy_references_in_permission_set",
            of,
            "CustomerManagedPolicyReferences",
        )
        accounts = self._all(
            "sso-admin", "list_accounts_for_provisioned_permission_set", of, "AccountIds"
        )
        return {
            "description": answer.get("Description") or None,
            "session": _seconds(answer.get("SessionDuration") or "PT1H"),
            "tags": tags,
            "boundary": self._boundary(of),
            "inline": data(inline["InlinePolicy"]) if inline.get("InlinePolicy") else None,
            "managed": [one["Arn"] for one in managed],
            "named": [[one["Name"], one.get("Path") or "/"] for one in named],
            "provisioned": bool(accounts),
            "arn": of["PermissionSetArn"],
            "instance": of["InstanceArn"],
            "owner": tags.get(TAG, ""),
        }

    def _boundary(self, of: Data) -> Any:
        try:
            answer = self._call("sso-admin", "get_permissions_boundary_for_permission_set", **of)
        except Exception as error:
            if code(error) == "ResourceNotFoundException":
                return None
            raise
        boundary = answer.get("PermissionsBoundary", {})
        named = boundary.get("CustomerManagedPolicyReference")
        return (
            [named["Name"], named.get("Path") or "/"] if named else boundary.get("ManagedPolicyArn")
        )


def _as_tags(found: Iterable[Data]) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in found}


def _live_identity(one: Data, inline: str) -> Data:
    tags = _as_tags(one.get("Tags", []))
    boundary = one.get("PermissionsBoundary") or {}
    return {
        "path": one.get("Path") or "/",
        "boundary": boundary.get("PermissionsBoundaryArn"),
        "tags": tags,
        "inline": {p["PolicyName"]: data(p["PolicyDocument"]) for p in one.get(inline, [])},
        "managed": [p["PolicyArn"] for p in one.get("AttachedManagedPolicies", [])],
        "arn": one["Arn"],
        "owner": tags.get(TAG, ""),
    }


def _live_role(one: Data) -> Data:
    profiles = [p["InstanceProfileName"] for p in one.get("InstanceProfileList", [])]
    return {
        **_live_identity(one, "RolePolicyList"),
        "description": None,
        "max_session": None,
        "trust": data(one["AssumeRolePolicyDocument"]),
        "profiles": profiles,
    }


def _live_user(one: Data) -> Data:
    groups = list(one.get("GroupList", []))
    return {**_live_identity(one, "UserPolicyList"), "groups": groups, "left": []}


def _live_group(one: Data, users: dict[str, Data]) -> Data:
    """Return a group; what it is marked with is no policy of it, unless something else is in it."""
    made = _live_identity(one, "GroupPolicyList")
    marks = sorted(name for name in made["inline"] if name.startswith(MARKER))
    for name in marks:
        if canonical(made["inline"][name]) == canonical(MARK):
            del made["inline"][name]
    members = [name for name, user in users.items() if one["GroupName"] in user["groups"]]
    owner = " and ".join(name.removeprefix(MARKER) for name in marks)
    return {**made, "owner": owner, "marks": marks, "members": members}


def _note_uses(kind: str, identities: dict[str, Data], policies: dict[str, Data]) -> None:
    """Note at each policy who has it attached, and whose boundary it is."""
    by_arn = {policy["arn"]: policy for policy in policies.values()}
    for name, identity in identities.items():
        for arn in identity["managed"]:
            if arn in by_arn:
                by_arn[arn]["attached"].append([kind, name])
        if identity["boundary"] in by_arn:
            by_arn[identity["boundary"]]["bounded"].append([kind, name])


def _seconds(duration: str) -> int:
    found = _DURATION.fullmatch(duration)
    hours, minutes, seconds = (int(part or 0) for part in found.groups()) if found else (1, 0, 0)
    return hours * 3600 + minutes * 60 + seconds

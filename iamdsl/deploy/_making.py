"""A plan as it comes about: whose things are, tags, and what several kinds have in common."""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING

from iamdsl.deploy._ordering import Draft
from iamdsl.deploy._terms import TAG, TAGGED, UNNAMED, Conflict, Plan, Step

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from iamdsl.deploy._ordering import Key, Turns
    from iamdsl.deploy._terms import Data, Live

_DIGEST = 5  # characters: so that fifty of them are a value of a tag
_SERVICES = {"organization policy": "organizations", "permission set": "sso-admin"}
_KINDS = {
    "policy": "policies",
    "role": "roles",
    "user": "users",
    "group": "groups",
    "instance profile": "profiles",
    "resource policy": "resources",
}


class Making:
    """What is desired, what is live, and what has been found to do so far."""

    def __init__(self, desired: Data, live: Live, adopt: frozenset[str]) -> None:
        self.desired, self.live, self._adopt = desired, live, adopt
        self.project: str = desired["project"]
        self.draft = Draft()
        self.problems: list[str] = []
        self.notes: list[str] = []
        self._stays: list[tuple[str, str]] = []
        self.turns: dict[tuple[str, str], Turns] = {}
        self._conflicts: list[Conflict] = []
        self._met: set[str] = set()
        self._paths = {policy["name"]: policy["path"] for policy in desired["policies"]}

    def plan(self) -> Plan:
        """Return all that was found, the steps in their order."""
        unknown = sorted(self._adopt - self._met)
        self.problems += [
            f"nothing of the name {name} is there to be taken over" for name in unknown
        ]
        steps, notes = self.draft.ordered()
        return Plan(
            tuple(steps),
            tuple(self._conflicts),
            tuple(self.problems),
            (*self.notes, *notes),
            tuple(self._stays),
        )

    # -- whose something is

    def owns(self, kind: str, name: str, owner: str) -> bool:
        """Tell whether something that is there may be changed; it is a conflict if it may not."""
        found = Conflict(kind, name, owner)
        self.seen(kind, name)
        if owner == self.project or found.key in self._adopt:
            return True
        self._conflicts.append(found)
        return False

    def seen(self, kind: str, name: str) -> None:
        """Note that something is there, so that it is no mistake to name it for taking over."""
        self._met.add(Conflict(kind, name).key)

    def adopting(self, owner: str) -> bool:
        """Tell whether something has to be marked as ours first."""
        return owner != self.project

    def adopt(self, kind: str, name: str, operation: str, target: Data) -> None:
        """Mark something as ours before anything else happens to it."""
        service = _SERVICES.get(kind, "iam")
        request = {**target, "Tags": [{"Key": TAG, "Value": self.project}]}
        step = Step("adopt", kind, name, "", service, operation, request)
        self.draft.add(("adopt", kind, name), step, (0,))

    def clash(self, kind: str, name: str, there: Collection[str]) -> bool:
        """Tell whether a name is taken by one that differs in case alone, which is a problem."""
        other = next((n for n in there if n != name and n.lower() == name.lower()), None)
        if other is not None:
            self.problems.append(
                f"{kind} `{name}` cannot be made beside `{other}`: AWS tells no names apart by case"
            )
        return other is not None

    def removes(self, kind: str, name: str) -> bool:
        """Tell whether what is ours and desired no more may be removed.

        Projects without a name of their own are all called the same, and would remove each
        other's things.
        """
        if self.project == UNNAMED:
            self.stay(kind, name, "a project without a name of its own removes nothing")
        return self.project != UNNAMED

    def stay(self, kind: str, name: str, why: str) -> None:
        """Leave something alone that is ours and desired no more."""
        self._stays.append((kind, name))
        self.notes.append(f"{kind} `{name}` stays: {why}")

    # -- names

    def arn(self, policy: str) -> str:
        """Return the ARN of a policy that is named by its name, if it is ours, or by its ARN."""
        if policy.startswith("arn:"):
            return policy
        return (
            f"arn:{self.live.partition}:iam::{self.live.account}:policy{self.path(policy)}{policy}"
        )

    def path(self, policy: str) -> str:
        """Return the path of a policy of ours by its name."""
        return str(self._paths.get(policy, "/"))

    def named(self, arn: str) -> str:
        """Return the name of a policy of this account by its ARN; empty for one of another."""
        ours = f"arn:{self.live.partition}:iam::{self.live.account}:policy/"
        return arn.rpartition("/")[2] if arn.startswith(ours) else ""

    def created(self, arn: str) -> Key | None:
        """Return the step that makes a role or user, if it is one of this account."""
        ours = f"arn:{self.live.partition}:iam::{self.live.account}:"
        kind, _, rest = arn.removeprefix(ours).partition("/")
        if not arn.startswith(ours) or kind not in {"role", "user"}:
            return None
        return ("create", kind, rest.rpartition("/")[2])

    # -- tags

    def new_tags(self, tags: dict[str, str]) -> list[Data]:
        """Return the tags of something new, as the SDK takes them."""
        return [{"Key": key, "Value": value} for key, value in self._all_tags(tags).items()]

    def tags(
        self,
        kind: str,
        name: str,
        target: Data,
        wanted: dict[str, str],
        there: dict[str, str],
        service: str = "iam",
    ) -> None:
        """Set tags that are different, and remove those that were ours and are desired no more.

        Args:
            target: the members of a request that name the thing.
        """
        noun = kind.rpartition(" ")[2] if service == "iam" else "resource"
        known = there.get(TAGGED, "")
        ours = {known[i : i + _DIGEST] for i in range(0, len(known), _DIGEST)}
        new = self._all_tags(wanted)
        if there.get(TAG) != self.project:
            there = {**there, TAG: self.project}  # adopted
        # IAM tells no keys apart by case.
        values = {key.lower(): value for key, value in there.items()}
        names = {key.lower() for key in new}
        changed = [{"Key": k, "Value": v} for k, v in new.items() if values.get(k.lower()) != v]
        extra = [key for key in there if key.lower() not in names]
        gone = [key for key in extra if _digest(key) in ours or key == TAGGED]
        others = [key for key in extra if key not in gone]
        if changed:
            said = ", ".join(tag["Key"] for tag in changed if tag["Key"] != TAGGED) or TAGGED
            request = {**target, "Tags": changed}
            step = Step("tag", kind, name, f"tags {said}", service, f"tag_{noun}", request)
            self.draft.add(("tag", kind, name), step, (40,))
        if gone:
            said = ", ".join(key for key in gone if key != TAGGED) or TAGGED
            request = {**target, "TagKeys": gone}
            step = Step("untag", kind, name, f"tags {said}", service, f"untag_{noun}", request)
            self.draft.add(("untag", kind, name), step, (41,))
        if others:
            said = ", ".join(f"`{key}`" for key in sorted(others))
            self.notes.append(f"{kind} `{name}` keeps tags that somebody else gave it: {said}")

    def _all_tags(self, tags: dict[str, str]) -> dict[str, str]:
        made = {**tags, TAG: self.project}
        if tags:
            made[TAGGED] = "".join(sorted(map(_digest, tags)))
        return made

    # -- removal

    def remove_policy(
        self, name: str, there: Data, rank: Iterable[int], needs: Iterable[Key] = ()
    ) -> None:
        """Remove a policy that nobody has any more, its versions first."""
        draft, arn, before = self.draft, there["arn"], list(needs)
        last = ("remove", "policy", name)
        versions = []
        for version in there["versions"]:
            if version == there["version"]:
                continue
            request = {"PolicyArn": arn, "VersionId": version}
            step = Step(
                "remove",
                "policy",
                name,
                f"version {version}",
                "iam",
                "delete_policy_version",
                request,
            )
            draft.add((*last, version), step, rank, before)
            versions.append((*last, version))
        step = Step("remove", "policy", name, "", "iam", "delete_policy", {"PolicyArn": arn})
        draft.add(last, step, (*rank, 1), [*before, *versions])

    def is_ours(self, kind: str, name: str) -> bool:
        """Tell whether an identity or policy that is there is ours."""
        there = getattr(self.live, _KINDS[kind]).get(name)
        return there is not None and (there["owner"] == self.project or self.is_taken(kind, name))

    def is_taken(self, kind: str, name: str) -> bool:
        """Tell whether something is to be taken over."""
        return Conflict(kind, name).key in self._adopt


def _digest(key: str) -> str:
    found = hashlib.sha256(key.encode()).digest()
    return base64.b32encode(found).decode("ascii")[:_DIGEST].lower()

"""The nouns of a deployment: what is live, what is to be done about it, and how that went.

What is desired is plain JSON data, made by `iamdsl.emit._desired` (see there for its shape).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    Data = dict[str, Any]
    # The SDK's client of a service, by its name, `iam`, and region if it is another: `sqs@eu-west-1`.
    Client = Callable[[str], Any]

TAG = "iamdsl:project"
"""The tag of ownership; its value is the name of the project."""

TAGGED = "iamdsl:tags"
"""The tag that says which other tags are ours: digests of their keys, one behind the other."""

UNNAMED = "iamdsl"
"""What projects without a name of their own are called."""

MARKER = "iamdsl-project-"
"""What the name of the inline policy begins with that marks a group, which has no tags."""

MARK: Data = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "none:null", "Resource": "*"}],
}
"""That policy, which grants nothing: no service is called `none`."""


def later(kind: str, name: str) -> str:
    """Return what stands in a request for the id that a step before it will be answered."""
    return f"\ue002{kind}/{name}\ue003"


class Live(NamedTuple):
    """What is in an account of what a deployment is about: desired, or ours.

    The members `policies` … `resources` are by name, and hold the same members as what is desired
    (documents as data, ARNs in place of our names), and besides: `arn`, `owner` (the project that
    owns it; "" for nobody), and

    * of a policy `version` (the default one's id), `versions` (`[id, …]`, oldest first), `attached`
      and `bounded` (lists of `[kind, name]`: who has it attached, whose boundary it is);
    * of a role `profiles`, the names of all its instance profiles;
    * of a user `left`, what stands in the way of removing it (access keys, a login …);
    * of a group `members`, the names of its users, and `marks`, the inline policies that mark it.

    Attributes:
        account, partition, region: of the credentials that were used.
        profiles: instance profiles: `{role, owner, arn}`.
        resources: policies of resources: `document` (None where there is none), `owner`,
            `missing` (whether the resource itself is not there), `found` (what a lookup gave).
        organization: `root` (the id of the root), `policies` by name (with `id`, `type`, `targets`: ids
            of what they are attached to), `attached`: ids of policies by id of target.
        permission_sets: with `instance`, `named` (customer managed policies as `[name, path]`,
            which stand in a boundary as well) and `provisioned`.
        instance: the ARN of IAM Identity Center's instance, empty where there is none.
    """

    account: str
    partition: str
    region: str
    policies: dict[str, Data]
    roles: dict[str, Data]
    users: dict[str, Data]
    groups: dict[str, Data]
    profiles: dict[str, Data]
    resources: dict[str, Data]
    organization: Data
    permission_sets: dict[str, Data]
    instance: str = ""


class Step(NamedTuple):
    """One call of AWS's API.

    A request may hold `later(kind, name)` for an id that AWS makes up when the thing is made.

    Attributes:
        verb: `create`, `update`, `attach`, `detach`, `remove`, `tag`, `untag`, `adopt`.
        kind: `policy`, `role`, `user`, `group`, `instance profile`, `resource policy`,
            `organization policy`, `permission set`.
        name: of the thing of that kind.
        detail: what of it, in words; empty for the thing itself.
        service, operation, request: the SDK's: `client(service).operation(**request)`; a service
            of another region than that of the deployment has it behind an `@`.
    """

    verb: str
    kind: str
    name: str
    detail: str
    service: str
    operation: str
    request: Data


class Conflict(NamedTuple):
    """Something that is there under a name of ours, and does not carry our mark.

    Attributes:
        kind, name: as in `Step`.
        owner: the project that it belongs to, empty for nobody.
    """

    kind: str
    name: str
    owner: str = ""

    @property
    def key(self) -> str:
        """Return how it is named to be taken over, as `role/worker` or `instance-profile/worker`."""
        return f"{self.kind.replace(' ', '-')}/{self.name}"


class Plan(NamedTuple):
    """What has to be done.

    Attributes:
        steps: in the order in which they are safe.
        conflicts: what is not ours: nothing at all is done while there are any.
        problems: what cannot be done, in words; likewise.
        notes: what stays as it is, and why.
        stays: kind and name of what is ours, is desired no more, and is not removed.
    """

    steps: tuple[Step, ...]
    conflicts: tuple[Conflict, ...] = ()
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    stays: tuple[tuple[str, str], ...] = ()


class Outcome(NamedTuple):
    """What came of a plan.

    Attributes:
        done: the steps that were done, in order.
        failed: the step that was not; None if all were done. What comes behind it was not tried.
        error: what AWS said.
    """

    done: tuple[Step, ...]
    failed: Step | None = None
    error: str = ""

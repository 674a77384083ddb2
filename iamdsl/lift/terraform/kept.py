"""The policies of resources: buckets, queues, keys and so on, each with what it belongs to."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from iamdsl import iam
from iamdsl.diagnostics import codes
from iamdsl.iam import placeholder
from iamdsl.lift.terraform.holders import HOLDERS, KNOWN, Holder, is_policy_attribute
from iamdsl.lift.terraform.names import CATEGORIES
from iamdsl.lift.terraform.resources import is_known, read_document, read_text
from iamdsl.lift.terraform.values import Encoded, Open, is_static

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from iamdsl.lift.terraform.drafts import Drafts
    from iamdsl.lift.terraform.resources import Resource

_GENERIC = {"this", "main", "default", "current", "self", "the", "primary", "policy"}
_QUEUE_URL = re.compile(r"https://(?:sqs\.([\w-]+)|[\w-]+\.queue)\.[\w.]+/(\d{12})/([\w.-]+)")


class Kept:
    """Collects the policies of resources.

    Attributes:
        documents: what was found, in order.
    """

    def __init__(self, drafts: Drafts, pseudo: Mapping[str, str]) -> None:
        self.documents: list[iam.Document] = []
        self._drafts, self._pseudo = drafts, pseudo
        self._names: set[str] = set()

    def add(self, resources: Iterable[Resource]) -> None:
        """Read the policies of all resources.

        What a resource says of its own policy is left aside where a resource of its own holds
        that: the provider copies it there, and does so late.
        """
        listed = list(resources)
        apart: set[str] = set()
        found: list[tuple[Resource, Holder, str]] = []
        for resource in listed:
            holder = HOLDERS.get(resource.type)
            if holder is None or resource.get(holder.policy) is None:
                continue
            if is_known(resource, holder.policy, self._drafts.report):
                target = self._target(resource, holder)
                if target is not None:
                    found.append((resource, holder, target))
                    apart |= set() if holder.own else {target}
        for resource, holder, target in found:
            if not (holder.own and target in apart):
                policy = read_document(resource, holder.policy, self._drafts.report)
                if policy is not None:
                    self._keep(resource, holder.service, target, policy)
        for resource in listed:
            if resource.type not in KNOWN and resource.type not in CATEGORIES:
                self._unlisted(resource)

    def _keep(self, resource: Resource, service: str, target: str, policy: iam.Policy) -> None:
        name = self._name(resource, service, target)
        self._names.add(name.lower())
        self.documents.append(
            iam.Document(
                "resource",
                name,
                self._drafts.served(policy),
                target=target,
                service=service,
                origin=(resource.place,),
            )
        )

    def _name(self, resource: Resource, service: str, target: str) -> str:
        last = re.split(r"[:/]", target)[-1]
        wishes = [resource.label] if resource.label not in _GENERIC else []
        if is_static(last) and re.fullmatch(r"[A-Za-z][\w.-]*", last):
            # In a module of many, what the resource is called says more than its label.
            wishes.insert(0 if resource.address.startswith("module.") else 1, last)
        wishes += [f"{wish}-{service}" for wish in wishes]
        wishes.append(f"{service}-policy")
        free = [wish for wish in wishes if wish.lower() not in self._names]
        name = self._drafts.free(*(free or wishes))
        number = 2
        while name.lower() in self._names:
            name, number = f"{wishes[0]}-{number}", number + 1
        return name

    def _target(self, resource: Resource, holder: Holder) -> str | None:
        """Return the ARN of the resource that a policy is of; None when it was reported."""
        owner = resource.owners.get(holder.owner)
        if owner is not None:
            return owner
        text = holder.default if not holder.owner else None
        if text is None:
            text = read_text(resource, holder.owner, self._drafts.report) or holder.default
        if not text:
            if not self._drafts.report.failed:
                self._unplaced(resource, holder.policy)
            return None
        if text.startswith("arn:") or not holder.arn:
            return text
        if (url := _QUEUE_URL.fullmatch(text)) is not None:
            region, account, name = url.groups()
            region = region or self._place("region")
            return f"arn:{self._place('partition')}:sqs:{region}:{account}:{name}"
        return self._arn(resource, holder, text)

    def _arn(self, resource: Resource, holder: Holder, text: str) -> str | None:
        arn = holder.arn.replace("{}", text)
        for letter, name in (("p", "partition"), ("r", "region"), ("a", "account")):
            arn = arn.replace(f"{{{letter}}}", self._place(name))
        for name in re.findall(r"\{(\w+)\}", arn):
            said = read_text(resource, name, self._drafts.report)
            if said is None:
                return None
            arn = arn.replace(f"{{{name}}}", said)
        return arn

    def _place(self, name: str) -> str:
        return self._pseudo.get(name) or placeholder(f"aws.{name}")

    def _unlisted(self, resource: Resource) -> None:
        """Read documents in attributes of resources that are not in the table."""
        for name, value in resource.tree.value.items():
            if isinstance(value, Open) and is_policy_attribute(name) and name != "content":
                self._drafts.report.add(
                    codes.LEFT_OUT,
                    resource.tree.place((name,)),
                    f"`{resource.address}.{name}` is left out: whether it is a policy is not known",
                    hint=value.hint,
                )
            if not (is_policy_attribute(name) and isinstance(value, str) and _is_document(value)):
                continue
            arn = resource.get("resource_arn") or resource.get("arn")
            service = arn.split(":")[2] if isinstance(arn, str) and arn.count(":") >= 5 else ""
            if not service or not is_static(service):
                self._unplaced(resource, name)
                continue
            policy = read_document(resource, name, self._drafts.report)
            if policy is not None:
                self._keep(resource, service, str(arn), policy)

    def _unplaced(self, resource: Resource, name: str) -> None:
        self._drafts.report.add(
            codes.NOT_PLACED,
            resource.tree.place((name,)),
            f"`{resource.address}.{name}` is left out: the ARN of its resource is not known",
            hint="import its JSON by itself, and say with `--for` whose policy it is",
        )


def _is_document(text: str) -> bool:
    if isinstance(text, Encoded):
        return isinstance(text.values.value, dict) and "Statement" in text.values.value
    if '"Statement"' not in text:
        return False
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return False
    return isinstance(value, dict) and "Statement" in value

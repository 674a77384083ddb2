"""What the AWS CLI answers when it is asked for policies, identities, or a whole account.

Each answer is known by its members. What holds one document goes the way of `policies`; what tells
of users, groups and roles, that of `identities`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import attrs

from iamdsl import iam
from iamdsl.diagnostics import Report, codes
from iamdsl.lift.estate import Estate
from iamdsl.lift.identities import KINDS, Account
from iamdsl.lift.policies import Belongs, belonging, estate_of
from iamdsl.lift.reading import read_policy
from iamdsl.lift.records import Record

if TYPE_CHECKING:
    from iamdsl.lift.reading import Tree

_DETAILS: Final = {f"{word}DetailList": word for word in KINDS}
_LISTS: Final = {f"{word}s": word for word in KINDS}
_PAGES: Final = ("IsTruncated", "Marker", "NextToken")
_PARTIAL: Final = "From an answer that does not tell of its policies."

_OPEN, _CLOSE = iam.PLACEHOLDER_OPEN, iam.PLACEHOLDER_CLOSE
_HERE = f"arn:{_OPEN}aws.partition{_CLOSE}:{{}}:{_OPEN}aws.region{_CLOSE}:{{}}:{{}}"
"""An ARN of a service, account and resource, in the partition and region that they come to."""

_TEXTS: Final = ("Policy", "ResourcePolicy", "policyText", "PolicyInJson")
"""Members that hold the policy of a resource, in answers of S3, KMS, Lambda, EFS …, Secrets
Manager, ECR, and Glue."""

_OWNERS: Final = ("QueueArn", "TopicArn", "BackupVaultArn", "ARN", "ResourceArn")
"""Members beside them that tell of which resource."""

_ORGANIZATION: Final = {"SERVICE_CONTROL_POLICY": "scp", "RESOURCE_CONTROL_POLICY": "rcp"}


def recognises(value: object) -> bool:
    """Tell whether values look like an answer of the AWS CLI, or a list of several."""
    if isinstance(value, list):
        return bool(value) and all(_is_of_account(item) for item in value)
    return _is_of_account(value) or _is_document(value)


def read(
    tree: Tree, name: str, report: Report, *, kind: str = "auto", target: str | None = None
) -> Estate | None:
    """Return what an answer holds; None when that is nothing (and was reported).

    Where a part of it is no policy, that is reported, and the estate lacks it.

    Args:
        name: what to call a document that has no name in the answer.
        kind: of a lone document, as in `policies.read`; `target` likewise.
    """
    found = type(report)()
    lone = isinstance(tree.value, dict) and _is_document(tree.value)
    says_all = not lone or bool({"InlinePolicy", "VpcEndpoints"} & tree.value.keys())
    if says_all and (kind != "auto" or target is not None):
        message = "`--kind` and `--for` say what a lone document is, and this answer does itself"
        found.add(codes.WRONG_KIND, tree.place(()), message, hint="leave them out")
        estate = None
    else:
        estate = _document(tree, name, found, kind, target) if lone else _account(tree, found)
    report.extend(found.diagnostics)
    return estate


def _nothing(tree: Tree, message: str, report: Report, hint: str = "") -> None:
    report.add(
        codes.NOTHING_TO_IMPORT,
        tree.place(()),
        message,
        hint=hint or "import `aws iam get-account-authorization-details`, for a whole account",
    )


# Of users, groups and roles


def _is_of_account(value: object) -> bool:
    """Tell whether an answer tells of identities and managed policies."""
    if not isinstance(value, dict) or "Statement" in value:
        return False
    if "PolicyDocument" in value:
        return any(f"{word}Name" in value for word in KINDS)
    lists = (*_DETAILS, *_LISTS, "Policies")
    return any(isinstance(value.get(member), list) for member in lists) or any(
        isinstance(value.get(word), dict) for word in KINDS
    )


def _account(tree: Tree, report: Report) -> Estate | None:
    """Return what an answer tells of an account, or several of the same."""
    account = Account(report)
    several = isinstance(tree.value, list)
    for answer in [tree.at(i) for i in range(len(tree.value))] if several else [tree]:
        _of_account(Record(answer, "the answer", report), account)
    estate = account.estate()
    if estate is None and not report.failed:
        _nothing(tree, "this answer holds nothing that can be made", report)
    if estate is None or several or not tree.value.get("RoleDetailList"):
        return estate
    return attrs.evolve(estate, whole=True)


def _of_account(record: Record, account: Account) -> None:
    """Add what one answer tells of an account."""
    value = record.tree.value
    if "PolicyDocument" in value:
        account.inline_policy(record, next(word for word in KINDS if f"{word}Name" in value))
        return
    group = value["Group"].get("GroupName") if isinstance(value.get("Group"), dict) else None
    groups = (group,) if isinstance(group, str) else ()
    for member in value:
        if member in _DETAILS:
            for one in record.records(member, _a(_DETAILS[member])):
                account.identity(one, _DETAILS[member])
        elif member in _LISTS:
            word = _LISTS[member]
            for one in record.records(member, _a(word)):
                account.identity(one, word, note=_PARTIAL, groups=groups if word == "User" else ())
        elif member in KINDS and (single := record.record(member, _a(member))) is not None:
            account.identity(single, member, note=_PARTIAL)
    _policies(record, account)
    page = next((member for member in _PAGES if value.get(member)), None)
    if page is not None:
        record.report.add(
            codes.ONE_PAGE,
            record.tree.place((page,), key=True),
            "this answer is one page of several",
            label="more follows",
            hint="let the AWS CLI fetch all: without `--max-items` and `--no-paginate`",
        )
    record.ignore(*_PAGES)
    record.done()


def _a(word: str) -> str:
    return f"a {word.lower()}"


def _policies(record: Record, account: Account) -> None:
    """Add the managed policies of an answer."""
    found = record.records("Policies", "a policy")
    if found and not any(one.has("PolicyVersionList") for one in found):
        message = "`list-policies` tells of policies without their documents"
        _nothing(record.tree.at("Policies"), message, record.report)
        return
    for one in found:
        account.managed_policy(one)


# Of one document


def _is_document(value: object) -> bool:
    """Tell whether an answer holds one document, or those of VPC endpoints."""
    if not isinstance(value, dict):
        return False
    policy, attributes = value.get("Policy"), value.get("Attributes")
    return (
        any(isinstance(value.get(member), str) for member in (*_TEXTS, "InlinePolicy"))
        or isinstance(value.get("PolicyVersion"), dict)
        or isinstance(value.get("VpcEndpoints"), list)
        or (isinstance(policy, dict) and ("PolicySummary" in policy or "PolicyName" in policy))
        or (isinstance(attributes, dict) and bool({"Policy", *_OWNERS} & attributes.keys()))
    )


def _document(
    tree: Tree, name: str, report: Report, kind: str, target: str | None
) -> Estate | None:
    value: dict[str, Any] = tree.value
    belongs = None
    if target is not None:
        belongs = belonging(target, report)
        if belongs is None:
            return None
    if isinstance(value.get("PolicyVersion"), dict):
        document = Record(tree.at("PolicyVersion"), "the version", report).document("Document")
        if document is None:
            return None
        return estate_of(document, name, report, kind=kind, belongs=belongs)
    if isinstance(value.get("Policy"), dict):
        return _organization_policy(tree.at("Policy"), report, kind)
    if isinstance(value.get("InlinePolicy"), str):
        return _permission_set(tree.at("InlinePolicy"), name, report)
    if isinstance(value.get("VpcEndpoints"), list):
        return _endpoints(Record(tree, "the answer", report))
    if isinstance(value.get("Attributes"), dict):
        tree = tree.at("Attributes")
    return _resource_policy(tree, name, report, kind, belongs)


def _resource_policy(
    tree: Tree, name: str, report: Report, kind: str, belongs: Belongs | None
) -> Estate | None:
    """Return the policy of a resource, which stands in its answer as a text."""
    value = tree.value
    member = next((m for m in _TEXTS if value.get(m)), None)
    if member is None:
        _nothing(tree, "this resource has no policy", report, "there is nothing to import")
        return None
    if belongs is None and kind in {"auto", "resource"}:
        belongs = _owner(value)
    return estate_of(tree.at(member), name, report, kind=kind, belongs=belongs)


def _owner(value: dict[str, Any]) -> Belongs | None:
    """Return the resource that an answer names beside its policy."""
    registry, repository = value.get("registryId"), value.get("repositoryName")
    if isinstance(registry, str) and isinstance(repository, str):
        return Belongs(_HERE.format("ecr", registry, f"repository/{repository}"), "ecr")
    arns = (value.get(member) for member in _OWNERS)
    arn = next((a for a in arns if isinstance(a, str) and a.count(":") >= 5), None)
    return None if arn is None else Belongs(arn, arn.split(":")[2])


def _organization_policy(tree: Tree, report: Report, kind: str) -> Estate | None:
    """Return an SCP or RCP, from `describe-policy`; `get-policy` of IAM has no document."""
    record = Record(tree, "the policy", report)
    summary = record.record("PolicySummary", "the policy")
    if summary is None:
        hint = "import `aws iam get-policy-version` with its `DefaultVersionId`"
        _nothing(tree, "`get-policy` tells of a policy without its document", report, hint)
        return None
    found = _ORGANIZATION.get(summary.text("Type") or "")
    if found is None:
        hint = "policies of the organization are imported if they are SCPs or RCPs"
        _nothing(summary.tree, "this is no policy of IAM's", report, hint)
        return None
    if kind not in {"auto", found}:
        place = summary.tree.place(("Type",))
        message = f"AWS says that this is an {found}, and not a `{kind}`"
        report.add(codes.WRONG_KIND, place, message, hint="leave `--kind` out")
        return None
    name, document = summary.name("Name"), record.document("Content")
    if name is None or document is None:
        return None
    if summary.tree.value.get("AwsManaged") is True:
        _nothing(summary.tree, f"`{name}` is AWS's own", report, "it is there by itself")
        return None
    description = summary.text("Description") or None
    return estate_of(document, name, report, kind=found, description=description)


def _permission_set(tree: Tree, name: str, report: Report) -> Estate | None:
    """Return the inline policy of a permission set, as the statements of one."""
    if not tree.value:
        hint = "there is nothing to import"
        _nothing(tree, "this permission set has no inline policy", report, hint)
        return None
    policy = read_policy(tree, report)
    if policy is None:
        return None
    made = iam.Identity("permission_set", name, own=policy, origin=(tree.origin(),))
    return Estate(iam.Build(identities=(made,)))


def _endpoints(record: Record) -> Estate | None:
    """Return the policies of VPC endpoints, by their ids; interfaces may have none."""
    documents: list[iam.Document] = []
    for one in record.records("VpcEndpoints", "a VPC endpoint"):
        name = one.name("VpcEndpointId")
        if name is None or not one.has("PolicyDocument"):
            continue
        account = one.text("OwnerId") or "*"
        belongs = Belongs(f"arn:*:ec2:*:{account}:vpc-endpoint/{name}", "ec2")
        made = estate_of(one.tree.at("PolicyDocument"), name, record.report, belongs=belongs)
        documents += made.build.documents if made is not None else ()
    if not documents:
        if not record.report.failed:
            _nothing(record.tree, "none of these endpoints has a policy", record.report)
        return None
    return Estate(iam.Build(documents=tuple(documents)))

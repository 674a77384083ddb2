"""Target `boto3`, and the runtime in it, against an account: moto's server on loopback alone."""

from __future__ import annotations

import json
import subprocess
import sys
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import attrs
import pytest
from botocore.exceptions import ClientError
from clouds import ACCOUNT, EVERYTHING, VALUES, compiled, emitted
from hypothesis import HealthCheck, Phase, given, settings
from moto.iam.models import AWSManagedPolicy, iam_backends
from moto.ssoadmin.models import ssoadmin_backends
from nasty import builds

from iamdsl import iam
from iamdsl.deploy import converge
from iamdsl.deploy._documents import same_text
from iamdsl.emit import Facts
from iamdsl.emit._desired import desired
from iamdsl.emit._places import places

if TYPE_CHECKING:
    from collections.abc import Callable

    from clouds import Cloud

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.filterwarnings("ignore:datetime.datetime.utcnow:DeprecationWarning"),
]

SOURCE = EVERYTHING.replace("  groups developers\n  boundary edge\n", "  groups developers\n")
"""Moto's users have no boundaries."""

ACME = Facts(project="acme")
LAMBDA = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
SMALL = """
policy reader { allow s3:GetObject on arn:aws:s3:::lake/* }
role worker {
  trust auditor
  attach reader
  allow sqs:SendMessage on *
}
role auditor {
  trust worker, service ec2
  instance_profile "auditor"
}
group staff { attach reader }
user ann { groups staff }
"""
SECOND = SMALL.replace("s3:GetObject", "s3:GetObject, s3:ListBucket").replace(
    "  attach reader\n  allow sqs:SendMessage on *", "  allow sqs:ReceiveMessage on *"
)


class Wider:
    """Clients of the server that also answer what it cannot."""

    def __init__(self, client: Callable[[str], Any]) -> None:
        self._client = client

    def __call__(self, service: str) -> Any:
        """Return the client of a service."""
        return _Wider(self._client(service))


class _Wider:
    def __init__(self, client: Any) -> None:
        self._client = client

    def __getattr__(self, name: str) -> Any:
        answered = {
            "list_service_specific_credentials": lambda **_: {},
            "get_permissions_boundary_for_permission_set": _no_boundary,
        }
        if self._client.meta.service_model.service_name == "sso-admin":
            answered["list_tags_for_resource"] = _tags_of_permission_set
        return answered.get(name) or getattr(self._client, name)


def _no_boundary(**_: str) -> Any:
    error = {"Error": {"Code": "ResourceNotFoundException", "Message": ""}}
    raise ClientError(error, "GetPermissionsBoundaryForPermissionSet")


def _tags_of_permission_set(**request: str) -> Any:
    sets = ssoadmin_backends[ACCOUNT]["eu-west-1"].permission_sets
    return {"Tags": next(s.tags for s in sets if s.permission_set_arn == request["ResourceArn"])}


_CLIENTS: dict[str, Callable[[str], Any]] = {}
"""By the server's address; each takes a while to make."""


class Account:
    """An account, and what makes it as it is to be."""

    def __init__(self, cloud: Cloud) -> None:
        self.client = _CLIENTS.setdefault(cloud.url, cache(Wider(cloud.client)))
        self.slept: list[float] = []

    def plan(
        self, data: dict[str, Any], adopt: tuple[str, ...] = (), client: Any = None
    ) -> converge.Plan:
        """Return what is to be done for a place without externs."""
        client = client or self.client
        full = converge.filled(data, {**VALUES, **converge.pseudo(client, self.slept.append)})
        return converge.planned(full, converge.read(client, full, self.slept.append), adopt)

    def apply(self, data: dict[str, Any], adopt: tuple[str, ...] = ()) -> converge.Plan:
        """Do it, and see that nothing is left to do."""
        plan = self.plan(data, adopt)
        outcome = converge.run(self.client, plan, sleep=self.slept.append)
        assert outcome.failed is None, outcome
        assert outcome.done == plan.steps
        again = self.plan(data, adopt)
        assert (again.steps, again.conflicts, again.problems) == ((), (), ())
        return plan


@pytest.fixture
def account(aws: Cloud) -> Account:
    """Return an account that has the policy of AWS's, the queue and the bucket of the sources."""
    data = {
        "Arn": LAMBDA, "Path": "/service-role/", "DefaultVersionId": "v1",
        "CreateDate": "2015-04-09T15:03:43+00:00", "UpdateDate": "2015-04-09T15:03:43+00:00",
        "Document": {"Version": "2012-10-17", "Statement": []},
    }  # fmt: skip
    backend = iam_backends[ACCOUNT]["aws"]
    made = AWSManagedPolicy.from_data(LAMBDA.rpartition("/")[2], ACCOUNT, "us-east-1", data)
    backend.managed_policies[LAMBDA] = made
    found = Account(aws)
    found.client("sqs").create_queue(QueueName="jobs")
    where = {"LocationConstraint": "eu-west-1"}
    found.client("s3").create_bucket(Bucket="lake", CreateBucketConfiguration=where)
    return found


@cache
def build_of(text: str) -> tuple[iam.Build, Facts]:
    """Return what a source compiles to."""
    with TemporaryDirectory() as folder:
        build, facts = compiled(Path(folder), text)
    return build, facts._replace(project=ACME.project)


def data_of(text: str) -> dict[str, Any]:
    build, facts = build_of(text)
    return desired(places(build, facts.pseudo)[0], facts)


def nothing() -> dict[str, Any]:
    return desired(places(iam.Build(), ())[0], ACME)


def documents(cloud: Cloud) -> dict[str, str]:
    """Return every document of identities that is live, by where it is."""
    found = {}
    details = cloud.authorization_details()
    for one in details["Policies"]:
        if one["Arn"] == LAMBDA:
            continue
        version = next(v for v in one["PolicyVersionList"] if v["IsDefaultVersion"])
        found[f"policy {one['Arn'].rpartition('/')[2]}"] = version["Document"]
    for kind in ("Role", "User", "Group"):
        for one in details[f"{kind}DetailList"]:
            name = f"{kind.lower()} {one[f'{kind}Name']}"
            for inline in one[f"{kind}PolicyList"]:
                found[f"{name} {inline['PolicyName']}"] = inline["PolicyDocument"]
            if kind == "Role":
                found[f"{name} trust"] = one["AssumeRolePolicyDocument"]
    return {name: converge.canonical(document) for name, document in found.items()}


def wanted(data: dict[str, Any]) -> dict[str, str]:
    """Return the same of what is desired."""
    found = {f"policy {one['name']}": one["document"] for one in data["policies"]}
    for kind in ("role", "user", "group"):
        for one in data[f"{kind}s"]:
            name = f"{kind} {one['name']}"
            found |= {f"{name} {n}": document for n, document in one["inline"].items()}
            if kind == "role":
                found[f"{name} trust"] = one["trust"]
    return {name: converge.canonical(document) for name, document in found.items()}


def test_program(account: Account, aws: Cloud, tmp_path: Path) -> None:
    """The program alone makes everything, refuses hostile values, and then has nothing to do."""
    build, facts = build_of(SOURCE)
    program = tmp_path / "deploy.py"
    program.write_bytes(emitted("boto3", build, facts).files["deploy.py"])

    def run(*more: str, **values: str) -> subprocess.CompletedProcess[str]:
        pairs = [part for pair in values.items() for part in ("--set", "=".join(pair))]
        return subprocess.run(
            [sys.executable, "-I", str(program), *pairs, *more],
            env=aws.environment, cwd=tmp_path, capture_output=True, text=True, check=False,
        )  # fmt: skip

    refused = run("--yes", **VALUES | {"suffix": '"*$(id)'})
    assert refused.returncode == 2
    assert "error: `suffix`" in refused.stderr
    made = run("--yes", **VALUES)
    assert made.returncode == 0, made.stderr
    assert "done: create role worker\n" in made.stdout

    data = desired(places(build, facts.pseudo)[0], facts)
    assert account.plan(data).steps == ()
    full = converge.filled(data, {**VALUES, **converge.pseudo(account.client)})
    live = documents(aws)
    assert live.pop("group developers iamdsl-project-acme")
    assert live == wanted(full)
    details = aws.authorization_details()
    (ann,) = details["UserDetailList"]
    assert (ann["Path"], ann["GroupList"]) == ("/people/", ["developers"])
    worker = account.client("iam").get_role(RoleName="worker")["Role"]
    assert worker["Description"] == 'Works, for "dev"'
    assert worker["MaxSessionDuration"] == 7200
    assert worker["PermissionsBoundary"]["PermissionsBoundaryArn"].endswith(":policy/edge")
    tags = {tag["Key"]: tag["Value"] for tag in worker["Tags"]}
    assert tags["a:b"] == "x=y + z@w"
    machine = account.client("iam").get_instance_profile(InstanceProfileName="machine")
    assert [r["RoleName"] for r in machine["InstanceProfile"]["Roles"]] == ["machine"]
    url = account.client("sqs").get_queue_url(QueueName="jobs")["QueueUrl"]
    found = account.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"])
    assert json.loads(found["Attributes"]["Policy"])["Id"] == "iamdsl:acme"


def test_edits_converge(account: Account, aws: Cloud) -> None:
    """Whatever changes in a source changes in the account; what goes, goes; in the end nothing is left."""
    first = data_of(SOURCE)
    account.apply(first)
    edits = {
        "max_session 2h": "max_session 3h",
        'description "Works': 'description "Still works',
        '"a:b" = "x=y + z@w"': '"c" = "d"',
        "service lambda": "service ecs-tasks",
        "attach reader, aws": "attach aws",
        "s3:GetObject on arn:aws:s3:::home": "s3:PutObject on arn:aws:s3:::home",
        'instance_profile "machine"\n  ': "",
        "allow sqs:SendMessage to service events": "allow sqs:SendMessage to service sns",
        "  attach home\n  allow s3:ListAll": "  allow s3:ListAll",
    }
    text = SOURCE
    for old, new in edits.items():
        assert old in text, old
        text = text.replace(old, new)
    second = data_of(text)
    plan = account.apply(second)
    assert plan.notes == ()
    live = documents(aws)
    assert live.pop("group developers iamdsl-project-acme")
    assert live == wanted(converge.filled(second, {**VALUES, **converge.pseudo(account.client)}))

    plan = account.apply(nothing())
    assert plan.notes == ()
    details = aws.authorization_details()
    assert documents(aws) == {}
    assert not details["UserDetailList"] + details["GroupDetailList"] + details["RoleDetailList"]
    assert account.client("iam").list_instance_profiles()["InstanceProfiles"] == []


def test_versions(account: Account, aws: Cloud) -> None:
    """A policy changes also where IAM keeps as many versions of it as it can."""
    client = account.client("iam")
    account.apply(_reader("s3:GetObject"))
    arn = f"arn:aws:iam::{ACCOUNT}:policy/reader"
    for number in range(4):
        document = json.dumps(iam.to_json(_policy(f"s3:Get{number}")))
        client.create_policy_version(
            PolicyArn=arn, PolicyDocument=document, SetAsDefault=number == 1
        )
    account.apply(_reader("s3:PutObject"))

    versions = client.list_policy_versions(PolicyArn=arn)["Versions"]
    assert sorted(v["VersionId"] for v in versions) == ["v2", "v3", "v4", "v5", "v6"]
    assert documents(aws) == {
        "policy reader": converge.canonical(iam.to_json(_policy("s3:PutObject")))
    }


def _reader(action: str) -> dict[str, Any]:
    build = iam.Build((iam.Document("managed", "reader", _policy(action)),))
    return desired(places(build, ())[0], ACME)


def _policy(action: str) -> iam.Policy:
    return iam.Policy((iam.Statement("Allow", iam.Elements((action,)), iam.Elements(("*",))),))


def test_what_is_not_ours(account: Account, aws: Cloud) -> None:
    """What is there already is left alone to the byte, until it is named to be taken over."""
    client = account.client("iam")
    trust = {
        "Effect": "Allow",
        "Principal": {"Service": "ec2.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    client.create_role(RoleName="worker", AssumeRolePolicyDocument=document, Path="/service/")
    client.create_role(RoleName="unrelated", AssumeRolePolicyDocument=document)
    tags = [{"Key": "iamdsl:project", "Value": "other"}]
    client.create_user(UserName="ann", Tags=tags, Path="/people/")
    anybody = {"Effect": "Allow", "Principal": "*", "Action": "sqs:*", "Resource": "*"}
    other = json.dumps({"Version": "2012-10-17", "Statement": [anybody]})
    url = account.client("sqs").get_queue_url(QueueName="jobs")["QueueUrl"]
    account.client("sqs").set_queue_attributes(QueueUrl=url, Attributes={"Policy": other})
    before = aws.authorization_details()
    data = data_of(SOURCE)

    plan = account.plan(data)
    assert [(c.key, c.owner) for c in plan.conflicts] == [
        ("user/ann", "other"), ("role/worker", ""), ("resource-policy/jobs-queue", ""),
    ]  # fmt: skip
    with pytest.raises(ValueError, match="conflicts"):
        converge.run(account.client, plan)
    assert aws.authorization_details() == before

    account.apply(data, tuple(c.key for c in plan.conflicts))
    account.apply(nothing())
    left = aws.authorization_details()
    assert left["UserDetailList"] == []
    assert [r["RoleName"] for r in left["RoleDetailList"]] == ["unrelated"]


def test_users_with_credentials_stay(account: Account) -> None:
    """A user who has access keys is not removed, and loses nothing; the rest goes."""
    account.apply(data_of(SMALL))
    account.client("iam").create_access_key(UserName="ann")

    plan = account.plan(nothing())
    assert "user `ann` stays: it has access keys" in "".join(plan.notes)
    assert not [step for step in plan.steps if step.request.get("UserName") == "ann"]


class Failing:
    """A client that fails at the n-th change, before or after it came through."""

    def __init__(
        self,
        client: Callable[[str], Any],
        at: int,
        error: str,
        times: int = 1,
        *,
        lost: bool = False,
    ) -> None:
        self._client, self._at, self._error, self._times = client, at, error, times
        self._lost, self._changes = lost, 0

    def __call__(self, service: str) -> Any:
        """Return the client of a service."""
        return _Failing(self, self._client(service))

    def call(self, name: str, method: Callable[..., Any], request: dict[str, Any]) -> Any:
        """Make a call, unless it is the one to fail."""
        if name.startswith(("get_", "list_", "describe_")):
            return method(**request)
        if self._changes != self._at or not self._times:
            self._changes += 1
            return method(**request)
        self._times -= 1
        if self._lost:
            method(**request)
        raise ClientError({"Error": {"Code": self._error, "Message": "no"}}, name)


class _Failing:
    def __init__(self, failing: Failing, client: Any) -> None:
        self._failing, self._client = failing, client

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._client, name)
        if not callable(method):
            return method
        return lambda **request: self._failing.call(name, method, request)


def test_failures_half_way(account: Account) -> None:
    """After a failure at any call, what was done is told, and running again does the rest."""
    total = 0
    for whole in (data_of(SMALL), data_of(SECOND), nothing()):
        data = whole | {"organization": None, "permission_sets": None}
        while (plan := account.plan(data)).steps:
            assert not plan.conflicts
            # The first change works; the second does not, or does and its answer is lost.
            failing = Failing(account.client, 1, "AccessDenied", lost=total % 2 == 0)
            outcome = converge.run(failing, plan, sleep=account.slept.append)
            if len(plan.steps) > 1:
                assert outcome.failed == plan.steps[1]
                assert outcome.done == plan.steps[:1]
                assert "AccessDenied" in outcome.error
            total += 1
            assert total < 50, plan  # it never comes to an end
    assert total > 12
    assert account.slept == []


def test_throttling(account: Account) -> None:
    """Throttling is waited for, and nothing is done twice."""
    data = data_of(SMALL)
    failing = Failing(account.client, 2, "Throttling", times=4)
    assert converge.run(failing, account.plan(data), sleep=account.slept.append).failed is None
    assert len(account.slept) == 4
    assert account.plan(data).steps == ()


def test_hostile_texts(account: Account, aws: Cloud) -> None:
    """What IAM stores is what the build says, byte for byte, whatever the texts are."""
    made: list[iam.Build] = []

    @settings(max_examples=5, deadline=None, phases=[Phase.generate], database=None,
              suppress_health_check=list(HealthCheck))  # fmt: skip
    @given(builds())
    def draw(build: iam.Build) -> None:
        made.append(build)

    draw()
    policies, roles = [], []
    for number, build in enumerate(made):
        (document,), (role,) = build.documents, build.identities
        # Moto takes policies at plain paths alone, as AWS does, and roles by the name only.
        policies.append(attrs.evolve(document, path="/p/", name=f"p{number}"))
        attached = (iam.Attachment(f"p{number}", ours=True),)
        roles.append(attrs.evolve(role, managed=attached, name=f"r{number}"))
    data = desired(places(iam.Build(tuple(policies), tuple(roles)), ())[0], ACME)
    account.apply(data)

    assert documents(aws) == wanted(data)
    for role in roles:
        found = account.client("iam").get_role(RoleName=role.name)["Role"]
        assert same_text(found["Description"], role.description)
        assert found["Path"] == role.path
        assert dict(role.tags).items() <= {t["Key"]: t["Value"] for t in found["Tags"]}.items()


# -- above accounts


def test_above_accounts(account: Account) -> None:
    """Policies of the organization, and permission sets, are made, changed and removed."""
    organizations = account.client("organizations")
    organization = organizations.create_organization(FeatureSet="ALL")["Organization"]["Id"]
    root = organizations.list_roots()["Roots"][0]["Id"]
    organizations.enable_policy_type(RootId=root, PolicyType="SERVICE_CONTROL_POLICY")

    def above(action: str, managed: tuple[str, ...], *, attached: bool) -> dict[str, Any]:
        scp = iam.Document("scp", "eu-only", _policy(action), description="d", tags=(("a", "b"),))
        people = iam.Identity(
            "permission_set", "analyst", inline=(("analyst", _policy(action)),),
            managed=tuple(map(iam.Attachment, managed)), max_session=7200,
        )  # fmt: skip
        target = iam.Target(
            "organization", "acme", organization, ("acme",),
            (iam.Attachment("eu-only", ours=True),) if attached else (),
        )  # fmt: skip
        build = iam.Build((scp,), (people,), targets=(target,))
        return desired(places(build, ())[0], ACME)

    account.apply(above("s3:*", ("reader",), attached=True))
    (found,) = (
        p for p in organizations.list_policies(Filter="SERVICE_CONTROL_POLICY")["Policies"]
        if p["Name"] == "eu-only"
    )  # fmt: skip
    targets = organizations.list_targets_for_policy(PolicyId=found["Id"])["Targets"]
    assert [t["TargetId"] for t in targets] == [root]
    plan = account.apply(above("s3:Get*", (), attached=False))
    assert [s.operation for s in plan.steps] == [
        "update_policy",
        "detach_policy",
        "put_inline_policy_to_permission_set",
        "detach_customer_managed_policy_reference_from_permission_set",
    ]
    account.apply(nothing())
    names = [
        p["Name"] for p in organizations.list_policies(Filter="SERVICE_CONTROL_POLICY")["Policies"]
    ]
    assert names == ["FullAWSAccess"]
    assert not ssoadmin_backends[ACCOUNT]["eu-west-1"].permission_sets

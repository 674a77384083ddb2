"""Target `aws-cli`: the scripts run by bash and the real AWS CLI, against an AWS on loopback."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from clouds import ACCOUNT, EVERYTHING, compiled, emitted
from quick_cli import QuickCli, quick_cli

from iamdsl import iam
from iamdsl.deploy import converge
from iamdsl.deploy._documents import canonical
from iamdsl.emit import Facts
from iamdsl.emit._desired import desired
from iamdsl.emit._places import places

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from clouds import Cloud

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.filterwarnings("ignore:datetime.datetime.utcnow:DeprecationWarning"),
]

FIRST = """
extern stage: "dev" | "prod"
policy reader {
  path "/data/"
  description "Reads: 100 % of it, \\"all\\""
  tags { team = "data", "cost center" = "42" }
  allow s3:GetObject on arn:aws:s3:::lake/${aws:username}/*
}
boundary edge { allow * except iam:* on * }
role worker {
  path "/service/"
  description "Works, for \\"{stage}\\""
  max_session 2h
  boundary edge
  tags { stage = stage, "a:b" = "x=y + z@w" }
  trust auditor
  trust account 222233334444 when sts:ExternalId == "it's $(unique)"
  attach reader
  allow sqs:SendMessage on *
}
role auditor {
  trust worker, service ec2
  instance_profile "auditor"
  attach edge
}
group staff {
  attach reader
  allow s3:ListAllMyBuckets on *
}
user ann {
  path "/people/"
  groups staff
  tags { team = "data" }
  attach reader
  deny iam:* on *
}
policy jobs for sqs:queue("jobs") { allow sqs:SendMessage to worker }
"""
"""Two roles trust each other. Moto's users have no boundaries."""

SECOND = """
extern stage: "dev" | "prod"
policy reader {
  path "/data/"
  description "Reads: 100 % of it, \\"all\\""
  tags { team = "lake" }
  allow s3:[GetObject, ListBucket] on arn:aws:s3:::lake/${aws:username}/*
}
boundary edge { allow * except iam:* on * }
role worker {
  path "/service/"
  tags { stage = stage }
  trust auditor
  attach edge
}
role auditor { trust service ec2 }
role newcomer {
  trust service ec2
  instance_profile "auditor"
}
group staff { allow s3:ListBucket on * }
user ann { path "/people/" }
policy jobs for sqs:queue("jobs") { allow sqs:ReceiveMessage to worker, newcomer }
"""


OPEN = """
policy lake-too for lake { deny s3:* to anyone on self unless aws:SecureTransport }
session narrow {
  attach reader
  allow s3:GetObject on "{lake}/x"
}
"""

SETS = """
policy reader { allow s3:GetObject on * }
boundary edge { allow * on * }
permission_set Reader {
  description "Reads"
  attach reader, aws_managed("ReadOnlyAccess")
  boundary edge
  allow s3:GetObject on *
}
permission_set Other {
  max_session 2h
  tags { team = "data" }
  attach reader
}
"""


@pytest.fixture(scope="module")
def cli(tmp_path_factory: pytest.TempPathFactory) -> Iterator[QuickCli]:
    """Return the AWS CLI, warm."""
    with quick_cli(tmp_path_factory.mktemp("cli"), "sqs", "s3", "organizations") as running:
        yield running


class Runs:
    """An account, and scripts that are run against it."""

    def __init__(self, folder: Path, aws: Cloud, cli: QuickCli) -> None:
        self.folder, self.cloud, self._cli = folder, aws, cli

    def run(
        self, text: bytes, *options: str, fails_at: str = "", missing: str = "", code: int = 0
    ) -> str:
        """Run a script, and return what it says.

        Args:
            fails_at: an operation that fails.
            missing: a pattern of operations of which the cloud knows nothing: what they ask for is
                not there, and what they do is not done.
        """
        script = self.folder / "deploy.sh"
        script.write_bytes(text)
        before = self._before(fails_at, missing)
        environment = self._cli.environment(self.cloud.environment, *before)
        done = subprocess.run(
            ["bash", str(script), *options],
            env=environment | {"IAMDSL_RETRY_SECONDS": "0"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr

    def _before(self, fails_at: str, missing: str) -> list[Path]:
        if not fails_at and not missing:
            return []
        folder = self.folder / "before"
        folder.mkdir(exist_ok=True)
        stub = folder / "aws"
        stub.write_text(
            f"""#!/bin/bash
if [[ $2 == "{fails_at}" ]]; then echo "the cable is out" >&2; exit 255; fi
if [[ $2 =~ ^({missing or "-"})$ ]]; then
  case $2 in put-* | tag-*) exit 0 ;; list-*) echo False; exit 0 ;; esac
  echo "An error occurred (ResourceNotFoundException) when calling" >&2; exit 254
fi
exec {self._cli.folder}/aws "$@"
"""
        )
        stub.chmod(0o755)
        return [folder]


@pytest.fixture
def runs(tmp_path: Path, aws: Cloud, cli: QuickCli) -> Runs:
    """Return an empty account with a queue."""
    aws.client("sqs").create_queue(QueueName="jobs")
    return Runs(tmp_path, aws, cli)


def script(build: iam.Build, facts: Facts) -> bytes:
    """Return the one script of a build."""
    return emitted("aws-cli", build, facts).files["deploy.sh"]


def wanted(build: iam.Build, facts: Facts, values: Mapping[str, str]) -> dict[str, Any]:
    """Return what is to be in the account, by the words of IAM's own report."""
    known = {"aws.account": ACCOUNT, "aws.partition": "aws", "aws.region": "eu-west-1"}
    data = converge.filled(desired(places(build, facts.pseudo)[0], facts), {**values, **known})
    arns = {
        p["name"]: f"arn:aws:iam::{ACCOUNT}:policy{p['path']}{p['name']}" for p in data["policies"]
    }

    def has(identity: dict[str, Any]) -> dict[str, Any]:
        return {
            "path": identity["path"],
            "managed": sorted(arns.get(m, m) for m in identity["managed"]),
            "inline": {n: canonical(d) for n, d in identity["inline"].items()},
        }

    return {
        "policies": {
            p["name"]: (p["path"], p["description"] or "", p["tags"], canonical(p["document"]))
            for p in data["policies"]
        },
        "roles": {
            r["name"]: {
                **has(r),
                "trust": canonical(r["trust"]),
                "tags": r["tags"],
                "boundary": arns.get(r["boundary"]),
                "description": r["description"] or "",
                "longest": r["max_session"] or 3600,
                "profiles": [r["instance_profile"]] if r["instance_profile"] else [],
            }
            for r in data["roles"]
        },
        "users": {
            u["name"]: {**has(u), "tags": u["tags"], "groups": sorted(u["groups"])}
            for u in data["users"]
        },
        "groups": {g["name"]: has(g) for g in data["groups"]},
    }


def live(cloud: Cloud) -> dict[str, Any]:
    """Return what is in the account."""
    found, client = cloud.authorization_details(), cloud.client("iam")

    def has(detail: dict[str, Any], inline: str) -> dict[str, Any]:
        return {
            "path": detail["Path"],
            "managed": sorted(a["PolicyArn"] for a in detail["AttachedManagedPolicies"]),
            "inline": {
                p["PolicyName"]: canonical(p["PolicyDocument"]) for p in detail.get(inline, [])
            },
        }

    def pairs(tags: list[dict[str, str]]) -> dict[str, str]:
        return {tag["Key"]: tag["Value"] for tag in tags}

    made: dict[str, Any] = {"policies": {}, "roles": {}, "users": {}, "groups": {}}
    for policy in client.list_policies(Scope="Local")["Policies"]:
        told = client.get_policy(PolicyArn=policy["Arn"])["Policy"]
        version = client.get_policy_version(
            PolicyArn=policy["Arn"], VersionId=policy["DefaultVersionId"]
        )["PolicyVersion"]
        made["policies"][policy["PolicyName"]] = (
            policy["Path"], told.get("Description", ""), pairs(told["Tags"]),
            canonical(version["Document"]),
        )  # fmt: skip
    for role in found["RoleDetailList"]:
        told = client.get_role(RoleName=role["RoleName"])["Role"]
        made["roles"][role["RoleName"]] = {
            **has(role, "RolePolicyList"),
            "trust": canonical(role["AssumeRolePolicyDocument"]),
            "tags": pairs(role["Tags"]),
            "boundary": told.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn"),
            "description": told.get("Description", ""),
            "longest": told["MaxSessionDuration"],
            "profiles": [p["InstanceProfileName"] for p in role["InstanceProfileList"]],
        }
    for user in found["UserDetailList"]:
        told = client.get_user(UserName=user["UserName"])["User"]
        made["users"][user["UserName"]] = {
            **has(user, "UserPolicyList"),
            "tags": pairs(told.get("Tags", [])),
            "groups": sorted(user["GroupList"]),
        }
    for group in found["GroupDetailList"]:
        made["groups"][group["GroupName"]] = has(group, "GroupPolicyList")
    return made


def queue_policy(cloud: Cloud) -> str:
    """Return the policy of the queue, or ""."""
    client = cloud.client("sqs")
    url = client.get_queue_url(QueueName="jobs")["QueueUrl"]
    found = client.get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"])
    policy: str = found.get("Attributes", {}).get("Policy", "")
    return policy


def test_an_account_becomes_what_is_declared_and_stays_so(tmp_path: Path, runs: Runs) -> None:
    """From nothing, after a failure, a second time and after an edit: it is what the build says."""
    first, second = compiled(tmp_path, FIRST), compiled(tmp_path, SECOND)
    text = script(*first)

    said = runs.run(text, "--stage=dev", fails_at="put-role-policy", code=1)
    assert "deploy.sh: cannot put inline policy" in said
    assert "the cable is out" in said
    assert "stopped half-way" in said
    runs.run(text, "--stage=dev")
    assert live(runs.cloud) == wanted(*first, {"stage": "dev"})
    assert json.loads(queue_policy(runs.cloud))["Statement"][0]["Principal"] == {
        "AWS": f"arn:aws:iam::{ACCOUNT}:role/service/worker"
    }

    before = runs.cloud.authorization_details()
    assert runs.run(text, "--stage=dev") == f"nothing to change in account {ACCOUNT}\n"
    assert runs.cloud.authorization_details() == before

    said = runs.run(script(*second), "--stage", "prod")
    assert live(runs.cloud) == wanted(*second, {"stage": "prod"})
    assert said.index("attach edge to role worker") < said.index("detach reader from role worker")


def test_old_versions_make_way(tmp_path: Path, runs: Runs) -> None:
    """AWS keeps five versions of a policy: the sixth edit would fail for ever."""
    source = "policy p {{ allow s3:GetObject on arn:aws:s3:::b{}/* }}"
    old = script(*compiled(tmp_path, source.format(0)))
    runs.run(old)
    client, arn = runs.cloud.client("iam"), f"arn:aws:iam::{ACCOUNT}:policy/p"
    for number in range(1, 5):
        text = compiled(tmp_path, source.format(number))[0].documents[0].policy
        document = iam.minified(iam.to_json(text))
        client.create_policy_version(
            PolicyArn=arn, PolicyDocument=document, SetAsDefault=number == 4
        )
    said = runs.run(old)
    versions = client.list_policy_versions(PolicyArn=arn)["Versions"]

    assert sorted(v["VersionId"] for v in versions) == ["v2", "v3", "v4", "v5", "v6"]
    assert [v["VersionId"] for v in versions if v["IsDefaultVersion"]] == ["v6"]
    assert "delete version v1 of policy p\nchange policy p\n" in said


def organization(cloud: Cloud) -> tuple[iam.Build, Facts]:
    """Return a build of an organization that exists, with policies of each kind."""
    client = cloud.client("organizations")
    made = client.create_organization(FeatureSet="ALL")["Organization"]
    root = client.list_roots()["Roots"][0]["Id"]
    ou = client.create_organizational_unit(ParentId=root, Name="prod")["OrganizationalUnit"]["Id"]
    client.enable_policy_type(RootId=root, PolicyType="SERVICE_CONTROL_POLICY")
    deny = iam.Statement("Deny", iam.Elements(("s3:*",)), iam.Elements(("*",)))
    allow = iam.Statement("Allow", iam.Elements(("ec2:*",)), iam.Elements(("*",)))
    documents = (
        iam.Document("scp", "no-s3", iam.Policy((deny,)), tags=(("team", "data"),)),
        iam.Document("scp", "ec2-only", iam.Policy((allow,)), description="only EC2"),
    )
    no_s3, ec2 = (iam.Attachment(d.name, ours=True) for d in documents)
    targets = (
        iam.Target("organization", "acme", made["Id"], ("acme",), (no_s3,)),
        iam.Target("ou", "prod", ou, ("acme", "prod"), (ec2,)),
    )
    return iam.Build(documents, (), (), targets), Facts()


def attachments(cloud: Cloud, build: iam.Build) -> list[list[str]]:
    """Return the names of the policies that are attached to the targets of a build."""
    client = cloud.client("organizations")
    root = client.list_roots()["Roots"][0]["Id"]
    ids = [root if t.kind == "organization" else t.id for t in build.targets]
    found = [
        client.list_policies_for_target(TargetId=i, Filter="SERVICE_CONTROL_POLICY")["Policies"]
        for i in ids
    ]
    return [sorted(policy["Name"] for policy in policies) for policies in found]


def test_policies_of_an_organization(runs: Runs) -> None:
    """They are attached where they are declared alone, and what allows everything gives way."""
    build, facts = organization(runs.cloud)
    runs.run(script(build, facts))
    assert attachments(runs.cloud, build) == [["FullAWSAccess", "no-s3"], ["ec2-only"]]
    said = runs.run(script(build, facts))
    assert said == f"nothing to change in account {ACCOUNT}\n"

    root, ou = build.targets
    both = (*ou.attached, *root.attached)
    moved = iam.Target(ou.kind, ou.name, ou.id, ou.path, both)
    bare = iam.Target(root.kind, root.name, root.id, root.path)
    build = iam.Build(build.documents, (), (), (bare, moved))
    runs.run(script(build, facts))
    assert attachments(runs.cloud, build) == [["FullAWSAccess"], ["ec2-only", "no-s3"]]

    other = iam.Target("organization", "acme", "o-other00000", ("acme",))
    wrong = iam.Build(build.documents, (), (), (other, moved))
    assert "for the organization o-other00000" in runs.run(script(wrong, facts), code=1)


def test_permission_sets(tmp_path: Path, runs: Runs) -> None:
    """They are made, changed and provisioned, and what is declared no more is taken away.

    Moto knows neither their boundaries nor their tags.
    """
    unknown = r"get-permissions-boundary-for-.*|list-tags.*|tag-.*|put-permissions-b.*"
    client = runs.cloud.client("sso-admin")
    first = compiled(tmp_path, SETS)
    said = runs.run(script(*first), missing=unknown)
    assert "create permission set Reader\nput the boundary on permission set Reader\n" in said
    sso = client.list_instances()["Instances"][0]["InstanceArn"]

    def sets() -> dict[str, Any]:
        made = {}
        for arn in client.list_permission_sets(InstanceArn=sso)["PermissionSets"]:
            of = {"InstanceArn": sso, "PermissionSetArn": arn}
            told = client.describe_permission_set(**of)["PermissionSet"]
            managed = client.list_managed_policies_in_permission_set(**of)
            customer = client.list_customer_managed_policy_references_in_permission_set(**of)
            made[told["Name"]] = (
                told.get("Description", ""), told["SessionDuration"],
                [p["Name"] for p in managed["AttachedManagedPolicies"]],
                [(p["Path"], p["Name"]) for p in customer["CustomerManagedPolicyReferences"]],
                bool(client.get_inline_policy_for_permission_set(**of)["InlinePolicy"]),
            )  # fmt: skip
        return made

    reader = ("Reads", "PT1H", ["ReadOnlyAccess"], [("/", "reader")], True)
    assert sets() == {"Reader": reader, "Other": ("", "PT2H", [], [("/", "reader")], False)}
    text = SETS.replace(', aws_managed("ReadOnlyAccess")', "").replace("2h", "3h")
    text = text.replace("  allow s3:GetObject on *\n}", "}").replace("  boundary edge\n", "")
    said = runs.run(script(*compiled(tmp_path, text)), missing=unknown)
    reader = ("Reads", "PT1H", [], [("/", "reader")], False)
    assert sets() == {"Reader": reader, "Other": ("", "PT3H", [], [("/", "reader")], False)}


def test_nothing_but_the_server_is_asked(runs: Runs) -> None:
    """Protects accounts of people from tests: what is asked elsewhere finds no way there."""
    command = "aws iam list-users --endpoint-url https://iam.amazonaws.com --cli-connect-timeout 1"
    assert "proxy" in runs.run(f"AWS_MAX_ATTEMPTS=1 {command} 2>&1".encode(), code=255)


def test_shellcheck_has_nothing_to_say(tmp_path: Path, aws: Cloud) -> None:
    """Scripts with every kind of thing in them are clean for the linter of everybody."""
    texts = [
        script(*compiled(tmp_path, EVERYTHING + OPEN)),
        script(*compiled(tmp_path, SETS)),
        script(*organization(aws)),
        script(*compiled(tmp_path, "scp fence { deny organizations:LeaveOrganization on * }")),
    ]
    files = [tmp_path / f"{number}.sh" for number in range(len(texts))]
    for file, text in zip(files, texts, strict=True):
        file.write_bytes(text)
    linter = Path(sys.executable).with_name("shellcheck")
    done = subprocess.run([linter, *files], capture_output=True, text=True, check=False)
    assert not done.stdout
    assert not done.returncode

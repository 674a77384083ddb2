"""`plan`, `apply` and `verify` against an account: moto's server on loopback, nothing else."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError
from click.testing import CliRunner
from clouds import ACCOUNT
from moto.iam.models import AWSManagedPolicy, iam_backends

from iamdsl.cli import apply, main
from iamdsl.deploy import converge

if TYPE_CHECKING:
    from click.testing import Result
    from clouds import Cloud
    from syrupy.assertion import SnapshotAssertion

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.filterwarnings("ignore:datetime.datetime.utcnow:DeprecationWarning"),
]

SETTINGS = 'name = "shop"\n'
SOURCE = """
extern lake: s3:bucket max 63

policy reader {
  path "/data/"
  allow s3:[GetObject, ListBucket] on lake, "{lake}/*"
}
boundary edge { allow * except iam:*, organizations:* on * }
role worker {
  path "/service/"
  description "Works"
  max_session 2h
  boundary edge
  tags { team = "data" }
  trust service lambda
  attach reader
  allow sqs:SendMessage on sqs:queue("jobs")
  allow sts:AssumeRole on auditor
}
role auditor {
  trust worker
  allow iam:@list on *
}
role machine {
  trust service ec2
  instance_profile "machine"
  allow logs:PutLogEvents on *
}
group developers {
  attach reader
  allow s3:ListAllMyBuckets on *
}
user ann { groups developers }
"""
LAKE = ("--set", "lake=arn:aws:s3:::acme-lake")
ANYTHING = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "s3:DeleteObject", "Resource": "*"}],
}


class Shop:
    """A project, the account that it is deployed into, and somebody at the command line."""

    def __init__(self, folder: Path, cloud: Cloud) -> None:
        self.folder = folder
        self.cloud = cloud
        self.iam = cloud.client("iam")
        self.write(SOURCE)

    def write(self, source: str, settings: str = SETTINGS) -> None:
        """Let the project be this one."""
        (self.folder / "main.iam").write_text(source, encoding="utf-8")
        (self.folder / "iamdsl.toml").write_text(settings, encoding="utf-8")

    def run(self, command: str, *more: str, code: int = 0, typed: str | None = None) -> Result:
        """Run a command that ends with a code."""
        lake = LAKE if "extern lake" in (self.folder / "main.iam").read_text() else ()
        result = CliRunner().invoke(main, [command, *lake, *more], input=typed)
        assert result.exit_code == code, result.output
        assert "Traceback" not in result.output
        return result

    def apply(self) -> None:
        """Make the account as the project is."""
        self.run("apply", "--yes")


@pytest.fixture
def shop(tmp_path: Path, aws: Cloud, monkeypatch: pytest.MonkeyPatch) -> Shop:
    """Return a project whose credentials are those of an account with nothing in it."""
    monkeypatch.chdir(tmp_path)
    for name, value in aws.environment.items():
        if name.startswith("AWS_"):
            monkeypatch.setenv(name, value)
    return Shop(tmp_path, aws)


def test_from_nothing_to_nothing_to_do(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """A plan changes nothing, what is applied is as built, and a second run has nothing to do."""
    before = shop.cloud.authorization_details()
    planned = shop.run("plan").stdout
    assert shop.cloud.authorization_details() == before
    assert "+ role `worker`: is new" in planned
    assert "s3:[GetObject, ListBucket] on arn:aws:s3:::acme-lake" in planned
    assert shop.run("plan", "--fail-on", "changes", code=1).stdout == planned

    monkeypatch.setattr(apply, "is_terminal", lambda: True)
    refused = shop.run("apply", typed="y\n", code=1)
    assert "the answer was not yes" in refused.stderr
    assert shop.cloud.authorization_details() == before

    applied = shop.run("apply", typed="yes\n")
    assert applied.stdout.startswith(planned)
    assert applied.stdout.count("done: ") == len(steps_in(planned))
    role = shop.iam.get_role(RoleName="worker")["Role"]
    assert {"Key": "iamdsl:project", "Value": "shop"} in role["Tags"]
    assert shop.run("verify").stdout.endswith("the account is as the project is built\n")
    assert shop.run("apply").stdout.endswith("nothing to do\n")
    assert shop.run("plan", "--fail-on", "changes").stdout.endswith("nothing to do\n")


def test_what_is_deployed_stays_in_the_lock_file(shop: Shop) -> None:
    """Applying keeps what classes stand for as a build does; looking keeps nothing."""
    lock = shop.folder / "iamdsl.lock"
    shop.write("role auditor { trust service ec2 allow iam:@list on * }")
    refused = shop.run("apply", "--yes", "--locked", code=2)
    assert "error[IAM507]: `iamdsl.lock` does not hold all" in refused.stderr
    assert not shop.cloud.authorization_details()["RoleDetailList"]
    shop.run("plan")
    shop.run("verify", code=1)
    assert not lock.exists()

    shop.apply()
    kept = lock.read_bytes()
    assert b"iam:@list" in kept
    shop.run("plan", "--locked")
    shop.run("verify", "--locked")
    lock.unlink()
    shop.apply()  # there is nothing to do but this
    assert lock.read_bytes() == kept
    lock.unlink()
    shop.run("build")
    assert lock.read_bytes() == kept

    shop.write("role auditor { trust service ec2 allow iam:@list, iam:@read on * }")
    shop.iam.create_role(RoleName="other", AssumeRolePolicyDocument=json.dumps(ANYTHING))
    (shop.folder / "more.iam").write_text("role other { trust service ec2 }")
    shop.run("apply", "--yes", code=1)  # the other is in the way
    assert lock.read_bytes() == kept


def steps_in(planned: str) -> list[str]:
    """Return the lines of a plan that are steps."""
    return re.findall(
        r"^  (?!\+|\s|gained|may be).*", planned.partition("in this order:\n")[2], re.MULTILINE
    )


def test_what_was_done_by_hand_is_found(shop: Shop) -> None:
    """Drift is told by what it means, and applying takes it back."""
    shop.apply()
    extra = shop.iam.create_policy(PolicyName="hand", PolicyDocument=json.dumps(ANYTHING))
    shop.iam.attach_role_policy(RoleName="auditor", PolicyArn=extra["Policy"]["Arn"])
    shop.iam.put_role_policy(
        RoleName="worker", PolicyName="hand", PolicyDocument=json.dumps(ANYTHING)
    )
    shop.iam.update_role(RoleName="machine", MaxSessionDuration=14400)
    shop.iam.tag_role(RoleName="worker", Tags=[{"Key": "team", "Value": "sales"}])
    shop.iam.tag_role(RoleName="worker", Tags=[{"Key": "cost", "Value": "42"}])
    shop.iam.remove_user_from_group(UserName="ann", GroupName="developers")

    drift = shop.run("verify", code=1).stdout
    assert "~ role `auditor`: more access\n    gained:\n    + s3:DeleteObject on *" in drift
    assert "~ role `worker`: more access\n    gained:\n    + s3:DeleteObject on *" in drift
    assert "~ max_session none -> 4h" in drift
    assert "~ tag team data -> sales" in drift
    assert "~ user `ann`: less access" in drift
    assert "cost" not in drift.partition("`iamdsl apply` would")[0]  # somebody else's

    shop.apply()
    assert shop.run("verify").exit_code == 0
    tags = {t["Key"]: t["Value"] for t in shop.iam.get_role(RoleName="worker")["Role"]["Tags"]}
    assert (tags["team"], tags["cost"]) == ("data", "42")
    assert shop.iam.get_policy(PolicyArn=extra["Policy"]["Arn"])  # not ours: only detached


def test_an_edit_is_told_by_its_meaning(shop: Shop) -> None:
    """Whoever reads a plan sees who may do more and who less, and what is merely renamed."""
    shop.apply()
    edited = SOURCE.replace('sqs:SendMessage on sqs:queue("jobs")', "sqs:PurgeQueue on *")
    edited = edited.replace('"Works"', '"Works hard"').replace("role machine", "role engine")
    edited = edited.replace("trust worker", "trust worker, engine")
    shop.write(edited)
    planned = shop.run("plan").stdout
    worker = planned[planned.index("~ role `worker`") :].partition("\n- ")[0]
    assert "gained:\n    + sqs:PurgeQueue on *" in worker
    assert "lost:\n    - sqs:SendMessage on arn:aws:sqs:eu-west-1:123456789012:jobs" in worker
    assert "~ description Works -> Works hard" in worker
    assert "may be assumed by more" in planned
    assert "- role `machine`: is removed" in planned
    assert planned.endswith("1 to remove; 3 with more access, 2 with less\n")

    shop.apply()
    names = {role["RoleName"] for role in shop.iam.list_roles()["Roles"]}
    assert names == {"worker", "auditor", "engine"}
    assert "nothing to do" in shop.run("plan").stdout


def test_what_is_not_ours_is_not_touched(shop: Shop) -> None:
    """A role of the same name stops everything, until somebody takes it over."""
    trust = json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": {"Service": "ec2.amazonaws.com"},
                    "Action": "sts:AssumeRole",
                }
            ],
        }
    )
    shop.iam.create_role(RoleName="worker", Path="/service/", AssumeRolePolicyDocument=trust)
    shop.iam.create_role(RoleName="other", AssumeRolePolicyDocument=trust)
    before = shop.cloud.authorization_details()

    found = shop.run("plan", code=1)
    assert (
        "error[IAM714]: there is a role `worker` already, and it is of no project" in found.stderr
    )
    assert "--adopt role/worker" in found.stderr
    assert "error[IAM714]" in shop.run("apply", "--yes", code=1).stderr
    assert "error[IAM714]" in shop.run("verify", code=1).stderr
    assert shop.cloud.authorization_details() == before

    shop.run("apply", "--yes", "--adopt", "role/worker")
    shop.run("verify")
    assert shop.iam.get_role(RoleName="other")["Role"].get("Tags", []) == []
    shop.write("group developers {} user ann { groups developers }")
    shop.apply()
    assert [r["RoleName"] for r in shop.iam.list_roles()["Roles"]] == ["other"]


def test_a_grant_does_not_hide_in_a_mark(shop: Shop) -> None:
    """What marks a group grants nothing; with anything else in it it is told, and mended."""
    shop.write("group staff { allow s3:ListAllMyBuckets on * }")
    shop.apply()
    mark = {"GroupName": "staff", "PolicyName": "iamdsl-project-shop"}
    shop.iam.put_group_policy(**mark, PolicyDocument=json.dumps(ANYTHING))
    drift = shop.run("verify", code=1).stdout
    assert "~ group `staff`: more access\n    gained:\n    + s3:DeleteObject on *" in drift
    shop.apply()
    shop.run("verify")
    shop.iam.put_group_policy(
        GroupName="staff", PolicyName="iamdsl-project-b", PolicyDocument=json.dumps(ANYTHING)
    )
    found = shop.run("plan", code=1)
    assert "it is of the project `b and shop`" in found.stderr
    assert "- s3:DeleteObject on *" in found.stdout


def test_what_stays_is_told(shop: Shop) -> None:
    """What others have of ours changes for them, or stays; then the account is not as built."""
    shop.write("policy p { allow s3:ListAllMyBuckets on * }")
    shop.apply()
    trust = json.dumps(ANYTHING)
    shop.iam.create_role(RoleName="Other", AssumeRolePolicyDocument=trust)
    arn = f"arn:aws:iam::{ACCOUNT}:policy/p"
    shop.iam.attach_role_policy(RoleName="Other", PolicyArn=arn)
    shop.write("policy p { allow s3:GetObject on * }")
    assert "note: policy `p` changes for role Other too" in shop.run("plan").stdout
    shop.write("user ann {}")
    applied = shop.run("apply", "--yes").stdout
    assert "policy `p`: is removed" not in applied
    assert applied.endswith("all is as built, but for what stays: policy p\n")
    drift = shop.run("verify", code=1).stdout
    assert "+ policy `p`: is there, and no source has it" in drift
    assert drift.endswith("1 thing not as built\n")
    assert shop.run("plan", "--fail-on", "changes").stdout.endswith("nothing to do\n")

    shop.write("user ann {} role other { trust service ec2 }")
    found = shop.run("plan", code=1)
    assert "cannot be made beside `Other`" in found.stderr
    assert "role `Other`" not in found.stdout  # it stays, and is nobody's


def test_two_projects_in_one_account(shop: Shop) -> None:
    """What another project owns is neither removed nor taken over by the way."""
    shop.apply()
    shop.write("role guest { trust service ec2 }", 'name = "guests"\n')
    shop.apply()
    assert shop.iam.get_role(RoleName="worker")
    shop.write("role worker { trust service ec2 }", 'name = "guests"\n')
    found = shop.run("plan", code=1)
    assert "already, and it is of the project `shop`" in found.stderr


def test_stages_of_one_account_have_names(shop: Shop) -> None:
    """A stage leaves what another has, where each is deployed by a name of its own."""
    shop.write('param env: String\nrole "app-{env}" { trust service ec2 }')
    for stage in ("dev", "prod"):
        shop.run("apply", "--yes", "--name", f"shop-{stage}", "--set", f"env={stage}")
    assert {r["RoleName"] for r in shop.iam.list_roles()["Roles"]} == {"app-dev", "app-prod"}
    assert "is no name" in shop.run("plan", "--name", "a b", code=2).stderr


def test_a_failure_half_way_is_told_and_a_second_run_goes_on(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where AWS refuses a step, people learn which, what is left, and that it may be run again."""
    perform = converge.perform
    calls = []

    def refusing(client: Any, step: Any, *more: Any, **options: Any) -> str:
        calls.append(step)
        if len(calls) == 4:
            told = {"Error": {"Code": "AccessDenied", "Message": "you may not"}}
            raise ClientError(told, "CreateRole")
        return perform(client, step, *more, **options)

    monkeypatch.setattr("iamdsl.deploy._performing.perform", refusing)
    found = shop.run("apply", "--yes", code=1)
    assert re.search(
        r"error\[IAM717\]: stopped after 3 of \d+ steps: .*AWS refused `CreateRole` \(AccessDenied\): you",
        found.stderr,
    )
    assert "run it again, and it goes on from there" in found.stderr
    assert found.stdout.count("done: ") == 3
    assert found.stderr.count("left: ") == len(steps_in(found.stdout)) - 3
    monkeypatch.setattr("iamdsl.deploy._performing.perform", perform)
    shop.apply()
    shop.run("verify")


def test_nobody_is_asked_without_a_terminal(shop: Shop) -> None:
    """A pipeline has to say `--yes`, and AWS is not asked before."""
    found = shop.run("apply", code=2, typed="yes\n")
    assert "error[IAM716]: there is nobody to ask" in found.stderr
    assert found.stdout == ""


@pytest.mark.parametrize(
    ("settings", "more", "said"),
    [
        ('[aws]\naccount = "999988887777"\n', (), "the account `999988887777`"),
        ('[aws]\nregion = "us-east-1"\n', (), "for the region `us-east-1`, and the session is in"),
        ("", ("--set", "aws.partition=aws-cn"), "the partition `aws-cn`"),
        ("", ("--account", "prod"), "no account `prod`"),
    ],
)
def test_the_wrong_account_is_refused(
    shop: Shop, settings: str, more: tuple[str, ...], said: str
) -> None:
    """What is meant for one account does not come to another."""
    shop.write(SOURCE, SETTINGS + settings)
    found = shop.run("plan", *more, code=2)
    assert "error[IAM713]" in found.stderr
    assert said in found.stderr
    assert found.stdout == ""


def test_what_aws_attaches_is_read(shop: Shop) -> None:
    """A policy of AWS's that somebody attached is told by what it allows, not by its name alone."""
    backend = iam_backends[ACCOUNT]["aws"]
    date = "2020-01-01T00:00:00+00:00"
    details = {"DefaultVersionId": "v1", "Path": "/", "CreateDate": date, "UpdateDate": date}
    made = AWSManagedPolicy.from_data(
        "DeletesObjects", ACCOUNT, "us-east-1", details | {"Document": ANYTHING}
    )
    backend.managed_policies[made.arn] = made
    backend.aws_managed_policies.append(made)
    shop.write("role worker { trust service ec2 attach arn:aws:iam::aws:policy/DeletesObjects }")
    assert "+ s3:DeleteObject on *" in shop.run("plan").stdout
    shop.apply()
    shop.run("verify")
    shop.iam.detach_role_policy(RoleName="worker", PolicyArn=made.arn)
    assert "- s3:DeleteObject on *" in shop.run("verify", code=1).stdout


def test_an_account_of_several(shop: Shop) -> None:
    """Of a project with accounts, that of the credentials is deployed, and what is in it alone."""
    source = """
organization acme "o-a1b2c3d4e5" {
  account prod "PROD" { role prod-only { trust service ec2 } }
  account dev "111122223333" { role dev-only { trust service ec2 } }
  attach nobody_leaves
}
scp nobody_leaves { deny organizations:LeaveOrganization on * }
role outside { trust service ec2 }
""".replace("PROD", ACCOUNT)
    shop.write(source)
    planned = shop.run("plan").stdout
    assert planned.startswith(f"project shop in account prod ({ACCOUNT}), eu-west-1\n")
    assert re.findall(r"^  create role (\S+)", planned, re.MULTILINE) == ["prod-only"]
    assert "note: the policies of the organization are left out" in planned
    found = shop.run("plan", "--account", "dev", code=2)
    assert f"`dev` is the account `111122223333`, and the session is in `{ACCOUNT}`" in found.stderr

    organizations = shop.cloud.client("organizations")
    made = organizations.create_organization(FeatureSet="ALL")["Organization"]["Id"]
    dev = organizations.create_account(Email="dev@example.com", AccountName="dev")
    dev = dev["CreateAccountStatus"]["AccountId"]
    root = organizations.list_roots()["Roots"][0]["Id"]
    organizations.enable_policy_type(RootId=root, PolicyType="SERVICE_CONTROL_POLICY")
    shop.write(source.replace("o-a1b2c3d4e5", made).replace("111122223333", dev))
    shop.apply()
    policies = organizations.list_policies_for_target(
        TargetId=root, Filter="SERVICE_CONTROL_POLICY"
    )["Policies"]
    assert "nobody_leaves" in {policy["Name"] for policy in policies}
    shop.run("verify")
    narrow = source.replace("  attach nobody_leaves\n", "  attach nobody_leaves, only_s3\n")
    narrow = narrow.replace("o-a1b2c3d4e5", made).replace("111122223333", dev)
    shop.write(narrow + "scp only_s3 { allow s3:* on * }")
    planned = shop.run("plan").stdout
    assert f"attach organization policy only_s3 to {root}\n" in planned
    assert f"`FullAWSAccess` is attached to acme ({root}) too" in planned
    shop.write(
        source.replace("o-a1b2c3d4e5", made)
        .replace("111122223333", dev)
        .replace("deny ", "deny account:*, ")
    )
    planned = shop.run("plan").stdout
    assert "~ scp `nobody_leaves`: less access" in planned


def test_the_document_for_programs(shop: Shop, snapshot: SnapshotAssertion) -> None:
    """What programs read keeps its form: of a plan, of what came of it, and of drift."""
    shop.write("role worker { trust service ec2 allow s3:ListAllMyBuckets on * }")
    found = [json.loads(shop.run("plan", "--output-format", "json").stdout)]
    found.append(json.loads(shop.run("apply", "--yes", "--output-format", "json").stdout))
    shop.iam.delete_role_policy(RoleName="worker", PolicyName="worker")
    found.append(json.loads(shop.run("verify", "--output-format", "json", code=1).stdout))
    assert json.dumps(found, indent=1) == snapshot


def test_the_policy_of_a_bucket(shop: Shop) -> None:
    """It is set once the bucket is there, is as built though it is marked, and is missed."""
    shop.write(
        """
policy lake for s3:bucket("lake") {
  deny s3:* to anyone on self, "{self}/*" unless aws:SecureTransport
}
session narrow { allow s3:GetObject on * }
"""
    )
    early = shop.run("plan").stdout
    assert "note: resource policy `lake` is not set: there is no arn:aws:s3:::lake yet" in early
    assert "note: session policy `narrow` is not deployed" in early
    s3 = shop.cloud.client("s3")
    where = {"LocationConstraint": "eu-west-1"}
    s3.create_bucket(Bucket="lake", CreateBucketConfiguration=where)
    shop.apply()
    assert "form only" not in shop.run("verify").stdout
    s3.delete_bucket_policy(Bucket="lake")
    drift = shop.run("verify", code=1).stdout
    assert "- policy `lake`: is not there\n    denies less:\n    + s3:*" in drift


def test_warnings_of_the_sources_are_told(shop: Shop) -> None:
    """Who deploys sees what a build would have warned of."""
    shop.write("let unused = 1\npolicy p { allow s3:GetObject on arn:aws:s3:::a/* }\n")
    assert "warning[IAM110]" in shop.run("plan").stderr


def test_two_policies_of_one_bucket_are_refused(shop: Shop) -> None:
    """A bucket has one policy: the last of two would be in effect, and the other would be lost."""
    one = 'policy {} for s3:bucket("logs") {{ deny s3:* to anyone unless aws:SecureTransport }}'
    shop.write(f"{one.format('first')}\n{one.format('second')}\n")
    assert "IAM701" in shop.run("plan", code=2).stderr


def test_an_interrupted_run_is_told(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever stops a run learns how far it came."""
    perform = converge.perform

    def interrupted(client: Any, step: Any, *more: Any, **options: Any) -> str:
        if step.kind == "group":
            raise KeyboardInterrupt
        return perform(client, step, *more, **options)

    monkeypatch.setattr("iamdsl.deploy._performing.perform", interrupted)
    found = shop.run("apply", "--yes", code=130)
    assert re.search(r"error\[IAM717\]: stopped after \d of \d+ steps: it was", found.stderr)
    assert "left: create group developers\n" in found.stderr


def test_what_aws_says_is_told(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """No credentials, no answer, no permission: each has a message, and none a traceback."""
    nobody = shop.run("plan", "--endpoint-url", "http://me:secret@127.0.0.1:9", code=2).stderr
    assert "error[IAM718]: 127.0.0.1 does not answer" in nobody
    assert "secret" not in nobody

    found = shop.run("plan", "--profile", "nobody", code=2).stderr
    assert "error[IAM711]: there is no profile `nobody`" in found

    def refused(*_: Any) -> None:
        told = {"Error": {"Code": "AccessDenied", "Message": "User: x is not\nauthorized"}}
        raise ClientError(told, "GetAccountAuthorizationDetails")

    monkeypatch.setattr(converge, "read", refused)
    assert (
        "error[IAM712]: AWS refused `GetAccountAuthorizationDetails` (AccessDenied): User: x is not"
        " authorized\n" in shop.run("verify", code=2).stderr
    )


def test_a_build_imports_nothing_of_it(tmp_path: Path) -> None:
    """Who only builds neither needs the SDK nor waits for it."""
    (tmp_path / "main.iam").write_text("policy p { allow s3:ListAllMyBuckets on * }")
    code = (
        "import sys; from iamdsl.cli import main\ntry: main(['build'])\nexcept SystemExit: pass\n"
    )
    code += "print([m for m in sys.modules if m.startswith(('boto', 'iamdsl.deploy'))])"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, check=True, capture_output=True, text=True
    )
    assert done.stdout == "[]\n"


def test_the_page_lists_what_a_deployment_asks(aws: Cloud) -> None:
    """The role of the page on deploying may do all that the runtime has a call of IAM for."""
    root = Path(__file__).parents[2]
    page = (root / "grammar" / "targets" / "deploy.md").read_text(encoding="utf-8")
    known = aws.client("iam").meta.method_to_api_mapping
    asked = set()
    for module in (root / "iamdsl" / "deploy").glob("*.py"):
        for text in re.findall(
            r'"([a-z_]+(?:\{\w+\}[a-z_]*)?)"', module.read_text(encoding="utf-8")
        ):
            kinds = ("role", "user", "group", "policy", "instance_profile")
            asked |= {known.get(re.sub(r"\{\w+\}", kind, text)) for kind in kinds} - {None}
    assert len(asked) > 40
    of_organizations = {"ListPolicies"}  # IAM has a call of that name as well
    assert {a for a in asked if not re.search(rf"\b{a}\b", page)} <= of_organizations

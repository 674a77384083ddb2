"""Target `aws-cli`: what its scripts ask for, by bash and an `aws` that writes everything down."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
from clouds import ACCOUNT, EVERYTHING, VALUES, compiled, emitted
from hypothesis import HealthCheck, Phase, given, settings
from nasty import builds

from iamdsl import iam
from iamdsl.emit import Facts

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.e2e

EVERY_KIND = (
    EVERYTHING
    + """
policy lake-too for lake { deny s3:* to anyone on self unless aws:SecureTransport }
session narrow {
  attach reader
  allow s3:GetObject on "{lake}/x"
}
"""
)


def script(build: iam.Build, facts: Facts) -> bytes:
    """Return the one script of a build."""
    return emitted("aws-cli", build, facts).files["deploy.sh"]


STUB = r"""
aws() {
  printf '%s\0%s\0' "$1" "$2" >>"$log"
  case $4 in
    file://*) cat "${4#file://}" >>"$log"; printf '\0' >>"$log"; return 0 ;;
  esac
  printf '%s\0' "$4" >>"$log"
  case $2 in
    get-caller-identity) printf '123456789012\tarn:aws:iam::123456789012:user/x\n' ;;
    get-queue-url) printf 'https://sqs/jobs\n' ;;
    get-queue-attributes) printf 'None\n' ;;
    *) printf 'An error occurred (NoSuchEntity) (NoSuchBucketPolicy)\n' >&2; return 254 ;;
  esac
}
options=()
while [[ ${1-} == --* ]]; do options+=("$1"); shift; done
for script in "$@"; do
  log=$script.log
  (set -- "${options[@]}"; source "$script") >"$script.out" 2>&1 </dev/null
done
"""
"""All scripts in one bash; each is asked what it would ask of an AWS with nothing in it."""


def stubbed(*files: Path, options: tuple[str, ...] = ()) -> None:
    """Run scripts; what they ask is in `<name>.log`, what they say in `<name>.out`."""
    subprocess.run(["bash", "-c", STUB, "stub", *options, *files], check=False, cwd=files[0].parent)


def asked(log: bytes) -> dict[str, list[Any]]:
    """Return the requests of a script, by operation."""
    words = log.decode("ascii").split("\0")[:-1]
    found: dict[str, list[Any]] = {}
    for operation, request in zip(words[1::3], words[2::3], strict=True):
        found.setdefault(operation, []).append(json.loads(request))
    return found


def documents(requests: list[Any], member: str = "PolicyDocument") -> list[Any]:
    """Return the documents in requests."""
    return [json.loads(request[member]) for request in requests]


def test_texts_arrive_as_they_are(tmp_path: Path) -> None:
    """No name, path, description, tag or value is read as anything by bash or by JSON's readers."""
    drawn: list[iam.Build] = []

    @settings(
        max_examples=25, deadline=None, database=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(builds())
    def draw(build: iam.Build) -> None:
        drawn.append(build)

    draw()
    files = []
    for number, build in enumerate(drawn):
        files.append(tmp_path / f"{number}.sh")
        files[-1].write_bytes(script(build, Facts()))
    stubbed(*files)
    for build, file in zip(drawn, files, strict=True):
        found = asked(file.with_name(f"{file.name}.log").read_bytes())
        said = file.with_name(f"{file.name}.out").read_text("ascii")
        assert said.endswith("changes made in account 123456789012: 4\n"), said
        (document,), (role,) = build.documents, build.identities
        (policy,), (made,) = found["create-policy"], found["create-role"]
        tags = [{"Key": k, "Value": v} for k, v in document.tags]
        assert policy == {
            "PolicyName": document.name, "Path": document.path, "Tags": tags,
            "Description": document.description, "PolicyDocument": iam.minified(iam.to_json(document.policy)),
        }  # fmt: skip
        assert (made["RoleName"], made["Path"], made["Description"]) == (
            role.name, role.path, role.description,
        )  # fmt: skip
        assert made["Tags"] == [{"Key": k, "Value": v} for k, v in role.tags]
        ((name, inline),) = role.inline
        (put,) = found["put-role-policy"]
        assert (put["PolicyName"], documents([put])) == (name, [iam.to_json(inline)])
        (attach,) = found["attach-role-policy"]
        assert attach["PolicyArn"] == f"arn:aws:iam::{ACCOUNT}:policy{document.path}{document.name}"


def test_values_that_are_none_are_refused(tmp_path: Path) -> None:
    """A value that could mean something else in a policy stops all before AWS is asked."""
    build, facts = compiled(tmp_path, EVERYTHING)
    (tmp_path / "deploy.sh").write_bytes(script(build, facts))
    hostile = {
        "stage": ("qa", "dev prod", "", "dev\n"),
        "lake": (
            'arn:aws:s3:::x"',
            "arn:aws:s3:::*",
            "arn:aws:s3:::${aws:username}",
            "lake",
            "arn:aws:s3:::" + 51 * "x",
        ),
        "suffix": ('$(touch x)"', "a\\b", "é", "a\nb", 21 * "x", '","Effect":"Allow'),
    }
    runs = [{**VALUES, name: value} for name, values in hostile.items() for value in values]
    for values in runs:
        options = [f"--{name}={value}" for name, value in values.items()]
        done = subprocess.run(
            ["bash", "-c", 'aws() { touch asked; }; source ./deploy.sh "$@"', "x", *options],
            cwd=tmp_path, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 2, (values, done.stdout)
        assert done.stderr.count("\n") == 1
    assert sorted(p.name for p in tmp_path.iterdir()) == ["deploy.sh", "main.iam"]


def test_a_dry_run_asks_for_no_change(tmp_path: Path) -> None:
    """Whoever wants to know first what would be done must not do it by that."""
    file = tmp_path / "dry.sh"
    file.write_bytes(script(*compiled(tmp_path, EVERYTHING)))
    options = ["--dry-run", "--region=eu-west-1", *(f"--{n}={v}" for n, v in VALUES.items())]
    stubbed(file, options=tuple(options))

    said = file.with_name("dry.sh.out").read_text().splitlines()
    assert said[-1] == f"nothing was changed in account {ACCOUNT}; changes to make: 22"
    assert [line for line in said if not line.startswith("would ")] == said[-1:]
    assert all(o.startswith("get-") for o in asked(file.with_name("dry.sh.log").read_bytes()))


def test_policies_of_resources_and_sessions(tmp_path: Path) -> None:
    """A resource is named as its service wants it, also where its ARN is known only now."""
    file = tmp_path / "run.sh"
    file.write_bytes(script(*compiled(tmp_path, EVERY_KIND)))
    options = ("--region=eu-west-1", *(f"--{n}={v}" for n, v in VALUES.items()))
    stubbed(file, options=options)
    found = asked(file.with_name("run.sh.log").read_bytes())

    assert found["get-queue-url"] == [{"QueueName": "jobs", "QueueOwnerAWSAccountId": ACCOUNT}]
    (queue,) = found["set-queue-attributes"]
    assert queue["QueueUrl"] == "https://sqs/jobs"
    assert json.loads(queue["Attributes"]["Policy"])["Statement"][0]["Action"] == "sqs:SendMessage"
    assert [put["Bucket"] for put in found["put-bucket-policy"]] == ["lake", "acme-lake"]

    stubbed(file, options=(*options, "--print-session=narrow"))
    printed = json.loads(file.with_name("run.sh.out").read_text())
    assert printed["PolicyArns"] == [{"arn": f"arn:aws:iam::{ACCOUNT}:policy/data/reader"}]
    (statement,) = json.loads(printed["Policy"])["Statement"]
    assert statement["Resource"] == "arn:aws:s3:::acme-lake/x"


def test_the_wrong_account_is_refused(tmp_path: Path) -> None:
    """What is for one account is never made in another."""
    build, facts = compiled(
        tmp_path, "policy p { allow s3:GetObject on * }", account="111122223333"
    )
    file = tmp_path / "p.sh"
    file.write_bytes(script(build, facts))
    stubbed(file)

    said = (tmp_path / "p.sh.out").read_text()
    assert said.endswith(
        "this is for account 111122223333, and the credentials are of 123456789012\n"
    )
    assert list(asked((tmp_path / "p.sh.log").read_bytes())) == ["get-caller-identity"]


def test_values_arrive_as_they_are(tmp_path: Path) -> None:
    """A value that can stand in a policy means nothing to bash, and nothing in JSON."""
    source = """
    extern suffix: String max 60
    role r {
      trust account 222233334444 when sts:ExternalId == "{suffix}"
      description "{suffix}"
      boundary "arn:aws:iam::aws:policy/b{suffix}"
    }
    """
    value = "$(touch x)`touch y`' && touch z; &$a !! %s ~ |>z #"
    file = tmp_path / "r.sh"
    file.write_bytes(script(*compiled(tmp_path, source)))
    stubbed(file, options=(f"--suffix={value}",))

    (made,) = asked(file.with_name("r.sh.log").read_bytes())["create-role"]
    (statement,) = json.loads(made["AssumeRolePolicyDocument"])["Statement"]
    assert statement["Condition"]["StringEquals"]["sts:ExternalId"] == value
    assert made["Description"] == value
    assert made["PermissionsBoundary"] == f"arn:aws:iam::aws:policy/b{value}"
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "main.iam",
        "r.sh",
        "r.sh.log",
        "r.sh.out",
    ]

"""For tests of the targets of CDK: apps that synthesize what was emitted, and templates read back.

One process of node and one of Python synthesize everything that a test run wants; nothing is
downloaded but the compiler of TypeScript. CDK itself, for both languages, is what the package
`aws-cdk-lib` of Python carries along.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from clouds import ACCOUNT

from iamdsl import iam

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

REGION = "eu-west-1"
PSEUDO = {"aws.account": ACCOUNT, "aws.partition": "aws", "aws.region": REGION}
TOKEN = {"token": True}
"""A value of an extern that only CloudFormation knows."""


class App(NamedTuple):
    """A stack to synthesize with one construct in it.

    Attributes:
        file: of the construct, relative to the folder of all.
        values: what the construct is told, by names as the language has them.
        account: of the stack; None where it is for any.
    """

    file: str
    construct: str
    values: Mapping[str, Any]
    account: str | None = None


_PYTHON = """
import importlib.util, json, sys
import aws_cdk as cdk

def parameter(name):
    return "P" + name.replace("_", "").lower()

def run(number, job):
    app = cdk.App(analytics_reporting=False, outdir=f"{job['out']}/{number}", context=job["context"])
    env = cdk.Environment(account=job["account"], region=job["region"]) if job["account"] else None
    stack = cdk.Stack(app, "Stack", env=env)
    values = {name: cdk.CfnParameter(stack, parameter(name)).value_as_string if value == {"token": True}
              else value for name, value in job["values"].items()}
    spec = importlib.util.spec_from_file_location(f"construct{number}", job["file"])
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    getattr(module, job["construct"])(stack, "Made", **values)
    return app.synth().get_stack_by_name("Stack").template

found = []
for number, job in enumerate(json.load(open(sys.argv[1]))):
    try:
        found.append({"template": run(number, job)})
    except Exception as error:
        found.append({"error": str(error)})
json.dump(found, open(sys.argv[2], "w"))
"""

_NODE = """
const fs = require('fs');
const cdk = require('aws-cdk-lib');

function run(number, job) {
  const app = new cdk.App({
    analyticsReporting: false, outdir: `${job.out}/${number}`, context: job.context });
  const env = job.account ? { account: job.account, region: job.region } : undefined;
  const stack = new cdk.Stack(app, 'Stack', { env });
  const values = {};
  for (const [name, value] of Object.entries(job.values)) {
    values[name] = value.token ? new cdk.CfnParameter(stack, `P${name.toLowerCase()}`).valueAsString : value;
  }
  const made = require(job.file)[job.construct];
  new made(stack, 'Made', values);
  return app.synth().getStackByName('Stack').template;
}

const found = JSON.parse(fs.readFileSync(process.argv[2])).map((job, number) => {
  try {
    return { template: run(number, job) };
  } catch (error) {
    return { error: error.message };
  }
});
fs.writeFileSync(process.argv[3], JSON.stringify(found));
"""


def python_apps(folder: Path, apps: Sequence[App]) -> list[dict[str, Any]]:
    """Return the template of each app, or the error that it ended with, by Python."""
    return _run([sys.executable], _PYTHON, "driver.py", folder, apps)


def node_apps(folder: Path, apps: Sequence[App]) -> list[dict[str, Any]]:
    """Return the same of apps whose files are JavaScript."""
    return _run(["node"], _NODE, "driver.js", folder, apps)


def _run(
    command: list[str], text: str, name: str, folder: Path, apps: Sequence[App]
) -> list[dict[str, Any]]:
    driver, jobs, found = folder / name, folder / "jobs.json", folder / "found.json"
    driver.write_text(text, encoding="utf-8")
    # Apps of today merge statements unless they are told not to.
    context = {"@aws-cdk/aws-iam:minimizePolicies": True}
    jobs.write_text(
        json.dumps(
            [
                {**app._asdict(), "file": str(folder / app.file), "region": REGION,
                 "out": str(folder / "out"), "context": context}
                for app in apps
            ]
        ),
        encoding="utf-8",
    )  # fmt: skip
    # Its own check of templates takes ten seconds for each.
    environment = {**os.environ, "CDK_VALIDATION": "false", "JSII_SILENCE_WARNING_DEPRECATED_NODE_VERSION": "1",
                   "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION": "1"}  # fmt: skip
    done = subprocess.run(
        [*command, str(driver), str(jobs), str(found)],
        capture_output=True, text=True, env=environment, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    made: list[dict[str, Any]] = json.loads(found.read_text(encoding="utf-8"))
    return made


def unpack(folder: Path) -> None:
    """Put the packages of npm that those of Python carry along into `node_modules`."""
    import aws_cdk
    import constructs

    modules = folder / "node_modules"
    cdk = Path(aws_cdk.__path__[0])
    for name, found in (
        ("aws-cdk-lib", cdk / "_jsii"),
        ("@aws-cdk/cloud-assembly-schema", cdk / "cloud_assembly_schema" / "_jsii"),
        ("constructs", Path(constructs.__path__[0]) / "_jsii"),
    ):
        (archive,) = found.glob("*.tgz")
        target = modules / name
        target.mkdir(parents=True)
        command = ["tar", "-xzf", str(archive), "-C", str(target), "--strip-components=1"]
        subprocess.run(command, check=True, timeout=120)


def typescript(folder: Path) -> str:
    """Install the compiler of TypeScript; return why not, where that fails."""
    for tool in ("node", "npm", "tar"):
        if shutil.which(tool) is None:
            return f"{tool} is not installed"
    options = ["--no-audit", "--no-fund", "--no-save", "--ignore-scripts", "--prefer-offline"]
    try:
        done = subprocess.run(
            ["npm", "install", *options, "--prefix", str(folder), "typescript"],
            capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return "npm cannot install TypeScript: no answer"
    return f"npm cannot install TypeScript: {done.stderr[-300:]}" if done.returncode else ""


# -- templates


class Template:
    """A template as what is in it once it is deployed.

    Attributes:
        resources: by their logical ids, with nothing filled in.
    """

    def __init__(self, template: Mapping[str, Any], account: str = ACCOUNT) -> None:
        self.resources = template["Resources"]
        self._pseudo = {
            "AWS::AccountId": account, "AWS::Partition": "aws", "AWS::Region": REGION,
            "AWS::URLSuffix": "amazonaws.com",
        }  # fmt: skip

    def of(self, kind: str) -> list[dict[str, Any]]:
        """Return the properties of all resources of a type, with everything filled in."""
        return [
            self._filled(resource["Properties"])
            for resource in self.resources.values()
            if resource["Type"] == kind
        ]

    def all(self) -> list[dict[str, Any]]:
        """Return the properties of all resources."""
        return [self._filled(r["Properties"]) for r in self.resources.values()]

    def waits(self) -> set[tuple[str, str]]:
        """Return which resource waits for which by `DependsOn`, by their names."""
        return {
            (self._name(later), self._name(earlier))
            for later, resource in self.resources.items()
            for earlier in resource.get("DependsOn", ())
        }

    def _name(self, logical: str) -> str:
        if logical not in self.resources:  # a parameter
            return logical
        resource = self.resources[logical]
        properties = resource["Properties"]
        for name in ("ManagedPolicyName", "RoleName", "UserName", "GroupName", "Name"):
            if name in properties:
                return str(properties[name])
        of = resource["Type"].split("::", 1)[1]
        return f"{of} {properties.get('PolicyName', properties.get('Bucket', ''))}"

    def _filled(self, value: Any) -> Any:
        match value:
            case {"Ref": str(name)} if len(value) == 1:
                return self._pseudo.get(name) or self._name(name)
            case {"Fn::Join": [str(separator), list(items)]}:
                return separator.join(map(self._filled, items))
            case dict():
                return {name: self._filled(member) for name, member in value.items()}
            case list():
                return [self._filled(item) for item in value]
            case _:
                return value


def filled(value: Any, values: Mapping[str, str]) -> Any:
    """Return JSON values of a build with everything filled in."""
    if isinstance(value, str):
        return iam.PLACEHOLDER.sub(lambda m: {**PSEUDO, **values}[m[1]], value)
    if isinstance(value, dict):
        return {filled(k, values): filled(v, values) for k, v in value.items()}
    return [filled(item, values) for item in value] if isinstance(value, list) else value


def meant(build: iam.Build, values: Mapping[str, str]) -> dict[str, Any]:
    """Return what is to be in a place, in the words of `held`."""
    found: dict[str, Any] = {}
    first = {d.name for d in build.documents if d.kind == "boundary"}
    for d in build.documents:
        if d.is_managed:
            users = {
                kind: sorted(
                    i.name for i in build.identities if i.kind == kind
                    and d.name not in first and any(a.ours and a.policy == d.name for a in i.managed)
                )
                for kind in ("role", "user", "group")
            }  # fmt: skip
            found[f"policy {d.name}"] = [d.path, d.description or "", iam.to_json(d.policy), users]
        elif d.kind in {"scp", "rcp"}:
            found[f"{d.kind} {d.name}"] = [iam.to_json(d.policy), d.description, dict(d.tags)]
    for i in build.identities:
        inline = {name: iam.to_json(policy) for name, policy in i.inline}
        if i.kind == "permission_set":
            continue
        found[f"{i.kind} {i.name}"] = [
            i.path, i.description, i.max_session, i.boundary and i.boundary.policy,
            dict(sorted(i.tags)), sorted(i.groups), i.trust and iam.to_json(i.trust), inline,
            sorted(a.policy for a in i.managed if not a.ours or a.policy in first),
        ]  # fmt: skip
        if i.instance_profile:
            found[f"profile {i.instance_profile}"] = [i.name]
    return {name: filled(value, values) for name, value in found.items()}


def held(template: Template) -> dict[str, Any]:
    """Return what a template has of IAM and the organization."""
    found: dict[str, Any] = {}
    for p in template.of("AWS::IAM::ManagedPolicy"):
        users = {k: sorted(p.get(f"{k.title()}s", ())) for k in ("role", "user", "group")}
        document = _data(p["PolicyDocument"])
        found[f"policy {p['ManagedPolicyName']}"] = [p["Path"], p["Description"], document, users]
    for p in template.of("AWS::Organizations::Policy"):
        kind = {"SERVICE_CONTROL_POLICY": "scp", "RESOURCE_CONTROL_POLICY": "rcp"}[p["Type"]]
        found[f"{kind} {p['Name']}"] = [_data(p["Content"]), p.get("Description"), _tags(p)]
    inline: dict[str, dict[str, Any]] = {}
    for p in template.of("AWS::IAM::Policy"):
        for kind in ("role", "user", "group"):
            for name in p.get(f"{kind.title()}s", ()):
                document = _data(p["PolicyDocument"])
                inline.setdefault(f"{kind} {name}", {})[p["PolicyName"]] = document
    for kind in ("role", "user", "group"):
        for p in template.of(f"AWS::IAM::{kind.title()}"):
            key = f"{kind} {p[f'{kind.title()}Name']}"
            trust = p.get("AssumeRolePolicyDocument")
            found[key] = [
                p.get("Path", "/"), p.get("Description"), p.get("MaxSessionDuration"),
                p.get("PermissionsBoundary"), _tags(p), sorted(p.get("Groups", ())),
                trust and _data(trust), inline.get(key, {}), sorted(p.get("ManagedPolicyArns", ())),
            ]  # fmt: skip
    for p in template.of("AWS::IAM::InstanceProfile"):
        found[f"profile {p['InstanceProfileName']}"] = p["Roles"]
    return found


def _data(document: Any) -> Any:
    return json.loads(document) if isinstance(document, str) else document


def _tags(properties: Mapping[str, Any]) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in properties.get("Tags", ())}


def accesses(template: Template, kinds: Iterable[str]) -> list[tuple[str, dict[str, Any]]]:
    """Return the policies of resources in a template."""
    return [(kind, properties) for kind in kinds for properties in template.of(kind)]

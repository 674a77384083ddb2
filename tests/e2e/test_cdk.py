"""CDK itself, in Python and TypeScript, synthesizes what the targets `cdk` and `cdk-python` write.

All of it is one run of each tool: what is emitted first, then one process that synthesizes it.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import attrs
import nasty
import pytest
from cdk_apps import (
    REGION,
    TOKEN,
    App,
    Template,
    accesses,
    filled,
    held,
    meant,
    node_apps,
    python_apps,
    typescript,
    unpack,
)
from clouds import ACCOUNT, EVERYTHING, VALUES, compiled
from hypothesis import HealthCheck, Phase, given, seed, settings

from iamdsl import iam
from iamdsl.diagnostics import Report
from iamdsl.emit import Facts, emit
from iamdsl.emit._cloudformation_types import SETTINGS
from iamdsl.emit.cdk._words import camel, pascal, snake, words
from iamdsl.fit.steady import Placed
from iamdsl.project import Options, load_project
from iamdsl.project.making import build_and_facts

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

pytestmark = pytest.mark.e2e
EXAMPLES = Path(__file__).parent.parent.parent / "examples"
INSTANCE = "arn:aws:sso:::instance/ssoins-1234567890abcdef"
DOCUMENT_TYPES = ("AWS::S3::BucketPolicy", "AWS::SQS::QueuePolicy")


class Case(NamedTuple):
    """A place to synthesize, or one whose construct must refuse something.

    Attributes:
        name: of a folder, of letters and digits.
        refused: what an error has to say; empty where there is to be a template.
    """

    name: str
    build: iam.Build
    facts: Facts
    values: Mapping[str, Any] = {}
    account: str | None = None
    refused: str = ""


class Synthesis(NamedTuple):
    """Cases and their templates, in the same order."""

    cases: list[Case]
    found: list[dict[str, Any]]


# -- cases


def everything(folder: Path) -> Iterator[Case]:
    build, facts = compiled(folder, EVERYTHING)
    yield Case("everything", build, facts, VALUES)
    yield Case("placed", build, facts, VALUES, ACCOUNT)
    tokens = {**VALUES, "lake": TOKEN, "suffix": TOKEN}
    yield Case("tokens", build, facts, tokens)
    for number, (name, value) in enumerate(
        [
            ("stage", "test"),
            ("stage", "dev\n"),
            ("suffix", 'x"}'),
            ("suffix", "${aws:username}"),
            ("suffix", "*"),
            ("suffix", "x" * 21),
            ("suffix", ""),
            ("suffix", "{{resolve"),
            ("lake", "arn:aws:s3:::a/b"),
        ]
    ):
        values = {**VALUES, name: value}
        yield Case(f"hostile{number}", build, facts, values, refused=f"{name} cannot be")


def examples() -> Iterator[Case]:
    for path in sorted(EXAMPLES.glob("*/iamdsl.toml")):
        name = path.parent.name
        project = load_project([str(path.parent)], Options(targets=("cdk",)))
        made = build_and_facts(project, Report())
        assert made is not None, name
        build, facts = made
        account = dict(facts.pseudo).get("account")
        root = {"organization root id": "r-ab12"} if has_root(build) else {}
        if any(identity.kind == "permission_set" for identity in build.identities):
            root["sso instance arn"] = INSTANCE
        yield Case("".join(words(name)), build, facts._replace(project=name), root, account)
    build, facts = compiled_account()
    yield Case("account", build, facts, {}, "111122223333")
    refused = "is for the account prod (111122223333), not for 444455556666"
    yield Case("wrong", build, facts, {}, "444455556666", refused)


def has_root(build: iam.Build) -> bool:
    return any(t.kind == "organization" and any(a.ours for a in t.attached) for t in build.targets)


def compiled_account() -> tuple[iam.Build, Facts]:
    role = iam.Identity("role", "r", trust=nasty.TRUST)
    inner = iam.Build((), (role,))
    return iam.Build(accounts=(iam.Account("prod", "111122223333", inner),)), Facts()


def odd() -> Iterator[Case]:
    """Yield what CDK's own classes would change or refuse, or take for something of theirs."""
    statement = iam.Statement("Allow", iam.Elements(("s3:Get?bject",)), iam.Elements(("*",)))
    deny = iam.Statement("Deny", iam.Elements(("s3:*",)), iam.Elements(("*",)), sid="No")
    twins = [attrs.evolve(statement, actions=iam.Elements((f"s3:{a}",))) for a in ("B", "A")]
    entry = iam.Entry("StringEquals", f"aws:PrincipalTag/{iam.placeholder('stage')}", ("x",))
    keyed = attrs.evolve(statement, actions=iam.Elements(("s3:*",)), condition=(entry,))
    entry = iam.Entry("StringEquals", "aws:PrincipalTag/x", ("{{resolve:ssm:x}}", "${Token[A.1]}"))
    reference = attrs.evolve(keyed, condition=(entry,))
    anyone = attrs.evolve(deny, principals=iam.ANYONE, resources=None, sid=None)
    documents = (
        iam.Document("managed", "mark", iam.Policy((statement, deny))),
        iam.Document("managed", "id", iam.Policy((deny,), id="one")),
        iam.Document("managed", "twins", iam.Policy(tuple(twins))),
        iam.Document("managed", "key", iam.Policy((keyed,))),
        iam.Document("managed", "reference", iam.Policy((reference,))),
        iam.Document("managed", "both", iam.Policy((deny,))),
        iam.Document("managed", "worker-1", iam.Policy((deny,))),
    )
    roles = (
        iam.Identity(
            "role", "worker", trust=iam.Policy((anyone, *nasty.TRUST.statements)),
            inline=(("worker", iam.Policy((statement,))), ("second", iam.Policy((deny,)))),
            managed=(iam.Attachment("both", ours=True), iam.Attachment("worker-1", ours=True)),
            boundary=iam.Attachment("id", ours=True),
        ),
        iam.Identity("role", "both", trust=nasty.TRUST, managed=(iam.Attachment("both", ours=True),)),
    )  # fmt: skip
    stage = iam.Extern("stage", '"dev" | "prod"', 4, "^(dev|prod)$", ("dev", "prod"))
    order = {"role worker": Placed((), ("worker-1", "", "both"))}
    build = iam.Build(documents, roles)
    yield Case("odd", build, Facts(externs=(stage,), placed=order), {"stage": "dev"})


def services() -> Iterator[Case]:
    """Yield a policy for a resource of each type that CloudFormation sets one of, and by externs."""
    documents, externs, values = [], [], {}
    for service, rows in SETTINGS.items():
        for number, row in enumerate(rows):
            end = re.sub(r"\.\+|\[\^[:/]+\]\+", "x", re.sub(r"\(.*?\)\?", "", row.resource))
            arn = f"arn:aws:{service}:{REGION}:{ACCOUNT}:{end}"
            name = f"{''.join(words(service))}{number}"
            documents.append(resource_policy(service, name, arn))
            for kind in row.kinds[:1]:
                externs.append(iam.Extern(f"of_{name}", f"{service}:{kind}", 99, "^[!-~]+$"))
                values[f"of_{name}"] = arn
                target = iam.placeholder(f"of_{name}")
                documents.append(resource_policy(service, f"open-{name}", target))
    build, facts = iam.Build(tuple(documents)), Facts(externs=tuple(externs))
    yield Case("services", build, facts, values)
    yield Case("open", build, facts, dict.fromkeys(values, TOKEN))


def resource_policy(service: str, name: str, target: str) -> iam.Document:
    who = iam.Principals((("AWS", ("222233334444",)),))
    action, on = iam.Elements((f"{service}:Do",)), iam.Elements((target,))
    policy = iam.Policy((iam.Statement("Allow", action, on, principals=who),))
    return iam.Document("resource", name, policy, target=target, service=service)


def permission_sets() -> Iterator[Case]:
    deny = iam.Statement("Deny", iam.Elements(("s3:*",)), iam.Elements(("*",)))
    edge = iam.Document("managed", "edge", iam.Policy((deny,)), path="/a/")
    found = iam.Identity(
        "permission_set", "admin", description="Runs it", max_session=5400, tags=(("a", "b"),),
        inline=(("admin", iam.Policy((deny,))),), boundary=iam.Attachment("edge", ours=True),
        managed=(iam.Attachment("arn:aws:iam::aws:policy/ViewOnly"), iam.Attachment("theirs")),
    )  # fmt: skip
    instance = {"sso instance arn": INSTANCE}
    yield Case("permissionsets", iam.Build((edge,), (found,)), Facts(), instance)


def nasty_ones() -> Iterator[Case]:
    """Yield builds whose texts try to break out of quotes."""
    drawn: list[iam.Build] = []

    @seed(8)
    @settings(
        max_examples=25,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(nasty.builds())
    def draw(build: iam.Build) -> None:
        drawn.append(build)

    draw()
    for number, build in enumerate(drawn):
        yield Case(f"nasty{number}", build, Facts())


@pytest.fixture(scope="session")
def cases(tmp_path_factory: pytest.TempPathFactory, site: Path) -> list[Case]:
    folder = tmp_path_factory.mktemp("cdk-source")
    others = [*odd(), *services(), *permission_sets(), *nasty_ones()]
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(site))  # one of the examples imports it
        return [*everything(folder), *examples(), *others]


def written(target: str, case: Case, folder: Path) -> list[str]:
    """Write what a target makes of a case; return the paths of its constructs."""
    report = Report()
    emission = emit((target,), case.build, case.facts, report)
    assert {d.code.number for d in report.diagnostics} <= {"IAM703"}, case.name
    names = []
    for name, data in emission.files.items():
        if not name.endswith(".json"):
            path = folder / case.name / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
            names.append(f"{case.name}/{name}")
    return names


def apps(case: Case, names: list[str], *, python: bool) -> Iterator[tuple[Case, App]]:
    """Yield an app for each place of a case."""
    accounts = {
        pascal([*words(case.facts.project), *words(a.name)]): a for a in case.build.accounts
    }
    for name in names:
        construct = pascal(words(Path(name).stem))
        account = accounts.get(construct.removesuffix("Policies"))
        build, number = (account.build, account.id) if account else (case.build, case.account)
        values = {camel(words(n)): v for n, v in case.values.items()} if account is None else {}
        if python:
            values = {snake(n): v for n, v in values.items()}
        file = name if python else f"js/{name.removesuffix('.ts')}.js"
        number = case.account if case.refused else number
        yield case._replace(build=build, account=number), App(file, construct, values, number)


@pytest.fixture(scope="session")
def by_python(tmp_path_factory: pytest.TempPathFactory, cases: list[Case]) -> Synthesis:
    if shutil.which("node") is None:
        pytest.skip("node is not installed")
    folder = tmp_path_factory.mktemp("cdk-python")
    made = [
        pair
        for case in cases
        for pair in apps(case, written("cdk-python", case, folder), python=True)
    ]
    return Synthesis([c for c, _ in made], python_apps(folder, [app for _, app in made]))


@pytest.fixture(scope="session")
def by_typescript(tmp_path_factory: pytest.TempPathFactory, cases: list[Case]) -> Synthesis:
    folder = tmp_path_factory.mktemp("cdk")
    if missing := typescript(folder):
        pytest.skip(missing)
    unpack(folder)
    found = [(case, written("cdk", case, folder)) for case in cases]
    command = ["node", "node_modules/typescript/bin/tsc", "--strict", "--noUnusedLocals",
               "--noUnusedParameters", "--noImplicitReturns", "--skipLibCheck", "--target",
               "es2022", "--module", "commonjs", "--rootDir", ".", "--outDir", "js"]  # fmt: skip
    files = [name for _, names in found for name in names]
    done = subprocess.run(
        [*command, *files], cwd=folder, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stdout[-4000:]
    made = [pair for case, names in found for pair in apps(case, names, python=False)]
    return Synthesis([c for c, _ in made], node_apps(folder, [app for _, app in made]))


# -- tests


def holds(synthesis: Synthesis) -> None:
    """Check every template against its build, and that what is to be refused was."""
    for case, found in zip(synthesis.cases, synthesis.found, strict=True):
        if case.refused:
            assert case.refused in found.get("error", ""), (case.name, found.get("error"))
            continue
        assert "template" in found, (case.name, found.get("error"))
        values = {k: v if isinstance(v, str) else f"P{k}" for k, v in case.values.items()}
        template = Template(found["template"], case.account or ACCOUNT)
        assert held(template) == meant(case.build, values), case.name


def named(synthesis: Synthesis, name: str) -> Template:
    for case, found in zip(synthesis.cases, synthesis.found, strict=True):
        if case.name == name:
            return Template(found["template"], case.account or ACCOUNT)
    raise AssertionError(name)


def orders(template: Template) -> None:
    """Check which resources of the case `odd` wait for which."""
    waits = template.waits()
    # The last inline policy is the one that changes with a split.
    assert ("IAM::Policy second", "worker-1") in waits
    assert ("both", "IAM::Policy second") in waits


def test_cdk_in_python_makes_what_was_built(by_python: Synthesis) -> None:
    """Whatever a build holds is in the template, equal to the letter; bad values are refused."""
    holds(by_python)


def test_cdk_in_typescript_makes_what_was_built(by_typescript: Synthesis) -> None:
    """The same, type-checked in strict mode and run by node."""
    holds(by_typescript)


def test_both_languages_make_the_same(by_python: Synthesis, by_typescript: Synthesis) -> None:
    """A project can change its language, and no resource is made anew."""
    for ours, theirs in zip(by_python.found, by_typescript.found, strict=True):
        assert ours.get("template") == theirs.get("template")


def test_what_is_needed_is_made_before(by_python: Synthesis) -> None:
    """A principal exists when a trust names it, and what grows is changed before what shrinks."""
    assert ("auditor", "worker") in named(by_python, "everything").waits()
    orders(named(by_python, "odd"))


def test_policies_of_resources(by_python: Synthesis) -> None:
    """The policy of a bucket and of a queue are set on just those."""
    found = dict(accesses(named(by_python, "everything"), DOCUMENT_TYPES))
    assert found["AWS::S3::BucketPolicy"]["Bucket"] == "lake"
    queue = f"https://sqs.eu-west-1.amazonaws.com/{ACCOUNT}/jobs"
    assert found["AWS::SQS::QueuePolicy"]["Queues"] == [queue]
    statement = found["AWS::SQS::QueuePolicy"]["PolicyDocument"]["Statement"][0]
    assert statement["Resource"] == f"arn:aws:sqs:eu-west-1:{ACCOUNT}:jobs"


def test_every_service(by_python: Synthesis) -> None:
    """Each type that sets a policy is known to CDK, and gets the document, as it takes it."""
    cases = {case.name: case for case in by_python.cases}
    template = named(by_python, "services")
    held_ = [data for properties in template.all() for data in documents_of(properties)]
    for document in cases["services"].build.documents:
        meant_ = filled(iam.to_json(document.policy), cases["services"].values)
        assert meant_ in held_ or meant_["Statement"][0] in held_, document.name
    assert named(by_python, "open").resources.keys() == template.resources.keys()


def documents_of(properties: Mapping[str, Any]) -> Iterator[Any]:
    for value in properties.values():
        if isinstance(value, dict) or (isinstance(value, str) and value.startswith("{")):
            yield json.loads(value) if isinstance(value, str) else value


def test_organization(by_python: Synthesis) -> None:
    """Policies are attached to the root that is told, and to parts by their id."""
    found = named(by_python, "organization").of("AWS::Organizations::Policy")
    attached = {policy["Name"]: policy["TargetIds"] for policy in found}
    assert attached["foundations"] == ["r-ab12"]
    assert attached["workload-regions"] == ["ou-ab12-33333333"]


def test_permission_sets(by_python: Synthesis) -> None:
    """A permission set has all that belongs to it, policies of its accounts by name and path."""
    (found,) = named(by_python, "permissionsets").of("AWS::SSO::PermissionSet")
    inline = found.pop("InlinePolicy")
    assert inline["Statement"] == [{"Effect": "Deny", "Action": "s3:*", "Resource": "*"}]
    assert found == {
        "InstanceArn": INSTANCE,
        "Name": "admin",
        "Description": "Runs it",
        "SessionDuration": "PT1H30M",
        "ManagedPolicies": ["arn:aws:iam::aws:policy/ViewOnly"],
        "CustomerManagedPolicyReferences": [{"Name": "theirs"}],
        "PermissionsBoundary": {"CustomerManagedPolicyReference": {"Name": "edge", "Path": "/a/"}},
        "Tags": [{"Key": "a", "Value": "b"}],
    }


def test_python_is_formatted(tmp_path: Path, cases: list[Case]) -> None:
    """What is written is what ruff would leave, so that no formatter changes generated files."""
    for case in cases:
        written("cdk-python", case, tmp_path / "made")
    command = [
        sys.executable,
        "-m",
        "ruff",
        "format",
        "--isolated",
        "--check",
        "--no-cache",
        str(tmp_path / "made"),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout[-2000:]

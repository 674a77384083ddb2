"""Terraform's configuration: every fixture comes through whole, or says why it does not.

The fixtures are folders of `tests/lift/terraform`; what each becomes is a snapshot, to be read.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from iamdsl import iam
from iamdsl.diagnostics import Report, codes
from iamdsl.diagnostics.render import render
from iamdsl.lift.terraform import hcl
from iamdsl.lift.terraform.blocks import parse
from iamdsl.lift.terraform.module import Module
from iamdsl.source import Source, Span

if TYPE_CHECKING:
    from syrupy.assertion import SnapshotAssertion

    from iamdsl.lift import Estate

FIXTURES = Path(__file__).parents[2] / "lift" / "terraform"
MODULES = sorted(path.name for path in FIXTURES.iterdir() if path.is_dir())


def shown(text: str) -> str:
    """Return a text with its marks as `<name>`."""
    return text.replace(iam.PLACEHOLDER_OPEN, "<").replace(iam.PLACEHOLDER_CLOSE, ">")


def told(estate: Estate | None) -> str:
    """Return all that an estate says, for people."""
    if estate is None:
        return "nothing\n"
    lines: list[str] = []
    for d in estate.build.documents:
        of = f" for {d.target} ({d.service})" if d.target else ""
        lines.append(f"{d.kind} {d.name}{of} path={d.path} {d.description or ''} {d.tags or ''}")
        lines.append(f"  {json.dumps(iam.to_json(d.policy), ensure_ascii=False)}")
    for i in estate.build.identities:
        settings = f"{i.description or ''} {i.max_session or ''} {i.tags or ''} {i.groups or ''}"
        lines.append(f"{i.kind} {i.name} path={i.path} {settings} {i.instance_profile or ''}")
        if i.boundary is not None:
            lines.append(f"  boundary {i.boundary.policy} ours={i.boundary.ours}")
        for name, policy in [("trust", i.trust), ("own", i.own), *i.inline]:
            if policy is not None:
                said = json.dumps(iam.to_json(policy), ensure_ascii=False)
                lines.append(f"  {name}: {said}")
        lines += [f"  attached {a.policy} ours={a.ours}" for a in i.managed]
    lines += [f"extern {e.name}: {e.type} {e.max} {e.doc}" for e in estate.externs]
    lines += [f"{name} = {value}" for name, value in estate.pseudo.items()]
    lines += [f"# {name}: {doc}" for name, doc in estate.docs.items()]
    return "\n".join(line.rstrip() for line in map(shown, lines)) + "\n"


def read(*texts: str) -> tuple[Estate | None, Report]:
    report = Report()
    sources = [Source(f"main{n or ''}.tf", text) for n, text in enumerate(texts)]
    return hcl.read(sources, report), report


def policy_of(resource: str, *, before: str = "") -> dict[str, Any]:
    """Return the policy of one `aws_iam_policy` whose `policy` is an expression."""
    text = f'{before}\nresource "aws_iam_policy" "p" {{\n  name = "p"\n  policy = {resource}\n}}\n'
    estate, report = read(text)
    assert estate is not None, render("full", report.diagnostics)
    (document,) = (d for d in estate.build.documents if d.name == "p")
    made: dict[str, Any] = json.loads(
        shown(json.dumps(iam.to_json(document.policy), ensure_ascii=False))
    )
    return made


def statement(resource: str, *, before: str = "") -> dict[str, Any]:
    """Return the one statement with a `Resource` that is an expression."""
    made = policy_of(
        'jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow",'
        f' Action = "s3:GetObject", Resource = {resource} }}] }})',
        before=before,
    )
    (only,) = made["Statement"] if isinstance(made["Statement"], list) else [made["Statement"]]
    found: dict[str, Any] = only
    return found


def complaints(text: str) -> list[str]:
    _, report = read(text)
    return [f"{d.code.number} {d.span!r} {d.message}" for d in report.diagnostics]


@pytest.mark.parametrize("module", MODULES)
def test_modules_become_estates(module: str, snapshot: SnapshotAssertion) -> None:
    """What is written in a module comes through, with a message for everything that does not."""
    report = Report()
    files = sorted((FIXTURES / module).glob("*.tf"))
    estate = hcl.read([Source(f.name, f.read_text("utf-8")) for f in files], report)
    said = render("full", report.diagnostics)
    assert told(estate) + "\n" + said == snapshot


# Values


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ('"arn:aws:s3:::a/$${aws:username}"', "arn:aws:s3:::a/${aws:username}"),
        (r'"a\"b\\c\u0041"', 'a"b\\cA'),
        ('join("/", ["a", "b"])', "a/b"),
        ('format("%s-%d%%", "a", 3)', "a-3%"),
        ('"${upper("x")}${lower("Y")}"', "Xy"),
        ('concat(["a"], ["b"])', ["a", "b"]),
        ('flatten([["a"], [["b"]], "c"])', ["a", "b", "c"]),
        ('distinct(["a", "b", "a"])', ["a", "b"]),
        ('compact(["a", ""])', "a"),
        ('toset(["a"])', "a"),
        ('replace("https://x", "https://", "")', "x"),
        ('trimprefix("https://x", "https://")', "x"),
        ('"${local.l[1]}"', "second"),
        ("local.m.key", "value"),
        ('local.m["key"]', "value"),
        ("local.t", "second/value"),
    ],
)
def test_static_expressions_are_evaluated(expression: str, expected: object) -> None:
    """An expression of known parts is what Terraform computes."""
    before = (
        'locals {\n  l = ["first", "second"]\n  m = { key = "value" }\n'
        '  t = "${local.l[1]}/${local.m.key}"\n}\n'
    )
    assert statement(expression, before=before)["Resource"] == expected


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("aws_sqs_queue.jobs.arn", "<jobs_arn>"),
        ('"${aws_sqs_queue.jobs.arn}/x"', "<jobs_arn>/x"),
        ('"arn:${data.aws_partition.p.partition}:s3:::x"', "arn:<aws.partition>:s3:::x"),
        ("data.aws_caller_identity.me.account_id", "<aws.account>"),
        ("data.aws_region.here.name", "<aws.region>"),
        ("aws_iam_policy.p.arn", "<entity p>"),
        ('"${var.prefix}-x"', "<prefix>-x"),
        ('"${module.vpc.id}"', "<vpc_id>"),
        ('"x/${var.settings["a"].name}"', "x/<settings_name>"),
        ('"${replace(aws_eks_cluster.this.url, "https://", "")}"', "<eks_cluster_url_host>"),
        ("aws_s3_bucket.b.arn", "arn:<aws.partition>:s3:::acme"),
        ("aws_s3_bucket.b.id", "acme"),
        ('"${terraform.workspace}"', "<workspace>"),
    ],
)
def test_what_is_not_known_is_a_mark(expression: str, expected: str) -> None:
    """A value that is surely one text is a mark for it: nothing is put in for it."""
    before = (
        'variable "prefix" {\n  type = string\n}\nvariable "settings" {\n  type = any\n}\n'
        'resource "aws_s3_bucket" "b" {\n  bucket = "acme"\n}\n'
    )
    assert statement(expression, before=before)["Resource"] == expected


@pytest.mark.parametrize(
    "expression",
    [
        "var.list",
        "var.nothing",
        "var.any",
        "var.list[0]",
        'var.flag ? "a" : "b"',
        "aws_sqs_queue.jobs[*].arn",
        "[for x in var.list : x]",
        'file("a.json")',
        "aws_vpc.main.cidr_blocks",
        'join(",", var.list)',
        'format("%05d", 3)',
        '"%{ if var.flag }a%{ endif }"',
        "local.circle",
        "local.missing",
        "each.key",
        "aws_sqs_queue.many.arn",
    ],
)
def test_what_may_be_no_text_is_never_guessed(expression: str) -> None:
    """A list, a decision, a null: each is an error at its place, and nothing is made."""
    text = (
        'variable "list" {\n  type = list(string)\n  default = ["a"]\n}\n'
        'variable "nothing" {\n  type = string\n  default = null\n}\n'
        'variable "any" {}\nvariable "flag" {\n  type = bool\n}\n'
        "locals {\n  circle = local.circle\n}\n"
        'resource "aws_sqs_queue" "many" {\n  count = 2\n}\n'
        'resource "aws_iam_policy" "p" {\n  policy = jsonencode({ Statement = [{\n'
        f'    Effect = "Allow", Action = "a:b", Resource = {expression}\n  }}] }})\n}}\n'
    )
    estate, report = read(text)
    assert estate is None
    (error,) = (d for d in report.diagnostics if d.code is codes.COMPUTED_EXPRESSION)
    assert "`aws_iam_policy.p.policy`" in error.message
    assert error.span is not None
    assert error.span.text.strip() in expression or error.span.text in text
    assert error.span.source.position(error.span.start)[0] >= 20 or "circle" in expression


def test_heredocs_are_documents() -> None:
    """A heredoc is its text, without its margin; what it interpolates is evaluated."""
    made = policy_of(
        '<<-EOT\n    {"Version": "2012-10-17", "Statement": {\n      "Effect": "Allow", "Action":'
        ' "a:b",\n      "Resource": ["${aws_sqs_queue.q.arn}", "$${aws:username}",'
        ' "${join("", ["{", "x"])}"]\n    }}\n  EOT'
    )
    (only,) = [made["Statement"]] if isinstance(made["Statement"], dict) else made["Statement"]
    assert only["Resource"] == ["<q_arn>", "${aws:username}", "{x"]


def test_statements_lead_to_their_blocks() -> None:
    """A message about a statement shows the block it was written in, in whichever file."""
    estate, _ = read(
        'resource "aws_iam_policy" "p" {\n  name   = "p"\n'
        "  policy = data.aws_iam_policy_document.d.json\n}\n",
        'data "aws_iam_policy_document" "d" {\n  statement {\n    actions = ["a:b"]\n'
        '    resources = ["*"]\n  }\n}\n',
    )
    assert estate is not None
    (origin,) = estate.build.documents[0].policy.statements[0].origin
    report = Report()
    report.add(codes.NOT_SAYABLE, origin, "x")
    (found,) = report.diagnostics
    assert repr(found.span) == "main1.tf:2:3"


# Resources


def test_instances_have_their_keys() -> None:
    """`for_each` and `count` over known values make one thing each, referred to by key."""
    estate, report = read(
        'resource "aws_iam_role" "r" {\n  for_each = { a = "x", b = "y" }\n  name = "r-${each.key}"\n'
        '  path = "/${each.value}/"\n  assume_role_policy = jsonencode({ Statement = [{ Effect ='
        ' "Allow", Action = "sts:AssumeRole", Principal = { AWS = "*" } }] })\n}\n'
        'resource "aws_iam_role_policy_attachment" "a" {\n  count = 2\n  role = aws_iam_role.r["b"].id\n'
        '  policy_arn = "arn:aws:iam::aws:policy/P${count.index}"\n}\n'
    )
    assert estate is not None, render("full", report.diagnostics)
    first, second = estate.build.identities
    assert (first.name, first.path, first.managed) == ("r-a", "/x/", ())
    assert (second.name, second.path) == ("r-b", "/y/")
    assert [a.policy[-2:] for a in second.managed] == ["P0", "P1"]


def test_kinds_may_share_a_name() -> None:
    """Where a role and a policy have one name, what speaks of one says which, by its ARN."""
    trust = 'assume_role_policy = jsonencode({ Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { AWS = "*" } }] })'
    estate, _ = read(
        f'resource "aws_iam_role" "r" {{\n  name = "app"\n  path = "/team/"\n  {trust}\n}}\n'
        'resource "aws_iam_policy" "p" {\n  name = "app"\n  policy = jsonencode({ Statement = [{ Effect ='
        ' "Allow", Action = "iam:PassRole", Resource = aws_iam_role.r.arn }] })\n}\n'
        'resource "aws_iam_role_policy_attachment" "a" {\n  role = aws_iam_role.r.name\n'
        "  policy_arn = aws_iam_policy.p.arn\n}\n"
    )
    assert estate is not None
    (document,), (role,) = estate.build.documents, estate.build.identities
    resources = document.policy.statements[0].resources
    assert resources is not None
    assert shown(resources.values[0]) == "arn:<aws.partition>:iam::<aws.account>:role/team/app"
    assert [(a.policy, a.ours) for a in role.managed] == [("app", True)]


def test_two_of_one_kind_and_name_are_an_error() -> None:
    """Two policies of one name cannot be in one account: both places are shown."""
    policy = 'name = "p"\n  policy = jsonencode({ Statement = [{ Effect = "Allow", Action = "a:b", Resource = "*" }] })'
    said = complaints(
        f'resource "aws_iam_policy" "a" {{\n  {policy}\n}}\nresource "aws_iam_policy" "b" {{\n  {policy}\n}}\n'
    )
    assert said == [
        "IAM633 main.tf:5:1 `aws_iam_policy.b` and `aws_iam_policy.a` are both called `p`"
    ]


def test_account_ids_keep_their_type() -> None:
    """A variable is an account's id if its default, its rule or its name says so."""
    estate, _ = read(
        'variable "a" {\n  default = "111122223333"\n}\nvariable "tooling_account_id" {}\n'
        'variable "account_id" {\n  default = "none"\n}\nvariable "x_arn" {}\n'
        'resource "aws_iam_policy" "p" {\n  name = "p"\n  policy = jsonencode({ Statement = [{ Effect ='
        ' "Allow", Action = "a:b", Resource = ["${var.a}${var.tooling_account_id}${var.account_id}${var.x_arn}"'
        "] }] })\n}\n"
    )
    assert estate is not None
    assert {e.name: e.type for e in estate.externs} == {
        "a": "AccountId",
        "tooling_account_id": "AccountId",
        "account_id": "String",
        "x_arn": "Arn",
    }


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ('"https://token.actions.githubusercontent.com"', "token.actions.githubusercontent.com"),
        ("aws_eks_cluster.this.identity[0].oidc[0].issuer", "<eks_cluster_issuer_host>"),
    ],
)
def test_identity_providers_have_the_arn_of_their_host(url: str, host: str) -> None:
    """The ARN and the URL of a provider are made of its host, which is one extern however written."""
    before = f'resource "aws_iam_openid_connect_provider" "p" {{\n  url = {url}\n}}\n'
    made = statement(
        '["${aws_iam_openid_connect_provider.p.arn}", "${aws_iam_openid_connect_provider.p.url}:sub",'
        f' "${{replace({url}, "https://", "")}}"]',
        before=before,
    )
    assert made["Resource"] == [
        f"arn:<aws.partition>:iam::<aws.account>:oidc-provider/{host}",
        f"{host}:sub",
        host,
    ]


def test_arguments_that_are_texts_take_any_variable() -> None:
    """What a variable without a type gives an argument that is one text is one text."""
    estate, report = read(
        'variable "basic" {}\nvariable "own_path" {}\n'
        'resource "aws_iam_group" "g" {\n  name = "g"\n  path = var.own_path\n}\n'
        'resource "aws_iam_group_policy_attachment" "a" {\n  group = aws_iam_group.g.name\n'
        "  policy_arn = var.basic\n}\n"
    )
    assert estate is not None, render("full", report.diagnostics)
    (group,) = estate.build.identities
    assert (shown(group.path), shown(group.managed[0].policy)) == ("<own_path>", "<basic>")


def test_names_of_externs_are_names_of_the_language() -> None:
    """Reserved words, hyphens and two things of one name still have names, each its own."""
    estate, _ = read(
        'resource "aws_iam_policy" "p" {\n  name = "p"\n  policy = jsonencode({ Statement = [{ Effect ='
        ' "Allow", Action = "a:b", Resource = ["x${var.on}", "${aws_sqs_queue.a-b.arn}",'
        ' "${aws_sns_topic.a-b.arn}"] }] })\n}\n'
    )
    assert estate is not None
    assert [e.name for e in estate.externs] == ["on_value", "a_b_arn", "a_b_arn_2"]


def test_other_accounts_and_regions_are_not_ours() -> None:
    """A data source with a provider of its own speaks of another place."""
    before = 'data "aws_caller_identity" "other" {\n  provider = aws.other\n}\n'
    made = statement('"${data.aws_caller_identity.other.account_id}"', before=before)
    assert made["Resource"] == "<other_account_id>"


@pytest.mark.parametrize(
    ("settings", "one"),
    [
        ('region = "us-east-1"', True),
        ('assume_role {\n    role_arn = "arn:aws:iam::222233334444:role/x"\n  }', False),
        ('profile = "prod"', False),
    ],
)
def test_providers_of_other_accounts_are_refused(settings: str, *, one: bool) -> None:
    """Identities of two accounts would be built into one; two regions are one account."""
    said = complaints(
        'provider "aws" {\n  region = "eu-west-1"\n}\n'
        f'provider "aws" {{\n  alias = "other"\n  {settings}\n}}\n'
        'resource "aws_iam_group" "a" {\n  name = "a"\n}\n'
        'resource "aws_iam_group" "b" {\n  name = "b"\n  provider = aws.other\n}\n'
    )
    assert [s.split()[0] for s in said] == ([] if one else ["IAM651"])


def test_what_has_no_policy_may_be_as_many_as_it_likes() -> None:
    """How many queues there are does not matter where none has a policy of its own."""
    said = complaints(
        'resource "aws_iam_group" "g" {\n  name = "g"\n}\n'
        'resource "aws_sqs_queue" "q" {\n  count = var.many\n  name = "q"\n}\n'
    )
    assert said == []


def test_a_policy_that_may_be_one_is_named() -> None:
    """A resource that nobody knows, with a policy that is computed: a warning, nothing is lost."""
    said = complaints(
        'resource "aws_iam_group" "g" {\n  name = "g"\n}\n'
        'resource "aws_new_thing" "x" {\n  access_policy = file("a.json")\n}\n'
    )
    (only,) = said
    assert only.startswith("IAM630 main.tf:5:19 `aws_new_thing.x.access_policy` is left out")


def test_suffixes_of_service_principals() -> None:
    """`dns_suffix` is what the language writes for each partition, in services' names alone."""
    estate, _ = read(
        'resource "aws_iam_role" "r" {\n  name = "r"\n  assume_role_policy = jsonencode({ Statement = [{'
        ' Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service ='
        ' "ec2.${data.aws_partition.p.dns_suffix}" } }] })\n}\n'
    )
    assert estate is not None
    trust = estate.build.identities[0].trust
    assert trust is not None
    assert trust.statements[0].principals == iam.Principals((("Service", ("ec2.amazonaws.com",)),))
    assert not estate.externs


# Mistakes


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('resource "aws_iam_role" {', "IAM622 main.tf:1:26 `main.tf` is no HCL: it ends too early"),
        ("a = = b\n", "IAM622 main.tf:1:5 `main.tf` is no HCL: unexpected `=`"),
        (f"a = {'[' * 3000}{']' * 3000}\n", "IAM622 main.tf:1:1"),
        ('x = "\ue000"\n', "IAM622 main.tf:1:6"),
        ("", "IAM604 None `main.tf` has no resource of IAM's and no policy"),
    ],
)
def test_bad_files_are_messages(text: str, expected: str) -> None:
    """What is no HCL, or nothing of IAM's, is one message at its place."""
    (said,) = complaints(text)
    assert said.startswith(expected)


def test_a_missing_library_is_a_message(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without python-hcl2 the reader says what to install."""
    monkeypatch.setattr(hcl, "find_spec", lambda _: None)
    (said,) = complaints("")
    assert "python-hcl2, which is not installed" in said


def test_json_in_heredocs_is_checked() -> None:
    """A document in a heredoc that is no JSON, or no policy, is an error there."""
    said = complaints(
        'resource "aws_iam_policy" "p" {\n  name = "p"\n  policy = <<EOT\n{"Statement": [}\nEOT\n}\n'
    )
    assert [s.split()[0] for s in said] == ["IAM605"]
    said = complaints('resource "aws_iam_policy" "p" {\n  name = "p"\n  policy = "{}"\n}\n')
    assert [s.split()[0] for s in said] == ["IAM601"]


# Against Terraform itself


@pytest.mark.e2e
@pytest.mark.skipif(
    shutil.which("terraform") is None or not os.environ.get("IAMDSL_TERRAFORM"),
    reason="set IAMDSL_TERRAFORM where `terraform init` finds the provider",
)
def test_documents_are_what_the_provider_makes(tmp_path: Path) -> None:
    """Each document is, statement by statement, the JSON that the provider computes."""
    text = (FIXTURES / "documents" / "main.tf").read_text("utf-8")
    settings = (
        'provider "aws" {\n  region = "eu-west-1"\n  access_key = "x"\n  secret_key = "x"\n'
        "  skip_credentials_validation = true\n  skip_requesting_account_id = true\n"
        "  skip_metadata_api_check = true\n}\n"
    )
    (tmp_path / "main.tf").write_text(text + settings, encoding="utf-8")
    for words in (("init",), ("plan", "-out=plan")):
        subprocess.run(["terraform", *words, "-no-color"], cwd=tmp_path, check=True)
    shown_plan = subprocess.run(
        ["terraform", "show", "-json", "plan"], cwd=tmp_path, check=True, capture_output=True
    )
    state = json.loads(shown_plan.stdout)["prior_state"]["values"]["root_module"]["resources"]
    report = Report()
    file = parse(Source("main.tf", text), report)
    assert file is not None
    module = Module([file])
    assert len(state) == 4
    for item in state:
        ours = module.document(item["name"], Span(file.span.source, 0, 0)).value
        assert canonical(ours) == canonical(item["values"]["json"]), item["name"]


def canonical(text: str) -> object:
    """Return a document without the order of what are sets to IAM."""
    policy = iam.from_json(json.loads(text))
    return policy.id, [
        (s.effect, s.sid, *map(_sorted, (s.actions, s.resources, s.principals, s.condition)))
        for s in policy.statements
    ]


def _sorted(part: object) -> object:
    match part:
        case iam.Elements(values, negated):
            return sorted(values), negated
        case iam.Principals(by_type, negated):
            return [(kind, sorted(values)) for kind, values in by_type], negated
        case tuple(entries):
            return [(e.operator, e.key, sorted(e.values)) for e in entries]
        case _:
            return part

"""The standard library: each module says what it grants, grants that and no more, everywhere.

A module `stdlib/x.iam` has its tests in the language in `stdlib/tests/x.iam`, and its page in the
reference, `grammar/stdlib/x.md`, which `iamdsl doc` makes. IAMDSL_ACCEPT=1 writes the pages anew.
"""

from __future__ import annotations

import json
import os
import re
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from library import (
    ACCOUNT,
    MODULES,
    PLACES,
    STDLIB,
    documented,
    module,
    page,
    project,
    source_of_tests,
)
from test_examples import installed, linted

import iamdsl
from iamdsl import compiler, emit, prove, resources
from iamdsl.aws import Catalogue
from iamdsl.aws.limits import LIMITS
from iamdsl.compiler import Environment
from iamdsl.diagnostics import Report, Severity
from iamdsl.doc import markdown
from iamdsl.iam import Elements, Statement, from_json, to_json
from iamdsl.project import check, loading, testing
from iamdsl.project.config import TARGETS
from iamdsl.source import Source

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from iamdsl.doc import Entry
    from iamdsl.iam import Build, Policy

REFERENCE = Path(__file__).parent.parent / "grammar" / "stdlib"
ACCEPT = bool(os.environ.get("IAMDSL_ACCEPT"))
each_module = pytest.mark.parametrize("name", MODULES, scope="module")
"""All tests of a module run behind each other, and share what was compiled."""

_GRANTS = re.compile(r"\b(?:Grants|Denies|Trusts|Proves)\b")


@each_module
def test_the_page_of_a_module(name: str) -> None:
    """The reference is what the comments say today, and every example in it compiles."""
    text = f"{markdown.MARK}\n\n{markdown.render(page(name))}"
    file = REFERENCE / f"{name}.md"
    if ACCEPT:
        file.parent.mkdir(exist_ok=True)
        file.write_text(text, encoding="utf-8")

    assert not documented(f"std.{name}").diagnostics
    assert "nobody.amazonaws.com" not in text  # by which an example is made a role
    assert file.read_text(encoding="utf-8") == text
    for entry in page(name).entries:
        assert list(_missing(entry)) == [], entry.name


def _missing(entry: Entry) -> Iterator[str]:
    """Yield what a comment leaves out that readers of the reference look for."""
    said = " ".join(block.text for block in entry.comment.body)
    if not entry.comment.summary:
        yield "what it is for"
    if entry.kind == "value":
        return
    if not entry.example:
        yield "an example of each parameter that has to be given"
    proves = entry.name.startswith("prove_")  # a guard: it builds nothing
    if not entry.made and entry.kind == "template" and not proves:
        yield "an example that compiles to something"
    known = dict(entry.comment.parameters)
    yield from (f"parameter {given}" for given, _, _ in entry.parameters if not known.get(given))
    yield from (
        f"no parameter {given}" for given in known.keys() - {p[0] for p in entry.parameters}
    )
    if "Use in:" in said:
        yield "`Use in:` as the one thing on its line"
    if entry.kind == "template":
        if not _GRANTS.search(said):
            yield "what it grants or denies"
        if "oes not grant" not in said:
            yield "what it does not grant"
        if not entry.comment.page:
            yield "the page of AWS's that it rests on"


def test_the_list_of_modules() -> None:
    """The first page of the reference names every module and all that it has."""
    if ACCEPT:
        text = markdown.index(documented("std").pages, "The standard library")
        (REFERENCE / "README.md").write_text(f"{markdown.MARK}\n\n{text}", encoding="utf-8")
    text = (REFERENCE / "README.md").read_text(encoding="utf-8")

    assert tuple(re.findall(r"^## \[`std\.(\w+)`\]", text, re.MULTILINE)) == MODULES
    assert {p.stem for p in REFERENCE.glob("*.md")} == {*MODULES, "README"}
    sections = re.split(r"^(?=## )", text, flags=re.MULTILINE)[1:]
    for name, section in zip(MODULES, sections, strict=True):
        shown = re.findall(r"^- `([\w-]+)`", section, re.MULTILINE)
        assert shown == _names(name), name


def _names(name: str) -> list[str]:
    """Return what a module has for others, as its source says it."""
    found = re.findall(
        r"^(?:template|guard) ([a-zA-Z][\w-]*)", module(name).text, flags=re.MULTILINE
    )
    return [one for one in found if not one.startswith("_")]


@each_module
def test_no_template_grants_what_it_says_it_does_not(name: str) -> None:
    """What stands in backticks behind "Does not grant" is proved never to be allowed."""
    catalogue = _catalogue()
    for entry in page(name).entries:
        refused = entry.comment.refused
        if not refused or entry.kind != "template":
            continue
        box = [Statement("Allow", Elements(refused), Elements(("*",)))]
        for policies in _allowing(entry):
            answer = prove.never(prove.Permissions((policies,)), box, catalogue)
            assert answer.verdict == "yes", (entry.name, answer)


def _allowing(entry: Entry) -> Iterator[tuple[Statement, ...]]:
    """Yield the policies of an example that allow something, as statements."""
    for part in entry.made:
        document = json.loads(part.text)
        found = document if isinstance(document, list) else [document]
        if all(isinstance(s, dict) and "Effect" in s for s in found):
            yield from_json({"Version": "2012-10-17", "Statement": found}).statements


@each_module
def test_the_tests_of_a_module(name: str) -> None:
    """Its tests in the language pass, use all that it has, and the strict review has no word."""
    given = project(name)
    ran = testing.run(given, testing.Ask(lambda _: True))
    reviewed = check(given)

    assert [str(d.message) for d in ran.diagnostics] == []
    assert ran.ran > 0
    assert all(result.passed for result in ran.results)
    assert [(d.code.number, d.message) for d in reviewed.diagnostics] == []
    for one in _names(name):
        assert re.search(rf"\b{name}\.{re.escape(one)}\b", source_of_tests(name)), one


@each_module
def test_a_module_alone(name: str) -> None:
    """A module is a library: compiled by itself it has nothing to build and nothing to tell."""
    result = iamdsl.compile(module(name).text, partition="aws", account=ACCOUNT, region="eu-west-1")

    assert result.ok, str(result)
    assert not result.diagnostics, str(result)


@lru_cache(maxsize=4)
def _compiled(name: str, partition: str) -> compiler.Compilation:
    """Return the tests of a module, compiled for a partition, or for "", where nothing is known."""
    pseudo = PLACES[partition] if partition else {}
    source = Source(f"{name}.iam", source_of_tests(name))
    loader = loading.Loader(str(STDLIB), ())
    environment = Environment(_catalogue(), loader, LIMITS, pseudo=pseudo, defers=not partition)
    made = compiler.compile([source], environment)
    wrong = [d.message for d in made.diagnostics if d.severity is Severity.ERROR]
    assert wrong == []
    return made


def _emitted(build: Build, targets: Sequence[str], pseudo: Mapping[str, str]) -> dict[str, str]:
    catalogue, report = _catalogue(), Report()
    facts = emit.Facts(
        catalogue.version, catalogue.sha256, (), tuple(sorted(pseudo.items())), LIMITS
    )
    files = emit.emit(targets, build, facts, report).files
    assert [d.message for d in report.diagnostics if d.severity is Severity.ERROR] == []
    return {name: data.decode() for name, data in files.items()}


@each_module
def test_every_partition(name: str) -> None:
    """In China and GovCloud the same is built, on ARNs, principals and domains of that partition."""
    expected = _documents(name, "aws")
    for partition in ("aws-cn", "aws-us-gov"):
        texts = _documents(name, partition)
        assert texts.keys() == expected.keys()
        for file, text in texts.items():
            assert "arn:aws:" not in text, (file, partition)
            assert _plain(text) == _plain(expected[file]), (file, partition)


def _documents(name: str, partition: str) -> dict[str, str]:
    """Return the policies of a module's tests by what has them, before `fit` has joined statements.

    How statements are joined hangs on the lengths of ARNs, and so on the partition.
    """
    build = _compiled(name, partition).assembled
    assert build is not None
    found: dict[str, str] = {}
    for account, part in build.each():
        where = account.name if account is not None else ""
        for document in part.documents:
            found[f"{where} {document.kind} {document.name}"] = _json(document.policy)
        for identity in part.identities:
            for kind, policy in (("trust", identity.trust), ("own", identity.own)):
                if policy is not None:
                    found[f"{where} {identity.kind} {identity.name} {kind}"] = _json(policy)
    assert found
    return found


def _json(policy: Policy) -> str:
    return json.dumps(to_json(policy))


def _plain(text: str) -> str:
    """Return a document with its place taken out of it, and lists sorted anew.

    In China some services have a principal in each Region, `logs.cn-north-1.amazonaws.com.cn`.
    """
    for place in PLACES.values():
        text = text.replace(place["region"], "REGION")
        text = text.replace(f"arn:{place['partition']}:", "arn:aws:")
    text = text.replace("amazonaws.com.cn", "amazonaws.com")
    text = re.sub(r'"([a-z0-9-]+)\.REGION\.amazonaws\.com"', r'"\1.amazonaws.com"', text)
    return json.dumps(_sorted(json.loads(text)), sort_keys=True)


def _sorted(value: object) -> object:
    if isinstance(value, dict):
        return {key: _sorted(item) for key, item in value.items()}
    if isinstance(value, list):
        return sorted((_sorted(item) for item in value), key=json.dumps)
    return value


@each_module
def test_every_target(name: str) -> None:
    """Every target takes what a module makes, also where nothing is known of the account."""
    made = _compiled(name, "")
    others = tuple(target for target in TARGETS if target != "json")
    assert made.build is not None
    files = _emitted(made.build, others, {})

    assert {file.partition("/")[0] for file in files if "/" in file} == set(others)


@each_module
def test_the_example_of_the_header_builds(name: str) -> None:
    """What a module's opening comment shows is a whole source, and compiles without a word."""
    (example,) = (
        block.text
        for block in page(name).intro
        if block.kind == "code" and block.text.lstrip().startswith("import std.")
    )
    result = iamdsl.compile(example, partition="aws", account=ACCOUNT, region="eu-west-1")

    assert result.ok, str(result)
    assert not result.diagnostics, str(result)
    assert result.files.keys() - {"manifest.json"}


EKS = "oidc.eks.eu-central-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE"
WIDENED = [
    ("role", "oidc.subject(issuer = x, subjects = [])"),
    ("role", 'oidc.subject(issuer = "gitlab.com", subjects = [x])'),
    ("role", 'oidc.github_branch(repos = [x], branches = ["main"])'),
    ("role", 'oidc.github_branch(repos = ["acme/orders"], branches = [x])'),
    ("role", 'oidc.github_tag(repos = [x], tags = ["v1"])'),
    ("role", 'oidc.github_tag(repos = ["acme/orders"], tags = [x])'),
    ("role", 'oidc.github_environment(repos = [x], environments = ["production"])'),
    ("role", 'oidc.github_environment(repos = ["acme/orders"], environments = [x])'),
    ("role", "oidc.github_pull_request(repos = [x])"),
    ("role", 'oidc.github_workflow(repos = [x], workflows = ["a/b/c.yml@refs/heads/main"])'),
    ("role", 'oidc.github_workflow(repos = ["acme/orders"], workflows = [x])'),
    ("role", 'oidc.gitlab_branch(projects = [x], branches = ["main"])'),
    ("role", 'oidc.gitlab_branch(projects = ["acme/orders"], branches = [x])'),
    ("role", 'oidc.gitlab_tag(projects = [x], tags = ["v1"])'),
    ("role", 'oidc.gitlab_tag(projects = ["acme/orders"], tags = [x])'),
    ("role", f'oidc.eks_service_account("{EKS}", namespace = x, service_accounts = ["a"])'),
    ("role", f'oidc.eks_service_account("{EKS}", namespace = "shop", service_accounts = [x])'),
    ("policy", "mfa.own_devices(path = x)"),
    ("policy", "mfa.own_devices(device = x)"),
    ("policy", "mfa.own_credentials(path = x)"),
]


@pytest.mark.parametrize(("kind", "call"), WIDENED)
def test_outside_text_opens_no_trust(kind: str, call: str) -> None:
    """A `*` that comes from a param is refused in each name that a template makes a pattern of."""
    imports = "import std.oidc\nimport std.mfa\n"
    source = f"{imports}param x: String\n{kind} p {{ use {call} }}"

    result = iamdsl.compile(
        source, params={"x": "*"}, partition="aws", account=ACCOUNT, region="eu-west-1"
    )

    assert "widening-data" in {d.code.name for d in result.diagnostics}
    assert not result.files


def _catalogue() -> Catalogue:
    return Catalogue(resources.open_catalogue())


@pytest.mark.e2e
def test_cfn_lint(tmp_path: Path) -> None:
    """In CloudFormation, cfn-lint's policy rules accept what the tests of all modules build."""
    installed("cfnlint")
    for name in MODULES:
        build = _compiled(name, "aws").build
        assert build is not None
        files = _emitted(build, ("cloudformation-json",), dict(PLACES["aws"]))
        for file, text in files.items():
            if not file.endswith("manifest.json"):
                path = tmp_path / f"{name}-{file.replace('/', '-')}"
                path.write_text(text, encoding="utf-8")

    assert linted(tmp_path) == []

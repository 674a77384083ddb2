"""Pages of modules: what is on them, as Markdown and as HTML."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from iamdsl.cli import main

if TYPE_CHECKING:
    from pathlib import Path

MODULE = """\
# What the team shares: roles and <b>rules</b>.
#
#   import "./team.iam"

let _private = "x"
## Where photos are.
let photos = s3:bucket("photos")

## Reads a bucket, not `<script>`.
##
## Parameters:
##   bucket: whose, e.g. `s3:bucket("photos")`.
##   prefix: a folder, e.g. `"in/"`.
##
## Grants reading <script>alert(1)</script>. Does not grant writing (`s3:PutObject`).
## Page: "Buckets" (S3 guide).
template reader(bucket: s3:bucket, prefix: Pattern = "") {
  allow s3:GetObject on "{bucket}/{prefix}*"
}

## Lets a service in.
template worker() { trust service ec2 }

## Keeps to small machines.
##
## Use in: `scp`.
template small() { deny ec2:RunInstances on ec2:instance() unless ec2:InstanceType == "t3.nano" }

## A whole role.
##
## Parameters:
##   name: of the team, e.g. `"search"`.
template team(name: String) { role "{name}-app" { trust service lambda } }

## A bucket over TLS only.
##
## Use in: `policy for s3:bucket("photos")`.
template tls() { deny s3:ListBucket to anyone unless aws:SecureTransport }

## Needs what nobody knows.
##
## Parameters:
##   who: somebody.
template vague(who: Principal) { trust who }

## Nobody makes keys.
guard no-keys { never iam:CreateAccessKey on * }
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder that holds the module, and is the current one."""
    (tmp_path / "team.iam").write_text(MODULE, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments: str) -> tuple[int, str, str]:
    """Return exit code, stdout and stderr of `iamdsl doc`."""
    result = CliRunner().invoke(main, ["doc", *arguments])
    return result.exit_code, result.stdout, result.stderr


@pytest.mark.usefixtures("folder")
def test_each_kind_has_its_example() -> None:
    """A template is shown where it is used, with what that compiles to."""
    code, page, said = run("team.iam")

    assert (code, said) == (0, "")
    assert 'policy example { use team.reader(bucket = s3:bucket("photos")) }' in page
    assert '"Resource": "arn:aws:s3:::photos/*"' in page
    assert "role example { use team.worker() }" in page
    assert '"Principal": {"Service": "ec2.amazonaws.com"}' in page
    assert "scp example { use team.small() }" in page
    assert 'policy example for s3:bucket("photos") { use team.tls() }' in page
    assert '\nuse team.team(name = "search")\n' in page
    assert "`roles/search-app/trust.json`" in page
    assert "\nuse team.no-keys\n" in page
    assert "use team.vague" not in page
    assert "_private" not in page
    assert '- `prefix` (`Pattern`, `""` if left out): a folder' in page


@pytest.mark.usefixtures("folder")
def test_the_project_is_documented_without_a_name() -> None:
    """Without a name it is the sources of the project, with their import lines."""
    assert run() == run("team.iam")


def test_sources_for_themselves_have_no_page(folder: Path) -> None:
    """Nobody can import what declares roles and policies, and nothing is said of it."""
    (folder / "main.iam").write_text(
        'import "./team.iam"\nlet x = 1\nrole r { trust service ec2 use team.worker() }\n'
    )

    assert run() == run("team.iam")
    code, page, said = run("main.iam")
    assert (code, page) == (2, "")
    assert "IAM502" in said


def test_pages_are_replaced_and_nobody_elses(folder: Path) -> None:
    """A second run replaces its own pages, removes what is none any more, and leaves others."""
    assert run("team.iam", "-o", "out")[0] == 0
    (folder / "out" / "gone.md").write_text((folder / "out" / "team.md").read_text("utf-8"))
    (folder / "out" / "mine.md").write_text("# Mine\n")

    code, _, said = run("team.iam", "-o", "out")

    assert (code, said) == (0, "1 module, 2 files in out (0 written, 1 removed)\n")
    assert sorted(p.name for p in (folder / "out").iterdir()) == ["README.md", "mine.md", "team.md"]
    (folder / "out" / "README.md").write_text("# My own list\n")
    code, _, said = run("team.iam", "-o", "out")
    assert code == 2
    assert "IAM506" in said


class _Elements(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []
        self.links: list[str] = []
        self.ids: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.append(tag)
        self.links += [value or "" for name, value in attrs if name == "href"]
        self.ids |= {value or "" for name, value in attrs if name == "id"}


def test_html_runs_nothing_and_leads_somewhere(folder: Path) -> None:
    """What stands in comments cannot become markup, and every link has its place."""
    assert run("team.iam", "-o", "out", "--html")[0] == 0
    pages = {p.name: p.read_text("utf-8") for p in (folder / "out").iterdir()}

    assert pages.keys() == {"index.html", "team.html"}
    found = {name: _Elements() for name in pages}
    for name, text in pages.items():
        found[name].feed(text)
        assert not {"script", "b", "img", "link"} & set(found[name].names)
    for name, page in found.items():
        for link in page.links:
            file, _, place = link.partition("#")
            assert not place or place in found[file or name].ids, link
            assert not file or file in pages, link
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in pages["team.html"]
    assert re.search(r'<span class="[a-z]+">allow|use</span>', pages["team.html"])


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("std.zzzzzzzz", "`iamdsl doc std` lists"),
        ("std.lamda", "did you mean `std.lambda`?"),
        ("std.lambda.sqs_triger", "did you mean `sqs_trigger`?"),
        ("nowhere.iam", "nowhere.iam"),
    ],
)
def test_slips_are_told(name: str, said: str) -> None:
    """A module or template that does not exist is an error with the nearest name."""
    code, page, error = run(name)

    assert (code != 0, page) == (True, "")
    assert said in error


def test_one_template() -> None:
    """A dotted name leads to one template, as somebody asks who has forgotten its parameters."""
    code, page, _ = run("std.lambda.sqs_trigger")

    assert code == 0
    assert page.startswith("# std.lambda.sqs_trigger\n\nLets Lambda poll an SQS queue")
    assert "dynamodb_trigger" not in page


@pytest.mark.usefixtures("folder")
def test_all_that_is_asked_for_is_shown() -> None:
    """Names beside each other, and beside a file, each have their text; nothing asked for is left."""
    names = ("std.sqs.send", "std.sqs.receive")
    alone = [run(name)[1] for name in (*names, "team.iam")]

    assert run(*names, "team.iam") == (0, "\n".join(alone), "")


def test_the_list_of_a_library() -> None:
    """`iamdsl doc std` is the way to find out what there is."""
    code, page, _ = run("std")

    assert code == 0
    assert "## std.lambda" in page
    assert "- `sqs_trigger`: Lets Lambda poll an SQS queue for a function." in page
    assert "std.tests" not in page

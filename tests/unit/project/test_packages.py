"""Installed packages of modules: found by their entry point, read, and never run."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from iamdsl.diagnostics.render import render
from iamdsl.project import Options, Outcome, build, load_project
from iamdsl.resources import path as data_path

PACKAGE = Path(__file__).parents[2] / "packages" / "acme-platform"
PLACE = (("aws.partition", "aws"), ("aws.account", "111122223333"), ("aws.region", "eu-west-1"))
USING = """import acme.platform
role deployer { use platform.github("acme/x") use platform.reading("photos") }
policy tables {
  allow dynamodb:GetItem on dynamodb:table(platform.team_names) when aws:PrincipalOrgID == platform.org
}
"""


@pytest.fixture(autouse=True)
def _inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Names in messages are relative to where the tool was started."""
    monkeypatch.chdir(tmp_path)


def outcome(folder: Path, source: str) -> Outcome:
    (folder / "main.iam").write_text(source, encoding="utf-8")
    options = Options(out=str(folder / "build"), params=PLACE, use_cache=False)
    return build(load_project([str(folder / "main.iam")], options), print_only=True)


def said(folder: Path, source: str) -> str:
    return render("concise", outcome(folder, source).diagnostics)


def claim(site: Path, name: str, value: str, *, folder: bool = True) -> None:
    """Make a package by hand, as pip leaves one behind: `name` says that `acme` is `value`."""
    info = site / f"{name}-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[iamdsl.modules]\nacme = {value}\n")
    if folder:
        place = site / value.replace(".", "/")
        place.mkdir(parents=True)
        (place / "platform.iam").write_text('let org = "o-1"\n')


@pytest.mark.usefixtures("installed")
def test_modules_of_a_package(tmp_path: Path) -> None:
    """A project uses the templates and values of a package, which imports its own files."""
    made = outcome(tmp_path, USING)

    texts = dict(made.texts)
    assert made.diagnostics == ()
    assert '"repo:acme/x:*"' in texts["roles/deployer/trust.json"]
    assert '"o-abc1234567"' in texts["roles/deployer/inline.json"]
    assert "table/search" in texts["policies/tables.json"]
    assert "left-behind" not in "".join(texts.values())


@pytest.mark.usefixtures("installed")
def test_its_code_never_runs(tmp_path: Path) -> None:
    """The package's `__init__` raises when it is imported, and is not."""
    with pytest.raises(RuntimeError):
        __import__("acme_platform")
    assert not outcome(tmp_path, USING).failed
    assert "acme_platform" not in sys.modules


def test_the_command_line(site: Path, tmp_path: Path) -> None:
    """The same in a process of its own; a changed module is noticed by the next build."""
    project, copy = tmp_path / "project", tmp_path / "site"
    project.mkdir()
    (project / "main.iam").write_text(USING, encoding="utf-8")
    shutil.copytree(site, copy)
    root = str(Path(data_path()).parent if Path(data_path()).name == "_data" else data_path())
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(copy), root])}

    def run() -> str:
        settings = [word for name, value in PLACE for word in ("--set", f"{name}={value}")]
        command = [sys.executable, "-m", "iamdsl", "build", "-o", "build", *settings]
        done = subprocess.run(
            command, cwd=project, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout + done.stderr

    run()
    assert "5 unchanged" in run()
    module = copy / "acme_platform/modules/platform.iam"
    module.write_text(module.read_text().replace("o-abc1234567", "o-zzz1234567"))
    assert "5 unchanged" not in run()
    assert "o-zzz1234567" in (project / "build/policies/tables.json").read_text()


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize(
    ("source", "message"),
    [
        (
            'import acme.platform\npolicy p { use platform.readin("b") }',
            "main.iam:2:25: error[IAM101]: `platform` has no `readin`",
        ),
        (
            "import acme.platform\npolicy p { allow s3:GetObject on * when platform._ours }",
            "main.iam:2:50: error[IAM107]: `_ours` is private to `@acme/platform.iam`",
        ),
        (
            'import acme.mistaken\npolicy p { use mistaken.reading("b") }',
            "@acme/mistaken.iam:2:9: error[IAM201]: `s3:ListObjects` is not an IAM action",
        ),
        (
            "import acme.entities\npolicy p { allow s3:GetObject on * }",
            "@acme/entities.iam:1:1: error[IAM010]: an imported module declares a role",
        ),
        (
            "import acme.outside\npolicy p { allow s3:GetObject on * }",
            "@acme/outside.iam:1:8: error[IAM105]: `../../secret.json` is outside the package `acme`",
        ),
        (
            "import acme.platfrom\npolicy p { allow s3:GetObject on * }",
            "main.iam:1:8: error[IAM103]: the package `acme-platform` has no module `acme.platfrom`",
        ),
        (
            "import acme\npolicy p { allow s3:GetObject on * }",
            "main.iam:1:8: error[IAM103]: the package `acme-platform` has no module `acme`",
        ),
        (
            "import nobody.platform\npolicy p { allow s3:GetObject on * }",
            "main.iam:1:8: error[IAM103]: there is no module `nobody.platform`",
        ),
    ],
)
def test_messages(tmp_path: Path, source: str, message: str) -> None:
    """What is wrong with or in a package is said at its place, `@acme/…` in its own files."""
    assert message in said(tmp_path, source).splitlines()


@pytest.mark.usefixtures("installed")
def test_no_advice_on_the_files_of_others(tmp_path: Path) -> None:
    """Unused and hidden names of a package are its author's business."""
    source = 'import acme.careless\npolicy p { use careless.reading("b") }'

    assert said(tmp_path, source) == ""
    text = (PACKAGE / "acme_platform/modules/careless.iam").read_text(encoding="utf-8")
    own = said(tmp_path, text + 'policy p { use reading("b") }')
    assert [line.split(":")[3].strip() for line in own.splitlines()] == [
        "warning[IAM110]",
        "warning[IAM112]",
    ]


@pytest.mark.usefixtures("installed")
def test_two_packages_with_one_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Which of two packages is meant is never guessed: both are named."""
    claim(tmp_path / "more", "other-acme", "other_acme.iam")
    monkeypatch.syspath_prepend(str(tmp_path / "more"))

    assert said(tmp_path, USING).splitlines()[0] == (
        "main.iam:1:8: error[IAM113]: the installed packages `acme-platform` and `other-acme`"
        " both have modules called `acme`"
    )


@pytest.mark.parametrize(
    "value", ["gone.modules", "os.path", "json", "acme_code./etc", "acme_code.nowhere", "..", "1x"]
)
def test_entry_point_that_leads_nowhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    """An entry point names a folder inside its package; one that does not is the package's fault."""
    claim(tmp_path / "site", "broken-acme", value, folder=False)
    (tmp_path / "site/acme_code").mkdir()
    (tmp_path / "site/acme_code/__init__.py").write_text("raise SystemExit('run')")
    monkeypatch.syspath_prepend(str(tmp_path / "site"))

    found = said(tmp_path, USING)

    if value == "json":  # a folder that has no modules
        assert "error[IAM103]: the package `broken-acme` has no module `acme.platform`" in found
    else:
        assert f"error[IAM113]: the package `broken-acme` says that `acme` is `{value}`" in found


def test_link_that_leaves_the_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A link in a package does not make a file of the machine a module."""
    claim(tmp_path / "site", "linked-acme", "linked_acme")
    (tmp_path / "secret.iam").write_text('let org = "secret"\n')
    module = tmp_path / "site/linked_acme/platform.iam"
    module.unlink()
    module.symlink_to(tmp_path / "secret.iam")
    monkeypatch.syspath_prepend(str(tmp_path / "site"))

    assert "error[IAM105]: `acme.platform` is outside the package `acme`" in said(tmp_path, USING)


def test_the_reference_shows_this_package() -> None:
    """The language reference's `pyproject.toml` is the one that is installed here."""
    reference = Path(data_path("grammar", "README.md")).read_text(encoding="utf-8")
    shown = re.search(
        r"^```toml file=pyproject.toml\n(.*?)^```", reference, re.MULTILINE | re.DOTALL
    )
    assert shown is not None
    assert shown[1] == (PACKAGE / "pyproject.toml").read_text(encoding="utf-8")

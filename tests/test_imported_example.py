"""The example of an imported account is what import makes of it today, in the one layout."""

from __future__ import annotations

from pathlib import Path

from iamdsl.project import importing

EXAMPLE = Path(__file__).parent.parent / "examples" / "imported"


def test_the_example_is_what_import_makes() -> None:
    """Its README says so, and the example shows what to expect."""
    made = importing.run(
        [str(EXAMPLE / "account.json")], importing.Options(split=True, settings=None)
    )
    there = {
        path.relative_to(EXAMPLE).as_posix(): path.read_text(encoding="utf-8")
        for path in EXAMPLE.rglob("*.iam")
    }
    assert not made.diagnostics
    assert {source.file: source.text for source in made.sources} == there


def test_a_role_that_is_called_like_a_module(tmp_path: Path) -> None:
    """A role named `oidc` keeps its name, and its trust is written out: `oidc` can mean one thing."""
    trust = (EXAMPLE / "account.json").read_text(encoding="utf-8")
    account = tmp_path / "account.json"
    account.write_text(trust.replace("uploads-deployer", "oidc"), encoding="utf-8")

    made = importing.run([str(account)], importing.Options(split=True, settings=None))

    texts = {source.file: source.text for source in made.sources}
    assert not made.diagnostics
    assert "trust oidc" in texts["roles/oidc.iam"]
    assert "std.oidc" not in texts["roles/oidc.iam"]

"""The target `json`, to the byte."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import TYPE_CHECKING

import attrs

from iamdsl import iam
from iamdsl.diagnostics import Report
from iamdsl.emit import Facts, emit
from iamdsl.source import Source, Span

if TYPE_CHECKING:
    from syrupy.assertion import SnapshotAssertion

SOURCE = Source("main.iam", "policy orders { allow }\nrole worker { trust }\n")
FACTS = Facts(
    catalogue_version="2026.10.27",
    catalogue_sha256="ab" * 32,
    params=(("env", "dev"),),
    pseudo=(("account", "111122223333"), ("partition", "aws")),
)


def policy(action: str, start: int = 0) -> iam.Policy:
    statement = iam.Statement(
        "Allow",
        iam.Elements((action,)),
        iam.Elements(("*",)),
        origin=(Span(SOURCE, start, start + 6),),
    )
    return iam.Policy((statement,))


BUILD = iam.Build(
    documents=(
        iam.Document("managed", "orders", policy("s3:GetObject"), "/team/", "Reads", (("a", "b"),)),
        iam.Document("boundary", "edge", policy("s3:*")),
        iam.Document("scp", "eu-only", policy("ec2:*")),
        iam.Document("rcp", "perimeter", policy("s3:*")),
        iam.Document(
            "session", "narrow", policy("s3:Get*"), attached=(iam.Attachment("orders", True),)
        ),
        iam.Document("resource", "lake", policy("s3:*"), target="arn:aws:s3:::lake", service="s3"),
    ),
    identities=(
        iam.Identity(
            "role",
            "worker",
            path="/service/",
            description="Works",
            trust=policy("sts:AssumeRole", 24),
            inline=(("worker", policy("sqs:*")), ("worker-2", policy("sns:*"))),
            managed=(
                iam.Attachment("orders", True),
                iam.Attachment("arn:aws:iam::aws:policy/ReadOnlyAccess"),
            ),
            boundary=iam.Attachment("edge", True),
            max_session=14400,
            tags=(("team", "orders"),),
            instance_profile="web",
            origin=(Span(SOURCE, 24, 35),),
        ),
        iam.Identity("user", "alice", groups=("developers",)),
        iam.Identity("group", "developers", inline=(("developers", policy("s3:*")),)),
        iam.Identity("permission_set", "analyst", max_session=28800 + 60 * 30),
    ),
)


def test_files(snapshot: SnapshotAssertion) -> None:
    """Every kind of artifact has its file, and what belongs to it is in its words."""
    emission = emit(("json",), BUILD, FACTS, Report())

    assert {name: data.decode() for name, data in emission.files.items()} == snapshot


def test_manifest_is_true() -> None:
    """The manifest lists every other file with its digest and the size that AWS counts."""
    emission = emit(("json",), BUILD, FACTS, Report())
    manifest = json.loads(emission.files["manifest.json"])
    listed = {entry["file"]: entry for entry in manifest["artifacts"]}

    assert list(emission.files) == [*listed, "manifest.json"]
    for name, entry in listed.items():
        assert entry["sha256"] == sha256(emission.files[name]).hexdigest()
        if "characters" in entry:
            compact = json.dumps(json.loads(emission.files[name]), separators=(",", ":"))
            assert entry["characters"] == len(compact)
            assert entry["characters"] <= entry["limit"]


def test_minified() -> None:
    """Minified files say the same and have no white space but the last line's end."""
    pretty = emit(("json",), BUILD, FACTS, Report()).files
    small = emit(("json",), BUILD, FACTS._replace(minify=True), Report()).files

    assert {n: json.loads(d) for n, d in small.items() if n != "manifest.json"} == {
        n: json.loads(d) for n, d in pretty.items() if n != "manifest.json"
    }
    assert all(b" " not in d and d.count(b"\n") == 1 for n, d in small.items() if "lake" in n)


def test_names_that_clash() -> None:
    """Two names that differ in case only do not overwrite each other on any system."""
    first = BUILD.documents[0]
    build = iam.Build((first, attrs.evolve(first, name="ORDERS")))

    assert list(emit(("json",), build, FACTS, Report()).files)[:2] == [
        "policies/orders.json",
        "policies/ORDERS~2.json",
    ]


def test_empty() -> None:
    """A build of nothing is a manifest of nothing."""
    assert list(emit(("json",), iam.Build(), FACTS, Report()).files) == ["manifest.json"]


def test_white_space_that_counts() -> None:
    """A document that fits only without white space is written so where AWS counts it."""
    elements = iam.Elements(tuple(f"s3:Get{i:04}*" for i in range(600)))
    statement = iam.Statement("Deny", elements, iam.Elements(("*",)))
    big = iam.Policy((statement,))
    build = iam.Build((iam.Document("scp", "a", big), iam.Document("managed", "b", policy("s3:*"))))
    files = emit(("json",), build, FACTS, Report()).files

    assert len(json.dumps(iam.to_json(big), indent=2)) > 10_240
    assert len(files["scps/a.json"]) == iam.size(big)
    assert b"\n  " in files["policies/b.json"]


def test_policies_of_a_lattice_have_no_line_breaks() -> None:
    """VPC Lattice refuses a policy with newlines, a last one included."""
    document = iam.Document("resource", "rates", policy("a:B"), target="x", service="vpc-lattice")
    files = emit(("json",), iam.Build((document,)), FACTS, Report()).files
    assert files["resources/rates.json"].startswith(b'{"Version":"2012-10-17","Statement":[{')
    assert b"\n" not in files["resources/rates.json"]

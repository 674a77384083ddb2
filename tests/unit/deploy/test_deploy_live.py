"""What is live, as a build: whatever is there comes into the comparison, or is told as unknown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from iamdsl import iam
from iamdsl.analysis.difference import Side, difference
from iamdsl.deploy._terms import MARKER, Live
from iamdsl.deploy.live import Sides, attached_from_outside, sides

if TYPE_CHECKING:
    from iamdsl.aws import Catalogue

ALLOW: dict[str, Any] = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}],
}
TRUST: dict[str, Any] = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "ec2.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    ],
}
ROLE: dict[str, Any] = {
    "path": "/",
    "description": None,
    "max_session": 3600,
    "trust": TRUST,
    "boundary": None,
    "tags": {},
    "inline": {},
    "managed": [],
    "arn": "arn:aws:iam::111122223333:role/worker",
    "owner": "shop",
    "profiles": [],
}
POLICY: dict[str, Any] = {
    "path": "/",
    "description": None,
    "tags": {},
    "document": ALLOW,
    "arn": "arn:aws:iam::111122223333:policy/reader",
    "owner": "shop",
}
PSEUDO = {"account": "111122223333", "partition": "aws"}


def live(**tables: Any) -> Live:
    """Return an account with a few things in it."""
    names = ("policies", "roles", "users", "groups", "profiles", "resources", "organization")
    made = {name: tables.get(name, {}) for name in names}
    return Live("111122223333", "aws", "eu-west-1", **made, permission_sets={})


def role(**more: Any) -> iam.Identity:
    """Return the role as it is built."""
    return iam.Identity("role", "worker", trust=iam.from_json(TRUST), **more)


def both(there: Live, *built: iam.Identity | iam.Document, **more: Any) -> Sides:
    """Return the two states of the account."""
    documents = tuple(one for one in built if isinstance(one, iam.Document))
    identities = tuple(one for one in built if isinstance(one, iam.Identity))
    build = iam.Build(documents, identities)
    return sides(build, there, more.get("untagged", {}), more.get("foreign", {}))


def told(found: Sides, catalogue: Catalogue) -> list[Any]:
    """Return what is different."""
    return list(difference(Side(found.live, PSEUDO), Side(found.built, PSEUDO), catalogue).subjects)


def test_what_is_as_built_is_the_same(catalogue: Catalogue) -> None:
    """Defaults that AWS fills in, marks of ownership and the order of attachments are no change."""
    marked = {"iamdsl:project": "shop", "iamdsl:tags": "x", "of somebody": "else", "team": "a"}
    arns = ["arn:aws:iam::aws:policy/B", POLICY["arn"]]
    there = live(
        roles={"worker": ROLE | {"tags": marked, "managed": arns}}, policies={"reader": POLICY}
    )
    built = role(
        tags=(("team", "a"),),
        managed=(iam.Attachment("reader", ours=True), iam.Attachment(arns[0])),
    )
    found = both(there, built, iam.Document("managed", "reader", iam.from_json(ALLOW)))
    assert told(found, catalogue) == []
    assert found.live.identities[0].tags == built.tags
    assert [a.policy for a in found.live.identities[0].managed] == ["reader", arns[0]]


def test_tags_that_are_to_go_are_there(catalogue: Catalogue) -> None:
    """A tag that was the project's shows as one that goes; one of somebody else's does not."""
    there = live(roles={"worker": ROLE | {"tags": {"old": "1", "other": "2"}}})
    found = both(there, role(), untagged={("role", "worker"): frozenset({"old"})})
    assert found.live.identities[0].tags == (("old", "1"),)
    assert told(found, catalogue) == []  # no condition asks for it


def test_what_cannot_be_read_is_unknown(catalogue: Catalogue) -> None:
    """A live policy that is no sound one is told as access that nobody knows."""
    odd = {"Version": "2012-10-17", "Statement": [{"Effect": "Perhaps"}]}
    there = live(roles={"worker": ROLE | {"inline": {"odd": odd}}})
    (changed,) = told(both(there, role()), catalogue)
    assert changed.loses
    assert "inline policy odd" in changed.settings[0].before


def test_what_is_attached_from_outside_is_compared(catalogue: Catalogue) -> None:
    """With its document, a policy from elsewhere is told by what it allows."""
    arn = "arn:aws:iam::aws:policy/Reads"
    there = live(roles={"worker": ROLE | {"managed": [arn]}}, policies={"reader": POLICY})
    build = iam.Build(identities=(role(boundary=iam.Attachment("arn:aws:iam::aws:policy/Edge")),))
    assert attached_from_outside(build, there) == [arn, "arn:aws:iam::aws:policy/Edge"]
    there = live(roles={"worker": ROLE | {"managed": [arn]}})
    (unknown,) = told(both(there, role()), catalogue)
    assert not unknown.aspects
    assert unknown.loses
    (known,) = told(both(there, role(), foreign={arn: iam.from_json(ALLOW)}), catalogue)
    assert known.aspects[0].lost[0].actions == ("s3:GetObject",)
    assert not known.settings


def test_what_is_called_a_mark_is_told(catalogue: Catalogue) -> None:
    """A policy that allows something counts, by whatever name: real marks are not read at all."""
    group = {"path": "/", "inline": {f"{MARKER}shop": ALLOW}, "managed": []}
    there = live(groups={"people": group | {"owner": "shop", "members": [], "marks": []}})
    (changed,) = told(both(there, iam.Identity("group", "people")), catalogue)
    assert changed.key.name == "people"


def test_what_has_no_place_is_not_missed(catalogue: Catalogue) -> None:
    """The policy of a bucket that is not there, and one that callers pass, are no drift."""
    policy = iam.from_json(ALLOW)
    bucket = iam.Document("resource", "lake", policy, target="arn:aws:s3:::lake", service="s3")
    session = iam.Document("session", "narrow", policy)
    there = live(resources={"lake": {"document": None, "owner": "", "missing": True}})
    assert told(both(there, bucket, session), catalogue) == []
    there = live(resources={"lake": {"document": None, "owner": "", "missing": False}})
    (added,) = told(both(there, bucket, session), catalogue)
    assert (added.state, added.key.name) == ("added", "lake")

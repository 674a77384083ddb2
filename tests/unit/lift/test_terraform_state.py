"""States and plans of Terraform's: what Terraform wrote comes through, in each of its forms.

`state.json`, `raw_state.json` and `plan.json` were written by Terraform 1.11 with version 5.100
of its provider, for a module that is called twice, against a simulation of AWS.
"""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from json_values import JSON
from test_terraform import FIXTURES, told

from iamdsl.diagnostics import Report, codes
from iamdsl.diagnostics.render import render
from iamdsl.lift.reading import read_json
from iamdsl.lift.terraform import state
from iamdsl.source import Source

if TYPE_CHECKING:
    from syrupy.assertion import SnapshotAssertion

    from iamdsl.lift import Estate

POLICY = json.dumps(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "a:b", "Resource": "*"}]}
)
TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "*"}}],
    }
)


def read(value: object) -> tuple[Estate | None, Report]:
    report = Report()
    tree = read_json(Source("state.json", json.dumps(value)), report)
    assert tree is not None
    assert state.recognises(tree.value)
    return state.read(tree, "state", report), report


def fixture(name: str) -> Any:
    return json.loads((FIXTURES / name).read_text("utf-8"))


def resource(kind: str, name: str, /, **values: object) -> dict[str, Any]:
    return {
        "address": f"{kind}.{name}",
        "mode": "managed",
        "type": kind,
        "name": name,
        "values": values,
    }


def state_of(*resources: dict[str, Any]) -> dict[str, Any]:
    return {"format_version": "1.0", "values": {"root_module": {"resources": list(resources)}}}


def plan_of(
    *resources: dict[str, Any],
    unknown: dict[str, dict[str, Any]],
    expressions: dict[str, dict[str, list[str]]],
) -> dict[str, Any]:
    """Return a plan with attributes that are not known, and what they refer to, by address."""
    return {
        "format_version": "1.2",
        "planned_values": {"root_module": {"resources": list(resources)}},
        "resource_changes": [
            {"address": address, "change": {"after_unknown": attributes}}
            for address, attributes in unknown.items()
        ],
        "configuration": {
            "root_module": {
                "resources": [
                    {
                        "type": r["type"],
                        "name": r["name"],
                        "expressions": {
                            name: {"references": references}
                            for name, references in expressions.get(r["address"], {}).items()
                        },
                    }
                    for r in resources
                ]
            }
        },
    }


def said(report: Report) -> list[str]:
    return [f"{d.code.number} {d.message}" for d in report.diagnostics]


@pytest.mark.parametrize("name", ["state.json", "raw_state.json"])
def test_both_forms_of_a_state_say_the_same(name: str, snapshot: SnapshotAssertion) -> None:
    """What `show -json` prints and what the file of a state holds are one estate."""
    estate, report = read(fixture(name))
    assert not report.diagnostics
    assert told(estate) == snapshot(name="state")


def test_a_plan_names_what_it_does_not_know() -> None:
    """Each policy that is not known is one error; who it is attached to is found by reference."""
    estate, report = read(fixture("plan.json"))
    assert estate is None
    assert said(report) == [
        f"IAM621 `{address}.policy` is unknown until apply"
        for address in (
            "aws_s3_bucket_policy.lake",
            'module.app["billing"].aws_iam_role_policy.own',
            'module.app["billing"].aws_sqs_queue_policy.jobs[0]',
            'module.app["billing"].aws_sqs_queue_policy.jobs[1]',
            'module.app["orders"].aws_iam_role_policy.own',
            'module.app["orders"].aws_sqs_queue_policy.jobs[0]',
            'module.app["orders"].aws_sqs_queue_policy.jobs[1]',
        )
    ]


def test_the_known_part_of_a_plan_comes_through() -> None:
    """Without its unknown policies a plan is imported: boundaries even through a module's call."""
    plan = fixture("plan.json")
    dropped = {"aws_s3_bucket_policy", "aws_sqs_queue_policy", "aws_iam_role_policy"}
    modules = [plan["planned_values"]["root_module"]]
    for module in modules:
        module["resources"] = [r for r in module["resources"] if r["type"] not in dropped]
        modules += module.get("child_modules", [])
    estate, report = read(plan)
    assert estate is not None, render("full", report.diagnostics)
    roles = {i.name: i for i in estate.build.identities if i.kind == "role"}
    for name in ("orders", "billing"):
        limit = roles[name].boundary
        assert limit is not None
        assert (limit.policy, limit.ours) == ("team-boundary", True)
        assert [(a.policy.rpartition("/")[2], a.ours) for a in roles[name].managed] == [
            ("AWSLambdaBasicExecutionRole", False),
            (name, True),
        ]


@pytest.mark.parametrize(
    ("references", "known"),
    [
        (["aws_iam_role.r.id", "aws_iam_role.r"], True),
        (["aws_iam_role.r.name", "aws_iam_role.r"], True),
        (["aws_iam_role.r.unique_id", "aws_iam_role.r"], False),
        (["aws_iam_role.other.id", "aws_iam_role.other"], False),
        (["aws_iam_role.r.id", "aws_iam_role.r", "var.role"], False),
        (["each.value.name", "each.value"], False),
        ([], False),
    ],
)
def test_references_are_followed_only_where_they_are_one(
    references: list[str], *, known: bool
) -> None:
    """An attribute that is not known is an entity only if it can be nothing else."""
    estate, report = read(
        plan_of(
            resource("aws_iam_role", "r", name="r", assume_role_policy=TRUST),
            resource("aws_iam_role_policy", "p", name="p", policy=POLICY),
            unknown={"aws_iam_role_policy.p": {"role": True}},
            expressions={"aws_iam_role_policy.p": {"role": references}},
        )
    )
    if known:
        assert estate is not None
        assert [name for name, _ in estate.build.identities[0].inline] == ["p"]
    else:
        assert said(report) == ["IAM621 `aws_iam_role_policy.p.role` is unknown until apply"]


def test_a_new_bucket_is_an_extern() -> None:
    """The policy of a resource that is not there yet belongs to an ARN that is left open."""
    estate, _ = read(
        plan_of(
            resource("aws_sqs_queue", "jobs"),
            resource("aws_sqs_queue_policy", "jobs", policy=POLICY),
            unknown={"aws_sqs_queue_policy.jobs": {"queue_url": True}},
            expressions={
                "aws_sqs_queue_policy.jobs": {
                    "queue_url": ["aws_sqs_queue.jobs.id", "aws_sqs_queue.jobs"]
                }
            },
        )
    )
    assert estate is not None
    assert [(e.name, e.type, e.max) for e in estate.externs] == [("jobs_arn", "Arn", 140)]
    assert estate.build.documents[0].service == "sqs"


def test_policies_of_their_own_are_newer() -> None:
    """A bucket copies its policy from the resource that holds it, and late: that one counts."""
    stale = POLICY.replace("a:b", "a:old")
    estate, _ = read(
        state_of(
            resource("aws_s3_bucket", "b", arn="arn:aws:s3:::b", bucket="b", id="b", policy=stale),
            resource("aws_s3_bucket_policy", "b", bucket="b", policy=POLICY),
            resource("aws_s3_bucket", "c", arn="arn:aws:s3:::c", bucket="c", id="c", policy=stale),
        )
    )
    assert estate is not None
    assert [
        (d.name, d.target, d.policy.statements[0].actions.values) for d in estate.build.documents
    ] == [
        ("b", "arn:aws:s3:::b", ("a:b",)),
        ("c", "arn:aws:s3:::c", ("a:old",)),
    ]


def test_what_a_role_repeats_is_there_once() -> None:
    """A role's own list of inline and attached policies repeats what other resources say."""
    estate, _ = read(
        state_of(
            resource(
                "aws_iam_role",
                "r",
                name="r",
                assume_role_policy=TRUST,
                inline_policy=[
                    {"name": "p", "policy": POLICY.replace("a:b", "a:old")},
                    {"name": "q", "policy": POLICY},
                ],
                managed_policy_arns=[
                    "arn:aws:iam::111122223333:policy/x",
                    "arn:aws:iam::aws:policy/Y",
                ],
            ),
            resource(
                "aws_iam_policy",
                "x",
                name="x",
                arn="arn:aws:iam::111122223333:policy/x",
                policy=POLICY,
            ),
            resource("aws_iam_role_policy", "p", name="p", role="r", policy=POLICY),
            resource(
                "aws_iam_role_policy_attachment",
                "x",
                role="r",
                policy_arn="arn:aws:iam::111122223333:policy/x",
            ),
        )
    )
    assert estate is not None
    (role,) = estate.build.identities
    assert [(n, p.statements[0].actions.values) for n, p in role.inline] == [
        ("p", ("a:b",)),
        ("q", ("a:b",)),
    ]
    assert [(a.policy, a.ours) for a in role.managed] == [
        ("x", True),
        ("arn:aws:iam::aws:policy/Y", False),
    ]


@pytest.mark.parametrize(
    ("kind", "values", "target"),
    [
        ("aws_sqs_queue_policy", {"queue_url": "https://sqs.eu-west-1.amazonaws.com/111122223333/jobs"}, "arn:aws:sqs:eu-west-1:111122223333:jobs"),
        ("aws_kms_key_policy", {"key_id": "1234abcd"}, "arn:aws:kms:<aws.region>:111122223333:key/1234abcd"),
        ("aws_kms_key_policy", {"key_id": "arn:aws:kms:eu-west-1:111122223333:key/1"}, "arn:aws:kms:eu-west-1:111122223333:key/1"),
        ("aws_secretsmanager_secret_policy", {"secret_arn": "arn:aws:secretsmanager:eu-west-1:111122223333:secret:x"}, "arn:aws:secretsmanager:eu-west-1:111122223333:secret:x"),
        ("aws_cloudwatch_event_bus_policy", {}, "arn:aws:events:<aws.region>:111122223333:event-bus/default"),
        ("aws_ecr_repository_policy", {"repository": "app"}, "arn:aws:ecr:<aws.region>:111122223333:repository/app"),
        ("aws_efs_file_system_policy", {"file_system_id": "fs-1"}, "arn:aws:elasticfilesystem:<aws.region>:111122223333:file-system/fs-1"),
        ("aws_backup_vault_policy", {"backup_vault_name": "v"}, "arn:aws:backup:<aws.region>:111122223333:backup-vault:v"),
        ("aws_api_gateway_rest_api_policy", {"rest_api_id": "a1"}, "arn:aws:apigateway:<aws.region>::/restapis/a1"),
        ("aws_vpc_endpoint_policy", {"vpc_endpoint_id": "vpce-1"}, "arn:aws:ec2:<aws.region>:111122223333:vpc-endpoint/vpce-1"),
        ("aws_dynamodb_resource_policy", {"resource_arn": "arn:aws:dynamodb:eu-west-1:111122223333:table/t"}, "arn:aws:dynamodb:eu-west-1:111122223333:table/t"),
        ("aws_some_new_policy", {"resource_arn": "arn:aws:newthing:eu-west-1:111122223333:x/y"}, "arn:aws:newthing:eu-west-1:111122223333:x/y"),
    ],
)  # fmt: skip
def test_policies_have_their_resources(kind: str, values: dict[str, str], target: str) -> None:
    """The ARN of what a policy is of is its own, or made of its id and what is known of the place."""
    estate, report = read(
        state_of(
            resource("aws_iam_group", "g", name="g", arn="arn:aws:iam::111122223333:group/g"),
            resource(kind, "p", policy=POLICY, **values),
        )
    )
    assert estate is not None, render("full", report.diagnostics)
    assert f" for {target} (" in told(estate)


def test_account_partition_and_region_are_known_where_all_agree() -> None:
    """The place is what the ARNs say, left out where they differ."""
    estate, _ = read(
        state_of(
            resource("aws_iam_group", "g", name="g", arn="arn:aws-cn:iam::111122223333:group/g"),
            resource("aws_sqs_queue", "q", arn="arn:aws-cn:sqs:cn-north-1:111122223333:q"),
            resource("aws_sqs_queue", "r", arn="arn:aws-cn:sqs:cn-northwest-1:111122223333:r"),
        )
    )
    assert estate is not None
    assert estate.pseudo == {"partition": "aws-cn", "account": "111122223333"}


def test_identities_of_several_accounts_are_refused() -> None:
    """Roles of two accounts would be built into one: both are named."""
    estate, report = read(
        state_of(
            resource("aws_iam_group", "g", name="g", arn="arn:aws:iam::111122223333:group/g"),
            resource("aws_iam_group", "h", name="h", arn="arn:aws:iam::222233334444:group/h"),
        )
    )
    assert estate is None
    assert said(report) == [
        "IAM651 `aws_iam_group.h` is of the account `222233334444`, `aws_iam_group.g` of `111122223333`"
    ]


def test_other_kinds_of_policies_are_no_documents() -> None:
    """A lifecycle policy, tag policies and a password policy hold nothing that IAM reads."""
    estate, report = read(
        state_of(
            resource("aws_ecr_lifecycle_policy", "l", policy=json.dumps({"rules": []})),
            resource("aws_organizations_policy", "t", name="t", type="TAG_POLICY", content="{}"),
            resource("aws_iam_group", "g", name="g"),
        )
    )
    assert estate is not None
    assert not estate.build.documents
    assert not report.diagnostics


def test_a_policy_that_nobody_knows_is_named() -> None:
    """A document in a resource whose ARN nothing says is a warning, not lost."""
    _, report = read(
        state_of(
            resource("aws_some_new", "x", access_policy=POLICY),
            resource("aws_iam_group", "g", name="g"),
        )
    )
    assert said(report) == [
        "IAM623 `aws_some_new.x.access_policy` is left out: the ARN of its resource is not known"
    ]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"format_version": "1.0", "values": {"root_module": []}}, "an object is expected"),
        (
            {"format_version": "1.0", "values": {"root_module": {"resources": {}}}},
            "a list is expected",
        ),
        (state_of({"mode": "managed"}), "`address` is missing, or no text"),
        ({"version": 3, "lineage": "x", "resources": []}, "version 4 of a state is expected"),
    ],
)
def test_other_forms_are_refused(value: dict[str, Any], expected: str) -> None:
    """JSON that only looks like a state is an error that says what was expected."""
    estate, report = read(value)
    assert estate is None
    (only,) = said(report)
    assert only.startswith("IAM624")
    assert expected in only


@pytest.mark.parametrize("attribute", ["name", "path", "policy"])
def test_wrong_types_are_refused(attribute: str) -> None:
    """An attribute of another type than the provider's is an error, not a traceback."""
    broken = resource("aws_iam_policy", "p", name="p", policy=POLICY)
    broken["values"][attribute] = 7
    estate, report = read(state_of(broken))
    assert estate is None
    assert report.failed


def test_an_empty_state_has_nothing() -> None:
    """A state without resources of IAM's says so."""
    _, report = read({"format_version": "1.0"})
    assert [d.code for d in report.diagnostics] == [codes.NOTHING_TO_IMPORT]


STATE = fixture("state.json")
PATHS: list[tuple[str | int, ...]] = []


def _walk(value: Any, path: tuple[str | int, ...]) -> None:
    PATHS.append(path)
    items = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    for key, inner in items:
        _walk(inner, (*path, key))


_walk(STATE["values"], ("values",))


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(PATHS), JSON)
def test_no_state_raises(path: tuple[str | int, ...], other: object) -> None:
    """A state with anything at any place is an estate or messages, never a traceback."""
    mutated = copy.deepcopy(STATE)
    at = mutated
    for part in path[:-1]:
        at = at[part]
    at[path[-1]] = other
    estate, report = read(mutated)
    assert estate is not None or report.failed

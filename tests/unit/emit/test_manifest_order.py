"""The manifest says in which order a change is deployed: make before break."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import attrs
from comparator import catalogue
from real_policies import sample_of_managed

from iamdsl import iam
from iamdsl.aws.limits import LIMITS
from iamdsl.diagnostics import Report
from iamdsl.emit import Facts, emit
from iamdsl.fit import Settings, fit
from iamdsl.fit.steady import Piece, Placed
from iamdsl.prove import Permissions, implies

if TYPE_CHECKING:
    from collections.abc import Mapping

FACTS = Facts("2026.10.27", "ab" * 32, limits=LIMITS)


def statement(action: str) -> iam.Statement:
    return iam.Statement("Allow", iam.Elements((action,)), iam.Elements(("*",)))


def policy(action: str) -> iam.Policy:
    return iam.Policy((statement(action),))


def placed(order: str, *names: str) -> Placed:
    """Return the documents of those names, deployed in that order; `-` is the inline policy."""
    pieces = (Piece(n.strip("-"), (statement("s3:*"),)) for n in names)
    return Placed(tuple(pieces), tuple(n.strip("-") for n in order.split()))


def order(build: iam.Build, places: Mapping[str, Placed]) -> list[dict[str, Any]] | None:
    manifest = json.loads(
        emit(("json",), build, FACTS._replace(placed=places), Report()).files["manifest.json"]
    )
    found: list[dict[str, Any]] | None = manifest.get("order")
    return found


DOCUMENTS = tuple(iam.Document("managed", n, policy("s3:*")) for n in ("web-1", "web-2", "big"))
INLINE = (("web", policy("s3:*")), ("web-2", policy("s3:*")))
BUILD = iam.Build(DOCUMENTS, (iam.Identity("role", "web", inline=INLINE),))


def test_each_step_is_a_file_or_a_policy_that_goes() -> None:
    """A deployment that takes the manifest as it is needs no knowledge of how documents are named."""
    assert order(BUILD, {"role web": placed("web-2 - web-7 web-1", "-", "web-1", "web-2")}) == [
        {
            "of": "role web",
            "steps": [
                {"deploy": "policies/web-2.json"},
                {"deploy": "roles/web/inline-2.json"},
                {"remove": "web-7"},
                {"deploy": "policies/web-1.json"},
            ],
        }
    ]
    assert order(BUILD, {"role web": placed("web-1 -", "web-1")}) == [
        {
            "of": "role web",
            "steps": [{"deploy": "policies/web-1.json"}, {"remove": "inline policy"}],
        }
    ]


def test_a_build_without_a_change_of_several_documents_has_no_order() -> None:
    """What is there in every manifest is not read."""
    assert order(BUILD, {}) is None
    assert order(BUILD, {"role web": placed("", "-", "web-1")}) is None


def test_what_others_keep_is_detached_before_it_changes() -> None:
    """A shared policy that is the business of others from now on is not removed from them."""
    places = {"role api": placed("", "web-1"), "role web": placed("web-2 web-1", "web-2")}
    assert order(BUILD, places) == [
        {
            "of": "role web",
            "steps": [
                {"deploy": "policies/web-2.json"},
                {"detach": "web-1"},
                {"deploy": "policies/web-1.json"},
            ],
        }
    ]


def test_a_name_that_the_source_takes_is_deployed_after_the_piece_that_had_it() -> None:
    """The policy that was declared under the name of a piece must not be removed."""
    assert order(BUILD, {"policy data": placed("web-1 big", "web-1")}) == [
        {
            "of": "policy data",
            "steps": [{"deploy": "policies/web-1.json"}, {"deploy": "policies/big.json"}],
        }
    ]


def test_accounts_have_orders_of_their_own() -> None:
    """Two accounts may have policies of one name, and are deployed apart."""
    prod = iam.Account("prod", "111122223333", BUILD)
    steps = placed("web-2 web-1", "web-1", "web-2")
    found = order(iam.Build(accounts=(prod,)), {"prod/role web": steps, "dev/role web": steps})
    assert found == [
        {
            "of": "role web",
            "account": {"name": "prod", "id": "111122223333"},
            "steps": [
                {"deploy": "prod/policies/web-2.json"},
                {"deploy": "prod/policies/web-1.json"},
            ],
        }
    ]


def test_nothing_is_missing_while_a_role_of_many_real_policies_is_deployed_anew() -> None:
    """Step by step, what is allowed before and after is allowed all the time: a proof for each."""
    real = [r.document for r in sample_of_managed() if len(json.dumps(r.document)) < 4000]
    first, documents = _built(real[:22], {})
    second, after = _built(real[2:24], first)
    (told,) = json.loads(after.pop("manifest.json"))["order"]
    steps = [next(iter(step.items())) for step in told["steps"]]
    assert len(steps) > 2
    assert second["role web"].order
    now = _policies(documents)
    had, has = _said(now), _said(_policies(after))
    for verb, what in steps:
        file = f"policies/{what}.json" if verb == "remove" else what
        assert (verb == "deploy") == (file in after)
        now.pop(file, None)
        if verb == "deploy":
            now[file] = iam.from_text(after[file])
        both, meanwhile = Permissions((had, has)), Permissions((_said(now),))
        assert implies(both, meanwhile, catalogue()).verdict == "yes"
    assert now == _policies(after)


def _built(
    documents: list[dict[str, Any]], before: Mapping[str, Placed]
) -> tuple[Mapping[str, Placed], dict[str, str]]:
    """Return where the statements of a role went, and the files, placed anew."""
    some = (s for d in documents for s in iam.from_json(d).statements)
    own = iam.Policy(tuple(attrs.evolve(s, sid=None) for s in some))
    role = iam.Identity("role", "web", own=own)
    settings = Settings(LIMITS, catalogue=catalogue(), proves=False, placed=before, repack=True)
    report = Report()
    fitted = fit(iam.Build((), (role,)), settings, report)
    assert not report.diagnostics
    files = emit(("json",), fitted.build, FACTS._replace(placed=fitted.placed), Report()).files
    return fitted.placed, {name: data.decode() for name, data in files.items()}


def _policies(files: Mapping[str, str]) -> dict[str, iam.Policy]:
    return {
        n: iam.from_text(text)
        for n, text in files.items()
        if n.startswith("policies/") or n.endswith("/inline.json")
    }


def _said(policies: Mapping[str, iam.Policy]) -> tuple[iam.Statement, ...]:
    return tuple(s for p in policies.values() for s in p.statements)

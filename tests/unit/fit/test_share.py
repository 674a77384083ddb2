"""Sharing: one policy for identities that were given the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from iamdsl.aws.limits import LIMITS
from iamdsl.diagnostics import Report
from iamdsl.fit import Settings, fit
from iamdsl.fit import share as sharing
from iamdsl.iam import Account, Attachment, Build, Document, Elements, Identity, Policy, Statement
from iamdsl.source import Source, Span

if TYPE_CHECKING:
    from collections.abc import Iterable

    from iamdsl.iam import IdentityKind

SOURCE = Source("x.iam", "role r { … }\n" * 20)


def _span(at: int) -> tuple[Span, ...]:
    return (Span(SOURCE, at, at + 1),)


def _policy(count: int, at: int = 0, *, backwards: bool = False) -> Policy:
    statements = [
        Statement(
            "Allow",
            Elements((f"a:A{i:05}",)),
            Elements((f"arn:aws:s3:::{i:05}".ljust(300, "x"),)),
            origin=_span(at + i % 5),
        )
        for i in range(count)
    ]
    return Policy(tuple(statements[::-1] if backwards else statements))


def _role(name: str, policy: Policy, at: int = 0, **more: Any) -> Identity:
    kind: IdentityKind = more.pop("kind", "role")
    place = more.pop("place", "managed")
    return Identity(kind, name, own=policy, place=place, origin=_span(at), **more)


def _fitted(*identities: Identity, documents: tuple[Document, ...] = ()) -> Build:
    return fit(Build(documents, identities), Settings(LIMITS), Report()).build


def share(build: Build, prefer: Iterable[str] = ()) -> Build:
    return sharing.shared(build, prefer).build


def _attached(build: Build) -> dict[str, list[str]]:
    return {f"{i.kind} {i.name}": [a.policy for a in i.managed] for i in build.identities}


def test_equal_policies_of_roles_become_one() -> None:
    """An account has 1,500 customer managed policies; the same ten times is nine too many."""
    fitted = _fitted(_role("web", _policy(40), 0), _role("api", _policy(40), 100))
    assert len(fitted.documents) == 6
    shared = share(fitted)
    assert [d.name for d in shared.documents] == ["api-1", "api-2", "api-3"]
    assert _attached(shared) == {
        who: ["api-1", "api-2", "api-3"] for who in ("role web", "role api")
    }
    assert shared.documents[0].split_from == "api"
    assert {s.start for s in shared.documents[0].origin} == {0, 100}
    again = share(shared)
    assert [d.name for d in again.documents] == ["api-1", "api-2", "api-3"]
    assert _attached(again) == _attached(shared)


def test_origins_of_every_statement_are_kept() -> None:
    """Who asks why a request is allowed is shown the sentences of all."""
    shared = share(_fitted(_role("web", _policy(3), 0), _role("api", _policy(3, 50), 100)))
    (document,) = shared.documents
    starts = [{span.start for span in s.origin} for s in document.policy.statements]
    assert starts == [{0, 50}, {1, 51}, {2, 52}]


def test_identities_of_every_kind_share() -> None:
    """A user and a group may have the name of a role."""
    kinds: tuple[IdentityKind, ...] = ("role", "user", "group")
    fitted = _fitted(*(_role("x", _policy(3), i, kind=kind) for i, kind in enumerate(kinds)))
    assert [d.name for d in fitted.documents] == ["x-1", "x-2", "x-3"]
    shared = share(fitted)
    assert [d.name for d in shared.documents] == ["x-1"]
    assert _attached(shared) == {who: ["x-1"] for who in ("role x", "user x", "group x")}


def test_a_name_that_was_in_use_stays_in_use() -> None:
    """A role that is added must not rename the policy of another."""
    fitted = _fitted(_role("web", _policy(3)), _role("api", _policy(3)), _role("old", _policy(3)))
    assert [d.name for d in share(fitted).documents] == ["api-1"]
    assert [d.name for d in share(fitted, ["web-1", "other"]).documents] == ["web-1"]
    assert [d.name for d in share(fitted, ["web-1", "old-1"]).documents] == ["old-1"]
    backwards = attrs.evolve(fitted, identities=fitted.identities[::-1])
    assert [d.name for d in share(backwards).documents] == ["api-1"]


def test_only_what_is_equal_is_shared() -> None:
    """A path is part of an ARN, tags decide who may change it, and Sids are looked for."""
    named = Policy((attrs.evolve(_policy(1).statements[0], sid="Name"),))
    roles = (
        _role("a", _policy(1)),
        _role("b", _policy(1), path="/x/"),
        _role("c", _policy(1), tags=(("k", "v"),)),
        _role("d", named),
        _role("e", _policy(2)),
    )
    fitted = _fitted(*roles)
    assert share(fitted).documents == fitted.documents
    assert _attached(share(fitted)) == _attached(fitted)


def test_order_of_statements_and_tags_is_no_difference() -> None:
    """The same sentences in another order say the same."""
    tags = (("k", "v"), ("l", "w"))
    shared = share(
        _fitted(
            _role("a", _policy(3), tags=tags),
            _role("b", _policy(3, backwards=True), tags=tags[::-1]),
        )
    )
    assert [d.name for d in shared.documents] == ["a-1"]


def test_attachments_keep_their_order() -> None:
    """Files change only where something changed."""
    other = (Attachment("arn:aws:iam::aws:policy/A"), Attachment("p", True))
    declared = Document("managed", "p", _policy(1), origin=_span(90))
    fitted = _fitted(
        _role("a", _policy(3)), _role("b", _policy(3), managed=other), documents=(declared,)
    )
    shared = share(fitted)
    assert _attached(shared)["role b"] == ["arn:aws:iam::aws:policy/A", "p", "a-1"]


def test_what_is_declared_by_name_is_never_shared() -> None:
    """Something outside may speak of it by its ARN, of its pieces as well."""
    same = _policy(40)
    declared = tuple(
        Document("managed", name, same, origin=_span(at)) for name, at in (("p", 1), ("r", 3))
    )
    role = _role("r", _policy(40), 7, managed=(Attachment("r", True),))
    fitted = _fitted(role, _role("s", _policy(40), 9), documents=declared)
    names = [d.name for d in share(fitted).documents]
    assert [n for n in names if n[0] == "p"] == ["p", "p-2", "p-3"]
    assert {"r", "r-2", "r-3"} <= set(names)
    assert not [n for n in names if n[0] == "s"]
    attached = _attached(share(fitted))
    assert attached["role r"][:3] == ["r", "r-2", "r-3"]
    assert attached["role s"] == attached["role r"][3:]


def test_accounts_share_nothing_with_each_other() -> None:
    """A managed policy is attached in its own account only."""
    inner = _fitted(_role("a", _policy(3)), _role("b", _policy(3)))
    outer = attrs.evolve(_fitted(_role("c", _policy(3))), accounts=(Account("prod", "1", inner),))
    shared = share(outer)
    assert [d.name for d in shared.documents] == ["c-1"]
    assert [d.name for d in shared.accounts[0].build.documents] == ["a-1"]
    assert _attached(shared.accounts[0].build)["role b"] == ["a-1"]

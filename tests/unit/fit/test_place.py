from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from iamdsl.aws.limits import LIMITS
from iamdsl.diagnostics import Report
from iamdsl.fit import Settings, fit
from iamdsl.fit.pack import pack
from iamdsl.fit.steady import Piece, Placed
from iamdsl.iam import (
    ANYONE,
    Attachment,
    Build,
    Document,
    Elements,
    Entry,
    Identity,
    Policy,
    Principals,
    Statement,
    minified,
    size,
    to_json,
)
from iamdsl.source import Source, Span

if TYPE_CHECKING:
    from collections.abc import Sequence

    from iamdsl.fit.settings import Fitted

SOURCE = Source("x.iam", "policy big { … }\n" * 20)
HERE = (Span(SOURCE, 7, 10),)


def _statement(i: int, length: int, **more: Any) -> Statement:
    name = f"arn:aws:s3:::{i:05}".ljust(length, "x")
    condition = (Entry("StringEquals", "k:k", (f"v{i:05}",)),)
    spans = (Span(SOURCE, 17 * (i % 20), 17 * (i % 20) + 5),)
    return Statement(
        "Allow", Elements((f"a:A{i:05}",)), Elements((name,)), None, condition, origin=spans, **more
    )


def _policy(count: int, length: int) -> Policy:
    return Policy(tuple(_statement(i, length) for i in range(count)))


BUCKETS = Statement(
    "Allow",
    Elements(("s3:GetObject",)),
    Elements(tuple(f"arn:aws:s3:::bucket-number-{i:04}/*" for i in range(400))),
)


def _fit(build: Build, **more: Any) -> tuple[Build, Report]:
    report = Report()
    return fit(build, Settings(LIMITS, **more), report).build, report


def test_what_fits_stays_one_policy() -> None:
    """Names and number of policies are what people see; they change only if they must."""
    done, report = _fit(Build((Document("managed", "p", _policy(3, 100)),)))
    assert [d.name for d in done.documents] == ["p"]
    assert done.documents[0].split_from is None
    assert not report.diagnostics


def test_one_statement_is_split_over_policies() -> None:
    """CDK emits it whole, and the deployment fails."""
    done, report = _fit(Build((Document("managed", "p", Policy((BUCKETS,))),)))
    assert [(d.name, d.split_from, d.fewest) for d in done.documents] == [
        ("p", "p", 3),
        ("p-2", "p", 3),
        ("p-3", "p", 3),
    ]
    assert all(size(d.policy) <= 6144 for d in done.documents)
    assert not report.failed


def test_pieces_avoid_names_that_are_taken_and_too_long() -> None:
    """Names of policies are unique without regard to case, and have 128 characters at most."""
    taken = Document("boundary", "P-2", _policy(1, 30))
    done, _ = _fit(Build((Document("managed", "p", Policy((BUCKETS,))), taken)))
    assert [d.name for d in done.documents] == ["p", "p-3", "p-4", "P-2"]
    done, _ = _fit(Build((Document("managed", "p" * 128, Policy((BUCKETS,))),)))
    assert [len(d.name) for d in done.documents] == [128, 128, 128]


def test_pieces_of_a_named_statement_are_numbered() -> None:
    """Sids are unique in a document, and say where a statement came from."""
    named = Statement("Allow", BUCKETS.actions, BUCKETS.resources, sid="Read")
    done, _ = _fit(Build((Document("managed", "p", Policy((named,))),)))
    assert [s.sid for d in done.documents for s in d.policy.statements] == [
        "Read",
        "Read2",
        "Read3",
    ]


def test_all_pieces_are_attached_and_counted() -> None:
    """A quota that counts a split policy once is found out by AWS."""
    attached = tuple(Attachment(f"arn:aws:iam::aws:policy/P{i}") for i in range(18))
    role = Identity("role", "r", managed=(Attachment("p", True), *attached), origin=HERE)
    done, report = _fit(Build((Document("managed", "p", Policy((BUCKETS,))),), (role,)))
    assert [a.policy for a in done.identities[0].managed[:3]] == ["p", "p-2", "p-3"]
    (problem,) = report.diagnostics
    assert problem.code.name == "too-many-attachments"
    assert problem.message == (
        "role `r` would have 21 managed policies attached, 1 more than the 20 that AWS takes"
    )
    assert problem.span == HERE[0]


def test_own_statements_stand_inline_when_they_fit() -> None:
    """One place to look, and it goes when the role goes."""
    done, _ = _fit(Build((), (Identity("role", "r", own=_policy(5, 100)),)))
    (role,) = done.identities
    assert (role.own, role.managed, done.documents) == (None, (), ())
    assert [n for n, _ in role.inline] == ["r"]


def test_own_statements_overflow_into_managed_policies() -> None:
    """Inline space first, for attachments are few."""
    done, report = _fit(Build((), (Identity("role", "r", own=_policy(60, 300)),)))
    (role,) = done.identities
    assert 9000 < size(role.inline[0][1]) <= 10240
    assert [a.policy for a in role.managed] == [d.name for d in done.documents]
    assert [d.name for d in done.documents] == ["r-1", "r-2", "r-3"]
    assert done.documents[0].fewest == 3
    assert not report.failed


def test_all_inline_policies_share_one_quota() -> None:
    """AWS limits the sum; CDK looks at each alone."""
    other = Policy((_statement(1, 4000), _statement(2, 4000)))
    user = Identity("role", "r", own=_policy(10, 300), inline=(("r", other),), place="inline")
    done, report = _fit(Build((), (user,)))
    (problem,) = report.diagnostics
    assert problem.code.name == "too-large"
    assert problem.message.startswith("all that stands inline in role `r` has 1")
    assert problem.ways[0].text.startswith("`place auto` would put the rest into 1 managed policy")
    assert problem.ways[0].enough
    assert not problem.hint
    assert [n for n, _ in done.identities[0].inline] == ["r", "r-2"]


def test_managed_place_uses_no_inline_policy() -> None:
    """Some organizations forbid inline policies."""
    done, _ = _fit(Build((), (Identity("group", "g", own=_policy(3, 50), place="managed"),)))
    assert done.identities[0].inline == ()
    assert [d.name for d in done.documents] == ["g-1"]


def test_a_permission_set_is_not_split() -> None:
    """Its customer managed policies would have to be in every account beforehand."""
    done, report = _fit(Build((), (Identity("permission_set", "s", own=_policy(60, 300)),)))
    assert [d.code.name for d in report.diagnostics] == ["too-large"]
    assert done.documents == ()


def test_what_cannot_be_split_is_refused_with_its_largest_statements() -> None:
    """The author needs to know what to change, and by how much."""
    big = Policy((_statement(0, 100), _statement(1, 5000), _statement(2, 300)))
    done, report = _fit(Build((Document("rcp", "perimeter", big, origin=HERE),)))
    (problem,) = report.diagnostics
    over = size(done.documents[0].policy) - 5120
    assert problem.message.endswith(f"{over:,} more than the 5,120 that AWS takes")
    assert [n.span.start for n in problem.notes] == [17, 34, 0]
    assert problem.notes[0].text == "5,099 characters come from here"
    assert problem.hint
    assert problem.span == HERE[0]


def test_a_statement_that_must_stay_whole_is_refused() -> None:
    """A list after `except` is a conjunction: in two policies it would grant everything."""
    whole = Statement("Allow", Elements(tuple(f"a:{i:05}" for i in range(999)), negated=True))
    done, report = _fit(Build((Document("managed", "p", Policy((whole,)), origin=HERE),)))
    (problem,) = report.diagnostics
    assert problem.message.startswith("a statement of policy `p` that cannot be split has")
    assert len(done.documents) == 1


def test_trust_and_resource_policies_have_their_own_limits() -> None:
    """2,048 for trust; each service has its own for resources, some none that is known."""
    trust = Policy(
        tuple(Statement("Allow", Elements((f"sts:{i}" * 200,)), None, ANYONE) for i in (1, 2))
    )
    bucket = Document("resource", "b", _policy(60, 400), service="s3", target="lake")
    vault = Document("resource", "v", _policy(60, 400), service="backup")
    _, report = _fit(Build((bucket, vault), (Identity("role", "r", trust=trust, origin=HERE),)))
    assert [(d.code.name, d.message.partition(" has ")[0]) for d in report.diagnostics] == [
        ("too-large", "policy `b` of `lake`"),
        ("unpublished-limit", "policy `v` of `backup`"),
        ("too-large", "trust policy of role `r`"),
    ]


def test_a_session_counts_the_arns_passed_with_it() -> None:
    """AWS limits the text and the ARNs together."""
    arns = tuple(Attachment(f"arn:aws:iam::111122223333:policy/{'p' * 100}{i}") for i in range(11))
    _, report = _fit(Build((Document("session", "s", _policy(4, 200), attached=arns),)))
    assert [d.code.name for d in report.diagnostics] == ["too-large", "too-many-attachments"]


def test_placeholders_count_at_their_greatest_length() -> None:
    """A name that is filled in at deployment may be as long as it was declared."""
    lake = Statement(
        "Allow",
        Elements(("s3:GetObject",)),
        Elements(tuple(f"arn:aws:s3:::\ue000lake\ue001/{i}" for i in range(100))),
    )
    build = Build((Document("managed", "p", Policy((lake,))),))
    assert len(_fit(build, lengths={"lake": 5})[0].documents) == 1
    assert len(_fit(build, lengths={"lake": 63})[0].documents) == 2


def test_gaps_are_filled_by_cutting() -> None:
    """Three policies where three are enough: each attachment is one of twenty."""
    halves = [
        Statement(
            "Allow",
            Elements((f"a:{n}",)),
            Elements(tuple(f"arn:aws:s3:::{n}{i:03}" + "x" * 40 for i in range(70))),
        )
        for n in "bcde"
    ]
    packing = pack(halves, 6144)
    assert packing is not None
    assert len(packing.others) == packing.fewest == 3


def test_source_order_is_kept_within_a_piece() -> None:
    """A reader compares a policy with its source from top to bottom."""
    done, _ = _fit(Build((Document("managed", "p", _policy(60, 300)),)))
    for document in done.documents:
        actions = [s.actions.values[0] for s in document.policy.statements]
        assert actions == sorted(actions)
    firsts = [d.policy.statements[0].actions.values[0] for d in done.documents]
    assert firsts == sorted(firsts)


def test_a_queue_takes_seven_actions_in_a_statement() -> None:
    """Joining statements made one that SQS refuses; the counts are its own."""
    names = tuple(f"sqs:A{i}" for i in range(8))
    each = [Statement("Allow", Elements((n,)), Elements(("q",)), ANYONE, sid=None) for n in names]
    queue = Document("resource", "q", Policy(tuple(each)), service="sqs")
    done, report = _fit(Build((queue,)))
    assert [len(s.actions.values) for s in done.documents[0].policy.statements] == [7, 1]
    assert not report.failed
    named = Policy((Statement("Allow", Elements(names), Elements(("q",)), ANYONE, sid="All"),))
    done, _ = _fit(Build((attrs.evolve(queue, policy=named),)))
    assert [s.sid for s in done.documents[0].policy.statements] == ["All", "All2"]
    many = Policy(
        tuple(
            Statement("Allow", Elements((f"sqs:A{i}",)), Elements((f"q{i}",)), ANYONE)
            for i in range(21)
        )
    )
    _, report = _fit(Build((attrs.evolve(queue, policy=many, origin=HERE),)))
    assert [d.message for d in report.diagnostics] == [
        "policy `q` of `sqs` has 21 statements, 1 more than the 20 that SQS takes"
    ]


def _principals(service: str, count: int) -> list[str]:
    who = Principals((("AWS", tuple(f"{i:012}" for i in range(count))),))
    statement = Statement("Allow", Elements(("a:B",)), Elements(("q",)), who, origin=HERE)
    document = Document("resource", "q", Policy((statement,)), service=service, origin=HERE)
    return [d.message.partition(" has ")[2] for d in _fit(Build((document,)))[1].diagnostics]


def test_queues_and_topics_count_principals() -> None:
    """A list of accounts grows with the organization until SQS refuses the policy."""
    assert _principals("sqs", 50) == _principals("sns", 200) == _principals("s3", 201) == []
    assert _principals("sqs", 51) == ["51 principals, 1 more than the 50 that SQS takes"]
    assert _principals("sns", 201) == ["201 principals, 1 more than the 200 that SNS takes"]


def test_queues_count_conditions_over_all_statements() -> None:
    """Ten conditions in a queue's policy, whatever statements they stand in."""

    def conditions(count: int) -> list[str]:
        entries = tuple(Entry("StringEquals", f"k:{i}", ("v",)) for i in range(count - 1))
        each = (
            Statement("Allow", Elements(("sqs:A",)), Elements(("q",)), ANYONE, entries, "X"),
            Statement("Deny", Elements(("sqs:B",)), Elements(("q",)), ANYONE, _CONDITION, "Y"),
        )
        document = Document("resource", "q", Policy(each), service="sqs")
        return [d.message.partition(" has ")[2] for d in _fit(Build((document,)))[1].diagnostics]

    assert conditions(10) == []
    assert conditions(11) == ["11 conditions, 1 more than the 10 that SQS takes"]


_CONDITION = (Entry("StringEquals", "k:k", ("v",)),)


LONG = tuple(_statement(i, 1400 + 10 * i) for i in range(10))


def _fitted(statements: Sequence[Statement], before: Fitted | None = None, **more: Any) -> Fitted:
    """Return the next build of a policy, of which the lock file has what the last one placed."""
    placed = before.placed if before is not None else {}
    policy = Document("managed", "p", Policy(tuple(statements)))
    return fit(Build((policy,)), Settings(LIMITS, placed=placed, **more), Report())


def _texts(fitted: Fitted) -> list[tuple[str, str]]:
    return [(d.name, minified(to_json(d.policy))) for d in fitted.build.documents]


def test_what_is_taken_back_is_written_as_it_was() -> None:
    """A revert in version control is one of the deployment too, whatever became of the edit."""
    one = _fitted(LONG)
    assert len(one.build.documents) > 2
    more = tuple(_statement(i, 900) for i in range(20, 40))
    for edited in (LONG[:1], LONG[3:], LONG[1::2], more, (*more, *LONG)):
        two = _fitted(edited, one)
        again = _fitted(edited, two)
        assert (_texts(again), again.placed) == (_texts(two), two.placed)
        assert _texts(_fitted(LONG, two)) == _texts(one)


def test_placed_anew_remembers_nothing() -> None:
    """`--repack` starts over, and the file says no more than where things are."""
    one = _fitted(LONG)
    two = _fitted(LONG[2:], one)
    assert two.placed["policy p"].was
    (lost,) = (p.lost for p in two.placed["policy p"].pieces if p.lost)
    assert len(lost) > 0
    anew = _fitted(LONG[2:], two, repack=True).placed["policy p"]
    assert not anew.was
    assert not anew.gone
    assert not any(p.lost for p in anew.pieces)


def test_a_role_without_a_free_attachment_is_packed_anew_before_it_is_refused() -> None:
    """Statements that stay where they are are no reason for a deployment that fails."""
    long, short = "x" * 2900, "x" * 400

    def whole(i: int, text: str) -> Statement:
        return Statement("Allow", Elements((f"a:A{i}",)), Elements((f"{text}{i}",), negated=True))

    given = [whole(0, long), whole(1, short), whole(2, long), whole(3, short)]
    before = Placed((Piece("r-1", tuple(given[:2])), Piece("r-2", tuple(given[2:]))))
    given.append(whole(4, long))
    assert len({size(Policy(p.statements)) for p in before.pieces}) == 1
    limits = LIMITS.with_overrides({"managed-policies-per-role": 2})
    report = Report()
    role = Identity("role", "r", own=Policy(tuple(given)), place="managed", origin=HERE)
    settings = Settings(limits, placed={"role r": before})
    done = fit(Build(identities=(role,)), settings, report)
    assert [d.code.number for d in report.diagnostics] == ["IAM314", "IAM315"]
    assert [d.name for d in done.build.documents] == ["r-1", "r-2"]
    wider = Settings(LIMITS, placed={"role r": before})
    report = Report()
    done = fit(Build(identities=(role,)), wider, report)
    assert not report.diagnostics
    assert [d.name for d in done.build.documents] == ["r-1", "r-2", "r-3"]

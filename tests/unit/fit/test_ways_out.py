"""What would help is measured: each number is what comes of really doing it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import attrs
import pytest

from iamdsl.aws.limits import LIMITS
from iamdsl.diagnostics import Report, Way
from iamdsl.fit import Settings, fit, minimize
from iamdsl.fit._crossing import Meeting
from iamdsl.fit.shrink import shrink
from iamdsl.fit.table import table
from iamdsl.fit.ways_out import Refused, contributors, ways_out, weigh
from iamdsl.iam import (
    Account,
    Attachment,
    Build,
    Document,
    Elements,
    Entry,
    Identity,
    Policy,
    Principals,
    Statement,
    Target,
    size,
)
from iamdsl.source import Source, Span

if TYPE_CHECKING:
    from iamdsl.aws import Catalogue
    from iamdsl.fit.ways_out import Case

SOURCE = Source("x.iam", "policy big { … }\n" * 20)
GET = Elements(("s3:GetObject",))


def _span(line: int) -> tuple[Span, ...]:
    return (Span(SOURCE, 17 * line, 17 * line + 5),)


def _case(
    kind: str,
    *statements: Statement,
    over: int = 300,
    settings: Settings | None = None,
    **more: Any,
) -> Case:
    refused = Refused(kind, (Policy(statements),), **more)
    return weigh(refused, over, settings or Settings(LIMITS))


def _found(case: Case, word: str) -> Way:
    """Return the one way whose text has a word."""
    (way,) = [way for way in ways_out(case) if word in way.text]
    return way


def _small(*statements: Statement, **more: Any) -> int:
    return size(minimize(Policy(statements), **more))


def _buckets(*names: str) -> Elements:
    return Elements(tuple(f"arn:aws:s3:::{name}" for name in names))


class TestPrefixes:
    """Texts that begin alike."""

    def test_saves_what_the_pattern_saves(self) -> None:
        """A number that is not true sends people the wrong way."""
        orders = [f"orders-{i:03}/*" for i in range(40)]
        before = Statement("Allow", GET, _buckets(*orders, "stock/*"))
        after = Statement("Allow", GET, _buckets("orders-*", "stock/*"))
        way = _found(_case("boundary", before), "orders-*")
        assert way.saves == _small(before) - _small(after)
        assert "`arn:aws:s3:::orders-*` for 40 resources" in way.text
        assert way.text.endswith("but grants on whatever else begins so")

    def test_narrow_where_that_is_enough(self) -> None:
        """The author is asked to widen as little as is needed."""
        names = [f"data-{team}-{i:03}/*" for team in ("blue", "red") for i in range(30)]
        before = Statement("Allow", GET, _buckets(*names))
        both = _small(before) - _small(
            Statement("Allow", GET, _buckets("data-blue-*", "data-red-*"))
        )
        for over, said in (
            (500, "`arn:aws:s3:::data-blue-*` for 30 resources would save"),
            (both, f"`arn:aws:s3:::data-red-*` for 30 would save {both:,} characters"),
            (both + 1, "`arn:aws:s3:::data-*` for 60 resources would save"),
        ):
            first = ways_out(_case("boundary", before, over=over))[0]
            assert first.enough
            assert said in first.text

    @pytest.mark.parametrize(
        ("effect", "negated", "said"),
        [
            ("Allow", False, "grants on whatever else"),
            ("Allow", True, "grants on nothing else"),
            ("Deny", False, "denies on whatever else"),
            ("Deny", True, "denies on nothing else"),
        ],
    )
    def test_says_what_becomes_of_the_rest(self, effect: Any, negated: bool, said: str) -> None:
        """A pattern in `NotResource` grants less, not more."""
        names = [f"arn:aws:s3:::orders-{i:03}/*" for i in range(40)]
        where = Elements(tuple(names), negated=negated)
        assert said in _found(_case("boundary", Statement(effect, GET, where)), "orders-*").text

    def test_no_prefix_without_a_name(self) -> None:
        """`table/*` is no prefix of the author's names, and a variable is not cut."""
        tables = tuple(f"arn:aws:dynamodb:eu-west-1:111122223333:table/{c}x" for c in "abcdef")
        own = tuple(f"arn:aws:s3:::${{aws:Principal{c}}}" for c in "abcdef")
        for where in (tables, own):
            case = _case("boundary", Statement("Allow", GET, Elements(where)))
            assert not [way for way in ways_out(case) if "begins so" in way.text]

    def test_values_of_a_condition(self) -> None:
        """Trust policies grow by the subjects of an identity provider."""
        subjects = tuple(f"repo:acme/service-{i:03}:ref:refs/heads/main" for i in range(50))
        who = Principals((("Federated", ("arn:aws:iam::111122223333:oidc-provider/x.y",)),))
        action = Elements(("sts:AssumeRoleWithWebIdentity",))

        def statement(operator: str, *values: str) -> Statement:
            return Statement("Allow", action, None, who, (Entry(operator, "x.y:sub", values),))

        before = statement("StringEquals", *subjects)
        way = _found(_case("trust", before), "x.y:sub")
        assert way.saves == _small(before) - _small(statement("StringLike", "repo:acme/service-*"))


class TestPrincipals:
    """Whole accounts, and the organization."""

    ROLES = tuple(f"arn:aws:iam::2222333344{i:02}:role/ci/deployer" for i in range(30))
    BEFORE = Statement("Allow", Elements(("sts:AssumeRole",)), None, Principals((("AWS", ROLES),)))

    def test_accounts(self) -> None:
        """Accounts with a role's name are the same roles in fewer characters."""
        ids = tuple(f"2222333344{i:02}" for i in range(30))
        entry = Entry("ArnLike", "aws:PrincipalArn", ("arn:aws:iam::*:role/ci/deployer",))
        after = attrs.evolve(
            self.BEFORE, principals=Principals((("AWS", ids),)), condition=(entry,)
        )
        way = _found(_case("trust", self.BEFORE), "`account` when")
        assert way.saves == _small(self.BEFORE) - _small(after)

    def test_organization(self) -> None:
        """One condition in place of all, and the role's name is kept."""
        entries = (
            Entry("ArnLike", "aws:PrincipalArn", ("arn:aws:iam::*:role/ci/deployer",)),
            Entry("StringEquals", "aws:PrincipalOrgID", ("o-exampleorgid",)),
        )
        everyone = Principals((("AWS", ("*",)),))
        after = attrs.evolve(self.BEFORE, principals=everyone, condition=entries)
        way = _found(_case("trust", self.BEFORE), "account *")
        assert way.saves == _small(self.BEFORE) - _small(after)
        assert "that name in every account of the organization" in way.text

    def test_a_service_beside_them_stays(self) -> None:
        """A service is in no organization: its statement must not get the condition."""
        who = Principals((("AWS", self.ROLES), ("Service", ("ec2.amazonaws.com",))))
        before = attrs.evolve(self.BEFORE, principals=who)
        service = attrs.evolve(
            self.BEFORE, principals=Principals((("Service", ("ec2.amazonaws.com",)),))
        )
        ids = tuple(f"2222333344{i:02}" for i in range(30))
        entry = Entry("ArnLike", "aws:PrincipalArn", ("arn:aws:iam::*:role/ci/deployer",))
        moved = attrs.evolve(
            self.BEFORE, principals=Principals((("AWS", ids),)), condition=(entry,)
        )
        way = _found(_case("trust", before), "`account` when")
        assert way.saves == _small(before) - _small(moved, service)

    def test_a_deny_gets_none(self) -> None:
        """A condition would let through whom the list denied."""
        case = _case("trust", attrs.evolve(self.BEFORE, effect="Deny"))
        assert not [way for way in ways_out(case) if "account" in way.text]


class TestRepeated:
    """What statements say again and again."""

    def test_names(self) -> None:
        """Without names they are one statement, with the same meaning."""
        statements = tuple(
            Statement("Allow", GET, _buckets(f"b{i}"), sid=f"Bucket{i}") for i in range(9)
        )
        way = _found(_case("boundary", *statements), "--sids drop")
        assert way.saves == _small(*statements) - _small(*statements, sids="drop")
        dropped = Settings(LIMITS, sids="drop")
        case = _case("boundary", *statements, settings=dropped)
        assert not [way for way in ways_out(case) if "--sids" in way.text]

    def test_a_variable(self) -> None:
        """The value of a tag in an ARN is a policy variable."""

        def statement(name: str, condition: tuple[Entry, ...]) -> Statement:
            return Statement("Allow", GET, _buckets(f"team-{name}/*"), None, condition)

        names = [f"{i:03}" for i in range(40)]
        before = [
            statement(n, (Entry("StringEquals", "aws:PrincipalTag/team", (n,)),)) for n in names
        ]
        after = statement("${aws:PrincipalTag/team}", ())
        way = _found(_case("boundary", *before), "${aws:PrincipalTag/team}")
        assert way.saves == _small(*before) - _small(after)

    def test_conditions(self) -> None:
        """Statements that differ in their conditions only, as if one were enough."""

        def statement(i: int) -> Statement:
            entries = (
                Entry("StringEquals", "aws:PrincipalAccount", (f"2222333344{i:02}",)),
                Entry("StringNotEquals", "aws:PrincipalTag/t", (f"x{i:02}",)),
            )
            return Statement("Deny", GET, _buckets("shared/*"), None, entries)

        before = [statement(i) for i in range(20)]
        way = _found(_case("boundary", *before), "20 statements")
        assert way.saves == _small(*before) - _small(statement(0))


def test_a_tag(catalogue: Catalogue) -> None:
    """A tag stands for tables, where all actions can be limited by one; else nothing is said."""
    settings = Settings(LIMITS, catalogue=catalogue)
    head = "arn:aws:dynamodb:eu-west-1:111122223333:table"
    tables = Elements(tuple(f"{head}/{i:03}-orders" for i in range(40)))
    get = Elements(("dynamodb:GetItem", "dynamodb:Query"))
    before = Statement("Allow", get, tables)
    entry = Entry("StringEquals", "aws:ResourceTag/access", ("granted",))
    after = Statement("Allow", get, Elements((f"{head}/*",)), None, (entry,))
    way = _found(_case("boundary", before, settings=settings), "aws:ResourceTag")
    assert way.saves == _small(before) - _small(after)
    objects = Statement("Allow", GET, _buckets(*(f"{i:03}-orders/*" for i in range(40))))
    for other in (objects, attrs.evolve(before, effect="Deny")):
        ways = ways_out(_case("boundary", other, settings=settings))
        assert not [way for way in ways if "aws:ResourceTag" in way.text]


def test_sentences_are_told_by_what_they_add() -> None:
    """A large sentence that another one covers adds nothing, and leaving it out helps nobody."""
    wide = Statement("Allow", GET, _buckets("orders-*"), origin=_span(0))
    covered = Statement(
        "Allow", GET, _buckets(*(f"orders-{i}" for i in range(50))), origin=_span(1)
    )
    apart = Statement("Allow", Elements(("s3:PutObject",)), _buckets("stock"), origin=_span(2))
    told = contributors(_case("boundary", wide, covered, apart))
    assert told == [(_small(wide, covered, apart) - _small(wide, covered), _span(2)[0])]


def test_what_is_enough_comes_first() -> None:
    """People read the first line; at most five are told, whatever there is."""
    names = [f"data-{team}-{i:03}/*" for team in ("blue", "red") for i in range(30)]
    statements = [
        Statement("Allow", GET, _buckets(name), sid=f"S{i}") for i, name in enumerate(names)
    ]
    ways = ways_out(_case("session", *statements, over=700, attached=(9, 10)))
    assert 1 < len(ways) <= 5
    assert [way.enough for way in ways] == sorted((way.enough for way in ways), reverse=True)
    assert ways == ways_out(_case("session", *statements[::-1], over=700, attached=(9, 10)))


class TestPlaces:
    """Another place, with the same meaning."""

    BIG = Policy((Statement("Deny", GET, _buckets(*(f"a{i:04}-{'x' * 20}" for i in range(300)))),))

    def _ways(self, build: Build) -> tuple[Way, ...]:
        report = Report()
        fit(build, Settings(LIMITS), report)
        (problem,) = report.diagnostics
        return problem.ways

    @pytest.mark.parametrize(("others", "enough"), [(3, True), (9, False)])
    def test_several_scps(self, others: int, enough: bool) -> None:
        """Parting an SCP helps only where its targets have places for the parts."""
        names = [f"other-{i}" for i in range(others - 1)]
        small = Policy((Statement("Deny", GET, _buckets("x")),))
        documents = [Document("scp", name, small) for name in names]
        attached = tuple(Attachment(name, ours=True) for name in ("big", *names))
        target = Target("organization", "acme", "o-x", ("acme",), attached)
        build = Build((Document("scp", "big", self.BIG), *documents), (), (), (target,))
        way = next(way for way in self._ways(build) if "scp" in way.text)
        assert way.text == (
            "written as 2 `scp`s that are attached to the same targets: "
            f"{others + 2} of 10 places there then"
        )
        assert way.enough is enough

    def test_a_session_counts_its_policies(self) -> None:
        """A session takes ten managed policies at the most."""
        attached = tuple(Attachment(f"arn:aws:iam::aws:policy/P{i}") for i in range(9))
        for some, enough in ((attached[:2], True), (attached, False)):
            ways = self._ways(Build((Document("session", "s", self.BIG, attached=some),)))
            found = [w for w in ways if "managed polic" in w.text]
            assert [w.enough for w in found] == [enough]
            assert f"{len(some) + 3} of 10 attached then" in found[0].text

    def test_place_auto(self) -> None:
        """What does not fit inline overflows, as `place auto` does it."""
        allow = Policy((attrs.evolve(self.BIG.statements[0], effect="Allow"),))
        user = Identity("user", "u", own=allow, place="inline")
        way = self._ways(Build((), (user,)))[0]
        done = fit(Build((), (attrs.evolve(user, place="auto"),)), Settings(LIMITS), Report()).build
        made = re.search(r"into (\d+) managed", way.text)
        assert made is not None
        assert int(made[1]) == len(done.documents)
        assert way.enough

    def test_joined_attachments(self) -> None:
        """What joining would leave is how many policies their statements really need."""
        documents = [
            Document("managed", f"p{i}", Policy((Statement("Allow", GET, _buckets(f"b{i}")),)))
            for i in range(11)
        ]
        attached = tuple(Attachment(d.name, True, _span(i)) for i, d in enumerate(documents))
        report = Report()
        group = Identity("group", "g", managed=attached)
        fit(Build(tuple(documents), (group,)), Settings(LIMITS), report)
        (problem,) = report.diagnostics
        joined = minimize(Policy(tuple(s for d in documents for s in d.policy.statements)))
        assert problem.ways == (
            Way(
                "joining the 11 that are written here would leave 1: they have "
                f"{size(joined)} characters together",
                enough=True,
            ),
        )
        assert problem.notes[0].text == f"`p0` has {size(documents[0].policy)} of 6,144 characters"


def test_a_quota_is_raised_as_far_as_aws_raises_it() -> None:
    """A code that has to be looked up, and a figure that is never granted, help nobody."""
    case = _case("trust", Statement("Allow", Elements(("sts:AssumeRole",))), over=100)
    assert ways_out(case)[-1] == Way(
        "ask for a higher quota (Service Quotas L-C07B4B0D): AWS grants up to 8,192; then say it "
        "as `trust-policy-size` under `[limits]`",
        enough=True,
    )
    assert not ways_out(attrs.evolve(case, over=7000))[-1].enough
    assert not ways_out(_case("boundary", Statement("Allow", GET)))


def test_the_table_says_what_is_full() -> None:
    """Sums, slots and pieces are what AWS counts, and what did not fit is there as well."""
    big = Document("managed", "big", TestPlaces.BIG)
    role = Identity(
        "role",
        "r",
        own=Policy((Statement("Allow", GET, _buckets("x")),)),
        inline=(("more", Policy((Statement("Allow", GET, _buckets("y")),))),),
        managed=(Attachment("big", ours=True),),
    )
    session = Document("session", "s", TestPlaces.BIG)
    fitted = fit(Build((big, session), (role,)), Settings(LIMITS), Report())
    made = table(fitted, LIMITS)
    rows = {row.of: (row.used, row.limit, row.unit) for row in made.rows}
    inline = sum(size(p) for _, p in fitted.build.identities[0].inline)
    assert rows["role r, inline"] == (inline, 10240, "characters")
    assert rows["role r, attached"] == (3, 20, "policies")
    assert rows["session s"] == (size(TestPlaces.BIG), 2048, "characters")
    assert [(s.of, len(s.pieces), s.fewest) for s in made.splits] == [("policy big", 3, 3)]


def test_the_table_knows_organizations_and_accounts() -> None:
    """Places on a target count by type, policies of AWS's and of others' among them."""
    deny = Policy((Statement("Deny", GET, _buckets("x")),))
    foreign = "arn:aws:organizations::aws:policy/service_control_policy/p-FullAWSAccess"
    attached = (Attachment("s", ours=True), Attachment("r", ours=True), Attachment(foreign))
    target = Target("organization", "acme", "o-x", ("acme",), attached)
    group = Identity("group", "g", own=Policy((Statement("Allow", GET, _buckets("y")),)))
    account = Account("prod", "111122223333", Build((), (group,)))
    documents = (Document("scp", "s", deny), Document("rcp", "r", deny))
    fitted = fit(Build(documents, (), (account,), (target,)), Settings(LIMITS), Report())
    rows = {(row.account, row.of): row.used for row in table(fitted, LIMITS).rows}
    assert rows[None, "organization acme, scps attached"] == 2
    assert rows[None, "organization acme, rcps attached"] == 1
    assert rows["prod", "group g, inline"] == size(
        fitted.build.accounts[0].build.identities[0].inline[0][1]
    )


class TestByTheCatalogue:
    """What only holds for the actions of today."""

    MANY = Statement("Allow", Elements(("ec2:DescribeHosts",)), Elements(("*",)))

    def _many(self, catalogue: Catalogue) -> Statement:
        return attrs.evolve(self.MANY, actions=Elements(catalogue.match("ec2:Describe*")))

    def test_wildcards(self, catalogue: Catalogue) -> None:
        """What `fit` would write is tried, and the patterns that save most are named."""
        settings = Settings(LIMITS, catalogue=catalogue)
        before = self._many(catalogue)
        small = minimize(Policy((before,)))
        most = size(small) - size(shrink(small, catalogue, "max").policy)
        for over, setting in ((most // 2, "tight"), (most, "tight"), (most + 1, "max")):
            way = _found(_case("boundary", before, over=over, settings=settings), "wildcards")
            target = size(small) - over if setting == "tight" else None
            saves = size(small) - size(shrink(small, catalogue, "max", target=target).policy)
            told = f'`fit.wildcards = "{setting}"` would save {saves:,} characters: `ec2:'
            assert way.text.startswith(told)
            assert way.saves == saves
            assert way.enough is (setting == "tight")

    def test_none_where_fit_writes_none(self, catalogue: Catalogue) -> None:
        """A trust policy gets no wildcards, so none are offered; nor does who has them already."""
        before = self._many(catalogue)
        for kind, wildcards in (("trust", "never"), ("boundary", "tight"), ("boundary", "max")):
            settings = Settings(LIMITS, catalogue=catalogue, wildcards=wildcards)  # type: ignore[arg-type]
            ways = ways_out(_case(kind, before, settings=settings))
            assert not [way for way in ways if "wildcards" in way.text]

    def test_across_services(self, catalogue: Catalogue) -> None:
        """Joining what never meets is tried as well."""
        condition = (Entry("StringEquals", "aws:PrincipalTag/team", ("a" * 60,)),)
        read = Statement("Allow", GET, _buckets("x/*"), None, condition)
        queues = Elements(("arn:aws:sqs:eu-west-1:111122223333:q",))
        send = Statement("Allow", Elements(("sqs:SendMessage",)), queues, None, condition)
        settings = Settings(LIMITS, catalogue=catalogue)
        way = _found(_case("boundary", read, send, over=100, settings=settings), "cross-service")
        joined = minimize(Policy((read, send)), meeting=Meeting(catalogue))
        assert way.saves == _small(read, send) - size(joined)
        assert way.enough

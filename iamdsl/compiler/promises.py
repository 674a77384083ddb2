"""Tests and guards: their checks as values, then as questions in the words of IAM.

They are expanded when all entities are known, since a test sees the names, and `aws.account`, of
the place of its subject, and a guard those of each place whose identities it binds. `lower_promises`
leaves nothing of the language but spans, so that `analysis`, below the compiler, can answer.
"""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING, Literal, NamedTuple, cast

import attrs

from iamdsl.analysis import promises as asked
from iamdsl.compiler import actions, applies, checks
from iamdsl.compiler.entities import Entities
from iamdsl.compiler.lower import Lowering, grouped
from iamdsl.diagnostics import Label, codes
from iamdsl.diagnostics.nearest import did_you_mean, nearest
from iamdsl.iam import PLACEHOLDER_OPEN, Elements, Statement, placeholders
from iamdsl.model import Value, types
from iamdsl.model.program import with_article
from iamdsl.model.promises import Check, Guard, Test
from iamdsl.model.values import leaves
from iamdsl.syntax import tree

if TYPE_CHECKING:
    from collections.abc import Iterator

    from iamdsl.compiler.environment import Environment
    from iamdsl.compiler.evaluate import Evaluator, Frame
    from iamdsl.compiler.expand import Expanding, Expansion, Promised
    from iamdsl.diagnostics import Report
    from iamdsl.iam import Principals
    from iamdsl.model import Entity, Grant
    from iamdsl.model.promises import Promise
    from iamdsl.source import Span

IDENTITIES = frozenset({"role", "user", "group", "permission_set"})
_KINDS = {"policy": "managed", "boundary": "boundary", "scp": "scp", "rcp": "rcp",
          "session": "session"}  # fmt: skip
_ASSUMING = "sts:"
_REFUTING = frozenset({"never", "denies"})
_OF_ITS_OWN = "00000000-0000-0000-0000-000000000000"
"""The id of a resource whose policy is declared without knowing it, such as a key's."""


class Promises(NamedTuple):
    """All tests and guards of a build, as questions."""

    tests: tuple[asked.Test, ...] = ()
    guards: tuple[asked.Guard, ...] = ()


# Expanding


def expand_promises(expanding: Expanding, made: Expansion) -> tuple[Promise, ...]:
    """Return the tests and guards that were met, their checks as values.

    Args:
        expanding: at the end of its way.
        made: the places and entities that it came to.
    """
    known = Entities(made, expanding.evaluator.environment)
    found: list[Promise] = []
    for promised in expanding.promised:
        expanding.uses = list(promised.uses)
        expand = _test if promised.node.kind == "test" else _guards
        found += expand(expanding, promised, known, made)
    _report_twice(found, expanding.report)
    return tuple(found)


def _test(
    expanding: Expanding, promised: Promised, known: Entities, made: Expansion
) -> Iterator[Test]:
    """Yield the test, unless its name or subject was complained about."""
    del made
    node, frame, evaluator = promised.node, promised.frame, expanding.evaluator
    assert node.header is not None  # noqa: S101  # the grammar asks for it
    name = expanding.entity_name(node, frame)
    subject = evaluator.value(node.header, frame)
    if name is None or subject is None:
        return
    entity = _subject(known, subject, node.header.span, expanding.report)
    if entity is None:
        return
    if entity.target is not None:
        own = Value(types.ARN, known.arn(entity), span=entity.target.span)
        frame = frame.inner({"self": own})
    elif entity.kind in types.WITH_ARN:
        frame = frame.inner({"self": Value(types.ARN, known.arn(entity))})
    test = Test(str(name.data), entity, entity.home, node.name.span)
    inside = evaluator.inside(test.within.id) if test.within.kind == "account" else nullcontext()
    with inside:
        expanding.members(node.body, frame, test)
    yield test


def _guards(
    expanding: Expanding, promised: Promised, known: Entities, made: Expansion
) -> Iterator[Guard]:
    """Yield a guard once for each place that has identities."""
    del known
    node, frame, evaluator = promised.node, promised.frame, expanding.evaluator
    name = expanding.entity_name(node, frame)
    if name is None:
        return
    reason = node.header.plain if isinstance(node.header, tree.Text) else None
    places = dict.fromkeys(e.home for e in made.entities if e.kind in IDENTITIES)
    for place in [p for p in made.places if p in places]:
        inside = evaluator.inside(place.id) if place.kind == "account" else nullcontext()
        with inside:
            values = [evaluator.value(e, frame) for e in node.exceptions]
            exceptions = tuple(leaf for v in values if v is not None for leaf in leaves(v))
            excepted = tuple(e.span for e in node.exceptions)
            guard = Guard(str(name.data), reason or "", exceptions, place, promised.place, excepted)
            expanding.members(node.body, frame, guard)
        yield guard


def _report_twice(found: list[Promise], report: Report) -> None:
    """Report tests of one name: what failed could not be told from what passed."""
    first: dict[str, Span] = {}
    for test in found:
        if isinstance(test, Test) and first.setdefault(test.name, test.span) is not test.span:
            report.add(
                codes.DUPLICATE_NAME,
                test.span,
                f"two tests are named `{test.name}`",
                notes=[Label(first[test.name], "this one as well")]
                if first[test.name] != test.span
                else (),
                hint='give each a name of its own; in a loop, with its variable: `test "{name} …"`',
            )


def add_check(
    evaluator: Evaluator,
    grant: Grant,
    given: tree.Selection | tree.Expression | None,
    frame: Frame,
    promise: Promise,
) -> None:
    """Add a check to a test or guard, from the sentence that it is and what it is given."""
    found = checks.given(evaluator, given, frame) if isinstance(given, tree.Record) else ()
    if found is not None:
        fields = {f.name: getattr(grant, f.name) for f in attrs.fields(type(grant))}
        promise.grants.append(Check(**fields, given=found))


def _subject(known: Entities, value: Value, span: Span, report: Report) -> Entity | None:
    """Return what a test is of; what is none, or could be several things, is reported."""
    shown = str(value.data).replace("/", ".")
    found = known.all_named(value)
    if len({id(e) for e in found}) == 1:
        return found[0]
    if found:
        kinds = " and ".join(with_article(k) for k in dict.fromkeys(e.kind for e in found))
        report.add(
            codes.AMBIGUOUS_NAME,
            span,
            f"`{shown}` is {kinds}, and a test is of one thing",
            notes=[Label(e.span, f"the {e.kind} `{e.name}`") for e in found[:3]],
            hint="give one of them another name",
        )
        return None
    near = nearest(shown, known.names(), 1)
    report.add(
        codes.UNKNOWN_NAME,
        span,
        f"nothing is named `{shown}` in this build",
        hint=did_you_mean(
            near, "a test is of a policy or an identity; of an account's: `acc.role`"
        ),
    )
    return None


# Lowering


def lower_promises(expansion: Expansion, environment: Environment, report: Report) -> Promises:
    """Return all tests and guards as questions; what cannot be asked is reported."""
    known = Entities(expansion, environment)
    tests: list[asked.Test] = []
    guards: list[asked.Guard] = []
    met: dict[Span, bool] = {}
    for promise in expansion.promises:
        seen = known.seen_from(promise.within)
        asking = _Asking(seen, seen.environment, report)
        made = tuple(c for g in promise.grants if (c := asking.check(g, promise)) is not None)
        if not promise.grants and not report.failed:
            _empty(promise, report)
        if isinstance(promise, Test):
            subject = reference(promise.subject)
            tests.append(asked.Test(promise.name, subject, made, promise.span))
            continue
        account = promise.within.name
        exceptions = tuple(asking.exceptions(promise, met))
        written = tuple(" ".join(span.text.split()) for span in promise.excepted)
        guards.append(
            asked.Guard(
                promise.name, account, promise.reason, exceptions, made, promise.span, written
            )
        )
    for span, found in met.items():
        if not found:
            _no_exception(span, known, report)
    return Promises(tuple(tests), tuple(guards))


def reference(entity: Entity) -> asked.Reference:
    """Return an entity as it is called in a build."""
    kind = "resource" if entity.target is not None else _KINDS.get(entity.kind, entity.kind)
    account = entity.home.name if entity.home.kind == "account" else ""
    return asked.Reference(account, cast("asked.Kind", kind), entity.name)


def _empty(promise: Promise, report: Report) -> None:
    report.add(
        codes.MISSING_CLAUSE,
        promise.span,
        f"this {promise.kind} checks nothing",
        hint="write what it `never` lets anyone do"
        if promise.kind == "guard"
        else "write what its subject `allows`, `denies`, `never` or `always` lets through",
    )


def _no_exception(span: Span, known: Entities, report: Report) -> None:
    near = nearest(span.text.strip('"'), known.names(), 1)
    report.add(
        codes.UNKNOWN_NAME,
        span,
        f"no role, user, group or permission set is named `{span.text}` in this build",
        hint=did_you_mean(near, "a guard excepts identities by their names"),
    )


class _Asking(Lowering):
    """Turns checks into questions; names are read as the place of the subject sees them."""

    def check(self, check: Check, promise: Promise) -> asked.Check | None:
        entity = promise.subject if isinstance(promise, Test) else None
        callers = self._callers(check, entity)
        apart = self._apart(check)
        if check.verb in _REFUTING:
            check = attrs.evolve(check, actions_except=(), resources_except=())
        resources = self._asked_resources(check, entity)
        blocks = self._compiled(check.condition, check)
        if callers is False or resources is False or blocks is None or apart is None:
            return None
        verbs = self._verbs(check, resources)
        if verbs is None:
            return None
        if not blocks or not verbs.values or (resources is not None and not resources.values):
            self._nothing(check, "" if not blocks else "nothing is left of a list")
            return None
        given = {k.lower(): tuple(map(self.entities.resolve, v)) for k, v in check.given}
        made = asked.Check(
            cast("asked.Verb", check.verb),
            verbs,
            resources,
            callers,
            blocks,
            check.span,
            check.origin,
            given,
            apart,
        )
        # A test is run with values for all; a guard is proved on every build.
        later = isinstance(promise, Test) and self.environment.defers
        good = (
            self._known(made, later=later)
            and self._answerable(made, entity)
            and self._at_home(made, entity, later=later)
        )
        return made if good else None

    def _verbs(self, check: Check, resources: Elements | None) -> Elements | None:
        """Return the actions of a check; those that apply to none of its resources are told."""
        known = tuple(self.entities.resolved(self.entities.named(v)) for v in check.resources or ())
        if not known:
            known = tuple(Value(types.ARN, text) for text in (resources or Elements(())).values)
        verbs = actions.of_grant(check, known, self.environment, self.report)
        if verbs is not None and resources is not None and not resources.negated:
            applies.check(check, known, self.environment, self.report)
        return verbs

    def _apart(self, check: Check) -> tuple[Statement, ...] | None:
        """Return the layers by which exceptions of a `never` or `denies` stay out, exactly.

        An expansion to a list, as for `allow`, would not ask about the actions of tomorrow.
        """
        if check.verb not in _REFUTING:
            return ()
        layers: list[Statement] = []
        if check.actions_except:
            excepted = attrs.evolve(check, actions=check.actions_except, actions_except=())
            verbs = self._verbs(excepted, None)
            if verbs is None:
                return None
            layers.append(Statement("Allow", Elements(verbs.values, True), Elements(("*",))))
        if check.resources_except:
            excepted = attrs.evolve(check, resources=check.resources_except, resources_except=())
            found = self._resources(excepted, None)
            if not found:
                return None
            layers.append(Statement("Allow", Elements(("*",)), Elements(found.values, True)))
        return tuple(layers)

    def exceptions(
        self, guard: Guard, met: dict[Span, bool]
    ) -> Iterator[tuple[asked.Reference, Span]]:
        """Yield the identities of the place that a guard excepts.

        Args:
            met: whether some place has what is excepted, by where it is named; grows.
        """
        for value in guard.exceptions:
            span = value.span or guard.span
            met.setdefault(span, False)
            for entity in self.entities.all_named(value):
                if entity.kind in IDENTITIES:
                    met[span] = True
                    if entity.home is guard.within:
                        yield reference(entity), span

    def _callers(self, check: Check, entity: Entity | None) -> Principals | Literal[False] | None:
        if check.principals is None:
            if entity is not None and entity.target is not None:
                return self._no_caller(check, entity)
            return None
        if entity is None:
            self.report.add(
                codes.MISPLACED,
                check.span,
                "`to` in a guard, which is about what its identities may do themselves",
                hint="remove `to`; who may assume a role is asked by a `test` of the role",
            )
            return False
        if check.principals_except:
            self.report.add(
                codes.INEXACT_SET,
                check.principals_except[0].span or check.span,
                "`except` in the callers of a check",
                hint="name who asks",
            )
            return False
        pairs = self._pairs(check.principals, check)
        return False if pairs is None else grouped(pairs)

    def _no_caller(self, check: Check, entity: Entity) -> Literal[False]:
        self.report.add(
            codes.MISSING_CLAUSE,
            check.span,
            f"this `{check.verb}` has no `to`",
            label="who asks?",
            notes=[Label(entity.span, "a resource's policy is about those who come")],
            hint="add `to`: a role, `account 111122223333`, `service lambda`, or `anyone`",
        )
        return False

    def _asked_resources(
        self, check: Check, entity: Entity | None
    ) -> Elements | Literal[False] | None:
        """Return the resources of a check: written, or those of a resource policy or a role."""
        if check.resources is not None:
            return self._resources(check, None)
        target = self._target(entity) if entity is not None else None
        if target is not None:
            return Elements((target.arn.replace("*", _OF_ITS_OWN),))
        sts = all(str(a.data).lower().startswith(_ASSUMING) for a in check.actions)
        if entity is not None and entity.kind == "role" and sts:
            return Elements((self.entities.arn(entity),))
        return self._resources(check, None)

    def _known(self, check: asked.Check, *, later: bool) -> bool:
        """Report a check that hangs on what only a deployment knows.

        Args:
            later: whether it is enough if that is known when it is asked.
        """
        texts = [*check.actions.values, *(check.resources or Elements(())).values]
        texts += (
            t for _, values in (check.callers.by_type if check.callers else ()) for t in values
        )
        texts += (v for block in check.blocks for entry in block for v in entry.values)
        texts += (v for values in check.given.values() for v in values)
        names = [n for text in texts if PLACEHOLDER_OPEN in text for n in placeholders(text)]
        if not names:
            return True
        if later:
            return False
        name = names[0].rpartition(" ")[2].replace("aws.url_suffix", "aws.partition")
        message = f"`{name}` is not known, and a check needs every value"
        if not any(d.message == message for d in self.report.diagnostics):  # once for all checks
            hint = f"give it: `--set {name}=…`"
            self.report.add(codes.UNRESOLVED_VALUE, check.span, message, hint=hint)
        return False

    def _at_home(self, check: asked.Check, entity: Entity | None, *, later: bool) -> bool:
        """Report a request of a role or user of an account that is not known; `later` as above."""
        if entity is None or entity.kind not in {"role", "user"} or check.callers is not None:
            return True
        names = [n for n in placeholders(self.entities.arn(entity)) if n != "aws.partition"]
        if names and not later:
            self.report.add(
                codes.UNRESOLVED_VALUE,
                check.span,
                f"the account of the {entity.kind} `{entity.name}` is not known, and it asks here",
                hint=f"give it: `--set {names[0]}=…`, or write it in `iamdsl.toml`",
            )
        return not names

    def _answerable(self, check: asked.Check, entity: Entity | None) -> bool:
        """Report a question that its subject has no answer to."""
        if entity is None or check.callers is None or entity.target is not None:
            return True
        if entity.kind == "role":
            if all(a.lower().startswith(_ASSUMING) for a in check.actions.values):
                return True
            problem = "`to` in a test of a role is about who may assume it"
            hint = "ask for `sts:AssumeRole`, or remove `to`: the role itself asks"
        else:
            problem = f"{with_article(entity.kind.replace('_', ' '))} has no callers"
            hint = "remove `to`: who it is attached to asks"
        self.report.add(codes.UNANSWERABLE_CHECK, check.span, problem, hint=hint)
        return False

"""Random programs, each as text and as what it means: the oracle of the whole compiler.

A generator writes a program and keeps beside every sentence what it says, as plain data; requests
are decided on that data one by one. Of the package only the classes of formulas and the
catalogue's list of names are used: none of the compiler.
"""

from __future__ import annotations

import json
import random
from functools import cache
from typing import TYPE_CHECKING, Literal, TypeAlias

import attrs
from condition_meaning import formula_holds
from iam_documents import ANONYMOUS, Request, glob, is_principal, resource_fits

from iamdsl import resources
from iamdsl.aws import Catalogue
from iamdsl.model.formula import ALWAYS, And, Formula, Not, Or, Test

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from iamdsl.model.formula import Relation

ACCOUNT, OTHER, REGION = "111122223333", "222233334444", "eu-west-1"
HOLE = "\x00"
"""Stands in meanings for the text of a loop's name or of a template's parameter."""
GIVEN = Test("\x01", "String", "exists")
"""Stands for the condition that is given to a template."""

Draw: TypeAlias = random.Random


# What sentences say


@attrs.frozen
class Sentence:
    """One `allow`, `deny` or `trust`.

    Attributes:
        names, gone: action patterns, and those taken away by `except`.
        members: lower-cased actions that are meant by a class such as `@read`.
        who, where: None where the sentence says nothing of it; pairs of type and text, patterns.
    """

    verb: str
    names: tuple[str, ...]
    members: frozenset[str] = frozenset()
    gone: tuple[str, ...] = ()
    where: tuple[str, ...] | None = None
    not_where: tuple[str, ...] = ()
    who: tuple[tuple[str, str], ...] | None = None
    not_who: tuple[tuple[str, str], ...] = ()
    when: Formula = ALWAYS

    def filled(self, text: str, given: Formula = GIVEN) -> Sentence:
        """Return the sentence with a value for the name that it holds, and for the condition."""

        def fill(many: tuple[str, ...]) -> tuple[str, ...]:
            return tuple(one.replace(HOLE, text) for one in many)

        return attrs.evolve(
            self,
            where=None if self.where is None else fill(self.where),
            not_where=fill(self.not_where),
            when=_filled(self.when, text, given),
        )


def _filled(formula: Formula, text: str, given: Formula) -> Formula:
    match formula:
        case And(parts):
            return And(tuple(_filled(p, text, given) for p in parts))
        case Or(parts):
            return Or(tuple(_filled(p, text, given) for p in parts))
        case Not(part):
            return Not(_filled(part, text, given))
        case Test():
            if formula.key == GIVEN.key:
                return given
            values = tuple(v.replace(HOLE, text) for v in formula.values)
            return attrs.evolve(formula, key=formula.key.replace(HOLE, text), values=values)


@cache
def catalogue() -> Catalogue:
    """Return AWS's names; which actions there are is a fact, and no part of the compiler."""
    return Catalogue(resources.open_catalogue())


def _names_action(sentence: Sentence, action: str, *, most: bool) -> bool:
    """Tell whether a sentence names an action.

    What `except` leaves of a pattern in an `allow` is today's actions: one that the catalogue
    lacks is named at `most`, not at least.
    """

    def fits(pattern: str) -> bool:
        return glob(pattern, action, ignoring_case=True)

    lower = action.lower()
    if any(map(fits, sentence.gone)):
        return False
    if lower in sentence.members or lower in (n.lower() for n in sentence.names):
        return True
    if not any(map(fits, sentence.names)):
        return False
    sure = not sentence.gone or "*" in sentence.names or sentence.verb == "deny"
    return sure or most or catalogue().has_action(action)


def _applies(sentence: Sentence, request: Request, *, most: bool) -> bool:
    return (
        _names_action(sentence, request.action, most=most)
        and (sentence.where is None or any(resource_fits(p, request) for p in sentence.where))
        and not any(resource_fits(p, request) for p in sentence.not_where)
        and (sentence.who is None or any(_is(p, request.principal) for p in sentence.who))
        and not any(_is(p, request.principal) for p in sentence.not_who)
        and formula_holds(sentence.when, request.context)
    )


def _is(meant: tuple[str, str], principal: tuple[str, str]) -> bool:
    if meant[0] == "*":
        return True
    return meant[0] == principal[0] and is_principal(*principal, meant[1])


@attrs.define
class Entity:
    """A declaration: what it says itself, whom it trusts, and which policies it attaches."""

    kind: str
    name: str
    header: str = ""
    body: list[str] = attrs.field(factory=list)
    sentences: list[Sentence] = attrs.field(factory=list)
    trusts: list[Sentence] = attrs.field(factory=list)
    attached: list[str] = attrs.field(factory=list)


@attrs.define
class Program:
    """A program as texts, and as what it means."""

    before: list[str]
    entities: list[Entity]
    files: dict[str, str]
    params: dict[str, str]

    @property
    def source(self) -> str:
        """Return the text of its only source."""
        declared = [f"{e.header} {{\n  " + "\n  ".join(e.body) + "\n}" for e in self.entities]
        return "\n".join([*self.before, *declared]) + "\n"

    def shuffled(self, draw: Draw) -> str:
        """Return its source with declarations, and members of bodies, in another order."""
        declared = []
        for entity in self.entities:
            body = draw.sample(entity.body, len(entity.body))
            declared.append(f"{entity.header} {{\n  " + "\n  ".join(body) + "\n}")
        blocks = [*self.before, *declared]
        return "\n".join(draw.sample(blocks, len(blocks))) + "\n"

    def sentences(self, entity: Entity) -> list[Sentence]:
        """Return all that an entity says, by its attached policies too."""
        known = {e.name: e for e in self.entities}
        return [
            *entity.sentences,
            *(s for name in entity.attached for s in known[name].sentences),
        ]


def decision(sentences: Iterable[Sentence], request: Request, *, most: bool) -> tuple[bool, bool]:
    """Return whether some sentence allows a request, and whether some denies it."""
    verbs = {s.verb for s in sentences if _applies(s, request, most=most)}
    return bool(verbs & {"allow", "trust"}), "deny" in verbs


# What programs are made of: text of the source, and what it means

_NAMES = ("b1", "b2", "logs", "x")
_SERVICES: dict[str, tuple[str, ...]] = {
    "s3": ("GetObject", "PutObject", "ListBucket", "Get*", "*Object", "Get?bject*", "Put*Acl", "*"),
    "sqs": ("SendMessage", "ReceiveMessage", "*Message", "Get*", "*"),
    "dynamodb": ("GetItem", "Query", "PutItem", "*Item", "Batch*", "*"),
    "iam": ("PassRole", "GetRole", "Get*", "*Role", "*"),
}
_KINDS: dict[str, tuple[str, ...]] = {
    "s3": ("bucket", "object"), "sqs": ("queue",), "dynamodb": ("table",), "iam": ("role",),
}  # fmt: skip
_CLASSES = ("read", "write", "list", "tagging", "permissions")
_PLACE = f"{REGION}:{ACCOUNT}"


def _built(kind: str, text: str) -> str:
    return {
        "s3:bucket": f"arn:aws:s3:::{text}",
        "s3:object": f"arn:aws:s3:::{text}/*",
        "sqs:queue": f"arn:aws:sqs:{_PLACE}:{text}",
        "dynamodb:table": f"arn:aws:dynamodb:{_PLACE}:table/{text}",
        "iam:role": f"arn:aws:iam::{ACCOUNT}:role/{text}",
    }[kind]


_FIXED_RESOURCES: dict[str, tuple[tuple[str, str], ...]] = {
    "s3": (
        ('s3:object("b1", "in/*")', "arn:aws:s3:::b1/in/*"),
        ("arn:aws:s3:::b1/${aws:username}/*", "arn:aws:s3:::b1/${aws:username}/*"),
        ("arn:aws:s3:::b?", "arn:aws:s3:::b?"),
        ('"arn:aws:s3:::b2/*"', "arn:aws:s3:::b2/*"),
        ("arn:{aws.partition}:s3:::*/x", "arn:aws:s3:::*/x"),
        ("s3:bucket()", "arn:aws:s3:::*"),
        (
            "arn:aws:s3:::b1/${aws:PrincipalTag/b, 'none'}",
            "arn:aws:s3:::b1/${aws:PrincipalTag/b, 'none'}",
        ),
    ),
    "sqs": (
        ('sqs:queue("b*", region="us-east-1")', f"arn:aws:sqs:us-east-1:{ACCOUNT}:b*"),
        (f"sqs:queue(account={OTHER})", f"arn:aws:sqs:{REGION}:{OTHER}:*"),
        ("arn:aws:sqs:*:*:b1", "arn:aws:sqs:*:*:b1"),
        ('SQS:Queue("x")', f"arn:aws:sqs:{_PLACE}:x"),
    ),
    "dynamodb": (
        ("dynamodb:table()", f"arn:aws:dynamodb:{_PLACE}:table/*"),
        (
            'dynamodb:index("b1", "*")',
            f"arn:aws:dynamodb:{_PLACE}:table/b1/index/*",
        ),
    ),
    "iam": (
        ("helper", f"arn:aws:iam::{ACCOUNT}:role/team/helper"),
        ('iam:role("team/*")', f"arn:aws:iam::{ACCOUNT}:role/team/*"),
        (f"iam:role(account={OTHER})", f"arn:aws:iam::{OTHER}:role/*"),
    ),
}

Family: TypeAlias = Literal["String", "Numeric", "Date", "Bool", "IpAddress", "Arn"]
KEYS: dict[Family, tuple[str, ...]] = {
    "String": ("aws:PrincipalTag/team", "aws:username", "s3:prefix", "aws:PrincipalOrgID"),
    "Numeric": ("s3:max-keys", "aws:MultiFactorAuthAge"),
    "Date": ("aws:CurrentTime", "aws:TokenIssueTime"),
    "Bool": ("aws:SecureTransport", "aws:MultiFactorAuthPresent"),
    "IpAddress": ("aws:SourceIp", "aws:VpcSourceIp"),
    "Arn": ("aws:SourceArn", "aws:PrincipalArn"),
}
MANY = ("aws:TagKeys", "aws:CalledVia", "dynamodb:LeadingKeys")
_VALUES: dict[Family, tuple[tuple[str, str], ...]] = {
    "String": (
        *((f'"{t}"', t) for t in ("x", "X", "a*b", "", "x y", "é", "b1", "a?")), ('"${$}{{v}}"', "${$}{v}"),
        (OTHER, OTHER), ("aws:PrincipalTag/b", "${aws:PrincipalTag/b}"),
        ("aws:RequestTag/b", "${aws:RequestTag/b}"), ('"${aws:username}"', "${aws:username}"),
        ("\"p-${aws:username, 'anyone'}\"", "p-${aws:username, 'anyone'}"),
        ('"q\\"\\\\"', 'q"\\'), ('"a{{b}}"', "a{b}"), ('"a${*}b"', "a${*}b"),
    ),
    "Numeric": (("5", "5"), ("5.50", "5.5"), ("0", "0"), ("1h", "3600"), ("10", "10"), ("-3", "-3")),
    "Date": (
        ("2026-12-31", "2026-12-31T00:00:00Z"),
        ("2026-06-01T12:00+02:00", "2026-06-01T10:00:00Z"),
        ("2026-06-01T10:00Z", "2026-06-01T10:00:00Z"),
    ),
    "Bool": (("true", "true"), ("false", "false")),
    "IpAddress": (
        ("10.0.0.0/8", "10.0.0.0/8"), ("203.0.113.9", "203.0.113.9/32"),
        ("203.0.113.77/24", "203.0.113.0/24"), ("2001:db8::/32", "2001:db8::/32"),
    ),
    "Arn": (
        ("arn:aws:s3:::b1", "arn:aws:s3:::b1"), ("helper", f"arn:aws:iam::{ACCOUNT}:role/team/helper"),
        ('sqs:queue("b1")', f"arn:aws:sqs:{_PLACE}:b1"), ("arn:aws:s3:::b*", "arn:aws:s3:::b*"),
        ("arn:aws:s3:::${aws:username}", "arn:aws:s3:::${aws:username}"),
    ),
}  # fmt: skip
_PATTERNS: dict[str, tuple[tuple[str, str], ...]] = {
    "String": tuple(
        (f'"{t}"', t) for t in ("x*", "?x", "*", "a${*}b*", "${aws:username}*", "", "X")
    ),
    "Arn": tuple(
        (t, t)
        for t in (
            "arn:aws:s3:::b*",
            "arn:*:sqs:*:*:b1",
            "arn:aws:iam::*:role/team/*",
            "arn:aws:s3:::b?",
        )
    ),
}
SEEN: dict[Family, tuple[str, ...]] = {
    "String": (
        "x", "X", "a*b", "", "ab", "x y", "é", "b1", "xx", "${v}", OTHER, "anyone", "p-x", "a?",
        "p-anyone", 'q"\\', "a{b}", "logs", "p",
    ),
    "Numeric": ("0", "5", "5.5", "7", "3600", "10", "-3", "4000"),
    "Date": ("2026-12-31T00:00:00Z", "2026-06-01T10:00:00Z", "2026-06-01T11:00:00Z", "2027-01-01T00:00:00Z"),
    "Bool": ("true", "false", "TRUE"),
    "IpAddress": ("10.1.2.3", "203.0.113.9", "203.0.113.10", "2001:db8::7", "2001:db9::1", "192.0.2.1"),
    "Arn": (
        "arn:aws:s3:::b1", "arn:aws:s3:::b*", "arn:aws:s3:::x", f"arn:aws:sqs:{_PLACE}:b1",
        f"arn:aws:iam::{ACCOUNT}:role/team/helper", f"arn:aws:iam::{OTHER}:role/x", "arn:aws:s3:::b",
    ),
}  # fmt: skip
"""Values that requests hold."""

_HEX = "ab" * 32
_PRINCIPALS: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = (
    (f"account {OTHER}", (("AWS", OTHER),)),
    ("account aws.account", (("AWS", ACCOUNT),)),
    (f"account [{OTHER}, 000000000001]", (("AWS", OTHER), ("AWS", "000000000001"))),
    ("account *", (("AWS", "*"),)),
    ("service lambda", (("Service", "lambda.amazonaws.com"),)),
    ('service "events.amazonaws.com"', (("Service", "events.amazonaws.com"),)),
    (f"arn:aws:iam::{OTHER}:role/x", (("AWS", f"arn:aws:iam::{OTHER}:role/x"),)),
    (f"arn:aws:iam::{OTHER}:root", (("AWS", OTHER),)),
    ("helper", (("AWS", f"arn:aws:iam::{ACCOUNT}:role/team/helper"),)),
)
_FEDERATED: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = (
    (
        'oidc "oidc.example.com"',
        (
            (
                "Federated",
                f"arn:aws:iam::{ACCOUNT}:oidc-provider/oidc.example.com",
            ),
        ),
    ),
    (
        f"arn:aws:iam::{OTHER}:saml-provider/okta",
        (("Federated", f"arn:aws:iam::{OTHER}:saml-provider/okta"),),
    ),
    ("service pods.eks", (("Service", "pods.eks.amazonaws.com"),)),
)
CALLERS = (
    ("AWS", f"arn:aws:iam::{ACCOUNT}:role/team/helper"), ("AWS", f"arn:aws:iam::{OTHER}:role/x"),
    ("AWS", f"arn:aws:iam::{OTHER}:user/y"), ("AWS", "arn:aws:iam::000000000001:role/z"),
    ("AWS", "arn:aws:iam::999999999999:role/x"), ("Service", "lambda.amazonaws.com"),
    ("Service", "events.amazonaws.com"), ("Service", "pods.eks.amazonaws.com"),
    ("Federated", f"arn:aws:iam::{OTHER}:saml-provider/okta"),
    ("Federated", f"arn:aws:iam::{ACCOUNT}:oidc-provider/oidc.example.com"),
    ("CanonicalUser", _HEX), ANONYMOUS,
)  # fmt: skip
STS = (
    "sts:AssumeRole",
    "sts:TagSession",
    "sts:AssumeRoleWithSAML",
    "sts:AssumeRoleWithWebIdentity",
)

_TARGETS: dict[str, tuple[str, str, str]] = {
    "s3": ('s3:bucket("b1")', "arn:aws:s3:::b1", "arn:aws:s3:::b1"),
    "sqs": ('sqs:queue("b1")', f"arn:aws:sqs:{_PLACE}:b1", f"arn:aws:sqs:{_PLACE}:b1"),
    "kms": ("kms:key()", "*", f"arn:aws:kms:{_PLACE}:key/k"),
}
"""What a resource policy may be for: its text, what `self` is written as, a resource."""


_RELATIONS: dict[str, Relation] = {
    "<": "less", "<=": "less-equals", ">": "greater", ">=": "greater-equals",
}  # fmt: skip


class Writer:
    """Writes one program, sentence by sentence."""

    def __init__(self, draw: Draw) -> None:
        self.draw = draw
        self.before: list[str] = []
        self.files: dict[str, str] = {}
        self.flag, self.env = draw.random() < 0.5, draw.choice(("dev", "prod"))
        self.count = 0
        self.conditions: list[tuple[str, Formula]] = []
        self.templates: list[tuple[str, list[Sentence], bool]] = []

    def fresh(self, word: str) -> str:
        """Return a name that nothing has yet."""
        self.count += 1
        return f"{word}_{self.count}"

    def often(self, chance: float) -> bool:
        """Return whether something of that probability is so this time."""
        return self.draw.random() < chance

    # Lists of plain texts

    def texts(self, values: Sequence[str]) -> str:
        """Return the source of a list of texts, in one of the ways to have one."""
        written = ", ".join(f'"{v}"' for v in values)
        match self.draw.randrange(5):
            case 0:
                name = self.fresh("texts")
                self.before.append(f"let {name} = [{written}]")
                return name
            case 1:
                name = self.fresh("data")
                rows: list[dict[str, object]] = [{"name": v} for v in values]
                rows.insert(self.draw.randint(0, len(rows)), {"name": "off", "live": False})
                self.files[f"{name}.json"] = json.dumps(rows)
                kind = "List[{ name: String, live: Bool = true }]"
                self.before.append(f'import "./{name}.json" as {name}: {kind}')
                return f"[r.name for r in {name} if r.live]"
            case 2:
                return f'[v for v in [{written}, "off"] if v != "off"]'
            case _:
                return f"[{written}]"

    def named(self, values: Sequence[str]) -> str:
        """Return the name of a list of texts."""
        name = self.fresh("list")
        self.before.append(f"let {name} = {self.texts(values)}")
        return name

    # Conditions

    def formula(self, depth: int, hole: str | None) -> tuple[str, Formula, str]:
        """Return a condition: text, meaning, and the connective that it has outside."""
        roll = self.draw.random()
        if depth <= 0 or roll < 0.35:
            return (*self.atom(hole), "atom")
        if roll < 0.5:
            text, meant, outside = self.formula(depth - 1, hole)
            return f"not {text}" if outside == "atom" else f"not ({text})", Not(meant), "not"
        if roll < 0.6 and self.conditions:
            name, meant = self.draw.choice(self.conditions)
            return name, meant, "atom"
        if roll < 0.68:
            return (*self._fold(depth, hole), "atom")
        if roll < 0.73:
            return (*self._constant(), "atom")
        word = self.draw.choice(("and", "or"))
        parts = [self.formula(depth - 1, hole) for _ in range(self.draw.choice((2, 2, 3)))]
        texts = [f"({t})" if o in ("and", "or") or self.often(0.05) else t for t, _, o in parts]
        meanings = tuple(m for _, m, _ in parts)
        return f" {word} ".join(texts), And(meanings) if word == "and" else Or(meanings), word

    def _constant(self) -> tuple[str, Formula]:
        text, truth = self.truth()
        return f"({text})", And(()) if truth else Or(())

    def truth(self) -> tuple[str, bool]:
        """Return a condition that is decided by the params."""
        return self.draw.choice(
            (
                ("flag", self.flag), ("not flag", not self.flag),
                ('env == "prod"', self.env == "prod"), ('env in ["dev", "test"]', self.env == "dev"),
                ('env like "p*" and flag', self.env == "prod" and self.flag),
                ('(env != "prod" or flag)', self.env != "prod" or self.flag),
            )
        )  # fmt: skip

    def _fold(self, depth: int, hole: str | None) -> tuple[str, Formula]:
        kind = self.draw.choice(("all", "any"))
        join: Callable[[tuple[Formula, ...]], Formula] = And if kind == "all" else Or
        if self.often(0.5):
            tags = self.draw.sample(("team", "b", "cost"), self.draw.randint(1, 2))
            operator = self.draw.choice(("==", "!="))
            text = f"{kind}([aws:ResourceTag/{{t}} {operator} aws:PrincipalTag/{{t}} for t in {self.texts(tags)}])"
            return text, join(
                tuple(
                    Test(
                        f"aws:ResourceTag/{t}",
                        "String",
                        "equals",
                        (f"${{aws:PrincipalTag/{t}}}",),
                        operator == "!=",
                    )
                    for t in tags
                )
            )
        parts = [self.formula(depth - 1, hole) for _ in range(self.draw.randint(1, 3))]
        return f"{kind}([{', '.join(t for t, _, _ in parts)}])", join(tuple(m for _, m, _ in parts))

    def atom(self, hole: str | None) -> tuple[str, Formula]:
        """Return one test of a key."""
        if self.often(0.2):
            return self._many()
        family: Family = self.draw.choice(("String", "String", "String", *KEYS))
        key = self.draw.choice(KEYS[family])
        spelled = key.upper() if self.often(0.05) else key.lower() if self.often(0.1) else key
        if hole and family == "String" and self.often(0.5):
            key, spelled = f"aws:RequestTag/{HOLE}", f"aws:RequestTag/{{{hole}}}"
        roll = self.draw.random()
        if roll < 0.15:
            word = self.draw.choice(("exists", "missing"))
            return f"{spelled} {word}", Test(key, "String", "exists", (), word == "missing")
        if family == "Bool" and roll < 0.6:
            return spelled, Test(key, "Bool", "equals", ("true",))
        optional = self.often(0.25)
        ask = spelled + "?" * optional
        if family in ("Numeric", "Date") and roll < 0.7:
            sign = self.draw.choice(("<", "<=", ">", ">="))
            text, value = self.draw.choice(_VALUES[family])
            meant = Test(key, family, _RELATIONS[sign], (value,), optional=optional)
            return f"{ask} {sign} {text}", meant
        return self._compared(ask, key, family, hole, optional=optional)

    def _compared(
        self,
        ask: str,
        key: str,
        family: Family,
        hole: str | None,
        *,
        optional: bool,
        quantifier: str = "",
    ) -> tuple[str, Formula]:
        like = family in _PATTERNS and self.often(0.35)
        pool = list(_PATTERNS[family] if like else _VALUES[family])
        if hole and family == "String":
            pool += [(f'"{{{hole}}}"', HOLE), (hole, HOLE)] * 3
        negated = self.often(0.4)
        count = self.draw.choice((1, 1, 1, 2, 3)) if family != "Bool" else 1
        chosen = self.draw.sample(pool, min(count, len(pool)))
        values = tuple(v for _, v in chosen)
        one = {False: ("==", "in", "like"), True: ("!=", "not in", "not like")}[negated]
        if like:
            word = one[2]
        elif family == "IpAddress" or len(chosen) > 1:
            word = one[1]
        else:
            word = one[0]
        text = chosen[0][0] if len(chosen) == 1 and self.often(0.9) else ""
        if not text or word in ("in", "not in"):
            text = "[" + ", ".join(t for t, _ in chosen) + "]"
        ignoring = family == "String" and not like and self.often(0.12)
        ignoring &= not any("${$}" in v for v in values)  # IAM has no way to say it
        if word in ("in", "not in") and family == "String" and self.often(0.25):
            plain = self.draw.sample(_NAMES, self.draw.randint(1, 3))
            text, values = self.texts(plain), tuple(plain)
        quantified = {"any": "any", "all": "all"}.get(quantifier)
        meant = Test(
            key, family, "like" if like else "equals", values, negated, optional,
            quantified, ignoring,  # type: ignore[arg-type]
        )  # fmt: skip
        return f"{ask} {word} {text}{' ignoring case' if ignoring else ''}", meant

    def _many(self) -> tuple[str, Formula]:
        key = self.draw.choice(MANY)
        if self.often(0.2):
            word = self.draw.choice(("exists", "missing"))
            return f"{key} {word}", Test(key, "String", "exists", (), word == "missing")
        quantifier = self.draw.choice(("any", "all"))
        optional = self.often(0.2)
        text, meant = self._compared(
            key + "?" * optional, key, "String", None, optional=optional, quantifier=quantifier
        )
        return f"{quantifier} {text}", meant

    # Parts of sentences

    def actions(
        self, verb: str, service: str, kinds: tuple[str, ...] | None
    ) -> tuple[str, tuple[str, ...], frozenset[str]]:
        """Return items of an action list: text, patterns, and members of classes.

        Args:
            kinds: the resource types that the sentence is on, None for all.
        """
        texts: list[str] = []
        names: list[str] = []
        members: set[str] = set()
        for _ in range(self.draw.choice((1, 1, 2, 3))):
            of = self.draw.choice((service, service, service, *_SERVICES))
            name = self.draw.choice(_SERVICES[of])
            full = f"{of}:{name}"
            match self.draw.randrange(10):
                case 0:
                    texts.append(f'"{of}:NewThing"')
                    names.append(f"{of}:NewThing")
                case 1:
                    texts.append(f'"{full.upper()}"')
                    names.append(full)
                case 2:
                    several = self.draw.sample(_SERVICES[of], 2)
                    texts.append(f"{of}:[{', '.join(several)}]")
                    names += (f"{of}:{s}" for s in several)
                case 3 if verb == "allow":
                    level = self.draw.choice(_CLASSES)
                    found = _members(of, level, kinds)
                    if found:
                        texts.append(self.draw.choice((f"{of}:@{level}", f"{of}:[@{level}]")))
                        members |= found
                case 4:
                    several = self.draw.sample(_SERVICES[of], 2)
                    let = self.fresh("acts")
                    written = self.draw.choice(
                        (
                            f"{of}:[{', '.join(several)}]",
                            "[" + ", ".join(f"{of}:{s}" for s in several) + "]",
                        )
                    )
                    self.before.append(f"let {let} = {written}")
                    texts.append(let)
                    names += (f"{of}:{s}" for s in several)
                case 5:
                    texts.append(full.replace(of, of.upper(), 1))
                    names.append(full)
                case _:
                    texts.append(full)
                    names.append(full)
        if not texts:
            texts, names = [f"{service}:*"], [f"{service}:*"]
        return ", ".join(texts), tuple(names), frozenset(members)

    def resources(
        self, service: str, hole: str | None
    ) -> tuple[str, tuple[str, ...], set[str] | None]:
        """Return items of a resource list: text, patterns, and the types of builders in it."""
        texts: list[str] = []
        patterns: list[str] = []
        kinds: set[str] | None = set()
        for _ in range(self.draw.choice((1, 1, 2, 3))):
            of = self.draw.choice((service, service, *_SERVICES))
            kind = f"{of}:{self.draw.choice(_KINDS[of])}"
            roll = self.draw.random()
            if roll < 0.15:
                texts.append("*")
                patterns.append("*")
                kinds = None
                continue
            if hole and roll < 0.6:
                texts.append(f'{kind}("{{{hole}}}")')
                patterns.append(_built(kind, HOLE))
            elif roll < 0.5:
                text, pattern = self.draw.choice(_FIXED_RESOURCES[of])
                texts.append(text)
                patterns.append(pattern)
                kinds = None if kinds is None else kinds | {"?"}
                continue
            elif roll < 0.65:
                several = self.draw.sample(_NAMES, 2)
                texts.append(f'{kind}("{{{self.named(several)}}}")')
                patterns += (_built(kind, s) for s in several)
            elif roll < 0.72:
                several = self.draw.sample(_NAMES, 2)
                texts.append(f"[{kind}(n) for n in {self.texts(several)}]")
                patterns += (_built(kind, s) for s in several)
            else:
                name = self.draw.choice((*_NAMES, "b*", "l?gs"))
                let = self.fresh("res") if self.often(0.2) else ""
                written = f'{kind}("{name}")'
                if let:
                    self.before.append(f"let {let} = {written}")
                texts.append(let or written)
                patterns.append(_built(kind, name))
            if kinds is not None:
                kinds.add(kind)
        return ", ".join(texts), tuple(patterns), kinds

    def principals(self, target: str) -> tuple[str, tuple[tuple[str, str], ...]]:
        """Return a list of principals of a resource policy; canonical users are S3's only."""
        if self.often(0.15):
            return "anyone", (("*", "*"),)
        canonical = ((f'canonical "{_HEX}"', (("CanonicalUser", _HEX),)),)
        pool = (*_PRINCIPALS, *(canonical if target == "s3" else ()))
        chosen = self.draw.sample(pool, self.draw.choice((1, 1, 2, 3)))
        return ", ".join(t for t, _ in chosen), tuple(p for _, pairs in chosen for p in pairs)

    # Sentences

    def sentence(
        self, kind: str, hole: str | None = None, target: str = "", given: str = ""
    ) -> tuple[str, Sentence]:
        """Return one sentence of an entity of a kind, as text and as what it says.

        Args:
            hole: the name whose text it may hold.
            target: the service of a resource policy.
            given: the name of a condition to hold.
        """
        verb = "deny" if kind == "rcp" or self.often(0.35) else "allow"
        service = target or self.draw.choice(tuple(_SERVICES))
        clauses: list[str] = []
        where, not_where, kinds, who, not_who = self._about(verb, service, target, hole, clauses)
        exact = None if kinds is None or "?" in kinds else tuple(kinds)
        classes = verb if kinds is None or exact is not None else "none"
        head, names, members, gone = self._verbs(kind, verb, service, target, classes, exact)
        parts: list[Formula] = []
        for word, chance in (("when", 0.65), ("unless", 0.25)):
            if not self.often(chance) and not (given and word == "when"):
                continue
            text, meant, _ = self.formula(self.draw.choice((0, 1, 1, 2, 3)), hole)
            if given and word == "when":
                text, meant = f"{given} and ({text})", And((GIVEN, meant))
            clauses.append(f"{word} {text}")
            parts.append(meant if word == "when" else Not(meant))
        self.draw.shuffle(clauses)
        says = Sentence(
            verb, names, members, gone, where, not_where, who, not_who, And(tuple(parts))
        )  # fmt: skip
        return f"{verb} {head} {' '.join(clauses)}", says

    def _verbs(
        self,
        kind: str,
        verb: str,
        service: str,
        target: str,
        classes: str,
        exact: tuple[str, ...] | None,
    ) -> tuple[str, tuple[str, ...], frozenset[str], tuple[str, ...]]:
        names: tuple[str, ...]
        if target == "kms":
            return "kms:*", ("kms:*",), frozenset(), ()
        if kind == "rcp":
            return "s3:*, sqs:Get*", ("s3:*", "sqs:Get*"), frozenset(), ()
        if self.often(0.15):
            head, names, members = "*", ("*",), frozenset[str]()
        else:
            head, names, members = self.actions(classes, service, exact)
        gone: tuple[str, ...] = ()
        if ("*" in names and self.often(0.7)) or (verb == "allow" and self.often(0.2)):
            text, gone, _ = self.actions("deny", service, exact)
            head += f" except {text}"
        return head, names, members, gone

    def _about(
        self, verb: str, service: str, target: str, hole: str | None, clauses: list[str]
    ) -> tuple[
        tuple[str, ...] | None,
        tuple[str, ...],
        set[str] | None,
        tuple[tuple[str, str], ...] | None,
        tuple[tuple[str, str], ...],
    ]:
        """Write `to` and `on`, and return what they mean."""
        who: tuple[tuple[str, str], ...] | None = None
        not_who: tuple[tuple[str, str], ...] = ()
        if target:
            text, who = self.principals(target)
            if verb == "deny" and self.often(0.15):
                others, not_who = self.principals(target)
                if {("*", "*"), ("AWS", "*")} & set(not_who):
                    others, not_who = f"account {OTHER}", (("AWS", OTHER),)
                text, who = f"anyone except {others}", (("*", "*"),)
            clauses.append(f"to {text}")
            itself = _TARGETS[target][1]
            if target != "s3" or self.often(0.4):
                if self.often(0.5):
                    clauses.append("on self")
                return (itself,), (), {"?"}, who, not_who
            clauses.append('on self, "{self}/*"')
            return (itself, f"{itself}/*"), (), {"?"}, who, not_who
        text, where, kinds = self.resources(service, hole)
        not_where: tuple[str, ...] = ()
        if "*" in where and self.often(0.5):
            others, not_where, _ = self.resources(service, hole)
            text += f" except {others}"
        clauses.append(f"on {text}")
        return where, not_where, kinds, who, not_who

    # Bodies

    def member(self, kind: str, target: str = "") -> tuple[str, list[Sentence]]:
        """Return a member of a body: a sentence, a loop, a choice or the use of a template."""
        roll = self.draw.random()
        if roll < 0.62:
            text, says = self.sentence(kind, None, target)
            return self._with_sid(text, kind), [says]
        if roll < 0.76:
            values = self.draw.sample(_NAMES, self.draw.randint(1, 3))
            name = self.fresh("x")
            if self.templates and not target and kind != "rcp" and self.often(0.3):
                text, filled = self._use(name)
                return f"for {name} in {self.texts(values)} {{ {text} }}", [
                    s.filled(v) for v in values for s in filled
                ]
            text, says = self.sentence(kind, name, target)
            loop = f"for {name} in {self.texts(values)} {{ {text} }}"
            kept = values
            if self.often(0.2):
                loop = loop.replace(" {", f' if {name} != "{values[0]}" {{', 1)
                kept = values[1:]
            return loop, [says.filled(v) for v in kept]
        if roll < 0.88 or target or kind == "rcp" or not self.templates:
            test, truth = self.truth()
            text, says = self.sentence(kind, None, target)
            if self.often(0.5):
                return f"if {test} {{ {text} }}", [says] if truth else []
            other, instead = self.sentence(kind, None, target)
            return f"if {test} {{ {text} }} else {{ {other} }}", [says if truth else instead]
        return self._use(None)

    def _with_sid(self, text: str, kind: str) -> str:
        if not self.often(0.15):
            return text
        name = self.fresh("Sid").replace("_", "")
        return (
            f"{text} as {name}" if kind != "resource" or self.often(0.5) else f'{text} as "{name}"'
        )

    def _use(self, name: str | None) -> tuple[str, list[Sentence]]:
        template, sentences, takes = self.draw.choice(self.templates)
        arguments: list[str] = []
        value = self.draw.choice(_NAMES)
        if name:
            arguments.append(name)
        elif self.often(0.3):
            value = "b1"  # the default
        elif self.often(0.5):
            arguments.append(f'"{value}"')
        else:
            arguments.append(f'a = "{value}"')
        given: Formula = And(())
        if takes:
            text, given, _ = self.formula(1, None)
            arguments.append(f"c = {text}")
        call = f"use {template}({', '.join(arguments)})"
        return call, [s.filled(HOLE if name else value, given) for s in sentences]

    def template(self) -> None:
        """Declare a template of statements."""
        name, takes = self.fresh("t"), self.often(0.5)
        members = [
            self.sentence("policy", "a", given="c" if takes else "")
            for _ in range(self.draw.randint(1, 2))
        ]
        header = 'a: String = "b1"' + (", c: Condition" if takes else "")
        self.before.append(
            f"template {name}({header}) {{\n  " + "\n  ".join(t for t, _ in members) + "\n}"
        )
        self.templates.append((name, [s for _, s in members], takes))

    def trusts(self) -> Iterator[tuple[str, list[Sentence]]]:
        """Yield the `trust`s of a role."""
        for _ in range(self.draw.choice((1, 1, 2))):
            chosen = self.draw.sample((*_PRINCIPALS, *_FEDERATED), self.draw.choice((1, 1, 2, 3)))
            text = ", ".join(t for t, _ in chosen)
            pairs = tuple(p for _, several in chosen for p in several)
            when, condition = "", And(())
            if self.often(0.6):
                said, meant, _ = self.formula(1, None)
                when, condition = f" when {said}", And((meant,))
            implied = {_implied(p)[0] for p in pairs}
            if len(implied) == 1 and self.often(0.4):  # one call, which must fit the principals
                own = implied.pop().removeprefix("sts:")
                names = self.draw.sample((own, "TagSession"), self.draw.randint(1, 2))
                yield (
                    f"trust sts:[{', '.join(names)}] to {text}{when}",
                    [
                        Sentence(
                            "trust", tuple(f"sts:{n}" for n in names), who=pairs, when=condition
                        )
                    ],
                )
            else:
                yield (
                    f"trust {text}{when}",
                    [Sentence("trust", _implied(p), who=(p,), when=condition) for p in pairs],
                )

    # The whole

    def entity(self, kind: str, policies: list[str]) -> Entity:
        """Return a declaration."""
        entity = Entity(kind, self.fresh(kind).replace("_", "-"))
        target = self.draw.choice(tuple(_TARGETS)) if kind == "resource" else ""
        body: list[str] = []
        for _ in range(self.draw.choice((1, 2, 3, 4))):
            text, sentences = self.member(kind, target)
            body.append(text)
            entity.sentences += sentences
        if kind in ("role", "user", "group", "permission_set") and policies and self.often(0.6):
            entity.attached = self.draw.sample(policies, 1)
            body.append(f"attach {', '.join(entity.attached)}")
        if kind == "role":
            for text, sentences in self.trusts():
                body.append(text)
                entity.trusts += sentences
            if self.often(0.3):
                body.append(f"place {self.draw.choice(('auto', 'inline', 'managed'))}")
        self.draw.shuffle(body)
        entity.header = f"{kind} {entity.name}"
        if target:
            entity.header = f"policy {entity.name} for {_TARGETS[target][0]}"
        entity.body = body
        return entity


def _implied(principal: tuple[str, str]) -> tuple[str, ...]:
    """Return the actions that trusting a principal takes."""
    if principal[0] == "Federated":
        return (
            "sts:AssumeRoleWithSAML" if "saml" in principal[1] else "sts:AssumeRoleWithWebIdentity",
        )
    if principal[1].startswith("pods.eks"):
        return ("sts:AssumeRole", "sts:TagSession")
    return ("sts:AssumeRole",)


@cache
def _members(service: str, level: str, kinds: tuple[str, ...] | None) -> frozenset[str]:
    """Return the actions of a class that apply to some of the types, lower-cased."""
    own = (
        None
        if kinds is None
        else {k.partition(":")[2] for k in kinds if k.startswith(f"{service}:")}
    )
    return frozenset(
        action.name.lower()
        for action in catalogue().actions(service)
        if level == action.levels[0] and (own is None or own & {r.type for r in action.resources})
    )


_ENTITIES = ("policy", "policy", "role", "role", "resource", "boundary", "scp", "user", "group",
             "permission_set", "rcp", "session")  # fmt: skip


def program(draw: Draw) -> Program:
    """Return a random program."""
    writer = Writer(draw)
    for _ in range(draw.choice((0, 1, 2))):
        name = writer.fresh("cond")
        text, meant, _ = writer.formula(2, None)
        writer.before.append(f"let {name} = {text}")
        writer.conditions.append((name, meant))
    for _ in range(draw.choice((0, 0, 1, 2))):
        writer.template()
    made: list[Entity] = []
    for _ in range(draw.choice((1, 1, 2, 3))):
        known = [e.name for e in made if e.kind == "policy"]
        made.append(writer.entity(draw.choice(_ENTITIES), known))
    params = {"flag": "true" if writer.flag else "false"}
    if writer.env != "dev" or draw.random() < 0.5:
        params["env"] = writer.env
    return Program([*_FIXED, *writer.before], made, writer.files, params)


_FIXED = (
    'param env: "dev" | "prod" = "dev"',
    "param flag: Bool",
    'role helper { path "/team/" trust service ec2 }',
)


def large_program(draw: Draw, kind: str) -> Program:
    """Return a program whose only entity, of that kind, is too large for one document."""
    writer = Writer(draw)
    entity = Entity(kind, "large", f"{kind} large")
    if kind == "role":
        entity.body.append("trust service lambda")
        entity.trusts.append(Sentence("trust", _implied(("Service", "")), who=_PRINCIPALS[4][1]))
    for number in range(draw.choice((3, 5, 8))):
        values = [f"{name}-{number}-{i}-{'long' * 6}" for i in range(12) for name in _NAMES]
        name = writer.fresh("x")
        text, says = writer.sentence(kind, name)
        resource = f"[s3:object(n) for n in {writer.texts(values)}]"
        if draw.random() < 0.5 and "*" not in (says.where or ()):
            text = text.replace(" on ", f" on {resource}, ", 1)
            where = (*(_built("s3:object", v) for v in values), *(says.where or ()))
            says = attrs.evolve(says, where=where)
        some = draw.sample(values, draw.randint(2, 12))
        entity.body.append(f"for {name} in {writer.texts(some)} {{ {text} }}")
        entity.sentences += [says.filled(v) for v in some]
    params = {"flag": "true" if writer.flag else "false", "env": writer.env}
    return Program([*_FIXED, *writer.before], [entity], writer.files, params)


# Requests


def requests(draw: Draw, sentences: Sequence[Sentence], number: int) -> Iterator[Request]:
    """Yield requests that are near to what the sentences speak of."""
    keys = sorted({k for s in sentences for k in _keys(s.when)}) or ["aws:username"]
    trusted = any(s.verb == "trust" for s in sentences)
    for _ in range(number):
        near = draw.choice(sentences) if sentences else Sentence("allow", ("*",), where=("*",))
        context: dict[str, str | tuple[str, ...]] = {}
        for key in sorted({*keys, "aws:username", "aws:principaltag/b"}):
            family = _family(key)
            if key in _MANY_LOWER:
                many = draw.choices(SEEN["String"], k=draw.choice((0, 1, 1, 2)))
                if many:
                    context[key] = tuple(many)
            elif draw.random() < 0.75:
                context[key] = draw.choice(SEEN[family])
        action = draw.choice(STS) if trusted else _action(draw, near)
        if draw.random() < 0.2:
            action = draw.choice((action.upper(), action.lower()))
        resource = _resource(draw, draw.choice(near.where or ("arn:aws:s3:::b1",)), context)
        who = draw.choice(CALLERS)
        if near.who and draw.random() < 0.5:
            fitting = [c for c in CALLERS if any(_is(p, c) for p in near.who)]
            who = draw.choice(fitting or CALLERS)
        yield Request(action, resource, who, context)


def _keys(formula: Formula) -> Iterator[str]:
    match formula:
        case And(parts) | Or(parts):
            for part in parts:
                yield from _keys(part)
        case Not(part):
            yield from _keys(part)
        case Test():
            yield formula.key.lower()


_MANY_LOWER = {k.lower() for k in MANY}
_FAMILIES: dict[str, Family] = {k.lower(): f for f, keys in KEYS.items() for k in keys}


def _family(key: str) -> Family:
    return _FAMILIES.get(key, "String")


def _action(draw: Draw, near: Sentence) -> str:
    roll = draw.random()
    if roll < 0.1:
        return draw.choice(
            ("s3:NewThing", "s3:GetNewThing", "iam:DeleteRole", "ec2:RunInstances", "sqs:Other")
        )
    if near.members and roll < 0.4:
        return draw.choice(sorted(near.members))
    pattern = draw.choice((*near.names, *near.names, *near.gone) or ("s3:GetObject",))
    if "*" in pattern or "?" in pattern:
        if roll < 0.8 and (known := catalogue().match(pattern)):
            return draw.choice(known)
        return (
            pattern.replace("*", draw.choice(("", "X", "Object"))).replace("?", "O")
            if ":" in pattern
            else "s3:X"
        )
    return pattern


def _resource(draw: Draw, pattern: str, context: dict[str, str | tuple[str, ...]]) -> str:
    if pattern == "*" or draw.random() < 0.15:
        of = draw.choice(tuple(_KINDS))
        pattern = _built(f"{of}:{draw.choice(_KINDS[of])}", draw.choice(_NAMES))
    for name in ("aws:username", "aws:PrincipalTag/b", "aws:PrincipalTag/b, 'none'"):
        value = context.get(name.partition(",")[0].lower(), "none")
        pattern = pattern.replace("${" + name + "}", draw.choice((str(value), "none", "x")))
    text = pattern.replace("*", draw.choice(("", "x", "in/x", "b1"))).replace(
        "?", draw.choice(("1", "o"))
    )
    if draw.random() < 0.15:
        text = draw.choice((text + "x", text[:-1], text + "/x"))
    return text

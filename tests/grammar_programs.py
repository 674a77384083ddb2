"""Programs written by the grammar itself: `grammar/iamdsl.lark`, walked at random.

Every alternative of every rule can come, so that a construct added to the grammar is tried at
once. Only where something means something is it steered: a text that fits its place (an action
after `allow`, a formula after `when`) is taken from a pool with a likelihood that is drawn for the
program, so that some programs are wild and others compile.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import lark
from hypothesis import strategies as st

if TYPE_CHECKING:
    from random import Random

ROOT = Path(__file__).parent.parent
MAX_DEPTH = 14
SIZE = 400
"""Tokens after which a program is brought to its end by the shortest way."""

PREAMBLE = """param env: "dev" | "prod" = "dev"
let t = "team"
let xs = ["a", "b"]
let n = 3
let yes = env == "dev"
let rec = { a = "x", c = false, n = 1, xs = ["p", "q"] }
let bkt = s3:bucket("lake")
let orders = dynamodb:table("orders")
let acts = [s3:GetObject, sqs:SendMessage]
let near = aws:SourceIp in [10.0.0.0/8]
let owner = aws:PrincipalTag/team
template tpl(q: String, more: List[String] = []) {
  allow s3:GetObject on "arn:aws:s3:::{q}/x" when aws:PrincipalTag/{q} == q
}
template team(name: String) {
  policy "{name}-x" { allow s3:GetObject on s3:object(name) }
}
scp s1 { deny s3:PutObject on * unless aws:SecureTransport }
policy p1 { allow s3:GetObject on * }
boundary edge { allow * on * }
role r1 { trust service ec2 allow s3:GetObject on * }
"""

CANONICAL = 2 * "79a59df900b949e55d96a1e698fbaced"
ACTIONS = """s3:GetObject s3:Get* s3:* sqs:* acts * dynamodb:[GetItem,Query] s3:@read s3:*Object
    s3:[GetObject,Put*] dynamodb:@list iam:PassRole kms:Decrypt ecr:BatchGetImage""".split()
RESOURCES = """* bkt "{bkt}/*" arn:aws:s3:::b/* orders [bkt,orders] arn:aws:s3:::{xs}
    "arn:aws:s3:::${aws:username}/*" s3:object("b","k/*") s3:bucket(t) p1 r1 iam:role("x")""".split()
OWN = ["self", '"{self}/*"', 'self, "{self}/*"', "*"]
PRINCIPALS = f"""anyone account\t111122223333 account\t* service\tlambda service\tec2 r1
    account\t[111122223333,222233334444] arn:aws:iam::111122223333:role/x
    oidc\t"token.actions.githubusercontent.com" canonical\t"{CANONICAL}" account\taws.account""".split(
    " "
)
CONDITIONS = [
    "aws:SecureTransport", "near", "yes", "aws:SourceIp in 10.0.0.0/8", "aws:PrincipalOrgID == t",
    "s3:max-keys < 10", "aws:MultiFactorAuthAge < 1h", "aws:CurrentTime >= 2026-12-31",
    'any aws:TagKeys == "a"', 'all aws:TagKeys? in ["a", "b"]', "aws:TagKeys exists",
    "aws:PrincipalTag/{t} == owner", "aws:PrincipalArn like arn:*:iam::*:role/y*",
    's3:prefix? not like ["a*", "b"]', "aws:username missing", 'key("a:b") != "x" ignoring case',
    "all([aws:ResourceTag/{x} == aws:PrincipalTag/{x} for x in xs])", "any([near, yes])",
    "aws:SourceIp not in [10.0.0.0/8, 2001:db8::/32]", 's3:prefix == "${aws:username}"',
    'aws:RequestTag/team in ["a", "{t}"]', 'aws:SourceVpce != "vpce-1"',
]  # fmt: skip
VALUES = [
    '"a"', "1", "2.5", "true", "4h", "2026-12-31", "10.0.0.0/8", "111122223333", "xs", "rec.a",
    '["a", "b"]', '{ a = "x", b = [1] }', '"{t}-{xs}"', '[x for x in xs if x != "a"]', "owner",
    "n", "rec", "rec.xs", 'Arn("*")', "arn:aws:s3:::b", "s3:GetObject", "aws:username", "bkt",
    'Network("10.0.0.0/8")', "aws.region", "[]", "[[1], [2]]", "acts", "near", "yes",
]  # fmt: skip
BY_PLACE = {
    "action": ACTIONS,
    "resource": RESOURCES,
    "own": OWN,
    "principal": [text.replace("\t", " ").strip() for text in PRINCIPALS if text.strip()],
    "condition": CONDITIONS,
    "value": VALUES,
    "list": ["xs", '["a", "b"]', '["c"]', "rec.xs", "[t, env]", '[x for x in xs if x == "a"]'],
    "choice": ["yes", 'env == "prod"', "n == 3", "rec.c", "not yes", "true", 't in ["team"]'],
    "policy": ["p1", 'aws_managed("ReadOnlyAccess")', "arn:aws:iam::111122223333:policy/x"],
    "boundary": ["edge", "arn:aws:iam::111122223333:policy/x"],
    "use": ['tpl(q = "x")', 'tpl("y", more = xs)', "tpl(t)"],
    "target": ["bkt", 's3:bucket("b")', 'sqs:queue("q")', "kms:key()", "orders", 'ecr:repository("e")'],
    "path": ['"/a/"', '"/"', '"/{t}/"'],
    "max_session": ["4h", "1h", "43200s"],
    "description": ['"d"', '"{t}"'],
    "tags": ['{ team = "a", "b c" = "d" }', "{}"],
    "id": ['"Id"'],
    "place": ["auto", "inline", "managed"],
    "instance_profile": ['"i"'],
    "groups": ["g"],
    "type_": ["String", "Int", "List[String]", '"a" | "b"', "Bool", "{ a: String }", "Pattern", "Arn"],
}  # fmt: skip
TERMINALS = {
    "NAME": """t xs n yes rec bkt orders acts near owner tpl p1 edge r1 self a x q _p y-z exists
        id path tags role max case service""".split(),
    "QUALIFIED": """s3:GetObject s3:bucket aws:SecureTransport aws:PrincipalTag/team sqs:queue
        aws:RequestTag/{t} s3:prefix dynamodb:* sts:AssumeRole kms:EncryptionContext:a a:b""".split(),
    "SERVICE": ["s3:", "dynamodb:", "sts:", "x:"],
    "ARN": ["arn:aws:s3:::b", "arn:aws:s3:::{t}/*", "arn:*", "arn:aws:iam::${aws:x}:role/a{{"],
    "ADDRESS": ["2001:db8::/32", "::1", "fe80::1"],
    "LITERAL": ["0", "1", "-3", "2.5", "4h", "30m", "2026-12-31", "10.0.0.0/8", "111122223333"],
    "ACTION": ["GetObject", "Get*", "*", "GetItem", "AssumeRole"],
    "LEVEL": ["@read", "@list", "@write", "@tagging", "@permissions", "@"],
    "STRING": ['"a"', '"{t}"', '""', '"*"', '"${aws:username}"', '"{xs}"', '"a:b"', '"\\u{41}{{"'],
}
IDENTITY = [("on",), ("on",), ("on", "when"), ("on", "unless"), ("on", "when", "as")]
CLAUSES = {
    "resource": [("to",), ("to", "on"), ("to", "when"), ("to", "on", "unless"), ("to", "on", "as")],
    "rcp": [("on",), ("on", "when"), ("on", "unless")],
    "trust": [(), ("when",), ("unless",)],
}
TOP = "let declaration declaration declaration declaration template use for_ if_".split()
BODY = "statement statement statement statement use for_ if_".split()
NESTED = "declaration declaration declaration use for_ if_".split()
SETTINGS = {
    "role": ["path", "max_session", "description", "tags", "place", "instance_profile", "boundary"],
    "policy": ["path", "description", "tags"],
    "boundary": ["path", "description", "tags"],
    "user": ["path", "tags", "place", "boundary"],
    "group": ["path", "place"],
    "permission_set": ["max_session", "description", "tags", "boundary"],
    "resource": ["id"],
}


@cache
def grammar() -> tuple[dict[str, list[list[Any]]], dict[str, str], dict[str, int]]:
    """Return the expansions of each rule, the keywords, and the fewest levels that a rule needs."""
    text = (ROOT / "grammar" / "iamdsl.lark").read_text(encoding="utf-8")
    made = lark.Lark(text, parser="lalr", start="file", maybe_placeholders=False)
    rules: dict[str, list[list[Any]]] = {}
    for rule in made.rules:
        rules.setdefault(str(rule.origin.name), []).append(list(rule.expansion))
    words = {t.name: str(t.pattern.value) for t in made.terminals if t.pattern.type == "str"}
    levels: dict[str, int] = {}
    while len(levels) < len(rules):
        for name, expansions in rules.items():
            found = [needed(expansion, levels) for expansion in expansions]
            if name not in levels and any(level is not None for level in found):
                levels[name] = 1 + min(level for level in found if level is not None)
    return rules, words, levels


def needed(expansion: list[Any], levels: dict[str, int]) -> int | None:
    """Return the levels below an expansion, None while one of its rules is not known."""
    inner = [0 if symbol.is_term else levels.get(str(symbol.name)) for symbol in expansion]
    return (
        None if None in inner else max((level for level in inner if level is not None), default=0)
    )


class Walk:
    """One way through the grammar.

    Attributes:
        likely: how likely a steered choice is where one can be made, 0 to 1.
        place: what is expected here, a key of `BY_PLACE`, or "".
        kind: the kind of the block around, "" at the top.
        placed: whether this is inside an organization.
        made: the tokens so far.
        used: the alternatives that were taken: the rule, and which of its expansions.
    """

    def __init__(self, random: Random, likely: float) -> None:
        self.random, self.likely = random, likely
        self.rules, self.words, self.levels = grammar()
        self.place = self.kind = ""
        self.placed = False
        self.made: list[str] = []
        self.used: set[tuple[str, int]] = set()
        self.names = 0

    def steered(self) -> bool:
        """Tell whether the next choice is a likely one."""
        return self.random.random() < self.likely

    def write(self, *texts: str) -> None:
        """Write texts as they are; `svc:` is the one token that nothing may follow but `[` or `@`."""
        self.made += texts

    def rule(self, name: str, depth: int, first: str = "") -> None:
        """Write an instance of a rule, of an alternative that begins with the word `first`."""
        steer = getattr(self, f"_{name.strip('_')}", None)
        if steer and not first and len(self.made) < SIZE and self.steered():
            steer(depth)
            return
        choices = self.rules[name]
        if depth >= MAX_DEPTH or len(self.made) >= SIZE:
            choices = [e for e in choices if (needed(e, self.levels) or 0) < self.levels[name]]
        if first:
            choices = [e for e in self.rules[name] if self.words.get(e[0].name) == first]
        plain = [1 if len(expansion) > 1 else 3 for expansion in choices]
        chosen = self.random.choices(choices, plain)[0]
        self.used.add((name, self.rules[name].index(chosen)))
        self.expand(chosen, depth)

    def expand(self, symbols: list[Any], depth: int) -> None:
        """Write the symbols of an alternative."""
        for symbol in symbols:
            if not symbol.is_term:
                self.rule(str(symbol.name), depth + 1)
            elif symbol.name in self.words:
                self.write(self.words[symbol.name])
            else:
                self.write(self.random.choice(TERMINALS[symbol.name]))

    def at(self, place: str, name: str, depth: int) -> None:
        """Write an instance of a rule where something in particular is expected."""
        before, self.place = self.place, place
        self.rule(name, depth)
        self.place = before

    # The choices that can be steered, each named for its rule

    def _operands(self, depth: int) -> None:
        for index in range(self.random.choice([1, 1, 1, 2, 3])):
            self.write(*[","] * (index > 0))
            self.rule("operand", depth)

    def _expression(self, depth: int) -> None:
        if self.place == "condition" and self.random.random() < 0.4:
            self._formula(depth)
        elif self.place:
            self._operand(depth)
        else:
            self.expand(self.random.choice(self.rules["expression"]), depth)

    def _formula(self, depth: int) -> None:
        word = self.random.choice(["and", "or", "not"])
        if word == "not":
            self.write("not")
        self.write("(")
        self.rule("expression", depth)
        for _ in range(word != "not"):
            self.write(")", word, "(")
            self.rule("expression", depth)
        self.write(")")

    def _operand(self, depth: int) -> None:
        if self.place:
            self.write(self.random.choice(BY_PLACE[self.place]))
        else:
            self.expand(self.random.choice(self.rules["operand"]), depth)

    def _simple(self, depth: int) -> None:
        self._operand(depth) if self.place == "use" else self.rule("name", depth)

    def _type(self, _: int) -> None:
        self.write(self.random.choice(BY_PLACE["type_"]))

    def _declared(self, _: int) -> None:
        self.names += 1
        self.write(self.random.choice(["z{0}", '"z{0}"', '"z{{t}}-{0}"']).format(self.names))

    def _file(self, depth: int) -> None:
        self.members(depth)

    def _member(self, depth: int) -> None:
        names = BODY if self.kind else NESTED if depth > 1 else TOP
        self.at("", self.random.choice(names), depth)

    def _let(self, depth: int) -> None:
        self.names += 1
        self.write("let", f"v{self.names}", "=")
        self.at(self.random.choice(["value", "condition"]), "expression", depth)

    def _template(self, depth: int) -> None:
        self.names += 1
        self.write("template", f"t{self.names}", "(")
        self.rule("parameters", depth)
        self.write(")")
        before, self.kind = self.kind, self.random.choice(["policy", ""])
        self.rule("block", depth + 1)
        self.kind = before

    def _declaration(self, depth: int) -> None:
        if not self.placed and self.random.random() < 0.1:
            self.organization(depth)
            return
        kind = self.random.choice(["policy", "boundary", "resource", *self.kinds()])
        self.write("policy" if kind == "resource" else kind)
        self.rule("declared", depth)
        if kind == "resource":
            self.write("for")
            self.at("target", "operand", depth)
        self.body(kind, depth)

    def organization(self, depth: int) -> None:
        """Write an organization of two accounts, one of them in a unit, with what is in them."""
        self.placed = True
        self.write('organization acme "o-abc1234567" {', self.random.choice(["attach s1", ""]))
        for unit in ('ou w "ou-ab12-11111111" {', ""):
            self.names += 1
            self.write(unit, f"account a{self.names} {222233330000 + self.names} {{")
            for _ in range(self.random.choice([1, 2])):
                self.rule(self.random.choice(["declaration", "declaration", "use"]), depth + 2)
            self.write("}", "}" if unit else "")
        self.write("}")
        self.placed = False

    def kinds(self) -> list[str]:
        """Return the kinds of declarations that the grammar lists by themselves."""
        return [self.words[expansion[0].name] for expansion in self.rules["kind"]]

    def body(self, kind: str, depth: int) -> None:
        """Write the block of a declaration, with what its kind needs and some of what it takes."""
        before, self.kind = self.kind, kind
        self.write("{")
        if (names := SETTINGS.get(kind)) and self.random.random() < 0.3:
            name = self.random.choice(names)
            self.write(name)
            self.at(name, "operand", depth)
        if kind == "role":
            self.statement("trust", "principal", depth)
        if kind in {"role", "user", "group", "permission_set"} and self.random.random() < 0.2:
            self.write("attach")
            self.at("policy", "operand", depth)
        self.members(depth)
        self.write("}")
        self.kind = before

    def members(self, depth: int) -> None:
        """Write one to three members."""
        for _ in range(self.random.choice([1, 1, 2, 3])):
            self.rule("member", depth + 1)

    def _block(self, depth: int) -> None:
        self.write("{")
        self.members(depth)
        self.write("}")

    def _use(self, depth: int) -> None:
        self.names += 1
        self.write("use", *[] if self.kind else [f'team("u{self.names}")'])
        if self.kind:
            self.at("use", "simple", depth)

    def _statement(self, depth: int) -> None:
        verb = "deny" if self.kind in {"rcp", "scp"} else self.random.choice(["allow", "deny"])
        self.statement(verb, "action", depth)

    def statement(self, verb: str, place: str, depth: int) -> None:
        """Write a statement with the clauses that its block takes."""
        self.write(verb)
        self.at(place, "selection" if self.random.random() < 0.1 else "operands", depth)
        kind = "trust" if verb == "trust" else self.kind
        for word in self.random.choice(CLAUSES.get(kind, IDENTITY)):
            places = {"to": "principal", "on": "own" if self.kind == "resource" else "resource"}
            before, self.place = self.place, places.get(word, "condition")
            if word == "as":
                self.names += 1
                self.write("as", f"S{self.names}")
            elif self.steered():
                self.write(word)
                self.rule("expression" if self.place == "condition" else "operands", depth)
            else:
                self.rule("clause", depth, first=word)
            self.place = before

    def _clause(self, depth: int) -> None:
        word = self.random.choice(["when", "unless"])
        self.write(word)
        self.at("condition", "expression", depth)

    def _for(self, depth: int) -> None:
        self.write("for", "t", "in")
        self.at("list", "expression", depth)
        self.rule("block", depth)

    def _if(self, depth: int) -> None:
        self.write("if")
        self.at("choice", "expression", depth)
        self.rule("block", depth)
        if self.random.random() < 0.3:
            self.write("else")
            self.rule("block", depth)


def walked(random: Random, likely: float) -> Walk:
    """Return a walk that came to an end and wrote something."""
    walk = Walk(random, likely)
    while not walk.made:  # the empty file is a sentence, too
        walk.rule("file", 0)
    return walk


def written(random: Random, likely: float) -> str:
    """Return a program: a preamble that names some values, and what a walk comes to."""
    text = " ".join(walked(random, likely).made).replace(": [", ":[").replace(": @", ":@")
    return f"{PREAMBLE}{text}\n"


def programs() -> st.SearchStrategy[str]:
    """Return a strategy for programs of the grammar, from wild ones to likely ones."""
    likely = st.sampled_from([0.0, 0.5, 0.9, 0.99, 1.0, 1.0])
    return st.builds(written, st.randoms(use_true_random=True), likely)

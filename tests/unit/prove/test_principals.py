"""Callers, layers and boxes: who is told apart, and what several policies come to together."""

from __future__ import annotations

import random
from typing import Any

import pytest
from judged import allow, ask, deny
from traps import ALWAYS, SECURE, S, Trap, one, when

from iamdsl.iam import Elements, Entry, Principals, Statement
from iamdsl.prove._principals import linked_keys, principal_classes
from iamdsl.simulate import Request, applies, filled

ACCOUNTS = ("111122223333", "444455556666")
_LISTED: tuple[tuple[str, str], ...] = (
    ("*", "*"),
    ("AWS", "*"),
    *(("AWS", text) for a in ACCOUNTS for text in (
        a,
        f"arn:aws:iam::{a}:root",
        f"arn:aws-cn:iam::{a}:root",
        f"arn:aws:iam::{a}:role/a",
        f"arn:aws:iam::{a}:role/path/a",
        f"arn:aws:iam::{a}:role/b",
        f"arn:aws:iam::{a}:user/u",
        f"arn:aws:sts::{a}:assumed-role/a/s",
        f"arn:aws:sts::{a}:federated-user/f",
    )),
    ("AWS", "AIDACKCEVSQ6C2EXAMPLE"),
    ("Service", "lambda.amazonaws.com"),
    ("Service", "ec2.amazonaws.com"),
    ("Federated", "cognito-identity.amazonaws.com"),
    ("Federated", "arn:aws:iam::111122223333:saml-provider/p"),
    ("CanonicalUser", "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be"),
)  # fmt: skip
_CALLERS = (
    *(f"arn:aws:{what.format(a=a)}" for a in (*ACCOUNTS, "777788889999") for what in (
        "iam::{a}:role/a", "iam::{a}:role/path/a", "iam::{a}:role/b", "iam::{a}:role/c",
        "iam::{a}:user/u", "iam::{a}:user/v", "iam::{a}:root",
        "sts::{a}:assumed-role/a/s", "sts::{a}:assumed-role/a/t", "sts::{a}:assumed-role/b/s",
        "sts::{a}:federated-user/f", "sts::{a}:federated-user/g",
    )),
    "arn:aws-cn:iam::111122223333:role/a", "arn:aws-cn:iam::111122223333:root",
    "service:lambda.amazonaws.com", "service:ec2.amazonaws.com", "service:sns.amazonaws.com",
    "federated:cognito-identity.amazonaws.com", "federated:accounts.google.com",
    "arn:aws:iam::111122223333:saml-provider/p", "arn:aws:iam::111122223333:saml-provider/q",
    "canonical:79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be", "canonical:0",
    "anonymous",
)  # fmt: skip


def _element(choice: random.Random) -> Principals:
    by_type: dict[str, list[str]] = {}
    for kind, value in choice.sample(_LISTED, choice.randint(1, 3)):
        by_type.setdefault(kind, []).append(value)
    if "*" in by_type:
        by_type = {"*": ["*"]}
    listed = tuple(sorted((kind, tuple(values)) for kind, values in by_type.items()))
    return Principals(listed, negated=choice.random() < 0.3)


def test_every_caller_is_in_a_class() -> None:
    """What elements say of any caller they say of the caller of some class, and of it as told."""
    for seed in range(300):
        choice = random.Random(seed)  # noqa: S311
        among = [_element(choice) for _ in range(choice.randint(1, 4))]
        statements = [Statement("Allow", Elements(("*",)), principals=p) for p in among]

        def truths(caller: str, asked: list[Statement] = statements) -> tuple[bool, ...]:
            return tuple(applies(s, Request(caller, "s3:GetObject", "*")) for s in asked)

        found = principal_classes(among)
        assert all(truths(one.caller) == one.truths for one in found)
        classes = {one.truths for one in found}
        for caller in _CALLERS:
            assert truths(caller) in classes, (among, caller)


_ENTRIES = (
    *(Entry(op, "aws:principalarn", values) for op in ("ArnLike", "ArnNotLike", "StringLike", "StringNotLikeIfExists")
      for values in (
        ("arn:aws:iam::111122223333:role/a",), ("arn:aws:iam::*:role/*",),
        ("arn:aws:iam::111122223333:*",), ("arn:aws:*::111122223333:*/a*",),
        ("arn:aws:sts::*:assumed-role/a/*",), ("*",),
        ("arn:aws:iam::111122223333:root", "arn:aws:iam::444455556666:user/u"),
    )),
    Entry("StringEquals", "aws:principalaccount", ("111122223333",)),
    Entry("StringNotEquals", "aws:principalaccount", ("444455556666", "111122223333")),
    Entry("StringEquals", "aws:principaltype", ("User", "AssumedRole")),
    Entry("Bool", "aws:principalisawsservice", ("true",)),
    Entry("Null", "aws:principalarn", ("true",)),
    Entry("Null", "aws:principalaccount", ("false",)),
)  # fmt: skip


def test_keys_about_the_caller_go_with_the_caller() -> None:
    """What elements and entries say of any caller, with what its keys hold, some class has."""
    for seed in range(300):
        choice = random.Random(seed)  # noqa: S311
        among: list[Principals | Entry] = [*(_element(choice) for _ in range(choice.randint(1, 2))),
                 *choice.sample(_ENTRIES, choice.randint(1, 3))]  # fmt: skip
        assert linked_keys(True, [e for e in among if isinstance(e, Entry)])
        statements = [
            Statement("Allow", Elements(("*",)), condition=(a,))
            if isinstance(a, Entry)
            else Statement("Allow", Elements(("*",)), principals=a)
            for a in among
        ]
        found = principal_classes(among)
        for some in found:
            request = Request(some.caller, "s3:GetObject", "*", some.context)
            assert some.truths == tuple(applies(s, request) for s in statements)
        classes = {some.truths for some in found}
        for caller in _CALLERS:
            request = filled(Request(caller, "s3:GetObject", "*"))
            assert tuple(applies(s, request) for s in statements) in classes, (among, caller)


def by(who: Any, negated: str = "") -> Any:
    return (allow("s3:GetObject", **{f"{negated}Principal": who}),)


def denied(who: Any, negated: str = "") -> Any:
    return (*by("*"), deny("s3:GetObject", **{f"{negated}Principal": who}))


ROLE = "arn:aws:iam::111122223333:role/a"
SCP = (allow("*"), deny("iam:*"))
PRINCIPALS = [
    Trap("an account is its root", by({"AWS": "111122223333"}), "yes",
         by({"AWS": "arn:aws:iam::111122223333:root"})),
    Trap("an account is more than one of its roles", by({"AWS": "111122223333"}), "no", by({"AWS": ROLE})),
    Trap("its roles are of it", by({"AWS": ROLE}), "yes", by({"AWS": "111122223333"}), "implies"),
    Trap("anyone is more than anyone of AWS: services", by("*"), "no", by({"AWS": "*"})),
    Trap("anyone of AWS may be anonymous", by({"AWS": "*"}), "no", by({"AWS": "111122223333"})),
    Trap("a service is no account", by({"Service": "lambda.amazonaws.com"}), "no", by({"AWS": "*"})),
    Trap("two services", by({"Service": ["lambda.amazonaws.com", "ec2.amazonaws.com"]}), "no",
         by({"Service": "lambda.amazonaws.com"})),
    Trap("a list is an OR", by({"AWS": ["111122223333", "444455556666"]}), "yes",
         (*by({"AWS": "111122223333"}), *by({"AWS": "444455556666"}))),
    Trap("kinds are an OR", by({"AWS": "111122223333", "Service": "ec2.amazonaws.com"}), "yes",
         (*by({"AWS": "111122223333"}), *by({"Service": "ec2.amazonaws.com"}))),
    Trap("a role beside its account says nothing", by({"AWS": ["111122223333", ROLE]}), "yes",
         by({"AWS": "111122223333"})),
    Trap("all but an account, denied", denied({"AWS": "111122223333"}, "Not"), "no",
         denied({"AWS": "111122223333"})),
    Trap("all but a role is all others of the account too", denied({"AWS": ROLE}, "Not"), "no",
         denied({"AWS": "111122223333"}, "Not")),
    Trap("all but one, and that one", (deny("s3:*", Principal={"AWS": ROLE}), deny("s3:*", NotPrincipal={"AWS": ROLE})),
         "yes", (deny("s3:*", Principal="*"),)),
    Trap("a federated identity", by({"Federated": "arn:aws:iam::111122223333:saml-provider/p"}), "no",
         by({"Federated": "arn:aws:iam::111122223333:saml-provider/q"})),
    Trap("a federated identity is not of the provider's account",
         by({"Federated": "arn:aws:iam::111122223333:saml-provider/p"}), "no",
         by({"AWS": "111122223333"}), "implies"),
    Trap("a canonical user", by({"CanonicalUser": "79a5"}), "no", by("*")),
    Trap("a caller has its own ARN", (allow("s3:GetObject", "*", one("ArnEquals", "aws:PrincipalArn", "arn:aws:iam::444455556666:role/a"), Principal={"AWS": ROLE}),),
         "yes", (), "implies"),
    Trap("and the id of its account", by({"AWS": ROLE}), "yes",
         (allow("s3:GetObject", "*", one("StringEquals", "aws:PrincipalAccount", "111122223333"), Principal="*"),),
         "implies"),
    Trap("keys about the caller of two kinds are not known",
         (allow("s3:GetObject", "*", {"NumericEquals": {"aws:PrincipalAccount": "1"}, "StringLike": {"aws:PrincipalAccount": "1*"}}, Principal="*"),),
         "unknown", ()),
    Trap("no principals are all that it is attached to", by("*"), "yes", ALWAYS),
]  # fmt: skip
LAYERS = [
    Trap("each layer must allow", [did := (allow("s3:*"),), (allow("s3:Get*"),)], "yes",
         (allow("s3:Get*"),), "implies"),
    Trap("which is not what one of them allows", did, "no", [did, (allow("s3:Get*"),)], "implies"),
    Trap("nor less", (allow("s3:Get*"),), "yes", [did, (allow("s3:Get*"),)], "implies"),
    Trap("layers that share nothing allow nothing", [(allow("s3:*"),), (allow("sqs:*"),)], "yes",
         (), "implies"),
    Trap("a deny of a boundary counts", [(allow("*"),), SCP], "yes", (allow(None, NotAction="iam:*"),), "implies"),
    Trap("a deny of an SCP hides an allow below", [(allow("iam:PassRole"),), SCP, (allow("*"),)], "yes",
         (allow("iam:PassRole"),), "disjoint"),
    Trap("without the deny it does not", [(allow("iam:PassRole"),), (allow("*"),)], "no",
         (allow("iam:PassRole"),), "disjoint"),
    Trap("an allow of one layer is none of another", [(allow("s3:*"),), (deny("s3:Get*"),)], "yes", (), "implies"),
    Trap("identity within boundary within two SCPs",
         [(allow(["s3:*", "iam:*"]),), (allow(["s3:*", "sqs:*"]),), SCP, (allow("*"), deny("s3:Delete*"))],
         "yes", [(allow("s3:*"), deny("s3:Delete*"))], "implies"),
    Trap("the same from the other side", [(allow("s3:*"), deny("s3:Delete*"))], "yes",
         [(allow(["s3:*", "iam:*"]),), (allow(["s3:*", "sqs:*"]),), SCP, (allow("*"), deny("s3:Delete*"))],
         "implies"),
    Trap("one deny less", [(allow("s3:*"),)], "no",
         [(allow(["s3:*", "iam:*"]),), (allow(["s3:*", "sqs:*"]),), SCP, (allow("*"), deny("s3:Delete*"))],
         "implies"),
    Trap("conditions of layers are an AND", [when(one("StringEquals", S, "x")), when(one("Bool", SECURE, "true"))],
         "yes", when(one("StringEquals", S, "x", Bool={SECURE: "true"})), "implies"),
    Trap("and that AND is in both layers", when(one("StringEquals", S, "x", Bool={SECURE: "true"})), "yes",
         [when(one("StringEquals", S, "x")), when(one("Bool", SECURE, "true"))], "implies"),
    Trap("layers in another order are the same", [(allow("s3:*"),), (allow("*:Get*"),)], "yes",
         [(allow("*:Get*"),), (allow("s3:*"),)], "implies"),
    Trap("a layer twice says nothing more", [(allow("s3:*"),)], "yes", [(allow("s3:*"),), (allow("s3:*"),)], "implies"),
    Trap("resources of two layers that meet", [(allow("s3:*", "arn:aws:s3:::a*"),), (allow("s3:*", "arn:aws:s3:::*b"),)],
         "yes", (allow("s3:*", "arn:aws:s3:::a*b"),), "implies"),
    Trap("and where they meet twice", [(allow("s3:*", "arn:aws:s3:::ab*"),), (allow("s3:*", "arn:aws:s3:::*bc"),)],
         "no", (allow("s3:*", "arn:aws:s3:::ab*bc"),), "implies"),
    Trap("unless both are said", [(allow("s3:*", "arn:aws:s3:::ab*"),), (allow("s3:*", "arn:aws:s3:::*bc"),)],
         "yes", (allow("s3:*", ["arn:aws:s3:::ab*bc", "arn:aws:s3:::abc"]),), "implies"),
    Trap("no layers allow nothing", [], "yes", (), "implies"),
    Trap("nothing allows nothing", (), "yes", (allow("*"),), "disjoint"),
    Trap("whom one layer allows the other does not", [by({"AWS": ROLE}), by({"Service": "ec2.amazonaws.com"})],
         "yes", (), "implies"),
]  # fmt: skip
BOX = (allow("s3:PutObject", "arn:aws:s3:::data/*", one("BoolIfExists", SECURE, "false")),)
BOXES = [
    Trap("never without TLS, by a deny", [(allow("s3:*"), deny("s3:*", "*", one("BoolIfExists", SECURE, "false")))],
         "yes", BOX, "never"),
    Trap("a deny that forgets the missing key", [(allow("s3:*"), deny("s3:*", "*", one("Bool", SECURE, "false")))],
         "no", BOX, "never"),
    Trap("never, by an allow with a condition", [(allow("s3:*", "*", one("Bool", SECURE, "true")),)], "yes", BOX, "never"),
    Trap("an allow without it", [(allow("s3:Put*"),)], "no", BOX, "never"),
    Trap("another folder is not in the box", [(allow("s3:*", "arn:aws:s3:::data2/*"),)], "yes", BOX, "never"),
    Trap("a pattern that reaches into it", [(allow("s3:*", "arn:aws:s3:::*/x"),)], "no", BOX, "never"),
    Trap("never, because a boundary has none of it", [(allow("*"),), (allow("s3:Get*"),)], "yes", BOX, "never"),
    Trap("always, by a wide allow", [(allow("s3:*", "arn:aws:s3:::data*"),)], "yes", BOX, "always"),
    Trap("always, in two halves",
         [(allow("s3:*", "arn:aws:s3:::data/*", one("Bool", SECURE, "false")),
           allow("s3:*", "arn:aws:s3:::data/*", one("Null", SECURE, "true")))], "yes", BOX, "always"),
    Trap("not always, by one half", [(allow("s3:*", "arn:aws:s3:::data/*", one("Bool", SECURE, "false")),)],
         "no", BOX, "always"),
    Trap("not always, where an SCP denies", [(allow("*"),), (allow("*"), deny("s3:Put*", "arn:aws:s3:::data/x"))],
         "no", BOX, "always"),
    Trap("not always, for an action of next week", [(allow(["s3:Get*"]),)], "no", (allow("s3:G*"),), "always"),
    Trap("a box of two parts: either must not be", [(allow("sqs:SendMessage"),)], "no",
         (*BOX, allow("sqs:*")), "never"),
    Trap("an empty box is never", [(allow("*"),)], "yes", (), "never"),
    Trap("and always", [()], "yes", (), "always"),
]  # fmt: skip


@pytest.mark.parametrize(
    "trap", [*PRINCIPALS, *LAYERS, *BOXES], ids=lambda trap: f"{trap.verb}: {trap.why}"
)
def test_trap(trap: Trap) -> None:
    """The answer is the right one, and a no is confirmed by another evaluator."""
    answer = ask(trap.verb, trap.first, trap.second)
    assert answer.verdict == trap.verdict, answer


@pytest.mark.parametrize("trap", [t for t in LAYERS if t.verb == "implies"], ids=lambda t: t.why)
def test_layers_and_their_order(trap: Trap) -> None:
    """Layers are a set: order and repetition change no answer."""
    first = trap.first if isinstance(trap.first, list) else [trap.first]
    second = trap.second if isinstance(trap.second, list) else [trap.second]
    answer = ask("implies", first[::-1], [*second[::-1], *second[:1]])
    assert answer.verdict == trap.verdict, answer

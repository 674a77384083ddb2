from __future__ import annotations

import json
from typing import Any

import pytest

from iamdsl.simulate import Lines

USER = "arn:aws:iam::111122223333:user/alice"
OBJECT = "arn:aws:s3:::bucket/key"


def allow(*actions: str, **members: Any) -> dict[str, Any]:
    """Return a policy that allows actions, long enough to be looked up."""
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": "*", **members}
    padding = {"Effect": "Deny", "Action": "none:None", "Resource": "x" * 200}
    if "Principal" in members:
        padding["Principal"] = "*"
    return {"Version": "2012-10-17", "Statement": [statement, padding]}


def line(**members: Any) -> bytes:
    """Return a request's line: a user who asks for an object, but for what is said."""
    asked = {"id": "1", "principal": USER, "action": "s3:GetObject", "resource": OBJECT, **members}
    return json.dumps({k: v for k, v in asked.items() if v is not ...}).encode()


def answer(written: bytes, lines: Lines | None = None) -> dict[str, Any]:
    """Return what a line comes to."""
    made, fine = (lines or Lines()).answer(written)
    found: dict[str, Any] = json.loads(made)
    assert fine is ("error" not in found)
    return found


def test_an_answer_has_the_members_of_the_format() -> None:
    """Programs read these names."""
    policies = [allow("s3:PutObject"), allow("s3:Get*")]
    assert answer(line(identity_policies=policies)) == {
        "id": "1",
        "decision": "allowed",
        "matched": [{"policy": "identity_policies[1]", "statement": 0, "effect": "Allow"}],
        "missing_keys": [],
        "reason": "allowed by statement 1 of the identity policy `identity_policies[1]`",
    }


@pytest.mark.parametrize("name", ["lambda", "Lambda", "delivery.logs"])
def test_a_service_has_its_whole_name(name: str) -> None:
    """A short name is in no policy: it would be denied silently, whatever the policy says."""
    trusted = allow("s3:*", Principal={"Service": f"{name.lower()}.amazonaws.com"})
    lines = Lines()
    whole = answer(line(principal=f"service:{name.lower()}.amazonaws.com", resource_policy=trusted))
    assert whole["decision"] == "allowed"
    for _ in range(2):  # a line that looks like the last one is read another way
        short = answer(line(principal=f"service:{name}", resource_policy=trusted), lines)
        assert short["id"] == "1"
        assert short["error"].endswith(f"in full: `service:{name.lower()}.amazonaws.com`")


def test_every_member_is_heeded() -> None:
    """A layer that was not looked at would answer wrongly."""
    full = allow("*")
    own = allow("s3:*", Principal={"AWS": USER})
    deny = {"Statement": {"Effect": "Deny", "Action": "*", "Resource": "*"}}
    to_all = {"Statement": {**deny["Statement"], "Principal": "*"}}
    everything: dict[str, Any] = {
        "identity_policies": [full],
        "resource_policy": own,
        "boundaries": [full],
        "session_policies": [full],
        "scps": [[full], [full, full]],
        "rcps": [[allow("*", Principal="*")]],
        "endpoint_policies": [allow("*", Principal="*")],
        "context": {},
        "resource_account": None,
    }
    assert answer(line(**everything))["decision"] == "allowed"
    for name, value, policy in (
        ("identity_policies", [full, deny], "identity_policies[1]"),
        ("resource_policy", to_all, "resource_policy"),
        ("boundaries", [deny], "boundaries[0]"),
        ("session_policies", [deny], "session_policies[0]"),
        ("scps", [[full], [full, deny]], "scps[1][1]"),
        ("rcps", [[to_all]], "rcps[0][0]"),
        ("endpoint_policies", [to_all], "endpoint_policies[0]"),
    ):
        found = answer(line(**{**everything, name: value}))
        assert found["decision"] == "explicitDeny"
        assert [m["policy"] for m in found["matched"]] == [policy]
    across = answer(line(identity_policies=[full], resource_account="999988887777"))
    assert across["decision"] == "implicitDeny"


def test_a_context_holds_texts_lists_numbers_and_truth_values() -> None:
    """What JSON has a kind of its own for is the text that AWS compares."""
    condition = {
        "StringEquals": {"a:Text": "x"},
        "Bool": {"a:Truth": "true"},
        "NumericEquals": {"a:Number": "5"},
        "ForAllValues:StringEquals": {"a:List": ["p", "q"]},
        "Null": {"a:List": "false", "a:Empty": "true"},
    }
    policies = [allow("*", Condition=condition)]
    given = {"A:TEXT": "x", "a:truth": True, "a:number": 5.0, "a:list": ["p"], "a:empty": []}
    assert answer(line(identity_policies=policies, context=given))["decision"] == "allowed"
    found = answer(line(identity_policies=policies, context={**given, "A:TEXT": []}))
    assert found["missing_keys"] == ["a:Empty", "a:Text"]


WRONG = [
    (b"", "no JSON: expecting value at character 1"),
    (b"{", "no JSON: expecting property name enclosed in double quotes at character 2"),
    (b'{"id": "1"', "no JSON: expecting ',' delimiter at character 11"),
    (b"[1]", "no request: an object is expected"),
    (b'"\xff"', "no UTF-8 text: byte 2"),
    (b"[" * 100_000, "no request: lists and objects stand too deep in one another"),
    (b'{"id": 1, "id": 2}', "member `id` is written twice"),
    (line(principal=...), "member `principal` is missing"),
    (line(action=""), "action: a text is expected"),
    (line(resource=["x"]), "resource: a text is expected"),
    (line(action="s3"), "action: `s3` is not of the form `service:Name`"),
    (line(action="s3:Get*"), "action: `s3:Get*` is not of the form `service:Name`"),
    (line(resource_account="1"), "resource_account: twelve digits, or null, are expected"),
    (line(context=[]), "context: an object of keys and their values is expected"),
    (line(context={"k": None}), "context: `k`: a text, or a list of texts, is expected"),
    (line(context={"k": "1", "K": "1"}), "context: a key is written twice in different case"),
    (line(id=["x"]), "id: a text or a number is expected"),
    (line(identity_policies={}), "identity_policies: a list of policies is expected"),
    (line(scps=[{}]), "scps[0]: a list of policies is expected"),
    (line(resource_policy=[]), "resource_policy: document: an object is expected"),
    (
        line(identity_policies=[{"Statement": [{"Effect": "Maybe", "Action": "*"}]}]),
        "identity_policies[0]: Statement[0].Effect: `Allow` or `Deny` is expected",
    ),
    (
        line(identity_policies=[allow("*", Principal="*")]),
        "identity_policies[0]: Statement[0] names a principal, which no policy has there",
    ),
    (
        line(resource_policy=allow("*")),
        "resource_policy: Statement[0] has no principal, which policies have there",
    ),
    (
        line()[:-1] + b', "identity_policies": [{"Id": "", "Id": ""}]}',
        "member `Id` is written twice",
    ),
    (line()[:-1] + b', "context": {"k": NaN}}', "`NaN` is no number of JSON's"),
    (line()[:-1] + b', "identity_policies": NaN}', "`NaN` is no number of JSON's"),
]


@pytest.mark.parametrize(("written", "why"), WRONG)
def test_a_line_that_is_no_request_says_why(written: bytes, why: str) -> None:
    """A bad line has an answer of its own, and never a traceback."""
    assert answer(written)["error"] == why


def test_a_bad_line_keeps_its_id() -> None:
    """Who asked finds the error among the answers."""
    assert answer(line(id="seven", action="x"))["id"] == "seven"
    assert answer(line(id=7, identity_policies=[{}]))["id"] == 7
    assert answer(b'{"id": 7')["id"] is None


@pytest.mark.parametrize(
    ("principal", "fine"),
    [
        (USER, True),
        ("arn:aws:iam::111122223333:root", True),
        ("111122223333", True),
        ("arn:aws:sts::111122223333:assumed-role/r/s", True),
        ("arn:aws:sts::111122223333:federated-user/bob", True),
        ("arn:aws:iam::111122223333:oidc-provider/example.com", True),
        ("arn:aws-cn:iam::111122223333:role/r", True),
        ("anonymous", True),
        ("service:lambda.amazonaws.com", True),
        ("federated:accounts.google.com", True),
        ("canonical:abc", True),
        ("*", False),
        ("alice", False),
        ("service:", False),
        ("lambda.amazonaws.com", False),
        ("arn:aws:iam::111122223333:group/g", False),
        ("arn:aws:s3:::bucket", False),
        ("1111", False),
    ],
)
def test_who_may_ask(principal: str, fine: bool) -> None:
    """What nobody can be is refused, before it is quietly denied everything."""
    assert ("error" not in answer(line(principal=principal))) is fine


def test_known_policies_are_found_again_and_only_there() -> None:
    """The short way by the text of policies must never take one text for another."""
    lines = Lines()
    yes, no = [allow("s3:*")], [allow("ec2:*")]
    for policies, decision in ((yes, "allowed"), (no, "implicitDeny")) * 3:
        assert answer(line(identity_policies=policies), lines)["decision"] == decision
        assert answer(line(identity_policies=policies, scps=[yes]), lines)["decision"] == decision
        found = answer(line(identity_policies=yes, scps=[policies]), lines)
        assert found["decision"] == decision
    text = json.dumps(yes)
    # The same text where it is no policy: in a nested object, in a text, behind a doubled member.
    nested = f'"context": {{"identity_policies": {text}}}'.encode()
    plain = line()[:-1]
    hidden = b', "identity_policies": [], '
    assert "context" in answer(plain + b", " + nested + b"}", lines)["error"]
    assert "context" in answer(plain + hidden + nested + b"}", lines)["error"]
    quoted = json.dumps({"x": f'"identity_policies": {text}'}).encode()
    found = answer(plain + b', "context": ' + quoted + b"}", lines)
    assert found["decision"] == "implicitDeny"
    doubled = plain + f', "identity_policies": {text}, "identity_policies": {text}}}'.encode()
    assert answer(doubled, lines)["error"] == "member `identity_policies` is written twice"
    broken = plain + f', "identity_policies": {text[:-1]}}}'.encode()
    assert "no JSON" in answer(broken, lines)["error"]
    trailing = plain + f', "identity_policies": {text}1}}'.encode()
    assert "no JSON" in answer(trailing, lines)["error"]
    stand_in = plain + f', "identity_policies": {text}, "scps": NaN}}'.encode()
    assert answer(stand_in, lines)["error"] == "`NaN` is no number of JSON's"
    renamed = plain + f', "identity\\u005fpolicies": {text}}}'.encode()
    assert answer(renamed, lines)["decision"] == "allowed"


def test_white_space_and_order_do_not_count() -> None:
    """Producers lay JSON out as they like."""
    lines = Lines()
    asked = {"principal": USER, "action": "s3:GetObject", "resource": OBJECT}
    for separators in ((",", ":"), (" , ", " : "), (",\t", "\r: ")):
        for members in (
            {"identity_policies": [allow("s3:*"), allow("a:B")], **asked},
            {**asked, "scps": [[allow("*")]], "identity_policies": [allow("s3:*")]},
        ):
            for _ in range(2):
                written = json.dumps(members, separators=separators).encode() + b"\r"
                assert answer(written, lines)["decision"] == "allowed"


def test_what_is_remembered_is_bounded() -> None:
    """A stream without end must fit into memory."""
    lines = Lines()
    for number in range(40):
        policy = allow("s3:*", Resource="x" * 400_000 + str(number))
        answer(line(identity_policies=[policy]), lines)
    assert sum(len(text) for kept in lines._members.values() for text, _ in kept) < 9_000_000
    assert sum(map(len, lines._documents)) < 9_000_000


def test_a_damaged_line_is_read_as_by_one_who_knows_nothing() -> None:
    """The short ways are short only: whatever is damaged, the answer is that of a plain parser."""
    members = {
        "context": {"k": "v", "l": ["a", "b"]},
        "identity_policies": [allow("s3:*")],
        "resource_policy": None,
        "scps": [],
        "boundaries": [],
        "resource_account": "111122223333",
    }
    written = line(**members)
    lines = Lines()
    lines.answer(written)
    assert lines._shape is not None
    start = written.index(b'"identity_policies"')
    places = [*range(start + 60), *range(len(written) - 120, len(written))]
    for at in places:
        for put in (
            b"",
            b'"',
            b"{",
            b"}",
            b"[",
            b"]",
            b",",
            b"\\",
            b" ",
            b"1",
            b"\xc3\xa9",
            b"NaN",
        ):
            for end in (at, at + 1):
                damaged = written[:at] + put + written[end:]
                if b"\xc3\xa9" in damaged and put != b"\xc3\xa9":
                    continue
                assert lines.answer(damaged) == Lines().answer(damaged), damaged
    twice = written[:-1] + b', "scps": []}'
    assert lines.answer(twice) == Lines().answer(twice)
    assert answer(twice, lines)["error"] == "member `scps` is written twice"

"""Data cannot widen a policy: wildcards and variables from outside are refused where they act."""

from __future__ import annotations

import pytest

import iamdsl


def compiled(source: str, **params: str) -> tuple[bool, list[str]]:
    """Return whether a source compiles, and the codes of what is said of it."""
    result = iamdsl.compile(
        source, params=params, partition="aws", account="111122223333", region="eu-west-1"
    )
    return result.ok, [d.code.number for d in result.diagnostics]


PLACES = [
    'allow s3:GetObject on "arn:aws:s3:::{name}/x"',
    "allow s3:GetObject on arn:aws:s3:::{name}/x",
    'allow s3:GetObject on s3:object(name, "x")',
    'allow s3:GetObject on "arn:aws:s3:::b/x" when aws:PrincipalTag/t like name',
    'allow s3:GetObject on "arn:aws:s3:::b/x" when aws:PrincipalArn like arn:aws:iam::*:role/{name}',
    'allow s3:GetObject on "arn:aws:s3:::b/x" when aws:PrincipalTag/t like ["a", "{name}-b"]',
    'allow s3:GetObject on "arn:aws:s3:::b/x" when aws:SourceArn like Arn("arn:aws:s3:::{name}")',
    'allow s3:GetObject on "arn:aws:s3:::b/x" when any([aws:PrincipalTag/t like x for x in [name]])',
    'allow s3:GetObject on Arn("arn:aws:s3:::{name}/x")',
    'allow s3:GetObject on ["arn:aws:s3:::{x}/y" for x in [["b"], [name]]]',
    "allow s3:GetObject on s3:object([r.n for r in [{ n = name }]])",
    'deny s3:GetObject on * except "arn:aws:s3:::{name}/x"',
    'for x in ["orders"] if x like name { allow s3:GetObject on s3:object("b", "k") }',
    "use at([name])",
]  # fmt: skip


AT = "template at(names: List[Pattern]) { allow s3:GetObject on s3:object(names) }\n"


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("value", ["*", "a*", "a?", "${aws:username}"])
def test_wildcards_from_outside_are_refused(place: str, value: str) -> None:
    """A param that is a `String` may not act as a pattern."""
    ok, codes = compiled(
        f"param name: String\n{AT if 'use at' in place else ''}policy p {{ {place} }}", name=value
    )
    assert not ok
    assert codes == ["IAM212"]


@pytest.mark.parametrize("place", PLACES)
def test_plain_values_from_outside_are_taken(place: str) -> None:
    """A value without wildcards goes wherever text goes."""
    assert compiled(
        f"param name: String\n{AT if 'use at' in place else ''}policy p {{ {place} }}",
        name="orders",
    )[0]


@pytest.mark.parametrize("place", PLACES)
def test_patterns_from_outside_are_taken(place: str) -> None:
    """`Pattern` is the type that says wildcards are meant."""
    assert compiled(
        f"param name: Pattern\n{AT if 'use at' in place else ''}policy p {{ {place} }}", name="or*"
    )[0]


def test_the_author_s_own_wildcard_beside_a_value_from_outside() -> None:
    """`{name}/*` is the author's star: only what comes from outside is looked at."""
    source = 'param name: String\npolicy p { allow s3:GetObject on "arn:aws:s3:::{name}/*" }'
    assert compiled(source, name="orders") == (True, [])


def test_two_halves_of_a_variable() -> None:
    """A `$` from outside before the author's `{{` may not become a policy variable."""
    source = 'param name: String\npolicy p { allow s3:GetObject on "arn:aws:s3:::{name}{{aws:username}}" }'
    ok, codes = compiled(source, name="$")
    assert not ok
    assert codes == ["IAM212"]


ELSEWHERE = [
    'policy p for "arn:aws:s3:::{name}" { deny s3:GetObject to anyone on "{self}/*" }',
    'policy p for "arn:aws:kms:eu-west-1:111122223333:key/{name}" { deny kms:* to anyone }',
    'policy p for s3:bucket("b") { allow s3:GetObject to account name on "{self}/*" }',
    'policy p for s3:bucket("b") { allow s3:GetObject to name on "{self}/*" }',
    'policy p for s3:bucket("b") { allow s3:GetObject to service "{name}" on "{self}/*" }',
    'policy p for s3:bucket("b") { allow s3:GetObject to canonical name on "{self}/*" }',
    'role r { trust oidc "{name}" when aws:PrincipalTag/t == "x" }',
    'role r { path "/{name}/" trust service lambda }',
    'policy p { allow "s3:{name}" on * }',
    'policy p { allow s3:["Get{name}"] on * }',
    'policy p { deny * except "s3:{name}" on * }',
    'policy p { allow s3:GetObject on * when key("aws:PrincipalTag/{name}") == "x" }',
    'policy p { allow s3:GetObject on * when aws:PrincipalTag/{name} == "x" }',
    'policy p { allow sqs:SendMessage on sqs:queue("q", region = name) }',
    'role "{name}" { trust service lambda }',
    'role r { trust service lambda attach "arn:aws:iam::111122223333:policy/{name}" }',
    'role r { trust service lambda boundary "arn:aws:iam::111122223333:policy/{name}" }',
    "role r { trust service lambda attach aws_managed(name) }",
    "role r { trust service lambda tags { t = name } }",
    "user u { groups name }",
]


@pytest.mark.parametrize("source", ELSEWHERE)
@pytest.mark.parametrize("value", ["*", "a?", "${aws:username}"])
def test_no_way_around(source: str, value: str) -> None:
    """Principals, targets, names, actions and keys do not take wildcards from outside either."""
    ok, codes = compiled(f"param name: String\n{source}", name=value)
    assert not ok
    assert set(codes) <= {"IAM205", "IAM211", "IAM212", "IAM214", "IAM303"}


@pytest.mark.parametrize(
    ("kind", "value", "on"),
    [
        ("Arn", "arn:aws:sqs:eu-west-1:111122223333:*", "sqs:SendMessage on name"),
        ("s3:bucket", "arn:aws:s3:::a*", "s3:ListBucket on name"),
        ("Action", "s3:*", "name on *"),
        ('"*" | "a"', "*", "s3:GetObject on s3:object(name)"),
    ],
)
def test_other_types_are_no_patterns(kind: str, value: str, on: str) -> None:
    """Of all types, `Pattern` alone lets wildcards in."""
    source = f"param name: {kind}\npolicy p {{ allow {on} }}"
    assert compiled(source, name=value) == (False, ["IAM212"])


def test_equality_looks_at_the_text_alone() -> None:
    """Whether a text came from outside does not make it another text."""
    source = 'param name: String\npolicy p { if ["*"] == [name] { allow s3:GetObject on * } }'
    assert compiled(source, name="*") == (True, [])


@pytest.mark.parametrize("given", [{"account": "*"}, {"region": "*"}, {"partition": "a:b"}])
def test_places_that_would_widen(given: dict[str, str]) -> None:
    """Partition, account and region of the Python API stand in ARNs: they have their form."""
    with pytest.raises(ValueError, match="is not a"):
        iamdsl.compile(
            "policy p { allow s3:GetObject on * }",
            partition=given.get("partition"),
            account=given.get("account"),
            region=given.get("region"),
        )

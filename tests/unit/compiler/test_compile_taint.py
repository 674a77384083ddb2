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
]  # fmt: skip


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("value", ["*", "a*", "a?", "${aws:username}"])
def test_wildcards_from_outside_are_refused(place: str, value: str) -> None:
    """A param that is a `String` may not act as a pattern."""
    ok, codes = compiled(f"param name: String\npolicy p {{ {place} }}", name=value)
    assert not ok
    assert codes == ["IAM212"]


@pytest.mark.parametrize("place", PLACES)
def test_plain_values_from_outside_are_taken(place: str) -> None:
    """A value without wildcards goes wherever text goes."""
    assert compiled(f"param name: String\npolicy p {{ {place} }}", name="orders")[0]


@pytest.mark.parametrize("place", PLACES)
def test_patterns_from_outside_are_taken(place: str) -> None:
    """`Pattern` is the type that says wildcards are meant."""
    assert compiled(f"param name: Pattern\npolicy p {{ {place} }}", name="or*")[0]


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

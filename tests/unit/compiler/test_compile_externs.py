"""What only a deployment knows stays symbolic, and counts with the most that it can be."""

from __future__ import annotations

import pytest

import iamdsl
from iamdsl import iam, resources
from iamdsl.api import _Loader
from iamdsl.aws import Catalogue
from iamdsl.aws.limits import LIMITS
from iamdsl.compiler import Compilation, Environment
from iamdsl.compiler import compile as compile_sources
from iamdsl.source import Source

OPEN, CLOSE = iam.PLACEHOLDER_OPEN, iam.PLACEHOLDER_CLOSE


def deferred(text: str) -> Compilation:
    """Compile a source for a target that fills in at deployment what is not known."""
    entries = [Source("main.iam", text)]
    catalogue = Catalogue(resources.open_catalogue())
    environment = Environment(
        catalogue, _Loader({}, entries), LIMITS, pseudo={"partition": "aws"}, defers=True
    )
    return compile_sources(entries, environment)


def only(compilation: Compilation) -> iam.Document:
    """Return the one document of a compilation without errors."""
    assert compilation.build is not None, compilation.diagnostics
    return compilation.build.documents[0]


def test_an_extern_stays_a_mark_through_texts_arns_builders_and_conditions() -> None:
    """Whatever a value goes through, the target finds the mark of it in its place."""
    document = only(
        deferred(
            """
            extern bucket: String max 63
            extern owner: AccountId
            extern lake: s3:bucket max 80
            let homes = "{bucket}-homes"
            policy p {
              allow s3:GetObject on s3:object(homes, "a/*"), "{lake}/*", lake, arn:aws:s3:::x/{bucket}
                when aws:ResourceAccount == owner and aws:PrincipalTag/home like "{homes}/*"
            }
            """
        )
    )
    statement = document.policy.statements[0]
    assert statement.resources is not None
    assert set(statement.resources.values) == {
        f"arn:aws:s3:::{OPEN}bucket{CLOSE}-homes/a/*",
        f"{OPEN}lake{CLOSE}/*",
        f"{OPEN}lake{CLOSE}",
        f"arn:aws:s3:::x/{OPEN}bucket{CLOSE}",
    }
    assert {e.values for e in statement.condition} == {
        (f"{OPEN}owner{CLOSE}",),
        (f"{OPEN}bucket{CLOSE}-homes/*",),
    }


def test_account_and_region_are_left_open_too() -> None:
    """A deployment knows its account and region; the partition was given."""
    document = only(deferred('policy p { allow sqs:SendMessage on sqs:queue("q") }'))
    elements = document.policy.statements[0].resources
    assert elements is not None
    assert elements.values == (f"arn:aws:sqs:{OPEN}aws.region{CLOSE}:{OPEN}aws.account{CLOSE}:q",)


def statements(count: int) -> str:
    """Return statements whose resources each hold the extern once."""
    return "\n".join(
        f'allow s3:GetObject on "arn:aws:s3:::{{b}}/{n}" when aws:username == "u{n}"'
        for n in range(count)
    )


@pytest.mark.parametrize(("most", "pieces"), [(10, 1), (700, 2)])
def test_sizes_count_the_most_that_a_text_can_be(most: int, pieces: int) -> None:
    """A policy that fits with short names only is split: at deployment it is too late."""
    found = deferred(f"extern b: String max {most}\npolicy p {{ {statements(8)} }}")
    assert found.build is not None, found.diagnostics
    assert len(found.build.documents) == pieces


def test_a_boundary_too_large_at_the_most_is_refused() -> None:
    """What cannot be split is refused by the length that it may come to have."""
    found = deferred(f"extern b: String max 900\nboundary p {{ {statements(8)} }}")
    assert [d.code.number for d in found.diagnostics] == ["IAM301"]


@pytest.mark.parametrize(
    ("declared", "said"),
    [
        ("extern x: List[String] max 9", "is one text"),
        ("extern x: Bool", "is one text"),
        ("extern x: Int max 5", "is one text"),
        ("extern x: { a: String } max 9", "is one text"),
        ("extern x: String", "how long"),
        ("extern x: Arn", "how long"),
        ("extern x: s3:bucket", "how long"),
        ("extern x: String max 0", "`max` takes"),
        ("extern x: String max 99999", "`max` takes"),
        ("extern x: String max 4h", "`max` takes"),
    ],
)
def test_an_extern_is_one_text_of_a_known_length(declared: str, said: str) -> None:
    """Anything else would be decided too late, or have no size."""
    found = deferred(f"{declared}\npolicy p {{ allow s3:GetObject on s3:object(x) }}")
    assert any(said in d.message for d in found.diagnostics), found.diagnostics


@pytest.mark.parametrize("kind", ["AccountId", "Region", '"blue" | "green"'])
def test_types_with_a_length_of_their_own_need_no_max(kind: str) -> None:
    """An account id has twelve digits, whoever says so."""
    found = deferred(f'extern x: {kind}\npolicy p {{ allow s3:GetObject on s3:object("b-{{x}}") }}')
    assert not found.diagnostics


@pytest.mark.parametrize(
    "test",
    [
        'x == "a"',
        '"a-{x}" == "a-b"',
        '"{x}-a" == "a-{x}"',
        '"{x}" == ""',
        'x in ["a", "b"]',
        'x like "a*"',
        'aws.account == "111122223333"',
    ],
)
def test_nothing_is_decided_by_a_value_that_is_not_known(test: str) -> None:
    """An `if` on it would be a guess, so it is refused, for every target."""
    found = deferred(
        f"extern x: String max 9\npolicy p {{ allow s3:GetObject on s3:object(x)  if {test} "
        "{ allow s3:PutObject on * } }"
    )
    assert [d.code.number for d in found.diagnostics] == ["IAM308"]


@pytest.mark.parametrize(
    ("test", "actions"),
    [
        ("[x] == []", 1),
        ("[x] != []", 2),
        ('"{x}/" == ""', 1),
        ('"" != "{x}/"', 2),
        ('"a-{x}-{x}" == "a-b"', 1),
        ('"a-{x}" in ["b", "c"]', 1),
    ],
)
def test_what_is_open_may_not_matter(test: str, actions: int) -> None:
    """A list that was given is not empty, nor a text, though not all of it is known yet."""
    found = deferred(
        f"extern x: String max 9\npolicy p {{ allow s3:GetObject on s3:object(x)  if {test} "
        "{ allow s3:DeleteObject on s3:object(x) } }"
    )
    assert not found.diagnostics
    (statement,) = only(found).policy.statements
    assert len(statement.actions.values) == actions


def test_a_value_given_for_an_extern_keeps_to_its_length() -> None:
    """What was promised of its length is what sizes were counted with."""
    source = "extern x: String max 3\npolicy p { allow s3:GetObject on s3:object(x) }"
    assert iamdsl.compile(source, params={"x": "abc"}, partition="aws").ok
    refused = iamdsl.compile(source, params={"x": "abcd"}, partition="aws")
    assert [d.code.number for d in refused.diagnostics] == ["IAM206"]

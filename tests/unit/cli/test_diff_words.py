"""A difference in words and as Markdown: short, and never more than is so."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from iamdsl.analysis.changes import Aspect, Group
from iamdsl.analysis.difference import Changed, Difference, Key
from iamdsl.analysis.settings import Setting
from iamdsl.cli import _diff_markdown, _diff_text, diff
from iamdsl.cli._diff_words import Words
from iamdsl.simulate import Request

if TYPE_CHECKING:
    from iamdsl.aws import Catalogue

ROLE = "arn:aws:iam::111122223333:role/reader"
REQUEST = Request(ROLE, "s3:GetObject", "arn:aws:s3:::a/x")


@pytest.fixture
def words(catalogue: Catalogue) -> Words:
    return Words(catalogue)


def group(*actions: str, **more: Any) -> Group:
    made = Group((), actions, (), ("arn:aws:s3:::a/*",), (), (), REQUEST)
    return made._replace(**more)


def difference(*subjects: Changed) -> Difference:
    return Difference(subjects, 0, have_common=True)


def changed(name: str, *groups: Group, **more: Any) -> Changed:
    aspects = (Aspect("access", groups),) if groups else ()
    made = Changed(Key("", "role", name), f"role {name}", "kept", aspects)
    return made._replace(**more)


def test_few_actions_are_listed_and_many_are_counted(words: Words, catalogue: Catalogue) -> None:
    """A list of forty names is read by nobody; a number with its whole is honest."""
    assert words.actions(group("s3:GetObject")) == "s3:GetObject"
    assert words.actions(group("s3:GetObject", "s3:PutObject", "sqs:SendMessage")) == (
        "s3:[GetObject, PutObject], sqs:SendMessage"
    )
    read = catalogue.at_level("s3", "read")
    assert words.actions(group(*read)) == f"all {len(read)} read actions of s3"
    some = words.actions(group(*read[:-1]))
    assert some == f"{len(read) - 1} of {len(read)} read actions of s3"


def test_resources_that_are_left_out_are_said(words: Words) -> None:
    """What is narrowed to a part of itself has not lost that part."""
    narrowed = group("s3:GetObject", except_resources=("arn:aws:s3:::a/b/*",))
    assert words.group(narrowed) == ("s3:GetObject on arn:aws:s3:::a/* except arn:aws:s3:::a/b/*")
    many = tuple(f"arn:aws:s3:::a/{n}/*" for n in range(9))
    assert words.resources(group("s3:GetObject", except_resources=many)).endswith("(5 more)")


def test_a_pattern_stands_for_exactly_its_actions(words: Words, catalogue: Catalogue) -> None:
    """`s3:GetBucket*` is said where all of them are meant, and no other."""
    names = catalogue.match("s3:GetBucket*")
    every = len(catalogue.at_level("s3", "read"))
    assert words.actions(group(*names)) == f"s3:GetBucket* ({len(names)} of {every} read actions)"
    assert "*" not in words.actions(group(*names[1:]))


def test_patterns_with_what_is_to_come_name_their_exceptions(
    words: Words, catalogue: Catalogue
) -> None:
    """Actions that AWS may add are told by the pattern, with what of today is not in the group."""
    names = catalogue.match("s3:Get*")
    assert words.actions(group(*names, new_actions=("s3:Get*",))) == "s3:Get*"
    rest = tuple(n for n in names if n != "s3:GetObject")
    assert words.actions(group(*rest, new_actions=("s3:Get*",))) == "s3:Get* except s3:GetObject"
    assert words.actions(group(new_actions=("s3:Get*",))) == "whatever AWS adds under s3:Get*"
    both = group(*names, new_actions=("s3:Get*", "s3:GetObject*"))
    assert words.actions(both) == "s3:Get*"


def test_whole_services_are_told_by_what_is_missing(words: Words, catalogue: Catalogue) -> None:
    """Everything but IAM is four words."""
    services = tuple(f"{s}:*" for s in catalogue.services() if s != "iam")
    assert words.actions(group(*services, new_actions=("*",))) == "* except iam:*"
    more = group("iam:GetRole", *services, new_actions=("*",))
    assert words.actions(more) == "iam:GetRole, * except iam:*"
    assert words.actions(group("s3:*", "sqs:*")) == "s3:*, sqs:*"


def test_many_services_are_counted(words: Words, catalogue: Catalogue) -> None:
    """A long list of services is a number with the largest three."""
    names = [catalogue.match(f"{s}:*")[0] for s in catalogue.services()[:10]]
    assert re.fullmatch(r"10 actions of 10 services \(.*, …\)", words.actions(group(*names)))


def test_conditions_are_formulas_where_the_language_has_them(words: Words) -> None:
    """One condition is said; several are not put into a relation that nobody proved."""
    one = group("s3:GetObject", when=('{"Bool": {"aws:SecureTransport": "true"}}',))
    assert words.group(one).endswith("on arn:aws:s3:::a/* when aws:SecureTransport")
    two = one._replace(when=(*one.when, '{"StringEquals": {"aws:PrincipalOrgID": "o-1"}}'))
    assert words.when(two) == 'under aws:SecureTransport; aws:PrincipalOrgID == "o-1"'
    odd = '{"Bool":{"aws:SecureTransport":"maybe"}}'
    assert words.when(one._replace(when=(odd,))) == f"when {odd}"


def test_a_witness_is_one_line(words: Words) -> None:
    """Keys have their spelling of the catalogue, and missing ones are left out."""
    context = {"aws:securetransport": ("true",), "aws:tagkeys": ("a", "b c"), "aws:sourceip": ()}
    request = REQUEST._replace(context=context, action="S3:getobject")
    assert words.witness(request, named=False) == (
        's3:GetObject on arn:aws:s3:::a/x when aws:SecureTransport = true, aws:TagKeys = [a, "b c"]'
    )
    assert words.witness(REQUEST, named=True).startswith(f"s3:GetObject by {ROLE} on ")


def test_callers_are_named_as_in_the_language(words: Words) -> None:
    """`to` reads as in a source; what no principal looks like is shown as it is."""
    who = (("Service", "lambda.amazonaws.com"), ("AWS", "111122223333"), ("*", "*"))
    assert words.who(group(who=who)) == "service lambda, account 111122223333, anyone"


def test_nothing_in_a_policy_can_write_to_the_terminal(catalogue: Catalogue) -> None:
    """Escape sequences and marks that turn the reading direction are spelt out."""
    evil = group("s3:GetObject", resources=("arn:aws:s3:::\x1b[2J\u202e\n- gained",))
    shown = _diff_text.text(difference(changed("a\x1b[1m", evil)), catalogue)
    assert "\x1b" not in shown
    assert "\u202e" not in shown
    assert shown.count("\n") == 5


def test_nothing_in_a_policy_can_be_markdown(catalogue: Catalogue) -> None:
    """A comment of a bot is trusted: no cell, span or tag of it can be closed from within."""
    texts = ("a|b", "`x` <img src=x>", "``", "@octocat", "</details>", "[a](http://x)")
    for text in texts:
        evil = group("s3:GetObject", resources=(text,))
        made = _diff_markdown.text(difference(changed(text, evil)), catalogue)
        (row,) = [line for line in made.splitlines() if line.startswith("| `s3:GetObject`")]
        cells = re.split(r"(?<!\\)\|", row)
        assert len(cells) == 5, made
        fence = max(re.findall("`+", cells[2]), key=len)
        assert cells[2].strip().startswith(fence), made
        assert cells[2].strip().endswith(fence), made
        outside = re.sub(r"(`+) ?.*? ?\1(?!`)", "", row)
        assert not re.search(r"[<>@\[\]]", outside), made
        summary = made[made.index("<summary>") : made.index("</summary>")]
        assert "<" not in summary.removeprefix("<summary>role <code>").replace("</code>", "")


def test_a_comment_fits_and_says_what_was_cut(catalogue: Catalogue) -> None:
    """GitHub refuses what is too long; nothing is dropped without a word."""
    long = tuple(
        group("s3:GetObject", resources=(f"arn:aws:s3:::{'a' * 300}-{n}/*",)) for n in range(200)
    )
    made = _diff_markdown.text(difference(changed("one", *long)), catalogue)
    assert len(made) < 20_000
    assert re.search(r"^\d+ more rows were cut\.$", made, re.MULTILINE)
    many = difference(*(changed(f"role-{n}", *long) for n in range(40)))
    made = _diff_markdown.text(many, catalogue)
    assert len(made) < _diff_markdown.LIMIT
    shown = made.count("<details>")
    assert f"**{40 - shown} more subjects were cut**" in made
    form = difference(*(changed(f"role-{n}" * 20) for n in range(2000)))
    made = _diff_markdown.text(form, catalogue)
    assert len(made) < _diff_markdown.LIMIT
    assert re.search(r"^- and [\d,]+ more$", made, re.MULTILINE)


def test_unknown_access_is_loud(catalogue: Catalogue) -> None:
    """What nobody can read is the line that must not be missed."""
    setting = Setting("attach", "", "arn:aws:iam::aws:policy/X", may_gain=True)
    open_ = Aspect("access", unknown=("too many combinations",))
    one = changed("a", settings=(setting,), aspects=(open_,), beside=("arn:aws:iam::aws:policy/Y",))
    text = _diff_text.text(difference(one), catalogue)
    assert "UNKNOWN ACCESS: attached arn:aws:iam::aws:policy/X, which may allow more" in text
    assert "NOT DECIDED: too many combinations" in text
    assert "beside arn:aws:iam::aws:policy/Y" in text
    markdown = _diff_markdown.text(difference(one), catalogue)
    assert "**Unknown access**: `attached arn:aws:iam::aws:policy/X" in markdown
    assert "**Not decided**: `too many combinations`" in markdown


def test_what_was_added_whole_is_summarised(catalogue: Catalogue) -> None:
    """A new role may have a hundred groups: the first few, and how many there are."""
    many = tuple(group("s3:GetObject", resources=(f"arn:aws:s3:::{n}/*",)) for n in range(30))
    text = _diff_text.text(difference(changed("a", *many, state="added")), catalogue)
    assert text.startswith("role `a`: added\n")
    assert "+ and 25 more, see --output-format json" in text


@pytest.mark.parametrize(
    ("fail_on", "codes"),
    [
        (None, [0, 0, 0, 0, 0]),
        ("gained", [0, 1, 0, 2, 0]),
        ("lost", [0, 0, 1, 2, 0]),
        ("any", [0, 1, 1, 2, 1]),
    ],
)
def test_the_exit_code_answers_what_was_asked(fail_on: str | None, codes: list[int]) -> None:
    """A gate in CI: yes, no, and what could not be decided is neither."""
    same = changed("a", reshaped=())
    one = (group("s3:GetObject"),)
    gained = changed("a", aspects=(Aspect("access", one),))
    lost = changed("a", aspects=(Aspect("denies", (), one),))
    open_ = changed("a", aspects=(Aspect("access", unknown=("why",)),))
    idle = changed("a", aspects=(Aspect("policies", one),))
    found = [diff._code(difference(c), fail_on) for c in (same, gained, lost, open_, idle)]
    assert found == codes
    assert diff._code(difference(open_, gained), "gained") == 1

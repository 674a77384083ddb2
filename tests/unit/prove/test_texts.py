"""The classes that patterns cut out of all texts, against every short text there is."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest
from test_automata import SHORT, fits, glob

from iamdsl.prove import _automata, _texts
from iamdsl.prove._automata import Pattern, TooLargeError
from iamdsl.prove._texts import Classes, Domain, Roles, covers, sample

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Sequence

DOMAINS = (
    Domain(),
    Domain(None, (), ("zz", "a")),
    Domain(Pattern("glob", "a*")),
    Domain(Pattern("glob", "*:*"), ("b", "ab"), ("z:z", "b")),
)


def some(choice: random.Random) -> list[Pattern]:
    """Return patterns, some of them literal, each once."""
    texts = dict.fromkeys(
        glob(choice) if choice.random() < 0.7 else choice.choice(SHORT[1:300])
        for _ in range(choice.randint(1, 5))
    )
    return [Pattern("glob", text) for text in texts]


def matched(patterns: Sequence[Pattern], text: str) -> frozenset[int]:
    return frozenset(n for n, p in enumerate(patterns) if fits(p, text))


def asked(domain: Domain, taken: Iterable[str]) -> list[str]:
    """Return the short texts of a domain that are not taken."""
    inside = domain.pattern
    return [
        text
        for text in SHORT
        if text not in taken and (inside is None or fits(inside, text) or text in domain.more)
    ]


@pytest.mark.parametrize("seed", range(80))
def test_every_class_is_found(seed: int) -> None:
    """Each set of patterns that a text of the domain matches is given, once, with such a text."""
    choice = random.Random(seed)  # noqa: S311
    patterns, domain = some(choice), choice.choice(DOMAINS)
    taken = frozenset(choice.sample(SHORT, 20))
    focus = frozenset(choice.sample(range(len(patterns)), 1)) if seed % 3 == 0 else None
    found = list(Classes(patterns, domain, focus=focus, taken=taken).all())
    classes = [which for which, _ in found]
    assert len(set(classes)) == len(classes)
    for text in asked(domain, taken):
        which = matched(patterns, text)
        assert which in classes or (focus and not which & focus), (patterns, domain, text)
    for which, example in found:
        assert example is not None
        assert which == matched(patterns, example), (patterns, example)
        assert example not in taken
        assert domain.pattern is None or fits(domain.pattern, example) or example in domain.more
        assert focus is None or which & focus


def decided(roles: Roles, which: frozenset[int]) -> tuple[frozenset[Hashable], frozenset[int]]:
    """Return what is so where these patterns match, and which may decide more."""
    sure = frozenset().union(*(roles.decides[n] for n in which if n not in roles.opaque))
    return sure, frozenset(n for n in which & roles.opaque if not roles.decides[n] <= sure)


def _roles(choice: random.Random, patterns: Sequence[Pattern]) -> Roles:
    decides = [frozenset(choice.choices("xyz", k=choice.randint(1, 2))) for _ in patterns]
    wild = [n for n, p in enumerate(patterns) if "*" in p.text]
    return Roles(decides, frozenset(n for n in wild if choice.random() < 0.2))


@pytest.mark.parametrize("few_states", [False, True], ids=["walked", "imagined"])
@pytest.mark.parametrize("seed", range(80))
def test_with_roles_everything_decided_is_found(
    seed: int, few_states: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sets that decide the same may be one; where a walk is too long, more are imagined."""
    choice = random.Random(seed)  # noqa: S311
    patterns, domain = some(choice), choice.choice(DOMAINS)
    roles = _roles(choice, patterns)
    focus = frozenset(choice.sample(range(len(patterns)), 1)) if seed % 3 == 0 else None
    if few_states:
        monkeypatch.setattr(_automata, "MOST_STATES", 2)
    try:
        found = list(Classes(patterns, domain, focus=focus, roles=roles).all())
    except TooLargeError:
        assert few_states
        return
    given = {decided(roles, which) for which, _ in found}
    for text in asked(domain, ()):
        which = matched(patterns, text)
        if focus is None or which & focus:
            assert decided(roles, which) in given, (patterns, roles, text)
    for which, example in found:
        if example is None:
            assert few_states
        else:
            assert decided(roles, matched(patterns, example)) == decided(roles, which)


def test_imagination_has_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without roles, or with too many kinds, a walk that is too long is an answer not known."""
    monkeypatch.setattr(_automata, "MOST_STATES", 2)
    patterns = [Pattern("glob", f"*{c}*") for c in "abcd"]
    with pytest.raises(TooLargeError):
        list(Classes(patterns, Domain()).all())
    monkeypatch.setattr(_texts, "MOST_KINDS", 2)
    roles = Roles([frozenset([n]) for n in range(4)])
    with pytest.raises(TooLargeError):
        list(Classes(patterns, Domain(), roles=roles).all())


def test_too_many_classes_are_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Classes beyond the bound are never left out in silence."""
    monkeypatch.setattr(_texts, "MOST_CLASSES", 3)
    with pytest.raises(TooLargeError):
        list(Classes([Pattern("glob", c) for c in "abcde"], Domain()).all())


@pytest.mark.parametrize("seed", range(60))
def test_covering_is_sure(seed: int) -> None:
    """A pattern that covers another one matches all that it does; a sample is one of its texts."""
    choice = random.Random(seed)  # noqa: S311
    wide, narrow = (Pattern("glob", glob(choice)) for _ in range(2))
    if covers(wide, narrow):
        assert all(fits(wide, text) for text in SHORT if fits(narrow, text))
    assert fits(narrow, sample(narrow, "x"))

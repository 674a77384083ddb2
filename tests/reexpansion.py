"""Compares policy documents by writing out all that they grant, without any code of iamdsl's.

Both sides become rows of (effect, principal, condition, resource) and a set of actions, out of
a given list of names. A row of one side may be granted by several of the other, if their
resources are as wide and their conditions as weak; every action has to be granted by one. Patterns
are compared by their text, conditions by their entries, so that `differences` may tell of one where
there is none, and never the other way round, for the names that it is given.
"""

from __future__ import annotations

import json
import re
from functools import cache
from ipaddress import ip_network
from itertools import product
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

Json: TypeAlias = "dict[str, Any]"
# A pattern, or the set of those that a NotResource leaves out; None where there is no element.
Place: TypeAlias = "str | frozenset[str] | None"

# Combinations of condition values that a row is taken apart into.
_MOST = 20_000
_EVERY_ACTION = "*"


class Test(NamedTuple):
    """An entry of a condition, all but the values in lower case.

    Attributes:
        quantity: `forallvalues`, `foranyvalue` or "".
        operator: without that and without `IfExists`, which `optional` tells.
    """

    quantity: str
    operator: str
    optional: bool
    key: str
    values: frozenset[str]

    @property
    def is_choice(self) -> bool:
        """Tell whether it is enough that one of the values matches."""
        return "not" not in self.operator and self.quantity != "forallvalues"

    def __str__(self) -> str:
        name = ":".join(part for part in (self.quantity, self.operator) if part)
        return f"{name}{'ifexists' * self.optional} {self.key} {sorted(self.values)}"


class Difference(NamedTuple):
    """Something that one side grants (or denies) and the other does not.

    Attributes:
        lost: whether it is the side before that has it.
        action: one of them.
        row: a sentence with the rest.
    """

    lost: bool
    action: str
    row: str

    def __str__(self) -> str:
        return f"{'lost' if self.lost else 'gained'}: {self.action} {self.row}"


class Row(NamedTuple):
    """Actions, as a number with a bit for each, for all that is alike otherwise."""

    effect: str
    principal: str
    tests: tuple[Test, ...]
    place: Place
    actions: int


class Universe:
    """The names of actions that patterns are written out to, in lower case."""

    def __init__(self, names: Iterable[str]) -> None:
        self._names = sorted({name.lower() for name in names})
        self._known = {name: 1 << i for i, name in enumerate(self._names)}
        self._by_service: dict[str, list[str]] = {}
        for name in self._names:
            self._by_service.setdefault(name.partition(":")[0], []).append(name)
        self._bits: dict[str, int] = {}

    @property
    def every(self) -> int:
        """Return the set of all."""
        return (1 << len(self._names)) - 1

    def with_actions_of(self, documents: Iterable[Json]) -> Universe:
        """Return a universe that has, besides, what documents name and this one lacks.

        A pattern that matches nothing becomes a name itself: who drops it is found out.
        """
        texts = {
            text.lower()
            for document in documents
            for statement in listed(document["Statement"])
            for element in ("Action", "NotAction")
            for text in listed(statement.get(element, []))
        }
        missing = {text for text in texts if not self.bits(text)}
        return Universe([*self._names, *missing]) if missing else self

    def bits(self, pattern: str) -> int:
        """Return the set of the actions that a pattern matches."""
        text = pattern.lower()
        if text not in self._bits:
            self._bits[text] = self._match(text)
        return self._bits[text]

    def names(self, bits: int) -> Iterator[str]:
        """Yield the names of a set."""
        while bits:
            low = bits & -bits
            yield self._names[low.bit_length() - 1]
            bits ^= low

    def _match(self, text: str) -> int:
        if text == _EVERY_ACTION:
            return self.every
        if "*" not in text and "?" not in text:
            return self._known.get(text, 0)
        service = text.partition(":")[0]
        some = self._names if set(service) & {"*", "?"} else self._by_service.get(service, [])
        matches = _regex(text).fullmatch
        return sum(self._known[name] for name in some if matches(name))


def differences(
    before: Sequence[Json], after: Sequence[Json], universe: Universe
) -> Iterator[Difference]:
    """Yield what one of two sets of documents grants or denies and the other does not."""
    universe = universe.with_actions_of([*before, *after])
    sides = [[row for d in side for row in rows(d, universe)] for side in (before, after)]
    for lost, (some, others) in ((True, sides), (False, sides[::-1])):
        index = _Index(others)
        for row in some:
            for rest in _uncovered(row, index):
                name = next(universe.names(rest.actions))
                yield Difference(lost, name, f"on {rest.place} with {_told(rest)}")


def rows(document: Json, universe: Universe) -> Iterator[Row]:
    """Yield what a document says, a row for each of its resources."""
    for statement in listed(document["Statement"]):
        actions = 0
        for text in listed(statement.get("Action", statement.get("NotAction", []))):
            actions |= universe.bits(text)
        if "NotAction" in statement:
            actions = universe.every & ~actions
        who = {k: statement[k] for k in ("Principal", "NotPrincipal") if k in statement}
        principal = json.dumps({k: _ordered(v) for k, v in who.items()}, sort_keys=True)
        tests = tuple(sorted(_tests(statement.get("Condition", {})), key=str))
        for place in _places(statement):
            yield Row(statement["Effect"], principal, tests, place, actions)


def listed(value: Any) -> list[Any]:
    """Return a list as it is, and anything else as the only member of one."""
    return value if isinstance(value, list) else [value]


def _places(statement: Json) -> list[Place]:
    if "NotResource" in statement:
        return [frozenset(listed(statement["NotResource"]))]
    return listed(statement["Resource"]) if "Resource" in statement else [None]


def _tests(condition: Mapping[str, Mapping[str, Any]]) -> Iterator[Test]:
    for operator, entries in condition.items():
        for key, values in entries.items():
            texts = (v if isinstance(v, str) else json.dumps(v) for v in listed(values))
            quantity, _, name = operator.lower().rpartition(":")
            base = name.removesuffix("ifexists").replace("arnequals", "arnlike")
            base = base.replace("arnnotequals", "arnnotlike")
            optional = name.endswith("ifexists")
            yield Test(quantity, base, optional, key.lower(), frozenset(texts))


def _ordered(who: Any) -> Any:
    if isinstance(who, dict):
        return {kind: sorted(listed(values)) for kind, values in who.items()}
    return who


# Which row covers which ------------------------------------------------------------------------


class _Index:
    """Rows by what they are about, to find those that are about as much or more."""

    def __init__(self, all_rows: Iterable[Row]) -> None:
        self._rows: dict[tuple[str, str], dict[Place, list[Row]]] = {}
        self._wider: dict[tuple[str, str, Place], list[Row]] = {}
        for row in all_rows:
            places = self._rows.setdefault((row.effect, row.principal), {})
            places.setdefault(row.place, []).append(row)
        # A text without wildcards covers itself alone.
        self._wild = {
            key: [p for p in places if not isinstance(p, str) or set(p) & {"*", "?"}]
            for key, places in self._rows.items()
        }

    def wider(self, row: Row) -> list[Row]:
        """Return the rows for at least its resources."""
        key = (row.effect, row.principal, row.place)
        if key not in self._wider:
            places = self._rows.get(key[:2], {})
            found = [p for p in self._wild.get(key[:2], ()) if _covers(p, row.place)]
            found += [row.place] if row.place in places and row.place not in found else []
            self._wider[key] = [other for place in found for other in places[place]]
        return self._wider[key]


def _uncovered(row: Row, index: _Index) -> Iterator[Row]:
    """Yield what of a row no row of the index covers."""
    wider = index.wider(row)
    left = row.actions & ~_granted(row.tests, wider)
    if not left:
        return
    # No single one has all values: they are alternatives, and others may have one each.
    apart = [_apart(test) for test in row.tests]
    number = 1
    for tests in apart:
        number *= len(tests)
    if number in {0, 1} or number > _MOST:
        yield row._replace(actions=left)
        return
    for some in product(*apart):
        if rest := left & ~_granted(some, wider):
            yield row._replace(tests=some, actions=rest)


def _granted(tests: Sequence[Test], wider: Iterable[Row]) -> int:
    actions = 0
    for other in wider:
        if other.actions & ~actions and all(
            any(_weaker(w, narrow) for narrow in tests) for w in other.tests
        ):
            actions |= other.actions
    return actions


@cache
def _weaker(wide: Test, narrow: Test) -> bool:
    """Tell whether one test holds wherever another does."""
    if wide == narrow:
        return True
    if wide.key != narrow.key:
        return False
    if wide.operator == "null":
        # A value that matched was there.
        certain = narrow.is_choice and not narrow.optional and narrow.operator != "null"
        return wide.values == {"false"} and certain and not narrow.values & {"", "*"}
    if wide.quantity != narrow.quantity or (narrow.optional and not wide.optional):
        return False
    if ("not" in wide.operator) != ("not" in narrow.operator):
        return False
    if "not" not in wide.operator:
        return all(any(_takes(wide, w, narrow, n) for w in wide.values) for n in narrow.values)
    # What the wide one leaves out, the narrow one has to leave out too.
    return all(any(_takes(narrow, n, wide, w) for n in narrow.values) for w in wide.values)


def _takes(wide: Test, value: str, narrow: Test, text: str) -> bool:
    """Tell whether a value of one test matches all that a value of the other matches."""
    outer, inner = (test.operator.replace("not", "") for test in (wide, narrow))
    if outer == inner and value == text:
        return True
    exact = inner == "stringequals" or not set(text) & {"*", "?", "$"}
    if inner[:6] == outer[:6] == "string":
        if outer == "stringequals":
            return exact and inner != "stringequalsignorecase" and value == text
        if outer == "stringequalsignorecase":
            return exact and value.lower() == text.lower()
        return inner != "stringequalsignorecase" and bool(_regex(value).fullmatch(text))
    if inner == outer == "arnlike":
        fields = value.split(":", 5), text.split(":", 5)
        return len(fields[0]) == len(fields[1]) == len("arn:::::".split(":")) and all(
            _regex(w).fullmatch(n) for w, n in zip(*fields, strict=True)
        )
    if inner == outer == "ipaddress":
        networks = [ip_network(address, strict=False) for address in (value, text)]
        return networks[0].version == networks[1].version and networks[1].subnet_of(networks[0])  # type: ignore[arg-type]
    return False


def _apart(test: Test) -> list[Test]:
    if not test.is_choice:
        return [test]
    return [test._replace(values=frozenset((value,))) for value in sorted(test.values)]


def _told(row: Row) -> str:
    return " and ".join(map(str, row.tests)) or "no condition"


def _covers(wide: Place, narrow: Place) -> bool:
    if wide == narrow:
        return True
    if wide is None or narrow is None:
        return False
    if isinstance(wide, frozenset):
        # What is left out on the wide side has to be left out on the narrow one.
        return isinstance(narrow, frozenset) and all(
            any(_covers(some, left_out) for some in narrow) for left_out in wide
        )
    if wide == "*":
        return True
    return isinstance(narrow, str) and _regex(wide).fullmatch(narrow) is not None


@cache
def _regex(pattern: str) -> re.Pattern[str]:
    """Return what matches the texts, patterns among them, that a pattern covers."""
    signs = {"*": ".*", "?": "[^*]"}
    return re.compile("".join(signs.get(c) or re.escape(c) for c in pattern), re.DOTALL)

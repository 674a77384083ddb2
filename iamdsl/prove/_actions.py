"""The classes of actions that statements tell apart: those of the catalogue, and all others.

AWS adds actions every week, so that names outside the catalogue are asked for as well: those that
policies write out, and, for each service with wildcards and for services that nobody names, some
name for each combination of patterns that an unknown one can match.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from iamdsl.prove._automata import Pattern, Product, literal, matches

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from iamdsl.aws import Catalogue
    from iamdsl.iam import Elements

_NEW = ("ActionOfNextWeek", "OtherAction", "YetAnotherAction")
_NEW_SERVICES = ("service-of-next-week", "other-service", "yet-another-service")


class Action(NamedTuple):
    """An action that stands for itself, or for all names that AWS may add in a class.

    Attributes:
        known: whether it is in the catalogue.
        pattern: a pattern that it stands for, where it is not.
    """

    name: str
    known: bool
    pattern: str = ""


def action_classes(
    elements: Sequence[Elements], catalogue: Catalogue
) -> dict[frozenset[int], list[Action]]:
    """Return each set of elements (by their numbers) that speak of an action, with such actions.

    Raises:
        TooLargeError: the patterns of a service have too many combinations.
    """
    return _Actions(elements, catalogue).classes()


class _Actions:
    def __init__(self, elements: Sequence[Elements], catalogue: Catalogue) -> None:
        self.elements, self.catalogue = elements, catalogue
        self.by_service: dict[str, list[tuple[str, int]]] = defaultdict(list)
        """Name pattern and number of the element, by service."""
        self.everywhere: list[tuple[str, int]] = []
        """Patterns whose service is one, too."""
        for number, element in enumerate(elements):
            for text in element.values:
                service, colon, name = text.lower().partition(":")
                if not colon or "*" in service or "?" in service:
                    self.everywhere.append((text.lower(), number))
                else:
                    self.by_service[service].append((name, number))
        self.negated = frozenset(n for n, e in enumerate(elements) if e.negated)

    def classes(self) -> dict[frozenset[int], list[Action]]:
        """Return the classes over all services."""
        found: dict[frozenset[int], list[Action]] = defaultdict(list)
        partial = [p for p in self.everywhere if p[0] != "*"]
        services = dict.fromkeys(sorted(self.by_service))
        if partial:
            services |= dict.fromkeys(self.catalogue.services())
        for service in services:
            self._of_service(service, partial, found)
        self._elsewhere(partial, found)
        return found

    def _of_service(
        self,
        service: str,
        partial: list[tuple[str, int]],
        found: dict[frozenset[int], list[Action]],
    ) -> None:
        names = self.catalogue.names(service)
        base = frozenset(n for text, n in self.everywhere if text == "*")
        hits: dict[str, set[int]] = defaultdict(set)
        wild: dict[str, set[int]] = defaultdict(set)
        everything: set[int] = set(base)
        for name, number in self.by_service.get(service, ()):
            if name == "*":
                everything.add(number)
            elif "*" in name or "?" in name:
                wild[name].add(number)
            else:
                hits[name].add(number)
        for text, number in partial:
            wild[text].add(number)
        for pattern, numbers in wild.items():
            for name in self._matched(service, pattern):
                hits[name] |= numbers
        for name in [n for n in hits if n not in names]:
            for pattern, numbers in wild.items():
                text = f"{service}:{name}" if ":" in pattern else name
                if matches(Pattern("glob", pattern), text):
                    hits[name] |= numbers
        whole = frozenset(everything)
        plain = self._speaking(whole)
        for name in dict.fromkeys((*hits, *names)) if plain else hits:
            speaking = self._speaking(whole | hits[name]) if name in hits else plain
            found[speaking].append(Action(f"{service}:{names.get(name, name)}", name in names))
        for some, action in self._unknown(service, wild, hits.keys() | names.keys()):
            found[self._speaking(whole | some)].append(action)

    def _matched(self, service: str, pattern: str) -> Iterable[str]:
        """Return the names, in lower case, of a service's actions that a pattern matches."""
        if ":" in pattern:
            whole = Pattern("glob", pattern)
            return [n for n in self.catalogue.names(service) if matches(whole, f"{service}:{n}")]
        actions = self.catalogue.match(f"{service}:{pattern}")
        return [action.partition(":")[2].lower() for action in actions]

    def _speaking(self, matching: frozenset[int]) -> frozenset[int]:
        """Return the elements that speak of an action that these elements' lists match."""
        return matching ^ self.negated

    def _unknown(
        self, service: str, wild: Mapping[str, set[int]], avoid: Iterable[str]
    ) -> Iterable[tuple[frozenset[int], Action]]:
        """Yield the combinations that a name outside the catalogue matches."""
        taken = frozenset(avoid)
        name = next(n for n in _NEW if n.lower() not in taken)
        texts = [t if ":" in t else f"{service}:{t}" for t in wild]
        patterns = [Pattern("glob", text) for text in texts]
        whole = f"{service}:{name.lower()}"
        if not any(matches(p, whole) for p in patterns):
            yield frozenset(), Action(f"{service}:{name}", known=False, pattern=f"{service}:*")
        numbers = list(wild.values())
        if len(patterns) == 1:
            example = _example(patterns[0], taken)
            if example:
                yield frozenset(numbers[0]), Action(example, known=False, pattern=texts[0])
                return
        if not patterns:
            return
        inside = Pattern("glob", f"{service}:*")
        full = frozenset(f"{service}:{n}" for n in taken)
        combined = Product([*patterns, inside]).combinations(full)
        if None in combined.values():
            literals = [Pattern("exact", text) for text in sorted(full)]
            exact = Product([*patterns, inside, *literals]).combinations()
            most = len(patterns) + 1
            combined = {c: text for c, text in exact.items() if all(n < most for n in c)}
        last = len(patterns)
        for combination, text in combined.items():
            if text is None or last not in combination or len(combination) == 1:
                continue
            some = [n for n in combination if n != last]
            shown = max((texts[n] for n in some), key=lambda t: (len(t), t))
            yield (
                frozenset().union(*(numbers[n] for n in some)),
                Action(text, known=False, pattern=shown),
            )

    def _elsewhere(
        self, partial: list[tuple[str, int]], found: dict[frozenset[int], list[Action]]
    ) -> None:
        """Add services that no element names: of the catalogue, and one that AWS may add."""
        base = frozenset(n for text, n in self.everywhere if text == "*")
        plain = self._speaking(base)
        service = next(s for s in _NEW_SERVICES if s not in self.by_service)
        found[plain].append(Action(f"{service}:{_NEW[0]}", known=False, pattern="*"))
        if not partial and plain:
            found[plain] += [
                Action(f"{service}:*", known=True)
                for service in self.catalogue.services()
                if service not in self.by_service
            ]
        if not partial:
            return
        patterns = [Pattern("glob", text) for text, _ in partial]
        named = [Pattern("glob", f"{s}:*") for s in dict.fromkeys(self.by_service)]
        most, inside = len(patterns), Pattern("glob", "?*:?*")
        combined = Product([*patterns, inside, *named]).combinations()
        for combination, text in combined.items():
            if text is None or most not in combination or any(n > most for n in combination):
                continue
            some = [n for n in combination if n < most]
            shown = max((partial[n][0] for n in some), key=len, default="*")
            numbers = base | {partial[n][1] for n in some}
            found[self._speaking(numbers)].append(Action(text, known=False, pattern=shown))


def _example(pattern: Pattern, taken: frozenset[str]) -> str | None:
    """Return an action of a pattern that is not taken: the pattern with a word for each `*`."""
    assert literal(pattern) is None  # noqa: S101  # only wildcard patterns come here
    for word in ("OfNextWeek", "Other", "YetAnother"):
        text = pattern.text.replace("*", word).replace("?", "x")
        if text.partition(":")[2].lower() not in taken:
            return text
    return None

"""The classes of actions that statements tell apart: those of the catalogue, and all others.

AWS adds actions every week, so that names outside the catalogue are asked for as well: those that
policies write out, and, for each service with wildcards and for services that nobody names, some
name for each combination of patterns that an unknown one can match.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from iamdsl.prove._automata import Pattern, Product, TooLargeError, matches
from iamdsl.prove._texts import Classes, Domain, Roles

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from iamdsl.aws import Catalogue
    from iamdsl.iam import Elements

_NEW = ("ActionOfNextWeek", "OtherAction", "YetAnotherAction")
_NEW_WORDS = ("OfNextWeek", "Other", "")
_NEW_SERVICES = ("service-of-next-week", "other-service", "yet-another-service")


class Action(NamedTuple):
    """An action that stands for itself, or for all names that AWS may add in a class.

    Attributes:
        known: whether it is in the catalogue.
        pattern: a pattern that it stands for: of those that AWS may add, or a whole service.
    """

    name: str
    known: bool
    pattern: str = ""


def action_classes(
    elements: Sequence[Elements], catalogue: Catalogue, focus: frozenset[str] | None
) -> dict[frozenset[int], list[Action]]:
    """Return each set of elements (by their numbers) that speak of an action, with such actions.

    Args:
        focus: only actions that one of these patterns (in lower case) matches are asked for; None
            is all actions.

    Raises:
        TooLargeError: the patterns of a service have too many combinations.
    """
    return _Actions(elements, catalogue, focus).found


class _Actions:
    def __init__(
        self, elements: Sequence[Elements], catalogue: Catalogue, focus: frozenset[str] | None
    ) -> None:
        self.catalogue, self.focus = catalogue, focus
        self.by_service: dict[str, list[tuple[str, int]]] = defaultdict(list)
        """Pattern of a name, and the number of the element, by service."""
        self.partial: list[tuple[str, int]] = []
        """Patterns, but for `*`, whose service is one too."""
        self.written: dict[str, str] = {}
        base: set[int] = set()
        for number, element in enumerate(elements):
            for text in element.values:
                lowered = text.lower()
                self.written[lowered] = text
                service, colon, name = lowered.partition(":")
                if lowered == "*":
                    base.add(number)
                elif not colon or "*" in service or "?" in service:
                    self.partial.append((lowered, number))
                else:
                    self.by_service[service].append((name, number))
        self.base = frozenset(base)
        self.negated = frozenset(n for n, e in enumerate(elements) if e.negated)
        self.found: dict[frozenset[int], list[Action]] = defaultdict(list)
        everywhere = focus is None or any(text in focus for text, _ in self.partial)
        everywhere = everywhere or (focus is not None and "*" in focus)
        services = dict.fromkeys(sorted(self.by_service))
        if self.partial and everywhere:
            services |= dict.fromkeys(catalogue.services())
        for service in services:
            self._of_service(service, everywhere=everywhere)
        if everywhere:
            self._elsewhere()

    def _speaking(self, matching: frozenset[int]) -> frozenset[int]:
        """Return the elements that speak of an action that these elements' lists match."""
        return matching ^ self.negated

    def _of_service(self, service: str, *, everywhere: bool) -> None:
        listed = self.by_service.get(service, ())
        focus = None if everywhere else self._focus(service, listed)
        if focus is not None and not focus:
            return
        if focus is not None and "*" in focus:
            focus = None
        names = self.catalogue.names(service)
        literals: dict[str, set[int]] = defaultdict(set)
        wild: dict[str, set[int]] = defaultdict(set)
        everything = set(self.base)
        for name, number in listed:
            if name == "*":
                everything.add(number)
            elif "*" in name or "?" in name:
                wild[f"{service}:{name}"].add(number)
            else:
                literals[name].add(number)
        for text, number in self.partial:
            wild[text].add(number)
        whole = frozenset(everything)
        hits = self._hits(service, literals, wild)
        for name in self._asked(names, hits, literals, wild, focus, service):
            speaking = self._speaking(whole | hits.get(name, frozenset()))
            if speaking:
                lowered = f"{service}:{name}"
                shown = f"{service}:{names[name]}" if name in names else self.written[lowered]
                self.found[speaking].append(Action(shown, name in names))
        taken = frozenset(f"{service}:{name}" for name in (*literals, *names))
        for some, action in self._unknown(service, wild, focus, taken):
            self.found[self._speaking(whole | some)].append(action)

    def _focus(self, service: str, listed: Iterable[tuple[str, int]]) -> frozenset[str]:
        """Return the names' patterns of a service that are asked for."""
        assert self.focus is not None  # noqa: S101  # asked for only then
        return frozenset(name for name, _ in listed if f"{service}:{name}" in self.focus)

    def _hits(
        self, service: str, literals: Mapping[str, set[int]], wild: Mapping[str, set[int]]
    ) -> dict[str, frozenset[int]]:
        """Return the elements that match each name that any matches, `*` apart."""
        hits: dict[str, set[int]] = defaultdict(set)
        for name, numbers in literals.items():
            hits[name] |= numbers
        unknown = [name for name in literals if name not in self.catalogue.names(service)]
        for text, numbers in wild.items():
            for name in self._matched(service, text):
                hits[name] |= numbers
            for name in unknown:
                if matches(Pattern("glob", text), f"{service}:{name}"):
                    hits[name] |= numbers
        return {name: frozenset(numbers) for name, numbers in hits.items()}

    def _asked(
        self,
        names: Mapping[str, str],
        hits: Mapping[str, frozenset[int]],
        literals: Iterable[str],
        wild: Iterable[str],
        focus: frozenset[str] | None,
        service: str,
    ) -> Iterable[str]:
        """Return the names that are asked for."""
        if focus is None:
            return dict.fromkeys((*hits, *names))
        asked = dict.fromkeys(name for name in literals if name in focus)
        unknown = [name for name in literals if name not in names]
        for text in wild:
            if text.partition(":")[2] in focus:
                asked |= dict.fromkeys(self._matched(service, text))
                asked |= dict.fromkeys(
                    n for n in unknown if matches(Pattern("glob", text), f"{service}:{n}")
                )
        return asked

    def _matched(self, service: str, text: str) -> list[str]:
        """Return the names, in lower case, of a service's actions that a pattern matches."""
        if text.startswith(f"{service}:"):
            return [a.partition(":")[2].lower() for a in self.catalogue.match(text)]
        pattern = Pattern("glob", text)
        return [n for n in self.catalogue.names(service) if matches(pattern, f"{service}:{n}")]

    def _unknown(
        self,
        service: str,
        wild: Mapping[str, set[int]],
        focus: frozenset[str] | None,
        taken: frozenset[str],
    ) -> Iterator[tuple[frozenset[int], Action]]:
        """Yield the combinations of patterns that a name outside the catalogue matches."""
        usual = tuple(f"{service}:{name.lower()}" for name in _NEW)
        domain = Domain(Pattern("glob", f"{service}:?*"), (), usual)
        texts = list(wild)
        chosen = None
        if focus is not None:
            chosen = frozenset(n for n, t in enumerate(texts) if t.partition(":")[2] in focus)
        patterns = [Pattern("glob", text) for text in texts]
        roles = Roles([frozenset(wild[text]) for text in texts])
        found = Classes(patterns, domain, focus=chosen, taken=taken, roles=roles)
        for combination, text in found.all():
            if text is None:  # with so many patterns nothing is imagined: the caller gives up
                raise TooLargeError
            some = [texts[n] for n in combination]
            shown = max(some, key=lambda t: (len(t), t), default=f"{service}:*")
            numbers = frozenset().union(*(wild[t] for t in some))
            yield (
                numbers,
                Action(self._named(shown, text, texts, taken), known=False, pattern=shown),
            )

    def _named(self, shown: str, example: str, texts: list[str], taken: frozenset[str]) -> str:
        """Return a readable name that matches just the patterns that an example does."""
        written = self.written.get(shown, shown)
        for word in _NEW_WORDS:
            filled = word or _NEW[0]
            name = written.replace("*", filled if word else filled.lower()).replace("?", "x")
            if shown.endswith(":*"):
                name = f"{shown[:-2]}:{_NEW[0]}"
            lowered = name.lower()
            if lowered not in taken and all(
                matches(p := Pattern("glob", t), lowered) == matches(p, example) for t in texts
            ):
                return name
        return example

    def _elsewhere(self) -> None:
        """Add services that no element names: of the catalogue, and one that AWS may add."""
        plain = self._speaking(self.base)
        service = next(s for s in _NEW_SERVICES if s not in self.by_service)
        if plain and not self.partial:
            self.found[plain].append(Action(f"{service}:{_NEW[0]}", known=False, pattern="*"))
            self.found[plain] += [
                Action(f"{service}:{next(iter(names.values()))}", True, f"{service}:*")
                for service in self.catalogue.services()
                if service not in self.by_service and (names := self.catalogue.names(service))
            ]
        if not self.partial:
            return
        patterns = [Pattern("glob", text) for text, _ in self.partial]
        named = dict.fromkeys((*self.by_service, *self.catalogue.services()))
        most, inside = len(patterns), Pattern("glob", "?*:?*")
        services = [Pattern("glob", f"{s}:*") for s in named]
        combined = Product([*patterns, inside, *services]).combinations(must=[most])
        for combination, text in combined.items():
            if text is None or any(n > most for n in combination):
                continue
            some = [n for n in combination if n < most]
            shown = max((self.partial[n][0] for n in some), key=len, default="*")
            numbers = self.base | {self.partial[n][1] for n in some}
            self.found[self._speaking(numbers)].append(Action(text, known=False, pattern=shown))

"""What a difference says, in words: actions in few, conditions as in the language, requests.

Never more than is so: what stands for several actions is a pattern that means exactly them, or a
number.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from iamdsl import iam
from iamdsl.diagnostics import Report
from iamdsl.fmt.expressions import flat
from iamdsl.lift import conditions, principals
from iamdsl.lift.writing import Facts, NotSayableError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from iamdsl.analysis.changes import Caller, Group
    from iamdsl.analysis.difference import Changed, Difference
    from iamdsl.analysis.settings import Setting
    from iamdsl.aws import Catalogue
    from iamdsl.simulate import Request

_FEW = 8
"""Actions of one service that are listed by their names."""
_SERVICES = 6
"""Services that are told apart."""
_EXCEPTIONS = 4
"""Actions that a pattern may be said to leave out."""
_PARTS = 8
"""Patterns and services that the actions of one group are put into."""
_RESOURCES = 4
_CALLERS = 6
_BARE = re.compile(r"[A-Za-z0-9_.:/@*+=,$~|<>{}-]+")

HEADINGS = {
    "access": ("gained", "lost"),
    "trust": ("may be assumed by more", "may be assumed by fewer"),
    "denies": ("denies less", "denies more"),
    "policies": (
        "its policies allow more, and what it may do in the end is the same",
        "its policies allow less, and what it may do in the end is the same",
    ),
    "boundary": (
        "its boundary allows more, and what it may do in the end is the same",
        "its boundary allows less, and what it may do in the end is the same",
    ),
}
"""What is said of what an aspect has gained, and of what it has lost."""


class Words:
    """Says groups of requests as people do."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue
        self._facts = Facts(catalogue, Report(), {"partition": "aws"})

    def group(self, group: Group) -> str:
        """Return a group as one sentence, much as a statement of the language."""
        parts = [self.actions(group)]
        if group.who:
            parts.append(f"to {self.who(group)}")
        if (on := self.resources(group)) != "*" or not group.who:
            parts.append(f"on {on}")
        if group.when:
            parts.append(self.when(group))
        return " ".join(parts)

    def who(self, group: Group) -> str:
        """Return the callers of a group, as `to` has them."""
        return _listed(list(dict.fromkeys(map(self._caller, group.who))), _CALLERS)

    def _caller(self, caller: Caller) -> str:
        try:
            return plain(flat(principals.expression(*caller, self._facts)))
        except NotSayableError:
            return plain(f"{caller[0]} {caller[1]}")

    @staticmethod
    def resources(group: Group) -> str:
        """Return the patterns of a group's resources, and those within them that it leaves out."""
        said = _listed([plain(pattern) for pattern in group.resources] or ["*"], _RESOURCES)
        if not group.except_resources:
            return said
        return f"{said} except {_listed([plain(p) for p in group.except_resources], _RESOURCES)}"

    def when(self, group: Group) -> str:
        """Return the conditions of the statements that grant; several are not put into relation."""
        said = [self._condition(text) for text in group.when]
        return f"when {said[0]}" if len(said) == 1 else f"under {'; '.join(said)}"

    def _condition(self, text: str) -> str:
        """Return a condition block as a formula of the language, or as it is where it has none."""
        statement = {"Effect": "Allow", "Action": "*", "Resource": "*"}
        try:
            statement["Condition"] = json.loads(text)
            policy = iam.from_json({"Version": iam.VERSION, "Statement": statement})
            formula, _ = conditions.clauses(policy.statements[0].condition, "Allow", self._facts)
        except (ValueError, NotSayableError):
            return plain(text)
        return plain(flat(formula)) if formula is not None else plain(text)

    def witness(self, request: Request, *, named: bool) -> str:
        """Return a request as one line.

        Args:
            named: whether its caller is to be named.
        """
        by = f" by {plain(request.principal)}" if named else ""
        on = f" on {plain(request.resource)}" if request.resource != "*" or not named else ""
        held = [self._pair(k, values) for k, values in sorted(request.context.items()) if values]
        when = f" when {', '.join(held)}" if held else ""
        return f"{self._action(request.action)}{by}{on}{when}"

    def _action(self, action: str) -> str:
        return plain(self.catalogue.canonical(action) or action)

    def _pair(self, key: str, values: tuple[str, ...]) -> str:
        known = self.catalogue.condition_key(key)
        shown = [v if _BARE.fullmatch(v) else json.dumps(v) for v in values]
        value = shown[0] if len(shown) == 1 else f"[{', '.join(shown)}]"
        return plain(f"{known.name if known is not None else key} = {value}")

    def actions(self, group: Group) -> str:
        """Return a group's actions in few words; a pattern stands for exactly what it matches."""
        whole = {name for name in group.actions if name.endswith(":*")}
        left = {name for name in group.actions if name not in whole}
        new = list(group.new_actions)
        others = [s for s in self.catalogue.services() if f"{s}:*" not in whole]
        if whole and "*" in new and len(others) <= _FEW:
            # All that there is and will be but for some services: what is missing is told.
            new.remove("*")
            end = [f"* except {', '.join(f'{s}:*' for s in others)}" if others else "*"]
        elif len(whole) <= _SERVICES:
            end = [plain(name) for name in sorted(whole)]
        else:
            left.update(name for service in whole for name in self.catalogue.match(service))
            end = []
        known, patterns = set(left), list(new)
        said = [*self._patterns(new, left), *self._of_services(left), *end]
        if len(said) > _PARTS:
            said, new = [*self._of_services(known), *end], patterns
        if new:
            said.append(f"whatever AWS adds under {_listed([plain(p) for p in new], 3)}")
        return ", ".join(said)

    def _patterns(self, new: list[str], left: set[str]) -> Iterator[str]:
        """Yield patterns that stand for what is left, with their exceptions, and take that away."""
        known, done = frozenset(left), list[str]()
        for pattern in sorted(new, key=lambda p: (-len(self.catalogue.match(p)), p)):
            hits = set(self.catalogue.match(pattern))
            missing = hits - known
            if len(missing) > min(_EXCEPTIONS, len(hits) // 2):
                continue
            new.remove(pattern)
            left -= hits
            if not any(iam.action_covers(other, pattern) for other in done):
                some = ", ".join(self._of_services(missing))
                yield f"{plain(pattern)}{f' except {some}' if some else ''}"
            done.append(pattern)

    def _of_services(self, names: set[str]) -> Iterator[str]:
        by_service: dict[str, list[str]] = defaultdict(list)
        for name in sorted(names):
            by_service[name.partition(":")[0]].append(name)
        if len(by_service) > _SERVICES:
            largest = sorted(by_service, key=lambda s: (-len(by_service[s]), s))[:3]
            some = ", ".join(plain(service) for service in largest)
            yield f"{len(names):,} actions of {len(by_service):,} services ({some}, …)"
            return
        for service, own in by_service.items():
            yield from self._of_service(service, own)

    def _of_service(self, service: str, names: list[str]) -> Iterator[str]:
        short = [plain(name.partition(":")[2]) for name in names]
        if len(names) == 1:
            yield plain(names[0])
            return
        if len(names) <= _FEW:
            yield f"{plain(service)}:[{', '.join(short)}]"
            return
        levels: dict[str, list[str]] = defaultdict(list)
        for name in names:
            levels[self.catalogue.level(name) or ""].append(name)
        for level, own in levels.items():
            yield self._of_level(service, level, own)

    def _of_level(self, service: str, level: str, names: list[str]) -> str:
        if not level or len(names) <= 2:
            return ", ".join(plain(name) for name in names)
        every = self.catalogue.at_level(service, level)
        if len(every) == len(names):
            return f"all {len(names)} {level} actions of {service}"
        pattern = f"{service}:{_start([name.partition(':')[2] for name in names])}*"
        counted = f"{len(names)} of {len(every)} {level} actions"
        if set(self.catalogue.match(pattern)) == set(names):
            return f"{pattern} ({counted})"
        return f"{counted} of {service}"


def _start(names: list[str]) -> str:
    """Return the whole words that all names begin with: `Get` of GetObject and GetObjectAcl."""
    first, last = min(names), max(names)
    same = 0
    while same < len(first) and first[same] == last[same : same + 1]:
        same += 1
    while same and any(name[same : same + 1].islower() for name in names):
        same -= 1
    return first[:same]


def _listed(texts: Sequence[str], most: int) -> str:
    shown = ", ".join(texts[:most])
    return shown if len(texts) <= most else f"{shown}, … ({len(texts) - most:,} more)"


def plain(text: str) -> str:
    """Return a text with what does not print, or turns the direction of reading, spelt out.

    What only a deployment knows stands in braces: `{lake}`.
    """
    said = iam.PLACEHOLDER.sub(r"{\1}", text)
    return "".join(c if c.isprintable() else f"\\u{{{ord(c):x}}}" for c in said)


def setting(changed: Setting) -> str:
    """Return a setting in words: `max_session 1h -> 4h`; what it may mean where that is unknown."""
    before, after = plain(changed.before), plain(changed.after)
    if changed.name in {"attach", "groups"} and not (before and after):
        what = "attached" if changed.name == "attach" else "member of"
        said = f"{what} {after}" if after else f"no longer {what} {before}"
    else:
        said = f"{plain(changed.name)} {before or 'none'} -> {after or 'none'}"
    may = " or ".join(
        word for word, is_so in (("more", changed.may_gain), ("less", changed.may_lose)) if is_so
    )
    return f"UNKNOWN ACCESS: {said}, which may allow {may}" if may else said


class Tally(NamedTuple):
    """How many subjects differ, and in what way."""

    changed: int
    gained: int
    lost: int
    form: int
    same: int
    open: int

    @property
    def headline(self) -> str:
        """Return the summary as one line."""
        if not self.changed:
            return "no change in meaning" if self.form else "no difference"
        total = self.changed + self.form + self.same
        parts = [
            f"{number:,} {word}"
            for number, word in (
                (self.gained, "with more access"),
                (self.lost, "with less"),
                (self.open, "not decided"),
                (self.form, "changed in form only"),
            )
            if number
        ]
        what = f"{self.changed:,} of {total:,} {'subject' if total == 1 else 'subjects'} changed"
        return f"{what}: {', '.join(parts)}" if parts else what


def tally(difference: Difference) -> Tally:
    """Return how many subjects differ, and in what way."""

    def count(found: Iterable[bool]) -> int:
        return sum(found)

    subjects = difference.subjects
    return Tally(
        count(s.in_meaning for s in subjects),
        count(s.gains for s in subjects),
        count(s.loses for s in subjects),
        count(not s.in_meaning for s in subjects),
        difference.same,
        count(s.is_open for s in subjects),
    )


def state(changed: Changed) -> str:
    """Return how a subject differs, in a few words."""
    if changed.state != "kept":
        return changed.state
    if not changed.in_meaning:
        return "no change in meaning"
    words = [
        word
        for word, is_so in (("more access", changed.gains), ("less access", changed.loses))
        if is_so
    ]
    return " and ".join(words) or ("not decided" if changed.is_open else "same access")


def form(changed: Changed, say: Callable[[str], str]) -> str:
    """Return which documents changed in form only; `say` writes their titles."""
    words = {"added": " (new)", "removed": " (gone)", "kept": ""}
    return ", ".join(f"{say(r.name)}{words[r.state]}" for r in changed.reshaped)

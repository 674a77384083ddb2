"""Blanks of samples and of other tools, `${Account}` and `<bucket>`: filled by externs.

Documents are often templates: what is to be put in stands in them as `${Name}` without a colon,
which is no variable of IAM's, or between brackets. As far as the place takes text, a bracket is
text; where only an ARN, an address or a number may stand, it must be a blank.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeVar

import attrs

from iamdsl import iam
from iamdsl.diagnostics import codes
from iamdsl.iam import placeholder
from iamdsl.lift import nodes
from iamdsl.lift.estate import Estate, Extern
from iamdsl.syntax.words import IN_EXPRESSIONS

if TYPE_CHECKING:
    from collections.abc import Callable

    from iamdsl.diagnostics import Report
    from iamdsl.iam import Entry, Policy, Principals, Statement

T = TypeVar("T")

_HOLE = re.compile(r"\$\{([A-Za-z_][\w. -]*)\}")
_BLANK = re.compile(r"<[^<>]+>|\[[A-Za-z_][\w. -]*\]|\{\{[^{}]+\}\}")
_OWNER = re.compile(r"(?a)\d{12}|cloudfront|aws|[*]|.*\ue000.*")
"""The account of a principal; other words stand for one, `ACCOUNT-ID-WITHOUT-HYPHENS`."""
_ARN_FIELDS = 5
_LONGEST = 128
"""Characters that a blank is given at the most: no account, name or network is longer."""
_STRICT = ("Numeric", "Date", "IpAddress", "NotIpAddress", "Bool")


def filled(estate: Estate, report: Report) -> Estate:
    """Return the estate with an extern for each blank, each with a warning."""
    build = estate.build
    taken = {e.name for e in estate.externs}
    taken |= {d.name.lower() for d in build.documents} | {i.name.lower() for i in build.identities}
    blanks = _Blanks(taken, report)
    documents = tuple(
        attrs.evolve(d, policy=blanks.policy(d.policy), target=d.target and blanks.arn(d.target))
        for d in build.documents
    )
    identities = tuple(
        attrs.evolve(
            i,
            trust=i.trust and blanks.policy(i.trust),
            own=i.own and blanks.policy(i.own),
            inline=tuple((name, blanks.policy(p)) for name, p in i.inline),
        )
        for i in build.identities
    )
    if not blanks.externs:
        return estate
    build = attrs.evolve(build, documents=documents, identities=identities)
    return attrs.evolve(estate, build=build, externs=(*estate.externs, *blanks.externs.values()))


class _Blanks:
    """Makes an extern of each blank, one for all that are written alike."""

    def __init__(self, taken: set[str], report: Report) -> None:
        self.externs: dict[str, Extern] = {}
        self._taken = taken
        self._report = report
        self._statement: Statement | None = None

    def policy(self, policy: Policy) -> Policy:
        """Return a policy with marks for its blanks; itself when it has none."""
        made = tuple(map(self._of_statement, policy.statements))
        same = all(a is b for a, b in zip(made, policy.statements, strict=True))
        return policy if same else attrs.evolve(policy, statements=made)

    def _of_statement(self, statement: Statement) -> Statement:
        self._statement = statement
        resources, who = statement.resources, statement.principals
        if resources is not None:
            values = _mapped(self.arn, resources.values)
            if values is not resources.values:
                resources = attrs.evolve(resources, values=values)
        if who is not None:
            who = self._principals(who)
        condition = _mapped(self._entry, statement.condition)
        same = (
            resources is statement.resources
            and who is statement.principals
            and condition is statement.condition
        )
        if same:
            return statement
        return attrs.evolve(statement, resources=resources, principals=who, condition=condition)

    def arn(self, text: str) -> str:
        """Return an ARN, or what stands for one, with marks for its blanks."""
        if text == "*":
            return text
        if _BLANK.fullmatch(text):
            return self._mark(text, text[1:-1], "Arn")
        fields = self._holes(text).split(":", _ARN_FIELDS)
        if fields[0] != "arn" or len(fields) <= _ARN_FIELDS:
            return ":".join(fields)
        head = [self._brackets(field) for field in fields[:_ARN_FIELDS]]
        return ":".join((*head, fields[_ARN_FIELDS]))

    def _principals(self, who: Principals) -> Principals:
        by_type = tuple(
            (kind, _mapped(self._principal if kind == "AWS" else self._holes, values))
            for kind, values in who.by_type
        )
        same = all(a[1] is b[1] for a, b in zip(by_type, who.by_type, strict=True))
        return who if same else attrs.evolve(who, by_type=by_type)

    def _principal(self, text: str) -> str:
        text = self._brackets(self.arn(text))
        fields = text.split(":", _ARN_FIELDS)
        if len(fields) <= _ARN_FIELDS or _OWNER.fullmatch(owner := fields[4]) or not owner:
            return text
        return ":".join((*fields[:4], self._mark(owner, owner.strip("x"), "String"), fields[5]))

    def _entry(self, entry: Entry) -> Entry:
        def value(text: str) -> str:
            if base.startswith(_STRICT):
                return self._brackets(self._holes(text))
            if base.startswith("Arn"):
                return self.arn(text)
            return self._holes(text)

        _, base, _ = iam.split_operator(entry.operator)
        values = _mapped(value, entry.values)
        return entry if values is entry.values else attrs.evolve(entry, values=values)

    def _holes(self, text: str) -> str:
        if "${" not in text:
            return text
        return _HOLE.sub(lambda m: self._mark(m.group(), m.group(1), "String"), text)

    def _brackets(self, text: str) -> str:
        return _BLANK.sub(
            lambda m: self._mark(m.group(), m.group().strip("<>[]{}"), "String"), text
        )

    def _mark(self, written: str, words: str, kind: str) -> str:
        if written not in self.externs:
            name = self._name(words)
            doc = f"Stands for `{written}` of the imported document."
            self.externs[written] = Extern(name, kind, 2048 if kind == "Arn" else _LONGEST, doc)
            origin = self._statement.origin if self._statement is not None else ()
            self._report.add(
                codes.OPEN_BLANK,
                nodes.place_in(origin, written),
                f"`{written}` is a blank to be filled in",
                label=f"the extern `{name}`",
                hint=f"build with `--set {name}=…`, or put its value into the source",
            )
        return placeholder(self.externs[written].name)

    def _name(self, words: str) -> str:
        name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", words).lower()
        name = re.sub(r"[^a-z0-9]+", "_", name).strip("_")
        if name in IN_EXPRESSIONS:
            name = f"{name}_id" if name == "account" else f"{name}_name"
        if not nodes.is_name(name):
            name = f"value_{name}".rstrip("_")
        unique, number = name, 1
        while unique in self._taken:
            number += 1
            unique = f"{name}_{number}"
        self._taken.add(unique)
        return unique


def _mapped(function: Callable[[T], T], values: tuple[T, ...]) -> tuple[T, ...]:
    """Return the values, each by the function; the same tuple where nothing has changed."""
    made = tuple(map(function, values))
    return values if all(a is b for a, b in zip(made, values, strict=True)) else made

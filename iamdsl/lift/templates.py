"""Templates of the standard library, found again in statements that are exactly what they make.

Each template is compiled once with externs for its parameters; its statements are then patterns
whose marks are the parameters. A group of statements that they match one by one is a `use`.
"""

from __future__ import annotations

import re
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

from iamdsl.compiler.assemble import assemble
from iamdsl.compiler.expand import expand
from iamdsl.compiler.load import load
from iamdsl.compiler.resolve import resolve
from iamdsl.diagnostics import Report
from iamdsl.iam import PLACEHOLDER, PLACEHOLDER_OPEN
from iamdsl.lift import nodes
from iamdsl.source import Source
from iamdsl.syntax import parse, tree

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from iamdsl.compiler import Environment
    from iamdsl.iam import Elements, Entry, Principals, Statement

MODULES = ("cross_account", "lambda", "mfa", "oidc", "regions")
"""The modules whose templates are looked for: where a name says more than the statements do. One
statement on one resource is as plain as the use of a template, and is left as it is."""

_VALUES = {
    "String": r"[^*?$\ue000\ue001]+",
    "Pattern": r"[^$\ue000\ue001]+",
    "AccountId": r"(?a:\d{12})",
}
"""What a parameter of a type may stand for: other types have values that no text says."""
NOBODY = "nobody"
"""A service that there is not: what trusts it is a role only so that a template can be compiled."""

Bindings = dict[str, str]


class Parameter(NamedTuple):
    """A parameter that is given: one text of a type, or a list of one such text."""

    name: str
    type: str
    listed: bool


class Pattern(NamedTuple):
    """What a template makes with some of its parameters given.

    Attributes:
        module: of the standard library.
        marks: by the name of the mark in a statement, the parameters that are given; the others
            have their defaults.
        kind: "trust" or "inline".
    """

    module: str
    name: str
    marks: Mapping[str, Parameter]
    kind: str
    statements: tuple[Statement, ...]


class Use(NamedTuple):
    """A group of statements that a template makes.

    Attributes:
        places: of its statements in the policy, sorted.
    """

    module: str
    node: tree.Use
    places: tuple[int, ...]


def patterns(modules: Iterable[str], environment: Environment) -> tuple[Pattern, ...]:
    """Return the patterns of all templates of some modules of `std`, the largest first.

    Args:
        environment: its pseudo parameters are those of the estate.
    """
    wanted: list[tuple[str, tree.Template, tuple[Parameter, ...]]] = []
    for module in modules:
        source = environment.loader.module("", ("std", module))
        if isinstance(source, Source):
            for member in parse(source, Report()).members:
                if isinstance(member, tree.Template):
                    wanted += ((module, member, given) for given in _variants(member))
    lines = [f"import std.{module}\n" for module in dict.fromkeys(w[0] for w in wanted)]
    for number, (module, template, given) in enumerate(wanted):
        lines += (f"extern p{number}_{name}: {kind} max 64\n" for name, kind, _ in given)
        arguments = ", ".join(
            f"{name} = [p{number}_{name}]" if listed else f"{name} = p{number}_{name}"
            for name, _, listed in given
        )
        lines.append(
            f"role r{number} {{ trust service {NOBODY}"
            f" use {module}.{template.name.text}({arguments}) }}\n"
        )
    report = Report()
    entry = Source("patterns.iam", "".join(lines))
    program = resolve(load([entry], environment, report), environment, report)
    build = assemble(expand(program, environment, report), environment, report)
    made: list[Pattern] = []
    for identity in build.identities:
        number = int(identity.name[1:])
        module, template, given = wanted[number]
        marks = {f"p{number}_{parameter.name}": parameter for parameter in given}
        trust = tuple(
            s for s in (identity.trust.statements if identity.trust else ()) if is_real(s)
        )
        own = identity.own.statements if identity.own else ()
        if bool(trust) != bool(own):
            kind = "trust" if trust else "inline"
            found = trust or own
            made.append(Pattern(module, template.name.text, marks, kind, found))
    return tuple(sorted(made, key=lambda p: (-len(p.statements), len(p.marks))))


def _variants(template: tree.Template) -> Iterator[tuple[Parameter, ...]]:
    """Yield the parameters to give: those without a default, then all; texts only."""
    needed = [p for p in template.parameters if p.default is None]
    every = list(template.parameters)
    for some in (needed, every) if needed != every else (needed,):
        made = [_parameter(p) for p in some]
        if None not in made:
            yield tuple(p for p in made if p is not None)


def _parameter(parameter: tree.Parameter) -> Parameter | None:
    """Return a parameter that one text can be, None for any other."""
    kind, listed = parameter.type, False
    if isinstance(kind, tree.TypeList):
        kind, listed = kind.item, True
    if not isinstance(kind, tree.TypeName) or kind.text not in _VALUES:
        return None
    return Parameter(parameter.name.text, kind.text, listed)


def is_real(statement: Statement) -> bool:
    """Tell whether a statement of a trust is more than the placeholder for one."""
    who = statement.principals
    return who is None or who.by_type != (("Service", (f"{NOBODY}.amazonaws.com",)),)


def find(statements: Sequence[Statement], kind: str, known: Sequence[Pattern]) -> tuple[Use, ...]:
    """Return the uses of templates among the statements of one policy.

    A statement with a Sid is left alone, since a template would not give it that name.
    """
    kind = "inline" if kind == "managed" else kind
    free = {i for i, s in enumerate(statements) if s.sid is None}
    found: list[Use] = []
    for pattern in known:
        if pattern.kind != kind:
            continue
        while (match := _match(pattern, statements, free)) is not None:
            places, bindings = match
            free -= set(places)
            found.append(Use(pattern.module, _use(pattern, bindings), tuple(sorted(places))))
    return tuple(sorted(found, key=lambda use: use.places))


def _match(
    pattern: Pattern, statements: Sequence[Statement], free: set[int]
) -> tuple[list[int], Bindings] | None:
    """Return which statements a pattern's are, and what its parameters stand for."""
    states: list[tuple[list[int], Bindings]] = [([], {})]
    for wanted in pattern.statements:
        following = []
        for places, bindings in states:
            for place in sorted(free - set(places)):
                made = _unified(wanted, statements[place], pattern, bindings)
                if made is not None:
                    following.append(([*places, place], made))
        states = following
    complete = (s for s in states if s[1].keys() == pattern.marks.keys())
    return next(complete, None)


def _unified(
    wanted: Statement, given: Statement, pattern: Pattern, bindings: Bindings
) -> Bindings | None:
    """Return the bindings under which a pattern's statement is the given one."""
    if wanted.effect != given.effect or len(wanted.condition) != len(given.condition):
        return None
    left = [*_elements(wanted.actions), *_elements(wanted.resources), *_who(wanted.principals)]
    right = [*_elements(given.actions), *_elements(given.resources), *_who(given.principals)]
    left += chain.from_iterable(map(_entry, wanted.condition))
    right += chain.from_iterable(map(_entry, given.condition))
    if [name for name, _ in left] != [name for name, _ in right]:
        return None
    if not all(map(_may_be_like, wanted.condition, given.condition)):
        return None
    for (name, texts), (_, others) in zip(left, right, strict=True):
        folded = name.startswith("action")
        made = _lists(texts, others, pattern, bindings, folded=folded)
        if made is None:
            return None
        bindings = made
    return bindings


def _elements(elements: Elements | None) -> Iterator[tuple[str, tuple[str, ...]]]:
    if elements is not None:
        kind = "action" if ":" in elements.values[0] and "arn:" not in elements.values[0] else "on"
        yield f"{kind} {elements.negated}", elements.values


def _who(principals: Principals | None) -> Iterator[tuple[str, tuple[str, ...]]]:
    if principals is not None:
        for kind, values in principals.by_type:
            # An account's id and the ARN of its root say the same.
            accounts = tuple(_ROOT.sub(r"\1", v) for v in values)
            yield f"to {principals.negated} {kind}", accounts


_ROOT = re.compile(r"(?a)^arn:[^:]+:iam::(\d{12}):root$")


def _entry(entry: Entry) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield a condition entry; of strings and ARNs the relation shows in the values alone."""
    operator = re.sub("(String|Arn)(Not)?(Equals|Like)(?=$|IfExists)", r"\1\2", entry.operator)
    yield f"when {operator} {entry.key.lower()}", entry.values


def _may_be_like(wanted: Entry, given: Entry) -> bool:
    """Tell whether what a pattern's entry compiles to can be the given one.

    A template compares by `like` what turns out to have no wildcard, or by `==`; IAM's operator
    follows from the text. A wildcard under an exact operator is an ordinary character.
    """
    if "Arn" in given.operator or wanted.operator == given.operator:
        return True
    return not any(set("*?$") & set(value) for value in given.values)


def _lists(
    wanted: tuple[str, ...],
    given: tuple[str, ...],
    pattern: Pattern,
    bindings: Bindings,
    *,
    folded: bool,
) -> Bindings | None:
    """Return the bindings under which two lists hold the same texts, in any order."""
    if len(wanted) != len(given):
        return None
    left = list(given)
    for text in sorted(wanted, key=lambda t: PLACEHOLDER_OPEN in t):
        for other in left:
            same = text.lower() == other.lower() if folded else text == other
            made = bindings if same else _text(text, other, pattern, bindings)
            if made is not None:
                bindings = made
                left.remove(other)
                break
        else:
            return None
    return bindings


def _text(wanted: str, given: str, pattern: Pattern, bindings: Bindings) -> Bindings | None:
    """Return the bindings under which a pattern's text is the given one."""
    if PLACEHOLDER_OPEN not in wanted:
        return None
    parts, groups, at = [], [], 0
    for found in PLACEHOLDER.finditer(wanted):
        parts.append(re.escape(wanted[at : found.start()]))
        name = found.group(1)
        at = found.end()
        if name not in pattern.marks:
            parts.append(re.escape(found.group()))
        elif name in bindings:
            parts.append(re.escape(bindings[name]))
        else:
            parts.append(f"({_VALUES[pattern.marks[name].type]}?)")
            groups.append(name)
    parts.append(re.escape(wanted[at:]))
    match = re.fullmatch("".join(parts), given, re.DOTALL)
    if match is None:
        return None
    made = dict(bindings)
    for name, value in zip(groups, match.groups(), strict=True):
        if made.setdefault(name, value) != value:
            return None
    return made


def _use(pattern: Pattern, bindings: Bindings) -> tree.Use:
    arguments = []
    for mark, (name, kind, listed) in pattern.marks.items():
        value = bindings[mark]
        node: tree.Expression = nodes.string(value)
        if kind == "AccountId":
            node = nodes.literal("account", value)
        if listed:
            node = tree.ListOf((node,), span=nodes.NOWHERE)
        arguments.append((nodes.name(name), node))
    function = tree.Field(nodes.name(pattern.module), nodes.name(pattern.name), span=nodes.NOWHERE)
    return tree.Use(tree.Call(function, tuple(arguments), span=nodes.NOWHERE), span=nodes.NOWHERE)


def imports(modules: Iterable[str]) -> tuple[tree.Import, ...]:
    """Return the imports of modules of the standard library."""
    return tuple(
        tree.Import(("std", name), None, None, nodes.NOWHERE, span=nodes.NOWHERE)
        for name in sorted(set(modules))
    )

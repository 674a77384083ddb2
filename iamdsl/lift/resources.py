"""Resources as a person writes them: builders where they give the very ARN, bare ARNs elsewhere."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from iamdsl.analysis.arns import AS_WRITTEN, arn_problem
from iamdsl.iam import placeholder
from iamdsl.lift import nodes
from iamdsl.syntax import tree

if TYPE_CHECKING:
    from iamdsl.aws import Catalogue
    from iamdsl.iam import Elements
    from iamdsl.lift.writing import Facts

_PLACES = ("Partition", "Region", "Account")
_HOLE = re.compile(r"\$\{(\w+)\}")


def selection(resources: Elements, facts: Facts, target: str | None = None) -> tree.Selection:
    """Return the resources of a statement; `NotResource` is `* except …`.

    `target` is the ARN of the resource that has the policy, `self` in it.
    """
    items = [expression(value, facts, target) for value in dict.fromkeys(resources.values)]
    if resources.negated:
        return nodes.selection([nodes.literal("star", "*")], items)
    return nodes.selection(items)


def expression(value: str, facts: Facts, target: str | None = None) -> tree.Expression:
    """Return one resource: `*`, `self`, an entity, a builder, or its ARN."""
    if value == "*":
        return nodes.literal("star", "*")
    if target is not None and "*" not in target and value.startswith(target):
        rest = value.removeprefix(target)
        if not rest:
            return nodes.name("self")
        if rest[0] in "/:":
            return tree.Text("string", (nodes.name("self"), *nodes.parts(rest)), span=nodes.NOWHERE)
    if value in facts.own:
        return nodes.name_or_text(facts.own[value])
    if arn_problem(value)[0] in AS_WRITTEN and not nodes.has_mark(value):
        return nodes.string(value)  # between quotes it is kept as written
    return builder(value, facts) or nodes.arn(value)


def builder(value: str, facts: Facts) -> tree.Expression | None:
    """Return the builder that gives exactly this ARN, None when there is none."""
    fields = value.split(":", 5)
    if len(fields) < 6 or fields[0] != "arn" or not re.fullmatch(r"[a-z0-9-]+", fields[2]):
        return None
    places = {p: facts.pseudo.get(p.lower(), placeholder(f"aws.{p.lower()}")) for p in _PLACES}
    best: tuple[int, str, list[str]] | None = None
    for service, kind, form, pattern in _forms(facts.catalogue, fields[2]):
        found = pattern.fullmatch(value)
        if found is None or any(found[p] != places[p] for p in _PLACES if p in pattern.groupindex):
            continue
        literal = len(_HOLE.sub("", form))
        if best is None or (literal, best[1]) > (best[0], kind):
            names = [n for n in _HOLE.findall(form) if n not in _PLACES]
            best = (literal, f"{service}:{kind}", [found[n] for n in names])
    if best is None:
        return None
    _, function, texts = best
    while texts and texts[-1] == "*":
        texts.pop()
    return nodes.call(function, *map(nodes.text, texts))


@lru_cache(maxsize=64)
def _forms(catalogue: Catalogue, service: str) -> tuple[tuple[str, str, str, re.Pattern[str]], ...]:
    """Return the types of a service that have one format: service, name, format, pattern."""
    made = []
    for kind in catalogue.resource_types(service):
        names = _HOLE.findall(kind.formats[0].text) if len(kind.formats) == 1 else []
        if (
            not names
            or len(set(names)) < len(names)
            or not nodes.is_qualified(f"{service}:{kind.word}")
        ):
            continue
        form = kind.formats[0].text
        if "Partition" in names:
            made.append((service, kind.word, form, _pattern(form)))
    return tuple(made)


def _pattern(form: str) -> re.Pattern[str]:
    """Return what an ARN of a format looks like; only the last part may run over a slash."""
    parts = _HOLE.split(form)
    last = len(parts) - 2
    made = []
    for i, part in enumerate(parts):
        if i % 2 == 0:
            made.append(re.escape(part))
        elif part in _PLACES:
            made.append(f"(?P<{part}>[^:]*)")
        else:
            whole = i == last and not parts[i + 1]
            made.append(f"(?P<{part}>{'.+' if whole else '[^:/]+'})")
    return re.compile("".join(made), re.DOTALL)

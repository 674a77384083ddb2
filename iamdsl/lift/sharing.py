"""Names for what repeats: conditions, lists and ARNs of a file become `let`s.

A name is given where the file gets shorter by it, and clearer: what stands twice and is long, or
three times and is not short. Nothing else changes, since a `let` is the value itself.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

import attrs

from iamdsl.lift import nodes
from iamdsl.syntax import tree
from iamdsl.syntax.words import IN_EXPRESSIONS, NOUNS, RESERVED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

_LONG = 60
"""Characters from which two uses are enough for a name."""
_SHORT = 24
"""Characters below which nothing gets a name, however often it stands."""
_LONGEST_NAME = 40
_TAKEN = RESERVED | IN_EXPRESSIONS | NOUNS | {"self", "aws", "key", "std", "exists", "missing"}


class _Kind(NamedTuple):
    """A kind of expression that is shared.

    Attributes:
        found: yields the expressions of that kind in a member, each with the key it is about.
        named: gives a name for one.
    """

    found: Callable[[object], Iterator[tuple[tree.Expression, str]]]
    named: Callable[[tree.Expression, str], str]


def shared(
    members: tuple[tree.Member, ...], taken: Iterable[str]
) -> tuple[tuple[tree.Let, ...], tuple[tree.Member, ...]]:
    """Return the `let`s for what repeats, and the members that speak of them.

    Args:
        taken: names that mean something else in the file, such as those of its entities.
    """
    names = {name.lower() for name in taken} | _TAKEN
    lets: tuple[tree.Let, ...] = ()
    for kind in _KINDS:
        made: dict[str, tree.Let] = {}
        for text, value, about in _repeated((*lets, *members), kind):
            name = _unused(kind.named(value, about), names)
            made[text] = tree.Let(nodes.name(name), None, value, span=nodes.NOWHERE)
        if made:
            members = tuple(_replaced(m, made) for m in members)
            lets = (*made.values(), *(_replaced(let, made) for let in lets))
    return lets, members


def _repeated(members: Iterable[object], kind: _Kind) -> Iterator[tuple[str, tree.Expression, str]]:
    """Yield what repeats often enough, in the order of its first use, with what it is about."""
    count: dict[str, int] = {}
    first: dict[str, tuple[tree.Expression, str]] = {}
    for member in members:
        for value, about in kind.found(member):
            text = tree.show(value)
            count[text] = count.get(text, 0) + 1
            first.setdefault(text, (value, about))
    for text, (value, about) in first.items():
        if count[text] < 2:
            continue
        size = _size(value)
        enough = 2 if size >= _LONG else 3
        if size >= _SHORT and count[text] >= enough:
            yield text, value, about


def _size(node: object) -> int:
    """Return about how many characters an expression is written with."""
    own = getattr(node, "text", "") or "".join(
        p for p in getattr(node, "parts", ()) if isinstance(p, str)
    )
    return len(own) + 2 + sum(map(_size, tree.children(node)))


def _replaced(node: Any, made: Mapping[str, tree.Let]) -> Any:
    """Return a node with names in the place of what has one; itself where there is nothing."""
    if isinstance(node, tuple):
        parts = tuple(_replaced(part, made) for part in node)
        return node if all(a is b for a, b in zip(parts, node, strict=True)) else parts
    if not hasattr(node, "span"):
        return node
    if isinstance(node, _SHAREABLE) and (let := made.get(tree.show(node))) is not None:
        return tree.Name(let.name.text, span=nodes.NOWHERE)
    changes = {}
    for name in getattr(node, "__slots__", ()):
        if name in {"span", "place", "__weakref__"}:
            continue
        value = getattr(node, name)
        new = _replaced(value, made)
        if new is not value:
            changes[name] = new
    return attrs.evolve(node, **changes) if changes else node


_SHAREABLE = (tree.Compare, tree.Logic, tree.ListOf, tree.ActionSet, tree.Text, tree.Call)


# What is shared


def _statements(member: object) -> Iterator[tree.Statement]:
    if isinstance(member, tree.Declaration):
        yield from (m for m in member.body if isinstance(m, tree.Statement))


def _formulas(member: object) -> Iterator[tuple[tree.Expression, str]]:
    """Yield whole conditions of several tests."""
    for statement in _statements(member):
        for word, clause in statement.clauses:
            if word in {"when", "unless"} and isinstance(clause, tree.Logic):
                yield clause, ""


def _tests(member: object) -> Iterator[tuple[tree.Expression, str]]:
    """Yield single comparisons."""
    for statement in _statements(member):
        for word, clause in statement.clauses:
            if word in {"when", "unless"}:
                yield from ((n, "") for n in tree.walk(clause) if isinstance(n, tree.Compare))
    if isinstance(member, tree.Let) and isinstance(member.value, tree.Logic):
        yield from ((n, "") for n in tree.walk(member.value) if isinstance(n, tree.Compare))


def _value_lists(member: object) -> Iterator[tuple[tree.Expression, str]]:
    """Yield the lists that keys are compared with; variables in one would be read otherwise."""
    for node in tree.walk(member):
        if isinstance(node, tree.Compare) and isinstance(node.right, tree.ListOf):
            plain = all(
                not (isinstance(item, tree.Text) and item.kind == "qualified")
                for item in node.right.items
            )
            if plain:
                yield node.right, _key_of(node.left)


def _action_sets(member: object) -> Iterator[tuple[tree.Expression, str]]:
    """Yield sets of actions; quoted ones stay where they are, since the quotes say something."""
    for statement in _statements(member):
        for item in (*statement.actions.items, *statement.actions.exceptions):
            if isinstance(item, tree.ActionSet) and all(
                isinstance(action, tree.Literal) for action in item.items
            ):
                yield item, ""


def _arns(member: object) -> Iterator[tuple[tree.Expression, str]]:
    for node in tree.walk(member):
        if isinstance(node, tree.Text) and node.kind == "arn":
            yield node, ""


# Names


def _of_formula(node: tree.Expression, about: str) -> str:
    del about
    parts = node.parts if isinstance(node, tree.Logic) else (node,)
    joint = f"_{node.operator}_" if isinstance(node, tree.Logic) else "_"
    names = dict.fromkeys(_of_test(n, "") for part in parts for n in tree.walk(part) if _is_test(n))
    return joint.join(names)


def _is_test(node: object) -> bool:
    return isinstance(node, (tree.Compare, tree.Not))


def _of_test(node: tree.Expression, about: str) -> str:
    """Return what a comparison is about, with what it says of it where that is a denial."""
    del about
    if isinstance(node, tree.Not):
        return f"not_{_word(_key_of(node.base))}"
    if not isinstance(node, tree.Compare):
        return "condition"
    name = _word(_key_of(node.left))
    if node.operator == "missing":
        return f"no_{name}"
    return f"other_{name}" if node.operator in {"!=", "not in", "not like"} else name


def _of_list(node: tree.Expression, about: str) -> str:
    del node
    return _plural(_word(about)) or "values"


def _of_actions(node: tree.Expression, about: str) -> str:
    del about
    if not isinstance(node, tree.ActionSet):
        return "actions"
    reads = all(str(getattr(i, "text", "")).startswith(_READS) for i in node.items)
    return f"{_word(node.service.text)}_{'read' if reads else 'actions'}"


_READS = ("Get", "List", "Describe", "BatchGet", "Head", "Query", "Scan", "Search", "Lookup")


def _of_arn(node: tree.Expression, about: str) -> str:
    del about
    text = "".join(p for p in getattr(node, "parts", ()) if isinstance(p, str))
    fields = text.split(":", 5)
    resource = re.sub(r"\$\{[^}]*\}|[*?]", " ", fields[-1])
    words = [w for w in re.split(r"[/: ]+", resource) if w]
    name = _word(words[-1] if words else "")
    service = _word(fields[2]) if len(fields) > 5 else ""
    if not words:
        return f"{service}_all"
    if len(words) == 1 and fields[-1].rstrip("*") != words[0] and fields[-1].endswith("/*"):
        return f"{name}_objects" if service == "s3" else _plural(name)
    return name if name[:1].isalpha() and len(name) > 2 else f"{service}_{name}"


_KINDS = (
    _Kind(_formulas, _of_formula),
    _Kind(_tests, _of_test),
    _Kind(_value_lists, _of_list),
    _Kind(_action_sets, _of_actions),
    _Kind(_arns, _of_arn),
)


def _key_of(node: tree.Expression) -> str:
    """Return the key that stands on the left of a comparison, "" where it is computed."""
    match node:
        case tree.Optional(base=base):
            return _key_of(base)
        case tree.Not(base=base):
            return _key_of(base)
        case tree.Text():
            return node.plain or ""
        case tree.Call(arguments=((_, argument), *_)):
            return _key_of(argument)
        case _:
            return ""


def _word(text: str) -> str:
    """Return the last part of a key or a name in snake case: `aws:PrincipalOrgID`, `principal_org_id`."""
    local = text.partition(":")[2] or text
    local = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", local)
    return re.sub(r"[^a-z0-9]+", "_", local.lower()).strip("_")


def _plural(name: str) -> str:
    if not name or name.endswith("s"):
        return name
    return f"{name[:-1]}ies" if name.endswith("y") and name[-2:-1] not in "aeiou" else f"{name}s"


def _unused(name: str, names: set[str]) -> str:
    """Return a name that nothing else has, and take it."""
    if len(name) > _LONGEST_NAME:
        name = name[: _LONGEST_NAME + 1].rpartition("_")[0] or name[:_LONGEST_NAME]
        name = re.sub(r"(_(and|or|no|not|other))+$", "", name)
    name = name.strip("_") or "value"
    if not name[0].isalpha():
        name = f"value_{name}"
    unique, number = name, 1
    while unique.lower() in names or unique.replace("_", "-").lower() in names:
        number += 1
        unique = f"{name}_{number}"
    names.add(unique.lower())
    return unique

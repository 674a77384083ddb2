"""Ways out that make a policy shorter by making it wider, for its author to decide on.

Each function takes a `Case` and gives the ways of its kind, measured. What a way would come to
match besides is said in its text.
"""

from __future__ import annotations

import re
from collections import defaultdict
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import attrs

from iamdsl.fit.ways_out import shown
from iamdsl.iam import (
    PLACEHOLDER_CLOSE,
    PLACEHOLDER_OPEN,
    Elements,
    Entry,
    Principals,
    split_operator,
    value_size,
    values_are_alternatives,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from iamdsl.aws import Catalogue
    from iamdsl.aws._facts import ResourceType
    from iamdsl.diagnostics import Way
    from iamdsl.fit.ways_out import Case
    from iamdsl.iam import Policy, Statement

# What a statement would become, how many principals that stands for, and under which condition.
_Changed: TypeAlias = "tuple[tuple[Statement, ...], int, str] | None"
# Policy, statement, and the entry of its condition; -1 are its resources.
_At: TypeAlias = tuple[int, int, int]

_ENDS = "/-_.:"
_NAMED = 2
# Letters and digits that a prefix has of a name, at the least.
_LETTERS = 2
_LETTERS_OF_VALUES = 4
_FEWEST = 3
# What a tag and an organization are called where a way is measured.
_TAG, _TAG_VALUE = "aws:ResourceTag/access", "granted"
_ORGANIZATION = "o-exampleorgid"


# Common prefixes -------------------------------------------------------------------------------


class _Prefix(NamedTuple):
    """A pattern, and what it would stand for in each list."""

    pattern: str
    members: dict[_At, frozenset[str]]
    weight: int


class _Sort(NamedTuple):
    """What lists have in common whose members are replaced by one way, and how that is told."""

    where: str  # "resources" or the key of the condition
    effect: str
    negated: bool = False

    @property
    def said(self) -> str:
        if self.where != "resources":
            return "but holds for whatever else begins so"
        if self.negated:
            verb = "grants on" if self.effect == "Allow" else "denies on"
            return f"but {verb} nothing else that begins so"
        verb = "grants on" if self.effect == "Allow" else "denies on"
        return f"but {verb} whatever else begins so"


def prefixes(case: Case) -> Iterable[Way]:
    """Yield patterns for texts that begin alike: the narrow ones if those are enough."""
    lists: dict[_Sort, list[tuple[_At, tuple[str, ...]]]] = defaultdict(list)
    for sort, at, values in _lists(case):
        lists[sort].append((at, values))
    for sort in sorted(lists):
        best: Way | None = None
        for narrow in (True, False):
            found = _united(lists[sort], sort, case, narrow=narrow)
            for count in range(1, min(_NAMED, len(found)) + 1):
                way = _prefix_way(found[:count], sort, case)
                if best is None or (not best.enough and (way.saves or 0) > (best.saves or 0)):
                    best = way
        if best is not None:
            yield best


def _lists(case: Case) -> Iterator[tuple[_Sort, _At, tuple[str, ...]]]:
    catalogue = case.settings.catalogue
    for i, policy in enumerate(case.small):
        for j, statement in enumerate(policy.statements):
            where = statement.resources
            if where is not None and len(where.values) >= _FEWEST:
                sort = _Sort("resources", statement.effect, where.negated)
                yield sort, (i, j, -1), where.values
            for k, entry in enumerate(statement.condition):
                if len(entry.values) >= _FEWEST and _takes_patterns(entry, catalogue):
                    yield _Sort(entry.key, statement.effect), (i, j, k), entry.values


def _takes_patterns(entry: Entry, catalogue: Catalogue | None) -> bool:
    base = split_operator(entry.operator)[1]
    if base not in {"StringEquals", "StringLike", "ArnEquals", "ArnLike"}:
        return False
    if not values_are_alternatives(entry.operator):
        return False
    if base == "StringEquals" and any("*" in v or "?" in v for v in entry.values):
        return False
    known = catalogue.condition_key(entry.key) if catalogue is not None else None
    return known is None or not known.exact_only


def _united(
    lists: Sequence[tuple[_At, tuple[str, ...]]], sort: _Sort, case: Case, *, narrow: bool
) -> list[_Prefix]:
    """Return the prefixes of lists of one sort, those that save most first."""
    lengths = case.settings.lengths
    members: dict[str, dict[_At, frozenset[str]]] = defaultdict(dict)
    for at, values in lists:
        for prefix, some in _chosen(values, sort, narrow=narrow):
            members[prefix + "*"][at] = frozenset(some)
    found = []
    for pattern, by_list in members.items():
        weight = 0
        for held in by_list.values():
            weight += sum(value_size(v, lengths) + 1 for v in held)
            weight -= value_size(pattern, lengths) + 1
        found.append(_Prefix(pattern, by_list, weight))
    return sorted((p for p in found if p.weight > 0), key=lambda p: (-p.weight, p.pattern))


def _chosen(values: Sequence[str], sort: _Sort, *, narrow: bool) -> Iterator[tuple[str, list[str]]]:
    """Yield disjoint common prefixes with what begins so: the longest, or the shortest."""
    texts = sorted(set(values))
    cut = _cut_arn if sort.where == "resources" else _cut_text
    known = {p for a, b in pairwise(texts) if (p := cut(_common(a, b)))}
    for prefix in sorted(known):
        others = known - {prefix}
        if narrow and any(o.startswith(prefix) for o in others):
            continue
        if not narrow and any(prefix.startswith(o) for o in others):
            continue
        some = [t for t in texts if t.startswith(prefix)]
        if len(some) >= _FEWEST or not narrow:
            yield prefix, some


def _common(a: str, b: str) -> str:
    length = next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), None)
    text = a[: min(len(a), len(b)) if length is None else length]
    for start, end in (("${", "}"), (PLACEHOLDER_OPEN, PLACEHOLDER_CLOSE)):
        at = text.rfind(start)
        if at >= 0 and end not in text[at:]:
            text = text[:at]
    return text.rstrip("*?$")


def _cut_arn(text: str) -> str:
    """Return a prefix of ARNs up to the end of a word of the name, "" where it holds no name."""
    fields = text.split(":", 5)
    if len(fields) < 6:
        return ""
    start = len(text) - len(fields[5])
    if fields[3] or fields[4]:
        # What is before the first mark is the type, as in `table/orders`.
        kind = re.match(r"[a-z0-9-]+[/:]", fields[5])
        start += kind.end() if kind else 0
    return _cut(text, start, _LETTERS)


def _cut_text(text: str) -> str:
    return _cut(text, 0, _LETTERS_OF_VALUES)


def _cut(text: str, start: int, letters: int) -> str:
    last = max(text.rfind(mark) for mark in _ENDS) + 1
    for end in (last, len(text)):
        if sum(c.isalnum() for c in text[start:end]) >= letters:
            return text[:end]
    return ""


def _prefix_way(chosen: Sequence[_Prefix], sort: _Sort, case: Case) -> Way:
    policies = list(case.small)
    for prefix in chosen:
        for (i, j, k), members in sorted(prefix.members.items()):
            statements = list(policies[i].statements)
            statements[j] = _replaced(statements[j], k, prefix.pattern, members)
            policies[i] = attrs.evolve(policies[i], statements=tuple(statements))
    saves = case.saves(policies)
    counts = [len(frozenset[str]().union(*p.members.values())) for p in chosen]
    noun = "resources" if sort.where == "resources" else f"values of `{sort.where}`, by `like`,"
    named = " and ".join(
        f"`{shown(p.pattern)}` for {n}{f' {noun}' if i == 0 else ''}"
        for i, (p, n) in enumerate(zip(chosen, counts, strict=True))
    )
    return case.way(f"{named} would save {saves:,} characters, {sort.said}", saves)


def _replaced(statement: Statement, k: int, pattern: str, members: frozenset[str]) -> Statement:
    if k < 0:
        assert statement.resources is not None  # noqa: S101  # where the list came from
        values = (*(v for v in statement.resources.values if v not in members), pattern)
        return attrs.evolve(
            statement, resources=Elements(values, negated=statement.resources.negated)
        )
    entry = statement.condition[k]
    operator = entry.operator.replace("StringEquals", "StringLike")
    values = (*(v for v in entry.values if v not in members), pattern)
    condition = list(statement.condition)
    condition[k] = Entry(operator, entry.key, tuple(sorted(values)))
    if len({(e.operator, e.key.lower()) for e in condition}) < len(condition):
        return statement
    return attrs.evolve(statement, condition=tuple(condition))


# Tags ------------------------------------------------------------------------------------------


def tags(case: Case) -> Iterable[Way]:
    """Yield the way of a tag on resources of a type in place of their list."""
    catalogue = case.settings.catalogue
    if catalogue is None:
        return
    best: Way | None = None
    for i, policy in enumerate(case.small):
        for j, statement in enumerate(policy.statements):
            found = _tagged(statement, catalogue)
            if found is None:
                continue
            changed, pattern, count = found
            policies = list(case.small)
            statements = (*policy.statements[:j], *changed, *policy.statements[j + 1 :])
            policies[i] = attrs.evolve(policy, statements=statements)
            saves = case.saves(policies)
            text = (
                f'`{shown(pattern)}` when `{_TAG} == "{_TAG_VALUE}"` for {count} resources would '
                f"save {saves:,} characters, but whoever may tag them then grants on them"
            )
            way = case.way(text, saves)
            if best is None or saves > (best.saves or 0):
                best = way
    if best is not None:
        yield best


def _tagged(
    statement: Statement, catalogue: Catalogue
) -> tuple[tuple[Statement, ...], str, int] | None:
    """Return the statement with a tag in place of the resources of one type, and that pattern."""
    where, what = statement.resources, statement.actions
    if statement.effect != "Allow" or where is None or where.negated or what.negated:
        return None
    if any(e.key.lower() == _TAG.lower() for e in statement.condition):
        return None
    services = {a.partition(":")[0].lower() for a in what.values}
    if len(services) != 1 or "*" in (service := services.pop()):
        return None
    by_type: dict[str, list[str]] = defaultdict(list)
    for arn in where.values:
        kind = _type_of(arn, service, catalogue)
        if kind is not None and _takes_tags(kind, what.values, catalogue):
            by_type[kind.name].append(arn)
    name = max(by_type, key=lambda n: (len(by_type[n]), n), default="")
    members = by_type.get(name, [])
    if len(members) < _FEWEST:
        return None
    kind = catalogue.resource_type(service, name)
    assert kind is not None  # noqa: S101  # it was found by it
    pattern = _pattern_of(members, kind)
    rest = tuple(v for v in where.values if v not in members)
    entry = Entry("StringEquals", _TAG, (_TAG_VALUE,))
    if any(e.operator == entry.operator and e.key == entry.key for e in statement.condition):
        return None
    condition = (*statement.condition, entry)
    tagged = attrs.evolve(statement, resources=Elements((pattern,)), condition=condition)
    kept = (attrs.evolve(statement, resources=Elements(rest)),) if rest else ()
    return (tagged, *kept), pattern, len(members)


def _type_of(arn: str, service: str, catalogue: Catalogue) -> ResourceType | None:
    """Return the type of which an ARN names one, the one that says most of it."""
    fields = arn.split(":", 5)
    if len(fields) < 6:
        return None
    found = []
    for kind in catalogue.resource_types(service):
        form = kind.formats[0]
        if len(kind.formats) > 1 or len(form.fields) < 6 or form.fields[2] != fields[2]:
            continue
        parts = re.split(r"\$\{\w+\}", form.fields[5])
        if re.fullmatch("[^*?/:]+".join(map(re.escape, parts)), fields[5]):
            found.append((sum(map(len, parts)), kind))
    return max(found, key=lambda f: (f[0], f[1].name))[1] if found else None


def _takes_tags(kind: ResourceType, actions: Iterable[str], catalogue: Catalogue) -> bool:
    """Tell whether each of the actions can be limited to resources of a type by their tags."""
    if not any(k.startswith("aws:ResourceTag/") for k in kind.condition_keys):
        return False
    for pattern in actions:
        names = catalogue.match(pattern)
        known = [catalogue.action(name) for name in names]
        if not known or any(
            a is None or kind.name not in {r.type for r in a.resources} for a in known
        ):
            return False
    return True


def _pattern_of(members: Sequence[str], kind: ResourceType) -> str:
    """Return the ARN of all resources of a type where those are."""
    columns = zip(*(m.split(":", 5)[:5] for m in members), strict=True)
    head = [column[0] if len(set(column)) == 1 else "*" for column in columns]
    return ":".join((*head, re.sub(r"\$\{\w+\}", "*", kind.formats[0].fields[5])))


# Variables -------------------------------------------------------------------------------------


def variables(case: Case) -> Iterable[Way]:
    """Yield the way of a policy variable for statements that repeat a value of a condition."""
    alike: dict[tuple[int, str, Statement], list[tuple[Statement, Entry]]] = defaultdict(list)
    for i, policy in enumerate(case.small):
        for statement in policy.statements:
            for entry in statement.condition:
                template = _template(statement, entry)
                if template is not None:
                    alike[i, entry.key, template].append((statement, entry))
    if not alike:
        return
    (i, key, template), same = max(alike.items(), key=lambda item: len(item[1]))
    if len(same) < _FEWEST:
        return
    gone = {id(statement) for statement, _ in same}
    policies = list(case.small)
    kept = tuple(s for s in policies[i].statements if id(s) not in gone)
    policies[i] = attrs.evolve(policies[i], statements=(*kept, template))
    saves = case.saves(policies)
    text = (
        f"`${{{key}}}` in place of `{shown(same[0][1].values[0])}`, … in {len(same)} statements "
        f"would save {saves:,} characters, but holds for every other value as well"
    )
    yield case.way(text, saves)


def _template(statement: Statement, entry: Entry) -> Statement | None:
    """Return an allow without an entry, its one value in the resources written as a variable."""
    where = statement.resources
    if entry.operator != "StringEquals" or len(entry.values) != 1 or statement.effect != "Allow":
        return None
    value = entry.values[0]
    if where is None or where.negated or len(value) < _LETTERS or "$" in value:
        return None
    word = re.compile(rf"(?<![A-Za-z0-9]){re.escape(value)}(?![A-Za-z0-9])")
    made = tuple(word.sub(lambda _: f"${{{entry.key}}}", v) for v in where.values)
    if any(a == b for a, b in zip(made, where.values, strict=True)):
        return None
    condition = tuple(e for e in statement.condition if e is not entry)
    return attrs.evolve(statement, resources=Elements(made), condition=condition, sid=None)


# Principals ------------------------------------------------------------------------------------


_ROLE = re.compile(r"arn:([^:]+):iam::([^:]+):((?:role|user)/.+)")
_PRINCIPAL_ARN = "aws:PrincipalArn"
_ORGANIZATION_KEY = "aws:PrincipalOrgID"


def accounts(case: Case) -> Iterable[Way]:
    """Yield the way of whole accounts with a condition in place of their roles."""
    changed = _each(case, _by_account)
    if changed is None:
        return
    policies, count, conditions = changed
    saves = case.saves(policies)
    exact = all(c.count("*") == 1 for c in conditions)
    but = "" if exact else "lets in whatever else begins so, and "
    text = (
        f'`account` when `{_PRINCIPAL_ARN} like "{shown(conditions[0])}"` for {count} principals '
        f"would save {saves:,} characters, but {but}asks for an allow of their own policies too"
    )
    yield case.way(text, saves)


def organization(case: Case) -> Iterable[Way]:
    """Yield the way of the whole organization in place of principals."""
    changed = _each(case, _by_organization)
    if changed is None:
        return
    policies, count, patterns = changed
    saves = case.saves(policies)
    roles = all(patterns)
    also = f' and `{_PRINCIPAL_ARN} like "{shown(patterns[0])}"`' if roles else ""
    whom = "that name in every account" if roles else "every account"
    text = (
        f'`account *` when `{_ORGANIZATION_KEY} == "o-…"`{also} for {count} principals would save '
        f"{saves:,} characters, but lets in {whom} of the organization"
    )
    yield case.way(text, saves)


def _each(
    case: Case, change: Callable[[Statement], _Changed]
) -> tuple[list[Policy], int, list[str]] | None:
    """Return the policies with each statement changed that can be, and how many principals went."""
    policies, total, conditions = [], 0, []
    for policy in case.small:
        statements: list[Statement] = []
        for statement in policy.statements:
            changed = change(statement)
            if changed is None:
                statements.append(statement)
                continue
            statements += changed[0]
            total += changed[1]
            conditions.append(changed[2])
        policies.append(attrs.evolve(policy, statements=tuple(statements)))
    return (policies, total, conditions) if conditions else None


def _named(
    statement: Statement, key: str
) -> tuple[dict[str, tuple[str, ...]], list[re.Match[str]]] | None:
    """Return the principals of a statement that a condition on `key` may be added to."""
    who = statement.principals
    if statement.effect != "Allow" or who is None or who.negated:
        return None
    if any(e.key.lower() == key.lower() for e in statement.condition):
        return None
    types = dict(who.by_type)
    return types, [m for v in types.get("AWS", ()) if (m := _ROLE.fullmatch(v))]


def _by_account(statement: Statement) -> _Changed:
    found = _named(statement, _PRINCIPAL_ARN)
    if found is None or len(found[1]) < _FEWEST:
        return None
    types, roles = found
    paths = sorted({m[3] for m in roles})
    if len(paths) == 1:
        path = paths[0]
    else:
        path = _cut(_common(paths[0], paths[-1]), len("role/"), _LETTERS) + "*"
        if len(path) == 1:
            return None
    pattern = f"arn:{roles[0][1]}:iam::*:{path}"
    ids = tuple(sorted({m[2] for m in roles}))
    condition = (*statement.condition, Entry("ArnLike", _PRINCIPAL_ARN, (pattern,)))
    moved = attrs.evolve(statement, principals=Principals((("AWS", ids),)), condition=condition)
    return _with_rest(statement, moved, types, {m[0] for m in roles}), len(roles), pattern


def _by_organization(statement: Statement) -> _Changed:
    found = _named(statement, _ORGANIZATION_KEY)
    if found is None:
        return None
    types, roles = found
    members = types.get("AWS", ())
    if len(members) < _FEWEST or "*" in members:
        return None
    entries = [*statement.condition, Entry("StringEquals", _ORGANIZATION_KEY, (_ORGANIZATION,))]
    if any(
        e.operator == "StringEquals" and e.key == _ORGANIZATION_KEY for e in statement.condition
    ):
        return None
    paths = {m[3] for m in roles}
    narrowed = _PRINCIPAL_ARN.lower() in {e.key.lower() for e in statement.condition}
    pattern = ""
    if len(roles) == len(members) and len(paths) == 1 and not narrowed:
        pattern = f"arn:{roles[0][1]}:iam::*:{paths.pop()}"
        entries.append(Entry("ArnLike", _PRINCIPAL_ARN, (pattern,)))
    everyone = Principals((("AWS", ("*",)),))
    moved = attrs.evolve(statement, principals=everyone, condition=tuple(entries))
    return _with_rest(statement, moved, types, set(members)), len(members), pattern


def _with_rest(
    statement: Statement,
    moved: Statement,
    types: dict[str, tuple[str, ...]],
    gone: set[str],
) -> tuple[Statement, ...]:
    """Return the changed statement, and one for the principals that it leaves as they are."""
    rest = {**types, "AWS": tuple(v for v in types.get("AWS", ()) if v not in gone)}
    left = tuple((t, v) for t, v in sorted(rest.items()) if v)
    if not left:
        return (moved,)
    return moved, attrs.evolve(statement, principals=Principals(left), sid=None)


WAYS = (prefixes, tags, variables, accounts, organization)
"""All of them."""

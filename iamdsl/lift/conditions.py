"""Condition blocks as formulas: `when` what has to hold, `unless` what must not.

Each entry of a block is one comparison, and the block holds when all do. The table of what an
operator says of a missing key is in the language reference, "Conditions".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from iamdsl import iam
from iamdsl.analysis.arns import is_short
from iamdsl.lift import nodes, values
from iamdsl.lift.writing import NotSayableError
from iamdsl.syntax import tree

if TYPE_CHECKING:
    from iamdsl.iam import Condition, Entry
    from iamdsl.lift.writing import Facts


class _Operator(NamedTuple):
    """What a base operator compares: the family, the relation, and whether it is negated."""

    family: str
    relation: str
    negated: bool = False
    ignoring_case: bool = False


_OPERATORS = {
    "StringEquals": _Operator("String", "equals"),
    "StringNotEquals": _Operator("String", "equals", negated=True),
    "StringEqualsIgnoreCase": _Operator("String", "equals", ignoring_case=True),
    "StringNotEqualsIgnoreCase": _Operator("String", "equals", negated=True, ignoring_case=True),
    "StringLike": _Operator("String", "like"),
    "StringNotLike": _Operator("String", "like", negated=True),
    "NumericEquals": _Operator("Numeric", "equals"),
    "NumericNotEquals": _Operator("Numeric", "equals", negated=True),
    "NumericLessThan": _Operator("Numeric", "<"),
    "NumericLessThanEquals": _Operator("Numeric", "<="),
    "NumericGreaterThan": _Operator("Numeric", ">"),
    "NumericGreaterThanEquals": _Operator("Numeric", ">="),
    "DateEquals": _Operator("Date", "equals"),
    "DateNotEquals": _Operator("Date", "equals", negated=True),
    "DateLessThan": _Operator("Date", "<"),
    "DateLessThanEquals": _Operator("Date", "<="),
    "DateGreaterThan": _Operator("Date", ">"),
    "DateGreaterThanEquals": _Operator("Date", ">="),
    "Bool": _Operator("Bool", "equals"),
    "BinaryEquals": _Operator("Binary", "equals"),
    "IpAddress": _Operator("IpAddress", "equals"),
    "NotIpAddress": _Operator("IpAddress", "equals", negated=True),
    "ArnEquals": _Operator("Arn", "like"),
    "ArnLike": _Operator("Arn", "like"),
    "ArnNotEquals": _Operator("Arn", "like", negated=True),
    "ArnNotLike": _Operator("Arn", "like", negated=True),
}


class Test(NamedTuple):
    """One entry as a comparison, and, where it has one, the comparison that it denies.

    Attributes:
        holds: the formula that is true when the entry is.
        denied: a simpler formula that is true when the entry is not; None where there is none.
    """

    holds: tree.Expression
    denied: tree.Expression | None


def clauses(
    condition: Condition, effect: str, facts: Facts
) -> tuple[tree.Expression | None, tree.Expression | None]:
    """Return the formulas of `when` and of `unless`; either may be None.

    A deny says what it spares, which is what people mean by a negated operator there; an allow
    says all that it asks for.
    """
    tests = [test(entry, facts) for entry in condition]
    if effect == "Deny" and any(t.denied is not None for t in tests):
        asked = [t.holds for t in tests if t.denied is None]
        spared = [t.denied for t in tests if t.denied is not None]
        return nodes.all_of(asked), nodes.any_of(spared)
    return nodes.all_of([t.holds for t in tests]), None


def test(entry: Entry, facts: Facts) -> Test:
    """Return an entry as a comparison. Raises `NotSayableError`."""
    prefix, base, optional = iam.split_operator(entry.operator)
    if base == "Null":
        return _presence(entry, facts)
    operator = _OPERATORS[base]
    as_written = _is_odd(entry.key, prefix, facts) or (
        operator.family == "Arn" and any(map(is_short, entry.values))
    )
    left = key(entry.key, facts, as_written=as_written)
    if base == "Bool" and not prefix:
        return _flag(left, entry, facts, optional=optional)
    quantifier = {"ForAnyValue": "any", "ForAllValues": "all"}.get(prefix)
    texts = tuple(dict.fromkeys(entry.values))
    relation = _relation(operator, texts)
    right = [_value(operator, relation, text, entry, facts) for text in texts]
    # IfExists says nothing of a negated operator, nor of ForAllValues: a missing key satisfies both.
    shown = optional and quantifier != "all" and (quantifier == "any" or not operator.negated)
    said = _Comparison(left, operator, relation, right, quantifier, shown, operator.negated)
    if operator.relation in {"<", "<=", ">", ">="} and len(right) > 1:
        return _any_order(said)
    return Test(said.node(), None if as_written else said.denied())


class _Comparison(NamedTuple):
    """A comparison of a key with values.

    Attributes:
        relation: `equals`, `like`, or an order as it is written.
        optional: whether a missing key satisfies it, by the key's `?`.
    """

    left: tree.Expression
    operator: _Operator
    relation: str
    right: list[tree.Expression]
    quantifier: str | None
    optional: bool
    negated: bool

    def node(self) -> tree.Compare:
        """Return it as it is written."""
        left = tree.Optional(self.left, span=nodes.NOWHERE) if self.optional else self.left
        case, right = self.operator.ignoring_case, nodes.listed(self.right)
        return tree.Compare(self._word(), left, right, self.quantifier, case, span=nodes.NOWHERE)

    def denied(self) -> tree.Compare | None:
        """Return the comparison whose denial a negated one is, None where there is none."""
        if not self.negated or self.optional or self.quantifier == "any":
            return None
        quantifier = "any" if self.quantifier == "all" else None
        return self._replace(quantifier=quantifier, negated=False).node()

    def _word(self) -> str:
        if self.relation == "equals":
            alone = len(self.right) == 1 and self.operator.family != "IpAddress"
            words = ("!=", "==") if alone else ("not in", "in")
        elif self.relation == "like":
            words = ("not like", "like")
        else:
            return self.relation
        return words[0] if self.negated else words[1]


def _relation(operator: _Operator, texts: tuple[str, ...]) -> str:
    """Return `equals` for patterns that match one text each, else the operator's own relation.

    A variable's wildcards are plain characters wherever it stands, but the forms with escapes are
    written as patterns only, so texts with `${` stay with the operator that they came with.
    """
    if operator.relation != "like":
        return operator.relation
    if operator.family == "Arn" and not any(map(values.has_wildcard, texts)):
        return "equals" if not any(map(_has_escape, texts)) else "like"
    plain = not any(values.has_wildcard(t) or values.has_variable(t) for t in texts)
    return "equals" if plain else "like"


def _has_escape(text: str) -> bool:
    return "${*}" in text or "${?}" in text or "${$}" in text


def _value(
    operator: _Operator, relation: str, text: str, entry: Entry, facts: Facts
) -> tree.Expression:
    written = values.value(operator.family, text, entry.key, facts)
    short = isinstance(written, tree.Principal) or (
        isinstance(written, tree.Literal) and written.kind == "account"
    )
    return nodes.string(text) if short and relation == "like" else written


def _any_order(said: _Comparison) -> Test:
    """Return an order against several bounds: one of them is enough."""
    if said.quantifier == "all":
        raise NotSayableError(
            said.relation, "has several bounds under `ForAllValues`", "keep the loosest one"
        )
    parts = tuple(said._replace(right=[bound]).node() for bound in said.right)
    either = tree.Logic("or", parts, span=nodes.NOWHERE)
    return Test(tree.Group(either, span=nodes.NOWHERE), None)


def _presence(entry: Entry, facts: Facts) -> Test:
    """Return `Null`: true says that the key is missing, false that it is there."""
    wanted = {v.lower() for v in entry.values}
    if len(wanted) > 1 or not wanted <= {"true", "false"}:
        raise NotSayableError(
            ", ".join(entry.values), "says nothing under `Null`", "write `true` or `false`"
        )
    left = key(entry.key, facts)
    exists = tree.Compare("exists", left, None, span=nodes.NOWHERE)
    if wanted == {"true"}:
        return Test(tree.Compare("missing", left, None, span=nodes.NOWHERE), exists)
    return Test(exists, None)


def _flag(left: tree.Expression, entry: Entry, facts: Facts, *, optional: bool) -> Test:
    """Return a truth value: `k`, `not k` (a missing key is not true), `k == false`, `k? == true`."""
    wanted = {v.lower() for v in entry.values}
    odd = next((v for v in entry.values if v.lower() not in {"true", "false"}), None)
    if odd is not None:
        raise NotSayableError(odd, "is no truth value", "IAM never matches it: correct the policy")
    if len(wanted) > 1:
        if optional:
            raise NotSayableError(
                "true, false", "says nothing under `BoolIfExists`", "leave the entry out"
            )
        return Test(tree.Compare("exists", left, None, span=nodes.NOWHERE), None)
    (text,) = wanted
    known = facts.catalogue.condition_key(entry.key) is not None
    if text == "true" and not optional and known:
        return Test(left, None)
    if text == "false" and optional and known:
        return Test(tree.Not(left, span=nodes.NOWHERE), left)
    key_ = tree.Optional(left, span=nodes.NOWHERE) if optional else left
    right = values.value("Bool", text, entry.key, facts)
    return Test(tree.Compare("==", key_, right, span=nodes.NOWHERE), None)


def key(name: str, facts: Facts, *, as_written: bool = False) -> tree.Expression:
    """Return a condition key: bare, in the catalogue's spelling, or `key("…")`."""
    if nodes.has_mark(name):
        return nodes.call("key", nodes.string(name))
    known = facts.catalogue.condition_key(name)
    if known is None:
        facts.kept(name)
        return nodes.call("key", nodes.string(name))
    spelt = known.name
    if as_written or not nodes.is_qualified(spelt) or "*" in spelt:
        return nodes.call("key", nodes.string(spelt))
    return nodes.qualified(spelt)


def _is_odd(name: str, prefix: str, facts: Facts) -> bool:
    """Tell whether the set prefix, or its lack, is not what the catalogue says of a key."""
    known = facts.catalogue.condition_key(name)
    return known is not None and known.multivalued != bool(prefix)

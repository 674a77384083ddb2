"""Conditions as meant: formulas over tests of request keys.

The exact meaning of each test, missing keys included, is the language reference's chapter on
conditions; `compiler/conditions` turns a formula into the fewest IAM condition blocks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

import attrs

if TYPE_CHECKING:
    from iamdsl.source import Span

Family: TypeAlias = Literal["String", "Numeric", "Date", "Bool", "IpAddress", "Arn", "Binary"]
Relation: TypeAlias = Literal[
    "equals", "like", "less", "less-equals", "greater", "greater-equals", "exists"
]
Quantifier: TypeAlias = Literal["any", "all"]


@attrs.frozen(repr=False)
class Test:
    """One test of one request key.

    Attributes:
        key: as written, e.g. `aws:PrincipalTag/team`; compared without case.
        family: the operator family; for `exists` it has no meaning and is "String".
        relation: `equals` covers `==`, `in` and networks; `like` holds `*` and `?` wildcards.
        values: an OR; empty only for `exists`. Text in IAM's notation: `${key}` and
            `${key, 'default'}` are variables, `${*}` `${?}` `${$}` the literal characters; under
            `equals` a plain `*` or `?` is literal too. Dates are `YYYY-MM-DDThh:mm:ssZ`, numbers
            shortest decimals, networks `address/prefix`, Bool `true`/`false`.
        negated: `!=`, `not in`, `not like`, `missing`. For Bool, `k != true`.
        optional: `k? …`: true also when the key is missing.
        quantifier: `any` (ForAnyValue) or `all` (ForAllValues), multivalued keys only.
        ignoring_case: `… ignoring case` (String `equals` only).
        guessed: the place of values whose kind alone says the family: the catalogue does not
            say it of the key, and no conversion does. None for String, which every value is.
        as_written: whether the operator is kept although AWS's pages give it no meaning to reckon
            with (a set prefix on a key with one value, none on one with many, a short ARN): it is
            emitted as it is or not at all, and never denied or merged.
    """

    key: str
    family: Family
    relation: Relation
    values: tuple[str, ...] = ()
    negated: bool = False
    optional: bool = False
    quantifier: Quantifier | None = None
    ignoring_case: bool = False
    span: Span | None = attrs.field(default=None, eq=False, repr=False)
    guessed: Span | None = attrs.field(default=None, eq=False, repr=False)
    as_written: bool = False


@attrs.frozen(repr=False)
class And:
    """True when every part is; an empty one is true."""

    parts: tuple[Formula, ...]


@attrs.frozen(repr=False)
class Or:
    """True when some part is; an empty one is false."""

    parts: tuple[Formula, ...]


@attrs.frozen(repr=False)
class Not:
    """True when the part is false."""

    part: Formula


Formula: TypeAlias = Test | And | Or | Not

ALWAYS: Formula = And(())
NEVER: Formula = Or(())

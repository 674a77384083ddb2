"""The review: what a careful reader would say of policies that are right as they stand.

```
 build ──items──▶ policies with their kinds and places ──a rule each──▶ report
```

A rule is a module with `check(world, report)`, which goes through the policies that it is about;
`RULES` says which codes each can give, and a rule of which no code is wanted is not even imported.
Judgements that the compiler makes as well stand in `analysis`, and are called by both: what the
compiler has said of a source (`Item.written`) is not said again.

Invariants: nothing here changes what is built; a finding is a fact of AWS's pages, of the catalogue
or of `prove`, and its place is as near as the text can tell.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple

from iamdsl.diagnostics import Code, codes
from iamdsl.lint.items import Item, World, items_of, settled
from iamdsl.lint.placing import place

if TYPE_CHECKING:
    from iamdsl.diagnostics import Report

__all__ = ["RULES", "Item", "Rule", "World", "items_of", "place", "review", "settled"]


class Rule(NamedTuple):
    """A module of this room, and the codes that it can give."""

    module: str
    codes: tuple[Code, ...]


RULES: tuple[Rule, ...] = (
    Rule("kinds", (codes.ELEMENT_NOT_ALLOWED, codes.DISPUTED_FORM)),
    Rule("sizes", (codes.TOO_LARGE,)),
    Rule("sids", (codes.BAD_SID,)),
    Rule("versions", (codes.OLD_LANGUAGE,)),
    Rule(
        "principals",
        (
            codes.BAD_PRINCIPAL,
            codes.UNKNOWN_SERVICE_PRINCIPAL,
            codes.OPEN_TRUST,
            codes.NOT_PRINCIPAL,
            codes.UNSUPPORTED_KEY,
        ),
    ),
    Rule("open_trust", (codes.OPEN_TRUST,)),
    Rule("claims", (codes.UNTESTED_CLAIM, codes.OPEN_PROVIDER)),
    Rule("full_access", (codes.FULL_ACCESS,)),
    Rule(
        "actions",
        (
            codes.UNKNOWN_ACTION,
            codes.UNKNOWN_SERVICE,
            codes.RETIRED_ACTION,
            codes.EMPTY_WILDCARD,
            codes.SERVICE_PATTERN,
        ),
    ),
    Rule("allow_all_but", (codes.ALLOW_ALL_BUT,)),
    Rule("public", (codes.PUBLIC_ACCESS, codes.OTHER_ACCOUNT_ACCESS)),
    Rule("deputies", (codes.CONFUSED_DEPUTY,)),
    Rule("cross_account", (codes.NO_EXTERNAL_ID, codes.OWN_ACCOUNT_TRUSTED)),
    Rule("second_factor", (codes.NO_MFA,)),
    Rule("rcp", (codes.UNGUARDED_RCP,)),
    Rule("users", (codes.USER_WITH_POLICIES, codes.USER_DECLARED)),
    Rule("breadth", (codes.SERVICE_WILDCARD, codes.ANY_RESOURCE)),
    Rule("attached", (codes.ADMINISTRATOR_ATTACHED, codes.UNATTACHED_POLICY)),
    Rule("style", (codes.NAME_STYLE,)),
    Rule("arns", (codes.BAD_ARN, codes.RESOURCE_MISMATCH)),
    Rule(
        "keys",
        (
            codes.UNKNOWN_KEY,
            codes.DEPRECATED_KEY,
            codes.UNPAIRED_KEY,
            codes.UNTRUSTWORTHY_KEY,
        ),
    ),
    Rule(
        "operators",
        (
            codes.OPERATOR_MISMATCH,
            codes.QUANTIFIER_MISMATCH,
            codes.WILDCARD_IN_EQUALS,
            codes.MISSING_KEY_DECIDES,
            codes.VALUELESS_VARIABLE,
            codes.DATE_IS_AN_INSTANT,
        ),
    ),
    Rule(
        "variables",
        (
            codes.MIXED_UP_INTERPOLATION,
            codes.BAD_ARN,
            codes.UNKNOWN_KEY,
            codes.QUANTIFIER_MISMATCH,
        ),
    ),
    Rule(
        "values",
        (codes.PRIVATE_ADDRESS, codes.IMPOSSIBLE_VALUE, codes.HOST_BITS, codes.LOOSE_VALUE),
    ),
    Rule("unsupported_keys", (codes.UNSUPPORTED_KEY,)),
    Rule("truth", (codes.NEVER_TRUE, codes.ALWAYS_TRUE)),
    Rule("condition_values", (codes.REDUNDANT_VALUE,)),
    Rule("redundancy", (codes.REDUNDANT_STATEMENT,)),
    Rule("effect", (codes.INEFFECTIVE_STATEMENT,)),
    Rule("values_twice", (codes.REDUNDANT_VALUE,)),
    Rule("escalation", (codes.ESCALATION,)),
    Rule("pass_role", (codes.OPEN_PASS_ROLE,)),
    Rule("service_linked", (codes.OPEN_SERVICE_LINKED_ROLE,)),
    Rule("administrators", (codes.WAY_TO_ADMINISTRATOR,)),
    Rule(
        "exposure",
        (codes.CREDENTIALS_EXPOSED, codes.DATA_EXPOSED, codes.RESOURCE_POLICIES_WRITABLE),
    ),
    Rule("delegation", (codes.NO_BOUNDARY, codes.UNCONDITIONED_ADMINISTRATION)),
    Rule(
        "applying",
        (
            codes.RESOURCE_MISMATCH,
            codes.IDLE_RESOURCE,
        ),
    ),
    Rule("dependents", (codes.MISSING_DEPENDENT,)),
    Rule("partitions", (codes.WRONG_PARTITION,)),
)


def review(world: World, report: Report) -> None:
    """Add what the rules find to a report; those of which no code is on are left out."""
    for rule in RULES:
        if any(map(world.on, rule.codes)):
            import_module(f"iamdsl.lint.{rule.module}").check(world, report)

"""Condition keys that requests for an action never carry, by AWS's reference.

Access Analyzer's UNSUPPORTED_ACTION_FOR_CONDITION_KEY, IRRELEVANT_CONDITION_KEY_IN_POLICY and
DENY_/ALLOW_WITH_UNSUPPORTED_TAG_CONDITION_KEY_FOR_SERVICE, parliament's
UNKNOWN_CONDITION_FOR_ACTION.

The reference has gaps, so that a key counts as carried wherever something speaks for it: a key of
the same family (`ssm:resourceTag/…` where `aws:ResourceTag/…` is listed), or a key that its service
lists for no action at all. Actions are those that a statement names, and patterns none of whose
actions carries the key. A `NotAction` reaches services without tags, of which some are named; and
the keys of VPC endpoints' owners are sent by the services of a list (`aws/endpoint_keys.py`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from iamdsl.aws.endpoint_keys import KEYS, WITHOUT, sends
from iamdsl.diagnostics import Diagnostic, Severity, codes
from iamdsl.iam import globs_meet, split_operator
from iamdsl.lint.conditions import conditioned, holds_without_key, spot
from iamdsl.lint.wording import listed

if TYPE_CHECKING:
    from iamdsl.aws import Catalogue
    from iamdsl.diagnostics import Report
    from iamdsl.iam import Entry, Statement
    from iamdsl.lint.items import Item, World

_TAGS = frozenset({"aws:resourcetag", "aws:requesttag", "aws:tagkeys"})
"""Global keys that hold for the actions only that the reference lists them for."""
_UNSURE = frozenset({"aws-marketplace"})
"""Services whose keys the reference lists for few of the actions that their pages use them with
("buyer-iam-users-groups-policies")."""
_WITHIN_A_CALL = frozenset({"sts:tagsession", "sts:setsourceidentity", "sts:setcontext"})
"""Actions that are asked for within a call of `sts:AssumeRole…`, with what that call carries
("id_session-tags")."""
_UNTAGGED = (
    "route53", "support", "health", "lakeformation", "trustedadvisor", "account", "servicequotas",
)  # fmt: skip
"""Well-known services that send no tags, by their pages on IAM; the catalogue has to agree."""
_SHOWN = 3
_RESOURCE_TAG = "aws:resourcetag"
_ANY_RESOURCE_TAG = ":resourcetag"


class Lack(NamedTuple):
    """What a statement says of a key to actions that do not carry it.

    Attributes:
        names: the actions, as they are written.
        whole: whether no action of the statement carries the key.
    """

    names: tuple[str, ...]
    whole: bool


def check(world: World, report: Report) -> None:
    """Report tests of keys that the actions of their statement do not have."""
    keys = _Keys(world.catalogue)
    for item, statement in conditioned(world):
        if statement.actions.negated:
            _all_but(item, statement, keys, report)
            continue
        done: set[str] = set()
        # Where a key has several tests, the one that is never met says more.
        for entry in sorted(statement.condition, key=holds_without_key):
            if entry.key.lower() in KEYS:
                _of_endpoints(item, statement, entry, keys, report)
                continue
            family = keys.family(entry.key)
            if not family or family in done:
                continue
            lack = keys.lack(family, statement.actions.values)
            if lack is not None and family == _RESOURCE_TAG and _names_arns(statement):
                lack = keys.without_gaps(lack)
            if lack is not None and _decides(entry, lack):
                done.add(family)
                _say(item, statement, entry, lack, report)


def _all_but(item: Item, statement: Statement, keys: _Keys, report: Report) -> None:
    """Note that a `NotAction` reaches services that send no tags.

    Access Analyzer's …_NOTACTION_WITH_UNSUPPORTED_TAG_CONDITION_KEY_FOR_SERVICE. An author who
    wrote `…IfExists` or `ForAllValues` has thought of them.
    """
    for entry in statement.condition:
        family = _family_of(entry.key)
        prefix, base, optional = split_operator(entry.operator)
        if family not in _TAGS or optional or base == "Null" or prefix == "ForAllValues":
            continue
        left_out = [value.lower().partition(":")[0] for value in statement.actions.values]
        reached = [
            name
            for name in _UNTAGGED
            if keys.is_untagged(name, family)
            and not any(globs_meet(pattern, name) for pattern in left_out)
        ]
        if reached:
            _say_all_but(item, statement, entry, reached[:_SHOWN], report)
            return


def _say_all_but(
    item: Item, statement: Statement, entry: Entry, reached: list[str], report: Report
) -> None:
    verb = "allows" if statement.effect == "Allow" else "denies"
    always = holds_without_key(entry)
    report.extend(
        [
            Diagnostic(
                codes.UNSUPPORTED_KEY,
                Severity.NOTE,
                f"requests of services without tags, such as {listed(reached)}, do not carry"
                f" `{entry.key}`",
                spot(item, statement, entry),
                f"of these, the statement {verb} {'everything' if always else 'nothing'}",
                (),
                "name the actions that it is meant for, or leave these services to another"
                " statement",
            )
        ]
    )


def _of_endpoints(
    item: Item, statement: Statement, entry: Entry, keys: _Keys, report: Report
) -> None:
    """Note services that do not say who owns an endpoint.

    Access Analyzer's USE_CONDITION_KEY_ONLY_WITH_SUPPORTED_SERVICES.
    """
    silent = [
        action if action.lower() in WITHOUT else action.partition(":")[0].lower()
        for action in statement.actions.values
        if not sends(action) and keys.is_known(action)
    ]
    if not silent or split_operator(entry.operator)[1] == "Null":
        return
    always = holds_without_key(entry)
    report.extend(
        [
            Diagnostic(
                codes.UNSUPPORTED_KEY,
                Severity.NOTE,
                f"AWS does not list {listed(silent)} among what sends `{entry.key}`",
                spot(item, statement, entry),
                f"{'always' if always else 'never'} met by these requests",
                (),
                "test it for the services alone that AWS's page of global condition keys lists",
            )
        ]
    )


def _names_arns(statement: Statement) -> bool:
    resources = statement.resources
    return resources is not None and not resources.negated and "*" not in resources.values


def _decides(entry: Entry, lack: Lack) -> bool:
    """Tell whether it is a mistake that actions lack a key.

    A test that requests without the key meet is often written for just some of the actions, and
    then passes the others over.
    """
    return lack.whole or not holds_without_key(entry)


class _Keys:
    """What the catalogue says of keys and actions, kept while one review runs."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._families: dict[str, str] = {}
        self._of_action: dict[str, frozenset[str]] = {}
        self._listed: dict[str, bool] = {}
        self._lacks: dict[tuple[str, tuple[str, ...]], Lack | None] = {}

    def family(self, key: str) -> str:
        """Return a key without the part that its author chose; "" for one that is not asked for."""
        found = self._families.get(key)
        if found is None:
            found = self._families[key] = self._family(key)
        return found

    def _family(self, key: str) -> str:
        known = self._catalogue.condition_key(key)
        if known is None:
            return ""
        family = _family_of(known.name)
        if family in _TAGS:
            return family
        service = family.partition(":")[0]
        asked = (
            not known.is_global and service not in _UNSURE and self._catalogue.has_service(service)
        )
        return family if asked else ""

    def _is_listed(self, family: str) -> bool:
        """Tell whether the reference of a key's service lists it for any action."""
        if family not in self._listed:
            service = family.partition(":")[0]
            self._listed[family] = any(
                family in self._families_of(f"{service}:{name}")
                for name in self._catalogue.names(service).values()
            )
        return self._listed[family]

    def _families_of(self, action: str) -> frozenset[str]:
        found = self._of_action.get(action)
        if found is None:
            known = self._catalogue.action(action)
            found = frozenset(map(_family_of, known.condition_keys if known is not None else ()))
            self._of_action[action] = found
        return found

    def carries(self, action: str, family: str) -> bool:
        """Tell whether requests for an action may carry a key of a family."""
        families = self._families_of(action)
        return family in families or (
            family.endswith(_ANY_RESOURCE_TAG)
            and any(other.endswith(_ANY_RESOURCE_TAG) for other in families)
        )

    def is_known(self, action: str) -> bool:
        """Tell whether the service of an action is in the catalogue."""
        return self._catalogue.has_service(action.partition(":")[0])

    def is_untagged(self, service: str, family: str) -> bool:
        """Tell whether no action of a service carries a key of a family."""
        lack = self.lack(family, (f"{service}:*",))
        return lack is not None and lack.whole

    def lack(self, family: str, actions: tuple[str, ...]) -> Lack | None:
        """Return the actions of a statement that do not carry a key; None where all may."""
        asked = (family, actions)
        if asked not in self._lacks:
            self._lacks[asked] = self._lack(family, actions)
        return self._lacks[asked]

    def without_gaps(self, lack: Lack) -> Lack | None:
        """Leave out the actions that the reference limits to no resource, and the statement does.

        There it lacks the resource and its tags alike.
        """
        sure = [name for name in lack.names if not self._is_of_no_resource(name)]
        return Lack(tuple(sure), lack.whole and len(sure) == len(lack.names)) if sure else None

    def _is_of_no_resource(self, action: str) -> bool:
        found = self._catalogue.action(action)
        return found is not None and not found.resources

    def _lack(self, family: str, actions: tuple[str, ...]) -> Lack | None:
        lacking = tuple(action for action in actions if self._lacks_key(action, family))
        if not lacking or not (family in _TAGS or self._is_listed(family)):
            return None
        return Lack(lacking, len(lacking) == len(actions))

    def _lacks_key(self, action: str, family: str) -> bool:
        if action.lower() in _WITHIN_A_CALL:
            return False
        if "*" not in action and "?" not in action:
            return self._catalogue.has_action(action) and not self.carries(action, family)
        prefix = action.partition(":")[0]
        if "*" in prefix or "?" in prefix:
            return False
        found = self._catalogue.match(action)
        return bool(found) and not any(self.carries(name, family) for name in found)


def _family_of(key: str) -> str:
    return key.lower().partition("/")[0]


def _say(item: Item, statement: Statement, entry: Entry, lack: Lack, report: Report) -> None:
    names = lack.names
    shown = ", ".join(f"`{name}`" for name in names[:_SHOWN])
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    report.extend(
        [
            Diagnostic(
                codes.UNSUPPORTED_KEY,
                codes.UNSUPPORTED_KEY.severity if lack.whole else Severity.NOTE,
                f"AWS lists no `{entry.key}` for {shown}{more}",
                spot(item, statement, entry),
                _follows(statement, entry),
                (),
                _hint(entry, whole=lack.whole),
            )
        ]
    )


def _follows(statement: Statement, entry: Entry) -> str:
    """Say what comes of it."""
    if holds_without_key(entry):
        return "without it always met, so that it keeps nothing out"
    verb = "allowed" if statement.effect == "Allow" else "denied"
    return f"without it never met, so that nothing is {verb} by it"


def _hint(entry: Entry, *, whole: bool) -> str:
    if not whole:
        return "give these actions a statement of their own, or leave them out"
    family = _family_of(entry.key)
    if family == "aws:tagkeys" and split_operator(entry.operator)[0] == "ForAllValues":
        return "leave the test out, or name actions that bring tags"
    return "test a key that the reference lists for these actions"

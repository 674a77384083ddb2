"""Resource policies: whether a resource has one, and which resources it may name.

What the services take is in `aws.resource_policies`; here it meets targets and grants.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from iamdsl.analysis.resource_types import types_of_text
from iamdsl.aws.resource_policies import UNLISTED, ResourcePolicy, of_service, word
from iamdsl.diagnostics import codes
from iamdsl.iam import PLACEHOLDER_OPEN, resource_covers

if TYPE_CHECKING:
    from iamdsl.aws import Catalogue
    from iamdsl.compiler.environment import Environment
    from iamdsl.diagnostics import Report
    from iamdsl.model import Value
    from iamdsl.source import Span

_SETS_A_POLICY = re.compile(r"(?:Put|Set|Add|Create|Update)\w*(?:Policy|Permissions?)")
_STRICT = {"exactly itself", "itself"}


def service_of(target: Value | None, text: str) -> str:
    """Return the service of a resource: of its type, or by its ARN; "" when neither says it."""
    if target is not None and target.type.name == "Resource" and target.type.options:
        return target.type.options[0].partition(":")[0].lower()
    fields = text.split(":", 5)
    return fields[2] if len(fields) > 5 and fields[0] == "arn" else ""


def may_be_pattern(target: Value, text: str) -> bool:
    """Tell whether a target may name many, because its policy does not say its ARN."""
    rule = of_service(service_of(target, text))
    return rule is not None and rule.own not in {"arn", "none"}


class Refusal(NamedTuple):
    """Why a service does not take a resource in a statement: its text, and what to say of it."""

    text: str
    problem: str
    label: str
    hint: str


class Target:
    """What a resource policy is for, and what the service says of it.

    It is made of the value that a source has, or, of a document, of the ARN alone.

    Attributes:
        arn: the resource's ARN, its references filled in.
        kind: the type of the resource as it stands in a sentence, "queue".
        rule: what the service takes.
    """

    def __init__(self, value: Value | None, arn: str, catalogue: Catalogue) -> None:
        self.arn = arn
        self.service = service_of(value, arn)
        self.rule: ResourcePolicy = of_service(self.service) or UNLISTED
        if value is not None and value.type.name == "Resource" and value.type.options:
            self.kinds: tuple[str, ...] = (value.type.options[0].partition(":")[2],)
        else:
            self.kinds = types_of_text(arn, self.service, catalogue)
        having = [k for k in self.kinds if self.rule.has(k)]
        self.kind = word((having or self.kinds or ["resource"])[0])

    def exists(self, span: Span, environment: Environment, report: Report) -> bool:
        """Tell whether the resource has a policy of its own; report it when it has none."""
        catalogue = environment.catalogue
        listed = self.rule is not UNLISTED
        problem, hint = "", "grant it to those who ask: in a `policy` or a `role`"
        if listed and self.kinds and not any(self.rule.has(k) for k in self.kinds):
            known = [f"`{self.service}:{word(k)}`" for k in self.rule.types]
            problem = (
                f"resources of type `{self.service}:{self.kind}` have no policies of their own"
            )
            hint = (
                f"of {self.service}, {' and '.join(known[:3])} {'have' if known[1:] else 'has'} one"
            )
        elif not listed and catalogue.has_service(self.service) and not self._is_set(catalogue):
            problem = f"resources of `{self.service}` have no policies of their own"
        if problem:
            report.add(codes.NO_RESOURCE_POLICY, span, problem, hint=hint)
        return not problem

    def _is_set(self, catalogue: Catalogue) -> bool:
        """Tell whether the service has an action by which some policy is set."""
        return any(map(_SETS_A_POLICY.fullmatch, catalogue.names(self.service).values()))

    def own(self) -> str | None:
        """Return how the policy names its resource; None where it does not, or must be told."""
        if self.rule.own in {"none", "said"}:
            return None
        return self.arn if self.rule.own == "arn" else self.rule.own

    @property
    def is_open(self) -> bool:
        """Tell whether without `on` the policy speaks of more than resources of its type."""
        return self.rule.own not in {"arn", "none"} and self.rule.scope in {
            "its service",
            "anything",
        }

    def is_short(self, text: str) -> bool:
        """Tell whether a text that is no ARN names a resource in this policy."""
        return bool(self.rule.short) and text.startswith(self.rule.short)

    def refusal(self, texts: tuple[str, ...], excepted: tuple[str, ...]) -> Refusal | None:
        """Return what is wrong with the resources of a statement, None when nothing is.

        Args:
            texts: what `on` names; `excepted` is what it takes away.
        """
        rule, refuses = self.rule, "AWS refuses this"
        hint = "leave `on` out, or write `on self`"
        foreign = next((t for t in (*texts, *excepted) if self._is_foreign(t)), None)
        if rule.own == "none" and (excepted or foreign):
            problem = f"a {self.kind}'s policy is about that {self.kind} only"
            return Refusal(foreign or excepted[0], problem, "", hint)
        if excepted and "NotResource" in rule.refused:
            problem = f"a policy of {self.service} takes no exceptions from resources"
            return Refusal(excepted[0], problem, refuses, hint)
        if "*" in texts and not excepted and "*" in rule.refused:
            problem = f"a policy of {self.service} takes no `*` for its resources"
            return Refusal("*", problem, refuses, hint)
        if foreign is None:
            return None
        if rule.scope == "its service":
            problem = f"`{foreign}` is not of {self.service}"
            return Refusal(foreign, problem, refuses, "name resources of the service")
        label = (
            refuses if rule.scope in _STRICT else f"nobody asks this {self.kind}'s policy for it"
        )
        under = ', or `"{self}/*"` for its objects' if self.kind == "bucket" else ""
        problem = f"`{foreign}` is not of this {self.kind}"
        return Refusal(foreign, problem, label, f"write `self`{under}")

    def _is_foreign(self, text: str) -> bool:
        scope, own = self.rule.scope, self.arn
        if text in {"*", own, self.rule.own} or scope == "anything" or self.is_short(text):
            return False
        if PLACEHOLDER_OPEN in text or PLACEHOLDER_OPEN in own:
            return False  # what it is, is known only later
        if scope == "its service":
            return text.split(":")[2] != own.split(":")[2]
        if scope == "exactly itself":
            return True
        under = text.startswith((f"{own}/", f"{own}:", f"{own}-"))
        if scope == "itself":
            return not text.startswith(f"{own}/")
        return not under and not resource_covers(text, own)

    def is_covered(self, excepted: tuple[str, ...]) -> bool:
        """Tell whether exceptions take away the resource and all that lies under it."""
        if self.rule.scope not in {*_STRICT, "itself or wider"}:
            return False
        return all(
            any(resource_covers(pattern, text) for pattern in excepted)
            for text in (self.arn, f"{self.arn}/*")
        )

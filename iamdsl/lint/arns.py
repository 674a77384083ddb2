"""ARNs of documents: what AWS refuses in them, and what can match no resource.

Access Analyzer's INVALID_ARN_*, INVALID_PARTITION, MISSING_ARN_*, ARN_REGION_NOT_ALLOWED and
ARN_ACCOUNT_NOT_ALLOWED, and parliament's INVALID_ARN. In conditions only the fields are looked at:
there an operator decides what the whole may be. Of which form a field is for a service, is said
only of services whose resources all belong to an account, or to none.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from iamdsl.analysis.arns import AS_WRITTEN, arn_problem, meant_arn
from iamdsl.analysis.resource_types import ACCOUNT, REGION, types_of_text
from iamdsl.aws.partitions import PARTITIONS, is_region
from iamdsl.aws.resource_policies import RESOURCE_POLICIES
from iamdsl.diagnostics import Label, codes
from iamdsl.diagnostics.nearest import did_you_mean, nearest
from iamdsl.iam import PLACEHOLDER_OPEN, split_operator
from iamdsl.lint.blanks import blank_in
from iamdsl.lint.placing import place
from iamdsl.lint.replacing import replacing_each

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from iamdsl.aws import Catalogue
    from iamdsl.diagnostics import Code, Report
    from iamdsl.iam import Policy, Statement
    from iamdsl.lint.items import Item, World
    from iamdsl.source import Span

_PLACED = frozenset(
    """
    acm athena cloudtrail codebuild codecommit codepipeline cognito-identity cognito-idp config
    dynamodb ecr ecs eks elasticache elasticfilesystem es firehose glue iam kinesis kms lambda logs
    rds redshift secretsmanager sns sqs states
    """.split()
)
"""Services without public resources: each is of an account, AWS's own (`aws`) included."""

_UNPLACED = {
    REGION: frozenset({"cloudfront", "globalaccelerator", "iam", "organizations", "route53", "s3"}),
    ACCOUNT: frozenset({"apigateway", "route53", "s3"}),
}
"""Services with resources whose ARNs leave a field empty."""

_FIELDS = {REGION: "region", ACCOUNT: "account"}
_WILD = re.compile(r"[*?$]|\$\{")
_SHORT = tuple({rule.short for rule in RESOURCE_POLICIES.values() if rule.short})
_OWNERS = re.compile(r"\d{12}|aws|aws-[a-z-]+|amazon|cloudfront|third-party|vendor-?[a-z]*")
_SHOWN = 3
_LONGEST = 100
"""So much of a resource is shown in a message."""


class Problem(NamedTuple):
    """What is the matter with an ARN.

    Attributes:
        message: continues a sentence that begins with it.
        target: the ARN that was meant, "" where that is not sure.
        code: what the compiler calls it too.
    """

    message: str
    label: str = ""
    hint: str = ""
    target: str = ""
    code: Code = codes.BAD_ARN


def check(world: World, report: Report) -> None:
    """Report ARNs that AWS refuses, or that no resource has.

    Of sources the compiler has looked at the form; what stands in the fields is told here.
    """

    def judge(text: str) -> Problem | None:
        return problem(text, world.catalogue)

    known = lru_cache(maxsize=None)(_is_told)
    fields = lru_cache(maxsize=None)(_field_problem)
    for item in world.items:
        _of_document(item, report)
        for statement in item.policy.statements:
            if statement.resources is not None:
                texts = statement.resources.values
                if item.written:
                    texts = tuple(t for t in texts if not known(t, judge(t)))
                _of_resources(statement, texts, judge, report)
            for key, value in _compared(statement):
                found = fields(value)
                if found is not None:
                    span = place(statement, "Condition", key, value)
                    _add([(value, found, span)], report)


def _is_told(text: str, found: Problem | None) -> bool:
    """Tell whether the compiler has said what is the matter with a resource of a source."""
    return bool(arn_problem(text)[0]) or (found is not None and found.code is not codes.BAD_ARN)


def _compared(statement: Statement) -> Iterator[tuple[str, str]]:
    """Yield key and value of what a condition compares as ARNs."""
    for entry in statement.condition:
        if split_operator(entry.operator)[1].startswith("Arn"):
            for value in entry.values:
                if value.startswith("arn:") and value.count(":") > 4:
                    yield entry.key, value


def _of_document(item: Item, report: Report) -> None:
    """Report blanks of a template, and each partition that there is not, once for a document."""
    blank = False
    partitions: set[str] = set()
    for statement, text in _resources(item.policy):
        if PLACEHOLDER_OPEN in text or not (text.startswith("arn:") or blank_in(text)):
            continue
        if not blank and not item.written and (gap := blank_in(text)):
            blank = True
            report.add(
                codes.BAD_ARN,
                place(statement, "Resource", text),
                f"`{text}` has a blank: `{gap}`",
                label="nobody has filled this in",
                hint="fill it in before AWS reads this, here and wherever else it stands",
            )
        named = text.split(":", 2)[1] if text.count(":") > 1 else ""
        if named in partitions or not named or blank_in(named):
            continue
        partitions.add(named)
        if (found := _partition_problem(text, named)) is not None:
            _add([(text, found, place(statement, "Resource", text))], report)


def _resources(policy: Policy) -> Iterator[tuple[Statement, str]]:
    for statement in policy.statements:
        for text in statement.resources.values if statement.resources is not None else ():
            yield statement, text


def _of_resources(
    statement: Statement,
    texts: tuple[str, ...],
    judge: Callable[[str], Problem | None],
    report: Report,
) -> None:
    """Report the ARNs of a statement, those with the same mistake together."""
    alike: dict[str, list[tuple[str, Problem]]] = {}
    for text in texts:
        found = judge(text) if text != "*" else None
        if found is not None:
            alike.setdefault(found.message, []).append((text, found))
    for group in alike.values():
        _add([(text, p, place(statement, "Resource", text)) for text, p in group], report)


def _add(group: list[tuple[str, Problem, Span | None]], report: Report) -> None:
    """Report ARNs that have the same mistake."""
    _, found, span = group[0]
    shown = " and ".join(f"`{_cut(t)}`" for t, *_ in group[:2])
    shown += " …" if len(group) > 2 else ""
    message = found.message if len(group) == 1 else _plural(found.message)
    report.add(
        found.code,
        span,
        f"{shown} {message}",
        label=found.label,
        notes=[
            Label(s, "and this") for _, _, s in group[1 : _SHOWN + 1] if s is not None and s != span
        ],
        hint=found.hint,
        fix=replacing_each((s, t, p.target) for t, p, s in group if p.target),
    )


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _plural(message: str) -> str:
    verb, _, rest = message.partition(" ")
    return (
        f"{ {'is': 'are', 'has': 'have', 'lacks': 'lack', 'names': 'name'}.get(verb, verb) } {rest}"
    )


@lru_cache(maxsize=8192)  # two rules ask
def problem(text: str, catalogue: Catalogue) -> Problem | None:
    """Return what is the matter with a resource that stands in a document, None for nothing.

    What a deployment or a person has yet to fill in, and partitions, are left to others.
    """
    if PLACEHOLDER_OPEN in text or blank_in(text) or text.startswith(_SHORT):
        return None
    wrong, hint = arn_problem(text)
    if wrong == "is no ARN":
        meant = meant_arn(text, in_resource_policy=False)
        hint = f"write `{meant}`" if meant else "a resource is an ARN, or `*`"
        return Problem(wrong, "AWS refuses this", hint, meant)
    if wrong == "has too few fields":
        meant = meant_arn(text, in_resource_policy=False)
        return Problem(wrong, "", f"write `{meant}`" if meant else hint, meant)
    fields = text.split(":", 5)
    if len(fields) <= ACCOUNT + 1:  # what is far too long was not looked at any further
        return Problem(wrong, "AWS refuses this", hint)
    if fields[2] != fields[2].lower():
        right = ":".join((*fields[:2], fields[2].lower(), *fields[3:]))
        return Problem("has a service with capitals", "", f"write `{right}`", right)
    if wrong == "has a region":
        right = ":".join((*fields[:3], "", *fields[4:]))
        return Problem(wrong, "it matches nothing", hint, right)
    if wrong and wrong not in AS_WRITTEN:
        return Problem(wrong, "AWS refuses this" if "service" in wrong else "", hint)
    if wrong == "names no resource":
        return Problem(wrong, "it matches nothing", hint)
    if _partition_problem(text, fields[1]) is not None:
        return None  # made up from there on
    return _field_problem(text) or _doubled(text) or _misplaced(text, catalogue)


def _partition_problem(text: str, partition: str) -> Problem | None:
    if partition in PARTITIONS or _WILD.search(partition):
        return None
    near = nearest(partition, sorted(PARTITIONS), 1)
    right = text.replace(f":{partition}:", f":{near[0]}:", 1) if near else ""
    hint = did_you_mean(near, "AWS's partitions are `aws`, `aws-cn`, `aws-us-gov` and a few more")
    return Problem(f"is of no partition of AWS: `{partition}`", "it matches nothing", hint, right)


def _field_problem(text: str) -> Problem | None:
    """Return what is the matter with region and account of an ARN, wherever it stands."""
    if PLACEHOLDER_OPEN in text or blank_in(text):
        return None
    fields = text.split(":", 5)
    region, account = fields[REGION], fields[ACCOUNT]
    if region and not _WILD.search(region) and not is_region(region):
        meant = _meant_region(region)
        hint = did_you_mean([meant] if meant else [], "a Region is written like `eu-west-1`")
        right = ":".join((*fields[:3], meant, *fields[4:])) if meant else ""
        return Problem(f"names no Region of AWS: `{region}`", "it matches nothing", hint, right)
    if account and not _WILD.search(account) and not _OWNERS.fullmatch(account):
        digits = account.replace("-", "")
        right = (
            ":".join((*fields[:4], digits, fields[5])) if re.fullmatch(r"\d{12}", digits) else ""
        )
        message = f"names no account: `{account}`"
        return Problem(message, "it matches nothing", "an account id is 12 digits", right)
    return None


def _doubled(text: str) -> Problem | None:
    """Return what is the matter with a parameter whose name was written with its first slash.

    The ARN of the parameter `/shop/db` is `…:parameter/shop/db` (Systems Manager user guide,
    "Restricting access to Parameter Store parameters using IAM policies").
    """
    fields = text.split(":", 5)
    if fields[2] != "ssm" or not fields[5].startswith("parameter//"):
        return None
    right = text.replace(":parameter//", ":parameter/", 1)
    message = "names a parameter with two slashes"
    return Problem(message, "it matches nothing", f"write `{right}`", right)


def _meant_region(text: str) -> str:
    """Return the Region that a text is in another spelling, "" for none."""
    plain = re.sub(r"[^a-z0-9]", "", text.lower())
    found = re.fullmatch(
        r"(us|eu|ap|sa|ca|af|me|il|mx|cn)(north|south)?(east|west|central)?(\d)[a-f]?", plain
    )
    if found is None or not (found[2] or found[3]):
        return ""
    return f"{found[1]}-{found[2] or ''}{found[3] or ''}-{found[4]}"


def _misplaced(text: str, catalogue: Catalogue) -> Problem | None:
    """Return what is the matter with fields that the service's ARNs have, or leave empty."""
    fields = text.split(":", 5)
    service = fields[2]
    if "${" in ":".join(fields[:5]):
        return None
    if service in _PLACED and not (fields[REGION] and fields[ACCOUNT]):
        empty = [i for i in (REGION, ACCOUNT) if not fields[i] and _have(i, text, catalogue)]
        if empty:
            for i in empty:
                fields[i] = "*" if i == REGION else "111122223333"
            if ACCOUNT in empty:  # often a colon stands there in its stead: `arn:aws:kms:*:::key/*`
                fields[5] = fields[5].removeprefix(":")
            names = " and ".join(_FIELDS[i] for i in empty)
            hint = f"write all fields, such as `{':'.join(fields)}`"
            message = f"lacks its {names}"
            return Problem(message, "it matches nothing", hint, code=codes.RESOURCE_MISMATCH)
    for i, services in _UNPLACED.items():
        written = fields[i]
        if (
            service in services
            and re.fullmatch(r"[a-z0-9-]+", written)
            and _lack(i, text, catalogue)
        ):
            right = ":".join((*fields[:i], "", *fields[i + 1 :]))
            return Problem(
                f"has an {_FIELDS[i]}" if i == ACCOUNT else f"has a {_FIELDS[i]}",
                "it matches nothing",
                f"ARNs of {service} leave the {_FIELDS[i]} empty here: `{right}`",
                right,
            )
    return None


def _have(field: int, text: str, catalogue: Catalogue) -> bool:
    """Tell whether each type that an ARN can be of, or any if it is of none, has a field."""
    forms = _forms(text, catalogue, others=True)
    return bool(forms) and all(form[field] for form in forms)


def _lack(field: int, text: str, catalogue: Catalogue) -> bool:
    """Tell whether each type that an ARN can be of leaves a field empty."""
    forms = _forms(text, catalogue, others=False)
    return bool(forms) and not any(form[field] for form in forms)


def _forms(text: str, catalogue: Catalogue, *, others: bool) -> list[tuple[str, ...]]:
    """Return the ARN formats of the types that an ARN can be of; of all `others` if there is none."""
    service = text.split(":", 3)[2]
    kinds = catalogue.resource_types(service)
    found = types_of_text(text, service, catalogue)
    fitting = [kind for kind in kinds if kind.name in found]
    return [
        form.fields
        for kind in (fitting or (kinds if others else ()))
        for form in kind.formats
        if form.fields[2] == service
    ]

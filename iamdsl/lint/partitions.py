"""ARNs and service principals of another partition than the place, or the rest of the document.

Nothing of one partition can be named in another (AWS "reference-arns"): a policy that was copied
to China or GovCloud with its ARNs matches nothing there. Which partition is right, the settings or
the account say; where nobody does, most of the document's ARNs. Documents that name all partitions
side by side, for one text everywhere, mean it.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from iamdsl.aws.partitions import PARTITIONS, partition_of_region
from iamdsl.aws.principals import service_principal
from iamdsl.diagnostics import Label, codes
from iamdsl.lint.placing import place
from iamdsl.lint.replacing import replacing_each

if TYPE_CHECKING:
    from collections.abc import Iterator

    from iamdsl.diagnostics import Report
    from iamdsl.iam import Policy, Statement
    from iamdsl.lint.items import Item, World
    from iamdsl.lint.placing import Element
    from iamdsl.source import Span

_SHOWN = 3
_CHINA = ".amazonaws.com.cn"


class _Named(NamedTuple):
    """An ARN in a statement.

    Attributes:
        above: what it is looked for behind: the key of a condition.
        rest: the ARN without its partition and Region: what it names.
    """

    statement: Statement
    element: Element
    above: tuple[str, ...]
    text: str
    partition: str
    region: str
    rest: str

    @property
    def place(self) -> Span | None:
        """Return where it stands."""
        return place(self.statement, self.element, *self.above, self.text)


def check(world: World, report: Report) -> None:
    """Report what is of another partition than all around it."""
    here = world.pseudo.get("partition", "")
    for item in world.items:
        arns = list(_arns(item.policy))
        partition = here or _most(arns)
        if partition in PARTITIONS:
            _of_arns(item, arns, partition, report)
            _of_services(item, partition, report)
        _of_regions(item, arns, report)


def _arns(policy: Policy) -> Iterator[_Named]:
    """Yield the ARNs of a policy whose partition is said."""
    for statement in policy.statements:
        if statement.resources is not None:
            for text in statement.resources.values:
                yield from _named(statement, "Resource", (), text)
        if statement.principals is not None:
            for _, values in statement.principals.by_type:
                for text in values:
                    yield from _named(statement, "Principal", (), text)
        for entry in statement.condition:
            for text in entry.values:
                yield from _named(statement, "Condition", (entry.key,), text)


def _named(
    statement: Statement, element: Element, above: tuple[str, ...], text: str
) -> Iterator[_Named]:
    if text.startswith("arn:aws") and text.count(":") > 4:
        _, partition, service, region, account, last = text.split(":", 5)
        if partition in PARTITIONS:
            rest = f"{service}:{account}:{last}"
            yield _Named(statement, element, above, text, partition, region, rest)


def _most(arns: list[_Named]) -> str:
    """Return the partition of most ARNs of a document, "" where none has more than the others."""
    counts = Counter(arn.partition for arn in arns).most_common(2)
    if not counts or (len(counts) > 1 and counts[0][1] < 2 * counts[1][1]):
        return ""
    return counts[0][0]


def _of_arns(item: Item, arns: list[_Named], partition: str, report: Report) -> None:
    other = [arn for arn in arns if arn.partition != partition]
    if not other or _side_by_side(arns):
        return
    first = other[0]
    spans = [arn.place for arn in other[: _SHOWN + 1]]
    more = f" and {len(other) - 1} more" if len(other) > 1 else ""
    report.add(
        codes.WRONG_PARTITION,
        spans[0],
        f"`{first.text}`{more} of {item.title} {'are' if more else 'is'} of the partition"
        f" `{first.partition}`, not `{partition}`",
        label=f"nothing in `{partition}` has this ARN",
        notes=[Label(s, "nor this") for s in spans[1:] if s is not None and s != spans[0]],
        hint=f"write `arn:{partition}:`, or `arn:*:` for any partition",
        fix=replacing_each(
            (arn.place, arn.text, re.sub(r"^arn:[^:]*:", f"arn:{partition}:", arn.text))
            for arn in other
            if not arn.region or "*" in arn.region
        ),
    )


def _side_by_side(arns: list[_Named]) -> bool:
    """Tell whether a document names the same in several partitions, as for one text everywhere."""
    seen: dict[str, set[str]] = {}
    for arn in arns:
        seen.setdefault(arn.rest, set()).add(arn.partition)
    return any(len(partitions) > 1 for partitions in seen.values())


def _of_services(item: Item, partition: str, report: Report) -> None:
    """Report service principals that end as in China elsewhere, or as elsewhere in China."""
    for statement in item.policy.statements:
        by_type = statement.principals.by_type if statement.principals is not None else ()
        named = [value for kind, values in by_type if kind == "Service" for value in values]
        for text in named:
            right = _right(text, partition)
            if right == text or right in named:
                continue
            span = place(statement, "Principal", text)
            report.add(
                codes.WRONG_PARTITION,
                span,
                f"`{text}` is no service principal of the partition `{partition}`",
                label="no service has this name there",
                hint=f"write `{right}`",
                fix=replacing_each([(span, text, right)]),
            )


def _right(text: str, partition: str) -> str:
    """Return the principal of the same service in a partition; the same text where it is right.

    In China services are known by both endings, but for those that have just one.
    """
    if text.endswith(_CHINA) and partition != "aws-cn":
        return service_principal(text.removesuffix(_CHINA), partition)
    if partition == "aws-cn" and not text.endswith(_CHINA):
        return service_principal(text.removesuffix(".amazonaws.com"), partition)
    return text


def _of_regions(item: Item, arns: list[_Named], report: Report) -> None:
    """Report ARNs with a Region of another partition than their own."""
    for arn in arns:
        home = partition_of_region(arn.region) if arn.region else ""
        if home and home != arn.partition:
            report.add(
                codes.WRONG_PARTITION,
                arn.place,
                f"`{arn.text}` of {item.title} has a Region of the partition `{home}`",
                label=f"`{arn.region}` is not in `{arn.partition}`",
                hint=f"write `arn:{home}:`, or a Region of `{arn.partition}`",
            )

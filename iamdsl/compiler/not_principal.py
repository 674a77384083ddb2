"""`to anyone except …`, which is `NotPrincipal`: what AWS makes of it, and what to write instead.

AWS "reference_policies_elements_notprincipal": it denies every principal with a permissions
boundary whatever it lists, it must list the account of each role and user, and the way that AWS
recommends is a condition on `aws:PrincipalArn` or `aws:PrincipalServiceName`.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

from iamdsl.diagnostics import Edit, Fix, codes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from iamdsl.compiler.resource_policies import Target
    from iamdsl.diagnostics import Report
    from iamdsl.model import Grant, Value
    from iamdsl.source import Span

    Pairs = Sequence[tuple[str, str]]

_OF_ACCOUNT = re.compile(r"arn:[^:]*:(?:iam|sts)::(\d{12}):(.+)")


def accepted(grant: Grant, pairs: Pairs, target: Target, report: Report) -> bool:
    """Tell whether the service takes the exceptions of a `deny`; warn of what they do.

    Args:
        pairs: type and text of each exception, in the order of `grant.principals_except`.
    """
    place = grant.principals_except[0].span or grant.span
    if "NotPrincipal" in target.rule.refused:
        report.add(
            codes.ELEMENT_NOT_ALLOWED,
            place,
            f"a policy of {target.service} takes no exceptions from principals",
            label="AWS refuses this",
            hint="write `to anyone … unless aws:PrincipalArn like …`",
        )
        return False
    chain = lacking(pairs)
    message, label = "these exceptions do not hold for those with a permissions boundary", ""
    hint = "write `to anyone … unless aws:PrincipalArn like …`"
    if chain:
        person, needed = chain
        message = f"`{person}` is excepted, but not {needed}"
        label = "AWS may deny it all the same"
        hint += f"; or except {needed} too"
    report.add(codes.NOT_PRINCIPAL, place, message, label=label, hint=hint, fix=_fix(grant, pairs))
    return True


def lacking(pairs: Pairs) -> tuple[str, str] | None:
    """Return the first exception whose chain (session, role, account) is not all excepted."""
    texts = [text for kind, text in pairs if kind == "AWS"]
    roles = {m[1] + "/" + m[2].rpartition("/")[2] for m in map(_OF_ACCOUNT.fullmatch, texts) if m}
    for text in texts:
        found = _OF_ACCOUNT.fullmatch(text)
        if found is None or found[2] == "root":
            continue
        account, rest = found[1], found[2].split("/")
        if account not in texts and not any(t.endswith(f":iam::{account}:root") for t in texts):
            return text, f"its account `{account}`"
        if rest[0] == "assumed-role" and f"{account}/{rest[1]}" not in roles:
            return text, f"its role `{rest[1]}`"
    return None


def _fix(grant: Grant, pairs: Pairs) -> Fix | None:
    """Return the statement with a condition in place of its exceptions, where that is simple."""
    place = _exceptions(grant)
    condition = _condition(grant.principals_except, pairs)
    if place is None or not condition or re.search(r"\bunless\b", grant.span.text):
        return None
    return Fix("except by a condition", (Edit(place, f" unless {condition}"),), safe=False)


def _exceptions(grant: Grant) -> Span | None:
    """Return the place of ` except P, Q`, None where a list or a template stands in it."""
    spans = [v.span for v in ((grant.principals or ())[0], *grant.principals_except)]
    source = grant.span.source
    for i, (left, right) in enumerate(pairwise(spans)):
        if left is None or right is None or not left.source is right.source is source:
            return None
        between = source.text[left.end : right.start]
        if not re.fullmatch(r"\s*,\s*" if i else r"\s+except\s+", between):
            return None
    first, last = spans[0], spans[-1]
    if first is None or last is None:
        return None
    return last.part(first.end, last.end)


def _condition(values: Sequence[Value], pairs: Pairs) -> str:
    """Return the condition that holds for who is excepted; "" where no key says it."""
    people: list[str] = []
    services: list[str] = []
    known = {m[1] for _, t in pairs if (m := _OF_ACCOUNT.fullmatch(t)) and m[2] != "root"}
    for value, (kind, text) in zip(values, pairs, strict=True):
        written = value.span.text if value.span is not None else ""
        found = _OF_ACCOUNT.fullmatch(text)
        account = text if re.fullmatch(r"(?a)\d{12}", text) else ""
        if found is not None and found[2] == "root":
            account = found[1]
        if kind == "Service":
            services.append(f'"{text}"')
        elif account:
            # An account is listed for the sake of its people; alone it is its root user.
            people += [] if account in known else [f"arn:*:iam::{account}:root"]
        elif (
            found is not None
            and found[2].startswith(("role/", "user/"))
            and (written.startswith("arn:") or value.type.name == "Entity")
        ):
            people.append(written)
        else:
            return ""
    parts = []
    if people:
        shown = people[0] if len(people) == 1 else f"[{', '.join(people)}]"
        parts.append(f"aws:PrincipalArn like {shown}")
    if services:
        shown = f"== {services[0]}" if len(services) == 1 else f"in [{', '.join(services)}]"
        parts.append(f"aws:PrincipalServiceName {shown}")
    return " or ".join(parts)

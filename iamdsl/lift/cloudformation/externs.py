"""What a template leaves open: names, types and lengths of the externs that stand for it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal, TypeAlias

import attrs

from iamdsl import iam
from iamdsl.iam import placeholder
from iamdsl.lift.estate import Extern
from iamdsl.syntax.words import IN_EXPRESSIONS, RESERVED

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from iamdsl.source import Span

Type: TypeAlias = Literal["String", "Pattern", "Arn", "AccountId", "Region"]

URL_SUFFIX = "url_suffix"
"""The name of the extern for `AWS::URLSuffix`, and of nothing else."""
ASSUMED_LENGTH = 128
"""Characters of a text of which nothing says how long it gets: the longest name of IAM's."""
ARN_LENGTH = 256
"""Characters of an ARN of which nothing says more."""
BUCKET_LENGTH = 63
"""Characters of a bucket's name (AWS "bucketnamingrules")."""

_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_TAKEN = RESERVED | IN_EXPRESSIONS | {"aws", "self"}


PARTITION, ACCOUNT, REGION = (
    placeholder("aws.partition"),
    placeholder("aws.account"),
    placeholder("aws.region"),
)


def spelled(text: str) -> str:
    """Return a text with its marks as `{name}`, for messages and comments."""
    return iam.PLACEHOLDER.sub(lambda found: f"{{{found[1].removeprefix('entity ')}}}", text)


def snake(text: str) -> str:
    """Return a name of the language's values: `OrdersQueue` gives `orders_queue`."""
    plain = iam.PLACEHOLDER.sub(lambda found: f"_{found[1]}_", text)
    words = re.findall(r"[a-z0-9]+", _HUMP.sub("_", plain).lower())
    name = "_".join(words) or "value"
    return f"value_{name}" if name[0].isdigit() or name in _TAKEN else name


@attrs.define(eq=False, repr=False)
class Open:
    """An extern in the making.

    Attributes:
        type: None while only its use can tell.
        max: None while only its type or its use can tell.
        samples: values that it is known to have at times: defaults, allowed values.
    """

    name: str
    type: Type | None
    max: int | None
    doc: str
    origin: Span
    samples: tuple[str, ...] = ()


class Externs:
    """The externs of a template, each made when something speaks of it."""

    def __init__(self) -> None:
        self._by_key: dict[tuple[str, ...], Open] = {}
        self._names = {URL_SUFFIX}

    def mark(
        self,
        key: tuple[str, ...],
        wanted: str,
        *,
        doc: str,
        origin: Span,
        type: Type | None = None,  # noqa: A002  # it is what the language calls it
        max: int | None = None,  # noqa: A002  # likewise
        samples: tuple[str, ...] = (),
    ) -> str:
        """Return the mark of an extern; made when its key is new, named for `wanted`."""
        found = self._by_key.get(key)
        if found is None:
            name = base = snake(wanted)
            number = 1
            while name in self._names and key != (URL_SUFFIX,):
                number += 1
                name = f"{base}_{number}"
            self._names.add(name)
            found = self._by_key[key] = Open(name, type, max, doc, origin, samples)
        return placeholder(found.name)

    def finished(self, texts: Collection[str], resources: Iterable[str]) -> tuple[Extern, ...]:
        """Return the externs that stand in texts; what `resources` hold tells types, too."""
        used = {name for text in texts for name in iam.placeholders(text)}
        leading = {m[1] for text in resources if (m := iam.PLACEHOLDER.match(text)) is not None}
        accounts, regions, buckets = set[str](), set[str](), set[str]()
        for text in texts:
            accounts |= _alone(_field(text, 4))
            regions |= _alone(_field(text, 3))
            if text.startswith("arn:") and _field(text, 2) == "s3":
                buckets |= set(iam.placeholders(_field(text, 5).partition("/")[0]))
        return tuple(
            _finished(
                found,
                arn=found.name in leading,
                account=found.name in accounts,
                region=found.name in regions,
                bucket=found.name in buckets,
            )
            for found in self._by_key.values()
            if found.name in used
        )


def _field(text: str, number: int) -> str:
    """Return a field of an ARN, "" where the text has none."""
    fields = text.split(":", 5)
    return fields[number] if len(fields) == 6 else ""


def _alone(text: str) -> set[str]:
    found = iam.PLACEHOLDER.fullmatch(text)
    return {found[1]} if found is not None else set()


def _finished(found: Open, *, arn: bool, account: bool, region: bool, bucket: bool) -> Extern:
    """Return an extern with the narrowest type that its use, name and known values agree on.

    A type that is too narrow refuses values when they are given; none lets more through.
    """
    kind = found.type or next(_types(found, arn=arn, account=account, region=region))
    if kind in {"AccountId", "Region"}:
        return Extern(found.name, str(kind), None, found.doc, (found.origin,))
    most, doc = found.max, found.doc
    if most is None and bucket:
        most = BUCKET_LENGTH
    if most is None:
        most = ARN_LENGTH if kind == "Arn" else ASSUMED_LENGTH
        doc = f"{doc}; nothing says how long it gets: {most} characters are assumed"
    return Extern(found.name, str(kind), most, doc, (found.origin,))


def _types(found: Open, *, arn: bool, account: bool, region: bool) -> Iterator[Type]:
    samples = found.samples
    if any(c in sample for sample in samples for c in "*?") or any("${" in s for s in samples):
        yield "Pattern"
    elif account or re.search(r"account(_?(id|number))?$", found.name):
        if all(re.fullmatch(r"\d{12}", s, re.ASCII) for s in samples):
            yield "AccountId"
    elif region or found.name.endswith("region"):
        if all(re.fullmatch(r"[a-z]{2,}(-[a-z]+)+-\d+", s, re.ASCII) for s in samples):
            yield "Region"
    elif (arn or found.name.endswith("arn")) and all(
        s.startswith("arn:") and s.count(":") >= 5 for s in samples
    ):
        yield "Arn"
    yield "String"

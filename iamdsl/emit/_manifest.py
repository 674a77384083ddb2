"""`manifest.json`: what a build consists of, over the files of all its targets."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

from iamdsl import __version__, iam

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from iamdsl.emit._targets import Data, Facts, File
    from iamdsl.source import Span

MANIFEST = "manifest.json"
VERSION = 1
"""Of the manifest; raised when a field changes its meaning or goes away."""


def manifest(
    targets: Sequence[str], entries: Sequence[Data], orders: Sequence[Data], facts: Facts
) -> bytes:
    """Return the text of the manifest over the entries of all files."""
    document: Data = {
        "version": VERSION,
        "iamdsl": __version__,
        "targets": list(targets),
        "catalogue": {"version": facts.catalogue_version, "sha256": facts.catalogue_sha256},
        "params": dict(facts.params),
        "aws": dict(facts.pseudo),
        "artifacts": list(entries),
    }
    if orders:
        document["order"] = list(orders)
    return written(document, minify=facts.minify)


def entry(file: File, data: bytes, facts: Facts) -> Data:
    """Return the entry of a file that deploys a place: what is in it, and where that is said."""
    made: Data = {"kind": file.kind, "name": file.path.rpartition("/")[2], "file": file.path}
    if file.account is not None:
        made["account"] = {"name": file.account.name, "id": file.account.id}
    if file.build is not None:
        made["documents"] = [_document(d, facts) for d in file.build.documents]
        made["identities"] = [_identity(i, facts) for i in file.build.identities]
        made["externs"] = sorted(e.name for e in facts.externs if e.name in _open(file.build))
        made["source"] = places(_origins(file.build))
    made["sha256"] = sha256(data).hexdigest()
    return made


def written(data: Data, *, minify: bool) -> bytes:
    """Return JSON as it is written: indented for people, or in one line for machines."""
    if minify:
        return f"{iam.minified(data)}\n".encode("ascii")
    return iam.pretty(data).encode("ascii")


def places(spans: Iterable[Span]) -> list[str]:
    """Return the places as `file:line:column-line:column`, the end exclusive, each once, sorted."""
    found = set()
    for span in spans:
        start, end = span.source.position(span.start), span.source.position(span.end)
        found.add((span.source.name, start, end))
    return [f"{name}:{a}:{b}-{c}:{d}" for name, (a, b), (c, d) in sorted(found)]


def _open(build: iam.Build) -> frozenset[str]:
    from iamdsl.emit._marks import marks  # noqa: PLC0415  # not for the target `json`

    return marks(build)


def _document(document: iam.Document, facts: Facts) -> Data:
    limit = facts.limits.policy_size(document.kind, document.service or "")
    return {
        "kind": document.kind,
        "name": document.name,
        "characters": iam.size(document.policy, facts.lengths),
        "limit": limit.value if limit is not None else None,
    }


def _identity(identity: iam.Identity, facts: Facts) -> Data:
    made: Data = {"kind": identity.kind, "name": identity.name}
    if identity.trust is not None:
        made["trust"] = iam.size(identity.trust, facts.lengths)
    if identity.inline:
        made["inline"] = sum(iam.size(policy, facts.lengths) for _, policy in identity.inline)
    return made


def _origins(build: iam.Build) -> Iterator[Span]:
    for document in build.documents:
        yield from document.origin
        yield from origins(document.policy)
    for identity in build.identities:
        yield from identity.origin
        for policy in (identity.trust, *(policy for _, policy in identity.inline)):
            if policy is not None:
                yield from origins(policy)


def origins(policy: iam.Policy) -> tuple[Span, ...]:
    """Return the places of a policy's statements."""
    return tuple(span for statement in policy.statements for span in statement.origin)

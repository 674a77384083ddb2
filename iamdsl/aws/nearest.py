"""What an unknown name was probably meant to be: the nearest names of the catalogue.

Used when a message is written, so never on the way of a build that succeeds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from iamdsl.aws.keys import CLAIMS, fill, is_provider
from iamdsl.aws.operations import PREFIXES, operation_hint
from iamdsl.diagnostics.nearest import nearest

if TYPE_CHECKING:
    from collections.abc import Iterable

    from iamdsl.aws.catalogue import Catalogue


def suggest_service(catalogue: Catalogue, text: str, limit: int = 3) -> tuple[str, ...]:
    """Return service prefixes that `text` may mean: `elbv2` is `elasticloadbalancing`."""
    lowered = text.lower()
    known = PREFIXES.get(lowered)
    if known and catalogue.has_service(known):
        return (known,)
    return nearest(lowered, catalogue.services(), limit)


def suggest_action(catalogue: Catalogue, text: str, limit: int = 3) -> tuple[str, ...]:
    """Return actions that `text` may mean, those that allow an API operation of that name first.

    `s3:ListObjects` gives `s3:ListBucket`; `codedploy:GetDeploymnt` gives the action of the
    nearest service. For `s3:Gte*` they are patterns: `s3:Get*`.
    """
    hinted = operation_hint(text)
    if hinted:
        return hinted[: max(limit, len(hinted))]
    prefix, colon, name = text.partition(":")
    if not colon:
        prefix, name = "", text
    services = _services_meant(catalogue, prefix)
    found: list[str] = []
    for service in services:
        spelt = catalogue.canonical(f"{service}:{name}")
        if spelt:
            return (spelt,)
        names = list(catalogue.names(service).values())
        if name.endswith("*"):
            names = list(dict.fromkeys(f"{start}*" for n in names for start in _starts(n)))
        found += [f"{service}:{n}" for n in nearest(name, names, limit)]
    if not found and name:
        found = [
            f"{service}:{catalogue.names(service)[name.lower()]}"
            for service in catalogue.services()
            if name.lower() in catalogue.names(service)
        ]
    return tuple(found[:limit])


def suggest_key(catalogue: Catalogue, text: str, limit: int = 3) -> tuple[str, ...]:
    """Return condition keys that `text` may mean: `aws:RequestTag/Team` for `aws:RequestTags/Team`.

    A template whose part to choose is not in `text` is as AWS writes it. After the host of an
    identity provider it is the claim that is meant: `gitlab.com:project_id` for `gitlab.com:projectid`.
    """
    provider, _, claim = text.rpartition(":")
    if is_provider(provider):
        near = nearest(claim, _claims(catalogue, provider), limit)
        return tuple(f"{provider}:{name}" for name in near)
    prefix = text.partition(":")[0].lower()
    names = list(catalogue.global_keys())
    for service in _services_meant(catalogue, prefix):
        names += [name for name, _ in catalogue.keys_of(service)]
    stems: dict[str, str] = {}
    for name in names:
        stems.setdefault(_stem(name), name)
    head, slash, tail = text.partition("/")
    near = nearest(_stem(head + slash), stems, limit)
    return tuple(stem + tail if tail and stem.endswith("/") else stems[stem] for stem in near)


def _claims(catalogue: Catalogue, provider: str) -> list[str]:
    """Return the claims that AWS reads from a provider's tokens, sorted."""
    listed = (name.rpartition(":") for name, _ in catalogue.keys_of("sts"))
    own = {claim for host, _, claim in listed if fill(host, provider) is not None}
    return sorted(own | set(CLAIMS))


def suggest_resource_type(
    catalogue: Catalogue, service: str, text: str, limit: int = 3
) -> tuple[str, ...]:
    """Return resource types of `service` that `text` may mean, as the language writes them."""
    words = [kind.word for kind in catalogue.resource_types(service)]
    near = nearest(text.replace("_", "-"), words, limit)
    inside = [w for w in words if len(text) > 2 and text.lower() in w.lower() and w not in near]
    return (*near, *inside)[:limit]


def suggest_managed_policy(catalogue: Catalogue, text: str, limit: int = 3) -> tuple[str, ...]:
    """Return AWS managed policies, path and name, that `text` may mean."""
    by_name = {path.rpartition("/")[2]: path for path in catalogue.managed_policies()}
    near = nearest(text.rpartition("/")[2], by_name, limit)
    return tuple(by_name[name] for name in near)


def _services_meant(catalogue: Catalogue, prefix: str) -> tuple[str, ...]:
    if catalogue.has_service(prefix):
        return (prefix.lower(),)
    return suggest_service(catalogue, prefix) if prefix else ()


def _starts(name: str) -> Iterable[str]:
    """Yield the beginnings of a name that end with a word: `Get`, `GetObject`, `GetObjectAcl`."""
    for at in range(1, len(name)):
        if name[at].isupper() and not name[at - 1].isupper():
            yield name[:at]
    yield name


def _stem(key: str) -> str:
    """Return a key up to its first placeholder, which the author fills in."""
    ends = [at for at in (key.find("${"), key.find("<")) if at >= 0]
    return key[: min(ends)] if ends else key

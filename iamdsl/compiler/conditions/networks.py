"""IP networks: nested or disjoint, so their cells are each network without those inside it.

Invariant: a network is (version, first address, prefix length); a bare address has the full length.
"""

from __future__ import annotations

from typing import TypeAlias

Network: TypeAlias = tuple[int, int, int]

BITS = {4: 32, 6: 128}
WHOLE: tuple[Network, ...] = ((4, 0, 0), (6, 0, 0))


def parse(text: str) -> Network | None:
    """Return the network of `text`, host bits cleared; None when it is no network."""
    from ipaddress import ip_network  # noqa: PLC0415

    try:
        network = ip_network(text, strict=False)
    except ValueError:
        return None
    return network.version, int(network.network_address), network.prefixlen


def write(network: Network) -> str:
    """Return the text of `network`, its prefix length always included."""
    from ipaddress import IPv4Address, IPv6Address  # noqa: PLC0415

    version, first, length = network
    address = IPv4Address(first) if version == 4 else IPv6Address(first)
    return f"{address}/{length}"


def contains(outer: Network, inner: Network) -> bool:
    """Tell whether `inner` lies in `outer`."""
    shift = BITS[outer[0]] - outer[2]
    return outer[0] == inner[0] and outer[2] <= inner[2] and outer[1] >> shift == inner[1] >> shift


def emptied(network: Network, inside: list[Network]) -> bool:
    """Tell whether the networks `inside`, all of which lie in `network`, leave nothing of it."""
    top = [n for n in set(inside) if not any(contains(o, n) for o in set(inside) if o != n)]
    bits = BITS[network[0]]
    return sum(1 << (bits - n[2]) for n in top) == 1 << (bits - network[2])


def subtract(network: Network, inside: list[Network], limit: int) -> list[Network] | None:
    """Return networks that together are `network` without those `inside`; None above `limit`."""
    inside = [n for n in inside if contains(network, n)]
    if not inside:
        return [network]
    if network in inside:
        return []
    version, first, length = network
    half = 1 << (BITS[version] - length - 1)
    out: list[Network] = []
    for start in (first, first + half):
        rest = subtract((version, start, length + 1), inside, limit)
        if rest is None or len(out) + len(rest) > limit:
            return None
        out += rest
    return out

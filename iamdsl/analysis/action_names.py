"""What an action that is not in the catalogue was meant to be.

The compiler asks of sources, the review of documents.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from iamdsl.diagnostics.nearest import did_you_mean

if TYPE_CHECKING:
    from iamdsl.aws import Catalogue


class Meant(NamedTuple):
    """What an unknown name was meant to be.

    Attributes:
        hint: for people, "" where nothing comes near.
        targets: the action to write instead, several where an API operation needs them all, ()
            where nothing is near enough.
        sure: whether AWS itself says so, as of API operations.
    """

    hint: str
    targets: tuple[str, ...] = ()
    sure: bool = False

    @property
    def target(self) -> str:
        """Return the first that was meant, "" for none."""
        return self.targets[0] if self.targets else ""


def action(text: str, catalogue: Catalogue, otherwise: str = "") -> Meant:
    """Return what an action of a service that there is was meant to be.

    Args:
        otherwise: the hint where nothing comes near.
    """
    operation = catalogue.operation_hint(text)
    if operation:
        names = " and ".join(f"`{o}`" for o in operation)
        hint = f"the API operation `{text.partition(':')[2]}` is allowed by {names}"
        return Meant(hint, operation, sure=True)
    near = catalogue.suggest_action(text)
    return Meant(did_you_mean(near, otherwise), tuple(near[:1]))


def of_other_service(text: str, catalogue: Catalogue) -> Meant:
    """Return what an action, or a pattern, of a service that there is not was meant to be."""
    service, _, name = text.partition(":")
    near = catalogue.suggest_service(service)
    if not near:
        return Meant("")
    found = catalogue.canonical(f"{near[0]}:{name}")
    if found is None and ("*" in name or "?" in name):
        found = f"{near[0]}:{name}"
    return Meant(did_you_mean(near), (found,) if found else ())

"""All the world that a pass may know: catalogue, limits, params, and a way to imports."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import attrs

from iamdsl.compiler.pins import Pins
from iamdsl.fit.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from iamdsl.aws import Catalogue
    from iamdsl.diagnostics import Code, Severity
    from iamdsl.source import Source


class Problem(Protocol):
    """Why a file could not be loaded."""

    @property
    def code(self) -> Code:
        """Return the code of the diagnostic."""

    @property
    def message(self) -> str:
        """Return its headline."""

    @property
    def hint(self) -> str:
        """Return its hint, "" when there is none."""


class Loader(Protocol):
    """Finds the text behind an import; the only way from the compiler to anything outside."""

    def module(self, importer: str, dotted: tuple[str, ...]) -> Source | Problem | None:
        """Return the module of that dotted name (`std.lambda`), None when there is none."""

    def file(self, importer: str, path: str) -> Source | Problem:
        """Return the file that `importer` (a source's name) knows by `path`."""


@attrs.frozen(repr=False, eq=False)
class Environment:
    """What a compilation depends on besides its sources.

    Attributes:
        params: values given from outside, as text, by the name of the param or extern.
        pseudo: `partition`, `account` and `region` where they are known.
        shared_params: params that other sources of the project may declare, when only some of
            them are compiled.
        pins: what classes of actions came to in an earlier build; grows by what is asked for.
        levels: severity by code number or name, where the configuration changes it; None is off.
        limits: sizes and quotas by name, raised ones included.
        defers: whether the target fills in at deployment what is not known now; one that cannot
            gets an error for each such value.
        sampled: whether questions are to be answered, for which samples may stand in `iamdsl.toml`.
        fitting: what was asked of `fit`; the lengths of externs come to it from the sources.
    """

    catalogue: Catalogue
    loader: Loader
    limits: Any
    params: Mapping[str, str] = attrs.field(factory=dict)
    pseudo: Mapping[str, str] = attrs.field(factory=dict)
    pins: Pins = attrs.field(factory=Pins)
    defers: bool = False
    sampled: bool = False
    shared_params: frozenset[str] = frozenset()
    levels: Mapping[str, Severity | None] = attrs.field(factory=dict)
    fitting: Settings = attrs.field(
        default=attrs.Factory(
            lambda self: Settings(self.limits, catalogue=self.catalogue), takes_self=True
        )
    )

    def inside(self, account: str) -> Environment:
        """Return the world as an account of the source sees it."""
        return attrs.evolve(self, pseudo={**self.pseudo, "account": account})

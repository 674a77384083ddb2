"""An estate as declarations: each document and identity of it, and what repeats with a name."""

from __future__ import annotations

from collections import Counter
from itertools import chain
from typing import TYPE_CHECKING

import attrs

from iamdsl.lift import nodes
from iamdsl.lift.entities import Writer, Written
from iamdsl.lift.open_texts import filled
from iamdsl.lift.sharing import shared
from iamdsl.lift.templates import imports
from iamdsl.lift.writing import Facts
from iamdsl.syntax import tree

if TYPE_CHECKING:
    from collections.abc import Sequence

    from iamdsl.aws import Catalogue
    from iamdsl.diagnostics import Report
    from iamdsl.lift.estate import Estate, Extern
    from iamdsl.lift.templates import Pattern


@attrs.frozen(repr=False, eq=False)
class Lifted:
    """An estate as declarations, which `source` makes files of."""

    externs: tuple[tree.Extern, ...]
    entities: tuple[Written, ...]


def lift(
    estate: Estate, catalogue: Catalogue, report: Report, known: Sequence[Pattern] = ()
) -> Lifted:
    """Return the declarations of an estate; what has no exact form is reported and left out.

    Args:
        known: the templates that may be used, see `templates.patterns`.
    """
    estate = filled(estate, report)
    arns = frozenset(e.name for e in estate.externs if e.type == "Arn")
    facts = Facts(catalogue, report, estate.pseudo, _own(estate), arns)
    groups = {i.name for i in estate.build.identities if i.kind == "group"}
    writer = Writer(facts, estate.docs, known, groups)
    written = [writer.document(d) for d in estate.build.documents]
    written += [writer.identity(i) for i in estate.build.identities]
    return Lifted(tuple(map(_extern, estate.externs)), tuple(written))


def source(externs: Sequence[tree.Extern], entities: Sequence[Written]) -> tree.File:
    """Return the source of some entities; what repeats in it gets a name."""
    taken = [*(e.name.text for e in externs), *(e.name for e in entities)]
    taken += chain.from_iterable(e.modules for e in entities)
    lets, members = shared(tuple(e.node for e in entities), taken)
    modules = frozenset[str]().union(*(e.modules for e in entities))
    return tree.File((*imports(modules), *externs, *lets, *members), span=nodes.NOWHERE)


def _own(estate: Estate) -> dict[str, str]:
    """Return the names of the estate's entities by their ARNs, where the account is known."""
    account, partition = estate.pseudo.get("account"), estate.pseudo.get("partition")
    if account is None or partition is None:
        return {}
    start = f"arn:{partition}:iam::{account}"
    documents = [d for d in estate.build.documents if d.is_managed]
    identities = [i for i in estate.build.identities if i.kind in {"role", "user", "group"}]
    own = {f"{start}:policy{d.path}{d.name}": d.name for d in documents}
    own |= {f"{start}:{i.kind}{i.path}{i.name}": i.name for i in identities}
    # A name that a role and a policy have says neither's ARN; a builder does.
    names = Counter(name.lower() for name in own.values())
    return {arn: name for arn, name in own.items() if names[name.lower()] == 1}


def _extern(extern: Extern) -> tree.Extern:
    return tree.Extern(
        nodes.name(extern.name),
        tree.TypeName("name", extern.type, span=nodes.NOWHERE),
        nodes.literal("int", str(extern.max)) if extern.max is not None else None,
        extern.doc,
        span=nodes.NOWHERE,
    )

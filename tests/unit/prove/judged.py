"""Questions about JSON documents, whose counterexamples another evaluator has to confirm."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from comparator import catalogue, compare
from witnesses import asked_again, decided

from iamdsl import prove
from iamdsl.iam import PLACEHOLDER, Statement, from_json, statement_to_json
from iamdsl.prove import Answer, Permissions

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from iamdsl.iam import Condition

Written: TypeAlias = "dict[str, Any]"
"""A statement as JSON has it."""
Layer: TypeAlias = "tuple[Written, ...]"
Side: TypeAlias = "Layer | list[Layer]"
"""Statements, or a list of layers of them, of which each must allow."""
Verb: TypeAlias = Literal["equivalent", "implies", "disjoint", "never", "always"]


def allow(action: Any, on: Any = "*", when: Any = None, **more: Any) -> Written:
    """Return a statement; `more` are members such as `NotResource`, which stand for their twins."""
    made: Written = {"Effect": "Allow", "Action": action, "Resource": on, **more}
    if "NotAction" in more:
        del made["Action"]
    if "NotResource" in more:
        del made["Resource"]
    if when is not None:
        made["Condition"] = when
    return made


def deny(action: Any, on: Any = "*", when: Any = None, **more: Any) -> Written:
    return {**allow(action, on, when, **more), "Effect": "Deny"}


def of_blocks(blocks: Iterable[Condition], effect: Literal["Allow", "Deny"] = "Allow") -> Layer:
    """Return a statement for each condition block, alike but for it."""
    some = allow("s3:GetObject")
    elements = from_json({"Version": "2012-10-17", "Statement": [some]}).statements[0]
    return tuple(
        statement_to_json(Statement(effect, elements.actions, elements.resources, condition=block))
        for block in blocks
    )


def ask(verb: Verb, first: Side, second: Side, *, compared: bool = True) -> Answer:
    """Return the prover's answer; another evaluator agrees on its witness.

    Args:
        compared: whether a yes is tried on requests aimed at the statements; these have values of
            any type for keys that the catalogue does not know.
    """
    one, other = _layers(first), _layers(second)
    left, right = (Permissions(tuple(map(_read, layers))) for layers in (one, other))
    match verb:
        case "equivalent":
            answer = prove.equivalent(left.layers[0], right.layers[0], catalogue())
        case "implies":
            answer = prove.implies(left, right, catalogue())
        case "disjoint":
            answer = prove.disjoint(left, right, catalogue())
        case "never":
            answer = prove.never(left, right.layers[0], catalogue())
        case "always":
            answer = prove.always(left, right.layers[0], catalogue())
    if answer.verdict == "no":
        _replay(verb, answer, one, other)
    elif compared and answer.verdict == "yes" and verb == "equivalent":
        found = compare([_document(one[0])], [_document(other[0])], rounds=20)
        assert found is None, str(found)
    assert bool(answer.reason) == (answer.verdict == "unknown")
    return answer


def _replay(
    verb: Verb,
    answer: Answer,
    first: Sequence[Sequence[Written]],
    second: Sequence[Sequence[Written]],
) -> None:
    assert answer.witness is not None
    request = asked_again(answer.witness)
    one, other = (decided(map(_document, layers), request) for layers in (first, second))
    match verb:
        case "equivalent":
            assert one != other, request
            assert (one, other) == (answer.before, answer.after), request
        case "implies":
            assert (one, other == "Allow") == ("Allow", False), request
        case "always":  # the second side is the box
            assert (other, one == "Allow") == ("Allow", False), request
        case _:
            assert one == other == "Allow", request


def _layers(side: Side) -> list[Layer]:
    return side if isinstance(side, list) else [side]


def _read(layer: Sequence[Written]) -> tuple[Statement, ...]:
    if not layer:
        return ()
    return from_json({"Version": "2012-10-17", "Statement": list(layer)}).statements


def _document(layer: Sequence[Written]) -> dict[str, Any]:
    """Return a document as it is deployed, each placeholder with its name for a text."""
    text = json.dumps({"Version": "2012-10-17", "Statement": list(layer)}, ensure_ascii=False)
    made: dict[str, Any] = json.loads(PLACEHOLDER.sub(lambda m: re.sub(r"\W", "-", m[1]), text))
    return made

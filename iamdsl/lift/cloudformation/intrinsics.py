"""Intrinsic functions worked out: texts with marks for what only a deployment knows.

A function whose value is one text comes out as that text, or as an extern where it takes a
deployment to know it. One that decides how many values there are, or which, is refused.
AWS "intrinsic-function-reference".
"""

from __future__ import annotations

import base64
import json
import re
from typing import TYPE_CHECKING, Any, Final

from iamdsl import iam
from iamdsl.lift.cloudformation.externs import spelled

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from iamdsl.datafile.places import Path
    from iamdsl.lift.cloudformation.template import Template


class _Sign:
    """A value of which there is one."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __repr__(self) -> str:
        return self._name


UNSAID: Final = _Sign("UNSAID")
"""What was reported: every function of it comes to it."""
NOTHING: Final = _Sign("NOTHING")
"""What `AWS::NoValue` gives: the member or item that has it is none."""

_VARIABLE = re.compile(r"\$\{(!?)([^{}]*)\}")
_MOST_CHARACTERS = 1_048_576
"""Of a text that functions make: a template has no more itself (AWS "cloudformation-limits")."""
_CONDITIONS = ("Fn::And", "Fn::Or", "Fn::Not", "Fn::Equals")


def plain(value: Any) -> str:
    """Return a scalar as CloudFormation takes it: text."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else repr(value)


def is_call(value: Any) -> bool:
    """Tell whether a value is an intrinsic function."""
    if not isinstance(value, dict) or len(value) != 1:
        return False
    (name,) = value
    return name == "Ref" or str(name).startswith("Fn::")


class Run:
    """The evaluation of one value.

    Attributes:
        moved: where parts of the result stand whose path is another one in the template.
        failed: whether something was reported.
    """

    def __init__(self, template: Template, refs: Mapping[str, str]) -> None:
        self.template, self.refs = template, refs
        self.moved: dict[Path, Path] = {}
        self.failed = False

    def value(self, raw: Any, at: Path, to: Path | None) -> Any:
        """Return a value with the functions in it worked out.

        Args:
            at: the path to it in the template.
            to: the path to it in the result, None for an argument, which is not in there.
        """
        if is_call(raw):
            ((name, argument),) = raw.items()
            return self._call(name, argument, at, to)
        if isinstance(raw, dict):
            return self._members(raw, at, to)
        if isinstance(raw, list):
            return self._items(raw, at, to)
        if isinstance(raw, (bool, int, float)):
            return plain(raw)
        return raw

    def _members(self, raw: dict[str, Any], at: Path, to: Path | None) -> Any:
        for name in raw:
            if name.startswith("Fn::"):
                beside = "other members stand beside it"
                if name.startswith("Fn::ForEach") or name == "Fn::Transform":
                    beside = "it puts members here when it is deployed"
                return self._inexact(at, name, beside)
        made = {}
        for name, value in raw.items():
            inner = self.value(value, (*at, name), None if to is None else (*to, name))
            if inner is UNSAID:
                self.failed = True
            elif inner is not NOTHING:
                made[name] = inner
        return made

    def _items(self, raw: list[Any], at: Path, to: Path | None) -> Any:
        made: list[Any] = []
        for i, value in enumerate(raw):
            here = None if to is None else (*to, len(made))
            inner = self.value(value, (*at, i), here)
            if inner is UNSAID:
                self.failed = True
            elif inner is not NOTHING:
                if here is not None and len(made) != i:
                    self.moved[here] = (*at, i)
                made.append(inner)
        return made

    # -- functions

    def _call(self, name: str, argument: Any, at: Path, to: Path | None) -> Any:
        found: Callable[[Any, Path], Any] | None = {
            "Ref": self._ref,
            "Fn::GetAtt": self._attribute,
            "Fn::Sub": self._sub,
            "Fn::Join": self._join,
            "Fn::Select": self._select,
            "Fn::Split": self._split,
            "Fn::FindInMap": self._find_in_map,
            "Fn::ImportValue": self._import,
            "Fn::Base64": self._base64,
            "Fn::ToJsonString": self._json,
            "Fn::Length": self._length,
        }.get(name)
        if name == "Fn::If":
            made = self._if(argument, at, to)
        elif found is not None:
            made = found(argument, (*at, name))
        else:
            why = "only a deployment can work it out"
            if name in _CONDITIONS:
                why = "it is a condition, and stands where a value is expected"
            made = self._inexact(at, name, why)
        if isinstance(made, str) and len(made) > _MOST_CHARACTERS:
            made = self._bad(
                at, f"`{name}` makes a text of more than {_MOST_CHARACTERS:,} characters"
            )
        if made is UNSAID:
            self.failed = True
        return made

    def _inexact(self, at: Path, name: str, why: str, hint: str = "") -> Any:
        self.failed = True
        self.template.inexact(at, name, why, hint)
        return UNSAID

    def _bad(self, at: Path, problem: str) -> Any:
        self.failed = True
        self.template.bad(at, problem)
        return UNSAID

    def _ref(self, name: Any, at: Path) -> Any:
        if not isinstance(name, str):
            return self._bad(at, "`Ref` names a parameter or a resource")
        if name in self.refs:
            return self.refs[name]
        return self.template.ref(name, at[:-1])

    def _attribute(self, argument: Any, at: Path) -> Any:
        parts = argument.split(".", 1) if isinstance(argument, str) else argument
        if not isinstance(parts, list) or len(parts) < 2 or not isinstance(parts[0], str):
            return self._bad(at, "`Fn::GetAtt` names a resource and one of its attributes")
        attribute = ".".join(map(str, parts[1:])) if _are_texts(parts) else self._sub_of(parts, at)
        if not isinstance(attribute, str):
            return attribute
        return self.template.attribute(parts[0], attribute, at[:-1])

    def _sub_of(self, parts: list[Any], at: Path) -> Any:
        made = self.value(parts[1], (*at, 1), None)
        if isinstance(made, str) and iam.PLACEHOLDER_OPEN in made:
            return self._inexact(at, "Fn::GetAtt", "which attribute it is, a deployment decides")
        return made

    def _sub(self, argument: Any, at: Path) -> Any:
        text, local = argument, {}
        if isinstance(argument, list) and len(argument) == 2 and isinstance(argument[1], dict):
            text, local = argument
        if not isinstance(text, str):
            return self._bad(at, "`Fn::Sub` takes a text, or a text and a mapping")
        texts = {}
        for name, raw in local.items():
            texts[name] = self._text(raw, (*at, 1, name), "Fn::Sub")
            if texts[name] is UNSAID:
                return UNSAID
        pieces, end = [], 0
        for found in _VARIABLE.finditer(text):
            pieces.append(text[end : found.start()])
            end = found.end()
            piece = self._variable(found[1] == "!", found[2].strip(), texts, at)
            if piece is UNSAID:
                return UNSAID
            pieces.append(piece)
        return "".join([*pieces, text[end:]])

    def _variable(self, literal: bool, name: str, texts: dict[str, str], at: Path) -> Any:
        if literal:
            return f"${{{name}}}"
        if name in texts:
            return texts[name]
        logical, dot, attribute = name.partition(".")
        path = at[:-1]
        if dot and logical not in self.template.parameters:
            made = self.template.attribute(logical, attribute, path)
        elif name in self.refs:
            made = self.refs[name]
        elif ":" in name and not name.startswith("AWS::"):
            return self._bad(
                path,
                f"`Fn::Sub` would look for a resource named `{name}`;"
                f" the variable of IAM's is written `${{!{name}}}` in it",
            )
        else:
            made = self.template.ref(name, path)
        if made is NOTHING:
            return self._bad(path, f"`{name}` gives no text")
        return made

    def _text(self, raw: Any, at: Path, name: str) -> Any:
        """Return the text that an argument is."""
        made = self.value(raw, at, None)
        if made is UNSAID or isinstance(made, str):
            return made
        return self._bad(at, f"`{name}` takes texts here")

    def _list(self, raw: Any, at: Path, name: str) -> Any:
        """Return the list that an argument is; of texts and what else may stand in lists."""
        made = self.value(raw, at, None)
        if made is UNSAID or (isinstance(made, list) and not self.failed):
            return made
        return UNSAID if self.failed else self._bad(at, f"`{name}` takes a list here")

    def _join(self, argument: Any, at: Path) -> Any:
        if not isinstance(argument, list) or len(argument) != 2:
            return self._bad(at, "`Fn::Join` takes a delimiter and a list")
        delimiter = self._text(argument[0], (*at, 0), "Fn::Join")
        items = self._list(argument[1], (*at, 1), "Fn::Join")
        if delimiter is UNSAID or items is UNSAID:
            return UNSAID
        if not _are_texts(items):
            return self._bad((*at, 1), "`Fn::Join` joins texts")
        return delimiter.join(items)

    def _split(self, argument: Any, at: Path) -> Any:
        """Return the parts of a text whose delimiter no mark can hide."""
        parts = self._parts(argument, at)
        if parts is None:
            return self._inexact(
                at[:-1], "Fn::Split", "into how many parts, only a deployment knows"
            )
        return parts

    def _parts(self, argument: Any, at: Path) -> Any:
        """Return the parts that `Fn::Split` makes, None when a mark may hold its delimiter."""
        if not isinstance(argument, list) or len(argument) != 2:
            return self._bad(at, "`Fn::Split` takes a delimiter and a text")
        delimiter = self._text(argument[0], (*at, 0), "Fn::Split")
        text = self._text(argument[1], (*at, 1), "Fn::Split")
        if delimiter is UNSAID or text is UNSAID:
            return UNSAID
        if not delimiter:
            return self._bad((*at, 0), "`Fn::Split` takes a delimiter that is not empty")
        known = {"aws.account", "aws.region", "aws.partition"}
        if not set(iam.placeholders(text)) <= known or re.search("[a-z0-9-]", delimiter):
            return None if iam.placeholders(text) else text.split(delimiter)
        return text.split(delimiter)

    def _select(self, argument: Any, at: Path) -> Any:
        if not isinstance(argument, list) or len(argument) != 2:
            return self._bad(at, "`Fn::Select` takes an index and a list")
        index = self._text(argument[0], (*at, 0), "Fn::Select")
        if index is UNSAID:
            return UNSAID
        if not index.isdecimal():
            return self._inexact(at[:-1], "Fn::Select", "which item, only a deployment knows")
        raw = argument[1]
        if is_call(raw) and "Fn::Split" in raw:
            items = self._parts(raw["Fn::Split"], (*at, 1, "Fn::Split"))
            if items is None:
                return self._part(raw["Fn::Split"], int(index), at)
        elif is_call(raw) and "Fn::GetAZs" in raw:
            return self._inexact(at[:-1], "Fn::GetAZs", "only a deployment can work it out")
        else:
            items = self._list(raw, (*at, 1), "Fn::Select")
        if items is UNSAID:
            return UNSAID
        if int(index) >= len(items):
            return self._bad(at, f"`Fn::Select` takes item {index} of {len(items)}")
        return items[int(index)]

    def _part(self, split: list[Any], index: int, at: Path) -> Any:
        """Return the mark of one part of a text that only a deployment knows."""
        delimiter = self._text(split[0], (*at, 1, "Fn::Split", 0), "Fn::Split")
        text = self._text(split[1], (*at, 1, "Fn::Split", 1), "Fn::Split")
        shown = spelled(text)
        return self.template.externs.mark(
            ("part", delimiter, text, str(index)),
            f"{text}_part_{index}",
            doc=f"part {index} (from 0) of `{shown}`, split at `{delimiter}`",
            origin=self.template.span(at[:-1]),
        )

    def _find_in_map(self, argument: Any, at: Path) -> Any:
        """Return a value of `Mappings`; where a key is open, what it may be is known."""
        if not isinstance(argument, list) or len(argument) not in {3, 4}:
            return self._bad(at, "`Fn::FindInMap` takes the name of a mapping and two keys")
        keys = [self._text(raw, (*at, i), "Fn::FindInMap") for i, raw in enumerate(argument[:3])]
        if UNSAID in keys:
            return UNSAID
        found: list[Any] = [self.template.mappings]
        for i, key in enumerate(keys):
            if iam.PLACEHOLDER_OPEN in key:
                found = [v for m in found if isinstance(m, dict) for v in m.values()]
            else:
                found = [m[key] for m in found if isinstance(m, dict) and key in m]
            if not found:
                if len(argument) == 4 and isinstance(argument[3], dict):
                    default = argument[3].get("DefaultValue")
                    return self.value(default, (*at, 3, "DefaultValue"), None)
                return self._bad((*at, i), f"no mapping has `{spelled(key)}`")
        texts = [v if isinstance(v, list) else plain(v) for v in found]
        if all(t == texts[0] for t in texts) and len(argument) == 3:
            return [plain(v) for v in texts[0]] if isinstance(texts[0], list) else texts[0]
        if not _are_texts(texts) or len(argument) == 4:
            why = "its values are lists, and only a deployment knows which"
            return self._inexact(at[:-1], "Fn::FindInMap", why)
        names = [k for k in keys if iam.PLACEHOLDER_OPEN not in k]
        return self.template.externs.mark(
            ("map", *keys),
            "_".join(names[-2:]),
            doc=f"`{names[-1]}` of the mapping `{spelled(keys[0])}`, by `{spelled(_by(keys))}`",
            max=max(1, *map(len, texts)),
            origin=self.template.span(at[:-1]),
            samples=tuple(map(plain, texts)),
        )

    def _import(self, argument: Any, at: Path) -> Any:
        name = self._text(argument, at, "Fn::ImportValue")
        if name is UNSAID:
            return UNSAID
        return self.template.externs.mark(
            ("import", name),
            name,
            doc=f"what another stack exports as `{spelled(name)}`",
            origin=self.template.span(at[:-1]),
        )

    def _base64(self, argument: Any, at: Path) -> Any:
        text = self._text(argument, at, "Fn::Base64")
        if text is UNSAID:
            return UNSAID
        if iam.PLACEHOLDER_OPEN in text:
            return self._inexact(at[:-1], "Fn::Base64", "only a deployment knows its text")
        return base64.b64encode(text.encode()).decode()

    def _json(self, argument: Any, at: Path) -> Any:
        made = self.value(argument, at, None)
        if made is UNSAID or self.failed:
            return UNSAID
        return json.dumps(made, separators=(",", ":"), ensure_ascii=False)

    def _length(self, argument: Any, at: Path) -> Any:
        items = self._list(argument, at, "Fn::Length")
        return UNSAID if items is UNSAID else str(len(items))

    def _if(self, argument: Any, at: Path, to: Path | None) -> Any:
        """Return what both sides of `Fn::If` come to, where they agree."""
        inside = (*at, "Fn::If")
        if not isinstance(argument, list) or len(argument) != 3:
            return self._bad(inside, "`Fn::If` takes the name of a condition and two values")
        if argument[1] == argument[2]:
            if to is not None:
                self.moved[to] = (*inside, 1)
            return self.value(argument[1], (*inside, 1), to)
        return self._inexact(
            at,
            "Fn::If",
            f"the condition `{plain(argument[0])}` decides at deployment what is said",
            "import a copy of the template in which the condition is decided: keep one side of it",
        )


def _by(keys: list[str]) -> str:
    return ", ".join(k for k in keys if iam.PLACEHOLDER_OPEN in k)


def _are_texts(items: list[Any]) -> bool:
    return all(isinstance(item, str) for item in items)

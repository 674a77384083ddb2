"""A template: its sections, what its names mean, and its values with the intrinsics worked out."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from iamdsl import iam
from iamdsl.diagnostics import Report, codes
from iamdsl.iam import placeholder
from iamdsl.lift.cloudformation import intrinsics
from iamdsl.lift.cloudformation.externs import (
    ACCOUNT,
    ARN_LENGTH,
    PARTITION,
    REGION,
    URL_SUFFIX,
    Externs,
)
from iamdsl.lift.cloudformation.resources import ID_LENGTHS, KNOWN, REF_IS_ARN
from iamdsl.lift.reading import Tree

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from iamdsl.datafile.places import Path
    from iamdsl.lift.cloudformation.externs import Type
    from iamdsl.lift.cloudformation.resources import Known
    from iamdsl.source import Span

_STATIC_NAME = re.compile(r"[^\s*?$:]+")

_DECLARED = {"role", "user", "group", "managed"}
"""Kinds of IAM's resources that a source declares under their names, and that have ARNs."""
_ENTITY_NAMES = dict.fromkeys(("role", "user", "group", "instance_profile"), ("Ref",))
_ENTITY_ARNS = {
    **dict.fromkeys(("role", "user", "group", "instance_profile"), ("Arn",)),
    "managed": ("Ref", "PolicyArn"),
}
"""Attributes that give the name, and the ARN, of IAM's resources, by kind."""

_PSEUDO = {
    "AWS::AccountId": ACCOUNT,
    "AWS::NoValue": intrinsics.NOTHING,
    "AWS::Partition": PARTITION,
    "AWS::Region": REGION,
}
_PSEUDO_EXTERNS = {
    "AWS::URLSuffix": (URL_SUFFIX, 16, "the domain of the partition, `AWS::URLSuffix`"),
    "AWS::StackName": ("stack_name", 128, "the name of the stack, `AWS::StackName`"),
    "AWS::StackId": ("stack_id", ARN_LENGTH, "the ARN of the stack, `AWS::StackId`"),
}
"""Pseudo parameters without a name in the language: name, length, comment.

AWS "pseudo-parameter-reference"; `amazonaws.com.cn` is the longest domain of a partition.
"""
_SHOWN = 80


class Entity(NamedTuple):
    """An identity or managed policy that the template makes.

    Attributes:
        kind: role, user, group, managed, permission_set, scp or rcp.
        name: what it is called in the estate.
    """

    kind: str
    name: str


class Template:
    """A template that is being read.

    Attributes:
        resources: the resources that are well formed, by logical id.
        entities: what of them are identities and policies; filled before anything is evaluated.
        reading: the logical id of what is being read; "" while that is the template itself.
        broken: the logical ids of what could not be read whole, "" among them for the template.
        is_sam: whether SAM's transform makes resources of it.
    """

    def __init__(self, tree: Tree, report: Report) -> None:
        self.tree, self.report = tree, report
        self.read: set[Path] = set()
        self.reading = ""
        self.broken: set[str] = set()
        self.externs = Externs()
        self.entities: dict[str, Entity] = {}
        self.parameters: dict[str, Any] = self._section("Parameters")
        self.mappings: dict[str, Any] = self._section("Mappings")
        self.resources: dict[str, dict[str, Any]] = {}
        self._open: set[str] = set()
        for name, value in self._section("Resources").items():
            if name.startswith("Fn::"):
                self.inexact(("Resources", name), name, "it makes resources when it is deployed")
            elif not isinstance(value, dict) or not isinstance(value.get("Type"), str):
                self.bad(("Resources", name), f"the resource `{name}` has no `Type`")
            elif not isinstance(value.get("Properties", {}) or {}, dict):
                self.bad(("Resources", name, "Properties"), "properties are a mapping")
            else:
                self.resources[name] = value
        transforms = tree.value.get("Transform", [])
        transforms = transforms if isinstance(transforms, list) else [transforms]
        self.is_sam = any(str(t).startswith("AWS::Serverless-") for t in transforms)

    def _section(self, name: str) -> dict[str, Any]:
        value = self.tree.value.get(name)
        if value is not None and not isinstance(value, dict):
            self.bad((name,), f"`{name}` is a mapping of names")
        return value if isinstance(value, dict) else {}

    # -- what is said of it

    def span(self, path: Path, *, key: bool = False) -> Span:
        """Return the place of a path from the template's root."""
        found: Span = self.tree.place(path, key=key)
        return found

    def bad(self, path: Path, problem: str, hint: str = "", *, key: bool = False) -> None:
        """Report what CloudFormation itself would refuse."""
        self.broken.add(self.reading)
        hint = hint or "correct the template: CloudFormation would refuse it, too"
        label = f"at `{iam.shown(path)}`"
        self.report.add(
            codes.BAD_TEMPLATE, self.span(path, key=key), problem, label=label, hint=hint
        )

    def inexact(self, path: Path, function: str, why: str, hint: str = "") -> None:
        """Report an intrinsic that has no exact form."""
        self.broken.add(self.reading)
        self.report.add(
            codes.INEXACT_INTRINSIC,
            self.span(path),
            f"`{function}` has no exact form in a source: {why}",
            label=f"at `{iam.shown(path)}`",
            hint=hint
            or "import the template that `aws cloudformation get-template"
            " --template-stage Processed` gives, or write out in a copy what it comes to",
        )

    def left_out(self, path: Path, what: str, hint: str) -> None:
        """Warn of something of IAM's that no source can hold."""
        self.report.add(
            codes.LEFT_OUT,
            self.span(path),
            f"{what} is left out",
            label=f"at `{iam.shown(path)}`",
            hint=hint,
        )

    # -- values

    def of_type(self, *types: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield logical id and properties of the resources of some types, in order."""
        for name, resource in self.resources.items():
            if resource["Type"] in types:
                self.reading = name
                yield name, resource.get("Properties") or {}
        self.reading = ""

    def evaluated(
        self, path: Path, raw: Any = None, refs: Mapping[str, str] | None = None
    ) -> Tree | None:
        """Return the value at a path, intrinsics worked out; None when it is not sayable.

        Texts may hold marks then. What is not sayable was reported, `AWS::NoValue` is not.

        Args:
            raw: what stands for the value there, such as what SAM would have put in its place.
            refs: what names mean there besides those of the template.
        """
        if raw is None:
            raw = self.tree.value
            for part in path:
                raw = raw[part]
        run = intrinsics.Run(self, refs or {})
        value = run.value(raw, path, ())
        if run.failed:
            self.broken.add(self.reading)
        if run.failed or value is intrinsics.NOTHING:
            return None
        return Tree(self.tree.source, value, partial(_placed, self.span, path, run.moved))

    def text(self, path: Path, raw: Any = None) -> str | None:
        """Return the text at a path; None when it is none (and was reported)."""
        found = self.evaluated(path, raw)
        if found is not None and not isinstance(found.value, str):
            self.bad(path, "a text is expected")
            return None
        return None if found is None else found.value

    def quietly(self, path: Path) -> str | None:
        """Return the text at a path if it is one that can be said; whoever reads it reports."""
        report, self.report = self.report, Report()
        broken, self.broken = self.broken, set()
        try:
            return self.text(path)
        finally:
            self.report, self.broken = report, broken

    # -- what names mean

    def ref(self, name: str, path: Path) -> Any:
        """Return what `Ref` gives; UNSAID when that has no form (and was reported)."""
        if name.startswith("AWS::"):
            return self._pseudo(name, path)
        if name in self.parameters:
            return self._parameter(name, path)
        return self.attribute(name, "Ref", path)

    def attribute(self, logical: str, attribute: str, path: Path) -> Any:
        """Return what `Fn::GetAtt`, or with "Ref" `Ref`, gives of a resource."""
        entity = self.entities.get(logical)
        if entity is not None and attribute in _ENTITY_NAMES.get(entity.kind, ()):
            return entity.name
        if entity is not None and attribute in _ENTITY_ARNS.get(entity.kind, ()):
            return self.entity_arn(logical)
        if logical not in self.resources:
            if any(name.startswith("Fn::") for name in self.tree.value.get("Resources", {})):
                self.inexact(path, "Fn::ForEach", f"`{logical}` may be one of what it makes")
            else:
                what = "parameter or resource" if attribute == "Ref" else "resource"
                self.bad(path, f"no {what} is named `{logical}`")
            return intrinsics.UNSAID
        kind = self.resources[logical]["Type"]
        known = KNOWN.get(kind)
        if known is not None and attribute in known.names:
            return self._name(logical, known)
        if known is not None and attribute in known.arns:
            name = self._static_name(logical, known)
            if name is not None or known.names:
                return _arn(known, name or self._name(logical, known))
        return self._other(logical, kind, attribute)

    def entity_arn(self, logical: str) -> str:
        """Return the ARN of an identity or managed policy, as a mark where its name says it.

        A name that things of several kinds have says no ARN: it is written out then.
        """
        entity = self.entities[logical]
        same = [e for e in self.entities.values() if e.name.lower() == entity.name.lower()]
        declared = [e for e in same if e.kind in _DECLARED]
        if len(declared) == 1 and entity.kind in _DECLARED:
            return placeholder(f"entity {entity.name}")
        properties = self.resources.get(logical, {}).get("Properties") or {}
        path = ("Resources", logical, "Properties", "Path")
        folder = (self.quietly(path) if "Path" in properties else None) or "/"
        kind = {"managed": "policy", "instance_profile": "instance-profile"}.get(entity.kind)
        return f"arn:{PARTITION}:iam::{ACCOUNT}:{kind or entity.kind}{folder}{entity.name}"

    def policy(self, arn: str) -> str | None:
        """Return the name of the managed policy of this template that has an ARN."""
        for logical, entity in self.entities.items():
            if entity.kind == "managed" and self.entity_arn(logical) == arn:
                return entity.name
        return None

    def arn(self, logical: str) -> str:
        """Return the ARN of a resource of the template."""
        known = KNOWN.get(self.resources[logical]["Type"])
        if known is not None and known.names:
            return _arn(known, self._name(logical, known)).removesuffix(":*")
        return self._other(logical, self.resources[logical]["Type"], "Arn")

    def _name(self, logical: str, known: Known) -> str:
        static = self._static_name(logical, known)
        if static is not None:
            return static
        kind = self.resources[logical]["Type"]
        return self.externs.mark(
            (logical, "name"),
            logical,
            type="String",
            max=known.max,
            doc=f"the name of the {kind} `{logical}`"
            if known.property
            else f"the id of the {kind} `{logical}`",
            origin=self.span(("Resources", logical), key=True),
        )

    def _static_name(self, logical: str, known: Known) -> str | None:
        """Return the name that the template gives a resource; it may hold marks."""
        properties = self.resources[logical].get("Properties") or {}
        if known.property not in properties or logical in self._open:
            return None
        self._open.add(logical)
        try:
            name = self.quietly(("Resources", logical, "Properties", known.property))
        finally:
            self._open.discard(logical)
        if name is None:
            return None
        if known.property == "Url":
            host = name.removeprefix("https://")
            return host if host != name and not re.search(r"[\s*?$]", host) else None
        return name if _STATIC_NAME.fullmatch(name) else None

    def _other(self, logical: str, kind: str, attribute: str) -> str:
        """Return the mark of what only a deployment knows of a resource."""
        is_arn = attribute.lower().endswith("arn")
        if attribute == "Ref" and (kind in REF_IS_ARN or self._is_arn_of_stack(logical)):
            is_arn, attribute = True, "Arn"
        what = "" if attribute in {"Ref", "Arn"} else f"`{attribute}` of "
        if not what:
            what = "the ARN of " if is_arn else "what `Ref` gives of "
        name = logical if attribute == "Ref" else _joined(logical, attribute)
        kind_: Type = "Arn" if is_arn else "String"
        return self.externs.mark(
            (logical, attribute),
            name,
            type=kind_,
            max=ID_LENGTHS.get(kind) if attribute == "Ref" else None,
            doc=f"{what}the {kind} `{logical}`",
            origin=self.span(("Resources", logical), key=True),
        )

    def _is_arn_of_stack(self, logical: str) -> bool:
        """Tell whether a resource is one of IAM's that is known by its ARN."""
        return self.resources[logical]["Type"] in {
            "AWS::IAM::OIDCProvider", "AWS::IAM::SAMLProvider", "AWS::IAM::ServerCertificate",
        }  # fmt: skip

    def _pseudo(self, name: str, path: Path) -> Any:
        if name in _PSEUDO:
            return _PSEUDO[name]
        if name == "AWS::NotificationARNs":
            self.inexact(path, name, "it is a list that only a deployment knows")
            return intrinsics.UNSAID
        if name not in _PSEUDO_EXTERNS:
            self.bad(path, f"there is no pseudo parameter `{name}`")
            return intrinsics.UNSAID
        wanted, most, doc = _PSEUDO_EXTERNS[name]
        kind: Type = "Arn" if name == "AWS::StackId" else "String"
        return self.externs.mark(
            (wanted,), wanted, type=kind, max=most, doc=doc, origin=self.span(path)
        )

    def _parameter(self, name: str, path: Path) -> Any:
        parameter = self.parameters[name]
        if not isinstance(parameter, dict) or not isinstance(parameter.get("Type"), str):
            self.bad(("Parameters", name), f"the parameter `{name}` has no `Type`")
            return intrinsics.UNSAID
        kind = parameter["Type"]
        if "List<" in kind or kind == "CommaDelimitedList":
            self.inexact(path, "Ref", f"the parameter `{name}` is a list of unknown length")
            return intrinsics.UNSAID
        where = ("Parameters", name)
        allowed = parameter.get("AllowedValues")
        allowed = allowed if isinstance(allowed, list) else []
        default = parameter.get("Default")
        samples = tuple(
            intrinsics.plain(v) for v in [*allowed, *([] if default is None else [default])]
        )
        is_path = kind.startswith("AWS::SSM::Parameter::Value")  # the default names a parameter
        return self.externs.mark(
            where,
            name,
            type=_type_of_pattern(parameter),
            max=_longest(parameter, samples if allowed else ()),
            doc=_doc(name, parameter, default),
            origin=self.span(where, key=True),
            samples=() if is_path else tuple(s for s in samples if s),
        )


def _placed(
    span: Any, above: Path, moved: Mapping[Path, Path], path: Path, *, key: bool = False
) -> Span:
    """Return where a part of an evaluated value stands in the template."""
    for length in range(len(path), -1, -1):
        if (found := moved.get(path[:length])) is not None:
            place: Span = span((*found, *path[length:]), key=key)
            return place
    whole: Span = span((*above, *path), key=key)
    return whole


def _arn(known: Known, name: str) -> str:
    return known.arn.format(p=PARTITION, r=REGION, a=ACCOUNT, n=name)


def _joined(logical: str, attribute: str) -> str:
    """Return the name of an attribute's extern: `NestedOutputsRoleArn` without `Outputs`."""
    attribute = attribute.removeprefix("Outputs.")
    return f"{logical}_{attribute}"


def _type_of_pattern(parameter: dict[str, Any]) -> Type | None:
    """Return the type that a parameter's pattern says."""
    pattern = str(parameter.get("AllowedPattern", "")).removeprefix("^").removesuffix("$")
    if pattern in {r"\d{12}", "[0-9]{12}", r"(\d{12})", "([0-9]{12})"}:
        return "AccountId"
    return "Arn" if pattern.startswith("arn:") and pattern.count(":") >= 5 else None


def _longest(parameter: dict[str, Any], allowed: tuple[str, ...]) -> int | None:
    """Return the most characters of a parameter's values, None where nothing says it."""
    if allowed:
        return max(1, *map(len, allowed))
    most = str(parameter.get("MaxLength", ""))
    if most.isdecimal() and int(most) > 0:
        return min(int(most), 6144)
    found = re.search(r"(AWS::EC2::\w+|AWS::Route53::HostedZone)::Id|KeyName", parameter["Type"])
    if found is not None:
        return ID_LENGTHS.get(found[1] or "AWS::EC2::KeyPair")
    return 20 if parameter["Type"] == "Number" else None


def _doc(name: str, parameter: dict[str, Any], default: Any) -> str:
    said = str(parameter.get("Description") or "").strip()
    text = f"the parameter `{name}`" + (f": {' '.join(said.split())}" if said else "")
    if default is not None and (known := intrinsics.plain(default)):
        short = known if len(known) <= _SHOWN else known[:_SHOWN] + "…"
        text += f" (default `{short}`)"
    return text

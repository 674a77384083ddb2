"""Identities and documents while a template is read, and the names that they get."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import attrs

from iamdsl import iam
from iamdsl.diagnostics import codes
from iamdsl.iam import placeholder
from iamdsl.lift.cloudformation.externs import URL_SUFFIX, spelled
from iamdsl.lift.cloudformation.template import Entity
from iamdsl.lift.reading import read_policy

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from iamdsl.datafile.places import Path
    from iamdsl.iam import IdentityKind
    from iamdsl.lift.cloudformation.template import Template
    from iamdsl.source import Span

_NAME = re.compile(r"[A-Za-z0-9_+=,.@-]+")


_HOLDERS = {
    "Roles": "role", "RoleName": "role", "Users": "user", "UserName": "user", "Groups": "group",
    "GroupName": "group",
}  # fmt: skip
"""Properties by which other resources name identities."""


@attrs.define(eq=False, repr=False)
class Draft:
    """An identity in the making; what several resources say of it comes together here."""

    kind: IdentityKind
    name: str
    origin: Span
    path: str = "/"
    description: str | None = None
    trust: iam.Policy | None = None
    inline: list[tuple[str, iam.Policy]] = attrs.field(factory=list)
    managed: list[iam.Attachment] = attrs.field(factory=list)
    boundary: iam.Attachment | None = None
    max_session: int | None = None
    tags: iam.Tags = ()
    groups: list[str] = attrs.field(factory=list)
    instance_profile: str | None = None

    def finished(self) -> iam.Identity:
        """Return the identity, each attachment and group once."""
        managed = {(a.policy, a.ours): a for a in reversed(self.managed)}
        return iam.Identity(
            self.kind,
            self.name,
            self.path,
            self.description,
            self.trust,
            inline=tuple(self.inline),
            managed=tuple(reversed(managed.values())),
            boundary=self.boundary,
            max_session=self.max_session,
            tags=self.tags,
            groups=tuple(dict.fromkeys(self.groups)),
            instance_profile=self.instance_profile,
            origin=(self.origin,),
        )


class Drafts:
    """All that a template makes.

    Attributes:
        identities: by logical id.
        documents: in the order in which they were found.
        unknown_holders: kinds of identities that something is said of, of which, is not sure.
        made_by: the logical ids of what makes the documents.
        docs: comments, by the name of the identity or document.
    """

    def __init__(self, template: Template) -> None:
        self.template = template
        self.identities: dict[str, Draft] = {}
        self.documents: list[iam.Document] = []
        self.unknown_holders: set[str] = set()
        self.made_by: dict[iam.Document, str] = {}
        self.docs: dict[str, list[str]] = {}
        self._names: set[tuple[str, str]] = set()

    # -- names

    def name(self, logical: str, kind: str, path: Path | None, what: str) -> str:
        """Return the name of what a resource makes: the one it is given, or its logical id.

        Names of a kind are unique ignoring case, as IAM and the language have them.

        Args:
            path: where the name stands, None where the template gives none.
        """
        said = self.template.text(path) if path is not None else None
        name = logical if said is None else said
        if not _NAME.fullmatch(name):
            shown = spelled(name)
            name = self.unique(logical, kind)
            self.renamed(path or (), f"the name of the {what} is `{shown}`", name)
            self.comment(name, f"in the template its name is `{shown}`")
        elif (kind, name.lower()) in self._names:
            taken, name = name, self.unique(logical, kind)
            where = path or ("Resources", logical)
            self.renamed(where, f"another {what} is named `{taken}`, too", name)
            self.comment(name, f"in the template its name is `{taken}`")
        self._names.add((kind, name.lower()))
        return name

    def unique(self, wanted: str, kind: str = "managed") -> str:
        """Return a name that nothing of a kind has yet, and take it.

        Policies of resources share the names of managed ones.
        """
        name, number = wanted, 1
        while (kind, name.lower()) in self._names:
            number += 1
            name = f"{wanted}{number}"
        self._names.add((kind, name.lower()))
        return name

    def is_free(self, name: str) -> bool:
        """Tell whether a name is one of IAM's, and no policy has it yet."""
        return _NAME.fullmatch(name) is not None and ("managed", name.lower()) not in self._names

    def renamed(self, path: Path, why: str, name: str) -> None:
        """Warn that another name stands for one that cannot be kept."""
        self.template.report.add(
            codes.NAME_NOT_KEPT,
            self.template.span(path),
            f"{why}, and `{name}` stands for it",
            label=f"at `{iam.shown(path)}`",
            hint="rename it in the source when you know how it is to be called",
        )

    def comment(self, name: str, text: str) -> None:
        """Add a line to the comment of an identity or document."""
        lines = self.docs.setdefault(name, [])
        if text not in lines:
            lines.append(text)

    def add(self, logical: str, document: iam.Document) -> None:
        """Add a document that a resource makes."""
        self.documents.append(document)
        self.made_by[document] = logical

    # -- parts that many resources have

    def texts(self, path: Path, properties: dict[str, Any], name: str) -> list[tuple[str, Path]]:
        """Return the texts of a property that is a list of them, or one, with their paths."""
        if name not in properties:
            return []
        here = (*path, name)
        found = self.template.evaluated(here)
        if found is None:
            self.unknown_holders.add(_HOLDERS.get(name, ""))
            return []
        items = found.value if isinstance(found.value, list) else [found.value]
        if not all(isinstance(item, str) for item in items):
            self.template.bad(here, f"`{name}` is a list of texts")
            return []
        listed = isinstance(found.value, list)
        return [(item, (*here, i) if listed else here) for i, item in enumerate(items)]

    def policy(
        self, path: Path, raw: Any = None, refs: Mapping[str, str] | None = None
    ) -> iam.Policy | None:
        """Return the policy document at a path; None when it cannot be said (and was reported)."""
        self.template.read.add(path)
        tree = self.template.evaluated(path, raw, refs)
        policy = None if tree is None else read_policy(tree, self.template.report)
        if policy is None:
            self.template.broken.add(self.template.reading)
        return None if policy is None else _with_services(policy)

    def attachment(self, text: str, path: Path) -> iam.Attachment:
        """Return what attaches a policy: one of this template by its name, another by its ARN."""
        ours = self.template.policy(text)
        origin = (self.template.span(path),)
        if ours is not None:
            return iam.Attachment(ours, ours=True, origin=origin)
        return iam.Attachment(text, origin=origin)

    def tags(self, here: Path, raw: Any) -> iam.Tags:
        """Return tags, written as a list of keys and values or, by SAM, as a mapping."""
        if raw is None:
            return ()
        found = self.template.evaluated(here, raw)
        if found is None:
            return ()
        pairs = found.value
        if isinstance(pairs, list):
            if not all(isinstance(p, dict) and {"Key", "Value"} <= p.keys() for p in pairs):
                self.template.bad(here, "tags are a list of `Key` and `Value`")
                return ()
            pairs = {p["Key"]: p["Value"] for p in pairs}
        if not isinstance(pairs, dict) or not all(isinstance(v, str) for v in pairs.values()):
            self.template.bad(here, "tags are keys and texts")
            return ()
        return tuple(pairs.items())

    def rest(
        self, path: Path, properties: dict[str, Any], known: Collection[str], what: str
    ) -> None:
        """Warn of properties that no source can hold."""
        for name in properties:
            if name not in known:
                hint = "set it beside what is built, e.g. in a template of its own"
                self.template.left_out((*path, name), f"`{name}` of the {what}", hint)

    def find(self, kind: str, name: str) -> Draft | None:
        """Return an identity of the template by its kind and name."""
        for draft in self.identities.values():
            if draft.kind == kind and draft.name == name:
                return draft
        return None

    def break_holder(self, kind: str, name: str) -> None:
        """Take note that an identity lacks something that could not be read."""
        found = self.find(kind, name)
        broken = (k for k, draft in self.identities.items() if draft is found)
        self.template.broken.update(broken)

    def attach_inline(self, draft: Draft, name: str, policy: iam.Policy, path: Path) -> None:
        """Give an identity an inline policy; two of one name are a mistake."""
        if any(name == other for other, _ in draft.inline):
            self.template.bad(path, f"`{draft.name}` has two inline policies named `{name}`")
        draft.inline.append((name, policy))

    def arns(self) -> set[str]:
        """Return the ARNs of identities, as texts have them."""
        return {self.template.entity_arn(logical) for logical in self.identities}

    def enter(self, logical: str, kind: str, path: Path | None, what: str) -> str:
        """Give a resource that makes an identity or managed policy its name."""
        name = self.name(logical, kind, path, what)
        self.template.entities[logical] = Entity(kind, name)
        return name


def attached(drafts: Iterable[Draft]) -> set[str]:
    """Return the names of this template's policies that are attached to identities."""
    return {a.policy for d in drafts for a in d.managed if a.ours}


def _with_services(policy: iam.Policy) -> iam.Policy:
    """Return a policy whose service principals end as they do in every partition.

    `ec2.${AWS::URLSuffix}` is written for `ec2.amazonaws.com`, which is what AWS's services are
    called in China too (AWS "reference_policies_elements_principal").
    """
    return attrs.evolve(policy, statements=tuple(map(_services, policy.statements)))


def _services(statement: iam.Statement) -> iam.Statement:
    who = statement.principals
    if who is not None:
        by_type = tuple(
            (t, tuple(map(service, values)) if t == "Service" else values)
            for t, values in who.by_type
        )
        who = iam.Principals(by_type, who.negated)
    condition = tuple(
        attrs.evolve(e, values=tuple(map(service, e.values)))
        if e.key.lower() == "iam:passedtoservice"
        else e
        for e in statement.condition
    )
    return attrs.evolve(statement, principals=who, condition=condition)


def service(text: str) -> str:
    """Return a service's principal as it is called everywhere (see `_with_services`)."""
    end = f".{placeholder(URL_SUFFIX)}"
    return f"{text.removesuffix(end)}.amazonaws.com" if text.endswith(end) else text

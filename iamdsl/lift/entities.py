"""Documents and identities as declarations, statement by statement."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import attrs

from iamdsl.diagnostics import codes
from iamdsl.iam import placeholder
from iamdsl.lift import nodes, resources, templates
from iamdsl.lift.implied import without_implied
from iamdsl.lift.statements import Where, sentence
from iamdsl.lift.writing import NotSayableError
from iamdsl.syntax import tree

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from iamdsl import iam
    from iamdsl.iam import Attachment, Document, Identity, Tags
    from iamdsl.lift.templates import Pattern
    from iamdsl.lift.writing import Facts
    from iamdsl.source import Span

_KINDS = {
    "managed": "policy", "boundary": "boundary", "scp": "scp", "rcp": "rcp", "session": "session",
    "resource": "policy",
}  # fmt: skip

Origins: TypeAlias = "tuple[tuple[Span, ...], ...]"
"""Where the statement behind each sentence stands, in the order of the sentences."""


@attrs.frozen(repr=False, eq=False)
class Written:
    """An entity as a declaration.

    Attributes:
        kind: of the document or identity.
        whole: whether all of it could be said.
        modules: those of the standard library that it uses.
    """

    kind: str
    name: str
    node: tree.Declaration
    origins: Origins
    whole: bool
    modules: frozenset[str] = frozenset()


@attrs.frozen(repr=False, eq=False)
class Writer:
    """Writes entities.

    Attributes:
        docs: comments for readers, by the name of the entity.
        templates: what the standard library can say.
        groups: the names of the groups that are declared.
    """

    facts: Facts
    docs: Mapping[str, str]
    templates: Sequence[Pattern] = ()
    groups: Collection[str] = ()
    _origins: list[tuple[Span, ...]] = attrs.field(factory=list)
    _refused: list[str] = attrs.field(factory=list)
    _modules: set[str] = attrs.field(factory=set)

    def document(self, document: Document) -> Written:
        """Return a policy with a life of its own."""
        return self._written(document.kind, document.name, self._document(document))

    def identity(self, identity: Identity) -> Written:
        """Return a role, user, group or permission set."""
        return self._written(identity.kind, identity.name, self._identity(identity))

    def _written(self, kind: str, name: str, node: tree.Declaration) -> Written:
        whole, modules = not self._refused, frozenset(self._modules)
        made = Written(kind, name, node, tuple(self._origins), whole, modules)
        self._modules.clear()
        self._origins.clear()
        self._refused.clear()
        return made

    def _document(self, document: Document) -> tree.Declaration:
        where = Where(document.kind, document.target, document.service)
        body: list[tree.Member] = []
        if document.kind == "resource":
            if document.policy.id is not None:
                body.append(_setting("id", nodes.string(document.policy.id)))
        elif document.kind != "session":
            body += _common(document.path, document.description, document.tags)
        if document.attached:
            body.append(self._attach(document.attached))
        body += self._sentences(document.policy, where, document.name, set())
        header = None
        if document.target is not None:
            header = resources.expression(document.target, self.facts)
        return tree.Declaration(
            _KINDS[document.kind],
            nodes.name_or_text(document.name),
            header,
            (),
            tuple(body),
            self.docs.get(document.name, ""),
            span=nodes.NOWHERE,
        )

    def _identity(self, identity: Identity) -> tree.Declaration:
        own = identity.name
        body: list[tree.Member] = _common(identity.path, identity.description, ())
        if identity.max_session is not None:
            body.append(_setting("max_session", nodes.duration(identity.max_session)))
        if identity.boundary is not None:
            body.append(_setting("boundary", self._attached(identity.boundary)))
        if identity.instance_profile is not None:
            body.append(_setting("instance_profile", nodes.string(identity.instance_profile)))
        if identity.groups:
            body.append(_setting("groups", *map(self._group, identity.groups)))
        body += _tags(identity.tags)
        if identity.trust is not None:
            body += self._sentences(identity.trust, Where("trust"), own, set())
        if identity.managed:
            body.append(self._attach(identity.managed))
        taken: set[str] = set()  # what was several policies becomes one list of statements
        if identity.own is not None:
            body += self._sentences(identity.own, Where("inline"), own, taken)
        for name, policy in identity.inline:
            doc = f"Inline policy `{name}`." if name != own else ""
            body += self._sentences(policy, Where("inline"), own, taken, doc)
        return tree.Declaration(
            identity.kind,
            nodes.name_or_text(own),
            None,
            (),
            tuple(body),
            self.docs.get(own, ""),
            span=nodes.NOWHERE,
        )

    def _sentences(
        self, policy: iam.Policy, where: Where, owner: str, taken: set[str], doc: str = ""
    ) -> Iterator[tree.Statement | tree.Use]:
        uses = templates.find(policy.statements, where.kind, self.templates) if not doc else ()
        first = {use.places[0]: use for use in uses}
        within = {place for use in uses for place in use.places}
        for place, statement in enumerate(without_implied(policy.statements, self.facts.catalogue)):
            if place in first:
                self._modules.add(first[place].module)
                yield first[place].node
            if place in within or statement is None:
                continue
            unnamed, note = statement, doc
            if statement.sid is not None and statement.sid in taken:
                note = "\n".join(filter(None, [doc, f'The Sid was "{statement.sid}" again.']))
                unnamed = attrs.evolve(statement, sid=None)
            elif statement.sid is not None:
                taken.add(statement.sid)
            try:
                made = sentence(unnamed, where, self.facts, note)
            except NotSayableError as problem:
                self._refused.append(owner)
                self._refuse(problem, statement, owner)
                continue
            for name in self.facts.taken():
                self._kept(name, statement)
            self._origins.append(statement.origin)
            doc = ""
            yield made

    def _refuse(self, problem: NotSayableError, statement: iam.Statement, owner: str) -> None:
        place = nodes.place_in(statement.origin, problem.what)
        self.facts.report.add(
            codes.NOT_SAYABLE,
            place,
            f"{problem} (in `{owner}`)",
            hint=problem.hint,
        )

    def _kept(self, name: str, statement: iam.Statement) -> None:
        version = self.facts.catalogue.version
        self.facts.report.add(
            codes.KEPT_VERBATIM,
            nodes.place_in(statement.origin, name),
            f"`{name}` is not in the catalogue of {version}",
            hint="it is kept as it is, between quotes; take it out if AWS has it no longer",
        )

    def _group(self, name: str) -> tree.Expression:
        """Return a group, in quotes if it is none of the estate's."""
        return nodes.name_or_text(name) if name in self.groups else nodes.string(name)

    def _attach(self, attached: tuple[Attachment, ...]) -> tree.Attach:
        return tree.Attach(tuple(map(self._attached, attached)), span=nodes.NOWHERE)

    def _attached(self, attachment: Attachment) -> tree.Expression:
        """Return an attached policy: ours by name, AWS's by name, any other by ARN."""
        if attachment.ours:
            return nodes.name_or_text(attachment.policy)
        text = attachment.policy
        if text in self.facts.own:
            return nodes.name_or_text(self.facts.own[text])
        partition = self.facts.pseudo.get("partition", placeholder("aws.partition"))
        short = text.removeprefix(f"arn:{partition}:iam::aws:policy/")
        known = self.facts.catalogue.managed_policy(short) if short != text else None
        if known == short:
            return nodes.call("aws_managed", nodes.string(short.rpartition("/")[2]))
        if (only := nodes.only_mark(text)) is not None:
            return nodes.reference(only)
        return nodes.arn(text) if ":" in text else nodes.string(text)


def _setting(name: str, *values: tree.Expression) -> tree.Setting:
    return tree.Setting(name, values, span=nodes.NOWHERE)


def _common(path: str, description: str | None, tags: Tags) -> list[tree.Member]:
    made: list[tree.Member] = []
    if path != "/":
        made.append(_setting("path", nodes.string(path)))
    if description is not None:
        made.append(_setting("description", nodes.string(description)))
    return [*made, *_tags(tags)]


def _tags(tags: Tags) -> list[tree.Member]:
    if not tags:
        return []
    entries = tuple((nodes.name_or_text(k), nodes.string(v)) for k, v in tags)
    return [_setting("tags", tree.Record(entries, span=nodes.NOWHERE))]

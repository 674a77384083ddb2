"""Entities become what AWS holds: documents, and identities with trust, policies and settings."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, cast

from iamdsl.aws.names import name_problem
from iamdsl.compiler.builders import text_of
from iamdsl.compiler.entities import Entities, setting
from iamdsl.compiler.kinds import check_kind, check_profiles
from iamdsl.compiler.lower import Lowering
from iamdsl.compiler.resource_policies import service_of
from iamdsl.diagnostics import codes
from iamdsl.iam import Attachment, Build, Document, Identity
from iamdsl.model.program import with_article

if TYPE_CHECKING:
    from iamdsl.compiler.environment import Environment
    from iamdsl.diagnostics import Report
    from iamdsl.iam import DocumentKind, IdentityKind, Place, Tags
    from iamdsl.model import Entity, Value
    from iamdsl.source import Span

_POLICY_ARN = re.compile(r"arn:[^:*?]+:iam::[^:*?]+:policy/[^*?]+")
_DOCUMENTS = {
    "policy": "managed", "boundary": "boundary", "scp": "scp", "rcp": "rcp", "session": "session",
}  # fmt: skip
_NAMES = {
    "policy": "managed-policy", "boundary": "managed-policy", "scp": "organization-policy",
    "rcp": "organization-policy", "role": "role", "user": "user", "group": "group",
    "permission_set": "permission_set", "session": "inline-policy",
}  # fmt: skip

_SHOWN = 128
"""Characters of a name or text that a message repeats."""
_DESCRIPTIONS = {
    "policy": "policy-description", "boundary": "policy-description",
    "scp": "organization-policy-description", "rcp": "organization-policy-description",
    "permission_set": "permission_set-description",
}  # fmt: skip


def assemble(
    entities: tuple[Entity, ...], environment: Environment, report: Report
) -> tuple[Build, set[str]]:
    """Return the build before `fit`, and the names of policies that may not be split."""
    by_name: dict[str, Entity] = {}
    for entity in entities:
        by_name.setdefault(entity.name.lower(), entity)
    known = Entities(by_name, environment)
    assembly = _Assembly(known, Lowering(known, environment, report), environment, report)
    documents: list[Document] = []
    identities: list[Identity] = []
    for entity in entities:
        if entity.kind in _DOCUMENTS:
            documents.append(assembly.document(entity))
        else:
            identities.append(assembly.identity(entity))
    check_profiles(identities, report)
    return Build(tuple(documents), tuple(identities)), known.referred


class _Assembly:
    def __init__(
        self, entities: Entities, lowering: Lowering, environment: Environment, report: Report
    ) -> None:
        self.entities, self.lowering = entities, lowering
        self.environment, self.report = environment, report

    def document(self, entity: Entity) -> Document:
        """Return a policy with a life of its own."""
        kind = _DOCUMENTS[entity.kind]
        target, service = None, None
        if entity.target is not None:
            kind, target = "resource", self.entities.resolve_value(entity.target)
            service = service_of(entity.target, target)
        self._check_names(entity, "resource" if target else entity.kind)
        policy = self.lowering.policy(entity)
        if not policy.statements and not self.report.failed:
            self.report.add(
                codes.EMPTY_DOCUMENT,
                entity.span,
                f"the {entity.kind} `{entity.name}` has no statement",
                hint="AWS refuses a policy without statements: add one, or remove it",
            )
        check_kind(entity, policy, self.environment, self.report)
        return Document(
            cast("DocumentKind", kind),
            entity.name,
            policy,
            setting(entity, "path", "/"),
            setting(entity, "description") or None,
            self._tags(entity),
            target,
            service,
            self._attachments(entity),
            origin=(entity.place,),
        )

    def identity(self, entity: Entity) -> Identity:
        """Return a role, user, group or permission set."""
        self._check_names(entity, entity.kind)
        own = self.lowering.policy(entity)
        trust = self.lowering.trust(entity)
        if entity.kind == "role" and trust is None and not self.report.failed:
            self.report.add(
                codes.EMPTY_DOCUMENT,
                entity.span,
                f"the role `{entity.name}` trusts nobody",
                hint="add who may assume it: `trust service lambda`, `trust account 111122223333`",
            )
        boundary = entity.settings.get("boundary")
        return Identity(
            cast("IdentityKind", entity.kind),
            entity.name,
            setting(entity, "path", "/"),
            setting(entity, "description") or None,
            trust,
            own if own.statements else None,
            cast("Place", setting(entity, "place", "auto")),
            (),
            self._attachments(entity),
            self._attachment(boundary[0][0], boundary[1], "boundary") if boundary else None,
            self._max_session(entity),
            self._tags(entity),
            self._groups(entity),
            setting(entity, "instance_profile") or None,
            origin=(entity.place,),
        )

    # Parts

    def _attachments(self, entity: Entity) -> tuple[Attachment, ...]:
        made: dict[str, Attachment] = {}
        for value in entity.attachments:
            found = self._attachment(value, value.span or entity.span, "policy")
            if found is not None:
                made.setdefault(found.policy, found)
        return tuple(made.values())

    def _attachment(self, value: Value, place: Span, wanted: str) -> Attachment | None:
        """Return an attached policy, ours by its name, any other by its ARN."""
        text = text_of(value)
        if value.type.name != "Entity" and text.startswith("arn:"):
            arn = self.entities.resolve(text)
            if not _POLICY_ARN.fullmatch(arn):
                self.report.add(
                    codes.BAD_ARN,
                    value.span or place,
                    f"`{arn}` is no ARN of a managed policy",
                    hint="it has the form `arn:aws:iam::111122223333:policy/name`",
                )
                return None
            return Attachment(arn, ours=False, origin=(place,))
        name = str(value.data)
        found = self.entities.by_name.get(name.lower())
        if found is None:
            self.report.add(
                codes.UNKNOWN_NAME,
                value.span or place,
                f"no policy is named `{name}`",
                hint=f'declare it, write its ARN, or use `aws_managed("{name}")` for one of AWS\'s',
            )
            return None
        if found.kind not in {"policy", "boundary"} or found.target is not None:
            what = "a resource policy" if found.target is not None else with_article(found.kind)
            self.report.add(
                codes.WRONG_TYPE,
                value.span or place,
                f"`{name}` is {what}, and a {wanted} is attached here",
                hint="attach a `policy` or a `boundary`",
            )
            return None
        if wanted == "boundary":
            self.entities.referred.add(found.name)  # there is one boundary: it cannot be in pieces
        return Attachment(found.name, ours=True, origin=(value.span or place,))

    def _groups(self, entity: Entity) -> tuple[str, ...]:
        found = entity.settings.get("groups")
        made: list[str] = []
        for value in found[0] if found else ():
            name = str(value.data)
            group = self.entities.by_name.get(name.lower())
            if group is not None and group.kind != "group":
                self.report.add(
                    codes.WRONG_TYPE,
                    value.span,
                    f"`{name}` is {with_article(group.kind)}",
                    hint="a user is in groups: name a `group`",
                )
            made.append(group.name if group is not None else name)
        return tuple(dict.fromkeys(made))

    def _max_session(self, entity: Entity) -> int | None:
        found = entity.settings.get("max_session")
        if found is None:
            return None
        seconds, limit = int(found[0][0].data), self.environment.limits["max-session-seconds"]
        if not limit.minimum <= seconds <= limit.value:
            self.report.add(
                codes.BAD_NAME,
                found[1],
                f"a session of {seconds:,} seconds",
                label="AWS allows 1 to 12 hours",
                hint="write a duration from `1h` to `12h`",
            )
        return seconds

    def _tags(self, entity: Entity) -> Tags:
        found = entity.settings.get("tags")
        if found is None or not isinstance(found[0][0].data, dict):
            return ()
        tags: dict[str, str] = {}
        folded: dict[str, str] = {}
        for key, value in found[0][0].data.items():
            other = folded.setdefault(key.lower(), key)
            if other != key:
                self.report.add(
                    codes.BAD_NAME,
                    found[1],
                    f"the tags `{other}` and `{key}` differ only in case",
                    hint="IAM compares the names of tags without case: keep one",
                )
            text = "" if value is None else text_of(value)
            tags[key] = self.entities.resolve(text)
            for kind, part in (("tag-key", key), ("tag-value", text)):
                problem = name_problem(kind, part)
                if problem:
                    hint = "AWS would refuse it: choose another text"
                    self.report.add(codes.BAD_NAME, found[1], f"`{part}` {problem}", hint=hint)
        most = self.environment.limits["tags-per-resource"].value
        if len(tags) > most:
            self.report.add(
                codes.BAD_NAME, found[1], f"{len(tags)} tags, at most {most} are allowed",
                hint="remove some",
            )  # fmt: skip
        return tuple(tags.items())

    # What AWS would refuse

    def _check_names(self, entity: Entity, kind: str) -> None:
        checks = [(_NAMES.get(kind, "inline-policy"), entity.name, entity.span)]
        managed = entity.kind in {"policy", "boundary"}
        for name, rule in (
            ("path", "policy-path" if managed else "path"),
            ("description", _DESCRIPTIONS.get(entity.kind, "description")),
            ("instance_profile", "instance-profile"),
        ):
            if name in entity.settings:
                checks.append((rule, setting(entity, name), entity.settings[name][1]))
        for rule, text, span in checks:
            problem = name_problem(rule, text)
            if not problem and rule in {"path", "policy-path"} and set("*?$") & set(text):
                problem = "would act as a pattern where its ARN stands"
            if problem:
                self.report.add(
                    codes.BAD_NAME,
                    span,
                    f"`{text if len(text) <= _SHOWN else f'{text[:_SHOWN]}…'}` {problem}",
                    hint="AWS would refuse it: choose another",
                )

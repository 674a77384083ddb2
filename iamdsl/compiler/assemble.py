"""Entities become what AWS holds: documents, and identities with trust, policies and settings.

They go to their places: accounts have builds of their own, organizations what is attached to them.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, cast

import attrs

from iamdsl.aws.names import name_problem
from iamdsl.compiler.builders import text_of
from iamdsl.compiler.entities import Entities, name_of, setting
from iamdsl.compiler.lower import Lowering
from iamdsl.compiler.places import chain
from iamdsl.diagnostics import Fix, Label, codes
from iamdsl.iam import (
    PLACEHOLDER,
    PLACEHOLDER_CLOSE,
    PLACEHOLDER_OPEN,
    Account,
    Attachment,
    Build,
    Document,
    Identity,
    Target,
)
from iamdsl.model.grants import ORGANIZATION_POLICIES
from iamdsl.model.program import with_article
from iamdsl.source import moved

if TYPE_CHECKING:
    from iamdsl import iam
    from iamdsl.compiler.environment import Environment
    from iamdsl.compiler.expand import Expansion
    from iamdsl.diagnostics import Report
    from iamdsl.iam import DocumentKind, IdentityKind, Tags, TargetKind
    from iamdsl.model import Entity, Place, Value
    from iamdsl.source import Span

_POLICY_ARN = re.compile(r"arn:[^:*?]+:iam::[^:*?]+:policy/[^*?$]+")
_EXTERN = re.compile(f"{PLACEHOLDER_OPEN}[^ {PLACEHOLDER_CLOSE}]*{PLACEHOLDER_CLOSE}")
"""The mark of what a deployment gives; marks of names in the source hold a blank."""
_ORGANIZATION_ARN = re.compile(
    r"arn:[^:*?]+:organizations::(?:aws|\d{12}):policy/(?:o-[a-z0-9]+/)?"
    r"(?:service|resource)_control_policy/p-[0-9A-Za-z_]+"
)
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


def assemble(expansion: Expansion, environment: Environment, report: Report) -> Build:
    """Return the build before `fit`."""
    known = Entities(expansion, environment)
    residents: dict[Place, list[Entity]] = {place: [] for place in expansion.places}
    for entity in expansion.entities:
        residents[entity.home].append(entity)
    assemblies = {p: _Assembly(known.seen_from(p), report) for p in expansion.places}
    made: dict[Place, Build] = {}
    documents: dict[Entity, Document] = {}
    for place, here in residents.items():
        own = {e: assemblies[e.within].document(e) for e in here if e.kind in _DOCUMENTS}
        identities = [assemblies[place].identity(e) for e in here if e.kind not in _DOCUMENTS]
        if any(i.instance_profile for i in identities):
            from iamdsl.compiler.kinds import check_profiles  # noqa: PLC0415  # few roles have one

            check_profiles(identities, report)
        made[place] = Build(tuple(own.values()), tuple(identities))
        documents |= own
    whole = {documents[e] for e in known.referred if e in documents}
    made = {place: _marked(build, whole) for place, build in made.items()}
    accounts = tuple(
        Account(p.name, p.id, b, _origin(p)) for p, b in made.items() if p.kind == "account"
    )
    targets = tuple(assembly.target(p) for p, assembly in assemblies.items() if p.kind)
    return attrs.evolve(made[expansion.places[0]], accounts=accounts, targets=targets)


def _marked(build: Build, whole: set[Document]) -> Build:
    """Return a build with the mark on those documents that something speaks of as one."""
    documents = (attrs.evolve(d, whole=True) if d in whole else d for d in build.documents)
    return attrs.evolve(build, documents=tuple(documents))


def _origin(place: Place) -> tuple[Span, ...]:
    return (place.span,) if place.span is not None else ()


class _Assembly:
    """Makes what is in one place."""

    def __init__(self, entities: Entities, report: Report) -> None:
        self.entities, self.environment, self.report = entities, entities.environment, report
        self.lowering = Lowering(entities, self.environment, report)

    def target(self, place: Place) -> Target:
        """Return a part of an organization with what is attached to it."""
        attached: dict[str, Attachment] = {}
        for value in place.attachments:
            found = self._organization_policy(value)
            if found is not None:
                attached.setdefault(found.policy, found)
        path = tuple(p.name for p in reversed(chain(place)))
        kind = cast("TargetKind", place.kind)
        return Target(kind, place.name, place.id, path, tuple(attached.values()), _origin(place))

    def _organization_policy(self, value: Value) -> Attachment | None:
        """Return an attached organization policy, ours by its name, any other by its ARN."""
        text = str(value.data)
        origin = (value.span,) if value.span is not None else ()
        if _ORGANIZATION_ARN.fullmatch(text):
            return Attachment(text, origin=origin)
        found = self.entities.find(text, *ORGANIZATION_POLICIES)
        if found is not None and found.kind in ORGANIZATION_POLICIES:
            return Attachment(found.name, ours=True, origin=origin)
        if found is None:
            message, code = f"no organization policy is named `{text}`", codes.UNKNOWN_NAME
        else:
            code, message = codes.WRONG_TYPE, f"`{text}` is {with_article(found.kind)}"
        hint = "an `scp` or an `rcp` is attached here, or the ARN of one"
        self.report.add(code, value.span, message, hint=hint)
        return None

    def document(self, entity: Entity) -> Document:
        """Return a policy with a life of its own."""
        kind = _DOCUMENTS[entity.kind]
        target, service = None, None
        if entity.target is not None:
            kind, target = "resource", self.entities.resolve_value(entity.target)
            from iamdsl.compiler.resource_policies import service_of  # noqa: PLC0415  # only they need it

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
        if entity.kind in ORGANIZATION_POLICIES:
            from iamdsl.compiler.kinds import check_kind  # noqa: PLC0415  # only they need it

            check_kind(entity, self.environment, self.report)
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
            cast("iam.Place", setting(entity, "place", "auto")),
            (),
            self._attachments(entity),
            self._attachment(boundary[0][0], boundary[1], "boundary", entity.kind)
            if boundary
            else None,
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
            found = self._attachment(value, value.span or entity.span, "policy", entity.kind)
            if found is not None:
                made.setdefault(found.policy, found)
        return tuple(made.values())

    def _attachment(self, value: Value, place: Span, wanted: str, kind: str) -> Attachment | None:
        """Return an attached policy, ours by its name, any other by its ARN."""
        value = self.entities.named(value)
        text = text_of(value)
        is_open = value.type.name == "Arn" and _EXTERN.fullmatch(text)
        if value.type.name != "Entity" and (text.startswith("arn:") or is_open):
            arn = self.entities.resolve(text)
            if not is_open and not _POLICY_ARN.fullmatch(arn):
                self.report.add(
                    codes.BAD_ARN,
                    value.span or place,
                    f"`{arn}` is no ARN of a managed policy",
                    hint="it has the form `arn:aws:iam::111122223333:policy/name`",
                )
                return None
            return Attachment(arn, ours=False, origin=(place,))
        referred = name_of(value)
        found = self.entities.find(referred, "policy", "boundary")
        name = referred.replace("/", ".")
        if found is None and kind == "permission_set" and value.type.name == "String":
            # It is a policy of each account that the set is given in; here nobody knows them.
            return Attachment(text, ours=False, origin=(place,))
        if found is None:
            span, written = value.span or place, f'aws_managed("{name}")'
            managed = self.environment.catalogue.managed_policy(name) is not None
            self.report.add(
                codes.UNKNOWN_NAME,
                span,
                f"no policy is named `{name}`",
                hint=f"for the policy of AWS write `{written}`"
                if managed
                else "declare it, or write its ARN",
                fix=Fix.writing(written, span) if managed and span.text == f'"{name}"' else None,
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
        if found.home is not self.entities.place:
            self._other_account(found, value.span or place, wanted)
            return None
        if wanted == "boundary":
            self.entities.referred.add(found)  # there is one boundary: it cannot be in pieces
        return Attachment(found.name, ours=True, origin=(value.span or place,))

    def _other_account(self, found: Entity, span: Span, what: str) -> None:
        """Report what IAM can only join within one account."""
        here, there = self.entities.place.name, found.home.name
        self.report.add(
            codes.OTHER_ACCOUNT,
            span,
            f"`{found.name}` is {_account(there)}, and this is {_account(here)}",
            label=f"a {what} must be in the same account",
            notes=[Label(found.span, "declared here")],
            hint="declare it in a template, and `use` that in each account that needs it",
        )

    def _groups(self, entity: Entity) -> tuple[str, ...]:
        found = entity.settings.get("groups")
        made: list[str] = []
        for value in found[0] if found else ():
            name = name_of(value)
            group = self.entities.find(name, "group")
            if (
                group is not None
                and group.kind == "group"
                and group.home is not self.entities.place
            ):
                self._other_account(group, value.span or entity.span, "group")
            if group is not None and group.kind != "group":
                self.report.add(
                    codes.WRONG_TYPE,
                    value.span,
                    f"`{name}` is {with_article(group.kind)}",
                    hint="a user is in groups: name a `group`",
                )
            elif group is None and (problem := name_problem("group", name)):
                self.report.add(
                    codes.BAD_NAME,
                    value.span,
                    f"`{name}` {problem}",
                    hint="AWS would refuse it: name a `group`",
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
            place = moved(found[1], value.span) if value is not None else found[1]
            tags[key] = self.entities.resolve(text)
            for kind, part in (("tag-key", key), ("tag-value", text)):
                problem = name_problem(kind, PLACEHOLDER.sub("x", part))
                if problem:
                    hint = "AWS would refuse it: choose another text"
                    self.report.add(codes.BAD_NAME, place, f"`{part}` {problem}", hint=hint)
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
            known = PLACEHOLDER.sub("x", text) if "description" in rule else text
            problem = name_problem(rule, known)
            if not problem and rule in {"path", "policy-path"} and set("*?$") & set(text):
                problem = "would act as a pattern where its ARN stands"
            if problem:
                slashed = f"/{text.strip('/')}/"
                mended = rule in {"path", "policy-path"} and not name_problem(rule, slashed)
                mended &= not set("*?$") & set(text)
                self.report.add(
                    codes.BAD_NAME,
                    span,
                    f"`{text if len(text) <= _SHOWN else f'{text[:_SHOWN]}…'}` {problem}",
                    hint=f'a path begins and ends with `/`: write `path "{slashed}"`'
                    if mended
                    else "AWS would refuse it: choose another",
                    fix=Fix.writing(f'path "{slashed}"', span)
                    if mended and span.text == f'path "{text}"'
                    else None,
                )


def _account(name: str) -> str:
    return f"in the account `{name}`" if name else "outside all accounts"

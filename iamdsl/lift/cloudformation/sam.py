"""What SAM's transform makes of functions and state machines: their execution roles.

AWS "AWS::Serverless::Function", "AWS::Serverless::StateMachine" and "Generated CloudFormation
resources" of the SAM developer guide; the tests compare with what aws-sam-translator makes.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

import attrs

from iamdsl import iam
from iamdsl.diagnostics import codes
from iamdsl.lift.cloudformation.drafts import Draft
from iamdsl.lift.cloudformation.externs import PARTITION
from iamdsl.lift.cloudformation.identities import identity_path
from iamdsl.lift.cloudformation.intrinsics import is_call

if TYPE_CHECKING:
    from collections.abc import Mapping

    from iamdsl.datafile.places import Path
    from iamdsl.lift.cloudformation.drafts import Drafts

_PULLED = {
    "DynamoDB": "service-role/AWSLambdaDynamoDBExecutionRole",
    "Kinesis": "service-role/AWSLambdaKinesisExecutionRole",
    "MSK": "service-role/AWSLambdaMSKExecutionRole",
    "SQS": "service-role/AWSLambdaSQSQueueExecutionRole",
}
"""The policy that an event source adds to the role."""
_PULLED_WITH_MORE = {"DocumentDB", "MQ", "SelfManagedKafka"}
"""Event sources that add statements of their own."""
_WITH_ROLES = {
    "lambda": {"ScheduleV2"},
    "states": {"Api", "CloudWatchEvent", "EventBridgeRule", "Schedule", "ScheduleV2"},
}
"""Events that start a function or a state machine by a role of their own."""

_SENDS = {
    "SQS": ("SQSPolicy", "sqs:SendMessage"),
    "SNS": ("SNSPolicy", "sns:publish"),
    "EventBridge": ("EventBridgePolicy", "events:PutEvents"),
    "Lambda": ("LambdaPolicy", "lambda:InvokeFunction"),
}
"""Destinations: what is added to the policy's name, and the action."""

_DEAD_LETTERS = {"SQS": "sqs:SendMessage", "SNS": "sns:Publish"}

_NO_VALUE = {"Ref": "AWS::NoValue"}


class _Properties(NamedTuple):
    """The properties of a SAM resource, with those of `Globals`."""

    own: dict[str, Any]
    shared: dict[str, Any]
    path: Path
    shared_path: Path

    def get(self, name: str) -> tuple[Any, Path] | None:
        """Return a property's value, the two joined as SAM joins them, and its path."""
        own, shared = self.own.get(name), self.shared.get(name)
        if own == _NO_VALUE:
            return None
        if own is None:
            nothing = shared is None or shared == _NO_VALUE
            return None if nothing else (shared, (*self.shared_path, name))
        return (own if shared is None else _joined(shared, own)), (*self.path, name)


def _joined(shared: Any, own: Any) -> Any:
    """Return a global value with the local one over it: mappings member by member, lists added."""
    if isinstance(shared, dict) and isinstance(own, dict) and not is_call(shared | own):
        if is_call(shared) or is_call(own):
            return own
        extra = {k: v for k, v in own.items() if k not in shared}
        return {k: _joined(v, own[k]) if k in own else v for k, v in shared.items()} | extra
    if isinstance(shared, list) and isinstance(own, list):
        return [*shared, *own]
    return own


_KINDS = {
    "AWS::Serverless::Function": ("lambda", "Function"),
    "AWS::Serverless::StateMachine": ("states", "StateMachine"),
}


def enter(drafts: Drafts) -> None:
    """Give the roles that SAM makes their names."""
    for logical, _, service in _with_roles(drafts):
        del service
        drafts.enter(f"{logical}Role", "role", None, "AWS::IAM::Role")


def read(drafts: Drafts) -> None:
    """Make the roles that SAM makes."""
    for logical, properties, service in _with_roles(drafts):
        drafts.template.reading = f"{logical}Role"
        _Role(drafts, logical, properties, service).read()
    template = drafts.template
    template.reading = ""
    for kind in ("AWS::Serverless::Api", "AWS::Serverless::HttpApi"):
        for logical, properties_ in template.of_type(kind):
            auth = properties_.get("Auth")
            if isinstance(auth, dict) and "ResourcePolicy" in auth:
                at = ("Resources", logical, "Properties", "Auth", "ResourcePolicy")
                hint = "import the policy that API Gateway shows, with `apigateway get-rest-api`"
                template.left_out(at, f"the resource policy of the API `{logical}`", hint)
    hint = "write the statements that it stands for in the role that it is about"
    for logical, resource in template.resources.items():
        path = ("Resources", logical)
        if resource["Type"] == "AWS::Serverless::Connector":
            template.left_out(path, f"the connector `{logical}`", hint)
        elif "Connectors" in resource:
            template.left_out((*path, "Connectors"), f"the connectors of `{logical}`", hint)


def _with_roles(drafts: Drafts) -> list[tuple[str, _Properties, str]]:
    """Return the resources that SAM makes a role for."""
    template = drafts.template
    if not template.is_sam:
        return []
    found = []
    for logical, resource in template.resources.items():
        if resource["Type"] not in _KINDS:
            continue
        service, section = _KINDS[resource["Type"]]
        shared = template.tree.value.get("Globals")
        shared = shared.get(section) if isinstance(shared, dict) else None
        properties = _Properties(
            resource.get("Properties") or {},
            shared if isinstance(shared, dict) else {},
            ("Resources", logical, "Properties"),
            ("Globals", section),
        )
        role = properties.get("Role")
        if role is None or (is_call(role[0]) and "Fn::If" in role[0]):
            found.append((logical, properties, service))
    return found


class _Role:
    """The role of one function or state machine."""

    def __init__(self, drafts: Drafts, logical: str, properties: _Properties, service: str) -> None:
        self.drafts, self.template = drafts, drafts.template
        self.logical, self.properties, self.service = logical, properties, service
        self.role = f"{logical}Role"
        span = self.template.span(("Resources", logical), key=True)
        self.draft = Draft("role", self.template.entities[self.role].name, span)

    def read(self) -> None:
        role = self.properties.get("Role")
        if role is not None:  # by `Fn::If`, or there would be none to make
            self.template.inexact(role[1], "Fn::If", "it decides whether SAM makes a role")
        self.drafts.identities[self.role] = self.draft
        kind = "function" if self.service == "lambda" else "state machine"
        self.drafts.comment(
            self.draft.name, f"the role that SAM makes for the {kind} `{self.logical}`"
        )
        self._trust()
        self._settings()
        if self.service == "lambda":
            durable = "Durable" if self.properties.get("DurableConfig") else ""
            end = "ExecutionRolePolicy" if durable else "ExecutionRole"
            self._managed(f"service-role/AWSLambdaBasic{durable}{end}")
        self._tracing()
        if self.service == "lambda" and self.properties.get("VpcConfig"):
            self._managed("service-role/AWSLambdaVPCAccessExecutionRole")
        if self.service == "lambda":
            self._dead_letters()
            self._destinations()
        self._policies()
        self._events()

    def _managed(self, name: str) -> None:
        self.draft.managed.append(
            iam.Attachment(f"arn:{PARTITION}:iam::aws:policy/{name}", origin=(self.draft.origin,))
        )

    def _trust(self) -> None:
        said = self.properties.get("AssumeRolePolicyDocument")
        if said is not None:
            self.draft.trust = self.drafts.policy(said[1], said[0])
            return
        self.draft.trust = iam.Policy(
            (
                iam.Statement(
                    "Allow",
                    iam.Elements(("sts:AssumeRole",)),
                    principals=iam.Principals((("Service", (f"{self.service}.amazonaws.com",)),)),
                    origin=(self.draft.origin,),
                ),
            )
        )

    def _settings(self) -> None:
        draft = self.draft
        if (said := self.properties.get("RolePath")) is not None:
            draft.path = identity_path(self.drafts, said[1], said[0], draft.name)
        if (said := self.properties.get("PermissionsBoundary")) is not None:
            text = self.template.text(said[1], said[0])
            draft.boundary = None if text is None else self.drafts.attachment(text, said[1])
        made_by = "lambda" if self.service == "lambda" else "stateMachine"
        tags: iam.Tags = ((f"{made_by}:createdBy", "SAM"),)
        if (said := self.properties.get("Tags")) is not None:
            tags += self.drafts.tags(said[1], said[0])
        draft.tags = tags

    def _tracing(self) -> None:
        """Attach X-Ray's policy where there is tracing; SAM takes another one outside of `aws`."""
        said = self.properties.get("Tracing")
        if said is None:
            return
        value, path = said
        found = self.template.evaluated(path, value)
        if found is None:
            return
        value = found.value
        if self.service == "states":
            value = _member(value, "Enabled") or "false"
        if not isinstance(value, str):
            self.template.bad(path, "`Tracing` is a word, or in a state machine has `Enabled`")
            return
        on = value == "true" if self.service == "states" else value not in {"Disabled", ""}
        if iam.PLACEHOLDER_OPEN in value:
            self.template.inexact(path, "Tracing", "it decides whether SAM attaches a policy")
        elif on:
            self._managed("AWSXrayWriteOnlyAccess")

    def _statement(self, name: str, actions: tuple[tuple[str, str], ...], path: Path) -> None:
        """Add an inline policy of SAM's, of pairs of action and resource."""
        statements = tuple(
            iam.Statement(
                "Allow",
                iam.Elements((action,)),
                iam.Elements((resource,)),
                origin=(self.template.span(path),),
            )
            for action, resource in actions
        )
        policy = iam.Policy(statements)
        known = [other for _, other in self.draft.inline]
        if policy not in known:
            self.drafts.attach_inline(self.draft, name, policy, path)

    def _dead_letters(self) -> None:
        said = self.properties.get("DeadLetterQueue")
        if said is None:
            return
        found = self.template.evaluated(said[1], said[0])
        if found is None:
            return
        value = found.value if isinstance(found.value, dict) else {}
        action = _DEAD_LETTERS.get(str(value.get("Type")))
        target = value.get("TargetArn")
        if action is None or not isinstance(target, str):
            self.template.bad(said[1], "`DeadLetterQueue` has a `Type`, and an ARN as `TargetArn`")
            return
        self._statement("DeadLetterQueuePolicy", ((action, target),), said[1])

    def _destinations(self) -> None:
        """Add what sends to where the results of asynchronous calls go."""
        said = self.properties.get("EventInvokeConfig")
        if said is None:
            return
        found = self.template.evaluated(said[1], said[0])
        config = _member(found.value if found is not None else None, "DestinationConfig")
        for event in ("OnSuccess", "OnFailure"):
            destination = _member(config, event)
            if isinstance(destination, dict):
                path = (*said[1], "DestinationConfig", event)
                name = f"{self.logical}EventInvokeConfig{event}"
                self._destination(name, destination, path)

    def _destination(self, name: str, destination: dict[str, Any], path: Path) -> None:
        kind, target = destination.get("Type"), destination.get("Destination")
        if target is None and kind in {"SQS", "SNS"}:
            thing = "Queue" if kind == "SQS" else "Topic"
            target = self.template.externs.mark(
                (name, thing),
                f"{name}{thing}_arn",
                type="Arn",
                doc=f"the ARN of the {kind} {thing.lower()} that SAM makes for `{self.logical}`",
                origin=self.template.span(path),
            )
        if not isinstance(target, str):
            self.template.bad(path, "a destination has a `Type`, and an ARN as `Destination`")
        elif kind in {"S3", "S3Bucket"}:
            both = (("s3:PutObject", f"{target}/*"), ("s3:ListBucket", target))
            self._statement(f"{name}S3Policy", both, path)
        elif kind in _SENDS:
            end, action = _SENDS[kind]
            self._statement(f"{name}{end}", ((action, target),), path)
        elif kind != "Kafka":
            self.template.bad(path, f"a destination of the type `{kind}` is not known")

    # -- the property `Policies`

    def _policies(self) -> None:
        listed, path = self.properties.own.get("Policies"), (*self.properties.path, "Policies")
        if listed is None or listed == _NO_VALUE:
            return
        items = listed if isinstance(listed, list) else [listed]
        for i, item in enumerate(items):
            at = (*path, i) if isinstance(listed, list) else path
            self.template.read.add(at)
            if item == _NO_VALUE:
                continue
            if isinstance(item, str) or is_call(item):
                self._attach(item, at)
            elif isinstance(item, dict) and "Statement" in item:
                self._inline(i, self.drafts.policy(at, item), at)
            elif isinstance(item, dict) and len(item) == 1:
                self._inline(i, self._template_policy(item, at), at)
            else:
                self.template.bad(
                    at, "a managed policy, a document or one of SAM's templates is expected"
                )

    def _inline(self, index: int, policy: iam.Policy | None, path: Path) -> None:
        if policy is not None:
            self.drafts.attach_inline(self.draft, f"{self.role}Policy{index}", policy, path)

    def _attach(self, item: Any, path: Path) -> None:
        text = self.template.text(path)
        if text is None:
            return
        if isinstance(item, str) and not text.startswith("arn:"):
            name = _managed_policy(text)
            if name is None:
                self.template.bad(
                    path,
                    f"AWS has no managed policy `{text}`",
                    "if it is newer than the catalogue, write its ARN",
                )
                return
            self._managed(name)
            return
        self.draft.managed.append(self.drafts.attachment(text, path))

    def _template_policy(self, item: dict[str, Any], path: Path) -> iam.Policy | None:
        """Return what one of SAM's policy templates comes to."""
        ((name, values),) = item.items()
        known = policy_templates()
        if known is None:
            self._refuse(
                path,
                f"what SAM's policy template `{name}` comes to is known to aws-sam-translator,"
                " which is not installed",
                "run `pip install aws-sam-translator`, or write the statements out",
            )
            return None
        if name not in known:
            self._refuse(path, f"SAM has no policy template `{name}`", "correct its name")
            return None
        asked = known[name].get("Parameters") or {}
        given = values if isinstance(values, dict) else {}
        if missing := sorted(asked.keys() - given.keys()):
            wanted = ", ".join(f"`{m}`" for m in missing)
            self._refuse(path, f"SAM's policy template `{name}` takes {wanted}", "give it that")
            return None
        refs: dict[str, str] = {}
        for parameter in asked:
            text = self.template.text((*path, name, parameter))
            if text is None:
                return None
            refs[parameter] = text
        policy = self.drafts.policy(path, known[name]["Definition"], refs)
        # SAM says no version, and nobody could: it has no variables, and means the same in each.
        return None if policy is None else attrs.evolve(policy, version=iam.VERSION)

    def _refuse(self, path: Path, problem: str, hint: str) -> None:
        label = f"at `{iam.shown(path)}`"
        span = self.template.span(path)
        self.template.report.add(codes.SAM_TEMPLATE, span, problem, label=label, hint=hint)

    # -- events

    def _events(self) -> None:
        events = self.properties.own.get("Events")
        path = (*self.properties.path, "Events")
        for name, event in events.items() if isinstance(events, dict) else ():
            kind = event.get("Type") if isinstance(event, dict) else None
            properties = (event.get("Properties") or {}) if isinstance(event, dict) else {}
            at = (*path, name)
            if self.service == "lambda" and kind in _PULLED_WITH_MORE:
                why = f"SAM adds statements of its own to the role for an event from {kind}"
                self.template.inexact((*at, "Type"), f"Events.{name}", why)
            elif self.service == "lambda" and kind in _PULLED:
                self._managed(_PULLED[kind])
                self._failures(properties, (*at, "Properties"))
            elif kind in _WITH_ROLES[self.service] and not {"RoleArn", "Role"} & properties.keys():
                hint = "declare that role, and give the event its ARN"
                what = f"the role that SAM makes for the event `{name}` of `{self.logical}`"
                self.template.left_out(at, what, hint)

    def _failures(self, properties: Mapping[str, Any], path: Path) -> None:
        """Add what sends to where records that could not be worked on go."""
        config = properties.get("DestinationConfig")
        if config is None:
            return
        at = (*path, "DestinationConfig")
        found = self.template.evaluated(at)
        value = _member(found.value if found is not None else None, "OnFailure")
        if isinstance(value, dict) and value.get("Type"):
            self._destination(self.logical, value, (*at, "OnFailure"))


def _member(value: Any, name: str) -> Any:
    return value.get(name) if isinstance(value, dict) else None


def policy_templates() -> dict[str, Any] | None:
    """Return SAM's policy templates as their package has them; None when it is not installed."""
    try:
        module = import_module("samtranslator.policy_template_processor.processor")
    except ImportError:
        return None
    found: dict[str, Any] = module.PolicyTemplatesProcessor.get_default_policy_templates_json()[
        "Templates"
    ]
    return found


def _managed_policy(name: str) -> str | None:
    """Return what follows `policy/` in the ARN of an AWS managed policy, by its name."""
    from iamdsl.aws import Catalogue  # noqa: PLC0415  # few templates name policies
    from iamdsl.resources import open_catalogue  # noqa: PLC0415

    return Catalogue(open_catalogue()).managed_policy(name)

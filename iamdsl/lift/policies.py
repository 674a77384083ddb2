"""A policy document, alone: which kind it is, and of which resource, as far as it says so itself.

Nothing is guessed: what two kinds of policy could be is an error that names the options to choose
by.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, TypeAlias, cast, get_args

import attrs

from iamdsl import iam
from iamdsl.aws.resource_policies import RESOURCE_POLICIES, of_service
from iamdsl.diagnostics import Report, codes
from iamdsl.lift.estate import Estate
from iamdsl.lift.reading import read_policy, statement_path, unquoted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from iamdsl.iam import Policy, Statement
    from iamdsl.lift.reading import Tree
    from iamdsl.source import Span

Kind: TypeAlias = Literal["policy", "boundary", "scp", "rcp", "session", "trust", "resource"]
KINDS: Final[tuple[str, ...]] = get_args(Kind)
"""What a document can be imported as; `auto` is to find out."""

_VERSIONS = {"2012-10-17", "2008-10-17"}
_MEMBERS = {"Version", "Id", "Statement"}
_WITHOUT_PRINCIPAL = {"policy", "boundary", "scp", "session"}
_ENDPOINT = re.compile(r"vpce-[0-9a-f]{8,17}")
_HOLE = re.compile(r"\$\{[A-Za-z_][\w. -]*\}")
"""What a template leaves open, `${Account}`: no variable of IAM's, which has a colon."""

_OPEN = iam.PLACEHOLDER_OPEN
_ARN_HINT = "--for arn:aws:SERVICE:REGION:ACCOUNT:RESOURCE"

# How the ARN of a resource goes on that its policy calls `*`.
_UNNAMED = {"kms": "key/*", "secretsmanager": "secret:*"}

# Services whose policies may call their resource `*`. A key's cannot only deny: nobody could
# change it any more, and KMS refuses to set it (AWS "API_PutKeyPolicy").
_CALLED_STAR = {
    service
    for service, rule in RESOURCE_POLICIES.items()
    if service != "kms"
    and "*" not in rule.refused
    and (rule.own == "*" or rule.scope not in {"itself", "exactly itself"})
}

# How many parts of a resource's path are its own name, by service; what follows lies in it.
_NAME_PARTS = {
    "s3": 1, "s3-outposts": 4, "s3-object-lambda": 2, "s3express": 2, "es": 2, "mediastore": 2,
}  # fmt: skip


class Belongs(NamedTuple):
    """The resource that a policy belongs to: its ARN, and its service's prefix."""

    target: str
    service: str


def recognises(value: object) -> bool:
    """Tell whether values look like a policy document, or like statements without one."""
    if not isinstance(value, dict):
        return are_statements(value)
    version = value.get("Version")
    named = isinstance(version, str) and version in _VERSIONS
    return "Statement" in value or named or are_statements(value)


def is_plain(value: object) -> bool:
    """Tell whether a value has the members of a policy document and no other."""
    return isinstance(value, dict) and "Statement" in value and value.keys() <= _MEMBERS


def are_statements(value: object) -> bool:
    """Tell whether a value is a statement, or a list of them."""
    items = value if isinstance(value, list) else [value]
    return bool(items) and all(
        isinstance(item, dict)
        and "Effect" in item
        and bool({"Action", "NotAction"} & item.keys())
        and "Statement" not in item
        for item in items
    )


def read(
    tree: Tree, name: str, report: Report, *, kind: str = "auto", target: str | None = None
) -> Estate | None:
    """Return the one policy that a document is; None when it is none (and was reported).

    Args:
        name: what to call it.
        kind: one of `KINDS`, or `auto`.
        target: of a resource's policy, the resource's ARN, or a VPC endpoint's id.
    """
    belongs = None if target is None else belonging(target, report)
    if target is not None and belongs is None:
        return None
    return estate_of(tree, name, report, kind=kind, belongs=belongs)


def estate_of(
    tree: Tree,
    name: str,
    report: Report,
    *,
    kind: str = "auto",
    belongs: Belongs | None = None,
    description: str | None = None,
) -> Estate | None:
    """Return the one policy that a document is, where it is known what it belongs to, if it is."""
    if are_statements(tree.value):
        refuse_statements(tree, report)
        return None
    opened = unquoted(tree, report)
    policy = None if opened is None else read_policy(opened, report)
    if opened is None or policy is None:
        return None
    document = _Document(opened, policy, report)
    if belongs is not None and kind == "auto":
        kind = "resource"
    if belongs is not None and kind != "resource":
        message = f"a policy of the kind `{kind}` belongs to no resource"
        report.add(codes.WRONG_KIND, None, message, hint="leave `--for` out")
        return None
    chosen = document.kind() if kind == "auto" else cast("Kind", kind)
    if chosen is None or not document.fits(chosen, belongs):
        return None
    if chosen == "resource":
        belongs = belongs or document.belongs()
        if belongs is None:
            return None
    return _estate(opened, name, policy, chosen, belongs, description)


def _estate(
    tree: Tree,
    name: str,
    policy: Policy,
    kind: Kind,
    belongs: Belongs | None,
    description: str | None,
) -> Estate:
    origin = (tree.origin(),)
    if kind == "trust":
        role = iam.Identity("role", name, trust=policy, origin=origin)
        return Estate(iam.Build(identities=(role,)))
    document = iam.Document(
        "managed" if kind == "policy" else kind,
        name,
        policy,
        description=description,
        target=belongs.target if belongs is not None else None,
        service=belongs.service if belongs is not None else None,
        origin=origin,
    )
    pseudo = _pseudo(belongs.target) if belongs is not None else {}
    return Estate(iam.Build(documents=(document,)), pseudo=pseudo)


def belonging(target: str, report: Report) -> Belongs | None:
    """Return the resource that somebody names; None when it is no resource (and was reported)."""
    if _ENDPOINT.fullmatch(target):
        return Belongs(f"arn:*:ec2:*:*:vpc-endpoint/{target}", "ec2")
    fields = target.split(":", 5)
    hint = f"write `{_ARN_HINT}`, or the id of a VPC endpoint"
    if len(fields) < 6 or fields[0] != "arn" or not fields[2] or not fields[5]:
        report.add(codes.WRONG_KIND, None, f"`{target}` is no ARN of a resource", hint=hint)
        return None
    rule = of_service(fields[2])
    if set(target) & set("*?$") and (rule is None or rule.own in {"arn", "none"}):
        message = f"`{target}` is a pattern, and a policy belongs to one resource"
        report.add(codes.WRONG_KIND, None, message, hint=hint)
        return None
    return Belongs(target, fields[2])


def apparent(tree: Tree, policy: Policy) -> tuple[Kind, Belongs | None]:
    """Return what a document looks like, and of which resource it is, where it names just one.

    Nothing is reported, since nothing is made of it: where several kinds are possible, it is the
    policy of a resource that is not known.
    """
    document = _Document(tree, policy, Report())
    statements = policy.statements
    if all(s.principals is None for s in statements):
        return "policy", None
    if all(map(_is_of_trust, statements)):
        return "trust", None
    found = document.candidates()
    if document.is_denial() and not found and document.denial() == "rcp":
        return "rcp", None
    if len(found) == 1 and not any(s.resources and s.resources.negated for s in statements):
        (arn,) = found
        service = arn.split(":")[2]
        # A repository's policy names nothing: one that does is of an endpoint.
        if (rule := of_service(service)) is not None and rule.own != "none":
            return "resource", Belongs(arn, service)
    return "resource", None if found else document.unnamed()


def _is_of_trust(statement: Statement) -> bool:
    """Tell whether a statement can only be of a role's trust.

    A policy of an endpoint, and an RCP, name resources when they speak of `sts:AssumeRole`; where
    a service or a provider asks for it, `Resource` is a mistake in a trust policy.
    """
    if not _is_of(statement, "sts"):
        return False
    who = statement.principals
    return statement.resources is None or (
        who is not None
        and any(kind in {"Federated", "Service"} for kind, _ in who.by_type)
        and all(action.lower().startswith("sts:assume") for action in statement.actions.values)
    )


def _pseudo(arn: str) -> dict[str, str]:
    """Return what an ARN says of the place that its resource is in."""
    _, partition, _, region, account, _ = arn.split(":", 5)
    found = {"partition": partition, "region": region, "account": account}
    return {
        name: text for name, text in found.items() if text and not set(text) & set("*?$" + _OPEN)
    }


def refuse_statements(tree: Tree, report: Report) -> None:
    """Report statements without a document around them."""
    report.add(
        codes.NOT_A_POLICY,
        tree.place(()),
        "this is no policy: statements stand in a document",
        hint='write `{"Version": "2012-10-17", "Statement": [ … ]}` around',
    )


@attrs.frozen(repr=False, eq=False)
class _Document:
    """A policy with its places, and what it says of itself."""

    tree: Tree
    policy: Policy
    report: Report

    @property
    def statements(self) -> tuple[Statement, ...]:
        return self.policy.statements

    def place(self, index: int, *part: str) -> Span:
        listed = isinstance(self.tree.value["Statement"], list)
        return self.tree.place((*statement_path(index, listed=listed), *part))

    # Of which kind it is

    def kind(self) -> Kind | None:
        """Return the one kind that a document can be; None when there are several (reported)."""
        with_principal = [s.principals is not None for s in self.statements]
        if not any(with_principal):
            return "policy"
        if not all(with_principal):
            without = with_principal.index(False)
            self.report.add(
                codes.NOT_A_POLICY,
                self.place(without),
                "this is no policy: a statement without `Principal` beside others that have one",
                hint="in the policy of a resource or a role's trust, each statement has one",
            )
            return None
        if all(s.resources is None and _is_of(s, "sts") for s in self.statements):
            return "trust"
        if self.is_denial() and not self.candidates():
            return self.denial()
        return "resource"

    def is_denial(self) -> bool:
        """Tell whether it only denies, and whoever asks: all that an RCP can do."""
        return all(
            s.effect == "Deny"
            and s.principals == iam.ANYONE
            and s.resources is not None
            and not s.actions.negated
            and "*" not in s.actions.values
            for s in self.statements
        )

    def denial(self) -> Kind | None:
        """Return `rcp`, if no resource can have the policy."""
        everywhere = all(s.resources == iam.Elements(("*",)) for s in self.statements)
        own = any(all(_is_of(s, service) for s in self.statements) for service in _CALLED_STAR)
        if everywhere and not own:
            return "rcp"
        on = "`*`" if everywhere else "resources by their pattern"
        self._unclear(
            f"this denies on {on}, whoever asks: it can be an RCP, or the policy of a resource",
            "say which: `--kind rcp`, or `--for` with the ARN of the resource",
        )
        return None

    def _unclear(self, problem: str, hint: str) -> None:
        place = self.tree.place(("Statement",), key=True)
        self.report.add(codes.UNCLEAR_KIND, place, problem, hint=hint)

    # Whether it can be of a kind

    def fits(self, kind: Kind, belongs: Belongs | None) -> bool:
        """Tell whether every statement has what a kind of policy asks for; report what has not."""
        problems = ((i, _misfit(s, kind, belongs)) for i, s in enumerate(self.statements))
        index, misfit = next(((i, found) for i, found in problems if found), (0, None))
        if misfit is None:
            return True
        part, problem = misfit
        others = self._others(kind, belongs)
        self.report.add(
            codes.WRONG_KIND,
            self.place(index, *part),
            f"this is no {_KIND_NAMES[kind]}: {problem}",
            hint=f"import it with `--kind {others[0]}`"
            if others
            else "correct it as AWS's policy grammar has it",
        )
        return False

    def _others(self, kind: Kind, belongs: Belongs | None) -> list[str]:
        kinds: tuple[Kind, ...] = ("policy", "trust", "resource")
        return [
            other
            for other in kinds
            if other != kind and not any(_misfit(s, other, belongs) for s in self.statements)
        ]

    # To which resource it belongs

    def belongs(self) -> Belongs | None:
        """Return the one resource that a document can belong to; None when in doubt (reported)."""
        found = self.candidates()
        if len(found) == 1:
            (arn,) = found
            return Belongs(arn, arn.split(":")[2])
        if not found and (unnamed := self.unnamed()) is not None:
            return unnamed
        hint = f"say which resource has it: `{_ARN_HINT}`, or `--for vpce-…` for a VPC endpoint"
        if found:
            shown = " and ".join(f"`{arn}`" for arn in sorted(found)[:2])
            problem = f"this policy names several resources that it can belong to: {shown}"
        elif all(s.resources is None for s in self.statements):
            problem = "this policy names no resource at all"
            hint = f"say what has it: `--kind trust` for a role, or else `{_ARN_HINT}`"
        else:
            problem = "this policy does not name the resource that it belongs to"
        self._unclear(problem, hint)
        return None

    def unnamed(self) -> Belongs | None:
        """Return the resource of a service whose policies call their resource `*`, if it is one."""
        for service, rest in _UNNAMED.items():
            if all(
                _is_of(s, service) and s.resources == iam.Elements(("*",)) for s in self.statements
            ):
                return Belongs(f"arn:{self._partition()}:{service}:*:*:{rest}", service)
        return None

    def _partition(self) -> str:
        """Return the partition that the document's principals are in, `*` if none says it."""
        found = {
            value.split(":")[1]
            for s in self.statements
            for _, values in (s.principals.by_type if s.principals is not None else ())
            for value in values
            if value.startswith("arn:") and value.count(":") >= 5
        }
        return found.pop() if len(found) == 1 else "*"

    def candidates(self) -> set[str]:
        """Return the ARNs of what the document can belong to, by the resources that it names.

        None when it names anything that no such resource holds.
        """
        names = {_owner(text) for text in self._named()}
        widest = {
            n for n in names if not any(o != n and n.startswith((f"{o}/", f"{o}:")) for o in names)
        }
        return widest if all(map(_can_have_policy, widest)) else set()

    def _named(self) -> Iterator[str]:
        for s in self.statements:
            for text in s.resources.values if s.resources is not None else ():
                if text != "*":
                    yield text


_KIND_NAMES: dict[Kind, str] = {
    "policy": "policy of an identity",
    "boundary": "permissions boundary",
    "scp": "service control policy",
    "rcp": "resource control policy",
    "session": "session policy",
    "trust": "trust policy of a role",
    "resource": "policy of a resource",
}


def _misfit(
    statement: Statement, kind: Kind, belongs: Belongs | None
) -> tuple[tuple[str, ...], str] | None:
    """Return where a statement is not of a kind, and what is wrong; None when nothing is.

    What each kind takes: AWS "reference_policies_grammar" and the pages of SCPs and RCPs.
    """
    who, on = statement.principals, statement.resources
    principal = (("Not" if who is not None and who.negated else "") + "Principal",)
    resource = (("Not" if on is not None and on.negated else "") + "Resource",)
    if kind in _WITHOUT_PRINCIPAL and who is not None:
        return principal, f"it has no `{principal[0]}`"
    service = belongs.service if belongs is not None else ""
    rule = of_service(service)
    if kind not in _WITHOUT_PRINCIPAL and who is None and service != "iot":
        return (), "each of its statements has a `Principal`"
    if kind == "trust":
        return (resource, "it has no `Resource`") if on is not None else None
    if on is None and (kind != "resource" or (rule is not None and rule.own != "none")):
        return (), "each of its statements has a `Resource`"
    if kind == "rcp" and who != iam.ANYONE:
        return principal, 'its `Principal` is `"*"`'
    if kind == "rcp" and statement.effect != "Deny":
        return ("Effect",), "it denies only"
    return None


def _is_of(statement: Statement, service: str) -> bool:
    """Tell whether a statement is about actions of one service, and no others."""
    prefix = f"{service}:"
    return not statement.actions.negated and all(
        action.lower().startswith(prefix) for action in statement.actions.values
    )


def _owner(arn: str) -> str:
    """Return the resource whose name a text begins with: of an object, its bucket."""
    fields = arn.split(":", 5)
    if len(fields) < 6 or fields[2] not in _NAME_PARTS:
        return arn
    parts = fields[5].split("/")
    count = _NAME_PARTS[fields[2]]
    if fields[2] == "s3" and (fields[3] or fields[4]):  # only buckets have neither
        if parts[0] != "accesspoint":
            return arn
        count = 2
    return ":".join([*fields[:5], "/".join(parts[:count])])


def _can_have_policy(arn: str) -> bool:
    """Tell whether a text is the ARN of one resource, of a service whose resources have policies.

    Where policies may name resources that they do not belong to, that alone does not tell.
    """
    fields = arn.split(":", 5)
    if len(fields) < 6 or fields[0] != "arn" or set(_HOLE.sub("", arn)) & set("*?$"):
        return False
    rule = RESOURCE_POLICIES.get(fields[2])
    if rule is None or rule.scope == "anything" or rule.own == "said":
        return False
    return rule.scope != "its service" or arn.startswith(f"{':'.join(fields[:5])}:event-bus/")

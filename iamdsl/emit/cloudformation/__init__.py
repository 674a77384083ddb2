"""The targets `cloudformation`, `cloudformation-json` and `sam`: a template for each place.

What is open in a build are parameters of the template, with the patterns that their values have
to match; what AWS knows are pseudo parameters. Everything that the target leaves out is reported.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from iamdsl.diagnostics import codes
from iamdsl.emit._manifest import written
from iamdsl.emit._marks import words
from iamdsl.emit._places import places
from iamdsl.emit._targets import File
from iamdsl.emit.cloudformation._documents import (
    add_document,
    attached,
    foreign_targets,
    one_after_another,
)
from iamdsl.emit.cloudformation._identities import add_identity
from iamdsl.emit.cloudformation._order import add_order, add_principals
from iamdsl.emit.cloudformation._stack import Stack
from iamdsl.emit.cloudformation._values import Call
from iamdsl.emit.cloudformation._yaml import to_yaml

if TYPE_CHECKING:
    from typing import Any

    from iamdsl import iam
    from iamdsl.diagnostics import Report
    from iamdsl.emit._targets import Facts
    from iamdsl.emit.cloudformation._values import Value

_FILES = {"yaml": "template.yaml", "json": "template.json", "sam": "sam.yaml"}

# AWS "cloudformation-limits", read 2026-11-29.
_MOST_RESOURCES = 500
_MOST_PARAMETERS = 200
_MOST_OUTPUTS = 200
_MOST_BYTES = 1_000_000
_MOST_DESCRIPTION = 4000  # characters of a parameter's


def emit(build: iam.Build, facts: Facts, report: Report, form: str) -> list[File]:
    """Return a template for each place that has something in it.

    Args:
        form: `yaml`, `json` or `sam`.
    """
    files = []
    for place in places(build, facts.pseudo, {_FILES[form], "manifest.json"}):
        stack = Stack(place, facts, report)
        _fill(stack)
        if not stack.resources and not stack.outputs:
            continue
        template = _template(stack, form)
        text = _HEAD + to_yaml(template)
        if form == "json":
            text = written(_plain(template), minify=facts.minify).decode("ascii")
        _check_size(stack, text)
        path = f"{place.folder}{_FILES[form]}"
        files.append(File(path, text, "template", place.account, place.build))
    return files


_HEAD = "# Written by iamdsl: change the sources, and build again.\n"


def _fill(stack: Stack) -> None:
    """Add all that is in a place."""
    build = stack.place.build
    links = attached(build)
    for document in build.documents:
        add_document(document, stack, links, build.targets)
    foreign_targets(stack, build.targets)
    for identity in build.identities:
        add_identity(identity, stack, links)
    add_principals(stack)
    add_order(stack)
    one_after_another(stack)
    if stack.outputs and not stack.resources:
        # A template has a resource; this one makes nothing.
        stack.add("Nothing", "AWS::CloudFormation::WaitConditionHandle", {})


def _template(stack: Stack, form: str) -> dict[str, Value]:
    """Return the template, its sections in the order in which AWS shows them."""
    account = stack.place.account
    name = stack.facts.project + (f": account {account.name}" if account is not None else "")
    template: dict[str, Value] = {"AWSTemplateFormatVersion": "2010-09-09"}
    if form == "sam":
        template["Transform"] = "AWS::Serverless-2016-10-31"
    template["Description"] = f"IAM of {name}"
    if parameters := _parameters(stack):
        template["Parameters"] = parameters
    number = stack.place.pseudo.get("account")
    if number is not None:
        template["Rules"] = {"Account": _only_in(number)}
    template["Resources"] = {name: _resource(stack, name) for name in stack.resources}
    if outputs := _outputs(stack):
        template["Outputs"] = outputs
    return template


def _outputs(stack: Stack) -> dict[str, Value]:
    """Return the outputs, without ARNs where these are too many: AWS tells them by the names."""
    if len(stack.outputs) <= _MOST_OUTPUTS:
        return stack.outputs
    sessions = ("SessionPolicy", "SessionPolicyArns")
    return {name: output for name, output in stack.outputs.items() if name.endswith(sessions)}


def _only_in(account: str) -> Value:
    """Return a rule that stops a stack in another account before anything is made."""
    return {
        "Assertions": [
            {
                "Assert": Call("Equals", [Call("Ref", "AWS::AccountId"), account]),
                "AssertDescription": f"This template is for the account {account}",
            }
        ]
    }


def _resource(stack: Stack, name: str) -> Value:
    found = stack.resources[name]
    made: dict[str, Value] = {"Type": found.type}
    if after := stack.depends_on(name):
        made["DependsOn"] = list(after)
    if found.properties:
        made["Properties"] = found.properties
    return made


def _parameters(stack: Stack) -> dict[str, Value]:
    used = stack.used()
    made: dict[str, Value] = {}
    for extern in stack.externs:
        # What stands only in what is not deployed is not asked for.
        if (name := stack.names[extern.name]) in used:
            made[name] = _parameter(extern)
    return made | stack.parameters


def _parameter(extern: iam.Extern) -> Value:
    made: dict[str, Value] = {"Type": "String"}
    description = words(extern.doc) or f"{extern.name}: {extern.type}"
    made["Description"] = description[:_MOST_DESCRIPTION]
    if extern.options:
        made["AllowedValues"] = list(extern.options)
        return made
    made["AllowedPattern"] = _NO_REFERENCE + extern.pattern.removeprefix("^")
    made["MinLength"] = 1
    made["MaxLength"] = extern.longest
    made["ConstraintDescription"] = (
        f"has to be of the type {extern.type}, with 1 to {extern.longest} characters,"
        " none of which means something to IAM"
    )
    return made


# A value with `{{`, or one that makes it together with its neighbours, could be a reference to a
# secret, whose value nothing looks at.
_NO_REFERENCE = r"^(?!\{|.*\{\{|.*\{$)"


def _check_size(stack: Stack, text: str) -> None:
    """Refuse what CloudFormation does not take."""
    found = [
        (len(stack.resources), _MOST_RESOURCES, "resources"),
        (len(_parameters(stack)), _MOST_PARAMETERS, "parameters"),
        (len(_outputs(stack)), _MOST_OUTPUTS, "outputs"),
        (len(text.encode("utf-8")), _MOST_BYTES, "bytes"),
    ]
    where = "" if stack.place.account is None else f" of account `{stack.place.account.name}`"
    for count, most, what in found:
        if count > most:
            message = f"the template{where} has {count:,} {what}, and CloudFormation takes {most:,}"
            hint = "make several projects of it, each with a stack of its own"
            if what == "bytes" and not stack.facts.minify:
                hint += "; or ask for `cloudformation-json` with `--minify`, which is shorter"
            stack.complain(codes.TARGET_TOO_LARGE, (), message, hint)


def _plain(value: Value) -> Any:
    """Return a value as JSON has it."""
    if isinstance(value, Call):
        return {value.member: _plain(value.argument)}
    if isinstance(value, dict):
        return {name: _plain(member) for name, member in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value

"""For tests of CloudFormation templates: reading them, and filling them in as AWS documents it.

YAML is read twice: by cfn-lint's reader, which is PyYAML with CloudFormation's tags, and by one
that knows no types but those of YAML 1.2.
"""

from __future__ import annotations

import json
import re
from typing import Any

import yaml

PSEUDO = {
    "AWS::AccountId": "123456789012",
    "AWS::Partition": "aws",
    "AWS::Region": "eu-west-1",
    "AWS::URLSuffix": "amazonaws.com",
}
"""What AWS fills in."""


def read(text: str) -> dict[str, Any]:
    """Return a template of YAML, its short functions as long ones; both readers agree on it."""
    from cfnlint.decode import cfn_yaml

    template, problems = cfn_yaml.loads(text), None
    if isinstance(template, tuple):
        template, problems = template
    assert not problems, problems
    found: dict[str, Any] = json.loads(json.dumps(template))
    assert yaml.load(text, Loader=Newer) == found  # noqa: S506  # a safe loader, see below
    return found


class Newer(yaml.SafeLoader):
    """A reader of YAML 1.2: `yes`, `0123`, `12:30` and dates are texts."""

    yaml_implicit_resolvers = {}  # noqa: RUF012


Newer.add_implicit_resolver(
    "tag:yaml.org,2002:bool", re.compile(r"^(true|True|TRUE|false|False|FALSE)$"), list("tTfF")
)
Newer.add_implicit_resolver("tag:yaml.org,2002:null", re.compile(r"^(~|null|Null|NULL|)$"), None)
Newer.add_implicit_resolver(
    "tag:yaml.org,2002:int", re.compile(r"^([-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+)$"), None
)
Newer.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(r"^([-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.inf|\.nan)$"),
    None,
)


def _function(loader: Newer, suffix: str, node: yaml.Node) -> dict[str, Any]:
    argument: Any
    if isinstance(node, yaml.ScalarNode):
        argument = loader.construct_scalar(node)
    else:
        assert isinstance(node, yaml.SequenceNode)
        argument = loader.construct_sequence(node, deep=True)
    if suffix == "GetAtt":
        argument = argument.split(".", 1)
    return {suffix if suffix == "Ref" else f"Fn::{suffix}": argument}


yaml.add_multi_constructor("!", _function, Loader=Newer)

_IN_SUB = re.compile(r"\$\{(!?)([^}]*)\}")


def filled(value: Any, values: dict[str, str]) -> Any:
    """Return a value of a template with its functions done.

    Args:
        values: of parameters, and what a resource refers to is called by.
    """
    if isinstance(value, list):
        return [filled(item, values) for item in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1:
        (name, argument), known = next(iter(value.items())), PSEUDO | values
        if name == "Ref":
            return known[argument]
        if name == "Fn::GetAtt":
            return ".".join(argument)
        if name == "Fn::Sub":
            return _IN_SUB.sub(lambda m: f"${{{m[2]}}}" if m[1] else known[m[2]], argument)
        if name.startswith("Fn::"):
            done = [filled(item, values) for item in argument]
            if name == "Fn::Join":
                return str(done[0]).join(done[1])
            return done[1].split(done[0]) if name == "Fn::Split" else done[1][done[0]]
    return {name: filled(member, values) for name, member in value.items()}


def document(value: Any) -> Any:
    """Return a policy document, which may be JSON in a text."""
    return json.loads(value) if isinstance(value, str) else value

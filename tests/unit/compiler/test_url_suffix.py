"""`aws.url_suffix`: the domain of the partition, known with it, and left open with it."""

from __future__ import annotations

import json

import pytest

import iamdsl
from iamdsl.aws.partitions import PARTITIONS, URL_SUFFIXES
from iamdsl.deploy import _reading
from iamdsl.iam import PSEUDO_LENGTHS

SOURCE = """\
policy p { allow kms:Decrypt on * when kms:ViaService == "s3.{aws.region}.{aws.url_suffix}" }
"""
REGIONS = {"aws": "eu-west-1", "aws-cn": "cn-north-1", "aws-us-gov": "us-gov-west-1"}
OPEN = {
    "terraform": ("main.tf", "s3.${local.region}.${local.url_suffix}"),
    "cloudformation": ("template.yaml", 's3.${AWS::Region}.${AWS::URLSuffix}"'),
    "aws-cli": ("deploy.sh", '"s3.\'"$region"\'.\'"$url_suffix"\'"'),
    "cdk": ("iamdsl-policies.ts", "s3.${stack.region}.${stack.urlSuffix}"),
    "cdk-python": ("iamdsl_policies.py", "s3.{stack.region}.{stack.url_suffix}"),
}


@pytest.mark.parametrize(("partition", "region"), REGIONS.items())
def test_the_suffix_follows_from_the_partition(partition: str, region: str) -> None:
    """A partition that is known fills it in, so that the JSON has no mark."""
    made = iamdsl.compile(SOURCE, partition=partition, account="111122223333", region=region)

    (statement,) = json.loads(made.files["policies/p.json"])["Statement"]
    expected = f"s3.{region}.{URL_SUFFIXES[partition]}"
    assert statement["Condition"] == {"StringEquals": {"kms:ViaService": expected}}


@pytest.mark.parametrize(("target", "where"), OPEN.items())
def test_targets_fill_in_what_is_open(target: str, where: tuple[str, str]) -> None:
    """What deploys the policy asks AWS for the suffix where the build does not know the partition."""
    made = iamdsl.compile(SOURCE, target=target)

    file, text = where
    assert made.ok, str(made)
    assert text in made.files[file]


@pytest.mark.parametrize(("target", "where"), OPEN.items())
def test_a_service_of_a_region_is_left_open_too(target: str, where: tuple[str, str]) -> None:
    """A principal that says its Region and the partition's ending is whole, wherever it is built."""
    file, text = where
    source = """policy p for s3:bucket("b") {
  allow s3:PutObject to service "s3.{aws.region}.{aws.url_suffix}" on "{self}/*"
}"""
    made = iamdsl.compile(source, target=target)
    assert not [d for d in made.diagnostics if d.code.number == "IAM216"]
    assert text.rstrip('"') in made.files[file]

    short = iamdsl.compile(source.replace(".{aws.url_suffix}", ""), target=target)
    assert "IAM216" in {d.code.number for d in short.diagnostics}


def test_json_asks_for_the_partition() -> None:
    """The way out is the partition, since nobody can set what follows from it."""
    made = iamdsl.compile(SOURCE, region="eu-west-1")

    (found,) = made.diagnostics
    assert found.code.number == "IAM308"
    assert "--set aws.partition=" in str(found.hint)


def test_tables_agree() -> None:
    """Every partition has a suffix, within the length that counts, and programs have the same."""
    assert URL_SUFFIXES.keys() == PARTITIONS.keys()
    assert _reading.URL_SUFFIXES == URL_SUFFIXES
    assert max(map(len, URL_SUFFIXES.values())) == PSEUDO_LENGTHS["aws.url_suffix"]

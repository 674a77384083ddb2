"""AWS's partitions, what their ARNs and Regions look like, and which ending services have there.

From AWS's pages "reference-arns" and "about-aws/global-infrastructure", and botocore's
`partitions.json`, as of November 2026.
"""

from __future__ import annotations

import re
from functools import lru_cache

PARTITIONS: dict[str, str] = {
    "aws": r"(?!cn-|us-gov-|us-iso|eu-iso|eusc-)[a-z]{2}(-[a-z]+)+-\d",
    "aws-cn": r"cn-[a-z]+-\d",
    "aws-us-gov": r"us-gov-[a-z]+-\d",
    "aws-iso": r"us-iso-[a-z]+-\d",
    "aws-iso-b": r"us-isob-[a-z]+-\d",
    "aws-iso-e": r"eu-isoe-[a-z]+-\d",
    "aws-iso-f": r"us-isof-[a-z]+-\d",
    "aws-eusc": r"eusc-[a-z]+-[a-z]+-\d",
}
"""Each partition with the form of its Regions."""

URL_SUFFIXES: dict[str, str] = {
    "aws": "amazonaws.com",
    "aws-cn": "amazonaws.com.cn",
    "aws-us-gov": "amazonaws.com",
    "aws-iso": "c2s.ic.gov",
    "aws-iso-b": "sc2s.sgov.gov",
    "aws-iso-e": "cloud.adc-e.uk",
    "aws-iso-f": "csp.hci.ic.gov",
    "aws-eusc": "amazonaws.eu",
}
"""The domain that the names of each partition's endpoints end in: `AWS::URLSuffix` of
CloudFormation, `dnsSuffix` of botocore's `partitions.json`."""

_AREAS = "us|us-gov|us-iso|us-isob|us-isof|eu|eu-isoe|eusc|ap|sa|ca|af|me|il|mx|cn"
_SIDES = "north|south|east|west|central|northeast|northwest|southeast|southwest"
_REGION = re.compile(rf"(?:(?:{_AREAS})-(?:{_SIDES})|eusc-[a-z]{{2}}-(?:{_SIDES}))-\d")


@lru_cache(maxsize=1024)
def partition_of_region(region: str) -> str:
    """Return the partition that a Region is in, "" for what has not the form of one."""
    return next((p for p, form in PARTITIONS.items() if re.fullmatch(form, region)), "")


def is_region(text: str) -> bool:
    """Tell whether a text is a Region, or could be the next one: the number may be any digit."""
    return _REGION.fullmatch(text) is not None

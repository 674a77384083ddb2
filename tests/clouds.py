"""For tests of targets: builds that hold everything, and an AWS on loopback (moto's server).

Nothing here speaks to AWS: credentials are made up, and every client is pointed at the server.
"""

from __future__ import annotations

import logging
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from iamdsl.diagnostics import Report
from iamdsl.emit import Emission, emit
from iamdsl.project import Options, load_project
from iamdsl.project.making import build_and_facts

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from iamdsl.emit import Facts
    from iamdsl.iam import Build

ACCOUNT = "123456789012"
"""The account that moto's server is."""

EVERYTHING = """
extern stage: "dev" | "prod"
## The bucket that others fill.
extern lake: s3:bucket max 63
extern suffix: String max 20

policy reader {
  path "/data/"
  description "Reads what is in the lake: 100 % of it"
  tags { team = "data", "cost center" = "42" }
  allow s3:[GetObject, ListBucket] on lake, "{lake}/*"
  allow dynamodb:Query on dynamodb:table("orders-{suffix}")
}
policy home { allow s3:GetObject on arn:aws:s3:::home/${aws:username}/* }
boundary edge { allow * except iam:*, organizations:* on * }

role worker {
  path "/service/"
  description "Works, for \\"{stage}\\""
  max_session 2h
  boundary edge
  tags { stage = stage, "a:b" = "x=y + z@w" }
  trust service lambda
  trust account 222233334444 when sts:ExternalId == "it's $(unique)"
  attach reader, aws_managed("AWSLambdaBasicExecutionRole")
  allow sqs:SendMessage on sqs:queue("jobs")
  allow sts:AssumeRole on auditor
}
role auditor {
  trust worker
  allow iam:@list on *
}
role machine {
  trust service ec2
  instance_profile "machine"
  allow logs:PutLogEvents on *
}
group developers {
  path "/people/"
  attach home
  allow s3:ListAllMyBuckets on *
}
user ann {
  path "/people/"
  groups developers
  boundary edge
  tags { team = "data" }
  attach home
  deny iam:* on * unless aws:MultiFactorAuthPresent
}
policy jobs-queue for sqs:queue("jobs") {
  allow sqs:SendMessage to service events when aws:SourceAccount == aws.account
}
policy lake-bucket for s3:bucket("lake") {
  deny s3:* to anyone on self, "{self}/*" unless aws:SecureTransport
}
"""
"""A source of one account: every kind of thing that a deployment there can hold, with externs in
texts, tags and descriptions, and one role that trusts another."""

VALUES = {"stage": "dev", "lake": "arn:aws:s3:::acme-lake", "suffix": "blue"}
"""Values for its externs."""


def compiled(
    folder: Path, text: str, *, targets: tuple[str, ...] = ("terraform",), **settings: str
) -> tuple[Build, Facts]:
    """Return what a source compiles to, and what is known of it.

    Args:
        targets: those without `json` leave open what only a deployment knows.
        settings: `account`, `region`, `partition` of the place; none for what is left open.
    """
    (folder / "main.iam").write_text(text, encoding="utf-8")
    params = tuple((f"aws.{name}", value) for name, value in settings.items())
    project = load_project([str(folder / "main.iam")], Options(targets=targets, params=params))
    report = Report()
    made = build_and_facts(project, report)
    assert made is not None, [d.message for d in report.diagnostics]
    return made


def emitted(target: str, build: Build, facts: Facts) -> Emission:
    """Return the files of one target, which has nothing to complain of."""
    report = Report()
    emission = emit((target,), build, facts, report)
    assert not report.diagnostics, [d.message for d in report.diagnostics]
    return emission


class Cloud:
    """An AWS on loopback, empty."""

    def __init__(self, url: str) -> None:
        self.url = url

    @property
    def environment(self) -> dict[str, str]:
        """Return the environment in which AWS's tools ask the server, and nobody else."""
        own = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith("AWS_") and not name.lower().endswith("_proxy")
        }
        return own | {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",  # of nobody
            "AWS_DEFAULT_REGION": "eu-west-1",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_PAGER": "",
            # What is not asked of the server finds nobody.
            "HTTP_PROXY": "http://127.0.0.1:1",
            "HTTPS_PROXY": "http://127.0.0.1:1",
            "NO_PROXY": "127.0.0.1",
        }

    def client(self, service: str) -> Any:
        """Return a client of the server."""
        import boto3

        return boto3.client(
            service,
            endpoint_url=self.url,
            region_name="eu-west-1",
            aws_access_key_id="testing",
            aws_secret_access_key="testing",  # noqa: S106  # of nobody
        )

    def reset(self) -> None:
        """Forget everything."""
        from moto.core.models import DEFAULT_ACCOUNT_ID
        from moto.moto_api._internal.models import moto_api_backend

        assert DEFAULT_ACCOUNT_ID == ACCOUNT
        moto_api_backend.reset()

    def authorization_details(self) -> Mapping[str, Any]:
        """Return all of IAM that is in the account, as IAM tells it."""
        pages = self.client("iam").get_paginator("get_account_authorization_details").paginate()
        found: dict[str, list[Any]] = {}
        for page in pages:
            for name in ("UserDetailList", "GroupDetailList", "RoleDetailList", "Policies"):
                found.setdefault(name, []).extend(page[name])
        return found


@contextmanager
def cloud() -> Iterator[Cloud]:
    """Run a server while the block lasts; see the fixture `aws` of `conftest.py`."""
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)  # a line for each request, otherwise
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        yield Cloud(f"http://{host}:{port}")
    finally:
        server.stop()

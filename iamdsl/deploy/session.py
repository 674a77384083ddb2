"""The SDK, and who is asking: the account, partition and region that a deployment is about.

Credentials are found by the SDK's own chain, and stay in it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from iamdsl.deploy.errors import no_sdk, problem_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from iamdsl.project.problem import Problem

_ATTEMPTS = 3
"""How often the SDK asks where a connection fails; who is patient with AWS is `converge`."""
_CONNECT, _READ = 10, 60
"""Seconds that a connection and an answer may take."""


class Wanted(NamedTuple):
    """What the command line says of the session; empty for what the SDK finds by itself."""

    profile: str = ""
    region: str = ""
    endpoint: str = ""


class Session(NamedTuple):
    """Somebody who may ask AWS.

    Attributes:
        arn: of who asks, as STS tells it.
        region: empty where nothing says one: IAM needs none.
        client: the SDK's client of a service, made once.
    """

    account: str
    partition: str
    arn: str
    region: str
    client: Callable[[str], Any]

    def organization(self) -> str:
        """Return the account that manages the organization; empty where there is none."""
        from botocore.exceptions import ClientError  # noqa: PLC0415 (only with AWS)

        try:
            found = self.client("organizations").describe_organization()["Organization"]
        except ClientError as error:
            if error.response["Error"]["Code"] == "AWSOrganizationsNotInUseException":
                return ""
            raise
        managing: str = found["MasterAccountId"]
        return managing


def connect(wanted: Wanted, region: str | None) -> Session | Problem:
    """Ask AWS who is asking.

    Args:
        region: to take where neither the command line nor the SDK's settings say one.
    """
    try:
        import boto3  # noqa: PLC0415 (of the extra `aws`, and 100 ms)
        from botocore.config import Config  # noqa: PLC0415
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415
    except ImportError:
        return no_sdk()
    try:
        session = boto3.Session(
            profile_name=wanted.profile or None, region_name=wanted.region or None
        )
        region = session.region_name or region
        settings = Config(
            retries={"mode": "standard", "total_max_attempts": _ATTEMPTS},
            connect_timeout=_CONNECT,
            read_timeout=_READ,
            user_agent_extra="iamdsl",
        )
        client = _clients(session, region, wanted.endpoint, settings)
        told = client("sts").get_caller_identity()
    except (BotoCoreError, ClientError, ValueError) as error:  # ValueError: a URL that is none
        return problem_of(error)
    partition = told["Arn"].split(":")[1]
    return Session(told["Account"], partition, told["Arn"], region or "", client)


def _clients(
    session: Any, region: str | None, endpoint: str, settings: Any
) -> Callable[[str], Any]:
    made: dict[str, Any] = {}

    def client(service: str) -> Any:
        if service not in made:
            name, _, elsewhere = service.partition("@")
            made[service] = session.client(
                name,
                region_name=elsewhere or region,
                endpoint_url=endpoint or None,
                config=settings,
            )
        return made[service]

    return client

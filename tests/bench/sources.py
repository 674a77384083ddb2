"""Makes projects of any size that look like those people write: many services, few conditions."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_ACTIONS = [
    "dynamodb:[GetItem, Query, PutItem, UpdateItem]",
    "s3:[GetObject, PutObject, AbortMultipartUpload]",
    "sqs:[ReceiveMessage, DeleteMessage, GetQueueAttributes]",
    "kms:[Decrypt, GenerateDataKey]",
    "logs:[CreateLogStream, PutLogEvents]",
]
_RESOURCES = [
    'dynamodb:table("{t}")',
    's3:object("data-{t}", "in/*")',
    'sqs:queue("{t}")',
    "arn:aws:kms:eu-west-1:111122223333:key/{t}",
    'logs:log-group("/app/{t}")',
]
_CONDITIONS = [
    "",
    " when aws:PrincipalTag/team == aws:ResourceTag/team",
    ' unless aws:RequestedRegion in ["eu-west-1", "eu-central-1"]',
    "",
    " when aws:SourceIp in [203.0.113.0/24] and aws:SecureTransport",
]
STATEMENTS_IN_A_POLICY = 10


def source(file: int, statements: int) -> str:
    """Return the text of one file with so many statements, ten in a policy."""
    lines = [f"# Policies of team {file}."]
    for number in range(statements):
        if number % STATEMENTS_IN_A_POLICY == 0:
            if number:
                lines.append("}")
            lines += [
                "",
                "## What one service of the team may do.",
                f"policy team-{file}-service-{number // STATEMENTS_IN_A_POLICY} {{",
                f'  description "Service {number // STATEMENTS_IN_A_POLICY} of team {file}"',
            ]
        kind = number % len(_ACTIONS)
        resource = _RESOURCES[kind].replace("{t}", f"t{file}-{number}")
        lines.append(f"  allow {_ACTIONS[kind]} on {resource}{_CONDITIONS[(number // 3) % 5]}")
    lines.append("}")
    return "\n".join(lines) + "\n"


def project(folder: Path, files: int, statements: int) -> int:
    """Write a project of so many files with so many statements each; return its characters."""
    folder.mkdir(parents=True)
    settings = '[aws]\naccount = "111122223333"\nregion = "eu-west-1"\npartition = "aws"\n'
    (folder / "iamdsl.toml").write_text(settings, encoding="utf-8")
    total = 0
    for file in range(files):
        text = source(file, statements)
        total += len(text)
        (folder / f"team-{file:03}.iam").write_text(text, encoding="utf-8")
    return total

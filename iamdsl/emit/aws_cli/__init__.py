"""The target `aws-cli`: a script for each place, which makes it what is declared, again and again.

What its functions do is in the templates `aws-cli*.sh.j2`; which of them are called with what is
made here, as steps. Each text goes through one filter, which quotes it as a word of bash.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from iamdsl import iam
from iamdsl.aws.partitions import URL_SUFFIXES
from iamdsl.emit._marks import marks, open_externs, words
from iamdsl.emit._places import places
from iamdsl.emit._targets import File
from iamdsl.emit._templates import rendered
from iamdsl.emit.aws_cli._organization import organization_sections, permission_set_sections
from iamdsl.emit.aws_cli._resources import resource_sections
from iamdsl.emit.aws_cli._shell import Quoting, remark
from iamdsl.emit.aws_cli._steps import Section, Step, Steps

if TYPE_CHECKING:
    from iamdsl.diagnostics import Report
    from iamdsl.emit._places import Place
    from iamdsl.emit._targets import Data, Facts

SCRIPT = "deploy.sh"
_OWN_OPTIONS = frozenset({"help", "dry-run", "region", "print-session"})
_LINE = 100
_OWN_VARIABLES = frozenset({"IAMDSL_RETRY_SECONDS"})


def emit(build: iam.Build, facts: Facts, report: Report, form: str) -> list[File]:
    """Return a script for each place that has something in it.

    Args:
        form: there is one only.
    """
    del form
    files = []
    found = places(build, facts.pseudo, {SCRIPT, "manifest.json"})
    for place in found:
        sections, sessions = _sections(place, found, facts, report)
        if sections or sessions:
            text = _script(place, sections, sessions, facts)
            path = f"{place.folder}{SCRIPT}"
            files.append(File(path, text, "script", place.account, place.build))
    return files


def _sections(
    place: Place, every: list[Place], facts: Facts, report: Report
) -> tuple[list[Section], list[Step]]:
    steps = Steps(place, facts, report)
    others = frozenset(
        (other.pseudo.get("account", ""), identity.name)
        for other in every
        if other is not place
        for identity in other.build.identities
        if identity.kind == "role"
    )
    sections = list(steps.sections(others))
    sections += resource_sections(steps)
    sections += organization_sections(steps)
    sections += permission_set_sections(steps)
    sessions = [
        Step("session", (d.name, steps.text(d.policy), *(_arn(a, place) for a in d.attached)))
        for d in place.build.documents
        if d.kind == "session"
    ]
    return sections, sessions


def _arn(attachment: iam.Attachment, place: Place) -> str:
    """Return the ARN of what goes with a session policy."""
    if not attachment.ours:
        return attachment.policy
    path = next(d.path for d in place.build.documents if d.name == attachment.policy)
    partition, account = iam.placeholder("aws.partition"), iam.placeholder("aws.account")
    return f"arn:{partition}:iam::{account}:policy{path}{attachment.policy}"


def _script(place: Place, sections: list[Section], sessions: list[Step], facts: Facts) -> str:
    externs = _externs(place.build, facts)
    quoting = Quoting({e["name"]: e["variable"] for e in externs})
    uses = _uses(place, sections, sessions)
    options = [(e["option"], e["variable"]) for e in externs]
    options += [("region", "region")] if uses["region"] else []
    options += [("print-session", "print_session")] if sessions else []
    return rendered(
        "aws-cli.sh.j2",
        {"sh": quoting.word, "remark": remark},
        where=_where(place),
        file=SCRIPT,
        usage=_usage(place, externs, sessions, uses),
        externs=externs,
        options=options,
        uses=uses,
        account=place.pseudo.get("account", ""),
        partition=place.pseudo.get("partition", ""),
        url_suffixes=URL_SUFFIXES.items(),
        sections=[(s.title, s.notes, [_call(step, quoting) for step in s.steps]) for s in sections],
        sessions=[_call(step, quoting) for step in sessions],
    )


def _call(step: Step, quoting: Quoting) -> str:
    """Return a call: in one line, or a line for each argument where it is long."""
    found = [step.word, *map(quoting.word, step.values)]
    line = " ".join(found)
    short = len(line.partition("\n")[0]) <= _LINE
    return line if short else " \\\n  ".join(found)


def _uses(place: Place, sections: list[Section], sessions: list[Step]) -> dict[str, bool]:
    """Return which functions a script needs."""
    called = {step.word for section in sections for step in section.steps}
    identities = bool(called & {"role", "user", "group"})
    managed = identities or "managed_policy" in called
    left = marks(place.build)
    return {
        "iam": managed,
        "identities": identities or bool(called & {"attach_now", "detach_now"}),
        "roles": "role" in called,
        "users": "user" in called,
        "groups": "group" in called,
        "profiles": "instance_profile" in called,
        "moves": bool(called & {"attach_now", "detach_now"}),
        "resources": "resource_policy" in called,
        "parts": "parts" in called,
        "lookups": "look_up" in called,
        "root": "root_of_all" in called,
        "organization": bool(called & {"organization_policy", "known_policy"}),
        "permission_sets": "permission_set" in called,
        "partition": managed or bool(sessions) or bool(left & {"aws.partition", "aws.url_suffix"}),
        "url_suffix": "aws.url_suffix" in left,
        "region": "aws.region" in left,
    }


def _externs(build: iam.Build, facts: Facts) -> list[Data]:
    """Return what is left open, each with an option and a variable of its own."""
    options, variables = set(_OWN_OPTIONS), set(_OWN_VARIABLES)
    found: list[Data] = []
    for extern in open_externs(build, facts.externs):
        option = extern.name
        while option in options:
            option = f"extern-{option}"
        options.add(option)
        variable = f"IAMDSL_{extern.name.upper().replace('-', '_')}"
        while variable in variables:
            variable += "_"
        variables.add(variable)
        made: Data = {name: getattr(extern, name) for name in ("name", "longest", "pattern")}
        made |= {"options": extern.options, "type": extern.type, "doc": words(extern.doc)}
        found.append({**made, "option": option, "variable": variable})
    return found


def _where(place: Place) -> str:
    if place.account is not None:
        return f"the account {place.account.name} ({place.account.id})"
    known = place.pseudo.get("account")
    return f"the account {known}" if known else "the account that the credentials are of"


def _usage(
    place: Place, externs: list[Data], sessions: list[Step], uses: dict[str, bool]
) -> list[str]:
    lines = [
        f"usage: bash {SCRIPT} [OPTION…]".replace("…", "..."),
        f"Makes {_where(place)} what is declared; it can be run again at any time.",
        "",
        "  --dry-run              tell what would be done, and change nothing",
        "  --help                 this text",
    ]
    if uses["region"]:
        lines.append("  --region REGION        else the one that the AWS CLI is set up with")
    if sessions:
        names = ", ".join(step.values[0] for step in sessions)
        lines.append(
            f"  --print-session NAME   what `aws sts assume-role` takes as --cli-input-json: {names}"
        )
    for extern in externs:
        what = ", ".join(extern["options"]) if extern["options"] else extern["type"]
        doc = f": {extern['doc']}" if extern["doc"] else ""
        option = f"--{extern['option']} VALUE".ljust(21)
        lines.append(f"  {option}  or ${extern['variable']}; {what}{doc}")
    return [remark(line) for line in lines]

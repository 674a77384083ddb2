"""What makes an account as it is desired: read it, plan the steps, do them.

    desired = filled(data, values)          # data of `iamdsl.emit._desired`, no marks left
    live = read(client, desired)
    plan = planned(desired, live)
    outcome = run(client, plan)

The modules behind it import nothing but Python's standard library and each other: target `boto3`
writes their text into a program of its own. Clients of AWS's SDK come in from outside.
"""

from __future__ import annotations

from iamdsl.deploy._terms import TAG, Conflict, Live, Outcome, Plan, Step

__all__ = ["TAG", "Conflict", "Live", "Outcome", "Plan", "Step"]

# To come:
#   pseudo(client) -> dict[str, str]: `aws.account`, `aws.partition`, `aws.region` of the credentials
#   refused(externs, values) -> list[str]: what is missing, unknown or not of the pattern, in words
#   filled(data, values) -> Data: without marks; values by name, with those of `pseudo`
#   read(client, desired) -> Live
#   planned(desired, live, adopt=()) -> Plan: `adopt` holds keys of conflicts (`Conflict.key`)
#   steps(desired, live) -> list[Step]: `planned(...).steps`
#   perform(client, step, sleep=time.sleep) -> None: raises what AWS said at last
#   run(client, plan, tell=None, sleep=time.sleep) -> Outcome: `tell(step)` after each
#   canonical(document) -> Data: for comparing documents as data

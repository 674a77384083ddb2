"""What makes an account as it is desired: read it, plan the steps, do them.

    desired = filled(data, {**values, **pseudo(client)})   # of `iamdsl.emit._desired`
    live = read(client, desired)
    plan = planned(desired, live)
    outcome = run(client, plan)

This module and those behind it import nothing but Python's standard library and each other: target
`boto3` writes their text into a program of its own. Clients of AWS's SDK come in from outside, by
a function of the service's name that had better keep what it made.
"""

from __future__ import annotations

from iamdsl.deploy._documents import canonical, filled, refused
from iamdsl.deploy._performing import perform, run
from iamdsl.deploy._planning import planned, steps
from iamdsl.deploy._reading import pseudo, read
from iamdsl.deploy._terms import TAG, Conflict, Live, Outcome, Plan, Step

__all__ = [
    "TAG",
    "Conflict",
    "Live",
    "Outcome",
    "Plan",
    "Step",
    "canonical",
    "filled",
    "perform",
    "planned",
    "pseudo",
    "read",
    "refused",
    "run",
    "steps",
]

"""What Python's peers make of policies: `python python_peers.py PEER IN OUT SECONDS`.

IN is a list of pairs of a name and a document, OUT an object: {seconds, slowest, documents, raised},
the last two by name. After SECONDS of CPU it stops, and what it did not come to is in neither. Run
with the folder of the peer on PYTHONPATH.

policy_sentry, policyuniverse and iam-minify shrink lists of actions, so that statements stay as they
are but for these; iam-ape writes what a policy allows anew, and its denies stay as they are.
"""

from __future__ import annotations

import contextlib
import copy
import importlib
import io
import json
import os
import signal
import sys
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    Document = dict[str, Any]


def _statements(document: Document) -> list[dict[str, Any]]:
    found: Any = document["Statement"]
    return found if isinstance(found, list) else [found]


def _with_actions(document: Document, shorter: Callable[[list[str]], list[str]]) -> Document:
    made = copy.deepcopy(document)
    for statement in _statements(made):
        if "Action" in statement:
            actions = statement["Action"]
            statement["Action"] = shorter(actions if isinstance(actions, list) else [actions])
    return made


def policy_sentry() -> Callable[[Document], Document]:
    """Return what `policy_sentry` does with `--minimize`, its wildcards expanded before."""
    expand = importlib.import_module("policy_sentry.analysis.expand").determine_actions_to_expand
    minimize = importlib.import_module("policy_sentry.writing.minimize").minimize_statement_actions
    every = importlib.import_module("policy_sentry.querying.all").get_all_actions(lowercase=True)
    return lambda document: _with_actions(
        document, lambda actions: minimize(expand(actions), every, 0)
    )


def policyuniverse() -> Callable[[Document], Document]:
    """Return its expansion and minimization of a whole policy, as its command does both."""
    module = importlib.import_module("policyuniverse.expander_minimizer")

    def shrunk(document: Document) -> Document:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            made: Document = module.minimize_policy(module.expand_policy(document))
        return made

    return shrunk


def iam_minify() -> Callable[[Document], Document]:
    """Return its two steps, with the catalogue given that it would fetch: `ACTIONS` is a file."""
    optimize = importlib.import_module("src.optimize")
    with open(os.environ["ACTIONS"], encoding="utf-8") as stream:
        every = json.load(stream)

    def shorter(actions: list[str]) -> list[str]:
        merged: list[str] = optimize.merge_overlaps(optimize.truncate(actions, every), every)
        return merged

    return lambda document: _with_actions(document, shorter)


def iam_ape() -> Callable[[Document], Document]:
    """Return what it writes of all that a policy allows."""
    module = importlib.import_module("iam_ape.expand_policy")
    named = importlib.import_module("iam_ape.helper_classes").PolicyWithSource
    normal = importlib.import_module("iam_ape.helper_functions").normalize_policy
    expander = module.PolicyExpander()

    def shrunk(document: Document) -> Document:
        allowed = [s for s in _statements(document) if s["Effect"] == "Allow"]
        denied = [s for s in _statements(document) if s["Effect"] != "Allow"]
        whole = normal(copy.deepcopy({"Version": "2012-10-17", "Statement": allowed}))
        found = expander.expand_policies([named("policy", whole)])
        made = expander.shrink_policy(found.allowed_permissions)["Statement"]
        return {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", **s} for s in made] + denied,
        }

    return shrunk


PEERS = {
    "policy_sentry": policy_sentry,
    "policyuniverse": policyuniverse,
    "iam-minify": iam_minify,
    "iam-ape": iam_ape,
}


class LateError(BaseException):
    """All seconds are used; nothing of a peer's may catch it."""


def _late(*_: object) -> None:
    raise LateError


def main() -> None:
    """Run one peer over documents."""
    _, peer, given, made, most = sys.argv
    with open(given, encoding="utf-8") as stream:
        documents = json.load(stream)
    shrink = PEERS[peer]()
    done: dict[str, Any] = {}
    raised: dict[str, str] = {}
    slowest = (0.0, "")
    total = 0.0
    signal.signal(signal.SIGPROF, _late)
    signal.setitimer(signal.ITIMER_PROF, float(most))
    with contextlib.suppress(LateError):
        for name, document in documents:
            began = time.process_time()
            try:
                result = shrink(document)
            except Exception as why:  # noqa: BLE001  # whatever a peer raises is its answer
                raised[name] = f"{type(why).__name__}: {why}"[:200]
            else:
                done[name] = result
            took = time.process_time() - began
            total += took
            slowest = max(slowest, (took, name))
    signal.setitimer(signal.ITIMER_PROF, 0)
    with open(made, "w", encoding="utf-8") as stream:
        json.dump(
            {"seconds": total, "slowest": slowest, "documents": done, "raised": raised}, stream
        )


if __name__ == "__main__":
    main()

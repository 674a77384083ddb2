"""How fast requests are decided: `python tests/bench/simulate.py [--requests N] [--peer]`.

Identity-only requests over all AWS managed policies that moto has, twenty for each, in random
order: in this process, and as JSON Lines with the policies in each line through `iamdsl simulate
--batch`. With `--peer` the npm package @cloud-copilot/iam-simulate (fetched into a temporary
folder) answers the same requests, one process each as well, and the decisions are compared. Seconds
are of CPU, on one core.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

sys.path.insert(0, str(Path(__file__).parent.parent))

from real_policies import managed_policies

from iamdsl import iam
from iamdsl.aws import Catalogue
from iamdsl.resources import open_catalogue
from iamdsl.simulate import Named, Policies, Request, decide, filled

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

USER = "arn:aws:iam::111122223333:user/alice"
RESOURCES = (
    *("*", "arn:aws:s3:::bucket/key", "arn:aws:ec2:eu-west-1:111122223333:instance/i-1"),
    *("arn:aws:iam::111122223333:role/app", "arn:aws:logs:eu-west-1:111122223333:log-group:group"),
)
A_POLICY = 20
PEER = "@cloud-copilot/iam-simulate"
ANSWERS = {
    "Allowed": "allowed",
    "ExplicitlyDenied": "explicitDeny",
    "ImplicitlyDenied": "implicitDeny",
}
RUNNER = """
const {runUnsafeSimulation} = require('@cloud-copilot/iam-simulate');
const lines = require('fs').readFileSync(process.argv[2], 'utf8').split('\\n').filter(l => l);
const asked = lines.map(l => JSON.parse(l));
const simulation = r => ({
  request: {principal: r.principal, action: r.action,
    resource: {resource: r.resource, accountId: '111122223333'}, contextVariables: r.filled},
  identityPolicies: r.identity_policies.map((policy, i) => ({name: 'p' + i, policy})),
  serviceControlPolicies: [], resourceControlPolicies: []});
const answer = r => { try { return runUnsafeSimulation(simulation(r), {}) } catch (e) { return 'error' } };
asked.slice(0, 2000).forEach(answer);
const before = process.cpuUsage();
const answers = asked.map(answer);
const used = process.cpuUsage(before);
console.log(JSON.stringify({seconds: (used.user + used.system) / 1e6, answers}));
"""


class Asked(NamedTuple):
    """A request, and the name of the policy that it is about."""

    request: Request
    policy: str


def requests(most: int) -> list[Asked]:
    """Return requests, most of them for actions that the policy lists."""
    known = Catalogue(open_catalogue())
    choice = random.Random(20261129)  # noqa: S311
    made = []
    for name, document in managed_policies().items():
        listed = iam.from_json(document).statements
        patterns = [text for s in listed for text in s.actions.values]
        actions = [a for p in patterns[:20] for a in known.match(p)[:3]] or ["s3:GetObject"]
        for _ in range(A_POLICY):
            action = choice.choice([*actions, "s3:GetObject"])
            context = {"aws:sourceip": ("203.0.113.7",), "aws:requestedregion": ("eu-west-1",)}
            made.append(Asked(Request(USER, action, choice.choice(RESOURCES), context), name))
    choice.shuffle(made)
    return made[:most]


def written(asked: Sequence[Asked]) -> Iterator[str]:
    """Yield the requests as JSON Lines, all members of the format in each."""
    documents = managed_policies()
    for number, (request, name) in enumerate(asked):
        yield json.dumps(
            {
                "id": str(number),
                "principal": request.principal,
                "action": request.action,
                "resource": request.resource,
                "resource_account": None,
                "context": {key: values[0] for key, values in request.context.items()},
                "identity_policies": [documents[name]],
                "resource_policy": None,
                "boundaries": [],
                "session_policies": [],
                "scps": [],
                "rcps": [],
                "endpoint_policies": [],
            }
        )


def in_process(asked: Sequence[Asked]) -> list[str]:
    """Decide in this process, policies read before, and say how fast that was."""
    policies = {
        name: Policies((Named(name, iam.from_json(document)),))
        for name, document in managed_policies().items()
    }
    for what in ("in process, policies new", "in process, policies known"):
        began = time.process_time()
        verdicts = [decide(request, policies[name]).verdict for request, name in asked]
        _say(what, len(asked), time.process_time() - began)
    print(f"  {dict(Counter(verdicts))}")
    return list(verdicts)


def through_batch(file: Path, number: int) -> list[str]:
    """Decide by the command, its start included, and say how fast that was."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, "-m", "iamdsl", "simulate", "--batch", str(file)]
    done = subprocess.run(command, capture_output=True, check=True, encoding="utf-8")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    _say(f"--batch, {file.stat().st_size / number:,.0f} bytes a line", number, used)
    return [json.loads(line)["decision"] for line in done.stdout.splitlines()]


def of_the_peer(asked: Sequence[Asked], lines: Sequence[str], folder: Path) -> list[str] | None:
    """Let the npm package decide, and say how fast that was; None where there is no npm."""
    if not shutil.which("npm") or not shutil.which("node"):
        print("no npm, no peer")
        return None
    fetch = ["npm", "install", "--silent", "--no-save", "--prefix", str(folder), PEER]
    subprocess.run(fetch, check=True, capture_output=True)
    (folder / "run.cjs").write_text(RUNNER)
    with (folder / "asked.jsonl").open("w") as stream:
        for (request, _), line in zip(asked, lines, strict=True):
            context = {key: values[0] for key, values in filled(request).context.items()}
            stream.write(json.dumps(json.loads(line) | {"filled": context}) + "\n")
    command = ["node", str(folder / "run.cjs"), str(folder / "asked.jsonl")]
    done = subprocess.run(command, check=True, capture_output=True, encoding="utf-8")
    found: dict[str, Any] = json.loads(done.stdout)
    _say(f"{PEER}, in process", len(asked), found["seconds"])
    return [ANSWERS.get(answer, answer) for answer in found["answers"]]


def _say(what: str, number: int, seconds: float) -> None:
    print(f"{what}: {number / seconds:,.0f} requests a second ({number:,} in {seconds:.2f} s)")


def main() -> None:
    """Measure, and compare decisions."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=1_000_000)
    parser.add_argument("--peer", action="store_true", help="measure and compare the npm package")
    given = parser.parse_args()
    asked = requests(given.requests)
    lines = list(written(asked))
    ours = in_process(asked)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        file = folder / "requests.jsonl"
        file.write_text("".join(f"{line}\n" for line in lines))
        assert through_batch(file, len(lines)) == ours
        theirs = of_the_peer(asked, lines, folder) if given.peer else None
    if theirs is not None:
        pairs = list(zip(asked, ours, theirs, strict=True))
        differ = [pair for pair in pairs if pair[1] != pair[2]]
        print(f"{len(differ):,} of {len(asked):,} decided otherwise by the peer")
        # To it a request for `*` is one for every resource that a policy names.
        differ = [pair for pair in differ if pair[0].request.resource != "*"]
        print(f"{len(differ):,} of them about one resource")
        for (request, policy), our, their in differ[:20]:
            print(f"  {policy} {request.action} {request.resource}: {our}, {their} there")


if __name__ == "__main__":
    main()

"""What a deployment may give for an extern: as much as the compiler takes, and never more."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from clouds import compiled
from hypothesis import given, settings
from hypothesis import strategies as st

import iamdsl

if TYPE_CHECKING:
    from iamdsl.iam import Extern

SOURCE = """
## Where
## things lie.
extern bucket: s3:bucket max 63
extern object: s3:object max 200
extern who: Arn max 200
extern owner: AccountId
extern region: Region
extern stage: "dev" | "pr.od" | "a^b"
extern text: String max 20
extern pattern: Pattern max 20
"""

ACCEPTED = {
    "bucket": ["arn:aws:s3:::a-b.c", "arn:aws-cn:s3:::x"],
    "object": ["arn:aws:s3:::a/b c/$LATEST", "arn:aws:s3:::a/b"],
    "who": ["arn:aws:iam::111122223333:role/x", "arn:aws:iam::aws:policy/A", "arn:aws:s3:::b"],
    "owner": ["000000000001"],
    "region": ["eu-west-1", "us-gov-east-1"],
    "stage": ["dev", "pr.od", "a^b"],
    "text": ["a", "a b", "$a", "a:b/c", "it's", "{x}", "<&>", "a$}"],
    "pattern": ["a*", "a?", "${aws:username}"],
}
REFUSED = {
    "bucket": ["", "*", "arn:aws:s3:::", "arn:aws:s3:::a/b", "arn:aws:s3:::a*", "arn:aws:sqs:::a", " arn:aws:s3:::a"],
    "object": ["arn:aws:s3:::a", "arn:aws:s3:::a/${aws:username}", "arn:aws:s3:::a/?"],
    "who": ["arn:aws:iam::111122223333:", "role/x", "arn:*:iam::1:role/x", "arn:aws:iam::*:role/x"],
    "owner": ["1", "11112222333", "1111222233334", "arn:aws:iam::111122223333:root", "*"],
    "region": ["*", "eu", "EU-WEST-1", "eu-west-1\n"],
    "stage": ["", "devx", "prXod", "DEV"],
    "text": ["", "*", "a*", "?", "${x}", "$${x", "a$", '"', "\\", "a\nb", "é", "\t", "$*", "$?"],
    "pattern": ["", '"', "\\", "a\nb"],
}  # fmt: skip


@cache
def declared() -> dict[str, Extern]:
    with tempfile.TemporaryDirectory() as folder:
        _, facts = compiled(Path(folder), SOURCE)
    return {extern.name: extern for extern in facts.externs}


CASES = [
    *((name, value, True) for name, values in ACCEPTED.items() for value in values),
    *((name, value, False) for name, values in REFUSED.items() for value in values),
]


@pytest.mark.parametrize(("name", "value", "good"), CASES, ids=repr)
def test_values(name: str, value: str, good: bool) -> None:
    """Protects what a target lets through: values of the type, and nothing that widens a policy."""
    assert (re.fullmatch(declared()[name].pattern, value, re.ASCII) is not None) is good


def test_what_a_target_is_told() -> None:
    """Protects that type, length, choices and doc comment reach whoever fills a value in."""
    found = declared()
    assert found["bucket"].doc.split() == ["Where", "things", "lie."]
    assert (found["bucket"].type, found["bucket"].longest) == ("s3:bucket", 63)
    assert found["stage"].options == ("dev", "pr.od", "a^b")
    assert (found["owner"].longest, found["region"].longest) == (12, 14)


@given(st.text(st.characters(min_codepoint=1, max_codepoint=0x17F), min_size=1, max_size=20))
@settings(max_examples=150)
def test_what_matches_stands_for_itself(value: str) -> None:
    """Protects the texts around a value: in JSON and in a pattern of IAM's it is plain text."""
    if re.fullmatch(declared()["text"].pattern, value) is None:
        return
    assert json.dumps(value) == f'"{value}"'
    assert not {"*", "?"} & set(value)
    assert "${" not in f"{value}{{"


@pytest.mark.parametrize(
    ("name", "value"), [(n, v) for n, v, good in CASES if good and n not in {"region", "stage"}]
)
def test_the_compiler_takes_what_a_target_takes(name: str, value: str) -> None:
    """Protects that a value given at deployment is one that `--set` would take, and means the same."""
    kind, longest = declared()[name].type, "" if name == "owner" else "max 200"
    operator = "like" if name == "pattern" else "=="
    test = f"aws:PrincipalTag/a {operator} value"
    source = f"extern value: {kind} {longest}\npolicy p {{ allow s3:GetObject on * when {test} }}"
    result = iamdsl.compile(source, params={"value": value}, partition="aws")
    assert result.ok, str(result)
    [condition] = result.document("policies/p.json")["Statement"][0]["Condition"].values()
    assert condition == {"aws:PrincipalTag/a": value}


BASH = """
LC_ALL=C
while IFS= read -r -d '' p && IFS= read -r -d '' v; do
  if [[ $v =~ $p ]]; then echo 1; else echo 0; fi
done
"""
NODE = """
const a = require("fs").readFileSync(0, "utf8").split("\\0");
for (let i = 0; i + 1 < a.length; i += 2) console.log(new RegExp(a[i]).test(a[i + 1]) ? 1 : 0);
"""
ENGINES = {"bash": ["bash", "-c", BASH], "node": ["node", "-e", NODE]}


@pytest.mark.e2e
@pytest.mark.parametrize("engine", ENGINES)
def test_engines_agree(engine: str) -> None:
    """Protects that a pattern says the same in every tool that checks it."""
    if shutil.which(engine) is None:
        pytest.skip(f"{engine} is not installed")
    texts = [v for values in (*ACCEPTED.values(), *REFUSED.values()) for v in values]
    texts += [chr(c) for c in range(1, 128)]
    pairs = [(e.pattern, v) for e in declared().values() for v in texts if not v.endswith("\n")]
    given = "".join(f"{pattern}\0{value}\0" for pattern, value in pairs)
    done = subprocess.run(ENGINES[engine], input=given.encode(), capture_output=True, check=True)
    said = [line == "1" for line in done.stdout.decode().split()]
    assert len(said) == len(pairs)
    wrong = [
        p
        for p, s in zip(pairs, said, strict=True)
        if (re.fullmatch(*p, re.ASCII) is not None) is not s
    ]
    assert not wrong

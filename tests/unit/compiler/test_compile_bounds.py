"""Work is bounded and circles are found: what a hostile or careless source may ask of a build."""

from __future__ import annotations

import time

import pytest

import iamdsl

MAX_SECONDS = 20.0
POLICY = 'policy p { allow s3:GetObject on "arn:aws:s3:::b/*" }\n'


def compiled(source: str, files: dict[str, str] | None = None) -> iamdsl.Result:
    """Compile a source in a place that is known."""
    return iamdsl.compile(
        source, files=files, partition="aws", account="111122223333", region="eu-west-1"
    )


def codes(source: str, files: dict[str, str] | None = None, *, ignore: str = "IAM110") -> list[str]:
    """Return the codes of what is said of a source, compiled in bounded time."""
    began = time.process_time()
    result = compiled(source, files)
    assert time.process_time() - began < MAX_SECONDS
    assert result.ok != bool([d for d in result.diagnostics if d.severity.value == "error"])
    return [d.code.number for d in result.diagnostics if d.code.number != ignore]


def texts(count: int) -> str:
    """Return a list of so many texts, as it is written."""
    return "[" + ", ".join(f'"t{number}"' for number in range(count)) + "]"


def templates(depth: int, body: str) -> str:
    """Return templates that use each other, `t0` with a body, and a policy that uses the last."""
    chain = "".join(
        f"template t{n + 1}() {{ {body.replace('NEXT', f't{n}()')} }}\n" for n in range(depth)
    )
    first = "template t0() { allow s3:GetObject on * }\n"
    return f"{first}{chain}policy p {{ use t{depth}() }}\n"


# Expansion


def test_templates_nest_64_deep() -> None:
    """The bound is the one that the language names, to the level."""
    assert codes(templates(63, "use NEXT")) == []
    assert codes(templates(64, "use NEXT")) == ["IAM309"]


@pytest.mark.parametrize(
    "body", ["use NEXT " * 10, "for x in [1, 2, 3, 4, 5, 6, 7, 8] { use NEXT }"]
)
def test_templates_do_not_multiply(body: str) -> None:
    """Ten times ten times ten … statements end at 100,000."""
    assert codes(templates(20, body)) == ["IAM309"]


def test_100_000_statements_are_the_bound() -> None:
    """Loops count by what they make."""
    loop = f"let xs = {texts(400)}\npolicy p {{ for a in xs {{ for b in xs {{ BODY }} }} }}\n"
    assert codes(loop.replace("BODY", 'allow s3:GetObject on "arn:aws:s3:::{a}/{b}"')) == ["IAM309"]


@pytest.mark.parametrize("body", ["", 'if a == "no" { allow s3:GetObject on * }', "let y = c"])
def test_loops_that_make_nothing_end(body: str) -> None:
    """A loop is bounded by its turns as well, or 64 million of them would run unseen."""
    source = (
        f"let xs = {texts(400)}\npolicy p {{ allow s3:GetObject on *\n"
        f"  for a in xs {{ for b in xs {{ for c in xs {{ {body} }} }} }} }}\n"
    )
    assert [c for c in codes(source) if c != "IAM010"] in (["IAM309"], [])


@pytest.mark.parametrize(
    "lets",
    [
        'let s0 = "aaaaaaaaaa"\n'
        + "".join(f'let s{n + 1} = "{f"{{s{n}}}" * 10}"\n' for n in range(9)),
        'let s0 = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"]\n'
        + "".join(f"let s{n + 1} = [{', '.join([f's{n}'] * 10)}]\n" for n in range(9)),
        f'let l = {texts(10)}\nlet s9 = "{"{l}" * 9}"\n',
        f'let l = {texts(400)}\nlet s9 = [[["{{a}}{{b}}{{c}}" for a in l] for b in l] for c in l]\n',
    ],
    ids=["text", "lists", "all pairs", "comprehensions"],
)
def test_values_do_not_explode(lets: str) -> None:
    """Ten lines may not ask for gigabytes: values are bounded as statements are."""
    found = codes(lets + 'policy p { allow s3:GetObject on "arn:aws:s3:::{s9}" }\n')
    assert "IAM309" in found


def test_formulas_do_not_explode() -> None:
    """A formula folded from 160,000 tests is refused, not solved."""
    source = (
        f"let l = {texts(400)}\npolicy p {{ allow s3:GetObject on * when"
        " all([any([aws:RequestTag/{a} == b for a in l]) for b in l]) }\n"
    )
    assert codes(source)[:1] in (["IAM305"], ["IAM309"])


MANY_KEYS = """
((aws:EpochTime exists or (aws:userid like "a" and aws:username in ["a", "b"] and
  ec2:InstanceType not like ["x", "y"])) or (aws:PrincipalArn exists and ec2:InstanceType exists) or
  ((aws:PrincipalTag/x == "t" or s3:max-keys == 10) and
  (aws:MultiFactorAuthAge >= 1h or aws:SourceIp not in [10.1.0.0/16]))) and not
((aws:ResourceTag/t? == "a" and aws:PrincipalOrgID != "a" and aws:SourceIp missing) or
  ((kms:ViaService like "b*c" or aws:MultiFactorAuthPresent? != false) and
  kms:ViaService? not like "1" and ec2:InstanceType? == "x") or
  (not (all dynamodb:LeadingKeys? != "q") and aws:SourceIp? in [10.1.0.0/16]))
"""


@pytest.mark.parametrize(
    "condition",
    [
        " and ".join(f'(aws:RequestTag/a{n} == "x" or aws:RequestTag/b{n} == "y")' for n in range(30)),
        " or ".join(f'aws:RequestTag/a{n} == "x"' for n in range(300)),
        " and ".join(f'any aws:TagKeys == "k{n}"' for n in range(60)),
        MANY_KEYS,
    ],
    ids=["conjunctive", "disjunctive", "many-valued", "many keys"],
)  # fmt: skip
def test_formulas_end(condition: str) -> None:
    """A formula is compiled or refused; none is worked on for minutes."""
    found = codes(f"policy p {{ allow s3:GetObject on * when {condition} }}\n", ignore="")
    assert [c for c in found if c in {"IAM305", "IAM304", "IAM301"}] or "IAM901" not in found


def test_long_chains_end() -> None:
    """A chain of a thousand names, `else if`s or tests is compiled or refused, never a crash."""
    lets = 'let a0 = "x"\n' + "".join(f"let a{n + 1} = a{n}\n" for n in range(3_000))
    assert codes(lets + POLICY.replace("b/*", "{a3000}/*"))[:1] in (["IAM011"], ["IAM309"], [])
    chain = "if false { allow s3:GetObject on * } else " * 1_500
    assert codes(f"policy p {{ {chain} {{ allow s3:* on * }} }}")[:1] in (["IAM011"], [])
    tests = " and ".join(["aws:SecureTransport"] * 20_000)
    assert codes(f"policy p {{ allow s3:GetObject on * when {tests} }}") in ([], ["IAM305"])


@pytest.mark.parametrize("digits", [30, 5_000])
@pytest.mark.parametrize(
    "source",
    [
        "policy p {{ allow s3:ListBucket on * when s3:max-keys < {} }}",
        "role r {{ trust service ec2 max_session {}h }}",
        "let x = {}\npolicy p {{ allow s3:ListBucket on * when s3:max-keys == x }}",
        "policy p {{ if {} == 1 {{ allow s3:GetObject on * }} else {{ deny s3:* on * }} }}",
    ],
)
def test_huge_numbers(source: str, digits: int) -> None:
    """A number of any length is taken or refused; Python's limit on digits is not met."""
    assert "IAM901" not in codes(source.format("9" * digits), ignore="")


# Circles


@pytest.mark.parametrize(
    "source",
    [
        "let a = a\n",
        'let a = b\nlet b = [c]\nlet c = "{a}"\n',
        "template t() { use t() }\npolicy q { use t() }\n",
        "template t() { use u() }\ntemplate u() { use t() }\npolicy q { use t() }\n",
    ],
)  # fmt: skip
def test_definitions_that_lead_back(source: str) -> None:
    """A value or template that needs itself is told as such."""
    assert "IAM104" in codes(source + POLICY)


def test_imports_that_lead_back() -> None:
    """Three modules in a circle are told with the circle."""
    files = {
        "a.iam": 'import "./b.iam" as b\nlet x = b.y\n',
        "b.iam": 'import "./c.iam" as c\nlet y = c.z\n',
        "c.iam": 'import "./a.iam" as a\nlet z = "q"\n',
    }
    result = compiled('import "./a.iam" as a\n' + POLICY, files)
    cycles = [d for d in result.diagnostics if d.code.number == "IAM104"]
    assert len(cycles) == 1
    assert all(name in cycles[0].label + cycles[0].message for name in files)


def test_an_import_of_itself() -> None:
    """The shortest circle."""
    files = {"a.iam": 'import "./a.iam" as a\nlet x = 1\n'}
    assert "IAM104" in codes('import "./a.iam" as a\n' + POLICY, files)


def test_a_long_chain_of_imports() -> None:
    """A thousand modules in a row are read without a stack of their height."""
    files = {f"m{n}.iam": f'import "./m{n + 1}.iam" as m\nlet x = m.x\n' for n in range(300)}
    files["m300.iam"] = 'let x = "b"\n'
    source = 'import "./m0.iam" as m\n' + POLICY.replace("b/*", "{m.x}/*")
    assert codes(source, files)[:1] in ([], ["IAM011"])


def test_entities_may_lead_back() -> None:
    """Two roles that trust each other are no circle."""
    roles = "role a { trust b allow s3:Get* on * }\nrole b { trust a allow s3:Get* on * }\n"
    assert codes(roles) == []


# Suggestions


def test_long_names_are_not_compared() -> None:
    """What a name of thousands of characters was meant to be would take seconds to find out."""
    name = "a" * 60_000
    assert codes(f"let {name} = 1\npolicy p {{ allow s3:GetObject on {name}b }}") == ["IAM101"]


def test_many_unknown_names() -> None:
    """Thousands of unknown names beside as many that are like them end, each with its message."""
    lets = "".join(f"let some-table-{n} = 1\n" for n in range(1000))
    asked = ", ".join(f"some-tabel-{n}" for n in range(1000))
    found = codes(f"{lets}policy p {{ allow s3:GetObject on {asked} }}\n")
    assert found == ["IAM101"] * 1000


def test_the_first_unknown_names_have_suggestions() -> None:
    """The bound on suggestions is far from what a person mistypes."""
    result = compiled("let orders = 1\npolicy p { allow s3:GetObject on ordrs }\n")
    assert "did you mean `orders`?" in str(result)

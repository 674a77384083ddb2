"""Comparisons of request keys, as tests: the operator family, the values, the catalogue's view."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from iamdsl.analysis.arns import is_short
from iamdsl.compiler.builders import text_of
from iamdsl.diagnostics import Edit, Fix, codes
from iamdsl.diagnostics.nearest import did_you_mean
from iamdsl.iam import PLACEHOLDER_OPEN
from iamdsl.model.formula import Family, Quantifier, Relation, Test
from iamdsl.syntax import tree

if TYPE_CHECKING:
    from datetime import datetime

    from iamdsl.aws import Key
    from iamdsl.compiler.environment import Environment
    from iamdsl.diagnostics import Report
    from iamdsl.model import Value
    from iamdsl.source import Span

_FAMILIES: dict[str, Family] = {
    "Arn": "Arn", "Resource": "Arn", "Entity": "Arn", "Int": "Numeric", "Decimal": "Numeric",
    "Duration": "Numeric", "Bool": "Bool", "Date": "Date", "Network": "IpAddress",
}  # fmt: skip
_CONVERTED: dict[str, Family] = {"Numeric": "Numeric", "Network": "IpAddress", "Binary": "Binary"}
OF_TYPE: dict[str, Family] = {
    "String": "String", "ARN": "Arn", "Numeric": "Numeric", "Bool": "Bool", "Date": "Date",
    "IPAddress": "IpAddress", "Binary": "Binary",
}  # fmt: skip
_RELATIONS: dict[str, tuple[Relation, bool]] = {
    "==": ("equals", False), "!=": ("equals", True), "in": ("equals", False),
    "not in": ("equals", True), "like": ("like", False), "not like": ("like", True),
    "<": ("less", False), "<=": ("less-equals", False), ">": ("greater", False),
    ">=": ("greater-equals", False), "exists": ("exists", False), "missing": ("exists", True),
}  # fmt: skip
_ORDERED = {"less", "less-equals", "greater", "greater-equals"}
WRITTEN = {
    "Arn": "an ARN without quotes", "Numeric": "a number without quotes",
    "Date": "a date without quotes, such as `2026-12-31`",
    "Bool": "`true` or `false`", "IpAddress": "an address or network without quotes",
    "String": "a string", "Binary": '`Binary("…")`',
}  # fmt: skip


def family_of(value: Value, relation: Relation = "equals") -> Family:
    """Return the operator family of a value as it was written.

    Twelve digits are an account id, but where an order is asked for they are a number.
    """
    if value.type.name == "AccountId" and relation in _ORDERED:
        return "Numeric"
    if value.type.name == "Converted":
        name = value.type.options[0]
        return _CONVERTED.get(name) or _FAMILIES.get(name, "String")
    return _FAMILIES.get(value.type.name, "String")


def known_key(
    value: Value, span: Span, environment: Environment, report: Report
) -> tuple[str, Key | None]:
    """Return a key's spelling and what the catalogue knows of it; a bare unknown one is reported."""
    text = str(value.data)
    found = environment.catalogue.condition_key(text)
    if found is not None:
        return found.name, found
    if not value.verbatim:
        near = tuple(_with_tag(k, text) for k in environment.catalogue.suggest_key(text))
        whole = near and "…" not in near[0]
        report.add(
            codes.UNKNOWN_KEY,
            span,
            f"`{text}` is no condition key that AWS has",
            label=f"not in the catalogue of {environment.catalogue.version}",
            hint=did_you_mean(near, f'if it is newer than the catalogue, write `key("{text}")`'),
            fix=Fix.writing(near[0], span, safe=False) if whole else None,
        )
    return text, None


def _with_tag(key: str, written: str) -> str:
    """Return a key of the catalogue with the tag's name of what was written in its place."""
    tag = written.partition("/")[2] or "…"
    return re.sub(r"(?<=/)\$\{\w+\}", lambda _: tag, key)


def flag(value: Value, span: Span, environment: Environment, report: Report) -> Test:
    """Return the test that a key alone is: that it is true."""
    name, found = known_key(value, span, environment, report)
    if found is not None and found.value_type != "Bool":
        report.add(
            codes.WRONG_TYPE,
            span,
            f"`{name}` is of type {found.type}, and stands alone",
            label="only a Bool key can stand alone",
            hint=f"compare it (`{name} == …`) or ask whether it is there (`{name} exists`)",
        )
    if found is not None and found.multivalued:
        _quantifier_needed(name, span, report)
    return Test(name, "Bool", "equals", ("true",), span=span, guessed=None if found else span)


def comparison(
    node: tree.Compare, key: Value, values: list[Value], environment: Environment, report: Report
) -> Test | None:
    """Return the test that a comparison says, or None when it says none (and was reported)."""
    optional = isinstance(node.left, tree.Optional)
    key_node = node.left.base if isinstance(node.left, tree.Optional) else node.left
    name, found = known_key(key, key_node.span, environment, report)
    relation, negated = _RELATIONS[node.operator]
    as_written = _check_quantifier(node, key, name, found, relation, report)
    quantifier: Quantifier | None = None
    if node.quantifier is not None:
        quantifier = "any" if node.quantifier == "any" else "all"
    if relation == "exists":
        if optional:
            report.add(
                codes.WRONG_TYPE,
                node.span,
                f"`?` before `{node.operator}`",
                hint=f"write `{name} {node.operator}`",
            )
            return None
        return Test(name, "String", relation, (), negated, span=node.span)
    if not all([_comparable(v, found, node, environment, report) for v in values]):  # noqa: C419
        return None
    families = {family_of(v, relation) for v in values} or {"String"}
    if len(families) > 1:
        report.add(
            codes.WRONG_TYPE,
            node.right.span if node.right else node.span,
            "values of several kinds in one comparison: " + ", ".join(sorted(families)),
            hint='write all of one kind; `String("…")` or `Arn("…")` convert',
        )
        return None
    family: Family = families.pop()
    if not _check_family(node, name, found, family, relation, values, report):
        return None
    if relation == "equals" and family == "Date":
        _check_instants(node, name, values, report)
    family, texts = _texts(values, name, family)
    if relation == "equals" and family in {"String", "Arn"}:
        _check_wildcards(node, values, report)
    elif relation == "like":
        _check_pattern(node, values, report)
    return Test(
        name,
        family,
        relation,
        texts,
        negated,
        optional,
        quantifier,
        node.ignoring_case,
        span=node.span,
        guessed=_guessed(node, found, family, values),
        as_written=_has_short_arn(node, key, family, texts, report) or as_written,
    )


def _texts(values: list[Value], name: str, family: Family) -> tuple[Family, tuple[str, ...]]:
    """Return the family to compare in, and the values in its normal form."""
    if name.lower() != "aws:epochtime" or family != "Date":
        return family, tuple(normal(v, family) for v in values)
    # Evaluators read ISO dates there as numbers (language reference).
    return "Numeric", tuple(
        str(v.data) if PLACEHOLDER_OPEN in str(v.data) else str(epoch(str(v.data))) for v in values
    )


def _has_short_arn(
    node: tree.Compare, key: Value, family: Family, texts: tuple[str, ...], report: Report
) -> bool:
    """Tell whether a text has fewer fields than an ARN, and is kept as written all the same."""
    if family != "Arn" or not key.verbatim:
        return False
    short = [text for text in texts if is_short(text)]
    for text in short:
        report.add(
            codes.KEPT_AS_WRITTEN,
            node.span,
            f"`{text}` is no ARN pattern: it has fewer than six fields",
            label="kept as written: AWS does not say what it matches",
            hint="write `arn:*:*:*:*:*`, or ask by `exists` whether the key is there",
        )
    return bool(short)


def _guessed(
    node: tree.Compare, found: Key | None, family: Family, values: list[Value]
) -> Span | None:
    """Return the place of values whose kind alone says the family, None when more does."""
    if family == "String" or node.right is None or all(v.type.name == "Converted" for v in values):
        return None
    if found is not None and OF_TYPE.get(found.value_type, "String") == family:
        return None
    epoch = found is not None and found.name == "aws:EpochTime"
    return None if epoch else node.right.span


_VARIABLE = r"\$\{([^}]*)\}"
_DEFAULT = r", '([^']*)'"


def check_variables(text: str, span: Span, environment: Environment, report: Report) -> None:
    """Report `${…}` in a text that IAM would refuse, or never fill in."""
    for found in re.finditer(_VARIABLE, text):
        content = found.group(1)
        if content in {"*", "?", "$"}:
            continue
        if ":" not in content:
            continue  # the parser has said that this is no condition key
        name, comma, rest = content.partition(",")
        default = re.fullmatch(_DEFAULT, comma + rest) if comma else None
        if comma and (default is None or not default.group(1) or set("*?") & set(default.group(1))):
            report.add(
                codes.MIXED_UP_INTERPOLATION,
                span,
                f"`${{{content}}}` is no variable with a default that IAM reads",
                hint=f"write `${{{name.strip()}, 'text'}}`: a comma, one blank, and text in single"
                " quotes without `*` and `?`",
            )
            continue
        _check_variable(name.strip(), span, environment, report)


def _check_variable(name: str, span: Span, environment: Environment, report: Report) -> None:
    known = environment.catalogue.condition_key(name)
    if known is None:
        near = environment.catalogue.suggest_key(name)
        report.add(
            codes.UNKNOWN_KEY,
            span,
            f"`{name}` is no condition key that AWS has, and would never be filled in",
            label=f"not in the catalogue of {environment.catalogue.version}",
            hint=did_you_mean(near, "check the key's name"),
        )
    elif known.multivalued:
        report.add(
            codes.QUANTIFIER_MISMATCH,
            span,
            f"`{name}` can hold many values, and is no variable",
            hint="a variable takes a key with one value",
        )


def _comparable(
    value: Value,
    found: Key | None,
    node: tree.Compare,
    environment: Environment,
    report: Report,
) -> bool:
    """Report a value that no request key can be compared with."""
    span = value.span or node.span
    kind = value.type.name
    if kind in {"Key", "action or key"}:
        if not value.verbatim:
            _check_variable(str(value.data), span, environment, report)
        if found is None or found.value_type in {"String", "ARN"}:
            return True
        problem = f"`{found.name}` is of type {found.type}, and IAM has variables in text only"
        hint = "compare it with a value"
    elif (
        kind in {"Action", "*", "Record", "Condition"}
        or (kind == "Principal" and value.data[0] not in {"Service", "AWS", "CanonicalUser"})
        or (kind == "Principal" and value.data[1] == "*")
    ):
        problem, hint = "this cannot be compared with a condition key", "write text, or a key"
    else:
        return True
    report.add(codes.WRONG_TYPE, span, problem, hint=hint)
    return False


def _check_quantifier(
    node: tree.Compare,
    key: Value,
    name: str,
    found: Key | None,
    relation: Relation,
    report: Report,
) -> bool:
    """Report a quantifier that a key does not take; True where it is kept as written all the same.

    `key("…")` asks for that: real policies have such tests, and AWS takes them.
    """
    if relation == "exists":
        if node.quantifier:
            report.add(
                codes.QUANTIFIER_MISMATCH,
                node.span,
                f"`{node.quantifier}` before `{node.operator}`",
                hint=f"write `{name} {node.operator}`",
            )
        return False
    if found is None or found.multivalued == bool(node.quantifier):
        return False
    if key.verbatim:
        many = f"can hold many values, and {node.operator!r} asks for one".replace("'", "`")
        one = f"has one value, and `{node.quantifier}` is for keys with many"
        report.add(
            codes.KEPT_AS_WRITTEN,
            node.span,
            f"`{name}` {many if found.multivalued else one}",
            label="kept as written: AWS does not say what it means",
            hint=f"write `{name}` without quotes, and the quantifier that is meant",
        )
        return True
    if found.multivalued:
        _quantifier_needed(name, node.span, report)
    else:
        start = node.span.start
        word = node.span.part(start, start + len(node.quantifier or "") + 1)
        report.add(
            codes.QUANTIFIER_MISMATCH,
            node.span,
            f"`{name}` has one value, and `{node.quantifier}` is for keys with many",
            hint=f"remove `{node.quantifier}`",
            fix=Fix(f"remove `{node.quantifier}`", (Edit(word, ""),)),
        )
    return False


def _quantifier_needed(name: str, span: Span, report: Report) -> None:
    report.add(
        codes.QUANTIFIER_MISMATCH,
        span,
        f"a request can hold many values of `{name}`",
        hint="write `any` before it (one value is enough) or `all` (every value must)",
        fix=Fix("write `any`", (Edit(span.before, "any "),), safe=False),
    )


def _check_family(
    node: tree.Compare,
    name: str,
    found: Key | None,
    family: Family,
    relation: Relation,
    values: list[Value],
    report: Report,
) -> bool:
    """Report an operator that the values do not take (False), or the key does not (a warning)."""
    if relation == "like" and family not in {"String", "Arn"}:
        report.add(
            codes.WRONG_TYPE,
            node.span,
            "`like` compares text and ARNs",
            hint="use `==`, `in` or an order such as `<`",
        )
        return False
    if relation in _ORDERED and family not in {"Numeric", "Date"}:
        wanted = OF_TYPE.get(found.value_type, "String") if found is not None else "String"
        report.add(
            codes.WRONG_TYPE,
            node.right.span if node.right else node.span,
            f"`{node.operator}` compares numbers, durations and dates",
            hint=f"write {WRITTEN[wanted]}"
            if wanted in {"Numeric", "Date"}
            else "write the value as a number, a duration (`1h`) or a date (`2026-12-31`)",
            fix=_unquote(values, wanted),
        )
        return False
    if node.ignoring_case and (family != "String" or relation != "equals"):
        report.add(
            codes.INEXPRESSIBLE_CONDITION,
            node.span,
            "`ignoring case` goes with `==`, `!=`, `in` and `not in` of strings only",
            hint="IAM has no such operator; list the spellings that are meant",
        )
        return False
    if found is None or not values:
        return True
    wanted = OF_TYPE.get(found.value_type, "String")
    variables = all(v.type.name in {"Key", "action or key"} for v in values)
    epoch = name.lower() == "aws:epochtime" and family in {"Numeric", "Date"}
    if wanted == family or variables or epoch:
        return True
    report.add(
        codes.OPERATOR_MISMATCH,
        node.right.span if node.right else node.span,
        f"`{name}` is of type {found.type}, and is compared as {family}",
        hint=f"write {WRITTEN[wanted]}",
        fix=_unquote(values, wanted),
    )
    return True


def _unquote(values: list[Value], wanted: Family) -> Fix | None:
    """Return the fix that takes values out of their quotes, where each is a literal without."""
    from iamdsl.compiler.mismatch import unquoted  # noqa: PLC0415  # most values fit their key

    spans = [v.span for v in values if v.span is not None]
    texts = [unquoted(span.text, wanted) for span in spans]
    if len(spans) < len(values) or not all(texts):
        return None
    edits = tuple(Edit(span, text) for span, text in zip(spans, texts, strict=True))
    if wanted == "Arn":
        return Fix("write the ARN without quotes", edits)
    return Fix(f"write `{texts[0]}` without quotes", edits)


def _check_wildcards(node: tree.Compare, values: list[Value], report: Report) -> None:
    for value in values:
        text = str(value.data)
        bare = text.replace("${*}", "").replace("${?}", "")
        if value.type.name in {"Key", "action or key"} or not ("*" in bare or "?" in bare):
            continue
        other = "like" if node.operator in {"==", "in"} else "not like"
        report.add(
            codes.WILDCARD_IN_EQUALS,
            value.span or node.span,
            f"the `{'*' if '*' in bare else '?'}` is an ordinary character under `{node.operator}`",
            hint=f"write `{other}` where it is to match anything",
            fix=_other_operator(node, other)
            if value.span and value.span.text.startswith(('"', "arn:"))
            else None,
        )


def _other_operator(node: tree.Compare, written: str) -> Fix | None:
    """Return the fix that writes another operator between the two sides of a comparison."""
    if node.right is None or node.ignoring_case:
        return None
    between = node.span.source.text[node.left.span.end : node.right.span.start]
    start = node.left.span.end + len(between) - len(between.lstrip(" \t\r\n?"))
    end = node.right.span.start - len(between) + len(between.rstrip())
    place = node.span.part(start, end)
    if " ".join(place.text.split()) != node.operator:
        return None  # a comment, or a parenthesis, stands between
    return Fix.writing(written, place, safe=False)


def _check_pattern(node: tree.Compare, values: list[Value], report: Report) -> None:
    """Warn of a pattern with marks that only regular expressions and SQL give a meaning."""
    for value in values:
        text = str(value.data)
        bare = re.sub(_VARIABLE, "", text)
        sql = "%" in (bare[:1], bare[-1:]) and not set("*?") & set(bare)
        regular = bare.startswith("^") or (bare.endswith("$") and len(bare) > 1)
        if value.type.name in {"Key", "action or key"} or not (sql or regular):
            continue
        what = "of SQL" if sql else "of a regular expression"
        meant = text.replace("%", "*") if sql else text.strip("^$").replace(".*", "*")
        literal = value.span is not None and value.span.text == f'"{text}"'
        sure = literal and not set("()[]+|\\{}") & set(meant)
        report.add(
            codes.FOREIGN_PATTERN,
            value.span or node.span,
            f"`{text}` looks like a pattern {what}",
            label="here these are ordinary characters",
            hint=f'`*` is any text and `?` any character: write `"{meant}"`'
            if sure
            else "`*` is any text and `?` any character: there are no other marks",
            fix=Fix.writing(f'"{meant}"', value.span, safe=False)
            if sure and value.span is not None
            else None,
        )


def _check_instants(node: tree.Compare, name: str, values: list[Value], report: Report) -> None:
    """Warn of a day that is compared for equality: it is only the first instant of that day."""
    import datetime as dt  # noqa: PLC0415  # few sources hold dates

    for value in values:
        text = str(value.data)
        if "T" in text or PLACEHOLDER_OPEN in text:
            continue
        day = dt.date.fromisoformat(text)
        after = day + dt.timedelta(days=1) if day < dt.date.max else day
        said = f"{name} >= {day} and {name} < {after}"
        alone = node.operator == "==" and not node.quantifier and node.left.span.text == name
        report.add(
            codes.DATE_IS_AN_INSTANT,
            value.span or node.span,
            f"`{text}` is the first instant of that day, and `{node.operator}` compares instants",
            hint=f"the whole day is `{said}`; an instant is `{text}T00:00Z`",
            fix=Fix.writing(f"({said})", node.span, safe=False) if alone else None,
        )


def normal(value: Value, family: Family) -> str:
    """Return a value in the normal form of its family."""
    data = text_of(value) if value.type.name == "Entity" else value.data
    if value.type.name in {"Key", "action or key"}:
        return f"${{{data}}}"
    if value.type.name == "Principal":
        return str(data[1])
    if PLACEHOLDER_OPEN in str(data):
        return str(data)
    if family == "Numeric":
        return _number(str(data))
    if family == "Bool":
        return str(data).lower()
    if family == "Date":
        return _date(str(data))
    if family == "IpAddress":
        return _network(str(data))
    return str(data)


def _number(text: str) -> str:
    """Return the shortest decimal: no exponent, no needless zeros."""
    from decimal import Decimal  # noqa: PLC0415  # few sources hold numbers

    number = Decimal(text)
    plain = f"{number:f}"
    if "." in plain:
        plain = plain.rstrip("0").rstrip(".")
    return "0" if plain in {"-0", ""} else plain


def _date(text: str) -> str:
    return f"{_instant(text):%Y-%m-%dT%H:%M:%SZ}"


def epoch(text: str) -> int:
    """Return a date or moment as seconds since 1970."""
    return int(_instant(text).timestamp())


def _instant(text: str) -> datetime:
    import datetime as dt  # noqa: PLC0415  # few sources hold dates

    moment = dt.datetime.fromisoformat(text)
    if moment.tzinfo is None:
        return moment.replace(tzinfo=dt.UTC)
    return moment.astimezone(dt.UTC)


def _network(text: str) -> str:
    import ipaddress  # noqa: PLC0415  # few sources hold addresses

    return str(ipaddress.ip_network(text, strict=False))

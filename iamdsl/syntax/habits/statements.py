"""Slips inside a statement: clauses, lists, conditions and values as other languages write them."""

from __future__ import annotations

import re

from iamdsl.diagnostics import Edit, Fix
from iamdsl.source import Span
from iamdsl.syntax.habits import foreign
from iamdsl.syntax.habits.slip import CLAUSES, NAME, WHEN, Habit, Slip, double
from iamdsl.syntax.words import MEMBERS

_VALUES = {"STRING", "QUALIFIED", "ARN", "SERVICE"}
_BARE_CONDITION = 'conditions have no braces: `when aws:PrincipalTag/team == "x" and …`'
_SERVICES = "write `*` for every action there is, or name each service: `s3:Get*, sqs:Get*`"


def condition_in_braces(slip: Slip) -> Habit | None:
    """`when { … }` of Cedar and JSON; the token is somewhere inside."""
    found = re.search(r"\b(?:when|unless)\s*(\{)[^{}]*(?:\{[^{}]*)?$", slip.before)
    if found is None:
        return None
    place = slip.back(found, 1)
    text = place.source.text
    close = text.find("}", place.end)
    content = text[place.end : close]
    fix = None
    if close >= 0 and not re.search(r"""[{;\n]|"\s*:|[^=!<>]=[^=]""", content):
        closing = Span(place.source, close, close + 1)
        fix = Fix("remove the braces", (Edit(place, ""), Edit(closing, "")))
    return Habit("a condition stands in braces", _BARE_CONDITION, place, fix)


def many_in_one(slip: Slip) -> Habit | None:
    """`allow { … }`, `allow all on all`."""
    found = re.search(r"\b(?:allow|deny)\s*(\{)[^{}]*$", slip.before)
    if found:
        hint = "each statement has its own verb: `allow … on …`"
        return Habit("a verb takes no braces", hint, slip.back(found, 1))
    found = re.search(r"\b(?:allow|deny|on)\s+(all|any)\s*$", slip.before)
    if found and slip.accepts == {"("}:
        place = slip.back(found, 1)
        fix = Fix.writing("*", place)
        return Habit(f"`{place.text}` begins a condition", "everything is `*`", place, fix)
    return None


def other_case(slip: Slip) -> Habit | None:
    """`AND`, `WHEN`, `Allow`: words of the language are lower case."""
    lowered = slip.word.lower()
    if slip.token.type not in {"NAME", "ACTION"} or lowered == slip.word:
        return None
    known = lowered in slip.accepts or (slip.begins and lowered in MEMBERS)
    if not known or slip.after.lstrip()[:1] in {":", "="}:
        return None
    message = f"`{slip.word}` is written `{lowered}`"
    hint = "words of the language are lower case"
    return Habit(message, hint, slip.span, Fix.writing(lowered, slip.span))


def preposition(slip: Slip) -> Habit | None:
    """Another word for `when` or `on`, and `to` left out."""
    if slip.word in {"where", "if", "with", "while"} and "when" in slip.accepts:
        fix = Fix.writing("when", slip.span)
        return Habit(f"unexpected `{slip.word}`", WHEN, slip.span, fix)
    if found := re.search(rf"\b(?:allow|deny)\b[^{{}}]*\b(for)\s+(?:{NAME})?$", slip.before):
        place = slip.back(found, 1)
        fix = Fix.writing("on", place)
        return Habit("`for` begins a loop", "resources follow `on`", place, fix)
    kinds = r"(service|account|oidc|canonical|anyone)\b"
    found = re.search(rf"\b(?:allow|deny)\s[^{{}}]*?\b{kinds}\s+$", slip.before)
    if found and slip.clause() != "to" and not slip.inside:
        return _write_to(slip.back(found, 1))
    if "to" in slip.accepts and re.fullmatch(kinds, slip.word) and slip.clause() != "trust":
        return _write_to(slip.span)
    return None


def _write_to(place: Span) -> Habit:
    at = place.before
    fix = Fix("write `to`", (Edit(at, "to "),))
    return Habit(f"unexpected `{place.text}`", "write `to` before the principals", place, fix)


def joined_by_and(slip: Slip) -> Habit | None:
    """`on a and b`, `when a, b`: lists have commas, conditions have `and`."""
    if not slip.inside or slip.word not in {"and", "or", ","}:
        return None
    condition = slip.clause() in {"when", "unless"}
    if slip.word == "," and condition:
        fix = Fix("write `and`", (Edit(slip.span, " and"),), safe=False)
        hint = "join the conditions with `and` or `or`"
        return Habit("conditions are no list", hint, slip.span, fix)
    if slip.word != "," and not condition:
        blanks = len(slip.before) - len(slip.before.rstrip())
        place = Span(slip.span.source, slip.span.start - blanks, slip.span.end)
        fix = Fix("write `,`", (Edit(place, ","),))
        return Habit(f"unexpected `{slip.word}`", "a list has commas: `a, b`", slip.span, fix)
    return None


def missing_on(slip: Slip) -> Habit | None:
    """A value after the actions: `on` is missing, or a comma."""
    if not {"on", "to"} <= slip.accepts or slip.token.type not in _VALUES:
        return None
    swapped = re.search(r"\b(exists|missing)\s+$", slip.before)
    if swapped and slip.token.type == "QUALIFIED":
        place = Span(slip.span.source, slip.back(swapped).start, slip.span.end)
        new = f"{slip.word} {swapped.group(1)}"
        hint = f"`{swapped.group(1)}` stands after the key"
        return Habit(f"unexpected `{slip.word}`", hint, place, Fix.writing(new, place))
    if slip.clause() not in {"allow", "deny", "on", "to", "except"}:
        return None
    rest = re.split(r"\n\s*(?:allow|deny|trust)\b|\}", slip.after, maxsplit=1)[0]
    if slip.clause() in {"allow", "deny"} and not re.search(r"\bon\b", rest):
        at = slip.span.before
        fix = Fix("write `on`", (Edit(at, "on "),), safe=False)
        message = f"unexpected `{slip.word}`"
        return Habit(message, "write `on` before the resources", slip.span, fix)
    return _comma(slip, safe=False)


def missing_comma(slip: Slip) -> Habit | None:
    """`[a b]`, `f(a b)`."""
    if "," not in slip.accepts or not slip.accepts & {"]", ")"} or slip.begins:
        return None
    if slip.token.type not in _VALUES | {"NAME", "ACTION", "LITERAL"}:
        return None
    if slip.token.type == "STRING" and re.search(r"\w$", slip.before):
        return None
    return _comma(slip, safe=True)


def _comma(slip: Slip, *, safe: bool) -> Habit:
    end = slip.span.start - len(slip.before) + len(slip.before.rstrip())
    fix = Fix("write `,`", (Edit(Span(slip.span.source, end, end), ","),), safe)
    message = f"a comma is missing before `{slip.word}`"
    return Habit(message, "write commas between the items of a list", slip.span, fix)


def comma_too_many(slip: Slip) -> Habit | None:
    """`allow a, b, on …`: a list outside brackets ends without a comma."""
    found = re.search(r",\s*$", slip.before)
    if found is None or slip.word not in CLAUSES:
        return None
    place = slip.back(found)
    comma = Span(place.source, place.start, place.start + 1)
    fix = Fix("remove `,`", (Edit(comma, ""),))
    return Habit("a comma before the next clause", "remove it", comma, fix)


def element_before(slip: Slip) -> Habit | None:
    """`allow Action = …`, `to AWS 111122223333`: the word before the token was taken as a name."""
    found = re.search(rf"\b(allow|deny|on|to|trust|when|unless|and|or)\s+({NAME})\s*$", slip.before)
    if found is None or not slip.begins:
        return None
    verb, word = found.group(1), found.group(2)
    hint, new = "", None
    name = word.lower().removesuffix("s")
    if verb in {"to", "trust"}:
        hint = foreign.PRINCIPALS.get(word.lower(), "")
    elif verb in {"allow", "deny", "on"}:
        hint = foreign.ELEMENTS.get(name, "").replace("allow *", f"{verb} *")
        new = {"action": "", "resource": "", "notaction": "* except "}.get(name)
    elif foreign.of_iam_operator(word):
        hint = foreign.iam_operator_hint(word)
    if not hint:
        return None
    place = slip.back(found, 2)
    mark = re.match(r"[:=]?\s*", slip.word + slip.after) if slip.word in {":", "="} else None
    end = slip.span.start + (mark.end() if mark else 0)
    whole = Span(place.source, place.start, end)
    title = f"write `{new.strip()}`" if new else f"remove `{whole.text.strip()}`"
    fix = Fix(title, (Edit(whole, new),)) if new is not None else None
    return Habit(f"`{word}` is no word of the language", hint, place, fix)


def operator(slip: Slip) -> Habit | None:
    """An operator of IAM's, Cedar's or SQL's where one of ours could stand."""
    if "exists" not in slip.accepts:
        return None
    word, key = slip.word, re.search(r"([A-Za-z][\w./{}-]*:[^\s,()]+)\s+$", slip.before)
    if word == "is":
        hint = "write `key exists`, `key missing` or `key == value`"
        after = re.match(r"(\s+not)?\s+(null|missing|set|true|false|None)\b", slip.after)
        fix = None
        if after and after.group(2) in {"true", "false"} and not after.group(1):
            fix = Fix.writing("==", slip.span)
        elif after and after.group(2) in {"null", "None", "missing"}:
            new = "exists" if after.group(1) else "missing"
            fix = Fix.writing(new, slip.ahead(after.end()))
        return Habit("unexpected `is`", hint, slip.span, fix)
    if word == ":" and re.search(r"\b(?:when|unless|and|or|not)\s+\S+$", slip.before):
        return _colon_for_equals(slip)
    if slip.token.type == "EQUAL" and slip.after.startswith("~"):
        fix = Fix.writing("like", slip.ahead(1), safe=False)
        return Habit("`=~` is no operator", foreign.COMPARISONS["matches"], slip.ahead(1), fix)
    if slip.token.type not in {"NAME", "QUALIFIED"}:
        return None
    if (ours := foreign.of_iam_operator(word)) is not None:
        fix = None
        quantifier, optional, operator, ending = ours
        if key and not ending and operator != "missing":
            place = slip.back(key, 1)
            written = f"{quantifier}{place.text}{optional} {operator}"
            whole = place.part(place.start, slip.span.end)
            fix = Fix(f"write `{operator}`", (Edit(whole, written),), safe=False)
        message = f"`{word}` is IAM's word for an operator"
        return Habit(message, foreign.iam_operator_hint(word), slip.span, fix)
    lowered = word.lower()
    if (said := foreign.COMPARISONS.get(lowered)) is not None:
        mark = foreign.COMPARED.get(lowered)
        fix = Fix.writing(mark, slip.span, safe=mark != "like") if mark else None
        return Habit(f"`{word}` is no operator", said, slip.span, fix)
    return None


def _colon_for_equals(slip: Slip) -> Habit:
    edits, key = [Edit(slip.span, " ==")], "key"
    if found := re.search(r'"?([^\s"]+)"?$', slip.before):
        key = found.group(1)
        edits.append(Edit(slip.back(found), key))
    fix = Fix("write `==`", tuple(edits), safe=False)
    return Habit("`:` where `==` is meant", f"write `{key} == …`", slip.span, fix)


def not_exists(slip: Slip) -> Habit | None:
    """`not exists`, `exists == true`, `except when`."""
    found = re.search(r"\b(not\s+)$", slip.before)
    if slip.word in {"exists", "missing"} and found:
        new = "missing" if slip.word == "exists" else "exists"
        place = Span(slip.span.source, slip.back(found).start, slip.span.end)
        hint = f"the opposite of `{slip.word}` is `{new}`"
        return Habit(f"unexpected `{slip.word}`", hint, place, Fix.writing(new, place))
    found = re.search(r"\b(exists|missing)\s*$", slip.before)
    value = re.match(r"\s*(true|false)\b", slip.after)
    if found and slip.word in {"==", "!="} and value:
        place = slip.ahead(value.end())
        same = (slip.word == "==") == (value.group(1) == "true")
        fix = Fix(f"remove `{place.text}`", (Edit(place, ""),)) if same else None
        hint = f"`key {found.group(1)}` is a condition by itself"
        return Habit(f"unexpected `{slip.word}`", hint, slip.span, fix)
    found = re.search(r"\b(except\s+)$", slip.before)
    if slip.word in {"when", "unless"} and found:
        place = Span(slip.span.source, slip.back(found).start, slip.span.end)
        fix = Fix.writing("unless", place) if slip.word == "when" else None
        hint = "`except` takes actions, resources and principals; a condition follows `unless`"
        return Habit(f"unexpected `{slip.word}`", hint, place, fix)
    return None


def order_twice(slip: Slip) -> Habit | None:
    """`a < key < b`."""
    if slip.word not in {"<", "<=", ">", ">=", "==", "!="} or "and" not in slip.accepts:
        return None
    if "exists" in slip.accepts or slip.before.endswith("<"):
        return None
    hint = "write two comparisons: `key >= … and key <= …`"
    return Habit("a comparison has two sides", hint, slip.span)


def marks(slip: Slip) -> Habit | None:
    """Operators and marks of other languages that begin like one of ours."""
    word, before = slip.word, slip.before
    if word == ">" and before.endswith("<"):
        place = Span(slip.span.source, slip.span.start - 1, slip.span.end)
        return Habit("`<>` is no operator", "write `!=`", place, Fix.writing("!=", place))
    if slip.token.type == "EQUAL" and re.search(r"[=!]=$", before):
        place = Span(slip.span.source, slip.span.start - 2, slip.span.end)
        fix = Fix.writing(before[-2:], place)
        return Habit(f"`{before[-2:]}=` is no operator", f"write `{before[-2:]}`", place, fix)
    if slip.token.type == "EQUAL" and before.endswith(":"):
        place = Span(slip.span.source, slip.span.start - 1, slip.span.end)
        fix = Fix.writing("=", place)
        return Habit("`:=` where `=` is meant", "a name gets its value by `=`", place, fix)
    if word == "|" and slip.after.startswith("|"):
        return double(slip.span, "or")
    if word == "<" and slip.after.startswith("<") and slip.accepts & {"{", "NAME"}:
        hint = "there are no heredocs: write statements in braces, and text between double quotes"
        return Habit("`<<` has no meaning here", hint, slip.ahead(1))
    if slip.token.type == "STAR" and before[-1:].isalnum():
        if slip.after.startswith(":"):
            return Habit("a service has no wildcard", _SERVICES, slip.span)
        return Habit("unexpected `*`", 'text stands between double quotes: `like "x*"`', slip.span)
    if word == ":" and before.endswith("*"):
        return Habit("a service has no wildcard", _SERVICES, slip.span)
    return None


def text(slip: Slip) -> Habit | None:
    """Strings and ARNs: prefixes, blanks, choices, units."""
    found = re.search(r"(?<![\w:/.-])([fFrRbB])$", slip.before)
    if slip.token.type == "STRING" and found:
        place = slip.back(found)
        fix = Fix(f"remove `{place.text}`", (Edit(place, ""),))
        hint = "every string fills in `{…}`: remove the letter before it"
        return Habit(f"unexpected `{slip.word}`", hint, place, fix)
    if re.search(r"\?\s*$", slip.before) and re.search(r"^\s*:", slip.after):
        hint = "write `if c { … } else { … }` around what differs"
        return Habit("there is no `c ? a : b`", hint, slip.span)
    arn = re.search(r"(?<![\"\w])arn:[^\s\"]+ +$", slip.before)
    if arn and slip.begins and slip.token.type in {"NAME", "QUALIFIED"}:
        rest = re.match(r"[^\s,\")\]}]*", slip.after)
        end = rest.group() if rest else ""
        if set("/*:") & set(slip.word + end):
            place = Span(slip.span.source, slip.back(arn).start, slip.span.end + len(end))
            fix = Fix.writing(f'"{place.text}"', place)
            hint = "an ARN with a blank stands between double quotes"
            return Habit("a bare ARN ends at a blank", hint, place, fix)
    unit = re.search(r"(?<![\w.-])(\d+)\s+$", slip.before)
    if unit and slip.token.type == "NAME":
        word = slip.word.lower().removesuffix("s")
        if word in {"second", "sec", "minute", "min", "hour", "day"}:
            place = Span(slip.span.source, slip.back(unit).start, slip.span.end)
            new = unit.group(1) + word[0]
            hint = "a duration is a number and its unit, without a blank: `30m`, `4h`"
            return Habit(f"unexpected `{slip.word}`", hint, place, Fix.writing(new, place))
    return None

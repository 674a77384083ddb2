"""Slips where a statement, setting or declaration begins, and in the heads of declarations."""

from __future__ import annotations

import re

from iamdsl.diagnostics import Edit, Fix
from iamdsl.diagnostics.nearest import did_you_mean, nearest
from iamdsl.source import Span
from iamdsl.syntax.habits import foreign
from iamdsl.syntax.habits.slip import BLOCK, CLAUSES, NAME, Habit, Slip
from iamdsl.syntax.words import HEADS, MEMBERS, NOUNS


def json_document(slip: Slip) -> Habit | None:
    """A document or a statement of JSON, pasted in."""
    quoted = slip.token.type == "STRING" and slip.begins and not slip.inside
    if quoted and re.match(r"\s*:", slip.after) and re.fullmatch(r'"[A-Z]\w+"', slip.word):
        hint = "write it as a sentence: `allow service:Action on … when …`"
        if '"Principal"' in slip.after and '"sts:' in slip.after:
            hint = "write it as a sentence: `trust service lambda`"
        return Habit("this is JSON, not a statement", hint, slip.span)
    if slip.token.type != "LBRACE":
        return None
    if slip.first and re.match(r'\s*"(?:\w+)"\s*:', slip.after):
        message = "this is JSON, not a `.iam` source"
        return Habit(message, "write `policy name { allow service:Action on … }`", slip.span)
    if slip.begins and re.match(r'\s*"?(?:Sid|Effect|Action)"?\s*[:=]', slip.after):
        hint = "write it as a sentence: `allow service:Action on … when …`"
        return Habit("this is a statement of JSON", hint, slip.span)
    return None


def heredoc_end(slip: Slip) -> Habit | None:
    """The last line of a heredoc belongs to its first: the same message says both."""
    text = slip.span.source.text
    opening = text.rfind(f"<<{slip.word}", 0, slip.span.start)
    if not slip.begins or slip.token.type != "NAME" or opening < 0:
        return None
    place = Span(slip.span.source, opening, opening + 2)
    hint = "there are no heredocs: write statements in braces, and text between double quotes"
    return Habit("`<<` has no meaning here", hint, place)


def element(slip: Slip) -> Habit | None:
    """`Action: …`, `resource X`, `"Condition": …` where a statement begins or goes on."""
    name = slip.word.strip('"').lower().removesuffix("s")
    hint = foreign.ELEMENTS.get(name)
    if not (slip.begins and hint) or (name == "resource" and slip.after.startswith(' "')):
        return None
    follows = slip.after.lstrip()[:1]
    preposition = foreign.CLAUSES.get(name, "")
    if preposition in slip.accepts and follows not in {":", "="}:
        fix = Fix.writing(preposition, slip.span)
        return Habit(f"unexpected `{slip.word}`", hint, slip.span, fix)
    return Habit(f"`{slip.word}` begins no statement", hint, slip.span)


def beginning(slip: Slip) -> Habit | None:
    """A word of another language, a clause, a name, where a member begins."""
    if not slip.begins:
        return None
    word, message = slip.word, f"`{slip.word}` begins no statement"
    if word in CLAUSES and not slip.inside:
        hint = f"`{word}` is a part of a statement: `allow … on … when … as …`"
        return Habit(message, hint, slip.span)
    lowered = word.lower()
    if lowered == "resource" and re.match(r'\s*"', slip.after):
        hint = "write `policy name { … }` or `role name { … }`: there are no types of a provider"
        return Habit(message, hint, slip.span)
    if (said := foreign.BEGINNINGS.get(lowered)) is not None:
        return Habit(message, said, slip.span, _replaced(slip, lowered))
    if slip.token.type != "NAME" or slip.inside:
        return None
    if slip.after.startswith("("):
        return Habit(message, f"a template is used by `use {word}(…)`", slip.span)
    if re.match(r"\s*=(?!=)", slip.after):
        top = slip.before.endswith("\n") or not slip.before
        at = slip.span.before
        fix = Fix("write `let`", (Edit(at, "let "),)) if top else None
        hint = f"a value gets its name by `let`, at the top level: `let {word} = …`"
        return Habit(message, hint, slip.span, fix)
    if re.match(r"\s*:\s*(?:allow|deny)\b", slip.after):
        hint = f"the name of a statement stands at its end: `allow … as {word}`"
        return Habit(message, hint, slip.span)
    return None


def _replaced(slip: Slip, lowered: str) -> Fix | None:
    new = foreign.REPLACED.get(lowered)
    if new is None or slip.after.startswith("("):
        return None
    mark = re.match(r"\s*[:=](?=\s)", slip.after)
    if mark and new in NOUNS:
        return Fix(f"write `{new}`", (Edit(slip.ahead(mark.end()), new),))
    return Fix.writing(new, slip.span)


def misspelt(slip: Slip) -> Habit | None:
    """A word that is nearly one that could stand here."""
    if slip.token.type not in {"NAME", "STRING"} or len(slip.word) < 2:
        return None
    known = {a for a in slip.accepts if a.isidentifier() and a.islower()}
    if slip.begins:
        known |= MEMBERS
    if slip.inside:
        known -= NOUNS
    if not slip.begins or not (near := nearest(slip.word.strip('"'), sorted(known), 1)):
        return None
    message = f"unexpected `{slip.word}`" if slip.inside else f"`{slip.word}` begins no statement"
    fix = Fix.writing(near[0], slip.span, safe=False)
    return Habit(message, did_you_mean(near), slip.span, fix)


def setting(slip: Slip) -> Habit | None:
    """`tags = { … }`, `description: "…"`, `policy p = {`, `role r : base {`, `policy p:`."""
    if slip.word not in {"=", ":"}:
        return _head(slip)
    settings = "path|max_session|description|tags|id|place|instance_profile|groups|boundary"
    found = re.search(rf"(?:^|[\s{{]|\n)({settings})\s*$", slip.before)
    if found:
        fix = Fix(f"remove `{slip.word}`", (Edit(slip.span, ""),))
        name = found.group(1)
        hint = f"a setting is followed by its value: `{name} …`"
        return Habit(f"`{slip.word}` after `{name}`", hint, slip.span, fix)
    return _head(slip)


def _head(slip: Slip) -> Habit | None:
    """What stands between the name of a declaration and its body."""
    if "{" not in slip.accepts:
        return None
    kinds = "|".join(sorted(HEADS))
    found = re.search(rf'\b({kinds})\s+({NAME}|"[^"\n]*")\s*$', slip.before)
    if found:
        kind, name = found.group(1), found.group(2)
        if slip.word == "=" and re.match(r"\s*\{", slip.after):
            fix = Fix("remove `=`", (Edit(slip.span, ""),))
            return Habit("unexpected `=`", f"write `{kind} {name} {{ … }}`", slip.span, fix)
        if slip.word in {":", "extends", "inherits"} and re.match(r"\s*[\w-]+\s*\{", slip.after):
            hint = f"a {kind} has no parent: put what they share into a `template`, and `use` it"
            return Habit(f"unexpected `{slip.word}`", hint, slip.span)
        joined = re.match(r"[\w. \t-]*(?=\{)", slip.after)
        if slip.word == "." or (slip.token.type in {"NAME", "LITERAL"} and joined):
            rest = joined.group().rstrip() if joined else ""
            whole = Span(slip.span.source, slip.back(found, 2).start, slip.span.end + len(rest))
            new = re.sub(r"[^\w.]+", "-", whole.text)
            new = f'"{new}"' if "." in new else new
            hint = "a name has letters, digits, `-` and `_`; one with other characters needs quotes"
            fix = Fix.writing(new, whole, safe=False)
            return Habit(f"unexpected `{slip.word}`", hint, whole, fix)
    if slip.word == ":":
        return Habit("a body begins with `{`", BLOCK, slip.span)
    return None


def unnamed(slip: Slip) -> Habit | None:
    """`policy {`, `policy 1st {`."""
    found = re.search(rf"\b({'|'.join(sorted(HEADS))})\s+$", slip.before)
    if not found or "NAME" not in slip.accepts:
        return None
    kind = found.group(1)
    if slip.word == "{":
        return Habit(f"a {kind} has a name", f"write `{kind} name {{ … }}`", slip.span)
    if slip.token.type == "LITERAL":
        hint = f'a name begins with a letter; another one needs quotes: `{kind} "{slip.word}"`'
        fix = Fix.writing(f'"{slip.word}"', slip.span)
        return Habit(f"`{slip.word}` is no name", hint, slip.span, fix)
    return None


def typed(slip: Slip) -> Habit | None:
    """A parameter or param without a type, and a `let` with arguments."""
    found = re.search(rf"({NAME})\s*$", slip.before)
    fix: Fix | None = None
    if found and ":" in slip.accepts and "=" not in slip.accepts and slip.word in {"=", ",", ")"}:
        place = slip.back(found, 1)
        at = place.after
        fix = Fix("write `: String`", (Edit(at, ": String"),), safe=False)
        hint = f"write what it may be: `{place.text}: String`"
        return Habit(f"`{place.text}` has no type", hint, place, fix)
    if re.search(r"=\s*lambda\s+$", slip.before) and re.match(r"\s*[:,]", slip.after):
        hint = "there are no functions; statements that are used again are a `template`"
        return Habit("unexpected `lambda`", hint, slip.span)
    if slip.word == "(" and re.search(rf"^\s*let\s+{NAME}\s*$", slip.before):
        hint = "a `let` is a value; what takes arguments is a `template` of statements"
        return Habit("unexpected `(`", hint, slip.span)
    if slip.word == "[" and slip.accepts & {"."}:
        chosen = re.match(rf'\s*"({NAME})"\s*\]', slip.after)
        hint = "a field of a record is read by a dot: `names.dev`; lists are gone through by `for`"
        if chosen:
            new = f".{chosen.group(1)}"
            fix = Fix(f"write `{new}`", (Edit(slip.ahead(chosen.end()), new),))
        return Habit("unexpected `[`", hint, slip.span, fix)
    return None


def field(slip: Slip) -> Habit | None:
    """`{ team: "orders" }`."""
    if slip.word == ":" and "=" in slip.accepts:
        blank = "" if slip.before[-1:].isspace() else " "
        fix = Fix("write `=`", (Edit(slip.span, f"{blank}="),))
        return Habit("unexpected `:`", "a field gets its value by `=`", slip.span, fix)
    return None


def import_of_another_kind(slip: Slip) -> Habit | None:
    """`import x from "y"`, `from x import y`, `import ./file.iam`."""
    hint = 'write `import std.lambda`, or `import "./file.iam" as name`'
    if re.search(r"\bimport\s+$", slip.before) and slip.word in {".", "{", "*", "/"}:
        path = re.match(r"((?:\./|/)[\w./-]*\.(?:iam|json|toml))\b", slip.word + slip.after)
        fix = None
        if path and slip.word == ".":
            stem = re.split(r"[./]", path.group(1))[-2].replace("-", "_")
            new = f'"{path.group(1)}" as {stem}'
            fix = Fix(f"write `{new}`", (Edit(slip.ahead(path.end() - 1), new),))
            hint = "the path of a file is a string"
        return Habit(f"unexpected `{slip.word}`", hint, slip.span, fix)
    if slip.word == "from" and re.search(r"\bimport\s+[\w.]+\s+$", slip.before):
        return Habit("unexpected `from`", hint, slip.span)
    if slip.word == "from" and slip.begins:
        python = re.match(
            r"\s+([A-Za-z_][\w.]*)\s+import\s+([A-Za-z_]\w*)[ \t]*(?=\n|$)", slip.after
        )
        fix = None
        if python:
            new = f"import {python.group(1)}.{python.group(2)}"
            fix = Fix.writing(new, slip.ahead(python.end()))
        return Habit("`from` begins no statement", hint, slip.span, fix)
    return None

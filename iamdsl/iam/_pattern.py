"""Whether one pattern matches all that another matches.

Patterns hold `*` (any text) and `?` (one character). A policy variable `${key}` and a
placeholder stand for a text that is not known here: they equal only themselves, and only `*`
is wide enough for them. `${*}`, `${?}` and `${$}` are the plain characters.

Sound, always: a yes is a yes. Exact for patterns whose wildcards are not entangled beyond a
single alignment of their literal parts, which covers all patterns met in practice.
"""

from __future__ import annotations

import re
from functools import lru_cache

# Single characters that stand for what is opaque while two patterns are compared. They lie in
# the private use area, beyond the marks of placeholders.
_CHARACTERS = {"${*}": "\uf000", "${?}": "\uf001", "${$}": "$"}
_FIRST_OPAQUE = 0xF100
_OPAQUE = re.compile(r"\$\{[^}]*\}|\ue000.*?\ue001")
_TOKEN = re.compile(r"\$\{[*?$]\}|\$\{[^}]*\}|\ue000.*?\ue001|.", re.DOTALL)
_FIELDS_OF_AN_ARN = 6
_WITHOUT_DEFAULT = re.compile(r"\$\{([^},]+)\}")


def variables(text: str) -> list[str]:
    """Return the keys, as written, that a text needs a value of: variables without a default.

    A request that lacks one of them may make a whole statement invalid (AWS
    "reference_policies_variables").
    """
    if "${" not in text:
        return []
    return [name.strip() for name in _WITHOUT_DEFAULT.findall(text) if name not in {"*", "?", "$"}]


def action_covers(wide: str, narrow: str) -> bool:
    """Tell whether every action that `narrow` matches is matched by `wide`; case is ignored."""
    return glob_covers(wide.lower(), narrow.lower())


def resource_covers(wide: str, narrow: str) -> bool:
    """Tell whether every resource that `narrow` matches is matched by `wide`.

    ARNs are compared field by field, so that the answer holds whether or not a `*` may run
    across the colons that part the fields (AWS "reference_policies_elements_resource": it may
    at the end of a field, and is not to be relied on).
    """
    if wide in {narrow, "*"}:
        return True
    if "*" not in wide and "?" not in wide:
        return False
    wide, narrow = _without_opaque(wide, narrow)
    fields, others = _fields(wide), _fields(narrow)
    if fields[0] != "arn" or others[0] != "arn" or len(others) < 6:
        return False
    if len(fields) < 6:
        # A short ARN is padded by `*` on the right; only one that says so itself is certain.
        if not wide.endswith("*"):
            return False
        last = len(fields) - 1
        others = (*others[:last], ":".join(others[last:]))
    # The fields that are cheap to tell apart, the literal ones, come first.
    for f, o in zip(fields, others, strict=True):
        if f != o and "*" not in f and "?" not in f:
            return False
    for f, o in zip(fields, others, strict=True):
        if f not in {o, "*"} and not _covers(f, o):
            return False
    return True


@lru_cache(maxsize=8192)
def _fields(pattern: str) -> tuple[str, ...]:
    return tuple(pattern.split(":", 5))


def glob_covers(wide: str, narrow: str) -> bool:
    """Tell whether every text that `narrow` matches is matched by `wide`; case counts."""
    if wide in {narrow, "*"}:
        return True
    if "*" not in wide and "?" not in wide:
        return False
    return _covers(*_without_opaque(wide, narrow))


@lru_cache(maxsize=8192)
def literal_parts(pattern: str) -> tuple[str, ...]:
    """Return the literal texts before, between and after the wildcards of a pattern.

    What the pattern covers has each of them. They stop at an opaque part as well.
    """
    return tuple(_WILD.split(pattern))


def fixed_ends(pattern: str) -> tuple[str, str]:
    """Return the literal text before the first and after the last wildcard.

    What a pattern covers begins and ends with these. They stop at an opaque part as well.
    """
    parts = literal_parts(pattern)
    return parts[0], parts[-1]


_WILD = re.compile(r"\$\{[^}]*\}|\ue000.*?\ue001|[*?]")


def _without_opaque(wide: str, narrow: str) -> tuple[str, str]:
    """Return both patterns with each opaque part as one character of its own."""
    if "${" not in narrow and "\ue000" not in narrow and "${" not in wide and "\ue000" not in wide:
        return wide, narrow
    known = dict(_CHARACTERS)

    def stand_in(m: re.Match[str]) -> str:
        return known.setdefault(m[0], chr(_FIRST_OPAQUE + len(known)))

    return _OPAQUE.sub(stand_in, wide), _OPAQUE.sub(stand_in, narrow)


@lru_cache(maxsize=4096)
def _parts(pattern: str) -> tuple[tuple[int, str], ...]:
    """Return the pattern as pairs of gap and text after it.

    A gap is -1 when nothing lies between the text and what is before it, else the least
    number of characters of a run that holds a `*`. Texts may hold `?`.
    """
    parts: list[tuple[int, str]] = []
    end, gap = 0, -1
    for m in re.finditer(r"\?*\*[*?]*", pattern):
        parts.append((gap, pattern[end : m.start()]))
        gap, end = m[0].count("?"), m.end()
    parts.append((gap, pattern[end:]))
    return tuple(parts)


def _covers(wide: str, narrow: str) -> bool:
    """Match the tokens of `narrow` against `wide`: each text as early as it can, the last last."""
    parts = _parts(wide)
    head = parts[0][1]
    if not _agrees(head, narrow, 0):
        return False
    at = len(head)
    if len(parts) == 1:
        return at == len(narrow)
    for gap, text in parts[1:-1]:
        found = _find(text, narrow, _after(narrow, at, gap))
        if found < 0:
            return False
        at = found + len(text)
    gap, tail = parts[-1]
    last = len(narrow) - len(tail)
    return _after(narrow, at, gap) <= last and at <= last and _agrees(tail, narrow, last)


def _after(narrow: str, at: int, gap: int) -> int:
    """Return the first place that leaves at least `gap` certain characters after `at`."""
    while gap > 0:
        if at >= len(narrow):
            return len(narrow) + 1
        # A `*` and an opaque part may be empty.
        gap -= narrow[at] != "*" and ord(narrow[at]) < _FIRST_OPAQUE
        at += 1
    return at


def _find(text: str, narrow: str, start: int) -> int:
    if "?" not in text:
        return narrow.find(text, start)
    return next((i for i in range(start, len(narrow) + 1) if _agrees(text, narrow, i)), -1)


def _agrees(text: str, narrow: str, at: int) -> bool:
    """Tell whether `text`, which has no `*`, matches the tokens of `narrow` from `at` on."""
    if "?" not in text:
        return narrow.startswith(text, at)
    if at + len(text) > len(narrow):
        return False
    return all(
        t == n or (t == "?" and n != "*" and not _FIRST_OPAQUE <= ord(n) < 0xF8FF)
        for t, n in zip(text, narrow[at:], strict=False)
    )


def resources_meet(one: str, other: str) -> bool:
    """Tell whether a resource may match both patterns; never a false no, as `globs_meet`."""
    return globs_meet(_padded(one), _padded(other))


def _padded(pattern: str) -> str:
    """Return an ARN of too few fields with `*` at its end, as AWS may read it."""
    if pattern.startswith("arn:") and pattern.count(":") < _FIELDS_OF_AN_ARN - 1:
        return pattern + "*"
    return pattern


@lru_cache(maxsize=65536)
def globs_meet(one: str, other: str) -> bool:
    """Tell whether some text may match both patterns; what is opaque may be any text.

    Never a false no; case counts.
    """
    (head, tail), (start, end) = fixed_ends(one), fixed_ends(other)
    shorter = min(len(head), len(start))
    if head[:shorter] != start[:shorter]:
        return False
    shorter = min(len(tail), len(end))
    if shorter and tail[-shorter:] != end[-shorter:]:
        return False
    return _tokens_meet(_tokens(one), _tokens(other))


@lru_cache(maxsize=4096)
def _tokens(pattern: str) -> tuple[str, ...]:
    """Return a pattern as characters, `*` and `?`; a plain `*` or `?` as two characters."""
    found = []
    for text in _TOKEN.findall(pattern):
        if len(text) == 1:
            found.append(text)
        elif text in {"${*}", "${?}"}:
            found.append("\\" + text[2])
        else:
            found.append("$" if text == "${$}" else "*")
    return tuple(found)


def _tokens_meet(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """Walk along `one`, with all places of `other` that some common text may have come to."""
    reached = _skipped({0}, other)
    for sign in one:
        if sign == "*":
            reached = set(range(min(reached, default=len(other) + 1), len(other) + 1))
        else:
            after = set()
            for at in reached:
                if at < len(other):
                    if other[at] == "*":
                        after.add(at)
                    elif "?" in {sign, other[at]} or sign == other[at]:
                        after.add(at + 1)
            reached = _skipped(after, other)
        if not reached:
            return False
    return len(other) in reached


def _skipped(places: set[int], tokens: tuple[str, ...]) -> set[int]:
    """Return the places, and those behind a `*` that stands there, which may be empty."""
    found = set(places)
    for at in places:
        end = at
        while end < len(tokens) and tokens[end] == "*":
            end += 1
            found.add(end)
    return found

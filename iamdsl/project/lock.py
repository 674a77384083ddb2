"""`iamdsl.lock`: what a project came to when it was built, where that has to stay.

What classes of actions stand for, in which document each statement of a split identity or policy
is, and what the wildcards that `fit` wrote matched. It stands beside the configuration and belongs
into version control: with it, neither a newer catalogue nor a small change to a source moves
anything by itself. One action or statement a line and the entries in order, so that two branches
merge. Entries that a build does not ask for stay: another stage of the project may.

Of documents it is remembered what they lost, and what the last change made of them (`fit.steady`):
where something comes back to. In what they were, a statement that they still have is its number.
"""

from __future__ import annotations

import json
import os
import re
from itertools import groupby
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias, TypeGuard

from iamdsl.project import loading
from iamdsl.project.problem import Problem, reason

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from iamdsl.aws import Catalogue
    from iamdsl.fit.steady import Piece, Placed
    from iamdsl.iam import Statement
    from iamdsl.project.config import Config

    Table: TypeAlias = dict[str, Any]

FILE = "iamdsl.lock"
VERSION = 1
_HEAD = f"""\
# What `@class` and `except` stand for, as it was when they were first built, and in which document
# each statement is that does not fit into one. Commit this file. `iamdsl build --upgrade` writes it
# anew by the catalogue of today, `--repack` places statements anew. `lost`, `gone` and `was` tell
# where something was that is no more, for the case that it comes back.
version = {VERSION}
"""
# Actions that a message names.
_NAMED = 4
# A line that git leaves where two branches changed the same ones.
_CONFLICT = re.compile(rb"^(?:<{7}|>{7}|\|{7})(?: |\r?$)", re.MULTILINE)
# The names that IAM takes for policies (AWS "API_CreatePolicy").
_NAME = re.compile(r"[\w+=,.@-]{1,128}", re.ASCII)


class Wildcard(NamedTuple):
    """What a pattern matched that `fit` wrote in place of actions.

    Attributes:
        are: the actions, in order.
        catalogue: the version by which it matched no others.
    """

    are: tuple[str, ...]
    catalogue: str


class Locked(NamedTuple):
    """What a lock file holds.

    Attributes:
        actions: of each class or `except`, in words, what it stands for.
        placed: by whose statements they are (`role web`, `prod/role web`) and in which stage
            (`env=prod`, "" where nothing tells builds apart), the documents that they are in.
        wildcards: by pattern and stage.
    """

    actions: Mapping[str, tuple[str, ...]] = {}
    placed: Mapping[tuple[str, str], Placed] = {}
    wildcards: Mapping[tuple[str, str], Wildcard] = {}


class _DamagedError(Exception):
    """What is in a lock file that nobody wrote so."""


def read(config: Config) -> loading.File | Problem | None:
    """Return the lock file of a project; None where there is none, or no project."""
    path = path_of(config)
    if not path or not os.path.lexists(path):
        return None
    if os.path.islink(path) and loading.leaves(path, config.root):
        return loading.leaving_link(FILE)
    return loading.read(path, FILE)


def path_of(config: Config) -> str:
    """Return where a project's lock file is, "" when there is no project but bare files."""
    return os.path.join(config.root, FILE) if config.file else ""


def parse(file: loading.File) -> Locked | Problem:
    """Return what a lock file holds.

    Lines of two branches that were both kept are no damage: what is placed twice is joined.
    """
    import tomllib  # noqa: PLC0415 (5 ms, only with a lock file)

    if (mark := _CONFLICT.search(file.data)) is not None:
        line = file.data.count(b"\n", 0, mark.start()) + 1
        return _problem(
            f"`{FILE}` cannot be used: line {line:,} marks a merge that is not settled",
            "remove the marks and keep the lines between them, those of both sides where they are "
            "statements; then build",
        )
    try:
        table: Any = tomllib.loads(file.data.decode("utf-8"))
        if table.get("version") != VERSION:
            raise _DamagedError(f"its version is not {VERSION}")  # noqa: TRY301
        return Locked(
            _actions(_tables(table, "actions")),
            _placed(_tables(table, "placed")),
            _wildcards(_tables(table, "wildcards")),
        )
    except (_DamagedError, ValueError, RecursionError) as error:
        return _bad(str(error))


def _tables(table: Table, name: str) -> list[Table]:
    entries = table.get(name, [])
    if not isinstance(entries, list) or not all(isinstance(e, dict) for e in entries):
        raise _DamagedError(f"`{name}` is not a list of tables")
    return entries


def _actions(entries: list[Table]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for entry in entries:
        what, actions = entry.get("of"), entry.get("are")
        if not isinstance(what, str) or not _are_actions(actions):
            raise _DamagedError(
                "an entry of `actions` needs `of`, a text, and `are`, a list of actions"
            )
        if what in found:
            raise _DamagedError(f"`{what}` stands in it twice")
        found[what] = tuple(actions)
    return found


def _placed(entries: list[Table]) -> dict[tuple[str, str], Placed]:
    from iamdsl.fit.steady import Placed  # noqa: PLC0415 (attrs, only with a lock file)

    found: dict[tuple[str, str], Placed] = {}
    for entry in entries:
        of, when, order = entry.get("of"), entry.get("when", ""), entry.get("order", [])
        if not isinstance(of, str) or not isinstance(when, str):
            raise _DamagedError("an entry of `placed` needs `of`, a text; its `when` is one too")
        if not isinstance(order, list) or not all(n == "" or _is_name(n) for n in order):
            raise _DamagedError(f"the `order` of `{of}` is not a list of names of policies")
        pieces = tuple(_piece(d, of) for d in _tables(entry, "documents"))
        gone = tuple(_piece(d, of) for d in _tables(entry, "gone"))
        was = _were(_tables(entry, "was"), pieces, of)
        if (other := found.get((of, when))) is not None:
            # Of two branches; neither order is that of both, nor what was there before.
            found[of, when] = Placed((*other.pieces, *pieces), (), (*other.gone, *gone))
        else:
            found[of, when] = Placed(pieces, tuple(order), gone, was)
    return found


def _piece(entry: Table, of: str) -> Piece:
    from iamdsl.fit.steady import Piece  # noqa: PLC0415 (attrs, only with a lock file)

    statements = (_statement(line, of) for line in _lines(entry, "statements", of))
    lost = (_statement(line, of) for line in _lines(entry, "lost", of))
    return Piece(_name(entry, of), tuple(statements), tuple(lost))


def _were(entries: list[Table], pieces: Sequence[Piece], of: str) -> tuple[Piece, ...]:
    """Return documents as they were; none where their numbers are of another branch."""
    from iamdsl.fit.steady import Piece  # noqa: PLC0415 (attrs, only with a lock file)

    now = {piece.name: piece.statements for piece in pieces}
    found = []
    for entry in entries:
        name, lines = _name(entry, of), _lines(entry, "statements", of)
        there = now.get(name, ())
        if any(type(n) is int and not 0 < n <= len(there) for n in lines):
            return ()
        found.append(
            Piece(name, tuple(there[n - 1] if type(n) is int else _statement(n, of) for n in lines))
        )
    return tuple(found)


def _name(entry: Table, of: str) -> str:
    name = entry.get("name", "")
    if "name" in entry and not _is_name(name):
        raise _DamagedError(f"a document of `{of}` has a `name` that no policy can have")
    return str(name)


def _lines(entry: Table, name: str, of: str) -> list[Any]:
    lines = entry.get(name, [])
    if not isinstance(lines, list):
        raise _DamagedError(f"the `{name}` of a document of `{of}` are no list")
    return lines


def _statement(line: object, of: str) -> Statement:
    """Return a statement as it was written; the order of its conditions is kept, too."""
    import attrs  # noqa: PLC0415 (only with a lock file that places something)

    from iamdsl.iam import VERSION as LANGUAGE  # noqa: PLC0415 (likewise)
    from iamdsl.iam import canonical_operator, from_text  # noqa: PLC0415 (likewise)

    try:
        if not isinstance(line, str):
            raise ValueError("a text is expected")  # noqa: TRY004,TRY301 (of the file's, not ours)
        (statement,) = from_text(f'{{"Version":"{LANGUAGE}","Statement":[{line}]}}').statements
        blocks = json.loads(line).get("Condition", {})
    except (ValueError, RecursionError) as error:
        raise _DamagedError(f"a statement of `{of}` is none: {error}") from error
    pairs = [(canonical_operator(o), key) for o, keys in blocks.items() for key in keys]
    if len(pairs) < 2:
        return statement
    condition = sorted(statement.condition, key=lambda e: pairs.index((e.operator, e.key)))
    return attrs.evolve(statement, condition=tuple(condition))


def _wildcards(entries: list[Table]) -> dict[tuple[str, str], Wildcard]:
    found: dict[tuple[str, str], Wildcard] = {}
    for entry in entries:
        pattern, are, version = entry.get("pattern"), entry.get("are"), entry.get("catalogue")
        when = entry.get("when", "")
        if not (
            isinstance(pattern, str)
            and isinstance(when, str)
            and _are_actions([pattern])
            and _are_actions(are)
            and isinstance(version, str)
        ):
            raise _DamagedError(
                "an entry of `wildcards` needs `pattern`, `are`, a list of actions, and `catalogue`"
            )
        wildcard = Wildcard(tuple(sorted(set(are))), version)
        if (other := found.get((pattern, when))) is not None:
            # Of two branches: what only one of them saw is new to the other.
            both = tuple(a for a in wildcard.are if a in other.are)
            wildcard = Wildcard(both, min(version, other.catalogue))
        found[pattern, when] = wildcard
    return found


def text(locked: Locked) -> str:
    """Return the text of a lock file: ASCII, the same for the same values in any order."""
    parts = [_HEAD]
    for what, actions in sorted(locked.actions.items()):
        parts.append(f"[[actions]]\nof = {_quoted(what)}\n{_listed('are', sorted(actions))}")
    for (of, when), placed in sorted(locked.placed.items()):
        lines = f"[[placed]]\nof = {_quoted(of)}\n"
        lines += f"when = {_quoted(when)}\n" if when else ""
        if placed.order:
            lines += f"order = [{', '.join(map(_quoted, placed.order))}]\n"
        lines += "".join(map(_document, placed.pieces)) + "".join(map(_gone, placed.gone))
        now = {piece.name: piece.statements for piece in placed.pieces}
        parts.append(lines + "".join(_was(p, now.get(p.name, ())) for p in placed.was))
    for (pattern, when), wildcard in sorted(locked.wildcards.items()):
        lines = f"[[wildcards]]\npattern = {_quoted(pattern)}\n"
        lines += f"when = {_quoted(when)}\n" if when else ""
        lines += f"catalogue = {_quoted(wildcard.catalogue)}\n"
        parts.append(lines + _listed("are", sorted(wildcard.are)))
    return "\n".join(parts)


def _document(piece: Piece) -> str:
    lost = f"lost = [\n{_rows(piece.lost)}]\n" if piece.lost else ""
    statements = f"statements = [\n{_rows(piece.statements)}]\n"
    return f"[[placed.documents]]\n{_named(piece)}{statements}{lost}"


def _gone(piece: Piece) -> str:
    return f"[[placed.gone]]\n{_named(piece)}lost = [\n{_rows(piece.lost)}]\n"


def _was(piece: Piece, now: Sequence[Statement]) -> str:
    """Return a document as it was; its statements that are in it `now` as their numbers, in rows."""
    numbers = {statement: number for number, statement in enumerate(now, 1)}
    rows: list[str] = []
    for same, some in groupby(piece.statements, key=numbers.__contains__):
        if same:
            rows.append("  " + " ".join(f"{numbers[s]}," for s in some) + "\n")
        else:
            rows.append(_rows(some))
    return f"[[placed.was]]\n{_named(piece)}statements = [\n{''.join(rows)}]\n"


def _named(piece: Piece) -> str:
    return f"name = {_quoted(piece.name)}\n" if piece.name else ""


def _rows(statements: Iterable[Statement]) -> str:
    from iamdsl.iam import minified, statement_to_json  # noqa: PLC0415 (attrs, for placed ones)

    texts = (minified(statement_to_json(s)) for s in statements)
    # A quote can only be in a string of JSON, where it may be escaped; so no other text needs to be.
    return "".join(f"  '{text}',\n" for text in (t.replace("'", "\\u0027") for t in texts))


def _listed(name: str, values: Sequence[str]) -> str:
    return f"{name} = [\n" + "".join(f"  {_quoted(v)},\n" for v in values) + "]\n"


def _quoted(text: str) -> str:
    """Return a text as a TOML string in ASCII."""
    return '"' + "".join(map(_character, text)) + '"'


def _character(c: str) -> str:
    if c in {'"', "\\"}:
        return "\\" + c
    if " " <= c <= "~":
        return c
    return f"\\u{ord(c):04x}" if ord(c) <= 0xFFFF else f"\\U{ord(c):08x}"


def write(config: Config, data: bytes) -> Problem | None:
    """Put a lock file into its place, whole or not at all."""
    path = path_of(config)
    temporary = f"{path}.{os.getpid()}.iamdsl-part"
    try:
        with open(temporary, "wb") as stream:
            stream.write(data)
        os.replace(temporary, path)
    except OSError as error:
        if os.path.exists(temporary):
            os.unlink(temporary)
        return _problem(f"`{FILE}` cannot be written: {reason(error)}", "make the folder writable")
    return None


def differing(before: Locked, after: Locked) -> tuple[str, ...]:
    """Return what a build would change in a lock file, in words, sorted."""
    found = {what for what in after.actions if what not in before.actions}
    # What is only remembered is no reason to build again.
    deployed = ({k: (p.contents, p.order) for k, p in x.placed.items()} for x in (before, after))
    found |= {of for of, _ in _changed(*deployed)}
    found |= {pattern for pattern, _ in _changed(before.wildcards, after.wildcards)}
    return tuple(sorted(found))


def _changed(
    before: Mapping[tuple[str, str], object], after: Mapping[tuple[str, str], object]
) -> list[tuple[str, str]]:
    return [k for k in before.keys() | after.keys() if before.get(k) != after.get(k)]


def grown(locked: Locked, stage: str, catalogue: Catalogue) -> Iterator[Problem]:
    """Yield a warning for each wildcard of a build that a newer catalogue finds to match more.

    It is what was deployed with that pattern that grants more; the next build has another one.
    """
    for (pattern, when), wildcard in sorted(locked.wildcards.items()):
        if when != stage or wildcard.catalogue == catalogue.version:
            continue
        from iamdsl.fit.today import newly_granted  # noqa: PLC0415 (only with another catalogue)

        if more := newly_granted(pattern, wildcard.are, catalogue):
            yield _grown(pattern, more, wildcard.catalogue, catalogue.version)


def _grown(pattern: str, more: Sequence[str], was: str, now: str) -> Problem:
    from iamdsl.diagnostics import codes  # noqa: PLC0415 (only where one grew)

    shown = ", ".join(f"`{action}`" for action in more[:_NAMED])
    shown += f" and {len(more) - _NAMED:,} more" if len(more) > _NAMED else ""
    return Problem(
        codes.WILDCARD_GREW,
        f"`{pattern}`, which a build wrote by catalogue {was}, matches {shown} by {now}",
        "build again, which writes another pattern, and deploy that",
    )


def outdated(changed: Sequence[str]) -> Problem:
    """Return the problem of a build that may not change the lock file, and would have to."""
    shown = ", ".join(f"`{what}`" for what in changed[:3]) + (" …" if len(changed) > 3 else "")
    return _problem(
        f"`{FILE}` does not hold all that this build asks for: {shown}",
        "build without `--locked`, and commit the file",
    )


def _are_actions(names: object) -> TypeGuard[list[str]]:
    return isinstance(names, list) and all(
        isinstance(n, str) and n.isascii() and all(c.isalnum() or c in ":*?.-_" for c in n)
        for n in names
    )


def _is_name(name: object) -> bool:
    return isinstance(name, str) and _NAME.fullmatch(name) is not None


def _bad(why: str) -> Problem:
    hint = "take it from version control again, or remove it and build with `--upgrade`"
    return _problem(f"`{FILE}` cannot be used: {why[:1].lower()}{why[1:]}", hint)


def _problem(message: str, hint: str) -> Problem:
    from iamdsl.diagnostics import codes  # noqa: PLC0415 (only on mistakes)

    return Problem(codes.BAD_LOCK, message, hint)

"""`iamdsl.toml`, or `[tool.iamdsl]` in `pyproject.toml`: the nearest one upward.

Every key is checked: an unknown one is an error with a suggestion, since a misspelt
setting that is silently passed over can widen what is built.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from iamdsl.project.problem import Problem, nearest, reason

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from iamdsl.fit.settings import Wildcards
    from iamdsl.source import Source

FILE = "iamdsl.toml"
BASELINE = "iamdsl.baseline"
EDITIONS = ("2026",)
TARGETS = (
    "json",
    "cloudformation",
    "cloudformation-json",
    "sam",
    "terraform",
    "terraform-json",
    "terraform-documents",
    "aws-cli",
    "boto3",
    "cdk",
    "cdk-python",
)
LEVELS = ("error", "warn", "info", "off")
PRESETS = ("recommended", "strict", "off")
WILDCARDS = ("never", "tight", "words", "max")
_MAX_BYTES = 1024 * 1024


class Ignored(NamedTuple):
    """An entry of `[[lint.ignore]]`: findings of some files that are to be passed over.

    Attributes:
        codes: their numbers.
        paths: files, folders and patterns, relative to the configuration's folder.
    """

    codes: tuple[str, ...]
    paths: tuple[str, ...]
    reason: str


class Config(NamedTuple):
    """What a project is set to; not attrs, see `problem.py`.

    Attributes:
        root: the absolute folder that names of files are relative to.
        file: the absolute path of the configuration file, or an empty string.
        name: what the project is called where it is deployed; empty for `iamdsl`.
        out: where outputs go, relative to `root`.
        targets: what is written, of `TARGETS`; several each into a folder of its name.
        samples: what questions and tests take for externs, and for pseudo parameters by names such
            as `aws.account`, where nothing else gives a value.
        partition, account, region: pseudo parameters, None where a build does not know them.
        limits: raised quotas by their name in the table of limits.
        levels: pairs of a code's number and one of `LEVELS`.
        preset: which codes of the review are wanted where `levels` says nothing, of `PRESETS`.
        ignored: what is passed over by file, in the order of writing.
        baseline: the file of findings to pass over, relative to `root`; empty for the usual one.
        catalogue: a path relative to `root`, or the version that is asked for, or empty.
        wildcards, cross_service, share: what is asked of `fit`, see `fit.Settings`.
        sampled: whether `samples` stand for what is open; no setting of a file (`sampled`).
    """

    root: str
    file: str = ""
    edition: str = EDITIONS[-1]
    name: str = ""
    sources: tuple[str, ...] = ()
    out: str = "build"
    targets: tuple[str, ...] = TARGETS[:1]
    params: tuple[tuple[str, str], ...] = ()
    samples: tuple[tuple[str, str], ...] = ()
    partition: str | None = None
    account: str | None = None
    region: str | None = None
    limits: tuple[tuple[str, int], ...] = ()
    levels: tuple[tuple[str, str], ...] = ()
    preset: str = PRESETS[0]
    ignored: tuple[Ignored, ...] = ()
    baseline: str = ""
    catalogue: str = ""
    minify: bool = False
    sids: str = "keep"
    wildcards: Wildcards = "never"
    cross_service: bool = False
    share: bool = False
    sampled: bool = False


def find(start: str) -> tuple[str, bytes, Problem | None]:
    """Return path and bytes of the nearest configuration, from the folder `start` upward.

    The path is empty if there is none. A `pyproject.toml` counts when it has our table.
    """
    folder = os.path.abspath(start)
    while True:
        for name in (FILE, "pyproject.toml"):
            path = os.path.join(folder, name)
            try:
                with open(path, "rb") as stream:
                    data = stream.read(_MAX_BYTES + 1)
            except (FileNotFoundError, NotADirectoryError):
                continue
            except OSError as error:
                return path, b"", _unreadable(path, reason(error))
            if len(data) > _MAX_BYTES:
                return path, b"", _unreadable(path, "larger than 1 MB")
            if name == FILE or b"tool.iamdsl" in data:
                return path, data, None
        parent = os.path.dirname(folder)
        if parent == folder:
            return "", b"", None
        folder = parent


def load(start: str) -> tuple[Config, list[Problem]]:
    """Return the configuration that holds in the folder `start`, and what is wrong with it."""
    path, data, problem = find(start)
    if not path:
        return Config(os.path.abspath(start)), []
    root = os.path.dirname(path)
    if problem is not None:
        return Config(root, path), [problem]
    return parse(data, root, path)


def parse(data: bytes, root: str, path: str) -> tuple[Config, list[Problem]]:
    """Return the configuration that a file holds, and what is wrong with it."""
    import tomllib  # noqa: PLC0415 (5 ms, only with a configuration)

    name = os.path.basename(path)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return Config(root, path), [_bad(f"`{name}` is not UTF-8 text (byte {error.start})")]
    try:
        table: Any = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        return Config(root, path), [_broken(error, name, text)]
    prefix = ""
    if name != FILE:
        prefix = "tool.iamdsl"
        table = table.get("tool", {})
        table = table.get("iamdsl", {}) if isinstance(table, dict) else {}
    reader = _Reader(name, text, prefix)
    values = reader.read(table) if isinstance(table, dict) else {}
    return Config(root=root, file=path, **values), reader.problems


def baseline_path(settings: Config) -> str:
    """Return the absolute path of the baseline: beside the configuration, else here."""
    folder = settings.root if settings.file else os.getcwd()
    return os.path.normpath(os.path.join(folder, settings.baseline or BASELINE))


def sampled(settings: Config) -> Config:
    """Return the settings with samples for what they leave to a deployment, and no target but JSON."""
    known = dict(settings.params)
    for name, value in settings.samples:
        if not name.startswith("aws."):
            known.setdefault(name, value)
        elif getattr(settings, name.removeprefix("aws.")) is None:
            settings = settings._replace(**{name.removeprefix("aws."): value})  # type: ignore[arg-type]
    return settings._replace(params=tuple(sorted(known.items())), targets=TARGETS[:1], sampled=True)


def as_param(value: object) -> str | None:
    """Return a value of `params` as the text that `--set` would hold, or None if it has none."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, str | int | float) else None


# What comes from outside stands in ARNs: it must not bring a wildcard there.
PSEUDO = {
    "partition": (r"aws(-[a-z]+)*", "a partition such as `aws` or `aws-cn`"),
    "account": (r"[0-9]{12}", "a string of 12 digits"),
    "region": (r"[a-z]{2,}(-[a-z]+)+-[0-9]+", "a region such as `eu-west-1`"),
}


def fits(name: str, value: str) -> bool:
    """Tell whether a text may be the value of a pseudo parameter, one of `PSEUDO`."""
    return re.fullmatch(PSEUDO[name][0], value) is not None


class _Wrong(Exception):  # noqa: N818 (carried from a check to its reader, never out of here)
    """A value is not what its key takes; the text says what it takes."""

    def __init__(self, expected: str, hint: str = "", key: str = "") -> None:
        super().__init__(expected)
        self.expected, self.hint, self.key = expected, hint, key


class _Reader:
    """Reads the tables of one file, gathering its problems."""

    def __init__(self, name: str, text: str, prefix: str) -> None:
        self._name, self._text, self._prefix = name, text, prefix
        self._source: Source | None = None
        self.problems: list[Problem] = []

    def read(self, table: Mapping[str, Any]) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for key, value in table.items():
            if key in _TABLES and isinstance(value, dict):
                self._read_keys(key, value, _TABLES[key], values)
            elif key == "lint" and isinstance(value, dict):
                levels = {name: level for name, level in value.items() if name not in _LINT}
                own = {name: set_ for name, set_ in value.items() if name in _LINT}
                self._read_keys("", {key: levels}, _KEYS, values)
                self._read_keys(key, own, _LINT, values)
            else:
                self._read_keys("", {key: value}, _KEYS, values)
        return values

    def _read_keys(
        self,
        section: str,
        table: Mapping[str, Any],
        known: Mapping[str, tuple[str, Callable[[Any], Any]]],
        values: dict[str, Any],
    ) -> None:
        for key, value in table.items():
            shown = f"{section}.{key}" if section else key
            if key not in known:
                hint = nearest(key, [*known, *_TABLES] if not section else list(known))
                keys = ", ".join(f"`{k}`" for k in known)
                self._add(section, key, f"`{shown}` is no setting", hint or f"there are {keys}")
                continue
            field, check = known[key]
            try:
                values[field] = check(value)
            except _Wrong as wrong:
                where = (key, wrong.key) if wrong.key else (section, key)
                if wrong.key.startswith("ignore["):
                    where, shown = (section, wrong.key), section
                shown = f"{shown}.{wrong.key}" if wrong.key else shown
                self._add(*where, f"`{shown}` must be {wrong.expected}", wrong.hint)

    def _add(self, section: str, key: str, message: str, hint: str) -> None:
        from iamdsl.diagnostics import codes  # noqa: PLC0415 (only on mistakes)
        from iamdsl.source import Source, Span  # noqa: PLC0415

        self._source = self._source or Source(self._name, self._text)
        section = ".".join(s for s in (self._prefix, section) if s)
        if match := re.fullmatch(r"ignore\[(\d+)\]", key):
            start, end = locate_entry(self._text, f"{section}.ignore", int(match[1]))
        else:
            start = locate(self._text, section, key)
            end = start + (len(key) if self._text.startswith(key, start) else 0)
        span = Span(self._source, start, end)
        self.problems.append(Problem(codes.BAD_CONFIG, message, hint, span))


def locate(text: str, section: str, key: str) -> int:
    """Return the offset of a key in TOML text, as near as a scan of lines can tell.

    The values of a table written in line (`params = { env = 1 }`) are found at its key.
    """
    header, offset, around = "", 0, 0
    parent, _, last = section.rpartition(".")
    for line in text.splitlines(keepends=True):
        if match := re.match(r"\s*\[([^\[\]]+)\]", line):
            header = ".".join(part.strip(" \"'") for part in match[1].split("."))
            if header in (section, f"{section}.{key}".strip(".")):
                around = offset + match.start(1)
        elif match := re.match(r"\s*([\"']?)([^\s\"'=]+)\1\s*=", line):
            written = match[2]
            if (header == section and written == key) or (
                f"{header}.{written}".strip(".") == f"{section}.{key}".strip(".")
            ):
                return offset + match.start(2)
            if header == parent and written == last:
                around = offset + match.start(2)
        offset += len(line)
    return around


def locate_entry(text: str, table: str, number: int) -> tuple[int, int]:
    """Return the stretch of the header of an entry in an array of tables, from 1; see `locate`."""
    name = r"\s*\.\s*".join(map(re.escape, table.split(".")))
    headers = list(re.finditer(rf"^[ \t]*(\[\[\s*{name}\s*\]\])", text, re.MULTILINE))
    if number <= len(headers):
        return headers[number - 1].span(1)
    section, _, key = table.rpartition(".")
    start = locate(text, section, key)
    return start, start


def _text(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise _Wrong("a string")
    return value


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise _Wrong("`true` or `false`")
    return value


def _texts(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(v, str) and v for v in value):
        raise _Wrong("a list of strings", 'write it in brackets: `["…"]`')
    return tuple(value)


def _one_of(*known: str) -> Callable[[object], str]:
    def check(value: object) -> str:
        if value not in known:
            choice = " or ".join(f"`{k}`" for k in known)
            raise _Wrong(choice, nearest(str(value), list(known)))
        return str(value)

    return check


def _sources(value: object) -> tuple[str, ...]:
    for entry in _texts(value):
        parts = entry.replace("\\", "/").split("/")
        if os.path.isabs(entry) or ".." in parts:
            raise _Wrong("paths inside the project", f"move what `{entry}` names below the project")
    return _texts(value)


def _targets(value: object) -> tuple[str, ...]:
    targets = tuple(_one_of(*TARGETS)(v) for v in _texts(value))
    if not targets or len(set(targets)) != len(targets):
        raise _Wrong("a list of targets, each once")
    return targets


def is_name(value: object) -> bool:
    """Tell whether a project can be called so."""
    return isinstance(value, str) and bool(re.fullmatch(r"[A-Za-z][A-Za-z0-9_.-]{0,63}", value))


def _name(value: object) -> str:
    if not isinstance(value, str) or not is_name(value):
        raise _Wrong("a name of at most 64 letters, digits, `_`, `.` and `-`, a letter first")
    return value


def _params(value: object) -> tuple[tuple[str, str], ...]:
    if not isinstance(value, dict):
        raise _Wrong("a table of values by name")
    params = []
    for key, given in value.items():
        written = as_param(given)
        if written is None:
            raise _Wrong("a string, a number or a boolean", "import a list as data", key)
        params.append((key, written))
    return tuple(sorted(params))


def _samples(value: object) -> tuple[tuple[str, str], ...]:
    """Return samples; those of pseudo parameters stand in a table `aws`, or under quoted names."""
    if not isinstance(value, dict):
        raise _Wrong("a table of values by name")
    aws = value.get("aws", {})
    if not isinstance(aws, dict):
        raise _Wrong("a table with `partition`, `account`, `region`", "", "aws")
    found = dict(_params({name: given for name, given in value.items() if name != "aws"}))
    found |= {f"aws.{name}": given for name, given in aws.items()}
    for name, given in found.items():
        if name.startswith("aws."):
            short = name.removeprefix("aws.")
            if short not in PSEUDO:
                raise _Wrong("a table of externs and of `aws.partition`, `.account`, `.region`")
            found[name] = _pseudo(short)(given)
    return tuple(sorted(found.items()))


def _limits(value: object) -> tuple[tuple[str, int], ...]:
    if not isinstance(value, dict):
        raise _Wrong("a table of numbers by the name of the quota")
    from iamdsl.aws.limits import LIMITS, LimitError  # noqa: PLC0415 (only where one is raised)

    for key, number in value.items():
        try:
            LIMITS.with_overrides({key: number})
        except LimitError as error:
            raise _Wrong("a quota that AWS grants", str(error), key) from None
    return tuple(sorted(value.items()))


def _levels(value: object) -> tuple[tuple[str, str], ...]:
    from iamdsl.diagnostics import Severity, codes  # noqa: PLC0415 (only where levels are set)

    if not isinstance(value, dict):
        raise _Wrong("a table of levels by the code's number or name")
    levels = {}
    for key, level in value.items():
        code = codes.find(key)
        if code is None:
            names = [c.name for c in codes.ALL] + [c.number for c in codes.ALL]
            hint = nearest(key, names) or "run `iamdsl explain` for a list"
            raise _Wrong("the number or name of a code", hint, key)
        if level not in LEVELS:
            raise _Wrong(" or ".join(f'`"{known}"`' for known in LEVELS), "", key)
        if code.severity is Severity.ERROR and level != "error":
            raise _Wrong('`"error"`', "mend the source: what is an error stays one", key)
        levels[code.number] = level
    return tuple(sorted(levels.items()))


def _ignored(value: object) -> tuple[Ignored, ...]:
    if not isinstance(value, list) or not all(isinstance(entry, dict) for entry in value):
        raise _Wrong("tables", "begin each with `[[lint.ignore]]`")
    return tuple(_ignored_entry(entry, number) for number, entry in enumerate(value, 1))


def _ignored_entry(entry: Mapping[str, Any], number: int) -> Ignored:
    """Return an entry of `[[lint.ignore]]`; what is wrong is found at its header."""
    keys = Ignored._fields
    at = f"ignore[{number}]"
    for key in entry:
        if key not in keys:
            hint = nearest(key, list(keys))
            raise _Wrong("made of `codes`, `paths`, `reason`", hint or f"remove `{key}`", at)
    for key in ("codes", "paths"):
        given = entry.get(key)
        if not isinstance(given, list) or not given or not all(map(_is_text, given)):
            raise _Wrong(f"a table whose `{key}` is a list of strings", "", at)
    if not _is_text(entry.get("reason")):
        raise _Wrong("a table with a `reason`", "say why these findings are passed over", at)
    for path in entry["paths"]:
        if os.path.isabs(path) or ".." in path.replace("\\", "/").split("/"):
            raise _Wrong("about paths beneath the configuration", f"remove `{path}`", at)
    return Ignored(_numbers(entry["codes"], at), tuple(entry["paths"]), entry["reason"].strip())


def _numbers(words: Sequence[str], at: str) -> tuple[str, ...]:
    """Return the numbers of codes that are given by number or name."""
    from iamdsl.diagnostics import codes  # noqa: PLC0415 (only where some are named)

    numbers = []
    for word in words:
        code = codes.find(word)
        if code is None:
            known = [c.name for c in codes.ALL] + [c.number for c in codes.ALL]
            hint = nearest(word, known) or "run `iamdsl explain` for a list"
            raise _Wrong(f"about codes, and `{word}` is none", hint, at)
        numbers.append(code.number)
    return tuple(numbers)


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _beneath(value: object) -> str:
    path = _text(value)
    if os.path.isabs(path) or ".." in path.replace("\\", "/").split("/"):
        raise _Wrong("a path inside the project")
    return path


def _pseudo(name: str) -> Callable[[object], str]:
    def check(value: object) -> str:
        if not isinstance(value, str) or not fits(name, value):
            hint = "write the number in quotes" if isinstance(value, int) else ""
            raise _Wrong(PSEUDO[name][1], hint)
        return value

    return check


_KEYS: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "edition": ("edition", _one_of(*EDITIONS)),
    "name": ("name", _name),
    "sources": ("sources", _sources),
    "out": ("out", _text),
    "targets": ("targets", _targets),
    "params": ("params", _params),
    "samples": ("samples", _samples),
    "limits": ("limits", _limits),
    "lint": ("levels", _levels),
    "catalogue": ("catalogue", _text),
    "minify": ("minify", _flag),
    "sids": ("sids", _one_of("keep", "drop")),
    "aws": ("aws", lambda _: _refuse("a table with `partition`, `account`, `region`")),
    "fit": ("fit", lambda _: _refuse("a table with `wildcards`, `cross-service`, `share`")),
}
_LINT: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "preset": ("preset", _one_of(*PRESETS)),
    "ignore": ("ignored", _ignored),
    "baseline": ("baseline", _beneath),
}
_TABLES: dict[str, dict[str, tuple[str, Callable[[Any], Any]]]] = {
    "aws": {name: (name, _pseudo(name)) for name in PSEUDO},
    "fit": {
        "wildcards": ("wildcards", _one_of(*WILDCARDS)),
        "cross-service": ("cross_service", _flag),
        "share": ("share", _flag),
    },
}


def _refuse(expected: str) -> None:
    raise _Wrong(expected)


def _bad(message: str, hint: str = "") -> Problem:
    from iamdsl.diagnostics import codes  # noqa: PLC0415 (only on mistakes)

    return Problem(codes.BAD_CONFIG, message, hint)


def _unreadable(path: str, why: str) -> Problem:
    return _bad(f"`{os.path.basename(path)}` cannot be read: {why}")


def _broken(error: Exception, name: str, text: str) -> Problem:
    """Return the problem of text that is no TOML, at the place that tomllib names in its text."""
    from iamdsl.diagnostics import codes  # noqa: PLC0415 (only on mistakes)
    from iamdsl.source import Source, Span  # noqa: PLC0415

    said = str(error) if not isinstance(error, RecursionError) else "nested too deep"
    match = re.search(r" \(at (?:line (\d+), column (\d+)|end of document)\)$", said)
    source, at = Source(name, text), len(text)
    if match:
        said = said[: match.start()]
        if match[1]:
            at = source.line_starts[int(match[1]) - 1] + int(match[2]) - 1
    message = f"`{name}` is not TOML: {said[:1].lower()}{said[1:]}"
    return Problem(codes.BAD_CONFIG, message, "", Span(source, at, min(at + 1, len(text))))

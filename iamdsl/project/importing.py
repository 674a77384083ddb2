"""Import: files of other tools in, sources out, checked by compiling them.

```
paths ──gather──▶ inputs ──read──▶ estates ──lift──▶ trees ──fmt──▶ texts ──check──▶ Imported
```

Nothing is written here but by `write`, and only into files that are not there yet.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

import attrs

from iamdsl import fmt
from iamdsl.aws.limits import LIMITS
from iamdsl.compiler import Environment, compile  # noqa: A004 (the verb of the compiler)
from iamdsl.diagnostics import Diagnostic, Report, Severity, codes
from iamdsl.iam import placeholder
from iamdsl.lift import declaring, formats
from iamdsl.lift.templates import MODULES, Pattern, patterns
from iamdsl.project import config, loading, writer
from iamdsl.project.catalogue import open_catalogue
from iamdsl.project.inputs import Input, gather, word
from iamdsl.project.problem import Problem, reason
from iamdsl.source import Source, Span
from iamdsl.syntax import parse, tree

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from iamdsl.aws import Catalogue
    from iamdsl.lift import Estate
    from iamdsl.lift.entities import Written


class Options(NamedTuple):
    """What the command line says.

    Attributes:
        kind, target: of a lone policy document, see `lift.policies.read`.
        name: of what a single input holds, if it says no names itself.
        place: what the sources will be built for: `account`, `region`, `partition`.
        settings: the place by the settings that hold for the sources; None where they are to be
            written, and will say what an answer says of its account.
        skip: whether entities that cannot be said are left out, with their errors as warnings.
        split: whether each input gets a source of its own, and of an account each policy and role;
            else there is one source.
    """

    kind: str = "auto"
    target: str | None = None
    name: str | None = None
    place: tuple[tuple[str, str], ...] = ()
    skip: bool = False
    split: bool = False
    settings: Mapping[str, str] | None = MappingProxyType({})


class Made(NamedTuple):
    """One source that was made: its file, with slashes, and its text."""

    file: str
    text: str


class Imported(NamedTuple):
    """What an import came to.

    Attributes:
        sources: none after an error.
        pseudo: what the configuration of a project has to say of its place.
        refused: names of entities that have no exact form.
        counts: pairs of a kind of entity and how many there are.
        ignored: files of a folder that hold nothing of IAM's.
        read, made: characters of what was read and of what was made.
    """

    diagnostics: tuple[Diagnostic, ...]
    sources: tuple[Made, ...] = ()
    pseudo: tuple[tuple[str, str], ...] = ()
    refused: tuple[str, ...] = ()
    counts: tuple[tuple[str, int], ...] = ()
    ignored: tuple[str, ...] = ()
    read: int = 0
    made: int = 0

    @property
    def failed(self) -> bool:
        """Tell whether there was an error."""
        return any(d.severity is Severity.ERROR for d in self.diagnostics)


def run(paths: Sequence[str], options: Options, stdin: bytes | None = None) -> Imported:
    """Import files and folders; nothing is written.

    Args:
        paths: `-` stands for `stdin`.
    """
    report = Report()
    catalogue = open_catalogue()
    inputs, ignored = gather(paths, stdin, report)
    if options.name and len(inputs) == 1:
        inputs = [inputs[0]._replace(name=options.name)]
    if isinstance(catalogue, Problem):
        report.extend([catalogue.diagnostic()])
    if report.failed or isinstance(catalogue, Problem):
        return Imported(report.diagnostics)
    estates: list[tuple[Input, Estate]] = []
    for given in inputs:
        estate = _read(given, options, report)
        if estate is None:
            ignored += [] if given.named else [source.name for source in given.sources]
        else:
            estates.append((given, estate))
    if not estates and not report.failed:
        _nothing(paths, report)
    making = _Making(catalogue, options, report)
    for given, estate in estates:
        making.add(given.name, estate)
    return making.result(ignored, sum(len(s.text) for i, _ in estates for s in i.sources))


def _read(given: Input, options: Options, report: Report) -> Estate | None:
    if given.sources[0].name.endswith(".tf"):
        return formats.read_module(given.sources, report)
    (source,) = given.sources
    own = Report()
    name = given.name
    found = formats.read(source, name, own, kind=options.kind, target=options.target)
    if found == "other":
        if given.named:
            formats.nothing(source, report)
        return None
    diagnostics = own.diagnostics
    if options.skip and found is not None and found.refused:
        diagnostics = tuple(
            d._replace(severity=Severity.WARNING) if d.code is codes.INEXACT_INTRINSIC else d
            for d in diagnostics
        )
    if given.named:
        report.extend(diagnostics)
    else:
        # Among the files of a folder those are meant that hold IAM's documents, as far as they do.
        about_iam = {codes.NOTHING_TO_IMPORT, codes.NOT_JSON, codes.BAD_DATA}
        if "AWS::" not in source.text:  # YAML of some other tool, which may have tags of its own
            about_iam |= {codes.BAD_YAML, codes.NEEDS_EXTRA}
        report.extend(d for d in diagnostics if d.code not in about_iam)
    return found


def _nothing(paths: Sequence[str], report: Report) -> None:
    report.add(
        codes.NOTHING_TO_IMPORT,
        None,
        f"there is nothing of IAM's in {', '.join(f'`{p}`' for p in paths)}",
        hint=f"import {formats.KNOWN}",
    )


def _partition_of(estate: Estate) -> dict[str, str]:
    """Return the partition that all ARNs of an estate are of, where none leaves it open."""
    found = set()
    for text in estate.texts():
        if placeholder("aws.partition") in text:
            return {}
        if text.startswith("arn:"):
            found.add(text.split(":", 2)[1])
    known = found.pop() if len(found) == 1 else ""
    return {"partition": known} if re.fullmatch("aws[a-z-]*", known) else {}


class _Making:
    """Makes sources of estates, and sees whether they compile."""

    def __init__(self, catalogue: Catalogue, options: Options, report: Report) -> None:
        self._catalogue, self._options, self._report = catalogue, options, report
        self._files: dict[str, tuple[tuple[tree.Extern, ...], tuple[Written, ...]]] = {}
        self._pseudo = dict(options.place)
        self._refused: dict[str, None] = {}
        self._patterns: dict[tuple[tuple[str, str], ...], tuple[Pattern, ...]] = {}

    def add(self, name: str, estate: Estate) -> None:
        """Add what was read from one input."""
        own = Report()
        apart = "account" in estate.pseudo and not estate.externs
        estate = attrs.evolve(estate, pseudo=dict(self._pseudo_of(name, estate)))
        lifted = declaring.lift(estate, self._catalogue, own, self._templates(estate))
        self._complain(own.diagnostics)
        whole = tuple(e for e in lifted.entities if e.whole)
        self._refused.update(dict.fromkeys(estate.refused))
        self._refused.update(dict.fromkeys(e.name for e in lifted.entities if not e.whole))
        if not self._options.split:
            self._together(name, lifted.externs, whole)
            return
        for file, entities in (_split(whole) if apart else {name: whole}).items():
            unique, number = file, 1
            while f"{unique}.iam" in self._files:
                number += 1
                unique = f"{file}-{number}"
            self._files[f"{unique}.iam"] = (lifted.externs, entities)

    def _together(
        self, name: str, externs: Sequence[tree.Extern], entities: tuple[Written, ...]
    ) -> None:
        """Add to the one source that there is to be; what both leave open must be the same."""
        file = next(iter(self._files), f"{name}.iam")
        known, others = self._files.get(file, ((), ()))
        open_ = {extern.name.text: extern for extern in known}
        for extern in externs:
            same = open_.setdefault(extern.name.text, extern)
            if tree.show(same) != tree.show(extern):
                self._report.add(
                    codes.FOUND_TWICE,
                    None,
                    f"`{name}` and another file leave something open that is called"
                    f" `{extern.name.text}`",
                    hint="import them into a folder, `-o DIR`, where each gets a source of its own",
                )
        self._files[file] = (tuple(open_.values()), (*others, *entities))

    def _pseudo_of(self, name: str, estate: Estate) -> dict[str, str]:
        """Return what the sources of an estate may leave unsaid, because their settings say it.

        Settings that are there for another account do not matter to sources that say all.
        """
        if self._options.settings is not None:
            known = {**self._options.settings, **dict(self._options.place)}
            if any(known.get(k, v) != v for k, v in estate.pseudo.items()):
                known = {}
            self._pseudo.update(known)
            return known
        for key, value in estate.pseudo.items():
            known_value = self._pseudo.setdefault(key, value)
            if known_value != value:
                self._report.add(
                    codes.SEVERAL_ACCOUNTS,
                    None,
                    f"`{name}` is of the {key} `{value}`, and the sources are for `{known_value}`",
                    hint="import it by itself, into a folder of its own",
                )
        for key, value in _partition_of(estate).items():
            self._pseudo.setdefault(key, value)  # ARNs of another one are written out
        return self._pseudo

    def _templates(self, estate: Estate) -> tuple[Pattern, ...]:
        """Return what the standard library can say in the place of an estate."""
        key = tuple(sorted(estate.pseudo.items()))
        if key not in self._patterns:
            self._patterns[key] = patterns(MODULES, self._environment(estate.pseudo))
        taken = {found.name.lower() for found in estate.build.identities}
        taken |= {found.name.lower() for found in estate.build.documents}
        return tuple(p for p in self._patterns[key] if p.module not in taken)

    def _environment(self, pseudo: Mapping[str, str]) -> Environment:
        loader = loading.Loader("", ())
        return Environment(self._catalogue, loader, LIMITS, pseudo=pseudo, defers=True)

    def _complain(self, diagnostics: Iterable[Diagnostic]) -> None:
        """Report what cannot be said; where it is to be skipped, as a warning."""
        for d in diagnostics:
            skip = self._options.skip and d.code is codes.NOT_SAYABLE
            self._report.extend([d._replace(severity=Severity.WARNING) if skip else d])

    def result(self, ignored: Sequence[str], read: int) -> Imported:
        """Return the sources, all of which compile."""
        texts = self._texts()
        while not self._report.failed and (wrong := self._check(texts)):
            self._refused.update(dict.fromkeys(wrong))
            if not self._options.skip:
                break
            self._files = {
                file: (externs, tuple(e for e in entities if e.name not in wrong))
                for file, (externs, entities) in self._files.items()
            }
            texts = self._texts()
        refused = tuple(self._refused)
        if self._report.failed:
            return Imported(self._report.diagnostics, refused=refused, ignored=tuple(ignored))
        kinds = Counter(
            _NOUNS.get(e.kind, e.kind) for _, entities in self._files.values() for e in entities
        )
        return Imported(
            self._report.diagnostics,
            tuple(Made(file, text) for file, text in texts.items()),
            tuple(sorted(self._pseudo.items())),
            refused,
            tuple(kinds.items()),
            tuple(ignored),
            read,
            sum(map(len, texts.values())),
        )

    def _texts(self) -> dict[str, str]:
        return {
            file: fmt.show(declaring.source(externs, entities))
            for file, (externs, entities) in self._files.items()
            if entities
        }

    def _check(self, texts: dict[str, str]) -> set[str]:
        """Compile what was made; return the names of the entities that do not, each reported."""
        sources = [Source(file, text) for file, text in texts.items()]
        found = compile(sources, self._environment(self._pseudo)).diagnostics
        errors = [d for d in found if d.severity is Severity.ERROR and d.code not in _OF_FIT]
        wrong: set[str] = set()
        for error in errors:
            wrong |= self._blame(error)
        return wrong

    def _blame(self, error: Diagnostic) -> set[str]:
        """Report a mistake of what was made at the statement that it was made of."""
        name, origin = "", tuple[Span, ...]()
        if error.span is not None:
            _, entities = self._files[error.span.source.name]
            name, origin = _entity_at(error.span, entities)
        said = Report()
        said.add(
            codes.NOT_SAYABLE,
            origin[0] if origin else None,
            f"{error.message}" + (f" (in `{name}`)" if name else ""),
            label=error.label,
            hint=error.hint,
        )
        self._complain(said.diagnostics)
        return {name} if name else {"?"}


_NOUNS = {
    "managed": "policy",
    "scp": "SCP",
    "rcp": "RCP",
    "session": "session policy",
    "resource": "resource policy",
    "permission_set": "permission set",
}

_OF_FIT = {codes.TOO_LARGE, codes.TOO_MANY_ATTACHMENTS}
"""What a build will say: it is about AWS's limits, not about the meaning."""


def _entity_at(span: Span, entities: Sequence[Written]) -> tuple[str, tuple[Span, ...]]:
    """Return the entity in which a place of a printed source lies, and its statement's origin."""
    file = parse(span.source, Report())
    declarations = [m for m in file.members if isinstance(m, tree.Declaration)]
    for node, entity in zip(declarations, entities, strict=True):
        if not node.span.start <= span.start < node.span.end:
            continue
        sentences = [m for m in node.body if isinstance(m, tree.Statement)]
        for sentence, origin in zip(sentences, entity.origins, strict=False):
            if sentence.span.start <= span.start < sentence.span.end:
                return entity.name, origin
        return entity.name, entity.origins[0] if entity.origins else ()
    return "", ()


_FOLDERS = {"managed": "policies", "boundary": "policies", "role": "roles"}


def _split(entities: Sequence[Written]) -> dict[str, tuple[Written, ...]]:
    """Return entities by file: one for each policy and role, one for all users, one for groups."""
    made: dict[str, tuple[Written, ...]] = {}
    for entity in entities:
        folder = _FOLDERS.get(entity.kind)
        file = f"{folder}/{word(entity.name)}" if folder else f"{entity.kind}s"
        made[file] = (*made.get(file, ()), entity)
    return made


def place_of(out: str | None) -> dict[str, str] | None:
    """Return what the settings say that hold where sources are to be written.

    None of a folder that has none yet: `write` will put some there.
    """
    folder = out is not None and not out.endswith(".iam")
    start = os.path.abspath((out if folder else os.path.dirname(out or "")) or ".")
    if folder and not os.path.lexists(os.path.join(start, config.FILE)):
        return None
    if not os.path.isdir(start):
        return {}
    settings, _ = config.load(start)
    found = {name: getattr(settings, name) for name in config.PSEUDO}
    return {name: value for name, value in found.items() if value is not None}


def write(made: Imported, out: str, *, force: bool = False) -> Problem | None:
    """Write the sources: into a file that ends in `.iam`, or into a folder, with its settings.

    All of them or none; what is there is overwritten only with `force`.
    """
    if out.endswith(".iam"):
        only = made.sources[0] if made.sources else None  # none where all was left out
        return _written({out: only.text} if only is not None else {}, force=force)
    files = {os.path.join(out, *source.file.split("/")): source.text for source in made.sources}
    settings = os.path.join(out, config.FILE)
    if not os.path.lexists(settings):
        files[settings] = _settings(made.pseudo)
    return _written(files, force=force)


def _settings(pseudo: Sequence[tuple[str, str]]) -> str:
    lines = ['edition = "2026"']
    if pseudo:
        lines += ["", "[aws]", *(f'{name} = "{value}"' for name, value in pseudo)]
    return "".join(f"{line}\n" for line in lines)


def _written(files: dict[str, str], *, force: bool) -> Problem | None:
    there = [path for path in files if os.path.lexists(path)]
    if there and not force:
        hint = "choose another place with `--out`, or overwrite it with `--force`"
        return Problem(codes.UNOWNED_OUTPUT, f"`{there[0]}` is there already", hint)
    staged = writer.Staged([], [])
    try:
        staged = writer.stage([(path, text.encode()) for path, text in files.items()])
        for temporary, path in staged.files:
            os.replace(temporary, path)
    except OSError as error:
        staged.take_away()
        shown = error.filename or next(iter(files))
        return Problem(
            codes.UNWRITABLE_OUTPUT,
            f"`{shown}` cannot be written: {reason(error)}",
            "choose another place with `--out`",
        )
    return None

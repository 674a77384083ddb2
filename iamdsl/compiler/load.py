"""First pass: parse the sources and everything they import.

After it every import of a module leads to a `Module`, and no import leads back to itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from iamdsl.compiler import excerpts
from iamdsl.compiler.circles import circles
from iamdsl.diagnostics import codes
from iamdsl.model import Binding, Module
from iamdsl.source import Source
from iamdsl.syntax import parse, tree

if TYPE_CHECKING:
    from collections.abc import Sequence

    from iamdsl.compiler.environment import Environment
    from iamdsl.diagnostics import Report

_LIBRARY = "std/"
"""What the names of our own modules begin with."""


def load(entries: Sequence[Source], environment: Environment, report: Report) -> tuple[Module, ...]:
    """Return the modules of the project's own sources, then those that they import."""
    loading = _Loading(environment, report)
    for source in entries:
        loading.add(source, library=False)
    own = list(loading.modules)
    for name in own:
        loading.follow(loading.modules[name])
    loading.follow_library()
    _report_cycles(loading, report)
    return tuple(loading.modules.values())


class _Loading:
    """The modules found so far by the names of their sources, and which imports which."""

    def __init__(self, environment: Environment, report: Report) -> None:
        self.environment, self.report = environment, report
        self.modules: dict[str, Module] = {}
        self.edges: dict[str, list[tuple[str, tree.Import]]] = {}
        self.waiting: list[tuple[Source, Binding]] = []

    def add(self, source: Source, *, library: bool) -> Module:
        module = Module(source, parse(source, self.report), library)
        self.modules[source.name] = module
        return module

    def follow(self, first: Module) -> None:
        pending = [first]
        while pending:
            module = pending.pop()
            if module.source.name in self.edges:
                continue
            self.edges[module.source.name] = []
            for member in module.file.members:
                if isinstance(member, tree.Import):
                    imported = self._import(module, member)
                    if imported is not None:
                        pending.append(imported)

    def follow_library(self) -> None:
        """Parse what the project needs of the standard library.

        What a module of ours imports of another is parsed whole; few do.
        """
        wanted: dict[str, set[str]] = {}
        sources = {source.name: source for source, _ in self.waiting}
        for source, binding in self.waiting:
            names = excerpts.names_of(binding.module.source.text, binding.name)
            wanted.setdefault(source.name, set()).update(names)
        texts = {
            name: excerpts.excerpt(sources[name].text, names) for name, names in wanted.items()
        }
        whole = {
            f"{dotted.replace('.', '/')}.iam"
            for t in texts.values()
            for dotted in excerpts.imports(t)
        }
        for name, source in sources.items():
            kept = source if name in whole else Source(name, texts[name])
            self.add(kept, library=True)
        for source, binding in self.waiting:
            binding.target = self.modules[source.name]
        for name in sources:
            self.follow(self.modules[name])

    def _import(self, module: Module, node: tree.Import) -> Module | None:
        """Bind the name of an import; return the module that is to be followed next."""
        if isinstance(node.path, tuple):
            found = self.environment.loader.module(module.source.name, node.path)
            shown = ".".join(node.path)
        else:
            found = self.environment.loader.file(module.source.name, node.path)
            shown = node.path
        name = node.name
        if name.text in module.names:
            return None  # `resolve` reports the second name
        binding = Binding("module", name.text, node, module, name.span)
        module.names[name.text] = binding
        if not isinstance(found, Source):
            code = found.code if found else codes.IMPORT_NOT_FOUND
            message = found.message if found else f"there is no module `{shown}`"
            hint = found.hint if found else "check the name; the standard modules begin with `std.`"
            self.report.add(code, node.place, message, hint=hint)
            binding.kind = "broken"
            return None
        if node.type is not None or found.name.endswith((".json", ".toml")):
            from iamdsl.compiler import data  # noqa: PLC0415  # few projects import data

            binding.kind = "data"
            binding.target = data.read(found, node, self.report)
            return None
        if found.name.startswith(_LIBRARY) and not module.foreign:
            self.waiting.append((found, binding))
            return None
        target = self.modules.get(found.name) or self.add(found, library=True)
        binding.target = target
        self.edges[module.source.name].append((found.name, node))
        return target


def _report_cycles(loading: _Loading, report: Report) -> None:
    """Report each import that closes a circle, once."""
    for circle, node in circles(loading.edges):
        report.add(
            codes.CYCLIC_DEFINITION,
            node.place,
            "this import leads back to its own module",
            label=" imports ".join(f"`{name}`" for name in circle),
            hint="move what both need into a third module",
        )

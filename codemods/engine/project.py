"""The files of one run, and which of them matter."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from codemods.engine.bare import bare, dotted_texts, imported, words
from codemods.engine.evidence import Search
from codemods.engine.modules import Modules
from codemods.engine.source import Source, Unparsable


class Project(Modules):
    """The files of one run, by module name."""

    def __init__(self, sources: Iterable[Source], libraries: frozenset[str]) -> None:
        self.sources = sorted(sources, key=lambda source: source.label)
        super().__init__(self.sources, libraries)
        self.selected: set[Source] = set()
        """The files that matter to this codemod; the others are parsed only when asked for."""
        self.unparsable: dict[Source, Unparsable] = {}
        self._sought: set[str] = set()

    def select(self, pattern: Search) -> list[Source]:
        """Add the files whose code matches to the selection and return the new ones.

        Comments and docstrings are no code.
        """
        return self._choose(
            source
            for source in self._others()
            if pattern.search(source.data) and pattern.search(bare(source.data))
        )

    def select_users(self, keys: Iterable[str]) -> list[Source]:
        """Add the files that reach one of these dotted paths, by import or in a string.

        Return the new ones. What no file reached before is not looked for again.
        """
        fresh = set(keys) - self._sought
        self._sought |= fresh
        by_name: dict[bytes, set[str]] = {}
        for key in fresh:
            by_name.setdefault(key.rpartition(".")[2].encode(), set()).add(key)
        if not by_name:
            return []
        chosen = []
        for source in self._others():
            if by_name.keys().isdisjoint(words(source.data)):
                continue
            code = bare(source.data)
            named = by_name.keys() & set(words(code))
            wanted = {key for name in named for key in by_name[name]}
            if wanted and self._reaches(source, code, wanted):
                chosen.append(source)
        return self._choose(chosen)

    def _others(self) -> Iterator[Source]:
        for source in self.sources:
            if source not in self.selected and source not in self.unparsable:
                yield source

    def _choose(self, sources: Iterable[Source]) -> list[Source]:
        readable: list[Source] = []
        for source in sources:
            try:
                _ = source.survey
            except Unparsable as error:
                self.unparsable[source] = error
            else:
                readable.append(source)
        self.selected.update(readable)
        return readable

    def _reaches(self, source: Source, code: bytes, keys: set[str]) -> bool:
        """Does the file import one of these, a module that has it, or name it in a string?"""
        if any(key.rpartition(".")[0] == source.name for key in keys):
            return True
        names = {key.rpartition(".")[2] for key in keys}
        for path in imported(code, source.package):
            if path.partition(".")[0] in self.libraries or not self._is_inside(path):
                continue
            module = path.removesuffix(".*")
            if path in keys:
                return True  # a name that a module gives to something of another one
            target = self.resolve_dotted(module)
            if target is None:
                continue
            if any(f"{key}.".startswith(f"{target.full}.") for key in keys):
                return True
            if any(self._leads(f"{target.full}.{name}", keys) for name in names):
                return True
        for text in dotted_texts(code):
            words = text.split(".")
            for at, word in enumerate(words):
                if word in names and self._leads(".".join(words[: at + 1]), keys):
                    return True
        return False

    def _leads(self, dotted: str, keys: set[str]) -> bool:
        target = self.resolve_dotted(dotted) if self._is_inside(dotted) else None
        return target is not None and target.full in keys

    @property
    def relevant(self) -> list[Source]:
        """Return the selected files in a stable order."""
        return [source for source in self.sources if source in self.selected]

"""The entries of beat_schedule, wherever a project writes them."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from codemods.engine.layout import code
from codemods.engine.literals import mapping, string
from codemods.engine.project import Project
from codemods.engine.schedules.conditions import conditions
from codemods.engine.schedules.entry import Entry
from codemods.engine.schedules.evaluate import Reader, Unreadable
from codemods.engine.scope import Chain
from codemods.engine.source import Source
from codemods.engine.survey import dotted_name
from codemods.engine.tree import Frame
from codemods.rules.celery.schedules.timing import read_timing
from codemods.rules.celery.settings.spellings import canonical
from codemods.rules.celery.settings.values import CelerySettings

_DEPTH = 8
_DYNAMIC = "the schedules are computed"


class Beat:
    """Reads dicts of entries."""

    def __init__(self, project: Project, celery: CelerySettings) -> None:
        self.project = project
        self.celery = celery

    def entries(self) -> Iterator[Entry]:
        """Yield every entry, in the order of the files."""
        for value in self.celery.named("beat_schedule"):
            if value.home is None and value.is_test:
                continue
            node = value.node
            if node is None and isinstance(value.frame.node, cst.AugAssign):
                node = value.frame.node.value
            if node is not None:
                reader = Reader(self.project, value.source, value.scope)
                yield from self._dict(node, reader, value.spelled, conditions(value.frame))
        for source in self.project.relevant:
            if not source.is_test or source in self.celery.django.modules:
                yield from self._added(source)

    def _added(self, source: Source) -> Iterator[Entry]:
        """Yield what is put into the dict later: by key, or by update()."""
        for chain in source.survey.chains:
            parts = (chain.root, *chain.parts)
            up = chain.frame.up
            reader = Reader(self.project, source, chain.frame.scope)
            if _is_beat(parts) and up is not None and isinstance(up.node, cst.Subscript):
                target = up.up
                assign = target.up if target is not None else None
                if assign is not None and isinstance(assign.node, cst.Assign):
                    name, when = _key(up.node, reader), conditions(assign)
                    yield self._entry(name, assign.node.value, reader, chain.dotted, when)
            elif parts[-1] == "update" and _is_beat(parts[:-1]) and _called(chain, up):
                assert up is not None
                assert isinstance(up.node, cst.Call)
                when = conditions(up)
                for arg in up.node.args:
                    if arg.keyword is not None:
                        name = arg.keyword.value
                        yield self._entry(name, arg.value, reader, chain.dotted, when)
                    else:
                        yield from self._dict(arg.value, reader, chain.dotted, when)

    def _dict(
        self,
        node: cst.BaseExpression,
        reader: Reader,
        found: str,
        when: list[str],
        depth: int = 0,
    ) -> Iterator[Entry]:
        node, reader = self._definition(node, reader)
        if isinstance(node, cst.BinaryOperation) and isinstance(node.operator, cst.BitOr):
            yield from self._dict(node.left, reader, found, when, depth + 1)
            yield from self._dict(node.right, reader, found, when, depth + 1)
        elif isinstance(node, cst.Call) and dotted_name(node.func) == "dict" and depth < _DEPTH:
            for arg in node.args:
                if arg.keyword is None:
                    yield from self._dict(arg.value, reader, found, when, depth + 1)
                else:
                    yield self._entry(arg.keyword.value, arg.value, reader, found, when)
        elif isinstance(node, cst.Dict):
            for element in node.elements:
                if isinstance(element, cst.StarredDictElement):
                    yield from self._dict(element.value, reader, found, when, depth + 1)
                elif isinstance(element, cst.DictElement):
                    try:
                        name = str(reader.value(element.key))
                    except Unreadable:
                        name = code(element.key)
                    yield self._entry(name, element.value, reader, found, when)
        else:
            entry = Entry("?", reader.source, found, when=when)
            entry.cannot("schedule", node, _DYNAMIC)
            yield entry

    def _definition(
        self, node: cst.BaseExpression, reader: Reader
    ) -> tuple[cst.BaseExpression, Reader]:
        """Return what a name stands for, and a reader for the module it is written in."""
        for _ in range(_DEPTH):
            name = dotted_name(node)
            if not name:
                break
            words = tuple(name.split("."))
            target = self.project.resolve_name(words, reader.scope, reader.source)
            target = self.project.open(target) if target is not None else None
            if target is None or target.source is None or target.binding is None or target.rest:
                break
            same = target.source.survey.scope.bindings.get(target.binding.name, [])
            if len(same) != 1 or target.binding.value is None:
                break
            node = target.binding.value
            reader = Reader(self.project, target.source, target.source.survey.scope)
        return node, reader

    def _entry(
        self,
        name: str,
        node: cst.BaseExpression,
        reader: Reader,
        found: str,
        when: list[str],
    ) -> Entry:
        node, reader = self._definition(node, reader)
        entry = Entry(name, reader.source, found, when=when)
        parts = mapping(node)
        if parts is None:
            entry.cannot("schedule", node, "the entry is not written out")
            return entry
        for key, value in parts.items():
            if key == "task":
                entry.task = self._task(value, reader, entry)
            elif key == "schedule":
                entry.timing(*self._definition(value, reader), read_timing)
            elif key == "options":
                inner, place = self._definition(value, reader)
                given = mapping(inner)
                if given is None:
                    entry.cannot("options", value, "the options are not written out")
                else:
                    entry.options(given, place)
            elif key in {"args", "kwargs"}:
                entry.read(key, value, reader)
        for missing in {"task", "schedule"} - parts.keys():
            entry.cannot(missing, node, f"the entry has no {missing}")
        return entry

    def _task(self, node: cst.BaseExpression, reader: Reader, entry: Entry) -> str:
        name = string(node)
        if name is None and isinstance(node, cst.Attribute) and node.attr.value == "name":
            words = tuple(dotted_name(node.value).split("."))
            target = self.project.resolve_name(words, reader.scope, reader.source)
            name = target.full if target is not None else None
        if name is None:
            try:
                name = str(reader.value(node))
            except Unreadable:
                entry.cannot("task", node, "the name of the task is computed")
        return name or ""


def _is_beat(parts: tuple[str, ...]) -> bool:
    name = parts[-1] if parts else ""
    if parts[-2:-1] == ("conf",):
        return canonical(name) == "beat_schedule"
    return len(parts) == 1 and name.isupper() and canonical(name) == "beat_schedule"


def _key(node: cst.Subscript, reader: Reader) -> str:
    index = node.slice[0].slice
    if not isinstance(index, cst.Index):
        return "?"
    try:
        return str(reader.value(index.value))
    except Unreadable:
        return code(index.value)


def _called(chain: Chain, up: Frame | None) -> bool:
    return up is not None and isinstance(up.node, cst.Call) and up.node.func is chain.frame.node

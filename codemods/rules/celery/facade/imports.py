"""`from celery import shared_task` becomes `from compat.celery.facade import shared_task`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial

import libcst as cst

from codemods.engine.import_place import sort_key
from codemods.engine.imports import Need
from codemods.engine.outcome import Outcome
from codemods.engine.site import Kind, Rule
from codemods.engine.source import Source
from codemods.engine.survey import absolute_module
from codemods.engine.tree import Frame, Replacement
from codemods.rules.celery.facade.names import FACADE, MODULES
from codemods.rules.celery.task import CeleryTask

IMPORTS = Rule(
    "CEL145",
    "Imports come from compat.celery.facade",
    "With --facade the names of Celery's API that the facade has are imported from there; "
    "definitions, calls and tests stay as they are. An @app.task is @shared_task: the app is not "
    "needed any more. The tasks run on whichever backend TASKS names.",
)


@dataclass(slots=True, eq=False)
class Moved:
    """The import statements of a file, and which of their names the facade has."""

    source: Source
    found: list[tuple[Frame, set[str]]] = field(default_factory=list)
    """Each statement with the names that move, as they are imported."""

    @classmethod
    def of(cls, source: Source) -> Moved:
        """Read a file."""
        moved = cls(source)
        for frame in source.survey.imports:
            node = frame.node
            if not isinstance(node, cst.ImportFrom) or isinstance(node.names, cst.ImportStar):
                continue
            known = MODULES.get(absolute_module(node, source.package), frozenset())
            names = {name for alias in node.names if (name := _name(alias)) in known}
            if names:
                moved.found.append((frame, names))
        return moved

    @property
    def local_names(self) -> Iterator[tuple[str, str]]:
        """Yield the full name and the local name of what moves."""
        for frame, names in self.found:
            node = frame.node
            assert isinstance(node, cst.ImportFrom)
            module = absolute_module(node, self.source.package)
            for alias in node.names if not isinstance(node.names, cst.ImportStar) else ():
                if _name(alias) in names:
                    yield f"{module}.{_name(alias)}", _local(alias)

    def outcome(self, tasks: frozenset[str], of_apps: Sequence[CeleryTask]) -> Outcome | None:
        """Return the change of the file, None when there is nothing to change."""
        if not self.found and not of_apps:
            return None
        frame = self.found[0][0] if self.found else of_apps[0].frame
        reason = "imports come from compat.celery.facade"
        outcome = Outcome(self.source, frame, IMPORTS.code, Kind.REWRITE, reason, tasks)
        outcome.mixed = "some of the tasks it speaks of are Celery's still, some the facade's"
        self._move(outcome)
        if of_apps and not any(local == "shared_task" for _, local in self.local_names):
            outcome.needs.add(Need(FACADE, "shared_task", "shared_task"))
        for task in of_apps:
            _rename(outcome, task)
        return outcome

    def _move(self, outcome: Outcome) -> None:
        """Gather the statements that move as a whole in the first, and split the others."""
        whole = [frame for frame, names in self.found if _moves_whole(frame, names)]
        aliases = []
        for statement, names in self.found:
            line, node = statement.up, statement.node
            assert line is not None
            assert isinstance(node, cst.ImportFrom)
            gathers = bool(whole) and (statement in whole or _is_at_top(statement))
            if gathers and not isinstance(node.names, cst.ImportStar):
                aliases += [alias for alias in node.names if _name(alias) in names]
            if statement in whole[1:]:
                outcome.edit(line, lambda node: cst.RemoveFromParent())
            elif statement not in whole:
                outcome.edit(line, partial(_split, names=names, alone=not gathers))
        for statement in whole[:1]:
            assert statement.up is not None
            outcome.edit(statement.up, partial(_gathered, aliases=aliases))


def _moves_whole(frame: Frame, names: set[str]) -> bool:
    """Can the statement become part of another one, at the top of the module?"""
    line, node = frame.up, frame.node
    if line is None or not _is_at_top(frame):
        return False
    assert isinstance(line.node, cst.SimpleStatementLine)
    assert isinstance(node, cst.ImportFrom)
    return (
        not isinstance(node.names, cst.ImportStar)
        and all(_name(alias) in names for alias in node.names)
        and len(line.node.body) == 1
        and node.lpar is None
        and not any(each.comment for each in line.node.leading_lines)
        and line.node.trailing_whitespace.comment is None
    )


def _is_at_top(frame: Frame) -> bool:
    line = frame.up
    return line is not None and line.up is not None and isinstance(line.up.node, cst.Module)


def _gathered(line: cst.SimpleStatementLine, aliases: list[cst.ImportAlias]) -> Replacement:
    """Import all of these names from the facade, in one line or in brackets."""
    (node,) = line.body
    assert isinstance(node, cst.ImportFrom)
    if not isinstance(node.names, cst.ImportStar) and len(aliases) == len(node.names):
        return line.with_changes(body=[node.with_changes(module=_module(), relative=[])])
    ordered = sorted(aliases, key=lambda alias: sort_key(_name(alias)))
    comma = cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))
    names = [alias.with_changes(comma=comma) for alias in ordered]
    names[-1] = names[-1].with_changes(comma=cst.MaybeSentinel.DEFAULT)
    made = node.with_changes(module=_module(), relative=[], names=names)
    if len(cst.Module([]).code_for_node(made)) <= _WIDTH:
        return line.with_changes(body=[made])
    broken = cst.ParenthesizedWhitespace(indent=True, last_line=cst.SimpleWhitespace("    "))
    last = cst.ParenthesizedWhitespace(indent=True)
    between = cst.Comma(whitespace_after=broken)
    rows = [alias.with_changes(comma=between) for alias in ordered]
    rows[-1] = rows[-1].with_changes(comma=cst.Comma(whitespace_after=last))
    made = made.with_changes(
        names=rows, lpar=cst.LeftParen(whitespace_after=broken), rpar=cst.RightParen()
    )
    return line.with_changes(body=[made])


_WIDTH = 88


def _module() -> cst.Attribute:
    module = cst.parse_expression(FACADE)
    assert isinstance(module, cst.Attribute)
    return module


def _rename(outcome: Outcome, task: CeleryTask) -> None:
    """Make @app.task a @shared_task."""
    decorator = task.decorator_frame.node
    assert isinstance(decorator, cst.Decorator)
    outcome.stale.add(_root(decorator.decorator))

    def change(node: cst.Decorator) -> cst.CSTNode:
        name = cst.Name("shared_task")
        if isinstance(node.decorator, cst.Call):
            return node.with_changes(decorator=node.decorator.with_changes(func=name))
        return node.with_changes(decorator=name)

    outcome.edit(task.decorator_frame, change)


def _split(line: cst.SimpleStatementLine, names: set[str], *, alone: bool) -> Replacement:
    """Take names of an import to the facade; what it does not have stays where it was.

    Unless they go alone, another statement imports them.
    """
    (node,) = line.body
    assert isinstance(node, cst.ImportFrom)
    assert not isinstance(node.names, cst.ImportStar)
    going = [alias for alias in node.names if _name(alias) in names]
    staying = [alias for alias in node.names if _name(alias) not in names]
    moved = node.with_changes(module=_module(), relative=[])
    if not staying:
        return line.with_changes(body=[moved])
    last = node.names[-1].comma
    rest = line.with_changes(body=[node.with_changes(names=_ended(staying, last))])
    if not alone:
        return rest
    new = line.with_changes(body=[moved.with_changes(names=_ended(going, last))], leading_lines=[])
    return cst.FlattenSentinel([rest, new])


def _ended(aliases: list[cst.ImportAlias], comma: object) -> list[cst.ImportAlias]:
    return [*aliases[:-1], aliases[-1].with_changes(comma=comma)]


def _name(alias: cst.ImportAlias) -> str:
    return alias.name.value if isinstance(alias.name, cst.Name) else ""


def _local(alias: cst.ImportAlias) -> str:
    if alias.asname is not None and isinstance(alias.asname.name, cst.Name):
        return alias.asname.name.value
    return _name(alias)


def _root(node: cst.BaseExpression) -> str:
    while isinstance(node, (cst.Attribute, cst.Call)):
        node = node.value if isinstance(node, cst.Attribute) else node.func
    return node.value if isinstance(node, cst.Name) else ""

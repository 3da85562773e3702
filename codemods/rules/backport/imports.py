"""Imports of the backport."""

from __future__ import annotations

import libcst as cst

from codemods.engine.outcome import Outcome
from codemods.engine.respelling import respelled
from codemods.engine.scope import BindingKind
from codemods.engine.site import Kind, Note, Rule
from codemods.engine.source import Source
from codemods.engine.survey import absolute_module, dotted_name
from codemods.engine.tree import Frame, Replacement
from codemods.rules.backport.absent import ABSENT, advice
from codemods.rules.backport.definition import wants_bridge_task
from codemods.rules.backport.fallback import is_fallback
from codemods.rules.backport.missing_result import replaced_by, rewrite_uses
from codemods.rules.backport.names import (
    BRIDGE_DATABASE,
    GONE,
    MODULES,
    NAMES,
    TASK,
    counterpart,
    importable,
    is_backport,
)
from codemods.rules.backport.reach import may_rename, uses
from codemods.rules.backport.statement import Move, sort_into_place, split
from codemods.rules.backport.study import Study

IMPORT = Rule(
    "DEP101",
    "A name of django_tasks is imported from django.tasks",
    "Names that were renamed are renamed where they are used, unless another module or a string "
    "takes them from here by their old name: then the old name stays, with `as`.",
    "from django_tasks import ResultStatus, task",
    "from django.tasks import TaskResultStatus, task",
)
STAR = Rule(
    "DEP102",
    "Everything of django_tasks is imported",
    "Which names are used, and what they have become, cannot be seen. Name them in the import.",
)
FALLBACK = Rule(
    "DEP104",
    "The backport is a fallback",
    "Where one branch imports a name from django.tasks and another one takes it from the "
    "backport, the code is for both and stays as it is.",
)
NORMALIZED = (
    "normalize_json keeps keys of a dict that are no strings, and refuses other types than JSON's; "
    "json_normalize of older versions made them strings"
)


def judge_imports(study: Study) -> None:
    """Judge every import statement of the backport."""
    for source in study.project.relevant:
        for frame in source.survey.imports:
            node = frame.node
            if isinstance(node, cst.Import):
                _judge_import(study, source, frame, node)
            elif isinstance(node, cst.ImportFrom) and is_backport(
                absolute_module(node, source.package)
            ):
                _judge_from(study, source, frame, node)


def _stays_for_both(study: Study, source: Source, frame: Frame) -> bool:
    if not is_fallback(frame, source.package):
        return False
    text = f"{source.label} takes the backport where Django has no tasks; that stays"
    note = Note(FALLBACK.code, text)
    if note not in study.notes:
        study.notes.append(note)
    return True


def _judge_from(study: Study, source: Source, frame: Frame, node: cst.ImportFrom) -> None:
    module = absolute_module(node, source.package)
    if isinstance(node.names, cst.ImportStar):
        reason = f"imports all of {module}; name what is used, then run this again"
        study.outcome(source, frame, STAR, Kind.PERSON, reason)
        return
    if _stays_for_both(study, source, frame):
        return
    outcome = Outcome(source, frame, IMPORT.code, Kind.REWRITE, "", frozenset({source.label}))
    moves = [
        _move(study, outcome, index, f"{module}.{dotted_name(alias.name)}", alias)
        for index, alias in enumerate(node.names)
    ]
    homes = sorted({move.module for move in moves if move.module})
    if not homes:
        return
    outcome.reason = (
        outcome.reason or f"imports from {module} become imports from {' and '.join(homes)}"
    )
    line = frame.up
    assert line is not None
    assert isinstance(line.node, cst.SimpleStatementLine)
    at = next(at for at, item in enumerate(line.node.body) if item is node)
    outcome.edit(line, split(moves, at, source.line_length))
    if line.up is not None:
        outcome.edit(line.up, sort_into_place)
    study.outcomes.append(outcome)


def _move(study: Study, outcome: Outcome, index: int, full: str, alias: cst.ImportAlias) -> Move:
    source, frame = outcome.source, outcome.frame
    name = dotted_name(alias.name)
    local = dotted_name(alias.asname.name) if alias.asname else name
    if full in GONE:
        return _two(study, outcome, index, local)
    new = NAMES.get(full) or MODULES.get(full, "")
    if not new:
        found = counterpart(full, study.target)
        new = found.new if found is not None and not found.rest else ""
        if new == BRIDGE_DATABASE:
            outcome.kind, outcome.reason = Kind.CHANGE, advice(full, study.target)
    if not new:
        study.outcome(source, frame, ABSENT, Kind.PERSON, advice(full, study.target))
        return Move(index)
    home, new_name = importable(new)
    if full in TASK and wants_bridge_task(study, source, frame, local):
        home, new_name = "bridge", "task"
    if name == "json_normalize":
        outcome.kind, outcome.reason = Kind.CHANGE, NORMALIZED
    called = local
    renamed = alias.asname is None and new_name != name
    if renamed and may_rename(study, source, frame, local, new_name):
        called = new_name
        outcome.edits += [respelled(c, 1, [called]) for c in uses(source, frame, local)]
    return Move(index, home, ((new_name, called),))


def _two(study: Study, outcome: Outcome, index: int, local: str) -> Move:
    """Return what an import of ResultDoesNotExist becomes."""
    source, frame = outcome.source, outcome.frame
    names = replaced_by(study, source, frame, local)
    if not names:
        return Move(index)
    outcome.edits += rewrite_uses(source, frame, local)
    return Move(index, "django.tasks.exceptions", tuple((name, name) for name in names))


def _judge_import(study: Study, source: Source, frame: Frame, node: cst.Import) -> None:
    indices = {at for at, item in enumerate(node.names) if is_backport(dotted_name(item.name))}
    if not indices or _stays_for_both(study, source, frame):
        return
    names = {at: dotted_name(node.names[at].name) for at in indices}
    absent = [name for name in names.values() if name not in MODULES]
    reason = ""
    if absent:
        reason = advice(absent[0], study.target)
    elif any(node.names[at].asname is None for at in indices) and not _django_is_free(
        source, frame
    ):
        reason = "import django.tasks; the name django is taken here"
    if reason:
        study.kept.add(id(node))
        study.outcome(source, frame, ABSENT, Kind.PERSON, reason)
        return
    told = ", ".join(f"import {names[at]}" for at in sorted(indices))
    outcome = study.outcome(
        source, frame, IMPORT, Kind.REWRITE, f"{told} becomes an import of django.tasks"
    )

    def change(statement: cst.Import) -> Replacement:
        aliases = [
            alias.with_changes(name=cst.parse_expression(MODULES[names[at]]))
            if at in indices
            else alias
            for at, alias in enumerate(statement.names)
        ]
        return statement.with_changes(names=aliases)

    outcome.edit(frame, change)


def _django_is_free(source: Source, frame: Frame) -> bool:
    """Is `django`, wherever it is bound, the package?"""
    if "django" in source.survey.local_names:
        return False
    found = frame.scope.lookup("django")
    return found is None or all(
        binding.kind is BindingKind.IMPORT and binding.target == "django" for binding in found[1]
    )

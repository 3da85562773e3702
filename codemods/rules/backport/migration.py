"""Plan the rewrite of a project: read, judge, decide, then turn the judgement into files."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import libcst as cst

from codemods.engine.assembly import changes, drafts, seen, sites, unreadable
from codemods.engine.deciding import decline, sorted_out, staying
from codemods.engine.files import python_files
from codemods.engine.literals import string
from codemods.engine.load import load
from codemods.engine.outcome import Outcome
from codemods.engine.places import Places
from codemods.engine.plan import Choice, Fate, Plan, Request
from codemods.engine.project import Project
from codemods.engine.tree import Frame
from codemods.rules.backport.apps import judge_words
from codemods.rules.backport.commands import judge_commands
from codemods.rules.backport.definition import judge_definitions
from codemods.rules.backport.generics import judge_generics
from codemods.rules.backport.imports import judge_imports
from codemods.rules.backport.members import judge_members
from codemods.rules.backport.names import EVIDENCE, LIBRARIES, TOOL, is_backport
from codemods.rules.backport.paths import judge_paths
from codemods.rules.backport.results import judge_delays, judge_results
from codemods.rules.backport.settings import judge_settings
from codemods.rules.backport.statuses import judge_statuses
from codemods.rules.backport.study import Study

_RULES = (
    judge_imports,
    judge_members,
    judge_statuses,
    judge_generics,
    judge_definitions,
    judge_results,
    judge_delays,
    judge_paths,
    judge_words,
    judge_settings,
    judge_commands,
)
_ROUNDS = 4


class BackportPlaces(Places):
    """Where outcomes are; what keeps them together are files, which no report calls tasks."""

    def tasks_of(self, outcome: Outcome) -> tuple[str, ...]:
        """Return no task."""
        return ()


@dataclass(frozen=True, slots=True)
class Decided:
    """What happens once it is known which files stay."""

    stays: dict[str, Outcome]
    active: list[Outcome]
    kept: list[Outcome]


def make_plan(request: Request) -> Plan:
    """Read the project and say what to do. Raises MissingPath."""
    files = python_files(request.paths, request.exclude)
    request.progress("reading", 0, len(files))
    project = load(list(request.paths), files, EVIDENCE, LIBRARIES, request.overlay)
    study = read(project, request)
    places = BackportPlaces(project, ((o.source, o.frame) for o in study.outcomes))
    decided = decide(study, places, request.choice)
    problems = unreadable(project)
    edits = drafts(decided.active, TOOL, todo=request.todo)
    changed = changes(project, edits, problems, TOOL, request.progress)
    return Plan(
        changes=tuple(sorted(changed, key=lambda change: change.label)),
        sites=sites(decided.active, places),
        kept=sites(decided.kept, places),
        tasks=tuple(sorted(_fates(study, places, decided.stays))),
        files=seen(project),
        problems=tuple(sorted(problems)),
        notes=tuple(study.notes),
        summary=(_summary(study, decided),),
        looked_at=len(files),
        found=bool(study.outcomes or study.notes or problems),
    )


def read(project: Project, request: Request) -> Study:
    """Judge every place that concerns the backport."""
    study = Study(project, request.text("target") or "bridge")
    fresh = project.select(EVIDENCE)
    for _ in range(_ROUNDS):
        for source in fresh:
            study.read(source)
        fresh = project.select_users({*study.tasks, *_exported(study)})
        if not fresh:
            break
    for rule in _RULES:
        rule(study)
    return study


def decide(study: Study, places: Places, choice: Choice) -> Decided:
    """Decide what stays: a file of which a person declines something, and all that hangs on it."""
    decline(study.outcomes, places, choice)
    stays = staying(study.outcomes, study.groups)
    active, kept = sorted_out(study.outcomes, stays)
    return Decided(stays, active, kept)


def _exported(study: Study) -> Iterator[str]:
    """Yield the names of the backport that modules of the project have, by both their paths."""
    for source, mentions in study.mentions.items():
        if mentions or any(source.survey.imports):
            for name, bindings in source.survey.scope.bindings.items():
                target = study.project.resolve_dotted(f"{source.name}.{name}")
                if bindings and target is not None and is_backport(target.dotted):
                    yield from (f"{source.name}.{name}", target.full)


def _fates(study: Study, places: Places, stays: dict[str, Outcome]) -> Iterator[Fate]:
    for key, (source, frame) in study.tasks.items():
        cause = stays.get(source.label)
        line, _ = places.place(source, frame)
        queue = _queue(frame)
        common = (key, source.label, line, places.areas.of(source.label), queue, cause is None)
        if cause is None:
            yield Fate(*common)
        else:
            where = f"{cause.source.label}:{cause.line}"
            reason = f"declined: {cause.reason}" if cause.declined else cause.reason
            yield Fate(*common, cause.id, where, reason)


def _queue(frame: Frame) -> str:
    """Return the queue a definition names, empty when it cannot be read."""
    assert isinstance(frame.node, cst.FunctionDef)
    for item in frame.node.decorators:
        for arg in item.decorator.args if isinstance(item.decorator, cst.Call) else ():
            if arg.keyword is not None and arg.keyword.value == "queue_name":
                return string(arg.value) or ""
    return "default"


def _summary(study: Study, decided: Decided) -> str:
    if not study.outcomes:
        return "Nothing is left to do for django_tasks."
    files = {outcome.source.label for outcome in study.outcomes}
    stay = len(files & decided.stays.keys())
    tasks = f"{len(study.tasks)} task{'' if len(study.tasks) == 1 else 's'}"
    line = f"{tasks} of django_tasks, {len(files)} file{'' if len(files) == 1 else 's'} name it"
    declined = len({label for label, cause in decided.stays.items() if cause.declined} & files)
    line += f"; {stay} stay as they are" if stay else ""
    return line + (f", {declined} of them because you declined a site." if declined else ".")

"""Plan the rewrite of a project: read, judge, decide, then turn the judgement into files."""

from __future__ import annotations

from codemods.engine.assembly import changes, drafts, seen, sites, unreadable
from codemods.engine.files import python_files
from codemods.engine.load import load
from codemods.engine.outcome import Outcome
from codemods.engine.plan import Choice, Plan, Request
from codemods.engine.project import Project
from codemods.engine.settings.homes import Settings, find_settings
from codemods.engine.settling import Decided, Settling
from codemods.engine.task_places import TaskPlaces
from codemods.engine.verdict import definition_findings
from codemods.rules.huey.calls.dispatch import find_uses, judge_uses
from codemods.rules.huey.calls.hidden import report_hidden
from codemods.rules.huey.calls.remains import report_remains
from codemods.rules.huey.calls.steering import judge_steering
from codemods.rules.huey.census import Census
from codemods.rules.huey.definitions.definition import judge_definitions
from codemods.rules.huey.names import EVIDENCE, LIBRARIES, TOOL
from codemods.rules.huey.settings.write import ALIASES, TASKS, write_settings
from codemods.rules.huey.study import Study
from codemods.rules.huey.task import HueyTask, task_queue
from codemods.rules.huey.testing.computed import report_computed
from codemods.rules.huey.testing.mode import judge_modes
from codemods.rules.huey.testing.objects import judge_objects
from codemods.rules.huey.testing.paths import judge_paths
from codemods.rules.huey.verdict import STAYS

_ROUNDS = 4
Understood = tuple[Study, TaskPlaces[HueyTask], Decided]


def make_plan(request: Request) -> Plan:
    """Read the project and say what to do. Raises MissingPath."""
    files = python_files(request.paths, request.exclude)
    request.progress("reading", 0, len(files))
    project = load(list(request.paths), files, EVIDENCE, LIBRARIES, request.overlay)
    study, settings = _read(project)
    problems = unreadable(project)
    if not _has_huey(study):
        return Plan(problems=tuple(problems), looked_at=len(files), found=bool(problems))
    places = TaskPlaces(project, study.tasks, study.outcomes, task_queue)
    decided = _decide(study, settings, places, request.choice)
    written = decided.settings
    study.free_names(decided.active)
    edits = drafts(decided.active, TOOL, todo=request.todo)
    changed = [*changes(project, edits, problems, TOOL, request.progress), *written.files]
    return Plan(
        sites=sites(decided.active, places, written.sites),
        kept=sites(decided.kept, places, written.declined),
        tasks=tuple(sorted(places.fates(decided.stays))),
        files=seen(project),
        changes=tuple(sorted(changed, key=lambda change: change.label)),
        problems=tuple(sorted(problems)),
        notes=tuple(written.notes),
        summary=_summary(study, decided.stays),
        looked_at=len(files),
    )


def understand(request: Request) -> Understood:
    """Read the project and decide, for those who ask about single places. Raises MissingPath."""
    files = python_files(request.paths, request.exclude)
    project = load(list(request.paths), files, EVIDENCE, LIBRARIES)
    study, settings = _read(project)
    places = TaskPlaces(project, study.tasks, study.outcomes, task_queue)
    return study, places, _decide(study, settings, places, request.choice)


def _read(project: Project) -> tuple[Study, Settings]:
    """Find tasks and settings, and judge every place that concerns them."""
    census = Census(project)
    project.select(EVIDENCE)
    census.take(project.relevant)
    for _ in range(_ROUNDS):
        fresh = project.select_users(census.keys())
        if not fresh:
            break
        census.take(fresh)
    for _ in range(_ROUNDS):
        fresh = project.select_users(census.other_names())
        if not fresh:
            break
        census.take(fresh)
    # Who has a module of tasks may look one up in it, or put the path of one together.
    project.select_users({task.module for task in census.tasks.values()})
    settings = find_settings(project)
    follow = {f"{home.source.name}.DEBUG" for home in settings.homes if not home.is_class}
    if project.select_users(follow):
        # Settings that say nothing of Huey decide about immediate mode where they set DEBUG.
        settings = find_settings(project)
    study = Study(project, census)
    sources = project.relevant
    judge_definitions(study)
    find_uses(study, sources)
    judge_uses(study)
    if study.tasks:
        report_hidden(study, sources)
        judge_steering(study, sources)
    report_remains(study, sources)
    judge_paths(study, sources)
    judge_objects(study, sources)
    report_computed(study, sources)
    judge_modes(study, sources, settings)
    return study, settings


def _decide(
    study: Study, settings: Settings, places: TaskPlaces[HueyTask], choice: Choice
) -> Decided:
    settling = Settling(
        write=lambda converted: write_settings(study, settings, converted),
        findings=lambda stays: definition_findings(
            study.tasks, study.outcomes, stays, STAYS, "Huey"
        ),
        tasks_code=TASKS.code,
        aliases_code=ALIASES.code,
    )
    return settling.decide(study, places, choice)


def _has_huey(study: Study) -> bool:
    if study.tasks or study.census.instances:
        return True
    return any(
        binding.target.partition(".")[0] in {"huey", "django_huey"}
        for source in study.project.relevant
        for bindings in source.survey.scope.bindings.values()
        for binding in bindings
    )


def _summary(study: Study, stays: dict[str, Outcome]) -> tuple[str, ...]:
    count = len(study.tasks)
    if not count:
        return ("No Huey task is defined here.",)
    declined = sum(cause.declined for cause in stays.values())
    line = f"{count} Huey task{'' if count == 1 else 's'}: {count - len(stays)} converted, "
    line += f"{len(stays)} stay"
    return (line + (f", {declined} of them because you declined a site." if declined else "."),)

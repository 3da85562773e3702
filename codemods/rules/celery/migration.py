"""Plan the rewrite of a project: read, judge, decide, then turn the judgement into files."""

from __future__ import annotations

from dataclasses import replace

from codemods.engine.assembly import changes, drafts, seen, sites, unreadable
from codemods.engine.draft import Draft
from codemods.engine.files import python_files
from codemods.engine.load import load
from codemods.engine.outcome import Outcome
from codemods.engine.plan import Plan, Request
from codemods.engine.project import Project
from codemods.engine.settings.homes import find_settings
from codemods.engine.settling import Decided
from codemods.engine.source import Source
from codemods.rules.celery.calls.dispatch import find_uses, judge, judge_uses
from codemods.rules.celery.calls.flow import Flows
from codemods.rules.celery.calls.remains import report_remains
from codemods.rules.celery.calls.unresolved import report_unresolved
from codemods.rules.celery.census import Census
from codemods.rules.celery.decided import decide_all
from codemods.rules.celery.definitions.app_class import report_app_class
from codemods.rules.celery.definitions.created import report_created
from codemods.rules.celery.definitions.definition import judge_definitions
from codemods.rules.celery.definitions.guard import settle_guards
from codemods.rules.celery.facade.judge import judge_facade
from codemods.rules.celery.facade.names import STANDS_FOR
from codemods.rules.celery.modules import judge_modules
from codemods.rules.celery.names import EVIDENCE, LIBRARIES, TOOL
from codemods.rules.celery.schedules.stored import report_stored
from codemods.rules.celery.settings import eager as eager_settings
from codemods.rules.celery.settings import found
from codemods.rules.celery.settings.values import CelerySettings
from codemods.rules.celery.sites import CeleryPlaces
from codemods.rules.celery.study import Study
from codemods.rules.celery.testing.clash import settle_clashes
from codemods.rules.celery.testing.computed_path import judge_computed
from codemods.rules.celery.testing.eager import judge_eager
from codemods.rules.celery.testing.fixtures import judge_fixtures
from codemods.rules.celery.testing.mock_path import judge_paths
from codemods.rules.celery.testing.unclear import judge_unclear

_ROUNDS = 4


def make_plan(request: Request) -> Plan:
    """Read the project and say what to do. Raises MissingPath."""
    files = python_files(request.paths, request.exclude)
    request.progress("reading", 0, len(files))
    project = load(list(request.paths), files, EVIDENCE, LIBRARIES, request.overlay)
    plan, edits = _judge(project, request)
    problems = unreadable(project)
    if not plan.found:
        return replace(plan, problems=tuple(problems), looked_at=len(files), found=bool(problems))
    changed = [*changes(project, edits, problems, TOOL, request.progress), *plan.changes]
    return replace(
        plan,
        changes=tuple(sorted(changed, key=lambda change: change.label)),
        problems=tuple(sorted(problems)),
        looked_at=len(files),
    )


def _judge(project: Project, request: Request) -> tuple[Plan, dict[Source, Draft]]:
    """Return all but what becomes of the files, and what is to happen to them.

    Nothing else is left of the judgement then, which holds every tree.
    """
    study, settings = _read(project, request)
    if not _has_celery(study):
        return Plan(found=False), {}
    places = CeleryPlaces(study)
    decided = decide_all(study, settings, places, request.choice)
    written = decided.settings
    plan = Plan(
        sites=sites(decided.active, places, written.sites),
        kept=sites(decided.kept, places, written.declined),
        tasks=tuple(sorted(places.fates(decided.stays))),
        files=seen(project),
        changes=tuple(written.files),
        notes=tuple(written.notes),
        summary=_summary(study, decided.stays),
    )
    return plan, drafts(decided.active, TOOL, todo=request.todo)


def understand(request: Request) -> tuple[Study, CeleryPlaces, Decided]:
    """Read the project and decide, for those who ask about single places. Raises MissingPath."""
    files = python_files(request.paths, request.exclude)
    study, settings = _read(load(list(request.paths), files, EVIDENCE, LIBRARIES), request)
    places = CeleryPlaces(study)
    return study, places, decide_all(study, settings, places, request.choice)


def _read(project: Project, request: Request) -> tuple[Study, CelerySettings]:
    """Find tasks and settings, and judge every place that concerns them."""
    if not request.text("facade"):
        project.stand_ins = STANDS_FOR
    census = Census(project, request.options.get("celery-app", ()))
    project.select(EVIDENCE)
    census.take(project.relevant)
    for _ in range(_ROUNDS):
        fresh = project.select_users(census.keys())
        if not fresh:
            break
        census.take(fresh)
    settings = CelerySettings(project, find_settings(project))
    broker = request.text("broker") or found.broker(settings)
    study = Study(project, census, broker, target=request.text("target") or "bridge")
    if settings.django.bases:
        study.default_queue = settings.text("task_default_queue") or "celery"
    study.eager_propagates = any(map(eager_settings.runs_and_raises, settings.django.homes))
    if request.text("facade"):
        find_uses(study, project.relevant)
        judge_facade(study)
        return study, settings
    judge_definitions(study)
    report_created(study)
    report_app_class(study, project.relevant)
    find_uses(study, project.relevant)
    flows = Flows(study)
    fresh = project.select_users(flows.collect())
    find_uses(study, fresh)
    flows.collect()
    flows.judge(judge)
    judge_uses(study, flows)
    if study.tasks:
        report_unresolved(study, project.relevant, flows.followed)
    report_remains(study, project.relevant)
    judge_paths(study, project.relevant)
    judge_computed(study, project.relevant)
    judge_unclear(study, project.relevant)
    settle_clashes(study)
    judge_fixtures(study, project.relevant)
    judge_eager(study, project.relevant)
    judge_modules(study, project.relevant)
    report_stored(study, project.relevant)
    settle_guards(study)
    return study, settings


def _has_celery(study: Study) -> bool:
    if study.tasks or study.census.apps or study.census.unknown_apps:
        return True
    return any(
        binding.target.partition(".")[0] == "celery"
        for source in study.project.relevant
        for bindings in source.survey.scope.bindings.values()
        for binding in bindings
    )


def _summary(study: Study, stays: dict[str, Outcome]) -> tuple[str, ...]:
    if not study.tasks:
        return ("No Celery task is left to convert.",)
    kept = sum(
        1
        for outcome in study.outcomes
        if outcome.tasks & stays.keys() and not outcome.blocks and outcome.counted
        if outcome.code[3] in "26"
    )
    tasks = f"{len(study.tasks)} Celery task{'' if len(study.tasks) == 1 else 's'}"
    line = f"{tasks}: {len(study.tasks) - len(stays)} converted, {len(stays)} stay"
    if kept:
        line += f" with {kept} calls and mocks"
    declined = sum(cause.declined for cause in stays.values())
    if declined:
        line += f", {declined} of them because you declined a site"
    return (line + ".",)

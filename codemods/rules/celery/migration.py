"""Plan the rewrite of a project: read, judge, decide, then turn the judgement into files."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cached_property

import libcst as cst

from codemods.engine.draft import Draft, Refused
from codemods.engine.files import python_files
from codemods.engine.plan import FileChange, Plan, Request
from codemods.engine.position import line_numbers
from codemods.engine.project import Project, load
from codemods.engine.site import Kind, Problem, Rule, Site
from codemods.engine.source import Source
from codemods.engine.todo import has_todo, statement_of
from codemods.rules.celery.calls.dispatch import find_uses, judge_uses
from codemods.rules.celery.calls.flow import Flows
from codemods.rules.celery.calls.unresolved import report_unresolved
from codemods.rules.celery.census import Census
from codemods.rules.celery.definitions.created import report_created
from codemods.rules.celery.definitions.definition import judge_definitions
from codemods.rules.celery.modules import judge_modules
from codemods.rules.celery.names import EVIDENCE, LIBRARIES, TOOL
from codemods.rules.celery.outcome import Outcome
from codemods.rules.celery.settings import eager as eager_settings
from codemods.rules.celery.settings import found
from codemods.rules.celery.settings.write import Written, write_settings
from codemods.rules.celery.study import Study
from codemods.rules.celery.testing.eager import judge_eager
from codemods.rules.celery.testing.mock_path import judge_paths
from codemods.rules.celery.verdict import decide, definition_findings

_ROUNDS = 4


class CeleryMigration:
    """The codemod from Celery to django.tasks."""

    tool = TOOL
    library = "Celery"

    @cached_property
    def rules(self) -> tuple[Rule, ...]:
        """Return every rule, by code."""
        # The registry imports every module with a rule, and that is most of them.
        from codemods.rules.celery.registry import RULES

        return RULES

    def plan(self, request: Request) -> Plan:
        """Read the project and say what to do. Raises MissingPath."""
        files = python_files(request.paths, request.exclude)
        project = load(list(request.paths), files, EVIDENCE, LIBRARIES)
        study, settings = _read(project, request)
        problems = [
            Problem(source.label, error.line, f"cannot be parsed: {error.message}")
            for source, error in project.unparsable.items()
        ]
        if not _has_celery(study):
            return Plan(problems=tuple(problems), looked_at=len(files), found=bool(problems))
        stays = decide(study)
        study.stays.update(stays)
        converted = study.tasks.keys() - stays.keys()
        written = write_settings(study, settings, converted) if converted else Written()
        active = [*_active(study, stays), *written.outcomes]
        drafts = _drafts(active, todo=request.todo)
        sites = [*_sites(active), *written.sites]
        changes = [*_changes(project, drafts, problems), *written.files]
        return Plan(
            sites=tuple(sorted(set(sites))),
            changes=tuple(sorted(changes, key=lambda change: change.label)),
            problems=tuple(sorted(problems)),
            notes=tuple(written.notes),
            summary=_summary(study, converted, stays),
            looked_at=len(files),
        )


def _read(project: Project, request: Request) -> tuple[Study, found.Settings]:
    """Find tasks and settings, and judge every place that concerns them."""
    census = Census(project, request.celery_app)
    project.select(EVIDENCE)
    census.take(project.relevant)
    for _ in range(_ROUNDS):
        fresh = _select_words(project, census.keys())
        if not fresh:
            break
        census.take(fresh)
    settings = found.find_settings(project)
    study = Study(project, census, request.broker or found.broker(settings))
    if settings.modules:
        named = ("CELERY_TASK_DEFAULT_QUEUE", "CELERY_DEFAULT_QUEUE")
        study.default_queue = settings.text(*named) or "celery"
    study.eager_propagates = any(
        eager_settings.runs_and_raises(source) for source in settings.modules
    )
    judge_definitions(study)
    report_created(study)
    find_uses(study, project.relevant)
    flows = Flows(study)
    fresh = _select_words(project, flows.collect())
    find_uses(study, fresh)
    flows.collect()
    flows.judge()
    judge_uses(study, flows)
    if study.tasks:
        report_unresolved(study, project.relevant, flows.followed)
    judge_paths(study, project.relevant)
    judge_eager(study, project.relevant)
    judge_modules(study, project.relevant)
    return study, settings


def _select_words(project: Project, keys: Iterable[str]) -> list[Source]:
    """Select the files that may use what these dotted paths name."""
    beside: dict[bytes, set[bytes]] = {}
    for key in keys:
        *modules, name = key.split(".")
        words = modules[1:] or modules
        beside.setdefault(name.encode(), set()).update(word.encode() for word in words)
    if not beside:
        return []
    joined = b"|".join(sorted(map(re.escape, beside)))
    return project.select(re.compile(rb"\b(?:%s)\b" % joined), beside)


def _has_celery(study: Study) -> bool:
    if study.tasks or study.census.apps or study.census.unknown_apps:
        return True
    return any(
        binding.target.partition(".")[0] == "celery"
        for source in study.project.relevant
        for bindings in source.survey.scope.bindings.values()
        for binding in bindings
    )


def _active(study: Study, stays: dict[str, Outcome]) -> list[Outcome]:
    """Return the outcomes that hold once it is decided which tasks stay."""
    active = []
    for outcome in study.outcomes:
        if outcome.any_of and outcome.any_of <= stays.keys():
            continue
        if outcome.blocks or not outcome.tasks & stays.keys():
            active.append(outcome)
        elif outcome.mixed and not outcome.tasks <= stays.keys():
            active.append(outcome.for_person(outcome.mixed))
    return [*active, *definition_findings(study, stays)]


def _drafts(active: list[Outcome], *, todo: bool) -> dict[Source, Draft]:
    drafts: dict[Source, Draft] = {}
    marked: set[tuple[int, str]] = set()
    for outcome in active:
        draft = drafts.setdefault(outcome.source, Draft(outcome.source))
        if outcome.kind is not Kind.PERSON or not outcome.blocks:
            draft.edits.extend(outcome.edits)
            draft.needs |= outcome.needs
            draft.stale |= outcome.stale
        if outcome.kind is Kind.PERSON and todo:
            statement = statement_of(outcome.frame)
            key = (id(statement.node), outcome.code)
            if key not in marked and not has_todo(statement, TOOL, outcome.code):
                marked.add(key)
                draft.todos.append((outcome.frame, outcome.code, outcome.reason))
    return drafts


def _sites(active: list[Outcome]) -> Iterable[Site]:
    by_source: dict[Source, list[Outcome]] = {}
    for outcome in active:
        if outcome.counted:
            by_source.setdefault(outcome.source, []).append(outcome)
    for source, outcomes in by_source.items():
        lines = line_numbers(source.tree, [outcome.frame.node for outcome in outcomes])
        for outcome in outcomes:
            line = lines.get(id(outcome.frame.node), 1)
            yield Site(source.label, line, outcome.code, outcome.kind, outcome.reason)


def _changes(
    project: Project, drafts: dict[Source, Draft], problems: list[Problem]
) -> Iterable[FileChange]:
    packages = frozenset(name.partition(".")[0] for name in project.modules)
    for source, draft in drafts.items():
        try:
            after = draft.render(TOOL, packages)
        except (Refused, cst.CSTValidationError, RecursionError) as error:
            reason = f"the rewrite would not be valid Python, so the file is left alone: {error}"
            problems.append(Problem(source.label, 1, reason))
            continue
        if after != source.data:
            yield FileChange(source.path, source.label, source.data, after)


def _summary(study: Study, converted: set[str], stays: dict[str, Outcome]) -> tuple[str, ...]:
    if not study.tasks:
        return ("No Celery task is left to convert.",)
    kept = sum(
        1
        for outcome in study.outcomes
        if outcome.tasks & stays.keys() and not outcome.blocks and outcome.counted
        if outcome.code[3] in "26"
    )
    tasks = f"{len(study.tasks)} Celery task{'' if len(study.tasks) == 1 else 's'}"
    line = f"{tasks}: {len(converted)} converted, {len(stays)} stay"
    if kept:
        line += f" with {kept} calls and mocks"
    return (line + ".",)

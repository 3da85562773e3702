"""A task definition: converted as a whole, or left alone as a whole."""

from __future__ import annotations

from dataclasses import dataclass

import libcst as cst

from codemods.engine.decorators.alias import Alias
from codemods.engine.decorators.build import Build
from codemods.engine.decorators.write import alias_change, decorator_change
from codemods.engine.outcome import Outcome
from codemods.engine.schedules.evaluate import Reader
from codemods.engine.site import Kind, Rule
from codemods.engine.survey import dotted_name
from codemods.engine.tree import Frame
from codemods.rules.huey.definitions.context import CONTEXT, context_edits, problem_of_context
from codemods.rules.huey.definitions.models import MODEL, takes_model
from codemods.rules.huey.definitions.structure import ALIAS, called, problem_of_place
from codemods.rules.huey.options.table import NAME, apply_options
from codemods.rules.huey.schedules.entry import read_periodic
from codemods.rules.huey.study import Study
from codemods.rules.huey.task import HueyTask, Made

DEFINITION = Rule(
    "HUE101",
    "A Huey task becomes a django.tasks task",
    "@task(), @db_task(), @huey.task() and the like become @task(...) from the bridge, which "
    "closes old database connections as db_task does. The function keeps its name and module, so "
    "the name in Huey's messages stays the same.",
    "@db_task()\ndef send(pk): ...",
    "@task()\ndef send(pk): ...",
)
ON_COMMIT = Rule(
    "HUE106",
    "@on_commit_task() becomes @task(enqueue_on_commit=True)",
    "Both are enqueued when the caller's transaction commits. What on_commit_task makes is a plain "
    "function, which has no methods of a task; the new one has them.",
    "@on_commit_task()\ndef send(pk): ...",
    "@task(enqueue_on_commit=True)\ndef send(pk): ...",
)
PERIODIC = Rule(
    "HUE107",
    "A periodic task becomes a task, and its schedule an entry of task_schedules.json",
    "The consumer starts a periodic task because its decorator says when. A task of django.tasks "
    "has no schedule of its own: until a scheduler reads task_schedules.json, nothing starts the "
    "converted task, so a person has to see to that before the code is deployed. A schedule that "
    "is not a crontab() that can be read keeps the task on Huey, where its consumer goes on "
    "starting it.",
    '@db_periodic_task(crontab(minute="0"))\ndef clean(): ...',
    "@task()\ndef clean(): ...",
)


@dataclass(slots=True, eq=False, kw_only=True)
class HueyBuild(Build):
    """The new call, which may take the name of Huey's decorator once that is gone."""

    study: Study

    def decorator(self) -> str:
        """Return how the file spells the decorator at module level."""
        return self.study.decorator(self.options.source, Build.decorator(self))


def judge_definitions(study: Study) -> None:
    """Judge every task, the ones under one alias together."""
    by_alias: dict[str, list[HueyTask]] = {}
    for task in study.tasks.values():
        if task.alias is not None:
            by_alias.setdefault(task.alias.key, []).append(task)
        else:
            _judge(study, task)
    for tasks in by_alias.values():
        _judge_alias(study, tasks)


def _judge(study: Study, task: HueyTask) -> None:
    build = HueyBuild(study.project, task.options, task.key, study=study)
    apply_options(build, task.maker.made, study.census.queue_of(task))
    problem = _problem(study, task, build)
    if problem is not None:
        _block(study, task, *problem)
        return
    keys = frozenset({task.key})
    outcome = _outcome(task, keys)
    _with_context(study, task, outcome, build)
    outcome.edit(task.decorator_frame, decorator_change(build, task.decorator_frame))
    outcome.needs |= build.needs
    outcome.stale.add(_root(task.node.decorators[task.decorator].decorator))
    if task.schedule is not None:
        _schedule(study, task, outcome)
    study.outcomes.append(outcome)
    _record(study, build, task, task.decorator_frame, keys)


def _problem(study: Study, task: HueyTask, build: Build) -> tuple[str, str] | None:
    problem = problem_of_place(study, task)
    if problem is None and build.refusal is not None:
        problem = build.refusal.code, build.refusal.reason
    if problem is None and task.bound and (reason := problem_of_context(task)):
        problem = CONTEXT.code, reason
    if problem is None and (reason := takes_model(study, task)):
        problem = MODEL.code, reason
    if problem is None and task.maker.made is Made.PERIODIC:
        scope = task.options.frame.scope if task.options.frame is not None else task.frame.scope
        periodic = read_periodic(Reader(study.project, task.source, scope), task)
        if periodic is None:
            return PERIODIC.code, "the schedule is not a crontab() that can be read here"
        study.periodic[task.key] = periodic
    return problem


def _outcome(task: HueyTask, keys: frozenset[str]) -> Outcome:
    rule, reason = DEFINITION, "task definition"
    if task.maker.made is Made.ON_COMMIT:
        rule, reason = ON_COMMIT, "@on_commit_task is @task(enqueue_on_commit=True)"
    return Outcome(task.source, task.decorator_frame, rule.code, Kind.REWRITE, reason, keys)


def _schedule(study: Study, task: HueyTask, outcome: Outcome) -> None:
    """Say that somebody else has to start the task now."""
    outcome.code, outcome.kind = PERIODIC.code, Kind.PERSON
    cron = study.periodic[task.key].entry.facts["cron"]
    outcome.reason = (
        f'the consumer no longer starts this task at "{cron}"; have it enqueued as '
        "task_schedules.json says"
    )
    schedule = task.schedule
    func = schedule.func if isinstance(schedule, cst.Call) else schedule
    outcome.stale.add(dotted_name(func).partition(".")[0])


def _judge_alias(study: Study, tasks: list[HueyTask]) -> None:
    alias = tasks[0].alias
    assert alias is not None
    build = HueyBuild(study.project, alias.options, alias.key, study=study)
    apply_options(build, tasks[0].maker.made, study.census.queue_of(tasks[0]))
    if build.legacy_name is not None:
        build.refuse(NAME.code, "name= in a shared decorator names only one of its tasks")
    if any(task.bound for task in tasks):
        build.refuse(ALIAS.code, "context=True in a shared decorator")
    keys = frozenset(task.key for task in tasks)
    study.groups.append(keys)
    if _is_used_otherwise(study, alias):
        reason = f"{alias.key} is used for more than decorating tasks that can be seen"
        build.refuse(ALIAS.code, reason)
    for task in tasks:
        problem = _problem(study, task, build)
        if problem is not None:
            _block(study, task, *problem)
        else:
            study.outcomes.append(_outcome(task, keys))
    frame = alias.options.frame
    if build.refusal is not None or frame is None or not isinstance(frame.node, cst.Call):
        return
    reason = f"{alias.key} makes tasks"
    outcome = Outcome(alias.source, frame, ALIAS.code, Kind.REWRITE, reason, keys)
    outcome.edit(frame, alias_change(build, frame))
    outcome.needs |= build.needs
    named = frame.node.args[0].value if alias.options.leading else frame.node.func
    outcome.stale.add(_root(named))
    study.outcomes.append(outcome)
    _record(study, build, tasks[0], frame, keys)


def _is_used_otherwise(study: Study, alias: Alias) -> bool:
    """Is the decorator used anywhere but above functions that are known as tasks?"""
    name = alias.binding.name
    for source in study.project.relevant:
        for chain in source.survey.chains:
            if name != chain.root and name not in chain.parts:
                continue
            target = study.project.resolve(chain, source)
            if target is None or target.dotted != alias.key:
                continue
            up = chain.frame.up
            up = up.up if up is not None and isinstance(up.node, cst.Call) else up
            if up is None or not isinstance(up.node, cst.Decorator):
                return True
    return False


def _with_context(study: Study, task: HueyTask, outcome: Outcome, build: Build) -> None:
    if not task.bound:
        return
    anchor = task.options.found["context"].index
    build.put("takes_context", lambda values: cst.Name("True"), anchor)
    outcome.edits.extend(context_edits(task))
    reason = "the task that Huey passes is a context"
    study.outcomes.append(
        Outcome(task.source, task.frame, CONTEXT.code, Kind.REWRITE, reason, outcome.tasks)
    )


def _block(study: Study, task: HueyTask, code: str, reason: str) -> None:
    found = Outcome(
        task.source, task.frame, code, Kind.PERSON, reason, frozenset({task.key}), blocks=True
    )
    study.outcomes.append(found)


def _record(study: Study, build: Build, task: HueyTask, frame: Frame, keys: frozenset[str]) -> None:
    """Keep what the settings rules need, and report each option."""
    source = build.options.source
    for finding in build.findings:
        study.outcomes.append(
            Outcome(source, frame, finding.code, finding.kind, finding.reason, keys)
        )
    study.queues |= build.queues
    if build.unknown_queue:
        study.unknown_queues.append(build.key)
    if build.legacy_name is not None:
        study.aliases[task.key] = f"{task.module}.{build.legacy_name}"


def _root(node: cst.BaseExpression) -> str:
    return dotted_name(called(node)).partition(".")[0]

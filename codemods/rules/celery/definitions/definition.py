"""A task definition: converted as a whole, or left alone as a whole."""

from __future__ import annotations

import libcst as cst

from codemods.engine.decorators.alias import Alias
from codemods.engine.decorators.given import Options
from codemods.engine.decorators.write import alias_change, decorator_change
from codemods.engine.outcome import Outcome
from codemods.engine.site import Kind, Rule
from codemods.engine.survey import dotted_name
from codemods.engine.tree import Frame
from codemods.rules.celery.definitions import context
from codemods.rules.celery.definitions.bound import BOUND
from codemods.rules.celery.definitions.handed import hand_to
from codemods.rules.celery.definitions.progress import PROGRESS
from codemods.rules.celery.definitions.structure import ALIAS, called, problem_of_place
from codemods.rules.celery.options.build import POLICY, Build
from codemods.rules.celery.options.handlers import HANDLERS, above, function_of
from codemods.rules.celery.options.table import apply_options
from codemods.rules.celery.study import Study
from codemods.rules.celery.task import CeleryTask

DEFINITION = Rule(
    "CEL101",
    "A Celery task becomes a django.tasks task",
    "@shared_task, @app.task and their called forms become @task(...) from the bridge. The "
    "function keeps its name and module, so the name in broker messages stays the same.",
    "@shared_task\ndef send(pk): ...",
    "@task()\ndef send(pk): ...",
)


def judge_definitions(study: Study) -> None:
    """Judge every task, the ones under one alias together."""
    by_alias: dict[str, list[CeleryTask]] = {}
    for task in study.tasks.values():
        if task.alias is not None:
            by_alias.setdefault(task.alias.key, []).append(task)
        else:
            _judge(study, task)
    for tasks in by_alias.values():
        _judge_alias(study, tasks)


def _judge(study: Study, task: CeleryTask) -> None:
    problem = problem_of_place(study, task)
    if problem is not None:
        _block(study, task, *problem)
        return
    body = context.read_body(study, task)
    build = _build(study, task.options, task.key)
    apply_options(build, asks=body.asks, asks_without_delay=body.asks_without_delay)
    if build.refusal is not None:
        _block(study, task, build.refusal.code, build.refusal.reason)
        return
    problem = body.problem or _beyond_django(study, body) or _of_handlers(study, build)
    if problem is not None:
        _block(study, task, *problem)
        return
    keys = frozenset({task.key})
    outcome = Outcome(
        task.source, task.decorator_frame, DEFINITION.code, Kind.REWRITE, "task definition", keys
    )
    _bind(study, task, body, outcome, build)
    outcome.edit(task.decorator_frame, decorator_change(build, task.decorator_frame))
    if build.handlers:
        outcome.edit(task.decorator_frame, above(build))
        study.handled.add(task.key)
    outcome.needs |= build.needs
    outcome.stale.add(_root(task.node.decorators[task.decorator].decorator))
    study.outcomes.append(outcome)
    _record(study, build, task.key, task.decorator_frame, keys)


def _judge_alias(study: Study, tasks: list[CeleryTask]) -> None:
    alias = tasks[0].alias
    assert alias is not None
    bodies = {task.key: context.read_body(study, task) for task in tasks}
    build = _build(study, alias.options, alias.key)
    apply_options(
        build,
        asks=any(body.asks for body in bodies.values()),
        asks_without_delay=any(body.asks_without_delay for body in bodies.values()),
    )
    if build.handlers:
        build.refuse(HANDLERS.code, "a shared decorator has handlers; give them to each task")
    if build.legacy_name is not None:
        build.refuse("CEL303", "name= in a shared decorator names only one of its tasks")
    keys = frozenset(task.key for task in tasks)
    study.groups.append(keys)
    bound = any(body.takes_context for body in bodies.values())
    if _is_used_otherwise(study, alias):
        reason = f"{alias.key} is used for more than decorating tasks that can be seen"
        build.refuse(ALIAS.code, reason)
    for task in tasks:
        body = bodies[task.key]
        problem = problem_of_place(study, task) or body.problem or _beyond_django(study, body)
        if build.refusal is not None:
            problem = (build.refusal.code, build.refusal.reason)
        if problem is not None:
            _block(study, task, *problem)
            continue
        outcome = Outcome(
            task.source,
            task.decorator_frame,
            DEFINITION.code,
            Kind.REWRITE,
            "task definition",
            keys,
        )
        _bind(study, task, body, outcome, build, shared_context=bound)
        study.outcomes.append(outcome)
    _rewrite_alias(study, alias, build, keys)


def _is_used_otherwise(study: Study, alias: Alias) -> bool:
    """Is the decorator used anywhere but above functions that are known as tasks?"""
    for _, chain in study.chains_to(alias.key):
        up = chain.frame.up
        up = up.up if up is not None and isinstance(up.node, cst.Call) else up
        if up is None or not isinstance(up.node, cst.Decorator):
            return True
    return False


def _rewrite_alias(study: Study, alias: Alias, build: Build, keys: frozenset[str]) -> None:
    frame = alias.options.frame
    if build.refusal is not None or frame is None or not isinstance(frame.node, cst.Call):
        return
    outcome = Outcome(
        alias.source, frame, ALIAS.code, Kind.REWRITE, f"{alias.key} makes tasks", keys
    )
    outcome.edit(frame, alias_change(build, frame))
    outcome.needs |= build.needs
    named = frame.node.args[0].value if alias.options.leading else frame.node.func
    outcome.stale.add(_root(named))
    study.outcomes.append(outcome)
    _record(study, build, alias.key, frame, keys)


def _build(study: Study, options: Options, key: str) -> Build:
    return Build(
        study.project,
        options,
        key,
        broker=study.broker,
        default_queue=study.default_queue,
        target=study.target,
    )


def _bind(
    study: Study,
    task: CeleryTask,
    body: context.Body,
    outcome: Outcome,
    build: Build,
    *,
    shared_context: bool = False,
) -> None:
    """Add what becomes of the bound self."""
    if not task.bound:
        return
    if not (body.takes_context or shared_context):
        rewrite = context.drop_self(task)
        _add(study, outcome, task.frame, context.UNUSED.code, "unused self is removed")
    else:
        rewrite = context.use_context(task, body, keep_parameter_only=not body.takes_context)
        study.takes_context.add(task.key)
        if body.asks:
            study.asks.add(task.key)
        if not any(new.keyword == "takes_context" for new in build.args):
            build.put("takes_context", lambda values: cst.Name("True"))
        kind = Kind.CHANGE if body.changes else Kind.REWRITE
        reason = "; ".join(body.changes) or "self is context"
        _add(study, outcome, task.frame, context.CONTEXT.code, reason, kind)
        if body.bound.uses:
            kind = Kind.CHANGE if body.bound.change else Kind.REWRITE
            reason = body.bound.change or body.bound.reason
            _add(study, outcome, task.frame, BOUND.code, reason, kind)
        if body.reports:
            reason = "progress is read from result.progress, not from AsyncResult"
            _add(study, outcome, task.frame, PROGRESS.code, reason, Kind.CHANGE)
    outcome.edits.extend(rewrite.edits)
    outcome.needs |= rewrite.needs
    outcome.stale |= rewrite.stale


def _beyond_django(study: Study, body: context.Body) -> tuple[str, str] | None:
    """Say what of a body needs the bridge, when new code must not import it."""
    if study.target == "django" and body.bound.uses:
        return context.OTHER.code, "self is needed as Celery has it, which takes the bridge"
    if study.target == "django" and (body.asks or body.reports):
        what = "self.retry() asks for another attempt" if body.asks else "progress is reported"
        return POLICY.code, f"{what}, which django.tasks cannot"
    return None


def _of_handlers(study: Study, build: Build) -> tuple[str, str] | None:
    """Say what a handler does with its self that only Celery's task can."""
    for option in build.handlers:
        function = function_of(option, build)
        assert function is not None
        target = study.project.resolve_name(
            tuple(dotted_name(option.value).split(".")), option.scope, option.source
        )
        source = target.source if target is not None else None
        handed = hand_to(study, source or build.options.source, function)
        problem = "it asks for another attempt" if handed.asks else handed.problem
        if handed.options:
            problem = problem or f"it reads {min(handed.options)} of the task"
        if problem:
            return HANDLERS.code, f"{option.name}={dotted_name(option.value)}: {problem}"
    return None


def _block(study: Study, task: CeleryTask, code: str, reason: str) -> None:
    study.outcomes.append(
        Outcome(
            task.source,
            task.frame,
            code,
            Kind.PERSON,
            reason,
            frozenset({task.key}),
            blocks=True,
        )
    )


def _add(
    study: Study,
    outcome: Outcome,
    frame: Frame,
    code: str,
    reason: str,
    kind: Kind = Kind.REWRITE,
) -> None:
    study.outcomes.append(Outcome(outcome.source, frame, code, kind, reason, outcome.tasks))


def _record(study: Study, build: Build, key: str, frame: Frame, keys: frozenset[str]) -> None:
    """Keep what the settings rules need, and report each option."""
    source = build.options.source
    for finding in build.findings:
        study.outcomes.append(
            Outcome(source, frame, finding.code, finding.kind, finding.reason, keys)
        )
    study.queues |= build.queues
    if build.unknown_queue:
        study.unknown_queues.append(key)
    if build.legacy_name is not None:
        study.aliases[key] = build.legacy_name


def _root(node: cst.BaseExpression) -> str:
    return dotted_name(called(node)).partition(".")[0]

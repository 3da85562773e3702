"""Celery names a module of tasks uses beside the decorators."""

from __future__ import annotations

import libcst as cst

from codemods.engine.names import local_name, module_name
from codemods.engine.outcome import Outcome
from codemods.engine.scope import Chain
from codemods.engine.site import Kind, Rule
from codemods.engine.source import Source
from codemods.rules.celery.names import RETRY, SOFT_TIMEOUT, STEERING, TASK_LOGGER
from codemods.rules.celery.steering import asked, is_raised, steered
from codemods.rules.celery.study import Study

TIMEOUT = Rule(
    "CEL111",
    "SoftTimeLimitExceeded becomes TaskTimeout",
    "The exception raised inside a task after timeout seconds. In a module without tasks it is "
    "replaced when no task of the project stays on Celery.",
)
LOGGER = Rule(
    "CEL112",
    "get_task_logger becomes logging.getLogger",
    "Celery's task logger adds the task's name and id to its lines by a format of its own; a "
    "plain logger follows the LOGGING setting.",
)


def judge_modules(study: Study, sources: list[Source]) -> None:
    """Judge the names in every module."""
    by_source: dict[Source, set[str]] = {}
    for task in study.tasks.values():
        by_source.setdefault(task.source, set()).add(task.key)
    for source in sources:
        own = by_source.get(source, set())
        for chain in source.survey.chains:
            target = study.project.resolve(chain, source)
            if target is None or target.source is not None:
                continue
            if target.full in SOFT_TIMEOUT:
                study.outcomes.append(_timeout(study, source, chain, own))
            elif target.full in STEERING and is_raised(chain):
                study.outcomes.extend(steered(study, source, chain, own))
            elif target.full in RETRY:
                study.outcomes.extend(asked(study, source, chain))
            elif target.full == TASK_LOGGER and own:
                outcome = _logger(source, chain, own)
                if outcome is not None:
                    study.outcomes.append(outcome)


def _timeout(study: Study, source: Source, chain: Chain, own: set[str]) -> Outcome:
    keys = _limited(study, source, chain, own)
    outcome = Outcome(
        source,
        chain.frame,
        TIMEOUT.code,
        Kind.REWRITE,
        "SoftTimeLimitExceeded is TaskTimeout",
        frozenset(keys),
        stale={chain.root},
        mixed="some tasks raise TaskTimeout now, some still SoftTimeLimitExceeded",
    )
    spelled, need = local_name(source, "bridge", "TaskTimeout")
    if need is not None:
        outcome.needs.add(need)
    outcome.edit(chain.frame, lambda node: _spelled(spelled, node))
    return outcome


def _limited(study: Study, source: Source, chain: Chain, own: set[str]) -> set[str]:
    """Return the tasks whose time is meant: this one, those used nearby, or all with a limit."""
    holders = [f.node for f in chain.frame.ancestors() if isinstance(f.node, cst.FunctionDef)]
    for task in study.tasks.values():
        if task.node in holders:
            return {task.key}
    limited = {key for key, task in study.tasks.items() if task.option("soft_time_limit")}
    if own:
        return own & limited or own
    nearby = {
        key
        for key, uses in study.uses.items()
        for use in uses
        if use.source is source
        and any(frame.node in holders for frame in use.chain.frame.ancestors())
    }
    if source.is_test and nearby:
        return nearby & limited or nearby
    return limited or set(study.tasks)


def _logger(source: Source, chain: Chain, own: set[str]) -> Outcome | None:
    up = chain.frame.up
    if up is None or not isinstance(up.node, cst.Call) or up.node.func is not chain.frame.node:
        return None
    outcome = Outcome(
        source,
        chain.frame,
        LOGGER.code,
        Kind.CHANGE,
        "log lines no longer carry the task's name and id",
        frozenset(own),
        stale={chain.root},
    )
    logging, need = module_name(source, "logging")
    if need is not None:
        outcome.needs.add(need)
    outcome.edit(chain.frame, lambda node: _spelled(f"{logging}.getLogger", node))
    return outcome


def _spelled(name: str, node: cst.BaseExpression) -> cst.BaseExpression:
    return cst.parse_expression(name).with_changes(lpar=node.lpar, rpar=node.rpar)

"""Find every use of a task and hand it to its rule."""

from __future__ import annotations

from collections.abc import Callable

from codemods.engine.outcome import Outcome
from codemods.engine.source import Source
from codemods.rules.celery.calls import attribute, delay
from codemods.rules.celery.calls.apply_async import apply_async, apply_async_on_commit
from codemods.rules.celery.calls.direct import bare
from codemods.rules.celery.calls.flow import Flows
from codemods.rules.celery.calls.lookup import lookup
from codemods.rules.celery.canvas.judge import signature
from codemods.rules.celery.names import SIGNATURES
from codemods.rules.celery.study import Study, Use
from codemods.rules.celery.testing.mock_attribute import mock_attribute

Judge = Callable[[Study, Use], Outcome | None]

_METHODS: dict[str, Judge] = {
    "delay": delay.delay,
    "delay_on_commit": delay.delay_on_commit,
    "apply_async": apply_async,
    "apply_async_on_commit": apply_async_on_commit,
    "AsyncResult": lookup,
    "apply": attribute.apply,
    "run": attribute.run,
    "name": attribute.module_path,
    "__name__": attribute.function_attribute,
    "__wrapped__": attribute.function_attribute,
    "__doc__": attribute.function_attribute,
    **dict.fromkeys(SIGNATURES, signature),
}


def find_uses(study: Study, sources: list[Source]) -> None:
    """Collect the uses of every task, decorators of its own definition aside."""
    for source in sources:
        for chain in source.survey.chains:
            target = study.project.resolve(chain, source)
            task = study.tasks.get(target.dotted) if target is not None else None
            # A name for a method (`later = x.delay`) is judged where it is given.
            if task is not None and target is not None and len(target.rest) <= len(chain.parts):
                use = Use(task, source, chain, target.rest)
                study.uses[task.key].append(use)
                if len(use.rest) == 1:
                    study.used[id(chain.frame.node)] = use


def judge_uses(study: Study, flows: Flows) -> None:
    """Judge every use found, those of tests when it is known what the code does."""
    found = [use for uses in study.uses.values() for use in uses]
    for in_tests in (False, True):
        for use in found:
            if use.source.is_test is not in_tests:
                continue
            outcome = judge(study, use) if use.rest else flows.stored(use) or bare(study, use)
            if outcome is not None:
                study.outcomes.append(outcome)
        study.settle_production()


def judge(study: Study, use: Use) -> Outcome | None:
    """Return what becomes of one use of a task's attribute."""
    if use.rest[0] in {"delay", "apply_async"} and (len(use.rest) > 1 or use.chain.stored):
        return mock_attribute(study, use)
    return _METHODS.get(use.rest[0], attribute.other)(study, use)

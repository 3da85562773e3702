"""Find every use of a task and hand it to its rule."""

from __future__ import annotations

from collections.abc import Callable

from codemods.engine.outcome import Outcome
from codemods.engine.source import Source
from codemods.rules.huey.calls.attribute import call_local, function, other
from codemods.rules.huey.calls.enqueue import enqueue
from codemods.rules.huey.calls.many import many
from codemods.rules.huey.calls.passed import passed
from codemods.rules.huey.calls.pipeline import pipeline
from codemods.rules.huey.calls.schedule import schedule
from codemods.rules.huey.study import Study, Use

Judge = Callable[[Study, Use], Outcome | None]

_METHODS: dict[str, Judge] = {
    "call_local": call_local,
    "schedule": schedule,
    "map": many,
    "s": pipeline,
    "func": function,
    "__doc__": function,
}


def find_uses(study: Study, sources: list[Source]) -> None:
    """Collect the uses of every task."""
    for source in sources:
        for chain in source.survey.chains:
            target = study.project.resolve(chain, source)
            task = study.tasks.get(target.dotted) if target is not None else None
            # A name for a method (`later = x.schedule`) is judged where it is given.
            if task is not None and target is not None and len(target.rest) <= len(chain.parts):
                study.uses[task.key].append(Use(task, source, chain, target.rest))


def judge_uses(study: Study) -> None:
    """Judge every use found."""
    for use in [use for uses in study.uses.values() for use in uses]:
        outcome = _judge(study, use)
        if outcome is not None:
            study.outcomes.append(outcome)


def _judge(study: Study, use: Use) -> Outcome | None:
    if use.rest:
        return _METHODS.get(use.rest[0], other)(study, use)
    return enqueue(study, use) if use.call is not None else passed(study, use)

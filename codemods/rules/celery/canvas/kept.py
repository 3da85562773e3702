"""Signatures that stay Celery's, made of the Celery task behind a converted one."""

from __future__ import annotations

from collections.abc import Iterator

from codemods.engine.outcome import Outcome
from codemods.engine.scope import Binding
from codemods.engine.site import Kind, Rule
from codemods.engine.source import Source
from codemods.rules.celery.calls.legacy import keep_on_celery
from codemods.rules.celery.facade.names import FACADE_CANVASES
from codemods.rules.celery.study import Study, Use

CANVAS = Rule(
    "CEL401",
    "A signature or canvas stays on Celery",
    "A canvas whose meaning the bridge's hooks do not have stays Celery's as a whole: every "
    "signature in it is made of celery_task(x), the Celery task behind the converted one, so the "
    "tasks are converted all the same. Celery's workers run it, with the converted functions. "
    "With --target django the tasks stay on Celery.",
    "chord([count.s(n) for n in ids], total.s())()",
    "chord([celery_task(count).s(n) for n in ids], celery_task(total).s())()",
)


def kept(study: Study, use: Use, reason: str) -> Outcome:
    """Leave one signature to Celery."""
    outcome = Outcome(
        use.source, use.chain.frame, CANVAS.code, Kind.PERSON, reason, frozenset({use.task.key})
    )
    if any(binding.target in FACADE_CANVASES for binding in _imports(use.source)):
        outcome.reason = f"{reason}; it is made with the facade, so its tasks stay there"
        outcome.blocks = not use.source.is_test
        return outcome
    return keep_on_celery(study, use, outcome, CANVAS.code, reason)


def _imports(source: Source) -> Iterator[Binding]:
    for bindings in source.survey.scope.bindings.values():
        yield from bindings

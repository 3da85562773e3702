"""What is said of a task that stays because of something elsewhere."""

from __future__ import annotations

from codemods.engine.outcome import Outcome
from codemods.engine.site import Kind, Rule
from codemods.rules.celery.study import Study

STAYS = Rule(
    "CEL113",
    "A task stays on Celery because of how it is used",
    "A call, a signature or a use that cannot be converted keeps the whole task on Celery, or it "
    "would break. The definition, every call and every mock stay as they are; old and new tasks "
    "live side by side.",
)


def definition_findings(study: Study, stays: dict[str, Outcome]) -> list[Outcome]:
    """Return one finding per definition that stays because of something elsewhere."""
    own = {
        key
        for outcome in study.outcomes
        if outcome.blocks
        for key in outcome.tasks
        if outcome.frame is study.tasks[key].frame
    }
    found = []
    for key, cause in stays.items():
        if key not in own and not cause.declined:
            task = study.tasks[key]
            where = "" if cause.source is task.source else f" ({cause.source.label})"
            reason = f"stays on Celery: {cause.reason}{where}"
            found.append(
                Outcome(task.source, task.frame, STAYS.code, Kind.PERSON, reason, frozenset({key}))
            )
    return found

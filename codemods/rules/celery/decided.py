"""What happens once rules and people have spoken."""

from __future__ import annotations

from codemods.engine.places import Places
from codemods.engine.plan import Choice
from codemods.engine.settling import Decided, Settling
from codemods.engine.verdict import definition_findings
from codemods.rules.celery.settings.aliases import ALIASES
from codemods.rules.celery.settings.values import CelerySettings
from codemods.rules.celery.settings.write import TASKS, write_settings
from codemods.rules.celery.study import Study
from codemods.rules.celery.verdict import STAYS


def decide_all(study: Study, celery: CelerySettings, places: Places, choice: Choice) -> Decided:
    """Decide which tasks stay, and what goes with them."""
    settling = Settling(
        write=lambda converted: write_settings(study, celery, converted),
        findings=lambda stays: definition_findings(
            study.tasks, study.outcomes, stays, STAYS, "Celery"
        ),
        tasks_code=TASKS.code,
        aliases_code=ALIASES.code,
    )
    return settling.decide(study, places, choice)

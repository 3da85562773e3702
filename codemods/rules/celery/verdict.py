"""What is said of a task that stays because of something elsewhere."""

from __future__ import annotations

from codemods.engine.site import Rule

STAYS = Rule(
    "CEL113",
    "A task stays on Celery because of how it is used",
    "A call, a signature or a use that cannot be converted keeps the whole task on Celery, or it "
    "would break. The definition, every call and every mock stay as they are; old and new tasks "
    "live side by side.",
)

"""The rule for tasks that stay because of something elsewhere."""

from __future__ import annotations

from codemods.engine.site import Rule

STAYS = Rule(
    "HUE110",
    "A task stays on Huey because of how it is used",
    "A call, a signature or a use that cannot be converted keeps the whole task on Huey, or a call "
    "that is not rewritten would run its function in place. The definition, every call and every "
    "mock stay as they are; old and new tasks live side by side.",
)

"""Where in a settings module or class TASKS goes."""

from __future__ import annotations

from codemods.engine.settings.homes import APPS, Home
from codemods.engine.tree import Frame
from codemods.rules.celery.settings.eager import bindings_of
from codemods.rules.celery.settings.spellings import canonical


def anchor(home: Home) -> Frame:
    """Return the statement after which TASKS goes: the last Celery setting, or the last of all."""
    body = home.body
    order = {id(node): index for index, node in enumerate(body)}

    def place(frame: Frame) -> int:
        """Return which statement of the body a setting is in."""
        return next(
            order[id(up.node)] for up in (frame, *frame.ancestors()) if id(up.node) in order
        )

    celery = [
        place(binding.frame)
        for name, bindings in home.scope.bindings.items()
        if name.isupper() and canonical(name)
        for binding in bindings
    ]
    limit = len(body) - 1
    for part, binding in bindings_of(home, "task_always_eager"):
        if part is home and not home.is_plain(binding.frame):
            # The block that switches it changes the TASKS above it.
            limit = min(limit, place(binding.frame) - 1)
    at = min(max(celery, default=len(body) - 1), limit)
    apps = min((place(binding.frame) for binding in home.own(APPS)), default=0)
    return Frame(body[max(at, apps)], home.place, home.scope)

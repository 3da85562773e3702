"""Where in a settings module or class TASKS goes."""

from __future__ import annotations

from codemods.engine.todo import statement_of
from codemods.engine.tree import Frame
from codemods.rules.celery.settings.eager import bindings_of
from codemods.rules.celery.settings.homes import APPS, Home
from codemods.rules.celery.settings.spellings import canonical


def anchor(home: Home) -> Frame:
    """Return the statement after which TASKS goes: the last Celery setting, or the last of all."""
    body = home.body
    order = {id(node): index for index, node in enumerate(body)}
    celery = [
        order[id(statement_of(binding.frame).node)]
        for name, bindings in home.scope.bindings.items()
        if name.isupper() and canonical(name)
        for binding in bindings
        if id(statement_of(binding.frame).node) in order
    ]
    limit = len(body) - 1
    for part, binding in bindings_of(home, "task_always_eager"):
        if part is home and not home.is_plain(binding.frame):
            ups = (binding.frame, *binding.frame.ancestors())
            top = next((order[id(frame.node)] for frame in ups if id(frame.node) in order), limit)
            limit = min(limit, top - 1)
    at = min(max(celery, default=len(body) - 1), limit)
    apps = [
        order[id(statement_of(binding.frame).node)]
        for binding in home.own(APPS)
        if id(statement_of(binding.frame).node) in order
    ]
    return Frame(body[max(at, min(apps, default=0))], home.place, home.scope)

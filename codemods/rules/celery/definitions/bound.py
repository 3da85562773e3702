"""`self` becomes `celery_self(context)` where only Celery's own words will do."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import libcst as cst

from codemods.engine.imports import Need
from codemods.engine.layout import code
from codemods.engine.names import local_name
from codemods.engine.scope import Chain
from codemods.engine.site import Rule
from codemods.engine.tree import descendants
from codemods.rules.celery.definitions.handed import OF_MESSAGE, Handed, missing_option
from codemods.rules.celery.task import CeleryTask

BOUND = Rule(
    "CEL117",
    "self becomes celery_self(context) where other code wants Celery's task",
    "A function of the project that gets self is followed: if it, and what it hands self on to, "
    "only asks for another attempt and looks at request and options, it gets celery_self(context), "
    "a Celery task object whose retry() is that of the bridge. Such functions stay as they are, "
    "and unconverted tasks may go on calling them. So does self where a retry is caught as "
    "MaxRetriesExceededError or tells the broker something, and where request has what only a "
    "Celery message carries: that is None on other workers.",
    "@shared_task(bind=True)\ndef send(self, pk):\n    show(self)\n\n\n"
    "def show(task):\n    print(task.name)",
    "@task(takes_context=True)\ndef send(context, pk):\n    show(celery_self(context))\n\n\n"
    "def show(task):\n    print(task.name)",
)
_ASKED = ("max_retries", "default_retry_delay")
_PLAIN = frozenset({"True", "False", "None"})


@dataclass(slots=True)
class Bindings:
    """The uses of self that become `celery_self(context, ...)`."""

    uses: list[tuple[Chain, frozenset[str]]] = field(default_factory=list)
    """Each use, with the options its reader needs."""
    of_message: set[str] = field(default_factory=set)

    def add(self, chain: Chain, options: Iterable[str] = ()) -> None:
        """Keep a use; one that reads the request may read what only a message has."""
        self.uses.append((chain, frozenset(options)))
        if chain.parts[:1] == ("request",):
            self.of_message |= set(chain.parts[1:2]) & OF_MESSAGE

    def take(self, chain: Chain, handed: Handed, task: CeleryTask) -> str:
        """Keep a use that is an argument; say why that cannot be, if it cannot."""
        missing = missing_option(handed, frozenset(task.options.found))
        if handed.problem or missing:
            return handed.problem or f"{missing} is read from self, and the task declares none"
        options = handed.options | (set(_ASKED) if handed.asks else set())
        given = {name for name in options if name in task.options.found}
        for name in sorted(given):
            if not _is_literal(task.options.found[name].value):
                return f"{name}= is read from self, and is no literal"
        self.add(chain, given)
        self.of_message |= handed.of_message
        return ""

    @property
    def change(self) -> str:
        """Return what means something else afterwards, if anything does."""
        shown = " and ".join(f"request.{name}" for name in sorted(self.of_message))
        return (
            f"{shown} is what a Celery message carries; on other workers it is None"
            if shown
            else ""
        )

    @property
    def reason(self) -> str:
        """Say what the uses are."""
        if any(not chain.parts for chain, _ in self.uses):
            return "other code gets celery_self(context) as self"
        return "what only Celery's task says is asked of celery_self(context)"


def asks_for(task: CeleryTask) -> frozenset[str]:
    """Return the options that a `retry()` of Celery goes by, those that are given."""
    return frozenset(name for name in _ASKED if name in task.options.found)


def unreadable(task: CeleryTask) -> str:
    """Return an option a `retry()` of Celery goes by that cannot be spelled out."""
    names = (name for name in asks_for(task) if not _is_literal(task.options.found[name].value))
    return next(iter(sorted(names)), "")


def spelled(task: CeleryTask, options: frozenset[str]) -> tuple[str, Need | None]:
    """Return the call of celery_self(), and the import it takes."""
    name, need = local_name(task.source, "compat.celery.legacy", "celery_self")
    shown = [f"{each}={code(task.options.found[each].value)}" for each in sorted(options)]
    return f"{name}({', '.join(['context', *shown])})", need


def _is_literal(node: cst.BaseExpression) -> bool:
    return all(
        inner.value in _PLAIN if isinstance(inner, cst.Name) else not isinstance(inner, cst.Call)
        for inner in descendants(node)
    )

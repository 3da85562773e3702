"""What is known of the Huey tasks of a project."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import libcst as cst

from codemods.engine.decorators.alias import Alias
from codemods.engine.decorators.given import Options
from codemods.engine.literals import is_true, string
from codemods.engine.source import Source
from codemods.engine.tree import Frame


class Made(StrEnum):
    """What a decorator makes of a function."""

    TASK = "task"
    PERIODIC = "periodic task"
    ON_COMMIT = "on-commit task"


@dataclass(frozen=True, slots=True)
class Maker:
    """A decorator of Huey's, and the Huey it belongs to."""

    made: Made
    name: str
    """As Huey calls it: db_task."""
    huey: str = ""
    """The dotted path of the Huey object; empty for the one of the settings."""
    many: bool = False
    """Is it one of django-huey, where queue= chooses among several?"""


@dataclass(slots=True, eq=False)
class HueyTask:
    """A function under a task decorator."""

    key: str
    """Module path and function name: the name in messages, unless a custom one was given."""
    source: Source
    frame: Frame
    decorator: int
    """Which of the function's decorators makes it a task."""
    decorator_frame: Frame
    options: Options
    maker: Maker
    schedule: cst.BaseExpression | None = None
    """What says when a periodic task is due."""
    alias: Alias | None = None
    hidden: str = ""
    """Why its decorator cannot be read, when it cannot."""

    @property
    def node(self) -> cst.FunctionDef:
        """Return the function."""
        assert isinstance(self.frame.node, cst.FunctionDef)
        return self.frame.node

    @property
    def name(self) -> str:
        """Return the name of the function."""
        return self.node.name.value

    def option(self, name: str) -> cst.BaseExpression | None:
        """Return the expression given for an option."""
        option = self.options.found.get(name)
        return option.value if option else None

    @property
    def bound(self) -> bool:
        """Does Huey pass the task to the function?"""
        return is_true(self.option("context"))

    @property
    def module(self) -> str:
        """Return the module it is defined in."""
        return self.key.rpartition(".")[0]


def task_queue(task: HueyTask) -> str:
    """Return the queue a definition names, the default one, or nothing when it cannot be read."""
    value = task.option("queue")
    return "default" if value is None else string(value) or ""

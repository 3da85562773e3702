"""What is known of the Celery tasks of a project."""

from __future__ import annotations

from dataclasses import dataclass

import libcst as cst

from codemods.engine.decorators.alias import Alias
from codemods.engine.decorators.given import Options
from codemods.engine.literals import is_true
from codemods.engine.source import Source
from codemods.engine.tree import Frame


@dataclass(slots=True, eq=False)
class CeleryTask:
    """A function under a task decorator."""

    key: str
    """Module path and function name: the wire name, unless a custom one was given."""
    source: Source
    frame: Frame
    decorator: int
    """Which of the function's decorators makes it a task."""
    decorator_frame: Frame
    options: Options
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
        """Does Celery pass the task as first argument?"""
        return is_true(self.option("bind"))

    @property
    def custom_name(self) -> str | None:
        """Return the literal `name=`, if there is one."""
        value = self.option("name")
        return value.raw_value if isinstance(value, cst.SimpleString) else None

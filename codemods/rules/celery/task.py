"""What is known of the Celery tasks of a project."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

import libcst as cst

from codemods.engine.scope import Binding, Scope
from codemods.engine.source import Source
from codemods.engine.tree import Frame


@dataclass(frozen=True, slots=True, eq=False)
class Option:
    """One keyword argument of a task decorator."""

    name: str
    arg: cst.Arg
    index: int
    source: Source
    scope: Scope

    @property
    def value(self) -> cst.BaseExpression:
        """Return the expression given."""
        return self.arg.value


@dataclass(slots=True, eq=False)
class Options:
    """The call that configures a task: the decorator itself, or the alias it uses."""

    source: Source
    frame: Frame | None
    """The call; None when the decorator is used bare."""
    found: dict[str, Option] = field(default_factory=dict)
    unreadable: bool = False
    """Are there arguments nobody can name, such as `**defaults`?"""
    elsewhere: str = ""
    """An option given in another module in words that this one does not know."""
    leading: int = 0
    """How many arguments come before the options: partial's first is the decorator."""


class Uses(StrEnum):
    """How a decorator the project made has to be written above a function."""

    BARE = "bare"
    CALLED = "called"
    EITHER = "either"


@dataclass(slots=True, eq=False)
class Alias:
    """A decorator the project made: `critical_task = shared_task(acks_late=True)`."""

    key: str
    source: Source
    binding: Binding
    options: Options
    uses: Uses = Uses.BARE

    def misused(self, call: cst.CSTNode | None) -> str:
        """Say what is wrong with its use above a function, called there or not."""
        name = self.key.rpartition(".")[2]
        if isinstance(call, cst.Call):
            if self.uses is Uses.BARE:
                return f"{name} is called again where it is used"
            if call.args:
                return f"{name} is given more options where it is used; write them all there"
        elif self.uses is Uses.CALLED:
            return f"{name} is not called where it is used"
        return ""


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


def is_true(node: cst.BaseExpression | None) -> bool:
    """Is the expression the literal True?"""
    return isinstance(node, cst.Name) and node.value == "True"


def is_false(node: cst.BaseExpression | None) -> bool:
    """Is the expression the literal False?"""
    return isinstance(node, cst.Name) and node.value == "False"


def is_none(node: cst.BaseExpression | None) -> bool:
    """Is the expression the literal None?"""
    return isinstance(node, cst.Name) and node.value == "None"


def read_options(call: Frame | None, source: Source, leading: int = 0) -> Options:
    """Return the keyword arguments of a decorator call, those after the leading ones."""
    options = Options(source, call, leading=leading)
    if call is None or not isinstance(call.node, cst.Call):
        return options
    for index, arg in enumerate(call.node.args):
        if index < leading:
            continue
        if arg.keyword is None:
            options.unreadable = True
            continue
        name = arg.keyword.value
        options.found[name] = Option(name, arg, index, source, call.scope)
    return options

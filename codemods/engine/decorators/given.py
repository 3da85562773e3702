"""The keyword arguments a decorator is called with."""

from __future__ import annotations

from dataclasses import dataclass, field

import libcst as cst

from codemods.engine.scope import Scope
from codemods.engine.source import Source
from codemods.engine.tree import Frame


@dataclass(frozen=True, slots=True, eq=False)
class Option:
    """One keyword argument of a decorator."""

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
    """The call that configures a task: the decorator itself, or what it is made with."""

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

"""What the options of one call are, said with `using(...)`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import libcst as cst

from codemods.engine.imports import Need
from codemods.engine.layout import call
from codemods.engine.literals import constant, integer, is_none
from codemods.engine.names import local_name
from codemods.engine.optional import may_be_none
from codemods.engine.scope import Scope
from codemods.engine.source import Source
from codemods.engine.survey import dotted_name
from codemods.engine.times import is_naive
from codemods.rules.huey.study import Study

Values = Mapping[str, cst.BaseExpression]

_NAMES = {
    "delay": "run_after",
    "eta": "run_after",
    "priority": "priority",
    "expires": "expires",
}
_HIGHEST = 100


@dataclass(slots=True)
class Using:
    """Which keywords of using() say the options, or why none do."""

    names: list[str] = field(default_factory=list)
    problem: str = ""
    change: str = ""
    """What means something slightly different."""
    needs: set[Need] = field(default_factory=set)
    timedelta: str = ""
    """How a delay in seconds is wrapped, empty when it is a timedelta."""
    from_now: bool = False
    """Is eta= what is now and something?"""

    def args(self, options: Values) -> list[cst.Arg]:
        """Return the arguments of using() for these expressions."""
        return [self._arg(name, options[name]) for name in self.names]

    def _arg(self, name: str, value: cst.BaseExpression) -> cst.Arg:
        if name == "delay" and self.timedelta:
            seconds = cst.Arg(keyword=cst.Name("seconds"), value=value)
            value = call(cst.parse_expression(self.timedelta), [seconds])
        if name == "eta" and self.from_now:
            assert isinstance(value, cst.BinaryOperation)
            value = value.right
        return cst.Arg(keyword=cst.Name(_NAMES[name]), value=value)


def read_using(study: Study, source: Source, scope: Scope, options: Values) -> Using:
    """Say how these options are said with using()."""
    given = {name: value for name, value in options.items() if not is_none(value)}
    using = Using(problem=_problem(study, source, scope, given))
    if using.problem:
        return using
    for name, value in given.items():
        if name == "delay" and integer(value) == 0:
            continue
        using.names.append(name)
    if "delay" in using.names and not _is_timedelta(study, source, scope, given["delay"]):
        using.timedelta, need = local_name(source, "datetime", "timedelta")
        using.needs |= {need} if need is not None else set()
    if "eta" in using.names:
        using.from_now = _counts_from_now(study, source, scope, given["eta"])
        if isinstance(given["eta"], (cst.Name, cst.Attribute, cst.Subscript)):
            using.change = "run_after wants a time with a zone; Huey took one without as local"
    return using


def _problem(study: Study, source: Source, scope: Scope, options: Values) -> str:
    """Say why the options cannot be carried over, if they cannot."""
    other = sorted(options.keys() - _NAMES.keys())
    if other:
        return f"{other[0]}= of one call has no counterpart; declare it on the task"
    if {"delay", "eta"} <= options.keys():
        return "delay= and eta= are both given"
    for name in ("eta", "expires"):
        value = options.get(name)
        if value is None or not is_naive(value):
            continue
        if name == "expires" or not _counts_from_now(study, source, scope, value):
            return f"{name}= has no time zone; {_NAMES[name]} wants an aware time"
    for name in sorted(options.keys() & {"delay", "eta", "expires"}):
        if may_be_none(scope, options[name]):
            return f"{name}= may be None; say in the code what is to happen then"
    if "priority" in options:
        number = integer(constant(study.project, options["priority"], scope, source))
        if number is None or abs(number) > _HIGHEST:
            return "priority= is not a number from -100 to 100 that can be read here"
    return ""


def _is_timedelta(study: Study, source: Source, scope: Scope, node: cst.BaseExpression) -> bool:
    value = constant(study.project, node, scope, source)
    if not isinstance(value, cst.Call):
        return False
    return dotted_name(value.func).rpartition(".")[2] == "timedelta"


def _counts_from_now(study: Study, source: Source, scope: Scope, node: cst.BaseExpression) -> bool:
    """Is it `datetime.now() + timedelta(...)`, of which the second half is enough?"""
    if not isinstance(node, cst.BinaryOperation) or not isinstance(node.operator, cst.Add):
        return False
    now = node.left
    if not isinstance(now, cst.Call) or now.args:
        return False
    full = study.full(now.func, scope, source)
    plain = full in {"datetime.datetime.now", "django.utils.timezone.now"}
    return plain and _is_timedelta(study, source, scope, node.right)

"""Functions that a bound task hands its `self` to, and what they do with it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import libcst as cst

from codemods.engine.modules import Target
from codemods.engine.scope import BindingKind, Chain, Scope, ScopeKind
from codemods.engine.source import Source
from codemods.engine.survey import dotted_name
from codemods.engine.tree import Frame, descendants
from codemods.rules.celery.calls.arguments import parameter
from codemods.rules.celery.definitions import ask
from codemods.rules.celery.definitions.caught import catching
from codemods.rules.celery.study import Study

OF_MESSAGE = frozenset(
    [
        "correlation_id",
        "delivery_info",
        "eta",
        "expires",
        "group",
        "headers",
        "origin",
        "parent_id",
        "properties",
        "reply_to",
        "root_id",
        "timelimit",
    ]
)
"""What request says that only a Celery message carries."""
OF_REQUEST = frozenset(
    ["args", "called_directly", "hostname", "id", "is_eager", "kwargs", "retries", "task"]
)
OPTIONS = frozenset(
    [
        "autoretry_for",
        "default_retry_delay",
        "max_retries",
        "retry_backoff",
        "retry_backoff_max",
        "retry_jitter",
        "retry_kwargs",
    ]
)
_OF_CLASS = frozenset({"default_retry_delay", "max_retries"})
"""Options that every Celery task has a value of."""
_OWN = frozenset({"MaxRetriesExceededError", "app", "name"})
_LOOKS = frozenset({"bool", "id", "isinstance", "print", "repr", "str", "type"})
_HARMLESS = (
    cst.Assert,
    cst.Comparison,
    cst.ComparisonTarget,
    cst.FormattedStringExpression,
    cst.If,
)
_DEPTH = 5


@dataclass(slots=True)
class Handed:
    """What a `self` is used for out of sight of the task."""

    problem: str = ""
    asks: bool = False
    options: set[str] = field(default_factory=set)
    """Options of the task that are read from it."""
    of_message: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class _Parameter:
    """Where a `self` has got to."""

    source: Source
    function: Frame
    name: str

    @property
    def called(self) -> str:
        assert isinstance(self.function.node, cst.FunctionDef)
        return f"{self.function.node.name.value}()"


def hand_over(study: Study, source: Source, chain: Chain, extra: ask.Extra) -> Handed:
    """Follow a `self` that is an argument into functions of the project."""
    handed = Handed()
    _follow(study, source, chain, extra, handed, [])
    return handed


def hand_to(study: Study, source: Source, function: Frame) -> Handed:
    """Follow the `self` that is the first parameter of a function."""
    handed = Handed()
    assert isinstance(function.node, cst.FunctionDef)
    params = function.node.params
    first = (*params.posonly_params, *params.params)[0].name.value
    found = _Parameter(source, function, first)
    for use in _uses(found):
        if use is None:
            handed.problem = handed.problem or f"{found.called} gives {first} another value"
        else:
            _read(study, use, found, {}, handed, [found])
    return handed


def _follow(
    study: Study,
    source: Source,
    chain: Chain,
    extra: ask.Extra,
    handed: Handed,
    way: list[_Parameter],
) -> None:
    arg = chain.frame.up
    call = arg.up if arg is not None and isinstance(arg.node, cst.Arg) else None
    if arg is None or call is None or not isinstance(call.node, cst.Call):
        handed.problem = handed.problem or "self itself is passed on"
        return
    assert isinstance(arg.node, cst.Arg)
    target = _called(study, source, call)
    found = _parameter(study, target, call.node, arg.node) if not arg.node.star else None
    if found is None:
        name = dotted_name(call.node.func) or "a call"
        handed.problem = handed.problem or f"self itself is passed on to {name}"
        return
    if len(way) > _DEPTH or any(found == each for each in way):
        return
    asked, handed.asks = handed.asks, False
    for use in _uses(found):
        if use is None:
            handed.problem = handed.problem or f"{found.called} gives {found.name} another value"
        else:
            _read(study, use, found, extra, handed, [*way, found])
    if handed.asks:
        handed.problem = handed.problem or _stopped(call, chain)
    handed.asks |= asked


def _stopped(call: Frame, chain: Chain) -> str:
    """Say what keeps a retry in a function from leaving the one that calls it."""
    if _is_nested(chain):
        return "self is handed on inside a nested function"
    return catching(call).problem


def _called(study: Study, source: Source, call: Frame) -> Target | None:
    assert isinstance(call.node, cst.Call)
    name = dotted_name(call.node.func)
    if not name:
        return None
    target = study.project.resolve_name(tuple(name.split(".")), call.scope, source)
    return study.project.open(target) if target is not None else None


def _parameter(
    study: Study, target: Target | None, call: cst.Call, arg: cst.Arg
) -> _Parameter | None:
    """Return the parameter of a plain function that an argument fills."""
    if target is None or target.source is None or target.binding is None or target.rest:
        return None
    function = target.binding.frame
    node = function.node
    if not isinstance(node, cst.FunctionDef) or target.dotted in study.tasks:
        return None
    same = target.source.survey.scope.bindings.get(target.binding.name, [])
    if function.scope.kind is not ScopeKind.MODULE or len(same) != 1:
        return None
    if node.decorators or node.asynchronous or _is_generator(node):
        return None
    name = parameter(function, call.args, arg)
    return _Parameter(target.source, function, name) if name else None


def _is_generator(node: cst.FunctionDef) -> bool:
    return any(isinstance(inner, cst.Yield) for inner in descendants(node.body))


def _uses(found: _Parameter) -> Iterator[Chain | None]:
    """Yield every use of a parameter; None when it is given another value."""
    for chain in found.source.survey.chains:
        if chain.root != found.name:
            continue
        looked_up = chain.frame.scope.lookup(chain.root)
        owner = looked_up[0].frame if looked_up is not None else None
        if looked_up is None or owner is None or owner.node is not found.function.node:
            continue
        if {binding.kind for binding in looked_up[1]} != {BindingKind.PARAMETER}:
            yield None
        yield chain


def _read(
    study: Study,
    chain: Chain,
    found: _Parameter,
    extra: ask.Extra,
    handed: Handed,
    way: list[_Parameter],
) -> None:
    """Add what one use of the parameter means."""
    head = (*chain.parts, "")[0]
    if chain.stored:
        problem = f"{chain.dotted} is assigned to in {found.called}"
    elif not chain.parts:
        problem = ""
        if not _is_looked_at(chain):
            _follow(study, found.source, chain, extra, handed, way)
    elif head == "retry":
        problem = "its retry is passed on" if len(chain.parts) > 1 else _ask(chain, extra)
        handed.asks = True
    elif head in OPTIONS:
        problem = ""
        handed.options.add(head)
    else:
        problem = _attribute(chain, found, handed)
    handed.problem = handed.problem or problem


def _ask(chain: Chain, extra: ask.Extra) -> str:
    if _is_nested(chain):
        return "its retry is called in a nested function"
    return ask.read_ask(chain, extra).problem


def _attribute(chain: Chain, found: _Parameter, handed: Handed) -> str:
    known = chain.parts[0] in _OWN
    if chain.parts[0] == "request" and len(chain.parts) > 1:
        known = chain.parts[1] in OF_REQUEST | OF_MESSAGE
        handed.of_message |= {chain.parts[1]} & OF_MESSAGE
    what = ".".join(chain.parts[:2])
    return "" if known else f"{found.called} uses {what} of it, which has no counterpart"


def _is_looked_at(chain: Chain) -> bool:
    """Is the parameter only compared, tested or shown?"""
    up = chain.frame.up
    if up is None or isinstance(up.node, cst.IfExp):
        return (
            up is not None and isinstance(up.node, cst.IfExp) and up.node.test is chain.frame.node
        )
    if isinstance(up.node, cst.UnaryOperation):
        return isinstance(up.node.operator, cst.Not)
    call = up.up.node if isinstance(up.node, cst.Arg) and up.up is not None else None
    if isinstance(call, cst.Call) and isinstance(call.func, cst.Name):
        return call.func.value in _LOOKS and chain.frame.scope.lookup(call.func.value) is None
    return isinstance(up.node, _HARMLESS)


def _is_nested(chain: Chain) -> bool:
    """Is a use inside a function of its own, which runs nobody knows when?"""
    scope: Scope | None = chain.frame.scope
    found = scope.lookup(chain.root) if scope is not None else None
    while scope is not None and found is not None and scope is not found[0]:
        if scope.kind is ScopeKind.FUNCTION:
            return True
        scope = scope.parent
    return False


def missing_option(handed: Handed, given: frozenset[str]) -> str:
    """Return an option that is read and that no Celery task has unless it is given."""
    return next(iter(sorted(handed.options - given - _OF_CLASS)), "")

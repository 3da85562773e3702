"""Immediate mode: where settings say that tasks run where they are called."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import libcst as cst

from codemods.engine.layout import code
from codemods.engine.literals import mapping, string
from codemods.engine.outcome import Outcome
from codemods.engine.scope import Binding, BindingKind
from codemods.engine.settings.block import override, statements
from codemods.engine.settings.homes import Home
from codemods.engine.site import Kind, Rule
from codemods.engine.todo import statement_of
from codemods.engine.tree import Frame

MODE = Rule(
    "HUE503",
    "Immediate mode becomes the immediate backend",
    'Settings that switch "immediate" on get a TASKS with bridge.ImmediateBackend, those that '
    "switch it off one with bridge.HueyBackend. A HUEY dict that says nothing of it follows DEBUG, "
    "as it did for Huey. Both keep what a task raises in its result. HUEY itself stays: the "
    "consumer reads it.",
    'HUEY = {"name": "shop", "immediate": True}',
    '"BACKEND": "bridge.ImmediateBackend",',
)
HUEY = '"bridge.HueyBackend"'
IMMEDIATE = '"bridge.ImmediateBackend"'
NAMES = ("HUEY", "DJANGO_HUEY")
_KEY = "immediate"
_FOLLOWS = "DEBUG"


@dataclass(frozen=True, slots=True)
class Mode:
    """What a home says of immediate mode."""

    value: str
    """An expression of the home."""
    frame: Frame
    """Where it is said."""

    @property
    def backend(self) -> str:
        """Return the backend, as an expression."""
        if self.value in {"True", "False"}:
            return IMMEDIATE if self.value == "True" else HUEY
        return f"{IMMEDIATE} if {self.value} else {HUEY}"


def backend_of(home: Home) -> str:
    """Return the backend of the TASKS that a home writes, as an expression."""
    mode = mode_of(home)
    return mode.backend if mode is not None else HUEY


def mode_of(home: Home) -> Mode | None:
    """Return what a home says last, at a place no condition decides about."""
    found = [*_assigned(home), *_switched(home)]
    plain = [mode for mode in found if home.is_plain(mode.frame)]
    if plain:
        order = {id(node): at for at, node in enumerate(home.body)}
        return max(plain, key=lambda mode: order[id(statement_of(mode.frame).node)])
    inherited = next((m for part in home.parts for m in [mode_of(part)] if m is not None), None)
    debug = home.own(_FOLLOWS)
    if inherited is not None and inherited.value == _FOLLOWS and debug:
        return Mode(_FOLLOWS, debug[-1].frame)
    return inherited


def overrides(home: Home) -> Iterator[Outcome]:
    """Yield the edit that gives settings which inherit TASKS the backend they ask for."""
    if home.own("TASKS"):
        return
    mode = mode_of(home)
    above = _above(home)
    if mode is None and above is not None and above.value == _FOLLOWS and home.own(_FOLLOWS):
        mode = Mode(_FOLLOWS, home.own(_FOLLOWS)[-1].frame)
    if mode is None or not home.is_plain(mode.frame):
        return
    if above is not None and above.backend == mode.backend and mode.value in {"True", "False"}:
        return
    anchor = statement_of(mode.frame)
    what = "immediate mode is ImmediateBackend" if mode.value == "True" else "the backend of TASKS"
    outcome = Outcome(home.source, anchor, MODE.code, Kind.REWRITE, what)
    before = f"{home.parent}.TASKS" if home.is_class and home.parent else "TASKS"
    added = statements(override(mode.backend, before, None))
    outcome.edit(anchor, lambda node: cst.FlattenSentinel([node, *added]))
    yield outcome


def conditional(home: Home) -> Iterator[Outcome]:
    """Yield what a person has to see to: a mode that a condition decides about."""
    for mode in (*_assigned(home), *_switched(home)):
        if not home.is_plain(mode.frame) and mode.value != _FOLLOWS:
            reason = "immediate mode hangs on a condition; say which backend TASKS should have"
            yield Outcome(home.source, statement_of(mode.frame), MODE.code, Kind.PERSON, reason)


def _above(home: Home) -> Mode | None:
    """Return what the settings say that a home inherits from."""
    parent = home.above
    while parent is not None:
        mode = mode_of(parent)
        if mode is not None:
            return mode
        parent = parent.above
    return None


def _assigned(home: Home) -> Iterator[Mode]:
    """Yield what `HUEY = {...}` and `HUEY = RedisHuey(...)` say."""
    for name in NAMES:
        for binding in home.own(name):
            value = _said(home, binding, many=name != "HUEY")
            if value:
                yield Mode(value, binding.frame)


def _said(home: Home, binding: Binding, *, many: bool) -> str:
    node = binding.value
    if binding.kind is not BindingKind.ASSIGN or node is None:
        return ""
    called = isinstance(node, cst.Call) and not (mapping(node) is not None)
    if called and isinstance(node, cst.Call):
        given = [a.value for a in node.args if a.keyword is not None and a.keyword.value == _KEY]
        return code(given[0]) if given else "False"
    if many:
        queues = mapping((mapping(node) or {}).get("queues")) or {}
        said = {_of_dict(home, queue) for queue in queues.values()}
        return said.pop() if len(said) == 1 else ""
    return _of_dict(home, node)


def _of_dict(home: Home, node: cst.BaseExpression) -> str:
    """Return what the dict of one Huey says; one that says nothing follows DEBUG."""
    if not isinstance(node, (cst.Dict, cst.Call)):
        return ""
    given = _entry(node)
    if given is not None:
        return code(given)
    spread = isinstance(node, cst.Dict) and any(
        isinstance(element, cst.StarredDictElement) for element in node.elements
    )
    return "" if spread or not _has_debug(home) else _FOLLOWS


def _entry(node: cst.BaseExpression) -> cst.BaseExpression | None:
    """Return the value of "immediate" in a dict, also in one with `**`."""
    if isinstance(node, cst.Dict):
        found = [
            element.value
            for element in node.elements
            if isinstance(element, cst.DictElement) and string(element.key) == _KEY
        ]
        return found[-1] if found else None
    return (mapping(node) or {}).get(_KEY)


def _has_debug(home: Home) -> bool:
    inherits = home.above is not None or any(part.own(_FOLLOWS) for part in home.parts)
    return bool(home.own(_FOLLOWS)) or inherits


def _switched(home: Home) -> Iterator[Mode]:
    """Yield what `HUEY["immediate"] = True` and `HUEY.immediate = True` say."""
    for chain in home.source.survey.chains:
        if chain.root not in NAMES or chain.frame.scope is not home.scope:
            continue
        assign = chain.frame.enclosing(cst.Assign)
        if assign is None or not isinstance(assign.node, cst.Assign):
            continue
        target = assign.node.targets[0].target
        keyed = isinstance(target, cst.Subscript) and _last_key(target) == _KEY
        named = chain.stored and chain.parts == (_KEY,)
        inside = any(up.node is target for up in (chain.frame, *chain.frame.ancestors()))
        if inside and (keyed or named):
            yield Mode(code(assign.node.value), assign)


def _last_key(node: cst.Subscript) -> str | None:
    index = node.slice[0].slice
    return string(index.value) if isinstance(index, cst.Index) else None

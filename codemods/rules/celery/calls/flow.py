"""Tasks passed as arguments, followed into the project functions that take them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import libcst as cst

from codemods.engine.project import Target
from codemods.engine.scope import BindingKind, Chain
from codemods.engine.site import Kind
from codemods.engine.source import Source
from codemods.engine.survey import dotted_name
from codemods.engine.tree import Frame
from codemods.rules.celery.calls.apply_async import apply_async
from codemods.rules.celery.calls.delay import delay, outcome_of
from codemods.rules.celery.calls.direct import VALUE
from codemods.rules.celery.outcome import Outcome, rename_part
from codemods.rules.celery.study import Study, Use
from codemods.rules.celery.testing.patch_object import patch_object


@dataclass(slots=True, eq=False)
class Receiver:
    """A parameter of a project function that is given tasks."""

    source: Source
    function: Frame
    parameter: str
    dotted: str
    uses: list[Use] = field(default_factory=list)
    """The places where a task is passed."""
    problem: str = ""

    @property
    def called(self) -> str:
        """Return the function as reasons name it."""
        return self.dotted.rpartition(".")[2] + "()"

    @property
    def keys(self) -> frozenset[str]:
        """Return the tasks that are passed."""
        return frozenset(use.task.key for use in self.uses)


class Flows:
    """Where tasks go as arguments."""

    def __init__(self, study: Study) -> None:
        self.study = study
        self.receivers: dict[tuple[str, str], Receiver] = {}
        self.followed: set[int] = set()
        """Ids of the chains on receiving parameters."""

    def collect(self) -> set[str]:
        """Find the receivers of every task passed, and return their functions' paths."""
        for uses in list(self.study.uses.values()):
            for use in uses:
                receiver = None if use.rest else self._receiver(use)
                if receiver is not None and use not in receiver.uses:
                    receiver.uses.append(use)
        return {receiver.dotted for receiver in self.receivers.values()}

    def judge(self) -> None:
        """Look into each receiver, and at everybody who calls it."""
        for receiver in self.receivers.values():
            self._check_callers(receiver)
            outcomes = list(self._inside(receiver))
            if receiver.problem:
                continue
            self.study.groups.append(receiver.keys)
            for outcome in outcomes:
                outcome.tasks = receiver.keys
                self.study.outcomes.append(outcome)
                if outcome.blocks:
                    receiver.problem = outcome.reason

    def argument(self, use: Use) -> Outcome | None:
        """Judge a task that is passed as an argument."""
        patched = patch_object(self.study, use)
        if patched is not None:
            return patched
        call = _call_around(use.chain.frame)
        if call is None:
            return None
        func = self._resolve(call, use.source)
        receiver = self._receiver(use)
        if receiver is not None:
            return self._blocking(use, receiver.problem) if receiver.problem else None
        if use.source.is_test:
            return None
        if func is not None and self.study.project.is_outside(func):
            if func.dotted.partition(".")[0] != "celery":
                return None
            return self._blocking(use, f"{func.full} is Celery's and needs a Celery task")
        return self._blocking(use, "the task is passed on where it cannot be followed")

    def _blocking(self, use: Use, reason: str) -> Outcome:
        outcome = outcome_of(use, VALUE.code, reason, Kind.PERSON)
        outcome.blocks = not use.source.is_test
        return outcome

    def _resolve(self, call: Frame, source: Source) -> Target | None:
        assert isinstance(call.node, cst.Call)
        name = dotted_name(call.node.func)
        if not name:
            return None
        words = tuple(name.split("."))
        builtin = len(words) == 1 and call.scope.lookup(name) is None
        if builtin and not source.survey.stars:
            return Target(f"builtins.{name}")
        return self.study.project.resolve_name(words, call.scope, source)

    def _receiver(self, use: Use) -> Receiver | None:
        call = _call_around(use.chain.frame)
        target = self._resolve(call, use.source) if call is not None else None
        target = self.study.project.open(target) if target is not None else None
        if target is None or target.binding is None or target.source is None or target.rest:
            return None
        function = target.binding.frame
        if target.binding.kind is not BindingKind.FUNCTION or call is None:
            return None
        arg = use.chain.frame.up
        assert arg is not None
        parameter = _parameter(function, call, arg.node)
        if parameter is None:
            return None
        key = (target.dotted, parameter)
        if key not in self.receivers:
            self.receivers[key] = Receiver(target.source, function, parameter, target.dotted)
        return self.receivers[key]

    def _check_callers(self, receiver: Receiver) -> None:
        """Require that every caller passes a task."""
        passed = {id(use.chain.frame.node) for use in receiver.uses}
        for source in self.study.project.relevant:
            for chain in source.survey.chains:
                if chain.dotted.rpartition(".")[2] != receiver.dotted.rpartition(".")[2]:
                    continue
                target = self.study.project.resolve(chain, source)
                if target is None or target.dotted != receiver.dotted or target.rest:
                    continue
                call = chain.frame.up
                if call is None or not isinstance(call.node, cst.Call):
                    if not source.is_test:
                        receiver.problem = f"{receiver.called} is itself passed on"
                    continue
                given = _given(receiver, call.node)
                if (given is None or id(given) not in passed) and not source.is_test:
                    receiver.problem = f"{receiver.called} is also called without a task"

    def _inside(self, receiver: Receiver) -> Iterable[Outcome]:
        for chain in receiver.source.survey.chains:
            if chain.root != receiver.parameter:
                continue
            found = chain.frame.scope.lookup(chain.root)
            owner = found[0].frame if found is not None else None
            if owner is None or owner.node is not receiver.function.node:
                continue
            self.followed.add(id(chain))
            outcome = self._parameter_use(receiver, chain)
            if outcome is not None:
                yield outcome

    def _parameter_use(self, receiver: Receiver, chain: Chain) -> Outcome | None:
        use = Use(receiver.uses[0].task, receiver.source, chain, chain.parts)
        if not chain.parts:
            up = chain.frame.up
            called = up is not None and isinstance(up.node, (cst.Call, cst.Comparison))
            if not called:
                receiver.problem = f"{receiver.called} passes the task on"
            return None
        if chain.parts == ("delay",):
            return delay(self.study, use)
        if chain.parts == ("apply_async",):
            return apply_async(self.study, use)
        if chain.parts == ("name",):
            outcome = outcome_of(use, VALUE.code, ".name is .module_path")
            outcome.edits.append(rename_part(chain, 0, "module_path"))
            return outcome
        receiver.problem = f"{receiver.called} uses .{chain.parts[0]} of the task"
        return None


def _call_around(frame: Frame) -> Frame | None:
    """Return the call a node is an argument of."""
    arg = frame.up
    if arg is None or not isinstance(arg.node, cst.Arg) or arg.up is None:
        return None
    return arg.up if isinstance(arg.up.node, cst.Call) else None


def _parameter(function: Frame, call: Frame, arg: cst.CSTNode) -> str | None:
    """Return the name of the parameter an argument goes to."""
    assert isinstance(function.node, cst.FunctionDef)
    assert isinstance(call.node, cst.Call)
    params = function.node.params
    positional = [param.name.value for param in (*params.posonly_params, *params.params)]
    for index, candidate in enumerate(call.node.args):
        if candidate.star:
            return None
        if candidate is arg:
            if candidate.keyword is not None:
                return candidate.keyword.value
            return positional[index] if index < len(positional) else None
    return None


def _given(receiver: Receiver, call: cst.Call) -> cst.BaseExpression | None:
    """Return what a call passes for the receiving parameter."""
    assert isinstance(receiver.function.node, cst.FunctionDef)
    params = receiver.function.node.params
    positional = [param.name.value for param in (*params.posonly_params, *params.params)]
    for index, arg in enumerate(call.args):
        if arg.star:
            return None
        name = arg.keyword.value if arg.keyword else (positional + [""] * 99)[index]
        if name == receiver.parameter:
            return arg.value
    return None

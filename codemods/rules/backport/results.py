"""What results were asked for: `.result`, `.exception`, and statuses as text."""

from __future__ import annotations

from typing import Any

import libcst as cst

from codemods.engine.literals import renamed_string, string
from codemods.engine.names import local_name
from codemods.engine.outcome import Outcome
from codemods.engine.scope import Chain
from codemods.engine.site import Kind, Rule
from codemods.engine.source import Source
from codemods.engine.tree import Frame
from codemods.rules.backport.names import STATUSES
from codemods.rules.backport.senders import is_result, is_sender
from codemods.rules.backport.study import Study

VALUE = Rule(
    "DEP111",
    "The result of a task is its return_value",
    "Where the code shows that something is the result of a task, .result becomes .return_value. "
    "Of a task that failed, .result was None; .return_value raises ValueError.",
    "result.result",
    "result.return_value",
)
TEXT = Rule(
    "DEP112",
    "A status is compared with a text",
    "Where the code shows that something is the status of a task, the text is the new one.",
    'result.status == "COMPLETE"',
    'result.status == "SUCCESSFUL"',
)
ERROR = Rule(
    "DEP114",
    "Exceptions and tracebacks are in errors",
    "Django's results have a list of errors, one for each attempt that failed, with "
    "exception_class and traceback. The exception itself is not kept.",
)
DELAY = Rule(
    "DEP115",
    "run_after is a time",
    "Earlier versions took a timedelta and added it to the time of the call, which the code now "
    "does by itself.",
    "send.using(run_after=timedelta(hours=1))",
    "send.using(run_after=timezone.now() + timedelta(hours=1))",
)
_ADVICE = {
    "exception": "result.errors[-1].exception_class is its class; the exception is not kept",
    "exception_class": "it is result.errors[-1].exception_class",
    "traceback": "it is result.errors[-1].traceback, and errors is empty when nothing failed",
}


def judge_results(study: Study) -> None:
    """Judge what is read from results, wherever they are known to be some."""
    for source in study.project.relevant:
        for chain in source.survey.chains:
            found = _result_of(study, source, chain)
            if found is not None:
                _judge(study, source, chain, found)


def _result_of(study: Study, source: Source, chain: Chain) -> tuple[Frame, str] | None:
    """Return the attribute that is read from a result, and its name."""
    if not chain.parts or chain.stored:
        return None
    if chain.root:
        first = cst.Name(chain.root)
        if chain.parts[0] in _INTERESTING and is_result(study, first, chain.frame.scope, source):
            return _inner(chain, len(chain.parts) - 1), chain.parts[0]
        return None
    frame = _inner(chain, len(chain.parts) - 1)
    assert isinstance(frame.node, cst.Attribute)
    interesting = chain.parts[0] in _INTERESTING
    if interesting and is_result(study, frame.node.value, chain.frame.scope, source):
        return frame, chain.parts[0]
    return None


_INTERESTING = frozenset(["result", "status", *_ADVICE])


def _inner(chain: Chain, depth: int) -> Frame:
    frame = chain.frame
    for _ in range(depth):
        assert isinstance(frame.node, cst.Attribute)
        frame = Frame(frame.node.value, frame, frame.scope)
    return frame


def _judge(study: Study, source: Source, chain: Chain, found: tuple[Frame, str]) -> None:
    frame, name = found
    if name == "status":
        if len(chain.parts) == 1:
            _compared(study, source, frame)
        return
    if name == "result":
        reason = ".result is .return_value, which raises ValueError when the task failed"
        outcome = study.outcome(source, frame, VALUE, Kind.CHANGE, reason)
        outcome.edit(frame, lambda node: node.with_changes(attr=cst.Name("return_value")))
        return
    study.outcome(
        source, frame, ERROR, Kind.PERSON, f"Django's results have no {name}: {_ADVICE[name]}"
    )


def _compared(study: Study, source: Source, frame: Frame) -> None:
    """Rename the texts that a status is compared with."""
    up = frame.up
    if up is None or not isinstance(up.node, cst.Comparison) or up.node.left is not frame.node:
        return
    outcome = Outcome(source, frame, TEXT.code, Kind.REWRITE, "", frozenset({source.label}))
    told = []
    for target in up.node.comparisons:
        holder = Frame(target, up, frame.scope)
        for place in _texts(Frame(target.comparator, holder, frame.scope)):
            old = string(place.node)  # type: ignore[arg-type]
            if isinstance(place.node, cst.SimpleString) and old in STATUSES:
                outcome.edit(place, renamed_string(STATUSES[old]))
                told.append(f"{old!r} is {STATUSES[old]!r}")
    if told:
        outcome.reason = ", ".join(told)
        study.outcomes.append(outcome)


def _texts(frame: Frame) -> list[Frame]:
    node: Any = frame.node
    if not isinstance(node, (cst.Tuple, cst.List, cst.Set)):
        return [frame]
    return [
        Frame(element.value, Frame(element, frame, frame.scope), frame.scope)
        for element in node.elements
    ]


def judge_delays(study: Study) -> None:
    """Add the present time where a timedelta was given."""
    for source in study.project.relevant:
        for chain in source.survey.chains:
            call = chain.frame.up
            if not chain.parts or chain.parts[-1] != "using" or call is None:
                continue
            node = call.node
            if not isinstance(node, cst.Call) or node.func is not chain.frame.node:
                continue
            assert isinstance(node.func, cst.Attribute)
            if is_sender(study, node.func.value, call.scope, source):
                _delay(study, source, call, node)


def _delay(study: Study, source: Source, call: Frame, node: cst.Call) -> None:
    for arg in node.args:
        value = arg.value
        if arg.keyword is None or arg.keyword.value != "run_after":
            continue
        if not isinstance(value, cst.Call):
            continue
        if study.resolved(value.func, call.scope, source) == "datetime.timedelta":
            _add_now(study, source, Frame(value, Frame(arg, call, call.scope), call.scope))


def _add_now(study: Study, source: Source, place: Frame) -> None:
    name, need = local_name(source, "django.utils", "timezone")
    reason = "run_after is a time: the timedelta is added to the present one"
    outcome = study.outcome(source, place, DELAY, Kind.REWRITE, reason)
    if need is not None:
        outcome.needs.add(need)
    now = cst.parse_expression(f"{name}.now()")
    outcome.edit(place, lambda node: cst.BinaryOperation(left=now, operator=cst.Add(), right=node))

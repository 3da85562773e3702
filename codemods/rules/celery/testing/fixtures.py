"""Celery's pytest plugin, and eager mode switched on at the app."""

from __future__ import annotations

import libcst as cst

from codemods.engine.layout import code
from codemods.engine.outcome import Outcome
from codemods.engine.scope import Chain
from codemods.engine.site import Kind, Rule
from codemods.engine.source import Source
from codemods.engine.tree import Frame
from codemods.rules.celery.study import Study

PLUGIN = Rule(
    "CEL607",
    "A test uses Celery's pytest plugin or its app's configuration",
    "celery_app and celery_worker, @pytest.mark.celery and app.conf.task_always_eager say how "
    "Celery runs its tasks. A converted task is run by its backend: name bridge.ImmediateBackend "
    "with override_tasks(), or run what is pending with the fixture run_tasks, both from "
    "bridge.testing.",
)
_FIXTURES = frozenset(
    {"celery_app", "celery_worker", "celery_session_app", "celery_session_worker"}
)
_EAGER = frozenset({"task_always_eager", "CELERY_TASK_ALWAYS_EAGER", "CELERY_ALWAYS_EAGER"})


def judge_fixtures(study: Study, sources: list[Source]) -> None:
    """Report the tests that lean on Celery's own ways to run tasks."""
    for source in sources:
        if not source.is_test:
            continue
        for function in source.survey.functions:
            what = _asked(function)
            if what:
                _report(study, source, function, what)
        for chain in source.survey.chains:
            if chain.stored and _is_conf(chain) and chain.parts[-1] in _EAGER:
                _report(study, source, chain.frame, chain.dotted)


def _asked(function: Frame) -> str:
    """Return the fixture or mark of Celery's plugin that a function has."""
    assert isinstance(function.node, cst.FunctionDef)
    for param in function.node.params.params:
        if param.name.value in _FIXTURES:
            return param.name.value
    for decorator in function.node.decorators:
        if code(decorator.decorator).startswith("pytest.mark.celery"):
            return "@pytest.mark.celery"
    return ""


def _is_conf(chain: Chain) -> bool:
    return chain.parts[-2:-1] == ("conf",) or (chain.root == "conf" and len(chain.parts) == 1)


def _report(study: Study, source: Source, frame: Frame, what: str) -> None:
    reason = f"{what} is about Celery's tasks; a converted one runs as its backend says"
    outcome = Outcome(source, frame, PLUGIN.code, Kind.PERSON, reason)
    outcome.any_of = frozenset(study.tasks)
    study.outcomes.append(outcome)

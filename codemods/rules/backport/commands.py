"""Commands of the database backend that are called from Python."""

from __future__ import annotations

import libcst as cst

from codemods.engine.literals import string
from codemods.engine.site import Kind, Rule
from codemods.rules.backport.study import Study

COMMAND = Rule(
    "DEP125",
    "db_worker and prune_db_task_results have other options",
    "The commands of bridge have the names of the backport's and options of their own: --queue for "
    "--queue-name, --exclude-queue for --exclude-queues, and no --worker-id or "
    "--no-startup-delay. Without a queue db_worker serves all of them.",
)
_COMMANDS = frozenset(["db_worker", "prune_db_task_results"])
_SAME = frozenset(["batch", "interval", "reload", "verbosity", "stdout", "stderr"])


def judge_commands(study: Study) -> None:
    """Report calls whose options mean something else."""
    if study.target != "bridge":
        return
    for source in study.project.relevant:
        for chain in source.survey.chains:
            call = chain.frame.up
            if (chain.parts or (chain.root,))[-1] != "call_command" or call is None:
                continue
            node = call.node
            if not isinstance(node, cst.Call) or not node.args:
                continue
            command = string(node.args[0].value)
            options = [arg for arg in node.args[1:] if not _means_the_same(arg)]
            if command in _COMMANDS and options:
                reason = f"the options of bridge's {command} have other names; see its --help"
                study.outcome(source, call, COMMAND, Kind.PERSON, reason)


def _means_the_same(arg: cst.Arg) -> bool:
    return arg.keyword is not None and arg.keyword.value in _SAME

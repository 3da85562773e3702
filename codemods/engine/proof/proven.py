"""Keep of a plan what can be proven, and say why the rest is left alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from codemods.engine.files import python_files
from codemods.engine.plan import Choice, FileChange, Migration, Plan, Request
from codemods.engine.proof.compiled import not_compiling
from codemods.engine.proof.doubt import Doubt
from codemods.engine.proof.references import (
    imported_without_being_there,
    removed_names,
    used_without_being_there,
)
from codemods.engine.site import Problem

_ROUNDS = 4


@dataclass(slots=True)
class Proof:
    """A plan whose files hold what was asked of them."""

    plan: Plan
    skipped: list[str] = field(default_factory=list)
    """Files that this Python is too old to compile."""


def prove(migration: Migration, request: Request, plan: Plan, *, again: bool = True) -> Proof:
    """Return the plan without the files that are in doubt, and the tasks they share.

    `again` is whether a second pass over the result must change nothing. Doubts are problems of
    the plan that is returned.
    """
    doubts: set[Doubt] = set()
    for _ in range(_ROUNDS):
        proof = Proof(plan)
        found = _doubts(migration, request, proof, again=again)
        if not found:
            break
        doubts.update(found)
        labels = {doubt.label for doubt in found}
        skipped = {site.id for site in plan.sites if site.path in labels and site.id}
        if not skipped - request.choice.skipped:
            plan = replace(plan, changes=())  # declining does not help: nothing is safe to write
            break
        request = replace(request, choice=_without(request.choice, skipped))
        plan = migration.plan(request)
    else:
        plan = replace(plan, changes=())
    return Proof(replace(plan, problems=_problems(plan, doubts)), proof.skipped)


def _without(choice: Choice, skipped: set[str]) -> Choice:
    return replace(choice, skipped=choice.skipped | skipped)


def _problems(plan: Plan, doubts: set[Doubt]) -> tuple[Problem, ...]:
    new = [
        Problem(doubt.label, doubt.line, f"{doubt.reason}, so the file is left alone")
        for doubt in doubts
    ]
    return tuple(sorted({*plan.problems, *new}))


def _doubts(migration: Migration, request: Request, proof: Proof, *, again: bool) -> list[Doubt]:
    """Look at the cheap things first, and at the next only when these are in order."""
    python = [change for change in proof.plan.changes if change.path.suffix == ".py"]
    found = list(not_compiling(python, proof.skipped))
    if found:
        return found
    lost = removed_names(python)
    found = list(used_without_being_there(lost))
    if lost and not found:
        found = list(imported_without_being_there(lost, _contents(request, proof.plan.changes)))
    if not found and again and proof.plan.changes:
        found = _changed_again(migration, request, proof.plan.changes)
    return found


def _contents(request: Request, changes: Sequence[FileChange]) -> Mapping[Path, bytes]:
    files = [path.resolve() for path in python_files(request.paths, request.exclude)]
    contents = {path: path.read_bytes() for path in files}
    return contents | {change.path: change.after for change in changes}


def _changed_again(
    migration: Migration, request: Request, changes: Sequence[FileChange]
) -> list[Doubt]:
    done = {change.path: change.after for change in changes}
    second = migration.plan(replace(request, overlay=done))
    found = [
        Doubt(problem.path, problem.line, f"a second pass says of it: {problem.reason}")
        for problem in second.problems
        if problem.path in {change.label for change in changes}
    ]
    for change in second.changes:
        if done.get(change.path) != change.after:
            line = _first_difference(done.get(change.path, change.before), change.after)
            found.append(Doubt(change.label, line, "a second pass would change it again"))
    return found


def _first_difference(before: bytes | None, after: bytes) -> int:
    old, new = (before or b"").splitlines(), after.splitlines()
    for number, (left, right) in enumerate(zip(old, new, strict=False), 1):
        if left != right:
            return number
    return min(len(old), len(new)) + 1

"""What tasks declare, and their backends do not do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from django.apps import apps
from django.core.checks import CheckMessage
from django.db import router

from bridge import registry
from bridge.backends.base import BridgeBackend
from bridge.backends.follow_ups import misplaced
from bridge.backends.ledger import LedgerBackend
from bridge.base import Task
from bridge.checks.kinds import HOOK_ELSEWHERE, IGNORED_POLICY, LATE_TIMEOUT, OTHER_DATABASE
from bridge.interface import task_backends
from bridge.policies import POLICIES, Policies
from bridge.seconds import seconds


def check_policies(right: Iterable[BridgeBackend]) -> Iterator[CheckMessage]:
    """Yield what is wrong with the policies of each declared task."""
    backends = {backend.alias: backend for backend in right}
    for task in registry.declared():
        yield from _check_timeouts(task)
        backend = backends.get(task.backend)
        if backend is not None:
            yield from _check_honoured(task, backend)
            yield from _check_commit(task, backend)
            yield from _check_hooks(task, backend)
            yield from backend.check_task(task)
    for ignored in registry.ignored():
        if ignored.backend in task_backends.settings:
            yield _ignored(ignored.path, ignored.policies, task_backends[ignored.backend])


def declared_policies(task: Policies[..., object]) -> list[str]:
    """Return the names of the policies that a task declares."""
    defaults = Policies.__dataclass_fields__
    return [name for name in POLICIES if getattr(task, name) != defaults[name].default]


def _check_honoured(task: Task[..., object], backend: BridgeBackend) -> Iterator[CheckMessage]:
    ignored = [
        name for name in declared_policies(task) if name not in backend.honours | backend.in_part
    ]
    # Tests and development do without some: of that nobody needs to hear each time.
    if ignored and backend.for_production:
        yield _ignored(task.module_path, ignored, backend)


def _ignored(path: str, policies: Iterable[str], backend: object) -> CheckMessage:
    alias = getattr(backend, "alias", "")
    return IGNORED_POLICY(
        f"Task {path!r} declares {', '.join(policies)}, which {type(backend).__name__} of "
        f"TASKS[{alias!r}] ignores.",
        obj=path,
    )


def _check_timeouts(task: Task[..., object]) -> Iterator[CheckMessage]:
    if task.timeout is None or task.hard_timeout is None:
        return
    if seconds(task.timeout) >= seconds(task.hard_timeout):
        yield LATE_TIMEOUT(
            f"timeout of task {task.module_path!r} is {task.timeout!r}, and its process is killed "
            f"at its hard_timeout, {task.hard_timeout!r}.",
            obj=task.module_path,
        )


def _check_commit(task: Task[..., object], backend: BridgeBackend) -> Iterator[CheckMessage]:
    if not task.transactional or not isinstance(backend, LedgerBackend):
        return
    others = [model for model in apps.get_models() if model._meta.app_label != "bridge"]
    if any(router.db_for_write(model) == backend.database for model in others):
        return
    yield OTHER_DATABASE(
        f"Task {task.module_path!r} is transactional, and its ledger is in {backend.database!r}: "
        "no model is written there, so what the task writes is not in that commit.",
        obj=task.module_path,
    )


def _check_hooks(task: Task[..., object], backend: BridgeBackend) -> Iterator[CheckMessage]:
    if not isinstance(backend, LedgerBackend):
        return
    for hook in misplaced((*task.on_success, *task.on_failure), backend.database):
        yield HOOK_ELSEWHERE(
            f"The hook {hook.task.module_path!r} of task {task.module_path!r} is on "
            f"TASKS[{hook.task.backend!r}], which keeps no tasks in {backend.database!r}.",
            obj=task.module_path,
        )

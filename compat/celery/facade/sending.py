"""The options of `apply_async()`, as what using() says."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from bridge.backends.base import BridgeBackend
from bridge.hooks import RESULT_ID, Hook
from bridge.interface import DEFAULT_TASK_QUEUE_NAME
from compat.celery.facade.priority import django_priority
from compat.celery.moments import aware

if TYPE_CHECKING:
    from compat.celery.facade.signature import Signature
    from compat.celery.facade.task import AnyFacadeTask

DROPPED = frozenset(
    [
        "add_to_parent",
        "argsrepr",
        "compression",
        "connection",
        "delivery_mode",
        "ignore_result",
        "kwargsrepr",
        "producer",
        "publisher",
        "retry",
        "retry_policy",
        "shadow",
    ]
)
"""They configure the broker or what is shown there."""
_ADVICE = {
    "task_id": "Use the id of the result, or a unique policy",
    "headers": "Pass what they carry as an argument",
    "routing_key": "Name a queue",
    "exchange": "Name a queue",
    "soft_time_limit": "Declare it on the task",
    "time_limit": "Declare it on the task",
    "chord": "Use chord(header)(body)",
    "group_id": "Use group(...)",
    "retries": "Let the task ask with self.retry()",
    "root_id": "Pass it as an argument",
    "parent_id": "Pass it as an argument",
}


def prepared(task: AnyFacadeTask, options: Mapping[str, Any]) -> AnyFacadeTask:
    """Return the task with these options; itself when they say nothing.

    Raise TypeError for an option nobody knows, NotImplementedError for one of Celery's that
    nothing here carries over.
    """
    _refuse_unknown(options)
    said = {name: value for name, value in options.items() if value is not None}
    changes: dict[str, Any] = {}
    if "countdown" in said:  # it wins over eta, as in Celery
        wait = said["countdown"]
        changes["run_after"] = wait if isinstance(wait, timedelta) else timedelta(seconds=wait)
        if not changes["run_after"]:
            del changes["run_after"]
    elif "eta" in said:
        changes["run_after"] = _moment("eta", said["eta"])
    if "expires" in said:
        expires = said["expires"]
        changes["expires"] = aware(expires) if isinstance(expires, datetime) else expires
    if "queue" in said:
        changes["queue_name"] = said["queue"]
    if "priority" in said:
        changes["priority"] = django_priority(said["priority"])
    links = hooks_of_links(said.get("link"))
    errbacks = hooks_of_errbacks(said.get("link_error"))
    if links or errbacks:
        require_hooks(task, "link")
    if links:
        changes["on_success"] = [*task.on_success, *links]
    if errbacks:
        changes["on_failure"] = [*task.on_failure, *errbacks]
    _refuse_other_default(task, said.get("queue") or task.spec.queue)
    return task.using(**changes) if changes else task  # type: ignore[return-value]


def require_hooks(task: AnyFacadeTask, what: str) -> None:
    """Raise NotImplementedError when the task's backend starts no tasks after others."""
    if not isinstance(task.get_backend(), BridgeBackend):
        raise NotImplementedError(
            f"{what} needs a backend of bridge, and TASKS[{task.backend!r}] is "
            f"{type(task.get_backend()).__name__}. Enqueue the next task at the end of "
            f"{task.module_path!r}."
        )


def hooks_of_links(links: Any) -> list[Hook]:
    """Return what link= names, started with what the task returned."""
    return [hook for each in _signatures("link", links) for hook in each.hooks()]


def hooks_of_errbacks(links: Any) -> list[Hook]:
    """Return what link_error= names, started with the id of the result that failed.

    Raise NotImplementedError for a task that Celery calls with the exception and the traceback.
    """
    return [_errback(each) for each in _signatures("link_error", links)]


def _errback(link: Signature) -> Hook:
    from compat.celery.facade.signature import Signature

    if not isinstance(link, Signature):
        raise NotImplementedError(
            "link_error= starts single tasks. Start the canvas from the function of one."
        )
    if not link.immutable and not link.type.spec.bind:
        takes = link.type._own_signature.parameters.values()
        positional = [each for each in takes if each.kind <= each.VAR_POSITIONAL]
        if len(positional) > 1 or any(each.kind is each.VAR_POSITIONAL for each in positional):
            raise NotImplementedError(
                f"{link.name!r} would be called by Celery with the request, the exception and "
                "the traceback, which are not there any more when it is enqueued. Let it take "
                "the id alone and look the result up, or use .si()."
            )
        if link.args or link.kwargs:
            raise NotImplementedError(
                f"{link.name!r} takes the id alone. Use .si() to give it arguments of your own."
            )
    return link.hook(() if link.immutable else (RESULT_ID,))


def _signatures(what: str, links: Any) -> Iterable[Any]:
    if links is None:
        return ()
    found = links if isinstance(links, (list, tuple)) else [links]
    for each in found:
        if not hasattr(each, "hooks"):
            raise TypeError(f"{what} takes signatures such as task.s(1), not {each!r}.")
    return found


def _moment(name: str, value: Any) -> datetime:
    if isinstance(value, datetime):
        return aware(value)
    raise TypeError(f"{name} is a datetime, not {value!r}. Seconds from now go to countdown.")


def _refuse_unknown(options: Mapping[str, Any]) -> None:
    for name, value in options.items():
        if name in _ADVICE:
            if value is not None:
                raise NotImplementedError(
                    f"apply_async({name}=...) has no counterpart. {_ADVICE[name]}; on "
                    "bridge.CeleryBackend compat.celery.legacy.celery_task(task).apply_async() "
                    "still takes it."
                )
        elif name == "serializer":
            if value not in ("json", None):
                raise NotImplementedError(f"serializer is 'json' here, not {value!r}.")
        elif name not in DROPPED | _SAID:
            raise TypeError(
                f"apply_async() knows no option {name!r}. Arguments of the task go into args=(...) "
                "and kwargs={...}."
            )


_SAID = frozenset(["countdown", "eta", "expires", "queue", "priority", "link", "link_error"])


def _refuse_other_default(task: AnyFacadeTask, queue: str | None) -> None:
    """Celery's own default queue is what Django calls "default"."""
    backend: Any = task.get_backend()
    if queue != DEFAULT_TASK_QUEUE_NAME or getattr(backend, "transport", "") != "celery":
        return
    if (real := backend.app.conf.task_default_queue) != queue:
        raise ValueError(
            f"The queue {queue!r} would be Celery's default queue, which is called {real!r}. "
            "Rename the queue, or set CELERY_TASK_DEFAULT_QUEUE."
        )

"""Tasks as a project on Celery declares them, on the facade."""

from __future__ import annotations

from typing import Any

from compat.celery.facade import Retry, current_task, get_task_logger, shared_task

logger = get_task_logger(__name__)
seen: list[Any] = []


@shared_task
def add(x: int, y: int = 0) -> int:
    return x + y


@shared_task(ignore_result=True, queue="mail", name="garden.water")
def water(plant: str) -> None:
    seen.append(("water", plant))


@shared_task
def note(*args: Any, **kwargs: Any) -> None:
    seen.append([*args, *kwargs.items()])


@shared_task
def broken(text: str = "broken") -> None:
    raise LookupError(text)


@shared_task
def lost(task_id: str) -> None:
    seen.append(("lost", task_id))


@shared_task
def traced(request: Any, exc: Any, traceback: Any) -> None:
    seen.append(request)


@shared_task(bind=True, max_retries=2, default_retry_delay=0)
def stubborn(self: Any, failures: int) -> list[Any]:
    seen.append(self.request.retries)
    if self.request.retries < failures:
        try:
            raise ConnectionError("down")
        except ConnectionError as error:
            raise self.retry(exc=error) from error
    return [self.request.retries, self.max_retries, self.name]


@shared_task(bind=True)
def gives_up(self: Any) -> None:
    self.retry(countdown=0, max_retries=1)


@shared_task(autoretry_for=(ConnectionError,), retry_kwargs={"max_retries": 2, "countdown": 0})
def automatic(key: str) -> int:
    seen.append(key)
    if seen.count(key) < 3:
        raise ConnectionError(key)
    return seen.count(key)


@shared_task(bind=True)
def who(self: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
    request = self.request
    return {
        "id": request.id,
        "args": request.args,
        "kwargs": request.kwargs,
        "called_directly": request.called_directly,
        "is_eager": request.is_eager,
        "task": request.task,
        "current": current_task.name,
        "queue": request.delivery_info.get("routing_key"),
    }


@shared_task
def unbound() -> list[Any]:
    return [current_task.request.id, current_task.name]


@shared_task(bind=True)
def changes(self: Any, number: int) -> None:
    self.retry(args=(number + 1,), countdown=0)


@shared_task(bind=True)
def tells(self: Any) -> Any:
    self.update_state(state="PROGRESS", meta={"current": 1, "total": 4})
    from compat.celery.facade import AsyncResult

    told = self.request.context.task_result.progress
    return [told.done, told.total, AsyncResult(self.request.id).id == self.request.id]


@shared_task
def total(numbers: list[int], plus: int = 0) -> int:
    seen.append(("total", numbers, plus))
    return sum(numbers) + plus


@shared_task
async def later(number: int) -> int:
    return number + 1


@shared_task(bind=True)
def catches(self: Any) -> str:
    try:
        self.retry(countdown=0)
    except Retry:
        return "caught"
    return "not raised"

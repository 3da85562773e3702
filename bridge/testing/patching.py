"""A stand-in for a task's enqueue(), on tasks of ours and on Django's frozen ones."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any
from unittest import mock

from bridge import registry
from bridge.base import Task
from bridge.calls import CallLike, arguments
from bridge.interface import AnyTask
from bridge.results import results_of


def patch_enqueue(task: AnyTask | str, **options: Any) -> Any:
    """Put a mock in the place of a task's enqueue(), `with patch_enqueue("app.tasks.x") as mock`.

    It is what `mock.patch.object()` returns, so it is a decorator too, and takes the same options
    (`return_value`, `side_effect`, `wraps`, `autospec`, ...). The mock is called for enqueue(),
    aenqueue() and each call of enqueue_many(), also when the code goes through using(), under
    whatever name it has imported the task. Nothing is enqueued.
    """
    return mock.patch.object(Entrance(task), "enqueue", **options)


class Entrance:
    """Holds what is called when a task is enqueued; setting `enqueue` replaces it."""

    _named: AnyTask | str
    _patches: list[list[Any]]

    def __init__(self, task: AnyTask | str) -> None:
        vars(self).update(_named=task, _patches=[])

    def __getattr__(self, name: str) -> Any:
        return getattr(self._task, name)

    def __setattr__(self, name: str, value: Any) -> None:
        task = self._task
        patches = [
            mock.patch.object(type(task), method, replacement)
            for method, replacement in _replacements(task, value).items()
        ]
        for patch in patches:
            patch.start()
        self._patches.append(patches)

    def __delattr__(self, name: str) -> None:
        for patch in reversed(self._patches.pop()):
            patch.stop()

    @property
    def _task(self) -> AnyTask:
        return registry.resolve(self._named) if isinstance(self._named, str) else self._named


def _replacements(task: AnyTask, stand_in: Callable[..., Any]) -> dict[str, Callable[..., Any]]:
    """Return methods of the task's class that call the stand-in for copies of this task."""
    kind: Any = type(task)
    path = task.module_path

    def enqueue(self: Any, *args: Any, **kwargs: Any) -> Any:
        is_it = self.module_path == path
        return stand_in(*args, **kwargs) if is_it else former["enqueue"](self, *args, **kwargs)

    async def aenqueue(self: Any, *args: Any, **kwargs: Any) -> Any:
        if self.module_path == path:
            return stand_in(*args, **kwargs)
        return await former["aenqueue"](self, *args, **kwargs)

    def enqueue_many(self: Any, calls: Iterable[CallLike], **options: Any) -> Any:
        if self.module_path != path:
            return former["enqueue_many"](self, calls, **options)
        return results_of([stand_in(*args, **kwargs) for args, kwargs in arguments(calls)])

    async def aenqueue_many(self: Any, calls: Iterable[CallLike], **options: Any) -> Any:
        if self.module_path != path:
            return await former["aenqueue_many"](self, calls, **options)
        return enqueue_many(self, calls)

    methods: list[Any] = [enqueue, aenqueue]
    if isinstance(task, Task):
        methods += [enqueue_many, aenqueue_many]
    former = {method.__name__: getattr(kind, method.__name__) for method in methods}
    return {method.__name__: method for method in methods}

"""`group(a.s(1), a.s(2))`: calls that are enqueued together."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from bridge.backends.base import BridgeBackend
from bridge.batches import enqueue_batch
from bridge.hooks import Hook, HookLike
from compat.celery.facade.result import AsyncResult
from compat.celery.facade.signature import Signature


class GroupResult:
    """The results of a group, in the order of its calls."""

    def __init__(self, id: str | None, results: Iterable[Any]) -> None:  # noqa: A002
        # The id of the batch, where there is one.
        self.id = id
        self.results = list(results)

    def ready(self) -> bool:
        """Say whether all have finished."""
        return all(result.ready() for result in self.results)

    def successful(self) -> bool:
        """Say whether all have returned."""
        return all(result.successful() for result in self.results)

    def failed(self) -> bool:
        """Say whether one has failed."""
        return any(result.failed() for result in self.results)

    def waiting(self) -> bool:
        """Say whether one has not finished."""
        return not self.ready()

    def completed_count(self) -> int:
        """Return how many have returned."""
        return sum(result.successful() for result in self.results)

    def get(
        self, timeout: float | None = None, propagate: bool = True, **options: Any
    ) -> list[Any]:
        """Wait for all and return what they return, in their order."""
        deadline = None if timeout is None else time.monotonic() + timeout
        values = []
        for result in self.results:
            left = None if deadline is None else max(0.0, deadline - time.monotonic())
            values.append(result.get(timeout=left, propagate=propagate, **options))
        return values

    join = get

    def revoke(self, **options: Any) -> None:
        """Let none of them start any more."""
        for result in self.results:
            result.revoke(**options)

    def forget(self) -> None:
        """Delete the results that have finished."""
        for result in self.results:
            result.forget()

    def __len__(self) -> int:
        return len(self.results)

    def __iter__(self) -> Iterator[Any]:
        return iter(self.results)

    def __getitem__(self, index: int) -> Any:
        return self.results[index]

    def __repr__(self) -> str:
        return f"<GroupResult: {self.id} of {len(self)}>"


class group:  # noqa: N801
    """Calls of any tasks; a chain may be one of them."""

    def __init__(self, *calls: Any) -> None:
        given: Iterable[Any] = calls
        if len(calls) == 1 and isinstance(calls[0], Iterable) and not hasattr(calls[0], "hooks"):
            given = calls[0]
        self.tasks = [each for call in given for each in _flat(call)]

    def __or__(self, other: Any) -> Any:
        from compat.celery.facade.chord import chord

        return chord(self, other)

    def __call__(self, *args: Any, **options: Any) -> GroupResult:
        """Start the calls, as in Celery."""
        return self.apply_async(args, **options)

    def delay(self, *args: Any, **kwargs: Any) -> GroupResult:
        """Enqueue the calls, with these arguments before their own."""
        return self.apply_async(args, kwargs)

    def apply_async(
        self, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None, **options: Any
    ) -> GroupResult:
        """Enqueue the calls, all or none where tasks have a row in the database."""
        if "link" in options:
            raise NotImplementedError("A group takes no link=. What follows it is a chord: use |.")
        return self.clone(args, kwargs, **options).start(())

    def apply(
        self, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None, **options: Any
    ) -> GroupResult:
        """Run the calls here and now."""
        calls = self.clone(args, kwargs, **options).tasks
        return GroupResult(None, [call.apply() for call in calls])

    def clone(
        self, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None, **options: Any
    ) -> group:
        """Return a copy whose calls have more arguments and options."""
        return group(*(call.clone(args, kwargs, **options) for call in self.tasks))

    def set(self, **options: Any) -> group:
        """Give options to every call; return it."""
        for call in self.tasks:
            call.set(**options)
        return self

    def start(self, then: Sequence[Hook], on_complete: HookLike | None = None) -> GroupResult:
        """Enqueue the calls, as a batch on backends of ours."""
        if then:
            raise NotImplementedError("What follows a group is a chord. Use chord(group)(next).")
        backends = [call.type.get_backend() for call in self.tasks]
        if not all(isinstance(backend, BridgeBackend) for backend in backends):
            return GroupResult(None, [call.start(()) for call in self.tasks])
        for call in self.tasks:
            if isinstance(call, Signature):
                call.type.check_arguments(call.args, call.kwargs)
        made = enqueue_batch([call.hook(()) for call in self.tasks], on_complete=on_complete)
        return GroupResult(made.batch_id, map(AsyncResult.of, made))

    def hooks(self, *, then: Sequence[Hook] = ()) -> list[Hook]:
        """Return what starts each call when another one has succeeded."""
        if then:
            raise NotImplementedError("What follows a group is a chord, which begins a chain.")
        return [hook for call in self.tasks for hook in call.hooks()]

    def __len__(self) -> int:
        return len(self.tasks)

    def __iter__(self) -> Iterator[Any]:
        return iter(self.tasks)

    def __repr__(self) -> str:
        return f"group({self.tasks!r})"


def _flat(call: Any) -> list[Any]:
    from compat.celery.facade.chord import chord

    if isinstance(call, group):
        return call.tasks
    if isinstance(call, chord) or not hasattr(call, "hooks"):
        raise TypeError(f"A call of a group is a signature such as task.s(1), not {call!r}.")
    return [call]

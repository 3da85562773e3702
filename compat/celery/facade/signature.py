"""`task.s(...)`: the call of a task as a value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from bridge import registry
from bridge.hooks import RETURN_VALUE, Hook
from bridge.interface import task_backends
from compat.celery.facade.result import AsyncResult
from compat.celery.facade.sending import prepared
from compat.celery.facade.task import Task

if TYPE_CHECKING:
    from compat.celery.facade.chain import chain
    from compat.celery.facade.eager import EagerResult
    from compat.celery.facade.task import AnyFacadeTask


class Signature:
    """A task, arguments, and options of apply_async()."""

    def __init__(
        self,
        task: AnyFacadeTask,
        args: Sequence[Any] | None = None,
        kwargs: Mapping[str, Any] | None = None,
        options: Mapping[str, Any] | None = None,
        *,
        immutable: bool = False,
    ) -> None:
        self.type = task
        self.args = tuple(args or ())
        self.kwargs = dict(kwargs or {})
        self.options = dict(options or {})
        self.immutable = immutable

    @property
    def task(self) -> str:
        """Return the name of the task."""
        return self.type.name

    name = task

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the function here and now."""
        whole = self.clone(args, kwargs)
        return self.type(*whole.args, **whole.kwargs)

    def clone(
        self, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None, **options: Any
    ) -> Signature:
        """Return a copy with arguments before its own; an immutable one takes options only."""
        if self.immutable:
            args, kwargs = (), None
        return Signature(
            self.type,
            (*args, *self.args),
            {**self.kwargs, **(kwargs or {})},
            {**self.options, **options},
            immutable=self.immutable,
        )

    def set(self, immutable: bool | None = None, **options: Any) -> Signature:
        """Give it options of apply_async(); return it."""
        if immutable is not None:
            self.immutable = immutable
        self.options.update(options)
        return self

    def delay(self, *args: Any, **kwargs: Any) -> AsyncResult:
        """Enqueue the call, with these arguments before its own."""
        return self.apply_async(args, kwargs)

    def apply_async(
        self, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None, **options: Any
    ) -> AsyncResult:
        """Enqueue the call with more arguments and options."""
        whole = self.clone(args, kwargs, **options)
        return self.type.apply_async(whole.args, whole.kwargs, **whole.options)

    def apply(
        self, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None, **options: Any
    ) -> EagerResult:
        """Run the call here and now."""
        whole = self.clone(args, kwargs, **options)
        return self.type.apply(whole.args, whole.kwargs, **whole.options)

    def link(self, callback: Any) -> Any:
        """Start this signature with what the call returned; return it."""
        self.options["link"] = [*listed(self.options.get("link")), callback]
        return callback

    def link_error(self, errback: Any) -> Any:
        """Start this signature when the call has failed; return it."""
        self.options["link_error"] = [*listed(self.options.get("link_error")), errback]
        return errback

    def on_error(self, errback: Any) -> Signature:
        """Do as link_error() does; return this one."""
        self.link_error(errback)
        return self

    def __or__(self, other: Any) -> chain:
        from compat.celery.facade.chain import chain

        return chain(self, other)

    def hook(self, before: tuple[Any, ...], *, then: Sequence[Hook] = ()) -> Hook:
        """Return the hook that enqueues the call, with arguments before its own."""
        options = dict(self.options)
        wait = options.pop("countdown", None)
        task = prepared(self.type, options)
        if then:
            task = task.using(on_success=[*task.on_success, *then])  # type: ignore[assignment]
        hook = Hook(task, (*before, *self.args), self.kwargs)
        if not wait:
            return hook
        return hook.after(wait if isinstance(wait, timedelta) else float(wait))

    def hooks(self, *, then: Sequence[Hook] = ()) -> list[Hook]:
        """Return what starts this when another call has succeeded."""
        return [self.hook(() if self.immutable else (RETURN_VALUE,), then=then)]

    def start(self, then: Sequence[Hook]) -> AsyncResult:
        """Enqueue the call, and have these hooks follow it."""
        self.type.check_arguments(self.args, self.kwargs)
        task = prepared(self.type, self.options)
        if then:
            task = task.using(on_success=[*task.on_success, *then])  # type: ignore[assignment]
        return AsyncResult.of(task.enqueue(*self.args, **self.kwargs))

    def to_json(self) -> dict[str, Any]:
        """Return what from_json() makes it of. Raise NotImplementedError for links."""
        if links := sorted(self.options.keys() & {"link", "link_error"}):
            raise NotImplementedError(
                f"The body of a chord cannot carry {links[0]}= here. Put the callback after the "
                "body with |, and an errback on the chord."
            )
        return {
            "task": self.type.module_path,
            "backend": self.type.backend,
            "args": list(self.args),
            "kwargs": self.kwargs,
            "options": self.options,
            "immutable": self.immutable,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Signature:
        """Return the signature. Raise TaskNotFound when its task is gone from the code."""
        task = find_task(data["task"])
        if task.backend != data["backend"]:
            task = task.using(backend=data["backend"])  # type: ignore[assignment]
        return cls(task, data["args"], data["kwargs"], data["options"], immutable=data["immutable"])

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Signature):
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in _PARTS)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        named = [f"{name}={value!r}" for name, value in self.kwargs.items()]
        return f"{self.name}({', '.join([*map(repr, self.args), *named])})"


_PARTS = ("type", "args", "kwargs", "options", "immutable")


def signature(
    task: AnyFacadeTask | str | Signature,
    args: Sequence[Any] | None = None,
    kwargs: Mapping[str, Any] | None = None,
    *,
    immutable: bool = False,
    **options: Any,
) -> Signature:
    """Return a call as a value; the task may be named."""
    if isinstance(task, Signature):
        return task
    found = find_task(task) if isinstance(task, str) else task
    return Signature(found, args, kwargs, options, immutable=immutable)


def find_task(name: str) -> AnyFacadeTask:
    """Return the task of a name. Raise TaskNotFound, TypeError for one without Celery's API."""
    path = name
    for backend in task_backends.all():
        aliases: Any = getattr(backend, "aliases", None)
        if aliases is not None and (path := aliases.path(name)) != name:
            break
    task = registry.find(path) or registry.resolve(path)
    if not isinstance(task, Task):
        raise TypeError(
            f"{name!r} is a task without Celery's API. Declare it with shared_task, or use its "
            "hook() and enqueue()."
        )
    return task


def listed(value: Any) -> list[Any]:
    """Return a list of what may be one, or none."""
    if value is None:
        return []
    return list(value) if isinstance(value, (list, tuple)) else [value]

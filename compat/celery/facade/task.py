"""A task with Celery's API, which is a task of the bridge."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property, partial
from inspect import iscoroutinefunction
from typing import TYPE_CHECKING, Any, Generic, TypeAlias, cast

from django.db import transaction

from bridge import base
from bridge.direct import direct_context
from bridge.interface import DjangoTaskContext, P, R
from bridge.policies import Policies
from bridge.retry import Retry
from compat.celery.facade.body import own_signature
from compat.celery.facade.eager import EagerResult, run_eagerly
from compat.celery.facade.notices import notice
from compat.celery.facade.options import Spec
from compat.celery.facade.progress import report
from compat.celery.facade.request import Request, pop, push, request_of, running
from compat.celery.facade.result import AsyncResult
from compat.celery.facade.retrying import RetryPolicy
from compat.celery.facade.sending import prepared

if TYPE_CHECKING:
    from compat.celery.facade.signature import Signature


_SIGNATURE = "a signature of {0.module_path}: use .hook() or enqueue_many()"
_NOTHING = Spec()
_ON_REQUEST = RetryPolicy(on=())


@dataclass(frozen=True, kw_only=True, repr=False)
class CeleryFields(Policies[P, R], Generic[P, R]):
    """What a task of Celery's API has beside its policies."""

    spec: Spec = _NOTHING
    # The policy, and what self.retry(...) calls: Celery has the same name for it.
    retry: Retry = _ON_REQUEST


class Task(base.Task[P, R], CeleryFields[P, R], Generic[P, R]):
    """A background task with Celery's verbs beside enqueue()."""

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Call the function here and now; a coroutine function returns its coroutine."""
        if args and isinstance(args[0], DjangoTaskContext):
            return self.func(*args, **kwargs)
        with running(Request(current=self, args=list(args), kwargs=dict(kwargs))):
            return self.run(*args, **kwargs)

    def run(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Call the function, with the request that there is."""
        own = (self,) if self.spec.bind else ()
        return self.__wrapped__(*own, *args, **kwargs)

    def call(self, *args: Any, **kwargs: Any) -> R:
        """Run the function as a worker does; a coroutine function to its end."""
        return super().call(*self._in_context(args, kwargs), **kwargs)

    async def acall(self, *args: Any, **kwargs: Any) -> R:
        """Do as call() does."""
        return await super().acall(*self._in_context(args, kwargs), **kwargs)

    @property
    def __wrapped__(self) -> Callable[..., R]:
        return cast("Callable[..., R]", cast("Any", self.func).__wrapped__)

    @property
    def __doc__(self) -> str | None:  # type: ignore[override]
        return self.func.__doc__

    @property
    def name(self) -> str:
        """Return the name that messages carry: the custom one, or the path of the function."""
        aliases = getattr(self.get_backend(), "aliases", None)
        if aliases is not None:
            return str(aliases.wire_name(self.module_path))
        return self.spec.custom_name or self.module_path

    @property
    def request(self) -> Request:
        """Return what is known of the call that runs here."""
        return request_of(self)

    @property
    def max_retries(self) -> int | None:
        """Return how often self.retry() may ask for another attempt."""
        return self.spec.max_retries

    @property
    def default_retry_delay(self) -> float:
        """Return how many seconds self.retry() waits."""
        return self.spec.default_retry_delay

    @property
    def app(self) -> Any:
        """Return the Celery app of its backend, or the current one. It needs the celery package."""
        from compat.celery.app import load_app

        backend: Any = self.get_backend()
        return backend.app if hasattr(backend, "app") else load_app(None, self.backend)

    @property
    def soft_time_limit(self) -> float | timedelta | None:
        """Return the timeout."""
        return self.timeout

    @property
    def time_limit(self) -> float | timedelta | None:
        """Return the hard_timeout."""
        return self.hard_timeout

    @property
    def autoretry_for(self) -> tuple[type[BaseException], ...]:
        """Return the exceptions after which it runs again."""
        return self.spec.autoretry_for

    @property
    def acks_late(self) -> bool:
        """Return what was declared."""
        return self.spec.acks_late

    @property
    def ignore_result(self) -> bool:
        """Return what was declared; results are kept all the same."""
        return self.spec.ignore_result

    def push_request(self, **fields: Any) -> None:
        """Let run() see a request, in a test."""
        push(Request(current=self, **fields))

    def pop_request(self) -> None:
        """Take the request of push_request() away."""
        pop()

    def delay(self, *args: P.args, **kwargs: P.kwargs) -> AsyncResult:
        """Enqueue a call of the task."""
        notice("CEL201", f".delay() of {self.module_path}: call .enqueue()")
        return self.apply_async(args, kwargs)

    def apply_async(
        self,
        args: Sequence[Any] | None = None,
        kwargs: Mapping[str, Any] | None = None,
        **options: Any,
    ) -> AsyncResult:
        """Enqueue a call with options of its own: countdown, eta, expires, queue, priority, link.

        Raise TypeError for wrong arguments and for an option nobody knows, NotImplementedError
        for one of Celery's that nothing here carries over.
        """
        notice("CEL202", f".apply_async() of {self.module_path}: call .using(...).enqueue()")
        given, named = tuple(args or ()), dict(kwargs or {})
        self.check_arguments(given, named)
        return AsyncResult.of(prepared(self, options).enqueue(*given, **named))

    def delay_on_commit(self, *args: P.args, **kwargs: P.kwargs) -> None:
        """Enqueue a call once the transaction that is open here commits."""
        notice("CEL212", f".delay_on_commit() of {self.module_path}: call .enqueue()")
        transaction.on_commit(partial(self.delay, *args, **kwargs))

    def apply_async_on_commit(self, *args: Any, **options: Any) -> None:
        """Do as apply_async() does once the transaction that is open here commits."""
        notice("CEL212", f".apply_async_on_commit() of {self.module_path}: call .enqueue()")
        transaction.on_commit(partial(self.apply_async, *args, **options))

    def apply(
        self,
        args: Sequence[Any] | None = None,
        kwargs: Mapping[str, Any] | None = None,
        throw: bool = False,
        **options: Any,
    ) -> EagerResult:
        """Run the task here and now, its retries included. With throw, raise what fails it."""
        notice("CEL208", f".apply() of {self.module_path}: call .call()")
        task = prepared(self, options)
        return run_eagerly(task, tuple(args or ()), dict(kwargs or {}), throw=throw)

    def s(self, *args: Any, **kwargs: Any) -> Signature:
        """Return the call of this task as a value."""
        notice("CEL401", _SIGNATURE.format(self))
        return self.signature(args, kwargs)

    def si(self, *args: Any, **kwargs: Any) -> Signature:
        """Return the call as a value that takes no further arguments."""
        notice("CEL401", _SIGNATURE.format(self))
        return self.signature(args, kwargs, immutable=True)

    def signature(
        self,
        args: Sequence[Any] | None = None,
        kwargs: Mapping[str, Any] | None = None,
        *,
        immutable: bool = False,
        **options: Any,
    ) -> Signature:
        """Return the call as a value, with options of apply_async()."""
        from compat.celery.facade.signature import Signature

        notice("CEL401", _SIGNATURE.format(self))
        return Signature(self, args, kwargs, options, immutable=immutable)

    def update_state(
        self,
        task_id: str | None = None,
        state: str | None = None,
        meta: Mapping[str, Any] | None = None,
    ) -> None:
        """Let others see a state of the task's own, and how far it is."""
        report(self.request, task_id, state, meta)

    def AsyncResult(self, task_id: str) -> AsyncResult:  # noqa: N802
        """Return the result of a call by its id."""
        return AsyncResult(task_id)

    def check_arguments(self, args: Sequence[Any], kwargs: Mapping[str, Any]) -> None:
        """Raise TypeError for arguments that the function does not take."""
        if self.spec.typing:
            try:
                self._own_signature.bind(*args, **kwargs)
            except TypeError as error:
                raise TypeError(f"{self.module_path}() {error}") from None

    @cached_property
    def _own_signature(self) -> Any:
        return own_signature(self.__wrapped__, bind=self.spec.bind)

    @property
    def is_async(self) -> bool:
        """Say whether it is a coroutine function."""
        return iscoroutinefunction(self.func)

    def _in_context(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> tuple[Any, ...]:
        if args and isinstance(args[0], DjangoTaskContext):
            return args
        return (direct_context(self, args, kwargs), *args)


if TYPE_CHECKING:
    AnyFacadeTask: TypeAlias = Task[..., Any]
else:
    AnyFacadeTask = Task

"""`chord(header)(body)`: a group, and what gets the list of all it returned."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from bridge.backends.after_commit import at_commit
from bridge.backends.immediate import ImmediateBackend
from bridge.backends.ledger import LedgerBackend
from bridge.base import Task
from bridge.hooks import RESULT_ID, Hook
from compat.celery.facade.chain import chain
from compat.celery.facade.group import GroupResult, group
from compat.celery.facade.sending import hooks_of_errbacks
from compat.celery.facade.signature import Signature
from compat.celery.facade.started import Started


class chord:  # noqa: N801
    """The body runs once all calls of the header have returned; not at all when one has failed.

    The header's calls are single tasks. An errback gets the id of a result that failed with
    ChordError.
    """

    def __init__(self, header: Any, body: Any = None, errbacks: Iterable[Any] = ()) -> None:
        self.header = header if isinstance(header, group) else group(header)
        self.body = body
        self.errbacks = list(errbacks)
        for call in self.header:
            if not isinstance(call, Signature):
                raise NotImplementedError(
                    "The header of a chord has single tasks: what the last step of a chain "
                    f"returns is not part of the batch. {call!r} is none."
                )

    def __call__(self, body: Any = None, **options: Any) -> Any:
        """Start the chord with this body."""
        return chord(self.header, body or self.body, self.errbacks).apply_async(**options)

    def delay(self, *args: Any, **kwargs: Any) -> Any:
        """Start the chord, with these arguments before those of each call of the header."""
        return self.apply_async(args, kwargs)

    def apply_async(
        self, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None, **options: Any
    ) -> Any:
        """Start the chord; options are those of the header's calls."""
        return self.clone(args, kwargs, **options).start(())

    def apply(
        self, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None, **options: Any
    ) -> Any:
        """Run the header and the body here and now. Raise what fails a call of the header."""
        values = self.header.apply(args, kwargs, **options).get()
        return self._body().clone((values,)).apply()

    def clone(
        self, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None, **options: Any
    ) -> chord:
        """Return a copy whose header has more arguments and options."""
        return chord(self.header.clone(args, kwargs, **options), self.body, self.errbacks)

    def link_error(self, errback: Any) -> Any:
        """Start this signature when a call of the header has failed; return it."""
        self.errbacks.append(errback)
        return errback

    def on_error(self, errback: Any) -> chord:
        """Do as link_error() does; return this one."""
        self.link_error(errback)
        return self

    def __or__(self, other: Any) -> chord:
        return chord(self.header, chain(self._body(), other), self.errbacks)

    @property
    def tasks(self) -> list[Any]:
        """Return the calls of the header."""
        return self.header.tasks

    def hooks(self, *, then: Sequence[Hook] = ()) -> list[Hook]:
        """Raise NotImplementedError: it can only begin a chain."""
        raise NotImplementedError(
            "A chord can only begin a chain. Start it from the function of the step before."
        )

    def start(self, then: Sequence[Hook]) -> Any:
        """Enqueue the header; its batch enqueues the body."""
        body = self._body()
        if not self.header.tasks:
            return body.clone(([],)).apply_async()
        backends = {call.type.backend: call.type.get_backend() for call in self.header}
        if all(isinstance(backend, LedgerBackend) for backend in backends.values()):
            return Started(self.header.start((), on_complete=self._end(body)))
        if all(isinstance(backend, ImmediateBackend) for backend in backends.values()):
            return self._at_once(body, next(iter(backends.values())).database)
        raise NotImplementedError(
            "A chord needs a backend that counts the tasks of a batch in the database, which "
            f"those of TASKS {sorted(backends)} do not all do. Choose bridge.DatabaseBackend or "
            "bridge.CeleryBackend, or keep the chord on Celery."
        )

    def _body(self) -> Any:
        if not isinstance(self.body, (Signature, chain)):
            raise TypeError(f"The body of a chord is a signature or a chain, not {self.body!r}.")
        return self.body

    def _end(self, body: Any) -> Hook:
        from compat.celery.facade.ending import end_chord

        steps = body.steps if isinstance(body, chain) else [body]
        if not all(isinstance(step, Signature) for step in steps):
            raise NotImplementedError("The body of a chord is a task, or a chain of tasks.")
        first = body.type
        ending: Task[..., Any] = end_chord.using(
            backend=first.backend,
            queue_name=first.queue_name,
            priority=first.priority,
            on_failure=hooks_of_errbacks(self.errbacks),
        )
        return ending.hook(RESULT_ID, [step.to_json() for step in steps])

    def _at_once(self, body: Any, database: str) -> Started:
        errbacks = hooks_of_errbacks(self.errbacks)
        made = self.header.start(())

        def follow() -> None:
            if made.successful():
                body.clone((made.get(),)).apply_async()
            for hook in errbacks if not made.successful() else ():
                hook.enqueue(result_id=_failed(made))

        if made.ready():
            follow()
        else:
            at_commit(follow, database)  # after them: they wait for it too
        return Started(made)

    def __repr__(self) -> str:
        return f"chord({self.header!r}, {self.body!r})"


def _failed(made: GroupResult) -> str:
    return next(str(result.id) for result in made if not result.successful())

"""`chain(a.s(1), b.s())`: each step is enqueued when the one before has succeeded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from bridge.hooks import Hook
from compat.celery.facade.sending import require_hooks
from compat.celery.facade.signature import Signature, listed
from compat.celery.facade.started import Started

if TYPE_CHECKING:
    from compat.celery.facade.eager import EagerResult


class chain:  # noqa: N801
    """Steps that are signatures; the first may be a chord, the last a group.

    A group that is followed by a step is a chord.
    """

    def __init__(self, *steps: Any) -> None:
        given = steps
        if len(steps) == 1 and isinstance(steps[0], Iterable) and not hasattr(steps[0], "hooks"):
            given = tuple(steps[0])
        self.steps = _joined([each for step in given for each in _flat(step)])
        if not self.steps:
            raise ValueError("A chain has at least one step.")

    def __or__(self, other: Any) -> chain:
        return chain(*self.steps, other)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Start the chain, as in Celery."""
        return self.apply_async(args, kwargs)

    def delay(self, *args: Any, **kwargs: Any) -> Any:
        """Start the chain, with these arguments before those of its first step."""
        return self.apply_async(args, kwargs)

    def apply_async(
        self, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None, **options: Any
    ) -> Any:
        """Start the chain; options are those of the first step, a link is of the last.

        The result of a chain of one step is the step's, of another one a Started.
        """
        link, errbacks = listed(options.pop("link", None)), listed(options.pop("link_error", None))
        steps = [_linked(step, errbacks) for step in self.steps]
        if link:
            steps[-1] = _linked(steps[-1], link, "link")
        first = steps[0].clone(args, kwargs, **options)
        if len(steps) == 1:
            return first.start(())
        return Started(first.start(_following(steps[1:], first)))

    def apply(
        self, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None, **options: Any
    ) -> EagerResult:
        """Run the steps here and now, one after the other, until one fails."""
        result: Any = self.steps[0].clone(args, kwargs, **options).apply()
        for step in self.steps[1:]:
            if not result.successful():
                break
            result = step.clone((result.get(),)).apply()
        return result  # type: ignore[no-any-return]

    def clone(
        self, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None, **options: Any
    ) -> chain:
        """Return a copy with arguments before those of its first step."""
        return chain(self.steps[0].clone(args, kwargs, **options), *self.steps[1:])

    def set(self, **options: Any) -> chain:
        """Give options to the first step; return it."""
        self.steps[0].set(**options)
        return self

    def link(self, callback: Any) -> Any:
        """Start this signature with what the last step returned; return it."""
        self.steps[-1] = _linked(self.steps[-1], [callback], "link")
        return callback

    def link_error(self, errback: Any) -> Any:
        """Start this signature when a step has failed; return it."""
        self.steps = [_linked(step, [errback]) for step in self.steps]
        return errback

    def on_error(self, errback: Any) -> chain:
        """Do as link_error() does; return this one."""
        self.link_error(errback)
        return self

    def start(self, then: Sequence[Hook]) -> Any:
        """Start the chain, and have these hooks follow it."""
        return Started(self.steps[0].start(_following(self.steps[1:], self.steps[0], then)))

    def hook(self, before: tuple[Any, ...], *, then: Sequence[Hook] = ()) -> Hook:
        """Return the hook that enqueues the first step, the others after it."""
        first: Any = self.steps[0]
        return first.hook(before, then=_following(self.steps[1:], first, then))  # type: ignore[no-any-return]

    def hooks(self, *, then: Sequence[Hook] = ()) -> list[Hook]:
        """Return what starts this when another call has succeeded."""
        return _following(self.steps, self.steps[0], then)

    @property
    def type(self) -> Any:
        """Return the task of the first step."""
        return self.steps[0].type

    @property
    def immutable(self) -> bool:
        """Say whether the first step takes no further arguments."""
        return bool(self.steps[0].immutable)

    def __repr__(self) -> str:
        return " | ".join(map(repr, self.steps))


def _following(steps: Sequence[Any], first: Any, then: Sequence[Hook] = ()) -> list[Hook]:
    for task in first.tasks if hasattr(first, "tasks") else [first]:
        require_hooks(task.type, "A chain")
    hooks = list(then)
    for step in reversed(steps):
        hooks = step.hooks(then=hooks)
    return hooks


def _flat(step: Any) -> list[Any]:
    if isinstance(step, chain):
        return list(step.steps)
    if not hasattr(step, "hooks"):
        raise TypeError(f"A step of a chain is a signature such as task.s(1), not {step!r}.")
    return [step]


def _joined(steps: list[Any]) -> list[Any]:
    """A first group or chord takes what follows it as its body."""
    from compat.celery.facade.chord import chord
    from compat.celery.facade.group import group

    if len(steps) < 2:
        return steps
    if isinstance(steps[0], group):
        rest = steps[1] if len(steps) == 2 else chain(*steps[1:])
        return [chord(steps[0], rest)]
    if isinstance(steps[0], chord):
        return [chord(steps[0].header, chain(steps[0].body, *steps[1:]), steps[0].errbacks)]
    for step in [*steps[1:-1], *([steps[-1]] if isinstance(steps[-1], chord) else [])]:
        if isinstance(step, (group, chord)):
            raise NotImplementedError(
                "A chord can only begin a chain: what it would wait for is not known when the "
                "chain starts. Start the chord from the function of the step before."
            )
    return steps


def _linked(step: Any, links: list[Any], name: str = "link_error") -> Any:
    if not links:
        return step
    if not isinstance(step, Signature):
        if name == "link_error" and hasattr(step, "on_error"):
            copy = step.clone()
            for each in links:
                copy.link_error(each)
            return copy
        raise NotImplementedError(f"A {type(step).__name__} takes no {name}=. Use | instead.")
    options: dict[str, Any] = {name: [*listed(step.options.get(name)), *links]}
    return step.clone((), None, **options)

"""The arguments of one call among many."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

Arguments: TypeAlias = tuple[list[Any], dict[str, Any]]


@dataclass(frozen=True, slots=True, init=False)
class Call:
    """Positional and keyword arguments of one call: `Call(1, b=2)`."""

    args: tuple[Any, ...]
    kwargs: dict[str, Any]

    def __init__(self, /, *args: Any, **kwargs: Any) -> None:
        object.__setattr__(self, "args", args)
        object.__setattr__(self, "kwargs", kwargs)

    def __repr__(self) -> str:
        shown = [*map(repr, self.args), *(f"{key}={value!r}" for key, value in self.kwargs.items())]
        return f"Call({', '.join(shown)})"


CallLike: TypeAlias = tuple[Any, ...] | list[Any] | Mapping[str, Any] | Call


def arguments(calls: Iterable[CallLike]) -> Iterator[Arguments]:
    """Yield the arguments of each call. Raise TypeError for what is not one."""
    for number, call in enumerate(calls):
        if isinstance(call, (tuple, list)):
            yield list(call), {}
        elif isinstance(call, Call):
            yield list(call.args), call.kwargs
        elif isinstance(call, Mapping) and all(isinstance(name, str) for name in call):
            yield [], dict(call)
        else:
            raise TypeError(
                "A call is a tuple or a list of positional arguments, a dict of keyword arguments, "
                f"or a bridge.Call of both; number {number} is {call!r:.200}. "
                f"A single argument is a tuple too: ({call!r:.80},)."
            )

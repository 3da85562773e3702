"""What type checkers know of `result.return_value`; the code that runs has a plain property."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any, Protocol, overload

if TYPE_CHECKING:
    from typing_extensions import TypeVar

    # Without django-stubs, mypy finds that everything fits, and T is nothing in particular.
    T = TypeVar("T", default=Any)
else:
    from typing import TypeVar

    T = TypeVar("T")

V = TypeVar("V")
C = TypeVar("C", covariant=True)


class Called(Protocol[C]):
    """A result of a task that gives a C when it is called."""

    def _returned(self) -> C: ...


class ReturnValue:
    """That of a coroutine function is what it awaits to."""

    # mypy goes by the first one; to pyright both fit, as a coroutine's type contains Any.
    @overload
    def __get__(self, result: Called[Coroutine[Any, Any, T]], owner: Any) -> T: ...
    @overload
    def __get__(self, result: Called[Coroutine[Any, Any, V] | V], owner: Any) -> V: ...
    def __get__(self, result: Any, owner: Any) -> Any:
        """Return the value."""
        return result.return_value

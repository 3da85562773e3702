"""What a file must hold to concern a codemod."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Protocol


class Search(Protocol):
    """A pattern, or what can be asked like one."""

    def search(self, data: bytes, /) -> re.Match[bytes] | None:
        """Return the first match."""
        ...


@dataclass(frozen=True, slots=True)
class Evidence:
    """A pattern, and words of which each of its matches has one: they are found much sooner."""

    pattern: re.Pattern[bytes]
    words: tuple[bytes, ...]

    def search(self, data: bytes, /) -> re.Match[bytes] | None:
        """Return the first match."""
        return self.pattern.search(data) if any(word in data for word in self.words) else None

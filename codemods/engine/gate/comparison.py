"""What the tests say after a change that they did not say before."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from codemods.engine.gate.suite import SuiteRun

_SHOWN = 20
_TAIL = 25


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two runs of the same tests."""

    before: SuiteRun
    after: SuiteRun

    @property
    def new(self) -> list[str]:
        """Return the tests that fail now and did not."""
        return sorted(self.after.failing - self.before.failing)

    @property
    def failed(self) -> bool:
        """Did the change break something?"""
        return bool(self.new) or self.after.code not in (0, self.before.code)

    def lines(self) -> Iterator[str]:
        """Yield what to tell a person."""
        mended = len(self.before.failing - self.after.failing)
        yield f"Tests before: {self.before.said}; after: {self.after.said}."
        if mended and not self.failed:
            yield f"{mended} that failed before no longer do."
        if not self.failed:
            return
        if self.new:
            yield f"New failures ({len(self.new)}):"
            yield from (f"  {name}" for name in self.new[:_SHOWN])
            if len(self.new) > _SHOWN:
                yield f"  and {len(self.new) - _SHOWN} more"
        else:
            yield "The test command ended worse than before. Its last lines:"
            yield from (f"  {line}" for line in self.after.output.splitlines()[-_TAIL:])

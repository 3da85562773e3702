"""Ask a person about each thing a plan would do, and plan again without what is declined."""

from codemods.engine.interactive.session import Session

__all__ = ["Session"]

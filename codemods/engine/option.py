"""What a codemod asks for beyond what every codemod does."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """An option of the command line that is a key of `[tool.codemods.<library>]`, too."""

    name: str
    """As on the command line: `celery-app`."""
    help: str
    choices: tuple[str, ...] = ()
    metavar: str = ""
    multiple: bool = False
    flag: bool = False
    default: str | None = None
    key: str = ""
    """In pyproject.toml, where it differs from the name."""

    @property
    def config_key(self) -> str:
        """Return the key in pyproject.toml."""
        return self.key or self.name

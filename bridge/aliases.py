"""Legacy task names that differ from the path of the task."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured

_declared: dict[str, str] = {}
_names_declared: dict[str, list[str]] = {}


def declare_alias(name: str, path: str) -> None:
    """Remember the legacy name that a task's own declaration gives it, on every backend.

    Raise ImproperlyConfigured when another task of this process has it.
    """
    known = _declared.get(name)
    if known is None:
        _declared[name] = path
        _names_declared.setdefault(path, []).append(name)
    elif known != path:
        raise ImproperlyConfigured(
            f"The tasks {known!r} and {path!r} both claim the name {name!r}. Rename one of them."
        )


@dataclass(frozen=True, slots=True)
class Aliases:
    """A two-way table: legacy name to module path, module path to legacy names.

    It has what ALIASES says, and after it what tasks of this process have declared. A name may lead
    to another name of the table, as where a task moved twice; raise ImproperlyConfigured when that
    goes round in a circle.
    """

    paths: Mapping[str, str] = field(default_factory=dict)
    _names: dict[str, list[str]] = field(
        init=False, default_factory=dict, compare=False, repr=False
    )

    def __post_init__(self) -> None:
        ends = {name: self._end_of(name) for name in self.paths}
        object.__setattr__(self, "paths", ends)
        for name, path in ends.items():
            self._names.setdefault(path, []).append(name)

    def path(self, name: str) -> str:
        """Return the module path a legacy name stands for; any other name stands for itself."""
        return self.paths.get(name) or _declared.get(name, name)

    def names(self, path: str) -> list[str]:
        """Return every legacy name of a task, its own path last."""
        names = self._names.get(path, [])
        more = [
            name
            for name in _names_declared.get(path, ())
            if name not in self.paths and name != path
        ]
        return [*names, *more, path]

    def wire_name(self, path: str) -> str:
        """Return the name old workers know the task by."""
        return self.names(path)[0]

    def _end_of(self, name: str) -> str:
        seen = [name]
        while (path := self.paths.get(seen[-1], seen[-1])) != seen[-1]:
            if path in seen:
                circle = " -> ".join(map(repr, [*seen, path]))
                raise ImproperlyConfigured(
                    f"ALIASES leads nowhere: {circle}. Let one of them lead to a task."
                )
            seen.append(path)
        return path


def load_aliases(source: Mapping[str, str] | str | Path | None) -> Aliases:
    """Read OPTIONS["ALIASES"]: a mapping, or the path of a TOML file with an [aliases] table.

    Raise ImproperlyConfigured when the file is missing or is not such a table.
    """
    if source is None:
        return Aliases()
    if isinstance(source, Mapping):
        return Aliases(dict(source))
    try:
        table: Any = tomllib.loads(Path(source).read_text(encoding="utf-8")).get("aliases", {})
    except FileNotFoundError as error:
        raise ImproperlyConfigured(
            f"ALIASES names the file {str(source)!r}, which does not exist. "
            "Run the codemod again, or remove the option if no task has a custom name."
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ImproperlyConfigured(
            f"The aliases file {str(source)!r} is not valid TOML: {error}."
        ) from error
    if not isinstance(table, dict) or not all(isinstance(path, str) for path in table.values()):
        raise ImproperlyConfigured(
            f'[aliases] in {str(source)!r} must hold lines like "legacy.name" = "module.task".'
        )
    return Aliases(table)

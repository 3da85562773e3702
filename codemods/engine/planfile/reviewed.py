"""A plan that people have read and decided on: read back, checked, and made again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from codemods.engine.errors import Unusable
from codemods.engine.plan import Choice, Migration, Request
from codemods.engine.planfile.document import APPLY, SCHEMA, SKIP

_REQUEST = {"paths": list, "exclude": list, "select": list, "ignore": list, "options": dict}
_SITE = {"id": str, "path": str, "line": int, "code": str, "kind": str, "reason": str}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reviewed:
    """What a plan file says."""

    file: Path
    request: Request
    skipped: frozenset[str]
    sites: tuple[Mapping[str, Any], ...]
    hashes: Mapping[str, tuple[str | None, str | None]]
    """Every file's SHA-256 before and after."""

    @property
    def less_skipped(self) -> Request:
        """Return the request with the sites declined that a person skips."""
        choice = replace(self.request.choice, skipped=self.skipped)
        return replace(self.request, choice=choice)


def read_plan(file: Path, migration: Migration) -> Reviewed:
    """Return the plan in a file. Raises Unusable."""
    try:
        data = json.loads(file.read_bytes())
    except OSError as error:
        raise Unusable(f"{file} cannot be read: {error.strerror}.") from error
    except ValueError as error:
        raise Unusable(f"{file} is no JSON: {error}. Only a plan in JSON can be used.") from error
    try:
        return _read(file, data, migration)
    except (KeyError, TypeError, AttributeError) as error:
        raise Unusable(f"{file} is no plan: {error!r}. Make it again.") from error


def decisions(file: Path) -> dict[str, str]:
    """Return the decisions in a plan file by site, none when there is no such file."""
    try:
        sites = json.loads(file.read_bytes())["sites"]
        return {site["id"]: site["decision"] for site in sites}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Unusable(f"{file} is there and is no plan. Give -o another name.") from error


def _read(file: Path, data: Mapping[str, Any], migration: Migration) -> Reviewed:
    if data["schema"] != SCHEMA or data["tool"] != migration.tool:
        found = f"schema {data['schema']!r} of {data['tool']!r}"
        raise Unusable(f"{file} is {found}, not {SCHEMA} of {migration.tool!r}. Make it again.")
    asked = data["request"]
    _require_types(asked, _REQUEST)
    for site in data["sites"]:
        _require_types(site, _SITE)
    request = Request(
        paths=tuple(map(Path, asked["paths"])),
        exclude=tuple(asked["exclude"]),
        todo=bool(asked["todo"]),
        options={name: tuple(values) for name, values in asked["options"].items()},
        choice=Choice(select=tuple(asked["select"]), ignore=tuple(asked["ignore"])),
    )
    return Reviewed(
        file=file,
        request=request,
        skipped=frozenset(_skipped(file, data["sites"])),
        sites=tuple(data["sites"]),
        hashes={item["path"]: (item["before"], item["after"]) for item in data["files"]},
    )


def _skipped(file: Path, sites: list[Mapping[str, Any]]) -> list[str]:
    for site in sites:
        if site["decision"] not in {APPLY, SKIP}:
            where = f"{site['path']}:{site['line']}"
            choices = f'Write "{APPLY}" or "{SKIP}".'
            raise Unusable(f"{file}: the decision for {where} is {site['decision']!r}. {choices}")
    return [site["id"] for site in sites if site["decision"] == SKIP]


def _require_types(values: Mapping[str, Any], types: Mapping[str, type]) -> None:
    for key, wanted in types.items():
        if not isinstance(values[key], wanted):
            raise TypeError(f"{key} is {values[key]!r}")

"""A plan as SARIF 2.1.0, which code scanning services read."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from codemods.engine.plan import Migration, Plan
from codemods.engine.site import Kind, Problem, Rule, Site
from codemods.engine.version import tool_version

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS = {Kind.REWRITE: "note", Kind.CHANGE: "warning", Kind.PERSON: "error"}


def sarif(migration: Migration, plan: Plan) -> dict[str, Any]:
    """Return the log: one run, a result per site, a notification per file that failed."""
    used = plan.counts()
    rules = [rule for rule in migration.rules if rule.code in used]
    index = {rule.code: position for position, rule in enumerate(rules)}
    driver = {
        "name": migration.tool,
        "version": tool_version(),
        "rules": [_rule(rule) for rule in rules],
    }
    invocation = {
        "executionSuccessful": not plan.problems,
        "toolExecutionNotifications": [_notification(problem) for problem in plan.problems],
    }
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "invocations": [invocation],
        "results": [_result(site, index) for site in plan.sites],
    }
    return {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}


def _rule(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.code,
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": rule.explanation},
    }


def _result(site: Site, index: dict[str, int]) -> dict[str, Any]:
    result: dict[str, Any] = {
        "ruleId": site.code,
        "level": _LEVELS[site.kind],
        "message": {"text": site.reason},
        "locations": [_location(site.path, site.line, site.column)],
        "properties": {"kind": site.kind.value, "tasks": list(site.tasks)},
    }
    if site.code in index:
        result["ruleIndex"] = index[site.code]
    if site.id:
        result["partialFingerprints"] = {"site/v1": site.id}
    return result


def _notification(problem: Problem) -> dict[str, Any]:
    return {
        "level": "error",
        "message": {"text": problem.reason},
        "locations": [_location(problem.path, problem.line, 0)],
    }


def _location(path: str, line: int, column: int) -> dict[str, Any]:
    region = {"startLine": max(line, 1)}
    if column:
        region["startColumn"] = column
    return {"physicalLocation": {"artifactLocation": {"uri": quote(path)}, "region": region}}

"""Pages name tests that exist, docs/conformance.md one for every promise."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
PAGE = (TESTS.parent / "docs" / "conformance.md").read_text()
TABLES = re.findall(r"^\| promise \|.*\n\|---.*\n((?:\|.*\n)+)", PAGE, re.MULTILINE)
ROWS = [row.strip("|").split(" | ") for table in TABLES for row in table.splitlines()]
FAILURES = (TESTS.parent / "docs" / "guarantees.md").read_text()
NAMED = sorted(set(re.findall(r"`([\w/]+\.py)::(\w+)`", PAGE + FAILURES)))


def functions(path: Path) -> set[str]:
    if not path.exists():
        return set()
    tree = ast.parse(path.read_text())
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize(("path", "name"), NAMED, ids=lambda value: value)
def test_named_test_exists(path: str, name: str) -> None:
    assert name in functions(TESTS / path), f"a page names {path}::{name}"


def test_every_promise_is_kept_by_a_test_or_said_to_be_missing() -> None:
    assert len(ROWS) > 100
    for promise, here, tests in ROWS:
        named = re.fullmatch(r"`[\w/]+\.py::\w+`(, `[\w/]+\.py::\w+`)*", tests.strip())
        assert named or (here.startswith("Not here") and tests.strip() == "–"), promise

"""docs/guarantees.md says of each backend what its code does."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bridge.backends.base import BridgeBackend
from bridge.backends.ledger import LedgerBackend
from bridge.interface import TaskResultStatus
from tests.docs.settings import BACKENDS
from tests.docs.test_pages import ROOT

PAGE = (ROOT / "docs" / "guarantees.md").read_text()

Backend = type[BridgeBackend]


def cells(feature: str) -> list[str]:
    """Return what the table says of a feature, backend by backend."""
    (line,) = [line for line in PAGE.splitlines() if line.startswith(f"| {feature} ")]
    return [cell.strip() for cell in line.strip("|").split("|")[1:]]


def _can(*methods: str) -> Callable[[Backend], bool]:
    """Return whether a backend has one of these methods from itself."""
    return lambda kind: any(
        getattr(kind, method, None) is not getattr(BridgeBackend, method, None)
        for method in methods
    )


FACTS: dict[str, Callable[[Backend], bool]] = {
    "`get_result()` from any process": lambda kind: kind.supports_get_result,
    "`enqueue_many()`: all or none": lambda kind: issubclass(kind, LedgerBackend),
    "batches, `on_complete`": lambda kind: "on_success" in kind.honours,
    "cancel a task": _can("cancel"),
    "requeue a task": _can("requeue"),
    "survives the process that enqueued it": lambda kind: kind.for_production,
}


@pytest.mark.parametrize("feature", FACTS)
def test_table_says_what_backends_can_do(feature: str) -> None:
    assert cells(feature) == ["yes" if FACTS[feature](kind) else "no" for kind in BACKENDS]


def test_diagram_has_every_status() -> None:
    diagram = PAGE.partition("```mermaid")[2].partition("```")[0]

    for status in TaskResultStatus.values:
        assert f"{status} --> " in diagram
        assert f" --> {status}" in diagram

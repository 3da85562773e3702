"""Fixtures of the whole suite."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.services import REQUIRED, Service

MISSING: set[str] = set()


def need(service: Service) -> None:
    """Skip a test whose server does not answer, or fail it when servers are required."""
    if service.is_up():
        return
    message = f"{service.name} is not reachable on {service.host}:{service.port}"
    if REQUIRED:
        pytest.fail(f"{message}, and BRIDGE_REQUIRE_SERVICES=1")
    MISSING.add(message)
    pytest.skip(message)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say at the end which servers were missing."""
    reports = terminalreporter.stats.get("skipped", [])
    reasons = {str(report.longrepr[2]) for report in reports if isinstance(report.longrepr, tuple)}
    for reason in sorted(reason for reason in reasons if "is not reachable on" in reason):
        terminalreporter.write_line(f"NOT TESTED: {reason.removeprefix('Skipped: ')}", yellow=True)


@pytest.fixture(scope="session", autouse=True)
def _hasty_messengers() -> None:
    """Let connections for progress be gone before the test databases are dropped."""
    from bridge.ledger import messenger

    messenger.IDLE = 0.2


@pytest.fixture(autouse=True)
def _fresh_task_backends() -> Iterator[None]:
    """Give every test its own backend instances."""
    from bridge.interface import task_backends

    yield
    for alias in list(task_backends):
        if hasattr(task_backends._connections, alias):
            delattr(task_backends._connections, alias)

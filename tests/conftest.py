"""Fixtures of the whole suite."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.services import REQUIRED, Service

# Where a failure holds everybody up, every run tries the same examples; elsewhere new ones.
settings.register_profile("suite", deadline=None, derandomize=REQUIRED, print_blob=True)
settings.load_profile("suite")

# In the background of a shell we would ignore Ctrl+C, and what we start as well.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
# Under nohup the same holds for a terminal that goes away.
signal.signal(signal.SIGHUP, signal.SIG_DFL)

LONG = ("process", "property", "demo", "typing", "packaging", "benchmarks")
"""Folders of tests that take seconds each."""
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


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the long tests, so that at the end no core waits for one of them."""
    tests = Path(__file__).parent
    items.sort(key=lambda item: item.path.relative_to(tests).parts[0] not in LONG)


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


@pytest.fixture(scope="session", autouse=True)
def _databases_emptied_fast() -> None:
    from tests import emptying

    emptying.install()


@pytest.fixture(autouse=True)
def _fresh_task_backends() -> Iterator[None]:
    """Give every test its own backend instances."""
    from bridge.interface import task_backends

    yield
    for alias in list(task_backends):
        if hasattr(task_backends._connections, alias):
            delattr(task_backends._connections, alias)

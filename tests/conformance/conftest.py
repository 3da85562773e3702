from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.test import override_settings

from bridge.backends.startup import announce_ready
from tests.app import hueys
from tests.conformance.consumer import HueyConsumer
from tests.conformance.harness import (
    QUEUES,
    Harness,
    clear_celery,
    clear_native,
    drain_celery,
    drain_database,
    drain_native,
    drain_nothing,
)
from tests.conformance.workers import CeleryWorker
from tests.conftest import need
from tests.services import MARIADB, POSTGRES

WORKERS = {
    f"celery-{broker}-{pool}": CeleryWorker(broker, pool, QUEUES)
    for broker in ("redis", "rabbitmq")
    for pool in ("prefork", "threads")
}
CONSUMERS = {f"huey-{storage}": HueyConsumer(storage) for storage in hueys.MAKERS}
HARNESSES = {
    harness.name: harness
    for harness in [
        Harness("immediate", "bridge.ImmediateBackend", drain=drain_nothing),
        Harness("dummy", "bridge.DummyBackend"),
        Harness(
            "database-sqlite",
            "bridge.DatabaseBackend",
            drain=drain_database,
            orders_strictly=True,
        ),
        Harness(
            "database-postgres",
            "bridge.DatabaseBackend",
            {"DATABASE": "postgres"},
            drain=drain_database,
            orders_strictly=True,
            database="postgres",
        ),
        Harness(
            "database-mariadb",
            "bridge.DatabaseBackend",
            {"DATABASE": "mariadb"},
            drain=drain_database,
            orders_strictly=True,
            database="mariadb",
        ),
        Harness(
            "celery",
            "bridge.CeleryBackend",
            {"APP": "tests.app.celery.app"},
            drain=drain_celery,
            clear=clear_celery,
            obeys_on_commit=False,
        ),
        *(
            Harness(
                name,
                "bridge.CeleryBackend",
                worker.options,
                drain=worker.drain,
                clear=worker.clear,
                obeys_on_commit=False,
                runs_here=False,
            )
            for name, worker in WORKERS.items()
        ),
        Harness(
            "celery-native",
            "bridge.CeleryBackend",
            {"APP": "tests.app.celery_native.app", "RESULTS": "native"},
            drain=drain_native,
            leave=clear_native,
        ),
        *(
            Harness(
                name,
                "bridge.HueyBackend",
                consumer.options,
                drain=consumer.drain,
                clear=consumer.clear,
                orders_strictly=True,
                obeys_on_commit=False,
            )
            for name, consumer in CONSUMERS.items()
        ),
    ]
}
SERVERS = {"postgres": POSTGRES, "mariadb": MARIADB}
NEEDS = {
    "cancels": "cancels tasks",
    "executes": "runs tasks",
    "keeps_in_memory": "keeps tasks in memory",
    "obeys_on_commit": "enqueues before or after the commit as it is told",
    "orders_strictly": "orders strictly",
    "requeues": "runs finished tasks again",
    "runs_at_once": "runs tasks at once",
    "runs_here": "runs tasks in the process of the test",
    "supports_get_result": "keeps results",
    "supports_defer": "defers tasks",
    "supports_priority": "orders by priority",
    "supports_async_task": "runs coroutines",
}


@pytest.fixture(scope="session", autouse=True)
def _workers_that_end(django_db_setup: None) -> Iterator[None]:
    """End the workers before their database is gone."""
    yield
    for worker in WORKERS.values():
        worker.stop()
    hueys.forget()


@pytest.fixture(params=HARNESSES)
def harness(request: pytest.FixtureRequest, transactional_db: None) -> Iterator[Harness]:
    """A backend under test; marks named after capabilities skip what it says it cannot do."""
    harness = HARNESSES[request.param]
    if harness.database in SERVERS:
        need(SERVERS[harness.database])
    with override_settings(TASKS=harness.settings):
        for mark in request.node.iter_markers("needs"):
            for capability in mark.args:
                owner = harness if hasattr(harness, capability) else harness.backend
                if not getattr(owner, capability):
                    pytest.skip(f"the backend is not one that {NEEDS[capability]}")
        for mark in request.node.iter_markers("honours"):
            for policy in set(mark.args) - harness.backend.honours:  # type: ignore[attr-defined]
                if harness.executes:
                    pytest.skip(f"the backend does not honour {policy}")
        # What AppConfig.ready() does once a process; here TASKS changes with every test.
        announce_ready()
        harness.clear()
        yield harness
        harness.leave()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let the ledger be in any database of the suite."""
    from django.conf import settings

    for item in items:
        if "conformance" in item.nodeid:
            item.add_marker(
                pytest.mark.django_db(transaction=True, databases=list(settings.DATABASES))
            )

"""However many enqueue the same work at once, at most one of it waits or runs."""

from __future__ import annotations

import random
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest
from django.conf import settings
from django.db import connections
from django.test import override_settings

from bridge.interface import task_backends
from bridge.ledger.uniqueness import ACTIVE
from bridge.worker.persistence import persist
from tests.app import unique as tasks

pytestmark = pytest.mark.django_db(transaction=True, databases=list(settings.DATABASES))
ENQUEUERS = 16
ROUNDS = 25
KEYS = 3


@pytest.fixture(params=list(settings.DATABASES))
def backend(request: pytest.FixtureRequest) -> Any:
    options = {"DATABASE": request.param}
    with override_settings(
        TASKS={"default": {"BACKEND": "bridge.DatabaseBackend", "OPTIONS": options}}
    ):
        yield task_backends["default"]


@pytest.mark.parametrize("task", [tasks.sync, tasks.report], ids=["while-active", "for-a-time"])
def test_sixteen_enqueuers_never_make_two_active_rows(backend: Any, task: Any) -> None:
    start = threading.Barrier(ENQUEUERS + 1)
    over = threading.Event()
    twice: list[Any] = []

    def enqueue(seed: int) -> list[str]:
        dice = random.Random(seed)
        start.wait()
        made = []
        for _ in range(ROUNDS):
            key = dice.randrange(KEYS)
            made.append(task.enqueue(*[key] * (2 if task is tasks.report else 1)).id)
            twice.extend(doubles())
        connections.close_all()
        return made

    def doubles() -> list[Any]:
        keys = backend.store.tasks.filter(ACTIVE).values_list("unique_key", flat=True)
        return [key for key, count in Counter(keys).items() if count > 1]

    def work() -> None:
        start.wait()
        while not over.is_set():
            for row in backend.store.claim(transport="db", worker="w", worker_id="w", limit=2):
                persist(partial(backend.store.succeed, row, None), "succeed")
        connections.close_all()

    worker = threading.Thread(target=work)
    worker.start()
    with ThreadPoolExecutor(ENQUEUERS) as pool:
        made = [each for ids in pool.map(enqueue, range(ENQUEUERS)) for each in ids]
    over.set()
    worker.join()

    rows = list(backend.store.tasks.values_list("id", flat=True))
    assert twice == []
    assert {str(each) for each in rows} == set(made)
    if task is tasks.report:
        assert len(rows) == KEYS
    else:
        assert len(rows) > KEYS  # some had finished, and made room

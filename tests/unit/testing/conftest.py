from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.test import override_settings

from bridge.backends.startup import announce_ready
from bridge.interface import BaseTaskBackend, task_backends
from tests.unit.testing.backends import settings_of


@pytest.fixture
def backend(request: pytest.FixtureRequest) -> Iterator[BaseTaskBackend]:
    """The backend under test, the default one."""
    with override_settings(TASKS=settings_of(request.param)):
        announce_ready()
        yield task_backends["default"]

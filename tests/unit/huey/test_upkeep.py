"""What a process does beside the tasks it runs."""

from __future__ import annotations

from unittest import mock

import pytest

from bridge.worker import upkeep
from bridge.worker.upkeep import Upkeep
from compat.huey.backend import HueyBackend

pytestmark = pytest.mark.django_db(transaction=True)


def test_others_are_not_taken_for_dead_right_after_an_outage(backend: HueyBackend) -> None:
    """Whoever is first to find the database again sees the leases of all others run out."""
    own = Upkeep("w", [backend])
    lease, recovered = backend.leases.seconds, []
    with (
        mock.patch("bridge.worker.trust.time") as time,
        mock.patch.object(upkeep, "recover") as recover,
    ):
        for at in (1, 1 + lease / 3, 2 + 2 * lease, 2 + 2.5 * lease, 3 + 3 * lease):
            time.monotonic.return_value = at
            own._renew()
            own._look_after()
            recovered.append(recover.call_count)

    assert recovered == [1, 2, 2, 2, 3]

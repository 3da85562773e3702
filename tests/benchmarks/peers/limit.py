"""What the machine allows: hand-written psycopg, batches and group commit, nothing else."""

from __future__ import annotations

import sys

from .base import Peer


class Limit(Peer):
    """tests.benchmarks.limit on a table shaped like ours; no retries, no leases, no signals."""

    name = "limit"
    needs = ("psycopg",)
    table = "limit_task"
    bulk = True
    unfinished = (
        "SELECT count(*) FROM limit_task WHERE queue_name = 'default' "
        "AND status IN ('READY', 'RUNNING') AND wake_at IS NULL"
    )

    def commands(self, concurrency: int) -> list[list[str]]:
        return [[sys.executable, "-m", "tests.benchmarks.limit"]] * concurrency

    def prepare(self) -> list[list[str]]:
        return [[sys.executable, "-m", "tests.benchmarks.limit", "create"]]

    def fill(self, count: int, first: str, last: str) -> None:
        from .. import limit

        limit.insert([first, *[""] * count, last])

    def nothing(self, number: int) -> None:
        self.mark("")

    def mark(self, label: str) -> None:
        from .. import limit

        limit.insert([label])

    def many(self, count: int) -> None:
        from .. import limit

        limit.insert([""] * count)

    def close(self) -> None:
        from .. import limit

        limit.writer().close()
        limit.writer.cache_clear()

    def defer(self) -> None:
        from .. import limit

        limit.insert([""], wait=True)

    def park(self) -> None:
        from .. import limit

        limit.insert([""], queue="parked")

"""Procrastinate, through its Django integration."""

from __future__ import annotations

from .base import Peer, manage


class Procrastinate(Peer):
    """Processes, which are faster for it than its concurrency within one."""

    name = "procrastinate"
    needs = ("procrastinate", "psycopg_pool")
    apps = ("procrastinate.contrib.django",)
    settings = {"PROCRASTINATE_IMPORT_PATHS": ["tests.benchmarks.jobs.procrastinate"]}
    table = "procrastinate_jobs"
    bulk = True
    unfinished = (
        "SELECT count(*) FROM procrastinate_jobs WHERE queue_name = 'default' "
        "AND status IN ('todo', 'doing') AND scheduled_at IS NULL"
    )

    def commands(self, concurrency: int) -> list[list[str]]:
        return [manage("procrastinate", "worker", "-q", "default")] * concurrency

    def nothing(self, number: int) -> None:
        from ..jobs.procrastinate import nothing

        nothing.defer(number=number)

    def mark(self, label: str) -> None:
        from ..jobs.procrastinate import mark

        mark.defer(label=label)

    def many(self, count: int) -> None:
        from ..jobs.procrastinate import nothing

        nothing.batch_defer(*({"number": number} for number in range(count)))

    def defer(self) -> None:
        from ..jobs.procrastinate import nothing

        nothing.configure(schedule_in={"days": 1}).defer(number=0)

    def park(self) -> None:
        from ..jobs.procrastinate import nothing

        nothing.configure(queue="parked").defer(number=0)

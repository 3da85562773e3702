"""The physical limit: claim 100 rows with SKIP LOCKED, finish whatever has piled up in one commit.

Run as a program it works until it is killed; with the argument `create` it makes the table, which
has the shape of ours.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache
from operator import itemgetter
from queue import SimpleQueue
from time import time_ns
from typing import Any
from uuid import UUID

import psycopg

from .marks import send

BATCH = 100
TABLE = """
CREATE TABLE IF NOT EXISTS limit_task (
    id uuid PRIMARY KEY, task_path varchar(255) NOT NULL, args jsonb NOT NULL,
    kwargs jsonb NOT NULL, backend varchar(64) NOT NULL, transport varchar(16) NOT NULL,
    queue_name varchar(128) NOT NULL, priority smallint NOT NULL, run_after timestamptz,
    wake_at timestamptz, on_lost varchar(5) NOT NULL, status varchar(10) NOT NULL,
    enqueued_at timestamptz, published_at timestamptz, started_at timestamptz,
    last_attempted_at timestamptz, finished_at timestamptz, worker varchar(128),
    token integer NOT NULL, losses smallint NOT NULL, worker_ids jsonb NOT NULL,
    errors jsonb NOT NULL, return_value jsonb);
CREATE INDEX IF NOT EXISTS limit_ready ON limit_task (transport, queue_name, priority DESC, id)
    WHERE status = 'READY' AND wake_at IS NULL;
CREATE INDEX IF NOT EXISTS limit_deferred ON limit_task (transport, wake_at)
    WHERE status = 'READY' AND wake_at IS NOT NULL;
CREATE INDEX IF NOT EXISTS limit_running ON limit_task (worker) WHERE status = 'RUNNING';
CREATE INDEX IF NOT EXISTS limit_finished ON limit_task (finished_at)
    WHERE finished_at IS NOT NULL;
"""
INSERT = """
INSERT INTO limit_task (id, task_path, args, kwargs, backend, transport, queue_name, priority,
    wake_at, on_lost, status, enqueued_at, token, losses, worker_ids, errors)
SELECT id, 'report', args, '{}', 'default', 'db', %(queue)s, 0,
    CASE WHEN %(wait)s THEN now() + interval '1 day' END, 'retry', 'READY', now(), 0, 0, '[]', '[]'
FROM unnest(%(ids)s::uuid[], %(args)s::jsonb[]) AS new (id, args)
"""
CLAIM = """
WITH next AS MATERIALIZED (
    SELECT id FROM limit_task
    WHERE status = 'READY' AND wake_at IS NULL AND transport = 'db' AND queue_name = 'default'
    ORDER BY priority DESC, id LIMIT 100 FOR UPDATE SKIP LOCKED)
UPDATE limit_task AS task
SET status = 'RUNNING', worker = %s, token = token + 1, started_at = now(),
    last_attempted_at = now(), worker_ids = worker_ids || to_jsonb(%s::text)
FROM next WHERE task.id = next.id RETURNING task.id, task.task_path, task.args, task.kwargs
"""
FINISH = """
UPDATE limit_task AS task
SET status = 'SUCCESSFUL', worker = NULL, finished_at = done.at, return_value = done.value
FROM unnest(%s::uuid[], %s::timestamptz[], %s::jsonb[]) AS done (id, at, value)
WHERE task.id = done.id AND status = 'RUNNING' AND worker = %s
"""
POLL = 0.02
Done = tuple[UUID, datetime, str]


def connect() -> psycopg.Connection[Any]:
    """Return a connection to the database under test."""
    database = json.loads(os.environ["BENCH_DATABASE"])
    return psycopg.connect(
        host=database["HOST"],
        port=database["PORT"],
        user=database["USER"],
        dbname=database["NAME"],
        autocommit=True,
        prepare_threshold=0,
        **database["OPTIONS"],
    )


@cache
def writer() -> psycopg.Connection[Any]:
    """Return this process's connection for inserts."""
    return connect()


def create() -> None:
    """Make the table."""
    with connect() as connection:
        for statement in TABLE.strip().split(";")[:-1]:
            connection.execute(statement)


def insert(labels: Sequence[str], *, queue: str = "default", wait: bool = False) -> None:
    """Enqueue a task per label in one statement; an empty label does nothing."""
    stamp = int.from_bytes(os.urandom(4)) | _moment() << 64
    writer().execute(
        INSERT,
        {
            "ids": [UUID(int=stamp + (number << 32)) for number in range(len(labels))],
            "args": [json.dumps([label]) for label in labels],
            "queue": queue,
            "wait": wait,
        },
    )


def work() -> None:
    """Claim and run, while another thread finishes."""
    worker = f"limit:{os.getpid()}"
    done: SimpleQueue[Done] = SimpleQueue()
    tasks = {"report": report}
    threading.Thread(target=finish, args=(worker, done), daemon=True).start()
    pause = threading.Event()
    with connect() as connection:
        connection.execute("SET synchronous_commit = off")  # a lost claim is made again
        while True:
            rows = connection.execute(CLAIM, (worker, worker)).fetchall()
            for row_id, path, args, kwargs in sorted(rows, key=itemgetter(0)):
                value = json.dumps(tasks[path](*args, **kwargs))
                done.put((row_id, datetime.now(UTC), value))
            if len(rows) < BATCH:
                pause.wait(POLL)


def report(label: str) -> None:
    """Do nothing, but for a label."""
    if label:
        send(label)


def finish(worker: str, done: SimpleQueue[Done]) -> None:
    """Write all that has run since the last commit, in one commit."""
    with connect() as connection:
        while True:
            batch = [done.get()]
            while not done.empty():
                batch.append(done.get())
            ids, times, values = zip(*batch, strict=True)
            connection.execute(FINISH, (list(ids), list(times), list(values), worker))


def _moment() -> int:
    return time_ns() // 1_000_000 & 0xFFFF_FFFF_FFFF


if __name__ == "__main__":
    create() if sys.argv[1:] == ["create"] else work()

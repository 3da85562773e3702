"""The demo's verdict notices what was lost and what ran twice."""

import sqlite3

import pytest

from .audit import Audit, Count


@pytest.fixture
def audit(tmp_path):
    database = tmp_path / "shop.sqlite3"
    with sqlite3.connect(database) as connection:
        connection.execute("CREATE TABLE audit_entry (kind, reference, worker)")
        connection.executemany(
            "INSERT INTO audit_entry VALUES (?, ?, ?)",
            [
                ("receipt.sent", "A-1", "old"),
                ("receipt.sent", "A-2", "new"),
                ("receipt.sent", "A-2", "old"),
                ("email.sent", "A-1", "new"),
                ("receipt.sent", "another batch", "new"),
            ],
        )
    connection.close()
    sent = [("receipt.sent", name) for name in ("A-1", "A-2", "A-3")] + [("email.sent", "A-1")]
    return Audit(database=database, batches={"batch": sent})


def test_count_tells_what_ran_twice_and_what_was_lost(audit):
    assert audit.count(audit.batches["batch"]) == Count(sent=4, run=3, twice=1, lost=1)
    assert audit.missing("batch") == [("receipt.sent", "A-3")]


def test_runs_of_other_batches_are_not_counted(audit):
    assert audit.ran("batch", "new") == 2


def test_work_that_a_task_sent_proves_no_crossing(audit):
    assert audit.crossed("batch", "new") == 1


@pytest.mark.parametrize(
    "count",
    [
        Count(),
        Count(sent=2, run=1, lost=1),
        Count(sent=2, run=2, twice=1),
    ],
)
def test_a_count_with_anything_lost_twice_or_nothing_sent_is_not_exact(count):
    assert Count(sent=2, run=2).exact
    assert not count.exact

"""Finish the last batch and claim the next on PostgreSQL: one round trip, one commit."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.backends.utils import CursorWrapper

from bridge.ledger.columns import FIELDS, decode
from bridge.ledger.ending import Ending
from bridge.ledger.models import TaskRow
from bridge.ledger.vendors.postgresql.claim import TAKEN, parameters_of_claim
from bridge.ledger.vendors.postgresql.leave import GONE, GONE_FREE, parameters_of_endings
from bridge.ledger.vendors.verbs import Claim, Left

# The last record says which claims have ended; the others are the rows taken.
_EXCHANGE = f"""
    WITH {{gone}}, {TAKEN}
    SELECT NULL::uuid[], NULL::timestamptz, * FROM taken
    UNION ALL
    SELECT (SELECT array_agg(id) FROM gone), statement_timestamp(){", NULL" * len(FIELDS)}"""
EXCHANGE = _EXCHANGE.format(gone=GONE)
EXCHANGE_FREE = _EXCHANGE.format(gone=GONE_FREE)


def exchange(
    cursor: CursorWrapper, endings: Sequence[Ending], claim: Claim, *, skip_locked: bool = False
) -> tuple[Left, list[TaskRow]]:
    """Leave and claim in one statement."""
    statement = EXCHANGE_FREE if skip_locked else EXCHANGE
    cursor.execute(statement, [*parameters_of_endings(endings), *parameters_of_claim(claim)])
    *taken, (ids, at, *_) = cursor.fetchall()
    rows = decode(cursor.db, [record[2:] for record in taken])
    return Left(frozenset(ids or ()), at), rows

"""PostgreSQL, through psycopg 3: every verb is one statement."""

from bridge.ledger.vendors.postgresql.batch import count_down
from bridge.ledger.vendors.postgresql.claim import claim, take
from bridge.ledger.vendors.postgresql.exchange import exchange
from bridge.ledger.vendors.postgresql.insert import check_size, insert, insert_unless_there, ring
from bridge.ledger.vendors.postgresql.lanes import hold, survey, waiting
from bridge.ledger.vendors.postgresql.leave import leave
from bridge.ledger.vendors.postgresql.line import Line
from bridge.ledger.vendors.postgresql.patience import patience
from bridge.ledger.vendors.postgresql.report import report
from bridge.ledger.vendors.postgresql.wake import look, wake

__all__ = [
    "Line",
    "check_size",
    "claim",
    "count_down",
    "exchange",
    "hold",
    "insert",
    "insert_unless_there",
    "leave",
    "look",
    "patience",
    "report",
    "ring",
    "survey",
    "take",
    "waiting",
    "wake",
]

"""SQLite: one writer at a time, so what belongs together is one immediate transaction."""

from bridge.ledger.vendors.sqlite.batch import count_down
from bridge.ledger.vendors.sqlite.claim import claim, take
from bridge.ledger.vendors.sqlite.exchange import exchange
from bridge.ledger.vendors.sqlite.insert import check_size, insert, insert_unless_there, ring
from bridge.ledger.vendors.sqlite.lanes import hold, survey, waiting
from bridge.ledger.vendors.sqlite.leave import leave
from bridge.ledger.vendors.sqlite.line import Line
from bridge.ledger.vendors.sqlite.patience import patience
from bridge.ledger.vendors.sqlite.report import report
from bridge.ledger.vendors.sqlite.wake import look, wake

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

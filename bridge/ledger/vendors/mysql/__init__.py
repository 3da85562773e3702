"""MySQL 8 and MariaDB 10.6: short transactions at READ COMMITTED that never wait for a claim."""

from bridge.ledger.vendors.mysql.batch import count_down
from bridge.ledger.vendors.mysql.claim import claim, take
from bridge.ledger.vendors.mysql.exchange import exchange
from bridge.ledger.vendors.mysql.insert import check_size, insert, insert_unless_there, ring
from bridge.ledger.vendors.mysql.lanes import hold, survey, waiting
from bridge.ledger.vendors.mysql.leave import leave
from bridge.ledger.vendors.mysql.line import Line
from bridge.ledger.vendors.mysql.patience import patience
from bridge.ledger.vendors.mysql.report import report
from bridge.ledger.vendors.mysql.wake import look, wake

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

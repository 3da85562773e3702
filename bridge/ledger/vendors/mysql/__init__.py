"""MySQL 8 and MariaDB 10.6: short transactions at READ COMMITTED that never wait for a claim."""

from bridge.ledger.vendors.mysql.claim import claim
from bridge.ledger.vendors.mysql.exchange import exchange
from bridge.ledger.vendors.mysql.insert import insert
from bridge.ledger.vendors.mysql.leave import leave
from bridge.ledger.vendors.mysql.line import Line
from bridge.ledger.vendors.mysql.wake import look, wake

__all__ = ["Line", "claim", "exchange", "insert", "leave", "look", "wake"]

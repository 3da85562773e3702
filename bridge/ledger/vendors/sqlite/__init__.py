"""SQLite: one writer at a time, so what belongs together is one immediate transaction."""

from bridge.ledger.vendors.sqlite.claim import claim
from bridge.ledger.vendors.sqlite.exchange import exchange
from bridge.ledger.vendors.sqlite.insert import insert
from bridge.ledger.vendors.sqlite.leave import leave
from bridge.ledger.vendors.sqlite.line import Line
from bridge.ledger.vendors.sqlite.wake import look, wake

__all__ = ["Line", "claim", "exchange", "insert", "leave", "look", "wake"]

"""PostgreSQL, through psycopg 3: every verb is one statement."""

from bridge.ledger.vendors.postgresql.claim import claim
from bridge.ledger.vendors.postgresql.exchange import exchange
from bridge.ledger.vendors.postgresql.insert import insert
from bridge.ledger.vendors.postgresql.leave import leave
from bridge.ledger.vendors.postgresql.line import Line
from bridge.ledger.vendors.postgresql.wake import look, wake

__all__ = ["Line", "claim", "exchange", "insert", "leave", "look", "wake"]

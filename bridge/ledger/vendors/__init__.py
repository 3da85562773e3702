"""The SQL of each database: one package per vendor, the same files and verbs in each."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, cast

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.utils import NotSupportedError

if TYPE_CHECKING:
    from bridge.ledger.vendors.verbs import Vendor

SUPPORTED = ("postgresql", "sqlite", "mysql")


def vendor_of(connection: BaseDatabaseWrapper) -> Vendor:
    """Return the verbs for a connection. Raise NotSupportedError for a vendor without any."""
    if connection.vendor not in SUPPORTED:
        raise NotSupportedError(
            f"The ledger works on {', '.join(SUPPORTED)}, not on {connection.vendor!r}. "
            "Choose another database with OPTIONS['DATABASE']."
        )
    return cast("Vendor", import_module(f"bridge.ledger.vendors.{connection.vendor}"))

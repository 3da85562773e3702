"""Rows named by their ids."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

MOST = 500
"""No statement names more rows: MariaDB makes a temporary table of a list of a thousand."""


def keys(ids: Iterable[UUID]) -> tuple[str, list[str]]:
    """Return the placeholders and parameters of an IN list.

    MySQL keeps ids as 32 digits; the type that MariaDB has for them since 10.7 reads the same.
    """
    digits = [each.hex for each in ids]
    return ", ".join(["%s"] * len(digits)), digits

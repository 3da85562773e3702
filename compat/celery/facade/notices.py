"""Warnings that show where code still speaks Celery's API, with the codemod's codes."""

from __future__ import annotations

import os
import sys
import threading
import warnings

from django.conf import settings

SWITCH = "DEP_MIGRATION_WARN"
_HERE = __name__.rpartition(".")[0]

_seen: set[tuple[str, int, str]] = set()
_lock = threading.Lock()


class LegacyCallWarning(UserWarning):
    """A call of Celery's API, at a place the codemod has not rewritten."""


def notice(code: str, what: str) -> None:
    """Warn, once per place, of what the codemod reports with this code.

    Nothing is said unless DEP_MIGRATION_WARN is 1 in the environment or true in the settings.
    """
    if os.environ.get(SWITCH, "0") in {"", "0"} and not getattr(settings, SWITCH, False):
        return
    frame = sys._getframe(2)
    if _is_ours(frame.f_globals.get("__name__", "")):
        return  # a verb that another verb is made of
    place = (frame.f_code.co_filename, frame.f_lineno, code)
    with _lock:
        if place in _seen:
            return
        _seen.add(place)
    warnings.warn_explicit(
        f"{code} {what}",
        LegacyCallWarning,
        frame.f_code.co_filename,
        frame.f_lineno,
        # A registry of its own: filters that show a line once would hide its other codes.
        registry={},
    )


def forget() -> None:
    """Warn of every place anew."""
    with _lock:
        _seen.clear()


def _is_ours(module: str) -> bool:
    return module == _HERE or module.startswith(f"{_HERE}.")

"""Keep tasks in memory and run none: for tests of what was enqueued."""

from __future__ import annotations

from bridge.backends.base import BridgeBackend
from bridge.interface import DjangoDummyBackend


class DummyBackend(BridgeBackend, DjangoDummyBackend):
    """Django's DummyBackend, with tasks that carry policies."""

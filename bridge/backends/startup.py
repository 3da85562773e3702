"""What happens once per process, when Django is ready."""

from bridge.backends.base import bridge_backends


def announce_ready() -> None:
    """Tell every backend of ours that the app registry is complete."""
    for backend in bridge_backends():
        backend.on_ready()

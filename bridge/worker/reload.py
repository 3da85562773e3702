"""Run a worker again whenever the code changes, and let its running tasks finish first."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from types import FrameType
from typing import Any

from django.apps import apps
from django.conf import settings
from django.utils import autoreload

logger = logging.getLogger("bridge.worker")
LOOK = 0.2


def is_watched() -> bool:
    """Say whether a Watcher runs this process."""
    return os.environ.get(autoreload.DJANGO_AUTORELOAD_ENV) == "true"


class Watcher:
    """The parent of a worker under --reload: run() returns the last worker's exit code.

    The worker is a process of its own, started with the same command line. Django's reloader only
    tells that a file changed; what runserver does then, to exit on the spot, would lose tasks.
    """

    def __init__(self) -> None:
        self._changed = threading.Event()
        self._signals = 0

    def run(self) -> int:
        """Keep a worker running until a signal, or until it stops by itself without an error."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_signal)
        self._watch()
        code = 0
        while not self._stopping:
            self._changed.clear()
            code = self._run_worker()
            if not self._changed.is_set():
                if code == 0:
                    return code
                self._wait_for_change(code)
        # A worker that had not listened yet when it was told is as stopped as any other.
        return 0 if code == -signal.SIGTERM else code

    @property
    def _stopping(self) -> bool:
        return self._signals > 0

    def _wait_for_change(self, code: int) -> None:
        if not self._stopping:
            logger.error("db_worker ended with exit code %s; waits for a file to change", code)
        while not self._stopping and not self._changed.wait(LOOK):
            pass

    def _run_worker(self) -> int:
        environment = {**os.environ, autoreload.DJANGO_AUTORELOAD_ENV: "true"}
        worker = subprocess.Popen(autoreload.get_child_arguments(), env=environment)
        told = 0
        while True:
            try:
                return worker.wait(LOOK)
            except subprocess.TimeoutExpired:
                pass
            # One SIGTERM for a change, and one for each signal of our own: as with a worker that
            # nobody watches, the second kills the tasks that still run.
            wanted = max(self._signals, int(self._changed.is_set()))
            if told < wanted:
                worker.send_signal(signal.SIGTERM)
                told += 1

    def _watch(self) -> None:
        reloader = autoreload.get_reloader()
        for path, pattern in watched_folders():
            reloader.watch_dir(path, pattern)
        autoreload.file_changed.connect(self._on_change)
        autoreload.autoreload_started.send(sender=reloader)
        threading.Thread(target=reloader.run_loop, name="reloader", daemon=True).start()

    def _on_change(self, sender: object, file_path: Path, **kwargs: Any) -> bool:
        if not self._changed.is_set():
            logger.info("file=%s changed; the worker starts again", file_path)
            self._changed.set()
        return True  # keeps Django's reloader from ending this process

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self._signals += 1


def watched_folders() -> list[tuple[Path, str]]:
    """Return the folders of the project's own code, each with a pattern of what to watch in it.

    The watcher itself imports no task, so the modules it has loaded are not all that matter.
    """
    folders = [(Path(app.path), "**/*.py") for app in apps.get_app_configs()]
    if module := sys.modules.get(settings.SETTINGS_MODULE or ""):
        folders += [(Path(module.__file__).parent, "*.py")] if module.__file__ else []
    installed = {"site-packages", "dist-packages"}
    return [
        (path, "*.py" if Path(sys.prefix).is_relative_to(path) else pattern)
        for path, pattern in folders
        if not installed & set(path.parts)
    ]

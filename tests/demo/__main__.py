"""Migrate a real Celery project while its workers run, and count every task."""

import argparse
import shutil
import signal
import sys
import tempfile
from pathlib import Path
from types import FrameType

from rich.markup import escape

from .processes import Crew, StepFailed
from .screen import Screen
from .story import Story

ENDING_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interrupted(BaseException):
    """A signal asks the demo to end; no step may take it for an error of its own."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


def interrupt(number: int, frame: FrameType | None) -> None:
    for ending in ENDING_SIGNALS:
        signal.signal(ending, signal.SIG_IGN)  # the cleanup that follows is bounded: let it finish
    raise Interrupted(number)


def main() -> int:
    """Run the demo in a folder of its own; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.demo", description=__doc__)
    parser.add_argument("--keep", action="store_true", help="keep the folder: code, database, logs")
    keep = parser.parse_args().keep
    screen = Screen()
    for ending in ENDING_SIGNALS:
        signal.signal(ending, interrupt)
    folder = Path(tempfile.mkdtemp(prefix="task-bridge-demo-"))
    try:
        return run(folder, screen)
    finally:
        if keep:
            screen.say(f"Kept: {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)


def run(folder: Path, screen: Screen) -> int:
    """Tell the story; return 0, 1 for a failed step, or 128 + the signal that ended it."""
    for name in ("logs", "tmp"):
        (folder / name).mkdir()
    try:
        with Crew(folder / "logs") as crew:
            Story.begin(folder, crew, screen).tell()
    except StepFailed as error:
        screen.console.print(f"\n[bold red]FAILED[/] {escape(str(error))}")
        return 1
    except Interrupted as error:
        screen.console.print("\nStopped; everything that was started has ended.")
        return 128 + error.number
    screen.console.print(
        f"\n[bold green]OK[/] nothing lost, nothing run twice, in {screen.elapsed():.0f} s."
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())

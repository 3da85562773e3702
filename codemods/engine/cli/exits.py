"""Exit codes, and the errors that lead to them."""

from __future__ import annotations

import signal
import traceback
from collections.abc import Callable

import click

from codemods.engine.errors import Unusable
from codemods.engine.files import MissingPath
from codemods.engine.writing import WriteFailed
from codemods.engine.writing.signals import Stopped

DONE, WOULD_CHANGE, FAILED = 0, 1, 2
_SIGNALLED = 128


def guarded(tool: str, work: Callable[[], int]) -> int:
    """Return the exit code of the work, and say on stderr what stopped it."""
    try:
        return work()
    except (MissingPath, Unusable, WriteFailed) as error:
        click.echo(f"{tool}: {error}", err=True)
        return FAILED
    except (KeyboardInterrupt, Stopped) as error:
        click.echo(f"{tool}: interrupted, nothing was changed.", err=True)
        return _SIGNALLED + int(getattr(error, "number", signal.SIGINT))
    except Exception:  # noqa: BLE001
        click.echo(traceback.format_exc(), err=True)
        click.echo(f"{tool}: internal error, nothing was changed.", err=True)
        return FAILED

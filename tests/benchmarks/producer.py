"""A process that enqueues for one peer, told what by lines of JSON.

The class is the bench's end of it; as a program this module is the other end.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Self


class Producer:
    """A running producer. Its verbs raise RuntimeError with what went wrong in there."""

    def __init__(self, environment: Mapping[str, str], log: Path) -> None:
        self._log = log
        with log.open("wb") as errors:
            self._process = subprocess.Popen(
                [sys.executable, "-m", __name__],
                env=dict(environment),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                start_new_session=True,
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._process.kill()
        self._process.communicate()

    def ask(self, verb: str, *arguments: Any) -> dict[str, Any]:
        """Have a verb of this module called, and return what it returns."""
        assert self._process.stdin
        assert self._process.stdout
        try:
            self._process.stdin.write(json.dumps([verb, *arguments]) + "\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            raise RuntimeError(f"{verb}: {self._log.read_text(errors='replace')[-600:]}")
        answer: dict[str, Any] = json.loads(line)
        return answer


def fill(count: int, first: str, last: str) -> None:
    peer().fill(count, first, last)


def mark(label: str) -> dict[str, float]:
    called = time.monotonic()
    peer().mark(label)
    return {"called": called, "returned": time.monotonic()}


def one_by_one(count: int) -> dict[str, float]:
    return timed(lambda: [peer().nothing(number) for number in range(count)])


def many(count: int) -> dict[str, float]:
    return timed(lambda: peer().many(count))


def defer() -> None:
    peer().defer()


def park() -> None:
    peer().park()


def close() -> None:
    """Close the connections, so that the server counts what they did."""
    peer().close()


def timed(call: Callable[[], object]) -> dict[str, float]:
    cpu, start = time.process_time(), time.perf_counter()
    call()
    return {"seconds": time.perf_counter() - start, "cpu": time.process_time() - cpu}


def peer() -> Any:
    from django.conf import settings

    return settings.PEER


def main() -> None:
    import django

    django.setup()
    verbs = [fill, mark, one_by_one, many, defer, park, close]
    known: dict[str, Callable[..., Any]] = {verb.__name__: verb for verb in verbs}
    for line in sys.stdin:
        name, *arguments = json.loads(line)
        print(json.dumps(known[name](*arguments) or {}), flush=True)


if __name__ == "__main__":
    main()

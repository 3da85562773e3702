"""Bodies that end as no body should, and one that waits until it is told to go on."""

import os
import resource
import signal
import time
from pathlib import Path

from celery.exceptions import Ignore, Reject
from celery.exceptions import Retry as CeleryRetry

from bridge import Retry, fixed, task
from plant.tasks import record

FOLDER = Path(os.environ["PLANT_FOLDER"])


class Stubborn(Exception):
    """An exception that no serialiser takes."""

    def __init__(self, first, second):
        super().__init__(first)
        self.second = lambda: second


@task(on_lost="retry")
def poison(name):
    record(name)
    os.kill(os.getpid(), signal.SIGKILL)


@task(on_lost="fail")
def vanish(name):
    record(name)
    os._exit(0)


@task()
def hog():
    """Want more memory than there is; being killed for it is what poison() does."""
    before = resource.getrlimit(resource.RLIMIT_AS)
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + 2**26, before[1]))
    try:
        return len(bytearray(2**28))
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)


RETURNED = {
    "object": object(),
    "function": record,
    "set": {1, 2},
    "keys": {(1, 2): 3},
    "generator": (number for number in range(3)),
    "exception": Stubborn(1, 2),
}


@task()
def give_back(kind):
    return RETURNED[kind]


RAISED = {
    "SystemExit": SystemExit("text"),
    "KeyboardInterrupt": KeyboardInterrupt(),
    "GeneratorExit": GeneratorExit(),
    "Stubborn": Stubborn(1, 2),
    "Ignore": Ignore("ignored"),
    "Reject": Reject("rejected"),
    "requeued": Reject("rejected", requeue=True),
    "Retry": CeleryRetry("again", when=0),
}


@task()
def throw(kind):
    record(kind)
    raise RAISED[kind]


@task(takes_context=True, retry=Retry(max_attempts=4, on=ConnectionError, backoff=fixed(3)))
def hold(context, name, failures=0):
    """Wait in each attempt until the test lets it go on."""
    record(f"{name}#{context.attempt}")
    while not (FOLDER / f"{name}#{context.attempt}").exists():
        time.sleep(0.02)
    if context.attempt <= failures:
        raise ConnectionError(name)
    return name

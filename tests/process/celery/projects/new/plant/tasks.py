import os
import sys
import time

import celery

from bridge import Retry, fixed, task
from compat.celery.facade import shared_task
from tests.app.models import Run


def record(name):
    Run.objects.create(name=f"{name} new {os.getpid()}")


@task()
def note(name, seconds=0):
    time.sleep(seconds)
    record(name)
    return name


@task()
def water(name):
    record(name)


@task(takes_context=True, retry=Retry(max_attempts=4, on=(ConnectionError,), backoff=fixed(0.2)))
def flaky(context, name, failures):
    record(f"{name}#{context.attempt}")
    if context.attempt <= failures:
        raise ConnectionError(name)
    return context.attempt - 1


@task()
def kind(value):
    return type(value).__name__


@task()
def broken(text):
    raise LookupError(text)


@task()
def only_new(name):
    record(name)


def linger(name):
    record(name)
    if Run.objects.filter(name__startswith=f"{name} ").count() == 1:
        time.sleep(60)
    return name


@task(on_lost="retry")
def linger_retry(name):
    return linger(name)


@task(on_lost="fail")
def linger_fail(name):
    return linger(name)


@task(hard_timeout=1)
def overdue(name):
    record(name)
    time.sleep(60)


@task(timeout=0.5)
def slow(name):
    record(name)
    time.sleep(60)


@task()
def leave():
    sys.exit(3)


@task(takes_context=True)
def who(context):
    return [context.attempt, context.task_result.id, context.task_result.task.module_path]


@task()
def grow(number):
    record(str(number))
    return number + 1


@task(on_success=note.hook("grown"))
def seed(name):
    record(name)


@task(takes_context=True)
def count_up(context, seconds=60):
    record("count_up")
    for number in range(int(seconds * 50)):
        context.progress(number, seconds * 50, "counting")
        if context.cancelled:
            return f"stopped at {number}"
        time.sleep(0.02)
    return "done"


@task(takes_context=True, retry=Retry(max_attempts=5, backoff=fixed(600)))
def fail_when_cancelled(context):
    record(f"fail_when_cancelled#{context.attempt}")
    while not context.cancelled:
        time.sleep(0.02)
    raise ConnectionError


@task()
def total(numbers):
    return sum(numbers)


@shared_task(bind=True, max_retries=3, name="garden.prune")
def prune(self, name, failures):
    record(f"{name}#{self.request.retries + 1}")
    if self.request.retries < failures:
        raise self.retry(exc=ConnectionError(name), countdown=0.2)
    return [self.request.id, self.name, self.request.retries]


@shared_task
def square(number):
    return number * number


@shared_task
def gather(numbers):
    record(f"gathered {numbers}")


@celery.shared_task
def stay(number, more=0):
    """Add, as a task that nobody has converted yet."""
    record(f"stay {number}")
    return number + more

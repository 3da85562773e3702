import os
import sys
import time

from huey.contrib.djhuey import lock_task

from bridge import Retry, fixed, task
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
    return name


@task(retry=Retry(max_attempts=4, on=(ConnectionError,), backoff=fixed(0.2)))
def flaky(name, failures):
    tried = Run.objects.filter(name__startswith=f"{name}#").count()
    record(f"{name}#{tried + 1}")
    if tried < failures:
        raise ConnectionError(name)
    return tried


@task()
def kind(value):
    return type(value).__name__


@task()
def broken(text):
    raise LookupError(text)


@task()
def pair(number):
    return number, number + 1


@task()
def total(first, second):
    record(f"total {first} {second}")
    return first + second


@task()
def collect(numbers):
    record(f"collected {numbers}")
    return numbers


@task()
def sorry(error):
    record(f"sorry {error}")


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


@task(timeout=0.5)
def slow(name):
    record(name)
    for _ in range(600):
        time.sleep(0.1)


@task()
def leave():
    sys.exit(3)


@task()
@lock_task("only-one")
def locked(name):
    record(name)


@task(takes_context=True)
def who(context):
    return [context.attempt, context.task_result.id, context.task_result.task.module_path]

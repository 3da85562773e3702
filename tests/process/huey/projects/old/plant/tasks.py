import os
import time

from huey.contrib.djhuey import db_task

from tests.app.models import Run


def record(name):
    Run.objects.create(name=f"{name} old {os.getpid()}")


@db_task()
def note(name, seconds=0):
    time.sleep(seconds)
    record(name)
    return name


@db_task(name="garden_water")
def water(name):
    record(name)
    return name


@db_task(retries=3, retry_delay=1)
def flaky(name, failures):
    tried = Run.objects.filter(name__startswith=f"{name}#").count()
    record(f"{name}#{tried + 1}")
    if tried < failures:
        raise ConnectionError(name)
    return tried


@db_task()
def kind(value):
    return type(value).__name__


@db_task()
def broken(text):
    raise LookupError(text)


@db_task()
def pair(number):
    return number, number + 1


@db_task()
def total(first, second):
    record(f"total {first} {second}")
    return first + second


@db_task()
def collect(numbers):
    record(f"collected {numbers}")
    return numbers


@db_task()
def sorry(error):
    record(f"sorry {error}")


@db_task()
def only_old(name):
    record(name)

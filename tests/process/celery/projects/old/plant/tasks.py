import os
import time

from celery import shared_task

from tests.app.models import Run


def record(name):
    Run.objects.create(name=f"{name} old {os.getpid()}")


@shared_task
def note(name, seconds=0):
    time.sleep(seconds)
    record(name)
    return name


@shared_task(name="garden.water")
def water(name):
    record(name)


@shared_task(bind=True, max_retries=3)
def flaky(self, name, failures):
    record(f"{name}#{self.request.retries + 1}")
    if self.request.retries < failures:
        raise self.retry(exc=ConnectionError(name), countdown=0.2)
    return self.request.retries


@shared_task
def kind(value):
    return type(value).__name__


@shared_task
def broken(text):
    raise LookupError(text)


@shared_task
def only_old(name):
    record(name)


@shared_task
def seed(name):
    record(name)


@shared_task(bind=True, max_retries=3, name="garden.prune")
def prune(self, name, failures):
    record(f"{name}#{self.request.retries + 1}")
    if self.request.retries < failures:
        raise self.retry(exc=ConnectionError(name), countdown=0.2)
    return [self.request.id, self.name, self.request.retries]


@shared_task
def grow(number):
    record(str(number))
    return number + 1


@shared_task
def total(numbers):
    return sum(numbers)


@shared_task
def stay(number, more=0):
    record(f"stay {number}")
    return number + more

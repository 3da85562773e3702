"""Tasks of django.tasks, for every backend of that interface."""

from django.tasks import task

from . import bodies


@task
def nothing(number: int) -> None:
    """Leave all the time to the queue."""
    bodies.nothing(number)


@task
def mark(label: str) -> None:
    """Report that this runs now."""
    bodies.mark(label)

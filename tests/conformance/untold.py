"""A task of a project that says nothing about tasks in its settings."""

from bridge import task


@task(timeout=5)
def double(number: int) -> int:
    return number * 2

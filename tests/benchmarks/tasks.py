"""The least a task can do: what is left is the cost of the queue."""

from bridge import task


@task()
def nothing(number: int) -> int:
    """Return the argument."""
    return number

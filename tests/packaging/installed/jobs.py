"""One task, in a module that a worker can import."""

from bridge import task


@task()
def add(left: int, right: int) -> int:
    """Add two numbers."""
    return left + right

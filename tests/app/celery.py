"""The Celery app of the suite, on a broker in memory."""

from celery import Celery

app = Celery("tests", broker="memory://")
app.conf.update(task_default_queue="default", broker_connection_retry_on_startup=False)


@app.task(ignore_result=True)
def wake() -> None:
    """End a worker's wait for the next message."""

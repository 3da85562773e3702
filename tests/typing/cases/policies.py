"""What a task declares is checked by name and by type."""

from __future__ import annotations

from datetime import timedelta

from bridge import Concurrency, RateLimit, Retry, Unique, exponential, task


@task
def plain(a: int) -> int:
    return a


task(
    priority=3,
    queue_name="mail",
    backend="default",
    retry=Retry(max_attempts=3, on=(OSError,), backoff=exponential(), max_delay=60, jitter=False),
    timeout=timedelta(minutes=1),
    hard_timeout=90,
    on_lost="fail",
    expires=3600,
    unique=Unique(period=60),
    concurrency=Concurrency(2),
    rate_limit=RateLimit("10/m"),
    transactional=True,
    on_success=plain,
    on_failure=[plain, plain.hook(1)],
    enqueue_on_commit=True,
)(plain.func)
task(unique=True, concurrency=2, rate_limit="10/m", takes_context=False)(plain.func)
task(plain.func, priority=3)

task(retrry=Retry())  # E: call-overload reportCallIssue
task(retry=3)  # E: call-overload reportArgumentType
task(timeout="10")  # E: call-overload reportArgumentType
task(on_lost="explode")  # E: call-overload reportArgumentType
task(unique=3)  # E: call-overload reportArgumentType
task(concurrency="2")  # E: call-overload reportArgumentType
task(rate_limit=10)  # E: call-overload reportArgumentType
task(transactional="yes")  # E: call-overload reportArgumentType
task(on_success="plain")  # E: arg-type reportArgumentType
task(run_after=timedelta(1))  # E: call-overload reportCallIssue
Retry(max_attempt=3)  # E: call-arg reportCallIssue
Retry(on=OSError())  # E: arg-type reportArgumentType

"""Tasks of django-taskq."""

from django_taskq.celery import shared_task

from . import bodies

nothing = shared_task(bodies.nothing)
mark = shared_task(bodies.mark)

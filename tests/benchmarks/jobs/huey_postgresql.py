"""Tasks of Huey, on PostgreSQL."""

from __future__ import annotations

from django.conf import settings
from huey import PostgresHuey

from . import bodies

database = settings.DATABASES["default"]
huey = PostgresHuey(
    "bench",
    host=database["HOST"],
    port=database["PORT"],
    user=database["USER"],
    dbname=database["NAME"],
    **database["OPTIONS"],
)

nothing = huey.task()(bodies.nothing)
mark = huey.task()(bodies.mark)

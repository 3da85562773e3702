"""Tasks of Huey, on Redis."""

from __future__ import annotations

from huey import RedisHuey

from tests.services import REDIS

from ..space import name
from . import bodies

huey = RedisHuey(name(), host=REDIS.host, port=REDIS.port)

nothing = huey.task()(bodies.nothing)
mark = huey.task()(bodies.mark)

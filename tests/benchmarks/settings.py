"""Settings of a process that works for one peer, told by the environment which and where."""

import json
import os

from .peers import find

try:
    import MySQLdb  # noqa: F401
except ImportError:
    try:
        import pymysql
    except ImportError:
        pass
    else:
        pymysql.version_info = (2, 2, 7, "final", 0)  # what Django asks of mysqlclient
        pymysql.install_as_MySQLdb()

PEER = find(os.environ["BENCH_PEER"])
SECRET_KEY = "benchmark"
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
INSTALLED_APPS = list(PEER.apps)
DATABASES = {"default": json.loads(os.environ["BENCH_DATABASE"])}
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"console": {"class": "logging.StreamHandler"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
    "loggers": {"django": {"level": "WARNING"}},  # nobody pays for a line per task
}
globals().update(PEER.settings)

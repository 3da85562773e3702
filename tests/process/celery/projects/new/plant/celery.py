import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "plant.settings")

app = Celery("plant")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["plant"])
app.autodiscover_tasks(["plant"], related_name="trouble")

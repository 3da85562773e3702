"""From Celery to django.tasks."""

"""From the django-tasks backport to django.tasks."""

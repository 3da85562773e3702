"""Source rewriters from legacy task libraries to django.tasks."""

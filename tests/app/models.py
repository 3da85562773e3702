from django.db import models


class Run(models.Model):
    """One execution of a task, written by its body."""

    name = models.CharField(max_length=64)
    at = models.DateTimeField(auto_now_add=True)

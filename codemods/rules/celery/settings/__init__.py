"""The TASKS setting, the aliases file, and what stays of Celery's."""

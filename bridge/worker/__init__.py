"""manage.py db_worker: a supervisor, its child processes, and the marks they share."""

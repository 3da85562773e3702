"""The program behind `make demo`: a real Celery project, migrated while its workers run."""

"""The names of Celery's settings: lower-case ones, those of a namespace, and the old ones."""

from __future__ import annotations

from collections.abc import Iterable

_NAMES = """
    accept_content beat_cron_starting_deadline beat_max_loop_interval beat_schedule
    beat_schedule_filename beat_scheduler beat_sync_every cache_backend cache_backend_options
    enable_utc imports include result_accept_content result_backend result_backend_always_retry
    result_backend_max_retries result_backend_transport_options result_cache_max
    result_chord_join_timeout result_chord_retry_interval result_compression result_exchange
    result_exchange_type result_expires result_extended result_persistent result_serializer
    task_acks_late task_acks_on_failure_or_timeout task_always_eager task_annotations
    task_allow_error_cb_on_chord_header task_compression task_create_missing_queues
    task_default_delivery_mode task_default_exchange task_default_exchange_type
    task_default_priority task_default_queue task_default_queue_type task_default_rate_limit
    task_default_routing_key task_eager_propagates task_ignore_result task_inherit_parent_priority
    task_protocol task_publish_retry task_publish_retry_policy task_queue_ha_policy
    task_queue_max_priority task_queues task_reject_on_worker_lost task_remote_tracebacks
    task_routes task_send_sent_event task_serializer task_soft_time_limit
    task_store_eager_result task_store_errors_even_if_ignored task_time_limit task_track_started
    task_send_error_emails timezone worker_autoscaler
    worker_cancel_long_running_tasks_on_connection_loss worker_concurrency worker_consumer
    worker_deduplicate_successful_tasks worker_detect_quorum_queues worker_direct
    worker_disable_rate_limits worker_enable_remote_control worker_enable_soft_shutdown_on_idle
    worker_eta_task_limit worker_hijack_root_logger worker_log_color worker_log_format
    worker_lost_wait worker_max_memory_per_child worker_max_tasks_per_child worker_pool
    worker_pool_restarts worker_prefetch_multiplier worker_proc_alive_timeout
    worker_redirect_stdouts worker_redirect_stdouts_level worker_send_task_events
    worker_soft_shutdown_timeout worker_state_db worker_task_log_format worker_timer
"""
_KNOWN = frozenset(_NAMES.split())
_PREFIXES = ("broker_", "redis_", "database_", "event_queue_", "control_queue_", "security_")
_OLD = {
    "CELERYBEAT_SCHEDULE": "beat_schedule",
    "CELERYBEAT_SCHEDULER": "beat_scheduler",
    "CELERYBEAT_MAX_LOOP_INTERVAL": "beat_max_loop_interval",
    "CELERYBEAT_SCHEDULE_FILENAME": "beat_schedule_filename",
    "CELERYD_TASK_TIME_LIMIT": "task_time_limit",
    "CELERYD_TASK_SOFT_TIME_LIMIT": "task_soft_time_limit",
    "CELERYD_TASK_LOG_FORMAT": "worker_task_log_format",
    "CELERY_ACKS_LATE": "task_acks_late",
    "CELERY_ALWAYS_EAGER": "task_always_eager",
    "CELERY_ANNOTATIONS": "task_annotations",
    "CELERY_BACKEND": "result_backend",
    "CELERY_BROKER": "broker_url",
    "CELERY_CREATE_MISSING_QUEUES": "task_create_missing_queues",
    "CELERY_DEFAULT_DELIVERY_MODE": "task_default_delivery_mode",
    "CELERY_DEFAULT_EXCHANGE": "task_default_exchange",
    "CELERY_DEFAULT_EXCHANGE_TYPE": "task_default_exchange_type",
    "CELERY_DEFAULT_PRIORITY": "task_default_priority",
    "CELERY_DEFAULT_QUEUE": "task_default_queue",
    "CELERY_DEFAULT_RATE_LIMIT": "task_default_rate_limit",
    "CELERY_DEFAULT_ROUTING_KEY": "task_default_routing_key",
    "CELERY_DISABLE_RATE_LIMITS": "worker_disable_rate_limits",
    "CELERY_EAGER_PROPAGATES": "task_eager_propagates",
    "CELERY_EAGER_PROPAGATES_EXCEPTIONS": "task_eager_propagates",
    "CELERY_IGNORE_RESULT": "task_ignore_result",
    "CELERY_MESSAGE_COMPRESSION": "task_compression",
    "CELERY_QUEUES": "task_queues",
    "CELERY_QUEUE_MAX_PRIORITY": "task_queue_max_priority",
    "CELERY_REJECT_ON_WORKER_LOST": "task_reject_on_worker_lost",
    "CELERY_ROUTES": "task_routes",
    "CELERY_SEND_EVENTS": "worker_send_task_events",
    "CELERY_SEND_TASK_ERROR_EMAILS": "task_send_error_emails",
    "CELERY_SEND_TASK_SENT_EVENT": "task_send_sent_event",
    "CELERY_STORE_ERRORS_EVEN_IF_IGNORED": "task_store_errors_even_if_ignored",
    "CELERY_TASK_PUBLISH_RETRY": "task_publish_retry",
    "CELERY_TASK_RESULT_EXPIRES": "result_expires",
    "CELERY_TRACK_STARTED": "task_track_started",
}


def canonical(name: str, namespaces: Iterable[str] = ("CELERY",)) -> str:
    """Return Celery's present name of a setting, an empty string if it is none of Celery's."""
    if name in _OLD:
        return _OLD[name]
    if name.startswith("BROKER_"):
        return name.lower()
    if name.startswith("CELERYD_"):
        return _known(f"worker_{name.removeprefix('CELERYD_').lower()}")
    for namespace in namespaces:
        if name.startswith(f"{namespace}_"):
            found = _known(name.removeprefix(f"{namespace}_").lower())
            if found:
                return found
    return _known(name) if name.islower() else ""


def _known(name: str) -> str:
    return name if name in _KNOWN or name.startswith(_PREFIXES) else ""

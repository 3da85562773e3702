"""Read what is in Celery's result backend, whichever it is, as it was stored."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from celery import Celery, states
from celery.backends.base import BaseKeyValueStoreBackend, DisabledBackend
from celery.backends.rpc import RPCBackend
from kombu.utils.encoding import bytes_to_str

logger = logging.getLogger("bridge.celery")
Meta = dict[str, Any]


def is_readable(app: Celery) -> bool:
    """Say whether an app's results can be read by others than who has sent the task."""
    return not isinstance(app.backend, (DisabledBackend, RPCBackend))


def read(app: Celery, ids: Iterable[str]) -> dict[str, Meta]:
    """Return the stored results of tasks; there is none for those of which nothing is known.

    Of a failure the result is what names its class, not yet an exception. Whatever the result
    backend raises when it is away is raised.
    """
    results = app.backend
    if not isinstance(results, BaseKeyValueStoreBackend):
        metas = {id_: results.get_task_meta(id_, cache=False) for id_ in ids}
        return {id_: meta for id_, meta in metas.items() if meta["status"] != states.PENDING}
    found = {}
    for id_, payload in _payloads(results, list(ids)):
        if payload:
            try:
                # decode_result() would look for the class in this process, and make up another.
                found[id_] = results.decode(payload)
            except Exception as error:  # noqa: BLE001
                # Pickled by code that is not here, for example. Others can be read.
                logger.warning("task=%s its result cannot be decoded: %r", id_, error)
    return found


def _payloads(results: Any, ids: list[str]) -> Iterator[tuple[str, Any]]:
    keys = [results.get_key_for_task(id_) for id_ in ids]
    try:
        values = results.mget(keys)
    except NotImplementedError:
        values = map(results.get, keys)
    if isinstance(values, Mapping):
        named = {bytes_to_str(key): value for key, value in values.items()}
        values = [named.get(bytes_to_str(key)) for key in keys]
    yield from zip(ids, values, strict=True)

"""Hints for workers over Redis, and the only place that knows RQ.

The database holds the truth: a hint that is lost is sent again by the sweep, a doubled one
finds nothing to do. So an unreachable Redis is logged here and never breaks a request.
"""

import functools
import logging
from typing import Literal

import django_rq
from django.db import transaction
from redis import Redis
from redis.exceptions import RedisError
from rq import Worker

from jobs.errors import QueueUnavailableError

logger = logging.getLogger(__name__)

Queue = Literal["run", "control"]
BackgroundCall = Literal["prepare_job", "run_chunks", "finish_job", "make_retry_list", "sweep"]

RUN: Queue = "run"
CONTROL: Queue = "control"
QUEUE_OF: dict[BackgroundCall, Queue] = {
    "prepare_job": CONTROL,
    "run_chunks": RUN,
    "finish_job": CONTROL,
    "make_retry_list": CONTROL,
    "sweep": CONTROL,
}


def call(name: BackgroundCall, *args: str) -> None:
    """Hint that `jobs.background.<name>(*args)` has something to do, once this transaction commits."""
    transaction.on_commit(functools.partial(_enqueue, name, args))


def call_runners() -> None:
    """Hint to every runner that chunks wait, once this transaction commits."""
    transaction.on_commit(_enqueue_runners)


def workers_of(queue: Queue) -> int:
    """How many live workers listen on `queue`. Raises QueueUnavailableError."""
    try:
        return Worker.count(queue=django_rq.get_queue(queue))
    except RedisError as error:
        raise QueueUnavailableError from error


def waiting_in(queue: Queue) -> int:
    """How many hints wait in `queue`. Raises QueueUnavailableError."""
    try:
        return int(django_rq.get_queue(queue).count)
    except RedisError as error:
        raise QueueUnavailableError from error


def connection(*, timeout_s: float) -> Redis:
    """For small things that workers tell each other. Its commands raise RedisError, after
    `timeout_s` at the latest.
    """
    pool = django_rq.get_connection(RUN).connection_pool
    pool.connection_kwargs["socket_timeout"] = timeout_s
    return Redis(connection_pool=pool)


def _enqueue(name: BackgroundCall, args: tuple[str, ...]) -> None:
    try:
        # No timeout: RQ's alarm would be raised inside whatever the call is doing; calls keep
        # their own time boxes.
        django_rq.get_queue(QUEUE_OF[name]).enqueue(
            f"jobs.background.{name}", *args, job_timeout=-1, result_ttl=0, failure_ttl=3600
        )
    except RedisError:
        logger.warning("Redis does not answer; the sweep will repeat %s%s", name, args)


def _enqueue_runners() -> None:
    try:
        missing = max(1, workers_of(RUN)) - waiting_in(RUN)
    except QueueUnavailableError:
        logger.warning("Redis does not answer; the sweep will call the runners")
        return
    for _ in range(missing):
        _enqueue("run_chunks", ())

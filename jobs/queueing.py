"""Hints for workers over Redis, and the only place that knows RQ.

The database holds the truth: a hint that is lost is sent again by the sweep, a doubled one
finds nothing to do. So an unreachable Redis is logged here and never breaks a request.
"""

import contextlib
import functools
import logging
import os
import socket
from collections.abc import Mapping, Set
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import django_rq
from django.db import transaction
from redis import Redis
from redis.exceptions import RedisError
from rq import Worker
from rq.exceptions import DeserializationError
from rq.job import Job as Message
from rq.utils import as_text

from jobs.errors import QueueUnavailableError

logger = logging.getLogger(__name__)

Queue = Literal["run", "control"]
BackgroundCall = Literal[
    "run_chunks",
    "prepare_and_finish",
    "make_retry_list",
    "convert_list",
    "note_access_key_use",
    "send_notifications",
]

ANSWER_S = 1.0
"""A server that is frozen holds nobody up for longer."""

RUN: Queue = "run"
CONTROL: Queue = "control"
QUEUE_OF: dict[BackgroundCall, Queue] = {
    "run_chunks": RUN,
    "prepare_and_finish": CONTROL,
    "make_retry_list": CONTROL,
    "convert_list": CONTROL,
    "note_access_key_use": CONTROL,
    "send_notifications": CONTROL,
}
FUNCTIONS = frozenset(f"jobs.background.{name}" for name in QUEUE_OF)
"""All that a message may name: who reaches Redis has no worker run anything else."""


BEAT_S = 5
"""How often a worker is heard of."""

HEARD_S = 15.0
"""Who was not heard of for so long is frozen, dead or cut off."""

REMEMBERED_S = 300
"""For how long one is known that is not heard of any more."""

SCHEDULER = "scheduler"
_SCHEDULERS = "batchconsole:schedulers"
_NOTIFIER_CALLED = "batchconsole:notifier-called"
CALLED_AGAIN_S = 60
"""A hint that is not heard for so long counts as lost."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A worker as Redis knows it: `queue` is the one that it listens on, SCHEDULER for a scheduler,
    which listens on none. It was not heard of for `silent_s`, on Redis's clock. `call_pid` is the process of the
    call that it made last, 0 for none; `owner` is how that stands in leases.
    """

    name: str
    queue: str
    host: str
    pid: int
    call_pid: int
    since: datetime | None
    silent_s: float

    @property
    def is_heard(self) -> bool:
        return self.silent_s < HEARD_S

    @property
    def owner(self) -> str:
        return owner_name(self.host, self.call_pid or self.pid)


def owner_name(host: str, pid: int) -> str:
    """A process, as it stands in leases."""
    return f"{host[:40]}:{pid}"


def call(name: BackgroundCall, *args: str) -> None:
    """Hint that `jobs.background.<name>(*args)` has something to do, once this transaction commits."""
    transaction.on_commit(functools.partial(_enqueue, name, args))


def call_runners() -> None:
    """Hint to every runner that chunks wait, once this transaction commits."""
    transaction.on_commit(_enqueue_runners)


def call_control() -> None:
    """Hint to a control worker that some job is to be prepared or finished, once this transaction
    commits. Who takes it calls the next one, as long as there is more to do.
    """
    transaction.on_commit(_enqueue_control)


def call_notifier() -> None:
    """Hint that messages are to be sent; one such hint waits at a time."""
    try:
        redis = connection(timeout_s=ANSWER_S)
        if redis.set(_NOTIFIER_CALLED, "1", nx=True, ex=CALLED_AGAIN_S):
            _enqueue("send_notifications", ())
    except RedisError:
        logger.warning("Redis does not answer; the sweep will call for notifications")


def notifier_came() -> None:
    """By whoever heard that hint, before they look what there is to send."""
    with contextlib.suppress(RedisError):
        connection(timeout_s=ANSWER_S).delete(_NOTIFIER_CALLED)


def workers_of(queue: Queue) -> int:
    """How many live workers listen on `queue`. Raises QueueUnavailableError."""
    return sum(seen.queue == queue and seen.is_heard for seen in workers_seen())


def waiting_in(queue: Queue) -> int:
    """How many hints wait in `queue`; an answer or none comes soon. Raises QueueUnavailableError."""
    try:
        return int(connection(timeout_s=ANSWER_S).llen(django_rq.get_queue(queue).key))
    except RedisError as error:
        raise QueueUnavailableError from error


def workers_seen() -> list[Seen]:
    """All workers and schedulers that were heard of within REMEMBERED_S and did not say that they
    end, by kind and name. Raises QueueUnavailableError.
    """
    try:
        return _workers_seen(django_rq.get_connection(RUN))
    except RedisError as error:
        raise QueueUnavailableError from error


def _workers_seen(redis: Redis) -> list[Seen]:
    keys: list[tuple[str, str]] = [
        (queue, key)
        for queue in (RUN, CONTROL)
        for key in sorted(Worker.all_keys(queue=django_rq.get_queue(queue)))
    ]
    keys += [(SCHEDULER, as_text(key)) for key in sorted(redis.smembers(_SCHEDULERS))]
    with redis.pipeline(transaction=False) as pipeline:
        for _, key in keys:
            pipeline.hgetall(key)
            pipeline.pttl(key)
        answers = pipeline.execute()
    seen = []
    for (queue, key), facts, left_ms in zip(keys, answers[::2], answers[1::2], strict=True):
        if b"hostname" in facts and b"death" not in facts:
            seen.append(_seen(queue, key, facts, REMEMBERED_S - left_ms / 1000))
    return seen


def _seen(queue: str, key: str, facts: Mapping[bytes, bytes], silent_s: float) -> Seen:
    def fact(name: str) -> str:
        return facts.get(name.encode(), b"").decode(errors="replace")

    return Seen(
        name=key.rpartition(":")[2][:8],
        queue=queue,
        host=fact("hostname"),
        pid=int(fact("pid") or 0),
        call_pid=int(fact("call_pid") or 0),
        since=datetime.fromisoformat(fact("birth")) if fact("birth") else None,
        silent_s=max(0.0, silent_s),
    )


def names_one_of(message: Message, functions: Set[str]) -> bool:
    """Not so for a message of another version, which may be written in another way."""
    try:
        return message.func_name in functions
    except DeserializationError:
        return False


def note_call(worker: Worker, pid: int) -> None:
    """That process `pid` makes the calls of `worker` from now on. Raises RedisError."""
    worker.connection.hset(worker.key, "call_pid", pid)


def note_scheduler(*, since: datetime) -> None:
    """That this process schedules, and has since then. Does nothing where Redis does not answer."""
    host, pid = socket.gethostname(), os.getpid()
    key = f"{_SCHEDULERS}:{host}-{pid}"
    facts: dict[Any, str] = {"hostname": host, "pid": str(pid), "birth": since.isoformat()}
    try:
        with connection(timeout_s=1.0).pipeline(transaction=False) as pipeline:
            pipeline.hset(key, mapping=facts)
            pipeline.expire(key, REMEMBERED_S)
            pipeline.sadd(_SCHEDULERS, key)
            pipeline.execute()
    except RedisError:
        logger.debug("Redis does not answer, so nobody sees that the scheduler runs")


def forget_scheduler() -> None:
    """As `note_scheduler`: this process schedules no more."""
    key = f"{_SCHEDULERS}:{socket.gethostname()}-{os.getpid()}"
    try:
        with connection(timeout_s=1.0).pipeline(transaction=False) as pipeline:
            pipeline.delete(key)
            pipeline.srem(_SCHEDULERS, key)
            pipeline.execute()
    except RedisError:
        logger.debug("Redis does not answer; the scheduler is forgotten there by itself")


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
    for _ in range(_missing(RUN)):
        _enqueue("run_chunks", ())


def _enqueue_control() -> None:
    if _missing(CONTROL) > 0:
        _enqueue("prepare_and_finish", ())


def _missing(queue: Queue) -> int:
    """How many hints may wait in `queue` besides those that do: one for each worker."""
    try:
        return max(1, workers_of(queue)) - waiting_in(queue)
    except QueueUnavailableError:
        logger.warning("Redis does not answer; the sweep will call the workers")
        return 0

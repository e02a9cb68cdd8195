"""What waits in the queues of Redis."""

import django_rq

from jobs import queueing


def turns_asked_for() -> int:
    """Hints to prepare or finish a job; whoever is told of jobs has hints of their own."""
    asked = django_rq.get_queue(queueing.CONTROL).jobs
    return sum(one.func_name.endswith("prepare_and_finish") for one in asked)

"""What a decision costs: 200 statements that are all looked at, since none of them decides."""

import time
from collections.abc import Mapping
from typing import Any

from bench import sizes
from bench.figures import Findings, figure
from bench.place import Place
from jobs.access.policy.evaluation import evaluate
from jobs.access.policy.parsing import parse

STATEMENTS, AT_ONCE, MOST_MS = 200, 100, 1.0
ACTION, JOB = "s3:UpdateJobPriority", "arn:aws:s3:north:123456789012:job/00e123a4"
KEYS = {
    "aws:username": ("ana@example.com",),
    "aws:principaltag/department": ("Finance",),
    "aws:resourcetag/department": ("Finance",),
    "aws:resourcetag/stage": ("QA",),
    "s3:requestjobpriority": ("120",),
    "s3:existingjobpriority": ("10",),
    "aws:sourceip": ("10.1.2.3",),
}
RESOURCE = {"Resource": "arn:aws:s3:*:*:job/*"}
CONDITIONS: tuple[Mapping[str, Any], ...] = (
    {
        "StringEquals": {"aws:ResourceTag/department": "${aws:PrincipalTag/department}"},
        "NumericLessThanEquals": {"s3:RequestJobPriority": 100},
    },
    {"StringLike": {"aws:ResourceTag/stage": ["Prod*", "Stag*"]}},
    {"StringEquals": {"aws:ResourceTag/department": ["Compliance", "Engineering"]}},
    {"NotIpAddress": {"aws:SourceIp": "10.0.0.0/8"}},
)


def decided(place: Place, found: Findings) -> None:
    """Without a database: `place` is there for the others."""
    one = {"Effect": "Allow", "Action": ["s3:UpdateJob*"], **RESOURCE}
    statements = [
        one | {"Condition": CONDITIONS[number % len(CONDITIONS)]} for number in range(STATEMENTS)
    ]
    policy = parse({"Version": "2012-10-17", "Statement": statements})
    took_ms = []
    for _ in range(max(5, sizes.runs())):
        began_s = time.process_time()
        for _ in range(AT_ONCE):
            verdict = evaluate([policy], ACTION, JOB, KEYS)
        took_ms.append((time.process_time() - began_s) / AT_ONCE * 1000)
        if verdict.allowed:
            found.wrong.append("policies: a statement allowed what its condition does not")
    took = figure(took_ms)
    found.add(
        "policies",
        f"a decision over {STATEMENTS} statements with conditions, CPU ms",
        took,
        digits=2,
        aim=f"< {MOST_MS:.0f}",
        met=took.median < MOST_MS,
    )

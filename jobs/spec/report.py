"""The completion report that a job asks for.

See docs/batch-operations.md, The report that is asked for.
"""

from dataclasses import dataclass

from jobs.choices import ReportScope


@dataclass(frozen=True, slots=True)
class ReportSpec:
    """With `enabled` false the other members mean nothing. `prefix` has no slash at its ends, and
    `expected_owner` is an account of 12 digits, or empty.
    """

    enabled: bool
    bucket: str = ""
    prefix: str = ""
    scope: ReportScope = ReportScope.FAILED_TASKS_ONLY
    expected_owner: str = ""

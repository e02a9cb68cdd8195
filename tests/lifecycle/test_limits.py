"""Bounds of limits, for whichever door they come through."""

from dataclasses import replace

import pytest
from django.utils import timezone

from jobs.errors import JobStatusError, ValidationFailedError
from jobs.lifecycle.limits import BOUNDS, change_ceilings, check_limits
from jobs.models import JobEvent
from jobs.spec.job import LimitsSpec
from tests.allowed import allowed
from tests.make import make_job, make_user

NOW = timezone.now()


def test_limits_that_nobody_set_are_fine():
    assert check_limits(LimitsSpec()) == []


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("requests_per_s", [1, 1_000_000], [0, -5, 1_000_001]),
        ("in_flight", [1, 1_000], [0, 1_001]),
        ("failure_floor", [1, 2_147_483_647], [0, 2_147_483_648]),
        ("failure_percent", [0, 100], [-1, 101]),
        ("canary_tasks", [0, 2_147_483_647], [-1, 2_147_483_648]),
        ("canary_percent", [0, 100], [-1, 101]),
    ],
)
def test_limit_out_of_bounds_is_a_problem_of_its_field(name, good, bad):
    for value in good:
        assert check_limits(replace(LimitsSpec(), **{name: value})) == []
    for value in bad:
        assert [p.field for p in check_limits(replace(LimitsSpec(), **{name: value}))] == [
            f"BatchConsole.Limits.{BOUNDS[name][0]}"
        ]


@pytest.mark.django_db
def test_changed_ceilings_are_noted_with_who_changed_them():
    job, ana = make_job("Active", in_flight=4), make_user(name="ana")
    changed = change_ceilings(job.pk, requests_per_s=50, in_flight=None, by=allowed(ana), now=NOW)
    assert (changed.requests_per_s, changed.in_flight) == (50, None)
    event = JobEvent.objects.get()
    assert event.before == {"requests_per_s": None, "in_flight": 4}
    assert event.after == {"requests_per_s": 50, "in_flight": None}


@pytest.mark.django_db
def test_ceilings_out_of_bounds_change_nothing():
    job = make_job("Active")
    with pytest.raises(ValidationFailedError):
        change_ceilings(job.pk, requests_per_s=0, in_flight=None, by=allowed(), now=NOW)
    assert not JobEvent.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize("status", ["Complete", "Failed", "Cancelled"])
def test_ceilings_of_a_job_that_ended_do_not_change(status):
    job = make_job(status)
    with pytest.raises(JobStatusError):
        change_ceilings(job.pk, requests_per_s=5, in_flight=None, by=allowed(), now=NOW)

"""Goals that start all that `make up` starts, with few tasks, over a storage of ours."""

from dataclasses import replace

import pytest

from bench import lists, viewers
from bench.figures import Findings
from bench.goals import neighbours, watchers
from jobs.queries.job_detail import POLL_FAST_S
from tests.bench.conftest import with_files
from tests.s3_double import plausible

TASKS = 500
AT_ONCE = 100
"""Tasks that are answered before pages have seen that their job runs."""


@pytest.fixture
def small(place, settings, monkeypatch):
    settings.BATCHCONSOLE_WORKERS, settings.BATCHCONSOLE_CONTROL_WORKERS = 1, 2
    for goal in (neighbours, watchers):
        monkeypatch.setattr(goal, "DELAY_MS", 0)  # the double has one port
    return place


def test_job_beside_bad_storages_is_measured_against_itself_alone(small, monkeypatch):
    monkeypatch.setattr(neighbours, "LISTS", 1)
    monkeypatch.setattr(neighbours, "TASK_JOBS", 1)
    monkeypatch.setattr(neighbours, "TASKS", TASKS)
    found = Findings()
    neighbours.beside_bad_storages(small, found)
    assert found.wrong == []
    rows = {row.what.partition(",")[0]: row for row in found.rows}
    assert {f"{phase}: rate beside them" for phase in neighbours.PHASES} <= set(rows)
    assert {"jobs list", "overview", "the job's page"} <= set(rows)
    assert int(rows["of 6 jobs of theirs go on at the end"].figure) >= 4
    [memory] = [row for row in found.rows if "peak RSS" in row.what]
    assert float(memory.figure) > 10


def test_open_pages_ask_as_browsers_do_while_a_job_runs(small, double, monkeypatch):
    opened = []

    class Opened(viewers.Viewers):
        def open(self, within_s):
            opened.extend(self.all)
            super().open(within_s)

    def have_seen_it_run():
        fast = [one for one in opened if one.page != "/jobs/"]
        return all(one.every_s == POLL_FAST_S and len(one.looks) > 1 for one in fast)

    def answer(received):
        is_late = received.method == "PUT" and lists.number_of(received.path) >= AT_ONCE
        answered = plausible(received)
        return replace(answered, until=have_seen_it_run) if is_late else answered

    double.answer = with_files(small.stub, answer)
    monkeypatch.setattr(watchers, "Viewers", Opened)
    monkeypatch.setattr(watchers, "OPENED_WITHIN_S", 0.1)
    found = Findings()
    watchers.two_hundred(small, found)
    assert found.wrong == []
    assert len(opened) == 10 and all(one.looks for one in opened if one.page != "/jobs/")
    [looks] = [row for row in found.rows if row.what.startswith("all fragments, ")]
    assert int(looks.what.split()[2].rstrip(":")) >= 9 and float(looks.figure) >= 0

"""The harness over a storage of ours: what is right counts as right, what is wrong is noticed."""

from collections import Counter

import pytest

from bench import contest, trials
from bench.figures import Findings
from bench.goals import limits, million
from tests.bench.conftest import with_files
from tests.make import make_job
from tests.s3_double import error, plausible

TASKS = 500


def test_job_in_a_horse_of_its_own_is_measured_and_found_right(place):
    found = Findings()
    peer = contest.whole_job(place, "job", trials.TAGGING, TASKS, found, url=place.stub.url())
    sample = peer.run()
    assert (sample.tasks, found.wrong) == (TASKS, [])
    assert sample.cpu_s > 0 and sample.wall_s > 0


def test_job_whose_storage_misses_an_object_is_a_wrong_result(place, double):
    missing = "part-000000123"

    def answer(received):
        return error(404, "NoSuchKey") if missing in received.target else plausible(received)

    double.answer = with_files(place.stub, answer)
    found = Findings()
    contest.whole_job(place, "job", trials.TAGGING, TASKS, found, url=place.stub.url()).run()
    assert len(found.wrong) == 1 and "499 succeeded and 1 failed" in found.wrong[0]


def test_job_by_real_workers_has_its_phases_statements_and_memory(place):
    found = Findings()
    million.end_to_end(place, found)
    assert found.wrong == []
    figures = {row.what: row.figure for row in found.rows}
    assert {"prepare: s", "run: s", "finish: s"} <= set(figures)
    assert int(figures["run_chunks: database statements"].replace(",", "")) > 0
    # Whoever lives for less than a look at the memory is not seen: here the horses.
    parents = {name for name in found.memory_mb if name.endswith(", parent")}
    assert len(parents) == 3 and all(found.memory_mb[name] > 1 for name in parents)


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ([b"data/part-000000000.parquet"], "lost 1, doubled 0, of unknown objects 0"),
        ([b"part-000000000", b"part-000000000"], "lost 1, doubled 1, of unknown objects 0"),
        ([b"part-000000000", b"part-000000001", b"part-000000002"], "of unknown objects 1"),
    ],
)
def test_rows_that_are_not_one_per_object_are_told(keys, words):
    [sentence] = trials.wrong_rows(keys, 2, what="report")
    assert words in sentence


def test_rows_that_are_one_per_object_in_any_order_are_right():
    assert list(trials.wrong_rows([b"part-000000001", b"part-000000000"], 2, what="report")) == []


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("answers", "words"),
    [
        ({"200": 500, "404": 2}, "500 succeeded and 0 failed"),
        ({"200": 540}, "40 requests were repeated after a 200"),
        ({"200": 480, "503": 20}, "-20 requests were repeated after a 200"),
    ],
)
def test_job_whose_counts_are_not_what_its_storage_answered_is_a_wrong_result(answers, words):
    job = make_job("Complete", total=500, succeeded=500)
    wrong = limits.misread(job, Counter(answers), 500, faulty=False)
    assert any(words in sentence for sentence in wrong)

"""Widths and paths of the charts (ux 3.4)."""

from hypothesis import given
from hypothesis import strategies as some

from jobs.templatetags import shapes

COUNTS = some.integers(0, 10**12)


@given(COUNTS, COUNTS, COUNTS)
def test_every_part_of_a_bar_that_is_there_is_seen_and_all_of_them_fill_it(ok, failed, rest):
    bar = shapes.bar_of(ok, failed, ok + failed + rest)
    widths = (bar.ok, bar.failed, bar.rest)
    assert abs(sum(widths) - 100) <= 0.02
    if ok + failed + rest:
        assert [width >= 1 for width in widths] == [count > 0 for count in (ok, failed, rest)]


def test_one_failure_among_a_million_takes_its_width_from_the_widest_part():
    assert shapes.bar_of(999_999, 1, 1_000_000) == shapes.Bar(ok=99.0, failed=1.0, rest=0.0)


def test_a_bar_of_nothing_is_empty():
    assert shapes.bar_of(0, 0, 0) == shapes.Bar(ok=0, failed=0, rest=100)


def test_a_share_of_a_breakdown_is_at_least_one_percent_wide():
    widths = [shapes.share_width(n, 10_000) for n in (0, 1, 5_000, 10_000)]
    assert widths == [0.0, 1.0, 50.0, 100.0]


def test_a_curve_starts_at_a_zero_baseline_and_its_peak_stays_inside():
    (run,) = shapes.runs_of([0, 10, 5])
    assert run.curve == "M0.0 48.0L150.0 3.0L300.0 25.5"
    assert run.area == "M0.0 48L0.0 48.0L150.0 3.0L300.0 25.5L300.0 48Z"


def test_a_pause_leaves_a_gap_in_the_curve():
    runs = shapes.runs_of([1, 1, None, None, 1, 1])
    assert [run.curve for run in runs] == ["M0.0 3.0L60.0 3.0", "M240.0 3.0L300.0 3.0"]


def test_a_lone_sample_is_still_drawn():
    (run,) = shapes.runs_of([7])
    assert run.curve == "M0.0 3.0L1.0 3.0"


def test_no_samples_draw_nothing():
    assert shapes.runs_of([]) == []
    assert shapes.runs_of([None, None]) == []

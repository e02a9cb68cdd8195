import pytest

from jobs.queries.progress import Slot, common_s, is_stalled, left_s, rate_now, rates, steady_s


def test_rate_now_is_that_of_the_last_minute():
    slots = [Slot(at_s, 100) for at_s in range(0, 200, 10)]
    assert rate_now(slots, width_s=10, now_s=200, active_s=200) == 10


def test_rate_now_of_a_job_that_just_began_is_over_the_time_it_ran():
    assert rate_now([Slot(100, 40)], width_s=10, now_s=109, active_s=4) == 10


def test_rate_now_counts_the_whole_time_of_a_slot_that_began_before_the_minute():
    slots = [Slot(at_s, 100) for at_s in range(0, 100, 10)]
    assert rate_now(slots, width_s=10, now_s=95, active_s=95) == pytest.approx(700 / 65)


def test_rate_now_without_recent_tasks_is_zero():
    assert rate_now([Slot(0, 500)], width_s=10, now_s=1000, active_s=1000) == 0


def test_job_is_stalled_when_nothing_finished_for_two_minutes():
    slots = [Slot(100, 5), Slot(110, 0)]
    assert not is_stalled(slots, now_s=220, active_since_s=0)
    assert is_stalled(slots, now_s=221, active_since_s=0)
    assert not is_stalled([], now_s=121, active_since_s=1)


@pytest.mark.parametrize(
    ("active_s", "done", "recent"), [(29, 5000, 100), (300, 199, 100), (300, 5000, 0)]
)
def test_time_left_when_too_little_is_known_is_not_said(active_s, done, recent):
    assert left_s(remaining=1000, done=done, active_s=active_s, recent=recent) is None


def test_time_left_follows_the_recent_rate_twice_as_much_as_the_average():
    # (2 * 40 + 10) / 3 = 30 per second
    assert left_s(remaining=3000, done=1000, active_s=100, recent=40) == 100


def test_estimate_that_moved_by_less_than_a_tenth_stays():
    assert steady_s(105, 100) == 100
    assert steady_s(111, 100) == 111
    assert steady_s(89, 100) == 89
    assert steady_s(50, None) == 50
    assert steady_s(50, -3) == 50


@pytest.mark.parametrize("rest_s", [0.0, 0.3, 7.0, 9.0, 63.9, 64.0, 3_600.0, 1_000_000.0])
def test_common_end_is_a_whole_second_and_at_most_a_sixteenth_off(rest_s):
    now_s = 1_795_704_860.749
    found_s = common_s(rest_s, now_s)
    assert found_s == 0 or (now_s + found_s) % 1 == pytest.approx(0, abs=1e-5)
    assert abs(found_s - rest_s) <= max(0.5, rest_s / 16) + 1e-6


def test_rates_are_of_whole_slots_and_count_quiet_ones_as_zero():
    slots = [Slot(0, 10), Slot(20, 30), Slot(30, 999)]
    assert rates(slots, width_s=10, end_s=35) == [1, 0, 3]


def test_rates_cover_the_last_quarter_of_an_hour():
    slots = [Slot(at_s, at_s) for at_s in range(0, 2000, 10)]
    found = rates(slots, width_s=10, end_s=2000)
    assert (len(found), found[-1]) == (90, 199)


def test_rates_of_less_than_two_slots_are_no_line():
    assert rates([], width_s=10, end_s=100) == []
    assert rates([Slot(90, 5)], width_s=10, end_s=100) == []

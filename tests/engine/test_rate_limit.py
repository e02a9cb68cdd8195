"""How an unknown limit is found. The loop over a storage is simulated, so no time passes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.engine.rates.rate_limit import (
    DEEPEST_CUT,
    HIGHEST_PER_S,
    LONGEST_WAIT_S,
    LOWEST_PER_S,
    OLD_S,
    START_PER_S,
    WINDOW_S,
    Counts,
    Demand,
    Known,
    Pacer,
    Rate,
    Window,
    after,
    known_next,
    share_of,
)
from tests.engine.storage_sim import Simulation

SETTLED = Rate(1_000.0, seeking=False)

rates = st.builds(
    Rate,
    per_s=st.floats(LOWEST_PER_S, HIGHEST_PER_S),
    seeking=st.booleans(),
    growth_per_s=st.floats(0.05, 0.8),
    calm_s=st.floats(0, 1),
)


@st.composite
def windows(draw):
    answers = draw(st.integers(0, 100_000))
    throttled = draw(st.integers(0, answers))
    span_s = draw(st.floats(WINDOW_S, OLD_S))
    good_per_s = (answers - throttled) / span_s
    return Window(span_s, answers, throttled, good_per_s, draw(st.booleans()))


def window(answers, throttled, *, span_s=WINDOW_S, hungry=True):
    return Window(span_s, answers, throttled, (answers - throttled) / span_s, hungry)


# --- One window


@given(rates, windows())
def test_rate_whatever_happens_stays_within_its_bounds(rate, seen):
    assert LOWEST_PER_S <= after(rate, seen).per_s <= HIGHEST_PER_S


@given(rates, windows())
def test_rate_never_rises_after_a_window_with_many_throttled_answers(rate, seen):
    if seen.share > 0.03 and seen.throttled >= 3:
        assert max(rate.per_s * DEEPEST_CUT, LOWEST_PER_S) <= after(rate, seen).per_s <= rate.per_s


@given(rates, windows())
def test_rate_that_was_not_asked_for_stays_as_it_is(rate, seen):
    if not seen.hungry and seen.share <= 0.03:
        assert after(rate, seen) == rate


def test_rate_doubles_with_each_calm_window_until_one_is_throttled():
    rate = after(after(Rate(), window(100, 0)), window(200, 1))
    assert rate.per_s == 4 * START_PER_S and rate.seeking
    rate = after(rate, window(400, 200))
    assert not rate.seeking and rate.per_s == pytest.approx(0.97 * 1_000)


def test_rate_that_was_not_tried_to_the_full_doubles_after_a_second_only():
    rate, seen = Rate(), window(70, 0)
    for _ in range(4):
        rate = after(rate, seen)
        assert rate.per_s == START_PER_S
    assert after(rate, window(70, 0, span_s=0.21)).per_s == 2 * START_PER_S


def test_single_throttled_answers_neither_cut_a_rate_nor_hold_it():
    assert after(SETTLED, window(150, 2)).per_s > SETTLED.per_s


def test_rate_is_held_while_a_few_in_a_hundred_are_throttled():
    assert after(SETTLED, window(200, 4)) == SETTLED


def test_growth_speeds_up_with_every_calm_second():
    rate, gains = SETTLED, []
    for _ in range(5):
        before = rate.per_s
        for _ in range(5):
            rate = after(rate, window(round(rate.per_s * WINDOW_S), 0))
        gains.append(rate.per_s / before)
    assert gains == sorted(gains)
    assert gains[0] == pytest.approx(1.05, abs=0.01) and gains[-1] > 1.7


def test_cut_that_may_be_chance_goes_on_seeking():
    assert after(Rate(), window(90, 3)).seeking
    assert not after(Rate(), window(90, 12)).seeking


def test_rate_that_was_hardly_made_use_of_does_not_run_away():
    assert after(SETTLED, window(40, 0)) == SETTLED


# --- A window of several workers


def test_window_goes_on_until_it_has_answers_enough_but_not_for_ever():
    known = Known(SETTLED, 10.0, {"a": Counts(100)})
    assert known_next(known, {"a": Counts(110, waits=1)}, 10.9) is known
    assert known_next(known, {"a": Counts(110, waits=1)}, 11.1).at_s == 11.1


def test_window_counts_what_all_workers_counted_since_it_began():
    known = Known(SETTLED, 10.0, {"a": Counts(1_000, 500), "gone": Counts(7)})
    counts = {"a": Counts(1_150, 515), "new": Counts(100, 10)}
    cut = known_next(known, counts, 10.25)
    assert cut.rate.per_s == pytest.approx(0.97 * 900)
    assert cut.throttled_at_s == 10.25 and cut.seen == counts


def test_window_after_a_cut_is_left_out_while_others_may_go_by_the_rate_before():
    known = Known(SETTLED, 10.0, {})
    cut = known_next(known, {"a": Counts(100, 50), "b": Counts(100, 50)}, 10.25)
    again = known_next(cut, {"a": Counts(200, 100), "b": Counts(200, 100)}, 10.5)
    assert cut.settling and again.rate == cut.rate
    third = known_next(again, {"a": Counts(300, 150), "b": Counts(300, 150)}, 10.75)
    assert third.rate.per_s < cut.rate.per_s


def test_what_was_counted_before_a_long_silence_decides_nothing():
    known = Known(SETTLED, 10.0, {"a": Counts()})
    assert known_next(known, {"a": Counts(900, 900)}, 10.1 + OLD_S).rate == SETTLED


# --- Shares


demands = st.builds(Demand, used_per_s=st.floats(0, 10_000), hungry=st.booleans())


@given(st.floats(2, 100_000), st.lists(demands, min_size=1, max_size=12))
def test_shares_together_hardly_exceed_the_rate(per_s, all_of_them):
    shares = [
        share_of(per_s, mine, all_of_them[:at] + all_of_them[at + 1 :])
        for at, mine in enumerate(all_of_them)
    ]
    assert all(share > 0 for share in shares)
    assert sum(shares) <= per_s * 1.25 * (1 + 1e-9)


def test_hungry_workers_share_alike_what_the_modest_leave():
    hungry, modest = Demand(300, True), Demand(50, False)
    assert share_of(900, hungry, [hungry, hungry]) == 300
    assert share_of(900, hungry, [hungry, modest]) == 400
    assert share_of(900, modest, [hungry, hungry]) == 100


# --- Turns


@given(
    per_s=st.floats(0.5, 20_000),
    steps=st.lists(st.floats(0.0001, 0.3), min_size=1, max_size=200),
)
def test_turns_never_exceed_the_rate_in_any_span(per_s, steps):
    pacer, now_s, taken = Pacer(per_s), 0.0, []
    for step_s in steps:
        now_s += step_s
        while not pacer.wait_s(now_s) and len(taken) < 5_000:
            taken.append(now_s)
    for first, begun_s in enumerate(taken[:: max(1, len(taken) // 50)]):
        turns = len(taken) - first * max(1, len(taken) // 50)
        assert turns <= (taken[-1] - begun_s) * per_s + max(2.0, per_s * 0.02) + 1 + 1e-6


@given(st.floats(0.5, 1e6))
def test_wait_is_never_longer_than_a_change_of_the_rate_may_take(per_s):
    pacer = Pacer(per_s)
    wait_s = pacer.wait_s(0.0)
    assert 0 < wait_s <= LONGEST_WAIT_S and pacer.waits == 1


def test_turns_at_a_steady_rate_come_as_often_as_it_says():
    pacer, now_s, taken = Pacer(200.0), 0.0, 0
    while now_s < 10:
        wait_s = pacer.wait_s(now_s)
        taken += not wait_s
        now_s += wait_s
    assert taken == pytest.approx(2_000, rel=0.02)


def test_changed_rate_counts_from_the_next_turn_on():
    pacer = Pacer(None)
    assert [pacer.wait_s(1.0) for _ in range(100)] == [0.0] * 100
    pacer.per_s = 1.0
    assert pacer.wait_s(1.0) > 0
    pacer.per_s = None
    assert pacer.wait_s(1.0) == 0


# --- The whole loop


@pytest.mark.parametrize(
    ("limit", "workers"), [(100, 1), (100, 4), (300, 2), (300, 4), (2_000, 4), (8_000, 2)]
)
def test_unknown_limit_is_found_by_any_number_of_workers(limit, workers):
    run = Simulation((0, limit), workers=workers).run(14)
    assert run.good_per_s(8, 14) > 0.9 * limit
    assert run.throttled_share(8, 14) < 0.06


@pytest.mark.parametrize("workers", [1, 2])
def test_limit_of_2_000_is_used_to_nine_tenths_from_the_start(workers):
    run = Simulation((0, 2_000), workers=workers).run(10)
    assert run.good_per_s(0, 10) > 0.9 * 2_000
    assert run.throttled_share(0, 10) < 0.05


def test_limit_that_falls_and_rises_is_followed():
    run = Simulation((0, 2_000), (8, 500), (14, 3_000), workers=2).run(24)
    assert run.good_per_s(10, 14) > 0.85 * 500
    assert run.throttled_share(10, 14) < 0.06
    assert run.good_per_s(21, 24) > 0.9 * 3_000


@pytest.mark.parametrize("in_flight", [8, 64])
def test_one_in_a_hundred_throttled_by_chance_costs_next_to_nothing(in_flight):
    free = Simulation((0, None), in_flight=in_flight, chance=0.01).run(12)
    bound = in_flight / 0.02
    assert free.good_per_s(5, 12) > 0.9 * 0.95 * bound


def test_storage_without_a_limit_is_at_full_speed_after_two_seconds():
    run = Simulation((0, None), in_flight=128).run(3)
    assert run.good_per_s(2, 3) > 0.97 * 128 / 0.02

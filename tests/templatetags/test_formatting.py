"""Numbers and times as people read them (ux 1.4, 2.11, 3.4)."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some

from jobs.templatetags import formatting

NOW = datetime(2026, 11, 21, 10, 3, 11, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "text"), [(None, "-"), (0, "0"), (999, "999"), (4_100_000, "4,100,000"), (2.5, "2.5")]
)
def test_a_number_is_written_with_separators_and_nothing_as_a_dash(value, text):
    assert formatting.number(value) == text


@pytest.mark.parametrize(
    ("size_bytes", "text"),
    [
        (None, "-"),
        (0, "0 bytes"),
        (1, "1 byte"),
        (999, "999 bytes"),
        (1_000, "1.0 kB"),
        (999_949, "999.9 kB"),
        (999_950, "1.0 MB"),
        (3_100_000, "3.1 MB"),
        (5 * 10**12, "5.0 TB"),
        (2 * 10**18, "2,000.0 PB"),
    ],
)
def test_a_size_takes_the_unit_that_keeps_it_below_a_thousand(size_bytes, text):
    assert formatting.size(size_bytes) == text


@pytest.mark.parametrize(
    ("part", "whole", "text"),
    [
        (7_343, 12_000, "61.1%"),
        (11_999, 12_000, "99.9%"),
        (999_999_999, 1_000_000_000, "99.9%"),
        (12_000, 12_000, "100%"),
        (0, 12_000, "0%"),
        (1, 12_000, "<0.1%"),
        (12, 12_000, "0.1%"),
        (0, 0, "-"),
        (5, None, "-"),
        (None, 5, "-"),
    ],
)
def test_a_percentage_is_rounded_down(part, whole, text):
    assert formatting.percent(part, whole) == text


@pytest.mark.parametrize(
    ("part", "whole", "text"),
    [
        (30, 42, "71.4%"),
        (12, 42, "28.6%"),
        (42, 42, "100%"),
        (999_999, 1_000_000, "99.9%"),
        (1, 1_000_000, "0.1%"),
        (0, 42, "0%"),
        (0, 0, "-"),
    ],
)
def test_a_share_is_rounded_to_the_nearest_tenth_but_never_away(part, whole, text):
    assert formatting.share(part, whole) == text


def test_a_time_of_day_names_its_zone():
    assert formatting.clock(NOW) == "10:03:11 UTC"


@given(whole=some.integers(1, 10**12), missing=some.integers(1, 1_000))
def test_100_percent_is_never_shown_while_anything_is_missing(whole, missing):
    assert formatting.percent(max(0, whole - missing), whole) != "100%"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, "-"),
        (0.4, "Less than 1 s"),
        (12.9, "12 s"),
        (250, "4 min 10 s"),
        (240, "4 min"),
        (12_000, "3 h 20 min"),
        (86_400, "1 day"),
        (187_200, "2 days 4 h"),
        (timedelta(minutes=2), "2 min"),
        (-3, "Less than 1 s"),
    ],
)
def test_a_duration_has_at_most_two_units(seconds, text):
    assert formatting.duration(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, "-"),
        (59, "Less than a minute"),
        (61, "About 1 minute"),
        (250, "About 4 minutes"),
        (3_599, "About 1 h (around 11:03)"),
        (12_100, "About 3 h 20 min (around 13:24)"),
        (180_000, "About 2 days 2 h (around 23 November, 12:03)"),
    ],
)
def test_time_left_is_an_estimate_in_words_with_the_end_when_it_is_far(seconds, text):
    assert formatting.time_left(seconds, NOW) == text


@pytest.mark.parametrize(
    ("away", "text"),
    [
        (timedelta(seconds=-3), "just now"),
        (timedelta(seconds=-42), "42 seconds ago"),
        (timedelta(seconds=-119), "1 minute ago"),
        (timedelta(hours=-5), "5 hours ago"),
        (timedelta(days=-2, hours=-20), "2 days ago"),
        (timedelta(days=-90), "23 Aug 2026"),
        (timedelta(days=30, seconds=-4), "in 30 days"),
        (timedelta(minutes=90), "in 2 hours"),
        (timedelta(seconds=5), "in a moment"),
    ],
)
def test_a_moment_is_told_relative_to_now(away, text):
    assert formatting.relative(NOW + away, NOW) == text


def test_an_absolute_moment_names_its_zone():
    assert formatting.moment(NOW) == "21 November 2026, 10:03:11 UTC"


@pytest.mark.parametrize(
    ("rate", "text"), [(None, "-"), (0.26, "0.3/s"), (99.94, "99.9/s"), (1234.5, "1,234/s")]
)
def test_a_rate_keeps_a_decimal_only_while_it_is_small(rate, text):
    assert formatting.rate(rate) == text

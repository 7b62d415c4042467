"""Cron expressions: what they say, what is wrong with them, and when they are due where clocks change."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from celery.schedules import crontab
from hypothesis import given
from hypothesis import strategies as st

from annotator.modeling.cron import Cron, CronError

BERLIN = ZoneInfo("Europe/Berlin")
SPRING = datetime(2027, 3, 28, tzinfo=BERLIN)  # from 02:00 to 03:00
AUTUMN = datetime(2027, 10, 31, tzinfo=BERLIN)  # from 03:00 back to 02:00


def utc(*numbers: int) -> datetime:
    return datetime(*numbers, tzinfo=UTC)


def dues(text: str, start: datetime, days: int, zone=BERLIN) -> list[datetime]:
    """Every moment at which an expression is due in some days."""
    cron, found, after = Cron.parse(text), [], start.astimezone(UTC) - timedelta(seconds=1)
    while (due := cron.next_due(after, zone)) and due < start.astimezone(UTC) + timedelta(days=days):
        found.append(due)
        after = due
    return found


def test_every_night_at_half_past_two():
    cron = Cron.parse("30 2 * * *")
    assert cron.next_due(utc(2027, 5, 1, 0, 29), BERLIN) == utc(2027, 5, 1, 0, 30)
    assert cron.next_due(utc(2027, 5, 1, 0, 30), BERLIN) == utc(2027, 5, 2, 0, 30)
    assert cron.last_due(utc(2027, 4, 1), utc(2027, 5, 1, 0, 29), BERLIN) == utc(2027, 4, 30, 0, 30)
    assert cron.last_due(utc(2027, 4, 1), utc(2027, 5, 1, 0, 30), BERLIN) == utc(2027, 5, 1, 0, 30)
    assert cron.last_due(utc(2027, 5, 1, 0, 30), utc(2027, 5, 1, 23), BERLIN) is None


@pytest.mark.parametrize(
    ("text", "after", "due"),
    [
        ("*/15 * * * *", utc(2027, 1, 1, 0, 1), utc(2027, 1, 1, 0, 15)),
        ("5,35 9-17 * * *", utc(2027, 1, 1, 17, 36), utc(2027, 1, 2, 9, 5)),
        ("0 6 * * mon-fri", utc(2027, 1, 1, 12), utc(2027, 1, 4, 6)),  # 1 January 2027 is a Friday
        ("0 6 * * 7", utc(2027, 1, 1, 12), utc(2027, 1, 3, 6)),
        ("0 6 * * 5-7", utc(2027, 1, 2, 12), utc(2027, 1, 3, 6)),
        ("0 0 1 jan,JUL *", utc(2027, 1, 1), utc(2027, 7, 1)),
        ("0 0 29 2 *", utc(2027, 1, 1), utc(2028, 2, 29)),
        ("0 0 29 2 1", utc(2027, 1, 1), utc(2044, 2, 29)),
        ("0 3 1-7 * mon", utc(2027, 1, 5), utc(2027, 2, 1, 3)),  # the first Monday: day and day of week agree
        ("0 0-20/10 * * *", utc(2027, 1, 1, 1), utc(2027, 1, 1, 10)),
    ],
)
def test_fields_take_lists_ranges_steps_and_names(text, after, due):
    assert Cron.parse(text).next_due(after, ZoneInfo("UTC")) == due


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("60 * * * *", "minute “60”"),
        ("* 24 * * *", "hour “24”"),
        ("* * 0 * *", "day of the month “0”"),
        ("* * * 13 *", "month “13”"),
        ("* * * * 8", "day of the week “8”"),
        ("mon * * * *", "minute “mon”"),
        ("* * * mon *", "month “mon”"),
        ("* * * * jan", "day of the week “jan”"),
        ("*/0 * * * *", "minute “*/0”"),
        ("5/10 * * * *", "minute “5/10”"),
        ("20-10 * * * *", "minute “20-10”"),
        ("1,,2 * * * *", "minute “1,,2”"),
        ("-5 * * * *", "minute “-5”"),
        ("٣ * * * *", "minute “٣”"),
        ("99999999999999999999 * * * *", "minute “9999"),
        ("* * * *", "five fields"),
        ("* * * * * *", "five fields"),
        ("@daily", "five fields"),
        ("", "five fields"),
        ("0," * 150 + "0 * * * *", "five fields"),
        ("0 0 30 2 *", "a day “30”"),
        ("0 0 31 feb,apr *", "“feb,apr” has a day “31”"),
    ],
)
def test_what_is_wrong_is_said_with_the_field_that_it_is_in(text, named):
    with pytest.raises(CronError) as refused:
        Cron.parse(text)
    assert named in str(refused.value)


FIELD = {
    "minute": st.sets(st.integers(0, 59), min_size=1),
    "hour": st.sets(st.integers(0, 23), min_size=1),
    "day_of_month": st.sets(st.integers(1, 31), min_size=1),
    "month_of_year": st.sets(st.integers(1, 12), min_size=1),
    "day_of_week": st.sets(st.integers(0, 6), min_size=1),
}


@given(st.fixed_dictionaries(FIELD))
def test_beat_reads_the_same_numbers(numbers):
    text = " ".join(",".join(map(str, numbers[name])) for name in FIELD)
    try:
        expected = crontab(**numbers)
    except ValueError:  # a day that does not come
        with pytest.raises(CronError):
            Cron.parse(text[:200])
        return
    if len(text) > 200:
        return
    read = crontab(**Cron.parse(text).fields)
    assert read == expected
    assert all(len(part) <= 240 for part in Cron.parse(text).fields.values()), "that is what beat's table takes"


@given(
    st.sampled_from(["30 2 * * *", "*/7 * * * *", "0 0 * * *", "15 */6 * * 1-5", "59 23 31 * *", "30 * * * *"]),
    st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"]),
    st.datetimes(datetime(2026, 1, 1), datetime(2028, 1, 1)).map(lambda moment: moment.replace(tzinfo=UTC)),
)
def test_what_is_due_next_is_what_was_due_last_once_it_has_come(text, zone, after):
    cron, zone = Cron.parse(text), ZoneInfo(zone)
    due = cron.next_due(after, zone)
    assert due > after
    assert cron.last_due(after, due, zone) == due
    assert cron.last_due(after, due - timedelta(microseconds=1), zone) is None


def test_a_time_that_is_skipped_in_spring_comes_once_as_the_old_clock_would_have_it():
    assert dues("30 2 * * *", SPRING - timedelta(days=1), 3) == [
        utc(2027, 3, 27, 1, 30),
        utc(2027, 3, 28, 1, 30),  # 03:30 on the new clock
        utc(2027, 3, 29, 0, 30),
    ]


def test_a_time_that_comes_twice_in_autumn_counts_the_first_time():
    assert dues("30 2 * * *", AUTUMN - timedelta(days=1), 3) == [
        utc(2027, 10, 30, 0, 30),
        utc(2027, 10, 31, 0, 30),  # by summer time; again an hour later by winter time, which is left out
        utc(2027, 11, 1, 1, 30),
    ]


@pytest.mark.parametrize("day", [SPRING, AUTUMN], ids=["spring", "autumn"])
def test_an_expression_for_every_hour_follows_the_hours_as_they_pass(day):
    found = dues("30 * * * *", day - timedelta(days=1), 3)
    assert len(found) == 72
    assert {later - earlier for earlier, later in pairwise(found)} == {timedelta(hours=1)}


def test_an_expression_that_is_due_before_and_after_the_gap_is_due_once_for_both():
    assert dues("30 2,3 * * *", SPRING, 1) == [utc(2027, 3, 28, 1, 30)]

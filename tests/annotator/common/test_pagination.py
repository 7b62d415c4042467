"""Paging by key over a list that grows while it is read."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rest_framework.request import Request
from rest_framework.test import APIRequestFactory

from annotator.accounts.models import User
from annotator.common.errors import DomainError
from annotator.common.pagination import page_by_key, whole_number

pytestmark = pytest.mark.django_db


def ask(**query: object) -> Request:
    return Request(APIRequestFactory().get("/", query))


def people(count: int) -> list[int]:
    rows = User.objects.bulk_create(User(username=f"person {number}") for number in range(count))
    return [row.pk for row in rows]


def read_all(limit: int, *, newest_first: bool) -> list[list[int]]:
    """Follow `next` to the end; return the pages."""
    pages, after = [], None
    while True:
        query = {"limit": limit} | ({} if after is None else {"after": after})
        page = page_by_key(ask(**query), User.objects.all(), lambda row: row.pk, newest_first=newest_first)
        pages.append(page["results"])
        after = page["next"]
        if after is None:
            return pages


def test_pages_follow_each_other_to_the_end():
    ids = people(5)

    assert read_all(2, newest_first=False) == [ids[:2], ids[2:4], ids[4:]]


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(count=st.integers(0, 12), limit=st.integers(1, 14), newest_first=st.booleans())
def test_every_row_comes_once_in_order_and_no_page_is_empty_but_the_only_one(count, limit, newest_first):
    User.objects.all().delete()
    ids = people(count)

    pages = read_all(limit, newest_first=newest_first)

    assert [pk for page in pages for pk in page] == (ids[::-1] if newest_first else ids)
    assert all(len(page) == limit for page in pages[:-1])
    assert pages[-1] or count == 0


def test_a_row_that_comes_in_between_shifts_nothing():
    ids = people(4)
    first = page_by_key(ask(limit=2), User.objects.all(), lambda row: row.pk, newest_first=True)
    people_later = User.objects.create(username="late")

    second = page_by_key(ask(limit=2, after=first["next"]), User.objects.all(), lambda row: row.pk, newest_first=True)

    assert people_later.pk not in second["results"]
    assert first["results"] + second["results"] == ids[::-1]


@pytest.mark.parametrize("raw", ["0", "1001", "many", "1.5", "-3"])
def test_a_limit_that_cannot_be_is_named(raw):
    with pytest.raises(DomainError) as refused:
        page_by_key(ask(limit=raw), User.objects.all(), lambda row: row.pk)

    assert list(refused.value.errors) == ["limit"]


def test_a_number_that_is_not_given_has_its_default():
    assert whole_number(ask(), "after", 7) == 7
    assert whole_number(ask(after=""), "after", 7) == 7
    assert whole_number(ask(after="12"), "after", 7) == 12

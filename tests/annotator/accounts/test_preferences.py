"""What the pages keep for a person: merged key by key, the person's own, and never more than fits."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from annotator.accounts.models import User
from annotator.accounts.services import change_preferences
from annotator.common.errors import DomainError
from tests.factories import make_user

pytestmark = pytest.mark.django_db
ADDRESS = "/api/auth/me/preferences"


def test_own_keys_are_kept_and_come_with_who_is_signed_in(client_for):
    mia = make_user()
    client = client_for(mia)

    client.patch(ADDRESS, {"keys": {"label.skip": ["q"]}, "letters": False}, format="json")
    answer = client.patch(ADDRESS, {"letters": None, "density": "compact"}, format="json")

    kept = {"keys": {"label.skip": ["q"]}, "density": "compact"}
    assert (answer.status_code, answer.json()) == (200, kept)
    assert client.get(ADDRESS).json() == kept
    assert client.get("/api/auth/me").json()["user"]["preferences"] == kept


def test_nobody_sees_anothers(client_for):
    mia, noor = make_user(), make_user()
    change_preferences(user=mia, changes={"letters": False})

    assert client_for(noor).get(ADDRESS).json() == {}


def nested(depth: int) -> dict:
    value: dict = {}
    for _ in range(depth - 1):
        value = {"a": value}
    return value


@pytest.mark.parametrize(
    "body",
    [
        json.dumps({"keys": "x" * 17_000}),
        json.dumps({"keys": nested(5)}),
        '{"keys": 1e999}',
        '{"keys": "a\\u0000b"}',
        '{"keys": "\\ud800"}',
        '["keys"]',
        '"keys"',
        "{",
        '{"keys": ' + "[" * 5_000 + "]" * 5_000 + "}",
    ],
)
def test_what_cannot_be_kept_is_refused_and_changes_nothing(client_for, body):
    mia = make_user()
    change_preferences(user=mia, changes={"letters": True})

    response = client_for(mia).patch(ADDRESS, body, content_type="application/json")

    assert response.status_code == 400
    assert User.objects.get(pk=mia.pk).preferences == {"letters": True}


def test_what_is_kept_does_not_grow_beyond_the_bound_by_small_changes():
    mia = make_user()
    for number in range(3):
        change_preferences(user=mia, changes={f"page {number}": "x" * 5_000})

    with pytest.raises(DomainError):
        change_preferences(user=mia, changes={"page 3": "x" * 5_000})


# Beyond 2**53 PostgreSQL may write a float's decimals as the whole number that they stand for.
floats = st.floats(-(2.0**52), 2.0**52) | st.sampled_from([math.inf, math.nan])
values = st.recursive(
    st.booleans() | st.integers() | floats | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@given(changes=st.dictionaries(st.text(max_size=5), values, max_size=4))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
def test_whatever_is_kept_comes_back_the_same(changes):
    mia = make_user()
    try:
        kept = change_preferences(user=mia, changes=changes)
    except DomainError:
        return
    assert User.objects.get(pk=mia.pk).preferences == kept == changes

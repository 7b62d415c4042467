"""People: accounts, passwords and tokens as the services keep them."""

from __future__ import annotations

import pytest
from django.contrib.auth import authenticate
from knox.models import AuthToken

from annotator.accounts import services
from annotator.accounts.models import ApiToken, User
from annotator.common.errors import Conflict, DomainError, NotFound
from tests.factories import make_user

pytestmark = pytest.mark.django_db


def test_a_new_account_can_sign_in(rf):
    user = services.create_user(username="mia", password="plain tea, no sugar", name="Mia Wong")

    assert authenticate(rf.post("/"), username="mia", password="plain tea, no sugar") == user
    assert (user.shown_name, user.initials, user.is_superuser) == ("Mia Wong", "MW", False)


@pytest.mark.parametrize(
    ("username", "password", "field"),
    [
        ("mia", "plain tea, no sugar", "username"),  # taken
        ("mia wong", "plain tea, no sugar", "username"),
        ("", "plain tea, no sugar", "username"),
        ("noa", "short", "password"),
        ("noa", "password123", "password"),
        ("noa.levi.1990", "noa.levi.1990", "password"),
    ],
)
def test_a_bad_name_or_a_weak_password_is_refused_naming_the_field(username, password, field):
    make_user("mia")

    with pytest.raises(DomainError) as refused:
        services.create_user(username=username, password=password)

    assert list(refused.value.errors) == [field]
    assert User.objects.count() == 1


def test_drawn_passwords_are_good_ones():
    drawn = {services.random_password() for _ in range(20)}

    assert len(drawn) == 20
    assert services.create_user(username="mia", password=drawn.pop())


def test_a_token_is_kept_only_as_a_hash():
    token, text = services.create_token(user=make_user(), name="nightly export")

    stored = AuthToken.objects.get()
    assert text not in (stored.digest, stored.token_key)
    assert text.startswith(token.prefix)
    assert len(token.prefix) < len(text) / 4


def test_only_the_owner_revokes_a_token():
    owner = make_user()
    token, _ = services.create_token(user=owner, name="nightly export")

    with pytest.raises(NotFound):
        services.revoke_token(user=make_user(), token_id=token.pk)
    assert AuthToken.objects.exists()

    services.revoke_token(user=owner, token_id=token.pk)
    assert not AuthToken.objects.exists()
    assert not ApiToken.objects.exists()


@pytest.mark.parametrize("change", [{"is_admin": False}, {"is_active": False}])
def test_the_last_site_admin_stays(change):
    admin = make_user(admin=True)

    with pytest.raises(Conflict):
        services.update_user(user=admin, **change)

    assert User.objects.filter(pk=admin.pk, is_superuser=True, is_active=True).exists()
    make_user(admin=True)
    services.update_user(user=admin, **change)


def test_an_account_that_was_switched_off_cannot_sign_in(rf):
    user = make_user("mia", password="plain tea, no sugar")

    services.update_user(user=user, is_active=False)

    assert authenticate(rf.post("/"), username="mia", password="plain tea, no sugar") is None


def test_a_change_leaves_the_rest_as_it_was():
    user = services.create_user(username="mia", password="plain tea, no sugar", name="Mia")

    services.update_user(user=user, is_admin=True)

    user.refresh_from_db()
    assert (user.first_name, user.is_superuser, user.is_active) == ("Mia", True, True)
    assert user.check_password("plain tea, no sugar")


@pytest.mark.parametrize(
    ("username", "name", "initials"),
    [("mia", "", "M"), ("mia.wong", "", "MW"), ("mia", "Mia van der Berg", "MV"), ("mia_w", "", "MW"), ("_", "", "?")],
)
def test_initials_come_from_the_name_or_else_the_username(username, name, initials):
    assert User(username=username, first_name=name).initials == initials

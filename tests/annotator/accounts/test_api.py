"""Signing in and out over HTTP: session, CSRF, throttle, tokens, accounts."""

from __future__ import annotations

import json

import pytest
from django.conf import settings as product
from rest_framework.test import APIClient

from annotator.accounts.models import User
from annotator.accounts.services import create_token
from tests.factories import make_user

pytestmark = pytest.mark.django_db
PASSWORD = "plain tea, no sugar"


@pytest.fixture
def mia() -> User:
    return make_user("mia", password=PASSWORD)


class Browser(APIClient):
    """A client that is held to CSRF, and sends the cookie's token as a page does."""

    def __init__(self) -> None:
        super().__init__(enforce_csrf_checks=True)

    def send(self, method: str, address: str, data: object = None):
        token = self.cookies["csrftoken"].value if "csrftoken" in self.cookies else ""
        return self.generic(method, address, _json(data), content_type="application/json", HTTP_X_CSRFTOKEN=token)


def _json(data: object) -> str:
    return "" if data is None else json.dumps(data)


def test_sign_in_work_and_sign_out(mia):
    browser = Browser()
    assert browser.get("/api/auth/me").json() == {"user": None, "version": product.VERSION}

    me = browser.send("POST", "/api/auth/login", {"username": "mia", "password": PASSWORD})

    mine = {"id": mia.pk, "username": "mia", "name": "mia", "is_admin": False, "initials": "M", "preferences": {}}
    assert me.json()["user"] == mine
    assert browser.get("/api/auth/me").json() == me.json()
    assert browser.send("POST", "/api/auth/logout").status_code == 204
    assert browser.get("/api/auth/me").json()["user"] is None


@pytest.mark.parametrize("credentials", [("mia", "wrong"), ("nobody", PASSWORD)])
def test_wrong_name_and_wrong_password_get_the_same_answer(mia, client_for, credentials):
    username, password = credentials

    response = client_for().post("/api/auth/login", {"username": username, "password": password}, format="json")

    assert response.status_code == 400
    assert response.json()["code"] == "invalid_credentials"
    assert response.json()["message"] == "The user name or the password is wrong."


def test_an_empty_form_names_its_fields(client_for):
    response = client_for().post("/api/auth/login", {}, format="json")

    assert response.status_code == 400
    assert set(response.json()["errors"]) == {"username", "password"}


def test_signing_in_without_the_csrf_token_is_refused(mia):
    browser = Browser()
    browser.get("/api/auth/me")

    response = browser.post("/api/auth/login", {"username": "mia", "password": PASSWORD}, format="json")

    assert (response.status_code, response.json()["code"]) == (403, "forbidden")
    assert browser.get("/api/auth/me").json()["user"] is None


def test_a_signed_in_page_needs_the_csrf_token_for_every_change(mia):
    browser = Browser()
    browser.get("/api/auth/me")
    browser.send("POST", "/api/auth/login", {"username": "mia", "password": PASSWORD})

    assert browser.post("/api/projects", {"name": "Fruit"}, format="json").status_code == 403
    assert browser.send("POST", "/api/projects", {"name": "Fruit"}).status_code == 201


def test_too_many_attempts_are_stopped_and_told_when_to_come_back(mia, client_for, settings):
    client = client_for()
    wrong = {"username": "mia", "password": "wrong"}

    answers = [client.post("/api/auth/login", wrong, format="json") for _ in range(settings.AXES_FAILURE_LIMIT + 1)]

    assert [answer.status_code for answer in answers[: settings.AXES_FAILURE_LIMIT - 1]] == [400] * (
        settings.AXES_FAILURE_LIMIT - 1
    )
    body = answers[-1].json()
    assert (answers[-1].status_code, body["code"]) == (429, "too_many_attempts")
    assert 0 < body["retry_after"] <= settings.AXES_COOLOFF_TIME * 3600
    assert answers[-1].headers["Retry-After"] == str(body["retry_after"])
    right = client.post("/api/auth/login", {"username": "mia", "password": PASSWORD}, format="json")
    assert right.status_code == 429


def test_a_locked_name_does_not_lock_others(mia, client_for, settings):
    settings.AXES_FAILURE_LIMIT = 2
    for _ in range(3):
        client_for().post("/api/auth/login", {"username": "mia", "password": "wrong"}, format="json")
    make_user("noa", password=PASSWORD)

    response = client_for().post("/api/auth/login", {"username": "noa", "password": PASSWORD}, format="json")

    assert response.status_code == 200


def test_a_script_uses_a_token_that_is_shown_once(mia, client_for):
    page = client_for(mia)
    made = page.post("/api/auth/tokens", {"name": "nightly export"}, format="json").json()
    script = APIClient(enforce_csrf_checks=True)
    script.credentials(HTTP_AUTHORIZATION=f"Token {made['token']}")

    assert script.post("/api/projects", {"name": "Fruit"}, format="json").status_code == 201
    listed = page.get("/api/auth/tokens").json()
    assert listed == [{key: made[key] for key in ("id", "name", "prefix", "created_at")}]
    assert page.delete(f"/api/auth/tokens/{made['id']}").status_code == 204
    assert script.get("/api/projects").status_code == 401


def test_a_token_stops_when_the_account_is_switched_off(mia, client_for):
    _, text = create_token(user=mia, name="nightly export")
    admin = client_for(make_user(admin=True))

    assert admin.patch(f"/api/users/{mia.pk}", {"is_active": False}, format="json").status_code == 200

    script = APIClient()
    script.credentials(HTTP_AUTHORIZATION=f"Token {text}")
    assert script.get("/api/projects").status_code == 401


def test_a_person_changes_the_password_and_stays_signed_in(mia, client_for):
    here, elsewhere = client_for(mia), client_for(mia)

    changed = {"old_password": PASSWORD, "new_password": "a kettle of fish"}
    assert here.post("/api/auth/password", changed, format="json").status_code == 204

    assert here.get("/api/auth/me").json()["user"]["id"] == mia.pk
    assert elsewhere.get("/api/auth/me").json()["user"] is None


@pytest.mark.parametrize(
    ("old", "new", "field"), [("wrong", "a kettle of fish", "old_password"), (PASSWORD, "12345", "new_password")]
)
def test_a_password_change_that_cannot_be_names_the_field(mia, client_for, old, new, field):
    response = client_for(mia).post("/api/auth/password", {"old_password": old, "new_password": new}, format="json")

    assert (response.status_code, list(response.json()["errors"])) == (400, [field])


def test_a_site_admin_makes_and_changes_accounts(client_for):
    admin = client_for(make_user("admin", admin=True))
    new = {"username": "noa", "password": PASSWORD, "name": "Noa Levi"}

    made = admin.post("/api/users", new, format="json").json()
    admin.patch(f"/api/users/{made['id']}", {"is_admin": True}, format="json")

    listed = {row["username"]: row for row in admin.get("/api/users").json()}
    assert listed["noa"] == made | {"is_admin": True}
    assert (made["name"], made["is_active"], made["last_login"]) == ("Noa Levi", True, None)


def test_a_site_admin_resets_a_password_that_was_forgotten(mia, client_for):
    here, admin = client_for(mia), client_for(make_user(admin=True))

    drawn = admin.post(f"/api/users/{mia.pk}/password", {}, format="json").json()["password"]

    assert here.get("/api/auth/me").json()["user"] is None
    signed_in = client_for().post("/api/auth/login", {"username": "mia", "password": drawn}, format="json")
    assert signed_in.status_code == 200
    chosen = {"password": "a kettle of fish"}
    assert admin.post(f"/api/users/{mia.pk}/password", chosen, format="json").json() == chosen
    weak = admin.post(f"/api/users/{mia.pk}/password", {"password": "12345"}, format="json")
    assert (weak.status_code, list(weak.json()["errors"])) == (400, ["password"])


def test_a_reset_ends_the_pause_after_wrong_passwords(mia, client_for, settings):
    settings.AXES_FAILURE_LIMIT = 2
    wrong, right = ({"username": "mia", "password": password} for password in ("wrong", "a kettle of fish"))
    for _ in range(2):
        client_for().post("/api/auth/login", wrong, format="json")
    assert client_for().post("/api/auth/login", wrong, format="json").status_code == 429

    admin = client_for(make_user(admin=True))
    admin.post(f"/api/users/{mia.pk}/password", {"password": "a kettle of fish"}, format="json")

    assert client_for().post("/api/auth/login", right, format="json").status_code == 200


def test_sessions_and_tokens_of_an_account_that_was_switched_off_do_not_come_back_with_it(mia, client_for):
    _, text = create_token(user=mia, name="nightly export")
    page, script, admin = client_for(mia), APIClient(), client_for(make_user(admin=True))
    script.credentials(HTTP_AUTHORIZATION=f"Token {text}")

    for active in (False, True):
        admin.patch(f"/api/users/{mia.pk}", {"is_active": active}, format="json")

    assert page.get("/api/auth/me").json()["user"] is None
    assert script.get("/api/projects").status_code == 401
    assert admin.get("/api/auth/me").json()["user"] is not None, "other people's sessions go on"
    assert client_for().post("/api/auth/login", {"username": "mia", "password": PASSWORD}, format="json").json()["user"]


@pytest.mark.parametrize(("method", "address"), [("patch", "/api/users/999"), ("post", "/api/users/999/password")])
def test_changing_nobody_is_not_found(client_for, method, address):
    response = getattr(client_for(make_user(admin=True)), method)(address, {}, format="json")

    assert response.status_code == 404

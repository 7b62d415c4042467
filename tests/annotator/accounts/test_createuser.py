"""`annotator createuser` from the command line."""

from __future__ import annotations

import io
import json
import sys

import pytest
from django.core.management import CommandError, call_command
from rest_framework.test import APIClient

from annotator.accounts.models import User

pytestmark = pytest.mark.django_db


def run(*args: str) -> str:
    out = io.StringIO()
    call_command("createuser", *args, stdout=out)
    return out.getvalue()


def test_without_a_password_one_is_drawn_and_printed():
    printed = run("mia")

    first, second = printed.splitlines()
    assert first == "Created mia."
    assert User.objects.get().check_password(second.removeprefix("Password: "))


def test_json_with_a_token_that_works():
    made = json.loads(run("mia", "--admin", "--token", "--password", "plain tea, no sugar", "--json"))

    assert made["username"] == "mia"
    assert made["is_admin"] is True
    assert "password" not in made
    script = APIClient()
    script.credentials(HTTP_AUTHORIZATION=f"Token {made['token']}")
    assert script.get("/api/users").status_code == 200


def test_the_password_comes_from_a_pipe(monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.StringIO("plain tea, no sugar\n"))

    assert run("mia", "--password-stdin") == "Created mia.\n"
    assert User.objects.get().check_password("plain tea, no sugar")


@pytest.mark.parametrize("args", [("mia",), ("noa", "--password", "short"), ("noa levi",), ("noa", "--password", "")])
def test_bad_input_is_one_clear_line_and_changes_nothing(args):
    run("mia")

    with pytest.raises(CommandError) as refused:
        run(*args, "--token")

    assert len(str(refused.value).splitlines()) == 1
    assert User.objects.count() == 1

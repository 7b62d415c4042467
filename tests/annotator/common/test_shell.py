"""The web page, and what surrounds the API."""

from __future__ import annotations

import pytest

from annotator.common import shell


@pytest.fixture
def built(tmp_path, settings):
    settings.WEB_DIR = tmp_path / "web"
    settings.WEB_DIR.mkdir()
    (settings.WEB_DIR / "index.html").write_text("<!doctype html><title>Annotator</title>")


@pytest.mark.parametrize("address", ["/", "/projects/7/label", "/login", "/a/b/c?x=1"])
def test_every_address_of_the_page_gets_the_page(client, built, address):
    response = client.get(address)

    assert response.status_code == 200
    assert b"<title>Annotator</title>" in response.content
    assert "no-store" in response.headers["Cache-Control"]


def test_a_page_that_is_not_built_says_how_to_build_it(client, settings, tmp_path):
    settings.WEB_DIR = tmp_path / "nothing"

    response = client.get("/")

    assert response.status_code == 503
    assert b"make setup" in response.content


@pytest.mark.parametrize("address", ["/assets/gone-1a2b.js", "/static/gone.css"])
def test_a_file_that_is_gone_is_a_404_and_not_the_page(client, built, address):
    assert client.get(address).status_code == 404


def test_the_page_is_only_read(client, built):
    assert client.post("/projects/7").status_code == 405


def test_every_answer_carries_the_content_policy(client, built, db):
    for address in ("/", "/api/auth/me", "/api/docs/", "/api/nothing"):
        policy = client.get(address).headers["Content-Security-Policy"]
        assert "default-src 'self'" in policy
        assert "script-src" not in policy  # so it is default-src: no inline script, none from elsewhere
        assert "frame-ancestors 'none'" in policy


def test_the_api_description_runs_under_the_policy(client, db):
    document = client.get("/api/docs/").content.decode()
    script = client.get("/api/docs/?script=").content.decode()

    assert "<script>" not in document
    assert 'src="/static/drf_spectacular_sidecar/' in document
    assert "/api/schema/" in script


def test_an_unknown_api_address_answers_as_the_api_does(client):
    for address in ("/api", "/api/", "/api/nothing/here"):
        response = client.post(address)
        assert (response.status_code, response.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize(("address", "kind"), [("/api/x", "application/json"), ("/x", "text/plain")])
def test_a_crash_outside_the_views_is_told_without_its_insides(rf, address, kind):
    response = shell.server_error(rf.get(address))

    assert response.status_code == 500
    assert response.headers["Content-Type"] == kind
    assert b"try again" in response.content

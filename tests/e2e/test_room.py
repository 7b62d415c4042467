"""The labeler's room when things go wrong: no network, a colleague, a reload, a stale answer, a session that ends."""

from __future__ import annotations

import re
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.browser import LabelPage, chromium, sign_in
from tests.e2e.pictures import write_folders
from tests.product import Product, make_project, running
from worker.management.client import Client

pytestmark = pytest.mark.e2e

KINDS = ("disc", "bars", "checks", "cross")
PASSWORD = "correct horse battery"
OFFLINE_SECONDS = 30
NEVER = 1000  # labels between refreshes: nothing else shall move the queue


@dataclass
class World:
    """A running product with two labelers and unlabelled pictures."""

    product: Product
    browser: Browser
    client: Client
    project: int
    data: Path
    kind_of: dict[str, str]
    keys: dict[str, str]
    ids: dict[str, int]

    def label_page(self, username: str) -> LabelPage:
        """Open the Label page as that person, in a window of its own."""
        page = self.browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
        sign_in(page, self.product.url, username, PASSWORD)
        page.goto(f"{self.product.url}/projects/{self.project}/label")
        return LabelPage(page)

    def answer(self, labeler: LabelPage) -> str:
        """Give the picture on the stage its class by key; return its hash."""
        return labeler.press(self.keys[self.kind_of[labeler.sha256()]])

    def image(self, sha256: str) -> dict[str, Any]:
        """Return a picture as the API lists it."""
        images = self.client.pages(f"/api/projects/{self.project}/images", limit=500)
        return next(image for image in images if sha256 in image["urls"]["thumb"])

    def said_of(self, sha256: str) -> list[dict[str, Any]]:
        """Return what people said of a picture."""
        image = self.image(sha256)["id"]
        return list(self.client.get(f"/api/projects/{self.project}/images/{image}")["annotations"])

    def database(self, statement: str, *values: Any) -> None:
        """Change something behind the product's back."""
        with closing(sqlite3.connect(self.data / "annotator.sqlite3", timeout=30)) as database, database:
            database.execute(statement, values)


@pytest.fixture(scope="module")
def world(tmp_path_factory) -> Iterator[World]:
    """Start the product with a project that both may label in."""
    root = tmp_path_factory.mktemp("e2e")
    pictures, data = root / "pictures", root / "data"
    kind_of = write_folders(pictures, KINDS, each=30)
    files = [(path.relative_to(pictures).as_posix(), path) for path in sorted(pictures.glob("*/*"))]
    with running(data) as product, chromium() as browser:
        client = product.client(product.create_user("ada", PASSWORD))
        product.create_user("grace", PASSWORD)
        project = make_project(client, "Shapes", list(KINDS), refresh_every=NEVER)
        client.post(f"/api/projects/{project}/members", {"username": "grace", "role": "annotator"})
        client.import_files(project, files, name="shapes", labels="ignore")
        client.wait_until_idle(project)
        rows = client.get(f"/api/projects/{project}/classes")
        keys, ids = ({row["name"]: row[column] for row in rows} for column in ("hotkey", "id"))
        yield World(product, browser, client, project, data, kind_of, keys, ids)


@pytest.fixture
def ada(world) -> Iterator[LabelPage]:
    """Ada on the Label page."""
    labeler = world.label_page("ada")
    yield labeler
    labeler.page.context.close()


@pytest.fixture
def grace(world) -> Iterator[LabelPage]:
    """Grace on the Label page."""
    labeler = world.label_page("grace")
    yield labeler
    labeler.page.context.close()


def test_half_a_minute_without_a_network_stops_nobody(world, ada):
    """What is in hand can be labelled, the page says that it is kept, and it is sent once when the network is back."""
    world.answer(ada)
    ada.wait_until_saved()
    start = time.monotonic()
    ada.page.context.set_offline(True)
    answered = [world.answer(ada) for _ in range(8)]
    expect(ada.status).not_to_contain_text("Saved")
    ada.page.wait_for_timeout(max(0, OFFLINE_SECONDS - (time.monotonic() - start)) * 1000)
    expect(ada.status).to_contain_text(re.compile("kept", re.IGNORECASE))

    ada.page.context.set_offline(False)
    ada.wait_until_saved()
    for sha256 in answered:
        (said,) = world.said_of(sha256)
        assert said["labels"] == [world.ids[world.kind_of[sha256]]]


def test_a_reload_without_a_network_loses_nothing_either(world, ada):
    """Answers lie in the browser until the server has them, also over a reload; none is written twice."""
    ada.page.context.route("**/annotations", lambda route: route.abort())
    answered = [world.answer(ada) for _ in range(4)]
    ada.page.reload()
    assert ada.sha256() not in answered
    ada.page.context.unroute("**/annotations")
    ada.wait_until_saved()
    for sha256 in answered:
        assert len(world.said_of(sha256)) == 1


def test_two_labelers_at_once_never_see_the_same_picture(world, ada, grace):
    """Side by side, each gets pictures of their own."""
    by_ada, by_grace = set(), set()
    for _ in range(6):
        by_ada.add(world.answer(ada))
        by_grace.add(world.answer(grace))
    for labeler in (ada, grace):
        labeler.wait_until_saved()
    assert len(by_ada) == len(by_grace) == 6
    assert not by_ada & by_grace
    for sha256 in by_ada | by_grace:
        assert len(world.said_of(sha256)) == 1


def test_undo_reaches_across_a_reload(world, ada):
    """The last answer comes back with its picture, is answered anew, and both are on record."""
    answered = world.answer(ada)
    ada.wait_until_saved()
    ada.page.reload()
    ada.sha256()
    ada.page.get_by_test_id("answered-picture").last.wait_for()

    ada.page.keyboard.press("z")
    expect(ada.page.locator(f'[data-testid=label-stage] img[src*="{answered}"]')).to_be_visible()
    ada.wait_until_saved()
    assert world.image(answered)["label"] is None
    world.answer(ada)
    ada.wait_until_saved()
    assert world.image(answered)["label"] == world.ids[world.kind_of[answered]]


def test_a_stale_answer_is_shown_and_resolved(world, ada):
    """A lease ran out and somebody else labelled the picture: the page says so, and asks which label holds."""
    shown = ada.sha256()
    image = world.image(shown)
    mine = world.kind_of[shown]
    theirs = next(kind for kind in KINDS if kind != mine)
    long_ago = "2020-01-01 00:00:00"
    world.database("UPDATE labeling_task SET lease_expires_at = ? WHERE image_id = ?", long_ago, image["id"])
    said = {"client_id": "4b5a1f6e-2f0b-4a63-9d57-0a4f1b2c3d4e", "task": None, "image": image["id"]}
    said |= {"verdict": "label", "labels": [world.ids[theirs]], "seen_version": image["label_version"]}
    world.client.post(f"/api/projects/{world.project}/annotations", {"items": [said]})

    world.answer(ada)
    expect(ada.toast).to_contain_text(f"labelled this picture {theirs} meanwhile. You said {mine}")
    assert world.image(shown)["label"] == world.ids[theirs]
    ada.toast.get_by_role("button", name=f"Set {mine}").click()
    ada.wait_until_saved()
    assert world.image(shown)["label"] == world.ids[mine]


def test_a_session_that_ends_in_the_middle_of_work_loses_nothing(world, ada):
    """The page asks for the password on top of the work; what was said meanwhile is sent after it."""
    world.answer(ada)
    ada.wait_until_saved()
    world.database("DELETE FROM django_session")
    answered = [world.answer(ada) for _ in range(2)]

    dialog = ada.page.get_by_role("dialog")
    expect(dialog).to_contain_text("Sign in again")
    dialog.get_by_label("Password", exact=True).fill(PASSWORD)
    dialog.get_by_role("button", name="Sign in", exact=True).click()
    expect(dialog).to_have_count(0)
    ada.wait_until_saved()
    answered.append(world.answer(ada))
    ada.wait_until_saved()
    for sha256 in answered:
        assert len(world.said_of(sha256)) == 1

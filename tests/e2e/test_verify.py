"""Verify by keyboard alone: whole pages are confirmed at once, exceptions get their class, and a page comes back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from annotator.images.models import Trust
from tests.e2e.browser import chromium, sign_in
from tests.e2e.pictures import write_folders
from tests.product import make_project, running
from worker.management.client import Client

pytestmark = pytest.mark.e2e

KINDS = ("disc", "bars", "checks", "cross")
EACH, TAUGHT, SIZE = 30, 5, 12
PASSWORD = "correct horse battery"
NEVER = 1000  # labels between refreshes: what is suggested stays


@dataclass
class World:
    """A project with a head that is often wrong, and a lead's window on its Verify page."""

    url: str
    client: Client
    project: int
    page: Page
    kind_of: dict[str, str]
    keys: dict[str, str]
    ids: dict[str, int]

    @property
    def cells(self) -> Locator:
        """The pictures of the page on the screen."""
        return self.page.get_by_test_id("verify-cell")

    def open(self, kind: str) -> None:
        """Go to the pages of a class."""
        self.page.goto(f"{self.url}/projects/{self.project}/verify?class={self.ids[kind]}&size={SIZE}")
        self.wait_for_page()

    def wait_for_page(self) -> None:
        """Wait until a page is there and may be confirmed."""
        expect(self.page.get_by_test_id("verify-confirm")).to_be_enabled()

    def press(self, *keys: str) -> None:
        """Press keys, one after the other."""
        for key in keys:
            self.page.keyboard.press(key)

    def hashes(self) -> list[str]:
        """Return the content hashes of the pictures on the page, in order."""
        sources = self.cells.locator("img").evaluate_all("images => images.map(image => image.src)")
        return [source.split("/blobs/")[1].split("/")[0] for source in sources]

    def wait_for_another_than(self, hashes: list[str]) -> None:
        """Wait until another page is on the screen."""
        expect(self.cells.locator(f'img[src*="{hashes[0]}"]')).to_have_count(0)

    def wait_until_saved(self) -> None:
        """Wait until the server has every page."""
        expect(self.page.locator("[data-testid=verify-saved][data-state=saved]")).to_be_visible()

    def images(self) -> dict[str, dict[str, Any]]:
        """Return the project's pictures by their hash, as the API lists them."""
        rows = self.client.pages(f"/api/projects/{self.project}/images", limit=500)
        return {row["urls"]["thumb"].split("/blobs/")[1].split("/")[0]: row for row in rows}


@pytest.fixture(scope="module")
def world(tmp_path_factory) -> Iterator[World]:
    """Start the product with a few trusted labels of each class and the rest in the pool."""
    root = tmp_path_factory.mktemp("e2e")
    pictures = root / "pictures"
    kind_of = write_folders(pictures, KINDS, each=EACH)
    files = [(path.relative_to(pictures).as_posix(), path) for path in sorted(pictures.glob("*/*"))]
    taught = {path for kind in KINDS for _, path in [one for one in files if one[0].startswith(kind)][:TAUGHT]}
    with running(root / "data") as product, chromium() as browser:
        client = product.client(product.create_user("ada", PASSWORD))
        project = make_project(client, "Shapes", list(KINDS), refresh_every=NEVER, reserve_share=0)
        client.patch(f"/api/projects/{project}", {"verify_adaptive": False, "gold_per_page": 0})
        client.import_files(project, [one for one in files if one[1] in taught], name="taught", labels="trusted")
        client.import_files(project, [one for one in files if one[1] not in taught], name="pool", labels="ignore")
        client.wait_until_idle(project)
        client.wait_for_job(project, client.post(f"/api/projects/{project}/refresh")["id"])
        rows = client.get(f"/api/projects/{project}/classes")
        keys, ids = ({row["name"]: row[column] for row in rows} for column in ("hotkey", "id"))
        page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
        sign_in(page, product.url, "ada", PASSWORD)
        yield World(product.url, client, project, page, kind_of, keys, ids)


def test_a_page_is_confirmed_with_exceptions_by_key(world):
    """Arrows lead to what is of another class, its letter says of which, and Enter gives the rest the page's class."""
    world.open("disc")
    shown = world.hashes()
    wrong = [index for index, sha256 in enumerate(shown) if world.kind_of[sha256] != "disc"] or [3]
    for index in wrong:
        world.press("Home", *["ArrowRight"] * index)
        expect(world.cells.nth(index)).to_have_attribute("data-focused", "")
        kind = world.kind_of[shown[index]]
        world.press(world.keys[kind if kind != "disc" else "bars"])
        expect(world.cells.nth(index)).to_have_attribute("data-excepted", "")
    world.press("Enter")
    world.wait_for_another_than(shown)
    world.wait_until_saved()

    images = world.images()
    for index, sha256 in enumerate(shown):
        image = images[sha256]
        right = world.kind_of[sha256] if index not in wrong or world.kind_of[sha256] != "disc" else "bars"
        assert image["label"] == world.ids[right]
        assert image["trust"] == (Trust.HUMAN if index in wrong else Trust.PAGE_VERIFIED)


def test_a_whole_page_is_taken_back(world):
    """Z brings the page back with its exceptions, and its pictures have no label any more."""
    world.open("bars")
    shown = world.hashes()
    world.press("Home", "x")
    expect(world.cells.first).to_have_attribute("data-excepted", "")
    world.press("Escape", "s")
    world.press("Enter")
    world.wait_for_another_than(shown)
    world.wait_until_saved()
    assert sum(world.images()[sha256]["label"] is not None for sha256 in shown) == len(shown) - 1

    world.press("z")
    expect(world.cells.locator(f'img[src*="{shown[0]}"]')).to_be_visible()
    assert world.hashes() == shown
    expect(world.cells.first).to_have_attribute("data-excepted", "")
    world.wait_until_saved()
    assert all(world.images()[sha256]["label"] is None for sha256 in shown)


def test_a_reload_shows_the_same_page_with_its_marks(world):
    """What was marked on a page is not lost with the window."""
    world.open("checks")
    shown = world.hashes()
    world.press("Home", "ArrowRight", "ArrowRight", world.keys["cross"])
    expect(world.cells.nth(2)).to_have_attribute("data-excepted", "")
    world.page.reload()
    world.wait_for_page()
    assert world.hashes() == shown
    expect(world.cells.nth(2)).to_have_attribute("data-excepted", "")


def test_a_page_that_cannot_be_sent_is_kept_and_sent_once(world):
    """Without a network the next page is there all the same; nothing is written twice."""
    world.open("cross")
    shown = world.hashes()
    world.page.context.set_offline(True)
    world.press("Enter")
    world.wait_for_another_than(shown)
    expect(world.page.locator("[data-testid=verify-saved][data-state=unreachable]")).to_be_visible()
    world.page.context.set_offline(False)
    world.wait_until_saved()
    images = world.images()
    assert {images[sha256]["label"] for sha256 in shown} == {world.ids["cross"]}
    path = f"/api/projects/{world.project}/images/{images[shown[0]]['id']}"
    assert len(world.client.get(path)["annotations"]) == 1


def test_a_project_without_suggestions_says_what_to_do_first(world):
    """Nobody has labelled anything: the page says so and leads to Label."""
    project = make_project(world.client, "New", list(KINDS))
    world.page.goto(f"{world.url}/projects/{project}/verify")
    nothing = world.page.get_by_test_id("verify-nothing")
    expect(nothing).to_have_attribute("data-reason", "no_suggestions")
    nothing.get_by_role("link", name="Label").click()
    expect(world.page).to_have_url(f"{world.url}/projects/{project}/label")

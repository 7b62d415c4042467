"""From labels to a file in the browser: look at a class, judge duplicates, freeze a snapshot, export and check it."""

from __future__ import annotations

import hashlib
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.e2e.browser import chromium, sign_in
from tests.e2e.pictures import write_folders
from tests.product import make_project, running
from worker.management.client import Client

pytestmark = pytest.mark.e2e

KINDS = ("disc", "bars", "checks", "cross")
EACH = 20
COPY = "copy-of-cross.png"
PASSWORD = "correct horse battery"


@dataclass
class World:
    """A project whose pictures are labelled, and a lead's window on it."""

    url: str
    client: Client
    project: int
    kind_of: dict[str, str]
    page: Page

    def open(self, room: str = "") -> None:
        """Go to a room of the project."""
        self.page.goto(f"{self.url}/projects/{self.project}/{room}".rstrip("/"))

    def get(self, path: str) -> Any:
        """Ask the API about the project."""
        return self.client.get(f"/api/projects/{self.project}/{path}")


@pytest.fixture(scope="module")
def world(tmp_path_factory) -> Iterator[World]:
    """Start the product with labelled pictures, one of them there twice: larger and mirrored."""
    root = tmp_path_factory.mktemp("e2e")
    pictures = root / "pictures"
    kind_of = write_folders(pictures, KINDS, each=EACH)
    with Image.open(pictures / "cross" / "cross-000.png") as picture:
        larger = picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT).resize((160, 160), Image.Resampling.BICUBIC)
    larger.save(pictures / "cross" / COPY)
    kind_of[hashlib.sha256((pictures / "cross" / COPY).read_bytes()).hexdigest()] = "cross"
    files = [(path.relative_to(pictures).as_posix(), path) for path in sorted(pictures.glob("*/*"))]
    with running(root / "data") as product, chromium() as browser:
        client = product.client(product.create_user("ada", PASSWORD))
        project = make_project(client, "Shapes", list(KINDS))
        client.import_files(project, files, name="shapes", labels="trusted")
        client.wait_until_idle(project)
        page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
        sign_in(page, product.url, "ada", PASSWORD)
        yield World(product.url, client, project, kind_of, page)


def test_a_class_of_the_balance_chart_opens_its_pictures(world):
    """The bar leads to the gallery, which the arrow keys walk through; a picture tells where its label came from."""
    world.open()
    world.page.get_by_role("link", name="disc: open the 20 labelled pictures").click()
    expect(world.page.get_by_test_id("gallery-total")).to_have_text("20 pictures")

    world.page.locator("[data-index='0']").focus()
    world.page.keyboard.press("ArrowRight")
    world.page.keyboard.press("Enter")
    drawer = world.page.get_by_test_id("gallery-drawer")
    expect(drawer).to_contain_text("2 of 20")
    expect(drawer).to_contain_text("with an import")
    expect(drawer).to_contain_text(re.compile(r"disc/disc-\d+\.png"))
    world.page.keyboard.press("End")
    expect(drawer).to_contain_text("20 of 20")
    world.page.keyboard.press("Escape")
    expect(drawer).to_have_count(0)


def test_copies_lie_side_by_side_and_people_have_the_last_word(world):
    """The reason is told; what a person took apart stays apart in the next search."""
    world.open("duplicates")
    group = world.page.get_by_test_id("duplicate-group").filter(has_text=COPY)
    expect(group).to_contain_text("mirrored")
    expect(group).to_contain_text("resized")
    group.get_by_role("button", name="Not duplicates").click()
    world.page.get_by_role("dialog").get_by_role("button", name="Not duplicates").click()
    expect(group).to_have_count(0)

    world.page.get_by_role("button", name="Search again").click()
    world.client.wait_until_idle(world.project)
    world.page.reload()
    expect(world.page.get_by_role("button", name="Search again")).to_be_enabled()
    expect(group).to_have_count(0)


def test_a_snapshot_becomes_a_file_that_holds_what_it_says(world, tmp_path):
    """A wrong share is refused; the snapshot's page counts; the downloaded zip has every picture under its class."""
    world.open("snapshots")
    world.page.get_by_test_id("snapshots-empty").get_by_role("button", name="New snapshot").click()
    world.page.get_by_label("Name").fill("First cut")
    world.page.get_by_label("Train %").fill("80")
    world.page.get_by_role("button", name="Make snapshot").click()
    expect(world.page.get_by_role("alert")).to_contain_text("110")
    world.page.get_by_label("Test %").fill("5")
    world.page.get_by_role("button", name="Make snapshot").click()

    world.page.get_by_role("link", name="First cut").click()
    rows = world.page.get_by_test_id("snapshot-class")
    expect(rows).to_have_count(len(KINDS))
    expect(rows.filter(has_text="cross")).to_contain_text(str(EACH + 1))
    expect(world.page.get_by_test_id("snapshot-picture")).to_have_count(len(world.kind_of))
    world.page.get_by_role("link", name="Export…").click()
    world.page.get_by_role("button", name="Make export").click()

    row = world.page.get_by_test_id("export-row")
    with world.page.expect_download() as download:
        row.get_by_role("link", name="Download").click()
    target = tmp_path / "export.zip"
    download.value.save_as(target)
    (export,) = world.get("exports")["results"]
    assert hashlib.sha256(target.read_bytes()).hexdigest() == export["sha256"]
    assert contents(target) == world.kind_of

    row.get_by_role("button", name=re.compile("^Delete")).click()
    world.page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(world.page.get_by_test_id("exports-empty")).to_be_visible()


def contents(path: Path) -> dict[str, str]:
    """Return the class folder of each picture in the zip by the SHA-256 of its bytes."""
    found = {}
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            if name.endswith(".png") and name.split("/")[-2] in KINDS:
                found[hashlib.sha256(archive.read(name)).hexdigest()] = name.split("/")[-2]
    return found


def test_a_snapshot_put_away_is_found_among_the_archived_ones(world):
    """It leaves the list after a question, and comes back."""
    world.open("snapshots")
    world.page.get_by_role("link", name="First cut").click()
    world.page.get_by_role("button", name="Archive").click()
    world.page.get_by_role("dialog").get_by_role("button", name="Archive").click()
    expect(world.page.get_by_role("button", name="Restore")).to_be_visible()
    world.open("snapshots")
    expect(world.page.get_by_test_id("snapshot-row")).to_have_count(0)
    world.page.get_by_role("button", name="Archived").click()
    world.page.get_by_role("link", name="First cut").click()
    world.page.get_by_role("button", name="Restore").click()
    expect(world.page.get_by_role("button", name="Archive")).to_be_visible()

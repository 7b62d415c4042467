"""A site admin's day in the browser: people, workers and jobs, storage; and a project that is archived and deleted."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.browser import chromium, sign_in
from tests.e2e.pictures import write_folders
from tests.product import Product, make_project, running
from tests.worker.handlers.upkeep import age

pytestmark = pytest.mark.e2e

PASSWORD = "correct horse battery"
KINDS = ("disc", "bars")


@dataclass
class World:
    """A running product, its admin's window, and a project with pictures."""

    product: Product
    browser: Browser
    page: Page
    project: int
    data: Path

    def open(self, path: str) -> Page:
        """Go to a page of the site."""
        self.page.goto(f"{self.product.url}/{path}")
        return self.page

    def visitor(self) -> Page:
        """Open a window in which nobody is signed in."""
        return self.browser.new_context().new_page()


@pytest.fixture(scope="module")
def world(tmp_path_factory) -> Iterator[World]:
    """Start the product with a project whose pictures are imported and embedded."""
    root = tmp_path_factory.mktemp("e2e")
    write_folders(root / "pictures", KINDS, each=4)
    files = [(path.relative_to(root / "pictures").as_posix(), path) for path in sorted((root / "pictures").glob("*/*"))]
    with running(root / "data") as product, chromium() as browser:
        client = product.client(product.create_user("ada", PASSWORD, admin=True))
        project = make_project(client, "Shapes", list(KINDS))
        client.import_files(project, files, name="shapes", labels="trusted")
        client.wait_until_idle(project)
        page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
        sign_in(page, product.url, "ada", PASSWORD)
        yield World(product, browser, page, project, root / "data")


def test_a_person_is_added_forgets_the_password_and_leaves(world):
    page = world.open("users")
    page.get_by_label("Username", exact=True).fill("mia")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Create user").click()
    row = page.get_by_test_id("user-row").filter(has_text="mia")

    row.get_by_role("button", name="Reset password").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Reset password").click()
    drawn = dialog.get_by_test_id("new-password").locator("code").inner_text()
    dialog.get_by_role("button", name="Close").last.click()

    visitor = world.visitor()
    sign_in(visitor, world.product.url, "mia", drawn)
    row.get_by_role("button", name="Deactivate").click()
    page.get_by_role("dialog").get_by_role("button", name="Deactivate").click()
    expect(row).to_contain_text("Deactivated")
    visitor.reload()
    expect(visitor.get_by_role("button", name="Sign in")).to_be_visible()
    visitor.context.close()


def test_every_queue_has_its_worker_and_the_work_of_all_projects_is_listed(world):
    page = world.open("workers")

    for queue in ("interactive", "cpu", "gpu"):
        expect(page.get_by_test_id("worker-row").filter(has_text=f"{queue}@")).to_contain_text("alive")
    page.get_by_role("button", name="All", exact=True).click()
    expect(page.get_by_test_id("site-job").filter(has_text="Shapes").first).to_be_visible()


def test_storage_is_measured_and_what_nobody_needs_is_deleted(world):
    lost = world.data / "arrays" / "99" / "scores" / "of-a-project-that-is-gone"
    lost.mkdir(parents=True)
    (lost / "array.npy").write_bytes(b"x" * 2000)
    age(lost)
    page = world.open("storage")

    page.get_by_role("button", name="Measure now").click()
    expect(page.get_by_test_id("project-use")).to_contain_text("Shapes")
    expect(page.get_by_text("2.0 kB are stored that nobody needs.")).to_be_visible()
    page.get_by_role("button", name="Collect garbage").first.click()
    page.get_by_role("dialog").get_by_role("button", name="Collect garbage").click()

    expect(page.get_by_text("2.0 kB were freed.")).to_be_visible()
    assert not lost.exists()


def test_a_project_is_archived_brought_back_and_deleted_for_ever(world):
    settings = f"projects/{world.project}/settings"
    page = world.open(settings)
    _archive(page)
    page.get_by_test_id("archived-projects").locator("summary").click()
    page.get_by_test_id("archived-projects").get_by_role("link", name="Shapes").click()
    page.get_by_role("button", name="Bring back").click()
    _archive(page)

    world.open(settings)
    page.get_by_role("button", name="Delete for ever").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("button", name="Delete for ever")).to_be_disabled()
    dialog.get_by_role("textbox").fill("Shapes")
    dialog.get_by_role("button", name="Delete for ever").click()

    expect(page.get_by_test_id("toast")).to_contain_text("Shapes is being deleted")
    world.open("workers")
    page.get_by_role("button", name="All", exact=True).click()
    expect(page.get_by_test_id("site-job").filter(has_text="Delete Shapes")).to_have_attribute(
        "data-state", re.compile("succeeded")
    )
    with closing(sqlite3.connect(world.data / "annotator.sqlite3")) as database:
        assert database.execute("SELECT count(*) FROM images_image").fetchone() == (0,)
    assert not list((world.data / "arrays" / str(world.project)).glob("*"))


def _archive(page: Page) -> None:
    page.get_by_role("button", name="Archive project").click()
    page.get_by_role("dialog").get_by_role("button", name="Archive project").click()
    expect(page.get_by_role("heading", name="Projects", exact=True)).to_be_visible()

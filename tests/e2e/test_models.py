"""From labels to a model in use, in the browser: train, look into mistakes, promote, go back, schedule the next."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.browser import chromium, sign_in
from tests.e2e.pictures import write_folders
from tests.product import make_project, running
from worker.management.client import Client

pytestmark = pytest.mark.e2e

KINDS = ("disc", "bars", "checks", "cross")
EACH = 24
PASSWORD = "correct horse battery"
PATIENCE = 300_000  # milliseconds, of a training on a busy machine


@dataclass
class World:
    """A project whose pictures are labelled, and a lead's window on it."""

    url: str
    client: Client
    project: int
    pictures: Path
    page: Page

    def open(self, room: str) -> None:
        """Go to a room of the project."""
        self.page.goto(f"{self.url}/projects/{self.project}/{room}")

    def get(self, path: str) -> Any:
        """Ask the API about the project."""
        return self.client.get(f"/api/projects/{self.project}/{path}")

    def state_of(self, name: str) -> str:
        """How a model stands, by its name."""
        return next(model["state"] for model in self.get("models")["results"] if model["name"] == name)


@pytest.fixture(scope="module")
def world(tmp_path_factory) -> Iterator[World]:
    """Start the product with labelled pictures."""
    root = tmp_path_factory.mktemp("e2e")
    pictures = root / "pictures"
    write_folders(pictures, KINDS, each=EACH)
    files = [(path.relative_to(pictures).as_posix(), path) for path in sorted(pictures.glob("*/*"))]
    with running(root / "data", ANNOTATOR_JOB_SWEEP_SECONDS="5") as product, chromium() as browser:
        client = product.client(product.create_user("ada", PASSWORD))
        project = make_project(client, "Shapes", list(KINDS))
        client.import_files(project, files, name="shapes", labels="trusted")
        client.wait_until_idle(project)
        page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
        sign_in(page, product.url, "ada", PASSWORD)
        yield World(product.url, client, project, pictures, page)


def test_a_run_is_started_watched_and_ends_with_a_model(world):
    """A wrong setting is refused before anything starts; the phases go by; the balance report is one click away."""
    page = world.page
    world.open("training")
    page.get_by_role("button", name="Train a model").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_text("Quick", exact=True).click()
    dialog.get_by_text(re.compile("^All settings")).click()
    dialog.get_by_label("Epochs", exact=True).fill("0")
    expect(dialog.get_by_role("button", name="Start training")).to_be_disabled()
    dialog.get_by_label("Epochs", exact=True).fill("2")
    dialog.get_by_role("button", name="Start training").click()

    page.wait_for_url(re.compile(r"/training/\d+$"))
    expect(page.get_by_role("link", name="v2")).to_be_visible(timeout=PATIENCE)
    assert world.get("runs")["results"][0]["state"] == "succeeded"
    page.get_by_role("link", name="Balance report").click()
    page.wait_for_url(re.compile(r"/training/\d+/balance$"))
    expect(page.get_by_role("main")).to_contain_text("checks")


def test_a_cell_of_the_confusion_matrix_opens_its_pictures(world):
    """As many as it says, by mouse and by keyboard."""
    page = world.page
    world.open("models")
    page.get_by_role("link", name="v2").first.click()
    page.wait_for_url(re.compile(r"/models/\d+$"))
    cell = page.get_by_test_id("confusion").locator("td[aria-label]").first
    number = int(re.findall(r"\d+", cell.get_attribute("aria-label") or "")[0])
    cell.click()
    pictures = page.get_by_test_id("cell-pictures").get_by_role("listitem")
    expect(pictures).to_have_count(number)
    page.keyboard.press("Escape")
    expect(page.get_by_test_id("cell-pictures")).to_have_count(0)
    cell.press("Enter")
    expect(pictures).to_have_count(number)
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_a_picture_of_ones_own_is_tried_on_the_model(world):
    """The answer names the likeliest class."""
    page = world.page
    page.get_by_role("tab", name="Try it").click()
    page.get_by_test_id("try-file").set_input_files(world.pictures / "checks" / "checks-000.png")
    expect(page.get_by_test_id("try-result")).to_contain_text("checks", timeout=PATIENCE)


def test_the_model_is_downloaded_with_a_script_that_uses_it(world):
    """The zip holds weights, an ONNX file, the classes and the card."""
    (model,) = [one for one in world.get("models")["results"] if one["name"] == "v2"]
    address = world.get(f"models/{model['id']}")["url"]
    answer = world.client.session.get(world.url + address, timeout=60)
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.testzip() is None
        names = {Path(name).name: name for name in archive.namelist()}
        assert {"model.safetensors", "model.onnx", "predict.py", "config.json", "classes.txt", "README.md"} <= set(
            names
        )
        assert set(json.loads(archive.read(names["config.json"]))["classes"]) == set(KINDS)


def test_the_model_is_promoted_and_the_one_before_comes_back_at_once(world):
    """Each after a question that says what it will do."""
    page = world.page
    world.open("models")
    page.get_by_role("button", name=re.compile("^Promote v2")).click()
    page.get_by_role("dialog").get_by_role("button", name=re.compile("^Promote v2")).click()
    back = page.get_by_role("button", name="Go back to v1")
    expect(back).to_be_visible(timeout=PATIENCE)
    world.client.wait_until_idle(world.project)
    assert world.state_of("v2") == "serving"
    assert world.get("overview")["head"]["name"].startswith("v2.")

    page.reload()
    back.click()
    page.get_by_role("dialog").get_by_role("button", name="Go back to v1").click()
    expect(page.get_by_role("button", name="Go back to v2")).to_be_visible()
    assert world.state_of("v1") == "serving"
    assert world.get("overview")["head"]["name"].startswith("v1.")
    world.client.wait_until_idle(world.project)


def test_a_schedule_trains_every_night_and_can_be_switched_off(world):
    """It says when it is due in its own time zone; run now starts nothing while no label has changed."""
    page = world.page
    world.open("schedules")
    page.get_by_role("button", name="New schedule").first.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").fill("Nightly")
    dialog.get_by_role("button", name="Create schedule").click()
    expect(dialog).to_have_count(0)
    expect(page.get_by_role("main")).to_contain_text("Next:")
    (schedule,) = world.get("schedules")
    assert (schedule["name"], schedule["kind"], schedule["enabled"]) == ("Nightly", "cron", True)
    assert schedule["next_due"]

    page.get_by_role("switch", name="Nightly is on").click(force=True)
    expect(page.get_by_role("main")).to_contain_text("Switched off")
    assert world.get("schedules")[0]["enabled"] is False

"""Every page by the rules of accessibility, light and dark, on a desk and on a phone; each is photographed on the way.

`ANNOTATOR_SCREENSHOTS` names a folder that keeps the pictures.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.axe import violations
from tests.e2e.browser import chromium, sign_in
from tests.e2e.pictures import write_folders
from tests.e2e.rooms import PHONE, WIDE, Furnished, ask_about_one, furnish, rooms, settled
from tests.product import Product, make_project, running
from worker.management.client import Client
from worker.management.simulation import Plan, Simulation
from worker.management.truth import read_truth

pytestmark = pytest.mark.e2e

KINDS = ("disc", "bars", "checks", "cross")
PASSWORD = "correct horse battery"
LABELS = 32
QUICK = {"preset": "quick", "recipe": {"epochs": 2}}
NAMES = tuple(rooms(Furnished(0, 0, 0, 0, 0)))


@dataclass
class World:
    """A furnished project and a lead's window on it."""

    product: Product
    browser: Browser
    client: Client
    page: Page
    of: Furnished
    shots: Path


@pytest.fixture(scope="module")
def world(tmp_path_factory) -> Iterator[World]:
    """Start the product with a project that has something on every page."""
    root = tmp_path_factory.mktemp("e2e")
    pictures = root / "pictures"
    write_folders(pictures, KINDS, each=30)
    files = [(path.relative_to(pictures).as_posix(), path) for path in sorted(pictures.glob("*/*"))]
    shots = Path(os.environ.get("ANNOTATOR_SCREENSHOTS") or root / "shots")
    shots.mkdir(parents=True, exist_ok=True)
    with running(root / "data") as product, chromium() as browser:
        client = product.client(product.create_user("ada", PASSWORD, admin=True))
        project = make_project(client, "Shapes", list(KINDS), control_share=0.2, refresh_every=LABELS)
        client.import_files(project, files, name="shapes", labels="ignore")
        client.wait_until_idle(project)
        shown = client.get(f"/api/projects/{project}")
        Simulation(client, shown, read_truth(pictures), Plan(checkpoints=(LABELS,), holdout=0.0)).run()
        ask_about_one(client, project, "Is this one of ours?")
        of = furnish(client, project, QUICK)
        page = browser.new_context(viewport=WIDE, color_scheme="light").new_page()
        sign_in(page, product.url, "ada", PASSWORD)
        yield World(product, browser, client, page, of, shots)


@pytest.mark.parametrize("name", NAMES)
def test_a_page_breaks_no_rule_in_light_dark_or_on_a_phone(world, name):
    page = world.page
    page.set_viewport_size(WIDE)
    page.emulate_media(color_scheme="light")
    page.goto(world.product.url + rooms(world.of)[name])
    broken = look(world, f"{name}-light")
    page.emulate_media(color_scheme="dark")
    broken += look(world, f"{name}-dark")
    page.set_viewport_size(PHONE)
    page.emulate_media(color_scheme="light")
    broken += look(world, f"{name}-phone")
    wider = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert not broken, "\n".join(broken)
    assert wider <= 0, f"The page is {wider} px wider than the phone."


def look(world: World, name: str) -> list[str]:
    """Photograph the page as it is and return the rules that it breaks."""
    settled(world.page).screenshot(path=world.shots / f"{name}.png")
    return [f"{name}: {line}" for line in violations(world.page)]


def test_the_page_of_signing_in_breaks_no_rule(world):
    for scheme in ("light", "dark"):
        page = world.browser.new_context(viewport=WIDE, color_scheme=scheme).new_page()
        page.goto(world.product.url)
        expect(page.get_by_role("button", name="Sign in", exact=True)).to_be_visible()
        settled(page).screenshot(path=world.shots / f"login-{scheme}.png")
        assert not violations(page)
        page.context.close()


@pytest.mark.parametrize("keys", ["Control+k", "?"])
def test_what_opens_on_top_of_a_page_breaks_no_rule(world, keys):
    page = world.page
    page.set_viewport_size(WIDE)
    page.goto(world.product.url + rooms(world.of)["label"])
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        settled(page).keyboard.press(keys)
        expect(page.get_by_role("dialog")).to_be_visible()
        settled(page)
        assert not violations(page)
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).to_have_count(0)


def test_the_backbones_are_compared_and_changing_says_what_it_costs(world):
    """The one in use is named; another is changed to only after a question, which can be left."""
    page = world.page
    page.set_viewport_size(WIDE)
    page.goto(world.product.url + rooms(world.of)["settings"])
    room = page.get_by_test_id("backbone-settings")
    expect(room.get_by_test_id("backbone-in-use")).to_contain_text("In use")
    rows = room.locator("tr[data-testid^=backbone-]")
    assert rows.count() > 2
    rows.filter(has_text="at hand").last.get_by_role("radio").check(force=True)
    room.get_by_role("button", name="Change backbone").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("embedded anew")
    assert not violations(settled(page))
    dialog.get_by_role("button", name="Cancel").click()
    expect(dialog).to_have_count(0)


def test_look_alikes_of_a_picture_are_labelled_together(world):
    """Found from the gallery; the pictures that are chosen get one label."""
    page = world.page
    page.goto(f"{world.product.url}/projects/{world.of.project}/gallery")
    page.locator("[data-index='0']").click()
    expect(page.get_by_test_id("gallery-drawer")).to_be_visible()
    page.keyboard.press(".")
    tiles = page.get_by_test_id("look-alike")
    expect(tiles.first).to_be_visible()
    assert not violations(settled(page))
    for index in range(2):
        tiles.nth(index).get_by_role("checkbox").check()
    page.get_by_label("Label for the chosen pictures").select_option(label="cross")
    page.get_by_role("button", name="Label them").click()
    expect(page.get_by_test_id("toast")).to_contain_text("2 pictures labelled")


def test_what_selection_saves_says_what_it_still_needs(world):
    """While there are too few labels of both kinds the page counts them."""
    page = world.page
    page.goto(world.product.url + rooms(world.of)["selection"])
    expect(page.get_by_test_id("selection-growing").or_(page.get_by_test_id("selection-headline"))).to_be_visible()

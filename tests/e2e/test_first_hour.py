"""A newcomer's first hour in the browser: sign in, make a project, import, label by keyboard, watch the model learn."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.browser import LabelPage, chromium, sign_in
from tests.e2e.pictures import write_folders
from tests.product import Product, running

pytestmark = pytest.mark.e2e

KINDS = ("disc", "bars", "checks", "cross")
PASSWORD = "correct horse battery"
REFRESH_EVERY = 12


@dataclass
class World:
    """A running product with two accounts, and pictures on the newcomer's own disk."""

    product: Product
    browser: Browser
    token: str
    folder: Path
    kind_of: dict[str, str]

    def page(self) -> Page:
        """Open a window of its own: nobody is signed in there."""
        return self.browser.new_context(viewport={"width": 1440, "height": 900}).new_page()


@pytest.fixture(scope="module")
def world(tmp_path_factory) -> Iterator[World]:
    """Start the product and the browser once for this file."""
    root = tmp_path_factory.mktemp("e2e")
    kind_of = write_folders(root / "pictures", KINDS, each=30)
    with running(root / "data", ANNOTATOR_JOB_SWEEP_SECONDS="5") as product, chromium() as browser:
        token = product.create_user("ada", PASSWORD)
        product.create_user("grace", PASSWORD)
        yield World(product, browser, token, root / "pictures", kind_of)


@pytest.fixture(scope="module")
def project(world: World) -> int:
    """Make a project and import a folder, all in the browser; return the project's number when it is ready."""
    page = world.page()
    sign_in(page, world.product.url, "ada", PASSWORD)
    page.goto(f"{world.product.url}/projects/new")
    page.get_by_role("textbox", name="Name", exact=True).fill("Shapes")
    page.get_by_role("textbox", name="Classes").fill("\n".join(KINDS))
    page.get_by_role("button", name="Create project").click()
    page.wait_for_url(re.compile(r"/projects/\d+$"))
    number = int(page.url.rsplit("/", 1)[1])
    client = world.product.client(world.token)
    client.patch(f"/api/projects/{number}", {"refresh_every": REFRESH_EVERY})
    page.get_by_test_id("choose-folder").set_input_files(world.folder)
    page.get_by_text("Ignore folder names").click()
    page.get_by_role("button", name="Start import").click()
    page.wait_for_url(re.compile(r"/imports/\d+$"))
    client_has(client, number, images=len(world.kind_of))
    client.wait_until_idle(number)
    page.context.close()
    return number


def client_has(client, project: int, *, images: int) -> None:
    """Wait until the project has that many images."""
    for _ in range(600):
        client.wait_until_idle(project)
        if client.get(f"/api/projects/{project}/overview")["counts"]["images"] == images:
            return
    raise AssertionError(f"{images} images did not arrive: {client.get(f'/api/projects/{project}/imports')}")


@pytest.fixture(scope="module")
def keys(world: World, project: int) -> dict[str, str]:
    """Return the letter of each class."""
    rows = world.product.client(world.token).get(f"/api/projects/{project}/classes")
    return {row["name"]: row["hotkey"] for row in rows}


@pytest.fixture
def ada(world: World, project: int) -> Iterator[LabelPage]:
    """Ada on the Label page, in a window of her own."""
    page = world.page()
    sign_in(page, world.product.url, "ada", PASSWORD)
    page.goto(f"{world.product.url}/projects/{project}/label")
    yield LabelPage(page)
    page.context.close()


def balance(world: World, project: int) -> dict[str, int]:
    """Return how many pictures of each class are labelled."""
    rows = world.product.client(world.token).get(f"/api/projects/{project}/balance")["classes"]
    return {row["name"]: row["labelled"] for row in rows}


def test_twenty_labels_by_keyboard_teach_the_model_and_fill_the_balance(world, project, keys, ada):
    """Label twenty and take one back: the head gets a version, counts follow, and the undone picture is asked again."""
    for _ in range(20):
        ada.press(keys[world.kind_of[ada.sha256()]])
    ada.wait_until_saved()
    expect(ada.today).to_contain_text("20")
    expect(ada.head).to_contain_text(re.compile(r"v1\.\d+"))
    assert sum(balance(world, project).values()) == 20

    shown = ada.sha256()
    ada.page.keyboard.press("z")
    ada.wait_for_another_than(shown)
    undone = ada.sha256()
    ada.wait_until_saved()
    expect(ada.today).to_contain_text("19")
    before = balance(world, project)
    assert sum(before.values()) == 19

    kind = world.kind_of[undone]
    ada.press(keys[kind])
    ada.wait_until_saved()
    after = balance(world, project)
    assert after[kind] == before[kind] + 1

    ada.page.goto(f"{world.product.url}/projects/{project}")
    row = ada.page.locator(f'[data-testid=balance-row][data-class="{kind}"]')
    expect(row).to_contain_text(str(after[kind]))


def test_a_reload_in_the_middle_loses_nothing(world, project, keys, ada):
    """Answers that were typed quickly, and the picture on the stage, survive a reload."""
    before = sum(balance(world, project).values())
    for _ in range(5):
        ada.press(keys[world.kind_of[ada.sha256()]])
    shown = ada.sha256()
    ada.page.reload()
    assert ada.sha256() == shown
    ada.wait_until_saved()
    assert sum(balance(world, project).values()) == before + 5


def test_a_suggestion_is_accepted_with_enter(world, project, ada):
    """Once the model has learned, Enter takes its suggestion for the label."""
    while not ada.suggestion.is_visible():  # a blind task shows none: pass it by
        ada.press("s")
    suggested = (ada.suggestion.text_content() or "").strip()
    before = balance(world, project)
    ada.press("Enter")
    ada.wait_until_saved()
    assert balance(world, project)[suggested] == before[suggested] + 1


def test_two_labelers_never_hold_the_same_picture(world, project, ada):
    """What Ada's window holds is not handed to Grace."""
    client = world.product.client(world.token)
    client.post(f"/api/projects/{project}/members", {"username": "grace", "role": "annotator"})
    page = world.page()
    sign_in(page, world.product.url, "grace", PASSWORD)
    page.goto(f"{world.product.url}/projects/{project}/label")
    grace = LabelPage(page)
    seen = {grace.sha256()}
    mine = {ada.sha256()}
    for _ in range(8):
        grace.press("s")
        ada.press("s")
        seen.add(grace.sha256())
        mine.add(ada.sha256())
    assert not seen & mine
    page.context.close()


def test_an_api_token_is_no_use_to_somebody_outside_the_project(world, project):
    """The pictures of a project are for its members alone."""
    stranger = world.product.create_user("eve", PASSWORD)
    image = world.product.client(world.token).get(f"/api/projects/{project}/images", limit=1)["results"][0]
    session = world.product.client(stranger).session
    assert session.get(world.product.url + image["urls"]["thumb"]).status_code == 404


def test_guessing_a_password_is_slowed_down_and_the_page_says_so(world):
    """After ten wrong passwords the form says how long to wait, and even the right one is not tried."""
    world.product.create_user("mallory", PASSWORD)
    page = world.page()
    page.goto(world.product.url)
    page.get_by_label("Username").fill("mallory")
    button = page.get_by_role("button", name="Sign in")
    for attempt in range(10):
        page.get_by_label("Password", exact=True).fill(f"wrong {attempt}")
        button.click()
        expect(page.get_by_role("alert")).to_be_visible()
        if not button.is_enabled():
            break
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    expect(page.get_by_role("alert")).to_contain_text(re.compile(r"try again|wait|minute", re.IGNORECASE))
    expect(button).to_be_disabled()
    page.context.close()

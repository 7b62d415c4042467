"""Review by keyboard alone: votes that differ are decided, a case goes back and is answered, an answer is corrected."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from annotator.images.models import Trust
from tests.e2e.browser import chromium, sign_in
from tests.e2e.pictures import write_folders
from tests.product import Product, make_project, running
from worker.management.client import Client

pytestmark = pytest.mark.e2e

KINDS = ("disc", "bars", "checks", "cross")
PASSWORD = "correct horse battery"
VOTES = 4


@dataclass
class World:
    """A project of which every picture goes to two labelers, who disagree about all of them."""

    product: Product
    browser: Browser
    client: Client
    project: int
    keys: dict[str, str]
    ids: dict[str, int]

    def open(self, username: str, room: str) -> Page:
        """Open a room of the project as that person, in a window of its own."""
        page = self.browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
        sign_in(page, self.product.url, username, PASSWORD)
        page.goto(f"{self.product.url}/projects/{self.project}/{room}")
        return page

    def cases(self, state: str) -> list[dict[str, Any]]:
        """Return the cases in a state."""
        return list(self.client.get(f"/api/projects/{self.project}/cases", state=state)["results"])

    def case(self, number: int) -> dict[str, Any]:
        """Return a case."""
        return dict(self.client.get(f"/api/projects/{self.project}/cases/{number}"))


def vote(client: Client, project: int, label: int, count: int) -> None:
    """Answer tasks with a label, right or wrong."""
    base = f"/api/projects/{project}"
    items = [
        {
            "client_id": str(uuid.uuid4()),
            "task": task["id"],
            "image": task["image"]["id"],
            "verdict": "label",
            "labels": [label],
        }
        for task in client.post(f"{base}/lease", {"count": count})["tasks"][:count]
    ]
    assert len(items) == count
    client.post(f"{base}/annotations", {"items": items})


@pytest.fixture(scope="module")
def world(tmp_path_factory) -> Iterator[World]:
    """Start the product; two labelers give four pictures each a class of their own."""
    root = tmp_path_factory.mktemp("e2e")
    pictures = root / "pictures"
    write_folders(pictures, KINDS, each=6)
    files = [(path.relative_to(pictures).as_posix(), path) for path in sorted(pictures.glob("*/*"))]
    with running(root / "data") as product, chromium() as browser:
        client = product.client(product.create_user("ada", PASSWORD))
        project = make_project(client, "Shapes", list(KINDS), reserve_share=0)
        client.patch(f"/api/projects/{project}", {"overlap_share": 1, "overlap_votes": 2})
        ids = {row["name"]: row["id"] for row in client.get(f"/api/projects/{project}/classes")}
        keys = {row["name"]: row["hotkey"] for row in client.get(f"/api/projects/{project}/classes")}
        voters = {name: product.client(product.create_user(name, PASSWORD)) for name in ("grace", "linus")}
        for name in voters:
            client.post(f"/api/projects/{project}/members", {"username": name, "role": "annotator"})
        client.import_files(project, files, name="shapes", labels="ignore")
        client.wait_until_idle(project)
        vote(voters["grace"], project, ids["disc"], VOTES)
        vote(voters["linus"], project, ids["bars"], VOTES)
        yield World(product, browser, client, project, keys, ids)


@pytest.fixture(scope="module")
def ada(world) -> Iterator[Page]:
    """Ada on the Review page."""
    page = world.open("ada", "review")
    yield page
    page.context.close()


def shown(page: Page) -> int:
    """Return the number of the case on the screen."""
    return int(page.get_by_test_id("review-case").get_attribute("data-case") or 0)


def wait_for_another_than(page: Page, number: int) -> None:
    """Wait until another case is on the screen."""
    expect(page.locator(f'[data-testid=review-case][data-case="{number}"]')).to_have_count(0)
    expect(page.get_by_test_id("review-case")).to_be_visible()


def resolved(world: World, page: Page, number: int) -> dict[str, Any]:
    """Wait until the server has the decision of a case; return the case."""
    for _ in range(200):
        found = world.case(number)
        if found["state"] == "resolved":
            return found
        page.wait_for_timeout(50)
    raise AssertionError(f"case {number} stays {world.case(number)['state']}")


def test_votes_that_differ_are_decided_with_a_digit_or_a_class_key(world, ada):
    """A digit takes one of the answers, a letter names another class; the next case is there."""
    assert len(world.cases("open")) == VOTES
    first = shown(ada)
    votes = ada.get_by_test_id("review-votes")
    expect(votes).to_contain_text("disc")
    expect(votes).to_contain_text("bars")
    ada.keyboard.press("1")
    wait_for_another_than(ada, first)
    decided = resolved(world, ada, first)
    assert decided["label"] in {world.ids["disc"], world.ids["bars"]}
    image = world.client.get(f"/api/projects/{world.project}/images/{decided['image']['id']}")
    assert image["trust"] == Trust.REVIEWED

    second = shown(ada)
    ada.keyboard.press(world.keys["cross"])
    wait_for_another_than(ada, second)
    assert resolved(world, ada, second)["label"] == world.ids["cross"]


def test_a_decision_is_taken_back(world, ada):
    """Z opens the case again and shows it."""
    before = shown(ada)
    ada.keyboard.press("1")
    wait_for_another_than(ada, before)
    resolved(world, ada, before)
    ada.keyboard.press("z")
    expect(ada.locator(f'[data-testid=review-case][data-case="{before}"]')).to_be_visible()
    expect(ada.get_by_test_id("review-row")).to_have_count(VOTES - 2)
    assert world.case(before)["state"] == "open"


def test_a_case_goes_back_with_a_comment_and_the_labeler_answers(world, ada):
    """The labeler finds it in a list of their own, reads why, and answers with a key."""
    number = shown(ada)
    ada.keyboard.press("Shift+B")
    dialog = ada.get_by_role("dialog")
    expect(dialog).to_be_visible()
    who = dialog.get_by_label("To", exact=True).evaluate("of => of.selectedOptions[0].textContent")
    ada.keyboard.type("Please look at the corners.")
    ada.keyboard.press("Control+Enter")
    expect(dialog).to_have_count(0)
    wait_for_another_than(ada, number)

    page = world.open(who.strip(), "review?tab=back")
    expect(page.get_by_test_id("review-case")).to_contain_text("Please look at the corners.")
    page.keyboard.press(world.keys["checks"])
    expect(page.get_by_test_id("review-case")).to_have_count(0)
    for _ in range(200):
        if world.case(number)["state"] != "sent_back":
            break
        page.wait_for_timeout(50)
    case = world.case(number)
    assert case["state"] in {"open", "resolved"}
    mine = [one for one in case["votes"] if one["user"]["name"] == who.strip()]
    assert mine[-1]["labels"] == [world.ids["checks"]]
    page.context.close()


def test_agreement_says_how_far_people_agree(world, ada):
    """Two who never agree have an α below nought."""
    ada.goto(f"{world.product.url}/projects/{world.project}/review?tab=agreement")
    expect(ada.get_by_test_id("agreement-alpha")).to_contain_text(re.compile(r"[−-]"))


def test_ones_own_answers_are_listed_and_one_is_corrected(world):
    """History by arrows and a class key: the newest first, each with what was said."""
    base = f"/api/projects/{world.project}"
    world.client.patch(base, {"overlap_share": 0})
    (task, *_) = world.client.post(f"{base}/lease", {"count": 1})["tasks"]
    said = {"client_id": str(uuid.uuid4()), "task": task["id"], "image": task["image"]["id"], "verdict": "label"}
    world.client.post(f"{base}/annotations", {"items": [said | {"labels": [world.ids["disc"]]}]})

    page = world.open("ada", "history")
    row = page.get_by_test_id("history-row").first
    expect(row).to_contain_text("disc")
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("history-big")).to_be_visible()
    page.keyboard.press(world.keys["checks"])
    for _ in range(200):
        image = world.client.get(f"{base}/images/{task['image']['id']}")
        if image["label"] == world.ids["checks"]:
            break
        page.wait_for_timeout(50)
    assert image["label"] == world.ids["checks"]
    page.context.close()

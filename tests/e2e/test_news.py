"""News in the browser: a webhook is added and tested, and the bell tells another person of a new role."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, Page, expect

from annotator.common.secrets import signature
from tests.e2e.browser import chromium, sign_in
from tests.product import Product, make_project, running
from tests.receiver import Message, Receiver, receiving

pytestmark = pytest.mark.e2e

PASSWORD = "correct horse battery"
SETTINGS = {"ANNOTATOR_WEBHOOK_SECONDS": "1", "ANNOTATOR_OUTGOING_ALLOW": "127.0.0.0/8"}


@dataclass
class World:
    """A running product with a lead, a colleague and a project, and a receiver of webhooks."""

    product: Product
    browser: Browser
    receiver: Receiver
    token: str
    project: int

    def page(self, username: str, address: str) -> Page:
        """Open a page as that person."""
        page = self.browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
        sign_in(page, self.product.url, username, PASSWORD)
        page.goto(self.product.url + address)
        return page


@pytest.fixture(scope="module")
def world(tmp_path_factory) -> Iterator[World]:
    """Start everything once for this file."""
    data = tmp_path_factory.mktemp("news") / "data"
    with running(data, **SETTINGS) as product, chromium() as browser, receiving() as receiver:
        token = product.create_user("ada", PASSWORD)
        product.create_user("grace", PASSWORD)
        project = make_project(product.client(token), "Shapes", ["disc", "bars"])
        yield World(product, browser, receiver, token, project)


def is_signed(message: Message, secret: str) -> bool:
    given = message.headers["X-Annotator-Signature"]
    return given == signature(secret, message.body, int(given.split(",")[0].removeprefix("t=")))


def test_a_lead_adds_a_webhook_tests_it_and_sends_again_what_failed(world):
    page = world.page("ada", f"/projects/{world.project}/settings")
    page.get_by_role("link", name="Webhooks").click()
    page.get_by_role("button", name="Add a webhook").click()
    page.get_by_label("Address").fill("http://10.0.0.1/hook")
    page.get_by_role("button", name="Add a webhook").click()
    expect(page.get_by_text("inside a private network")).to_be_visible()
    page.get_by_label("Address").fill(world.receiver.url)
    page.get_by_label("members changed").check()
    page.get_by_role("button", name="Add a webhook").click()
    secret = page.get_by_test_id("webhook-secret").locator("code").inner_text()

    world.receiver.will_answer(500, body=b"not yet")
    page.get_by_role("button", name="Send a test").click()
    row = page.get_by_test_id("delivery")
    expect(row).to_contain_text("Given up")
    expect(row).to_contain_text("status 500")
    row.get_by_role("button", name="Send message").click()
    expect(row).to_contain_text("Delivered")

    assert all(is_signed(message, secret) for message in world.receiver.messages)
    assert len({message.body for message in world.receiver.messages}) == 1
    page.reload()
    expect(page.get_by_test_id("webhook")).to_contain_text("127.0.0.1")
    expect(page.get_by_text(secret)).to_have_count(0)


def test_a_new_role_reaches_the_colleagues_bell_and_the_webhook(world):
    before = len(world.receiver.messages)
    world.product.client(world.token).post(
        f"/api/projects/{world.project}/members", {"username": "grace", "role": "reviewer"}
    )
    page = world.page("grace", "/")
    bell = page.get_by_test_id("bell")
    expect(bell).to_have_accessible_name("Notifications: 1 unread")
    bell.click()
    page.get_by_test_id("notification").click()
    page.wait_for_url(f"**/projects/{world.project}")
    expect(page.get_by_test_id("bell")).to_have_accessible_name("Notifications")

    log = world.page("ada", f"/projects/{world.project}/settings/webhooks")
    log.get_by_role("button", name="Log").click()
    expect(log.get_by_test_id("delivery").filter(has_text="members changed")).to_contain_text("Delivered")
    (message,) = world.receiver.messages[before:]
    told = json.loads(message.body)
    assert (told["kind"], told["data"]["role"], told["actor"]["name"]) == ("member_changed", "reviewer", "ada")

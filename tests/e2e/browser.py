"""Chromium for tests and screenshots: started quietly, and what a person does on the pages."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, Page, expect, sync_playwright

CHROMIUM = os.environ.get("ANNOTATOR_CHROMIUM", "/usr/bin/chromium")
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
PATIENCE = 60_000  # milliseconds: nothing here is about speed

expect.set_options(timeout=PATIENCE)


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start the system's Chromium without a window."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))
        yield browser
        browser.close()


def sign_in(page: Page, url: str, username: str, password: str) -> None:
    """Open the product and sign in with the form."""
    page.goto(url)
    page.get_by_label("Username").fill(username)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("button", name="Sign in")).to_have_count(0)


class LabelPage:
    """The Label page as a labeler uses it: eyes on the picture, hands on the keyboard."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.picture = page.locator("[data-testid=label-stage] img")
        self.suggestion = page.get_by_test_id("suggestion-class")
        self.status = page.get_by_test_id("label-status")
        self.today = page.get_by_test_id("count-today")
        self.head = page.get_by_test_id("head-version")
        self.toast = page.get_by_test_id("toast")

    def sha256(self) -> str:
        """Return the content hash of the picture on the stage, from its address …/blobs/<sha256>/…"""
        expect(self.picture).to_be_visible()
        return str(self.picture.get_attribute("src")).split("/blobs/")[1].split("/")[0]

    def press(self, key: str) -> str:
        """Answer with a key, wait until the next picture is there, and return the hash of the one answered."""
        answered = self.sha256()
        self.page.keyboard.press(key)
        self.wait_for_another_than(answered)
        return answered

    def wait_for_another_than(self, sha256: str) -> None:
        """Wait until the stage shows another picture."""
        expect(self.page.locator(f'[data-testid=label-stage] img[src*="{sha256}"]')).to_have_count(0)
        expect(self.picture).to_be_visible()

    def wait_until_saved(self) -> None:
        """Wait until the server has every answer."""
        expect(self.status).to_contain_text("Saved")

"""Take the README's pictures: every page, light, dark and on a phone, with the demo's emoji with some labels given.

    python -m tests.e2e.screenshots FOLDER

`ANNOTATOR_EMOJI` names the unpacked npm package.
"""

from __future__ import annotations

import io
import os
import random
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Browser, Page

from tests.e2e.browser import chromium, sign_in
from tests.e2e.rooms import PHONE, WIDE, Furnished, ask_about_one, furnish, rooms, settled
from tests.product import Product, make_project, running
from worker.management.client import Client
from worker.management.emoji import emoji_files
from worker.management.simulation import Plan, Simulation
from worker.management.truth import Truth

USER, PASSWORD = "ada", "correct horse battery"
MOST_BYTES = 200_000
PICTURES = 1200
LABELS = 200
SMALL_PROJECTS = {
    "Kitchen and garden": {"Food & Drink", "Animals & Nature"},
    "On the road": {"Travel & Places", "Flags"},
}


def main(folder: Path) -> None:
    """Start the product, label a little, and photograph each page."""
    folder.mkdir(parents=True, exist_ok=True)
    files = random.Random(5).sample(emoji_files(Path(os.environ["ANNOTATOR_EMOJI"])), PICTURES)
    with tempfile.TemporaryDirectory() as scratch, running(Path(scratch) / "data") as product, chromium() as browser:
        shown = make_up(product, files)
        for name, page in pages(browser, product, shown):
            save(page, folder / f"{name}.png")


def make_up(product: Product, files: list[tuple[str, Path]]) -> Furnished:
    """Make the projects, import the pictures, label and train in the first, and return that one."""
    client = product.client(product.create_user(USER, PASSWORD, admin=True))
    project = import_project(client, "Emoji", files)
    for name, classes in SMALL_PROJECTS.items():
        import_project(client, name, [(source, path) for source, path in files if source.split("/")[0] in classes])
    shown: dict[str, Any] = client.get(f"/api/projects/{project}")
    Simulation(client, shown, truth_of(files), Plan(checkpoints=(LABELS,), holdout=0.0)).run()
    ask_about_one(client, project, "Food or drink?")
    return furnish(client, project, {"preset": "quick"})


def import_project(client: Client, name: str, files: list[tuple[str, Path]]) -> int:
    """Make a project whose classes are the files' folders, with the pictures imported and embedded."""
    project = make_project(client, name, sorted(truth_of(files).classes), target_per_class=200)
    client.import_files(project, files, name="Noto emoji", labels="ignore")
    client.wait_until_idle(project)
    return project


def truth_of(files: list[tuple[str, Path]]) -> Truth:
    """Return the class of each file: the folder it lies in."""
    return Truth({source: source.split("/")[0] for source, _ in files})


def pages(browser: Browser, product: Product, shown: Furnished) -> Iterator[tuple[str, Page]]:
    """Yield each page's name, with its look, and a window that shows it."""
    context = browser.new_context(viewport=WIDE, color_scheme="light")
    page = context.new_page()
    page.goto(product.url)
    yield from looks(page, "login")
    sign_in(page, product.url, USER, PASSWORD)
    for name, path in rooms(shown).items():
        page.goto(product.url + path)
        yield from looks(page, name)
    context.close()


def looks(page: Page, name: str) -> Iterator[tuple[str, Page]]:
    """Yield the page that is open in light, in dark and on a phone."""
    page.set_viewport_size(WIDE)
    page.emulate_media(color_scheme="light")
    yield f"{name}-light", settled(page)
    page.emulate_media(color_scheme="dark")
    yield f"{name}-dark", settled(page)
    page.set_viewport_size(PHONE)
    page.emulate_media(color_scheme="light")
    yield f"{name}-phone", settled(page)


def save(page: Page, target: Path) -> None:
    """Write a screenshot of at most 200 kB: as it is, or in 256 colours and fewer."""
    picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    picture.save(target, optimize=True)
    for colours in (256, 128, 64):
        if target.stat().st_size <= MOST_BYTES:
            break
        few = picture.quantize(colours, method=Image.Quantize.MAXCOVERAGE, kmeans=2, dither=Image.Dither.NONE)
        few.save(target, optimize=True)
    print(f"{target} {target.stat().st_size // 1000} kB")


if __name__ == "__main__":
    main(Path(sys.argv[1]))

"""Take the README's pictures: every page, light and dark, on the demo's emoji with some labels given.

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
from typing import Any, Literal

from PIL import Image
from playwright.sync_api import Browser, Page

from tests.e2e.browser import chromium, sign_in
from tests.product import Product, make_project, running
from worker.management.client import Client
from worker.management.emoji import emoji_files
from worker.management.simulation import Plan, Simulation
from worker.management.truth import Truth

USER, PASSWORD = "ada", "correct horse battery"
WIDE, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
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
        project, model = make_up(product, files)
        for scheme in ("light", "dark"):
            for name, page in pages(browser, product, (project, model), scheme):
                save(page, folder / f"{name}-{scheme}.png")


def make_up(product: Product, files: list[tuple[str, Path]]) -> tuple[int, int]:
    """Make the projects, import the pictures, label and train in the first; return its number and its model's."""
    client = product.client(product.create_user(USER, PASSWORD, admin=True))
    project = import_project(client, "Emoji", files)
    for name, classes in SMALL_PROJECTS.items():
        import_project(client, name, [(source, path) for source, path in files if source.split("/")[0] in classes])
    shown: dict[str, Any] = client.get(f"/api/projects/{project}")
    Simulation(client, shown, truth_of(files), Plan(checkpoints=(LABELS,), holdout=0.0)).run()
    return project, train_and_export(client, project)


def train_and_export(client: Client, project: int) -> int:
    """Train a model and put it in use, schedule the next, and make a dataset of the labels; return the model."""
    base = f"/api/projects/{project}"
    client.post(f"{base}/runs", {"preset": "quick"})
    client.wait_until_idle(project)
    model = int(client.get(f"{base}/models")["results"][0]["id"])
    client.post(f"{base}/models/{model}/promote", {"override": True})
    nightly = {"name": "Nightly", "kind": "cron", "cron": "30 2 * * *", "timezone": "Europe/Berlin"}
    client.post(f"{base}/schedules", nightly)
    client.post(f"{base}/schedules", {"name": "When 200 are new", "kind": "labels", "every_labels": 200})
    job = client.wait_for_job(project, client.post(f"{base}/snapshots", {"name": "First release"})["id"])
    client.post(f"{base}/exports", {"snapshot": job["result"]["snapshot"], "format": "image_folder"})
    client.wait_until_idle(project)
    return model


def import_project(client: Client, name: str, files: list[tuple[str, Path]]) -> int:
    """Make a project whose classes are the files' folders, with the pictures imported and embedded."""
    project = make_project(client, name, sorted(truth_of(files).classes), target_per_class=200)
    client.import_files(project, files, name="Noto emoji", labels="ignore")
    client.wait_until_idle(project)
    return project


def truth_of(files: list[tuple[str, Path]]) -> Truth:
    """Return the class of each file: the folder it lies in."""
    return Truth({source: source.split("/")[0] for source, _ in files})


def pages(
    browser: Browser, product: Product, shown: tuple[int, int], scheme: Literal["light", "dark"]
) -> Iterator[tuple[str, Page]]:
    """Yield each page's name and a window that shows it. `shown` is the project, and a model of it."""
    project, model = shown
    base = f"/projects/{project}"
    context = browser.new_context(viewport=WIDE, color_scheme=scheme)
    page = context.new_page()
    page.goto(product.url)
    yield "login", settled(page)
    sign_in(page, product.url, USER, PASSWORD)
    yield "projects", settled(page)
    paths = {
        "new-project": "/projects/new",
        "home": base,
        "label": f"{base}/label",
        "import": f"{base}/imports",
        "import-report": f"{base}/imports/1",
        "balance": f"{base}/balance",
        "gallery": f"{base}/gallery?of=suggested",
        "duplicates": f"{base}/duplicates",
        "training": f"{base}/training",
        "run": f"{base}/training/1",
        "models": f"{base}/models",
        "model": f"{base}/models/{model}",
        "schedules": f"{base}/schedules",
        "snapshots": f"{base}/snapshots",
        "snapshot": f"{base}/snapshots/1",
        "exports": f"{base}/exports",
        "notifications": "/notifications",
        "jobs": f"{base}/jobs",
        "settings": f"{base}/settings",
        "classes": f"{base}/settings/classes",
        "members": f"{base}/settings/members",
        "users": "/users",
        "workers": "/workers",
        "storage": "/storage",
        "account": "/account",
    }
    for name, path in paths.items():
        page.goto(product.url + path)
        yield name, settled(page)
    page.set_viewport_size(PHONE)
    page.goto(f"{product.url}{base}/label")
    yield "label-phone", settled(page)
    context.close()


def settled(page: Page) -> Page:
    """Wait until nothing loads and nothing moves any more."""
    page.wait_for_timeout(1500)
    for _ in range(100):  # in steps from here: the page's own rules forbid to wait inside it
        if page.evaluate("[...document.images].every(image => image.complete || image.loading === 'lazy')"):
            break
        page.wait_for_timeout(100)
    page.evaluate("document.fonts.ready")
    return page


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

"""Every page of the product by name, for what goes through all of them: accessibility, and the README's pictures."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Page

from worker.management.client import Client

WIDE, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
SETTLED_MS = 20_000


@dataclass(frozen=True)
class Furnished:
    """A project in which every page has something to show. Numbers are those of the API."""

    project: int
    model: int
    run: int
    batch: int
    snapshot: int


def furnish(client: Client, project: int, preset: dict[str, Any]) -> Furnished:
    """Give a labelled project what its pages show: a model in use, schedules, a dataset, a flag, a question."""
    base = f"/api/projects/{project}"
    client.post(f"{base}/runs", preset)
    client.wait_until_idle(project)
    model = int(client.get(f"{base}/models")["results"][0]["id"])
    client.post(f"{base}/models/{model}/promote", {"override": True})
    nightly = {"name": "Nightly", "kind": "cron", "cron": "30 2 * * *", "timezone": "Europe/Berlin"}
    client.post(f"{base}/schedules", nightly)
    client.post(f"{base}/schedules", {"name": "When 200 are new", "kind": "labels", "every_labels": 200})
    job = client.wait_for_job(project, client.post(f"{base}/snapshots", {"name": "First release"})["id"])
    snapshot = int(job["result"]["snapshot"])
    client.post(f"{base}/exports", {"snapshot": snapshot, "format": "image_folder"})
    client.wait_until_idle(project)
    run, batch = (int(client.get(f"{base}/{of}")["results"][0]["id"]) for of in ("runs", "imports"))
    return Furnished(project, model, run, batch, snapshot)


def ask_about_one(client: Client, project: int, comment: str) -> None:
    """Flag the next picture with a comment, so that there is a case to review."""
    base = f"/api/projects/{project}"
    (task, *_) = client.post(f"{base}/lease", {"count": 1})["tasks"]
    said = {"client_id": str(uuid.uuid4()), "task": task["id"], "image": task["image"]["id"]}
    said |= {"verdict": "flag", "labels": [], "comment": comment}
    client.post(f"{base}/annotations", {"items": [said]})


def rooms(of: Furnished) -> dict[str, str]:
    """Return the path of every page for somebody who is signed in and leads the project, by the page's name."""
    base = f"/projects/{of.project}"
    return {
        "projects": "/",
        "new-project": "/projects/new",
        "home": base,
        "label": f"{base}/label",
        "verify": f"{base}/verify",
        "review": f"{base}/review",
        "history": f"{base}/history",
        "import": f"{base}/imports",
        "import-report": f"{base}/imports/{of.batch}",
        "balance": f"{base}/balance",
        "selection": f"{base}/selection",
        "gallery": f"{base}/gallery?of=suggested",
        "duplicates": f"{base}/duplicates",
        "training": f"{base}/training",
        "run": f"{base}/training/{of.run}",
        "run-balance": f"{base}/training/{of.run}/balance",
        "models": f"{base}/models",
        "model": f"{base}/models/{of.model}",
        "schedules": f"{base}/schedules",
        "snapshots": f"{base}/snapshots",
        "snapshot": f"{base}/snapshots/{of.snapshot}",
        "exports": f"{base}/exports",
        "notifications": "/notifications",
        "jobs": f"{base}/jobs",
        "settings": f"{base}/settings",
        "classes": f"{base}/settings/classes",
        "members": f"{base}/settings/members",
        "webhooks": f"{base}/settings/webhooks",
        "users": "/users",
        "workers": "/workers",
        "storage": "/storage",
        "account": "/account",
    }


QUIET_AT = """() => {
  const pictures = [...document.images].every((image) => image.complete || image.loading === 'lazy');
  const moving = document.getAnimations().some((one) => Number.isFinite(one.effect?.getComputedTiming().endTime));
  return pictures && !moving && document.querySelector('#root')?.childElementCount > 0;
}"""


def settled(page: Page) -> Page:
    """Wait until the page has loaded what it shows, and nothing moves any more."""
    page.wait_for_load_state("networkidle")
    deadline = time.monotonic() + SETTLED_MS / 1000
    while not page.evaluate(QUIET_AT) and time.monotonic() < deadline:
        page.wait_for_timeout(50)  # asked from here: the page's own rules forbid to wait inside it
    page.evaluate("document.fonts.ready")
    return page

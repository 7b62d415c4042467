"""The whole loop played over the real HTTP API, for the tests that say what must come of it.

People label, models are trained by themselves, judged, promoted or not; somebody spoils labels and is taken back; a
dataset leaves the product.
"""

from __future__ import annotations

import csv
import hashlib
import io
import random
import uuid
import zipfile
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from tests.product import Product
from worker.management.client import Client
from worker.management.truth import Truth, content_hash

BATCH = 8
PASSWORD = "a long enough password"


@dataclass
class Story:
    """One project, its careful labeler, and what they know."""

    product: Product
    lead: Client
    labeler: Client
    project: int
    truth: Truth
    rng: random.Random = field(default_factory=lambda: random.Random(0))
    given: int = 0

    def __post_init__(self) -> None:
        self.names = {image["id"]: name for image in self.images() if (name := self.truth.of(image)) is not None}

    @classmethod
    def of(cls, product: Product, lead: Client, project: int, truth: Truth) -> Story:
        """Begin with an imported project; the careful labeler joins it."""
        token = product.create_user("careful", PASSWORD)
        lead.post(f"/api/projects/{project}/members", {"username": "careful", "role": "annotator"})
        return cls(product, lead, product.client(token), project, truth)

    @property
    def base(self) -> str:
        """Where the project is."""
        return f"/api/projects/{self.project}"

    @property
    def classes(self) -> dict[str, int]:
        """Class ids by name."""
        return {row["name"]: row["id"] for row in self.lead.get(f"{self.base}/classes")}

    def join(self, name: str) -> Client:
        """Make an account and a member of the project; return a client of it."""
        token = self.product.create_user(name, PASSWORD)
        self.lead.post(f"{self.base}/members", {"username": name, "role": "annotator"})
        return self.product.client(token)

    def wait(self) -> None:
        """Wait until nothing is queued or running; fail when a job fails."""
        self.lead.wait_until_idle(self.project)

    # Labelling

    def label(self, count: int) -> None:
        """Answer the queue truly until `count` more labels are given."""
        ids, until = self.classes, self.given + count
        while self.given < until:
            lease = self.labeler.post(f"{self.base}/lease", {"count": min(BATCH, until - self.given)})
            if not lease["tasks"]:
                assert lease["reason"] in ("selecting", "embedding"), lease["reason"]
                self.wait()
                continue
            items = [
                answer(ids[self.names[task["image"]["id"]]], task=task["id"], image=task["image"]["id"])
                for task in lease["tasks"][: until - self.given]
            ]
            results = self.labeler.post(f"{self.base}/annotations", {"items": items})["results"]
            assert {result["status"] for result in results} == {"created"}, results
            self.given += len(items)

    def spoil(self, careless: Client, share: float) -> int:
        """Give a share of the pictures that the newest model was trained on a wrong label; return how many."""
        snapshot = self.runs()[0]["snapshot"]["id"]
        trained = {row["position"] for row in self.lead.pages(self.rows(snapshot), limit=1000, split="train")}
        images = [image for image in self.images() if image["position"] in trained]
        chosen = self.rng.sample(images, round(share * len(images)))
        classes = list(self.classes.values())
        for start in range(0, len(chosen), 100):
            items = [
                answer(
                    self.rng.choice([other for other in classes if other != image["label"]]),
                    image=image["id"],
                    seen_version=image["label_version"],
                )
                for image in chosen[start : start + 100]
            ]
            results = careless.post(f"{self.base}/annotations", {"items": items})["results"]
            assert {result["status"] for result in results} == {"created"}, results
        return len(chosen)

    def images(self) -> list[dict[str, Any]]:
        """All pictures as the API lists them."""
        return list(self.lead.pages(f"{self.base}/images", limit=1000))

    def wrong(self) -> int:
        """How many current labels are not the truth."""
        names = {pk: name for name, pk in self.classes.items()}
        return sum(
            image["label"] is not None and names[image["label"]] != self.names[image["id"]] for image in self.images()
        )

    # Models

    def runs(self) -> list[dict[str, Any]]:
        """Training runs, newest first."""
        return list(self.lead.pages(f"{self.base}/runs", limit=50))

    def models(self) -> list[dict[str, Any]]:
        """Models with their details, newest first."""
        return [
            self.lead.get(f"{self.base}/models/{row['id']}") for row in self.lead.get(f"{self.base}/models")["results"]
        ]

    def serving(self) -> dict[str, Any]:
        """The model in use."""
        return next(model for model in self.models() if model["state"] == "serving")

    def events(self, kind: str) -> list[dict[str, Any]]:
        """What happened of one kind, newest first."""
        return [event for event in self.lead.pages(f"{self.base}/events", limit=500) if event["kind"] == kind]

    def check_that_models_were_promoted(self, *, runs: int, promoted: int) -> dict[str, Any]:
        """So many models or more were trained and promoted, each by its gate and after its report; return the last."""
        models = [model for model in self.models() if model["run"]]
        assert len(models) >= runs
        for run in self.runs():
            report = self.lead.get(f"{self.base}/runs/{run['id']}/balance")
            assert len(report["classes"]) == len(self.classes)
            assert report["made_at"] < run["finished_at"]
        names = {event["data"]["name"] for event in self.events("model_promoted")}
        assert len(names) >= promoted
        for model in models:
            if model["name"] in names:
                gate = model["gate"]
                assert gate["decision"] == "promoted"
                assert gate["overall"]["difference"] > 0
                assert gate["overall"]["lower"] > -gate["rules"]["margin"]
        return self.serving()

    def check_that_the_newest_was_rejected(self, serving: dict[str, Any]) -> None:
        """With a reason, and the model that served goes on serving."""
        newest = self.models()[0]
        assert newest["state"] == "rejected", newest["gate"]
        assert newest["gate"]["reasons"][0]["message"]
        assert self.serving()["name"] == serving["name"]

    def take_back(self, username: str, since: datetime, expected: int) -> None:
        """Take back what somebody said since then, as a whole; every label is true again."""
        assert self.wrong() == expected
        members = self.lead.get(f"{self.base}/members")
        person = next(row["user"]["id"] for row in members if row["user"]["username"] == username)
        job = self.lead.post(f"{self.base}/members/{person}/retract", {"since": since.isoformat()})
        assert self.lead.wait_for_job(self.project, job["id"])["result"] == {"undone": expected, "kept": 0}
        self.wait()
        assert self.wrong() == 0

    # Leaving

    def rows(self, snapshot: int) -> str:
        """Where the rows of a snapshot are."""
        return f"{self.base}/snapshots/{snapshot}/rows"

    def export(self, target: Path) -> Path:
        """Freeze all labels, export them as an ImageFolder archive, and download it."""
        job = self.lead.wait_for_job(self.project, self.lead.post(f"{self.base}/snapshots", {"name": "curated"})["id"])
        body = {"snapshot": job["result"]["snapshot"], "format": "image_folder"}
        self.lead.wait_for_job(self.project, self.lead.post(f"{self.base}/exports", body)["id"])
        export = self.lead.get(f"{self.base}/exports")["results"][0]
        answered = self.lead.session.get(self.lead.url + export["url"], timeout=600)
        assert hashlib.sha256(answered.content).hexdigest() == export["sha256"]
        target.write_bytes(answered.content)
        return target


def answer(label: int, **fields: Any) -> dict[str, Any]:
    """One label as a browser sends it."""
    return {"client_id": str(uuid.uuid4()), "verdict": "label", "labels": [label], "lead_time_ms": 900, **fields}


def truth_by_content(truth: Truth, images: list[dict[str, Any]]) -> dict[str, str]:
    """The true class of each picture by the SHA-256 of its file."""
    return {content_hash(image): name for image in images if (name := truth.of(image)) is not None}


def check_archive(path: Path, truth: dict[str, str]) -> int:
    """Compare an exported archive with the truth, from the archive alone; return how many pictures it holds.

    Folder, manifest and content of every picture must say the same class, and every file must have its checksum.
    """
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        names = archive.namelist()
        manifest = next(name for name in names if name.endswith("manifest.csv"))
        rows = list(csv.DictReader(io.StringIO(archive.read(manifest).decode())))
        root = manifest.removesuffix("manifest.csv")
        for row in rows:
            digest = hashlib.sha256(archive.read(root + row["file"])).hexdigest()
            assert digest == row["sha256"], row
            assert row["label"] == truth[digest], row
            assert row["label"] in Path(row["file"]).parts, row
    return len(rows)

"""A simulated labeler: answers over the real HTTP API from known labels, and measures what the model learned."""

from __future__ import annotations

import random
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import Any

from sklearn.metrics import f1_score

from worker.management.client import ApiError, Client
from worker.management.truth import Truth

BATCH = 8  # answers a request, as a quick labeler's browser sends them
HOLDOUT_CHUNK = 5000
SUGGESTIONS_PAGE = 20000
PATIENCE_SECONDS = 900.0
BUSY = {"embedding", "selecting"}


@dataclass(frozen=True)
class Plan:
    """What to simulate. `checkpoints` ascend; `holdout` and `noise` are shares in [0, 1)."""

    checkpoints: tuple[int, ...]
    holdout: float = 0.25
    noise: float = 0.0
    strategy: str | None = None
    seed: int = 0
    wait: bool = True


@dataclass(frozen=True)
class Row:
    """One checkpoint. Accuracies and macro-F1 are in [0, 1] or None when nothing is suggested; times in seconds."""

    labels: int
    decisions: int
    looks: int
    head: str | None
    holdout_accuracy: float | None
    holdout_macro_f1: float | None
    all_accuracy: float
    labelling_seconds: float
    waiting_seconds: float


@dataclass
class Stopwatch:
    """Seconds spent, by purpose."""

    labelling: float = 0.0
    waiting: float = 0.0

    @contextmanager
    def time(self, purpose: str) -> Iterator[None]:
        """Add the time of the block to `labelling` or `waiting`."""
        start = time.monotonic()
        try:
            yield
        finally:
            setattr(self, purpose, getattr(self, purpose) + time.monotonic() - start)


@dataclass
class Simulation:
    """One run on one project. `report` is called with a line of progress now and then."""

    client: Client
    project: dict[str, Any]
    truth: Truth
    plan: Plan
    report: Callable[[str], None] = lambda _: None
    watch: Stopwatch = field(default_factory=Stopwatch)
    labels: int = 0
    decisions: int = 0
    looks: int = 0

    def run(self) -> dict[str, Any]:
        """Play the whole plan and return {"project", "seed", …, "rows": […]}. Raises ApiError."""
        self._prepare()
        rows: list[Row] = []
        for checkpoint in self.plan.checkpoints:
            exhausted = not self._label_until(checkpoint)
            rows.append(self._measure())
            self.report(f"{rows[-1].labels} labels")
            if exhausted:
                self.report("Nothing is left to label.")
                break
        return {
            "project": self.project["name"],
            "strategy": self.project["strategy"],
            "seed": self.plan.seed,
            "noise": self.plan.noise,
            "images": len(self.known),
            "holdout": len(self.holdout),
            "rows": [asdict(row) for row in rows],
        }

    # Before the first round

    def _prepare(self) -> None:
        self.rng = random.Random(self.plan.seed)  # noqa: S311 - a simulation, not a secret
        self.base = f"/api/projects/{self.project['id']}"
        if self.plan.strategy:
            self._set_strategy(self.plan.strategy)
        self._wait_until_idle()
        self._read_images()
        self._register_holdout()
        self.until_refresh = int(self.project["refresh_every"])
        self._refresh()  # the first round must know the hold-out and the strategy

    def _set_strategy(self, name: str) -> None:
        known = [strategy["name"] for strategy in self.client.get("/api/presets")["strategies"]]
        if name not in known:
            raise ApiError(f"There is no strategy {name!r}; there are: {', '.join(known)}.")
        self.project = self.client.patch(self.base, {"strategy": name})

    def _read_images(self) -> None:
        """Learn the class id of every image whose truth is known, and its current label."""
        ids = {row["name"]: row["id"] for row in self.client.get(f"{self.base}/classes") if not row["archived"]}
        missing = sorted(self.truth.classes - set(ids))
        if missing:
            raise ApiError(f"The project lacks {len(missing)} of the classes: {', '.join(missing[:5])}.")
        self.class_ids = sorted(ids.values())
        self.known: dict[int, int] = {}
        self.position: dict[int, int] = {}
        self.given: dict[int, int] = {}
        for image in self.client.pages(f"{self.base}/images", limit=1000):
            name = self.truth.of(image)
            if name is None:
                continue
            self.known[image["id"]] = ids[name]
            self.position[image["id"]] = image["position"]
            if image["label"] is not None:
                self.given[image["id"]] = image["label"]
        if not self.known:
            raise ApiError("None of the project's images is in the truth: compare their paths.")

    def _register_holdout(self) -> None:
        size = round(self.plan.holdout * len(self.known))
        chosen = sorted(self.rng.sample(sorted(self.known), size))
        for start in range(0, size, HOLDOUT_CHUNK):
            body = {"name": f"simulation {self.plan.seed}", "images": chosen[start : start + HOLDOUT_CHUNK]}
            self.client.post(f"{self.base}/holdouts", body)
        self.holdout = chosen

    # Labelling

    def _label_until(self, checkpoint: int) -> bool:
        """Answer tasks until `checkpoint` labels were given; False when there is nothing left to label."""
        while self.labels < checkpoint:
            # Never across a refresh: its round must be picked before the next answers for a seed to repeat.
            count = min(BATCH, checkpoint - self.labels, max(1, self.until_refresh))
            with self.watch.time("labelling"):
                lease = self.client.post(f"{self.base}/lease", {"count": count})
                answer = self._answer(lease["tasks"][:count]) if lease["tasks"] else None
            if answer is None:
                if not self._wait_for_tasks(lease["reason"]):
                    return False
                continue
            self.until_refresh = answer["next_refresh_in"]
            if self.plan.wait and answer["refresh_job"] is not None:
                self._wait_for_job(answer["refresh_job"])
        return True

    def _answer(self, tasks: list[dict[str, Any]]) -> dict[str, Any]:
        """Send one verdict a task: its true class, a wrong one by chance, or a skip when the truth is not known."""
        items = [self._item(task) for task in tasks]
        answer: dict[str, Any] = self.client.post(f"{self.base}/annotations", {"items": items})
        self.looks += len(tasks)
        self.decisions += len(items)
        for item, result in zip(items, answer["results"], strict=True):
            if result["status"] not in {"created", "duplicate"}:
                raise ApiError(f"The server did not take an answer: {result.get('message') or result['status']}")
            if item["verdict"] == "label":
                self.labels += 1
                self.given[item["image"]] = item["labels"][0]
        return answer

    def _item(self, task: dict[str, Any]) -> dict[str, Any]:
        image = task["image"]["id"]
        client_id = str(uuid.UUID(int=self.rng.getrandbits(128), version=4))
        item = {"client_id": client_id, "task": task["id"], "image": image, "lead_time_ms": 0, "origin": "single"}
        if image not in self.known:
            return item | {"verdict": "skip", "labels": []}
        label = self.known[image]
        if self.rng.random() < self.plan.noise and len(self.class_ids) > 1:
            label = self.rng.choice([other for other in self.class_ids if other != label])
        return item | {"verdict": "label", "labels": [label]}

    # Waiting

    def _wait_for_tasks(self, reason: str | None) -> bool:
        """Wait for the next round when one is being made; False when everything is labelled."""
        if reason == "all_labelled":
            return False
        if reason not in BUSY:
            raise ApiError(f"The server hands out no task: {reason or 'it gave no reason'}.")
        with self.watch.time("waiting"):
            deadline = time.monotonic() + PATIENCE_SECONDS
            while time.monotonic() < deadline:
                self.client.wait_until_idle(self.project["id"])
                if self.client.post(f"{self.base}/lease", {"count": 1})["reason"] not in BUSY:
                    return True
                time.sleep(0.1)
        raise ApiError(f"No task came within {PATIENCE_SECONDS:.0f} seconds ({reason}): is a worker running?")

    def _refresh(self) -> None:
        with self.watch.time("waiting"):
            job = self.client.post(f"{self.base}/refresh")
            self.client.wait_for_job(self.project["id"], job["id"])
        overview = self.client.get(f"{self.base}/overview")
        self.until_refresh = overview["next_refresh_in"]

    def _wait_for_job(self, job: int) -> None:
        with self.watch.time("waiting"):
            self.client.wait_for_job(self.project["id"], job)

    def _wait_until_idle(self) -> None:
        with self.watch.time("waiting"):
            self.client.wait_until_idle(self.project["id"])

    # Measuring

    def _measure(self) -> Row:
        if self.plan.wait:
            self._wait_until_idle()
            self._refresh()
        head, suggested = self._suggestions()
        truth = [self.known[image] for image in self.holdout]
        guesses = [suggested.get(self.position[image], 0) for image in self.holdout]
        measured = head is not None and bool(truth)
        right = sum(self.given.get(i, suggested.get(self.position[i])) == label for i, label in self.known.items())
        return Row(
            labels=self.labels,
            decisions=self.decisions,
            looks=self.looks,
            head=head,
            holdout_accuracy=round(share_equal(truth, guesses), 4) if measured else None,
            holdout_macro_f1=round(macro_f1(truth, guesses), 4) if measured else None,
            all_accuracy=round(right / len(self.known), 4),
            labelling_seconds=round(self.watch.labelling, 2),
            waiting_seconds=round(self.watch.waiting, 2),
        )

    def _suggestions(self) -> tuple[str | None, dict[int, int]]:
        """Return the head's name and the suggested class by position."""
        found: dict[int, int] = {}
        head, after = None, None
        while True:
            page = self.client.get(f"{self.base}/suggestions", after=after, limit=SUGGESTIONS_PAGE)
            head = page["head"]
            found.update((position, label) for position, label, _ in page["results"])
            after = page["next"]
            if after is None:
                return head, found


def share_equal(truth: list[int], guesses: list[int]) -> float:
    """Return the share of equal pairs of two non-empty lists."""
    return sum(a == b for a, b in zip(truth, guesses, strict=True)) / len(truth)


def macro_f1(truth: list[int], guesses: list[int]) -> float:
    """Return the mean F1 over the classes that occur in the truth."""
    return float(f1_score(truth, guesses, labels=sorted(set(truth)), average="macro", zero_division=0))

"""A simulated labeler on the Verify page: confirms pages over the HTTP API and overlooks a set share of mistakes."""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

from worker.management.client import ApiError, Client
from worker.management.simulation import SUGGESTIONS_PAGE, Simulation

# Seconds that an act takes. K, P, B and M: Card, Moran & Newell, "The Keystroke-Level Model for User Performance Time
# with Interactive Systems", CACM 23(7), 1980. A fixation lasts 200 to 300 ms: Rayner, Psychological Bulletin 124(3),
# 1998; that one is enough for a picture among others, and that exceptions are pointed at, are assumptions.
KEY, POINT, CLICK, THINK, GLANCE = 0.28, 1.1, 0.1, 1.35, 0.25


@dataclass(frozen=True)
class VerifyPlan:
    """What to simulate. `share` of the pool, the most confident first; `miss` in [0, 1]; `size` None is adaptive."""

    share: float = 0.5
    size: int | None = 60
    miss: float = 0.0
    seed: int = 0
    wait: bool = True


@dataclass(frozen=True)
class Effort:
    """What it cost a person. Minutes are modelled, not measured."""

    decisions: int
    looks: int
    minutes: float


@dataclass
class Overlooked:
    """Decides which mistakes are overlooked: an even share of them, so that chance does not blur a comparison."""

    share: float
    due: float = 0.0

    def next(self) -> bool:
        """Whether this mistake goes unseen."""
        self.due += self.share
        if self.due < 1 - 1e-9:
            return False
        self.due -= 1
        return True


@dataclass
class Tally:
    """What happened on the pages. Planted pictures count as looks and decisions, never as labels."""

    pages: int = 0
    looks: int = 0
    exceptions: int = 0
    planted: int = 0
    planted_missed: int = 0
    labels: int = 0
    correct: int = 0
    wrong_suggestions: int = 0
    sizes: list[int] = field(default_factory=list)


@dataclass
class Verifying:
    """One run on a project that a `Simulation` has labelled. `report` is called with a line of progress at times."""

    simulation: Simulation
    plan: VerifyPlan
    report: Callable[[str], None] = lambda _: None
    tally: Tally = field(default_factory=Tally)

    def run(self) -> dict[str, Any]:
        """Verify the confident share of the pool and return what it gave and cost. Raises ApiError."""
        self.client: Client = self.simulation.client
        self.base = self.simulation.base
        self.known = self.simulation.known
        self.rng = random.Random(self.plan.seed)  # noqa: S311 - a simulation, not a secret
        self.among_pool, self.among_planted = Overlooked(self.plan.miss), Overlooked(self.plan.miss)
        pool = self._pool()
        while self.tally.labels < self.plan.share * pool and self._page():
            self.report(f"{self.tally.labels} labels on {self.tally.pages} pages")
        return self._result(pool)

    def _pool(self) -> int:
        """Return how many pictures of the pool there is a suggestion for."""
        suggested = {row[0] for row in self.client.pages(f"{self.base}/suggestions", limit=SUGGESTIONS_PAGE)}
        images = self.client.pages(f"{self.base}/images", limit=1000)
        pool = sum(
            image["position"] in suggested and not (image["trust"] or image["reserve"] or image["holdout"])
            for image in images
        )
        if not pool:
            raise ApiError("Nothing is suggested yet: label some pictures first.")
        return pool

    def _page(self) -> bool:
        """Take and confirm a page of the class with the likeliest suggestion; False when none is offered any more."""
        waiting = [row for row in self.client.get(f"{self.base}/verify")["classes"] if row["waiting"]]
        for row in sorted(waiting, key=lambda row: row["high"], reverse=True):
            body = {"mode": "class", "class": row["class"], "order": "confident", "size": self.plan.size, "count": 1}
            pages = self.client.post(f"{self.base}/verify/pages", body)["pages"]
            if pages:
                self._confirm(pages[0])
                return True
        return False

    def _confirm(self, page: dict[str, Any]) -> None:
        exceptions = [said for picture in page["pictures"] if (said := self._exception(page["class"], picture))]
        seconds = GLANCE * len(page["pictures"]) + THINK + KEY + len(exceptions) * (POINT + CLICK + THINK + KEY)
        body = {
            "client_id": str(uuid.UUID(int=self.rng.getrandbits(128), version=4)),
            "class": page["class"],
            "seconds": round(seconds, 2),
            "exceptions": exceptions,
        }
        answer = self.client.post(f"{self.base}/verify/pages/{page['id']}/confirm", body)
        if answer["conflicts"]:
            raise ApiError(f"{len(answer['conflicts'])} pictures were labelled by somebody else meanwhile.")
        self._count(page, exceptions, answer["gold"])
        if self.plan.wait and answer["refresh_job"] is not None:
            self.client.wait_for_job(self.simulation.project["id"], answer["refresh_job"])

    def _exception(self, label_class: int, picture: dict[str, Any]) -> dict[str, Any] | None:
        """Return what the labeler says of a picture that is not of the page's class, or None when it goes unseen."""
        image = picture["image"]["id"]
        truth = self.known.get(image)
        if truth is None:
            return {"task": picture["task"], "verdict": "skip", "labels": []}
        if truth == label_class:
            return None
        planted = image in self.simulation.given
        if (self.among_planted if planted else self.among_pool).next():
            return None
        return {"task": picture["task"], "verdict": "label", "labels": [truth]}

    def _count(self, page: dict[str, Any], exceptions: list[dict[str, Any]], gold: dict[str, Any]) -> None:
        tally, label_class = self.tally, page["class"]
        excepted = {said["task"]: said for said in exceptions}
        tally.pages += 1
        tally.sizes.append(len(page["pictures"]))
        tally.looks += len(page["pictures"])
        tally.exceptions += len(exceptions)
        tally.planted += gold["planted"]
        tally.planted_missed += gold["missed"]
        for picture in page["pictures"]:
            image = picture["image"]["id"]
            if image in self.simulation.given or image not in self.known:
                continue
            said = excepted.get(picture["task"])
            label = said["labels"][0] if said else label_class
            tally.labels += 1
            tally.correct += label == self.known[image]
            tally.wrong_suggestions += self.known[image] != label_class
            self.simulation.given[image] = label

    def _result(self, pool: int) -> dict[str, Any]:
        tally = self.tally
        decisions = tally.pages + tally.exceptions
        suggestion_error = share(tally.wrong_suggestions, tally.labels)
        verify = Effort(decisions, tally.looks, round(verify_minutes(tally), 2))
        single = Effort(tally.labels, tally.labels, round(label_minutes(tally), 2))
        return {
            "project": self.simulation.project["name"],
            "miss": self.plan.miss,
            "adaptive": self.plan.size is None,
            "pool": pool,
            "pages": tally.pages,
            "sizes": tally.sizes,
            "planted": tally.planted,
            "planted_missed": tally.planted_missed,
            "labels": tally.labels,
            "correct": tally.correct,
            "correct_per_decision": round(share(tally.correct, decisions), 3),
            "suggestion_error": round(suggestion_error, 5),
            "label_error": round(share(tally.labels - tally.correct, tally.labels), 5),
            "expected_error": round(self.plan.miss * suggestion_error, 5),
            "verify": asdict(verify),
            "label_mode": asdict(single),
        }


def verify_minutes(tally: Tally) -> float:
    """A glance at each picture; thought and a key for each page; pointing, thought and a key for each exception."""
    each = POINT + CLICK + THINK + KEY
    return (GLANCE * tally.looks + (THINK + KEY) * tally.pages + each * tally.exceptions) / 60


def label_minutes(tally: Tally) -> float:
    """The same pictures one by one: thought and a key for each, and another thought where the suggestion is wrong."""
    return ((THINK + KEY) * tally.labels + THINK * tally.wrong_suggestions) / 60


def share(part: int, whole: int) -> float:
    """Return part ÷ whole, 0 of nothing."""
    return part / whole if whole else 0.0

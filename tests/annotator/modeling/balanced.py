"""Builders for reports of class balance: labelled pictures, heads that guess, runs with a stored report."""

from __future__ import annotations

from typing import Any

from annotator.images.models import EmbeddingSpace, Image, Trust
from annotator.modeling.models import TrainingRun
from annotator.modeling.selectors import run_balance
from annotator.projects.models import Project
from annotator.snapshots.models import Snapshot
from annotator.snapshots.selectors import Row
from tests.annotator.images.arrivals import store_scores
from tests.annotator.snapshots.frozen import make_row, make_snapshot
from tests.factories import make_image

Guess = tuple[str, float]


class Pictures:
    """Adds pictures to a project together with what its head says of them."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.said: list[list[Guess]] = []

    def add(self, count: int, label: str = "", *, guess: Guess | None = None, **fields: Any) -> list[Image]:
        """Add pictures with a person's label, or without one."""
        known = {"label": self.project.classes.get(name=label), "trust": Trust.HUMAN} if label else {}
        self.said += [[guess] if guess else []] * count
        self.project.refresh_from_db()
        return [make_image(self.project, **(known | fields)) for _ in range(count)]

    def publish_head(self) -> None:
        """Make what the head says visible."""
        space, _ = EmbeddingSpace.objects.get_or_create(project=self.project, state=EmbeddingSpace.State.ACTIVE)
        store_scores(self.project, self.said, space=space)

    def publish_suggestions(self) -> None:
        """Make the guesses visible as what an import suggested."""
        store_scores(self.project, self.said, kind="import")


def freeze(project: Project, *rows: tuple[str, int, str]) -> Snapshot:
    """Freeze (label, number of pictures, split) as a snapshot; the split `blind` is the blind part of test."""
    ids = dict(project.classes.values_list("name", "id"))
    content: list[Row] = []
    for label, count, split in rows:
        fields = {"split": "test", "blind": True} if split == "blind" else {"split": split}
        content += [make_row(len(content) + n, label, label_id=ids[label], **fields) for n in range(count)]
    return make_snapshot(project, content)


def make_run(project: Project, snapshot: Snapshot | None = None, *, report: bool = False, **fields: Any) -> TrainingRun:
    """Create the project's next run, with its report stored if asked."""
    number = project.training_runs.count() + 1
    run = TrainingRun.objects.create(project=project, number=number, snapshot=snapshot, **fields)
    if report:
        run.balance = run_balance(run)
        run.save()
    return run

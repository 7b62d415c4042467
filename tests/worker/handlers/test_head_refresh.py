"""The head refresh: what it learns from, what it publishes, what it puts before people."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from django.db import transaction
from django.utils import timezone

from annotator.common.arrays import array_path, publish, read_array, remove, write_arrays
from annotator.events.models import Event
from annotator.images.models import Image, ScoreSet, Trust
from annotator.images.selectors import score_reader
from annotator.images.services import ensure_space, publish_scores, publish_shard
from annotator.jobs.models import Job
from annotator.labeling.models import SelectionRound, Task
from annotator.labeling.services import lease_tasks, request_refresh
from annotator.projects.models import Project
from tests.factories import make_image, make_project
from worker.handlers import scoring
from worker.ml.head import Head, train_head
from worker.runner import run_job

DIM = 16


def embed(project: Project, folder: Path, classes: np.ndarray, seed: int = 0) -> None:
    """Give the project's images embeddings that cluster by class (int [n])."""
    rng = np.random.default_rng(seed)
    vectors = np.eye(DIM)[classes] + rng.normal(0, 0.15, (len(classes), DIM))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    sha256 = write_arrays(folder / "draft", {"embeddings": vectors.astype(np.float16)})
    publish(folder / "draft", f"{project.pk}/embeddings/test")
    space = ensure_space(project=project, dim=DIM)
    assert publish_shard(space=space, start=0, stop=len(classes), folder=f"{project.pk}/embeddings/test", sha256=sha256)


def refresh(project: Project) -> dict:
    """Run a refresh to its end; return its result."""
    job = request_refresh(project=project)
    run_job(job.pk)
    job.refresh_from_db()
    assert job.state == Job.State.SUCCEEDED, job.error_message
    return job.result


def refresh_head(project: Project) -> Head:
    """Run a refresh; return the head that it published."""
    refresh(project)
    score_set = ScoreSet.objects.get(project=project, active=True)
    return Head.load(array_path(score_set.folder) / "head.safetensors")


@pytest.fixture
def gallery(transactional_db, tmp_path):
    """A project with 60 embedded pictures of two kinds, the last ten of them in the reserve."""
    project = make_project()
    classes = np.arange(60) % 2
    for position in range(60):
        make_image(project, reserve=position >= 50)
    embed(project, tmp_path, classes)
    cat, dog = project.classes.all()
    return project, cat, dog, classes


def label(project: Project, positions: list[int], names: list) -> None:
    """Set trusted labels without going through the queue."""
    for position, name in zip(positions, names, strict=True):
        project.refresh_from_db()
        seq = project.change_seq + 1
        Project.objects.filter(pk=project.pk).update(change_seq=seq)
        rows = Image.objects.filter(project=project, position=position)
        rows.update(label=name, trust=Trust.HUMAN, label_version=1, change_seq=seq)


def test_without_labels_typical_pictures_come_first_and_there_is_no_head(gallery):
    project, *_ = gallery
    result = refresh(project)
    assert result["head"] == ""
    round_ = SelectionRound.objects.get(project=project)
    assert (round_.size, round_.state) == (50, SelectionRound.State.ACTIVE)
    first = Task.objects.filter(round=round_).order_by("rank")[:2]
    assert {task.reason["code"] for task in first} == {"typical"}
    assert {task.image.position % 2 for task in first} == {0, 1}, "the first two cover both kinds"


def test_labels_make_a_head_that_suggests_scores_and_ranks(gallery):
    project, cat, dog, classes = gallery
    label(project, [0, 1, 2, 3], [cat, dog, cat, dog])
    label(project, [50, 51, 52], [cat, dog, dog])
    result = refresh(project)
    assert (result["head"], result["labels"], result["test_size"]) == ("v1.1", 4, 3)
    score_set = ScoreSet.objects.get(project=project, active=True)
    assert (score_set.test_size, score_set.test_correct) == (3, 2), "52 is a cat that a person called a dog"
    assert read_array(score_set.folder, "top_class").shape == (60, 2)
    guesses = [score_reader(project.pk).top(position)[0][0] for position in range(60)]
    assert guesses == [(cat, dog)[kind].pk for kind in classes]
    tasks = lease_tasks(project=project, user=project.created_by, count=5)
    assert all(task.suggestion_model == "v1.1" and task.suggestion_confidence > 0.5 for task in tasks)
    assert not {task.image.position for task in tasks} & {0, 1, 2, 3}
    assert Event.objects.get(project=project, kind="refreshed").data["head"] == "v1.1"


def test_suggestions_follow_the_pools_shares_and_not_those_of_the_chosen_labels(gallery):
    project, cat, dog, _ = gallery
    label(project, list(range(40)), [cat, dog] * 20)  # what is left: five cats and five dogs, and the reserve
    few = refresh_head(project)
    assert np.exp(few.log_prior_shift) == pytest.approx([0.5, 0.5], abs=0.02)
    Image.objects.filter(project=project, position__in=range(41, 50, 2)).update(archived_at=timezone.now())
    label(project, [0], [cat])
    cats = refresh_head(project)
    assert cats.log_prior_shift[0] > cats.log_prior_shift[1], "only cats are left in the pool"


def test_a_refresh_goes_on_from_the_last_head_of_the_same_embeddings(gallery, monkeypatch):
    project, cat, dog, _ = gallery
    began: list = []

    def train(*args, warm_start=None, **options):
        began.append(warm_start)
        return train_head(*args, warm_start=warm_start, **options)

    monkeypatch.setattr(scoring, "train_head", train)
    label(project, [0, 1], [cat, dog])
    first = refresh_head(project)
    second = refresh_head(project)
    assert began[0] is None
    assert began[1].weight.tobytes() == first.weight.tobytes()
    remove([ScoreSet.objects.get(project=project, active=True).folder])
    refresh(project)
    assert began[2].weight.tobytes() == first.weight.tobytes(), "the newest whose file is there"
    assert second.classes.tolist() == [cat.pk, dog.pk]


def test_reserve_holdouts_and_certified_labels_are_never_trained_on(gallery):
    project, cat, dog, _ = gallery
    label(project, [0, 1, 2], [cat, dog, dog])
    Image.objects.filter(project=project, position=2).update(trust=Trust.CERTIFIED)
    label(project, [50, 51], [dog, cat])
    assert refresh(project)["labels"] == 2


def test_what_somebody_holds_is_neither_picked_again_nor_changed(gallery):
    project, cat, dog, _ = gallery
    refresh(project)
    held = lease_tasks(project=project, user=project.created_by, count=5)
    label(project, [0, 1], [cat, dog])
    refresh(project)
    images = {task.image_id for task in held}
    assert not Task.objects.filter(round__state=SelectionRound.State.ACTIVE, image__in=images).exists()
    again = lease_tasks(project=project, user=project.created_by, count=5)
    assert [task.suggestion_model for task in again] == [""] * 5


def test_before_the_first_label_an_imports_suggestions_are_shown(gallery, tmp_path):
    project, cat, dog, classes = gallery
    arrays = {
        "top_class": classes.astype(np.int16)[:, None],
        "top_prob": np.ones((60, 1), np.float16),
        "margin": np.ones(60, np.float16),
        "entropy": np.zeros(60, np.float16),
    }
    write_arrays(tmp_path / "import", arrays)
    publish(tmp_path / "import", f"{project.pk}/scores/import-test")
    with transaction.atomic():
        publish_scores(
            project_id=project.pk,
            kind=ScoreSet.Kind.IMPORT,
            space=None,
            folder=f"{project.pk}/scores/import-test",
            length=60,
            classes=[cat.pk, dog.pk],
        )
    refresh(project)
    task = lease_tasks(project=project, user=project.created_by, count=1)[0]
    assert (task.suggestion_model, task.suggestion_class) == ("import", (cat, dog)[task.image.position % 2])


def test_head_versions_count_up_and_the_former_set_steps_back(gallery):
    project, cat, dog, _ = gallery
    label(project, [0, 1], [cat, dog])
    assert refresh(project)["head"] == "v1.1"
    label(project, [2, 3], [cat, dog])
    assert refresh(project)["head"] == "v1.2"
    active = ScoreSet.objects.filter(project=project, active=True)
    assert [row.name for row in active] == ["v1.2"]


def test_a_project_without_embeddings_has_nothing_to_refresh(transactional_db):
    assert refresh(make_project()) == {"skipped": "nothing is embedded yet"}


def test_an_unknown_strategy_fails_with_the_known_ones_named(gallery):
    project, *_ = gallery
    Project.objects.filter(pk=project.pk).update(strategy="guess")
    job = request_refresh(project=project)
    run_job(job.pk)
    job.refresh_from_db()
    assert (job.state, job.error_code) == (Job.State.FAILED, "unknown_strategy")
    assert "uncertainty_herding" in job.error_hint

"""The simulated labeler on a small project over HTTP: what it answers, never sees, and reports."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
from django.core.management import CommandError, call_command

from annotator.accounts.services import create_token
from annotator.common.arrays import publish, write_arrays
from annotator.images.models import Holdout, Image, ImageSource, ImportBatch
from annotator.images.services import ensure_space, publish_shard
from annotator.labeling.models import Annotation, Task
from annotator.projects.models import Project, Role
from tests.factories import add_member, make_image, make_project
from worker.management import simulation
from worker.management.client import Client
from worker.management.commands import label_sim
from worker.runner import run_job

NAMES = ("coat", "hat", "shoes")
IMAGES = 120


class WithoutWorkers(Client):
    """A client that runs each job itself when it would wait for a worker."""

    def wait_for_job(self, project_id, job_id, *, watch=None):
        """Run the job, then look at it as usual."""
        run_job(job_id)
        return super().wait_for_job(project_id, job_id, watch=watch)


@pytest.fixture
def project(transactional_db, tmp_path: Path) -> Project:
    """A project of 120 pictures whose embeddings cluster by class; file names tell the class."""
    project = make_project(classes=NAMES, refresh_every=10)
    batch = ImportBatch.objects.create(project=project, name="pictures", state=ImportBatch.State.DONE)
    kinds = np.arange(IMAGES) % len(NAMES)
    for position, kind in enumerate(kinds):
        image = make_image(project, reserve=position % 12 == 0)
        ImageSource.objects.create(image=image, batch=batch, path=f"{NAMES[kind]}/{position}.jpg")
    rng = np.random.default_rng(0)
    vectors = np.eye(8)[kinds] + rng.normal(0, 0.1, (IMAGES, 8))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    sha256 = write_arrays(tmp_path / "draft", {"embeddings": vectors.astype(np.float16)})
    folder = f"{project.pk}/embeddings/test"
    publish(tmp_path / "draft", folder)
    space = ensure_space(project=project, dim=8)
    assert publish_shard(space=space, start=0, stop=IMAGES, folder=folder, sha256=sha256)
    return project


@pytest.fixture
def truth(tmp_path: Path) -> Path:
    """The true classes as a CSV file."""
    rows = [f"{NAMES[number % 3]}/{number}.jpg,{NAMES[number % 3]}" for number in range(IMAGES)]
    path = tmp_path / "truth.csv"
    path.write_text("\n".join(["path,label", *rows]), encoding="utf-8")
    return path


@pytest.fixture
def simulate(project, truth, live_server, monkeypatch):
    """Return a runner of `annotator label-sim` as the project's lead."""
    monkeypatch.setattr(label_sim, "Client", WithoutWorkers)
    token = create_token(user=project.created_by, name="test")[1]

    def run(*options: str) -> str:
        out = StringIO()
        login = ("--url", live_server.url, "--token", token)
        call_command("label_sim", project.name, "--truth", str(truth), *login, *options, stdout=out, stderr=StringIO())
        return out.getvalue()

    return run


def test_it_labels_to_each_checkpoint_and_reports_what_the_model_learned(simulate, project):
    result = json.loads(simulate("--checkpoints", "12,30", "--json"))
    assert (result["images"], result["holdout"], result["strategy"]) == (120, 30, "auto")
    first, second = result["rows"]
    assert (first["labels"], first["decisions"], first["looks"]) == (12, 12, 12)
    assert (second["labels"], second["decisions"], second["looks"]) == (30, 30, 30)
    assert second["holdout_accuracy"] > 0.9
    assert second["holdout_macro_f1"] > 0.9
    assert second["all_accuracy"] >= second["holdout_accuracy"] - 0.1
    assert first["head"] != second["head"]
    assert Annotation.objects.filter(project=project).count() == 30


def test_the_holdout_is_never_shown_and_test_answers_count_as_labels(simulate, project):
    simulate("--checkpoints", "40", "--holdout", "0.5")
    held_out = set(Image.objects.filter(holdout=Holdout.objects.get(project=project)).values_list("id", flat=True))
    assert len(held_out) == 60
    assert not held_out & set(Task.objects.filter(project=project).values_list("image_id", flat=True))
    answers = Annotation.objects.filter(project=project)
    assert answers.count() == 40
    assert answers.filter(blind=True).count() == 4, "one in ten"


def test_a_seed_repeats_holdout_and_noise(simulate, project):
    simulate("--checkpoints", "20", "--noise", "0.5", "--seed", "3")
    wrong = [a for a in Annotation.objects.select_related("image") if a.labels != [true_class(project, a.image)]]
    assert 3 <= len(wrong) <= 17
    ids = sorted(Image.objects.filter(project=project).values_list("id", flat=True))
    chosen = set(simulation.random.Random(3).sample(ids, 30))
    assert chosen == set(Image.objects.exclude(holdout=None).values_list("id", flat=True))


def true_class(project: Project, image: Image) -> int:
    """Return the class id that the image's position tells."""
    return list(project.classes.order_by("index").values_list("id", flat=True))[image.position % 3]


def test_it_stops_when_nothing_is_left_and_says_where(simulate):
    rows = json.loads(simulate("--checkpoints", "50,200,300", "--json"))["rows"]
    assert [row["labels"] for row in rows] == [50, 90]
    assert rows[-1]["all_accuracy"] > 0.95


def test_the_strategy_is_set_first_and_the_table_is_for_people(simulate, project):
    text = simulate("--checkpoints", "10", "--strategy", "random")
    project.refresh_from_db()
    assert project.strategy == "random"
    heading, columns, row = text.strip().splitlines()
    assert "strategy random" in heading
    assert columns.split()[0] == "labels"
    assert row.split()[:3] == ["10", "10", "10"]


def test_a_labeler_who_never_pauses_asks_for_no_refresh_at_checkpoints(simulate, project):
    rows = json.loads(simulate("--checkpoints", "5", "--async", "--json"))["rows"]
    assert rows[0]["labels"] == 5
    assert rows[0]["head"] is None
    assert rows[0]["holdout_accuracy"] is None


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--checkpoints", "80,40"), "ascending"),
        (("--checkpoints", "many"), "invalid"),
        (("--holdout", "1"), "share"),
        (("--strategy", "guessing"), "guessing"),
        (("--truth", "/nowhere"), "no folder or file"),
    ],
)
def test_bad_options_are_told_in_one_line(simulate, options, message):
    with pytest.raises(CommandError, match=message) as caught:
        simulate(*options)
    assert "\n" not in str(caught.value)


def test_who_one_is_must_be_said_and_a_lead_it_must_be(project, truth, live_server):
    base = ("label_sim", project.name, "--truth", str(truth), "--url", live_server.url)
    with pytest.raises(CommandError, match="Say who you are"):
        call_command(*base)
    annotator = add_member(project, role=Role.ANNOTATOR)
    with pytest.raises(CommandError, match="role"):
        call_command(*base, "--user", annotator.username, "--password", "correct horse")


def test_classes_that_the_project_lacks_are_named(simulate, project):
    project.classes.filter(name="hat").update(name="cap")
    with pytest.raises(CommandError, match=r"lacks 1 of the classes: hat"):
        simulate()

"""Changing the backbone of a project that has pictures: a space of its own beside the old one, then the switch."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from annotator.curation.selectors import searched_up_to
from annotator.images.models import EmbeddingShard, EmbeddingSpace
from annotator.images.selectors import active_space, score_reader
from annotator.jobs.models import Job, JobKind
from annotator.jobs.services import enqueue, request_cancel
from annotator.modeling.models import ModelVersion, TrainingRun
from annotator.modeling.selectors import backbone_in_use, serving_model
from annotator.modeling.services import change_backbone
from annotator.projects.models import Project
from tests.factories import make_project
from tests.worker.handlers.embedding import add_pictures
from tests.worker.handlers.promoting import DIM, be_quick, check_whole, embedded_project, finish, stored, work_off
from worker.handlers import embed, promote, train
from worker.ml import backbones
from worker.runner import JobContext

pytestmark = pytest.mark.django_db(transaction=True)

real_loaded = embed._loaded


def as_pretrained(name: str, weights: str) -> SimpleNamespace:
    """A model whose rows say which backbone made them."""
    return SimpleNamespace(name=name, weights=weights or name, dim=DIM, short_side=224, describe=dict)


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    be_quick(monkeypatch)


@pytest.fixture
def project(tmp_path):
    return embedded_project(tmp_path)


def change(project: Project, name: str = "resnet50") -> Job:
    job = change_backbone(project=project, name=name, user=project.created_by)
    assert job is not None
    return finish(job)


def names(project: Project) -> tuple[str, str, str]:
    return serving_model(project).name, active_space(project.pk).model_name, score_reader(project.pk).name


def test_the_pictures_get_embeddings_of_the_new_one_and_it_serves(project, monkeypatch):
    before = stored(project)
    monkeypatch.setattr(embed, "_loaded", as_pretrained)

    job = change(project)

    assert job.state == Job.State.SUCCEEDED, job.error_message
    assert (job.result["model"], job.result["embedded"], job.result["head"]) == ("v2", 10, "v2.1")
    version = serving_model(project)
    assert (version.name, version.backbone, version.folder, version.run) == ("v2", "resnet50", "", None)
    assert (active_space(project.pk).backbone, active_space(project.pk).weights) == ("resnet50", "")
    assert Project.objects.get(pk=project.pk).backbone == "resnet50"
    assert not (stored(project) == before).all(), "all pictures were embedded anew"
    work_off(project)
    assert score_reader(project.pk).name == "v2.2"


def test_going_back_takes_no_job_and_forth_again_neither(project):
    change(project)
    work_off(project)

    assert change_backbone(project=project, name="tf_efficientnet_lite0", user=project.created_by) is None
    assert names(project)[:2] == ("v1", "v1")
    assert Project.objects.get(pk=project.pk).backbone == "tf_efficientnet_lite0"

    assert change_backbone(project=project, name="resnet50", user=project.created_by) is None
    assert names(project)[:2] == ("v2", "v2")
    work_off(project)
    check_whole(project)


def test_only_what_is_new_is_embedded_before_and_after_the_change(project, tmp_path, monkeypatch):
    counts, real = [], embed.embed_images

    def counted(paths, backbone, **options):
        counts.append(len(paths))
        return real(paths, backbone, **options)

    def embed_new(pictures: int) -> int:
        counts.clear()
        add_pictures(project, tmp_path, pictures)
        enqueue(kind=JobKind.EMBED, project=project, slot=f"embed:{project.pk}")
        work_off(project)
        return sum(counts)

    monkeypatch.setattr(embed, "embed_images", counted)
    assert embed_new(3) == 3
    counts.clear()
    change(project)
    work_off(project)
    assert sum(counts) == 13
    assert embed_new(2) == 2
    check_whole(project)


def test_pictures_that_come_meanwhile_are_searched_for_copies_and_embedded(project, tmp_path, monkeypatch):
    real = promote.train_and_score

    def more(*args):
        add_pictures(project, tmp_path, 3)
        return real(*args)

    monkeypatch.setattr(promote, "train_and_score", more)
    change(project)
    work_off(project)

    assert active_space(project.pk).length == 13
    search = Job.objects.get(project=project, kind=JobKind.FIND_DUPLICATES, state=Job.State.QUEUED)
    assert finish(search).state == Job.State.SUCCEEDED, "it reads the new space"
    assert searched_up_to(project.pk) == 13
    check_whole(project)


def test_weights_that_cannot_be_had_change_nothing_and_say_what_to_do(project, monkeypatch):
    monkeypatch.setattr(embed, "_loaded", real_loaded)
    monkeypatch.setattr(backbones.huggingface_hub, "try_to_load_from_cache", lambda *_, **__: None)
    before = names(project)

    job = change(project)

    assert (job.state, job.error_code) == (Job.State.FAILED, "weights_unavailable")
    assert "resnet50.safetensors" in job.error_hint
    assert names(project) == before
    assert Project.objects.get(pk=project.pk).backbone == "tf_efficientnet_lite0"
    assert ModelVersion.objects.filter(project=project).count() == 1
    assert EmbeddingSpace.objects.filter(project=project).count() == 1
    assert backbone_in_use(project).change == job


def test_a_name_that_nobody_knows_changes_nothing(project, monkeypatch):
    monkeypatch.setattr(embed, "_loaded", real_loaded)
    job = change(project, "resnet5000")
    assert (job.state, job.error_code) == (Job.State.FAILED, "unknown_backbone")
    assert ModelVersion.objects.filter(project=project).count() == 1


def test_a_cancelled_change_leaves_the_former_backbone_and_can_be_asked_for_again(project, monkeypatch):
    real, before = promote.embed_shard, names(project)

    def cancelling(ctx, *args):
        request_cancel(job=ctx.job)
        ctx._next_report = 0.0
        return real(ctx, *args)

    monkeypatch.setattr(promote, "embed_shard", cancelling)
    assert change(project).state == Job.State.CANCELLED
    assert names(project) == before

    monkeypatch.setattr(promote, "embed_shard", real)
    assert change(project).state == Job.State.SUCCEEDED
    assert ModelVersion.objects.filter(project=project).count() == 2, "the model is the same"
    work_off(project)
    check_whole(project)


def test_after_three_backbones_the_first_is_embedded_anew_under_its_name(project):
    for name in ("resnet50", "convnext_tiny"):
        change(project, name)
        work_off(project)
    assert EmbeddingShard.objects.filter(space__model_name="v1").count() == 0, "only the one before is kept"

    job = change(project, "tf_efficientnet_lite0")

    assert (job.state, names(project)[:2]) == (Job.State.SUCCEEDED, ("v1", "v1"))
    work_off(project)
    check_whole(project)


def test_a_training_run_after_the_change_starts_from_the_new_backbone(project):
    change(project)
    run = TrainingRun.objects.create(project=project, number=1)
    job = enqueue(kind=JobKind.TRAIN, project=Project.objects.get(pk=project.pk), params={"run": run.pk})
    attempt = train._Attempt(JobContext(job), run)
    assert attempt.recipe.backbone == "resnet50"


def test_before_anything_is_embedded_the_first_space_is_of_the_backbone_chosen_last(tmp_path, monkeypatch):
    """The change comes while the former backbone is being loaded, which may take minutes."""
    project = make_project()
    add_pictures(project, tmp_path, 2)

    def changed_meanwhile(name, weights):
        if name == "tf_efficientnet_lite0":
            change_backbone(project=project, name="resnet50", user=project.created_by)
        return as_pretrained(name, weights)

    monkeypatch.setattr(embed, "_loaded", changed_meanwhile)
    job = finish(enqueue(kind=JobKind.EMBED, project=project, slot=f"embed:{project.pk}"))

    assert job.state == Job.State.SUCCEEDED, job.error_message
    assert (active_space(project.pk).backbone, serving_model(project).backbone) == ("resnet50", "resnet50")
    assert active_space(project.pk).length == 2

"""Promotion: the pool is embedded and scored with a new model beside the old one, then all changes at once."""

from __future__ import annotations

import pytest
from django.utils import timezone

from annotator.common.errors import Conflict
from annotator.events.models import Event
from annotator.images.models import EmbeddingShard, EmbeddingSpace, Image, ScoreSet, Trust
from annotator.images.selectors import active_space, score_reader
from annotator.jobs.models import Job, JobKind
from annotator.jobs.services import enqueue, retry
from annotator.labeling.services import request_refresh
from annotator.modeling.models import ModelVersion
from annotator.modeling.selectors import serving_model
from annotator.modeling.services import request_promotion
from annotator.projects.models import LabelClass, Project
from tests.annotator.modeling.made import make_model
from tests.worker.handlers.embedding import add_pictures
from tests.worker.handlers.promoting import be_quick, check_whole, embedded_project, finish, names_in, work_off
from worker.handlers import embed, head_refresh, promote
from worker.runner import run_job

pytestmark = pytest.mark.django_db(transaction=True)

State = ModelVersion.State
real_loaded = embed._loaded


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    be_quick(monkeypatch)


@pytest.fixture
def project(tmp_path):
    return embedded_project(tmp_path)


def test_a_promoted_model_embeds_and_scores_the_pool_and_serves(project):
    first, version = serving_model(project), make_model(project)

    job = finish(request_promotion(version=version, user=project.created_by))

    assert job.state == Job.State.SUCCEEDED, job.error_message
    assert job.result == {"model": "v2", "embedded": 10, "head": "v2.1"} | {
        "images_per_second": job.result["images_per_second"]
    }
    assert job.result["images_per_second"] > 0
    version.refresh_from_db()
    first.refresh_from_db()
    assert (version.state, first.state) == (State.SERVING, State.RETIRED)
    assert (version.promoted_by, version.promoted_at is None) == (project.created_by, False)
    assert score_reader(project.pk).name == "v2.1"
    event = Event.objects.get(project=project, kind="model_promoted")
    assert event.data == {"model": version.pk, "name": "v2", "previous": "v1"}
    check_whole(project)
    work_off(project)
    assert score_reader(project.pk).name == "v2.2", "a refresh ranks the queue anew"
    assert not Job.objects.filter(project=project, kind=JobKind.EMBED, state=Job.State.QUEUED).exists()


def test_until_the_last_transaction_nothing_that_people_see_changes(project, monkeypatch):
    version, seen = make_model(project), []
    real = promote.train_and_score

    def look(*args):
        seen.append((score_reader(project.pk).name, active_space(project.pk).model_name, serving_model(project).name))
        return real(*args)

    monkeypatch.setattr(promote, "train_and_score", look)
    finish(request_promotion(version=version, user=None))

    assert seen == [("v1.1", "v1", "v1")]
    assert EmbeddingSpace.objects.get(model_name="v2").length == 10


def test_pictures_imported_while_it_runs_are_embedded_afterwards(project, tmp_path, monkeypatch):
    real = promote.train_and_score

    def more(*args):
        add_pictures(project, tmp_path, 3)
        return real(*args)

    monkeypatch.setattr(promote, "train_and_score", more)
    finish(request_promotion(version=make_model(project), user=None))

    assert active_space(project.pk).length == 10
    waiting = Job.objects.filter(project=project, state=Job.State.QUEUED).values_list("kind", flat=True)
    assert {JobKind.EMBED, JobKind.HEAD_REFRESH} <= set(waiting)
    work_off(project)
    assert active_space(project.pk).length == 13
    check_whole(project)
    assert score_reader(project.pk).length == 13


def test_pictures_that_come_while_it_embeds_are_part_of_it(project, tmp_path, monkeypatch):
    real, calls = promote.embed_shard, []

    def more(*args):
        if not calls:
            add_pictures(project, tmp_path, 3)
        calls.append(1)
        return real(*args)

    monkeypatch.setattr(promote, "embed_shard", more)
    job = finish(request_promotion(version=make_model(project), user=None))

    assert job.result["embedded"] == 13
    check_whole(project)


def test_an_embedding_job_that_meets_the_switch_goes_on_in_the_new_space(project, tmp_path, monkeypatch):
    """It must neither put the old model's rows into the new space nor leave a picture out."""
    add_pictures(project, tmp_path, 9)
    version, real, calls = make_model(project), embed.publish_shard, []

    def switched(**fields):
        calls.append(1)
        if len(calls) == 2:
            monkeypatch.setattr(embed, "publish_shard", real)
            assert finish(request_promotion(version=version, user=None)).state == Job.State.SUCCEEDED
            add_pictures(project, tmp_path, 2)
        return real(**fields)

    monkeypatch.setattr(embed, "publish_shard", switched)
    job = finish(enqueue(kind=JobKind.EMBED, project=project, slot=f"embed:{project.pk}"))

    assert job.state == Job.State.SUCCEEDED, job.error_message
    assert (active_space(project.pk).model_name, active_space(project.pk).length) == ("v2", 21)
    old = EmbeddingSpace.objects.get(project=project, model_name="v1")
    assert old.length == 12, "the shard that came too late is in neither space"
    assert names_in(project, "embeddings") == set(EmbeddingShard.objects.values_list("folder", flat=True))
    work_off(project)
    check_whole(project)


def test_a_refresh_that_meets_the_switch_publishes_nothing_of_the_old_space(project, monkeypatch):
    version, real = make_model(project), head_refresh.write_scores

    def switched(*args):
        real(*args)
        monkeypatch.setattr(head_refresh, "write_scores", real)
        assert finish(request_promotion(version=version, user=None)).state == Job.State.SUCCEEDED

    monkeypatch.setattr(head_refresh, "write_scores", switched)
    job = finish(request_refresh(project=project))

    assert (job.state, job.result) == (Job.State.SUCCEEDED, {"skipped": "another model serves by now"})
    assert score_reader(project.pk).name == "v2.1"
    assert names_in(project, "scores") == set(ScoreSet.objects.exclude(folder="").values_list("folder", flat=True))
    work_off(project)
    check_whole(project)


def test_two_promotions_run_one_after_the_other(project):
    second, third, fourth = make_model(project), make_model(project), make_model(project)
    first_job = request_promotion(version=second, user=project.created_by)
    assert request_promotion(version=second, user=project.created_by) == first_job, "asking twice is asking once"
    with pytest.raises(Conflict, match="waits already"):
        request_promotion(version=third, user=project.created_by)
    Job.objects.filter(pk=first_job.pk).update(state=Job.State.RUNNING)
    second_job = request_promotion(version=third, user=project.created_by)
    run_job(second_job.pk)
    assert Job.objects.get(pk=second_job.pk).state == Job.State.QUEUED, "its slot is taken"
    Job.objects.filter(pk=first_job.pk).update(state=Job.State.QUEUED, slot="")
    Job.objects.filter(pk=second_job.pk).update(slot="")

    finish(second_job)
    finish(first_job)

    assert serving_model(project) == second
    states = dict(ModelVersion.objects.filter(project=project).values_list("number", "state"))
    assert states == {1: State.RETIRED, 2: State.SERVING, 3: State.RETIRED, 4: State.CANDIDATE}
    assert EmbeddingSpace.objects.filter(project=project, state="active").count() == 1
    assert fourth.space is None
    work_off(project)
    check_whole(project)


def test_a_promotion_of_what_serves_already_changes_nothing(project):
    version = make_model(project)
    job = request_promotion(version=version, user=None)
    Job.objects.filter(pk=job.pk).update(slot="")
    other = enqueue(kind=JobKind.PROMOTE, project=project, params={"version": version.pk})
    finish(job)
    assert finish(other).result == {"model": "v2", "skipped": "it serves already"}
    assert Event.objects.filter(project=project, kind="model_promoted").count() == 1


@pytest.mark.parametrize("step", ["begin_space", "train_and_score"])
def test_a_project_archived_meanwhile_keeps_its_model(project, monkeypatch, step):
    job, real = request_promotion(version=make_model(project), user=None), getattr(promote, step)

    def archive(*args, **kwargs):
        Project.objects.filter(pk=project.pk).update(archived_at=timezone.now())
        return real(*args, **kwargs)

    monkeypatch.setattr(promote, step, archive)
    finish(job)

    assert (job.state, job.error_code) == (Job.State.FAILED, "archived")
    assert (serving_model(project).name, active_space(project.pk).model_name) == ("v1", "v1")
    assert score_reader(project.pk).name == "v1.1"


def test_an_archived_project_fails_before_anything_is_embedded(project):
    job = request_promotion(version=make_model(project), user=None)
    Project.objects.filter(pk=project.pk).update(archived_at=timezone.now())
    finish(job)
    assert job.error_code == "archived"
    assert not EmbeddingSpace.objects.filter(model_name="v2").exists()


def test_a_model_of_fewer_classes_serves_with_a_head_of_all(project):
    """Its classifier knows only the classes that it was trained on; the head is trained on the present labels."""
    cat, dog = project.classes.all()
    version = make_model(project, classes=[{"id": cat.pk, "name": "cat"}])
    bird = LabelClass.objects.create(project=project, index=2, name="bird")
    finish(request_promotion(version=version, user=None))
    head = ScoreSet.objects.get(project=project, active=True)
    assert head.classes == [cat.pk, dog.pk, bird.pk]
    assert head.labels == 4


def test_without_labels_it_serves_and_the_former_suggestions_stay(project):
    Image.objects.filter(project=project).update(trust=Trust.NONE, label=None, change_seq=10_000)
    Project.objects.filter(pk=project.pk).update(change_seq=10_000)
    job = finish(request_promotion(version=make_model(project), user=None))
    assert (job.state, job.result["head"]) == (Job.State.SUCCEEDED, "")
    assert (serving_model(project).name, score_reader(project.pk).name) == ("v2", "v1.1")


def test_a_retry_goes_on_from_the_shards_that_are_there(project, monkeypatch):
    version, real, calls = make_model(project), promote.embed_shard, []

    def full(*args):
        calls.append(1)
        if len(calls) == 3:
            raise OSError(28, "No space left on device")
        return real(*args)

    monkeypatch.setattr(promote, "embed_shard", full)
    job = finish(request_promotion(version=version, user=None))
    assert (job.state, job.error_code) == (Job.State.FAILED, "disk_full")
    assert serving_model(project).name == "v1"

    assert finish(retry(job=job)).state == Job.State.SUCCEEDED
    assert len(calls) == 4, "two shards were there"
    check_whole(project)


def test_a_model_whose_files_are_gone_is_not_replaced_by_the_pretrained_one(project, monkeypatch):
    monkeypatch.setattr(embed, "_loaded", real_loaded)
    version = make_model(project, files={})
    job = finish(request_promotion(version=version, user=None))
    assert (job.state, job.error_code) == (Job.State.FAILED, "weights_unavailable")
    assert "model.safetensors" in job.error_message

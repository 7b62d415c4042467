"""Going back to the model before, and what is kept for it and for how long."""

from __future__ import annotations

import pytest

from annotator.common.arrays import array_path
from annotator.common.errors import Conflict
from annotator.events.models import Event
from annotator.images.models import EmbeddingSpace
from annotator.images.selectors import active_space, score_reader
from annotator.images.services import collect_garbage
from annotator.jobs.models import Job, JobKind
from annotator.jobs.services import enqueue
from annotator.labeling.services import request_refresh
from annotator.modeling.models import ModelVersion
from annotator.modeling.selectors import serving_model
from annotator.modeling.services import request_promotion, roll_back
from tests.annotator.modeling.made import make_model
from tests.worker.handlers.embedding import add_pictures
from tests.worker.handlers.promoting import be_quick, check_whole, embedded_project, finish, work_off
from worker.handlers import promote

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    be_quick(monkeypatch)


@pytest.fixture
def project(tmp_path):
    return embedded_project(tmp_path)


def test_rolling_back_is_immediate_and_what_came_meanwhile_is_embedded_by_a_job(project, tmp_path):
    version = make_model(project)
    finish(request_promotion(version=version, user=None))
    work_off(project)
    add_pictures(project, tmp_path, 2)
    enqueue(kind=JobKind.EMBED, project=project, slot=f"embed:{project.pk}")
    work_off(project)
    first = ModelVersion.objects.get(project=project, number=1)

    roll_back(version=first, user=project.created_by)

    assert serving_model(project) == first
    assert (score_reader(project.pk).name, active_space(project.pk).length) == ("v1.1", 10)
    waiting = Job.objects.filter(project=project, state=Job.State.QUEUED).values_list("kind", flat=True)
    assert {JobKind.EMBED, JobKind.HEAD_REFRESH} <= set(waiting)
    event = Event.objects.get(project=project, kind="model_rolled_back")
    assert event.data == {"model": first.pk, "name": "v1", "previous": "v2"}
    work_off(project)
    check_whole(project)

    roll_back(version=version, user=project.created_by)
    work_off(project)
    check_whole(project)


def test_only_the_space_before_the_present_one_is_kept(project):
    for _ in range(2):
        finish(request_promotion(version=make_model(project), user=project.created_by))
        work_off(project)
    collect_garbage(project.pk)

    lengths = dict(EmbeddingSpace.objects.filter(project=project).values_list("model_name", "length"))
    assert lengths == {"v1": 0, "v2": 10, "v3": 10}
    folders = {path.name.split("-")[0] for path in array_path(f"{project.pk}/embeddings").iterdir()}
    assert folders == {"v2", "v3"}
    first = ModelVersion.objects.get(project=project, number=1)
    with pytest.raises(Conflict, match="not there"):
        roll_back(version=first, user=project.created_by)

    job = finish(request_promotion(version=first, user=project.created_by))
    assert job.result["head"].startswith("v1."), "its heads are numbered on"
    assert job.result["head"] != "v1.1"
    work_off(project)
    check_whole(project)


def test_a_set_to_go_back_to_outlives_the_refreshes_since(project):
    version = make_model(project)
    finish(request_promotion(version=version, user=None))
    for _ in range(4):
        request_refresh(project=project)
        work_off(project)
    roll_back(version=ModelVersion.objects.get(project=project, number=1), user=project.created_by)
    assert score_reader(project.pk).top(0), "its file is there"


def test_what_an_abandoned_promotion_left_is_cleared_away(project, monkeypatch):
    monkeypatch.setattr(promote, "train_and_score", lambda *args: 1 / 0)
    job = finish(request_promotion(version=make_model(project), user=None))
    assert job.state == Job.State.FAILED
    collect_garbage(project.pk)
    assert EmbeddingSpace.objects.get(model_name="v2").length == 0
    assert {path.name[:2] for path in array_path(f"{project.pk}/embeddings").iterdir()} == {"v1"}

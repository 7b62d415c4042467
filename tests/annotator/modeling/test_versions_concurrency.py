"""People, the gate and workers that change models at the same time, on the real database."""

from __future__ import annotations

from functools import partial

import pytest
from django.db import transaction

from annotator.common.errors import Conflict
from annotator.images.models import EmbeddingSpace, ScoreSet
from annotator.images.selectors import active_space
from annotator.images.services import collect_garbage, ensure_space, publish_scores
from annotator.jobs.models import Job, JobKind
from annotator.modeling.models import ModelVersion
from annotator.modeling.selectors import serving_model
from annotator.modeling.services import ensure_first_model, request_promotion, roll_back
from annotator.projects.models import Project
from tests.annotator.jobs.test_concurrency import at_once
from tests.annotator.modeling.made import first_model, make_model, make_retired, make_run
from tests.factories import make_project

pytestmark = pytest.mark.django_db(transaction=True)

THREADS = 6


def unless_refused(call) -> object:
    try:
        return call()
    except Conflict:
        return None


def test_several_embedding_jobs_make_one_first_model():
    project = make_project()
    at_once(*[lambda: ensure_first_model(project=project, space=ensure_space(project=project, dim=4))] * THREADS)
    assert ModelVersion.objects.filter(project=project).count() == 1
    assert EmbeddingSpace.objects.filter(project=project).count() == 1


def test_a_promotion_that_many_ask_for_is_one_job():
    project = make_project()
    first_model(project)
    version, user = make_model(project), project.created_by
    people = [lambda: request_promotion(version=version, user=user)] * THREADS
    jobs = at_once(*people, lambda: request_promotion(version=version, user=None))
    assert len({job.pk for job in jobs}) == 1
    assert Job.objects.filter(kind=JobKind.PROMOTE).count() == 1


def test_of_promotions_of_different_models_one_waits_and_the_others_are_refused():
    project = make_project()
    first_model(project)
    versions, user = [make_model(project) for _ in range(4)], project.created_by
    asked = [lambda version=version: request_promotion(version=version, user=user) for version in versions]
    granted = [job for job in at_once(*[lambda call=call: unless_refused(call) for call in asked]) if job is not None]
    assert [job.pk for job in granted] == list(Job.objects.filter(kind=JobKind.PROMOTE).values_list("pk", flat=True))
    assert len(granted) == 1


def test_models_that_are_published_at_once_are_numbered_one_by_one():
    project = make_project()
    runs = [make_run(project) for _ in range(THREADS)]
    at_once(*[lambda run=run: make_model(project, run=run) for run in runs])
    numbers = ModelVersion.objects.order_by("number").values_list("number", flat=True)
    assert list(numbers) == list(range(2, THREADS + 2))


def a_way_back(project: Project) -> tuple[ModelVersion, ModelVersion]:
    """v1 serves, v2 has served; both spaces and their scores are kept."""
    first, version = first_model(project), make_model(project)
    EmbeddingSpace.objects.filter(pk=first.space_id).update(length=1)
    for space in (make_retired(project, version), first.space):
        with transaction.atomic():
            folder = f"{project.pk}/scores/{space.model_name}"
            publish_scores(project_id=project.pk, kind="head", space=space, folder=folder, length=1, classes=[])
    return first, version


def check_consistent(project: Project) -> None:
    """The serving model, the active space and the active scores belong together."""
    version, space = serving_model(project), active_space(project.pk)
    assert version.space == space
    assert ScoreSet.objects.get(project=project, active=True).space == space
    assert ModelVersion.objects.filter(project=project, state="serving").count() == 1


def test_people_who_go_back_and_forth_at_once_leave_one_whole_model():
    project = make_project()
    first, version = a_way_back(project)
    user = project.created_by

    def go_to(each: ModelVersion) -> object:
        return unless_refused(lambda: roll_back(version=each, user=user))

    at_once(*[lambda: go_to(version), lambda: go_to(first)] * 3)
    check_consistent(project)


def test_going_back_while_garbage_is_collected_is_whole_or_refused():
    for _ in range(3):
        project = make_project()
        _, version = a_way_back(project)
        make_retired(project, make_model(project))
        EmbeddingSpace.objects.filter(project=project, model_name="v2").update(retired_at="2026-01-01T00:00Z")
        collect = partial(collect_garbage, project.pk)
        at_once(collect, partial(unless_refused, partial(roll_back, version=version, user=project.created_by)))
        check_consistent(project)
        assert active_space(project.pk).length == 1

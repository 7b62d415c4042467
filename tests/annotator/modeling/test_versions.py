"""Models: what a run publishes, who may promote it, and what a project keeps of them."""

from __future__ import annotations

import importlib
import os
import time

import pytest
from django.apps import apps
from django.db import transaction

from annotator.common.arrays import array_path
from annotator.common.errors import Conflict, DomainError
from annotator.events.models import Event
from annotator.images.models import EmbeddingSpace, ScoreSet
from annotator.images.services import ensure_space, publish_scores
from annotator.jobs.models import Job, JobKind
from annotator.modeling.models import ModelingSettings, ModelVersion
from annotator.modeling.selectors import can_return, serving_model, settings_of
from annotator.modeling.services import (
    change_settings,
    collect_models,
    ensure_first_model,
    request_promotion,
    roll_back,
)
from annotator.projects.models import Project
from tests.annotator.modeling.made import first_model, gate, make_model, make_retired
from tests.factories import make_image, make_project

State = ModelVersion.State


@pytest.fixture
def project(db):
    return make_project()


class TestTheFirstModel:
    def test_it_is_the_backbone_that_the_project_starts_with_and_serves_at_once(self, project):
        assert serving_model(project) is None
        space = ensure_space(project=project, dim=4)

        version = ensure_first_model(project=project, space=space)

        assert serving_model(project) == version
        assert (version.name, version.backbone, version.space, version.folder) == ("v1", project.backbone, space, "")
        assert ensure_first_model(project=project, space=space) == version

    def test_projects_from_before_there_were_models_get_theirs_by_migration(self, project):
        ensure_space(project=project, dim=4)
        EmbeddingSpace.objects.create(project=make_project(), backbone="resnet50", state="retired")
        migration = importlib.import_module("annotator.modeling.migrations.0002_first_models")

        for _ in range(2):
            migration.add_first_models(apps, None)

        version = ModelVersion.objects.get()
        assert (version.project, version.number, version.state) == (project, 1, State.SERVING)
        assert version.space.state == EmbeddingSpace.State.ACTIVE


class TestAPublishedModel:
    def test_it_waits_for_a_decision_and_is_told_of(self, project):
        first_model(project)

        version = make_model(project)

        assert (version.name, version.state, version.champion) == ("v2", State.CANDIDATE, "v1")
        data = Event.objects.get(project=project, kind="model_made").data
        assert (data["model"], data["name"], data["state"]) == (version.pk, "v2", "candidate")
        assert (data["accuracy"], data["low"], data["high"]) == (0.75, 0.1, 0.9)
        assert data["reasons"] == ["The challenger is better on 40 blind answers."]

    @pytest.mark.parametrize(
        ("decision", "state"),
        [("promoted", State.CANDIDATE), ("too_small", State.CANDIDATE), ("rejected", State.REJECTED)],
    )
    def test_only_a_rejected_one_is_not_a_candidate(self, project, decision, state):
        assert make_model(project, decision=decision).state == state

    def test_the_number_one_is_kept_for_the_first_model(self, project):
        assert [make_model(project).number, make_model(project).number] == [2, 3]
        assert first_model(project).number == 1

    def test_without_blind_answers_it_has_no_accuracy(self, project):
        make_model(project, metrics={"blind": None, "test": None})
        data = Event.objects.get(project=project, kind="model_made").data
        assert (data["accuracy"], data["low"], data["high"]) == (None, None, None)


class TestAskingForAPromotion:
    def test_a_job_is_started_once(self, project):
        first_model(project)
        version = make_model(project)

        job = request_promotion(version=version, user=project.created_by)

        assert (job.kind, job.params, job.created_by) == (JobKind.PROMOTE, {"version": version.pk}, project.created_by)
        assert request_promotion(version=version, user=project.created_by) == job

    def test_what_the_gate_rejected_needs_a_persons_word(self, project):
        version = make_model(project, decision="rejected")
        with pytest.raises(Conflict, match="rejected v2") as refused:
            request_promotion(version=version, user=project.created_by)
        assert refused.value.code == "rejected_by_gate"
        assert "better on 40 blind answers" in refused.value.message, "it says why"

        assert request_promotion(version=version, user=project.created_by, override=True) is not None

    def test_what_serves_cannot_be_promoted(self, project):
        with pytest.raises(Conflict, match="serves already"):
            request_promotion(version=first_model(project), user=project.created_by)

    def test_an_archived_project_keeps_its_model(self, project):
        version = make_model(project)
        Project.objects.filter(pk=project.pk).update(archived_at="2026-05-01T12:00Z")
        with pytest.raises(Conflict, match="archived"):
            request_promotion(version=version, user=project.created_by)
        assert request_promotion(version=version, user=None) is None

    def test_the_gate_does_not_promote_over_a_model_that_it_has_not_compared_with(self, project):
        first_model(project)
        version = make_model(project, champion="v7")
        assert request_promotion(version=version, user=None) is None
        assert request_promotion(version=version, user=project.created_by) is not None

    def test_the_gate_leaves_a_model_waiting_behind_another_promotion(self, project):
        first_model(project)
        assert request_promotion(version=make_model(project), user=None) is not None
        assert request_promotion(version=make_model(project), user=None) is None
        assert Job.objects.filter(kind=JobKind.PROMOTE).count() == 1


class TestGoingBack:
    @pytest.fixture
    def two(self, project):
        """v1 serves; v2 has served before and its space is kept."""
        first, version = first_model(project), make_model(project)
        space = make_retired(project, version)
        for each in (space, first.space):
            with transaction.atomic():
                publish_scores(
                    project_id=project.pk,
                    kind=ScoreSet.Kind.HEAD,
                    space=each,
                    folder=f"{project.pk}/scores/{each.model_name}",
                    length=1,
                    classes=[],
                )
        version.refresh_from_db()
        return first, version

    def test_models_spaces_and_scores_change_places_at_once(self, project, two):
        first, version = two
        assert can_return(version)
        assert not can_return(first)

        roll_back(version=version, user=project.created_by)

        assert serving_model(project) == version
        states = dict(EmbeddingSpace.objects.values_list("model_name", "state"))
        assert states == {"v1": "retired", "v2": "active"}
        assert EmbeddingSpace.objects.get(model_name="v1").retired_at is not None
        assert ScoreSet.objects.get(active=True).name == "v2.1"
        first.refresh_from_db()
        assert can_return(first) is False, "it has no embeddings"
        assert Job.objects.get(kind=JobKind.HEAD_REFRESH).state == Job.State.QUEUED
        assert not Job.objects.filter(kind=JobKind.EMBED).exists()

    def test_pictures_that_its_space_lacks_are_embedded_by_a_job(self, project, two):
        for _ in range(2):
            make_image(project)
        roll_back(version=two[1], user=project.created_by)
        assert Job.objects.filter(kind=JobKind.EMBED, slot=f"embed:{project.pk}").exists()

    def test_without_a_stored_set_no_head_suggests_until_the_refresh(self, project, two):
        ScoreSet.objects.filter(space__model_name="v2").update(folder="")
        roll_back(version=two[1], user=project.created_by)
        assert not ScoreSet.objects.filter(active=True).exists()

    @pytest.mark.parametrize("lost", [{"length": 0}, {"state": "building"}])
    def test_a_space_that_is_not_whole_is_no_place_to_go_back_to(self, project, two, lost):
        EmbeddingSpace.objects.filter(model_name="v2").update(**lost)
        version = ModelVersion.objects.get(number=2)
        assert not can_return(version)
        with pytest.raises(Conflict, match="Promote it"):
            roll_back(version=version, user=project.created_by)
        assert serving_model(project).name == "v1"

    def test_a_model_that_never_served_is_no_way_back(self, project):
        first_model(project)
        with pytest.raises(Conflict):
            roll_back(version=make_model(project), user=project.created_by)


class TestSettings:
    def test_until_somebody_changes_them_they_are_the_defaults(self, project):
        settings = settings_of(project)
        assert (settings.promotion, settings.gate_margin, settings.gate_confidence) == ("manual", 0.01, 0.9)
        assert not ModelingSettings.objects.exists()

    def test_a_change_is_kept_and_told_of(self, project):
        change_settings(project=project, user=project.created_by, promotion="automatic", gate_margin=0.02)
        settings = settings_of(project)
        assert (settings.promotion, settings.gate_margin, settings.gate_class_drop) == ("automatic", 0.02, 0.2)
        assert Event.objects.get(kind="project_changed").data == {"fields": ["gate_margin", "promotion"]}

    @pytest.mark.parametrize("wrong", [{"gate_margin": -0.1}, {"gate_confidence": 1.0}, {"promotion": "never"}])
    def test_values_out_of_range_are_refused(self, project, wrong):
        with pytest.raises(DomainError):
            change_settings(project=project, user=project.created_by, **wrong)


def test_folders_that_no_model_names_are_cleared_away_once_they_are_old(project):
    version = make_model(project)
    young, old = (make_model(project, gate=gate("rejected")) for _ in range(2))
    ModelVersion.objects.filter(pk__in=[young.pk, old.pk]).delete()
    a_week_ago = time.time() - 7 * 86_400
    for folder in (version.folder, old.folder):
        os.utime(array_path(folder), (a_week_ago, a_week_ago))

    assert collect_models(project.pk) == 1

    assert array_path(version.folder).exists()
    assert array_path(young.folder).exists()
    assert not array_path(old.folder).exists()

"""A project's backbone: at once while nothing is embedded, by a job that embeds anew afterwards, back at once."""

from __future__ import annotations

import pytest

from annotator.common.errors import Conflict, DomainError
from annotator.events.models import Event
from annotator.images.models import EmbeddingSpace
from annotator.images.services import BackboneChanged, ensure_space
from annotator.jobs.models import Job, JobKind
from annotator.modeling.models import ModelVersion
from annotator.modeling.selectors import backbone_in_use, card_of, serving_model
from annotator.modeling.services import (
    change_backbone,
    ensure_pretrained,
    request_measurement,
    request_promotion,
    roll_back,
)
from annotator.projects.models import Project, Role
from tests.annotator.modeling.made import first_model, make_model, make_retired
from tests.factories import add_member, make_image, make_project

LITE0 = "tf_efficientnet_lite0"


@pytest.fixture
def project(db):
    return make_project()


@pytest.fixture
def embedded(project):
    """A project whose first model serves."""
    first_model(project)
    return project


def change(project, name):
    return change_backbone(project=project, name=name, user=project.created_by)


class TestChangingIt:
    def test_a_job_embeds_the_pictures_with_it_beside_the_present_ones(self, embedded):
        job = change(embedded, "resnet50")

        assert (job.kind, job.params, job.created_by) == (
            JobKind.PROMOTE,
            {"backbone": "resnet50"},
            embedded.created_by,
        )
        embedded.refresh_from_db()
        assert embedded.backbone == LITE0, "until the job is done nothing changes"
        assert serving_model(embedded).name == "v1"
        assert change(embedded, "resnet50") == job, "asking twice is asking once"

    def test_before_the_first_import_it_changes_at_once(self, project):
        assert change(project, "resnet50") is None

        project.refresh_from_db()
        assert project.backbone == "resnet50"
        assert Event.objects.get(project=project, kind="project_changed").data == {"fields": ["backbone"]}
        assert not Job.objects.exists()

    def test_pictures_that_wait_for_their_first_embeddings_get_them_of_the_new_one(self, project):
        """The weights of the first could not be had, say: then its job failed, and another backbone is the remedy."""
        make_image(project)
        assert change(project, "resnet50") is None
        assert Job.objects.get(project=project).kind == JobKind.EMBED

    def test_a_space_is_not_begun_with_a_backbone_that_was_changed_while_it_was_loaded(self, project):
        as_it_was = Project.objects.get(pk=project.pk)
        change(project, "resnet50")
        with pytest.raises(BackboneChanged):
            ensure_space(project=as_it_was, dim=4)
        assert not EmbeddingSpace.objects.exists()

    def test_what_is_in_use_already_is_refused(self, embedded):
        with pytest.raises(Conflict, match="in use already, as v1") as refused:
            change(embedded, LITE0)
        assert refused.value.code == "serves_already"

    def test_behind_another_promotion_that_waits_it_is_refused(self, embedded):
        request_promotion(version=make_model(embedded), user=embedded.created_by)
        with pytest.raises(Conflict, match="waits already"):
            change(embedded, "resnet50")

    def test_an_archived_project_keeps_its_backbone(self, embedded):
        Project.objects.filter(pk=embedded.pk).update(archived_at="2026-05-01T12:00Z")
        with pytest.raises(Conflict, match="archived"):
            change(embedded, "resnet50")

    @pytest.mark.parametrize("name", ["", "a b", "../secret", "x" * 201, "hf-hub:me/mine", "ünïcode", "a\0b"])
    def test_what_cannot_be_a_name_is_refused(self, embedded, name):
        with pytest.raises(DomainError) as refused:
            change(embedded, name)
        assert "backbone" in refused.value.errors


class TestThePretrainedModel:
    def test_it_is_made_once_under_the_next_number(self, embedded):
        make_model(embedded)
        version = ensure_pretrained(project=embedded, backbone="resnet50")

        assert (version.name, version.state, version.folder, version.run) == ("v3", "candidate", "", None)
        assert ensure_pretrained(project=embedded, backbone="resnet50") == version
        assert "resnet50" in card_of(version)
        assert "started with" not in card_of(version)

    def test_the_first_model_is_that_of_its_backbone(self, embedded):
        assert ensure_pretrained(project=embedded, backbone=LITE0) == serving_model(embedded)

    def test_a_trained_one_of_the_same_backbone_is_another(self, embedded):
        trained = make_model(embedded, backbone="resnet50")
        assert ensure_pretrained(project=embedded, backbone="resnet50") != trained


class TestGoingBack:
    def test_to_embeddings_that_are_kept_takes_no_job(self, embedded):
        version = ensure_pretrained(project=embedded, backbone="resnet50")
        make_retired(embedded, version)

        assert change(embedded, "resnet50") is None

        assert serving_model(embedded) == version
        embedded.refresh_from_db()
        assert embedded.backbone == "resnet50"
        assert "model_rolled_back" in Event.objects.values_list("kind", flat=True)

    def test_the_projects_backbone_is_that_of_the_model_that_serves(self, embedded):
        trained = make_model(embedded, backbone="convnext_tiny")
        make_retired(embedded, trained)

        roll_back(version=trained, user=embedded.created_by)

        embedded.refresh_from_db()
        assert embedded.backbone == "convnext_tiny", "runs to come start from it"
        assert Event.objects.get(kind="project_changed").data == {"fields": ["backbone"]}


class TestWhatIsKnownOfIt:
    def test_before_anything_is_embedded(self, project):
        found = backbone_in_use(project)
        assert (found.backbone, found.model, found.trained) == (LITE0, "", False)
        assert (found.images_per_second, found.change) == (None, None)

    def test_how_fast_it_was_comes_from_the_jobs_that_embedded_with_it(self, embedded):
        def ended(kind, **result):
            job = Job.objects.create(project=embedded, kind=kind, queue="gpu", state="succeeded", result=result)
            Job.objects.filter(pk=job.pk).update(finished_at=serving_model(embedded).promoted_at)

        ended(JobKind.EMBED, embedded=2000, images_per_second=110.5)
        ended(JobKind.EMBED, embedded=3, images_per_second=7.0)
        ended(JobKind.EMBED, embedded=0, images_per_second=None)
        assert backbone_in_use(embedded).images_per_second == 110.5

        Job.objects.update(finished_at="2020-01-01T00:00Z")
        assert backbone_in_use(embedded).images_per_second is None, "that was another model"

    def test_what_became_of_the_last_change(self, embedded):
        job = change(embedded, "resnet50")
        Job.objects.filter(pk=job.pk).update(state="failed", error_code="weights_unavailable")
        request_promotion(version=make_model(embedded), user=embedded.created_by)
        assert backbone_in_use(embedded).change == job

    def test_a_trained_model_is_not_the_backbone_as_it_can_be_had(self, embedded):
        trained = make_model(embedded)
        ModelVersion.objects.filter(state="serving").update(state="retired")
        ModelVersion.objects.filter(pk=trained.pk).update(state="serving", promoted_at="2026-05-01T12:00Z")
        assert backbone_in_use(embedded).trained
        assert change(embedded, LITE0).params == {"backbone": LITE0}, "so one can go back to the pretrained one"


class TestMeasuring:
    def test_a_job_measures_all_presets_or_those_named(self, project):
        job = request_measurement(project=project, user=project.created_by, names=["resnet50", "resnet50"])
        assert (job.kind, job.queue, job.params) == (JobKind.MEASURE, "gpu", {"backbones": ["resnet50"]})
        assert request_measurement(project=project, user=project.created_by) == job, "it waits already"

    def test_what_cannot_be_a_name_is_refused(self, project):
        with pytest.raises(DomainError):
            request_measurement(project=project, user=project.created_by, names=["a b"])


class TestOverTheApi:
    def test_a_lead_changes_it_and_everybody_sees_how_far_that_is(self, embedded, client_for):
        lead, viewer = client_for(embedded.created_by), client_for(add_member(embedded, Role.VIEWER))
        address = f"/api/projects/{embedded.pk}/backbone"
        make_image(embedded)

        answer = lead.post(address, {"backbone": "resnet50"}, format="json")

        assert answer.status_code == 202
        shown = viewer.get(address).json()
        assert shown == answer.json()
        assert (shown["backbone"], shown["model"], shown["trained"], shown["pictures"]) == (LITE0, "v1", False, 1)
        assert (shown["change"]["kind"], shown["change"]["state"]) == ("promote", "queued")
        assert viewer.post(address, {"backbone": "resnet50"}, format="json").status_code == 403

    def test_at_once_is_another_status(self, project, client_for):
        address = f"/api/projects/{project.pk}/backbone"
        answer = client_for(project.created_by).post(address, {"backbone": "resnet50"}, format="json")
        assert (answer.status_code, answer.json()["backbone"], answer.json()["change"]) == (200, "resnet50", None)

    @pytest.mark.parametrize("body", [{}, {"backbone": None}, {"backbone": ["a"]}, {"backbone": "a b"}, []])
    def test_a_wrong_request_is_told_what_is_wrong(self, embedded, client_for, body):
        address = f"/api/projects/{embedded.pk}/backbone"
        answer = client_for(embedded.created_by).post(address, body, format="json")
        assert answer.status_code == 400
        assert answer.json()["message"]

    def test_changing_the_setting_instead_names_the_way(self, embedded, client_for):
        make_image(embedded)
        answer = client_for(embedded.created_by).patch(
            f"/api/projects/{embedded.pk}", {"backbone": "resnet50"}, format="json"
        )
        assert answer.status_code == 409
        assert f"POST /api/projects/{embedded.pk}/backbone" in answer.json()["errors"]["backbone"][0]

    @pytest.mark.parametrize(("body", "names"), [({}, []), ({"backbones": ["resnet50"]}, ["resnet50"])])
    def test_measuring_is_asked_for(self, project, client_for, body, names):
        address = f"/api/projects/{project.pk}/backbone/measure"
        answer = client_for(project.created_by).post(address, body, format="json")
        assert (answer.status_code, answer.json()["kind"]) == (202, "measure")
        assert Job.objects.get(kind=JobKind.MEASURE).params == {"backbones": names}

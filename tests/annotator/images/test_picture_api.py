"""Pictures over the API: bytes, lists, details, suggestions."""

from __future__ import annotations

import hashlib
import uuid

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.serializers import Serializer

from annotator.common.blobs import store_picture
from annotator.images.api.serializers import ImageBriefSerializer, ImageSerializer, ImageWithHistorySerializer
from annotator.images.models import Image, Trust
from annotator.images.selectors import image_brief
from annotator.images.services import ensure_space, insert_images, set_holdout
from annotator.labeling.models import Annotation
from annotator.projects.models import Role
from tests.annotator.images.arrivals import arrival, open_batch, store_scores
from tests.factories import add_member, make_image, make_project, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def project():
    return make_project(reserve_share=0)


@pytest.fixture
def client(client_for, project):
    return client_for(project.created_by)


def shape(serializer: type[Serializer], *, without: tuple[str, ...] = ()) -> set[str]:
    return set(serializer().fields) - set(without)


class TestBlobs:
    """The bytes of pictures."""

    @pytest.fixture
    def image(self, project, tmp_path) -> Image:
        original = tmp_path / "original.png"
        original.write_bytes(b"the original")
        sha256 = hashlib.sha256(b"the original").hexdigest()
        store_picture(original, sha256, {"thumb": b"thumb", "model": b"model", "preview": b"preview"})
        return make_image(project, format="PNG", sha256=sha256)

    def address(self, image: Image, variant: str) -> str:
        return f"/api/projects/{image.project_id}/blobs/{image.sha256}/{variant}"

    @pytest.mark.parametrize("variant", ["thumb", "model", "preview"])
    def test_a_derivative_is_kept_by_the_browser_for_ever(self, client, image, variant):
        response = client.get(self.address(image, variant))

        assert b"".join(response.streaming_content) == variant.encode()
        assert response["Content-Type"] == "image/jpeg"
        assert response["Cache-Control"] == "private, max-age=31536000, immutable"
        assert response["X-Content-Type-Options"] == "nosniff"

    def test_what_the_browser_has_is_not_sent_again(self, client, image):
        tag = client.get(self.address(image, "thumb"))["ETag"]

        again = client.get(self.address(image, "thumb"), headers={"If-None-Match": tag})

        assert (again.status_code, again.content) == (304, b"")
        assert again["ETag"] == tag

    def test_an_original_is_only_ever_saved(self, client, image):
        image.sources.create(batch=open_batch(image.project), path="cat/one.png")

        response = client.get(self.address(image, "original"))

        assert b"".join(response.streaming_content) == b"the original"
        assert response["Content-Disposition"] == 'attachment; filename="one.png"'
        assert response["Content-Security-Policy"] == "sandbox"
        assert response["Content-Type"] == "image/png"

    @pytest.mark.parametrize("kind", ["SVG", "HTML", "XYZ", ""])
    def test_an_original_that_is_no_plain_picture_is_just_bytes(self, client, image, kind):
        Image.objects.update(format=kind)

        assert client.get(self.address(image, "original"))["Content-Type"] == "application/octet-stream"

    def test_one_query_is_enough_besides_signing_in(self, client, image, django_assert_num_queries):
        with django_assert_num_queries(3):  # session, user, picture
            client.get(self.address(image, "thumb"))

    def test_it_needs_membership(self, client_for, image):
        assert client_for(make_user()).get(self.address(image, "thumb")).status_code == 404
        assert client_for().get(self.address(image, "thumb")).status_code == 401
        assert client_for(add_member(image.project, Role.VIEWER)).get(self.address(image, "thumb")).status_code == 200

    def test_another_projects_picture_is_not_this_ones(self, client_for, image):
        lead = make_user()
        other = make_project(lead=lead)

        response = client_for(lead).get(f"/api/projects/{other.pk}/blobs/{image.sha256}/thumb")

        assert response.status_code == 404

    @pytest.mark.parametrize(
        ("sha256", "variant"),
        [("..", "thumb"), ("0" * 64, "thumb"), ("x", "thumb"), (None, "secret"), (None, "../thumb"), ("\x00", "thumb")],
    )
    def test_what_is_not_there_is_not_found(self, client, image, sha256, variant):
        address = f"/api/projects/{image.project_id}/blobs/{sha256 or image.sha256}/{variant}"

        assert client.get(address).status_code == 404

    def test_a_blob_that_is_gone_is_not_found(self, client, project):
        assert client.get(self.address(make_image(project), "thumb")).status_code == 404

    def test_an_archived_picture_is_not_found(self, client, image):
        Image.objects.update(archived_at=image.created_at)

        assert client.get(self.address(image, "thumb")).status_code == 404


class TestList:
    """Pictures in order of position."""

    def listed(self, client, project, query: str = "") -> list[int]:
        response = client.get(f"/api/projects/{project.pk}/images?{query}")
        assert response.status_code == 200, response.json()
        return [row["position"] for row in response.json()["results"]]

    def test_each_says_what_it_is_and_where_it_came_from(self, client, project):
        insert_images(batch=open_batch(project), rows=[arrival("train/cat/a.jpg", "x", split="train")])
        insert_images(batch=open_batch(project), rows=[arrival("copy/of.jpg", "x")])
        image = Image.objects.get()

        (row,) = client.get(f"/api/projects/{project.pk}/images").json()["results"]

        assert set(row) == shape(ImageSerializer)
        assert set(image_brief(image)) == shape(ImageBriefSerializer)
        assert (row["name"], row["source"]) == ("a.jpg", "train/cat/a.jpg")
        assert row["sources"] == ["train/cat/a.jpg", "copy/of.jpg"]
        assert (row["split"], row["holdout"], row["reserve"], row["label"]) == ("train", None, False, None)
        assert row["urls"]["thumb"] == f"/api/projects/{project.pk}/blobs/{image.sha256}/thumb"

    def test_the_reserve_is_for_leads_to_see(self, client_for, project):
        make_image(project, reserve=True)
        reviewer = client_for(add_member(project, Role.REVIEWER))

        (row,) = reviewer.get(f"/api/projects/{project.pk}/images").json()["results"]

        assert set(row) == shape(ImageSerializer, without=("reserve",))

    def test_it_is_read_page_by_page(self, client, project):
        for _ in range(5):
            make_image(project)

        first = client.get(f"/api/projects/{project.pk}/images?limit=3").json()
        second = client.get(f"/api/projects/{project.pk}/images?limit=3&after={first['next']}").json()

        assert [row["position"] for row in first["results"] + second["results"]] == [0, 1, 2, 3, 4]
        assert second["next"] is None

    def test_a_page_takes_the_same_queries_however_long_it_is(self, client, project):
        insert_images(batch=open_batch(project), rows=[arrival(f"{n}.jpg") for n in range(20)])
        queries = []

        for limit in (1, 20):
            with CaptureQueriesContext(connection) as captured:
                assert len(self.listed(client, project, f"limit={limit}")) == limit
            queries.append(len(captured))

        assert queries[0] == queries[1]

    def test_it_is_filtered(self, client, project):
        cat = project.classes.get(name="cat")
        batch = open_batch(project)
        labelled = make_image(project, label=cat, trust=Trust.HUMAN, batch=batch)
        plain = make_image(project)
        held = make_image(project)
        make_image(project, archived_at=project.created_at)
        set_holdout(project=project, name="test", image_ids=[held.pk])

        def at(*images: Image) -> list[int]:
            return [image.position for image in images]

        assert self.listed(client, project) == at(labelled, plain, held)
        assert self.listed(client, project, f"label={cat.pk}") == at(labelled)
        assert self.listed(client, project, "label=none") == at(plain, held)
        assert self.listed(client, project, "trust_min=4") == at(labelled)
        assert self.listed(client, project, "holdout=1") == at(held)
        assert self.listed(client, project, "holdout=0") == at(labelled, plain)
        assert self.listed(client, project, f"batch={batch.pk}") == at(labelled)
        assert self.listed(client, project, f"batch={batch.pk}&label=none") == []

    @pytest.mark.parametrize(
        "query",
        ["label=cat", "label=0", "trust_min=7", "trust_min=-1", "holdout=2", "batch=x", "limit=1001", "after=x"],
    )
    def test_a_wrong_filter_is_named(self, client, project, query):
        response = client.get(f"/api/projects/{project.pk}/images?{query}")

        assert response.status_code == 400
        assert query.split("=")[0] in response.json()["errors"]


class TestDetail:
    """One picture and what was said of it."""

    def test_what_people_said_comes_newest_first(self, client, project):
        image = make_image(project)
        cat = project.classes.get(name="cat")
        said = [
            Annotation.objects.create(
                project=project, image=image, user=project.created_by, client_id=uuid.uuid4(), verdict=verdict, **fields
            )
            for verdict, fields in (("skip", {}), ("label", {"labels": [cat.pk]}))
        ]
        undone = {"verdict": "undo", "undoes": said[0], "client_id": uuid.uuid4()}
        Annotation.objects.create(project=project, image=image, user=project.created_by, **undone)

        body = client.get(f"/api/projects/{project.pk}/images/{image.pk}").json()

        assert set(body) == shape(ImageWithHistorySerializer)
        assert [(row["verdict"], row["labels"], row["undone"]) for row in body["annotations"]] == [
            ("label", [cat.pk], False),
            ("skip", [], True),
        ]
        assert body["annotations"][0]["user"]["id"] == project.created_by_id

    def test_which_answers_were_blind_is_not_for_annotators(self, project, client_for):
        image = make_image(project)
        Annotation.objects.create(
            project=project, image=image, user=project.created_by, client_id=uuid.uuid4(), verdict="skip", blind=True
        )
        address = f"/api/projects/{project.pk}/images/{image.pk}"

        (for_annotator,) = client_for(add_member(project, Role.ANNOTATOR)).get(address).json()["annotations"]
        (for_reviewer,) = client_for(add_member(project, Role.REVIEWER)).get(address).json()["annotations"]

        assert "blind" not in for_annotator
        assert for_reviewer["blind"] is True

    def test_another_projects_picture_is_not_found(self, client, project):
        foreign = make_image(make_project())

        assert client.get(f"/api/projects/{project.pk}/images/{foreign.pk}").status_code == 404
        assert client.get(f"/api/projects/{project.pk}/images/999999999999999999999").status_code == 404


class TestSuggestions:
    """What the machine says of many pictures, for scripts."""

    def ask(self, client, project, query: str = "") -> dict:
        response = client.get(f"/api/projects/{project.pk}/suggestions?{query}")
        assert response.status_code == 200, response.json()
        return response.json()

    def test_without_a_head_there_are_none(self, client, project):
        assert self.ask(client, project) == {"head": None, "results": [], "next": None}

    def test_each_is_position_class_and_confidence(self, client, project):
        cat, dog = project.classes.order_by("index")
        for _ in range(3):
            make_image(project)
        make_image(project, archived_at=project.created_at)
        make_image(project)
        space = ensure_space(project=project, dim=2)
        store_scores(project, [[("cat", 0.3)], [], [("dog", 0.75)], [("cat", 1.0)]], space=space)

        assert self.ask(client, project) == {
            "head": "v1.1",
            "results": [[0, cat.pk, 0.3], [2, dog.pk, 0.75]],
            "next": None,
        }

    def test_they_are_read_page_by_page(self, client, project):
        for _ in range(5):
            make_image(project)
        store_scores(project, [[("cat", 1.0)]] * 5, kind="import")

        first = self.ask(client, project, "limit=2")
        second = self.ask(client, project, f"limit=2&after={first['next']}")
        third = self.ask(client, project, f"limit=2&after={second['next']}")

        pages = [[row[0] for row in page["results"]] for page in (first, second, third)]
        assert pages == [[0, 1], [2, 3], [4]]
        assert third["next"] is None

    def test_of_the_reserve_only_reviewers_and_leads_hear(self, client_for, client, project):
        make_image(project, reserve=True)
        make_image(project)
        store_scores(project, [[("cat", 1.0)]] * 2, kind="import")

        for role, seen in ((Role.VIEWER, [1]), (Role.ANNOTATOR, [1]), (Role.REVIEWER, [0, 1])):
            body = self.ask(client_for(add_member(project, role)), project)
            assert [row[0] for row in body["results"]] == seen
        assert len(self.ask(client, project)["results"]) == 2

    @pytest.mark.parametrize("query", ["limit=0", "limit=20001", "after=x", "after=-2"])
    def test_pages_that_cannot_be_are_refused(self, client, project, query):
        assert client.get(f"/api/projects/{project.pk}/suggestions?{query}").status_code == 400

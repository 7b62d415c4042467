"""Class-balance reports over HTTP: as JSON, as a table, as a page to print."""

from __future__ import annotations

import csv
import io
import xml.etree.ElementTree as ET

import pytest

from annotator.modeling.models import TrainingRun
from annotator.projects.models import Project
from tests.annotator.modeling.balanced import Pictures, freeze, make_run
from tests.factories import make_project

pytestmark = pytest.mark.django_db


def labelled_project(**fields) -> Project:
    """A project with 6 cats, 2 dogs, 4 blind answers and a head that has seen a pool of 20."""
    project = make_project(**fields)
    pictures = Pictures(project)
    first, second = project.classes.values_list("name", flat=True)
    pictures.add(6, first)
    pictures.add(2, second)
    for name in (first, second):
        pictures.add(2, name, guess=(name, 0.8), reserve=True)
    pictures.add(20, guess=(second, 0.7))
    pictures.publish_head()
    return project


def reported(project: Project) -> TrainingRun:
    first, second = project.classes.values_list("name", flat=True)
    snapshot = freeze(project, (first, 6, "train"), (second, 2, "train"), (first, 2, "blind"))
    return make_run(project, snapshot, report=True)


def test_a_run_shows_the_report_that_it_stored(client_for):
    project = labelled_project()
    run = reported(project)
    client = client_for(project.created_by)
    stored = client.get(f"/api/projects/{project.pk}/runs/{run.pk}/balance")
    Pictures(project).add(5, "dog")

    again = client.get(f"/api/projects/{project.pk}/runs/{run.pk}/balance?as=json")

    assert stored.status_code == 200
    assert stored.json() == again.json() == run.balance
    assert stored.json()["classes"][1]["trusted"] == 4


def test_the_report_of_this_moment_follows_the_labels_and_compares_with_the_last_run(client_for):
    project = labelled_project()
    run = reported(project)
    Pictures(project).add(5, "dog")

    live = client_for(project.created_by).get(f"/api/projects/{project.pk}/balance-report").json()

    assert (live["run"], live["snapshot"], live["splits"]) == (None, None, None)
    assert (live["classes"][1]["trusted"], live["classes"][1]["previous_trusted"]) == (9, 4)
    assert live["previous"]["run"]["id"] == run.pk
    assert live["plan"]["points"][0]["values"]["fewest"] == 6  # cats outside the reserve, beside 7 dogs


def test_the_table_has_a_row_a_class_and_no_formulas(client_for):
    project = labelled_project(classes=("=1+1", "dog"), name="Pets")
    run = reported(project)

    answer = client_for(project.created_by).get(f"/api/projects/{project.pk}/runs/{run.pk}/balance?as=csv")

    assert answer["Content-Disposition"] == 'attachment; filename="Pets class balance, run 1.csv"'
    first, second = csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode()))
    assert first["class"] == "'=1+1"
    assert (second["class"], second["trusted"], second["train"], second["previous_trusted"]) == ("dog", "4", "2", "")
    assert float(second["low"]) <= float(second["predicted"]) <= float(second["high"])


class TestPage:
    """The report as one page of HTML."""

    def page(self, client_for, project: Project, run: TrainingRun | None = None):
        place = f"runs/{run.pk}/balance" if run else "balance-report"
        return client_for(project.created_by).get(f"/api/projects/{project.pk}/{place}?as=html")

    def test_it_is_whole_by_itself(self, client_for):
        project = labelled_project(name="Pets & Co")
        reported(project)
        answer = self.page(client_for, project, reported(project))
        text = answer.content.decode()

        assert answer["Content-Type"] == "text/html; charset=utf-8"
        assert "<h1>Pets &amp; Co class balance, run 2</h1>" in text
        assert text.count("<svg") >= 4
        assert "@media print" in text
        for word in ("<script", "src=", "href=", "url(", "@import"):
            assert word not in text

    def test_names_are_text_whatever_they_say(self, client_for):
        project = labelled_project(classes=("<script>alert(1)</script>", "dog"))
        answer = self.page(client_for, project)

        assert "<script" not in answer.content.decode()
        assert "&lt;script&gt;" in answer.content.decode()
        assert answer["Content-Security-Policy"].startswith("default-src 'none'")

    def test_its_pictures_are_well_formed(self, client_for):
        project = labelled_project(classes=("a & <b>", "dog"))
        reported(project)
        text = self.page(client_for, project, reported(project)).content.decode()

        for part in text.split("<svg")[1:]:
            ET.fromstring("<svg" + part.split("</svg>")[0] + "</svg>")

    def test_a_project_without_anything_has_a_page_too(self, client_for):
        project = make_project(classes=())
        assert self.page(client_for, project).status_code == 200


class TestRefusals:
    """What is wrong is said."""

    def test_a_run_that_has_no_report_yet(self, client_for):
        project = make_project()
        answer = client_for(project.created_by).get(f"/api/projects/{project.pk}/runs/{make_run(project).pk}/balance")
        assert answer.status_code == 404
        assert "before the training starts" in answer.json()["message"]

    def test_a_run_of_another_project(self, client_for):
        project, other = make_project(), labelled_project()
        run = reported(other)
        answer = client_for(project.created_by).get(f"/api/projects/{project.pk}/runs/{run.pk}/balance")
        assert answer.status_code == 404

    @pytest.mark.parametrize("form", ["pdf", "\0", "html,csv"])
    def test_a_form_that_it_does_not_have(self, client_for, form: str):
        project = make_project()
        answer = client_for(project.created_by).get(f"/api/projects/{project.pk}/balance-report", {"as": form})
        assert (answer.status_code, list(answer.json()["errors"])) == (400, ["as"])

"""The pictures of a class, page by page."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from django.conf import settings as django_settings
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from annotator.common.arrays import publish, write_arrays
from annotator.images.models import EmbeddingSpace, Holdout, Image, ScoreSet, Trust
from annotator.images.services import publish_scores
from annotator.insights.selectors import gallery
from annotator.projects.models import Project, Role
from tests.factories import add_member, make_image, make_project

pytestmark = pytest.mark.django_db


@pytest.fixture
def project() -> Project:
    return make_project()


def publish_guesses(project: Project, guesses: list[tuple[str, float] | None]) -> None:
    """Publish a head that says (class, confidence) of the picture at each position."""
    space, _ = EmbeddingSpace.objects.get_or_create(
        project=project, state=EmbeddingSpace.State.ACTIVE, backbone=project.backbone
    )
    classes = dict(project.classes.values_list("name", "pk"))
    names, n = list(classes), len(guesses)
    top = [-1 if guess is None else names.index(guess[0]) for guess in guesses]
    folder = f"scores/{project.pk}-{space.heads + 1}"
    arrays = {
        "top_class": np.array(top, np.int16).reshape(n, 1),
        "top_prob": np.array([guess[1] if guess else 0 for guess in guesses], np.float16).reshape(n, 1),
        "margin": np.zeros(n, np.float16),
        "entropy": np.zeros(n, np.float16),
    }
    write_arrays(django_settings.SCRATCH_DIR / folder, arrays)
    publish(django_settings.SCRATCH_DIR / folder, folder)
    publish_scores(
        project_id=project.pk,
        kind=ScoreSet.Kind.HEAD,
        space=space,
        folder=folder,
        length=n,
        classes=list(classes.values()),
        labels=10,
        test_size=0,
        test_correct=0,
    )


def labelled(project: Project, name: str, **fields: Any) -> Image:
    return make_image(project, **({"label": project.classes.get(name=name), "trust": Trust.HUMAN} | fields))


def page(project: Project, of: str = "labelled", order: str = "-confidence", **asked: Any):
    name = asked.pop("name", None)
    asked = {"after": -1, "limit": 100, "for_reviewer": True} | asked
    class_id = project.classes.get(name=name).pk if name else None
    return gallery(project.pk, class_id=class_id, of=of, order=order, **asked)


def positions(project: Project, *args: Any, **asked: Any) -> list[int]:
    return [row["position"] for row in page(project, *args, **asked).results]


def test_a_class_shows_its_pictures_surest_first(project):
    for name in ("cat", "dog", "cat", "cat"):
        labelled(project, name)
    publish_guesses(project, [("cat", 0.5), ("dog", 0.9), ("dog", 0.75), None])
    cat, dog = project.classes.get(name="cat"), project.classes.get(name="dog")

    found = page(project, name="cat")

    assert (found.total, found.next, found.head) == (3, None, "v1.1")
    assert [row["position"] for row in found.results] == [2, 0, 3]
    assert [row["suggestion"] for row in found.results] == [dog.pk, cat.pk, None]
    assert [row["confidence"] for row in found.results] == [0.75, 0.5, None]
    assert {row["label"] for row in found.results} == {cat.pk}
    first = found.results[0]
    sha256 = Image.objects.get(pk=first["id"]).sha256
    assert first["thumb"] == f"/api/projects/{project.pk}/blobs/{sha256}/thumb"


def test_what_is_suggested_in_the_pool_is_apart_from_what_is_labelled(project):
    labelled(project, "cat")
    for _ in range(3):
        make_image(project)
    publish_guesses(project, [("cat", 0.9), ("cat", 0.6), ("dog", 0.7), ("cat", 0.8)])

    assert positions(project, "suggested", name="cat") == [3, 1]
    assert positions(project, "suggested", name="dog") == [2]
    assert positions(project, "labelled", name="cat") == [0]


def test_the_other_orders(project):
    for _ in range(3):
        labelled(project, "cat")
    publish_guesses(project, [("cat", 0.6), None, ("cat", 0.5)])

    assert positions(project, order="confidence") == [2, 0, 1]
    assert positions(project, order="newest") == [2, 1, 0]


def test_hold_outs_and_the_unanswered_reserve_are_nowhere(project):
    exam = Holdout.objects.create(project=project, name="exam")
    labelled(project, "cat", holdout=exam)
    make_image(project, reserve=True)
    shown = labelled(project, "cat", reserve=True)
    publish_guesses(project, [("cat", 0.9)] * 3)

    assert positions(project, "labelled", name="cat") == [shown.position]
    assert positions(project, "suggested", name="cat") == []


def test_an_annotator_cannot_tell_the_blind_test_set_from_other_labelled_pictures(project, client_for):
    labelled(project, "cat", reserve=True)
    labelled(project, "cat")
    labelled(project, "cat", reserve=True, trust=Trust.IMPORTED)
    labelled(project, "cat", trust=Trust.IMPORTED)
    publish_guesses(project, [("cat", 0.75)] * 4)
    annotator = client_for(add_member(project, Role.ANNOTATOR))
    reviewer = client_for(add_member(project, Role.REVIEWER))

    blind, plain, blind_to_come, imported = annotator.get(f"/api/projects/{project.pk}/gallery").json()["results"]

    own = {"id", "position", "thumb", "preview"}
    assert {key: blind[key] for key in blind if key not in own} == {key: plain[key] for key in plain if key not in own}
    assert (blind_to_come["suggestion"], imported["suggestion"], plain["confidence"]) == (None, None, 0.75)
    rows = reviewer.get(f"/api/projects/{project.pk}/gallery").json()["results"]
    assert [row["confidence"] for row in rows] == [0.75] * 4


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    guesses=st.lists(
        st.none() | st.tuples(st.sampled_from(["cat", "dog"]), st.sampled_from([0.25, 0.5, 0.75, 1.0])),
        min_size=1,
        max_size=12,
    ),
    limit=st.integers(1, 5),
    order=st.sampled_from(["-confidence", "confidence", "newest"]),
)
def test_pages_put_together_are_the_whole_in_order(guesses, limit, order):
    project = make_project()
    for _ in guesses:
        labelled(project, "cat")
    publish_guesses(project, guesses)

    found, after = [], -1
    while True:
        part = page(project, order=order, limit=limit, after=after)
        found += [row["position"] for row in part.results]
        if part.next is None:
            break
        assert part.next < 2**53
        after = part.next

    sure = {place: guess[1] if guess else None for place, guess in enumerate(guesses)}
    expected = {
        "-confidence": lambda place: (sure[place] is None, -(sure[place] or 0), place),
        "confidence": lambda place: (sure[place] is None, sure[place] or 0, place),
        "newest": lambda place: -place,
    }[order]
    assert found == sorted(sure, key=expected)


def test_a_page_goes_on_where_it_was_when_pictures_are_labelled_meanwhile(project):
    for _ in range(5):
        labelled(project, "cat")
    publish_guesses(project, [("cat", 0.5)] * 5)
    first = page(project, limit=2)
    Image.objects.filter(position=0).update(label=project.classes.get(name="dog"))

    assert positions(project, after=first.next) == [2, 3, 4]


def test_the_number_of_queries_does_not_grow_with_the_pictures(project, django_assert_max_num_queries):
    for _ in range(30):
        labelled(project, "cat")
    publish_guesses(project, [("cat", 0.5)] * 30)

    with django_assert_max_num_queries(5):
        assert len(page(project).results) == 30


@pytest.mark.parametrize(
    ("query", "field"),
    [("of=everything", "of"), ("order=random", "order"), ("class=cat", "class"), (f"after={10**30}", "after")],
)
def test_a_wrong_parameter_is_named(project, client_for, query, field):
    response = client_for(project.created_by).get(f"/api/projects/{project.pk}/gallery?{query}")

    assert response.status_code == 400
    assert list(response.json()["errors"]) == [field]


def test_a_class_of_another_project_has_no_pictures_here(project, client_for):
    labelled(project, "cat")
    other = make_project()

    found = client_for(other.created_by).get(
        f"/api/projects/{other.pk}/gallery?class={project.classes.get(name='cat').pk}"
    )

    assert (found.json()["total"], found.json()["results"]) == (0, [])

"""The catalogue as arrays: always equal to what a query would say, and cheap when nothing changed."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from django.db import connection, transaction
from django.utils import timezone
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from annotator.events.services import record_event
from annotator.images.models import Image, Trust
from annotator.images.selectors import Columns, columns
from annotator.images.services import insert_images, mirror_label, release_reserve, set_holdout
from annotator.projects.models import Project
from annotator.projects.services import next_change
from tests.annotator.images.arrivals import arrival, open_batch
from tests.factories import make_image, make_project


def queried(project: Project) -> dict[str, list]:
    """Return what `columns` must say, by the plainest query."""
    project.refresh_from_db()
    rows = {image.position: image for image in Image.objects.filter(project=project)}
    images = [rows.get(position) for position in range(project.next_position)]
    return {
        "image_id": [image.pk if image else 0 for image in images],
        "label": [image.label_id or 0 if image else 0 for image in images],
        "trust": [image.trust if image else 0 for image in images],
        "reserve": [bool(image and image.reserve) for image in images],
        "holdout": [bool(image and image.holdout_id) for image in images],
        "archived": [bool(image and image.archived_at) for image in images],
        "present": [bool(image and not image.archived_at) for image in images],
    }


def said(cols: Columns) -> dict[str, list]:
    names = ("image_id", "label", "trust", "reserve", "holdout", "archived", "present")
    return {name: getattr(cols, name).tolist() for name in names}


@pytest.mark.django_db(transaction=True)
def test_columns_hold_every_pictures_state_by_position():
    project = make_project()
    cat = project.classes.get(name="cat")
    first = make_image(project, label=cat, trust=Trust.HUMAN)
    second = make_image(project, reserve=True)

    cols = columns(project.pk)

    assert cols.length == 2
    assert cols.image_id.tolist() == [first.pk, second.pk]
    assert cols.label.tolist() == [cat.pk, 0]
    assert cols.trust.tolist() == [Trust.HUMAN, Trust.NONE]
    assert cols.reserve.tolist() == [False, True]
    assert cols.present.all()
    assert cols.image_id.dtype == cols.label.dtype == np.int64
    assert cols.trust.dtype == np.int8


@pytest.mark.django_db(transaction=True)
def test_when_nothing_changed_it_costs_one_query(django_assert_num_queries):
    project = make_project()
    make_image(project)
    before = columns(project.pk)

    with django_assert_num_queries(1):
        assert columns(project.pk) is before


@pytest.mark.django_db(transaction=True)
def test_a_state_in_somebodys_hands_never_changes():
    project = make_project()
    image = make_image(project)
    before = columns(project.pk)

    with transaction.atomic():
        mirror_label(
            project_id=project.pk,
            image_id=image.pk,
            label_id=project.classes.get(name="cat").pk,
            trust=Trust.HUMAN,
            expected_version=0,
        )

    assert columns(project.pk).trust.tolist() == [Trust.HUMAN]
    assert before.trust.tolist() == [Trust.NONE]
    with pytest.raises(ValueError):
        before.trust[0] = 1


@pytest.mark.django_db(transaction=True)
def test_what_a_transaction_wrote_is_seen_inside_it_and_forgotten_when_it_rolls_back():
    project = make_project()
    image = make_image(project)
    columns(project.pk)

    class Undone(Exception):
        pass

    def write_and_fail() -> None:
        with transaction.atomic():
            Image.objects.update(trust=Trust.GOLD, change_seq=next_change(project_id=project.pk))
            assert columns(project.pk).trust.tolist() == [Trust.GOLD]
            raise Undone

    with pytest.raises(Undone):
        write_and_fail()
    with transaction.atomic():
        record_event(project_id=project.pk, kind="project_changed")  # takes the very number that was rolled back

    assert columns(project.pk).trust.tolist() == [image.trust]


@pytest.mark.django_db
def test_a_project_that_does_not_exist_has_no_positions():
    assert columns(10**9).length == 0


@pytest.mark.django_db(transaction=True)
def test_a_position_without_a_picture_is_empty():
    project = make_project()
    make_image(project)
    Project.objects.filter(pk=project.pk).update(next_position=3)

    cols = columns(project.pk)

    assert cols.image_id.tolist()[1:] == [0, 0]
    assert cols.present.tolist() == [True, False, False]


@pytest.mark.django_db(transaction=True)
def test_readers_beside_writers_never_miss_a_commit():
    """Each writer commits, then reads: its own change must be there, whatever the others do."""
    project = make_project(reserve_share=0)
    images = [make_image(project) for _ in range(8)]
    cat = project.classes.get(name="cat").pk
    missed: list[int] = []
    start = threading.Barrier(4)

    def write(mine: list[Image]) -> None:
        start.wait()
        try:
            for version in range(6):
                for image in mine:
                    with transaction.atomic():
                        mirror_label(
                            project_id=project.pk,
                            image_id=image.pk,
                            label_id=cat if version % 2 else None,
                            trust=version,
                            expected_version=version,
                        )
                    if columns(project.pk).trust[image.position] != version:
                        missed.append(image.position)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(write, images[n::4]) for n in range(4)]:
            done.result()

    assert missed == []
    assert said(columns(project.pk)) == queried(project)


class Writes(RuleBasedStateMachine):
    """Random writes through the services; after each, columns equal the naive query."""

    @initialize()
    def begin(self) -> None:
        self.project = make_project(reserve_share=0.5, reserve_max=4)
        self.batch = open_batch(self.project)
        self.inserted = 0

    def some_image(self, number: int) -> Image | None:
        images = list(Image.objects.present().filter(project=self.project).order_by("position"))
        return images[number % len(images)] if images else None

    @rule(size=st.integers(1, 4))
    def insert(self, size: int) -> None:
        names = [f"{self.project.pk}/{self.inserted + n}" for n in range(size)]
        self.inserted += size
        insert_images(batch=self.batch, rows=[arrival(name) for name in names])

    @rule(number=st.integers(0, 30), trust=st.sampled_from(Trust.values), stale=st.booleans())
    def label(self, number: int, trust: int, stale: bool) -> None:
        image = self.some_image(number)
        if image is not None:
            cat = self.project.classes.get(name="cat").pk
            with transaction.atomic():
                version = mirror_label(
                    project_id=self.project.pk,
                    image_id=image.pk,
                    label_id=cat if trust else None,
                    trust=trust,
                    expected_version=image.label_version - stale,
                )
            assert (version is None) == stale

    @rule(number=st.integers(0, 30))
    def hold_out(self, number: int) -> None:
        image = self.some_image(number)
        if image is not None:
            set_holdout(project=self.project, name="test", image_ids=[image.pk])

    @rule()
    def release(self) -> None:
        release_reserve(project=self.project)

    @rule(number=st.integers(0, 30))
    def archive(self, number: int) -> None:
        image = self.some_image(number)
        if image is not None:
            with transaction.atomic():
                seq = next_change(project_id=self.project.pk)
                Image.objects.filter(pk=image.pk).update(archived_at=timezone.now(), change_seq=seq)

    @invariant()
    def equal_the_naive_query(self) -> None:
        if hasattr(self, "project"):
            assert said(columns(self.project.pk)) == queried(self.project)


@pytest.mark.django_db(transaction=True)
def test_after_any_writes_columns_equal_the_naive_query():
    run_state_machine_as_test(
        Writes,
        settings=settings(
            max_examples=10, stateful_step_count=12, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )

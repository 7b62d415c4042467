"""The control arm: which labels are in it, how rounds mix it in, and what its measurement keeps."""

from __future__ import annotations

import uuid

import numpy as np
import pytest

from annotator.images.models import Image, Trust
from annotator.jobs.models import Job, JobKind
from annotator.labeling.models import Annotation, SelectionGain, Task
from annotator.labeling.selectors import arm_sizes, refresh_data, selection_arms
from annotator.labeling.services import Item, RoundPick, request_measurement, submit_annotations
from annotator.projects.models import Project
from tests.factories import make_project
from tests.worker.handlers.arms import BLIND, POOL, answer_round, two_armed
from tests.worker.handlers.test_head_refresh import refresh
from worker.handlers.selecting import mixed
from worker.ml.strategies import Pick
from worker.runner import run_job

pytestmark = pytest.mark.django_db(transaction=True)


def ran(job: Job) -> Job:
    run_job(job.pk)
    job.refresh_from_db()
    assert job.state == Job.State.SUCCEEDED, job.error_message
    return job


def test_both_arms_are_measured_on_the_blind_answers(tmp_path):
    project = two_armed(tmp_path)

    job = ran(request_measurement(project=project))

    assert job.result == {"control": 24, "chosen": 48, "test_size": BLIND}
    gain = SelectionGain.objects.get(project=project)
    assert (gain.control, gain.chosen, gain.test_size) == (24, 48, BLIND)
    assert [point["n"] for point in gain.result["control"]] == [8, 16, 24]
    assert [point["n"] for point in gain.result["strategy"]] == [8, 16, 32, 48]
    assert gain.result["strategy"][-1]["accuracy"] > 0.9
    assert gain.result["savings"][-1]["n"] == 24
    assert (gain.result["strategies"], gain.result["space"]) == ({"typiclust": 48}, "v1")


def test_the_newest_measurement_takes_the_place_of_the_one_before(tmp_path):
    project = two_armed(tmp_path)
    ran(request_measurement(project=project))
    answer_round(project, [RoundPick(72 + n, {"code": "control"}) for n in range(6)])

    ran(request_measurement(project=project))

    assert SelectionGain.objects.get(project=project).control == 30


def test_arms_hold_standing_answers_in_the_order_in_which_they_came(tmp_path):
    project = two_armed(tmp_path, control=3, chosen=3)
    first = Annotation.objects.filter(project=project, task__reason__code="control").order_by("id").first()
    undo = Item(uuid.uuid4(), undoes=first.client_id)
    submit_annotations(project=project, user=project.created_by, items=[undo])
    by_hand = Item(uuid.uuid4(), image=Image.objects.get(position=80).pk, labels=first.labels)
    submit_annotations(project=project, user=project.created_by, items=[by_hand])

    data = refresh_data(project, POOL + BLIND)
    arms = selection_arms(project, data)

    standing = Annotation.objects.filter(project=project, undone_by=None, task__isnull=False).order_by("id")
    answers = list(standing.filter(verdict="label").values_list("image__position", "task__reason__code"))
    assert data.train[arms.control].tolist() == [position for position, code in answers if code == "control"]
    assert data.train[arms.chosen].tolist() == [position for position, code in answers if code == "typical"]
    assert len(arms.control) == 2, "one was taken back; what was labelled by hand is in neither arm"
    sizes = arm_sizes(project)
    assert (sizes.control, sizes.chosen, sizes.blind) == (2, 3, BLIND)


def test_a_label_that_was_changed_since_counts_as_what_it_is_now(tmp_path):
    project = two_armed(tmp_path, control=2, chosen=2)
    data = refresh_data(project, POOL)
    image = Image.objects.get(position=data.train[selection_arms(project, data).control[0]])
    other = project.classes.exclude(pk=image.label_id).get()
    change = Item(uuid.uuid4(), image=image.pk, labels=[other.pk], seen_version=image.label_version)
    submit_annotations(project=project, user=project.created_by, items=[change])

    data = refresh_data(project, POOL)
    first = selection_arms(project, data).control[0]

    assert (data.train[first], data.train_labels[first]) == (image.position, other.pk)


def test_pictures_that_lost_their_features_leave_too_little_to_compare(tmp_path):
    project = two_armed(tmp_path)
    job = request_measurement(project=project)
    Image.objects.filter(project=project, reserve=True).update(trust=Trust.NONE, change_seq=project.change_seq + 500)
    Project.objects.filter(pk=project.pk).update(change_seq=project.change_seq + 500)

    assert "skipped" in ran(job).result
    assert not SelectionGain.objects.exists()


class TestRounds:
    """What a refresh puts into the queue."""

    @pytest.fixture
    def pool(self, tmp_path):
        project = two_armed(tmp_path, control=0, chosen=0)
        Project.objects.filter(pk=project.pk).update(control_share=0.25, round_size=40)
        return project

    def codes(self, project: Project) -> list[str]:
        tasks = Task.objects.filter(project=project, state=Task.State.OPEN).order_by("rank")
        return [task.reason["code"] for task in tasks]

    def test_a_share_of_the_round_is_drawn_at_random_and_spread_over_its_ranks(self, pool):
        refresh(pool)

        codes = self.codes(pool)
        assert len(codes) == 40
        found = [rank for rank, code in enumerate(codes) if code == "control"]
        assert len(found) in (10, 11)
        assert all(2 <= gap <= 5 for gap in np.diff(found))
        assert Task.objects.filter(project=pool, reason__code="control").values("image").distinct().count() == len(
            found
        )

    def test_without_a_share_the_strategy_has_the_whole_round(self, pool):
        Project.objects.filter(pk=pool.pk).update(control_share=0)
        refresh(pool)

        assert "control" not in self.codes(pool)

    def test_ten_new_control_labels_ask_for_a_measurement_by_themselves(self, tmp_path):
        project = two_armed(tmp_path / "arms", control=20)
        refresh(project)

        job = Job.objects.get(project=project, kind=JobKind.CONTROL_ARM)
        ran(job)
        refresh(project)
        assert Job.objects.filter(project=project, kind=JobKind.CONTROL_ARM).count() == 1, "nothing new since"


def test_two_lists_of_picks_are_spread_evenly_in_their_own_order():
    chosen = [Pick(position, {}) for position in range(9)]
    control = [Pick(position, {}) for position in (100, 101, 102)]

    merged = [pick.position for pick in mixed(chosen, control)]

    assert [position for position in merged if position < 100] == list(range(9))
    assert [rank for rank, position in enumerate(merged) if position >= 100] == [2, 6, 10]
    assert mixed(chosen, []) == chosen


def test_a_project_that_nobody_has_embedded_is_not_measured(tmp_path):
    project = make_project()
    job = Job.objects.create(kind=JobKind.CONTROL_ARM, queue="interactive", project=project)

    assert "skipped" in ran(job).result

"""Asking for a training run: what starts, what joins, what is refused; and what is cleared away afterwards."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from annotator.common.arrays import array_path
from annotator.common.errors import Conflict, DomainError
from annotator.events.models import Event
from annotator.images.models import Trust
from annotator.images.services import set_holdout
from annotator.jobs import services as jobs
from annotator.jobs.models import Job
from annotator.modeling.models import Firing, TrainingRun
from annotator.modeling.selectors.runs import attempts, curves_of, log_of, thinned, thinned_lines
from annotator.modeling.services import collect_runs, request_training
from annotator.modeling.services.runs import fail_run, finish_run, note_balance, note_phase
from tests.annotator.modeling.runs import label_some, make_run, write_attempt
from tests.annotator.snapshots.frozen import make_row, make_snapshot
from tests.factories import make_image, make_project

pytestmark = pytest.mark.django_db


@pytest.fixture
def project():
    project = make_project()
    label_some(project)
    return project


def ask(project, **given) -> Firing:
    return request_training(project=project, user=project.created_by, **given)


def test_a_run_starts_with_its_recipe_and_what_is_to_be_frozen(project):
    firing = ask(project, preset="best", overrides={"epochs": 50}, snapshot_settings={"max_per_class": 100})

    run = firing.run
    assert (firing.outcome, firing.cause, firing.created_by) == ("started", "person", project.created_by)
    assert (run.number, run.preset, run.overrides, run.phase) == (1, "best", {"epochs": 50}, "freeze")
    assert run.snapshot_settings["max_per_class"] == 100
    assert (run.job.kind, run.job.queue, run.job.params) == ("train", "gpu", {"run": run.pk})
    assert (run.job.title, run.job.slot) == ("Training run 1", f"train:{project.pk}")
    event = Event.objects.get(kind="run_requested")
    assert event.data == {"run": run.pk, "number": 1, "cause": "person"}


class TestOneAtATime:
    def test_a_run_that_waits_is_joined(self, project):
        first = ask(project)
        second = ask(project, preset="quick")

        assert (second.outcome, second.run) == ("joined", first.run)
        assert TrainingRun.objects.count() == Job.objects.count() == 1
        assert Event.objects.filter(kind="run_requested").count() == 1

    def test_while_one_runs_one_more_waits(self, project):
        first = ask(project).run
        jobs.claim(job_id=first.job_id, worker="w")

        second, third = ask(project), ask(project)

        assert (second.outcome, second.run.number) == ("started", 2)
        assert (third.outcome, third.run) == ("joined", second.run)
        assert jobs.claim(job_id=second.run.job_id, worker="v") is None, "it waits for the first"

    def test_a_key_is_answered_once(self, project):
        first = ask(project, cause="cron", key="schedule:1:2026-05-01T02:00Z", values={"name": "nightly"})
        jobs.claim(job_id=first.run.job_id, worker="w")

        again = ask(project, cause="cron", key="schedule:1:2026-05-01T02:00Z")

        assert again == first
        assert (Firing.objects.count(), TrainingRun.objects.count()) == (1, 1)
        assert first.values == {"name": "nightly"}


class TestRefused:
    def test_one_class_is_nothing_to_tell_apart(self):
        project = make_project()
        label_some(project, 1)

        with pytest.raises(DomainError, match="labels of one class; training needs two") as refused:
            ask(project)

        assert refused.value.code == "too_few_classes"
        assert not TrainingRun.objects.exists()

    @pytest.mark.parametrize("kept_away", ["reserve", "holdout", "archived", "certified", "untrusted"])
    def test_pictures_that_are_not_trained_on_do_not_count(self, kept_away):
        project = make_project()
        label_some(project, 1)
        dog = project.classes.get(name="dog")
        fields = {
            "reserve": {"reserve": True},
            "archived": {"archived_at": timezone.now()},
            "certified": {"trust": Trust.CERTIFIED},
            "untrusted": {"trust": Trust.NONE},
        }.get(kept_away, {})
        image = make_image(project, **({"label": dog, "trust": Trust.HUMAN} | fields))
        if kept_away == "holdout":
            set_holdout(project=project, name="exam", image_ids=[image.pk], user=project.created_by)

        with pytest.raises(DomainError, match="one class"):
            ask(project)

    def test_certified_pictures_count_when_they_are_asked_for(self):
        project = make_project()
        label_some(project, 2, trust=Trust.CERTIFIED)

        assert ask(project, snapshot_settings={"include_certified": True}).outcome == "started"

    def test_a_snapshot_needs_two_classes_in_its_training_part(self, project):
        rows = [make_row(0, "cat"), make_row(1, "dog", split="test")]
        classes = [
            {"id": 1, "name": "cat", "train": 1, "validation": 0, "test": 0},
            {"id": 2, "name": "dog", "train": 0, "validation": 0, "test": 1},
        ]
        with transaction.atomic():
            snapshot = make_snapshot(project, rows, classes=classes)

        with pytest.raises(DomainError, match="training part of frozen has labels of one class"):
            ask(project, snapshot=snapshot)

    @pytest.mark.parametrize(
        ("preset", "overrides", "field"),
        [
            ("quick", {"epochs": 0}, "recipe.epochs"),
            ("quick", {"epochs": 1}, "recipe.warmup_epochs"),
            ("balanced", {"augmentation": {"rotation": "far"}}, "recipe.augmentation.rotation"),
            ("balanced", {"loss": "focal", "label_smoothing": 0.1}, "recipe.label_smoothing"),
            ("balanced", {"speed": 3}, "recipe.speed"),
        ],
    )
    def test_settings_out_of_bounds_are_named(self, project, preset, overrides, field):
        with pytest.raises(DomainError) as refused:
            ask(project, preset=preset, overrides=overrides)

        assert list(refused.value.errors) == [field]

    def test_an_archived_project_trains_nothing(self, project):
        project.archived_at = timezone.now()
        project.save()

        with pytest.raises(Conflict, match="archived"):
            ask(project)


class TestWhatTheWorkerWrites:
    def test_the_balance_report_is_stored_once(self, project):
        run = ask(project).run

        report = {"summary": {"imbalance_ratio": 2.0}}
        note_balance(run, report)
        note_balance(run, {"summary": {"imbalance_ratio": 9.0}})

        run.refresh_from_db()
        assert (run.balance, run.phase) == (report, "train")
        assert Event.objects.filter(kind="balance_reported").count() == 1

    def test_a_run_that_is_done_stays_done(self, project):
        run = ask(project).run
        with transaction.atomic():
            finish_run(run, curves=[], summary={"epochs": 3}, model="v2")

        note_phase(run, "train")

        run.refresh_from_db()
        assert (run.phase, run.summary) == ("done", {"epochs": 3})
        assert Event.objects.get(kind="run_finished").data == {"run": run.pk, "number": 1, "model": "v2"}

    def test_only_the_attempt_that_has_the_job_ends_it(self, project):
        run = ask(project).run
        job = jobs.claim(job_id=run.job_id, worker="w")
        Job.objects.update(attempt=2)

        fail_run(run, job=job, code="diverged", message="No number.", hint="")
        assert not Event.objects.filter(kind="run_failed").exists()

        job.attempt = 2
        fail_run(run, job=job, code="diverged", message="No number.", hint="Slower.")
        run.job.refresh_from_db()
        assert (run.job.state, run.job.error_code, run.job.error_hint) == ("failed", "diverged", "Slower.")
        assert Event.objects.get(kind="run_failed").data["message"] == "No number."


LINES = [
    {"kind": "train", "step": 1, "epoch": 0, "loss": 1.5, "lr": 1e-3, "images_per_s": 30.0},
    {"kind": "note", "step": 1, "epoch": 0, "text": "A batch does not fit the memory."},
    {"kind": "validation", "step": 2, "epoch": 0, "accuracy": 0.5, "macro_f1": 0.4, "loss": float("inf")},
]


class TestCurves:
    def test_they_are_read_while_the_newest_attempt_writes_them(self, project):
        run = make_run(project)
        write_attempt(run, 2, lines=[], log="old")
        write_attempt(run, 11, lines=LINES, log="".join(f"line {n}\n" for n in range(150)))
        with (array_path(f"runs/{project.pk}/{run.pk}/attempt-11") / "metrics.jsonl").open("a") as file:
            file.write('{"kind": "train", "st')

        curves = curves_of(run)

        assert curves["train"] == [{"step": 1, "epoch": 1, "loss": 1.5, "lr": 1e-3, "images_per_s": 30.0}]
        assert curves["notes"] == [{"step": 1, "epoch": 1, "text": "A batch does not fit the memory."}]
        assert curves["validation"][0]["loss"] is None, "what overflows is no point"
        assert (log_of(run)[0], log_of(run)[-1], len(log_of(run))) == ("line 50", "line 149", 100)

    def test_what_the_run_keeps_goes_before_the_folder(self, project):
        run = make_run(project, curves=LINES[:1])
        write_attempt(run, 1, lines=LINES)

        assert [len(points) for points in curves_of(run).values()] == [1, 0, 0]

    def test_a_run_that_has_not_begun_has_none(self, project):
        run = make_run(project)
        assert (curves_of(run), log_of(run)) == ({"train": [], "validation": [], "notes": []}, [])

    def test_long_curves_are_thinned_and_keep_their_ends(self):
        points = list(range(1000))
        assert thinned(points[:400]) == points[:400]
        few = thinned(points)
        assert (len(few), few[0], few[-1]) == (400, 0, 999)
        assert few == sorted(set(few))

    def test_lines_are_thinned_by_kind_and_stay_in_order(self):
        lines = [{"kind": "train", "step": n} for n in range(500)]
        lines.insert(250, {"kind": "validation", "step": 250})

        kept = thinned_lines(lines)

        assert len(kept) == 401
        assert [line["step"] for line in kept] == sorted(line["step"] for line in kept)


class TestGarbage:
    def folder(self, run) -> set[str]:
        (folder,) = attempts(run)
        return {path.name for path in folder.iterdir()}

    def test_a_run_that_is_done_keeps_curves_and_log_only(self, project):
        run = make_run(project, phase="done")
        write_attempt(run, 1, lines=LINES)

        assert collect_runs(project.pk) == 1
        assert self.folder(run) == {"metrics.jsonl", "log.txt"}
        assert collect_runs(project.pk) == 0

    @pytest.mark.parametrize(
        ("state", "days", "kept"),
        [
            ("running", 30, True),
            ("queued", 30, True),
            ("failed", 1, True),
            ("failed", 8, False),
            ("cancelled", 8, False),
        ],
    )
    def test_a_checkpoint_stays_as_long_as_somebody_may_go_on_from_it(self, project, state, days, kept):
        run = ask(project).run
        write_attempt(run, 1, lines=LINES)
        ended = timezone.now() - timedelta(days=days)
        Job.objects.update(state=state, finished_at=None if state in Job.ACTIVE else ended)

        collect_runs(project.pk)

        assert ("checkpoint.safetensors" in self.folder(run)) is kept

    def test_folders_of_runs_that_are_gone_are_removed(self, project):
        run = make_run(project)
        write_attempt(run, 1, lines=LINES)
        run.delete()

        assert collect_runs(project.pk) == 1
        assert list(array_path(f"runs/{project.pk}").iterdir()) == []

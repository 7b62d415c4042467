"""What schedules need around them: a project that can be trained on, labels, runs that end, and a clock to turn."""

from __future__ import annotations

import itertools
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django_celery_beat.models import PeriodicTask
from django_celery_beat.schedulers import ModelEntry
from django_celery_beat.tzcrontab import TzAwareCrontab

from annotator.celery import app
from annotator.jobs.models import Job, JobKind
from annotator.labeling.selectors import changes_so_far
from annotator.labeling.services import count_changes, record_import_labels
from annotator.modeling.models import Schedule, TrainingRun
from annotator.modeling.services import create_schedule, fire_label_schedules, fire_schedule
from annotator.projects.models import Project
from annotator.snapshots.models import Snapshot
from tests.factories import make_image, make_project

_numbers = itertools.count(1)


def trainable_project(**fields: Any) -> Project:
    """Make a project with a labelled picture of each of its two classes."""
    project = make_project(**fields)
    pairs = [(make_image(project).pk, label_class.pk) for label_class in project.classes.all()]
    record_import_labels(project=project, user=project.created_by, pairs=pairs, batch_id=1)
    return project


def make_schedule(project: Project, **fields: Any) -> Schedule:
    """Make a schedule for every night at half past two in Berlin, unless told otherwise."""
    if "every_labels" in fields:
        fields = {"name": "every so many", "kind": "labels"} | fields
    else:
        fields = {"name": "nightly", "kind": "cron", "cron": "30 2 * * *", "timezone": "Europe/Berlin"} | fields
    return create_schedule(project=project, user=project.created_by, **fields)


@transaction.atomic
def give_labels(project: Project, count: int) -> None:
    """Count labels as if they had been given."""
    count_changes(project=project, count=count)


@transaction.atomic
def check_triggers(project: Project) -> list[Any]:
    """Do what the job does that labels wake."""
    Job.objects.filter(project=project, kind=JobKind.CHECK_TRIGGERS).delete()
    return fire_label_schedules(project=project)


def run_job(run: TrainingRun, state: str = Job.State.RUNNING) -> None:
    """Let the run's job come to a state."""
    Job.objects.filter(pk=run.job_id).update(state=state)


def freeze(run: TrainingRun) -> None:
    """Give the run a snapshot of the labels as they are."""
    number = next(_numbers)
    report = {"changes": changes_so_far(run.project)}
    more = {"hash": "", "folder": "", "rows": 2, "classes": [], "settings": {}}
    run.snapshot = Snapshot.objects.create(project=run.project, number=number, name="frozen", report=report, **more)
    run.save()


class Clock:
    """The time as everybody sees it, beat included."""

    def __init__(self, monkeypatch: Any, start: datetime) -> None:
        self.now = start
        monkeypatch.setattr(timezone, "now", lambda: self.now)
        monkeypatch.setattr(TzAwareCrontab, "nowfunc", lambda schedule: self.now.astimezone(schedule.tz))
        monkeypatch.setattr(ModelEntry, "_default_now", lambda entry: self.now)


class Beat:
    """Django-celery-beat's own reading of its table, one look at a time."""

    def __init__(self) -> None:
        self.entries: dict[str, ModelEntry] = {}
        self.start()

    def start(self) -> None:
        """Read the table, as beat does when it starts."""
        self.entries = {task.name: ModelEntry(task, app=app) for task in PeriodicTask.objects.enabled()}

    def look(self) -> int:
        """Ring what is due; return how many rang."""
        due = [entry for entry in self.entries.values() if entry.is_due()[0]]
        for entry in due:
            self.entries[entry.name] = next(entry)
            fire_schedule(schedule_id=entry.args[0])
        return len(due)

    def save(self) -> None:
        """Write when each last rang, as beat does every few minutes and when it stops in order."""
        for entry in self.entries.values():
            entry.save()

"""Delete a project for ever: stop its work, then remove its pictures, files and rows, a few at a time.

What is gone is gone, and the project is seen by nobody meanwhile, so an attempt that follows a killed one goes on with
what is left. The row of the project goes last, together with the end of the job.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from graphlib import TopologicalSorter
from typing import Any

from django.apps import apps
from django.db import connection, models, transaction
from django.utils import timezone
from django_celery_beat.models import PeriodicTask

from annotator.common.arrays import remove
from annotator.common.errors import Conflict
from annotator.common.upkeep import discard_picture, recover_discarded
from annotator.images.models import Image, ImportBatch
from annotator.images.services import inbox_of
from annotator.jobs.models import Job, JobKind
from annotator.jobs.services import request_cancel
from annotator.modeling.models import Schedule
from annotator.projects.models import Project
from worker.naming import in_snapshots, named_pictures, owners
from worker.runner import JobContext, JobFailed

CHUNK = 500  # rows a transaction
PICTURES = 20_000  # looked up at once
LOOK_SECONDS = 1.0
CLOCKS = timedelta(seconds=10)  # by which those of file systems and hosts may differ
FOLDERS = ("{}", "snapshots/{}", "exports/{}", "models/{}", "runs/{}")  # of a project in the array store


def handle(ctx: JobContext) -> dict[str, Any]:
    """Remove everything that belongs to the project."""
    project = Project.objects.filter(pk=ctx.params["project"]).exclude(deleted_at=None).first()
    if project is None:
        raise JobFailed("not_deleted", "There is no such project to delete.", "Look at the list of projects.")
    _stop_jobs(ctx, project)
    clocks = Schedule.objects.filter(project=project).exclude(periodic_task=None)
    PeriodicTask.objects.filter(pk__in=clocks.values("periodic_task")).delete()
    pictures = _discard_pictures(ctx, project)
    for batch in ImportBatch.objects.filter(project=project):
        shutil.rmtree(inbox_of(batch), ignore_errors=True)
    remove(folder.format(project.pk) for folder in FOLDERS)
    _delete_rows(ctx, project)
    result = {"project": project.pk, "name": project.name, "pictures": pictures}
    with transaction.atomic():
        project.delete()  # and whatever was written while the rows were deleted
        ctx.succeed(result)
    return result


def _stop_jobs(ctx: JobContext, project: Project) -> None:
    """Cancel the project's jobs, and wait until the last worker has let go."""
    while left := list(Job.objects.active().filter(project=project).order_by("pk")):
        for job in left:
            with suppress(Conflict):  # it has just ended
                request_cancel(job=job)
        ctx.progress(0, len(left), "jobs", "waiting for the project's jobs to stop")
        if Job.objects.active().filter(project=project).exists():
            time.sleep(LOOK_SECONDS)


# Pictures


def _discard_pictures(ctx: JobContext, project: Project) -> int:
    """Delete the pictures that no other project has; return how many."""
    recover_discarded()
    since, others = _safe_since(ctx), named_pictures(timezone.now(), without=project.pk)
    total, done, discarded = Image.objects.filter(project=project).count(), 0, 0
    for part in _pictures_of(project):
        alone = [sha256 for sha256, projects in zip(part, owners(others, part), strict=True) if not projects]
        frozen = in_snapshots(alone, without=project.pk)
        done += len(part) - len(alone)
        for sha256 in alone:
            if sha256 not in frozen:
                discarded += discard_picture(sha256, unless_touched_since=since) > 0
            done += 1
            ctx.progress(done, max(done, total), "pictures", "deleting pictures")
    return discarded


def _safe_since(ctx: JobContext) -> datetime:
    """Return from when on a touched picture may be on its way into another project; garbage collection finds it."""
    imports = Job.objects.filter(kind=JobKind.IMPORT, state=Job.State.RUNNING)
    started = [at for at in imports.values_list("started_at", flat=True) if at is not None]
    return min([ctx.job.created_at, *started]) - CLOCKS


def _pictures_of(project: Project) -> Iterator[list[str]]:
    rows = Image.objects.filter(project=project).order_by("pk").values_list("pk", "sha256")
    part = list(rows[:PICTURES])
    while part:
        yield sorted({sha256 for _, sha256 in part})
        part = list(rows.filter(pk__gt=part[-1][0])[:PICTURES])


# Rows


def tables() -> dict[type[models.Model], str]:
    """Return every table with rows of projects and its way to the project, what refers before what is referred to."""
    ways: dict[type[models.Model], str] = {Project: ""}
    while further := {
        model: way
        for model in apps.get_models(include_auto_created=True)
        if model not in ways and (way := _way(model, ways))
    }:
        ways |= further
    refers = {model: {key.related_model for key in _keys(model)} & set(ways) - {model} for model in ways}
    order = reversed(list(TopologicalSorter(refers).static_order()))
    return {model: ways[model] for model in order if model is not Project}


def _way(model: type[models.Model], ways: dict[type[models.Model], str]) -> str:
    """Return a table's way to the project, over keys whose rows go with what they refer to: one that each row has."""
    keys = [key for key in _keys(model) if key.remote_field.on_delete is models.CASCADE and key.related_model in ways]
    sure = [key for key in keys if not key.null] or keys
    return min((f"{key.name}__{ways[key.related_model]}".removesuffix("__") for key in sure), key=len, default="")


def _keys(model: type[models.Model]) -> list[Any]:
    return [field for field in model._meta.concrete_fields if field.is_relation]


def _delete_rows(ctx: JobContext, project: Project) -> None:
    """Delete the rows of all tables, the newest first: what takes something back goes before what it takes back."""
    project.classes.update(parent=None, hotkey="")  # the one key to a row of the same table that may be the newer one
    ways = tables()
    left = {model: model._base_manager.filter(**{way: project}) for model, way in ways.items()}
    total, done = sum(rows.count() for rows in left.values()), 0
    for model, rows in left.items():
        below = rows.order_by("-pk").values_list("pk", flat=True)
        part = list(below[:CHUNK])
        while part:
            with transaction.atomic():
                _delete(model, part)
            done += len(part)
            ctx.progress(done, max(done, total), "rows", "deleting rows")
            part = list(below.filter(pk__lt=part[-1])[:CHUNK])


def _delete(model: type[models.Model], keys: list[int]) -> None:
    """Delete rows without looking for rows that refer to them, which are gone, or go in the same statement."""
    table, column = (
        connection.ops.quote_name(model._meta.db_table),
        connection.ops.quote_name(str(model._meta.pk.column)),
    )
    places = ", ".join(["%s"] * len(keys))
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {table} WHERE {column} IN ({places})", keys)  # noqa: S608 - names of our own

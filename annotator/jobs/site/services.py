"""Asking a worker to measure the storage, to collect garbage, or to delete a project for ever."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils import timezone

from annotator.accounts.models import User
from annotator.common.errors import Conflict, DomainError
from annotator.jobs.models import Job, JobKind
from annotator.jobs.services import enqueue
from annotator.projects.models import Project


def request_collection(*, user: User | None, dry_run: bool) -> Job:
    """Ask a worker to measure what takes room and, unless it is a dry run, to delete what nobody needs."""
    return enqueue(
        kind=JobKind.COLLECT_GARBAGE,
        project=None,
        title="Measure the storage" if dry_run else "Collect garbage",
        params={"dry_run": dry_run},
        created_by=user,
        slot="garbage:measure" if dry_run else "garbage:collect",
    )


def last_measurement() -> dict[str, Any] | None:
    """Return what the newest measurement or collection found; None before the first."""
    done = Job.objects.filter(kind=JobKind.COLLECT_GARBAGE, state=Job.State.SUCCEEDED)
    return done.order_by("-finished_at").values_list("result", flat=True).first()


def active_collections() -> list[Job]:
    """Return the measurements and collections that wait or run, oldest first."""
    return list(Job.objects.active().filter(kind=JobKind.COLLECT_GARBAGE).order_by("pk"))


@transaction.atomic
def request_deletion(*, project: Project, user: User, name: str) -> Job:
    """Delete an archived project for ever: from now on nobody sees it, and a worker removes what it has.

    The job belongs to no project, and stays as the record of who deleted what.

    Raises:
        Conflict: it is not archived.
        DomainError: `name` is not the project's name.
    """
    locked = Project.objects.select_for_update().get(pk=project.pk)
    if locked.archived_at is None:
        raise Conflict("Archive the project first; then it can be deleted.", code="not_archived")
    if name.strip() != locked.name.strip():
        message = f"Type the project's name, “{locked.name}”, to say that you mean it."
        raise DomainError(message, errors={"name": [message]})
    Project.objects.filter(pk=locked.pk, deleted_at=None).update(deleted_at=timezone.now())
    return enqueue(
        kind=JobKind.DELETE_PROJECT,
        project=None,
        title=f"Delete {locked.name}"[:200],
        params={"project": locked.pk, "name": locked.name},
        created_by=user,
        slot=f"delete:{locked.pk}",
    )

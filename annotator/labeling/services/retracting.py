"""Taking back what one person said in a stretch of time, as a whole: every answer gets its own undo row."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.db import transaction

from annotator.accounts.models import User
from annotator.common.errors import DomainError
from annotator.events.services import record_event
from annotator.jobs.models import Job, JobKind
from annotator.jobs.services import enqueue
from annotator.labeling.selectors import Stretch
from annotator.labeling.services.counting import count_changes
from annotator.labeling.services.undoing import take_back
from annotator.projects.models import Project

CHUNK = 20  # answers a transaction: some 20 ms of writing


def request_retraction(*, stretch: Stretch, user: User) -> Job:
    """Ask a worker to take back what was said in a stretch up to now.

    Raises:
        DomainError: the stretch is empty, or there is nothing in it that could be taken back.
    """
    project, author, until = stretch.project, stretch.author, stretch.until
    if until is not None and until <= stretch.since:
        message = "The end of the stretch must come after its beginning."
        raise DomainError(message, errors={"until": [message]})
    newest = stretch.standing().order_by("-pk").values_list("pk", flat=True).first()
    if newest is None:
        raise DomainError(f"{author.shown_name} has said nothing in this stretch that could be taken back.")
    params = {"author": author.pk, "since": stretch.since.isoformat(), "newest": newest}
    return enqueue(
        kind=JobKind.RETRACT,
        project=project,
        title=f"Take back answers of {author.shown_name}"[:200],
        params=params | {"until": until.isoformat() if until else None},
        created_by=user,
    )


def retract_chunk(*, stretch: Stretch, user: User, newest: int) -> int:
    """Take back the newest answers with an id up to `newest`; return how many, 0 when none is left.

    The newest go first, so that an answer is judged after those of the same person that came on top of it.
    """
    with transaction.atomic():
        Project.objects.select_for_update().get(pk=stretch.project.pk)
        rows = stretch.standing().filter(pk__lte=newest).order_by("-pk")
        targets = list(rows.select_related("task")[:CHUNK])
        undone = [take_back(target=target, user=user, client_id=uuid.uuid4()) for target in targets]
        count_changes(project=stretch.project, count=sum(taken.changed for taken in undone))
        return len(targets)


def retracted(*, stretch: Stretch, user: User, asked_at: datetime) -> tuple[int, int]:
    """Answers of the stretch that `user` took back after `asked_at`, and those of them whose label stayed."""
    rows = stretch.answers().filter(undone_by__user=user, undone_by__created_at__gte=asked_at)
    return rows.count(), rows.filter(undone_by__conflict=True).count()


def finish_retraction(*, stretch: Stretch, user: User, undone: int, kept: int) -> None:
    """Tell what was taken back, inside the transaction that ends the job."""
    what = {"author": stretch.author.shown_name, "undone": undone, "kept": kept}
    record_event(project_id=stretch.project.pk, kind="retracted", actor=user, **what)

"""Taking back a whole Verify page: each of its rows gets an undo row, and its pictures come back to the person."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from annotator.accounts.models import User
from annotator.common.errors import Conflict
from annotator.events.services import record_event
from annotator.images.models import Image, Trust
from annotator.labeling.models import Annotation, Case, Purpose, Task, VerifyPage
from annotator.labeling.services import cases
from annotator.labeling.services.counting import count_changes
from annotator.labeling.services.current import NewLabels, set_labels_of_many
from annotator.labeling.services.undoing import trust_of
from annotator.labeling.services.verify.confirming import keep_rows, own_page, row_id
from annotator.projects.models import Project

State = VerifyPage.State
Verdict = Annotation.Verdict


@dataclass(frozen=True)
class TakenBackPage:
    """What became of an undo.

    Attributes:
        page: the page that is in the person's hands in its place.
        undone: labels that were taken back by this request.
        conflicts: pictures whose label was changed since, which stays.
    """

    page: VerifyPage
    undone: int
    conflicts: list[Image]


def undo_page(*, project: Project, user: User, page_id: int, client_id: uuid.UUID) -> TakenBackPage:
    """Take back what a person said of a page, and lease its pictures to the same person again, as a new page.

    Planted pictures do not come back: the person may have been told of them. What was taken back one by one before
    stays so. Sent again with the same `client_id`, it changes nothing.

    Raises:
        NotFound: this person has no such page.
        Conflict: the page is not confirmed, or was taken back already by another request.
    """
    with transaction.atomic():
        Project.objects.select_for_update().get(pk=project.pk)
        page = own_page(project, user, page_id)
        if page.state == State.UNDONE and page.undo_id == client_id:
            return TakenBackPage(VerifyPage.objects.get(follows=page), 0, [])
        if page.state == State.UNDONE:
            raise Conflict("This page is taken back already.")
        if page.state != State.CONFIRMED or page.client_id is None:
            raise Conflict("This page is not confirmed, so there is nothing to take back.")
        tasks = list(page.tasks.select_related("image").order_by("lease_order"))
        rows = _standing(page, tasks)
        kept = _overtaken(rows)
        _restore(project, rows, kept)
        _write(page, rows, kept, client_id)
        back = [row.task_id for row in rows if row.image_id not in kept]
        again = _lease_again(page, [task for task in tasks if task.pk in back])
        undone = sum(row.applied and row.image_id not in kept for row in rows)
        VerifyPage.objects.filter(pk=page.pk).update(state=State.UNDONE, undo_id=client_id)
        count_changes(project=project, count=undone)
        record_event(project_id=project.pk, kind="page_undone", actor=user, page=page.pk, count=undone)
        return TakenBackPage(again, undone, [row.image for row in rows if row.image_id in kept])


def _standing(page: VerifyPage, tasks: Sequence[Task]) -> list[Annotation]:
    """The page's rows that nobody has taken back."""
    assert page.client_id is not None, "it is confirmed"
    ids = [row_id(page.client_id, task.pk) for task in tasks]
    rows = Annotation.objects.filter(user_id=page.user_id, client_id__in=ids, undone_by=None)
    return list(rows.select_related("image").order_by("id"))


def _decisions(rows: Sequence[Annotation]) -> list[Annotation]:
    """All standing answers that gave one of the pictures its label by themselves, oldest first."""
    images = [row.image_id for row in rows if row.applied]
    standing = Annotation.objects.filter(image__in=images, applied=True, vote=False, undone_by=None)
    return list(standing.order_by("id"))


def _overtaken(rows: Sequence[Annotation]) -> set[int]:
    """Ids of the pictures whose label stems from an answer that came after the page's."""
    newest = {answer.image_id: answer.pk for answer in _decisions(rows)}
    return {row.image_id for row in rows if row.applied and newest[row.image_id] != row.pk}


def _restore(project: Project, rows: Sequence[Annotation], kept: set[int]) -> None:
    """Give the pictures what they had before the page: of an answer that stands from before it, else nothing."""
    own = {row.pk for row in rows}
    before = {answer.image_id: answer for answer in _decisions(rows) if answer.pk not in own}
    changes = []
    for row in rows:
        if row.applied and row.image_id not in kept:
            answer = before.get(row.image_id)
            changes.append(
                NewLabels(row.image, answer.labels, trust_of(answer), answer.absent)
                if answer
                else NewLabels(row.image, [], Trust.NONE)
            )
    set_labels_of_many(project_id=project.pk, changes=changes)


def _write(page: VerifyPage, rows: Sequence[Annotation], kept: set[int], client_id: uuid.UUID) -> None:
    """Append the undo rows, and open or close the cases that hang on what is taken back."""
    undos = [
        Annotation(
            project_id=page.project_id,
            image_id=row.image_id,
            user_id=page.user_id,
            client_id=uuid.uuid5(client_id, f"undo/{row.pk}"),
            task_id=row.task_id,
            verdict=Verdict.UNDO,
            purpose=row.purpose,
            origin=Annotation.Origin.VERIFY,
            undoes=row,
            conflict=row.image_id in kept,
            looks=0,
            decisions=0,
        )
        for row in rows
    ]
    keep_rows(undos, page.user)
    settled = set(Case.objects.filter(resolution__in=rows).values_list("resolution_id", flat=True))
    for row in rows:
        if row.image_id not in kept and (row.verdict == Verdict.FLAG or row.pk in settled):
            cases.after_undo(target=row, by=page.user)


def _lease_again(page: VerifyPage, tasks: Sequence[Task]) -> VerifyPage:
    """Put pictures into the person's hands as a new page, without those that somebody else holds or that are gone."""
    waiting = Task.objects.filter(image__in=[task.image_id for task in tasks], purpose=Purpose.QUEUE)
    waiting.filter(state=Task.State.OPEN).update(state=Task.State.WITHDRAWN)
    taken = set(waiting.filter(state=Task.State.LEASED).values_list("image_id", flat=True))
    back = [task for task in tasks if task.purpose == Purpose.QUEUE and task.image_id not in taken]
    back = [task for task in back if task.image.archived_at is None and task.image.holdout_id is None]
    expires = timezone.now() + timedelta(seconds=settings.LEASE_SECONDS)
    again = VerifyPage.objects.create(
        project_id=page.project_id,
        user_id=page.user_id,
        follows=page,
        mode=page.mode,
        order=page.order,
        label_class_id=page.label_class_id,
        head=page.head,
        state=State.LEASED if back else State.RELEASED,  # nothing came back: there is nothing to hold
        lease_expires_at=expires,
        size=len(back),
        expected_wrong=page.expected_wrong,
    )
    for task in back:
        task.pk, task.page, task.state = None, again, Task.State.LEASED
        task.leased_to_id, task.lease_expires_at = page.user_id, expires
        task._state.adding = True
    Task.objects.bulk_create(back)
    return again

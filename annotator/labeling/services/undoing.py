"""Undo: a new row that takes an earlier one back; nothing that was said is deleted."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import NamedTuple

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from annotator.accounts.models import User
from annotator.common.errors import DomainError
from annotator.images.models import Image, Trust
from annotator.labeling.models import Annotation, Purpose, Task
from annotator.labeling.services import cases, voting
from annotator.labeling.services.current import set_labels
from annotator.projects.models import Project

TRUST_OF_ORIGIN = {Annotation.Origin.IMPORT: Trust.IMPORTED, Annotation.Origin.VERIFY: Trust.PAGE_VERIFIED}


class TakenBack(NamedTuple):
    """The row that takes an answer back, and whether the picture's label changed with it."""

    row: Annotation
    changed: bool


class Undone(NamedTuple):
    """The same, with the task that is in the person's hands again."""

    row: Annotation
    changed: bool
    task: Task | None


def undo(*, project: Project, user: User, client_id: uuid.UUID, undoes: uuid.UUID) -> Undone:
    """Take back one's own annotation: the label before it returns, and its task comes back to the same person.

    The undo's row has `conflict` when somebody changed the label since, which then stays.

    Raises:
        DomainError: there is no such annotation of this person, or it is undone already.
    """
    target = (
        Annotation.objects.filter(project=project, user=user, client_id=undoes)
        .exclude(verdict=Annotation.Verdict.UNDO)
        .select_related("task")
    ).first()
    if target is None:
        raise DomainError("There is no such answer of yours to take back.")
    if Annotation.objects.filter(undoes=target).exists():
        raise DomainError("This answer is taken back already.")
    row, changed = take_back(target=target, user=user, client_id=client_id)
    return Undone(row, changed, None if row.conflict else _lease_again(target.task, user))


def take_back(*, target: Annotation, user: User, client_id: uuid.UUID) -> TakenBack:
    """Append the row that takes an answer back, and restore the label before it, unless another has come since.

    A picture that several people label gets what the votes that are left come to. Call inside a transaction that has
    locked the project's row.
    """
    image = Image.objects.select_for_update().select_related("project").get(pk=target.image_id)
    version = image.label_version
    newest = _newest_decision(image)
    overtaken = (target.applied or target.vote) and newest is not None and newest != target
    row = Annotation.objects.create(
        project_id=target.project_id,
        image=image,
        user=user,
        client_id=client_id,
        task=target.task,
        verdict=Annotation.Verdict.UNDO,
        purpose=target.purpose,
        undoes=target,
        conflict=overtaken,
    )
    if not overtaken:
        cases.after_undo(target=target, by=user)
        _restore(image, target, user)
    return TakenBack(row, image.label_version > version)


def _restore(image: Image, target: Annotation, user: User) -> None:
    """Give a picture the label that it has without an answer: of the decision before it, else of the votes."""
    if target.applied and not target.vote:
        before = _newest_decision(image)
        if before is None:
            voting.settle(project=image.project, image=image, by=user)
        else:
            set_labels(image=image, label_ids=before.labels, absent_ids=before.absent, trust=trust_of(before))
        return
    from_votes = image.trust in (Trust.NONE, Trust.HUMAN) and _newest_decision(image) is None
    if from_votes and (target.vote or voting.has_votes(image)):
        voting.settle(project=image.project, image=image, by=user)


def trust_of(annotation: Annotation) -> Trust:
    """The trust that a label has when it stems from this annotation."""
    if annotation.purpose == Purpose.REVIEW:
        return Trust.REVIEWED
    if annotation.origin == Annotation.Origin.VERIFY and annotation.bulk_id is None:
        return Trust.HUMAN  # an exception on a page, which somebody looked at by itself
    return TRUST_OF_ORIGIN.get(Annotation.Origin(annotation.origin), Trust.HUMAN)


def _newest_decision(image: Image) -> Annotation | None:
    """The standing answer that gave the image its label by itself; None where it has none, or has it from votes."""
    return Annotation.objects.filter(image=image, applied=True, vote=False, undone_by=None).order_by("-id").first()


def _lease_again(task: Task | None, user: User) -> Task | None:
    """Put an answered task back into the person's hands, unless the picture waits for somebody already.

    The question that was meant for the next voter gives way to it. A picture of a Verify page comes back alone; one
    that was planted there does not.
    """
    if task is None or task.purpose == Purpose.GOLD:
        return None
    if task.purpose == Purpose.REVIEW:
        Task.objects.filter(image=task.image_id, purpose=Purpose.REVIEW, state=Task.State.OPEN).update(
            state=Task.State.WITHDRAWN
        )
    expires = timezone.now() + timedelta(seconds=settings.LEASE_SECONDS)
    try:
        with transaction.atomic():
            Task.objects.filter(pk=task.pk).update(
                state=Task.State.LEASED, leased_to=user, lease_expires_at=expires, page=None
            )
    except IntegrityError:
        return None
    return Task.objects.select_related("image", "round", "suggestion_class").get(pk=task.pk)

"""Undo: a new row that takes an earlier one back; nothing that was said is deleted."""

from __future__ import annotations

import uuid
from datetime import timedelta

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from annotator.accounts.models import User
from annotator.common.errors import DomainError
from annotator.images.models import Image, Trust
from annotator.labeling.models import Annotation, Task
from annotator.labeling.services.current import set_labels
from annotator.projects.models import Project

TRUST_OF_ORIGIN = {Annotation.Origin.IMPORT: Trust.IMPORTED, Annotation.Origin.VERIFY: Trust.PAGE_VERIFIED}


def undo(*, project: Project, user: User, client_id: uuid.UUID, undoes: uuid.UUID) -> tuple[Annotation, Task | None]:
    """Take back one's own annotation: the label before it returns, and its task comes back to the same person.

    Returns:
        The undo's row (`conflict` when somebody changed the label since, which then stays), and the task leased again.

    Raises:
        DomainError: there is no such annotation of this person, or it is undone already.
    """
    target = (
        Annotation.objects.filter(project=project, user=user, client_id=undoes).exclude(verdict=Annotation.Verdict.UNDO)
    ).first()
    if target is None:
        raise DomainError("There is no such answer of yours to take back.")
    if Annotation.objects.filter(undoes=target).exists():
        raise DomainError("This answer is taken back already.")
    row = take_back(target=target, user=user, client_id=client_id)
    return row, None if row.conflict else _lease_again(target.task, user)


def take_back(*, target: Annotation, user: User, client_id: uuid.UUID) -> Annotation:
    """Append the row that takes an answer back, and restore the label before it, unless another has come since.

    Call inside a transaction that has locked the project's row.
    """
    image = Image.objects.select_for_update().get(pk=target.image_id)
    overtaken = target.applied and _newest_applied(image) != target
    if target.applied and not overtaken:
        before = _newest_applied(image, other_than=target)
        set_labels(
            image=image,
            label_ids=before.labels if before else [],
            absent_ids=before.absent if before else [],
            trust=trust_of(before) if before else Trust.NONE,
        )
    return Annotation.objects.create(
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


def trust_of(annotation: Annotation) -> Trust:
    """The trust that a label has when it stems from this annotation."""
    return TRUST_OF_ORIGIN.get(Annotation.Origin(annotation.origin), Trust.HUMAN)


def _newest_applied(image: Image, other_than: Annotation | None = None) -> Annotation | None:
    """The annotation that the image's current label stems from."""
    rows = Annotation.objects.filter(image=image, applied=True, undone_by=None)
    if other_than is not None:
        rows = rows.exclude(pk=other_than.pk)
    return rows.order_by("-id").first()


def _lease_again(task: Task | None, user: User) -> Task | None:
    """Put an answered task back into the person's hands, unless the picture waits for somebody already."""
    if task is None:
        return None
    expires = timezone.now() + timedelta(seconds=settings.LEASE_SECONDS)
    try:
        with transaction.atomic():
            Task.objects.filter(pk=task.pk).update(state=Task.State.LEASED, leased_to=user, lease_expires_at=expires)
    except IntegrityError:
        return None
    return Task.objects.select_related("image", "round", "suggestion_class").get(pk=task.pk)

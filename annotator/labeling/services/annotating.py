"""What people say of images: append-only annotations, and the current labels that follow from them."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field

from django.db import transaction
from django.utils import timezone

from annotator.accounts.models import User
from annotator.common.errors import DomainError
from annotator.events.services import record_event
from annotator.images.models import Image, Trust
from annotator.labeling.models import Annotation, Purpose, Task
from annotator.labeling.services.counting import count_changes
from annotator.labeling.services.current import set_labels
from annotator.labeling.services.sets import check_set, said_absent
from annotator.labeling.services.undoing import undo
from annotator.projects.models import LabelClass, Project, Role
from annotator.projects.selectors import live_classes, role_of

CHUNK = 20  # items a transaction: some 20 ms of writing
Verdict = Annotation.Verdict


@dataclass(frozen=True)
class Item:
    """One thing a person said, as it arrives. Either `task` or `image` says of which picture; or it undoes another."""

    client_id: uuid.UUID
    verdict: str = Verdict.LABEL
    task: int | None = None
    image: int | None = None
    labels: Sequence[int] = ()
    comment: str = ""
    origin: str = Annotation.Origin.SINGLE
    lead_time_ms: int | None = None
    seen_version: int | None = None
    undoes: uuid.UUID | None = None


@dataclass
class Result:
    """What became of an item: created, duplicate, conflict (kept, label unchanged) or invalid (not kept)."""

    client_id: uuid.UUID
    status: str
    annotation: Annotation | None = None
    image: Image | None = None
    message: str = ""
    task: Task | None = None


@dataclass
class _Desk:
    """What all items of one request share."""

    project: Project
    user: User
    role: Role
    classes: set[int] = field(default_factory=set)


def submit_annotations(*, project: Project, user: User, items: Sequence[Item]) -> list[Result]:
    """Keep what a person said, item by item; each gets its own answer and none stops the others.

    The project's row is locked first, so that label versions, change numbers and commits have one order.
    """
    role = role_of(user, project)
    assert role is not None, "the API has checked the membership"
    desk = _Desk(project, user, role, set(live_classes(project.pk).values_list("id", flat=True)))
    results: list[Result] = []
    for start in range(0, len(items), CHUNK):
        with transaction.atomic():
            Project.objects.select_for_update().get(pk=project.pk)
            done = [_submit(desk, item) for item in items[start : start + CHUNK]]
            _tell(desk, done)
            count_changes(project=project, count=sum(map(_changed, done)))
        results += done
    return results


def _changed(result: Result) -> bool:
    """Whether a current label was given, changed or taken back."""
    if result.status != "created" or result.annotation is None:
        return False
    undone = result.annotation.undoes
    return result.annotation.applied or (undone is not None and undone.applied)


def _tell(desk: _Desk, results: Sequence[Result]) -> None:
    """Write one event for the labels and one for the undos of a chunk."""
    kept = [r.annotation for r in results if r.status in ("created", "conflict") and r.annotation]
    undone = sum(a.verdict == Verdict.UNDO for a in kept)
    if len(kept) > undone:
        record_event(project_id=desk.project.pk, kind="labelled", actor=desk.user, count=len(kept) - undone)
    if undone:
        record_event(project_id=desk.project.pk, kind="undone", actor=desk.user, count=undone)


def _submit(desk: _Desk, item: Item) -> Result:
    before = Annotation.objects.filter(user=desk.user, client_id=item.client_id).select_related("image").first()
    if before is not None:
        return Result(item.client_id, "duplicate", before, before.image)
    try:
        if item.undoes is not None:
            return _submit_undo(desk, item)
        task, image = _find(desk, item)
        _check(desk, item, task, image)
    except DomainError as error:
        return Result(item.client_id, "invalid", message=error.message)
    return _keep(desk, item, task, image)


def _submit_undo(desk: _Desk, item: Item) -> Result:
    assert item.undoes is not None
    annotation, task = undo(project=desk.project, user=desk.user, client_id=item.client_id, undoes=item.undoes)
    status = "conflict" if annotation.conflict else "created"
    message = "The label was changed since, so it stays as it is." if annotation.conflict else ""
    return Result(item.client_id, status, annotation, annotation.image, message, task)


def _find(desk: _Desk, item: Item) -> tuple[Task | None, Image]:
    """Find the task and image an item is about, in this project only."""
    task = None
    if item.task is not None:
        task = Task.objects.filter(project=desk.project, pk=item.task).select_related("image").first()
        if task is None:
            raise DomainError(f"There is no task {item.task} in this project.")
    image_id = task.image_id if task else item.image or 0
    image = Image.objects.present().select_for_update().filter(project=desk.project, pk=image_id).first()
    if image is None:
        raise DomainError("This picture is not in the project (any more).")
    return task, image


def _check(desk: _Desk, item: Item, task: Task | None, image: Image) -> None:
    """Raise a DomainError for what cannot be kept at all."""
    if item.verdict not in (Verdict.LABEL, Verdict.SKIP, Verdict.UNSURE, Verdict.FLAG):
        raise DomainError(f"'{item.verdict}' is not a verdict; use label, skip, unsure or flag.")
    if item.verdict == Verdict.LABEL:
        unknown = [label for label in item.labels if label not in desk.classes]
        if unknown:
            raise DomainError(f"Class {unknown[0]} is not in this project, or is archived.")
        check_set(desk.project, item.labels)
        if image.trust > Trust.HUMAN and desk.role < Role.REVIEWER:
            raise DomainError("This label was reviewed; a reviewer can change it.")
    if task is None and image.reserve and image.trust < Trust.PAGE_VERIFIED:
        raise DomainError("This picture is in the reserve: it is answered blind, in the queue, or not at all.")


def _keep(desk: _Desk, item: Item, task: Task | None, image: Image) -> Result:
    """Write the annotation, and the label where it may be set."""
    own = task is not None and task.leased_to_id == desk.user.pk and task.state == Task.State.LEASED
    in_time = own and task is not None and (task.lease_expires_at is None or task.lease_expires_at > timezone.now())
    labels = item.verdict == Verdict.LABEL
    may_set = in_time or image.trust == Trust.NONE or (task is None and item.seen_version == image.label_version)
    conflict = labels and not may_set
    absent = said_absent(desk.project, image=image, task=task, labels=item.labels, classes=desk.classes)
    annotation = Annotation.objects.create(
        project=desk.project,
        image=image,
        user=desk.user,
        client_id=item.client_id,
        task=task,
        verdict=item.verdict,
        labels=list(item.labels) if labels else [],
        absent=absent if labels else [],
        comment=item.comment,
        origin=item.origin,
        purpose=task.purpose if task else Purpose.QUEUE,
        suggestion_model=task.suggestion_model if task else "",
        suggestion_class_id=task.suggestion_class_id if task else None,
        suggestion_confidence=task.suggestion_confidence if task else None,
        blind=task.blind if task else False,
        lead_time_ms=item.lead_time_ms,
        seen_version=item.seen_version,
        applied=labels and may_set,
        conflict=conflict,
    )
    if labels and may_set:
        set_labels(image=image, label_ids=item.labels, absent_ids=absent, trust=Trust.HUMAN)
    _close_tasks(image, task, own, labelled=labels and may_set)
    message = (
        "Somebody labelled this picture meanwhile. Your answer is kept; the label is unchanged." if conflict else ""
    )
    return Result(item.client_id, "conflict" if conflict else "created", annotation, image, message)


def _close_tasks(image: Image, task: Task | None, own: bool, *, labelled: bool) -> None:
    """The answered task is done; once the picture has a label, nobody else needs to see it in the queue."""
    if task is not None and own:
        Task.objects.filter(pk=task.pk).update(state=Task.State.DONE, lease_expires_at=None)
    if labelled:
        waiting = Task.objects.filter(image=image, purpose=Purpose.QUEUE, state=Task.State.OPEN)
        waiting.update(state=Task.State.WITHDRAWN)


def record_import_labels(*, project: Project, user: User, pairs: Sequence[tuple[int, int]], batch_id: int) -> int:
    """Take class folders as trusted labels (trust `imported`): one short transaction for one chunk of an import.

    Args:
        pairs: (image id, label class id). A picture that a person has labelled keeps that label.
        batch_id: the import; running it again writes nothing twice.

    Returns:
        How many labels were set.
    """
    namespace = uuid.uuid5(uuid.NAMESPACE_OID, f"import/{batch_id}")
    client_ids = {image_id: uuid.uuid5(namespace, str(image_id)) for image_id, _ in pairs}
    known = set(LabelClass.objects.filter(project=project).values_list("id", flat=True))
    with transaction.atomic():
        Project.objects.select_for_update().get(pk=project.pk)
        done = set(
            Annotation.objects.filter(user=user, client_id__in=client_ids.values()).values_list("client_id", flat=True)
        )
        images = Image.objects.present().filter(project=project).in_bulk([image_id for image_id, _ in pairs])
        fresh = [
            (images[image_id], label)
            for image_id, label in pairs
            if image_id in images and label in known and client_ids[image_id] not in done
        ]
        settable = [(image, label) for image, label in fresh if image.trust <= Trust.IMPORTED]
        Annotation.objects.bulk_create(
            Annotation(
                project=project,
                image=image,
                user=user,
                client_id=client_ids[image.pk],
                verdict=Verdict.LABEL,
                labels=[label],
                origin=Annotation.Origin.IMPORT,
                applied=True,
                looks=0,
                decisions=0,
            )
            for image, label in settable
        )
        for image, label in settable:
            set_labels(image=image, label_ids=[label], trust=Trust.IMPORTED)
        count_changes(project=project, count=len(settable))
    return len(settable)

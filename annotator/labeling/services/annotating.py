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
from annotator.labeling.selectors.review import PASSES
from annotator.labeling.services import cases, voting
from annotator.labeling.services.checking import check_labels, sayable_classes
from annotator.labeling.services.counting import count_changes
from annotator.labeling.services.current import set_labels
from annotator.labeling.services.sets import said_absent
from annotator.labeling.services.undoing import undo
from annotator.projects.models import LabelClass, Project, Role
from annotator.projects.selectors import group_ids, role_of

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
    changed: bool = False  # a current label was given, changed or taken back


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
    desk = _Desk(project, user, role, sayable_classes(project))
    results: list[Result] = []
    for start in range(0, len(items), CHUNK):
        with transaction.atomic():
            Project.objects.select_for_update().get(pk=project.pk)
            done = [_submit(desk, item) for item in items[start : start + CHUNK]]
            _tell(desk, done)
            count_changes(project=project, count=sum(result.changed for result in done))
        results += done
    return results


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
    done = undo(project=desk.project, user=desk.user, client_id=item.client_id, undoes=item.undoes)
    row = done.row
    status = "conflict" if row.conflict else "created"
    message = "The label was changed since, so it stays as it is." if row.conflict else ""
    return Result(item.client_id, status, row, row.image, message, done.task, done.changed)


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
        check_labels(desk.project, item.labels, desk.classes)
        asked = task is not None and task.purpose == Purpose.REVIEW  # an answer that comes late is kept all the same
        if image.trust > Trust.HUMAN and desk.role < Role.REVIEWER and not asked:
            raise DomainError("This label was reviewed; a reviewer can change it.")
    unanswered = image.reserve and image.trust < Trust.PAGE_VERIFIED
    if task is None and unanswered and not cases.sent_back_to(image, desk.user).exists():
        raise DomainError("This picture is in the reserve: it is answered blind, in the queue, or not at all.")


@dataclass(frozen=True)
class _Plan:
    """What becomes of an answer: one vote of several, or the label, or neither."""

    vote: bool = False
    applied: bool = False
    conflict: bool = False


def _plan(desk: _Desk, item: Item, task: Task | None, image: Image, *, own: bool) -> _Plan:
    """Decide what an answer comes to. A vote is `applied` where it is the one that makes all agree."""
    if item.verdict != Verdict.LABEL:
        return _Plan()
    vote = voting.is_vote(project=desk.project, image=image, task=task, user=desk.user, role=desk.role)
    if vote and image.trust == Trust.NONE:
        found = voting.Ballot.of(desk.project, image).outcome({desk.user.pk: frozenset(item.labels)})
        return _Plan(vote=True, applied=found == voting.Outcome.AGREED)
    in_time = own and task is not None and (task.lease_expires_at is None or task.lease_expires_at > timezone.now())
    may_set = image.trust == Trust.NONE or (task is None and item.seen_version == image.label_version)
    applied = may_set or (in_time and not vote)
    return _Plan(applied=applied, conflict=not applied)


def _keep(desk: _Desk, item: Item, task: Task | None, image: Image) -> Result:
    """Write the annotation, and the label where it may be set."""
    own = task is not None and task.leased_to_id == desk.user.pk and task.state == Task.State.LEASED
    labels = item.verdict == Verdict.LABEL
    plan = _plan(desk, item, task, image, own=own)
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
        vote=plan.vote,
        applied=plan.applied,
        conflict=plan.conflict,
    )
    if task is not None and own:
        Task.objects.filter(pk=task.pk).update(state=Task.State.DONE, lease_expires_at=None)
    version = image.label_version
    _follow_up(desk, annotation, image)
    message = "Somebody labelled this picture meanwhile. Your answer is kept; the label is unchanged."
    return Result(
        item.client_id,
        "conflict" if plan.conflict else "created",
        annotation,
        image,
        message if plan.conflict else "",
        changed=image.label_version > version,
    )


def _follow_up(desk: _Desk, row: Annotation, image: Image) -> None:
    """Let an answer take effect: on the label, on who else is asked, and on the picture's cases."""
    if row.vote or (row.verdict in PASSES and image.trust == Trust.NONE and voting.has_votes(image)):
        voting.settle(project=desk.project, image=image, by=desk.user)
    elif row.applied:
        set_labels(image=image, label_ids=row.labels, absent_ids=row.absent, trust=Trust.HUMAN)
        voting.withdraw_tasks(image)  # once the picture has a label, nobody else needs to see it in the queue
    if row.verdict == Verdict.FLAG:
        cases.open_flag(flag=row)
    cases.after_answer(row=row, decides=desk.role >= Role.REVIEWER)


def record_import_labels(*, project: Project, user: User, pairs: Sequence[tuple[int, int]], batch_id: int) -> int:
    """Take class folders as trusted labels (trust `imported`): one short transaction for one chunk of an import.

    Args:
        pairs: (image id, label class id). A picture that a person has labelled keeps that label; a group is no label.
        batch_id: the import; running it again writes nothing twice.

    Returns:
        How many labels were set.
    """
    namespace = uuid.uuid5(uuid.NAMESPACE_OID, f"import/{batch_id}")
    client_ids = {image_id: uuid.uuid5(namespace, str(image_id)) for image_id, _ in pairs}
    known = set(LabelClass.objects.filter(project=project).values_list("id", flat=True)) - group_ids(project.pk)
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

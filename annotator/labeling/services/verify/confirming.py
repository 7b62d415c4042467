"""Confirming a Verify page: all of these are of the class, except those that the person marked."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from django.db import transaction
from django.utils import timezone

from annotator.accounts.models import User
from annotator.common.errors import Conflict, DomainError, NotFound
from annotator.events.services import record_event
from annotator.images.models import Image, Trust
from annotator.labeling.models import Annotation, Case, ImageLabel, Purpose, Task, VerifyPage
from annotator.labeling.services import cases
from annotator.labeling.services.checking import check_labels, sayable_classes
from annotator.labeling.services.counting import count_changes
from annotator.labeling.services.current import NewLabels, set_labels_of_many
from annotator.projects.models import Project, Role
from annotator.projects.selectors import role_of

Verdict = Annotation.Verdict
State = VerifyPage.State
LONGEST = 86_400.0  # seconds that are kept of a page


@dataclass(frozen=True)
class Excepted:
    """A picture that the person marked, and what was said of it instead."""

    task: int
    verdict: str = Verdict.LABEL
    labels: Sequence[int] = ()
    comment: str = ""


@dataclass(frozen=True)
class Confirmation:
    """What a person says of a page; `class_id` is the label of a cluster, and of a page of a class may be left out."""

    client_id: uuid.UUID
    class_id: int | None = None
    seconds: float = 0.0
    exceptions: Sequence[Excepted] = ()


@dataclass(frozen=True)
class Confirmed:
    """What became of a confirmation.

    Attributes:
        written: labels that were set.
        conflicts: pictures that somebody labelled meanwhile: what was said is kept, their label stays.
        shown: planted pictures that the person let pass, with the label that they have.
        created: False when the same confirmation had come before.
    """

    page: VerifyPage
    written: int
    conflicts: list[Image]
    shown: list[Image]
    created: bool


def row_id(page_id: uuid.UUID, task_id: int) -> uuid.UUID:
    """Return the client id of a page's row, which follows from that of the page's confirmation."""
    return uuid.uuid5(page_id, f"task/{task_id}")


def keep_rows(rows: Sequence[Annotation], user: User) -> None:
    """Write a page's rows.

    Raises:
        Conflict: one of their client ids was used before, for something else.
    """
    used = Annotation.objects.filter(user=user, client_id__in=[row.client_id for row in rows])
    if used.exists():
        raise Conflict("This client_id was used before. Each request needs one of its own.")
    Annotation.objects.bulk_create(rows)


def confirm_page(*, project: Project, user: User, page_id: int, said: Confirmation) -> Confirmed:
    """Keep what a person said of a page, in one transaction of as many queries whatever its size.

    A page whose lease ran out, or that was given back, is kept all the same; pictures that were labelled meanwhile
    keep that label. Sent again with the same `client_id`, it changes nothing.

    Raises:
        NotFound: this person has no such page.
        Conflict: it was confirmed already, by another request.
        DomainError: an exception is not on the page, or a label cannot be given; nothing is kept then.
    """
    classes = sayable_classes(project)
    role = role_of(user, project) or Role.ANNOTATOR
    with transaction.atomic():
        Project.objects.select_for_update().get(pk=project.pk)
        page = own_page(project, user, page_id)
        tasks = _tasks(page)
        if page.client_id == said.client_id:
            return _again(page, tasks)
        if page.client_id is not None:
            raise Conflict("This page is confirmed already. Lease the next one, or undo this one first.")
        if VerifyPage.objects.filter(user=user, client_id=said.client_id).exists():
            raise Conflict("This client_id confirmed another page. Each confirmation needs one of its own.")
        answer = _Answer(project, page, said, tasks, _checked(project, page, said, tasks, classes))
        rows = answer.rows()
        return _keep(answer, rows, role)


def own_page(project: Project, user: User, page_id: int) -> VerifyPage:
    """Return a person's page; raise NotFound for anybody else's."""
    page = VerifyPage.objects.filter(project=project, user=user, pk=page_id).first()
    if page is None:
        raise NotFound("You have no such page in this project.")
    return page


def _tasks(page: VerifyPage) -> list[Task]:
    """The page's tasks in the order of the pictures on it."""
    return list(page.tasks.select_related("image").order_by("lease_order"))


def _checked(
    project: Project, page: VerifyPage, said: Confirmation, tasks: Sequence[Task], classes: set[int]
) -> dict[int, Excepted]:
    """Return the exceptions by task, or raise a DomainError for what cannot be kept."""
    asked = page.label_class_id if page.mode == VerifyPage.Mode.CLASS else None
    if asked is None and said.class_id is None:
        message = "Say which label the pictures of this page get."
        raise DomainError(message, errors={"class": [message]})
    if asked is not None and said.class_id not in (None, asked):
        message = "This page asks about another class. Mark what is not of its class as an exception."
        raise DomainError(message, errors={"class": [message]})
    check_labels(project, [asked or said.class_id or 0], classes)
    there = {task.pk for task in tasks}
    for one in said.exceptions:
        if one.task not in there:
            message = f"Task {one.task} is not on this page."
            raise DomainError(message, errors={"exceptions": [message]})
        if one.verdict == Verdict.LABEL:
            check_labels(project, one.labels, classes)
    return {one.task: one for one in said.exceptions}


@dataclass
class _Answer:
    """A confirmation in the making."""

    project: Project
    page: VerifyPage
    said: Confirmation
    tasks: Sequence[Task]
    exceptions: Mapping[int, Excepted]
    label: int = field(init=False)
    known: set[int] = field(init=False)

    def __post_init__(self) -> None:
        label = self.page.label_class_id if self.page.mode == VerifyPage.Mode.CLASS else self.said.class_id
        assert label is not None, "checked before"
        self.label = label
        planted = [task.image_id for task in self.tasks if task.purpose == Purpose.GOLD]
        present = ImageLabel.objects.filter(image__in=planted, label_class=label, present=True)
        self.known = set(present.values_list("image_id", flat=True)) if planted else set()

    def rows(self) -> list[Annotation]:
        """One annotation for each picture, not saved yet."""
        rows = [self._row(task) for task in self.tasks]
        # The key that confirms is one decision; it stands on the first row that it speaks of.
        first = next((row for row in rows if row.decisions == 0), rows[0] if rows else None)
        if first is not None:
            first.decisions += 1
        return rows

    def _row(self, task: Task) -> Annotation:
        excepted, image = self.exceptions.get(task.pk), task.image
        verdict = excepted.verdict if excepted else Verdict.LABEL
        labels = list(excepted.labels) if excepted else [self.label]
        labelled, gold = verdict == Verdict.LABEL, task.purpose == Purpose.GOLD
        usable = image.trust == Trust.NONE and image.archived_at is None and image.holdout_id is None
        applied = labelled and not gold and usable and not image.reserve
        several = self.project.label_mode == Project.LabelMode.MULTI
        said_of_class = several and excepted is not None and labelled and self.label not in labels
        return Annotation(
            project=self.project,
            image=image,
            user_id=self.page.user_id,
            client_id=row_id(self.said.client_id, task.pk),
            task=task,
            verdict=verdict,
            labels=labels if labelled else [],
            absent=[self.label] if said_of_class else [],
            comment=excepted.comment if excepted else "",
            origin=Annotation.Origin.VERIFY,
            purpose=task.purpose,
            suggestion_model=task.suggestion_model,
            suggestion_class_id=task.suggestion_class_id,
            suggestion_confidence=task.suggestion_confidence,
            lead_time_ms=int(min(self.said.seconds, LONGEST) * 1000 / len(self.tasks)),
            looks=1,
            decisions=1 if excepted else 0,
            # What is not excepted is one decision about many pictures; an exception is one of its own.
            bulk_id=None if excepted else self.said.client_id,
            applied=applied,
            conflict=labelled and not gold and not applied,
        )

    def missed(self) -> list[Task]:
        """Planted pictures that are not of the page's class and were let pass."""
        return [task for task in self._wrong() if not self._marked(task)]

    def _wrong(self) -> list[Task]:
        return [task for task in self.tasks if task.purpose == Purpose.GOLD and task.image_id not in self.known]

    def _marked(self, task: Task) -> bool:
        excepted = self.exceptions.get(task.pk)
        return excepted is not None and not (excepted.verdict == Verdict.LABEL and self.label in excepted.labels)

    def close_page(self) -> None:
        """Write down what became of the page."""
        page = self.page
        page.state, page.client_id, page.confirmed_at = State.CONFIRMED, self.said.client_id, timezone.now()
        page.label_class_id = self.label
        page.seconds = min(self.said.seconds, LONGEST)
        page.gold, page.gold_missed = len(self._wrong()), len(self.missed())
        page.exceptions = sum(task.purpose == Purpose.QUEUE and self._marked(task) for task in self.tasks)
        page.save()


def _keep(answer: _Answer, rows: list[Annotation], role: Role) -> Confirmed:
    """Write the rows and let them take effect."""
    project, page = answer.project, answer.page
    images = {task.image_id: task.image for task in answer.tasks}
    keep_rows(rows, page.user)
    applied = [row for row in rows if row.applied]
    set_labels_of_many(
        project_id=project.pk,
        changes=[NewLabels(images[row.image_id], row.labels, _trust(row), row.absent) for row in applied],
    )
    Task.objects.filter(page=page).update(state=Task.State.DONE, lease_expires_at=None)
    waiting = Task.objects.filter(image__in=[row.image_id for row in applied], purpose=Purpose.QUEUE)
    waiting.filter(state=Task.State.OPEN).update(state=Task.State.WITHDRAWN)
    answer.close_page()
    _follow_up(rows, role)
    count_changes(project=project, count=len(applied))
    record_event(
        project_id=project.pk,
        kind="page_verified",
        actor=page.user,
        page=page.pk,
        label=answer.label,
        count=len(applied),
        exceptions=page.exceptions,
    )
    conflicts = [images[row.image_id] for row in rows if row.conflict]
    return Confirmed(page, len(applied), conflicts, [task.image for task in answer.missed()], created=True)


def _trust(row: Annotation) -> Trust:
    return Trust.HUMAN if row.bulk_id is None else Trust.PAGE_VERIFIED


def _follow_up(rows: Sequence[Annotation], role: Role) -> None:
    """Open cases for flags; and tell the cases that pictures got into while they lay on the page."""
    for row in rows:
        if row.verdict == Verdict.FLAG:
            cases.open_flag(flag=row)
    labelled = {row.image_id: row for row in rows if row.applied}
    open_cases = Case.objects.filter(image__in=list(labelled)).exclude(state=Case.State.RESOLVED)
    for image_id in open_cases.values_list("image_id", flat=True).distinct():
        cases.after_answer(row=labelled[image_id], decides=role >= Role.REVIEWER)


def _again(page: VerifyPage, tasks: Sequence[Task]) -> Confirmed:
    """Answer a confirmation that had come before, with what it came to then."""
    assert page.client_id is not None, "it is confirmed"
    images = {task.image_id: task.image for task in tasks}
    said = Annotation.objects.filter(
        user_id=page.user_id, client_id__in=[row_id(page.client_id, task.pk) for task in tasks]
    )
    rows = list(said.order_by("id"))
    passed = [row for row in rows if row.purpose == Purpose.GOLD and page.label_class_id in row.labels]
    return Confirmed(
        page,
        sum(row.applied for row in rows),
        [images[row.image_id] for row in rows if row.conflict],
        [images[row.image_id] for row in passed if images[row.image_id].label_id != page.label_class_id],
        created=False,
    )

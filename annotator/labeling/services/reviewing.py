"""What people do with cases: add to the thread, resolve, send back, open again."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence

from django.db import transaction

from annotator.accounts.models import User
from annotator.common.errors import Conflict, DomainError
from annotator.events.services import record_event
from annotator.images.models import Image, Trust
from annotator.labeling.models import Annotation, Case, CaseComment, Purpose
from annotator.labeling.selectors.review import standing_votes
from annotator.labeling.services.cases import close_cases, set_open, tell, unresolved
from annotator.labeling.services.checking import check_labels, sayable_classes
from annotator.labeling.services.counting import count_changes
from annotator.labeling.services.current import set_labels
from annotator.labeling.services.rounds import count_towards_refresh
from annotator.labeling.services.sets import said_absent
from annotator.labeling.services.undoing import take_back
from annotator.labeling.services.voting import people_who_label, withdraw_tasks
from annotator.projects.models import Project

State = Case.State


@transaction.atomic
def comment_case(*, case: Case, user: User, text: str) -> CaseComment:
    """Add to a case's thread; also after it was closed.

    Raises:
        DomainError: there is no text.
    """
    case = _locked(case)
    comment = CaseComment.objects.create(case=case, user=user, text=_text(text))
    case.save(update_fields=["updated_at"])
    tell(case, "case_answered", user)
    return comment


@transaction.atomic
def resolve_case(*, case: Case, user: User, client_id: uuid.UUID, labels: Sequence[int], seen_version: int) -> Case:
    """Give the picture its label with the trust of a review, and close all its cases with it.

    Sending the same `client_id` again changes nothing.

    Raises:
        Conflict: the case is closed, or the label changed since the reviewer looked.
        DomainError: labels that a picture of the project cannot have.
    """
    case = _locked(case)
    before = Annotation.objects.filter(user=user, client_id=client_id).first()
    if before is not None:
        if before.image_id == case.image_id and before.purpose == Purpose.REVIEW and not before.vote:
            return case
        raise Conflict("This client_id is of another answer of yours. Choose a new one.")
    image = Image.objects.select_for_update().get(pk=case.image_id)
    if case.state == State.RESOLVED:
        raise Conflict("Somebody closed this case meanwhile. Look at it again; you can reopen it.", code="closed")
    if image.label_version != seen_version:
        raise Conflict("The label changed since you looked. Look at it again, then decide.", code="stale")
    classes = sayable_classes(case.project)
    check_labels(case.project, labels, classes)
    row = Annotation.objects.create(
        project=case.project,
        image=image,
        user=user,
        client_id=client_id,
        verdict=Annotation.Verdict.LABEL,
        labels=list(labels),
        absent=_absent(case, image, labels, classes),
        purpose=Purpose.REVIEW,
        seen_version=seen_version,
        applied=True,
    )
    set_labels(image=image, label_ids=labels, absent_ids=row.absent, trust=Trust.REVIEWED)
    withdraw_tasks(image)
    close_cases(rows=unresolved(image), resolution=row, by=user)
    record_event(project_id=case.project_id, kind="labelled", actor=user, count=1)
    count_changes(project=case.project, count=1)
    count_towards_refresh(project=case.project, labels=1)
    return case


@transaction.atomic
def send_case_back(*, case: Case, user: User, assignee_id: int, text: str) -> Case:
    """Ask somebody to look again: the case is this person's until the new answer, or until a reviewer resolves it.

    Raises:
        Conflict: the case is closed.
        DomainError: there is no text, or this is nobody who may label here.
    """
    case = _locked(case)
    if case.state == State.RESOLVED:
        raise Conflict("This case is closed. Reopen it first, then send it back.", code="closed")
    member = people_who_label(case.project).filter(user=assignee_id).select_related("user").first()
    if member is None:
        message = "This is nobody who may label in this project (any more). Choose a member."
        raise DomainError(message, errors={"user": [message]})
    CaseComment.objects.create(case=case, user=user, text=_text(text))
    case.state, case.assignee = State.SENT_BACK, member.user
    case.save(update_fields=["state", "assignee", "updated_at"])
    tell(case, "case_answered", user)
    return case


@transaction.atomic
def reopen_case(*, case: Case, user: User) -> Case:
    """Open a closed case again. A decision that closed it is taken back, and the label before it returns.

    Raises:
        Conflict: it is open, or the picture has a newer case of its kind.
    """
    case = _locked(case)
    if case.state != State.RESOLVED:
        raise Conflict("This case is open already.", code="open")
    if unresolved(case.image).filter(kind=case.kind).exists():
        raise Conflict("This picture has a newer case that is open. Go on there.", code="open")
    decision = case.resolution
    if decision is not None and decision.applied and not decision.vote and not hasattr(decision, "undone_by"):
        taken = take_back(target=decision, user=user, client_id=uuid.uuid4())
        record_event(project_id=case.project_id, kind="undone", actor=user, count=1)
        count_changes(project=case.project, count=int(taken.changed))
        count_towards_refresh(project=case.project, labels=-int(taken.changed))
        case.refresh_from_db()
    if case.state == State.RESOLVED:
        set_open(case)
        tell(case, "case_opened", user)
    return case


def _absent(case: Case, image: Image, labels: Sequence[int], classes: Collection[int]) -> list[int]:
    """Classes that the reviewer had before the eyes, in the label or in a vote, and did not choose."""
    project = case.project
    known = said_absent(project, image=image, task=None, labels=labels, classes=classes)
    if project.label_mode != Project.LabelMode.MULTI:
        return known
    votes = standing_votes(project).filter(image=image).values_list("labels", "absent")
    named = {label for lists in votes for labels_of in lists for label in labels_of}
    return sorted((named.intersection(classes) | set(known)).difference(labels))


def _locked(case: Case) -> Case:
    """Lock the project's row, then read the case as it is now."""
    Project.objects.select_for_update().get(pk=case.project_id)
    return Case.objects.select_related("project", "image").get(pk=case.pk)


def _text(text: str) -> str:
    if not text.strip():
        raise DomainError("Write what you want to say.", errors={"text": ["Write what you want to say."]})
    return text.strip()

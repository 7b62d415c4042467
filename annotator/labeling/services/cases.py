"""Cases: pictures that people have to talk about. Opening and closing them, and telling those whom it concerns."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import QuerySet
from django.utils import timezone

from annotator.accounts.models import User
from annotator.events.selectors import CONCERNED
from annotator.events.services import record_event
from annotator.images.models import Image
from annotator.labeling.models import Annotation, Case, CaseComment
from annotator.labeling.selectors.review import standing_votes

State = Case.State
Verdict = Annotation.Verdict


def unresolved(image: Image) -> QuerySet[Case]:
    """Return the cases of a picture that are not closed: at most one of each kind."""
    return Case.objects.filter(image=image).exclude(state=State.RESOLVED)


def sent_back_to(image: Image, user: User) -> QuerySet[Case]:
    """Return the cases of a picture that this person was asked to look at again."""
    return Case.objects.filter(image=image, state=State.SENT_BACK, assignee=user)


def tell(case: Case, kind: str, actor: User | None) -> None:
    """Record what happened to a case: `concerns` names those who are told, whatever their role."""
    people = {case.opened_by_id, case.assignee_id, *case.comments.values_list("user_id", flat=True)}
    if kind == "case_resolved":
        people |= set(standing_votes(case.project).filter(image=case.image_id).values_list("user_id", flat=True))
    if actor is not None:
        people.discard(actor.pk)
    record_event(
        project_id=case.project_id,
        kind=kind,
        actor=actor,
        case=case.pk,
        case_kind=case.kind,
        state=case.state,
        image=case.image_id,
        concerns=sorted(pk for pk in people if pk is not None)[:CONCERNED],
    )


def open_flag(*, flag: Annotation) -> Case:
    """Open a case for a flag, or add the flag's comment to the thread of the one that is open already.

    Call inside a transaction that has locked the project's row; so with all that follows.
    """
    case = unresolved(flag.image).filter(kind=Case.Kind.FLAG).first()
    opened = case is None
    if case is None:
        case = Case.objects.create(
            project_id=flag.project_id, image=flag.image, kind=Case.Kind.FLAG, opened_by=flag.user, annotation=flag
        )
    if flag.comment.strip():
        CaseComment.objects.create(case=case, user=flag.user, text=flag.comment)
    tell(case, "case_opened" if opened else "case_answered", flag.user)
    return case


def open_disagreement(*, image: Image, by: User | None) -> Case:
    """Open the case of a picture whose voters disagree. There is one a picture: its thread goes on when it returns."""
    rows = Case.objects.filter(image=image, kind=Case.Kind.DISAGREEMENT)
    case = rows.exclude(state=State.RESOLVED).first()
    if case is not None:
        return case
    case = rows.order_by("-id").first()
    if case is None:
        case = Case.objects.create(project_id=image.project_id, image=image, kind=Case.Kind.DISAGREEMENT)
    else:
        set_open(case)
    tell(case, "case_opened", by)
    return case


def close_cases(*, rows: Iterable[Case], resolution: Annotation | None, by: User | None) -> None:
    """Close cases with the answer that settles them; None where there is nothing to talk about any more."""
    for case in rows:
        case.state, case.resolution, case.resolved_at = State.RESOLVED, resolution, timezone.now()
        case.resolved_by = by if resolution else None
        case.save(update_fields=["state", "resolution", "resolved_by", "resolved_at", "updated_at"])
        tell(case, "case_resolved", by)


def set_open(case: Case) -> None:
    """Give a case back to the reviewers."""
    case.state, case.resolution, case.resolved_by, case.resolved_at = State.OPEN, None, None, None
    case.save(update_fields=["state", "resolution", "resolved_by", "resolved_at", "updated_at"])


def after_answer(*, row: Annotation, decides: bool) -> None:
    """Follow up an answer: of the person whom a case was sent back to, or one that gave the picture its label.

    A label from the person who was asked settles a flag, and so does a reviewer's (`decides`); anything else goes back
    to the reviewers, as does a vote that leaves the voters in disagreement.
    """
    labelled = row.verdict == Verdict.LABEL and not row.conflict
    decided = labelled and row.applied and not row.vote
    for case in unresolved(row.image):
        asked = case.state == State.SENT_BACK and case.assignee_id == row.user_id
        flag = case.kind == Case.Kind.FLAG
        settled = ((labelled and asked) or (decided and decides)) if flag else decided
        if settled:
            close_cases(rows=[case], resolution=row, by=row.user)
        elif asked:
            set_open(case)
            if not (flag and row.verdict == Verdict.FLAG):  # told already, by `open_flag`
                tell(case, "case_answered", row.user)


def after_undo(*, target: Annotation, by: User) -> None:
    """Open again what a taken-back answer had settled, and close the case of a flag that is taken back.

    Who was asked to look again, and takes the new answer back, is asked still.
    """
    for case in Case.objects.filter(resolution=target, state=State.RESOLVED):
        if not unresolved(case.image).filter(kind=case.kind).exists():
            set_open(case)
            tell(case, "case_opened", by)
    if target.verdict == Verdict.FLAG:
        flags = Annotation.objects.filter(image=target.image_id, verdict=Verdict.FLAG, undone_by=None)
        for case in unresolved(target.image).filter(kind=Case.Kind.FLAG):
            if not flags.filter(pk__gte=case.annotation_id or 0).exists():
                close_cases(rows=[case], resolution=None, by=by)
    later = Annotation.objects.filter(image=target.image_id, user=target.user_id, pk__gt=target.pk, undone_by=None)
    if not later.exclude(verdict=Verdict.UNDO).exists():
        asked = unresolved(target.image).filter(state=State.OPEN, assignee=target.user_id)
        asked.update(state=State.SENT_BACK, updated_at=timezone.now())

"""Several people label the same picture: whose answer is a vote, what the votes come to, and who is asked next."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from django.db import transaction
from django.db.models import QuerySet

from annotator.accounts.models import User
from annotator.images.models import Image, Trust
from annotator.images.services.catalogue import in_share
from annotator.labeling.models import Annotation, Case, Purpose, Task
from annotator.labeling.selectors.review import PASSES, SPOKE, newest_of_each, standing_votes
from annotator.labeling.services import cases
from annotator.labeling.services.counting import count_changes
from annotator.labeling.services.current import set_labels
from annotator.projects.models import Membership, Project, Role

Verdict = Annotation.Verdict
CHUNK = 20  # pictures that one call settles
LOOK = 500  # open vote tasks that one lease looks through for some that nobody is left to answer
Said = Mapping[int, frozenset[int]]  # what each person said, by the person's id


class Outcome(Enum):
    """What the votes on a picture come to."""

    NOTHING = "nothing"
    WAITING = "waiting"
    AGREED = "agreed"
    SPLIT = "split"


def overlaps(project: Project, image: Image) -> bool:
    """Whether several people are to label a picture.

    Its lot is drawn anew for it: lots themselves say who is in the reserve, which is their low end.
    """
    drawn = hashlib.blake2b(image.lot.to_bytes(8, "big", signed=True), digest_size=8, person=b"overlap").digest()
    return in_share(int.from_bytes(drawn, "big", signed=True), project.overlap_share)


def outcome(said: Said, *, wanted: int, left: bool) -> Outcome:
    """Say what votes come to.

    Args:
        said: the class ids that each voter said to be present; votes agree where these sets are equal.
        wanted: votes that the picture needs.
        left: whether anybody is left who could be asked; if not, the votes count as they are.
    """
    if not said:
        return Outcome.NOTHING
    if len(said) < wanted and left:
        return Outcome.WAITING
    return Outcome.AGREED if len(set(said.values())) == 1 else Outcome.SPLIT


@dataclass(frozen=True)
class Ballot:
    """The standing votes on one picture.

    Attributes:
        votes: the newest of each person, oldest first.
        passed: people who answered without a label.
    """

    project: Project
    image: Image
    votes: Sequence[Annotation]
    passed: Collection[int]

    @classmethod
    def of(cls, project: Project, image: Image) -> Ballot:
        """Read what stands of what was said of a picture."""
        rows = Annotation.objects.filter(image=image, undone_by=None).exclude(verdict=Verdict.UNDO).order_by("id")
        found = list(rows.select_related("task"))
        votes = newest_of_each(row for row in found if row.vote and row.verdict == Verdict.LABEL)
        return cls(project, image, list(votes.values()), {row.user_id for row in found if row.verdict in PASSES})

    @property
    def said(self) -> dict[int, frozenset[int]]:
        """The class ids of each vote, by the voter's id."""
        return {row.user_id: frozenset(row.labels) for row in self.votes}

    def outcome(self, more: Said | None = None) -> Outcome:
        """What the votes come to, with `more` that are about to be written."""
        said = self.said | dict(more or {})
        if not said:
            return Outcome.NOTHING
        wanted = self.project.overlap_votes if overlaps(self.project, self.image) else 1
        asked = {*said, *self.passed}
        left = len(said) < wanted and people_who_label(self.project).exclude(user__in=asked).exists()
        return outcome(said, wanted=wanted, left=left)


def people_who_label(project: Project) -> QuerySet[Membership]:
    """Return the memberships of all who may be asked for a vote; leads and reviewers may, too."""
    return Membership.objects.filter(project=project, role__gte=Role.ANNOTATOR, user__is_active=True)


def is_vote(*, project: Project, image: Image, task: Task | None, user: User, role: Role) -> bool:
    """Whether this person's label of a picture is one vote among several.

    A reviewer who answers without a task decides; but not where the reviewer is a voter to whom a case was sent back.
    """
    if task is not None:
        return task.purpose == Purpose.REVIEW or (task.purpose == Purpose.QUEUE and overlaps(project, image))
    if image.trust > Trust.NONE or image.reserve or image.holdout_id is not None:
        return False
    if cases.sent_back_to(image, user).filter(kind=Case.Kind.DISAGREEMENT).exists():
        return True
    return role < Role.REVIEWER and overlaps(project, image)


def has_votes(image: Image) -> bool:
    """Whether anybody's vote on a picture stands."""
    return standing_votes(image.project).filter(image=image).exists()


def settle(*, project: Project, image: Image, by: User | None) -> None:
    """Make label, case and tasks of a picture what its standing votes come to.

    Only for pictures whose label, if they have one, stems from votes or from an answer that was just taken back. Call
    inside a transaction that has locked the project's row; `image` is brought up to date.
    """
    ballot = Ballot.of(project, image)
    found = ballot.outcome()
    if found == Outcome.AGREED:
        _set_agreed(ballot)
        withdraw_tasks(image)
        rows = cases.unresolved(image).filter(kind=Case.Kind.DISAGREEMENT)
        cases.close_cases(rows=rows, resolution=ballot.votes[-1], by=by)
        return
    if image.trust > Trust.NONE:
        set_labels(image=image, label_ids=[], trust=Trust.NONE)
    if found == Outcome.SPLIT:
        withdraw_tasks(image)
        cases.open_disagreement(image=image, by=by)
        return
    rows = cases.unresolved(image).filter(kind=Case.Kind.DISAGREEMENT)
    cases.close_cases(rows=rows, resolution=None, by=by)
    if found == Outcome.WAITING:
        _ask_next(ballot)
    else:
        _open_tasks(image).filter(purpose=Purpose.REVIEW).update(state=Task.State.WITHDRAWN)


def _set_agreed(ballot: Ballot) -> None:
    """Give the picture the label of its votes, unless it has it."""
    image, last = ballot.image, ballot.votes[-1]
    current = set(image.labels.filter(present=True).values_list("label_class_id", flat=True))
    if image.trust == Trust.HUMAN and current == set(last.labels):
        return
    absent = {label for vote in ballot.votes for label in vote.absent} - set(last.labels)
    set_labels(image=image, label_ids=last.labels, absent_ids=sorted(absent), trust=Trust.HUMAN)


def _open_tasks(image: Image) -> QuerySet[Task]:
    return Task.objects.filter(image=image, purpose__in=(Purpose.QUEUE, Purpose.REVIEW), state=Task.State.OPEN)


def withdraw_tasks(image: Image) -> None:
    """Take a picture out of the queue: nobody else needs to see it."""
    _open_tasks(image).update(state=Task.State.WITHDRAWN)


def _ask_next(ballot: Ballot) -> None:
    """Put the picture before the next person, with the suggestion that the first voter saw.

    The round's task goes, so that the next round cannot take the question back.
    """
    image = ballot.image
    _open_tasks(image).filter(purpose=Purpose.QUEUE).update(state=Task.State.WITHDRAWN)
    waiting = Task.objects.filter(image=image, purpose=Purpose.REVIEW)
    if waiting.filter(state__in=(Task.State.OPEN, Task.State.LEASED)).exists():
        return
    first = next((vote.task for vote in ballot.votes if vote.task), None) or Task()
    Task.objects.create(
        project=ballot.project,
        image=image,
        purpose=Purpose.REVIEW,
        round_id=first.round_id,
        rank=first.rank,
        blind=first.blind,
        suggestion_model=first.suggestion_model,
        suggestion_class_id=first.suggestion_class_id,
        suggestion_confidence=first.suggestion_confidence,
        suggestion_top=first.suggestion_top,
        reason=first.reason,
    )


def settle_stranded(*, project: Project) -> int:
    """Settle pictures whose votes wait for nobody: a voter has left, or fewer votes are wanted now; return how many.

    Opens its own transaction.
    """
    waiting = Task.objects.filter(
        project=project, purpose=Purpose.REVIEW, state=Task.State.OPEN, image__trust=Trust.NONE
    )
    ids = list(waiting.order_by("id").values_list("image_id", flat=True)[:LOOK])
    if not ids:
        return 0
    people = set(people_who_label(project).values_list("user_id", flat=True))
    rows = Annotation.objects.filter(SPOKE, image__in=ids, undone_by=None)
    votes: dict[int, set[int]] = {pk: set() for pk in ids}
    asked: dict[int, set[int]] = {pk: set() for pk in ids}
    for image_id, user_id, vote in rows.values_list("image_id", "user_id", "vote"):
        asked[image_id].add(user_id)
        if vote:
            votes[image_id].add(user_id)
    stranded = [pk for pk in ids if people <= asked[pk] or len(votes[pk]) >= project.overlap_votes]
    return sum(_settle_one(project, pk) for pk in stranded[:CHUNK])


@transaction.atomic
def _settle_one(project: Project, image_id: int) -> bool:
    Project.objects.select_for_update().get(pk=project.pk)
    image = Image.objects.present().select_for_update().filter(pk=image_id, trust=Trust.NONE).first()
    if image is None:
        return False
    settle(project=project, image=image, by=None)
    count_changes(project=project, count=int(image.trust > Trust.NONE))
    return image.trust > Trust.NONE

"""Reads of what several people say of the same pictures: their votes, the cases that come of it, their agreement."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations
from typing import Any

from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet

from annotator.accounts.models import User
from annotator.common.agreement import class_agreement, cohen_kappa, krippendorff_alpha, percent_agreement
from annotator.images.models import Image, Trust
from annotator.labeling.models import Annotation, Case
from annotator.projects.models import Project

Verdict = Annotation.Verdict
PASSES = (Verdict.SKIP, Verdict.UNSURE, Verdict.FLAG)  # answers that are no vote: somebody else is asked


# Answers after which a person is not asked for a vote on the picture again.
SPOKE = Q(vote=True, verdict=Verdict.LABEL) | Q(verdict__in=PASSES)


def standing_votes(project: Project) -> QuerySet[Annotation]:
    """Return the votes that nobody took back, oldest first; of one person there may be several on a picture."""
    rows = Annotation.objects.filter(project=project, vote=True, verdict=Verdict.LABEL, undone_by=None)
    return rows.order_by("id")


def newest_of_each(votes: Iterable[Annotation]) -> dict[int, Annotation]:
    """Return the newest vote of each person, by the person's id, in the order of the votes (given oldest first)."""
    newest: dict[int, Annotation] = {}
    for row in votes:
        newest.pop(row.user_id, None)
        newest[row.user_id] = row
    return newest


def voted_on() -> Exists:
    """Say of an image whether it has standing votes. It is then asked of other people only, by tasks of their own."""
    return Exists(Annotation.objects.filter(image=OuterRef("pk"), vote=True, verdict=Verdict.LABEL, undone_by=None))


def between_votes(project: Project) -> QuerySet[Image]:
    """Return pictures that have votes and no label: they wait for another vote, or for a reviewer."""
    voted = standing_votes(project).order_by().values("image_id")
    return Image.objects.present().filter(project=project, trust=Trust.NONE, pk__in=voted)


def concerns(user: User) -> Q:
    """Say which cases concern a person: flagged by, or sent back to, or about a picture with a vote of this person."""
    said = Annotation.objects.filter(image=OuterRef("image"), user=user, undone_by=None)
    spoke = said.filter(Q(vote=True, verdict=Verdict.LABEL) | Q(verdict=Verdict.FLAG))
    return Q(opened_by=user) | Q(assignee=user) | Q(Exists(spoke))


def cases(project: Project, *, concerning: User | None = None) -> QuerySet[Case]:
    """Return a project's cases with all that is shown of them; only those that concern a person, if one is given."""
    rows = Case.objects.filter(project=project, image__archived_at=None)
    if concerning is not None:
        rows = rows.filter(concerns(concerning))
    votes = standing_votes(project).select_related("user")
    return rows.select_related("image", "annotation__user", "assignee", "resolution__user").prefetch_related(
        "image__sources", "image__labels", "comments__user", Prefetch("image__annotations", votes, to_attr="votes")
    )


def shown_votes(image: Image) -> list[Annotation]:
    """Return the newest vote of each person on a picture of `cases`."""
    votes: list[Annotation] = image.votes  # type: ignore[attr-defined]  # prefetched by `cases`
    return list(newest_of_each(votes).values())


def review_counts(project: Project, user: User) -> dict[str, int]:
    """Count the cases that wait for a reviewer, and those that were sent back to a person."""
    rows = Case.objects.filter(project=project, image__archived_at=None)
    return {
        "open": rows.filter(state=Case.State.OPEN).count(),
        "sent_back_to_me": rows.filter(state=Case.State.SENT_BACK, assignee=user).count(),
    }


def independent_votes(project: Project) -> dict[int, dict[int, frozenset[int]]]:
    """Return what each person said first of each picture: image id → user id → class ids.

    The first standing vote counts, since a later one may follow from seeing what others said.
    """
    said: dict[int, dict[int, frozenset[int]]] = {}
    rows = standing_votes(project).filter(image__archived_at=None)
    for image, user, labels in rows.values_list("image_id", "user_id", "labels"):
        said.setdefault(image, {}).setdefault(user, frozenset(labels))
    return said


def project_agreement(project: Project) -> dict[str, Any]:
    """Return how far the people of a project agree, as `AgreementSerializer` shows it."""
    said = [votes for votes in independent_votes(project).values() if len(votes) > 1]
    units = [list(votes.values()) for votes in said]
    classes = class_agreement(units)
    return {
        "pictures": len(units),
        "votes": sum(map(len, units)),
        "percent": percent_agreement(units),
        "alpha": krippendorff_alpha(units),
        "kappa": _of_two(said),
        "per_class": [
            {"class": name, "pictures": row.units, "percent": row.specific, "alpha": row.alpha}
            for name, row in sorted(classes.items(), key=lambda item: (-item[1].units, str(item[0])))
        ],
    }


def _of_two(said: Iterable[dict[int, frozenset[int]]]) -> list[dict[str, Any]]:
    """The agreement of each two people who labelled the same pictures, those with the most pictures first."""
    pairs: dict[tuple[int, int], list[tuple[frozenset[int], frozenset[int]]]] = {}
    for votes in said:
        for a, b in combinations(sorted(votes), 2):
            pairs.setdefault((a, b), []).append((votes[a], votes[b]))
    people = User.objects.in_bulk({user for pair in pairs for user in pair})
    shown = {pk: {"id": pk, "name": user.shown_name} for pk, user in people.items()}
    return [
        {
            "a": shown[a],
            "b": shown[b],
            "pictures": len(answers),
            "percent": percent_agreement(answers),
            "kappa": cohen_kappa(answers),
        }
        for (a, b), answers in sorted(pairs.items(), key=lambda item: (-len(item[1]), item[0]))
    ]

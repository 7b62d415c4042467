"""What people said, for themselves and for reviewers to look through: the labelling history and its filters."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef, QuerySet, TextField
from django.db.models.functions import Cast

from annotator.images.models import ImageSource
from annotator.labeling.models import Annotation, Purpose
from annotator.projects.models import Project


@dataclass(frozen=True)
class HistoryFilter:
    """Which answers to look at; what is left out does not narrow.

    Attributes:
        user_id: whose.
        class_id: a class that was named in the answer.
        verdict, origin: as the annotation has them.
        state: "standing" (neither taken back nor a conflict), "undone", or "conflict".
        since: from this moment on.
        text: part of the path of one of the picture's files, in either case.
    """

    user_id: int | None = None
    class_id: int | None = None
    verdict: str = ""
    origin: str = ""
    state: str = ""
    since: datetime | None = None
    text: str = ""


def history(project: Project, wanted: HistoryFilter) -> QuerySet[Annotation]:
    """Return the answers that a filter lets through, without the rows that only take others back.

    What was said of pictures that were planted on a Verify page measures the person; it is not part of the work.
    """
    rows = Annotation.objects.filter(project=project).exclude(verdict=Annotation.Verdict.UNDO)
    rows = rows.exclude(purpose=Purpose.GOLD)
    if wanted.user_id is not None:
        rows = rows.filter(user=wanted.user_id)
    if wanted.class_id is not None:
        # Read as text, because only one of the databases can look into a JSON list.
        rows = rows.annotate(said=Cast("labels", TextField()))
        rows = rows.filter(said__regex=rf"(^|[^0-9]){wanted.class_id}([^0-9]|$)")
    if wanted.verdict:
        rows = rows.filter(verdict=wanted.verdict)
    if wanted.origin:
        rows = rows.filter(origin=wanted.origin)
    if wanted.since is not None:
        rows = rows.filter(created_at__gte=wanted.since)
    if wanted.text:
        named = ImageSource.objects.filter(image=OuterRef("image"), path__icontains=wanted.text)
        rows = rows.filter(Exists(named))
    rows = _in_state(rows, wanted.state)
    return rows.select_related("image", "user", "undone_by").prefetch_related("image__sources", "image__labels")


def _in_state(rows: QuerySet[Annotation], state: str) -> QuerySet[Annotation]:
    if state == "undone":
        return rows.filter(undone_by__isnull=False)
    if state == "conflict":
        return rows.filter(conflict=True, undone_by=None)
    if state == "standing":
        return rows.filter(conflict=False, undone_by=None)
    return rows

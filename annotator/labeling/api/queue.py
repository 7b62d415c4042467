"""REST views of the labelling loop: lease, release, annotations, refresh."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from drf_spectacular.utils import extend_schema, inline_serializer
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from annotator.accounts.api import signed_in
from annotator.images.selectors import image_brief
from annotator.jobs.api import JobSerializer
from annotator.labeling.api.focus import FocusSerializer, show_current
from annotator.labeling.api.history import HistoryView
from annotator.labeling.api.reasons import PLAIN, show_reason
from annotator.labeling.models import Purpose, Task
from annotator.labeling.selectors import PREFETCH, queue_length, should_select_now, why_nothing
from annotator.labeling.selectors.sets import present_labels
from annotator.labeling.services import (
    Item,
    Result,
    lease_tasks,
    release_tasks,
    request_refresh,
    submit_annotations,
)
from annotator.labeling.services.rounds import count_towards_refresh
from annotator.projects.api import ProjectView
from annotator.projects.models import Role
from annotator.projects.selectors import class_names

MAX_ITEMS = 500
TAKEN_FOR_PRESENT = 0.5  # confidence from which on a class is part of the suggested set


class RowId(serializers.IntegerField):
    """The number of a row, within what a database can hold."""

    def __init__(self, **options: Any) -> None:
        super().__init__(min_value=1, max_value=2**63 - 1, **options)


# `class` and `label` are words that Python and serializers keep for themselves, hence these two by name.
SuggestionSerializer = inline_serializer(
    "Suggestion",
    {
        "head": serializers.CharField(),
        "class": serializers.IntegerField(),
        "confidence": serializers.FloatField(),
        "top": inline_serializer(
            "Guess", {"class": serializers.IntegerField(), "confidence": serializers.FloatField()}, many=True
        ),
        "suggested": serializers.ListField(
            child=serializers.IntegerField(), help_text="classes taken for present: those of at least 50 %"
        ),
    },
    allow_null=True,
)


ReasonSerializer = inline_serializer(
    "PickReason",
    {
        "code": serializers.ChoiceField(choices=list(PLAIN)),
        "text": serializers.CharField(help_text="a sentence with the names of the classes"),
        "class": serializers.IntegerField(allow_null=True, help_text="that it looks like, for `rare` and `short`"),
        "lacks": serializers.IntegerField(allow_null=True, help_text="pictures that this class lacked, for `short`"),
        "margin": serializers.FloatField(allow_null=True, help_text="between the first two guesses"),
        "nearest_similarity": serializers.FloatField(allow_null=True, help_text="to the nearest labelled picture"),
        "look_alikes": serializers.IntegerField(help_text="pictures that it stands for"),
    },
    allow_null=True,
)


class TaskSerializer(serializers.Serializer):
    """A leased task."""

    id = serializers.IntegerField()
    image = serializers.DictField()
    purpose = serializers.CharField()
    blind = serializers.BooleanField()
    rank = serializers.IntegerField()
    round_size = serializers.IntegerField()
    lease_expires_at = serializers.DateTimeField(allow_null=True)
    suggestion = SuggestionSerializer
    reason = ReasonSerializer


def show_task(task: Task, names: Mapping[int, str]) -> dict[str, Any]:
    """Show a task to the person who holds it. A blind task shows no suggestion and no reason.

    `names` are those of the project's classes, by id.
    """
    suggestion = None
    if task.suggestion_class_id is not None and not task.blind:
        suggestion = {
            "head": task.suggestion_model,
            "class": task.suggestion_class_id,
            "confidence": task.suggestion_confidence,
            "top": [{"class": label, "confidence": confidence} for label, confidence in task.suggestion_top],
            "suggested": [label for label, confidence in task.suggestion_top if confidence >= TAKEN_FOR_PRESENT],
        }
    return {
        "id": task.pk,
        "image": image_brief(task.image),
        "purpose": _shown_purpose(task),
        "blind": task.blind,
        "rank": task.rank,
        "round_size": task.round.size if task.round else 0,
        "lease_expires_at": task.lease_expires_at,
        "suggestion": suggestion,
        "reason": show_reason(task, names) if not task.blind and task.reason else None,
    }


def _shown_purpose(task: Task) -> str:
    """What a task is shown to be for: a second voter is not to know that somebody has answered."""
    if task.blind:
        return Purpose.TEST
    return Purpose.QUEUE if task.purpose == Purpose.REVIEW else task.purpose


class LeaseRequest(serializers.Serializer):
    """How many tasks to have in hand."""

    count = serializers.IntegerField(min_value=1, max_value=100, default=PREFETCH)


class LeaseResponse(serializers.Serializer):
    """Tasks in hand, and why there are none."""

    tasks = TaskSerializer(many=True)
    remaining = serializers.IntegerField()
    reason = serializers.CharField(allow_null=True)
    focus = FocusSerializer


class LeaseView(ProjectView):
    """Take tasks from the queue."""

    roles = {"POST": Role.ANNOTATOR}

    @extend_schema(request=LeaseRequest, responses=LeaseResponse)
    def post(self, request: Request) -> Response:
        """Lease tasks: first those already in hand, then new ones, up to `count`."""
        body = LeaseRequest(data=request.data)
        body.is_valid(raise_exception=True)
        user = signed_in(request)
        tasks = lease_tasks(project=self.project, user=user, count=body.validated_data["count"])
        remaining = queue_length(self.project)
        if should_select_now(self.project, remaining):
            request_refresh(project=self.project)
        reason = None if tasks else why_nothing(self.project)
        names = class_names(self.project.pk)
        shown = [show_task(task, names) for task in tasks]
        focus = show_current(self.project, user)
        return Response({"tasks": shown, "remaining": remaining, "reason": reason, "focus": focus})


class ReleaseRequest(serializers.Serializer):
    """Tasks to give back."""

    tasks = serializers.ListField(child=RowId(), max_length=100)


class ReleaseView(ProjectView):
    """Give tasks back to the queue."""

    roles = {"POST": Role.ANNOTATOR}

    @extend_schema(request=ReleaseRequest, responses={204: None})
    def post(self, request: Request) -> Response:
        """Release one's own leases."""
        body = ReleaseRequest(data=request.data)
        body.is_valid(raise_exception=True)
        release_tasks(project=self.project, user=signed_in(request), task_ids=body.validated_data["tasks"])
        return Response(status=status.HTTP_204_NO_CONTENT)


class ItemSerializer(serializers.Serializer):
    """One thing a person says of a picture, or takes back."""

    client_id = serializers.UUIDField()
    task = RowId(required=False, allow_null=True)
    image = RowId(required=False, allow_null=True)
    verdict = serializers.ChoiceField(choices=["label", "skip", "unsure", "flag"], default="label")
    labels = serializers.ListField(child=RowId(), default=list, max_length=1000)
    comment = serializers.CharField(default="", allow_blank=True, max_length=4000)
    origin = serializers.ChoiceField(choices=["single", "bulk"], default="single")
    lead_time_ms = serializers.IntegerField(required=False, allow_null=True, min_value=0, max_value=86_400_000)
    seen_version = serializers.IntegerField(required=False, allow_null=True, min_value=0, max_value=2**31 - 1)
    undoes = serializers.UUIDField(required=False, allow_null=True)


ResultSerializer = inline_serializer(
    "Result",
    {
        "client_id": serializers.UUIDField(),
        "status": serializers.ChoiceField(choices=["created", "duplicate", "conflict", "invalid"]),
        "annotation": serializers.IntegerField(allow_null=True),
        "label": serializers.IntegerField(allow_null=True),
        "labels": serializers.ListField(
            child=serializers.IntegerField(), help_text="of a conflict: all that the picture has now"
        ),
        "trust": serializers.IntegerField(allow_null=True),
        "label_version": serializers.IntegerField(allow_null=True),
        "message": serializers.CharField(allow_blank=True),
        "task": TaskSerializer(allow_null=True),
    },
    many=True,
)


class AnnotationsRequest(serializers.Serializer):
    """A list of items; each gets its own answer."""

    items = ItemSerializer(many=True)

    def validate_items(self, items: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Bound the batch."""
        if not 1 <= len(items) <= MAX_ITEMS:
            raise serializers.ValidationError(f"Send 1 to {MAX_ITEMS} items at once.")
        return items


class AnnotationsResponse(serializers.Serializer):
    """Answers in the order of the items."""

    results = ResultSerializer
    next_refresh_in = serializers.IntegerField()
    refresh_job = serializers.IntegerField(allow_null=True)


def show_result(result: Result, names: Mapping[int, str]) -> dict[str, Any]:
    """Show what became of an item; `names` are those of the classes, should its task come back."""
    image = result.image
    return {
        "client_id": result.client_id,
        "status": result.status,
        "annotation": result.annotation.pk if result.annotation else None,
        "label": image.label_id if image else None,
        "labels": present_labels(image) if image and result.status == "conflict" else [],
        "trust": image.trust if image else None,
        "label_version": image.label_version if image else None,
        "message": result.message,
        "task": show_task(result.task, names) if result.task else None,
    }


class AnnotationsView(HistoryView):
    """Say what pictures show; read what was said."""

    roles = HistoryView.roles | {"POST": Role.ANNOTATOR}

    @extend_schema(request=AnnotationsRequest, responses=AnnotationsResponse)
    def post(self, request: Request) -> Response:
        """Keep a batch of annotations; sending it again changes nothing (`client_id` is the idempotency key)."""
        body = AnnotationsRequest(data=request.data)
        body.is_valid(raise_exception=True)
        items = [Item(**item) for item in body.validated_data["items"]]
        results = submit_annotations(project=self.project, user=signed_in(request), items=items)
        left, job = count_towards_refresh(project=self.project, labels=_labels_given(results))
        names = class_names(self.project.pk) if any(result.task for result in results) else {}
        shown = [show_result(result, names) for result in results]
        return Response({"results": shown, "next_refresh_in": left, "refresh_job": job.pk if job else None})


def _labels_given(results: list[Result]) -> int:
    """Labels that these results add; those that an undo took back count against it."""
    changed = [result.annotation for result in results if result.changed and result.annotation]
    return sum(-1 if row.undoes_id else 1 for row in changed)


class RefreshView(ProjectView):
    """Ask for a head refresh now."""

    roles = {"POST": Role.ANNOTATOR}

    @extend_schema(request=None, responses={202: JobSerializer})
    def post(self, request: Request) -> Response:
        """Enqueue a refresh, or return the one that already waits."""
        job = request_refresh(project=self.project, user=signed_in(request))
        return Response(JobSerializer(job).data, status=status.HTTP_202_ACCEPTED)

"""REST view of the labelling history: what a person, or everybody, has said so far."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from annotator.accounts.api import signed_in
from annotator.common.pagination import page_by_key, whole_number
from annotator.images.api.serializers import ImageBriefSerializer, PersonSerializer
from annotator.images.models import Trust
from annotator.images.selectors import image_brief
from annotator.labeling.models import Annotation
from annotator.labeling.selectors.history import HistoryFilter, history
from annotator.projects.api import ProjectView
from annotator.projects.models import Role

PAGE = 50
MAX_PAGE = 500
VERDICTS = [choice for choice in Annotation.Verdict.values if choice != Annotation.Verdict.UNDO]
STATES = ("standing", "undone", "conflict")


class HistoryQuery(serializers.Serializer):
    """Which answers to list; `class` and the page are read beside it."""

    mine = serializers.BooleanField(default=False, help_text="only one's own; annotators never see others")
    user = serializers.IntegerField(required=False, min_value=1, max_value=2**63 - 1, help_text="whose")
    verdict = serializers.ChoiceField(choices=VERDICTS, required=False, allow_blank=True)
    origin = serializers.ChoiceField(choices=Annotation.Origin.choices, required=False, allow_blank=True)
    state = serializers.ChoiceField(choices=STATES, required=False, allow_blank=True)
    since = serializers.DateTimeField(required=False)
    q = serializers.CharField(required=False, allow_blank=True, max_length=200, help_text="part of the file's path")


# `class` and `label` are words that Python and serializers keep for themselves, hence these by name.
SaidThenSerializer = inline_serializer(
    "SuggestionThen",
    {
        "head": serializers.CharField(),
        "class": serializers.IntegerField(),
        "confidence": serializers.FloatField(allow_null=True),
    },
    allow_null=True,
)
LabelNowSerializer = inline_serializer(
    "LabelNow",
    {
        "label": serializers.IntegerField(allow_null=True),
        "labels": serializers.ListField(child=serializers.IntegerField(), help_text="classes said to be present"),
        "trust": serializers.ChoiceField(choices=Trust.values),
        "label_version": serializers.IntegerField(help_text="what to send as `seen_version` with a correction"),
    },
)


class AnnotationRowSerializer(serializers.Serializer):
    """One answer, what the model suggested then, and what the picture's label is now."""

    id = serializers.IntegerField()
    client_id = serializers.UUIDField()
    image = ImageBriefSerializer()
    user = PersonSerializer()
    verdict = serializers.ChoiceField(choices=VERDICTS)
    labels = serializers.ListField(child=serializers.IntegerField())
    comment = serializers.CharField(allow_blank=True)
    origin = serializers.ChoiceField(choices=Annotation.Origin.choices)
    blind = serializers.BooleanField()
    vote = serializers.BooleanField(help_text="one of several people's answers: sets no label by itself")
    suggestion = SaidThenSerializer
    applied = serializers.BooleanField(help_text="it set the label when it was given")
    conflict = serializers.BooleanField()
    undone = serializers.BooleanField()
    now = LabelNowSerializer
    created_at = serializers.DateTimeField()


class AnnotationPageSerializer(serializers.Serializer):
    """A page of answers, newest first; go on with `after` = `next`."""

    results = AnnotationRowSerializer(many=True)
    next = serializers.IntegerField(allow_null=True)


def show_annotation(row: Annotation, *, for_reviewer: bool) -> dict[str, Any]:
    """Show one answer. What the model thought of a blind one is for reviewers: it may be asked again."""
    image = row.image
    present = sorted((one for one in image.labels.all() if one.present), key=lambda one: one.pk)
    return {
        "id": row.pk,
        "client_id": row.client_id,
        "image": image_brief(image),
        "user": {"id": row.user_id, "name": row.user.shown_name},
        "verdict": row.verdict,
        "labels": row.labels,
        "comment": row.comment,
        "origin": row.origin,
        "blind": row.blind,
        "vote": row.vote,
        "suggestion": _suggestion(row) if for_reviewer or not row.blind else None,
        "applied": row.applied,
        "conflict": row.conflict,
        "undone": hasattr(row, "undone_by"),
        "now": {
            "label": image.label_id,
            "labels": [one.label_class_id for one in present],
            "trust": image.trust,
            "label_version": image.label_version,
        },
        "created_at": row.created_at,
    }


def _suggestion(row: Annotation) -> dict[str, Any] | None:
    if not row.suggestion_class_id:
        return None
    return {
        "head": row.suggestion_model,
        "class": row.suggestion_class_id,
        "confidence": row.suggestion_confidence,
    }


class HistoryView(ProjectView):
    """Read what was said."""

    roles = {"GET": Role.ANNOTATOR}

    @extend_schema(
        operation_id="history",
        parameters=[
            HistoryQuery,
            OpenApiParameter("class", int, description="a class that the answer names"),
            OpenApiParameter("after", int),
            OpenApiParameter("limit", int),
        ],
        responses=AnnotationPageSerializer,
    )
    def get(self, request: Request) -> Response:
        """List answers, newest first; annotators see their own."""
        rows = history(self.project, self._filter(request))
        for_reviewer = self.role >= Role.REVIEWER

        def show(row: Annotation) -> dict[str, Any]:
            return show_annotation(row, for_reviewer=for_reviewer)

        return Response(page_by_key(request, rows, show, newest_first=True, limit=PAGE, max_limit=MAX_PAGE))

    def _filter(self, request: Request) -> HistoryFilter:
        query = HistoryQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        asked = query.validated_data
        own = asked["mine"] or self.role < Role.REVIEWER
        return HistoryFilter(
            user_id=signed_in(request).pk if own else asked.get("user"),
            class_id=whole_number(request, "class", 0) or None,
            verdict=asked.get("verdict", ""),
            origin=asked.get("origin", ""),
            state=asked.get("state", ""),
            since=asked.get("since"),
            text=asked.get("q", ""),
        )

"""REST view of what a lead points the queue at."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from annotator.accounts.api import signed_in
from annotator.accounts.models import User
from annotator.common.pagination import whole_number
from annotator.images.api.serializers import PersonSerializer, show_person
from annotator.images.models import ImportBatch
from annotator.labeling.models import QueueFocus
from annotator.labeling.selectors.focus import all_focuses, current_focus, focuses_for, waiting
from annotator.labeling.services import clear_focus, set_focus
from annotator.projects.api import ProjectView
from annotator.projects.models import Project, Role

BIGGEST_ID = 2**63 - 1


class FocusFilterSerializer(serializers.Serializer[Any]):
    """What narrows a focus besides its class; what is left out narrows nothing."""

    batch = serializers.IntegerField(required=False, min_value=1, max_value=BIGGEST_ID, help_text="an import")
    min_confidence = serializers.FloatField(required=False, min_value=0, max_value=1)
    max_confidence = serializers.FloatField(required=False, min_value=0, max_value=1)


# `class` is a word that Python keeps for itself, hence these two by name.
FocusSerializer = inline_serializer(
    "Focus",
    {
        "id": serializers.IntegerField(),
        "user": PersonSerializer(allow_null=True, help_text="whose queue it is; null: everybody's"),
        "class": serializers.IntegerField(allow_null=True),
        "filter": FocusFilterSerializer(),
        "batch_name": serializers.CharField(allow_null=True),
        "waiting": serializers.IntegerField(
            help_text="pictures that nobody has answered yet; at 0 the queue is back in its own order"
        ),
        "created_by": PersonSerializer(allow_null=True),
        "created_at": serializers.DateTimeField(),
    },
)
FocusDraftSerializer = inline_serializer(
    "FocusDraft",
    {
        "user": serializers.IntegerField(
            allow_null=True, default=None, min_value=1, max_value=BIGGEST_ID, help_text="null: everybody"
        ),
        "class": serializers.IntegerField(allow_null=True, default=None, min_value=1, max_value=BIGGEST_ID),
        "filter": FocusFilterSerializer(default=dict),
    },
)


class FocusesSerializer(serializers.Serializer[Any]):
    """What the queue is pointed at."""

    results = serializers.ListField(child=FocusSerializer)


def show_focus(focus: QueueFocus, left: int) -> dict[str, Any]:
    """Show a focus and how many pictures wait in it."""
    batch = ImportBatch.objects.filter(project=focus.project_id, pk=focus.filter.get("batch", 0)).first()
    return {
        "id": focus.pk,
        "user": show_person(focus.user),
        "class": focus.label_class_id,
        "filter": focus.filter,
        "batch_name": batch.name if batch else None,
        "waiting": left,
        "created_by": show_person(focus.created_by),
        "created_at": focus.created_at,
    }


def show_current(project: Project, user: User) -> dict[str, Any] | None:
    """Show what a person's queue is pointed at, or nothing."""
    found = current_focus(project, user)
    return show_focus(*found) if found else None


class FocusView(ProjectView):
    """Where the queue is pointed: for everybody, and for one person."""

    roles = {"GET": Role.ANNOTATOR}

    @extend_schema(operation_id="focuses", responses=FocusesSerializer)
    def get(self, request: Request) -> Response:
        """List one's own focus and everybody's; a lead sees each person's."""
        user = signed_in(request)
        rows = all_focuses(self.project) if self.role >= Role.LEAD else focuses_for(self.project, user)
        mine = (None, user.pk)
        left = [waiting(row, user if row.user_id in mine else None) for row in rows]
        return Response({"results": [show_focus(row, number) for row, number in zip(rows, left, strict=True)]})

    @extend_schema(operation_id="set_focus", request=FocusDraftSerializer, responses=FocusSerializer)
    def put(self, request: Request) -> Response:
        """Point the queue of one person, or of everybody, in place of where it was pointed."""
        given = type(FocusDraftSerializer)(data=request.data)
        given.is_valid(raise_exception=True)
        data = given.validated_data
        focus = set_focus(
            project=self.project,
            actor=signed_in(request),
            user_id=data["user"],
            class_id=data["class"],
            filters=dict(data["filter"]),
        )
        return Response(show_focus(focus, waiting(focus)))

    @extend_schema(
        operation_id="clear_focus",
        parameters=[OpenApiParameter("user", int, description="whose; without it everybody's")],
        responses={204: None},
    )
    def delete(self, request: Request) -> Response:
        """Let the queue go back to its own order."""
        user_id = whole_number(request, "user", 0, low=1) or None
        clear_focus(project=self.project, actor=signed_in(request), user_id=user_id)
        return Response(status=204)

"""REST view of the activity log."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from annotator.common.pagination import page_by_key
from annotator.events.models import Event
from annotator.projects.api import ProjectView
from annotator.projects.models import Role


class ActorSerializer(serializers.Serializer[Any]):
    """Who did it."""

    id = serializers.IntegerField(source="pk")
    name = serializers.CharField(source="shown_name")


class EventSerializer(serializers.ModelSerializer[Event]):
    """Something that happened in a project; `data` depends on the kind."""

    actor = ActorSerializer(allow_null=True)

    class Meta:
        model = Event
        fields = ["seq", "kind", "actor", "data", "created_at"]


def show_event(event: Event) -> dict[str, Any]:
    """Return the JSON of an event."""
    return EventSerializer(event).data


class EventsView(ProjectView):
    """The project's activity, newest first."""

    roles = {"GET": Role.VIEWER}

    @extend_schema(
        operation_id="events",
        parameters=[OpenApiParameter("after", int), OpenApiParameter("limit", int)],
        responses=inline_serializer(
            "EventPage",
            {"results": EventSerializer(many=True), "next": serializers.IntegerField(allow_null=True)},
        ),
    )
    def get(self, request: Request) -> Response:
        events = Event.objects.filter(project=self.project).select_related("actor")
        return Response(page_by_key(request, events, show_event, key="seq", newest_first=True, limit=50, max_limit=500))

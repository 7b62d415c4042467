"""REST views of what a person is told, across projects."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotator.accounts.api import signed_in
from annotator.common.errors import DomainError
from annotator.common.pagination import page_by_key, whole_number
from annotator.events.api.activity import ActorSerializer
from annotator.events.models import Event
from annotator.events.selectors import notifications
from annotator.events.services import mark_all_read, mark_read

LARGEST_ID = 2**63 - 1


class PlaceSerializer(serializers.Serializer[Any]):
    """The project where it happened."""

    id = serializers.IntegerField(source="pk")
    name = serializers.CharField()


class NotificationSerializer(serializers.ModelSerializer[Event]):
    """Something that a person is told; `data` depends on the kind."""

    project = PlaceSerializer()
    actor = ActorSerializer(allow_null=True)
    read = serializers.BooleanField()

    class Meta:
        model = Event
        fields = ["id", "kind", "project", "actor", "data", "created_at", "read"]
        read_only_fields = fields


class ReadSerializer(serializers.Serializer[Any]):
    """What has been read: some notifications, or all there are."""

    ids = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=LARGEST_ID), required=False, max_length=500
    )
    all = serializers.BooleanField(required=False, default=False)


class UnreadSerializer(serializers.Serializer[Any]):
    """How many are not read."""

    unread = serializers.IntegerField()


def show_notification(event: Event) -> dict[str, Any]:
    """Return the JSON of an event of `selectors.notifications`."""
    return dict(NotificationSerializer(event).data)


class NotificationsView(APIView):
    """What the person who asks is told, newest first."""

    @extend_schema(
        operation_id="notifications",
        parameters=[
            OpenApiParameter("unread", int, description="1: only those not read"),
            OpenApiParameter("after", int, description="the last id seen"),
            OpenApiParameter("limit", int),
        ],
        responses=inline_serializer(
            "NotificationPage",
            {
                "results": NotificationSerializer(many=True),
                "next": serializers.IntegerField(allow_null=True),
                "unread": serializers.IntegerField(),
            },
        ),
    )
    def get(self, request: Request) -> Response:
        user = signed_in(request)
        only_unread = bool(whole_number(request, "unread", 0, high=1))
        found = notifications(user, unread=only_unread).select_related("project", "actor")
        page = page_by_key(request, found, show_notification, newest_first=True, limit=30, max_limit=100)
        return Response(page | {"unread": notifications(user, unread=True).count()})


class NotificationsReadView(APIView):
    """Noting what has been read."""

    @extend_schema(operation_id="read_notifications", request=ReadSerializer, responses=UnreadSerializer)
    def post(self, request: Request) -> Response:
        given = ReadSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        user, ids = signed_in(request), given.validated_data.get("ids")
        if given.validated_data["all"]:
            mark_all_read(user=user)
        elif ids is not None:
            mark_read(user=user, event_ids=ids)
        else:
            message = "Say which ones were read: “ids”, or “all”."
            raise DomainError(message, errors={"ids": [message]})
        return Response({"unread": notifications(user, unread=True).count()})

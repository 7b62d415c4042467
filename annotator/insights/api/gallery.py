"""REST view of a class's pictures."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from annotator.common.errors import DomainError
from annotator.common.pagination import whole_number
from annotator.images.models import Trust
from annotator.insights.selectors import OF, ORDERS, gallery
from annotator.projects.api import ProjectView
from annotator.projects.models import Role

MAX_PICTURES = 500


class GalleryPictureSerializer(serializers.Serializer[Any]):
    """A picture with what people and the machine say of it."""

    id = serializers.IntegerField()
    position = serializers.IntegerField()
    thumb = serializers.CharField()
    preview = serializers.CharField()
    label = serializers.IntegerField(allow_null=True)  # type: ignore[assignment]  # DRF takes declared fields off
    trust = serializers.ChoiceField(choices=Trust.values)
    suggestion = serializers.IntegerField(allow_null=True, help_text="the class that the machine thinks likeliest")
    confidence = serializers.FloatField(allow_null=True)


class GalleryPageSerializer(serializers.Serializer[Any]):
    """A page of pictures; go on with `after` = `next`."""

    results = GalleryPictureSerializer(many=True)
    next = serializers.IntegerField(allow_null=True)
    total = serializers.IntegerField(help_text="pictures on all pages")
    head = serializers.CharField(allow_null=True, help_text="the head version whose suggestions these are")


class GalleryView(ProjectView):
    """The pictures of a class, or of all classes, outside hold-outs."""

    roles = {"GET": Role.VIEWER}

    @extend_schema(
        operation_id="gallery",
        parameters=[
            OpenApiParameter("class", int, description="a class id; all classes without one"),
            OpenApiParameter("of", str, enum=OF, default=OF[0]),
            OpenApiParameter("order", str, enum=ORDERS, default=ORDERS[0]),
            OpenApiParameter("after", int),
            OpenApiParameter("limit", int),
        ],
        responses=GalleryPageSerializer,
    )
    def get(self, request: Request) -> Response:
        """List pictures that have the class as their label, or pictures of the pool that are suggested to have it."""
        page = gallery(
            self.project.pk,
            class_id=whole_number(request, "class", 0) or None,
            of=_one_of(request, "of", OF),
            order=_one_of(request, "order", ORDERS),
            after=whole_number(request, "after", -1, low=-1),
            limit=whole_number(request, "limit", 100, low=1, high=MAX_PICTURES),
            for_reviewer=self.role >= Role.REVIEWER,
        )
        return Response(GalleryPageSerializer(asdict(page)).data)


def _one_of(request: Request, name: str, choices: tuple[str, ...]) -> str:
    value = request.query_params.get(name) or choices[0]
    if value not in choices:
        message = f"{name} must be one of {', '.join(choices)}."
        raise DomainError(message, errors={name: [message]})
    return value

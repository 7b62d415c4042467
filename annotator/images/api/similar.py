"""REST view of the pictures that look like a picture."""

from __future__ import annotations

from typing import Any, get_args

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from annotator.common.errors import NotFound
from annotator.common.pagination import whole_number
from annotator.images.api.serializers import ImageBriefSerializer
from annotator.images.models import Image
from annotator.images.selectors import image_brief, look_alikes
from annotator.images.selectors.similar import Reason
from annotator.projects.api import ProjectView
from annotator.projects.models import Role

MAX_PICTURES = 100


class SimilarImageSerializer(ImageBriefSerializer):
    """A picture and how much it looks like the one that was asked for."""

    cosine = serializers.FloatField(help_text="of the embeddings: 1 for a copy")


class SimilarImagesSerializer(serializers.Serializer[Any]):
    """Look-alikes, nearest first, or why there are none (yet)."""

    results = SimilarImageSerializer(many=True)
    reason = serializers.ChoiceField(choices=get_args(Reason), allow_null=True)


class SimilarView(ProjectView):
    """The pictures that look like one."""

    roles = {"GET": Role.VIEWER}

    @extend_schema(
        operation_id="similar_images",
        parameters=[OpenApiParameter("count", int, description=f"at most {MAX_PICTURES}; 40 without it")],
        responses=SimilarImagesSerializer,
    )
    def get(self, request: Request, image_id: int) -> Response:
        """List look-alikes, without archived pictures, hold-outs and pictures that are still to be answered blind."""
        count = whole_number(request, "count", 40, low=1, high=MAX_PICTURES)
        image = Image.objects.present().filter(project=self.project, pk=image_id).first()
        if image is None:
            raise NotFound("There is no such picture in this project.")
        found = look_alikes(image, count)
        images = Image.objects.filter(project=self.project, position__in=found.positions.tolist())
        shown = {row.position: image_brief(row) for row in images.prefetch_related("sources")}
        pairs = zip(found.positions.tolist(), found.cosines.astype(float).round(4).tolist(), strict=True)
        results = [shown[position] | {"cosine": cosine} for position, cosine in pairs if position in shown]
        return Response({"results": results, "reason": found.reason})

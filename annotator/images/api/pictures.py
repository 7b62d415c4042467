"""REST views of pictures: their bytes, lists, details, and what the machine says of them."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
from django.db.models import QuerySet
from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotator.common.blobs import ORIGINAL, VARIANTS
from annotator.common.errors import NotFound
from annotator.common.pagination import page_by_key, whole_number
from annotator.common.responses import blob_response
from annotator.images.api.serializers import (
    ImagePageSerializer,
    ImageWithHistorySerializer,
    SuggestionsSerializer,
    show_history,
)
from annotator.images.models import Image, ImageSource, Trust
from annotator.images.selectors import columns, image_detail, score_reader
from annotator.projects.api import ProjectView
from annotator.projects.models import Role

PAGE = [OpenApiParameter("after", int), OpenApiParameter("limit", int)]
MAX_SUGGESTIONS = 20_000
SHA256 = re.compile("[0-9a-f]{64}")


class BlobView(APIView):
    """The bytes of a picture. One query checks membership and that the picture is the project's."""

    @extend_schema(
        responses={
            (200, "image/jpeg"): OpenApiTypes.BINARY,
            (200, "application/octet-stream"): OpenApiTypes.BINARY,
            304: None,
        }
    )
    def get(self, request: Request, project_id: int, sha256: str, variant: str) -> HttpResponseBase:
        """Send a derivative (thumb, model, preview), or the original as an attachment."""
        nothing = NotFound("There is no such picture in this project.")
        if variant not in VARIANTS or not SHA256.fullmatch(sha256):
            raise nothing
        images = Image.objects.visible_to(request.user).present().filter(project=project_id, sha256=sha256)
        picture = images.values_list("pk", "format").first()
        if picture is None:
            raise nothing
        filename = _filename(picture[0]) if variant == ORIGINAL else ""
        try:
            return blob_response(request, sha256, variant, picture_format=picture[1], filename=filename)
        except FileNotFoundError:
            raise nothing from None


def _filename(image_id: int) -> str:
    path = ImageSource.objects.filter(image=image_id).order_by("id").values_list("path", flat=True).first()
    return (path or "picture").rsplit("/", 1)[-1]


class ImagesView(ProjectView):
    """The project's pictures."""

    roles = {"GET": Role.VIEWER}

    @extend_schema(
        parameters=[
            *PAGE,
            OpenApiParameter("label", str, description="a class id, or none"),
            OpenApiParameter("trust_min", int),
            OpenApiParameter("holdout", int, enum=[0, 1]),
            OpenApiParameter("batch", int),
        ],
        responses=ImagePageSerializer,
    )
    def get(self, request: Request) -> Response:
        """List pictures in order of position."""
        images = Image.objects.present().filter(project=self.project, **_filters(request))
        images = images.select_related("holdout").prefetch_related("sources")
        for_lead = self.role == Role.LEAD
        return Response(
            page_by_key(request, images, lambda image: image_detail(image, for_lead=for_lead), key="position")
        )


def _filters(request: Request) -> dict[str, Any]:
    """Read the list's filters as queryset arguments, or raise a DomainError that names the wrong one."""
    filters: dict[str, Any] = {}
    given = {name for name, value in request.query_params.items() if value != ""}
    if request.query_params.get("label") == "none":
        filters["label"] = None
    elif "label" in given:
        filters["label"] = whole_number(request, "label", 0, low=1)
    if "trust_min" in given:
        filters["trust__gte"] = whole_number(request, "trust_min", 0, high=max(Trust.values))
    if "holdout" in given:
        filters["holdout__isnull"] = whole_number(request, "holdout", 0, high=1) == 0
    if "batch" in given:
        filters["batch"] = whole_number(request, "batch", 0, low=1)
    return filters


class ImageView(ProjectView):
    """One picture."""

    roles = {"GET": Role.VIEWER}

    @extend_schema(responses=ImageWithHistorySerializer)
    def get(self, request: Request, image_id: int) -> Response:
        """Show a picture and what people said of it."""
        images: QuerySet[Image] = Image.objects.present().filter(project=self.project, pk=image_id)
        image = images.select_related("holdout").prefetch_related("sources").first()
        if image is None:
            raise NotFound("There is no such picture in this project.")
        shown = image_detail(image, for_lead=self.role == Role.LEAD)
        history = show_history(image, for_reviewer=self.role >= Role.REVIEWER)
        return Response(shown | {"annotations": history})


class SuggestionsView(ProjectView):
    """What the machine says of the project's pictures, for scripts."""

    roles = {"GET": Role.VIEWER}

    @extend_schema(parameters=PAGE, responses=SuggestionsSerializer)
    def get(self, request: Request) -> Response:
        """List [position, class id, confidence] in order of position; the reserve only for reviewers and leads."""
        limit = whole_number(request, "limit", MAX_SUGGESTIONS, low=1, high=MAX_SUGGESTIONS)
        after = whole_number(request, "after", -1, low=-1)
        reader = score_reader(self.project.pk)
        if reader is None:
            return Response({"head": None, "results": [], "next": None})
        label, confidence = reader.top1()
        cols = columns(self.project.pk)
        length = min(reader.length, cols.length)
        shown = cols.present[:length] & (label[:length] > 0)
        if self.role < Role.REVIEWER:
            shown &= ~cols.reserve[:length]
        positions = np.flatnonzero(shown)
        positions = positions[np.searchsorted(positions, after, side="right") :]
        page = positions[:limit]
        rows = zip(page.tolist(), label[page].tolist(), confidence[page].astype(float).round(4).tolist(), strict=True)
        last = int(page[-1]) if len(positions) > limit else None
        return Response({"head": reader.name, "results": [list(row) for row in rows], "next": last})

"""REST views of imports: open, list, start, and what was turned away."""

from __future__ import annotations

from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from annotator.accounts.api import signed_in
from annotator.common.errors import NotFound
from annotator.common.pagination import page_by_key
from annotator.common.responses import csv_response
from annotator.images.api.serializers import (
    BatchPageSerializer,
    BatchSerializer,
    NewBatchSerializer,
    RejectedPageSerializer,
    show_batch,
    show_rejected,
)
from annotator.images.models import ImportBatch, RejectedFile
from annotator.images.services import create_batch, start_batch
from annotator.jobs.api import JobSerializer
from annotator.projects.api import ProjectView
from annotator.projects.models import Project, Role

PAGE = [OpenApiParameter("after", int), OpenApiParameter("limit", int)]


def get_batch(project: Project, batch_id: int) -> ImportBatch:
    """Return the project's import, or raise NotFound."""
    batch = ImportBatch.objects.select_related("project", "created_by").filter(project=project, pk=batch_id).first()
    if batch is None:
        raise NotFound("There is no such import in this project.")
    return batch


class ImportsView(ProjectView):
    """The project's imports."""

    roles = {"GET": Role.VIEWER, "POST": Role.LEAD}

    @extend_schema(parameters=PAGE, responses=BatchPageSerializer)
    def get(self, request: Request) -> Response:
        """List imports, newest first."""
        batches = ImportBatch.objects.filter(project=self.project).select_related("created_by")
        return Response(page_by_key(request, batches, show_batch, newest_first=True))

    @extend_schema(request=NewBatchSerializer, responses={201: BatchSerializer})
    def post(self, request: Request) -> Response:
        """Open an import; send its files next, then start it."""
        body = NewBatchSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        batch = create_batch(project=self.project, user=signed_in(request), **body.validated_data)
        return Response(show_batch(batch), status=status.HTTP_201_CREATED)


class ImportView(ProjectView):
    """One import."""

    roles = {"GET": Role.VIEWER}

    @extend_schema(responses=BatchSerializer)
    def get(self, request: Request, batch_id: int) -> Response:
        """Show an import with its counts so far."""
        return Response(show_batch(get_batch(self.project, batch_id)))


class ImportStartView(ProjectView):
    """Start an import."""

    roles = {"POST": Role.LEAD}

    @extend_schema(request=None, responses={202: JobSerializer})
    def post(self, request: Request, batch_id: int) -> Response:
        """Hand the received files to a worker."""
        job = start_batch(batch=get_batch(self.project, batch_id), user=signed_in(request))
        return Response(JobSerializer(job).data, status=status.HTTP_202_ACCEPTED)


class ImportRejectedView(ProjectView):
    """The files of an import that did not become pictures."""

    roles = {"GET": Role.VIEWER}

    @extend_schema(
        parameters=[*PAGE, OpenApiParameter("format", str, enum=["json", "csv"])],
        responses={
            200: RejectedPageSerializer,
            (200, "text/csv"): OpenApiResponse(OpenApiTypes.STR, description="all of them, as an attachment"),
        },
    )
    def get(self, request: Request, batch_id: int) -> Response | StreamingHttpResponse:
        """List rejected files with their reasons, or download all of them as CSV."""
        batch = get_batch(self.project, batch_id)
        rows = RejectedFile.objects.filter(batch=batch)
        if request.query_params.get("format") == "csv":
            lines = rows.order_by("id").values_list("path", "reason", "message", "detail").iterator(1000)
            return csv_response(f"rejected-{batch.pk}.csv", ["path", "reason", "message", "detail"], lines)
        return Response(page_by_key(request, rows, show_rejected))

"""REST views of what a lead does to many answers at once: hold-outs, the reserve, undoing an import or a person."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from annotator.accounts.api import signed_in
from annotator.accounts.models import User
from annotator.common.errors import NotFound
from annotator.images.models import Holdout, ImportBatch
from annotator.images.services import drop_holdout, release_reserve, set_holdout
from annotator.jobs.api import JobSerializer, show_job
from annotator.labeling.api.queue import RowId
from annotator.labeling.models import Annotation
from annotator.labeling.selectors import Stretch
from annotator.labeling.services import request_retraction, undo_import
from annotator.projects.api import ProjectView
from annotator.projects.models import Membership, Role


class HoldoutRequest(serializers.Serializer):
    """Pictures to keep out; the same name again adds to it."""

    name = serializers.CharField(max_length=100)
    images = serializers.ListField(child=RowId(), min_length=1, max_length=5000)


class HoldoutSerializer(serializers.Serializer):
    """A hold-out and its size."""

    name = serializers.CharField()
    size = serializers.IntegerField()


def show_holdout(holdout: Holdout) -> dict[str, Any]:
    """Show a hold-out."""
    return {"name": holdout.name, "size": holdout.images.count()}


class HoldoutsView(ProjectView):
    """Hold-outs: excluded from queue, reserve, coverage and training."""

    roles = {"GET": Role.VIEWER, "POST": Role.LEAD}

    @extend_schema(responses=HoldoutSerializer(many=True))
    def get(self, request: Request) -> Response:
        """List the project's hold-outs."""
        return Response([show_holdout(row) for row in Holdout.objects.filter(project=self.project).order_by("id")])

    @extend_schema(request=HoldoutRequest, responses={201: HoldoutSerializer})
    def post(self, request: Request) -> Response:
        """Add pictures to a hold-out, which is made when it does not exist."""
        body = HoldoutRequest(data=request.data)
        body.is_valid(raise_exception=True)
        holdout = set_holdout(
            project=self.project,
            name=body.validated_data["name"],
            image_ids=body.validated_data["images"],
            user=signed_in(request),
        )
        return Response(show_holdout(holdout), status=status.HTTP_201_CREATED)


class HoldoutView(ProjectView):
    """One hold-out."""

    roles = {"DELETE": Role.LEAD}

    @extend_schema(responses={204: None})
    def delete(self, request: Request, name: str) -> Response:
        """Dissolve a hold-out; its pictures return to the pool."""
        holdout = Holdout.objects.filter(project=self.project, name=name).first()
        if holdout is None:
            raise NotFound(f"There is no hold-out named {name} in this project.")
        drop_holdout(project=self.project, name=name, user=signed_in(request))
        return Response(status=status.HTTP_204_NO_CONTENT)


class ReserveReleaseView(ProjectView):
    """The unanswered rest of the reserve."""

    roles = {"POST": Role.LEAD}

    @extend_schema(request=None, responses={200: dict[str, int]})
    def post(self, request: Request) -> Response:
        """Release what is not yet answered of the reserve to the pool."""
        return Response({"released": release_reserve(project=self.project, user=signed_in(request))})


class ImportUndoView(ProjectView):
    """Take a whole import back."""

    roles = {"POST": Role.LEAD}

    @extend_schema(request=None, responses={200: dict[str, Any]})
    def post(self, request: Request, batch_id: int) -> Response:
        """Archive the import's pictures and append undo rows for the labels it brought."""
        batch = ImportBatch.objects.filter(project=self.project, pk=batch_id).first()
        if batch is None:
            raise NotFound("There is no such import in this project.")
        batch = undo_import(batch=batch, user=signed_in(request))
        return Response({"id": batch.pk, "state": batch.state})


class StretchSerializer(serializers.Serializer):
    """A stretch of time: from `since` up to, but without, `until`, which is now when it is left out."""

    since = serializers.DateTimeField()
    until = serializers.DateTimeField(required=False, allow_null=True, default=None)


class AnswerCountSerializer(serializers.Serializer):
    """How much would be taken back."""

    answers = serializers.IntegerField()
    labels = serializers.IntegerField(help_text="of them, those that set a label")


class RetractView(ProjectView):
    """What one person said in a stretch of time, as a whole; also of a person who has left the project."""

    roles = {"GET": Role.LEAD, "POST": Role.LEAD}

    @extend_schema(operation_id="count_retraction", parameters=[StretchSerializer], responses=AnswerCountSerializer)
    def get(self, request: Request, user_id: int) -> Response:
        """Count what would be taken back."""
        rows = self._stretch(user_id, request.query_params).standing()
        return Response({"answers": rows.count(), "labels": rows.filter(applied=True).count()})

    @extend_schema(operation_id="retract", request=StretchSerializer, responses={202: JobSerializer})
    def post(self, request: Request, user_id: int) -> Response:
        """Take it back: every answer gets an undo row, and a label that somebody has changed since stays."""
        job = request_retraction(stretch=self._stretch(user_id, request.data), user=signed_in(request))
        return Response(show_job(job), status=status.HTTP_202_ACCEPTED)

    def _stretch(self, user_id: int, data: Any) -> Stretch:
        """What was asked for, of somebody who is a member or has answered here."""
        author = User.objects.filter(pk=user_id).first()
        known = author is not None and (
            Membership.objects.filter(project=self.project, user=author).exists()
            or Annotation.objects.filter(project=self.project, user=author).exists()
        )
        if author is None or not known:
            raise NotFound("There is no such person in this project.")
        body = StretchSerializer(data=data)
        body.is_valid(raise_exception=True)
        return Stretch(self.project, author, **body.validated_data)

"""REST views of a project's backbone: which is in use, changing it, and measuring how fast others are."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from annotator.accounts.api import signed_in
from annotator.jobs.api import JobSerializer, show_job
from annotator.modeling import selectors, services
from annotator.projects.api import ProjectView
from annotator.projects.models import Role

MAX_NAME = 200
MAX_NAMES = 50


class BackboneInUseSerializer(serializers.Serializer[Any]):
    """What a project's pictures are embedded with."""

    backbone = serializers.CharField(help_text="a timm name")
    model = serializers.CharField(help_text="that serves, such as v1; empty before anything was embedded")
    trained = serializers.BooleanField(help_text="its weights were trained in this project")
    pictures = serializers.IntegerField(help_text="that another backbone would have to embed")
    images_per_second = serializers.FloatField(allow_null=True, help_text="of a job of late, reading files included")
    change = JobSerializer(allow_null=True, help_text="the last job that was to change the backbone")


class BackboneChangeSerializer(serializers.Serializer[Any]):
    """The backbone that a project is to have."""

    backbone = serializers.CharField(max_length=MAX_NAME, help_text="a timm name")


class MeasurementSerializer(serializers.Serializer[Any]):
    """The backbones that are to be measured."""

    backbones = serializers.ListField(
        child=serializers.CharField(max_length=MAX_NAME),
        required=False,
        max_length=MAX_NAMES,
        help_text="timm names; none: all that the product offers",
    )


class BackboneView(ProjectView):
    """A project's backbone."""

    roles = {"GET": Role.VIEWER}

    @extend_schema(operation_id="project_backbone", responses=BackboneInUseSerializer)
    def get(self, request: Request) -> Response:
        """Show the backbone in use and what became of the last change."""
        return Response(self._shown())

    @extend_schema(
        operation_id="change_backbone",
        request=BackboneChangeSerializer,
        responses={200: BackboneInUseSerializer, 202: BackboneInUseSerializer},
    )
    def post(self, request: Request) -> Response:
        """Give the project another pretrained backbone.

        It changes at once (200) before anything is embedded, and where the embeddings that it made earlier are kept.
        Else a job (202) embeds all pictures with it beside the present embeddings, and switches when all are there;
        labelling goes on meanwhile. Where its weights cannot be had the job fails, and nothing changes.
        """
        given = BackboneChangeSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        name = given.validated_data["backbone"]
        job = services.change_backbone(project=self.project, name=name, user=signed_in(request))
        self.project.refresh_from_db()
        return Response(self._shown(), status=200 if job is None else 202)

    def _shown(self) -> dict[str, Any]:
        return dict(BackboneInUseSerializer(selectors.backbone_in_use(self.project)).data)


class BackboneMeasureView(ProjectView):
    """Measuring how fast backbones are on the machine that embeds."""

    http_method_names = ["post", "options"]
    roles = {"POST": Role.LEAD}

    @extend_schema(operation_id="measure_backbones", request=MeasurementSerializer, responses={202: JobSerializer})
    def post(self, request: Request) -> Response:
        """Start a job that times one backbone after the other; what it finds is in `/api/presets`."""
        given = MeasurementSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        names = given.validated_data.get("backbones", [])
        job = services.request_measurement(project=self.project, user=signed_in(request), names=names)
        return Response(show_job(job), status=202)

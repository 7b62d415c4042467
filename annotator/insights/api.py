"""REST views that look across apps: project list, home numbers, live updates, class balance, presets."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotator.accounts.api import signed_in
from annotator.insights import selectors
from annotator.projects.api import NewProjectSerializer, ProjectSerializer, show_project
from annotator.projects.models import Membership, Project, Role
from annotator.projects.services import create_project


class BackboneSerializer(serializers.Serializer[Any]):
    """A backbone that a project can start with."""

    name = serializers.CharField()
    family = serializers.CharField()
    title = serializers.CharField()
    params_m = serializers.FloatField(allow_null=True)
    input_px = serializers.IntegerField()
    dim = serializers.IntegerField()
    hardware = serializers.CharField()
    available = serializers.BooleanField()
    note = serializers.CharField()


class StrategySerializer(serializers.Serializer[Any]):
    """A way to choose what is labelled next."""

    name = serializers.CharField()
    title = serializers.CharField()
    when = serializers.CharField()


class PresetsSerializer(serializers.Serializer[Any]):
    """What a project can be created with."""

    backbones = BackboneSerializer(many=True)
    strategies = StrategySerializer(many=True)


class PresetsView(APIView):
    """Backbones and strategies, as the workers publish them."""

    @extend_schema(operation_id="presets", responses=PresetsSerializer)
    def get(self, request: Request) -> Response:
        return Response(selectors.presets())


class ProjectsView(APIView):
    """The projects that a person can see; creating one makes its lead."""

    @extend_schema(operation_id="projects", responses=ProjectSerializer(many=True))
    def get(self, request: Request) -> Response:
        user = signed_in(request)
        projects = list(Project.objects.visible_to(user).filter(archived_at=None).order_by("-id"))
        roles = {row.project_id: Role(row.role) for row in Membership.objects.filter(user=user)}
        roles |= {project.pk: Role.LEAD for project in projects if user.is_superuser}
        return Response(ProjectSerializer(projects, many=True, context={"roles": roles}).data)

    @extend_schema(operation_id="create_project", request=NewProjectSerializer, responses={201: ProjectSerializer})
    def post(self, request: Request) -> Response:
        given = NewProjectSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        project = create_project(user=signed_in(request), **given.validated_data)
        return Response(show_project(project, Role.LEAD), status=201)

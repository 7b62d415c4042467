"""REST views for site admins: jobs of all projects, storage; and a lead's way to delete a project for ever."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field, inline_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from annotator.accounts.api import AdminView, signed_in
from annotator.accounts.models import User
from annotator.common.errors import NotFound
from annotator.common.pagination import page_by_key
from annotator.common.storage import disk
from annotator.jobs.api import JobSerializer, asked_states, show_job
from annotator.jobs.models import Job
from annotator.jobs.services import request_cancel, retry
from annotator.jobs.site import services
from annotator.projects.api import ProjectView
from annotator.projects.models import Project


class SiteJobSerializer(JobSerializer):
    """A job of any project, with what an admin wants to know of it."""

    project_name = serializers.SerializerMethodField()
    worker = serializers.CharField(help_text="that has it, or had it last")
    created_by = serializers.SerializerMethodField()

    @extend_schema_field(serializers.CharField(allow_null=True))
    def get_project_name(self, job: Job) -> str | None:
        """Name of its project, if it belongs to one."""
        return job.project.name if job.project else None

    @extend_schema_field(serializers.CharField(allow_null=True))
    def get_created_by(self, job: Job) -> str | None:
        """Who asked for it, if a person did."""
        return job.created_by.shown_name if job.created_by else None


def show_site_job(job: Job) -> dict[str, Any]:
    """Return the JSON of a job for an admin."""
    return dict(SiteJobSerializer(job).data)


class SiteJobsView(AdminView):
    """The jobs of all projects, newest first."""

    @extend_schema(
        operation_id="all_jobs",
        parameters=[
            OpenApiParameter("state", str, description="states, separated by commas"),
            OpenApiParameter("after", int, description="the last id seen"),
            OpenApiParameter("limit", int),
        ],
        responses=inline_serializer(
            "SiteJobPage",
            {"results": SiteJobSerializer(many=True), "next": serializers.IntegerField(allow_null=True)},
        ),
    )
    def get(self, request: Request) -> Response:
        """List jobs."""
        states = asked_states(request)
        jobs = Job.objects.select_related("project", "created_by")
        if states:
            jobs = jobs.filter(state__in=states)
        return Response(page_by_key(request, jobs, show_site_job, newest_first=True, limit=50, max_limit=200))


def _job(job_id: int) -> Job:
    job = Job.objects.select_related("project", "created_by").filter(pk=job_id).first()
    if job is None:
        raise NotFound("There is no such job.")
    return job


class SiteJobCancelView(AdminView):
    """Cancelling a job of any project."""

    @extend_schema(operation_id="cancel_any_job", request=None, responses=SiteJobSerializer)
    def post(self, request: Request, job_id: int) -> Response:
        """Cancel a waiting job at once, or ask a running one to stop."""
        return Response(show_site_job(request_cancel(job=_job(job_id))))


class SiteJobRetryView(AdminView):
    """Trying a job of any project again."""

    @extend_schema(operation_id="retry_any_job", request=None, responses=SiteJobSerializer)
    def post(self, request: Request, job_id: int) -> Response:
        """Queue a failed or cancelled job again."""
        return Response(show_site_job(retry(job=_job(job_id))))


class DiskSerializer(serializers.Serializer[Any]):
    """The disk that the data directory is on, in bytes."""

    total = serializers.IntegerField()
    free = serializers.IntegerField()


class ProjectUseSerializer(serializers.Serializer[Any]):
    """What one project takes, in bytes. Pictures that several projects have count in each."""

    project = serializers.IntegerField()
    name = serializers.CharField(help_text="empty when it is gone by now")
    archived = serializers.BooleanField()
    kinds = serializers.DictField(child=serializers.IntegerField())
    total = serializers.IntegerField()


class GarbageSerializer(serializers.Serializer[Any]):
    """What nobody needed of one kind."""

    kind = serializers.CharField()
    count = serializers.IntegerField()
    bytes = serializers.IntegerField()


class MeasuredSerializer(serializers.Serializer[Any]):
    """What the last look through the storage found."""

    measured_at = serializers.DateTimeField()
    dry_run = serializers.BooleanField(help_text="it only measured; else the garbage was deleted")
    projects = ProjectUseSerializer(many=True)
    shared = serializers.DictField(child=serializers.IntegerField())
    total = serializers.IntegerField()
    garbage = GarbageSerializer(many=True)
    garbage_bytes = serializers.IntegerField()


class StorageSerializer(serializers.Serializer[Any]):
    """The disk now, and what takes room on it as of the last measurement."""

    disk = DiskSerializer()
    measured = MeasuredSerializer(allow_null=True)
    jobs = JobSerializer(many=True)


class CollectionSerializer(serializers.Serializer[Any]):
    """Whether only to measure."""

    dry_run = serializers.BooleanField(default=False)


class StorageView(AdminView):
    """Disk and storage; quick, since it shows what a job has measured."""

    @extend_schema(operation_id="storage", responses=StorageSerializer)
    def get(self, request: Request) -> Response:
        """Show the disk and the last measurement."""
        total, free = disk()
        shown = {
            "disk": {"total": total, "free": free},
            "measured": _measured(signed_in(request)),
            "jobs": services.active_collections(),
        }
        return Response(StorageSerializer(shown).data)


def _measured(user: User) -> dict[str, Any] | None:
    """The last measurement, with the names that projects have by now."""
    found = services.last_measurement()
    if found is None:
        return None
    there = {row.pk: row for row in Project.objects.visible_to(user).only("name", "archived_at")}
    projects = []
    for use in found["projects"]:
        project = there.get(use["project"])
        about = {"name": project.name if project else "", "archived": bool(project and project.archived_at)}
        projects.append(use | about)
    return found | {"projects": projects}


class StorageCollectView(AdminView):
    """Measuring the storage, and collecting garbage."""

    @extend_schema(operation_id="collect_garbage", request=CollectionSerializer, responses={202: JobSerializer})
    def post(self, request: Request) -> Response:
        """Start a job that looks through the storage."""
        given = CollectionSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        job = services.request_collection(user=signed_in(request), dry_run=given.validated_data["dry_run"])
        return Response(show_job(job), status=202)


class DeletionSerializer(serializers.Serializer[Any]):
    """The project's name, typed by somebody who means it."""

    name = serializers.CharField(max_length=200)


class ProjectDeletionView(ProjectView):
    """Deleting an archived project for ever."""

    changes_archived = True

    @extend_schema(operation_id="delete_project", request=DeletionSerializer, responses={202: JobSerializer})
    def post(self, request: Request) -> Response:
        """Hide the project from everybody and start a job that removes all that it has."""
        given = DeletionSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        name = given.validated_data["name"]
        job = services.request_deletion(project=self.project, user=signed_in(request), name=name)
        return Response(show_job(job), status=202)

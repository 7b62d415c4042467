"""REST views of jobs and workers."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field, inline_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotator.common.errors import DomainError, NotFound
from annotator.common.pagination import page_by_key
from annotator.jobs import selectors, services
from annotator.jobs.models import Job, JobKind, Queue, WorkerNode
from annotator.projects.api import ProjectView
from annotator.projects.models import Role


class ProgressSerializer(serializers.Serializer):
    """How far a job is."""

    done = serializers.IntegerField(source="progress_done")
    total = serializers.IntegerField(source="progress_total")
    unit = serializers.CharField(source="progress_unit")
    message = serializers.CharField(source="progress_message")


class JobErrorSerializer(serializers.Serializer):
    """Why a job failed, and what a person can do about it."""

    code = serializers.CharField(source="error_code")
    message = serializers.CharField(source="error_message")
    hint = serializers.CharField(source="error_hint")


class JobSerializer(serializers.Serializer):
    """A piece of background work, for every app whose views start one."""

    id = serializers.IntegerField()
    kind = serializers.ChoiceField(choices=JobKind.choices)
    title = serializers.CharField()
    project = serializers.IntegerField(source="project_id", allow_null=True)
    state = serializers.ChoiceField(choices=Job.State.choices)
    queue = serializers.ChoiceField(choices=Queue.choices)
    progress = ProgressSerializer(source="*")
    rate = serializers.SerializerMethodField(help_text="units per second")
    eta_s = serializers.SerializerMethodField(help_text="seconds that are left")
    error = serializers.SerializerMethodField()
    attempt = serializers.IntegerField()
    result = serializers.DictField()
    created_at = serializers.DateTimeField()
    started_at = serializers.DateTimeField(allow_null=True)
    finished_at = serializers.DateTimeField(allow_null=True)
    cancel_requested = serializers.BooleanField()

    def get_rate(self, job: Job) -> float | None:
        """Units done per second."""
        return selectors.rate(job)

    def get_eta_s(self, job: Job) -> float | None:
        """Seconds that are left."""
        return selectors.eta_seconds(job)

    @extend_schema_field(JobErrorSerializer(allow_null=True))
    def get_error(self, job: Job) -> dict[str, Any] | None:
        """The error of a failed job."""
        return JobErrorSerializer(job).data if job.error_code else None


class WorkerSerializer(serializers.Serializer):
    """A worker process and what it can do."""

    name = serializers.CharField()
    queue = serializers.ChoiceField(choices=Queue.choices)
    device = serializers.DictField()
    alive = serializers.SerializerMethodField()
    started_at = serializers.DateTimeField()
    last_seen = serializers.DateTimeField(source="seen_at", allow_null=True)
    presets = serializers.ListField(child=serializers.DictField())
    strategies = serializers.ListField(child=serializers.DictField())

    def get_alive(self, node: WorkerNode) -> bool:
        """Whether it was seen lately."""
        return selectors.is_alive(node)


def show_job(job: Job) -> dict[str, Any]:
    """Return the JSON of a job."""
    return dict(JobSerializer(job).data)


_JOB_PAGE = inline_serializer(
    "JobPage", {"results": JobSerializer(many=True), "next": serializers.IntegerField(allow_null=True)}
)


def asked_states(request: Request) -> list[str]:
    """Read `?state=`: states separated by commas."""
    states = [state for state in request.query_params.get("state", "").split(",") if state]
    unknown = [state for state in states if state not in Job.State.values]
    if unknown:
        message = f"state must be of {', '.join(Job.State.values)}; {unknown[0]!r} is none of them."
        raise DomainError(message, errors={"state": [message]})
    return states


class JobsView(ProjectView):
    """The jobs of a project, newest first."""

    roles = {"GET": Role.VIEWER}

    @extend_schema(
        parameters=[
            OpenApiParameter("state", str, description="states, separated by commas"),
            OpenApiParameter("after", int, description="the last id seen"),
            OpenApiParameter("limit", int),
        ],
        responses=_JOB_PAGE,
    )
    def get(self, request: Request) -> Response:
        """List jobs."""
        jobs = selectors.jobs_of(self.project.pk, asked_states(request))
        return Response(page_by_key(request, jobs, show_job, newest_first=True, limit=50, max_limit=200))


class JobView(ProjectView):
    """One job of a project."""

    roles = {"GET": Role.VIEWER}

    @extend_schema(responses=JobSerializer)
    def get(self, request: Request, job_id: int) -> Response:
        """Show a job."""
        return Response(show_job(self.job(job_id)))

    def job(self, job_id: int) -> Job:
        """Return the job if it is one of this project's."""
        job = selectors.jobs_of(self.project.pk).filter(pk=job_id).first()
        if job is None:
            raise NotFound("This project has no such job.")
        return job


class JobCancelView(JobView):
    """Cancelling a job."""

    http_method_names = ["post", "options"]
    roles = {"POST": Role.LEAD}

    @extend_schema(request=None, responses=JobSerializer)
    def post(self, request: Request, job_id: int) -> Response:
        """Cancel a waiting job at once, or ask a running one to stop."""
        return Response(show_job(services.request_cancel(job=self.job(job_id))))


class JobRetryView(JobView):
    """Trying a job again."""

    http_method_names = ["post", "options"]
    roles = {"POST": Role.LEAD}

    @extend_schema(request=None, responses=JobSerializer)
    def post(self, request: Request, job_id: int) -> Response:
        """Queue a failed or cancelled job again."""
        return Response(show_job(services.retry(job=self.job(job_id))))


class WorkersView(APIView):
    """The workers of this installation."""

    @extend_schema(responses=WorkerSerializer(many=True))
    def get(self, request: Request) -> Response:
        """List workers."""
        return Response(WorkerSerializer(selectors.workers(), many=True).data)

"""REST views of schedules, of why runs were started, and of time zones."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field, inline_serializer
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotator.accounts.api import signed_in
from annotator.common.errors import NotFound
from annotator.common.pagination import page_by_key, whole_number
from annotator.images.api.serializers import PersonSerializer, show_person
from annotator.labeling.selectors import changes_so_far
from annotator.modeling.cron import MAX_LENGTH
from annotator.modeling.models import Firing, Preset, Schedule
from annotator.modeling.recipes import RecipeField
from annotator.modeling.selectors import firings_of, labels_left, last_firings, next_due, schedules_of, timezones
from annotator.modeling.services import change_schedule, create_schedule, fire_now, remove_schedule
from annotator.projects.api import ProjectView
from annotator.projects.models import Project, Role

MAX_LABELS = 10**9


class FiredScheduleSerializer(serializers.Serializer[Any]):
    """The schedule that asked."""

    id = serializers.IntegerField()
    name = serializers.CharField()


class FiredRunSerializer(serializers.Serializer[Any]):
    """The run that was started or joined."""

    id = serializers.IntegerField()
    number = serializers.IntegerField()


class FiringSerializer(serializers.ModelSerializer[Firing]):
    """Why a run was started, or was not."""

    schedule = FiredScheduleSerializer(allow_null=True)
    run = FiredRunSerializer(allow_null=True)
    values = serializers.DictField(
        help_text="name of the schedule; labels, every; of what was skipped: reason, message, times, since, run"
    )
    created_by = serializers.SerializerMethodField()

    class Meta:
        model = Firing
        fields = ["id", "cause", "outcome", "schedule", "due_at", "values", "run", "created_by", "created_at"]

    @extend_schema_field(PersonSerializer(allow_null=True))
    def get_created_by(self, firing: Firing) -> dict[str, Any] | None:
        """Who asked, or for whom the schedule runs."""
        return show_person(firing.created_by)


class ScheduleSerializer(serializers.ModelSerializer[Schedule]):
    """A schedule with what comes next and what came last (`context`: "changes", and "last" by schedule id)."""

    timezone = serializers.CharField()
    recipe = RecipeField()
    next_due = serializers.SerializerMethodField(help_text="of an enabled schedule by the clock")
    labels_left = serializers.SerializerMethodField(help_text="of an enabled schedule by labels")
    last = serializers.SerializerMethodField()
    created_by = serializers.SerializerMethodField()

    class Meta:
        model = Schedule
        fields = [
            *("id", "name", "kind", "cron", "timezone", "every_labels", "preset", "recipe", "enabled"),
            *("next_due", "labels_left", "last", "created_by", "created_at"),
        ]

    @extend_schema_field(serializers.DateTimeField(allow_null=True))
    def get_next_due(self, schedule: Schedule) -> str | None:
        """When it is due next."""
        due = next_due(schedule)
        return due.isoformat().replace("+00:00", "Z") if due else None

    @extend_schema_field(serializers.IntegerField(allow_null=True))
    def get_labels_left(self, schedule: Schedule) -> int | None:
        """How many labels are missing until it is due."""
        return labels_left(schedule, self.context["changes"])

    @extend_schema_field(FiringSerializer(allow_null=True))
    def get_last(self, schedule: Schedule) -> dict[str, Any] | None:
        """What came of it the last time."""
        last = self.context["last"].get(schedule.pk)
        return FiringSerializer(last).data if last else None

    @extend_schema_field(PersonSerializer(allow_null=True))
    def get_created_by(self, schedule: Schedule) -> dict[str, Any] | None:
        """Who made it, and for whom it runs."""
        return show_person(schedule.created_by)


class ScheduleChangeSerializer(serializers.Serializer[Any]):
    """What may be changed of a schedule. `cron` and `timezone` are for the clock, `every_labels` for labels."""

    name = serializers.CharField(max_length=200, required=False)
    cron = serializers.CharField(
        max_length=MAX_LENGTH,
        required=False,
        allow_blank=True,
        help_text="minute hour day-of-month month day-of-week; a day is due when all three fields of it agree",
    )
    timezone = serializers.CharField(max_length=100, required=False, help_text="one of /api/timezones")
    every_labels = serializers.IntegerField(
        min_value=1, max_value=MAX_LABELS, required=False, allow_null=True, help_text="given, changed or taken back"
    )
    preset = serializers.ChoiceField(choices=Preset.choices, required=False)
    recipe = RecipeField(required=False)
    enabled = serializers.BooleanField(required=False)


class NewScheduleSerializer(ScheduleChangeSerializer):
    """A schedule to make."""

    name = serializers.CharField(max_length=200)
    kind = serializers.ChoiceField(choices=Schedule.Kind.choices)


def show_schedules(project: Project, schedules: list[Schedule]) -> list[dict[str, Any]]:
    """Return the JSON of schedules of one project."""
    context = {"changes": changes_so_far(project), "last": last_firings(project)}
    return [ScheduleSerializer(schedule, context=context).data for schedule in schedules]


def get_schedule(project: Project, schedule_id: int) -> Schedule:
    """Return the project's schedule, or raise NotFound."""
    schedule = schedules_of(project).filter(pk=schedule_id).first()
    if schedule is None:
        raise NotFound("There is no such schedule in this project (any more).")
    return schedule


class SchedulesView(ProjectView):
    """What starts the project's runs by itself."""

    roles = {"GET": Role.VIEWER}

    @extend_schema(operation_id="schedules", responses=ScheduleSerializer(many=True))
    def get(self, request: Request) -> Response:
        """List all schedules by age."""
        return Response(show_schedules(self.project, list(schedules_of(self.project))))

    @extend_schema(operation_id="create_schedule", request=NewScheduleSerializer, responses={201: ScheduleSerializer})
    def post(self, request: Request) -> Response:
        """Make a schedule. It begins to count and to tick now."""
        body = NewScheduleSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        schedule = create_schedule(project=self.project, user=signed_in(request), **body.validated_data)
        return Response(show_schedules(self.project, [schedule])[0], status=status.HTTP_201_CREATED)


class ScheduleView(ProjectView):
    """One schedule."""

    roles = {"GET": Role.VIEWER}

    @extend_schema(operation_id="schedule", responses=ScheduleSerializer)
    def get(self, request: Request, schedule_id: int) -> Response:
        """Return the schedule."""
        return Response(show_schedules(self.project, [get_schedule(self.project, schedule_id)])[0])

    @extend_schema(operation_id="change_schedule", request=ScheduleChangeSerializer, responses=ScheduleSerializer)
    def patch(self, request: Request, schedule_id: int) -> Response:
        """Change it. Switched on, or given other times, it starts anew."""
        schedule = get_schedule(self.project, schedule_id)
        body = ScheduleChangeSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        changed = change_schedule(schedule=schedule, user=signed_in(request), **body.validated_data)
        return Response(show_schedules(self.project, [changed])[0])

    @extend_schema(operation_id="remove_schedule", responses={204: None})
    def delete(self, request: Request, schedule_id: int) -> Response:
        """Remove it; the runs that it started stay."""
        remove_schedule(schedule=get_schedule(self.project, schedule_id), user=signed_in(request))
        return Response(status=status.HTTP_204_NO_CONTENT)


class ScheduleFireView(ProjectView):
    """A schedule's run, now."""

    @extend_schema(operation_id="fire_schedule", request=None, responses={202: FiringSerializer})
    def post(self, request: Request, schedule_id: int) -> Response:
        """Start the schedule's run, due or not; one that waits already is joined."""
        schedule = get_schedule(self.project, schedule_id)
        firing = fire_now(schedule=schedule, user=signed_in(request))
        return Response(FiringSerializer(firing).data, status=status.HTTP_202_ACCEPTED)


class FiringsView(ProjectView):
    """Why runs were started, or were not."""

    roles = {"GET": Role.VIEWER}

    @extend_schema(
        operation_id="firings",
        parameters=[
            OpenApiParameter("schedule", int),
            OpenApiParameter("after", int),
            OpenApiParameter("limit", int),
        ],
        responses=inline_serializer(
            "FiringPage", {"results": FiringSerializer(many=True), "next": serializers.IntegerField(allow_null=True)}
        ),
    )
    def get(self, request: Request) -> Response:
        """List what persons and schedules asked for, newest first."""
        schedule = whole_number(request, "schedule", 0)
        rows = firings_of(self.project, schedule or None)
        return Response(page_by_key(request, rows, lambda row: FiringSerializer(row).data, newest_first=True))


class TimezonesView(APIView):
    """Time zones."""

    @extend_schema(operation_id="timezones", responses=serializers.ListSerializer(child=serializers.CharField()))
    def get(self, request: Request) -> Response:
        """List the names of all time zones, UTC first."""
        return Response(timezones())

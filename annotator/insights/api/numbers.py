"""REST views of numbers across apps: project list, home numbers, live updates, class balance, presets, health."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import Any

from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse
from django.http.response import HttpResponseBase
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotator.accounts.api import signed_in
from annotator.common.pagination import whole_number
from annotator.common.responses import csv_response
from annotator.events.api import EventSerializer
from annotator.insights import selectors
from annotator.jobs.api import JobSerializer
from annotator.jobs.models import JobKind
from annotator.jobs.selectors import broker_alive, check_strategy
from annotator.modeling.models import ModelVersion
from annotator.projects.api import NewProjectSerializer, ProjectSerializer, ProjectView, show_project
from annotator.projects.models import Membership, Project, Role
from annotator.projects.services import create_project

logger = logging.getLogger(__name__)


class RateSerializer(serializers.Serializer[Any]):
    """How fast a backbone is on one machine, files and decoding aside."""

    device = serializers.CharField()
    images_per_second = serializers.FloatField()


class BackboneSerializer(serializers.Serializer[Any]):
    """A backbone that a project can have."""

    name = serializers.CharField()
    family = serializers.CharField()
    title = serializers.CharField()
    params_m = serializers.FloatField(allow_null=True)
    input_px = serializers.IntegerField()
    dim = serializers.IntegerField()
    hardware = serializers.ChoiceField(
        choices=["cpu", "fast_cpu", "gpu"], help_text="what it suits: any CPU, a fast CPU or a GPU, a GPU"
    )
    weights = serializers.ChoiceField(
        choices=["at_hand", "download", "missing"], help_text="on the workers' machines, from the hub, or neither"
    )
    available = serializers.BooleanField()
    note = serializers.CharField(help_text="what to do for its weights")
    hub = serializers.CharField(help_text="the repository that has its weights")
    license = serializers.CharField(help_text="of its weights")
    rates = RateSerializer(many=True, help_text="as measured by workers, the fastest first")


class StrategySerializer(serializers.Serializer[Any]):
    """A way to choose what is labelled next."""

    name = serializers.CharField()
    title = serializers.CharField()
    when = serializers.CharField()


class PresetsSerializer(serializers.Serializer[Any]):
    """What a project can be created with."""

    backbones = BackboneSerializer(many=True)
    strategies = StrategySerializer(many=True)


class CountsSerializer(serializers.Serializer[Any]):
    """How many pictures are in which state; archived ones are nowhere."""

    images = serializers.IntegerField()
    labelled = serializers.IntegerField(help_text="with a trusted label, outside hold-outs")
    pool = serializers.IntegerField(help_text="without one, outside reserve and hold-outs")
    reserve = serializers.IntegerField()
    reserve_answered = serializers.IntegerField(help_text="the blind test set")
    holdout = serializers.IntegerField()
    suggested = serializers.IntegerField(help_text="of the pool, with a suggestion")
    skipped = serializers.IntegerField(help_text="skipped, flagged or unsure, and not labelled since")
    rejected = serializers.IntegerField(help_text="files that did not become a picture")
    classes = serializers.IntegerField()
    members = serializers.IntegerField()


class HeadSerializer(serializers.Serializer[Any]):
    """A head version; accuracy is on the blind test set, with its 95 % Wilson interval."""

    name = serializers.CharField()
    labels = serializers.IntegerField(help_text="labels trained on")
    test_size = serializers.IntegerField()
    accuracy = serializers.FloatField(allow_null=True)
    low = serializers.FloatField(allow_null=True)
    high = serializers.FloatField(allow_null=True)
    micro_f1 = serializers.FloatField(
        allow_null=True, help_text="where pictures may have several labels; accuracy is then the share of right sets"
    )
    created_at = serializers.DateTimeField()
    space = serializers.CharField()


class ProjectCardSerializer(ProjectSerializer):
    """A project in the list: with counts, head and a few thumbnails from the context, by project id."""

    counts = serializers.SerializerMethodField()
    head = serializers.SerializerMethodField()
    thumbs = serializers.SerializerMethodField()

    class Meta(ProjectSerializer.Meta):
        fields = [*ProjectSerializer.Meta.fields, "counts", "head", "thumbs"]
        read_only_fields = fields

    @extend_schema_field(CountsSerializer)
    def get_counts(self, project: Project) -> dict[str, int]:
        return CountsSerializer(self.context["counts"][project.pk]).data

    @extend_schema_field(HeadSerializer(allow_null=True))
    def get_head(self, project: Project) -> dict[str, Any] | None:
        head = self.context["heads"].get(project.pk)
        return HeadSerializer(head).data if head else None

    @extend_schema_field(serializers.ListField(child=serializers.CharField()))
    def get_thumbs(self, project: Project) -> list[str]:
        return self.context["thumbs"][project.pk]


class RoundSerializer(serializers.Serializer[Any]):
    """The selection round in progress."""

    number = serializers.IntegerField()
    strategy = serializers.CharField()
    size = serializers.IntegerField()
    open = serializers.IntegerField()
    done = serializers.IntegerField()


class TodaySerializer(serializers.Serializer[Any]):
    """Labels given since midnight UTC."""

    mine = serializers.IntegerField()
    all = serializers.IntegerField()


class ModelBriefSerializer(serializers.Serializer[Any]):
    """A model; accuracy is on the blind test set, with its 95 % Wilson interval, where it was measured."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    state = serializers.ChoiceField(choices=ModelVersion.State.choices)
    accuracy = serializers.FloatField(allow_null=True)
    low = serializers.FloatField(allow_null=True)
    high = serializers.FloatField(allow_null=True)
    test_size = serializers.IntegerField()
    missing = serializers.IntegerField(help_text="blind answers that the gate still needs to decide")
    created_at = serializers.DateTimeField()


class SnapshotBriefSerializer(serializers.Serializer[Any]):
    """A snapshot by name."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    rows = serializers.IntegerField()


class FailedJobSerializer(serializers.Serializer[Any]):
    """A job that failed."""

    id = serializers.IntegerField()
    kind = serializers.ChoiceField(choices=JobKind.choices)
    title = serializers.CharField()
    message = serializers.CharField(allow_blank=True)
    hint = serializers.CharField(allow_blank=True)


class LoopSerializer(serializers.Serializer[Any]):
    """How far a project has come beyond labelling."""

    serving = ModelBriefSerializer(allow_null=True)
    newest_model = ModelBriefSerializer(allow_null=True)
    runs = serializers.IntegerField()
    snapshots = serializers.IntegerField()
    newest_snapshot = SnapshotBriefSerializer(allow_null=True)
    exports = serializers.IntegerField()
    failed = FailedJobSerializer(
        allow_null=True, help_text="the newest failure of the last day that nobody has tried again"
    )


class ReviewSerializer(serializers.Serializer[Any]):
    """Cases that wait: flags, and pictures whose voters disagree."""

    open = serializers.IntegerField(help_text="for a reviewer")
    sent_back_to_me = serializers.IntegerField(help_text="for the person who asks")


class OverviewSerializer(serializers.Serializer[Any]):
    """What a project's home shows."""

    counts = CountsSerializer()
    head = HeadSerializer(allow_null=True)
    heads = HeadSerializer(many=True)
    next_refresh_in = serializers.IntegerField()
    refresh_every = serializers.IntegerField()
    round = RoundSerializer(allow_null=True)
    today = TodaySerializer()
    stage = serializers.ChoiceField(choices=["empty", "importing", "embedding", "ready"])
    jobs = JobSerializer(many=True)
    loop = LoopSerializer()
    review = ReviewSerializer()


class PulseSerializer(serializers.Serializer[Any]):
    """What happened since the last pulse; ask again with `after` = `seq`."""

    seq = serializers.IntegerField()
    events = EventSerializer(many=True)
    jobs = JobSerializer(many=True)
    truncated = serializers.BooleanField()


class BalanceRowSerializer(serializers.Serializer[Any]):
    """One class in the balance."""

    name = serializers.CharField()
    labelled = serializers.IntegerField()
    suggested = serializers.IntegerField()
    total = serializers.IntegerField()
    share = serializers.FloatField(help_text="of all labelled pictures")
    target = serializers.IntegerField()
    gap = serializers.IntegerField(help_text="labels still missing to the target")

    def get_fields(self) -> dict[str, Any]:
        return {"class": serializers.IntegerField(), **super().get_fields()}  # a word of Python's, so not above


class BalanceSerializer(serializers.Serializer[Any]):
    """How the labels spread over the classes."""

    classes = BalanceRowSerializer(many=True)
    imbalance_ratio = serializers.FloatField(allow_null=True)
    effective_classes = serializers.FloatField(allow_null=True)
    entropy = serializers.FloatField(allow_null=True)
    labelled = serializers.IntegerField()
    suggested = serializers.IntegerField()
    target = serializers.IntegerField()


class PresetsView(APIView):
    """Backbones and strategies, as the workers publish them."""

    @extend_schema(operation_id="presets", responses=PresetsSerializer)
    def get(self, request: Request) -> Response:
        return Response(PresetsSerializer(selectors.presets()).data)


class ProjectsView(APIView):
    """The projects that a person can see; creating one makes its lead."""

    @extend_schema(
        operation_id="projects",
        parameters=[OpenApiParameter("archived", int, enum=[0, 1], description="1 for the archived ones instead")],
        responses=ProjectCardSerializer(many=True),
    )
    def get(self, request: Request) -> Response:
        user = signed_in(request)
        archived = bool(whole_number(request, "archived", 0, high=1))
        projects = list(Project.objects.visible_to(user).filter(archived_at__isnull=not archived).order_by("-id"))
        roles = {row.project_id: Role(row.role) for row in Membership.objects.filter(user=user)}
        if user.is_superuser:
            roles = {project.pk: Role.LEAD for project in projects}
        context = {
            "roles": roles,
            "counts": selectors.counts(projects),
            "heads": selectors.active_heads([project.pk for project in projects]),
            "thumbs": selectors.thumbs(projects),
        }
        return Response(ProjectCardSerializer(projects, many=True, context=context).data)

    @extend_schema(operation_id="create_project", request=NewProjectSerializer, responses={201: ProjectSerializer})
    def post(self, request: Request) -> Response:
        given = NewProjectSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        if "strategy" in given.validated_data:
            check_strategy(given.validated_data["strategy"])
        project = create_project(user=signed_in(request), **given.validated_data)
        return Response(show_project(project, Role.LEAD), status=201)


class OverviewView(ProjectView):
    """The numbers of a project's home."""

    roles = {"GET": Role.VIEWER}

    @extend_schema(operation_id="overview", responses=OverviewSerializer)
    def get(self, request: Request) -> Response:
        return Response(OverviewSerializer(selectors.overview(self.project, signed_in(request))).data)


class HeadsView(ProjectView):
    """The newest head versions, oldest first."""

    roles = {"GET": Role.VIEWER}

    @extend_schema(operation_id="heads", responses=HeadSerializer(many=True))
    def get(self, request: Request) -> Response:
        return Response(HeadSerializer(selectors.head_history(self.project), many=True).data)


class PulseView(ProjectView):
    """Live updates: cheap enough to ask every second."""

    roles = {"GET": Role.VIEWER}

    @extend_schema(
        operation_id="pulse",
        parameters=[OpenApiParameter("after", int, description="`seq` of the last answer")],
        responses=PulseSerializer,
    )
    def get(self, request: Request) -> Response:
        after = whole_number(request, "after", -1)
        return Response(PulseSerializer(selectors.pulse(self.project, None if after < 0 else after)).data)


class BalanceView(ProjectView):
    """Class balance as JSON, or as a table to download."""

    roles = {"GET": Role.VIEWER}

    @extend_schema(
        operation_id="balance",
        parameters=[OpenApiParameter("format", str, enum=["json", "csv"], default="json")],
        responses={(200, "application/json"): BalanceSerializer, (200, "text/csv"): OpenApiTypes.STR},
    )
    def get(self, request: Request) -> HttpResponseBase:
        found = selectors.balance(self.project)
        if request.query_params.get("format") != "csv":
            return Response(BalanceSerializer(found).data)
        header = ["name", "labelled", "suggested", "total", "share", "target", "gap"]
        rows = [[row[column] for column in header] for row in found["classes"]]
        return csv_response(f"{self.project.name} class balance.csv", ["class", *header[1:]], rows)


def _database_alive() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError as error:
        logger.warning("The database does not answer: %s", error)
        return False
    return True


@never_cache
@require_safe
def health(_: HttpRequest) -> JsonResponse:
    """Tell a load balancer whether this process can do its work: 200, or 503 with what is down."""
    well = {"database": _database_alive(), "broker": broker_alive()}
    code = HTTPStatus.OK if all(well.values()) else HTTPStatus.SERVICE_UNAVAILABLE
    parts = {name: "ok" if alive else "down" for name, alive in well.items()}
    return JsonResponse({"status": "ok" if code == HTTPStatus.OK else "down", **parts}, status=code)

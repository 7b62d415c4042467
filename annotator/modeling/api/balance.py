"""REST views of class-balance reports: that of a run, as it was stored, and that of this moment."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.utils.http import content_disposition_header
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from annotator.common.errors import DomainError, NotFound
from annotator.common.responses import csv_response
from annotator.modeling import reports
from annotator.modeling.models import TrainingRun
from annotator.modeling.selectors import live_balance
from annotator.projects.api import ProjectView
from annotator.projects.models import Project, Role

FORMS = ["json", "csv", "html"]
# The page has nothing to run and nothing to fetch, whatever a class is called.
CLOSED = "default-src 'none'; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'"


class ReportRunSerializer(serializers.Serializer[Any]):
    """The run that a report was made for."""

    id = serializers.IntegerField()
    number = serializers.IntegerField()
    preset = serializers.CharField()


class ReportSnapshotSerializer(serializers.Serializer[Any]):
    """The snapshot that the run trains on."""

    id = serializers.IntegerField()
    number = serializers.IntegerField()
    name = serializers.CharField()
    rows = serializers.IntegerField()


class ReportBeforeSerializer(serializers.Serializer[Any]):
    """The report that stands beside."""

    run = ReportRunSerializer()
    made_at = serializers.DateTimeField()


class BalanceSpreadSerializer(serializers.Serializer[Any]):
    """How evenly pictures spread over classes."""

    imbalance_ratio = serializers.FloatField(allow_null=True, help_text="largest class over the smallest that has any")
    effective_number = serializers.FloatField(
        allow_null=True, help_text="exp(entropy): as varied as so many equal ones"
    )
    entropy = serializers.FloatField(allow_null=True, help_text="0 … 1, 1 for equal classes")


class BalanceSummarySerializer(BalanceSpreadSerializer):
    """The spread of the trusted pictures, and totals."""

    classes = serializers.IntegerField()
    labelled = serializers.IntegerField(help_text="trusted, outside the reserve, not certified")
    trusted = serializers.IntegerField()
    certified = serializers.IntegerField()
    pool = serializers.IntegerField()
    below_target = serializers.IntegerField(help_text="classes")
    unreachable = serializers.IntegerField(help_text="classes whose gap is above the interval of the pool's count")
    needed = serializers.IntegerField(help_text="labels to the target, of all classes")
    skewed = serializers.IntegerField(help_text="classes sampled too often or too rarely")


class BalanceSplitSerializer(BalanceSpreadSerializer):
    """One part of the snapshot."""

    pictures = serializers.IntegerField()
    without = serializers.IntegerField(help_text="classes without a picture")


class BalanceSplitsSerializer(serializers.Serializer[Any]):
    """The parts of the snapshot; blind is a part of test."""

    train = BalanceSplitSerializer()
    validation = BalanceSplitSerializer()
    test = BalanceSplitSerializer()
    blind = BalanceSplitSerializer()


class BalanceNumbersSerializer(serializers.Serializer[Any]):
    """Numbers of a class that are kept for the next report."""

    trusted = serializers.IntegerField(help_text="certified and reserve included, hold-outs not")
    certified = serializers.IntegerField()
    train = serializers.IntegerField(allow_null=True, help_text="of the snapshot, as are the other parts")
    validation = serializers.IntegerField(allow_null=True)
    test = serializers.IntegerField(allow_null=True)
    blind = serializers.IntegerField(allow_null=True)
    predicted_raw = serializers.IntegerField(allow_null=True, help_text="in the pool, by the head")
    predicted = serializers.FloatField(allow_null=True, help_text="in the pool, corrected")
    low = serializers.IntegerField(allow_null=True, help_text="of the 95 % interval")
    high = serializers.IntegerField(allow_null=True)
    gap = serializers.IntegerField()
    labelled_share = serializers.FloatField(allow_null=True)
    pool_share = serializers.FloatField(allow_null=True)


class BalanceClassSerializer(BalanceNumbersSerializer):
    """One class."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    color = serializers.IntegerField()
    archived = serializers.BooleanField()
    labelled = serializers.IntegerField()
    effective = serializers.FloatField(help_text="effective number of the trusted pictures (Cui et al. 2019)")
    target = serializers.IntegerField()
    needed = serializers.IntegerField(help_text="labels to the target")
    reach = serializers.ChoiceField(choices=["met", "yes", "unsure", "no"], allow_null=True)
    missing = serializers.IntegerField(allow_null=True, help_text="labels that the pool will not give, in the mean")
    looks = serializers.IntegerField(allow_null=True, help_text="pictures to look at, predicted ones first")
    looks_random = serializers.IntegerField(allow_null=True, help_text="the same in random order")
    pool_low = serializers.FloatField(allow_null=True)
    pool_high = serializers.FloatField(allow_null=True)
    bias = serializers.FloatField(allow_null=True, help_text="labelled share minus pool share")
    sampled = serializers.ChoiceField(choices=["over", "under", "even"], allow_null=True)
    weight = serializers.FloatField(allow_null=True, help_text="of a picture in the run's loss")
    seen = serializers.FloatField(allow_null=True, help_text="how often a training picture is seen an epoch")
    previous = BalanceNumbersSerializer(allow_null=True)
    previous_trusted = serializers.IntegerField(allow_null=True)


class BalanceTrendPointSerializer(BalanceSpreadSerializer):
    """One report in the trend."""

    run = ReportRunSerializer(allow_null=True)
    made_at = serializers.DateTimeField()
    trusted = serializers.IntegerField()
    pool = serializers.IntegerField()
    classes = serializers.DictField(child=serializers.IntegerField(), help_text="trusted pictures by class id")


class BalanceSaidSerializer(serializers.Serializer[Any]):
    """A sentence as a code with values, to be said in any language."""

    code = serializers.CharField()
    values = serializers.DictField()


class BalanceCorrectionSerializer(serializers.Serializer[Any]):
    """How the pool was counted."""

    head = serializers.CharField(allow_null=True)
    test_size = serializers.IntegerField(help_text="blind answers")
    interval = serializers.FloatField()
    method = serializers.CharField(allow_blank=True)
    note = serializers.CharField(allow_blank=True)
    notes = BalanceSaidSerializer(many=True)


class BalancePlanSerializer(serializers.Serializer[Any]):
    """What the run does about unequal classes."""

    loss = serializers.CharField()
    sampling = serializers.CharField()
    augmentation = serializers.DictField()
    points = BalanceSaidSerializer(many=True)
    sentences = serializers.ListField(child=serializers.CharField())


class BalanceReportSerializer(serializers.Serializer[Any]):
    """A class-balance report."""

    made_at = serializers.DateTimeField()
    run = ReportRunSerializer(allow_null=True)
    snapshot = ReportSnapshotSerializer(allow_null=True)
    target = serializers.IntegerField()
    previous = ReportBeforeSerializer(allow_null=True)
    summary = BalanceSummarySerializer()
    summary_previous = BalanceSummarySerializer(allow_null=True)
    classes = BalanceClassSerializer(many=True)
    splits = BalanceSplitsSerializer(allow_null=True)
    trend = BalanceTrendPointSerializer(many=True)
    correction = BalanceCorrectionSerializer()
    plan = BalancePlanSerializer(allow_null=True)


AS = OpenApiParameter("as", str, enum=FORMS, default="json", description="html: one page by itself, to print")
ANSWERS = {
    (200, "application/json"): BalanceReportSerializer,
    (200, "text/csv"): OpenApiTypes.STR,
    (200, "text/html"): OpenApiTypes.STR,
}


class BalanceReportView(ProjectView):
    """The class balance of this moment, in the form of a run's report."""

    roles = {"GET": Role.VIEWER}

    @extend_schema(operation_id="balance_report", parameters=[AS], responses=ANSWERS)
    def get(self, request: Request) -> HttpResponseBase:
        """Compute the report; it is not stored."""
        form = _form(request)
        return _answer(live_balance(self.project), self.project, form)


class RunBalanceView(ProjectView):
    """The class balance that a run stored before it trained."""

    roles = {"GET": Role.VIEWER}

    @extend_schema(operation_id="run_balance", parameters=[AS], responses=ANSWERS)
    def get(self, request: Request, run_id: int) -> HttpResponseBase:
        """Show the stored report."""
        form = _form(request)
        run = TrainingRun.objects.filter(project=self.project, pk=run_id).first()
        if run is None:
            raise NotFound("There is no such training run in this project.")
        if not run.balance:
            raise NotFound("This run has no class-balance report yet. It is made just before the training starts.")
        return _answer(run.balance, self.project, form)


def _form(request: Request) -> str:
    form = request.query_params.get("as") or "json"
    if form not in FORMS:
        message = f"as must be one of {', '.join(FORMS)}."
        raise DomainError(message, errors={"as": [message]})
    return form


def _answer(report: dict[str, Any], project: Project, form: str) -> HttpResponseBase:
    name = reports.title_of(report, project.name)
    if form == "csv":
        return csv_response(f"{name}.csv", reports.HEADER, reports.csv_rows(report))
    if form == "json":
        return Response(report)
    response = HttpResponse(reports.html_page(report, project.name), content_type="text/html; charset=utf-8")
    response["Content-Disposition"] = content_disposition_header(False, f"{name}.html") or "inline"
    response["Content-Security-Policy"] = CLOSED
    response["X-Content-Type-Options"] = "nosniff"
    return response

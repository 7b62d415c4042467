"""REST views of training runs and of the recipes that they follow."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field, inline_serializer
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from annotator.accounts.api import signed_in
from annotator.common.errors import NotFound
from annotator.common.pagination import page_by_key
from annotator.images.api.serializers import PersonSerializer, show_person
from annotator.images.models import Trust
from annotator.jobs.api import JobErrorSerializer, JobSerializer, show_job
from annotator.jobs.models import Job
from annotator.jobs.services import request_cancel
from annotator.modeling import recipes
from annotator.modeling.models import Firing, ModelVersion, Preset, TrainingRun
from annotator.modeling.recipes import RecipeField
from annotator.modeling.selectors.runs import curves_of, log_of, runs_of
from annotator.modeling.services import request_training
from annotator.projects.api import ProjectView
from annotator.projects.models import Project, Role
from annotator.snapshots.api import SnapshotSettingsSerializer, get_snapshot


class RunSnapshotSerializer(serializers.Serializer[Any]):
    """The snapshot that a run trains on."""

    id = serializers.IntegerField()
    number = serializers.IntegerField()
    name = serializers.CharField()


class RunModelSerializer(serializers.Serializer[Any]):
    """The model that a run has made."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    state = serializers.ChoiceField(choices=ModelVersion.State.choices)


class RunSerializer(serializers.ModelSerializer[TrainingRun]):
    """A training run."""

    state = serializers.SerializerMethodField(help_text="of its job")
    job = JobSerializer(allow_null=True, help_text="empty where it was cleared away")
    snapshot = RunSnapshotSerializer(allow_null=True, help_text="empty until the labels are frozen")
    model = serializers.SerializerMethodField()
    cause = serializers.SerializerMethodField()
    reason = serializers.SerializerMethodField(help_text="what was counted when a schedule asked: labels, every, name")
    created_by = serializers.SerializerMethodField()
    finished_at = serializers.SerializerMethodField()
    error = serializers.SerializerMethodField()

    class Meta:
        model = TrainingRun
        fields = [
            "id",
            "number",
            "state",
            "phase",
            "preset",
            "job",
            "snapshot",
            "model",
            "cause",
            "reason",
            "created_by",
            "created_at",
            "finished_at",
            "error",
        ]

    @extend_schema_field(serializers.ChoiceField(choices=Job.State.choices))
    def get_state(self, run: TrainingRun) -> str:
        """Return the job's state; without a job, what the run itself tells."""
        if run.job is not None:
            return run.job.state
        return Job.State.SUCCEEDED if run.phase == TrainingRun.Phase.DONE else Job.State.FAILED

    @extend_schema_field(RunModelSerializer(allow_null=True))
    def get_model(self, run: TrainingRun) -> dict[str, Any] | None:
        """Return the model, once there is one."""
        version = getattr(run, "model_version", None)
        return None if version is None else dict(RunModelSerializer(version).data)

    @extend_schema_field(serializers.ChoiceField(choices=Firing.Cause.choices))
    def get_cause(self, run: TrainingRun) -> str:
        """Return who or what asked first."""
        firing = _first_firing(run)
        return firing.cause if firing else Firing.Cause.PERSON

    @extend_schema_field(serializers.DictField())
    def get_reason(self, run: TrainingRun) -> dict[str, Any]:
        """Return what the one that asked first has counted."""
        firing = _first_firing(run)
        return firing.values if firing else {}

    @extend_schema_field(PersonSerializer(allow_null=True))
    def get_created_by(self, run: TrainingRun) -> dict[str, Any] | None:
        """Return who asked."""
        user = run.created_by
        return show_person(user)

    @extend_schema_field(serializers.DateTimeField(allow_null=True))
    def get_finished_at(self, run: TrainingRun) -> Any:
        """Return when it ended."""
        return run.job.finished_at if run.job else None

    @extend_schema_field(JobErrorSerializer(allow_null=True))
    def get_error(self, run: TrainingRun) -> dict[str, Any] | None:
        """Return why it failed."""
        return dict(JobErrorSerializer(run.job).data) if run.job and run.job.error_code else None


def _first_firing(run: TrainingRun) -> Firing | None:
    return min(run.firings.all(), key=lambda firing: firing.pk, default=None)


class TrainPointSerializer(serializers.Serializer[Any]):
    """The training so far at one step; epochs count from 1."""

    step = serializers.IntegerField()
    epoch = serializers.IntegerField()
    loss = serializers.FloatField(allow_null=True)
    lr = serializers.FloatField(allow_null=True)
    images_per_s = serializers.FloatField(allow_null=True)


class ValidationPointSerializer(serializers.Serializer[Any]):
    """What an epoch has led to."""

    step = serializers.IntegerField()
    epoch = serializers.IntegerField()
    accuracy = serializers.FloatField(allow_null=True)
    macro_f1 = serializers.FloatField(allow_null=True)
    loss = serializers.FloatField(allow_null=True)


class CurveNoteSerializer(serializers.Serializer[Any]):
    """Something worth knowing at a step."""

    step = serializers.IntegerField()
    epoch = serializers.IntegerField()
    text = serializers.CharField()


class CurvesSerializer(serializers.Serializer[Any]):
    """What a run tells while it learns; at most 400 points each."""

    train = TrainPointSerializer(many=True)
    validation = ValidationPointSerializer(many=True)
    notes = CurveNoteSerializer(many=True)


class RunLeftOutSerializer(serializers.Serializer[Any]):
    """Pictures that a run could not use."""

    unreadable = serializers.IntegerField()
    classes_without_training = serializers.DictField(
        child=serializers.IntegerField(), help_text="pictures by class; those in the test part count as wrong"
    )
    not_compared = serializers.IntegerField(help_text="test pictures that the serving model has not embedded")


class RunSummarySerializer(serializers.Serializer[Any]):
    """How a run went; empty until it is done."""

    device = serializers.CharField(required=False)
    precision = serializers.CharField(required=False)
    images_per_s = serializers.FloatField(required=False, allow_null=True)
    best_epoch = serializers.IntegerField(required=False, help_text="from 1")
    epochs = serializers.IntegerField(required=False)
    steps = serializers.IntegerField(required=False)
    stopped_early = serializers.BooleanField(required=False)
    parts = serializers.IntegerField(required=False, help_text="into which a batch was split to fit the memory")
    train = serializers.IntegerField(required=False)
    validation = serializers.IntegerField(required=False)
    test = serializers.IntegerField(required=False)
    blind = serializers.IntegerField(required=False)
    left_out = RunLeftOutSerializer(required=False)
    seconds = serializers.FloatField(required=False)


class RunDetailSerializer(RunSerializer):
    """A training run with its curves."""

    recipe = RecipeField(help_text="all settings; empty until the worker has begun")
    overrides = RecipeField(help_text="settings that differ from the preset")
    snapshot_settings = serializers.DictField(help_text="what is frozen; empty where a snapshot was given")
    curves = serializers.SerializerMethodField()
    log = serializers.SerializerMethodField(help_text="the last hundred lines")
    summary = RunSummarySerializer()
    has_balance = serializers.SerializerMethodField()

    class Meta:
        model = TrainingRun
        fields = [
            *RunSerializer.Meta.fields,
            "recipe",
            "overrides",
            "snapshot_settings",
            "curves",
            "log",
            "summary",
            "has_balance",
        ]

    @extend_schema_field(CurvesSerializer)
    def get_curves(self, run: TrainingRun) -> dict[str, Any]:
        """Return the points so far."""
        return curves_of(run)

    @extend_schema_field(serializers.ListField(child=serializers.CharField()))
    def get_log(self, run: TrainingRun) -> list[str]:
        """Return the end of the log."""
        return log_of(run)

    @extend_schema_field(bool)
    def get_has_balance(self, run: TrainingRun) -> bool:
        """Say whether the class-balance report is there by now."""
        return bool(run.balance)


class NewRunSerializer(serializers.Serializer[Any]):
    """A run to start; everything has a default."""

    preset = serializers.ChoiceField(choices=Preset.choices, default=Preset.BALANCED)
    recipe = RecipeField(default=dict, help_text="settings that differ from the preset")
    snapshot = serializers.IntegerField(
        min_value=1, max_value=2**62, allow_null=True, default=None, help_text="otherwise the labels are frozen"
    )
    snapshot_settings = SnapshotSettingsSerializer(required=False, help_text="how to freeze them")


class PresetRecipeSerializer(serializers.Serializer[Any]):
    """A recipe that the product offers."""

    name = serializers.ChoiceField(choices=Preset.choices)
    sentence = serializers.CharField()
    recipe = RecipeField()


class RecipeSettingSerializer(serializers.Serializer[Any]):
    """A setting of a recipe: what it may be."""

    name = serializers.CharField(help_text="dotted: augmentation.rotation")
    type = serializers.ChoiceField(choices=["integer", "number", "boolean", "choice", "text"])
    low = serializers.FloatField(allow_null=True)
    high = serializers.FloatField(allow_null=True)
    choices = serializers.ListField(child=serializers.CharField())
    default = serializers.JSONField()


_RUN_PAGE = inline_serializer(
    "RunPage", {"results": RunSerializer(many=True), "next": serializers.IntegerField(allow_null=True)}
)
_RUN_ASKED = inline_serializer(
    "RunAsked", {"run": RunSerializer(), "outcome": serializers.ChoiceField(choices=Firing.Outcome.choices)}
)
_RECIPES = inline_serializer(
    "Recipes", {"presets": PresetRecipeSerializer(many=True), "fields": RecipeSettingSerializer(many=True)}
)


def get_run(project: Project, run_id: int) -> TrainingRun:
    """Return the project's run, or raise NotFound."""
    run = runs_of(project).filter(pk=run_id).first()
    if run is None:
        raise NotFound("There is no such training run in this project.")
    return run


class RunsView(ProjectView):
    """The project's training runs."""

    roles = {"GET": Role.VIEWER}

    @extend_schema(
        operation_id="runs",
        parameters=[OpenApiParameter("after", int), OpenApiParameter("limit", int)],
        responses=_RUN_PAGE,
    )
    def get(self, request: Request) -> Response:
        """List runs, newest first."""
        page = page_by_key(
            request,
            runs_of(self.project),
            lambda run: RunSerializer(run).data,
            newest_first=True,
            limit=50,
            max_limit=200,
        )
        return Response(page)

    @extend_schema(operation_id="create_run", request=NewRunSerializer, responses={202: _RUN_ASKED})
    def post(self, request: Request) -> Response:
        """Train a model. A run that waits already is joined: it trains on the labels that there are when it begins."""
        body = NewRunSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        given = body.validated_data
        snapshot = get_snapshot(self.project, given["snapshot"]) if given["snapshot"] is not None else None
        firing = request_training(
            project=self.project,
            user=signed_in(request),
            preset=given["preset"],
            overrides=given["recipe"],
            snapshot=snapshot,
            snapshot_settings=_settings(given.get("snapshot_settings")),
        )
        assert firing.run_id is not None
        run = RunSerializer(get_run(self.project, firing.run_id)).data
        return Response({"run": run, "outcome": firing.outcome}, status=status.HTTP_202_ACCEPTED)


def _settings(given: dict[str, Any] | None) -> dict[str, Any]:
    """Name trust by its number, as services do."""
    if not given:
        return {}
    return given | {"min_trust": {label: value for value, label in Trust.choices}[given["min_trust"]]}


class RunView(ProjectView):
    """One training run."""

    roles = {"GET": Role.VIEWER}

    @extend_schema(operation_id="run", responses=RunDetailSerializer)
    def get(self, request: Request, run_id: int) -> Response:
        """Show a run, its curves and the end of its log, live while it learns."""
        return Response(RunDetailSerializer(get_run(self.project, run_id)).data)


class RunCancelView(ProjectView):
    """Cancelling a run. What it has learned so far stays for a week, in which its job can be tried again."""

    @extend_schema(operation_id="cancel_run", request=None, responses=JobSerializer)
    def post(self, request: Request, run_id: int) -> Response:
        """Cancel a waiting run at once, or ask a running one to stop."""
        job = get_run(self.project, run_id).job
        if job is None:
            raise NotFound("This run has ended long ago.")
        return Response(show_job(request_cancel(job=job)))


class RecipesView(ProjectView):
    """What a training run can be told."""

    roles = {"GET": Role.VIEWER}

    @extend_schema(operation_id="recipes", responses=_RECIPES)
    def get(self, request: Request) -> Response:
        """List the presets with all their settings, and the bounds of each setting."""
        own = {"backbone": self.project.backbone}
        presets = [
            {"name": name, "sentence": recipes.preset_sentence(name), "recipe": recipes.recipe_of(name, own)}
            for name in Preset.values
        ]
        fields = [
            {
                "name": setting.name,
                "type": setting.type,
                "low": setting.low,
                "high": setting.high,
                "choices": list(setting.choices),
                "default": setting.default,
            }
            for setting in recipes.SETTINGS.values()
        ]
        return Response({"presets": presets, "fields": fields})

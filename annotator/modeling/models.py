"""Training runs, the models that come of them, and what starts a run by itself."""

from __future__ import annotations

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django_celery_beat.models import PeriodicTask
from timezone_field import TimeZoneField

from annotator.accounts.models import User
from annotator.images.models import EmbeddingSpace
from annotator.jobs.models import Job
from annotator.projects.models import Project
from annotator.snapshots.models import Snapshot


class Preset(models.TextChoices):
    """The recipes that the product offers; the workers know what is in them."""

    QUICK = "quick"
    BALANCED = "balanced"
    BEST = "best"


class ModelingSettings(models.Model):
    """How a project trains and promotes when nobody says otherwise. Differences are shares: .01 is one point."""

    class Promotion(models.TextChoices):
        MANUAL = "manual"
        AUTOMATIC = "automatic"

    project = models.OneToOneField(Project, on_delete=models.CASCADE, related_name="modeling_settings")
    promotion = models.CharField(max_length=16, choices=Promotion, default=Promotion.MANUAL)
    gate_margin = models.FloatField(
        default=0.01,
        validators=[MinValueValidator(0), MaxValueValidator(1)],
        help_text="the lower bound of the difference in accuracy must be above minus this",
    )
    gate_class_drop = models.FloatField(
        default=0.2,
        validators=[MinValueValidator(0), MaxValueValidator(1)],
        help_text="and no class's lower bound may be below minus this",
    )
    gate_confidence = models.FloatField(
        default=0.9, validators=[MinValueValidator(0.5), MaxValueValidator(0.999)], help_text="of each one-sided bound"
    )

    def __str__(self) -> str:
        return f"modeling settings of project {self.project_id}"


class Schedule(models.Model):
    """What starts training runs by itself: the clock, or enough new or changed labels."""

    class Kind(models.TextChoices):
        CRON = "cron"
        LABELS = "labels"

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="schedules")
    name = models.CharField(max_length=200)
    kind = models.CharField(max_length=8, choices=Kind)
    cron = models.CharField(
        max_length=200, blank=True, default="", help_text="minute hour day-of-month month day-of-week; empty: labels"
    )
    timezone = TimeZoneField(default="UTC")
    every_labels = models.PositiveIntegerField(null=True, blank=True, validators=[MinValueValidator(1)])
    counted_from = models.PositiveBigIntegerField(
        default=0, help_text="value of QueueState.changes from which the next `every_labels` are counted"
    )
    preset = models.CharField(max_length=16, choices=Preset, default=Preset.BALANCED)
    recipe = models.JSONField(default=dict, blank=True, help_text="settings that differ from the preset")
    enabled = models.BooleanField(default=True)
    periodic_task = models.OneToOneField(
        PeriodicTask, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"{self.name} of project {self.project_id}"


class TrainingRun(models.Model):
    """One training of a model. Its state is its job's; what it has done so far is kept here, so that a new attempt
    goes on from there."""

    class Phase(models.TextChoices):
        FREEZE = "freeze"
        BALANCE = "balance"
        TRAIN = "train"
        EVALUATE = "evaluate"
        DONE = "done"

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="training_runs")
    number = models.PositiveIntegerField()
    job = models.OneToOneField(Job, null=True, on_delete=models.SET_NULL, related_name="training_run")
    snapshot = models.ForeignKey(
        Snapshot, null=True, on_delete=models.PROTECT, related_name="training_runs", help_text="empty until frozen"
    )
    snapshot_settings = models.JSONField(default=dict, help_text="what to freeze, where no snapshot was given")
    preset = models.CharField(max_length=16, choices=Preset, default=Preset.BALANCED)
    overrides = models.JSONField(default=dict, help_text="settings that differ from the preset")
    recipe = models.JSONField(default=dict, help_text="all settings, once the worker has begun")
    phase = models.CharField(max_length=16, choices=Phase, default=Phase.FREEZE)
    balance = models.JSONField(default=dict, help_text="the class-balance report, stored before it trains")
    curves = models.JSONField(default=list, help_text="points of the curves, thinned, once it has trained")
    summary = models.JSONField(default=dict, help_text="images/s, best epoch, stopped early, device …")
    created_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "number"], name="training_run_number_once")]

    def __str__(self) -> str:
        return f"run {self.number} of project {self.project_id}"


class Firing(models.Model):
    """Why a run was started, or was not: one row for each time that a schedule, a person or a script asked."""

    class Cause(models.TextChoices):
        PERSON = "person"
        CRON = "cron"
        LABELS = "labels"

    class Outcome(models.TextChoices):
        STARTED = "started"
        JOINED = "joined"  # a run was waiting already
        SKIPPED = "skipped"  # nothing has changed since the last run, or nothing can be trained on

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="firings")
    schedule = models.ForeignKey(Schedule, null=True, on_delete=models.SET_NULL, related_name="firings")
    cause = models.CharField(max_length=8, choices=Cause)
    outcome = models.CharField(max_length=8, choices=Outcome)
    due_at = models.DateTimeField(null=True, blank=True, help_text="of a clock's tick")
    values = models.JSONField(default=dict, help_text="what was counted: labels, every, name …")
    key = models.CharField(max_length=200, null=True, blank=True, unique=True, help_text="schedule and due time")
    run = models.ForeignKey(TrainingRun, null=True, on_delete=models.SET_NULL, related_name="firings")
    created_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"{self.cause} {self.outcome}"


class ModelVersionQuerySet(models.QuerySet["ModelVersion"]):
    """Chainable reads of models."""

    def pretrained(self, project_id: int, backbone: str) -> ModelVersionQuerySet:
        """The project's model that is this backbone as it can be downloaded, if there is one."""
        return self.filter(project=project_id, backbone=backbone, folder="").order_by("number")


class ModelVersion(models.Model):
    """A trained classifier and its metrics, or a pretrained backbone: the one that a project starts with is its first.

    Its files lie in the array store under `folder`, together with what it said of the test pictures (position int64,
    label int64, predicted int64, confidence float32, champion_predicted int64, blind bool; all [n]).
    """

    class State(models.TextChoices):
        CANDIDATE = "candidate"  # waits for a decision
        REJECTED = "rejected"  # by the gate
        SERVING = "serving"
        RETIRED = "retired"

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="model_versions")
    number = models.PositiveIntegerField(help_text="3 for v3")
    run = models.OneToOneField(TrainingRun, null=True, on_delete=models.SET_NULL, related_name="model_version")
    snapshot = models.ForeignKey(Snapshot, null=True, on_delete=models.PROTECT, related_name="model_versions")
    space = models.OneToOneField(EmbeddingSpace, null=True, on_delete=models.SET_NULL, related_name="model_version")
    state = models.CharField(max_length=16, choices=State, default=State.CANDIDATE)
    backbone = models.CharField(max_length=200, help_text="a timm name")
    folder = models.CharField(
        max_length=300, blank=True, default="", help_text="relative to the array store; empty: the pretrained backbone"
    )
    classes = models.JSONField(default=list, help_text="[{id, name}] in column order")
    temperature = models.FloatField(default=1.0)
    metrics = models.JSONField(default=dict, help_text="{blind, test, validation}: each an assessment, or null")
    gate = models.JSONField(default=dict, help_text="the gate's result; empty for the first model")
    champion = models.CharField(max_length=40, blank=True, default="", help_text="the model that it was compared with")
    files = models.JSONField(default=list, help_text="[{name, bytes, sha256}] of the download")
    onnx_difference = models.FloatField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    promoted_at = models.DateTimeField(null=True, blank=True)
    promoted_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")

    objects = ModelVersionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "number"], name="model_version_number_once"),
            models.UniqueConstraint(
                fields=["project"], condition=models.Q(state="serving"), name="model_version_one_serving"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} of project {self.project_id}"

    @property
    def name(self) -> str:
        """What people call it: v3."""
        return f"v{self.number}"

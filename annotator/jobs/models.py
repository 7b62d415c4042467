"""Jobs and the workers that run them."""

from __future__ import annotations

from django.contrib.auth.models import AnonymousUser
from django.db import models

from annotator.accounts.models import User
from annotator.projects.models import Project


class JobKind(models.TextChoices):
    """Every kind of background work; each has exactly one handler in `worker/handlers`."""

    IMPORT = "import"
    EMBED = "embed"
    HEAD_REFRESH = "head_refresh"
    SNAPSHOT = "snapshot"
    EXPORT = "export"
    FIND_DUPLICATES = "find_duplicates"
    TRAIN = "train"
    PROMOTE = "promote"
    PREDICT = "predict"
    CHECK_TRIGGERS = "check_triggers"
    DELIVER_WEBHOOKS = "deliver_webhooks"
    COLLECT_GARBAGE = "collect_garbage"
    DELETE_PROJECT = "delete_project"
    RETRACT = "retract"
    CONTROL_ARM = "control_arm"
    MEASURE = "measure"
    NEIGHBOURS = "neighbours"


class Queue(models.TextChoices):
    """The three single-purpose workers."""

    INTERACTIVE = "interactive"
    CPU = "cpu"
    GPU = "gpu"


QUEUE_OF = {
    JobKind.IMPORT: Queue.CPU,
    JobKind.EMBED: Queue.GPU,
    JobKind.HEAD_REFRESH: Queue.INTERACTIVE,
    JobKind.SNAPSHOT: Queue.CPU,
    JobKind.EXPORT: Queue.CPU,
    JobKind.FIND_DUPLICATES: Queue.CPU,
    JobKind.TRAIN: Queue.GPU,
    JobKind.PROMOTE: Queue.GPU,
    JobKind.PREDICT: Queue.INTERACTIVE,
    JobKind.CHECK_TRIGGERS: Queue.CPU,
    JobKind.DELIVER_WEBHOOKS: Queue.CPU,
    JobKind.COLLECT_GARBAGE: Queue.CPU,
    JobKind.DELETE_PROJECT: Queue.CPU,
    JobKind.RETRACT: Queue.CPU,
    JobKind.CONTROL_ARM: Queue.INTERACTIVE,
    JobKind.MEASURE: Queue.GPU,
    JobKind.NEIGHBOURS: Queue.CPU,
}

# Seconds without any progress after which an attempt whose heart still beats is given up.
STALL_SECONDS = {
    JobKind.IMPORT: 900,
    JobKind.EMBED: 900,
    JobKind.HEAD_REFRESH: 300,
    JobKind.SNAPSHOT: 900,
    JobKind.EXPORT: 900,
    JobKind.FIND_DUPLICATES: 900,
    JobKind.TRAIN: 1800,
    JobKind.PROMOTE: 900,
    JobKind.PREDICT: 120,
    JobKind.CHECK_TRIGGERS: 300,
    JobKind.DELIVER_WEBHOOKS: 300,
    JobKind.COLLECT_GARBAGE: 1800,
    JobKind.DELETE_PROJECT: 1800,
    JobKind.RETRACT: 900,
    JobKind.CONTROL_ARM: 300,
    JobKind.MEASURE: 900,
    JobKind.NEIGHBOURS: 900,
}
# Errands of the product's own: no event tells of their end (a webhook told of its own delivery would never rest), and
# nobody waits for them.
ERRANDS = (JobKind.DELIVER_WEBHOOKS,)
MAX_LOSSES = 5  # after so many vanished workers the job itself is the suspect


class JobQuerySet(models.QuerySet["Job"]):
    """Chainable reads of jobs."""

    def visible_to(self, user: User | AnonymousUser) -> JobQuerySet:
        """Jobs of projects that this person may see; those of no project only for a site admin."""
        if user.is_authenticated and user.is_superuser:
            return self
        return self.filter(project__in=Project.objects.visible_to(user))

    def active(self) -> JobQuerySet:
        """Queued or running."""
        return self.filter(state__in=Job.ACTIVE)


class Job(models.Model):
    """One piece of background work. Every write of a running attempt is conditional on its attempt number."""

    class State(models.TextChoices):
        QUEUED = "queued"
        RUNNING = "running"
        SUCCEEDED = "succeeded"
        FAILED = "failed"
        CANCELLED = "cancelled"

    ACTIVE = (State.QUEUED, State.RUNNING)

    kind = models.CharField(max_length=32, choices=JobKind)
    queue = models.CharField(max_length=16, choices=Queue)
    project = models.ForeignKey(Project, null=True, on_delete=models.CASCADE, related_name="jobs")
    title = models.CharField(max_length=200, blank=True, default="")
    params = models.JSONField(default=dict)
    result = models.JSONField(default=dict)
    state = models.CharField(max_length=16, choices=State, default=State.QUEUED)
    progress_done = models.PositiveBigIntegerField(default=0)
    progress_total = models.PositiveBigIntegerField(default=0)
    progress_unit = models.CharField(max_length=32, blank=True, default="")
    progress_message = models.CharField(max_length=300, blank=True, default="")
    progress_from = models.PositiveBigIntegerField(
        null=True, blank=True, help_text="what was done already when the attempt first reported"
    )
    error_code = models.CharField(max_length=64, blank=True, default="")
    error_message = models.TextField(blank=True, default="")
    error_hint = models.TextField(blank=True, default="")
    cancel_requested = models.BooleanField(default=False)
    attempt = models.PositiveIntegerField(default=0, help_text="grows with every claim, never reset")
    losses = models.PositiveIntegerField(default=0, help_text="attempts whose worker vanished, since the last retry")
    worker = models.CharField(max_length=200, blank=True, default="")
    heartbeat_at = models.DateTimeField(null=True, blank=True)
    progress_at = models.DateTimeField(null=True, blank=True)
    rung_at = models.DateTimeField(null=True, blank=True)
    created_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True, blank=True, help_text="of the present attempt")
    finished_at = models.DateTimeField(null=True, blank=True)
    dedupe_key = models.CharField(max_length=200, null=True, blank=True, unique=True)
    slot = models.CharField(
        max_length=120, blank=True, default="", help_text="of the jobs sharing a slot one runs and one waits"
    )

    objects = JobQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["slot"],
                condition=models.Q(state="queued") & ~models.Q(slot=""),
                name="job_slot_one_waits",
            ),
            models.UniqueConstraint(
                fields=["slot"],
                condition=models.Q(state="running") & ~models.Q(slot=""),
                name="job_slot_one_runs",
            ),
        ]
        indexes = [
            models.Index(fields=["state", "queue"], name="job_state_queue"),
            models.Index(fields=["project", "-id"], name="job_project_newest"),
        ]

    def __str__(self) -> str:
        return f"job {self.pk} {self.kind} {self.state}"


class WorkerNode(models.Model):
    """A worker process and what the web must know of it: device, presets, weights at hand, strategies."""

    name = models.CharField(max_length=200, unique=True)
    queue = models.CharField(max_length=16, choices=Queue)
    pid = models.PositiveIntegerField(default=0)
    device = models.JSONField(default=dict)
    presets = models.JSONField(default=list)
    strategies = models.JSONField(default=list)
    started_at = models.DateTimeField(auto_now_add=True)
    seen_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.name

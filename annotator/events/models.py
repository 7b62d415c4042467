"""The activity log, one numbered row for each thing that happened, and who is told of it: people, and webhooks."""

from django.db import models

from annotator.accounts.models import User
from annotator.projects.models import Project


class Event(models.Model):
    """Something that happened. `seq` comes from the project's change counter, so order equals commit order."""

    # Without indexes of their own: those below begin with the project, and an actor's would mislead SQLite's planner.
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="events", db_index=False)
    seq = models.PositiveBigIntegerField()
    kind = models.CharField(max_length=40)
    actor = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False)
    data = models.JSONField(default=dict)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "seq"], name="event_seq_once")]
        # Few events are told of, among very many: each label is one, too.
        indexes = [models.Index(fields=["project", "kind", "seq"], name="event_by_kind")]

    def __str__(self) -> str:
        return f"{self.project_id}/{self.seq} {self.kind}"


class ReadMark(models.Model):
    """Up to which event of a project a person has read everything."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="+")
    seq = models.PositiveBigIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "project"], name="read_mark_once")]

    def __str__(self) -> str:
        return f"{self.user_id} has read project {self.project_id} up to {self.seq}"


class ReadEvent(models.Model):
    """One event that a person has read beyond the mark."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "event"], name="read_event_once")]

    def __str__(self) -> str:
        return f"{self.user_id} has read event {self.event_id}"


# The kinds of events that programs can be told of, as the pages group them.
WEBHOOK_KINDS = (
    *("import_started", "import_finished", "import_undone"),
    *("job_finished", "job_failed"),
    *("run_requested", "run_finished", "run_failed", "balance_reported"),
    *("model_made", "model_promoted", "model_rolled_back"),
    *("schedule_fired", "schedule_changed"),
    *("snapshot_made", "snapshot_archived", "snapshot_restored", "export_made"),
    *("labelled", "undone", "retracted", "refreshed", "duplicates_split"),
    *("page_verified", "page_undone"),
    *("case_opened", "case_answered", "case_resolved"),
    *("holdout_added", "holdout_dropped", "reserve_released"),
    *("project_changed", "classes_changed", "member_changed", "focus_set", "focus_cleared", "webhook_disabled"),
)


class Webhook(models.Model):
    """An address that is told of a project's events as they happen."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="webhooks")
    url = models.CharField(max_length=1000)
    kinds = models.JSONField(default=list, help_text="the kinds of events that it is told of")
    secret = models.TextField(help_text="encrypted; its messages are signed with it")
    enabled = models.BooleanField(default=True)
    cursor = models.PositiveBigIntegerField(help_text="the last event that was looked at")
    failures = models.PositiveIntegerField(default=0, help_text="attempts that failed since the last good one")
    failing_since = models.DateTimeField(null=True, blank=True)
    rests_until = models.DateTimeField(null=True, blank=True, help_text="nothing is sent before, after a failure")
    disabled_at = models.DateTimeField(null=True, blank=True, help_text="switched off because it failed for too long")
    created_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"webhook {self.pk} of project {self.project_id}"


PING = "ping"  # the kind of a test message, which tells of no event


class Delivery(models.Model):
    """One message to one address: of one event, once; sent until it is taken, or for too long."""

    class State(models.TextChoices):
        PENDING = "pending"
        DELIVERED = "delivered"
        GIVEN_UP = "given_up"

    webhook = models.ForeignKey(Webhook, on_delete=models.CASCADE, related_name="deliveries")
    event = models.ForeignKey(Event, null=True, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=40)
    state = models.CharField(max_length=16, choices=State, default=State.PENDING)
    attempts = models.PositiveIntegerField(default=0, help_text="made since it was opened, or sent again by hand")
    next_at = models.DateTimeField(null=True, blank=True, help_text="when it is due, while it is pending")
    last_at = models.DateTimeField(null=True, blank=True)
    status = models.PositiveIntegerField(null=True, blank=True, help_text="of the last answer")
    error = models.CharField(max_length=300, blank=True, default="", help_text="why the last attempt failed")
    excerpt = models.TextField(blank=True, default="", help_text="the beginning of the last answer")
    duration_ms = models.PositiveIntegerField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["webhook", "event"], name="delivery_once")]
        indexes = [
            models.Index(fields=["state", "next_at"], name="delivery_due"),
            models.Index(fields=["webhook", "-id"], name="delivery_newest"),
        ]

    def __str__(self) -> str:
        return f"delivery {self.pk} of {self.kind}: {self.state}"

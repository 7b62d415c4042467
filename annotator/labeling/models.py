"""Selection rounds, tasks, annotations (append-only) and current labels."""

from __future__ import annotations

from django.db import models

from annotator.accounts.models import User
from annotator.images.models import Image, Trust
from annotator.projects.models import LabelClass, Project


class Purpose(models.TextChoices):
    """Why a picture is put before a person."""

    QUEUE = "queue"
    AUDIT = "audit"
    TEST = "test"
    REVIEW = "review"
    GOLD = "gold"


class QueueState(models.Model):
    """Per project: how many Label tasks were handed out, so that one in `blind_every` is a blind one."""

    project = models.OneToOneField(Project, on_delete=models.CASCADE, related_name="queue_state")
    handed_out = models.PositiveBigIntegerField(default=0)
    handed_out_blind = models.PositiveBigIntegerField(default=0)
    rounds = models.PositiveIntegerField(default=0)
    answered_since_refresh = models.PositiveIntegerField(default=0)
    changes = models.PositiveBigIntegerField(default=0, help_text="labels given, changed or taken back so far")
    wake_at = models.PositiveBigIntegerField(
        null=True, blank=True, help_text="number of changes at which somebody wants to be told, see `CHECK_TRIGGERS`"
    )

    def __str__(self) -> str:
        return f"queue of project {self.project_id}"


class SelectionRound(models.Model):
    """One ranked pick from the pool."""

    class State(models.TextChoices):
        ACTIVE = "active"
        SUPERSEDED = "superseded"

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="rounds")
    number = models.PositiveIntegerField()
    strategy = models.CharField(max_length=64)
    score_set_id = models.PositiveBigIntegerField(null=True, blank=True)
    head = models.CharField(max_length=60, blank=True, default="")
    seed = models.BigIntegerField(default=0)
    size = models.PositiveIntegerField(default=0)
    state = models.CharField(max_length=16, choices=State, default=State.ACTIVE)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "number"], name="round_number_once"),
            models.UniqueConstraint(fields=["project"], condition=models.Q(state="active"), name="round_one_active"),
        ]

    def __str__(self) -> str:
        return f"round {self.number} of project {self.project_id}"


class Task(models.Model):
    """One image waiting for one person, with the suggestion that will be on the screen."""

    class State(models.TextChoices):
        OPEN = "open"
        LEASED = "leased"
        DONE = "done"
        WITHDRAWN = "withdrawn"

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="tasks")
    image = models.ForeignKey(Image, on_delete=models.CASCADE, related_name="tasks")
    round = models.ForeignKey(SelectionRound, null=True, blank=True, on_delete=models.CASCADE, related_name="tasks")
    purpose = models.CharField(max_length=8, choices=Purpose, default=Purpose.QUEUE)
    page = models.ForeignKey("VerifyPage", null=True, blank=True, on_delete=models.SET_NULL, related_name="tasks")
    rank = models.PositiveIntegerField(default=0)
    blind = models.BooleanField(default=False)
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    leased_to = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    lease_expires_at = models.DateTimeField(null=True, blank=True)
    lease_order = models.PositiveBigIntegerField(default=0, help_text="order in which tasks were handed out")
    suggestion_model = models.CharField(max_length=60, blank=True, default="")
    suggestion_class = models.ForeignKey(LabelClass, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    suggestion_confidence = models.FloatField(null=True, blank=True)
    suggestion_top = models.JSONField(default=list, help_text="[[class id, confidence], …], at most five")
    reason = models.JSONField(default=dict)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["image", "purpose"],
                condition=models.Q(state__in=["open", "leased"]),
                name="task_one_waiting_per_purpose",
            ),
        ]
        indexes = [
            models.Index(fields=["project", "state", "purpose", "rank"], name="task_queue"),
            models.Index(fields=["leased_to", "state"], name="task_leases"),
        ]

    def __str__(self) -> str:
        return f"task {self.pk} {self.purpose} {self.state}"


class Annotation(models.Model):
    """What a person said of an image. Nothing here is ever updated or deleted; an undo is a new row."""

    class Verdict(models.TextChoices):
        LABEL = "label"
        SKIP = "skip"
        UNSURE = "unsure"
        FLAG = "flag"
        UNDO = "undo"

    class Origin(models.TextChoices):
        SINGLE = "single"
        VERIFY = "verify"
        BULK = "bulk"
        IMPORT = "import"

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="annotations")
    image = models.ForeignKey(Image, on_delete=models.CASCADE, related_name="annotations")
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="annotations")
    client_id = models.UUIDField()
    task = models.ForeignKey(Task, null=True, blank=True, on_delete=models.SET_NULL, related_name="annotations")
    verdict = models.CharField(max_length=8, choices=Verdict)
    labels = models.JSONField(default=list, help_text="LabelClass ids said to be present")
    absent = models.JSONField(
        default=list, help_text="LabelClass ids said to be absent: before the person's eyes, and not chosen"
    )
    comment = models.TextField(blank=True, default="")
    origin = models.CharField(max_length=8, choices=Origin, default=Origin.SINGLE)
    purpose = models.CharField(max_length=8, choices=Purpose, default=Purpose.QUEUE)
    suggestion_model = models.CharField(max_length=60, blank=True, default="")
    suggestion_class_id = models.PositiveBigIntegerField(null=True, blank=True)
    suggestion_confidence = models.FloatField(null=True, blank=True)
    blind = models.BooleanField(default=False)
    lead_time_ms = models.PositiveIntegerField(null=True, blank=True)
    looks = models.PositiveSmallIntegerField(default=1, help_text="times that a person saw the picture for it")
    decisions = models.PositiveSmallIntegerField(
        default=1,
        help_text="keys or clicks that it took: of a page, 1 for each exception and 1 on one row for the confirmation",
    )
    vote = models.BooleanField(default=False, help_text="one of several people's answers: sets no label by itself")
    bulk_id = models.UUIDField(null=True, blank=True, help_text="shared by the rows of one bulk decision")
    undoes = models.OneToOneField("self", null=True, blank=True, on_delete=models.PROTECT, related_name="undone_by")
    applied = models.BooleanField(default=False, help_text="it set the current label when it was written")
    conflict = models.BooleanField(default=False, help_text="it was kept without setting the label")
    seen_version = models.PositiveIntegerField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "client_id"], name="annotation_client_id_once")]
        indexes = [
            models.Index(fields=["image", "id"], name="annotation_image"),
            models.Index(fields=["project", "user", "-id"], name="annotation_history"),
        ]

    def __str__(self) -> str:
        return f"annotation {self.pk} {self.verdict}"


class VerifyPage(models.Model):
    """Pictures of one suggested class (or one cluster) before one person, leased and answered as a unit."""

    class Mode(models.TextChoices):
        CLASS = "class"
        CLUSTER = "cluster"

    class Order(models.TextChoices):
        CONFIDENT = "confident"
        UNSURE = "unsure"

    class State(models.TextChoices):
        LEASED = "leased"
        CONFIRMED = "confirmed"
        RELEASED = "released"
        UNDONE = "undone"

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="verify_pages")
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    mode = models.CharField(max_length=8, choices=Mode, default=Mode.CLASS)
    order = models.CharField(max_length=10, choices=Order, default=Order.CONFIDENT)
    label_class = models.ForeignKey(LabelClass, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    head = models.CharField(max_length=60, blank=True, default="")
    state = models.CharField(max_length=10, choices=State, default=State.LEASED)
    lease_expires_at = models.DateTimeField()
    size = models.PositiveSmallIntegerField(help_text="pictures on it, the planted ones included")
    expected_wrong = models.FloatField(default=0, help_text="suggestions on it that are wrong, as the model expects")
    gold = models.PositiveSmallIntegerField(default=0, help_text="planted pictures that are not of its class")
    gold_missed = models.PositiveSmallIntegerField(default=0, help_text="those that the person let pass")
    exceptions = models.PositiveSmallIntegerField(default=0)
    seconds = models.FloatField(null=True, blank=True, help_text="from its first paint to the confirmation")
    client_id = models.UUIDField(null=True, blank=True, help_text="of the confirmation; its rows' bulk_id")
    undo_id = models.UUIDField(null=True, blank=True, help_text="of the request that took it back")
    follows = models.OneToOneField(
        "self",
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="followed_by",
        help_text="the page that was taken back and is before the person again as this one",
    )
    created_at = models.DateTimeField(auto_now_add=True)
    confirmed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "client_id"], name="verify_page_client_id_once")]
        indexes = [
            models.Index(fields=["project", "state", "-confirmed_at"], name="verify_page_done"),
            models.Index(fields=["user", "state"], name="verify_page_leases"),
        ]

    def __str__(self) -> str:
        return f"page {self.pk} {self.state}"


class QueueFocus(models.Model):
    """Where a lead points the queue: everybody's, or one person's."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="focuses")
    user = models.ForeignKey(User, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    label_class = models.ForeignKey(LabelClass, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    filter = models.JSONField(default=dict, help_text="batch, min_confidence, max_confidence")
    created_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["project"], condition=models.Q(user=None), name="queue_focus_one_for_everybody"
            ),
            models.UniqueConstraint(
                fields=["project", "user"], condition=models.Q(user__isnull=False), name="queue_focus_one_a_person"
            ),
        ]

    def __str__(self) -> str:
        return f"focus of project {self.project_id}"


class ClassExample(models.Model):
    """A picture that a lead pinned to a class's guide: what it is, or what it is not."""

    label_class = models.ForeignKey(LabelClass, on_delete=models.CASCADE, related_name="examples")
    image = models.ForeignKey(Image, on_delete=models.CASCADE, related_name="+")
    shows = models.BooleanField(default=True, help_text="an example of the class; else one of what it is not")
    note = models.CharField(max_length=200, blank=True, default="")
    created_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["label_class", "image"], name="class_example_once")]

    def __str__(self) -> str:
        return f"example of {self.label_class}"


class Case(models.Model):
    """A picture that people have to talk about: it was flagged, or its voters disagree."""

    class Kind(models.TextChoices):
        FLAG = "flag"
        DISAGREEMENT = "disagreement"

    class State(models.TextChoices):
        OPEN = "open"
        SENT_BACK = "sent_back"
        RESOLVED = "resolved"

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="cases")
    image = models.ForeignKey(Image, on_delete=models.CASCADE, related_name="cases")
    kind = models.CharField(max_length=12, choices=Kind)
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    opened_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    annotation = models.ForeignKey(
        Annotation, null=True, blank=True, on_delete=models.CASCADE, related_name="+", help_text="the flag"
    )
    assignee = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", help_text="to whom it was sent back"
    )
    resolution = models.ForeignKey(Annotation, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    resolved_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    resolved_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["image", "kind"], condition=~models.Q(state="resolved"), name="case_one_open_a_kind"
            )
        ]
        indexes = [models.Index(fields=["project", "state", "-id"], name="case_by_state")]

    def __str__(self) -> str:
        return f"case {self.pk} {self.kind} {self.state}"


class CaseComment(models.Model):
    """What somebody wrote in a case's thread."""

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="comments")
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    text = models.TextField(max_length=4000)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.text[:60]


class SelectionGain(models.Model):
    """What the strategy's picks were worth against those of the control arm, when it was last measured."""

    project = models.OneToOneField(Project, on_delete=models.CASCADE, related_name="selection_gain")
    control = models.PositiveIntegerField(help_text="labels of pictures that were drawn at random")
    chosen = models.PositiveIntegerField(help_text="labels of pictures that the strategy chose")
    test_size = models.PositiveIntegerField(help_text="blind answers that both were judged on")
    result = models.JSONField(help_text="curves and labels saved, see `worker.ml.gain.Gain`")
    measured_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"selection gain of project {self.project_id}"


class ImageLabel(models.Model):
    """A current label: this class is present in, or verified absent from, this image."""

    image = models.ForeignKey(Image, on_delete=models.CASCADE, related_name="labels")
    label_class = models.ForeignKey(LabelClass, on_delete=models.PROTECT, related_name="image_labels")
    present = models.BooleanField(default=True)
    trust = models.PositiveSmallIntegerField(choices=Trust)
    certificate_id = models.PositiveBigIntegerField(null=True, blank=True)
    version = models.PositiveIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["image", "label_class"], name="image_label_once")]
        indexes = [models.Index(fields=["label_class", "present"], name="image_label_class")]

    def __str__(self) -> str:
        return f"{self.label_class} on {self.image}"

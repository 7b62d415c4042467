"""Images, imports, and the catalogue of the array store (which embeddings and scores exist, and where)."""

from __future__ import annotations

from django.contrib.auth.models import AnonymousUser
from django.db import models

from annotator.accounts.models import User
from annotator.projects.models import LabelClass, Project


class Trust(models.IntegerChoices):
    """How an image's current label came to be, in rising order."""

    NONE = 0, "none"
    IMPORTED = 1, "imported"
    CERTIFIED = 2, "certified"
    PAGE_VERIFIED = 3, "page-verified"
    HUMAN = 4, "human"
    REVIEWED = 5, "reviewed"
    GOLD = 6, "gold"


class ImportBatch(models.Model):
    """One delivery of pictures: what was asked, what came in, what was turned away."""

    class Labels(models.TextChoices):
        TRUSTED = "trusted"
        SUGGESTIONS = "suggestions"
        IGNORE = "ignore"

    class State(models.TextChoices):
        RECEIVING = "receiving"
        QUEUED = "queued"
        RUNNING = "running"
        DONE = "done"
        FAILED = "failed"
        CANCELLED = "cancelled"
        UNDONE = "undone"

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="imports")
    name = models.CharField(max_length=200)
    labels = models.CharField(max_length=16, choices=Labels, default=Labels.IGNORE)
    state = models.CharField(max_length=16, choices=State, default=State.RECEIVING)
    source_path = models.TextField(blank=True, default="", help_text="a folder on the server; empty for uploads")
    job_id = models.PositiveBigIntegerField(null=True, blank=True)
    found = models.PositiveIntegerField(default=0)
    imported = models.PositiveIntegerField(default=0)
    duplicates = models.PositiveIntegerField(default=0)
    rejected = models.PositiveIntegerField(default=0)
    labelled = models.PositiveIntegerField(default=0)
    conflicts = models.PositiveIntegerField(default=0)
    notices = models.JSONField(default=list)
    created_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [models.Index(fields=["project", "-id"], name="import_project_newest")]

    def __str__(self) -> str:
        return self.name


class RejectedFile(models.Model):
    """A file that did not become an image, and why (a reason from `worker.media`'s closed list)."""

    batch = models.ForeignKey(ImportBatch, on_delete=models.CASCADE, related_name="rejected_files")
    path = models.TextField()
    reason = models.CharField(max_length=40)
    message = models.TextField(blank=True, default="")
    detail = models.TextField(blank=True, default="")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["batch", "path"], name="rejected_path_once")]

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}"


class Holdout(models.Model):
    """Pictures kept out of queue, reserve, coverage and training, to measure on."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="holdouts")
    name = models.CharField(max_length=100)
    created_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "name"], name="holdout_name_once")]

    def __str__(self) -> str:
        return self.name


class ImageQuerySet(models.QuerySet["Image"]):
    """Chainable reads of images."""

    def visible_to(self, user: User | AnonymousUser) -> ImageQuerySet:
        """Only pictures of projects that this person may see."""
        return self.filter(project__in=Project.objects.visible_to(user))

    def present(self) -> ImageQuerySet:
        """Without the tombstones of archived pictures."""
        return self.filter(archived_at=None)


class Image(models.Model):
    """One picture in a project. Its dense, never reused `position` addresses its row in the array store.

    `label`, `trust` and `label_version` mirror the current `ImageLabel` rows for single-label projects.
    """

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="images")
    position = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    format = models.CharField(max_length=16)
    bytes = models.PositiveBigIntegerField()
    group = models.PositiveBigIntegerField(help_text="position of the first picture of its duplicate group")
    lot = models.BigIntegerField(help_text="random 64 bits; the lowest share is the reserve")
    reserve = models.BooleanField(default=False)
    holdout = models.ForeignKey(Holdout, null=True, blank=True, on_delete=models.SET_NULL, related_name="images")
    split = models.CharField(max_length=16, blank=True, default="")
    label = models.ForeignKey(LabelClass, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    trust = models.PositiveSmallIntegerField(choices=Trust, default=Trust.NONE)
    label_version = models.PositiveIntegerField(default=0)
    batch = models.ForeignKey(ImportBatch, null=True, on_delete=models.SET_NULL, related_name="images")
    change_seq = models.PositiveBigIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)
    archived_at = models.DateTimeField(null=True, blank=True)

    objects = ImageQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "position"], name="image_position_once"),
            models.UniqueConstraint(
                fields=["project", "sha256"], condition=models.Q(archived_at=None), name="image_content_once"
            ),
        ]
        indexes = [
            models.Index(fields=["project", "change_seq"], name="image_changed"),
            models.Index(fields=["project", "reserve", "lot"], name="image_reserve_lot"),
        ]

    def __str__(self) -> str:
        return f"image {self.project_id}/{self.position}"


class ImageSource(models.Model):
    """Where a picture came from; one picture has several after exact duplicates."""

    image = models.ForeignKey(Image, on_delete=models.CASCADE, related_name="sources")
    batch = models.ForeignKey(ImportBatch, on_delete=models.CASCADE, related_name="sources")
    path = models.TextField()
    split = models.CharField(max_length=16, blank=True, default="")
    folder_label = models.CharField(max_length=200, blank=True, default="")
    suggests = models.BooleanField(
        default=False, help_text="its folder's class is kept as a suggestion, not as the label"
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["batch", "path"], name="source_path_once")]

    def __str__(self) -> str:
        return self.path


class EmbeddingSpace(models.Model):
    """The embeddings of one backbone in one project: positions 0 … length, in shards."""

    class State(models.TextChoices):
        BUILDING = "building"
        ACTIVE = "active"
        RETIRED = "retired"

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="spaces")
    model_name = models.CharField(max_length=40, default="v1")
    backbone = models.CharField(max_length=200)
    weights = models.CharField(
        max_length=300,
        blank=True,
        default="",
        help_text="folder of the array store that holds model.safetensors; empty: the pretrained weights",
    )
    dim = models.PositiveIntegerField(default=0)
    length = models.PositiveBigIntegerField(default=0)
    heads = models.PositiveIntegerField(default=0, help_text="number of the newest head version")
    state = models.CharField(max_length=16, choices=State, default=State.BUILDING)
    retired_at = models.DateTimeField(null=True, blank=True, help_text="when another space last took its place")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project"], condition=models.Q(state="active"), name="space_one_active"),
            models.UniqueConstraint(fields=["project", "model_name"], name="space_model_once"),
        ]

    def __str__(self) -> str:
        return f"{self.model_name} of project {self.project_id}"


class EmbeddingShard(models.Model):
    """One immutable file of embeddings: float16 [stop − start, dim], rows L2-normalised, zero where unreadable."""

    space = models.ForeignKey(EmbeddingSpace, on_delete=models.CASCADE, related_name="shards")
    start = models.PositiveBigIntegerField()
    stop = models.PositiveBigIntegerField()
    folder = models.CharField(max_length=300, help_text="relative to the array store")
    sha256 = models.CharField(max_length=64)

    class Meta:
        ordering = ["start"]
        constraints = [models.UniqueConstraint(fields=["space", "start"], name="shard_start_once")]

    def __str__(self) -> str:
        return f"{self.start}–{self.stop}"


class NeighbourGraph(models.Model):
    """The nearest neighbours of a space's positions 0 … length: an immutable directory of arrays; the newest counts.

    Arrays: neighbours int32 [length, k] (positions, nearest first, −1 for none), cosines float16 [length, k].
    """

    space = models.ForeignKey(EmbeddingSpace, on_delete=models.CASCADE, related_name="graphs")
    folder = models.CharField(max_length=300, help_text="relative to the array store")
    length = models.PositiveBigIntegerField()
    k = models.PositiveSmallIntegerField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["space", "length"], name="graph_length_once")]

    def __str__(self) -> str:
        return f"neighbours of {self.length} pictures in {self.space}"


class ScoreSet(models.Model):
    """What one head (or an import) says of every image: an immutable directory of arrays.

    Arrays: top_class int16 [n, k] (column into `classes`, −1 for none), top_prob float16 [n, k],
    margin float16 [n], entropy float16 [n]; `class_sums` float64 over the pool is in `metrics`.
    """

    class Kind(models.TextChoices):
        HEAD = "head"
        IMPORT = "import"

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="score_sets")
    kind = models.CharField(max_length=8, choices=Kind, default=Kind.HEAD)
    name = models.CharField(max_length=60, help_text="head version, such as v1.14, or import")
    space = models.ForeignKey(EmbeddingSpace, null=True, on_delete=models.CASCADE, related_name="score_sets")
    folder = models.CharField(max_length=300, help_text="relative to the array store")
    length = models.PositiveBigIntegerField()
    classes = models.JSONField(default=list, help_text="LabelClass ids in column order")
    labels = models.PositiveIntegerField(default=0, help_text="labels trained on")
    trained_seq = models.PositiveBigIntegerField(
        default=0, help_text="change_seq that the training labels were read at"
    )
    test_size = models.PositiveIntegerField(default=0)
    test_correct = models.PositiveIntegerField(default=0)
    metrics = models.JSONField(default=dict)
    active = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["project", "kind"], condition=models.Q(active=True), name="score_set_one_active"
            ),
        ]
        indexes = [models.Index(fields=["project", "-id"], name="score_set_newest")]

    def __str__(self) -> str:
        return f"{self.name} of project {self.project_id}"

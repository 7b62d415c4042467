"""Snapshots and exports: what was frozen, and the files that were made of it."""

from __future__ import annotations

from django.db import models

from annotator.accounts.models import User
from annotator.projects.models import Project


class Split(models.TextChoices):
    """The three parts of a snapshot, in the order in which people read them."""

    TRAIN = "train"
    VALIDATION = "validation"
    TEST = "test"


class Snapshot(models.Model):
    """Pictures, labels and splits of one moment. The row appears when its file is whole; neither changes afterwards.

    The rows themselves are a Parquet file in the array store, addressed by `hash`.
    """

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="snapshots")
    number = models.PositiveIntegerField()
    name = models.CharField(max_length=200)
    hash = models.CharField(max_length=64, help_text="SHA-256 of the rows as JSON lines, see `selectors.canonical`")
    folder = models.CharField(max_length=300, help_text="relative to the array store")
    rows = models.PositiveBigIntegerField()
    classes = models.JSONField(help_text="[{id, name, train, validation, test}], pictures by split, in class order")
    settings = models.JSONField(help_text="what was asked for")
    report = models.JSONField(help_text="what was left out, moved or looks alike across splits")
    created_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    archived_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "number"], name="snapshot_number_once")]

    def __str__(self) -> str:
        return f"{self.name} (snapshot {self.number} of project {self.project_id})"


class Export(models.Model):
    """A file made of a snapshot, to be downloaded. The row appears when the file is whole."""

    class Format(models.TextChoices):
        IMAGE_FOLDER = "image_folder"
        HUGGING_FACE = "hugging_face"
        CSV = "csv"
        JSONL = "jsonl"
        PARQUET = "parquet"
        ARRAYS = "arrays"

    class Archive(models.TextChoices):
        ZIP = "zip"
        TAR = "tar"

    class Pictures(models.TextChoices):
        ORIGINAL = "original"
        PREVIEW = "preview"

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="exports")
    snapshot = models.ForeignKey(Snapshot, on_delete=models.CASCADE, related_name="exports")
    format = models.CharField(max_length=16, choices=Format)
    archive = models.CharField(max_length=8, choices=Archive, blank=True, default="", help_text="empty: one plain file")
    pictures = models.CharField(max_length=8, choices=Pictures, blank=True, default="", help_text="empty: none inside")
    folder = models.CharField(max_length=300, help_text="relative to the array store")
    filename = models.CharField(max_length=200)
    bytes = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64)
    created_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [models.Index(fields=["project", "-id"], name="export_project_newest")]

    def __str__(self) -> str:
        return self.filename
